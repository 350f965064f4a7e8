"""Scores as they stand on paper: bars, and voices in which nothing overlaps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TypeVar

from woodshed.score import Key, Metre, Note, Score, Tempo

WaveformAugmentation = TypeVar("WaveformAugmentation", Key, Metre, Tempo)

MAX_DENOMINATOR = 1024
"""Times become the nearest fraction of a quarter note with a denominator up to this."""


@dataclass(frozen=True)
class BarSpan:
    """One bar: where it begins and ends, in quarter notes, and its number; a pickup has the number 0."""

    number: int
    start: Fraction
    end: Fraction
    metre: Metre | None

    @property
    def due(self) -> Fraction:
        """Length of a full bar; four quarter notes where there is no metre."""
        return exact(self.metre.bar_beats) if self.metre else Fraction(4)


@dataclass(frozen=True)
class StaffEvent:
    """Notes of one voice that begin and end together."""

    start: Fraction
    end: Fraction
    notes: tuple[Note, ...]


def exact(beats: float) -> Fraction:
    """Return the nearest fraction that can be written.

    Examples
    --------
    >>> exact(2 / 3), exact(0.25)
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


def news_of(changes: Sequence[WaveformAugmentation]) -> list[WaveformAugmentation]:
    """Leave out the changes to what holds already, such as those of a score that is played twice.

    Examples
    --------
    >>> [metre.onset_beats for metre in news_of([Metre(0, 4, 4), Metre(8, 4, 4), Metre(16, 3, 4)])]
    [0, 16]
    """
    kept: list[WaveformAugmentation] = []
    for change in changes:
        if not kept or replace(change, onset_beats=kept[-1].onset_beats) != kept[-1]:
            kept.append(change)
    return kept


def bars_of(score: Score) -> list[BarSpan]:
    """Cut a score into bars: the pickup, then full ones to the last note; a change of metre begins a bar.

    Parameters
    ----------
    score
        Without metres, bars have four quarter notes.

    Returns
    -------
    list of BarSpan
        The last one is full, whether the music fills it or not; one before a change of metre may be short.

    Examples
    --------
    >>> score = Score([Note(0, 6, 60)], metres=[Metre(0, 3, 4)], pickup_beats=1)
    >>> [(bar.number, float(bar.start), float(bar.end)) for bar in bars_of(score)]
    [(0, 0.0, 1.0), (1, 1.0, 4.0), (2, 4.0, 7.0)]
    """
    end = exact(score.duration_beats)
    changes = {exact(metre.onset_beats): metre for metre in score.metres}
    turns = sorted(changes)
    metre = changes.get(Fraction(0))
    bars: list[BarSpan] = []
    at, pickup = Fraction(0), exact(score.pickup_beats)
    while at < end:
        metre = changes.get(at, metre)
        length = exact(metre.bar_beats) if metre else Fraction(4)
        is_pickup = at == 0 and 0 < pickup < length
        stop = at + (pickup if is_pickup else length)
        stop = min([stop, *(turn for turn in turns if at < turn < stop)])
        number = 0 if is_pickup else (bars[-1].number + 1 if bars else 1)
        bars.append(BarSpan(number, at, stop, metre))
        at = stop
    return bars


def voices_of(notes: Iterable[Note]) -> list[list[StaffEvent]]:
    """Deal out the notes of one part to voices in which nothing overlaps.

    Notes that begin and end together make a chord; a pitch that comes twice among them goes to another voice.

    Examples
    --------
    >>> voices = voices_of([Note(0, 4, 48), Note(0, 1, 60), Note(1, 3, 62)])
    >>> [[[note.pitch_midi for note in event.notes] for event in voice] for voice in voices]
    [[[60], [62]], [[48]]]
    """
    together: dict[tuple[Fraction, Fraction, int], list[Note]] = {}
    for note in notes:
        start = exact(note.onset_beats)
        end = max(start + Fraction(1, MAX_DENOMINATOR), exact(note.end_beats))
        copy = sum(note.pitch_midi == other.pitch_midi for other in together.get((start, end, 0), ()))
        together.setdefault((start, end, copy), []).append(note)
    voices: list[list[StaffEvent]] = []
    for (start, end, _), chord in sorted(together.items(), key=lambda item: item[0]):
        event = StaffEvent(start, end, tuple(sorted(chord, key=lambda note: note.pitch_midi)))
        for voice in voices:
            if voice[-1].end <= start:
                voice.append(event)
                break
        else:
            voices.append([event])
    return voices
