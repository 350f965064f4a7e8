"""Audio fingerprints that are robust to small changes, and waveform similarity of two recordings."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from woodshed.audio.edit import resample
from woodshed.clip import Clip, Samples
from woodshed.features.mel import LogMel

RATE = 8000
"""Sample rate of both steps, in hertz: lossy codecs and resampling mostly change what is above it."""

COMPARED_S = 30.0
"""Duration from the start of a sound that is compared, in seconds."""

_N_BANDS = 24
_DEPTH_DB = 50.0
_FINER = 4
_HOPELESS = 0.3
_LEAST_OVERLAP = 0.75


def narrowed(clip: Clip) -> Samples:
    """Return the mono mix at 8000 Hz, zero mean, peak 1, shape ``(n_samples,)``; silence stays silent.

    Examples
    --------
    >>> from woodshed.audio.signals import sine
    >>> narrowed(sine(440, sample_rate=44100)).shape
    (8000,)
    """
    samples = resample(Clip(clip.mono()[np.newaxis], clip.sample_rate), RATE).samples[0]
    samples = samples - samples.mean()
    peak = np.abs(samples).max()
    scaled: Samples = samples / peak if peak > 0 else samples
    return scaled


def fingerprint(samples: Samples) -> Samples:
    """Return a fingerprint that is almost equal for two versions of one recording.

    Log-mel levels of 24 bands from 100 to 3500 Hz, limited to 50 dB below the maximum, summarised over time
    by mean, standard deviation, 10th and 90th percentile, and standard deviation of the change. Normalisation
    by the peak removes the gain, the limit removes coding noise, and a small trim affects few frames.

    Parameters
    ----------
    samples
        Result of `narrowed`.

    Returns
    -------
    numpy.ndarray
        Shape ``(120,)``, float32, in decibels, and so is the root mean square difference of two
        fingerprints.

    Examples
    --------
    >>> from woodshed.audio.signals import noise
    >>> a = noise(duration_s=0.5, seed=1)
    >>> b = Clip(0.01 * a.samples, a.sample_rate)
    >>> distance_db = np.sqrt(np.mean((fingerprint(narrowed(a)) - fingerprint(narrowed(b))) ** 2))
    >>> bool(distance_db < 0.1)
    True
    """
    feature = LogMel(
        sample_rate=RATE, n_fft=256, hop_length=80, n_mels=_N_BANDS, f_min_hz=100.0, f_max_hz=3500.0
    )
    levels_db = feature(Clip(samples[np.newaxis], RATE))
    levels_db = np.maximum(levels_db, levels_db.max() - _DEPTH_DB)
    levels_db = levels_db - levels_db.max()
    change = np.diff(levels_db, axis=0, prepend=levels_db[:1])
    low, high = np.percentile(levels_db, (10, 90), axis=0)
    row = [levels_db.mean(axis=0), levels_db.std(axis=0), low, high, change.std(axis=0)]
    return np.concatenate(row, dtype=np.float32)


def neighbours(prints: NDArray[np.float32], *, within_db: float, n_most: int = 5) -> list[tuple[int, int]]:
    """Return the pairs of rows within a distance, at most the ``n_most`` nearest of each row.

    Parameters
    ----------
    prints
        Shape ``(n_sounds, n_values)``.
    within_db
        Maximum root mean square difference of a pair.

    Returns
    -------
    list of (int, int)
        Smaller index first, each pair once, in order.
    """
    n_sounds = len(prints)
    if n_sounds < 2:
        return []
    limit = within_db**2 * prints.shape[1]
    norms = np.einsum("ij,ij->i", prints, prints, dtype=np.float64)
    pairs: set[tuple[int, int]] = set()
    n_rows = max(1, 2**20 // n_sounds)
    for start in range(0, n_sounds, n_rows):
        block = slice(start, min(start + n_rows, n_sounds))
        distances = norms[block, np.newaxis] + norms - 2.0 * (prints[block] @ prints.T)
        distances[np.arange(block.stop - start), np.arange(start, block.stop)] = np.inf
        n_nearest = min(n_most, n_sounds - 1)
        nearest = np.argpartition(distances, n_nearest - 1, axis=1)[:, :n_nearest]
        within = np.take_along_axis(distances, nearest, axis=1) < limit
        for row, column in zip(*np.nonzero(within), strict=True):
            a, b = start + int(row), int(nearest[row, column])
            pairs.add((min(a, b), max(a, b)))
    return sorted(pairs)


def likeness(a: NDArray[Any], b: NDArray[Any]) -> float:
    """Return the maximum normalised cross-correlation of two waveforms, 0 to 1.

    Each shift is normalised over the overlap, which is at least three quarters of the shorter sound. The
    value is 1 for the same waveform at any gain; two takes of one word are far below, because their waveforms
    do not stay in phase.

    Parameters
    ----------
    a, b
        Results of `narrowed`.

    Examples
    --------
    >>> from woodshed.audio.signals import noise
    >>> a, b = (narrowed(noise(duration_s=0.5, seed=seed)) for seed in (1, 2))
    >>> round(likeness(a, -0.5 * a[100:]), 3), likeness(a, b) < 0.2
    (1.0, True)
    """
    from scipy import fft

    if len(a) < len(b):
        a, b = b, a
    a, b = a.astype(np.float32), b.astype(np.float32)  # twice as fast, and the difference is below 1e-6
    size = fft.next_fast_len(len(a) + len(b), real=True)
    spectrum = fft.rfft(a, size) * np.conj(fft.rfft(b, size))
    least = int(_LEAST_OVERLAP * len(b))
    shifts = np.arange(least - len(b), len(a) - least + 1)
    begin, end = np.maximum(shifts, 0), np.minimum(shifts + len(b), len(a))
    energy_a, energy_b = _running(a), _running(b)
    power = (energy_a[end] - energy_a[begin]) * (energy_b[end - shifts] - energy_b[begin - shifts])
    scale = np.sqrt(np.maximum(power, max(1e-9 * energy_a[-1] * energy_b[-1], 1e-30)))
    coarse = float(np.max(np.abs(fft.irfft(spectrum, size)[shifts]) / scale))
    if coarse < _HOPELESS:
        return coarse
    # At fractions of a sample too: the delays of two encodings seldom differ by a whole number of samples.
    products = fft.irfft(spectrum, _FINER * size) * _FINER
    fine = _FINER * shifts[:, np.newaxis] + np.arange(-_FINER // 2, _FINER // 2 + 1)
    best = float(np.max(np.abs(products[fine % (_FINER * size)]).max(axis=1) / scale))
    return min(1.0, best)  # interpolation can exceed 1 slightly


def _running(samples: NDArray[Any]) -> NDArray[np.float64]:
    """Return the cumulative sum of squares, starting with 0."""
    return np.concatenate([[0.0], np.cumsum(np.square(samples, dtype=np.float64))])
