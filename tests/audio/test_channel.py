"""Channels end up where they were told to go."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from woodshed.audio import sine
from woodshed.audio.edit import (
    from_mid_side,
    merge_channels,
    split_channels,
    swap_channels,
    to_channels,
    to_mid_side,
    to_mono,
)
from woodshed.clip import Clip
from woodshed.errors import AudioError, ParameterError

LEFT_HZ, RIGHT_HZ = 400, 1000
STEREO = Clip(np.concatenate([sine(LEFT_HZ).samples, sine(RIGHT_HZ).samples]), 16000, "stereo.wav")
EIGHT = Clip(np.random.default_rng(0).uniform(-1, 1, (8, 100)), 192000)


def pitches(clip: Clip) -> list[int]:
    """Return the strongest frequency of each channel of a clip of one second."""
    return [int(np.abs(np.fft.rfft(channel)).argmax()) for channel in clip.samples]


def test_split_and_merge_keep_left_left() -> None:
    left, right = split_channels(STEREO)
    assert (pitches(left), pitches(right)) == ([LEFT_HZ], [RIGHT_HZ])
    assert left.source == "stereo.wav"
    assert merge_channels([left, right]) == STEREO
    assert pitches(merge_channels([right, left])) == [RIGHT_HZ, LEFT_HZ]
    assert merge_channels(split_channels(EIGHT)) == EIGHT
    assert merge_channels([STEREO, left]).n_channels == 3


def test_swap_exchanges_them() -> None:
    assert pitches(swap_channels(STEREO)) == [RIGHT_HZ, LEFT_HZ]
    assert swap_channels(swap_channels(STEREO)) == STEREO


def test_mono_is_the_mean_or_the_weighted_sum() -> None:
    np.testing.assert_allclose(to_mono(EIGHT).samples[0], EIGHT.samples.mean(axis=0), atol=1e-6)
    assert to_mono(STEREO, weights=(0, 1)) == split_channels(STEREO)[1]
    difference = to_mono(STEREO, weights=(1, -1)).samples[0]
    np.testing.assert_allclose(difference, STEREO.samples[0] - STEREO.samples[1], atol=1e-6)


def test_mid_holds_what_is_common_and_side_what_differs() -> None:
    voice, echo = sine(LEFT_HZ).samples[0], sine(RIGHT_HZ).samples[0]
    mixed = Clip(np.stack([voice + echo, voice - echo]), 16000)
    np.testing.assert_allclose(to_mid_side(mixed).samples, [voice, echo], atol=1e-6)


@pytest.mark.parametrize("n_samples", [1, 999])
def test_mid_side_and_back_is_the_same_sound(n_samples: int) -> None:
    clip = Clip(np.random.default_rng(0).uniform(-1, 1, (2, n_samples)), 8000)
    np.testing.assert_allclose(from_mid_side(to_mid_side(clip)).samples, clip.samples, atol=1e-7)


def test_one_becomes_many_and_many_become_one() -> None:
    mono = to_channels(STEREO, 1)
    assert mono == to_mono(STEREO)
    np.testing.assert_array_equal(to_channels(mono, 8).samples, np.tile(mono.samples, (8, 1)))
    assert to_channels(EIGHT, 8) is EIGHT


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: to_channels(STEREO, 6), AudioError, r"2 channels of stereo.wav to 6.*to_mono"),
        (lambda: to_channels(STEREO, 0), ParameterError, "n_channels of 1 or more, got 0"),
        (lambda: to_channels(STEREO, 1.5), ParameterError, "n_channels of 1 or more, got 1.5"),
        (lambda: swap_channels(EIGHT), AudioError, "swap_channels expects 2 channels, got clip with 8"),
        (lambda: to_mid_side(sine(440)), AudioError, "got sine 440 Hz with 1. Make it stereo first"),
        (lambda: from_mid_side(EIGHT), AudioError, "from_mid_side expects 2 channels"),
        (lambda: to_mono(STEREO, weights=(1, 2, 3)), ParameterError, "each of the 2 channels"),
        (lambda: to_mono(STEREO, weights=(1, np.nan)), ParameterError, "finite weight"),
        (lambda: merge_channels([]), ParameterError, "at least one clip"),
        (
            lambda: merge_channels([sine(1), sine(1, 0.5)]),
            AudioError,
            "16000 samples.* with 8000.*fit_length",
        ),
        (
            lambda: merge_channels([sine(1), sine(1, sample_rate=8000)]),
            AudioError,
            r"resample\(clip, 16000\)",
        ),
    ],
)
def test_what_cannot_be_done_names_the_cure(
    make: Callable[[], object], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        make()
