"""Writing ABC: scores and books of tunes."""

from __future__ import annotations

import os
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from woodshed.atomic import write_whole
from woodshed.errors import ScoreError
from woodshed.score import DRUM_CHANNEL, Key, Score
from woodshed.symbolic.abc.field import ACCIDENTALS
from woodshed.symbolic.abc.voice import groups_of, tuplets_of
from woodshed.symbolic.notation import (
    MAX_DENOMINATOR,
    BarSpan,
    Signature,
    as_fraction,
    bars_of,
    drop_repeated,
    key_at,
    signature_of,
    spelling,
)

_UNIT = Fraction(1, 2)  # L:1/8, in quarter notes
_BARS_A_LINE = 4
_MODE_WORDS = {"major": "", "minor": "m"}


@dataclass(frozen=True)
class _Event:
    """Notes with the same start and end."""

    start: Fraction
    end: Fraction
    pitches: tuple[int, ...]


@dataclass(frozen=True)
class _Piece:
    """Part of a chord or rest within one bar, and the key at its start."""

    start: Fraction
    end: Fraction
    pitches: tuple[int, ...]
    key: Key
    is_tied: bool


def write_abc(scores: Score | Sequence[Score], path: str | os.PathLike[str]) -> None:
    """Write a tune, or a book of tunes numbered from 1. Writing is atomic.

    Raises
    ------
    ScoreError
        If a score has only drums, which ABC cannot notate.
    OutputError
        If the file cannot be written.
    """
    book = [scores] if isinstance(scores, Score) else scores
    write_whole(path, "\n".join(score_to_abc(score, number=k + 1) for k, score in enumerate(book)))


def score_to_abc(score: Score, *, number: int = 1) -> str:
    """Convert a score to ABC.

    Notes of a channel with the same start and end form a chord; other overlapping notes go to separate
    voices. Times are rounded to fractions of a quarter note with a denominator up to 1024. Velocities,
    programs and drums are not written. Notes of a beat are written without spaces, so that other programs
    beam them; tuplets are written as such; a line has four bars. Accidentals are repeated where readers could
    differ on whether they hold in one octave or in all.

    Parameters
    ----------
    score
        Score with at least one note other than drums.
    number
        Content of the ``X:`` field.

    Returns
    -------
    str
        ABC text that ends with a line break.

    Raises
    ------
    ScoreError
        If the score has only drums.

    Examples
    --------
    >>> from woodshed.score import Metre, Note
    >>> score = Score([Note(0, 1, 62), Note(1, 3, 66)], metres=[Metre(0, 3, 4)], keys=[Key(0, 2)])
    >>> print(score_to_abc(score), end="")
    X:1
    M:3/4
    L:1/8
    K:D
    D2 F4-|F2|]
    """
    voices = _voices(score)
    if not voices:
        raise ScoreError(f"{score.source} has only drums, which ABC cannot notate. Write MIDI instead.")
    head = [f"X:{number}"]
    if score.title:
        head.append("T:" + " ".join(score.title.replace("%", r"\%").split()))
    metres = [metre for metre in score.metres if metre.onset_beats == 0]
    head.append(f"M:{metres[0].numerator}/{metres[0].denominator}" if metres else "M:none")
    head.append("L:1/8")
    head += [f"Q:1/4={tempo.tempo_bpm:.9g}" for tempo in score.tempos if tempo.onset_beats == 0]
    names = dict(score.part_names)
    for k, (channel, _) in enumerate(voices):
        if len(voices) > 1 or channel in names:
            name = names.get(channel, "").replace('"', "'")
            head.append(f"V:{k + 1}" + (f' name="{name}"' if name else ""))
    keys = [key for key in score.keys if key.onset_beats == 0]
    head.append(f"K:{_key_name(keys[-1])}" if keys else "K:C")
    body = []
    for k, (_, events) in enumerate(voices):
        if any(line.startswith("V:") for line in head):
            body.append(f"V:{k + 1}")
        body.append(_Writer(score, k == 0).text(events))
    return "\n".join([*head, *body, ""])


