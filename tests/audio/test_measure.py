"""Measuring: sounds whose level, offset, clipping and silence are known."""

from __future__ import annotations

import itertools
import json
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile

from woodshed.audio import info, noise, read, silence, sine, write
from woodshed.audio.loudness import loudness_lufs, true_peak_dbtp
from woodshed.audio.measure import measure, measure_file
from woodshed.clip import Clip
from woodshed.errors import AudioFileError

FULL_SCALE = 1 - 2**-15


def clipped_by_hand(clip: Clip) -> tuple[int, int]:
    """Count samples and runs the slow and obvious way."""
    runs = [
        len(list(run))
        for channel in clip.samples
        for side, run in itertools.groupby(np.sign(channel) * (np.abs(channel) >= FULL_SCALE))
        if side
    ]
    return sum(n for n in runs if n >= 3), sum(n >= 3 for n in runs)


def test_a_sine_has_the_levels_of_theory() -> None:
    measured = measure(sine(1000, 2.0, amplitude=0.5))
    assert (measured.sample_rate, measured.n_channels, measured.duration_s) == (16000, 1, 2.0)
    assert measured.peak_dbfs == pytest.approx(-6.0206, abs=1e-3)
    assert measured.rms_dbfs == pytest.approx(-9.0309, abs=1e-3)
    assert measured.loudness_lufs == pytest.approx(-9.03, abs=0.03)
    assert measured.true_peak_dbtp == pytest.approx(-6.02, abs=0.2)
    assert (measured.n_clipped, measured.silence_share, measured.codec, measured.bits) == (0, 0.0, "", None)
    assert measured.dc_offset == pytest.approx(0, abs=1e-6)


def test_several_channels_count_together() -> None:
    clip = Clip(np.stack([np.full(8000, 0.1), np.full(8000, -0.3)]), 8000)
    measured = measure(clip)
    assert measured.rms_dbfs == pytest.approx(10 * np.log10((0.01 + 0.09) / 2), abs=1e-4)
    assert measured.dc_offset == pytest.approx(-0.3, abs=1e-6)
    assert measured.peak_dbfs == pytest.approx(20 * np.log10(0.3), abs=1e-4)


def test_clipped_runs_are_counted_and_single_peaks_are_not() -> None:
    clip = Clip(np.clip(noise(duration_s=0.5, level_db=2.0, seed=4).samples, -1, 1).reshape(2, -1), 16000)
    n_clipped, n_runs = clipped_by_hand(clip)
    assert n_runs > 20
    measured = measure(clip)
    assert (measured.n_clipped, measured.n_clipped_runs) == (n_clipped, n_runs)


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        ([0, 1, 1, 0, -1, -1, 0], (0, 0)),
        ([0, 1, 1, 1, 0], (3, 1)),
        ([-1, -1, -1, -1], (4, 1)),
        ([1, 1, 1, -1, -1, -1], (6, 2)),
        ([1, -1] * 8, (0, 0)),
        ([0.999] * 8, (0, 0)),
        ([FULL_SCALE] * 8, (8, 1)),
        ([1.5] * 8, (8, 1)),
    ],
)
def test_three_at_full_scale_on_one_side_are_clipped(samples: list[float], expected: tuple[int, int]) -> None:
    measured = measure(Clip(np.array(samples), 8000))
    assert (measured.n_clipped, measured.n_clipped_runs) == expected


def test_silence_share_is_a_share_of_the_time() -> None:
    parts = [sine(1000, 0.6), silence(1.2), noise(duration_s=0.2, level_db=-62.0)]
    clip = Clip(np.concatenate([part.samples for part in parts], axis=1), 16000)
    assert measure(clip).silence_share == pytest.approx(0.7, abs=0.001)
    assert measure(Clip(np.r_[np.ones(160), np.zeros(260)], 8000)).silence_share == pytest.approx(260 / 420)
    assert measure(Clip(np.full(8000, 0.00101), 8000)).silence_share == 0
    assert measure(Clip(np.full(8000, 0.00099), 8000)).silence_share == 1


def test_digital_silence_has_no_level_and_is_valid_json() -> None:
    measured = measure(silence())
    levels = (measured.peak_dbfs, measured.rms_dbfs, measured.loudness_lufs, measured.true_peak_dbtp)
    assert levels == (-np.inf,) * 4
    values = json.loads(json.dumps(measured.to_dict(), allow_nan=False))
    assert (values["rms_dbfs"], values["silence_share"], values["sample_rate"]) == (None, 1.0, 16000)


