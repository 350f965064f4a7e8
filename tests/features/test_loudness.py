"""Loudness and the harmonic share of frames, against standards and theory."""

from __future__ import annotations

import librosa
import numpy as np
import pytest

from woodshed.audio import clicks, noise, silence, sine
from woodshed.audio.loudness import loudness_lufs
from woodshed.clip import Clip
from woodshed.errors import ParameterError
from woodshed.features import AWeightedLevel, HarmonicShare, MomentaryLoudness, Rms
from woodshed.features.loudness import a_weighting


def test_a_weighting_is_that_of_the_standard() -> None:
    """IEC 61672-1, table 3, rounded there to 0.1 dB."""
    table = {31.5: -39.4, 63: -26.2, 125: -16.1, 250: -8.6, 500: -3.2, 1000: 0.0, 2000: 1.2, 8000: -1.1}
    nominal = np.array(list(table), dtype=np.float32)
    exact = 1000 * 10 ** (np.round(10 * np.log10(nominal / 1000)) / 10)  # what the nominal ones stand for
    assert np.allclose(10 * np.log10(a_weighting(exact)), list(table.values()), atol=0.06)
    frequency_hz = np.linspace(10, 20000, 500)
    expected_db = librosa.A_weighting(frequency_hz, min_db=None)
    assert np.allclose(10 * np.log10(a_weighting(frequency_hz)), expected_db, atol=1e-3)


@pytest.mark.parametrize("frequency_hz", [250, 1000, 4000])
def test_a_tone_has_its_level_and_its_weight(frequency_hz) -> None:
    level_db = AWeightedLevel(n_fft=2048)(sine(frequency_hz, amplitude=0.1))[50, 0]
    weight_db = librosa.A_weighting(frequency_hz)
    assert level_db == pytest.approx(-20 - 3.01 + weight_db, abs=0.1)


def test_noise_has_the_level_of_its_weighted_spectrum() -> None:
    clip = noise(duration_s=20.0)
    power = 10 ** (AWeightedLevel()(clip) / 10)
    bins_hz = np.linspace(1, 8000, 2000)
    expected = np.mean(Rms()(clip) ** 2) * np.mean(10 ** (librosa.A_weighting(bins_hz) / 10))
    assert power.mean() == pytest.approx(expected, rel=0.02)


def test_silence_is_at_the_floor() -> None:
    for kind in (AWeightedLevel, MomentaryLoudness):
        assert np.unique(kind(floor_db=-80.0)(silence())).tolist() == [-80.0]


@pytest.mark.parametrize("sample_rate", [16000, 44100, 48000])
def test_a_full_scale_sine_of_997_hz_reads_as_the_recommendation_says(sample_rate) -> None:
    feature = MomentaryLoudness(sample_rate=sample_rate, hop_length=sample_rate // 10)
    loudness = feature(sine(997, 2.0, sample_rate=sample_rate, amplitude=1.0))
    assert np.allclose(loudness[3:-3], -3.01, atol=0.02)


def test_middle_of_a_steady_sound_is_its_integrated_loudness() -> None:
    clip = noise("pink", 5.0, sample_rate=48000)
    feature = MomentaryLoudness(sample_rate=48000, hop_length=4800)
    power = 10 ** (feature(clip)[2:-3, 0] / 10)
    assert 10 * np.log10(power.mean()) == pytest.approx(loudness_lufs(clip), abs=0.1)


def test_momentary_loudness_covers_400_ms() -> None:
    burst = Clip(np.r_[np.zeros(16000), sine(1000, 0.1).mono(), np.zeros(16000)], 16000)
    heard = MomentaryLoudness(hop_length=160)(burst)[:, 0] > -70
    assert abs(heard.sum() * 0.01 - 0.5) < 0.03, "100 ms are in sight of 400 ms for 500 ms"
    assert abs(np.flatnonzero(heard).mean() * 0.01 - 1.05) < 0.02


def test_tones_are_harmonic_and_strokes_percussive() -> None:
    feature = HarmonicShare(sample_rate=16000, n_fft=1024, hop_length=256)
    tone, stroke = feature(sine(440))[20:-20], feature(clicks(0.5, 2.0))
    assert tone[:, 0].min() > 0.95
    assert stroke[:, 1].max() > 0.95
    both = Clip(0.05 * sine(440, 2.0).samples + clicks(0.5, 2.0).samples, 16000)
    shares = feature(both)[:, 0]
    at_stroke = int(0.5 * 16000 / 256)
    assert shares[at_stroke] < 0.5 < shares[at_stroke + 20]


def test_shares_add_up_to_one_and_silence_has_none() -> None:
    feature = HarmonicShare(sample_rate=16000, n_fft=512, hop_length=160)
    assert np.allclose(feature(noise()).sum(axis=1), 1.0, atol=1e-6)
    assert not feature(silence(0.5)).any()


@pytest.mark.parametrize(
    ("kind", "settings", "message"),
    [
        (HarmonicShare, {"kernel_size": 30}, "odd kernel_size, got 30"),
        (MomentaryLoudness, {"sample_rate": 3000}, "sample_rate of 4000 or more, got 3000"),
        (AWeightedLevel, {"floor_db": 1}, "floor_db from -300 to 0, got 1"),
    ],
)
def test_a_bad_setting_is_named(kind, settings, message) -> None:
    with pytest.raises(ParameterError, match=message):
        kind(**settings)