class _Writer:
    """Writer of one voice; keeps bars, changes and the accidentals of the bar."""

    def __init__(self, score: Score, is_first: bool) -> None:
        self._end = as_fraction(score.duration_beats)
        self._bars = bars_of(score)
        self._changes = _inline(score, is_first)
        self._cuts = sorted({*(bar.start for bar in self._bars), *self._changes})
        self._keys = [(as_fraction(key.onset_beats), key) for key in drop_repeated(score.keys)]
        self._altered: set[str] = set()

    def text(self, events: Sequence[_Event]) -> str:
        """Return the events with rests between them, four bars per line."""
        pieces: list[_Piece] = []
        now = Fraction(0)
        for event in events:
            pieces += self._cut(now, event.start, ()) + self._cut(event.start, event.end, event.pitches)
            now = event.end
        pieces += self._cut(now, self._end, ())
        text, waiting = "", deque(pieces)
        for bar in self._bars:
            content = []
            while waiting and waiting[0].start < bar.end:
                content.append(waiting.popleft())
            text += self._bar(bar, content)
            is_last = bar is self._bars[-1]
            text += "|]" if is_last else "|\n" if bar.number and bar.number % _BARS_A_LINE == 0 else "|"
        return text

    def _cut(self, start: Fraction, end: Fraction, pitches: tuple[int, ...]) -> list[_Piece]:
        """Divide a note, chord or rest at bar lines and changes."""
        if end <= start:
            return []
        cuts = self._cuts[bisect_right(self._cuts, start) : bisect_left(self._cuts, end)]
        key = key_at(self._keys, start)
        return [
            _Piece(at, stop, pitches, key, is_tied=bool(pitches) and stop < end)
            for at, stop in zip([start, *cuts], [*cuts, end], strict=True)
        ]

    def _bar(self, bar: BarSpan, pieces: Sequence[_Piece]) -> str:
        """Return the content of a bar; notes under one beam are not separated by spaces."""
        self._altered.clear()
        zero = bar.start if bar.number else bar.end  # a pickup counts from the end of its bar
        spans = [(piece.start - zero, piece.end - zero) for piece in pieces]
        groups = groups_of(spans, bar.metre)
        text = ""
        for k, (piece, (mark, times)) in enumerate(zip(pieces, tuplets_of(spans), strict=True)):
            changes = self._changes.get(piece.start, "")
            is_apart = groups[k] != groups[k - 1] or not (piece.pitches and pieces[k - 1].pitches)
            if k and (is_apart or changes.startswith("[")):
                text += " "
            text += changes + mark + self._sign(piece, times)
        return text

    def _sign(self, piece: _Piece, times: Fraction) -> str:
        """Return one note, chord or rest in the spelling of the key at its start."""
        written = _length((piece.end - piece.start) * times / _UNIT)
        if not piece.pitches:
            return "z" + written
        signature = signature_of(key_at(self._keys, piece.start).n_sharps)
        names = [self._pitch(pitch, piece.key, signature) for pitch in piece.pitches]
        name = names[0] if len(names) == 1 else f"[{''.join(names)}]"
        return name + written + "-" * piece.is_tied

    def _pitch(self, pitch: int, key: Key, signature: Signature) -> str:
        """Spell a pitch in a key, with an accidental where needed."""
        letter, alteration, octave = spelling(pitch, key)
        sign = ""
        if letter in self._altered or signature.get(letter, 0) != alteration:
            sign = ACCIDENTALS[alteration]
            self._altered.add(letter)
        if octave >= 5:
            return sign + letter.lower() + "'" * (octave - 5)
        return sign + letter + "," * (4 - octave)


def _voices(score: Score) -> list[tuple[int, list[_Event]]]:
    """Distribute the notes to voices without overlaps; return channel and events of each."""
    together: dict[tuple[int, Fraction, Fraction], list[int]] = {}
    for note in score.notes:
        if note.channel != DRUM_CHANNEL:
            start = as_fraction(note.onset_beats)
            end = max(start + Fraction(1, MAX_DENOMINATOR), as_fraction(note.end_beats))
            together.setdefault((note.channel, start, end), []).append(note.pitch_midi)
    voices: list[tuple[int, list[_Event]]] = []
    for (channel, start, end), pitches in sorted(together.items()):
        event = _Event(start, end, tuple(sorted(pitches)))
        for of, events in voices:
            if of == channel and events[-1].end <= start:
                events.append(event)
                break
        else:
            voices.append((channel, [event]))
    return voices


def _inline(score: Score, is_first: bool) -> dict[Fraction, str]:
    """Return inline fields and chord symbols; tempos and chord symbols only in the first voice."""
    changes: dict[Fraction, str] = {}

    def add(onset_beats: float, text: str) -> None:
        changes[as_fraction(onset_beats)] = changes.get(as_fraction(onset_beats), "") + text

    for metre in (metre for metre in drop_repeated(score.metres) if metre.onset_beats > 0):
        add(metre.onset_beats, f"[M:{metre.numerator}/{metre.denominator}]")
    for key in (key for key in drop_repeated(score.keys) if key.onset_beats > 0):
        add(key.onset_beats, f"[K:{_key_name(key)}]")
    if is_first:
        for tempo in (tempo for tempo in drop_repeated(score.tempos) if tempo.onset_beats > 0):
            add(tempo.onset_beats, f"[Q:1/4={tempo.tempo_bpm:.9g}]")
        for chord in score.chords:
            add(chord.onset_beats, f'"{chord.name}"')
    return changes


def _key_name(key: Key) -> str:
    return key.keynote + _MODE_WORDS.get(key.mode, key.mode[:3])


def _length(units: Fraction) -> str:
    above = "" if units.numerator == 1 and units.denominator > 1 else str(units.numerator)
    if units.denominator == 1:
        return "" if units == 1 else above
    return f"{above}/{units.denominator}"
