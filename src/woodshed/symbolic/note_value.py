"""Note values: written lengths with dots and tuplets."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

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

MAX_ACTUAL = 15
"""Maximum number of notes of a tuplet; notes of larger tuplets have a length but no type."""

_DOTS = (Fraction(1), Fraction(3, 2), Fraction(7, 4))
_WRITABLE = sorted(
    ((length * times, word, n) for word, length in TYPES.items() for n, times in enumerate(_DOTS)),
    key=lambda value: (-value[0], value[2]),
)


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
    actual = math.lcm(_odd(start.denominator), _odd(end.denominator))
    if actual > MAX_ACTUAL:
        return [NoteValue(end - start)]
    normal = 1 << (actual.bit_length() - 1)
    left = (end - start) * actual / normal
    values = []
    while left:
        longest = next((value for value in _WRITABLE if value[0] <= left), None)
        if longest is None:  # shorter than any type
            values.append(NoteValue(left * normal / actual))
            break
        length, word, n_dots = longest
        values.append(NoteValue(length * normal / actual, word, n_dots, actual, normal))
        left -= length
    return values


def is_binary(place: Fraction) -> bool:
    """Return whether a time can be reached by halving beats, that is, without a tuplet."""
    return _odd(place.denominator) == 1


def _odd(number: int) -> int:
    return number // (number & -number)
