"""Windows: cutting spectrograms to one length, and varying them while a net learns.

All of it is numpy in float32, on whole batches or on windows that fit in the processor's cache, and each
variation changes the batch in place: making the next batch must cost a small part of a training step
(``benchmarks/speed/training.md``). Values are decibels throughout; `PAD_DB` stands for "no sound here".
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
"""Level of padding: the floor of `LogMel`, so padding a spectrogram equals padding its clip with zeros."""


SILENT_DB = 40.0
"""A window this far below the loudest of its clip holds nothing to judge or to learn from."""

N_FRAMES_SEEN = 200
"""Sound is looked for in about so many frames of a clip."""

N_PLACES_TRIED = 10
"""So many places are tried until a window holds some sound."""

_TAPE_VALUES = 2**20
"""Length of the noise that windows are played over: some forty seconds of it."""

_PER_DB = np.float32(np.log(10) / 10)
"""Natural logarithms in a decibel; numpy has a fast float32 `exp` and `log`, but no fast `log10`."""


@dataclass(frozen=True, kw_only=True)
class SpectrogramAugmentation:
    """How far a window may wander from its recording while a net learns; `STILL` changes nothing.

    Parameters
    ----------
    stretch
        Largest change of tempo, as a natural logarithm: 0.2 is from 0.82 to 1.22 times the length.
    warp
        Largest change of the frequency scale, likewise: a longer or shorter vocal tract (N. Jaitly and
        G. Hinton, "Vocal tract length perturbation", 2013).
    shift_bands
        Largest shift along the frequency axis, in bands.
    noise_share
        Share of the windows that get a noise floor.
    noise_range_db
        Level of that noise below the loudest value of the window: lowest and highest distance.
    colour_db
        Standard deviation of a random equaliser with six knots across the bands.
    mask_bands, mask_share
        Widest stripe of bands, and of the window's time as a share, that is silenced, twice each
        (D. S. Park et al., "SpecAugment", 2019).
    mix
        Parameter of the Beta distribution from which the share of a second window that sounds at the same
        time is drawn, see `mix_pairs`; 1 draws all shares alike, 0 mixes nothing.
    random_place
        Whether a window is cut from (or a short clip is put at) a random place instead of the middle.
    """

    stretch: float = 0.2
    warp: float = 0.12
    shift_bands: float = 1.5
    noise_share: float = 0.7
    noise_range_db: tuple[float, float] = (10.0, 40.0)
    colour_db: float = 4.0
    mask_bands: int = 6
    mask_share: float = 0.15
    mix: float = 0.0
    random_place: bool = True


STILL = SpectrogramAugmentation(
    stretch=0,
    warp=0,
    shift_bands=0,
    noise_share=0,
    colour_db=0,
    mask_bands=0,
    mask_share=0,
    mix=0,
    random_place=False,
)


def cut_windows(
    spectrograms: Sequence[NDArray[np.floating]],
    n_frames: int,
    variation: SpectrogramAugmentation = STILL,
    rng: np.random.Generator | None = None,
    loudest_db: Sequence[float] | None = None,
) -> Window:
    """Cut each spectrogram to ``n_frames``, padding short ones, and vary it.

    Parameters
    ----------
    spectrograms
        One array ``(n_frames_i, n_bands)`` in decibels for each window; may be memory-mapped: only the
        rows that are needed are read.
    n_frames
        Length of every window.
    variation
        What may change; `STILL` takes the middle of each and changes nothing.
    rng
        Source of randomness; a fixed one when nothing may change.
    loudest_db
        What `loudest` answers for each spectrogram, when it is known already: it takes longer than cutting.

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
    if loudest_db is None and variation.random_place:
        loudest_db = [loudest(spectrogram) for spectrogram in spectrograms]
    windows = _stretch_in_time(spectrograms, n_frames, variation, rng, loudest_db)
    if variation.warp or variation.shift_bands:
        _warp_in_frequency(windows, variation, rng)
    if variation.colour_db:
        _colour(windows, variation.colour_db, rng)
    if variation.noise_share:
        _add_noise(windows, variation, rng)
    if variation.mask_bands or variation.mask_share:
        _mask(windows, variation, rng)
    return windows


