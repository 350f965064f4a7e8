"""Notation: note values, spelling of pitches, staves and their symbols."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from typing import TypeVar

from woodshed.score import (
    FIFTHS_ABOVE,
    LINE_OF_FIFTHS,
    Key,
    Metre,
    Mode,
    NavigationMark,
    Note,
    Score,
    Tempo,
    WrittenBar,
)

TYPES: dict[str, Fraction] = {
    "breve": Fraction(8),
    "whole": Fraction(4),
    "half": Fraction(2),
    "quarter": Fraction(1),
    "eighth": Fraction(1, 2),
    "16th": Fraction(1, 4),
    "32nd": Fraction(1, 8),
    "64th": Fraction(1, 16),
    "128th": Fraction(1, 32),
    "256th": Fraction(1, 64),
}
"""Type of a note in MusicXML -> length in quarter notes."""

START_MARKS: tuple[NavigationMark, ...] = ("segno", "coda")
"""Marks that stand at the start of a bar."""

END_MARKS: tuple[NavigationMark, ...] = ("to coda", "fine", "da capo", "dal segno")
"""Marks that hold at the end of a bar."""

MAX_ACTUAL = 15
"""Maximum number of notes of a tuplet; notes of larger tuplets have a length but no type."""

_DOTS = (Fraction(1), Fraction(3, 2), Fraction(7, 4))
_WRITABLE = sorted(
    ((length * times, word, n) for word, length in TYPES.items() for n, times in enumerate(_DOTS)),
    key=lambda value: (-value[0], value[2]),
)
_LENGTHS = frozenset(length for length, _, _ in _WRITABLE)

Signature = dict[str, int]
"""Letter (``A`` to ``G``) -> -1 for a flat, 1 for a sharp, 0 for a natural."""

NATURALS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
"""Letter -> semitones above C."""

LETTERS = "".join(NATURALS)
"""The letters from C to B, in the order of the staff."""

FLATTEST: dict[Mode, int] = {
    "lydian": -3,
    "major": -3,
    "mixolydian": -4,
    "dorian": -5,
    "minor": -5,
    "phrygian": -6,
    "locrian": -6,
}
"""Mode -> fifths from the keynote to the flattest of its twelve note names.

