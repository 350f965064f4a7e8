"""The timbre of an instrument: partials, their envelope and movement, and the course of the level."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from woodshed.audio import gain, sine
from woodshed.clip import Clip
from woodshed.features.timbre import N_PARTIALS, TimbreSummary, fundamental_hz

RATE = 16000
FEATURE = TimbreSummary(sample_rate=RATE)
Curve = NDArray[np.float64]


def tone(
    f0_hz: float,
    level_db: Callable[[Curve, Curve], Curve],
    *,
    duration_s: float = 1.5,
    vibrato_octaves: float = 0.0,
) -> Clip:
    """Add up partials; ``level_db`` of their order and their frequency in hertz."""
    time_s = np.arange(round(duration_s * RATE)) / RATE
    phase = f0_hz * 2 ** (vibrato_octaves * np.sin(2 * np.pi * 6 * time_s))
    phase = 2 * np.pi * phase.cumsum() / RATE
    order = np.arange(1.0, 1 + int(7000 / f0_hz))
    amplitude = 10 ** (level_db(order, order * f0_hz) / 20)
    samples = (amplitude[:, np.newaxis] * np.sin(order[:, np.newaxis] * phase)).sum(axis=0)
    return Clip(0.5 * samples / np.abs(samples).max(), RATE)


def value(clip: Clip, name: str) -> float:
    return float(FEATURE(clip)[FEATURE.names.index(name)])


def falling(order: Curve, _: Curve) -> Curve:
    return -6 * (order - 1)


@pytest.mark.parametrize("f0_hz", [41.2, 98.0, 220.0, 523.25, 1046.5])
def test_fundamental_is_found_within_a_few_cents(f0_hz: float) -> None:
    found_octaves = value(tone(f0_hz, falling), "f0_octaves_mean")
    assert 1200 * abs(found_octaves - np.log2(f0_hz / 100)) < 10


def test_a_missing_fundamental_is_heard_by_its_partials() -> None:
    clip = tone(200.0, lambda order, _: np.where(order == 1, -200.0, -3 * order))
    power = np.abs(np.fft.rfft(clip.samples[0, :2048] * np.hanning(2048)))[np.newaxis] ** 2
    assert fundamental_hz(power, RATE)[0] == pytest.approx(200, rel=0.02)


def test_partials_have_the_levels_that_they_were_given() -> None:
    clip = tone(200.0, falling)
    levels_db = [value(clip, f"partial{k + 1}_mean_db") for k in range(6)]
    assert np.diff(levels_db) == pytest.approx(-6.0, abs=0.4)
    assert value(clip, f"partial{N_PARTIALS}_mean_db") == pytest.approx(-60, abs=1)  # as deep as is heard


def test_a_hollow_tone_has_odd_partials() -> None:
    hollow = tone(200.0, lambda order, _: np.where(order % 2, -3 * order, -80.0))
    assert value(hollow, "odd_even_db_mean") > 20 > value(tone(200.0, falling), "odd_even_db_mean") + 20


def test_the_envelope_stays_when_the_pitch_moves() -> None:
    def body(at_hz: float) -> Callable[[Curve, Curve], Curve]:
        return lambda _, hz: (
            -12 * np.log2(np.maximum(hz, at_hz) / at_hz) - 8 * np.log2(at_hz / np.minimum(hz, at_hz))
        )

    first = FEATURE.names.index("envelope1_mean")
    low, high, other = (
        FEATURE(clip)[first : first + 8]
        for clip in (tone(150, body(900)), tone(180, body(900)), tone(150, body(2500)))
    )
    assert np.linalg.norm(low - high) < np.linalg.norm(low - other) / 4


def test_vibrato_shows_at_its_rate() -> None:
    still, trembling = tone(300.0, falling), tone(300.0, falling, vibrato_octaves=0.03)
    grown = {
        name: value(trembling, name) - value(still, name)
        for name in FEATURE.names
        if name.startswith("f0_swing")
    }
    assert max(grown, key=lambda name: grown[name]) == "f0_swing_5_8_hz"
    assert value(trembling, "f0_step_std_octaves") > 3 * value(still, "f0_step_std_octaves")


def test_a_plucked_tone_dies_away_as_fast_as_it_does() -> None:
    held = tone(200.0, falling)
    time_s = np.arange(held.n_samples) / RATE
    plucked = Clip(held.samples * 10 ** (-20 * time_s / 20), RATE)  # 20 dB a second
    assert value(plucked, "slope_p50_db_per_0.05_s") == pytest.approx(-1.0, abs=0.1)
    assert value(held, "slope_p50_db_per_0.05_s") == pytest.approx(0.0, abs=0.1)


def test_noise_between_the_partials_is_told_apart_from_them() -> None:
    clean = tone(200.0, lambda order, _: -order)
    hiss = np.random.default_rng(1).normal(size=clean.samples.shape)
    breathy = Clip(clean.samples + 2 * clean.samples.std() * hiss, RATE)
    assert value(clean, "harmonic_db_mean") == pytest.approx(0, abs=0.5)
    assert value(clean, "harmonic_db_band3") == pytest.approx(0, abs=1)
    # At four times the power of the tone, spread over 8 kHz, more of this octave is noise than tone.
    assert value(breathy, "harmonic_db_band3") < -3


def test_the_level_of_the_recording_does_not_count() -> None:
    clip = tone(200.0, falling)
    assert FEATURE(gain(clip, -30)) == pytest.approx(FEATURE(clip), abs=0.02)


@pytest.mark.parametrize("clip", [Clip(np.zeros(8000), RATE), Clip(np.ones(1), RATE), sine(440, 0.05)])
def test_any_sound_has_a_row(clip: Clip) -> None:
    row = FEATURE(clip)
    assert row.shape == (FEATURE.n_values,) == (len(set(FEATURE.names)),)
    assert np.isfinite(row).all()
    assert np.isfinite(TimbreSummary(sample_rate=8000)(Clip(clip.samples, 8000))).all()
