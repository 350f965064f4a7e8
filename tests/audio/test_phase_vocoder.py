"""Tempo without pitch and pitch without tempo: frequencies, places and levels are those of theory."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import scipy.signal

from woodshed.audio import chirp, clicks, noise, read, silence, sine
from woodshed.audio.edit import change_speed
from woodshed.audio.phase_vocoder import pitch_shift, time_stretch
from woodshed.clip import Clip
from woodshed.data.sample import sample_folder
from woodshed.errors import ParameterError

FACTORS = [0.5, 0.7, 0.9, 1.1, 1.5, 2.0]


def peak_hz(clip: Clip) -> float:
    n_fft = 2**20  # zeros between bins, so that the peak is read to 0.02 Hz
    spectrum = np.abs(np.fft.rfft(clip.samples[0] * np.hanning(clip.n_samples), n_fft))
    return float(spectrum.argmax() * clip.sample_rate / n_fft)


def level_db(samples: np.ndarray) -> float:
    return float(10 * np.log10(np.mean(np.square(samples, dtype=np.float64))))


def largest_step(clip: Clip) -> float:
    return float(np.abs(np.diff(clip.samples[0])).max())


@pytest.mark.parametrize("factor", FACTORS)
def test_a_stretched_tone_keeps_frequency_level_and_smoothness(factor: float) -> None:
    tone = sine(440, 2.0)
    stretched = time_stretch(tone, factor)
    assert stretched.n_samples == round(tone.n_samples / factor)
    assert peak_hz(stretched) == pytest.approx(440, abs=1)
    every_50_ms = stretched.samples[0, 1600:-1600]
    every_50_ms = every_50_ms[: len(every_50_ms) // 800 * 800].reshape(-1, 800)
    for part in every_50_ms:  # no dips where frames meet
        assert level_db(part) == pytest.approx(level_db(tone.samples), abs=0.3)
    assert largest_step(stretched) < 1.1 * largest_step(tone)


@pytest.mark.parametrize("semitones", [-12.0, -5.0, 0.5, 7.0, 12.0])
def test_pitch_moves_by_semitones_and_nothing_else_does(semitones: float) -> None:
    tone = sine(440, 2.0)
    moved = pitch_shift(tone, semitones)
    assert moved.n_samples == tone.n_samples
    expected_hz = 440 * 2 ** (semitones / 12)
    assert peak_hz(moved) == pytest.approx(expected_hz, abs=1)
    assert level_db(moved.samples) == pytest.approx(level_db(tone.samples), abs=0.2)
    inside = moved.cut(0.01, 1.99)  # the ends see the silence beside the clip
    assert largest_step(inside) < 1.1 * 0.5 * 2 * np.pi * expected_hz / 16000


@pytest.mark.parametrize("factor", FACTORS)
def test_clicks_stay_sharp_and_fall_in_time(factor: float) -> None:
    train = clicks(0.25, 3.0)
    stretched = time_stretch(train, factor).samples[0]
    places = np.flatnonzero(np.abs(stretched) > 0.5)
    expected = np.flatnonzero(train.samples[0]) / factor
    assert len(places) == len(expected) == 12
    np.testing.assert_allclose(places, expected, atol=1.5)
    # Not smeared: nearly all the energy is in those twelve samples.
    assert np.sum(stretched[places] ** 2) > 0.95 * np.sum(stretched**2)


@pytest.mark.parametrize("factor", [0.7, 1.3])
def test_a_tone_under_clicks_does_not_dip(factor: float) -> None:
    mix = Clip(0.6 * sine(440, 3.0).samples + 0.4 * clicks(0.5, 3.0).samples, 16000)
    stretched = time_stretch(mix, factor).samples[0]
    band = scipy.signal.butter(4, [400, 480], "bandpass", fs=16000, output="sos")
    envelope = np.abs(scipy.signal.hilbert(scipy.signal.sosfiltfilt(band, stretched)))[2000:-2000]
    np.testing.assert_allclose(envelope, 0.3, rtol=0.05)
    assert np.sum(np.abs(np.diff(stretched)) > 0.3) >= 10  # and the clicks are there


def test_a_glide_goes_through_the_same_pitches() -> None:
    stretched = time_stretch(chirp(200, 3200, 2.0), 0.5)
    for time_s in (0.5, 1.5, 2.5, 3.5):  # an octave a second
        part = stretched.cut(time_s - 0.05, time_s + 0.05)
        assert peak_hz(part) == pytest.approx(200 * 2**time_s, rel=0.02)


@pytest.mark.parametrize("change", [lambda clip: time_stretch(clip, 1.3), lambda clip: pitch_shift(clip, -4)])
def test_the_stereo_image_stays(change: object) -> None:
    voice = read(sample_folder() / "recordings" / "7_theo_0.flac").samples[0]
    same = change(Clip(np.stack([voice, voice]), 8000)).samples
    np.testing.assert_array_equal(same[0], same[1])
    # Anti-phase: a mono mix would be silent, so it cannot be what the phases are taken from.
    opposite = change(Clip(np.stack([voice, -voice]), 8000)).samples
    np.testing.assert_allclose(opposite[0], -opposite[1], atol=1e-6)
    np.testing.assert_allclose(opposite[0], same[0], atol=1e-4)
    softer = change(Clip(np.stack([voice, 0.5 * voice]), 8000)).samples
    np.testing.assert_allclose(softer[1], 0.5 * softer[0], atol=1e-6)


def test_different_channels_keep_their_distance_in_phase() -> None:
    time_s = np.arange(32000) / 16000
    turned = Clip(np.sin(2 * np.pi * 440 * time_s + np.array([[0.0], [np.pi / 2]])), 16000)
    left, right = time_stretch(turned, 0.8).samples[:, 4000:-4000]
    # A quarter of a period apart everywhere: the squares add up to 1.
    np.testing.assert_allclose(left**2 + right**2, 1, atol=0.01)


def test_noise_keeps_its_level_to_two_and_a_half_db() -> None:
    hiss = noise(duration_s=4.0)
    for factor in FACTORS:
        assert level_db(time_stretch(hiss, factor).samples) == pytest.approx(-20, abs=2.5)


def test_silence_short_clips_and_many_channels() -> None:
    assert time_stretch(silence(0.5), 0.8) == silence(0.625)
    tone = sine(440)
    assert time_stretch(tone, 1.0) is tone
    assert pitch_shift(tone, 0.0) is tone
    for n_samples in (1, 2, 3, 100, 1000):
        short = Clip(np.ones((8, n_samples)), 192000)
        for factor in (1 / 16, 0.3, 1.0001, 3.0, 16.0):
            assert time_stretch(short, factor).samples.shape == (8, max(1, round(n_samples / factor)))
            assert pitch_shift(short, 12 * math.log2(factor)).samples.shape == (8, n_samples)


@pytest.mark.parametrize("bad", [0.0, -1.0, math.nan, math.inf, 1e-9])
def test_factors_out_of_range_are_refused(bad: float) -> None:
    with pytest.raises(ParameterError, match="time_stretch expects a factor from 1/16 to 16"):
        time_stretch(sine(440), bad)
    if abs(bad) > 1 or math.isnan(bad):
        with pytest.raises(ParameterError, match="pitch_shift expects semitones from -48 to 48"):
            pitch_shift(sine(440), 49 * bad)


def test_it_is_not_a_tape() -> None:
    tone = sine(440, 2.0)
    assert peak_hz(change_speed(tone, 1.5)) == pytest.approx(660, abs=1)
    assert peak_hz(time_stretch(tone, 1.5)) == pytest.approx(440, abs=1)


@pytest.mark.data
def test_real_sounds_keep_their_level(shared_data: Path) -> None:
    for path in sorted((shared_data / "solo_phrases").rglob("*.flac"))[::40][:3]:
        clip = read(path, end_s=4.0)
        for factor in (0.7, 1.4):
            assert level_db(time_stretch(clip, factor).samples) == pytest.approx(
                level_db(clip.samples), abs=1
            )
