"""Rhythmic grouping of a bar in ABC: tuplets, and notes under one beam."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

from woodshed.score import Metre
from woodshed.symbolic.note_value import is_binary
from woodshed.symbolic.staff import beat_of

Span = tuple[Fraction, Fraction]
"""Start and end of a note or rest, in quarter notes from the start of the beat grid."""

MAX_TUPLET = 9
"""Maximum number of notes of a tuplet in ABC."""

_EIGHTH = Fraction(1, 2)
_MAX_TUPLET_BEATS = 4


def tuplets_of(spans: Sequence[Span]) -> list[tuple[str, Fraction]]:
    """Find the tuplets of a bar: notes that divide a beat, or two, four or half a beat, by an odd number.

    Returns
    -------
    list of (str, Fraction)
        For each note, the sign of the tuplet that starts with it, and the factor of its written length.

    Examples
    --------
    >>> thirds = [(Fraction(k, 3), Fraction(k + 1, 3)) for k in range(3)]
    >>> tuplets_of([*thirds, (Fraction(1), Fraction(5, 3)), (Fraction(5, 3), Fraction(2))])[::3]
    [('(3', Fraction(3, 2)), ('(3:2:2', Fraction(3, 2))]
    """
    tuplets = [("", Fraction(1))] * len(spans)
    first = 0
    for last, (_, end) in enumerate(spans):
        if not is_binary(end):
            continue
        run = spans[first : last + 1]
        total = end - run[0][0]
        p = math.lcm(*(place.denominator for span in run for place in span))
        p //= p & -p  # remove powers of two
        if 1 < p <= MAX_TUPLET and is_binary(run[0][0]) and _is_beat(total):
            q = 1 << (p.bit_length() - 1)
            tuplets[first : last + 1] = [("", Fraction(p, q))] * len(run)
            tuplets[first] = ("(3" if p == len(run) == 3 else f"({p}:{q}:{len(run)}", Fraction(p, q))
        first = last + 1
    return tuplets


def groups_of(spans: Sequence[Span], metre: Metre | None) -> list[Fraction]:
    """Return the number of the beat to which each note belongs; notes of one beat share a beam.

    A tuplet belongs to the beat of its first note. In 4/4 and 2/2, four eighths of half a bar form a group.

    Examples
    --------
    >>> eighths = [(Fraction(k, 2), Fraction(k + 1, 2)) for k in range(6)]
    >>> [int(beat) for beat in groups_of(eighths, Metre(0, 3, 4))]
    [0, 0, 1, 1, 2, 2]
    >>> [int(beat) for beat in groups_of(eighths, Metre(0, 4, 4))], groups_of(eighths, Metre(0, 6, 8))[3]
    ([0, 0, 0, 0, 2, 2], Fraction(1, 1))
    """
    beat = beat_of(metre)
    groups = [Fraction(start // beat) for start, _ in spans]
    marks = tuplets_of(spans)
    for k in range(1, len(spans)):
        if marks[k][1] != 1 and not marks[k][0]:
            groups[k] = groups[k - 1]
    if metre is not None and (metre.numerator, metre.denominator) in ((4, 4), (2, 2)):
        for half in {start // 2 for start, _ in spans}:
            members = [k for k, (start, _) in enumerate(spans) if start // 2 == half]
            if all(spans[k][1] - spans[k][0] == _EIGHTH for k in members):
                for k in members:
                    groups[k] = Fraction(2 * half)
    return groups


def _is_beat(length: Fraction) -> bool:
    """Return whether a length is 4, 2 or 1 quarter notes, a half, a quarter and so on."""
    is_power_of_two = is_binary(length) and length.numerator & (length.numerator - 1) == 0
    return is_power_of_two and length <= _MAX_TUPLET_BEATS
