"""The transform of a whole sound, against NumPy's and against theory."""

from __future__ import annotations

import numpy as np
import pytest

from woodshed.audio import sine
from woodshed.clip import Clip
from woodshed.features.dft import centre_of_gravity, dft, magnitude_spectrum


@pytest.mark.parametrize("n_samples", [1, 2, 255, 1024])
def test_definition_equals_the_fast_transform(n_samples) -> None:
    rng = np.random.default_rng(n_samples)
    samples = rng.standard_normal(n_samples)
    assert np.abs(dft(samples) - np.fft.fft(samples)).max() <= 1e-8
    mixed = samples + 1j * rng.standard_normal(n_samples)
    assert np.abs(dft(mixed) - np.fft.fft(mixed)).max() <= 1e-8


def test_centre_of_gravity_leaves_the_middle_at_the_tones_alone() -> None:
    time_s = np.arange(1000) / 500
    tones = {1: 1.0, 2: 0.5, 3: 2.0}
    samples = sum(amplitude * np.sin(2 * np.pi * f * time_s) for f, amplitude in tones.items())
    frequency_hz = np.arange(0.5, 5, 0.5)
    distance = np.abs(centre_of_gravity(samples, 500, frequency_hz))
    expected = [tones.get(f, 0.0) / 2 for f in frequency_hz]
    assert np.allclose(distance, expected, atol=1e-9)


def test_centre_of_gravity_is_the_transform_by_the_number_of_samples() -> None:
    samples = np.random.default_rng(0).standard_normal(64)
    wound = centre_of_gravity(samples, 64, np.arange(64).reshape(8, 8))
    assert np.allclose(wound, np.fft.fft(samples).reshape(8, 8) / 64)


def test_the_highest_c_of_a_flute_is_where_it_should_be() -> None:
    harmonics = [sine(523.25 * k, sample_rate=22050, amplitude=0.5 / k).samples for k in (1, 2, 3)]
    clip = Clip(sum(harmonics) + 0.01 * np.random.default_rng(0).standard_normal(22050), 22050)
    frequency_hz, magnitude = magnitude_spectrum(clip)
    assert frequency_hz.shape == magnitude.shape == (11026,)
    assert abs(frequency_hz[magnitude.argmax()] - 523.25) <= 1.0, "one bin is 1 Hz"
    assert np.allclose(magnitude, np.abs(np.fft.rfft(clip.mono())), atol=1e-2)