@pytest.mark.parametrize(("n_channels", "n_samples", "rate"), [(1, 1, 8000), (8, 3, 192000), (8, 5000, 8000)])
def test_any_shape_of_clip_is_measured(n_channels: int, n_samples: int, rate: int) -> None:
    measured = measure(Clip(np.random.default_rng(0).normal(0, 0.1, (n_channels, n_samples)), rate))
    assert (measured.n_channels, measured.n_samples) == (n_channels, n_samples)
    json.dumps(measured.to_dict(), allow_nan=False)


@pytest.mark.parametrize("suffix", [".flac", ".ogg", ".mp3"])
def test_a_file_in_blocks_equals_the_clip_at_once(tmp_path: Path, suffix: str) -> None:
    loud = Clip(np.clip(noise("pink", 23.0, level_db=-6.0, sample_rate=8000).samples, -1, 1), 8000)
    path = write(Clip(np.concatenate([loud.samples, 0.5 * loud.samples]), 8000), tmp_path / f"a{suffix}")
    clip, measured = read(path), measure_file(path)  # three blocks of 10 s, and one
    assert measured.codec == info(path).codec
    assert measured.n_samples == clip.n_samples
    assert measured.loudness_lufs == pytest.approx(loudness_lufs(clip), abs=1e-9)
    assert measured.true_peak_dbtp == true_peak_dbtp(clip)
    assert measured.rms_dbfs == pytest.approx(10 * np.log10(np.mean(clip.samples.astype(float) ** 2)))
    assert (measured.n_clipped, measured.n_clipped_runs) == clipped_by_hand(clip)


def test_a_run_across_the_border_of_two_blocks_is_one(tmp_path: Path) -> None:
    samples = np.zeros(8000 * 25)
    samples[80_000 - 2 : 80_000 + 1] = -1
    samples[160_000 - 1 : 160_000 + 4] = 1
    soundfile.write(tmp_path / "a.wav", samples, 8000, subtype="FLOAT")
    measured = measure_file(tmp_path / "a.wav")
    assert (measured.n_clipped, measured.n_clipped_runs) == (8, 2)


@pytest.mark.parametrize(
    ("encoding", "bits"),
    [("PCM_U8", 8), ("PCM_16", 16), ("PCM_24", 24), ("FLOAT", 32), ("ULAW", 8), ("ALAW", 8)],
)
def test_clipping_and_bits_are_known_in_every_encoding(tmp_path: Path, encoding: str, bits: int) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, np.clip(sine(200, 1.0, amplitude=4.0).samples[0], -1, 1), 16000, subtype=encoding)
    measured = measure_file(path)
    assert measured.bits == bits
    assert measured.n_clipped_runs == 400  # both half-waves of 200 periods
    soft = tmp_path / "soft.wav"
    soundfile.write(soft, sine(200, 1.0, amplitude=0.9).samples[0], 16000, subtype=encoding)
    assert measure_file(soft).n_clipped == 0


def test_a_recording_as_it_comes_is_measured(sample_corpus_folder: Path) -> None:
    for path in sorted(sample_corpus_folder.rglob("*.flac"))[:5]:
        measured, samples = measure_file(path), read(path).samples.astype(np.float64)
        assert measured.bits == 16
        assert measured.peak_dbfs == pytest.approx(20 * np.log10(np.abs(samples).max()), abs=1e-6)
        assert measured.dc_offset == pytest.approx(samples.mean(), abs=1e-7)
        assert measured.peak_dbfs <= measured.true_peak_dbtp < measured.peak_dbfs + 3
        assert -60 < measured.loudness_lufs < 0


def test_long_files_take_little_memory(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.flac", noise(duration_s=240.0, sample_rate=8000).samples[0], 8000)
    measure_file(tmp_path / "a.flac")
    tracemalloc.start()
    measure_file(tmp_path / "a.flac")
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 5e6  # the whole file is 7.7e6, and 31e6 at four times its rate


def test_what_cannot_be_measured_is_named(tmp_path: Path) -> None:
    with pytest.raises(AudioFileError, match=r"gone\.wav: there is no such file"):
        measure_file(tmp_path / "gone.wav")


def test_below_the_lowest_rate_everything_but_loudness_is_measured() -> None:
    measured = measure(sine(100, sample_rate=2000, amplitude=0.5))
    assert np.isnan(measured.loudness_lufs)
    assert measured.to_dict()["loudness_lufs"] is None
    assert measured.peak_dbfs == pytest.approx(-6.02, abs=0.01)
