"""Chord symbols such as ``Am7``, ``D/f#`` or ``G#dim``."""

from __future__ import annotations

import re

from woodshed.errors import ScoreError
from woodshed.symbolic.notation import NATURALS

_SYMBOL = re.compile(r"([A-Ga-g])([#b]?)\s*([^/]*)(?:/([A-Ga-g])([#b+-]?))?$")

_ALTERED = {"": 0, "#": 1, "+": 1, "b": -1, "-": -1}

KINDS: dict[str, tuple[int, ...]] = {
    "": (0, 4, 7),
    "maj": (0, 4, 7),
    "m": (0, 3, 7),
    "min": (0, 3, 7),
    "5": (0, 7),
    "6": (0, 4, 7, 9),
    "m6": (0, 3, 7, 9),
    "7": (0, 4, 7, 10),
    "maj7": (0, 4, 7, 11),
    "m7": (0, 3, 7, 10),
    "7b9": (0, 4, 7, 10, 13),
    "9": (0, 4, 7, 10, 14),
    "d": (0, 3, 6),
    "dim": (0, 3, 6),
    "a": (0, 4, 8),
    "aug": (0, 4, 8),
    "a7": (0, 4, 8, 10),
    "sus4": (0, 5, 7),
}
"""Kind of chord -> semitones above the root."""


def read_chord(name: str) -> tuple[int, tuple[int, ...], int]:
    """Parse a chord symbol.

    Parameters
    ----------
    name
        Root, kind (one of `KINDS`) and, after a slash, the bass. A sharp of the bass may be written ``+`` and
        a flat ``-``, as in the Nottingham tunes.

    Returns
    -------
    root, intervals, bass
        Pitch class of the root, 0 to 11; semitones above it; pitch class of the bass.

    Raises
    ------
    ScoreError
        If the symbol is invalid or of an unknown kind.

    Examples
    --------
    >>> read_chord("Am7"), read_chord("D/f+")
    ((9, (0, 3, 7, 10), 9), (2, (0, 4, 7), 6))
    """
    match = _SYMBOL.match(name.strip())
    if match is None or match[3].strip() not in KINDS:
        raise ScoreError(f"Unknown chord {name!r}. Expected a root and a kind: {', '.join(KINDS)[2:]}.")
    root = (NATURALS[match[1].upper()] + _ALTERED[match[2]]) % 12
    bass = root if match[4] is None else (NATURALS[match[4].upper()] + _ALTERED[match[5]]) % 12
    return root, KINDS[match[3].strip()], bass
