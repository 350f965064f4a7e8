"""Notation layout of a score: bars, and voices without overlapping notes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TypeVar

from woodshed.score import Key, Metre, Note, Score, Tempo

Change = TypeVar("Change", Key, Metre, Tempo)

MAX_DENOMINATOR = 1024
"""Maximum denominator of the fraction of a quarter note to which times are rounded."""


@dataclass(frozen=True)
class BarSpan:
    """Number, start and end of a bar, in quarter notes; a pickup has the number 0."""

    number: int
    start: Fraction
    end: Fraction
    metre: Metre | None

    @property
    def due(self) -> Fraction:
        """Length of a full bar; four quarter notes without a metre."""
        return as_fraction(self.metre.bar_beats) if self.metre else Fraction(4)


@dataclass(frozen=True)
class Chord:
    """One or more notes of a voice with the same start and end."""

    start: Fraction
    end: Fraction
    notes: tuple[Note, ...]


def as_fraction(beats: float) -> Fraction:
    """Round a time to a fraction with a denominator up to `MAX_DENOMINATOR`.

    Examples
    --------
    >>> as_fraction(2 / 3), as_fraction(0.25)
    (Fraction(2, 3), Fraction(1, 4))
    """
    return Fraction(beats).limit_denominator(MAX_DENOMINATOR)


def beat_of(metre: Metre | None) -> Fraction:
    """Return the length of a beat: three eighths in compound metres such as 6/8, else a quarter note.

    Examples
    --------
    >>> beat_of(Metre(0, 9, 8)), beat_of(Metre(0, 3, 4)), beat_of(None)
    (Fraction(3, 2), Fraction(1, 1), Fraction(1, 1))
    """
    is_compound = metre is not None and metre.denominator >= 8 and metre.numerator % 3 == 0
    return Fraction(3 * 4, metre.denominator) if metre and is_compound else Fraction(1)


def drop_repeated(changes: Sequence[Change]) -> list[Change]:
    """Drop changes to the value that holds already, such as those at the start of a repeated section.

    Examples
    --------
    >>> [metre.onset_beats for metre in drop_repeated([Metre(0, 4, 4), Metre(8, 4, 4), Metre(16, 3, 4)])]
    [0, 16]
    """
    effective: list[Change] = []
    for change in changes:
        if not effective or replace(change, onset_beats=effective[-1].onset_beats) != effective[-1]:
            effective.append(change)
    return effective


def bars_of(score: Score) -> list[BarSpan]:
    """Divide a score into bars: the pickup, then full bars up to the last note; a new metre starts a bar.

    Parameters
    ----------
    score
        A score without metres has bars of four quarter notes.

    Returns
    -------
    list of BarSpan
        The last bar is full even if its notes end earlier; a bar before a change of metre may be short.

    Examples
    --------
    >>> score = Score([Note(0, 6, 60)], metres=[Metre(0, 3, 4)], pickup_beats=1)
    >>> [(bar.number, float(bar.start), float(bar.end)) for bar in bars_of(score)]
    [(0, 0.0, 1.0), (1, 1.0, 4.0), (2, 4.0, 7.0)]
    """
    end = as_fraction(score.duration_beats)
    changes = {as_fraction(metre.onset_beats): metre for metre in score.metres}
    turns = sorted(changes)
    metre = changes.get(Fraction(0))
    bars: list[BarSpan] = []
    at, pickup = Fraction(0), as_fraction(score.pickup_beats)
    while at < end:
        metre = changes.get(at, metre)
        length = as_fraction(metre.bar_beats) if metre else Fraction(4)
        is_pickup = at == 0 and 0 < pickup < length
        stop = at + (pickup if is_pickup else length)
        stop = min([stop, *(turn for turn in turns if at < turn < stop)])
        number = 0 if is_pickup else (bars[-1].number + 1 if bars else 1)
        bars.append(BarSpan(number, at, stop, metre))
        at = stop
    return bars


def voices_of(notes: Iterable[Note]) -> list[list[Chord]]:
    """Distribute the notes of one part to voices without overlaps.

    Notes with the same start and end form a chord; a second note of the same pitch goes to another voice.

    Examples
    --------
    >>> voices = voices_of([Note(0, 4, 48), Note(0, 1, 60), Note(1, 3, 62)])
    >>> [[[note.pitch_midi for note in event.notes] for event in voice] for voice in voices]
    [[[60], [62]], [[48]]]
    """
    together: dict[tuple[Fraction, Fraction, int], list[Note]] = {}
    for note in notes:
        start = as_fraction(note.onset_beats)
        end = max(start + Fraction(1, MAX_DENOMINATOR), as_fraction(note.end_beats))
        copy = sum(note.pitch_midi == other.pitch_midi for other in together.get((start, end, 0), ()))
        together.setdefault((start, end, copy), []).append(note)
    voices: list[list[Chord]] = []
    for (start, end, _), chord in sorted(together.items(), key=lambda item: item[0]):
        event = Chord(start, end, tuple(sorted(chord, key=lambda note: note.pitch_midi)))
        for voice in voices:
            if voice[-1].end <= start:
                voice.append(event)
                break
        else:
            voices.append([event])
    return voices
