"""What readers share: the bytes of a file, bars as written, the order in which they are played, and ties."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import accumulate, groupby, pairwise
from pathlib import Path
from typing import Any

from woodshed.errors import ScoreFileError
from woodshed.score import DRUM_CHANNEL, ChordSymbol, Key, Metre, Note, Score, Tempo
from woodshed.symbolic.notation import drop_repeated

MAX_PASSES = 16
"""Maximum number of times that a section is played."""

MELODIC_CHANNELS = tuple(channel for channel in range(16) if channel != DRUM_CHANNEL)
"""Channels for parts other than drums."""

Change = tuple[Fraction, str, Any]
"""Onset in quarter notes, kind (``key``, ``metre``, ``tempo``, ``chord`` or ``program``), value."""


def read_bytes(path: str | os.PathLike[str]) -> bytes:
    """Return the content of a score file.

    Raises
    ------
    ScoreFileError
        If the file cannot be opened.
    """
    try:
        return Path(path).read_bytes()
    except OSError as error:
        reason = f"it cannot be opened ({error.strerror}). Check the name and the permissions."
        raise ScoreFileError(path, reason) from error


@dataclass(slots=True)
class BarNote:
    """A note, or one note of a chord, within its bar.

    Parameters
    ----------
    onset, duration
        In quarter notes; the onset counts from the start of the bar.
    pitch_midi, velocity
        As in `woodshed.score.Note`.
    spelling
        Letter and octave as written, in ABC.
    voice
        Voice of a part, in MusicXML. Ties stay within a voice.
    starts_tie, ends_tie
        Whether the note may be tied to the next and to the previous one of its pitch.
    """

    onset: Fraction
    duration: Fraction
    pitch_midi: int
    velocity: int = 80
    spelling: tuple[str, int] = ("", 0)
    voice: str = ""
    starts_tie: bool = False
    ends_tie: bool = True


@dataclass(slots=True)
class Bar:
    """Music between two bar lines, or between a bar line and a repeat sign or ending within the bar.

    Parameters
    ----------
    number
        Number in the file; the pieces of a bar that is divided by a repeat sign share it.
    notes
        In the order of the file.
    changes
        Changes of tempo, metre, key and program, and chord symbols; onsets count from the start of the bar.
    length, due
        Actual and nominal length in quarter notes. Without a nominal length, it follows from the metre.
    is_implicit
        Whether the file marks the bar as incomplete.
    starts_section, starts_repeat
        Whether it follows a double bar or a start-repeat sign.
    n_repeats
        Number of repetitions that the end-repeat sign after it asks for.
    endings, starts_ending
        Passes in which the bar is played if it belongs to an ending, and whether the ending starts here.
    part
        Name of the part that starts with this bar, if one does.
    """

    number: int | str
    notes: list[BarNote] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    length: Fraction = Fraction(0)
    due: Fraction | None = None
    is_implicit: bool = False
    starts_section: bool = False
    starts_repeat: bool = False
    n_repeats: int = 0
    endings: frozenset[int] = frozenset()
    starts_ending: bool = False
    part: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether the bar has neither notes nor rests."""
        return not self.length and not self.notes


def played_order(bars: list[Bar]) -> list[int]:
    """Unfold repeats and endings.

    ``:|`` goes back to the last ``|:``, else to the end of the previous section: after the last repeat, after
    the last ending, at the last double bar, or at the beginning.

    Returns
    -------
    list of int
        Indices of the bars in the order in which they are played.

    Examples
    --------
    A bar, a first ending with a repeat sign, a second ending:

    >>> first, second = frozenset({1}), frozenset({2})
    >>> played_order([Bar(1), Bar(2, n_repeats=1, endings=first), Bar(3, endings=second)])
    [0, 1, 0, 2]
    """
    for before, bar in pairwise(bars):  # the sign between a first and a second ending is often omitted
        if bar.starts_ending and before.endings and not before.n_repeats and 1 not in bar.endings:
            before.n_repeats = 1
    last_endings: list[int] = []  # highest number in the group of endings around each bar
    for in_ending, group in groupby(bars, key=lambda bar: bool(bar.endings)):
        members = list(group)
        last_endings += [max(max(bar.endings) for bar in members) if in_ending else 1] * len(members)
    order: list[int] = []
    start, turn, k = 0, 1, 0
    while k < len(bars):
        bar = bars[k]
        if (bar.starts_repeat or (bar.starts_section and turn == 1)) and k != start:
            start, turn = k, 1
        if bar.endings and turn not in bar.endings:
            k += 1
            continue
        order.append(k)
        n_turns = max(bar.n_repeats + 1, last_endings[k]) if bar.n_repeats else 1
        if turn < min(n_turns, MAX_PASSES):
            turn, k = turn + 1, start
            continue
        is_last_ending = bar.endings and (k + 1 == len(bars) or not bars[k + 1].endings)
        if bar.n_repeats or is_last_ending:
            start, turn = k + 1, 1
        k += 1
    return order


