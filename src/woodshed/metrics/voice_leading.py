"""Voice-leading faults of four-part harmony.

Grids hold the MIDI pitch of soprano, alto, tenor and bass at each step; -1 is silence. The rules are those of
textbooks; Bach breaks them now and then, so compare with his own rates.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from woodshed.errors import ParameterError

SILENCE = -1
N_VOICES = 4

RANGES = ((60, 81), (53, 74), (47, 69), (38, 64))
"""Lowest and highest pitch of soprano, alto, tenor and bass in choral writing."""

FIFTH, OCTAVE = 7, 0
"""Intervals modulo 12 semitones."""

MAX_SPACING = 12
"""Maximum distance between soprano and alto, and between alto and tenor, in semitones."""

LEAP = 12
"""Melodic intervals above this are leaps, in semitones."""

Grid = NDArray[np.int64]
Flags = NDArray[np.bool_]

PAIRS = tuple(combinations(range(N_VOICES), 2))
"""Pairs of voices, the upper one first."""


@dataclass(frozen=True)
class VoiceLeading:
    """Rates of voice-leading faults in chorales.

    Parameters
    ----------
    n_changes
        Number of steps at which any voice moves.
    parallels
        Parallel fifths and octaves (including unisons) per chord change, over all pairs of voices.
    crossings
        Share of chords with a voice above its upper neighbour.
    wide
        Share of chords with more than an octave between soprano and alto, or alto and tenor.
    out_of_range
        Share of notes outside `RANGES`.
    leaps
        Share of melodic intervals wider than an octave.
    doubled_leading_tones
        Share of chords with a doubled leading tone; NaN without tonics.
    """

    n_changes: int
    parallels: float
    crossings: float
    wide: float
    out_of_range: float
    leaps: float
    doubled_leading_tones: float


def evaluate(grids: Sequence[ArrayLike], tonics: Sequence[int] | None = None) -> VoiceLeading:
    """Count the voice-leading faults of chorales.

    Parameters
    ----------
    grids
        MIDI pitches, shape ``(n_steps, 4)`` each; -1 is silence.
    tonics
        Pitch class of the tonic of each grid, 0 to 11; None skips leading tones.

    Raises
    ------
    ParameterError
        If there are no grids, one has another shape, or the number of tonics differs.

    Examples
    --------
    Soprano and bass move in parallel octaves:

    >>> evaluate([[[72, 67, 64, 48], [74, 67, 65, 50]]]).parallels
    1.0
    """
    if not len(grids):
        raise ParameterError("evaluate expects at least one grid, got none.")
    if tonics is not None and len(tonics) != len(grids):
        raise ParameterError(f"evaluate expects one tonic for each of {len(grids)} grids, got {len(tonics)}.")
    chords = [chords_of(grid) for grid in grids]
    doubled = math.nan
    if tonics is not None:
        doubled = _share(
            [doubled_leading_tones(chord, tonic) for chord, tonic in zip(chords, tonics, strict=True)]
        )
    lowest, highest = np.array(RANGES).T
    n_changes = sum(len(chord) - 1 for chord in chords)
    return VoiceLeading(
        n_changes=n_changes,
        parallels=sum(int(parallels(chord).sum()) for chord in chords) / max(1, n_changes),
        crossings=_share([np.asarray(crossings(chord).any(axis=1)) for chord in chords]),
        wide=_share([np.asarray(wide(chord).any(axis=1)) for chord in chords]),
        out_of_range=_share([((chord < lowest) | (chord > highest))[chord != SILENCE] for chord in chords]),
        leaps=_share([_leaps(chord) for chord in chords]),
        doubled_leading_tones=doubled,
    )


def chords_of(grid: ArrayLike) -> Grid:
    """Return the steps at which any voice moves.

    Raises
    ------
    ParameterError
        If the shape is not ``(n_steps, 4)``, or there are no steps.

    Examples
    --------
    >>> chords_of([[72, 67, 64, 48], [72, 67, 64, 48], [74, 67, 64, 48]]).tolist()
    [[72, 67, 64, 48], [74, 67, 64, 48]]
    """
    pitches = np.asarray(grid, dtype=np.int64)
    if pitches.ndim != 2 or pitches.shape[1] != N_VOICES or not len(pitches):
        raise ParameterError(f"voice_leading expects the shape (n_steps, {N_VOICES}), got {pitches.shape}.")
    moved = np.ones(len(pitches), bool)
    moved[1:] = (pitches[1:] != pitches[:-1]).any(axis=1)
    return pitches[moved]


def parallels(chords: ArrayLike) -> Flags:
    """Find parallel fifths and octaves.

    Parameters
    ----------
    chords
        MIDI pitches, shape ``(n_chords, 4)``.

    Returns
    -------
    numpy.ndarray
        Shape ``(n_chords, 6)``: whether each of `PAIRS` moves in parallel into a chord.

    Examples
    --------
    >>> parallels([[67, 60, 55, 48], [69, 60, 57, 50]]).any(axis=0).tolist()
    [False, True, True, False, False, True]
    """
    upper, lower = np.moveaxis(np.asarray(chords, dtype=np.int64)[:, PAIRS], -1, 0)
    gap = np.abs(upper - lower) % 12
    sounding = (upper != SILENCE) & (lower != SILENCE)
    together = (np.diff(upper, axis=0) * np.diff(lower, axis=0) > 0) & sounding[1:] & sounding[:-1]
    perfect = (gap[1:] == gap[:-1]) & ((gap[1:] == FIFTH) | (gap[1:] == OCTAVE))
    return np.pad(together & perfect, ((1, 0), (0, 0)))


def crossings(chords: ArrayLike) -> Flags:
    """Find voices above their upper neighbour, shape ``(n_chords, 3)``; a unison is not a crossing."""
    upper, lower, sounding = _neighbours(chords)
    return sounding & (lower > upper)


def wide(chords: ArrayLike) -> Flags:
    """Find spacings above `MAX_SPACING` of soprano and alto, alto and tenor, shape ``(n_chords, 2)``."""
    upper, lower, sounding = _neighbours(chords)
    return (sounding & (upper - lower > MAX_SPACING))[:, :2]


def doubled_leading_tones(chords: ArrayLike, tonic: int) -> Flags:
    """Find chords in which at least two voices have the leading tone, shape ``(n_chords,)``.

    Examples
    --------
    >>> doubled_leading_tones([[71, 67, 62, 55], [71, 67, 59, 55]], tonic=0).tolist()
    [False, True]
    """
    pitches = np.asarray(chords, dtype=np.int64)
    leading = (pitches != SILENCE) & (pitches % 12 == (tonic - 1) % 12)
    return np.asarray(leading.sum(axis=1) > 1)


def _neighbours(chords: ArrayLike) -> tuple[Grid, Grid, Flags]:
    pitches = np.asarray(chords, dtype=np.int64)
    upper, lower = pitches[:, :-1], pitches[:, 1:]
    return upper, lower, (upper != SILENCE) & (lower != SILENCE)


def _leaps(chords: Grid) -> Flags:
    """Return whether each melodic interval is a leap."""
    moves = np.abs(np.diff(chords, axis=0))
    sounding = (chords[1:] != SILENCE) & (chords[:-1] != SILENCE) & (moves > 0)
    return np.asarray(moves[sounding] > LEAP)


def _share(flags: Sequence[Flags]) -> float:
    """Return the share of true flags; 0 if there are none."""
    joined = np.concatenate(flags)
    return float(joined.mean()) if len(joined) else 0.0