def overlapping_windows(spectrogram: NDArray[np.float32], n_frames: int) -> NDArray[np.float32]:
    """Cut a spectrogram of any length into windows that overlap by about a half, evenly spread.

    Returns
    -------
    numpy.ndarray
        Shape ``(n_windows, n_frames, n_bands)``; one padded window when the clip is shorter.

    Examples
    --------
    >>> overlapping_windows(np.zeros((25, 4), np.float32), 10).shape
    (4, 10, 4)
    """
    if len(spectrogram) <= n_frames:
        return cut_windows([spectrogram], n_frames, STILL)
    slack = len(spectrogram) - n_frames
    n_windows = 1 + -(-slack // (n_frames // 2))
    starts = np.linspace(0, slack, n_windows).round().astype(int)
    return np.stack([spectrogram[start : start + n_frames] for start in starts])


def mix_pairs(
    windows: Window, targets: NDArray[np.float32], mix: float, rng: np.random.Generator
) -> tuple[Window, NDArray[np.float32]]:
    """Play each window together with another of the batch, and mix their targets.

    Both are first brought to the same mean power; then the first sounds with an amplitude of ``share`` and
    the second with the rest, and their powers add up, as those of unrelated sounds do. After Tokozume et
    al., "Learning from between-class examples for deep sound recognition" (2018), who mix waveforms.
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


def _blend(first: Window, second: Window, share: Window) -> Window:
    """Change ``first`` into ``(1 - share) * first + share * second``; where both are equal, exactly so."""
    difference = second - first
    difference *= share
    first += difference
    return first


def _stretch_in_time(
    spectrograms: Sequence[NDArray[np.floating]],
    n_frames: int,
    variation: SpectrogramAugmentation,
    rng: np.random.Generator,
    loudest_db: Sequence[float] | None,
) -> Window:
    """Read each window at its own tempo: linear interpolation between the two nearest frames."""
    n_windows, n_bands = len(spectrograms), spectrograms[0].shape[1]
    tempo = np.exp(rng.uniform(-variation.stretch, variation.stretch, n_windows))
    place = rng.random(n_windows) if variation.random_place else np.full(n_windows, 0.5)
    n_read = math.ceil(n_frames * math.exp(variation.stretch)) + 2
    spans = (n_frames * tempo).tolist()  # rows of the recording that a window covers
    starts = (
        place * ([len(rows) for rows in spectrograms] - n_frames * tempo)
    ).tolist()  # below 0 if shorter
    if variation.random_place and loudest_db is not None:
        for k, spectrogram in enumerate(spectrograms):
            if starts[k] > 0:
                enough_db = loudest_db[k] - SILENT_DB
                starts[k] = _place_with_sound(spectrogram, starts[k], spans[k], enough_db, rng)
    floors = [math.floor(start) for start in starts]
    offset = np.subtract(starts, floors) if variation.stretch else np.zeros(n_windows)
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
        if variation.stretch:
            _blend(windows[k], padded.take(lower[k] + 1, axis=0), share[k])
    return windows


def loudest(spectrogram: NDArray[np.floating]) -> float:
    """Return the loudest value of a recording, in decibels, looked for in some of its frames.

    Examples
    --------
    >>> loudest(np.array([[-80.0, -20.0], [-60.0, -40.0]]))
    -20.0
    """
    return _peak_db(spectrogram[:: _seen_every(spectrogram)])


def _place_with_sound(
    spectrogram: NDArray[np.floating],
    start: float,
    span: float,
    enough_db: float,
    rng: np.random.Generator,
) -> float:
    """Return ``start``, or another place if there is next to nothing to hear: silence has no right label."""
    step = _seen_every(spectrogram)
    for _ in range(N_PLACES_TRIED):
        if _peak_db(spectrogram[int(start) : int(start + span) + 1 : step]) >= enough_db:
            break
        start = rng.random() * (len(spectrogram) - span)
    return start


def _seen_every(spectrogram: NDArray[np.floating]) -> int:
    """Every how many frames are looked at, so that an hour is not read for a second."""
    return max(1, len(spectrogram) // N_FRAMES_SEEN)


def _peak_db(rows: NDArray[np.floating]) -> float:
    return float(rows.astype(np.float32).max())  # numpy compares float16, as stored, half as fast


def _warp_in_frequency(windows: Window, variation: SpectrogramAugmentation, rng: np.random.Generator) -> None:
    """Read each window at other bands: scaled about the lowest one, and shifted."""
    n_windows, _, n_bands = windows.shape
    scale = np.exp(rng.uniform(-variation.warp, variation.warp, (n_windows, 1)))
    shift = rng.uniform(-variation.shift_bands, variation.shift_bands, (n_windows, 1))
    bands = np.clip(np.arange(n_bands) * scale + shift, 0, n_bands - 1)
    lower = np.minimum(bands.astype(np.int64), n_bands - 2)
    share = (bands - lower).astype(np.float32)
    # A matrix for each window, two values in a column: one product is quicker than picking bands twice.
    read = np.zeros((n_windows, n_bands, n_bands), np.float32)
    rows, columns = np.arange(n_windows)[:, np.newaxis], np.arange(n_bands)
    read[rows, lower, columns] = 1 - share
    read[rows, lower + 1, columns] = share
    windows -= np.float32(PAD_DB)  # padding is 0 meanwhile, so that it comes out as it was to the last bit
    np.add(np.matmul(windows, read), np.float32(PAD_DB), out=windows)


def _colour(windows: Window, colour_db: float, rng: np.random.Generator) -> None:
    """Play each window through another microphone: a smooth random equaliser."""
    n_windows, _, n_bands = windows.shape
    knots = rng.normal(0, colour_db, (n_windows, 6)).astype(np.float32)
    position = np.linspace(0, 5 - 1e-6, n_bands)
    lower = position.astype(np.int64)
    share = (position - lower).astype(np.float32)
    gain_db = knots[:, lower] * (1 - share) + knots[:, lower + 1] * share
    windows += gain_db[:, None] * (windows > PAD_DB)


def _add_noise(windows: Window, variation: SpectrogramAugmentation, rng: np.random.Generator) -> None:
    """Add the power of a steady, tilted noise, each time from another place of one long recording of it."""
    n_windows, n_frames, n_bands = windows.shape
    low_db, high_db = variation.noise_range_db
    level_db = windows.max(axis=(1, 2)) - rng.uniform(low_db, high_db, n_windows)
    tilt_db = rng.uniform(-6, 6, (n_windows, 1)) * np.linspace(-1, 1, n_bands)
    steady_db = (level_db[:, None] + tilt_db).astype(np.float32)
    n_values = n_frames * n_bands
    tape = _noise_tape(max(_TAPE_VALUES, 4 * n_values))
    places = rng.integers(len(tape) - n_values, size=n_windows)
    for k in np.flatnonzero(rng.random(n_windows) < variation.noise_share):
        noise_db = tape[places[k] : places[k] + n_values].reshape(n_frames, n_bands) + steady_db[k]
        # 10 log10(a + b) from decibels, without leaving float32.
        below = np.exp(np.abs(windows[k] - noise_db) * -_PER_DB)
        np.maximum(windows[k], noise_db, out=windows[k])
        windows[k] += np.log1p(below, out=below) / _PER_DB


@functools.lru_cache(maxsize=2)
def _noise_tape(n_values: int) -> NDArray[np.float32]:
    """Return the ups and downs of a noise in decibels, exponentially distributed, as noise power is."""
    power = np.random.default_rng(0).standard_exponential(n_values, np.float32)
    tape: NDArray[np.float32] = 6 * np.log10(power + np.float32(0.05))  # 6, not 10: less rugged
    return tape


def _mask(windows: Window, variation: SpectrogramAugmentation, rng: np.random.Generator) -> None:
    """Silence two stripes of bands and two stretches of time in each window."""
    n_windows, n_frames, n_bands = windows.shape
    longest = int(variation.mask_share * n_frames)
    for _ in range(2):
        for k, bands in enumerate(_stripes(variation.mask_bands, n_bands, n_windows, rng)):
            windows[k, :, bands] = PAD_DB
        for k, frames in enumerate(_stripes(longest, n_frames, n_windows, rng)):
            windows[k, frames] = PAD_DB


def _stripes(longest: int, length: int, n: int, rng: np.random.Generator) -> list[slice]:
    """Draw ``n`` stretches of a length, each at most ``longest`` wide."""
    width = rng.integers(0, longest + 1, n)
    start = rng.integers(0, np.maximum(1, length - width + 1))
    return [slice(*ends) for ends in zip(start.tolist(), (start + width).tolist(), strict=True)]