def place_bars(bars: Sequence[Bar]) -> list[tuple[Fraction, Bar]]:
    """Return the onset of each bar, in quarter notes, and the bar.

    Examples
    --------
    >>> bar = Bar(1, length=Fraction(3))
    >>> [float(start) for start, _ in place_bars([bar, bar])]
    [0.0, 3.0]
    """
    starts = accumulate((bar.length for bar in bars), initial=Fraction(0))
    return list(zip(starts, bars, strict=False))


def join_ties(placed: Iterable[tuple[Fraction, Bar]], channel: int) -> list[Note]:
    """Return the notes of bars with their onsets; tied notes become one.

    Examples
    --------
    >>> half = BarNote(Fraction(0), Fraction(2), 60, starts_tie=True)
    >>> bars = place_bars([Bar(1, [half], length=Fraction(2)), Bar(2, [half], length=Fraction(2))])
    >>> [note.duration_beats for note in join_ties(bars, 0)]
    [4.0]
    """
    joined: list[tuple[Fraction, BarNote, list[Fraction]]] = []
    open_ties: dict[tuple[int, Fraction, str], list[Fraction]] = {}  # pitch, end, voice -> duration
    for start, bar in placed:
        for note in bar.notes:
            onset = start + note.onset
            duration = open_ties.pop((note.pitch_midi, onset, note.voice), None) if note.ends_tie else None
            if duration is None:
                duration = [note.duration]
                joined.append((onset, note, duration))
            else:
                duration[0] += note.duration
            if note.starts_tie:
                open_ties[note.pitch_midi, onset + note.duration, note.voice] = duration
    return [
        Note(float(onset), float(duration[0]), note.pitch_midi, note.velocity, channel)
        for onset, note, duration in joined
    ]


def changes_of(placed: Iterable[tuple[Fraction, Bar]]) -> list[Change]:
    """Return the changes of bars with their onsets."""
    return [(start + at, kind, value) for start, bar in placed for at, kind, value in bar.changes]


def build_score(notes: list[Note], changes: Iterable[Change], first: Bar, **other: Any) -> Score:
    """Build a score from notes and changes.

    Parameters
    ----------
    notes, changes
        Of changes of one kind at one onset, the first holds. Changes to a value that holds already are
        dropped.
    first
        First bar as written; if it is shorter than its metre, it is a pickup.
    other
        Further fields of the `Score`.
    """
    metres = [value for _, kind, value in first.changes if kind == "metre"]
    is_pickup = bool(metres) and first.length < Fraction(4 * metres[-1][0], metres[-1][1])
    ordered: dict[str, dict[Fraction, Any]] = defaultdict(dict)
    for at, kind, value in sorted(changes, key=lambda change: change[0]):
        ordered[kind].setdefault(at, value)
    return Score(
        notes,
        tempos=drop_repeated([Tempo(float(at), value) for at, value in ordered["tempo"].items()]),
        metres=drop_repeated([Metre(float(at), *value) for at, value in ordered["metre"].items()]),
        keys=drop_repeated([Key(float(at), *value) for at, value in ordered["key"].items()]),
        chords=[ChordSymbol(float(at), str(name)) for at, name in ordered["chord"].items()],
        pickup_beats=float(first.length) if is_pickup else 0.0,
        **other,
    )
