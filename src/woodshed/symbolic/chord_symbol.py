"""Chord symbols: which notes ``Am7``, ``D/f#`` or ``G#dim`` name."""

from __future__ import annotations

import re

from woodshed.errors import ScoreError
from woodshed.symbolic.spelling import NATURALS

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
"""Kind of chord -> semitones above its root."""


def read_chord(name: str) -> tuple[int, tuple[int, ...], int]:
    """Read a chord symbol.

    Parameters
    ----------
    name
        Root, kind (one of `KINDS`) and, after a stroke, another bass. A sharp of the bass may be written
        ``+`` and a flat ``-``, as the Nottingham tunes do.

    Returns
    -------
    root, intervals, bass
        Pitch class of the root, 0 to 11; semitones above it; pitch class of the bass.

    Raises
    ------
    ScoreError
        If it is not a chord that is known.

    Examples
    --------
    >>> read_chord("Am7"), read_chord("D/f+")
    ((9, (0, 3, 7, 10), 9), (2, (0, 4, 7), 6))
    """
    found = _SYMBOL.match(name.strip())
    if found is None or found[3].strip() not in KINDS:
        raise ScoreError(f"{name!r} is no chord that is known. Kinds of chords: {', '.join(KINDS)[2:]}.")
    root = (NATURALS[found[1].upper()] + _ALTERED[found[2]]) % 12
    bass = root if found[4] is None else (NATURALS[found[4].upper()] + _ALTERED[found[5]]) % 12
    return root, KINDS[found[3].strip()], bass
