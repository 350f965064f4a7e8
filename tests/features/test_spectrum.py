"""The power spectrum against theory and librosa."""

from __future__ import annotations

import librosa
import numpy as np
import pytest

from woodshed.features.frame import BLOCK_BYTES, hann_window, power_blocks, power_spectrogram


@pytest.mark.filterwarnings("ignore:n_fft=.* is too large:UserWarning")
@pytest.mark.parametrize("n_fft", [64, 400, 512, 2048])
@pytest.mark.parametrize("n_samples", [1, 31, 32, 5000, 100_003])
def test_equals_librosa_with_zeros_at_the_borders(n_fft, n_samples) -> None:
    samples = np.random.default_rng(n_samples).standard_normal(n_samples).astype(np.float32)
    power = power_spectrogram(samples, n_fft=n_fft, hop_length=n_fft // 3, window=hann_window(n_fft))
    stft = librosa.stft(samples.astype(np.float64), n_fft=n_fft, hop_length=n_fft // 3, pad_mode="constant")
    expected = (np.abs(stft) ** 2).T
    assert power.shape == expected.shape
    assert np.abs(power - expected).max() <= 1e-5 * expected.max()


def test_power_of_a_frame_is_that_of_its_samples() -> None:
    """Parseval: the bins of a real transform, the inner ones counted twice, hold n_fft times the energy."""
    samples = np.random.default_rng(0).standard_normal(4096).astype(np.float32)
    power = power_spectrogram(samples, n_fft=256, hop_length=64, window=np.ones(256, dtype=np.float32))
    energy = sum(float(x) ** 2 for x in samples[64 * 20 - 128 : 64 * 20 + 128])
    twice = np.full(129, 2.0)
    twice[[0, -1]] = 1.0
    assert power[20] @ twice == pytest.approx(256 * energy, rel=1e-5)


def test_blocks_are_the_spectrogram_in_order() -> None:
    samples = np.random.default_rng(0).standard_normal(200_000).astype(np.float32)
    settings = {"n_fft": 512, "hop_length": 160, "window": hann_window(512)}
    whole = power_spectrogram(samples, **settings)
    n_done = 0
    for rows, power in power_blocks(samples, **settings):
        assert rows.start == n_done
        assert power.nbytes <= BLOCK_BYTES
        assert np.array_equal(power, whole[rows])
        n_done = rows.stop
    assert n_done == len(whole) == 1251


def test_window_is_librosas_and_cannot_be_spoilt() -> None:
    window = hann_window(512)
    assert np.abs(window - librosa.filters.get_window("hann", 512)).max() < 1e-7
    with pytest.raises(ValueError, match="read-only"):
        window[0] = 1
