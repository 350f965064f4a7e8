"""Spectrogram windows of a fixed length, and their augmentation during training.

All functions use numpy in float32, on whole batches or on windows that fit into the cache of the processor,
and augmentation works in place: preparing a batch must take a small part of the time of a training step
(``benchmarks/speed/training.md``). Values are decibels; `PAD_DB` stands for the absence of sound.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Window = NDArray[np.float32]

PAD_DB = -100.0
"""Level of padding: the floor of `LogMel`, so that a padded spectrogram equals that of a padded clip."""

SILENT_DB = 40.0
"""Windows whose peak is further below the peak of their clip are silent: not trained on, not predicted."""

N_PEAK_FRAMES = 200
"""Approximate number of frames searched for the peak of a clip, so that an hour is not read for a second."""

MAX_DRAWS = 10
"""Maximum number of positions drawn until a window contains sound."""

_NOISE_VALUES = 2**20
"""Length of the precomputed noise, about 40 seconds."""

_PER_DB = np.float32(np.log(10) / 10)
"""Natural logarithms per decibel; numpy has a fast float32 `exp` and `log`, but no fast `log10`."""


@dataclass(frozen=True, kw_only=True)
class SpectrogramAugmentation:
    """Ranges of the random changes of a window during training.

    Parameters
    ----------
    stretch
        Largest change of tempo, as a natural logarithm: 0.2 is from 0.82 to 1.22 times the length.
    warp
        Largest scaling of the frequency axis, as a natural logarithm: a longer or shorter vocal tract
        (N. Jaitly and G. Hinton, "Vocal tract length perturbation", 2013).
    shift_bands
        Largest shift along the frequency axis, in bands.
    noise_share
        Share of the windows to which stationary noise is added.
    noise_range_db
        Smallest and largest distance of the noise level below the peak of the window, in decibels.
    equaliser_db
        Standard deviation of the gain of a random equaliser at six knots across the bands, in decibels.
    mask_bands, mask_share
        Largest width of each of two masks over bands, and of two masks over time as a share of the window
        (D. S. Park et al., "SpecAugment", 2019).
    mix
        Parameter of the symmetric Beta distribution of the share of a second window, see `mix_pairs`; 1 is
        the uniform distribution, 0 disables mixing.
    random_position
        Whether a window is cut from a random position of the clip (or a short clip placed at one in the
        window) rather than the middle.
    """

    stretch: float = 0.2
    warp: float = 0.12
    shift_bands: float = 1.5
    noise_share: float = 0.7
    noise_range_db: tuple[float, float] = (10.0, 40.0)
    equaliser_db: float = 4.0
    mask_bands: int = 6
    mask_share: float = 0.15
    mix: float = 0.0
    random_position: bool = True


NO_AUGMENTATION = SpectrogramAugmentation(
    stretch=0,
    warp=0,
    shift_bands=0,
    noise_share=0,
    equaliser_db=0,
    mask_bands=0,
    mask_share=0,
    mix=0,
    random_position=False,
)
"""Setting that takes the middle of each clip, unchanged."""


def cut_windows(
    spectrograms: Sequence[NDArray[np.floating]],
    n_frames: int,
    augmentation: SpectrogramAugmentation = NO_AUGMENTATION,
    rng: np.random.Generator | None = None,
    peak_db: Sequence[float] | None = None,
) -> Window:
    """Cut one window of ``n_frames`` from each spectrogram, padding short ones, and augment it.

    Parameters
    ----------
    spectrograms
        One array ``(n_frames_i, n_bands)`` in decibels for each window; may be memory-mapped: only the rows
        that are needed are read.
    n_frames
        Length of every window.
    augmentation
        Ranges of the random changes; `NO_AUGMENTATION` takes the middle of each spectrogram.
    rng
        Random generator; None is one with a fixed seed.
    peak_db
        `spectrogram_peak_db` of each spectrogram, if known: computing it takes longer than cutting.

    Returns
    -------
    numpy.ndarray
        Shape ``(n_windows, n_frames, n_bands)``, float32, decibels.

    Examples
    --------
    >>> windows = cut_windows([np.zeros((3, 2)), np.zeros((9, 2))], 5)
    >>> windows.shape
    (2, 5, 2)
    >>> windows[0, :, 0].tolist()
    [-100.0, 0.0, 0.0, 0.0, -100.0]
    """
    rng = np.random.default_rng(0) if rng is None else rng
    if peak_db is None and augmentation.random_position:
        peak_db = [spectrogram_peak_db(spectrogram) for spectrogram in spectrograms]
    windows = _stretch_in_time(spectrograms, n_frames, augmentation, rng, peak_db)
    if augmentation.warp or augmentation.shift_bands:
        _warp_in_frequency(windows, augmentation, rng)
    if augmentation.equaliser_db:
        _equalise(windows, augmentation.equaliser_db, rng)
    if augmentation.noise_share:
        _add_noise(windows, augmentation, rng)
    if augmentation.mask_bands or augmentation.mask_share:
        _mask(windows, augmentation, rng)
    return windows


def overlapping_windows(spectrogram: NDArray[np.float32], n_frames: int) -> NDArray[np.float32]:
    """Cut a spectrogram of any length into evenly spaced windows that overlap by about a half.

    Returns
    -------
    numpy.ndarray
        Shape ``(n_windows, n_frames, n_bands)``; one padded window if the clip is shorter.

    Examples
    --------
    >>> overlapping_windows(np.zeros((25, 4), np.float32), 10).shape
    (4, 10, 4)
    """
    if len(spectrogram) <= n_frames:
        return cut_windows([spectrogram], n_frames)
    slack = len(spectrogram) - n_frames
    n_windows = 1 + -(-slack // (n_frames // 2))
    starts = np.linspace(0, slack, n_windows).round().astype(int)
    return np.stack([spectrogram[start : start + n_frames] for start in starts])


def mix_pairs(
    windows: Window, targets: NDArray[np.float32], mix: float, rng: np.random.Generator
) -> tuple[Window, NDArray[np.float32]]:
    """Mix each window with another one of the batch, and their targets in the same ratio.

    Both are first scaled to the same mean power. The first then has an amplitude of ``share`` and the second
    the rest, and their powers are added, as for uncorrelated sounds. After Tokozume et al., "Learning from
    between-class examples for deep sound recognition" (2018), who mix waveforms.
    """
    share = rng.beta(mix, mix, (len(windows), 1)).astype(np.float32)
    partner = rng.permutation(len(windows))
    power = windows * _PER_DB
    np.exp(power, out=power)
    level = power.mean(axis=(1, 2), keepdims=True)
    second = power[partner]
    second *= np.square(1 - share[:, None]) * level / level[partner]
    power *= np.square(share[:, None])
    power += second
    np.maximum(power, np.float32(10 ** (PAD_DB / 10)), out=power)
    mixed = np.log(power, out=power)
    mixed /= _PER_DB
    return mixed, targets * share + targets[partner] * (1 - share)


def spectrogram_peak_db(spectrogram: NDArray[np.floating]) -> float:
    """Return the largest value of a spectrogram in decibels, from a sample of its frames.

    Examples
    --------
    >>> spectrogram_peak_db(np.array([[-80.0, -20.0], [-60.0, -40.0]]))
    -20.0
    """
    rows = spectrogram[:: max(1, len(spectrogram) // N_PEAK_FRAMES)]
    return float(rows.astype(np.float32).max())  # numpy compares float16, as stored, half as fast


def _stretch_in_time(
    spectrograms: Sequence[NDArray[np.floating]],
    n_frames: int,
    augmentation: SpectrogramAugmentation,
    rng: np.random.Generator,
    peak_db: Sequence[float] | None,
) -> Window:
    """Cut each window at a random tempo, by linear interpolation between frames."""
    n_windows, n_bands = len(spectrograms), spectrograms[0].shape[1]
    tempo = np.exp(rng.uniform(-augmentation.stretch, augmentation.stretch, n_windows))
    place = rng.random(n_windows) if augmentation.random_position else np.full(n_windows, 0.5)
    n_read = math.ceil(n_frames * math.exp(augmentation.stretch)) + 2
    spans = (n_frames * tempo).tolist()  # rows of the spectrogram that a window covers
    # A start is negative if the spectrogram is shorter.
    starts = (place * ([len(rows) for rows in spectrograms] - n_frames * tempo)).tolist()
    if augmentation.random_position and peak_db is not None:
        for k, spectrogram in enumerate(spectrograms):
            if starts[k] > 0:
                starts[k] = _start_with_sound(spectrogram, starts[k], spans[k], peak_db[k] - SILENT_DB, rng)
    floors = [math.floor(start) for start in starts]
    offset = np.subtract(starts, floors) if augmentation.stretch else np.zeros(n_windows)
    position = offset[:, np.newaxis] + np.arange(n_frames) * tempo[:, np.newaxis]
    lower = np.minimum(position.astype(np.int64), n_read - 2)
    share = (position - lower).astype(np.float32)[..., np.newaxis]
    windows = np.empty((n_windows, n_frames, n_bands), np.float32)
    padded = np.empty((n_read, n_bands), np.float32)
    for k, spectrogram in enumerate(spectrograms):
        first, last = max(0, floors[k]), min(len(spectrogram), math.ceil(starts[k] + spans[k]) + 1)
        at = first - floors[k]
        rows = spectrogram[first : min(last, first + n_read - at)]
        padded[:at] = PAD_DB
        padded[at : at + len(rows)] = rows
        padded[at + len(rows) :] = PAD_DB
        windows[k] = padded.take(lower[k], axis=0)
        if augmentation.stretch:  # leaves values exactly unchanged where both frames are equal
            difference = padded.take(lower[k] + 1, axis=0) - windows[k]
            difference *= share[k]
            windows[k] += difference
    return windows


def _start_with_sound(
    spectrogram: NDArray[np.floating],
    start: float,
    span: float,
    threshold_db: float,
    rng: np.random.Generator,
) -> float:
    """Return ``start``, or another random start if the window there is silent, which has no correct label."""
    stride = max(1, len(spectrogram) // N_PEAK_FRAMES)
    for _ in range(MAX_DRAWS):
        rows = spectrogram[int(start) : int(start + span) + 1 : stride]
        if rows.astype(np.float32).max() >= threshold_db:
            break
        start = rng.random() * (len(spectrogram) - span)
    return start


def _warp_in_frequency(
    windows: Window, augmentation: SpectrogramAugmentation, rng: np.random.Generator
) -> None:
    """Scale the frequency axis of each window about the lowest band, and shift it."""
    n_windows, _, n_bands = windows.shape
    scale = np.exp(rng.uniform(-augmentation.warp, augmentation.warp, (n_windows, 1)))
    shift = rng.uniform(-augmentation.shift_bands, augmentation.shift_bands, (n_windows, 1))
    bands = np.clip(np.arange(n_bands) * scale + shift, 0, n_bands - 1)
    lower = np.minimum(bands.astype(np.int64), n_bands - 2)
    share = (bands - lower).astype(np.float32)
    # One matrix for each window, with two values in a column: a product is faster than indexing bands twice.
    matrix = np.zeros((n_windows, n_bands, n_bands), np.float32)
    rows, columns = np.arange(n_windows)[:, np.newaxis], np.arange(n_bands)
    matrix[rows, lower, columns] = 1 - share
    matrix[rows, lower + 1, columns] = share
    windows -= np.float32(PAD_DB)  # padding is 0 meanwhile, so that it stays exact to the last bit
    np.add(np.matmul(windows, matrix), np.float32(PAD_DB), out=windows)


def _equalise(windows: Window, equaliser_db: float, rng: np.random.Generator) -> None:
    """Apply a smooth random equaliser to each window, as another microphone would."""
    n_windows, _, n_bands = windows.shape
    knots = rng.normal(0, equaliser_db, (n_windows, 6)).astype(np.float32)
    position = np.linspace(0, 5 - 1e-6, n_bands)
    lower = position.astype(np.int64)
    share = (position - lower).astype(np.float32)
    gain_db = knots[:, lower] * (1 - share) + knots[:, lower + 1] * share
    windows += gain_db[:, None] * (windows > PAD_DB)


def _add_noise(windows: Window, augmentation: SpectrogramAugmentation, rng: np.random.Generator) -> None:
    """Add stationary noise with a random spectral tilt, cut from a random position of a precomputed one."""
    n_windows, n_frames, n_bands = windows.shape
    low_db, high_db = augmentation.noise_range_db
    level_db = windows.max(axis=(1, 2)) - rng.uniform(low_db, high_db, n_windows)
    tilt_db = rng.uniform(-6, 6, (n_windows, 1)) * np.linspace(-1, 1, n_bands)
    mean_db = (level_db[:, None] + tilt_db).astype(np.float32)
    n_values = n_frames * n_bands
    fluctuation_db = _noise_fluctuation_db(max(_NOISE_VALUES, 4 * n_values))
    starts = rng.integers(len(fluctuation_db) - n_values, size=n_windows)
    for k in np.flatnonzero(rng.random(n_windows) < augmentation.noise_share):
        noise_db = fluctuation_db[starts[k] : starts[k] + n_values].reshape(n_frames, n_bands) + mean_db[k]
        # 10 log10(a + b) from decibels, without leaving float32.
        below = np.exp(np.abs(windows[k] - noise_db) * -_PER_DB)
        np.maximum(windows[k], noise_db, out=windows[k])
        windows[k] += np.log1p(below, out=below) / _PER_DB


@functools.lru_cache(maxsize=2)
def _noise_fluctuation_db(n_values: int) -> NDArray[np.float32]:
    """Return the fluctuation of noise in decibels; the power of noise is exponentially distributed."""
    power = np.random.default_rng(0).standard_exponential(n_values, np.float32)
    return np.asarray(6 * np.log10(power + np.float32(0.05)))  # 6, not 10: smoother


def _mask(windows: Window, augmentation: SpectrogramAugmentation, rng: np.random.Generator) -> None:
    """Mask two ranges of bands and two ranges of frames in each window."""
    n_windows, n_frames, n_bands = windows.shape
    max_frames = int(augmentation.mask_share * n_frames)
    for _ in range(2):
        for k, bands in enumerate(_random_slices(augmentation.mask_bands, n_bands, n_windows, rng)):
            windows[k, :, bands] = PAD_DB
        for k, frames in enumerate(_random_slices(max_frames, n_frames, n_windows, rng)):
            windows[k, frames] = PAD_DB


def _random_slices(max_width: int, length: int, n: int, rng: np.random.Generator) -> list[slice]:
    """Draw ``n`` slices of an axis, each at most ``max_width`` wide."""
    width = rng.integers(0, max_width + 1, n)
    start = rng.integers(0, np.maximum(1, length - width + 1))
    return [slice(*ends) for ends in zip(start.tolist(), (start + width).tolist(), strict=True)]
