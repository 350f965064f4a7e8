"""Onsets, beats and tempo, against clicks and drum loops whose times are known."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from woodshed.audio import clicks, read, silence, sine, write
from woodshed.clip import Clip
from woodshed.features import (
    OnsetStrength,
    Tempogram,
    beat_times_of_file,
    beat_times_s,
    onset_times_of_file,
    onset_times_s,
    tempo_bpm,
    tempo_of_beats,
)

CLOSE_S = 0.07


def furthest(found_s: np.ndarray, true_s: np.ndarray) -> float:
    """Return how far the worst of the found times is from the nearest true one."""
    return float(np.abs(found_s[:, np.newaxis] - true_s).min(axis=1).max())


def drum_loop(folder: Path, bpm: float, duration_s: float = 15.0) -> tuple[Clip, np.ndarray]:
    """Play kick, hat and snare at known times; return the clip and the times of the beats."""
    with open(folder / "drum_oneshots" / "oneshots.csv", encoding="utf-8") as file:
        kinds = {row["kind"]: folder / "drum_oneshots" / row["path"] for row in csv.DictReader(file)}
    sounds = {
        kind: read(kinds[kind], sample_rate=22050, mono=True).mono() for kind in ("kick", "snare", "cymbal")
    }
    beats_s = np.arange(0.35, duration_s, 60 / bpm)
    samples = np.zeros(round(duration_s * 22050) + 5 * 22050)
    for k, beat_s in enumerate(beats_s):
        for kind, time_s, gain in (
            ("snare" if k % 2 else "kick", beat_s, 1.0),
            ("cymbal", beat_s, 0.3),
            ("cymbal", beat_s + 30 / bpm, 0.2),
        ):
            start = round(time_s * 22050)
            samples[start : start + len(sounds[kind])] += gain * sounds[kind][: len(samples) - start]
    return Clip(samples[: round(duration_s * 22050)] / np.abs(samples).max(), 22050), beats_s


@pytest.mark.parametrize("sample_rate", [8000, 16000, 44100])
@pytest.mark.parametrize("interval_s", [0.2, 0.37, 0.9])
def test_clicks_are_onsets(sample_rate, interval_s) -> None:
    found_s = onset_times_s(clicks(interval_s, 5.0, sample_rate=sample_rate))
    true_s = np.arange(interval_s, 5.0, interval_s)
    true_s = true_s[true_s < 4.95]
    assert abs(len(found_s) - len(true_s)) <= 1
    assert furthest(found_s, true_s) < 0.02


def test_a_tone_that_sets_in_is_one_onset() -> None:
    clip = Clip(np.r_[np.zeros(8000), sine(440).mono(), np.zeros(8000)], 16000)
    found_s = onset_times_s(clip)
    assert abs(found_s[0] - 0.5) < 0.03
    assert len(found_s) <= 2, "the abrupt end may click"


def test_nothing_begins_in_silence() -> None:
    assert onset_times_s(silence()).size == beat_times_s(silence()).size == 0
    assert onset_times_s(silence(1 / 16000)).size == beat_times_s(silence(1 / 16000)).size == 0
    assert tempo_bpm(silence()) == 0.0


@pytest.mark.parametrize("bpm", [60, 83, 100, 110, 120, 128, 140, 160])
def test_beats_are_on_the_clicks_and_their_tempo_is_right(bpm) -> None:
    clip = clicks(60 / bpm, 15.0)
    found_s = beat_times_s(clip)
    true_s = np.arange(0, 15.0, 60 / bpm)
    assert furthest(found_s, true_s) < CLOSE_S
    assert len(found_s) >= 0.85 * len(true_s)
    assert tempo_bpm(clip) == pytest.approx(bpm, rel=0.01)


@pytest.mark.data
@pytest.mark.parametrize("bpm", [90, 105, 120, 135])
def test_beats_of_a_drum_loop_are_where_they_were_played(shared_data, bpm) -> None:
    clip, true_s = drum_loop(shared_data, bpm)
    found_s = beat_times_s(clip)
    assert furthest(found_s, true_s) < CLOSE_S
    assert furthest(true_s[1:-1], found_s) < CLOSE_S
    assert tempo_bpm(clip) == pytest.approx(bpm, rel=0.01)
    assert furthest(true_s, onset_times_s(clip)) < CLOSE_S


@pytest.mark.data
def test_onsets_of_trumpet_phrases_are_the_notes(shared_data) -> None:
    with open(shared_data / "solo_phrases" / "notes.csv", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["path"] == "audio/trumpet/trumpet_0300.flac"]
    true_s = np.array([float(row["onset_s"]) for row in rows])
    found_s = onset_times_s(read(shared_data / "solo_phrases" / "audio" / "trumpet" / "trumpet_0300.flac"))
    near = np.abs(found_s[:, np.newaxis] - true_s) < CLOSE_S
    assert near.any(axis=0).mean() > 0.9, "nearly every note is found"
    assert near.any(axis=1).mean() > 0.8, "and little else"


def test_a_file_gives_what_its_clip_gives(tmp_path) -> None:
    clip = clicks(0.5, 40.0, sample_rate=16000)
    path = tmp_path / "clicks.flac"
    write(clip, path)
    assert np.allclose(onset_times_of_file(path), onset_times_s(clip), atol=0.01)
    assert np.allclose(beat_times_of_file(path), beat_times_s(clip), atol=0.01)


def test_tempo_is_the_slope_through_the_beats() -> None:
    jitter = np.random.default_rng(0).uniform(-0.01, 0.01, 40)
    assert tempo_of_beats(3 + 0.4 * np.arange(40) + jitter) == pytest.approx(150, rel=0.002)
    assert tempo_of_beats([0.0, 0.5, 1.0]) == 0.0


def test_strength_is_at_the_onset_and_nothing_elsewhere() -> None:
    clip = Clip(np.r_[np.zeros(22050), sine(440, sample_rate=22050).mono()], 22050)
    strength = OnsetStrength()(clip)[:, 0]
    assert abs(int(strength.argmax()) - 43) <= 2, "1 s is frame 43"
    assert strength[:38].max() == 0
    assert strength[50:70].max() < 0.05 * strength.max()


def test_a_cut_at_the_loudest_moment_can_be_left_out() -> None:
    rng = np.random.default_rng(0)
    quiet, loud = 1e-5 * rng.standard_normal(22050), rng.standard_normal(22050)
    clip = Clip(np.r_[quiet, loud], 22050)
    assert OnsetStrength(top_db=40.0)(clip)[:38].max() == 0
    assert OnsetStrength(top_db=None)(clip)[5:38].min() > 0


@pytest.mark.parametrize("interval_s", [0.4, 0.6])
def test_tempogram_has_a_peak_at_the_interval_of_the_clicks(interval_s) -> None:
    feature = Tempogram()
    lags = feature(clicks(interval_s, 15.0, sample_rate=22050))[300]
    peak = 8 + lags[8:40].argmax()
    assert abs(peak / feature.frame_rate_hz - interval_s) < 0.03
    assert lags[0] == pytest.approx(1.0)
    assert float(feature.names[peak].split("_")[1]) == pytest.approx(interval_s, abs=0.03)
