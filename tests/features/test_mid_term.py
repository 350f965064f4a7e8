"""Statistics over time, against NumPy and SciPy, and their use in windows."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats

from woodshed.audio import noise, sine
from woodshed.clip import Clip
from woodshed.errors import ParameterError
from woodshed.features import LogMel, MidTerm, Rms, ShortTerm, statistic_names, summarise_frames

FRAMES = np.random.default_rng(0).gamma(2.0, size=(200, 5)).astype(np.float32)

REFERENCES = {
    "mean": lambda x: np.mean(x, axis=0),
    "std": lambda x: np.std(x, axis=0),
    "min": lambda x: np.min(x, axis=0),
    "max": lambda x: np.max(x, axis=0),
    "median": lambda x: np.median(x, axis=0),
    "percentile:10": lambda x: np.percentile(x, 10, axis=0),
    "percentile:97.5": lambda x: np.percentile(x, 97.5, axis=0),
    "skew": lambda x: scipy.stats.skew(x, axis=0),
    "kurtosis": lambda x: scipy.stats.kurtosis(x, axis=0),
}


@pytest.mark.parametrize("word", REFERENCES)
def test_a_statistic_equals_its_reference(word) -> None:
    assert np.allclose(
        summarise_frames(FRAMES, [word]), REFERENCES[word](FRAMES.astype(np.float64)), rtol=1e-5
    )


def test_statistics_stand_one_after_the_other_and_have_names() -> None:
    words = ["std", "percentile:90", "kurtosis"]
    row = summarise_frames(FRAMES, words)
    assert row.dtype == np.float32
    assert np.allclose(row, np.concatenate([REFERENCES["std"](FRAMES), summarise_frames(FRAMES, words[1:])]))
    assert statistic_names("abcde", words)[4:7] == ("e_std", "a_percentile90", "b_percentile90")


@pytest.mark.parametrize("value", [0.0, 0.1, 1e6])
def test_what_does_not_vary_has_no_shape(value) -> None:
    row = summarise_frames(np.full((7, 2), value, dtype=np.float32), ["std", "skew", "kurtosis"])
    assert np.allclose(row, 0, atol=1e-6 * max(value, 1))
    assert np.isfinite(summarise_frames(FRAMES[:1], list(REFERENCES))).all(), "one frame is enough"


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("mode", "Unknown statistic 'mode'. Known: kurtosis, max"),
        ("percentile:101", "from 0 to 100, as in percentile:90, got 'percentile:101'"),
        ("percentile:x", "got 'percentile:x'"),
        ("percentile", "got 'percentile'"),
    ],
)
def test_a_wrong_word_is_named(word, message) -> None:
    with pytest.raises(ParameterError, match=message):
        summarise_frames(FRAMES, [word])
    with pytest.raises(ParameterError, match=message):
        MidTerm(statistics=(word,))


def test_no_frames_have_no_statistics() -> None:
    with pytest.raises(ParameterError, match="at least one frame, got none"):
        summarise_frames(np.empty((0, 3), dtype=np.float32))


@pytest.mark.parametrize(("window_s", "step_s"), [(1.0, 1.0), (1.0, 0.05), (0.3, 0.7)])
def test_rows_are_the_statistics_of_stretches_of_frames(window_s, step_s) -> None:
    clip = Clip(noise(duration_s=3.33).samples * np.linspace(0, 1, 53280), 16000)
    inner = Rms(hop_length=800)
    feature = MidTerm(feature=inner, window_s=window_s, step_s=step_s, statistics=("mean", "max"))
    frames, rows = inner(clip), feature(clip)
    window, step = round(window_s * 20), round(step_s * 20)
    starts = range(0, len(frames), step)
    assert len(rows) == len(starts)
    for row, start in zip(rows, starts, strict=True):
        stretch = frames[start : start + window]
        assert np.allclose(row, [stretch.mean(), stretch.max()], rtol=1e-5)


def test_the_classical_set_has_136_values_a_second() -> None:
    feature = MidTerm()
    assert feature(sine(440, 4.0)).shape == (5, 136)
    assert feature.names[3] == "spectral_centroid_mean"
    assert feature.names[68 + 2] == "energy_entropy_std"
    assert feature.sample_rate == 16000
    assert feature.hop_length == 16000
    assert feature.frame_rate_hz == 1.0


def test_a_clip_shorter_than_a_window_is_one_row() -> None:
    clip = noise(duration_s=0.4)
    row = MidTerm()(clip)
    assert np.allclose(row[0], summarise_frames(ShortTerm()(clip)), rtol=1e-4, atol=1e-6)


def test_any_feature_of_frames_can_be_inside() -> None:
    feature = MidTerm(feature=LogMel(n_mels=20), statistics=["percentile:50"])
    assert feature.statistics == ("percentile:50",)
    assert feature(noise()).shape == (2, 20)
    with pytest.raises(ParameterError, match="expects a frame-wise feature, got 'log-mel'"):
        MidTerm(feature="log-mel")
    with pytest.raises(ParameterError, match="at least one statistic, got none"):
        MidTerm(statistics=())
    with pytest.raises(ParameterError, match="MidTerm expects window_s between 0 and inf, got 0"):
        MidTerm(window_s=0)
