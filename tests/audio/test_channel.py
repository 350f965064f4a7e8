"""Channels end up where they were told to go."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from woodshed.audio import sine
from woodshed.audio.convert import convert_file
from woodshed.audio.edit import (
    from_mid_side,
    merge_channels,
    split_channels,
    swap_channels,
    to_channels,
    to_mid_side,
    to_mono,
)
from woodshed.audio.measure import measure_file
from woodshed.audio.read import read, read_blocks
from woodshed.clip import ChannelMix, Clip
from woodshed.errors import AudioError, ParameterError
from woodshed.features.streaming import mono_blocks

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


def opposite(n: int, share: float = 1.0, *, lead: int = 0) -> np.ndarray:
    """Make a left channel, and a right one that is its negative but for a share of other noise."""
    left, other = 0.3 * np.random.default_rng(0).standard_normal((2, n)).astype(np.float32)
    both = np.stack([left, -share * left + np.sqrt(1 - share**2) * other]).astype(np.float32)
    return np.concatenate([np.zeros((2, lead), np.float32), both], axis=1)


def test_one_of_two_channels_that_cancel_each_other_is_used() -> None:
    samples = opposite(8000)
    clip = Clip(samples, 8000)
    np.testing.assert_array_equal(clip.mono(), samples[0])
    np.testing.assert_array_equal(to_mono(clip).samples, samples[:1])
    np.testing.assert_array_equal(to_channels(clip, 1).samples, samples[:1])


def test_channels_that_cancel_in_part_are_mixed_and_remarked() -> None:
    mix = ChannelMix(8000)
    samples = opposite(8000, 0.9)
    mix.add(samples)
    assert mix.remark == "left and right cancel each other in part: their mean is 13 dB softer"
    np.testing.assert_array_equal(mix(samples), samples.mean(axis=0))


@pytest.mark.parametrize(
    "samples",
    [
        opposite(8000, 0.0),  # independent channels
        np.stack([np.ones(10), np.zeros(10)]),  # one is silent
        np.zeros((2, 10)),
        np.tile([[1.0], [-1.0], [1.0], [-1.0]], 10),  # four channels
    ],
)
def test_other_channels_are_mixed_to_their_mean(samples: np.ndarray) -> None:
    mix = ChannelMix(8000)
    mix.add(samples)
    assert mix.remark == ""
    np.testing.assert_allclose(Clip(samples, 8000).mono(), samples.mean(axis=0), atol=1e-7)


@pytest.mark.parametrize("block_s", [0.01, 0.7, 100.0])
@pytest.mark.parametrize("tail", [0.0, -1.0])
def test_the_mix_does_not_depend_on_how_a_file_is_read(tmp_path: Path, block_s: float, tail: float) -> None:
    """What comes after the first 30 s of sound changes nothing, however long the silence before it."""
    rate = 1000
    head = opposite(30 * rate, lead=5 * rate)
    samples = np.concatenate([head, np.stack([head[0], tail * head[0]])], axis=1)
    soundfile.write(tmp_path / "a.wav", samples.T, rate, subtype="FLOAT")
    expected = samples[:1]
    np.testing.assert_array_equal(read(tmp_path / "a.wav", mono=True).samples, expected)
    blocks = list(read_blocks(tmp_path / "a.wav", block_s=block_s, mono=True))
    np.testing.assert_array_equal(np.concatenate([block.samples for block in blocks], axis=1), expected)
    streamed = mono_blocks(read_blocks(tmp_path / "a.wav", block_s=block_s), rate)
    np.testing.assert_array_equal(np.concatenate([block.samples for block in streamed], axis=1), expected)
    convert_file(tmp_path / "a.wav", tmp_path / "mono.wav", n_channels=1)
    np.testing.assert_array_equal(read(tmp_path / "mono.wav").samples, expected)
    assert measure_file(tmp_path / "a.wav").remarks == (
        "left and right cancel each other (opposite polarity): left is used instead of their mean",
    )


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
