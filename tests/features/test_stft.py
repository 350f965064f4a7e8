"""Spectrograms, against theory; tests/features/test_librosa.py compares them with librosa."""

from __future__ import annotations

import numpy as np
import pytest

from woodshed.audio import noise, sine
from woodshed.clip import Clip
from woodshed.errors import AudioError, ParameterError
from woodshed.features import LogFrequency, Power, Stft
from woodshed.features.stft import C1_HZ, log_bank

RATE = 22050


def test_magnitude_power_and_the_complex_transform_agree() -> None:
    clip = noise(duration_s=0.7)
    padded = np.pad(clip.mono().astype(np.float64), 256)
    frames = np.lib.stride_tricks.sliding_window_view(padded, 512)[::160]
    whole = np.fft.rfft(frames * (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(512) / 512)))
    assert np.allclose(Stft()(clip), np.abs(whole), rtol=1e-4, atol=1e-5)
    assert np.allclose(Power()(clip), np.abs(whole) ** 2, rtol=1e-3, atol=1e-5)


def test_decibels_are_those_of_the_power() -> None:
    clip = noise(duration_s=0.7)
    assert np.allclose(
        Power(floor_db=-300.0)(clip), 10 * np.log10(np.maximum(Power()(clip), 1e-30)), atol=1e-3
    )
    assert Power(floor_db=-20.0)(Clip(np.zeros(500), 16000)).max() == -20.0
    assert Power(floor_db=-20.0).names[3] == "power_bin3_db"


def test_a_sine_in_the_middle_of_a_bin_has_a_quarter_of_the_window() -> None:
    clip = sine(1000, amplitude=0.5)
    assert Stft()(clip)[50, 32] == pytest.approx(0.5 * 512 / 4, rel=1e-4)
    assert Stft().bins_hz[32] == 1000.0


def test_the_transform_wants_the_rate_of_the_feature() -> None:
    with pytest.raises(AudioError, match="Stft expects 16000 Hz"):
        Stft()(sine(440, sample_rate=8000))


@pytest.mark.parametrize("midi_pitch", [45, 57, 69, 81, 93])
def test_a_tone_is_in_the_band_of_its_semitone(midi_pitch) -> None:
    clip = sine(440 * 2 ** ((midi_pitch - 69) / 12), sample_rate=RATE)
    picture = LogFrequency(n_fft=8192)(clip)
    assert (picture[10:-10].argmax(axis=1) == midi_pitch - 24).all(), "C1 is MIDI pitch 24"


def test_an_octave_higher_is_as_many_bands_higher() -> None:
    low, high = (
        LogFrequency(bins_per_octave=24, n_bins=150)(sine(f0_hz, sample_rate=RATE))[20]
        for f0_hz in (440, 880)
    )
    assert high.argmax() - low.argmax() == 24


def test_white_noise_is_level_over_the_bands() -> None:
    clip = noise(duration_s=20.0, sample_rate=RATE)
    level_db = 10 * np.log10(np.mean(10 ** (LogFrequency()(clip) / 10), axis=0))
    window_power = 2048 * 3 / 8
    assert np.allclose(level_db, 10 * np.log10(0.01 * window_power), atol=0.6)


@pytest.mark.parametrize("n_fft", [512, 2048, 8192])
def test_every_band_has_weights_that_add_up_to_one(n_fft) -> None:
    bank = log_bank(RATE, n_fft, 84, C1_HZ, 12)
    flat = bank(np.ones((2, 1 + n_fft // 2), dtype=np.float32), np.empty((2, 84), dtype=np.float32))
    assert np.allclose(flat, 1.0, atol=1e-5)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"n_bins": 110}, "up to 11025 Hz .half of sample_rate., got 17740 Hz. Lower n_bins or f_min_hz"),
        ({"f_min_hz": 0.0}, "f_min_hz between 0 and 11025, got 0"),
        ({"bins_per_octave": 0}, "at least 1 for bins_per_octave, got 0"),
        ({"floor_db": 1.0}, "floor_db from -300 to 0, got 1"),
    ],
)
def test_a_bad_setting_is_named(settings, message) -> None:
    with pytest.raises(ParameterError, match=message):
        LogFrequency(**settings)
