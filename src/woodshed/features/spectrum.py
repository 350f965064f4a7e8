"""Short-time power spectrum: the step that every feature starts with, and half of what it costs."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Literal

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from woodshed.clip import Clip, Samples
from woodshed.errors import AudioError, ParameterError, printable
from woodshed.units import samples_to_frames

# Frames are transformed in blocks of this many bytes: large enough that NumPy's cost per call is lost in
# the arithmetic, small enough that windowing, transform and squaring find the block still in the cache.
BLOCK_BYTES = 512 * 1024


Precision = Literal["float32", "float64"]


@lru_cache(maxsize=16)
def hann_window(n_fft: int, dtype: Precision = "float32") -> NDArray[Any]:
    """Return the periodic Hann window, shape ``(n_fft,)``, read-only.

    Periodic means that its copies, shifted by a quarter of its length, add up to a constant.

    Examples
    --------
    >>> hann_window(4).tolist()
    [0.0, 0.5, 1.0, 0.5]
    """
    window = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n_fft) / n_fft)).astype(dtype)
    window.setflags(write=False)
    return window


def power_blocks(
    samples: Samples, *, n_fft: int, hop_length: int, window: NDArray[Any]
) -> Iterator[tuple[slice, NDArray[Any]]]:
    """Yield the power spectrogram a block of frames at a time, in the order of time.

    For a caller that reduces each block while it is in the cache, as a mel filter bank does. See
    `power_spectrogram` for the parameters and what is computed. The precision is that of the window:
    float32 keeps what is within about 120 dB of the loudest bin of a frame, float64 all of it.

    Yields
    ------
    rows, power
        The frames that the block holds, and their power, shape ``(n_rows, 1 + n_fft // 2)``. The array
        is overwritten by the next block: copy what is to be kept.
    """
    # Zeros on both sides put the middle of the first window on sample 0.
    padded = np.pad(samples, n_fft // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, n_fft)[::hop_length]
    n_rows = min(len(frames), max(1, BLOCK_BYTES // window.nbytes))
    windowed = np.empty((n_rows, n_fft), dtype=window.dtype)
    power = np.empty((n_rows, 1 + n_fft // 2), dtype=window.dtype)
    for start in range(0, len(frames), n_rows):
        block = frames[start : start + n_rows]
        n = len(block)
        np.multiply(block, window, out=windowed[:n])
        spectrum = scipy.fft.rfft(windowed[:n], axis=1, overwrite_x=True)
        # Seen as real numbers, real and imaginary parts alternate: squaring in place avoids the square
        # root of abs() and two temporaries.
        parts = spectrum.view(window.dtype)
        np.square(parts, out=parts)
        np.add(parts[:, 0::2], parts[:, 1::2], out=power[:n])
        yield slice(start, start + n), power[:n]


def power_spectrogram(samples: Samples, *, n_fft: int, hop_length: int, window: Samples) -> Samples:
    """Measure the power in each frequency bin of each frame.

    Frame ``k`` is centred on sample ``k * hop_length``; beyond its ends the sound is taken as silent.
    Equal to ``abs(librosa.stft(samples, center=True, pad_mode="constant")) ** 2``, transposed.

    Parameters
    ----------
    samples
        Shape ``(n_samples,)``, float32, at least one sample.
    n_fft
        Length of a frame in samples; even.
    hop_length
        Samples from one frame to the next.
    window
        Shape ``(n_fft,)``, float32; usually `hann_window`.

    Returns
    -------
    numpy.ndarray
        Shape ``(1 + n_samples // hop_length, 1 + n_fft // 2)``, float32, not scaled by the window.

    Examples
    --------
    A sine of amplitude 1 in the middle of bin 8: half the sum of the window, squared.

    >>> sine = np.sin(2 * np.pi * 8 / 64 * np.arange(640)).astype(np.float32)
    >>> power = power_spectrogram(sine, n_fft=64, hop_length=16, window=hann_window(64))
    >>> power.shape, int(power[20].argmax()), round(float(power[20, 8]))
    ((41, 33), 8, 256)
    """
    out = np.empty((samples_to_frames(len(samples), hop_length), 1 + n_fft // 2), dtype=np.float32)
    for rows, power in power_blocks(samples, n_fft=n_fft, hop_length=hop_length, window=window):
        out[rows] = power
    return out


def mono_at(clip: Clip, sample_rate: int, feature: str) -> Samples:
    """Return the mono mix of a clip, shape ``(n_samples,)``, if it has the rate a feature expects.

    Raises
    ------
    AudioError
        If the rate differs: a feature never resamples by itself, because that costs more than the
        feature does and should be done once, when the file is read.

    Examples
    --------
    >>> mono_at(Clip(np.zeros(80), 8000), 8000, "LogMel").shape
    (80,)
    """
    if clip.sample_rate != sample_rate:
        raise AudioError(
            f"{feature} expects {sample_rate} Hz, got {printable(clip.source)} at {clip.sample_rate} Hz. "
            f"Resample it first: woodshed.audio.resample(clip, {sample_rate})."
        )
    return clip.mono()


def whole_number(value: int, name: str, *, low: int, owner: str) -> int:
    """Return a setting as a plain int, or say what is wrong with it.

    Raises
    ------
    ParameterError
        If ``value`` is not a whole number, or less than ``low``.

    Examples
    --------
    >>> whole_number(np.int64(512), "n_fft", low=2, owner="LogMel")
    512
    """
    try:
        whole = not isinstance(value, bool) and int(value) == value
    except (TypeError, ValueError, OverflowError):
        whole = False
    if not whole or value < low:
        raise ParameterError(f"{owner} expects a whole number of at least {low} for {name}, got {value!r}.")
    return int(value)


def finite_number(value: float, name: str, *, owner: str) -> float:
    """Return a setting as a plain float, or say what is wrong with it.

    Raises
    ------
    ParameterError
        If ``value`` is not a finite number.

    Examples
    --------
    >>> finite_number(20, "f_min_hz", owner="LogMel")
    20.0
    """
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = np.nan
    if not np.isfinite(number):
        raise ParameterError(f"{owner} expects a finite number for {name}, got {value!r}.")
    return number
