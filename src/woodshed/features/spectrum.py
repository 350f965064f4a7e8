"""Short-time power spectrum, the common first step of most features."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Literal

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from woodshed.clip import Clip, Samples
from woodshed.errors import AudioError, printable
from woodshed.units import samples_to_frames

# Size of the blocks of frames in bytes: large enough for the overhead of NumPy calls to be negligible, and
# small enough for the block to stay in the cache during windowing, transform and squaring.
BLOCK_BYTES = 512 * 1024


Precision = Literal["float32", "float64"]


@lru_cache(maxsize=16)
def hann_window(n_fft: int, dtype: Precision = "float32") -> NDArray[Any]:
    """Return the periodic Hann window, shape ``(n_fft,)``, read-only.

    Copies of a periodic window, shifted by a quarter of its length, sum to a constant.

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
    """Yield the power spectrogram in blocks of frames, for callers that reduce each block.

    Parameters are those of `power_spectrogram`. The precision is that of the window: float32 resolves about
    120 dB below the maximum of a frame.

    Yields
    ------
    rows, power
        Range of the frames, and their power, shape ``(n_rows, 1 + n_fft // 2)``. The array is overwritten by
        the next block.

    Examples
    --------
    >>> blocks = power_blocks(np.zeros(640, np.float32), n_fft=64, hop_length=16, window=hann_window(64))
    >>> [(rows.stop, power.shape) for rows, power in blocks]
    [(41, (41, 33))]
    """
    # Zero padding centres the first window on sample 0.
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
        # In the real view, real and imaginary parts alternate: squaring in place avoids the square root of
        # abs() and two temporary arrays.
        parts = spectrum.view(window.dtype)
        np.square(parts, out=parts)
        np.add(parts[:, 0::2], parts[:, 1::2], out=power[:n])
        yield slice(start, start + n), power[:n]


def power_spectrogram(samples: Samples, *, n_fft: int, hop_length: int, window: Samples) -> Samples:
    """Compute the power spectrogram.

    Frame ``k`` is centred on sample ``k * hop_length``; the signal is padded with zeros.
    Equal to ``abs(librosa.stft(samples, center=True, pad_mode="constant")) ** 2``, transposed.

    Parameters
    ----------
    samples
        Shape ``(n_samples,)``, float32, at least one sample.
    n_fft
        Frame length in samples, even.
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
    A sine of amplitude 1 at the centre of bin 8 has the square of half the sum of the window.

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
    """Return the mono mix of a clip, shape ``(n_samples,)``, and check its sample rate.

    Features do not resample by themselves: it is slower than most features and should be done once, on
    reading.

    Raises
    ------
    AudioError
        If the clip has another rate.

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
