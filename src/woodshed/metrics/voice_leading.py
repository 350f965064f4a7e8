"""Voice leading: how four voices move, and what teachers of harmony would mark.

Grids hold the MIDI pitch that sounds at each step in soprano, alto, tenor and bass; -1 is silence. The rules
are those of any textbook; Bach breaks them now and then, so compare with his own rates.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from woodshed.errors import ParameterError

SILENCE = -1
N_VOICES = 4

RANGES = ((60, 81), (53, 74), (47, 69), (38, 64))
"""Lowest and highest pitch that choirs are mostly asked for: soprano, alto, tenor, bass."""

FIFTH, OCTAVE = 7, 0
"""Semitones above the lower voice, without octaves."""

MAX_SPACING = 12
"""Semitones between soprano and alto, and between alto and tenor, at most; the bass may stand apart."""

LEAP = 12
"""Semitones of a step from note to note beyond which it is a leap that singers dislike."""

Grid = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class VoiceLeading:
    """Rates of what happens in some chorales.

    Parameters
    ----------
    n_changes
        Steps at which any voice moves: chord changes.
    parallels
        Parallel fifths and octaves (unisons count) per chord change, over all pairs of voices.
    crossings
        Share of chords in which a voice is above one that should be above it.
    wide
        Share of chords with more than an octave between soprano and alto, or alto and tenor.
    out_of_range
        Share of notes that are beyond `RANGES`.
    leaps
        Share of moves of a voice that are wider than an octave.
    doubled_leading_tones
        Share of chords in which two voices or more have the leading tone; NaN without keynotes.
    """

    n_changes: int
    parallels: float
    crossings: float
    wide: float
    out_of_range: float
    leaps: float
    doubled_leading_tones: float

    def to_text(self) -> str:
        """Return one line for each rate."""
        return "\n".join(
            f"{field.name.replace('_', ' ')}: {getattr(self, field.name):.4g}" for field in fields(self)
        )


def evaluate(grids: Sequence[ArrayLike], tonics: Sequence[int] | None = None) -> VoiceLeading:
    """Count what happens in chorales.

    Parameters
    ----------
    grids
        Each MIDI pitches, shape ``(n_steps, 4)``; -1 is silence.
    tonics
        Pitch class of each keynote, 0 to 11; None does not ask about leading tones.

    Raises
    ------
    ParameterError
        If there are no grids, one has another shape, or there is not one keynote for each.

    Examples
    --------
    Soprano and bass go from an octave to an octave:

    >>> evaluate([[[72, 67, 64, 48], [74, 67, 65, 50]]]).parallels
    1.0
    """
    if not len(grids):
        raise ParameterError("evaluate expects at least one grid, got none.")
    if tonics is not None and len(tonics) != len(grids):
        raise ParameterError(f"evaluate expects a keynote for each of {len(grids)} grids, got {len(tonics)}.")
    chords = [chords_of(grid) for grid in grids]
    doubled = float("nan")
    if tonics is not None:
        pairs = zip(chords, tonics, strict=True)
        doubled = _share([doubled_leading_tones(chord, tonic) for chord, tonic in pairs])
    n_changes = sum(len(chord) - 1 for chord in chords)
    return VoiceLeading(
        n_changes=n_changes,
        parallels=sum(int(parallels(chord).sum()) for chord in chords) / max(1, n_changes),
        crossings=_share([np.asarray(crossings(chord).any(axis=1)) for chord in chords]),
        wide=_share([np.asarray(wide(chord).any(axis=1)) for chord in chords]),
        out_of_range=_share([_beyond(chord)[chord != SILENCE] for chord in chords]),
        leaps=_share([_leaps(chord) for chord in chords]),
        doubled_leading_tones=doubled,
    )


def chords_of(grid: ArrayLike) -> Grid:
    """Leave out the steps at which no voice moves.

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


PAIRS = tuple(combinations(range(N_VOICES), 2))
"""Pairs of voices, the upper one first."""


def parallels(chords: ArrayLike) -> Flags:
    """Find where two voices move in the same direction from a fifth or octave to another.

    Parameters
    ----------
    chords
        MIDI pitches, shape ``(n_chords, 4)``.

    Returns
    -------
    numpy.ndarray
        Shape ``(n_chords, 6)``: whether a pair of `PAIRS` has a fault on the way into a chord.

    Examples
    --------
    >>> parallels([[67, 60, 55, 48], [69, 60, 57, 50]]).any(axis=0).tolist()
    [False, True, True, False, False, True]
    """
    pitches = np.asarray(chords, dtype=np.int64)
    found = np.zeros((len(pitches), len(PAIRS)), bool)
    for number, (upper, lower) in enumerate(PAIRS):
        gap = np.abs(pitches[:, upper] - pitches[:, lower]) % 12
        moves = np.diff(pitches[:, [upper, lower]], axis=0)
        sounding = (pitches[:, [upper, lower]] != SILENCE).all(axis=1)
        together = (moves[:, 0] * moves[:, 1] > 0) & sounding[1:] & sounding[:-1]
        perfect = (gap[1:] == gap[:-1]) & ((gap[1:] == FIFTH) | (gap[1:] == OCTAVE))
        found[1:, number] = together & perfect
    return found


def crossings(chords: ArrayLike) -> Flags:
    """Find where a voice is above its upper neighbour, shape ``(n_chords, 3)``; a unison is none."""
    upper, lower, sounding = _neighbours(chords)
    return sounding & (lower > upper)


def wide(chords: ArrayLike) -> Flags:
    """Find more than `MAX_SPACING` between soprano and alto, alto and tenor; shape ``(n_chords, 2)``."""
    upper, lower, sounding = _neighbours(chords)
    return (sounding & (upper - lower > MAX_SPACING))[:, :2]


def doubled_leading_tones(chords: ArrayLike, tonic: int) -> Flags:
    """Find chords in which two voices or more have the note below the keynote, shape ``(n_chords,)``.

    Examples
    --------
    >>> doubled_leading_tones([[71, 67, 62, 55], [71, 67, 59, 55]], tonic=0).tolist()
    [False, True]
    """
    pitches = np.asarray(chords, dtype=np.int64)
    leading = (pitches != SILENCE) & (pitches % 12 == (tonic - 1) % 12)
    doubled: Flags = leading.sum(axis=1) > 1
    return doubled


def _neighbours(chords: ArrayLike) -> tuple[Grid, Grid, Flags]:
    pitches = np.asarray(chords, dtype=np.int64)
    upper, lower = pitches[:, :-1], pitches[:, 1:]
    return upper, lower, (upper != SILENCE) & (lower != SILENCE)


def _beyond(chords: Grid) -> Flags:
    low, high = np.array(RANGES).T
    beyond: Flags = (chords < low) | (chords > high)
    return beyond


def _leaps(chords: Grid) -> Flags:
    """Say of each move of a voice whether it is a leap."""
    moves = np.abs(np.diff(chords, axis=0))
    heard = (chords[1:] != SILENCE) & (chords[:-1] != SILENCE) & (moves > 0)
    leaps: Flags = moves[heard] > LEAP
    return leaps


def _share(flags: Sequence[Flags]) -> float:
    """Return the share that is true of all of them; 0 if there are none."""
    joined = np.concatenate(flags)
    return float(joined.mean()) if len(joined) else 0.0