In major it is the lowered third, in minor the lowered second. Hence the sixth and seventh degrees of minor
and of the modes are raised by sharps and naturals, as are the leading tones to the other degrees of major.
This matches the spelling of Bach's chorales and of a thousand folk tunes.
"""

Change = TypeVar("Change", Key, Metre, Tempo)

MAX_DENOMINATOR = 1024
"""Maximum denominator of the fraction of a quarter note to which times are rounded."""


@dataclass(frozen=True)
class NoteValue:
    """One written note or rest.

    Parameters
    ----------
    duration
        Length in quarter notes.
    type
        Key of `TYPES`; empty if there is none for the length.
    n_dots
        Number of dots.
    actual, normal
        Tuplet ratio, ``actual`` notes in the time of ``normal``; both 1 outside tuplets.
    """

    duration: Fraction
    type: str = ""
    n_dots: int = 0
    actual: int = 1
    normal: int = 1


def values_of(start: Fraction, end: Fraction) -> list[NoteValue]:
    """Divide a span within a bar into note values that, tied together, fill it.

    Parameters
    ----------
    start, end
        In quarter notes from the start of the bar.

    Returns
    -------
    list of NoteValue
        Values whose durations add up to the span. If it starts or ends off the binary grid, they belong to a
        tuplet.

    Examples
    --------
    >>> [(value.type, value.n_dots) for value in values_of(Fraction(0), Fraction(5, 2))]
    [('half', 0), ('eighth', 0)]
    >>> values_of(Fraction(0), Fraction(1, 3))[0]
    NoteValue(duration=Fraction(1, 3), type='eighth', n_dots=0, actual=3, normal=2)
    """
    actual = math.lcm(odd_part(start.denominator), odd_part(end.denominator))
    if actual > MAX_ACTUAL:
        return [NoteValue(end - start)]
    normal = 1 << (actual.bit_length() - 1)
    left = (end - start) * actual / normal
    values = []
    for length, word, n_dots in _WRITABLE:
        while length <= left:
            values.append(NoteValue(length * normal / actual, word, n_dots, actual, normal))
            left -= length
    if left:  # shorter than any type
        values.append(NoteValue(left * normal / actual))
    return values


def is_single_value(length: Fraction) -> bool:
    """Return whether a length is that of one plain, dotted or double-dotted note.

    Examples
    --------
    >>> [n for n in range(1, 17) if is_single_value(Fraction(n, 2))]
    [1, 2, 3, 4, 6, 7, 8, 12, 14, 16]
    """
    return length in _LENGTHS


def tied_spans(start: Fraction, end: Fraction, beat: Fraction) -> list[tuple[Fraction, Fraction]]:
    """Divide a span into spans of single note values, if possible at a beat.

    Parameters
    ----------
    start, end
        In quarter notes from a beat. A length that cannot be reached by halving is not divided.
    beat
        Length of a beat in quarter notes.

    Examples
    --------
    Five eighths in 4/4 and in 6/8:

    >>> five = Fraction(0), Fraction(5, 2)
    >>> [str(stop) for _, stop in tied_spans(*five, Fraction(1))], tied_spans(*five, Fraction(3, 2))[0][1]
    (['2', '5/2'], Fraction(3, 2))
    """
    if is_single_value(end - start) or not is_binary(end - start):
        return [(start, end)]
    at = end // beat * beat
    while at > start:
        if is_single_value(at - start) and is_single_value(end - at):
            return [(start, at), (at, end)]
        at -= beat
    longest = max((length for length in _LENGTHS if length < end - start), default=None)
    if longest is None:  # shorter than any value
        return [(start, end)]
    return [(start, start + longest), *tied_spans(start + longest, end, beat)]


def is_binary(place: Fraction) -> bool:
    """Return whether a time can be reached by halving beats, that is, without a tuplet."""
    return odd_part(place.denominator) == 1


def odd_part(number: int) -> int:
    """Return a number without its factors of two.

    Examples
    --------
    >>> odd_part(12)
    3
    """
    return number // (number & -number)


def signature_of(n_sharps: int) -> Signature:
    """Return the key signature with a number of sharps, or of flats if negative.

    Examples
    --------
    >>> signature_of(-2)
    {'B': -1, 'E': -1}
    """
    if n_sharps >= 0:
        return dict.fromkeys(LINE_OF_FIFTHS[:n_sharps], 1)
    return dict.fromkeys(LINE_OF_FIFTHS[::-1][:-n_sharps], -1)


def alterations_of(n_sharps: int) -> list[int]:
    """Return the alteration of each letter from C to B in a key signature.

    Examples
    --------
    >>> alterations_of(-2)
    [0, 0, -1, 0, 0, 0, -1]
    """
    signature = signature_of(n_sharps)
    return [signature.get(letter, 0) for letter in LETTERS]


def transposed_sharps(n_sharps: int, semitones: int) -> int:
    """Return the number of sharps of a transposed key signature, from five flats to six sharps.

    Examples
    --------
    >>> transposed_sharps(0, 2), transposed_sharps(0, 1)
    (2, -5)
    """
    return (n_sharps + 7 * semitones + 5) % 12 - 5


def sharps_of_keynote(keynote: str, mode: Mode) -> int:
    """Return the number of sharps of a key by the name of its tonic; flats are negative.

    Examples
    --------
    >>> sharps_of_keynote("D", "dorian"), sharps_of_keynote("Bb", "major"), sharps_of_keynote("D#", "minor")
    (0, -2, 6)
    """
    fifths = LINE_OF_FIFTHS.index(keynote[0]) - 1 + 7 * (keynote.count("#") - keynote.count("b"))  # above C
    return fifths - FIFTHS_ABOVE[mode]


def sharps_of_pitch_class(tonic: int, mode: Mode) -> int:
    """Return the number of sharps of a key by the pitch class of its tonic, from five flats to six sharps.

    Examples
    --------
    >>> sharps_of_pitch_class(9, "minor"), sharps_of_pitch_class(3, "major")
    (0, -3)
    """
    return transposed_sharps(sharps_of_keynote("C", mode), tonic)


def spelling(pitch_midi: int, key: Key) -> tuple[str, int, int]:
    """Spell a pitch in a key: letter, sharps (flats are negative), octave.

    A key has one name for each of the twelve pitch classes; they are consecutive on the line of fifths.

    Examples
    --------
    The leading tone of D minor, the raised third of D phrygian, B sharp in C sharp major:

    >>> spelling(61, Key(0, -1, "minor")), spelling(66, Key(0, -2, "phrygian")), spelling(60, Key(0, 7))
    (('C', 1, 4), ('F', 1, 4), ('B', 1, 3))
    """
    first = key.n_sharps + FIFTHS_ABOVE[key.mode] + FLATTEST[key.mode]
    place = first + (7 * pitch_midi - first) % 12  # a semitone is seven fifths, modulo octaves
    alter, letter = divmod(place + 1, 7)
    name = LINE_OF_FIFTHS[letter]
    return name, alter, (pitch_midi - alter - NATURALS[name]) // 12 - 1


def key_at(keys: Sequence[tuple[Fraction, Key]], at: Fraction) -> Key:
    """Return the key at a given time; C major before the first key.

    Parameters
    ----------
    keys
        Onset and key, in order of onset.
    at
        Time in quarter notes.

    Examples
    --------
    >>> keys = [(Fraction(0), Key(0, 1)), (Fraction(8), Key(8, 2))]
    >>> key_at(keys, Fraction(4)).n_sharps, key_at([], Fraction(4)).mode
    (1, 'major')
    """
    n_begun = bisect_right(keys, at, key=lambda change: change[0])
    return keys[n_begun - 1][1] if n_begun else Key(0, 0)


_NO_SIGNS = WrittenBar(0.0, 1.0)


@dataclass(frozen=True)
class BarSpan:
    """Number, start and end of a bar, in quarter notes; a pickup at the beginning has the number 0.

    ``signs`` are its repeat signs if repeats are not played. A pickup to a repeat has the number of the bar
    before it, which it completes.
    """

    number: int
    start: Fraction
    end: Fraction
    metre: Metre | None
    signs: WrittenBar = _NO_SIGNS

    @property
    def due(self) -> Fraction:
        """Length of a full bar; four quarter notes without a metre."""
        return as_fraction(self.metre.bar_beats) if self.metre else Fraction(4)

    @property
    def is_pickup(self) -> bool:
        """Whether the bar is short and leads to a first bar."""
        is_short = self.end - self.start < self.due
        return self.number == 0 or (is_short and self.signs.starts_repeat)


@dataclass(frozen=True)
class Chord:
    """Notes of a voice with the same start and end; a rest has no notes."""

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


def span_of(note: Note) -> tuple[Fraction, Fraction]:
    """Return the rounded onset and end of a note, which lasts at least 1/1024 of a quarter note.

    Examples
    --------
    >>> span_of(Note(4, 1 / 4096, 60))
    (Fraction(4, 1), Fraction(4097, 1024))
    """
    start = as_fraction(note.onset_beats)
    return start, max(start + Fraction(1, MAX_DENOMINATOR), as_fraction(note.end_beats))


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
        A score without metres has bars of four quarter notes. One with repeat signs is divided as written.

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
    # Notes are sorted by onset, and the last one may be lengthened by `span_of`.
    end = max(as_fraction(score.duration_beats), span_of(score.notes[-1])[1])
    if score.written_bars:
        return _written_spans(score, end)
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
        next_turn = bisect_right(turns, at)
        if next_turn < len(turns):
            stop = min(stop, turns[next_turn])
        first_number = 0 if is_pickup else 1
        number = bars[-1].number + 1 if bars else first_number
        bars.append(BarSpan(number, at, stop, metre))
        at = stop
    return bars


def _written_spans(score: Score, end: Fraction) -> list[BarSpan]:
    """Return the bars of a score as written, up to its last note or bar."""
    signs = {as_fraction(bar.onset_beats): bar for bar in score.written_bars}
    starts = sorted({Fraction(0), *signs})
    last = score.written_bars[-1]
    end = max(end, as_fraction(last.onset_beats + last.duration_beats))
    metres = [(as_fraction(metre.onset_beats), metre) for metre in score.metres]
    bars: list[BarSpan] = []
    for start, stop in pairwise([*starts, end]):
        metre = next((metre for at, metre in reversed(metres) if at <= start), None)
        bar = BarSpan(0, start, stop, metre, signs.get(start, _NO_SIGNS))
        is_pickup = stop - start < bar.due and (bar.signs.starts_repeat or not bars)
        number = bars[-1].number if bars else 0
        bars.append(replace(bar, number=number + (not is_pickup)))
    return bars


def voices_of(notes: Iterable[Note], *, join_unisons: bool = False) -> list[list[Chord]]:
    """Distribute the notes of one part to voices without overlaps.

    Parameters
    ----------
    notes
        Notes in any order. Those with the same start and end form a chord.
    join_unisons
        Whether a chord may have a pitch twice. If False, the second note goes to another voice.

    Examples
    --------
    >>> voices = voices_of([Note(0, 4, 48), Note(0, 1, 60), Note(1, 3, 62)])
    >>> [[[note.pitch_midi for note in event.notes] for event in voice] for voice in voices]
    [[[60], [62]], [[48]]]
    """
    together: dict[tuple[Fraction, Fraction, int], list[Note]] = {}
    for note in notes:
        start, end = span_of(note)
        copy = sum(note.pitch_midi == other.pitch_midi for other in together.get((start, end, 0), ()))
        together.setdefault((start, end, 0 if join_unisons else copy), []).append(note)
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


def with_rests(voice: Iterable[Chord], end: Fraction) -> list[Chord]:
    """Fill the gaps of a voice from the beginning up to an end with rests.

    Examples
    --------
    >>> event = Chord(Fraction(1), Fraction(2), (Note(1, 1, 60),))
    >>> [(int(event.start), len(event.notes)) for event in with_rests([event], Fraction(4))]
    [(0, 0), (1, 1), (2, 0)]
    """
    events: list[Chord] = []
    now = Fraction(0)
    for event in [*voice, Chord(end, end, ())]:
        if event.start > now:
            events.append(Chord(now, event.start, ()))
        if event.notes:
            events.append(event)
        now = event.end
    return events
