"""Clips on demand."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from woodshed.audio import sine, write
from woodshed.clip import Clip
from woodshed.data.example import Example, Sounds
from woodshed.errors import AudioFileError


@pytest.fixture
def examples(tmp_path: Path) -> list[Example]:
    paths = [write(sine(100 * k, sample_rate=8000), tmp_path / f"{k}.wav") for k in (1, 2, 3)]
    return [Example(path, "tone") for path in paths]


def test_it_is_a_sequence_of_clips_at_the_asked_rate(examples: list[Example]) -> None:
    sounds = Sounds(examples, sample_rate=16000)
    assert isinstance(sounds, Sequence)
    assert [clip.n_samples for clip in sounds] == [16000] * 3
    assert [np.abs(np.fft.rfft(clip.samples[0])).argmax() for clip in sounds] == [100, 200, 300]
    assert Sounds(examples)[-1].sample_rate == 8000
    assert "3 clips, 16000 Hz" in repr(sounds)


def test_a_slice_reads_nothing(examples: list[Example]) -> None:
    examples[0].path.unlink()
    part = Sounds(examples)[::-1]
    assert isinstance(part, Sounds)
    assert [row.path.name for row in part.examples] == ["3.wav", "2.wav", "1.wav"]
    assert part[0].n_samples == 8000
    with pytest.raises(AudioFileError, match=r"1\.wav: there is no such file"):
        part[2]


def test_nothing_is_kept(examples: list[Example]) -> None:
    sounds = Sounds(examples)
    before = sounds[0]
    write(sine(999, sample_rate=8000), examples[0].path, overwrite=True)
    assert sounds[0] != before


def test_only_the_stretch_of_the_example_is_read(examples: list[Example]) -> None:
    sounds = Sounds([Example(examples[0].path, "tone", start_s=0.25, end_s=0.5)])
    assert sounds[0] == Clip(Sounds(examples)[0].samples[:, 2000:4000], 8000)
