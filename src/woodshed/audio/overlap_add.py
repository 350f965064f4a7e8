"""Short-time Fourier analysis and overlap-add synthesis with perfect reconstruction.

Analysis and synthesis use the same Hann window with a hop of a quarter of the frame. Used by
`woodshed.audio.phase_vocoder` and `woodshed.audio.denoise`.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import scipy  # its submodules are loaded at their first use
from numpy.typing import NDArray

from woodshed.clip import Samples

Spectra = NDArray[np.complex64]
Counts = NDArray[np.int64]

OVERLAP = 4
"""Number of frames that cover each sample."""

BLOCK_BYTES = 2**21
"""Size of the frames that are processed at a time."""


def frame_size(sample_rate: int, min_s: float) -> int:
    """Return the smallest power of two, at least 16, that spans ``min_s`` seconds.

    Examples
    --------
    >>> frame_size(16000, 0.04), frame_size(44100, 0.04)
    (1024, 2048)
    """
    return max(16, 1 << math.ceil(math.log2(max(1.0, min_s * sample_rate))))


@lru_cache(maxsize=8)
def frame_window(n_fft: int) -> Samples:
    """Return the periodic Hann window of `spectra_at` and `add_frames`, shape ``(n_fft,)``.

    It is scaled so that its squares, shifted by a quarter of its length, sum to 1.

    Examples
    --------
    >>> window = frame_window(16)
    >>> round(float(np.sum(window[::4] ** 2)), 6)
    1.0
    """
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n_fft) / n_fft)
    window: Samples = (hann / np.sqrt(OVERLAP * 3 / 8)).astype(np.float32)
    window.setflags(write=False)
    return window


def spectra_at(padded: Samples, starts: Counts, n_fft: int) -> Spectra:
    """Return the spectra of the frames that start at the given samples.

    Parameters
    ----------
    padded
        Shape ``(n_channels, n_samples)``, float32, padded where frames extend beyond the sound.
    starts
        First sample of each frame, shape ``(n_frames,)``.
    n_fft
        Frame length.

    Returns
    -------
    numpy.ndarray
        Shape ``(n_channels, n_frames, 1 + n_fft // 2)``, complex64.

    Examples
    --------
    >>> spectra_at(np.zeros((2, 100), np.float32), np.array([0, 30]), 16).shape
    (2, 2, 9)
    """
    frames = np.lib.stride_tricks.sliding_window_view(padded, n_fft, axis=1)[:, starts]
    return np.asarray(scipy.fft.rfft(frames * frame_window(n_fft), axis=2))


def add_frames(out: Samples, spectra: Spectra, start: int) -> None:
    """Convert spectra to frames and add them to ``out`` with a hop of a quarter of the frame.

    Parameters
    ----------
    out
        Shape ``(n_channels, n_samples)``; modified in place.
    spectra
        As returned by `spectra_at`. If they are unmodified and their frames are a quarter of a frame apart,
        the result is the original sound.
    start
        First sample of the first frame in ``out``.

    Examples
    --------
    >>> sound = np.ones((1, 64), np.float32)
    >>> out = np.zeros_like(sound)
    >>> add_frames(out, spectra_at(sound, np.arange(0, 49, 4), 16), 0)
    >>> bool(np.allclose(out[:, 12:52], 1))
    True
    """
    n_fft = 2 * (spectra.shape[2] - 1)
    frames = scipy.fft.irfft(spectra, n_fft, axis=2)
    frames *= frame_window(n_fft)
    for k in range(frames.shape[1]):
        at = start + k * (n_fft // OVERLAP)
        out[:, at : at + n_fft] += frames[:, k]


def frames_per_block(n_channels: int, n_fft: int) -> int:
    """Return the number of frames to process at a time, so that they fit into the cache.

    Examples
    --------
    >>> frames_per_block(2, 1024)
    256
    """
    return max(1, BLOCK_BYTES // (4 * n_channels * n_fft))
