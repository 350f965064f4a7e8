"""Cutting and joining, to the sample."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from woodshed.audio import noise, read
from woodshed.audio.segment import join, split_at, split_every, trim
from woodshed.clip import Clip
from woodshed.data.sample import sample_folder
from woodshed.errors import AudioError, ParameterError

RAMP = Clip(np.arange(2000).reshape(2, 1000), 1000, "ramp.wav")


def test_trim_has_the_samples_that_were_asked_for() -> None:
    assert trim(RAMP, 0.1, 0.35).samples[1].tolist() == list(range(1100, 1350))
    assert trim(RAMP, 0.999).n_samples == 1
    assert trim(RAMP) == RAMP
    assert trim(Clip(np.ones(44100), 44100), 0.1, 0.2).n_samples == 4410


@pytest.mark.parametrize(
    ("start_s", "end_s", "words"),
    [
        (-0.1, 0.5, r"from 0 s to 1 s, the length of ramp\.wav, got -0\.1 s"),
        (0.0, 1.5, r"got 1\.5 s"),
        (math.nan, None, "got nan s"),
        (0.5, 0.5, r"expects an end after the start, got 0\.5 s to 0\.5 s of ramp\.wav"),
        (1.0, None, r"got 1\.0 s to 1\.0 s"),
    ],
)
def test_a_stretch_that_is_not_there_is_refused(start_s: float, end_s: float | None, words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        trim(RAMP, start_s, end_s)


def test_the_rest_is_kept_dropped_or_padded() -> None:
    lengths = {
        last: [p.n_samples for p in split_every(RAMP, 0.3, last=last)] for last in ("keep", "drop", "pad")
    }
    assert lengths == {"keep": [300, 300, 300, 100], "drop": [300] * 3, "pad": [300] * 4}
    padded = split_every(RAMP, 0.3, last="pad")[-1].samples
    assert padded[0].tolist() == [*range(900, 1000), *[0] * 200]
    assert split_every(trim(RAMP, 0, 0.1), 0.3, last="drop") == []
    assert [len(split_every(RAMP, 0.5, last=last)) for last in lengths] == [2, 2, 2]


@pytest.mark.parametrize("length_s", [0.0, -1.0, math.nan, math.inf])
def test_a_length_without_samples_is_refused(length_s: float) -> None:
    with pytest.raises(ParameterError, match=r"at least one sample \(1/1000 s\)"):
        split_every(RAMP, length_s)
    with pytest.raises(ParameterError, match=r"last='keeps'\. Did you mean keep"):
        split_every(RAMP, 0.1, last="keeps")


@settings(max_examples=50, deadline=None)
@given(
    n_samples=st.integers(1, 500),
    n_channels=st.integers(1, 8),
    part=st.floats(0.001, 0.3),
    cuts=st.lists(st.floats(0, 1)),
)
def test_parts_joined_are_the_clip_to_the_bit(
    n_samples: int, n_channels: int, part: float, cuts: list[float]
) -> None:
    clip = Clip(np.random.default_rng(n_samples).normal(size=(n_channels, n_samples)), 1000)
    assert join(split_every(clip, part)) == clip
    assert join(split_at(clip, [cut * clip.duration_s for cut in cuts])) == clip


def test_cuts_fall_where_they_are_asked_for_in_any_order() -> None:
    parts = split_at(RAMP, [0.7, 0.0, 0.2, 0.2, 1.0])
    assert [part.n_samples for part in parts] == [200, 500, 300]
    assert [part.samples[0, 0] for part in parts] == [0, 200, 700]
    assert split_at(RAMP, []) == [RAMP]
    for bad in (-0.001, 1.01, math.nan, math.inf):
        with pytest.raises(ParameterError, match="split_at expects times from 0 s to 1 s"):
            split_at(RAMP, [0.5, bad])


def test_a_crossfade_shortens_by_itself_at_every_seam() -> None:
    parts = [Clip(np.full(n, float(k)), 1000, f"{k}.wav") for k, n in enumerate([300, 200, 400])]
    joined = join(parts, crossfade_s=0.1)
    assert joined.n_samples == 900 - 2 * 100
    assert joined.source == "0.wav"
    assert np.all(joined.samples[0, :200] == 0)
    assert joined.samples[0, 400:].tolist() == [2.0] * 300


def test_a_crossfade_keeps_the_power_of_unrelated_sounds() -> None:
    parts = [noise(duration_s=1.0, level_db=-20, seed=seed) for seed in range(2)]
    fade = join(parts, crossfade_s=0.5).samples[0, 8000:16000]
    level_db = 10 * np.log10(np.mean(fade.reshape(4, 2000) ** 2, axis=1))
    np.testing.assert_allclose(level_db, -20, atol=0.3)
    same = join([Clip(np.ones(1000), 1000)] * 2, crossfade_s=1.0).samples[0]
    assert same.max() == pytest.approx(math.sqrt(2), abs=1e-3)


def test_what_does_not_fit_together_is_refused_with_the_cure() -> None:
    mono = Clip(np.ones(1000), 1000, "mono.wav")
    with pytest.raises(AudioError, match=r"mono\.wav at 8000 Hz\. Resample.*resample\(clip, 1000\)"):
        join([RAMP, Clip(np.ones(8), 8000, "mono.wav")])
    with pytest.raises(AudioError, match=r"ramp\.wav with 2 and mono\.wav with 1\. Mix"):
        join([RAMP, mono])
    with pytest.raises(AudioError, match=r"mono\.wav lasts 1 s, too short for 2 crossfades of 0\.6 s"):
        join([mono] * 3, crossfade_s=0.6)
    with pytest.raises(ParameterError, match="at least one clip"):
        join([])
    for bad in (-1.0, math.nan, math.inf):
        with pytest.raises(ParameterError, match="crossfade_s of 0 or more"):
            join([mono] * 2, crossfade_s=bad)


def test_real_speech_comes_back_from_its_parts() -> None:
    clip = read(sample_folder() / "recordings" / "7_theo_0.flac")
    parts = split_every(clip, 0.05)
    assert join(parts) == clip
    assert {part.source for part in parts} == {clip.source}
