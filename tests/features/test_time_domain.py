"""Features of the waveform, against their definitions."""

from __future__ import annotations

import numpy as np
import pytest

from woodshed.audio import clicks, noise, sine
from woodshed.clip import Clip
from woodshed.errors import ParameterError
from woodshed.features import (
    AmplitudeEnvelope,
    Energy,
    EnergyEntropy,
    Rms,
    SpectralEntropy,
    ZeroCrossingRate,
)
from woodshed.features.entropy import block_entropy

RATE = 16000


def frames_by_hand(samples: np.ndarray, frame_length: int, hop_length: int) -> list[np.ndarray]:
    """Cut frames as they are defined: centred, holding only samples that exist."""
    middles = range(0, len(samples) + 1, hop_length)
    half = frame_length // 2
    return [samples[max(0, middle - half) : middle + half] for middle in middles]


def test_envelope_is_the_largest_sample_of_each_frame() -> None:
    clip = Clip(noise(duration_s=0.3).samples - 0.05, RATE)
    frames = frames_by_hand(clip.mono(), 400, 150)
    envelope = AmplitudeEnvelope(frame_length=400, hop_length=150)(clip)[:, 0]
    assert np.array_equal(envelope, [frame.max() for frame in frames])
    absolute = AmplitudeEnvelope(frame_length=400, hop_length=150, absolute=True)(clip)[:, 0]
    assert np.array_equal(absolute, [np.abs(frame).max() for frame in frames])
    assert (absolute >= envelope).all()
    assert (absolute > envelope).any()


def test_envelope_of_a_negative_sound_is_negative_to_its_ends() -> None:
    clip = Clip(np.full(1000, -0.25), RATE)
    assert np.unique(AmplitudeEnvelope()(clip)).tolist() == [-0.25]
    assert np.unique(AmplitudeEnvelope(absolute=True)(clip)).tolist() == [0.25]


@pytest.mark.parametrize("amplitude", [1.0, 0.1])
def test_a_sine_has_the_rms_and_energy_of_theory(amplitude) -> None:
    clip = sine(1000, amplitude=amplitude)
    inside = slice(3, -3)
    assert np.allclose(Rms()(clip)[inside], amplitude / np.sqrt(2), rtol=1e-5)
    assert np.allclose(Energy()(clip)[inside], amplitude**2 / 2, rtol=1e-5)


def test_energy_is_the_square_of_rms_also_at_the_borders() -> None:
    clip = noise(duration_s=0.5)
    assert np.allclose(Energy()(clip), Rms()(clip) ** 2, rtol=1e-5)
    assert np.allclose(Energy()(clip)[0], np.sum(clip.mono()[:256] ** 2) / 512, rtol=1e-5)


def test_zero_crossing_rate_is_half_the_sum_of_sign_steps() -> None:
    samples = noise(duration_s=0.5, seed=3).mono()
    rate = ZeroCrossingRate()(Clip(samples, RATE))[:, 0]
    for row in (5, 17, 30):
        frame = samples[row * 160 - 256 : row * 160 + 256]
        assert rate[row] == pytest.approx(0.5 * np.abs(np.diff(np.sign(frame))).sum() / 512)
    assert 0.45 < rate.mean() < 0.55, "white noise crosses zero at every other step"


@pytest.mark.parametrize("frequency_hz", [100, 440, 3000])
def test_a_tone_crosses_zero_twice_in_every_period(frequency_hz) -> None:
    rate = ZeroCrossingRate(frame_length=8000)(sine(frequency_hz, 2.0))[100, 0]
    assert rate == pytest.approx(2 * frequency_hz / RATE, rel=0.02)


def test_rounding_around_zero_is_no_crossing() -> None:
    assert not ZeroCrossingRate()(Clip(np.tile([1e-11, -1e-11], 500), RATE)).any()


def test_entropy_is_shannons() -> None:
    energy = np.random.default_rng(0).random((5, 23)).astype(np.float32)
    bits = block_entropy(energy, 4)
    for row, found in zip(energy, bits, strict=True):
        share = np.array([row[0:5].sum(), row[5:11].sum(), row[11:17].sum(), row[17:].sum()]) / row.sum()
        assert found == pytest.approx(-np.sum(share * np.log2(share)), rel=1e-5)


def test_energy_entropy_tells_a_stroke_from_a_steady_sound() -> None:
    steady, stroke = EnergyEntropy()(noise()), EnergyEntropy()(clicks(0.1))
    assert steady[5:-5].min() > 3.0
    assert steady.max() <= np.log2(10) + 1e-6
    assert stroke.max() == 0.0
    half = Clip(np.r_[np.zeros(256), np.ones(256), np.zeros(2000)], RATE)
    assert EnergyEntropy(n_blocks=4, hop_length=256)(half)[1, 0] == pytest.approx(1.0)


def test_spectral_entropy_tells_a_tone_from_noise() -> None:
    tone, hiss = SpectralEntropy()(sine(1200)), SpectralEntropy()(noise())
    assert tone[5:-5].max() < 0.01
    assert hiss[5:-5].min() > 2.5
    two = Clip((sine(400).samples + sine(7000).samples) / 2, RATE)
    assert np.allclose(SpectralEntropy()(two)[5:-5], 1.0, atol=0.01), "two equal bands are one bit"


@pytest.mark.parametrize(
    ("kind", "settings", "message"),
    [
        (EnergyEntropy, {"n_blocks": 1}, "at least 2 for n_blocks, got 1"),
        (EnergyEntropy, {"n_blocks": 513}, r"n_blocks of at most 512 \(frame_length\), got 513"),
        (SpectralEntropy, {"n_blocks": 258}, r"at most 257 \(bins of the transform\), got 258"),
        (Rms, {"frame_length": 511}, "even frame_length, got 511. Use 512"),
        (AmplitudeEnvelope, {"absolute": 1}, "True or False for absolute, got 1"),
    ],
)
def test_a_bad_setting_is_named(kind, settings, message) -> None:
    with pytest.raises(ParameterError, match=message):
        kind(**settings)
