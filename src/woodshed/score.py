"""Scores: music as notes with tempo, metre and key."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from woodshed.errors import ScoreError, is_integer, near_miss, printable

Mode = Literal["major", "minor", "dorian", "phrygian", "lydian", "mixolydian", "locrian"]
DRUM_CHANNEL = 9
"""Percussion channel, counted from 0 (channel 10 in General MIDI)."""

MIDI_SUFFIXES = (".mid", ".midi")
"""Suffixes of MIDI files."""

LINE_OF_FIFTHS = "FCGDAEB"
"""Note letters in ascending fifths; F sharp follows B, and B flat precedes F."""

FIFTHS_ABOVE: dict[Mode, int] = {
    "lydian": -1,
    "major": 0,
    "mixolydian": 1,
    "dorian": 2,
    "minor": 3,
    "phrygian": 4,
    "locrian": 5,
}
"""Mode -> number of fifths of its tonic above that of the major key with the same signature."""
NavigationMark = Literal["segno", "coda", "to coda", "fine", "da capo", "dal segno"]
"""Marks that say where to jump: the first two stand at the start of a bar, the others hold at its end."""

_MAX_BPM = 100_000.0


@dataclass(frozen=True, slots=True)
class Note:
    """One note.

    Parameters
    ----------
    onset_beats
        Onset in quarter notes from the start of the piece, independent of the metre; 0 or more.
    duration_beats
        Duration in quarter notes; above 0.
    pitch_midi
        MIDI pitch, 0 to 127; middle C is 60. On `DRUM_CHANNEL` the number of a drum.
    velocity
        MIDI velocity, 1 to 127; default 80.
    channel
        Part, 0 to 15; default 0.

    Raises
    ------
    ScoreError
        If a value is out of its range.

    Examples
    --------
    >>> Note(1.5, 0.5, 69).end_beats
    2.0
    """

    onset_beats: float
    duration_beats: float
    pitch_midi: int
    velocity: int = 80
    channel: int = 0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.duration_beats) and self.duration_beats > 0):
            raise ScoreError(f"Note expects a duration_beats above 0, got {self.duration_beats!r}.")
        _check(self, pitch_midi=(0, 127), velocity=(1, 127), channel=(0, 15))

    @property
    def end_beats(self) -> float:
        """End in quarter notes."""
        return self.onset_beats + self.duration_beats


@dataclass(frozen=True, slots=True)
class Tempo:
    """Tempo from an onset on, in quarter notes per minute, above 0."""

    onset_beats: float
    tempo_bpm: float

    def __post_init__(self) -> None:
        _check(self)
        if not 0 < self.tempo_bpm <= _MAX_BPM:
            raise ScoreError(
                f"Tempo expects a tempo_bpm above 0 and at most {_MAX_BPM:g}, got {self.tempo_bpm!r}."
            )


@dataclass(frozen=True, slots=True)
class Metre:
    """Metre from an onset on; ``Metre(0, 6, 8)`` is six-eight time.

    Examples
    --------
    >>> Metre(0, 6, 8).bar_beats
    3.0
    """

    onset_beats: float
    numerator: int
    denominator: int

    def __post_init__(self) -> None:
        _check(self, numerator=(1, 255), denominator=(1, 128))
        if int(self.denominator).bit_count() != 1:
            raise ScoreError(f"Metre expects a power of two as denominator, got {self.denominator}.")

    @property
    def bar_beats(self) -> float:
        """Length of a bar in quarter notes."""
        return 4 * self.numerator / self.denominator


@dataclass(frozen=True, slots=True)
class Key:
    """Key from an onset on: key signature and mode, which together determine the tonic.

    Parameters
    ----------
    onset_beats
        Onset in quarter notes.
    n_sharps
        Number of sharps in the key signature, -7 to 7; flats are negative.
    mode
        ``major``, ``minor`` or one of the church modes.

    Examples
    --------
    One sharp is G major, E minor or A dorian:

    >>> [Key(0, 1, mode).tonic for mode in ("major", "minor", "dorian")]
    [7, 4, 9]
    """

    onset_beats: float
    n_sharps: int
    mode: Mode = "major"

    def __post_init__(self) -> None:
        _check(self, n_sharps=(-7, 7))
        if self.mode not in get_args(Mode):
            raise ScoreError(f"Key has no mode {self.mode!r}. {near_miss(str(self.mode), get_args(Mode))}")

    @property
    def tonic(self) -> int:
        """Pitch class of the tonic, 0 (C) to 11 (B)."""
        return 7 * (self.n_sharps + FIFTHS_ABOVE[self.mode]) % 12

    @property
    def keynote(self) -> str:
        """Name of the tonic, such as ``Bb``.

        Examples
        --------
        >>> [Key(0, n_sharps).keynote for n_sharps in (-7, -2, 0, 6)], Key(0, 6, "minor").keynote
        (['Cb', 'Bb', 'C', 'F#'], 'D#')
        """
        sharps, place = divmod(self.n_sharps + FIFTHS_ABOVE[self.mode] + 1, 7)
        return LINE_OF_FIFTHS[place] + ("#" * sharps if sharps > 0 else "b" * -sharps)

    @property
    def name(self) -> str:
        """Name of the key, such as ``B-flat major``.

        Examples
        --------
        >>> Key(0, -2).name, Key(0, 3, "minor").name
        ('B-flat major', 'F-sharp minor')
        """
        return key_name(self.keynote, self.mode)


def key_name(keynote: str, mode: str) -> str:
    """Return the name of a key for readers.

    Examples
    --------
    >>> key_name("Bb", "dorian"), key_name("C", "major")
    ('B-flat dorian', 'C major')
    """
    return f"{keynote[0]}{'-sharp' * keynote.count('#')}{'-flat' * keynote.count('b')} {mode}"


@dataclass(frozen=True, slots=True)
class Program:
    """General MIDI program (instrument) of a channel from an onset on, 0 to 127."""

    onset_beats: float
    channel: int
    program: int

    def __post_init__(self) -> None:
        _check(self, channel=(0, 15), program=(0, 127))


@dataclass(frozen=True, slots=True)
class ChordSymbol:
    """Chord symbol above the staff, such as ``Am7``; not played."""

    onset_beats: float
    name: str

    def __post_init__(self) -> None:
        _check(self)


@dataclass(frozen=True, slots=True)
class WrittenBar:
    """Bar as written, with its repeat signs.

    Parameters
    ----------
    onset_beats
        Start of the bar in quarter notes.
    duration_beats
        Length of the bar in quarter notes; above 0.
    starts_repeat
        Whether a start-repeat sign precedes it.
    n_repeats
        Number of repetitions that the end-repeat sign after it asks for; 0 without a sign.
    endings
        Passes in which it is played if it belongs to an ending, such as ``(1,)``; empty outside endings.
    marks
        Marks such as ``"segno"`` and ``"da capo"``; see `NavigationMark`.
    """

    onset_beats: float
    duration_beats: float
    starts_repeat: bool = False
    n_repeats: int = 0
    endings: tuple[int, ...] = ()
    marks: tuple[NavigationMark, ...] = ()

    def __post_init__(self) -> None:
        if not (math.isfinite(self.duration_beats) and self.duration_beats > 0):
            raise ScoreError(f"WrittenBar expects a duration_beats above 0, got {self.duration_beats!r}.")
        _check(self, n_repeats=(0, 99))


@dataclass(frozen=True)
class Score:
    """A piece of music: notes, tempo, metre, key and names.

    Parameters
    ----------
    notes
        At least one `Note`; sorted by onset, channel, pitch, duration.
    tempos
        Tempo changes, sorted; 120 quarter notes per minute before the first.
    metres, keys
        Changes of metre and key, sorted; empty if unknown.
    programs
        Instruments of the channels.
    chords
        Chord symbols.
    part_names
        ``(channel, name)`` of the named parts.
    pickup_beats
        Length of an incomplete first bar (anacrusis) in quarter notes; 0 if the first bar is complete.
    title
        Title of the piece; empty if unknown.
    written_bars
        Bars with their repeat signs, if the notes are as written, each bar once; empty if repeats are played,
        or if there are none.
    source
        Name used in messages, usually the path of the file.
    findings
        Repairs and oddities reported by a reader, one sentence each. Scores that differ only in ``findings``,
        ``remarks``, ``left_out`` or ``source`` are equal.
    remarks
        What a reader changed in a file without faults, one sentence each.
    left_out
        ``(name, count)`` of what the file holds and a score does not, such as ``("trill", 2)``.

    Raises
    ------
    ScoreError
        If there are no notes.

    Examples
    --------
    >>> score = Score([Note(1, 1, 64), Note(0, 1, 60)], tempos=[Tempo(0, 60)])
    >>> [note.pitch_midi for note in score.notes], score.duration_beats, score.duration_s
    ([60, 64], 2.0, 2.0)
    """

    notes: Sequence[Note]
    tempos: Sequence[Tempo] = ()
    metres: Sequence[Metre] = ()
    keys: Sequence[Key] = ()
    programs: Sequence[Program] = ()
    chords: Sequence[ChordSymbol] = ()
    part_names: Sequence[tuple[int, str]] = ()
    pickup_beats: float = 0.0
    title: str = ""
    written_bars: Sequence[WrittenBar] = ()
    source: str = field(default="score", compare=False)
    findings: Sequence[str] = field(default=(), compare=False)
    remarks: Sequence[str] = field(default=(), compare=False)
    left_out: Sequence[tuple[str, int]] = field(default=(), compare=False)

    def __post_init__(self) -> None:
        if not self.notes:
            raise ScoreError(f"{printable(self.source)} has no notes. Add some, or leave it out.")
        ordered = sorted(
            self.notes, key=lambda n: (n.onset_beats, n.channel, n.pitch_midi, n.duration_beats, n.velocity)
        )
        object.__setattr__(self, "notes", tuple(ordered))
        for name in ("tempos", "metres", "keys", "programs", "chords", "written_bars"):
            changes = sorted(getattr(self, name), key=lambda change: change.onset_beats)
            object.__setattr__(self, name, tuple(changes))
        object.__setattr__(self, "part_names", tuple(sorted(self.part_names)))
        for name in ("findings", "remarks", "left_out"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        if not (math.isfinite(self.pickup_beats) and self.pickup_beats >= 0):
            raise ScoreError(f"Score expects a pickup_beats of 0 or more, got {self.pickup_beats!r}.")

    @property
    def duration_beats(self) -> float:
        """End of the last note in quarter notes."""
        return float(max(note.end_beats for note in self.notes))

    @property
    def duration_s(self) -> float:
        """End of the last note in seconds."""
        return float(self.seconds_at(self.duration_beats))

    @property
    def tempo_map(self) -> tuple[Tempo, ...]:
        """Tempos with one at 0: 120 quarter notes per minute if the score has none there.

        Examples
        --------
        >>> [tempo.tempo_bpm for tempo in Score([Note(0, 4, 60)], tempos=[Tempo(2, 90)]).tempo_map]
        [120.0, 90]
        """
        has_start = self.tempos and self.tempos[0].onset_beats == 0
        return tuple(self.tempos) if has_start else (Tempo(0.0, 120.0), *self.tempos)

    def seconds_at(self, beats: ArrayLike) -> NDArray[np.float64]:
        """Convert positions in quarter notes to seconds from the start.

        Parameters
        ----------
        beats
            Positions in quarter notes, any shape.

        Returns
        -------
        numpy.ndarray
            Seconds, of the same shape.

        Examples
        --------
        Two beats at 60 beats per minute, then twice as fast:

        >>> score = Score([Note(0, 4, 60)], tempos=[Tempo(0, 60), Tempo(2, 120)])
        >>> score.seconds_at([1, 2, 4]).tolist()
        [1.0, 2.0, 3.0]
        """
        starts = np.array([tempo.onset_beats for tempo in self.tempo_map], dtype=np.float64)
        s_per_beat = np.array([60 / tempo.tempo_bpm for tempo in self.tempo_map], dtype=np.float64)
        starts_s = np.concatenate([[0.0], np.cumsum(np.diff(starts) * s_per_beat[:-1])])
        positions = np.asarray(beats, dtype=np.float64)
        k = np.maximum(np.searchsorted(starts, positions, side="right") - 1, 0)
        seconds: NDArray[np.float64] = starts_s[k] + (positions - starts[k]) * s_per_beat[k]
        return seconds

    def table(self) -> dict[str, NDArray[Any]]:
        """Return the notes as named columns, each of shape ``(n_notes,)``.

        Examples
        --------
        >>> columns = Score([Note(0, 1, 60), Note(1, 2, 62)]).table()
        >>> columns["onset_s"].tolist(), columns["pitch_midi"].tolist()
        ([0.0, 0.5], [60, 62])
        """
        onset = np.array([note.onset_beats for note in self.notes], dtype=np.float64)
        duration = np.array([note.duration_beats for note in self.notes], dtype=np.float64)
        onset_s = self.seconds_at(onset)
        return {
            "onset_beats": onset,
            "duration_beats": duration,
            "onset_s": onset_s,
            "duration_s": self.seconds_at(onset + duration) - onset_s,
            "pitch_midi": np.array([note.pitch_midi for note in self.notes], dtype=np.int64),
            "velocity": np.array([note.velocity for note in self.notes], dtype=np.int64),
            "channel": np.array([note.channel for note in self.notes], dtype=np.int64),
        }

    def __repr__(self) -> str:
        name = self.title or self.source
        return f"Score({name!r}, {len(self.notes)} notes, {self.duration_beats:g} beats)"

    def __iter__(self) -> Iterator[Any]:
        raise TypeError("A Score is one piece, not a sequence. Use score.notes for its notes.")


def _check(event: Any, **ranges: tuple[int, int]) -> None:
    """Raise `ScoreError` unless the onset is 0 or more, and the fields are integers in their ranges."""
    kind = type(event).__name__
    if not (math.isfinite(event.onset_beats) and event.onset_beats >= 0):
        raise ScoreError(f"{kind} expects an onset_beats of 0 or more, got {event.onset_beats!r}.")
    for name, (low, high) in ranges.items():
        value = getattr(event, name)
        if not is_integer(value) or not low <= value <= high:
            raise ScoreError(f"{kind} expects a whole {name} from {low} to {high}, got {value!r}.")
