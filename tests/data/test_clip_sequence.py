"""Sounds in the forms in which users hold them become clips, in one place."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from woodshed.audio.read import read
from woodshed.clip import Clip
from woodshed.data.clip_sequence import as_clips, each_clip
from woodshed.data.example import Example, Sounds
from woodshed.errors import AudioError, ParameterError

WAVE = np.sin(np.arange(800) / 5) / 2


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return a sound file with `WAVE`."""
    soundfile.write(tmp_path / "a.wav", WAVE, 8000, subtype="FLOAT")
    return tmp_path / "a.wav"


def forms(path: Path) -> dict[str, Any]:
    """Return one sound in every form."""
    content = path.read_bytes()
    return {
        "clip": read(path),
        "path": path,
        "text": str(path),
        "NumPy-text": np.array([str(path)])[0],
        "pair": (WAVE, 8000),
        "pair-of-lists": [WAVE.tolist(), 8000],
        "pair-of-channels": (WAVE[np.newaxis].astype(np.float32), np.int64(8000)),
        "decoded": {"array": WAVE, "sampling_rate": 8000, "path": "a.wav"},
        "place": {"path": str(path), "bytes": None},
        "content": {"path": "a.wav", "bytes": content},
        "content-alone": {"path": None, "bytes": content},
    }


NAMES = (
    "clip",
    "path",
    "text",
    "NumPy-text",
    "pair",
    "pair-of-lists",
    "pair-of-channels",
    "decoded",
    "place",
)
NAMES += ("content", "content-alone")


@pytest.mark.parametrize("name", NAMES)
def test_every_form_gives_the_same_clip_alone_and_in_a_list(name: str, path: Path) -> None:
    sound = forms(path)[name]
    for sounds in (sound, [sound], (sound,), [sound, sound], iter([sound])):
        clips = list(each_clip(sounds))
        assert 1 <= len(clips) <= 2
        assert all(clip == Clip(WAVE, 8000) for clip in clips)
    assert len(as_clips(sound)) == 1


def test_arrays_take_the_rate_of_the_call() -> None:
    assert as_clips(WAVE, sample_rate=8000)[0] == Clip(WAVE, 8000)
    batch = as_clips(np.stack([WAVE, -WAVE]), sample_rate=8000)
    assert [clip.n_channels for clip in batch] == [1, 1]
    assert as_clips([WAVE, WAVE[:5]], sample_rate=8000)[1].n_samples == 5


def test_paths_become_sounds_that_are_read_on_access_and_sounds_stay(path: Path) -> None:
    paths = [path, "missing.wav"]
    clips = as_clips(paths)
    assert isinstance(clips, Sounds)
    assert clips[0] == Clip(WAVE, 8000)
    assert as_clips(np.array([str(path)], object)).examples == (Example(path),)
    assert as_clips(clips) is clips
    assert len(as_clips([*paths, Clip(WAVE, 8000)])[1:]) == 2


def test_an_iterator_is_read_one_by_one() -> None:
    read_so_far: list[int] = []

    def endless() -> Iterator[Clip]:
        while True:
            read_so_far.append(1)
            yield Clip(WAVE, 8000)

    clips = each_clip(endless())
    next(clips)
    assert len(read_so_far) == 1


@pytest.mark.parametrize(
    ("sounds", "message"),
    [
        (WAVE, r"Sound 0 is an array without a sample rate\. Pass pairs \(samples, sample_rate\)"),
        ([Clip(WAVE, 8000), WAVE], "Sound 1 is an array without a sample rate"),
        (WAVE.reshape(2, 400), "Sound 0 is an array without a sample rate"),
        (7, "Expected a list of sounds, got int 7. A sound is a Clip, the path of a sound"),
        ([None], "Sound 0 is NoneType None. Expected a Clip"),
        ({"wave": 1}, "Sound 0 is a dict with 'wave'. Expected a Clip"),
        ([(8000, WAVE)], "Sound 0 is tuple"),
        (((WAVE * 100).astype(np.int16), 8000), "samples of clip 0 are int16.*divide them by 32768"),
        ((np.zeros(80, np.uint8), 8000), "are uint8.*subtract 128 and divide by 128"),
        ((np.zeros(80, np.int64), 8000), "are int64.*by the full scale of the recording, such as 32768"),
        ((WAVE, 0), "positive sample_rate"),
        (([0.5, 0.25, "x"], 8000), "samples of clip 0 are of type <U32. Expected real numbers"),
        ((WAVE.astype(complex), 8000), "samples of clip 0 are of type complex128"),
        ((np.array([None, 0.5]), 8000), "samples of clip 0 are of type object"),
        (np.array(0.5), "Expected a list of sounds, got ndarray"),
    ],
)
def test_what_is_no_sound_is_named(sounds: Any, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        list(each_clip(sounds))


def test_content_that_cannot_be_decoded_is_named_as_in_the_data_set() -> None:
    with pytest.raises(AudioError, match=r"^rain\.wav: "):
        as_clips({"path": "rain.wav", "bytes": b"no sound"})[0]


def test_channels_and_samples_the_wrong_way_round_are_named() -> None:
    with pytest.raises(AudioError, match=r"^clip 0 has 800 channels of 2 samples.* pass samples\.T\.$"):
        list(each_clip((np.stack([WAVE, WAVE], axis=1), 8000)))
