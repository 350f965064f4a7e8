"""Loudness and true peak: the signals of EBU Tech 3341 with the answers that it prints."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable

import numpy as np
import pytest
import scipy.signal

from woodshed.audio import gain, noise, resample, silence, sine
from woodshed.audio.edit import fade
from woodshed.audio.loudness import (
    PUBLISHED_SECTIONS,
    KWeighting,
    LoudnessMeter,
    TruePeakMeter,
    loudness_lufs,
    true_peak_dbtp,
)
from woodshed.clip import Clip
from woodshed.errors import AudioError, ParameterError

RATES = [8000, 11025, 16000, 22050, 44100, 48000, 96000, 192000]


def tones(*steps: tuple[float, float], levels_db: tuple[float, ...] = (0.0, 0.0)) -> Clip:
    """Return sines of 1000 Hz at 48 kHz, one after the other, of ``(duration_s, level_db)``."""
    parts = [sine(1000, s, sample_rate=48000, amplitude=10 ** (db / 20)).samples[0] for s, db in steps]
    row = np.concatenate(parts)
    return Clip(np.stack([row * 10 ** (db / 20) for db in levels_db]), 48000)


def in_blocks(clip: Clip, size: int) -> list[Clip]:
    return [Clip(clip.samples[:, k : k + size], clip.sample_rate) for k in range(0, clip.n_samples, size)]


TECH_3341 = {
    1: (tones, [(20, -23)], -23.0),
    2: (tones, [(20, -33)], -33.0),
    3: (tones, [(10, -36), (60, -23), (10, -36)], -23.0),
    4: (tones, [(10, -72), (10, -36), (60, -23), (10, -36), (10, -72)], -23.0),
    5: (tones, [(20, -26), (20.1, -20), (20, -26)], -23.0),
}


@pytest.mark.parametrize("case", TECH_3341)
def test_the_cases_of_tech_3341(case: int) -> None:
    make, steps, expected_lufs = TECH_3341[case]
    assert loudness_lufs(make(*steps)) == pytest.approx(expected_lufs, abs=0.05)


@pytest.mark.parametrize(
    ("steps", "expected_lufs"),
    [
        # 12 dB below the louder half is less than 10 below the mean of both, so it counts; 14 dB is not.
        ([(10, -20), (10, -32)], -20 + 10 * np.log10((1 + 10**-1.2) / 2)),
        ([(10, -20), (10, -34)], -20.0),
        # Every block of 400 ms holds one tone of 100 ms, so none is silent enough to be left out.
        ([(0.1, -20), (0.3, -200)] * 20, -20 + 10 * np.log10(1 / 4)),
        # One tone of 400 ms: the blocks, 100 ms apart, hold 2, 3, 4, 3, 2, 1 and 0 quarters of it.
        ([(0.2, -200), (0.4, -20), (0.6, -200)], -20 + 10 * np.log10(15 / 24)),
    ],
)
def test_gates_and_blocks_are_those_of_the_recommendation(
    steps: list[tuple[float, float]], expected_lufs: float
) -> None:
    assert loudness_lufs(tones(*steps)) == pytest.approx(expected_lufs, abs=0.1)


def test_surround_channels_weigh_more_and_bass_nothing() -> None:
    """Case 6 of the same document, and the same with a bass channel as fourth."""
    five = tones((5, 0), levels_db=(-28, -28, -24, -30, -30))
    assert loudness_lufs(five) == pytest.approx(-23.0, abs=0.05)
    six = Clip(np.insert(five.samples, 3, five.samples[2], axis=0), 48000)
    assert loudness_lufs(six) == loudness_lufs(five)
    assert loudness_lufs(five, channel_weights=(0, 0, 0, 0, 1)) == pytest.approx(-33.0, abs=0.05)
    assert loudness_lufs(Clip(five.samples[[0, 1, 2]], 48000)) < loudness_lufs(five) - 1


@pytest.mark.parametrize("rate", RATES)
def test_a_full_scale_sine_has_minus_3_01_at_every_rate(rate: int) -> None:
    tone = sine(997, 2.0, sample_rate=rate, amplitude=1.0)
    assert loudness_lufs(tone) == pytest.approx(-3.01, abs=0.01)
    eight = Clip(np.tile(tone.samples, (8, 1)), rate)
    assert loudness_lufs(eight) == pytest.approx(-3.01 + 10 * np.log10(8), abs=0.01)


@pytest.mark.parametrize(
    ("rate", "tolerance_db"), [(8000, 0.45), (16000, 0.11), (44100, 0.01), (192000, 0.02)]
)
def test_weighting_is_published_at_48_khz_and_close_to_it_elsewhere(rate: int, tolerance_db: float) -> None:
    np.testing.assert_allclose(KWeighting().sections(48000), PUBLISHED_SECTIONS, atol=1e-9)
    frequency_hz = np.geomspace(20, min(10000, 0.49 * rate), 200)
    published = scipy.signal.sosfreqz(PUBLISHED_SECTIONS, frequency_hz, fs=48000)[1]
    ours = scipy.signal.sosfreqz(KWeighting().sections(rate), frequency_hz, fs=rate)[1]
    assert np.abs(20 * np.log10(np.abs(ours / published))).max() < tolerance_db


@pytest.mark.parametrize("rate", [8000, 16000, 44100])
def test_the_same_noise_is_as_loud_at_another_rate(rate: int) -> None:
    low = resample(noise("pink", 3.0, sample_rate=rate), 48000)  # nothing above half of the lower rate
    assert loudness_lufs(resample(low, rate)) == pytest.approx(loudness_lufs(low), abs=0.2)


@pytest.mark.parametrize("size", [1, 331, 4800, 5000])
def test_the_answer_does_not_depend_on_the_blocks(size: int) -> None:
    clip = fade(noise("pink", 0.7, sample_rate=8000), in_s=0.3)
    clip = Clip(np.concatenate([clip.samples, clip.samples[:, ::-1]]), 8000)
    loudness, peak = LoudnessMeter(8000, 2), TruePeakMeter(8000, 2)
    for block in in_blocks(clip, size):
        loudness.add(block)
        peak.add(block)
    assert loudness.loudness_lufs() == pytest.approx(loudness_lufs(clip), abs=1e-9)
    assert peak.true_peak_dbtp() == true_peak_dbtp(clip)


def test_a_meter_may_be_read_in_between() -> None:
    whole = tones((2, -40), (2, -23))
    meter = LoudnessMeter(48000, 2)
    meter.add(whole.cut(0, 2))
    assert meter.loudness_lufs() == pytest.approx(-40, abs=0.05)
    meter.add(whole.cut(2))
    assert meter.loudness_lufs() == pytest.approx(loudness_lufs(whole), abs=1e-9)


def test_long_sounds_take_little_memory() -> None:
    meter, peak = LoudnessMeter(8000, 1), TruePeakMeter(8000, 1)
    block = noise(duration_s=1.0, sample_rate=8000)
    meter.add(block)
    tracemalloc.start()
    for _ in range(300):
        meter.add(block)
        peak.add(block)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 1e6  # all of it would be 9.6e6


def test_silence_and_what_is_below_the_gate_have_no_loudness() -> None:
    assert loudness_lufs(silence()) == -np.inf
    assert loudness_lufs(Clip(np.zeros(1), 8000)) == -np.inf
    assert loudness_lufs(tones((1, -70.1))) == -np.inf
    assert loudness_lufs(tones((1, -69.5))) == pytest.approx(-69.5, abs=0.05)


def test_a_short_sound_is_one_block_and_a_block_that_is_not_full_is_left_out() -> None:
    short = sine(1000, 0.2, sample_rate=48000, amplitude=1.0)
    assert loudness_lufs(short) == pytest.approx(-3.01, abs=0.1)
    assert np.isfinite(loudness_lufs(Clip(np.ones(1), 48000)))
    assert loudness_lufs(tones((1, -30), (0.09, -10))) == pytest.approx(
        loudness_lufs(tones((1, -30))), abs=1e-9
    )


@pytest.mark.parametrize(
    ("parts", "degrees", "amplitude", "expected_dbtp"),
    [(4, 0, 0.5, -6.0), (4, 45, 0.5, -6.0), (6, 60, 0.5, -6.0), (8, 67.5, 0.5, -6.0), (4, 45, 1.41, 3.0)],
)
@pytest.mark.parametrize("rate", [8000, 48000, 192000])
def test_true_peaks_of_tech_3341(
    parts: int, degrees: float, amplitude: float, expected_dbtp: float, rate: int
) -> None:
    """Cases 15 to 19: a sine at a part of the rate, faded for 10 ms; allowed are +0.2 and -0.4 dB."""
    phase = 2 * np.pi * np.arange(rate) / parts + np.deg2rad(degrees)
    clip = fade(Clip(amplitude * np.sin(phase), rate), in_s=0.01, out_s=0.01)
    assert true_peak_dbtp(clip) == pytest.approx(expected_dbtp, abs=0.05)


def test_between_its_samples_a_sine_is_3_01_db_higher() -> None:
    clip = fade(Clip(np.tile([0.5, 0.5, -0.5, -0.5], 3000), 48000), in_s=0.05, out_s=0.05)
    sample_peak_db = 20 * np.log10(np.abs(clip.samples).max())
    assert true_peak_dbtp(clip) - sample_peak_db == pytest.approx(3.01, abs=0.02)
    quiet_first = Clip(np.stack([0.1 * clip.samples[0], clip.samples[0]]), 48000)
    assert true_peak_dbtp(quiet_first) == pytest.approx(true_peak_dbtp(clip), abs=1e-6)


@pytest.mark.parametrize("place", [0, 500, 999])
def test_a_single_sample_is_found_wherever_it_is(place: int) -> None:
    assert true_peak_dbtp(Clip(-np.eye(1, 1000, place), 48000)) == pytest.approx(0, abs=0.01)


def test_true_peak_is_found_in_the_last_samples_too() -> None:
    """The interpolator is late: what it still holds at the end must be asked for."""
    tone = np.tile([0.5, 0.5, -0.5, -0.5], 500)
    assert true_peak_dbtp(Clip(np.r_[np.zeros(500), tone[:20]], 48000)) > -4


def test_silence_has_no_peak() -> None:
    assert true_peak_dbtp(silence()) == -np.inf


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (
            lambda: loudness_lufs(sine(100, sample_rate=2000)),
            AudioError,
            r"4000 Hz or more, got 2000 Hz. Resam",
        ),
        (lambda: loudness_lufs(sine(440), channel_weights=(1, 1)), ParameterError, "for each of 1 channels"),
        (lambda: loudness_lufs(sine(440), channel_weights=(-1,)), ParameterError, "0 or more"),
        (
            lambda: LoudnessMeter(8000, 1).add(sine(440)),
            AudioError,
            "1 channels at 16000 Hz, expected 1 at 8000",
        ),
        (lambda: TruePeakMeter(16000, 2).add(sine(440)), AudioError, "expected 2 at 16000"),
    ],
)
def test_what_cannot_be_measured_names_the_cure(
    make: Callable[[], object], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        make()


def test_a_true_peak_meter_answers_once() -> None:
    meter = TruePeakMeter(16000, 1)
    meter.add(sine(440))
    assert meter.true_peak_dbtp() == meter.true_peak_dbtp()
    with pytest.raises(ParameterError, match="Create a new TruePeakMeter"):
        meter.add(sine(440))


def test_6_db_more_is_6_lu_more() -> None:
    clip = noise("pink", 2.0, level_db=-30)
    for more_db in range(-12, 13, 6):
        assert loudness_lufs(gain(clip, more_db)) == pytest.approx(loudness_lufs(clip) + more_db, abs=1e-4)
