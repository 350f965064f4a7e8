"""Editing, measured: frequencies, levels and lengths are those of theory."""

from __future__ import annotations

import librosa
import numpy as np
import pytest

from woodshed.audio import (
    chirp,
    gain,
    noise,
    normalise,
    resample,
    silence,
    sine,
    trim_silence,
    true_peak_dbtp,
)
from woodshed.audio.edit import RunningResampler, change_speed, find_normalisation, fit_length
from woodshed.clip import Clip
from woodshed.errors import AudioError, ParameterError


def peak_hz(clip: Clip) -> float:
    spectrum = np.abs(np.fft.rfft(clip.samples[0] * np.hanning(clip.n_samples)))
    return float(np.fft.rfftfreq(clip.n_samples, 1 / clip.sample_rate)[spectrum.argmax()])


@pytest.mark.parametrize(("old", "new"), [(8000, 16000), (44100, 16000), (16000, 44100), (48000, 8000)])
def test_resampling_a_sine_gives_the_sine_at_the_new_rate(old: int, new: int) -> None:
    inside = slice(new // 10, -new // 10)  # the ends see the silence beside the clip
    resampled = resample(sine(1000, sample_rate=old), new)
    np.testing.assert_allclose(
        resampled.samples[0, inside], sine(1000, sample_rate=new).samples[0, inside], atol=1e-4
    )


def test_resampling_removes_what_would_alias() -> None:
    kept = resample(sine(6000, sample_rate=16000), 8000)
    level_db = 20 * np.log10(np.sqrt(np.mean(kept.samples[0, 800:-800] ** 2)) / np.sqrt(0.125))
    assert level_db < -100


def test_resampling_equals_librosa_on_a_chirp() -> None:
    clip = chirp(50, 3000, 1.0, sample_rate=22050)
    expected = librosa.resample(clip.samples, orig_sr=22050, target_sr=16000, res_type="soxr_hq")
    np.testing.assert_allclose(resample(clip, 16000).samples, expected, atol=1e-6)


@pytest.mark.parametrize("n_samples", [1, 2, 999, 1001])
@pytest.mark.parametrize("new", [11025, 16000, 44100])
def test_length_is_rounded_and_channels_stay(n_samples: int, new: int) -> None:
    resampled = resample(Clip(np.ones((3, n_samples)), 8000), new)
    assert resampled.samples.shape == (3, round(n_samples * new / 8000))


def test_nothing_left_and_bad_rates_are_refused() -> None:
    with pytest.raises(AudioError, match="none of them left at 8000 Hz"):
        resample(Clip(np.ones(1), 192000), 8000)
    with pytest.raises(ParameterError, match="positive sample_rate in Hz, got 0"):
        resample(silence(), 0)


def test_speed_moves_tempo_and_pitch_together() -> None:
    faster = change_speed(sine(440, 2.0), 1.1)
    assert faster.duration_s == pytest.approx(2.0 / 1.1, abs=1e-4)
    assert peak_hz(faster) == pytest.approx(484, abs=1)


def test_fit_length_keeps_the_middle_or_pads_both_sides() -> None:
    clip = Clip(np.arange(1, 6), 10)
    assert fit_length(clip, 0.3).samples.tolist() == [[2, 3, 4]]
    assert fit_length(clip, 0.8).samples.tolist() == [[0, 1, 2, 3, 4, 5, 0, 0]]
    assert fit_length(clip, 0.5) == clip
    with pytest.raises(ParameterError, match="at least one sample"):
        fit_length(clip, 0.01)


def test_gain_of_6_02_db_doubles() -> None:
    np.testing.assert_allclose(gain(sine(440), 6.0206).samples, 2 * sine(440).samples, rtol=1e-5)


def test_trim_cuts_what_is_softer_than_the_threshold_at_both_ends_only() -> None:
    parts = [noise(level_db=-70, duration_s=0.3), noise(level_db=-20, duration_s=0.2)]
    parts += [silence(0.1), parts[1], parts[0]]
    clip = Clip(np.concatenate([part.samples for part in parts], axis=1), 16000)
    assert trim_silence(clip).duration_s == pytest.approx(0.5, abs=1e-9)
    assert trim_silence(clip, threshold_db=-55).duration_s == pytest.approx(1.1, abs=1e-9)
    assert trim_silence(silence()) == silence()
    with pytest.raises(ParameterError, match="negative threshold_db"):
        trim_silence(clip, threshold_db=40)


def test_resampling_by_an_absurd_ratio_is_refused() -> None:
    """It would take as many times the memory: 3.5 GB for a header of 1 Hz."""
    with pytest.raises(AudioError, match="clip at 1 Hz cannot be resampled to 16000 Hz: the ratio must"):
        resample(Clip(np.ones(4000), 1), 16000)
    with pytest.raises(AudioError, match="at most 1000"):
        RunningResampler(1, 16000, 1, "clip")


@pytest.mark.parametrize("kind", ["peak", "rms", "lufs"])
def test_the_ceiling_of_the_true_peak_lowers_the_gain_and_nothing_else(kind: str) -> None:
    clip = Clip(np.tile([0.5, 0.5, -0.5, -0.5], 4000), 16000)  # a sine, peaks between samples
    free = normalise(clip, to=kind, level_db=-0.5)
    bound = normalise(clip, to=kind, level_db=-0.5, true_peak_db=-1.0)
    assert true_peak_dbtp(bound) == pytest.approx(-1.0, abs=0.01)
    factor = np.abs(bound.samples).max() / np.abs(free.samples).max()
    np.testing.assert_allclose(bound.samples, factor * free.samples, rtol=1e-5)
    shortfall_db = find_normalisation(clip, to=kind, level_db=-0.5, true_peak_db=-1.0).shortfall_db
    assert shortfall_db == pytest.approx(-20 * np.log10(factor), abs=0.01)
    loose = normalise(clip, to=kind, level_db=-30.0, true_peak_db=-1.0)
    assert loose == normalise(clip, to=kind, level_db=-30.0)


def test_a_ceiling_above_full_scale_is_refused() -> None:
    with pytest.raises(ParameterError, match=r"true_peak_db from -200 to 0, got 1\.0"):
        normalise(sine(440), true_peak_db=1.0)


@pytest.mark.parametrize("factor", [0.0, -1.0, 1e-9, 1e9, np.inf, np.nan])
def test_an_absurd_speed_is_refused(factor: float) -> None:
    """The resampler does not end for an infinite one."""
    with pytest.raises(ParameterError, match=r"a factor from 0\.001 to 1000, got"):
        change_speed(Clip(np.ones(40), 8000), factor)


@pytest.mark.parametrize("sample_rate", [np.nan, np.inf, 0, -1, 8000.5, "8000", None, True])
def test_a_rate_that_is_no_number_of_hertz_is_refused(sample_rate) -> None:
    with pytest.raises(ParameterError, match="Clip expects a whole, positive sample_rate"):
        Clip(np.ones(40), sample_rate)
    with pytest.raises(ParameterError, match="resample expects a whole, positive sample_rate"):
        resample(Clip(np.ones(40), 8000), sample_rate)


@pytest.mark.parametrize("gain_db", [np.nan, np.inf, 1e5])
def test_an_absurd_gain_is_refused(gain_db: float) -> None:
    with pytest.raises(ParameterError, match="gain expects a gain_db of at most 1000, got"):
        gain(Clip(np.ones(40), 8000), gain_db)
    assert not gain(Clip(np.ones(40), 8000), -np.inf).samples.any()
