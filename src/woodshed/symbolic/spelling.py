"""Pitch spelling: letters, accidentals and key signatures."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from fractions import Fraction

from woodshed.score import FIFTHS_ABOVE, LINE_OF_FIFTHS, Key, Mode

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
