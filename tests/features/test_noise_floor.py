"""The noise floor tells colour, hum and level of noise under a sound, whatever the level of the recording."""

from __future__ import annotations

import numpy as np
import pytest

from woodshed.audio import gain, noise, resample, sine
from woodshed.clip import Clip
from woodshed.data.noisy import Mix, hum
from woodshed.features.noise_floor import NoiseFloor

FEATURE = NoiseFloor(sample_rate=16000)


def value(clip: Clip, name: str) -> float:
    return float(FEATURE(clip)[FEATURE.names.index(name)])


@pytest.mark.parametrize(("colour", "slope_db"), [("white", 0.0), ("pink", -3.01), ("brown", -6.02)])
def test_the_slope_is_that_of_the_colour(colour: str, slope_db: float) -> None:
    clip = noise(colour, 10.0, seed=2)
    assert value(clip, "floor_slope_db") == pytest.approx(slope_db, abs=0.5)


def test_the_floor_between_sounds_is_the_noise_and_not_the_sounds() -> None:
    bursts = Clip(sine(1000, 4.0).samples * (np.arange(64000) % 16000 < 8000), 16000)
    place = "floor_4000_hz_db"
    levels = [value(Mix("white", snr_db, 0)(bursts), place) for snr_db in (0.0, 10.0, 20.0)]
    # The clip is brought to one level, sound and noise together: 10 log10 of the noise's share falls so.
    shares = [10 * np.log10(1 / (1 + 10 ** (snr_db / 10))) for snr_db in (0.0, 10.0, 20.0)]
    assert np.diff(levels) == pytest.approx(np.diff(shares), abs=0.7)


def test_mains_hum_is_told_from_noise_and_from_a_note() -> None:
    humming = Clip(hum(np.random.default_rng(0), 32000, 16000), 16000)
    assert value(humming, "mains_steady_db") > 20
    assert value(noise("pink", 2.0), "mains_steady_db") < 15
    assert value(sine(440, 2.0), "mains_steady_db") < value(humming, "mains_steady_db")


def test_the_level_of_the_recording_does_not_count_and_any_length_will_do() -> None:
    clip = noise("pink", 1.0)
    assert FEATURE(gain(clip, -30)) == pytest.approx(FEATURE(clip), abs=0.01)
    assert FEATURE(clip).shape == (FEATURE.n_values,)
    for short in (Clip(np.zeros(8000), 16000), Clip(np.ones(1), 16000)):
        assert np.isfinite(FEATURE(short)).all()
    low = NoiseFloor(sample_rate=8000)
    assert low(resample(clip, 8000)).shape == (low.n_values,) == (len(low.names),)
