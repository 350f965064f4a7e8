"""The mel scale and its filters against the formulas' definitions and librosa."""

from __future__ import annotations

import librosa
import numpy as np
import pytest

from woodshed.errors import ParameterError
from woodshed.features.mel import FilterBank, hz_to_mel, mel_filters, mel_to_hz


@pytest.mark.parametrize("formula", ["slaney", "htk"])
def test_scale_equals_librosa_and_has_an_inverse(formula) -> None:
    hz = np.concatenate([[0, 999.999, 1000, 1000.001], np.geomspace(1, 24000, 500)])
    mel = hz_to_mel(hz, formula)
    assert np.allclose(mel, librosa.hz_to_mel(hz, htk=formula == "htk"), rtol=1e-12, atol=0)
    assert np.allclose(mel_to_hz(mel, formula), hz, rtol=1e-10, atol=0)


@pytest.mark.parametrize("formula", ["slaney", "htk"])
@pytest.mark.parametrize(
    ("sample_rate", "n_fft", "n_mels", "f_min_hz", "f_max_hz"),
    [(22050, 2048, 128, 0.0, 11025.0), (16000, 512, 64, 20.0, 8000.0), (8000, 256, 40, 50.0, 3800.0)],
)
def test_filters_equal_librosa(formula, sample_rate, n_fft, n_mels, f_min_hz, f_max_hz) -> None:
    ours = mel_filters(sample_rate, n_fft, n_mels, f_min_hz, f_max_hz, formula)
    theirs = librosa.filters.mel(
        sr=sample_rate,
        n_fft=n_fft,
        n_mels=n_mels,
        fmin=f_min_hz,
        fmax=f_max_hz,
        htk=formula == "htk",
    )
    assert ours.dtype == np.float32
    assert np.abs(ours - theirs).max() <= 2e-6 * theirs.max()


def test_area_norm_gives_white_noise_the_same_power_in_wide_and_narrow_bands() -> None:
    total = mel_filters(16000, 4096, 40, 0.0, 8000.0).sum(axis=1)
    assert np.allclose(total, 4096 / 16000, rtol=0.05)


def test_filters_are_kept_and_cannot_be_spoilt() -> None:
    filters = mel_filters(16000, 512, 64, 0.0, 8000.0)
    assert mel_filters(16000, 512, 64, 0.0, 8000.0) is filters
    with pytest.raises(ValueError, match="read-only"):
        filters[0, 0] = 1


@pytest.mark.parametrize("n_mels", [1, 16, 17, 40, 128])
@pytest.mark.parametrize("n_frames", [1, 100])
def test_bank_is_the_product_with_the_whole_matrix(n_mels, n_frames) -> None:
    filters = mel_filters(22050, 2048, n_mels, 0.0, 11025.0)
    power = np.random.default_rng(0).random((n_frames, 1025)).astype(np.float32)
    out = FilterBank(filters)(power, np.full((n_frames, n_mels), np.nan, dtype=np.float32))
    assert np.allclose(out, power.astype(np.float64) @ filters.T, rtol=1e-5, atol=0)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"formula": "bark"}, "expects the formula slaney or htk, got 'bark'"),
        (
            {"n_mels": 300},
            r"of 300 mel filters fall between two bins of n_fft=512 .*the first is filter 0, 0 to 20 Hz",
        ),
    ],
)
def test_what_cannot_be_is_refused(settings, message) -> None:
    good = {"sample_rate": 16000, "n_fft": 512, "n_mels": 64, "f_min_hz": 0.0, "f_max_hz": 8000.0}
    with pytest.raises(ParameterError, match=message):
        mel_filters(**good | settings)
