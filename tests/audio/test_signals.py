"""Made-up signals must be what they claim, for every other test leans on them."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.signal

from woodshed.audio.signals import chirp, clicks, coloured, noise, silence, sine
from woodshed.clip import Clip
from woodshed.errors import ParameterError


def slope_db_per_octave(clip: Clip) -> float:
    frequency_hz, power = scipy.signal.welch(clip.samples[0], clip.sample_rate, nperseg=4096)
    band = (frequency_hz > 50) & (frequency_hz < 5000)
    # Octave bands of equal weight: a straight line through all bins would be ruled by the top octave.
    octave = np.floor(np.log2(frequency_hz[band] / 50) * 3)
    means = [
        (np.log2(frequency_hz[band][octave == k]).mean(), 10 * np.log10(power[band][octave == k].mean()))
        for k in np.unique(octave)
    ]
    return float(np.polyfit(*zip(*means, strict=True), 1)[0])


@pytest.mark.parametrize(("colour", "slope"), [("white", 0.0), ("pink", -3.01), ("brown", -6.02)])
def test_noise_falls_with_frequency_as_its_colour_says(colour: str, slope: float) -> None:
    assert slope_db_per_octave(noise(colour, 30.0, seed=3)) == pytest.approx(slope, abs=0.5)


@pytest.mark.parametrize("colour", ["white", "pink", "brown"])
@pytest.mark.parametrize("n_samples", [1, 2, 3, 1001])
def test_each_channel_of_noise_has_an_rms_of_1_and_is_its_own(colour: str, n_samples: int) -> None:
    drawn = coloured(np.random.default_rng(0), 2, n_samples, colour)
    np.testing.assert_allclose(np.sqrt(np.mean(drawn**2, axis=1)), 1.0)
    if n_samples > 3:
        assert abs(np.corrcoef(drawn)[0, 1]) < 0.9


def test_the_seed_decides() -> None:
    assert noise(seed=1) == noise(seed=1)
    assert noise(seed=1) != noise(seed=2)
    with pytest.raises(ParameterError, match="Did you mean pink"):
        noise("pinc")


def test_a_sine_has_one_frequency_and_the_rms_of_theory() -> None:
    clip = sine(1000, 1.0, amplitude=0.8)
    spectrum = np.abs(np.fft.rfft(clip.samples[0])) / 8000
    assert spectrum[1000] == pytest.approx(0.8, rel=1e-5)
    assert np.delete(spectrum, 1000).max() < 1e-5


def test_a_chirp_is_half_way_up_in_octaves_at_half_time() -> None:
    clip = chirp(200, 3200, 2.0)
    middle = scipy.signal.hilbert(clip.samples[0])[15800:16200]
    rate_hz = np.diff(np.unwrap(np.angle(middle))).mean() * 16000 / (2 * np.pi)
    assert rate_hz == pytest.approx(800, rel=0.01)
    assert chirp(300, 300) == sine(300)
    with pytest.raises(ParameterError, match="positive frequencies"):
        chirp(0, 100)


def test_clicks_do_not_drift() -> None:
    places = np.flatnonzero(clicks(1 / 3, 10.0).samples[0])
    np.testing.assert_array_equal(places, np.round(np.arange(30) * 16000 / 3))


def test_silence_is_silent_and_too_short_is_refused() -> None:
    assert not silence(0.1).samples.any()
    with pytest.raises(ParameterError, match="at least one sample"):
        silence(0.0)
