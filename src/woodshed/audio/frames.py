"""Frames: a sound cut into overlapping frames, and their spectra put together to a sound again.

What `woodshed.audio.time_stretch` and `woodshed.audio.denoise` share. Hann windows before and after, a quarter of a
frame apart, so that what is not changed comes out as it went in.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from woodshed.clip import Samples

Spectra = NDArray[np.complex64]
Counts = NDArray[np.int64]

OVERLAP = 4
"""Every sample lies in this many frames."""

BLOCK_BYTES = 2**21
"""So much is worked on at once."""


def frame_size(sample_rate: int, at_least_s: float) -> int:
    """Return the smallest power of two that is at least so many seconds long, and at least 16.

    Examples
    --------
    >>> frame_size(16000, 0.04), frame_size(44100, 0.04)
    (1024, 2048)
    """
    return max(16, 1 << math.ceil(math.log2(max(1.0, at_least_s * sample_rate))))


@lru_cache(maxsize=8)
def frame_window(n_fft: int) -> Samples:
    """Return the periodic Hann window that `spectra_at` and `add_frames` use, shape ``(n_fft,)``.

    Its squares, shifted by a quarter of its length, add up to 1.5; it is scaled so that they add up to 1.

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
    """Return the spectra of the frames that begin at the given samples.

    Parameters
    ----------
    padded
        Shape ``(n_channels, n_samples)``, float32, with silence where frames reach beyond the sound.
    starts
        First sample of each frame.
    n_fft
        Length of a frame.

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
    spectra: Spectra = scipy.fft.rfft(frames * frame_window(n_fft), axis=2)
    return spectra


def add_frames(out: Samples, spectra: Spectra, start: int) -> None:
    """Turn spectra into frames again and add them to ``out``, a quarter of a frame apart.

    Parameters
    ----------
    out
        Shape ``(n_channels, n_samples)``; changed in place.
    spectra
        As `spectra_at` gives them. Unchanged, and from frames a quarter apart, they add up to the sound.
    start
        Where in ``out`` the first frame begins.
    """
    n_fft = 2 * (spectra.shape[2] - 1)
    frames = scipy.fft.irfft(spectra, n_fft, axis=2)
    frames *= frame_window(n_fft)
    for k in range(frames.shape[1]):
        at = start + k * (n_fft // OVERLAP)
        out[:, at : at + n_fft] += frames[:, k]


def frames_per_block(n_channels: int, n_fft: int) -> int:
    """Say how many frames to work on at once so that they stay in the cache."""
    return max(1, BLOCK_BYTES // (4 * n_channels * n_fft))
