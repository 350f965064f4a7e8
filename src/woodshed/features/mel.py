"""Mel scale and mel filter bank."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from woodshed.clip import Samples
from woodshed.errors import ParameterError

MelFormula = Literal["slaney", "htk"]
MelNorm = Literal["slaney"] | None

# Slaney's scale: linear up to 1000 Hz (15 mel), then logarithmic with a factor of 6.4 in hertz per 27 mel.
_KNEE_HZ = 1000.0
_KNEE_MEL = 15.0
_HZ_PER_MEL = _KNEE_HZ / _KNEE_MEL
_LOG_STEP = np.log(6.4) / 27.0

# Number of neighbouring filters that form one dense matrix; see `FilterBank`.
_GROUP = 8


def hz_to_mel(frequency_hz: ArrayLike, formula: MelFormula = "slaney") -> NDArray[np.float64]:
    """Convert hertz to mels.

    Parameters
    ----------
    frequency_hz
        Any shape, 0 or more.
    formula
        ``slaney``: linear to 1000 Hz, logarithmic above (Slaney, Auditory Toolbox, 1998; librosa's
        default). ``htk``: ``2595 log10(1 + f / 700)`` (O'Shaughnessy 1987; the HTK book).

    Returns
    -------
    numpy.ndarray
        Same shape.

    Examples
    --------
    >>> hz_to_mel([0.0, 500.0, 1000.0, 6400.0]).round(6).tolist()
    [0.0, 7.5, 15.0, 42.0]
    >>> hz_to_mel(1000.0, "htk").round(2).item()
    999.99
    """
    hz = np.asarray(frequency_hz, dtype=np.float64)
    if formula == "htk":
        return np.asarray(2595.0 * np.log10(1.0 + hz / 700.0))
    above = _KNEE_MEL + np.log(np.maximum(hz, _KNEE_HZ) / _KNEE_HZ) / _LOG_STEP
    return np.where(hz < _KNEE_HZ, hz / _HZ_PER_MEL, above)


def mel_to_hz(mel: ArrayLike, formula: MelFormula = "slaney") -> NDArray[np.float64]:
    """Convert mels to hertz, the inverse of `hz_to_mel`.

    Examples
    --------
    >>> mel_to_hz([7.5, 42.0]).round(6).tolist()
    [500.0, 6400.0]
    """
    mels = np.asarray(mel, dtype=np.float64)
    if formula == "htk":
        return np.asarray(700.0 * (10.0 ** (mels / 2595.0) - 1.0))
    above = _KNEE_HZ * np.exp(_LOG_STEP * np.maximum(mels - _KNEE_MEL, 0.0))
    return np.where(mels < _KNEE_MEL, mels * _HZ_PER_MEL, above)


@lru_cache(maxsize=16)
def mel_filters(
    sample_rate: int,
    n_fft: int,
    n_mels: int,
    f_min_hz: float,
    f_max_hz: float,
    formula: MelFormula = "slaney",
    norm: MelNorm = "slaney",
) -> Samples:
    """Return triangular filters that are equally spaced on the mel scale.

    Equal to ``librosa.filters.mel`` with ``htk=(formula == "htk")``.

    Parameters
    ----------
    sample_rate, n_fft
        Settings of the spectrum.
    n_mels
        Number of filters.
    f_min_hz, f_max_hz
        Lower edge of the first filter and upper edge of the last, in hertz.
    formula
        ``slaney`` or ``htk``, see `hz_to_mel`.
    norm
        ``slaney``: all filters have the same area, so that white noise has the same power in each band. None:
        all filters have a peak of 1.

    Returns
    -------
    numpy.ndarray
        Shape ``(n_mels, 1 + n_fft // 2)``, float32, read-only and cached.

    Raises
    ------
    ParameterError
        If a filter is so narrow that it falls between two bins, in which case its band would always be 0, or
        if the formula or the norm is unknown.

    Examples
    --------
    >>> filters = mel_filters(16000, 512, 64, 0.0, 8000.0)
    >>> filters.shape, filters.dtype.name
    ((64, 257), 'float32')
    """
    if formula not in get_args(MelFormula):
        raise ParameterError(f"mel_filters expects the formula slaney or htk, got {formula!r}.")
    bins_hz = np.arange(1 + n_fft // 2) * (sample_rate / n_fft)
    lowest, highest = hz_to_mel([f_min_hz, f_max_hz], formula)
    edges_hz = mel_to_hz(np.linspace(lowest, highest, n_mels + 2), formula)
    left, peak, right = (edges_hz[k : n_mels + k, np.newaxis] for k in range(3))
    rising = (bins_hz - left) / (peak - left)
    falling = (right - bins_hz) / (right - peak)
    filters = np.maximum(0.0, np.minimum(rising, falling))
    empty = np.flatnonzero(~filters.any(axis=1))
    if len(empty):
        first = empty[0]
        raise ParameterError(
            f"{len(empty)} of {n_mels} mel filters fall between two bins of n_fft={n_fft} at {sample_rate} "
            f"Hz (the first is filter {first}, {left[first, 0]:.0f} to {right[first, 0]:.0f} Hz). "
            "Lower n_mels or raise n_fft."
        )
    if norm == "slaney":
        filters *= 2.0 / (right - left)
    elif norm is not None:
        raise ParameterError(f"mel_filters expects the norm 'slaney' or None, got {norm!r}.")
    out = filters.astype(np.float32)
    out.setflags(write=False)
    return out


class FilterBank:
    """Banded filter bank that skips zero weights.

    Mel filters cover only a few bins, and about 90 % of the matrix is zero. Groups of eight filters are
    therefore restricted to the bins that they cover: BLAS multiplies these small dense matrices faster than
    the whole dense or a sparse matrix.

    Parameters
    ----------
    filters
        Shape ``(n_filters, n_bins)``, float32; each filter has a non-zero weight.

    Examples
    --------
    >>> bank = FilterBank(mel_filters(16000, 512, 64, 0.0, 8000.0))
    >>> power = np.ones((3, 257), dtype=np.float32)
    >>> bank(power, np.empty((3, 64), dtype=np.float32)).shape
    (3, 64)
    """

    def __init__(self, filters: Samples) -> None:
        self._groups: list[tuple[slice, slice, Samples]] = []
        for first in range(0, len(filters), _GROUP):
            group = filters[first : first + _GROUP]
            covered = np.flatnonzero(group.any(axis=0))
            bins = slice(int(covered[0]), int(covered[-1]) + 1)
            bands = slice(first, first + len(group))
            self._groups.append((bins, bands, np.ascontiguousarray(group[:, bins].T)))

    def __call__(self, power: Samples, out: Samples) -> Samples:
        """Filter ``power``, shape ``(n_frames, n_bins)``, into ``out``, shape ``(n_frames, n_filters)``."""
        for bins, bands, weights in self._groups:
            np.matmul(power[:, bins], weights, out=out[:, bands])
        return out


@lru_cache(maxsize=16)
def mel_bank(
    sample_rate: int, n_fft: int, n_mels: int, f_min_hz: float, f_max_hz: float, formula: MelFormula
) -> FilterBank:
    """Return a cached `FilterBank` of `mel_filters` with equal areas."""
    return FilterBank(mel_filters(sample_rate, n_fft, n_mels, f_min_hz, f_max_hz, formula, "slaney"))
