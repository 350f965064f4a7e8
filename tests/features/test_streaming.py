"""Long sounds block by block, against the same sounds as a whole."""

from __future__ import annotations

import itertools
import tracemalloc
from collections.abc import Iterator

import numpy as np
import pytest

from woodshed.audio import noise, read, resample, silence, write
from woodshed.clip import Clip
from woodshed.errors import AudioError, AudioFileError, ParameterError
from woodshed.features import LogMel, MidTerm, Rms, ShortTerm, features_of_blocks, features_of_file
from woodshed.features.streaming import mono_blocks


def cut(clip: Clip, n_samples: int) -> list[Clip]:
    """Cut a clip into blocks; the last may be shorter."""
    return [
        Clip(clip.samples[:, start : start + n_samples], clip.sample_rate, clip.source)
        for start in range(0, clip.n_samples, n_samples)
    ]


def stereo(duration_s: float, sample_rate: int) -> Clip:
    pair = [noise("pink", duration_s, sample_rate=sample_rate, seed=seed).samples for seed in (1, 2)]
    return Clip(np.concatenate(pair), sample_rate)


@pytest.mark.parametrize("n_block", [1, 160, 997, 16000, 10**6])
def test_block_sizes_make_no_difference(n_block) -> None:
    clip = noise(duration_s=0.4 if n_block == 1 else 3.1)
    together = np.concatenate(list(features_of_blocks(LogMel(), cut(clip, n_block))))
    assert np.allclose(together, LogMel()(clip), atol=1e-3)


@pytest.mark.parametrize("n_samples", [1, 159, 160, 161, 511, 513, 1600, 20001])
def test_every_length_has_all_its_frames(n_samples) -> None:
    clip = Clip(noise(duration_s=2.0).samples[:, :n_samples], 16000)
    for feature in (Rms(), MidTerm(feature=Rms(), window_s=0.2, step_s=0.1)):
        together = np.concatenate(list(features_of_blocks(feature, cut(clip, 331))))
        assert np.allclose(together, feature(clip), rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize(("own", "wanted"), [(44100, 16000), (8000, 22050), (48000, 16000), (22050, 22051)])
@pytest.mark.parametrize("n_block", [173, 4096, 50000])
def test_mixing_and_resampling_are_those_of_the_whole(own, wanted, n_block) -> None:
    clip = stereo(1.2345, own)
    whole = resample(Clip(clip.mono(), own), wanted)
    together = np.concatenate([block.samples for block in mono_blocks(cut(clip, n_block), wanted)], axis=1)
    assert together.shape == whole.samples.shape
    assert np.abs(together - whole.samples).max() < 1e-5


@pytest.mark.parametrize("n_samples", [401, 403, 4001, 4003])
def test_half_a_sample_at_the_end_is_rounded_as_in_the_whole(n_samples) -> None:
    clip = Clip(noise(duration_s=1.0).samples[:, :n_samples], 16000)
    together = np.concatenate([block.samples for block in mono_blocks(cut(clip, 300), 8000)], axis=1)
    assert together.shape == resample(clip, 8000).samples.shape


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".mp3"])
def test_a_file_is_described_as_when_it_is_read_at_once(tmp_path, suffix) -> None:
    path = tmp_path / f"long{suffix}"
    write(stereo(7.0, 44100), path)
    feature = ShortTerm()
    together = np.concatenate(list(features_of_file(feature, path, block_s=1.3)))
    whole = feature(read(path, sample_rate=16000, mono=True))
    assert together.shape == whole.shape
    assert np.allclose(together, whole, rtol=1e-3, atol=1e-4)


def test_memory_does_not_grow_with_the_sound() -> None:
    def hours() -> Iterator[Clip]:
        block = noise(duration_s=5.0)
        yield from itertools.repeat(block, 200)

    tracemalloc.start()
    n_frames = sum(len(part) for part in features_of_blocks(Rms(), hours()))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert n_frames == 1 + 200 * 500
    assert peak < 10e6, "1000 s are 64 MB"


def test_frames_come_while_the_sound_goes_on() -> None:
    n_asked = 0

    def endless() -> Iterator[Clip]:
        nonlocal n_asked
        while True:
            n_asked += 1
            yield noise(duration_s=0.5)

    parts = features_of_blocks(LogMel(), endless())
    assert len(next(parts)) > 0
    assert n_asked == 1


def test_what_cannot_be_described_is_named(tmp_path) -> None:
    with pytest.raises(AudioError, match="expects at least one block, got none"):
        list(features_of_blocks(LogMel(), []))
    with pytest.raises(ParameterError, match="changes from 16000 to 8000 Hz"):
        list(features_of_blocks(LogMel(), [silence(), silence(sample_rate=8000)]))
    with pytest.raises(
        AudioError, match="clip has only 1 samples at 48000 Hz, none of them left at 16000 Hz"
    ):
        list(features_of_blocks(LogMel(), [Clip(np.ones(1), 48000)]))
    with pytest.raises(AudioFileError, match="no such file"):
        list(features_of_file(LogMel(), tmp_path / "gone.wav"))
