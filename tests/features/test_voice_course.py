"""What a voice does from frame to frame, and the statistics of its course."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import lfilter

from woodshed.audio import chirp, gain, noise, sine
from woodshed.clip import Clip
from woodshed.features.voice import VoiceSummary, periodicity
from woodshed.features.voice_course import VoiceCourse, formant_track, pitch_track

FEATURE = VoiceCourse()
RATE = 16000


def value(clip: Clip, name: str) -> float:
    return float(FEATURE(clip)[FEATURE.names.index(name)])


def vowel(f0_hz: float, formants_hz: tuple[float, ...], duration_s: float = 1.0) -> Clip:
    """Pulses through resonances 80 Hz wide: what a voice is made of, of known pitch and formants."""
    cycles = np.floor(np.arange(round(duration_s * RATE)) * f0_hz / RATE)
    pulses = np.diff(cycles, prepend=-1.0)
    radius = np.exp(-np.pi * 80 / RATE)
    for formant_hz in formants_hz:
        pulses = lfilter([1.0], [1, -2 * radius * np.cos(2 * np.pi * formant_hz / RATE), radius**2], pulses)
    return Clip((0.5 * pulses / np.abs(pulses).max()).astype(np.float32), RATE)


@pytest.mark.parametrize("f0_hz", [80.0, 123.4, 210.0, 390.0])
def test_the_pitch_of_a_voice_is_found_to_a_twentieth_of_a_semitone(f0_hz: float) -> None:
    found_hz, repeats = pitch_track(*periodicity(vowel(f0_hz, (600, 1700)).mono(), RATE, 160), RATE)
    inside = slice(10, -10)
    assert np.abs(12 * np.log2(found_hz[inside] / f0_hz)).max() < 0.05
    assert repeats[inside].min() > 0.8


def test_the_path_leaps_no_octave_where_a_frame_by_itself_would() -> None:
    """For 30 ms every second pulse is half as strong: two periods repeat better, but no voice leaps so."""
    samples = vowel(200, (600, 1700)).mono().copy()
    period = RATE // 200
    for pulse in (100, 102, 104):
        samples[pulse * period : (pulse + 1) * period] *= 0.5
    found_hz, _ = pitch_track(*periodicity(samples, RATE, 160), RATE)
    assert np.abs(12 * np.log2(found_hz[10:-10] / 200)).max() < 1
    by_itself = VoiceSummary().analyse(samples).strongest_pitch(RATE)[0]  # in semitones above 55 Hz
    assert np.ptp(by_itself[10:-10]) == pytest.approx(12, abs=0.5)


def test_formants_are_where_the_resonances_are_whatever_the_pitch() -> None:
    for f0_hz in (90, 130):
        found_hz, _, _ = formant_track(vowel(f0_hz, (700, 1200, 2500)).mono(), RATE, 160)
        assert np.median(found_hz, axis=0) == pytest.approx([700, 1200, 2500], abs=70)


def test_noise_predicts_itself_worse_than_a_vowel() -> None:
    residual = [
        np.median(formant_track(clip.mono(), RATE, 160)[2])
        for clip in (noise("white"), vowel(120, (600, 1700)))
    ]
    assert residual[0] > 3 * residual[1]


def test_trend_and_share_of_rising_frames_say_where_the_melody_goes() -> None:
    up, down = chirp(120, 240, 1.5), chirp(240, 120, 1.5)
    name = "pitch_semitones_trend_smooth_voiced"
    assert value(up, name) == pytest.approx(6, abs=0.3)
    assert value(down, name) == pytest.approx(-6, abs=0.3)
    assert value(up, "pitch_semitones_rising_share_smooth_voiced") > 0.95
    assert value(up, "pitch_semitones_third3") == pytest.approx(
        4, abs=0.3
    )  # its mean lies at 5/6 of the octave


def test_a_swing_returns_after_its_period_and_not_after_half_of_it() -> None:
    time_s = np.arange(2 * RATE) / RATE
    loud = Clip(0.4 * noise("pink", 2.0).samples * 10 ** (0.5 * np.sin(2 * np.pi * time_s / 0.3)), RATE)
    assert value(loud, "level_db_again_after_30_smooth_speech") > 0.7  # 30 frames of 10 ms: its period
    assert value(loud, "level_db_again_after_15_smooth_speech") < -0.7


def test_the_level_of_the_recording_does_not_count() -> None:
    clip = Clip(chirp(120, 180).samples + 0.1 * noise("pink", seed=1).samples, RATE)
    row, softer = FEATURE(clip), FEATURE(gain(clip, -20))
    assert np.mean(np.abs(softer - row) < 0.02 + 0.01 * np.abs(row)) > 0.99  # rounding moves a peak or two


@pytest.mark.parametrize(
    "clip", [Clip(np.zeros(8000), RATE), Clip(np.zeros(1), RATE), Clip(np.ones(1), RATE), sine(440, 0.05)]
)
def test_any_sound_has_a_row(clip: Clip) -> None:
    row = FEATURE(clip)
    assert row.shape == (FEATURE.n_values,)
    assert np.isfinite(row).all()


@pytest.mark.parametrize("sample_rate", [4000, 8000, 22050])
def test_any_rate_will_do(sample_rate: int) -> None:
    row = VoiceCourse(sample_rate=sample_rate)(sine(200, 1.0, sample_rate=sample_rate))
    assert np.isfinite(row).all()
    assert row[FEATURE.names.index("pitch_semitones_p50_smooth_voiced")] == pytest.approx(22.35, abs=0.5)


def test_every_value_has_a_name_of_its_own() -> None:
    assert len(set(FEATURE.names)) == FEATURE.n_values
