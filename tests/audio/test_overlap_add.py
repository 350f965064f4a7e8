"""Frames: what is not changed comes out as it went in."""

from __future__ import annotations

import numpy as np
import pytest

from woodshed.audio.overlap_add import (
    BLOCK_BYTES,
    OVERLAP,
    add_frames,
    frame_size,
    frame_window,
    frames_per_block,
    spectra_at,
)


def test_frames_add_up_to_the_sound() -> None:
    samples = np.random.default_rng(0).normal(size=(2, 5000)).astype(np.float32)
    n_fft = 64
    padded = np.pad(samples, ((0, 0), (n_fft, n_fft)))
    spectra = spectra_at(padded, np.arange(0, 5000 + n_fft, n_fft // 4), n_fft)
    np.testing.assert_allclose(spectra[0, 7], np.fft.rfft(padded[0, 112:176] * frame_window(64)), atol=1e-5)
    out = np.zeros_like(padded)
    add_frames(out, spectra, 0)
    np.testing.assert_allclose(out[:, n_fft:-n_fft], samples, atol=1e-5)


@pytest.mark.parametrize("sample_rate", [8000, 11025, 44100, 192000])
def test_a_frame_is_a_power_of_two_and_less_than_twice_as_long_as_asked(sample_rate: int) -> None:
    n_fft = frame_size(sample_rate, 0.04)
    assert n_fft & (n_fft - 1) == 0
    assert 0.04 <= n_fft / sample_rate < 0.08
    assert frame_size(sample_rate, 0.0) == 16


def test_squared_windows_add_up_to_1_wherever_frames_overlap() -> None:
    window = frame_window(64)
    total = sum(np.roll(window**2, k * 64 // OVERLAP) for k in range(OVERLAP))
    np.testing.assert_allclose(total, 1, atol=1e-6)


def test_a_block_of_frames_takes_no_more_than_it_may() -> None:
    assert (
        4 * 2 * 2048 * frames_per_block(2, 2048)
        <= BLOCK_BYTES
        < 4 * 2 * 2048 * (frames_per_block(2, 2048) + 1)
    )
    assert frames_per_block(64, 2**20) == 1
