"""The texture of a sound: how its spectrum looks and how fast it moves, whatever the level."""

from __future__ import annotations

import numpy as np
import pytest

from woodshed.audio import gain, noise, sine
from woodshed.clip import Clip
from woodshed.features.summary import LAGS, TextureSummary

FEATURE = TextureSummary()


def value(clip: Clip, name: str) -> float:
    return float(FEATURE(clip)[FEATURE.names.index(name)])


def changes(clip: Clip) -> list[float]:
    return [value(clip, f"shape0_change_{lag}_std") for lag in LAGS]


def swinging(rate_hz: float) -> Clip:
    """Noise whose level swings by 20 dB."""
    hiss = noise("white", 4.0, seed=1)
    swing_db = 10 * np.sin(2 * np.pi * rate_hz * np.arange(hiss.n_samples) / hiss.sample_rate)
    return Clip(0.2 * hiss.samples * 10 ** (swing_db / 20), hiss.sample_rate)


def test_a_slow_swing_changes_more_the_longer_one_waits_and_a_fast_one_comes_back() -> None:
    # A sine of amplitude a changes over a lag by 2 a |sin(π f lag)|, here with frames of 10 ms.
    slow, fast = changes(swinging(1.0)), changes(swinging(12.5))
    assert slow[4] / slow[3] == pytest.approx(np.sin(np.pi * 0.16) / np.sin(np.pi * 0.08), rel=0.05)
    assert fast[3] < fast[2] / 4, "after 80 ms it is where it was"
    # Its level is told in tens of decibels times the root of the number of bands (an orthonormal cosine).
    assert value(swinging(1.0), "shape0_std") == pytest.approx(8 * 10 / np.sqrt(2) / 10, rel=0.1)


def test_the_level_of_the_recording_does_not_count() -> None:
    clip = noise("pink", 1.0)
    assert FEATURE(gain(clip, -30)) == pytest.approx(FEATURE(clip), abs=0.01)


def test_sounds_of_the_same_spectrum_are_told_apart_by_their_movement() -> None:
    hiss = noise("white", 2.0, seed=3)
    crackle = Clip(hiss.samples * (np.arange(32000) % 4000 < 400), 16000)
    assert value(crackle, "active_share") < 0.6 < value(hiss, "active_share")
    assert value(crackle, "shape0_change_1_std") > 2 * value(hiss, "shape0_change_1_std")


@pytest.mark.parametrize("clip", [Clip(np.zeros(8000), 16000), Clip(np.ones(1), 16000), sine(440, 0.05)])
def test_any_sound_has_a_row(clip: Clip) -> None:
    row = FEATURE(clip)
    assert row.shape == (FEATURE.n_values,) == (8 * 30 + 1,)
    assert np.isfinite(row).all()
    assert TextureSummary(n_mels=20)(clip).shape == (8 * 20 + 1,)
