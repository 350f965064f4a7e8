"""Index of recordings: versions of a recording are found, and other recordings of its class are not."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from woodshed.audio.edit import resample
from woodshed.clip import Clip
from woodshed.data.corpora import esc10, fsdd
from woodshed.data.doctor import recording_index
from woodshed.data.doctor.recording_index import RecordingIndex
from woodshed.data.example import Example, read_example
from woodshed.data.sample import sample_folder
from woodshed.errors import DataError

CHANGES: dict[str, Callable[[Clip], Clip]] = {
    "16k.wav": lambda clip: resample(clip, 16000),
    "softer.wav": lambda clip: Clip(0.05 * clip.samples, clip.sample_rate),
    "vorbis.ogg": lambda clip: clip,
    "layer3.mp3": lambda clip: clip,
    "flac.flac": lambda clip: clip,
    "trimmed.wav": lambda clip: clip.cut(0.3, clip.duration_s - 0.3),
    "late.ogg": lambda clip: resample(clip.cut(0.1234), 11025),
}


def changed(clip: Clip, name: str, folder: Path) -> Example:
    """Write a changed version of a clip, and return it as an example."""
    version = CHANGES[name](clip)
    soundfile.write(folder / name, version.samples.T, version.sample_rate)
    return Example(folder / name)


@pytest.fixture(scope="module")
def noises(tmp_path_factory: pytest.TempPathFactory) -> list[Example]:
    """Return sounds of one kind: noise in bands that change at random, two seconds at 32 kHz."""
    folder = tmp_path_factory.mktemp("noises")
    for k in range(6):
        rng = np.random.default_rng(k)
        parts = [np.convolve(rng.normal(size=8000), rng.normal(size=20) * 0.05, "same") for _ in range(8)]
        soundfile.write(folder / f"{k}.wav", np.concatenate(parts), 32000, subtype="FLOAT")
    return [Example(folder / f"{k}.wav") for k in range(6)]


@pytest.mark.parametrize("name", CHANGES)
def test_a_version_of_a_recording_is_found(name: str, noises: list[Example], tmp_path: Path) -> None:
    index = RecordingIndex.from_bytes(RecordingIndex.of(noises).to_bytes())
    for example in noises[:2]:
        assert index.match(changed(read_example(example), name, tmp_path)) == example.path.name


def test_other_recordings_are_not(noises: list[Example]) -> None:
    index = RecordingIndex.of(noises[::2])
    assert [index.match(example) for example in noises[1::2]] == [None] * 3
    assert [index.match(example) for example in noises[::2]] == [example.path.name for example in noises[::2]]


def test_takes_of_one_word_by_one_speaker_are_not_versions_of_each_other() -> None:
    takes = [example for example in fsdd.load(sample_folder()).examples if example.group == "theo"]
    index = RecordingIndex.of(takes[::2])
    assert [index.match(take) for take in takes[1::2]] == [None] * len(takes[1::2])


@pytest.mark.data
def test_environmental_sounds_are_found_by_version_and_not_by_class(
    shared_data: Path, tmp_path: Path
) -> None:
    examples = [e for e in esc10.load(shared_data / "esc10").examples if e.label in ("rain", "dog bark")]
    index = RecordingIndex.of(examples[::2])
    assert [index.match(example) for example in examples[1::8]] == [None] * len(examples[1::8])
    versions = [(name, example) for name in CHANGES for example in examples[::20]]
    hits = [index.match(changed(read_example(e), name, tmp_path)) == e.path.name for name, e in versions]
    assert np.mean(hits) > 0.9


def test_the_index_is_bounded_and_leaves_out_what_cannot_be_compared(
    noises: list[Example], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording_index, "MAX_RECORDINGS", 3)
    assert len(RecordingIndex.of(noises).names) == 3
    assert len(RecordingIndex.of(noises[:4]).names) == 3
    soundfile.write(tmp_path / "silent.wav", np.zeros(8000), 8000)
    soundfile.write(tmp_path / "short.wav", np.ones(20), 8000)
    (tmp_path / "broken.wav").write_bytes(b"no sound")
    unusable = [Example(tmp_path / name) for name in ("silent.wav", "short.wav", "broken.wav", "missing.wav")]
    empty = RecordingIndex.from_bytes(RecordingIndex.of(unusable).to_bytes())
    assert empty.names == ()
    assert empty.match(noises[0]) is None
    assert [RecordingIndex.of(noises).match(example) for example in unusable] == [None] * 4
    assert len(RecordingIndex.of(noises[:1]).to_bytes()) < 5000


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x05\x06" + bytes(18)])
def test_a_damaged_index_is_refused(content: bytes) -> None:
    with pytest.raises(DataError, match="index of recordings cannot be parsed"):
        RecordingIndex.from_bytes(content)


ARRAYS = {
    "names": np.array(["a.wav"]),
    "summaries": np.zeros((1, 120), np.float16),
    "signatures": np.zeros((4, 3), np.uint8),
    "lengths": np.array([4]),
}


def saved(arrays: dict[str, np.ndarray]) -> bytes:
    content = io.BytesIO()
    np.savez(content, **arrays)
    return content.getvalue()


@pytest.mark.parametrize(
    ("name", "array"),
    [
        ("names", np.array("a.wav")),
        ("names", np.array([1.0])),
        ("names", np.array([["a.wav"]])),
        ("summaries", np.full((1, 120), "x")),
        ("summaries", np.zeros((1, 7), np.float16)),
        ("signatures", np.zeros(12, np.uint8)),
        ("signatures", np.zeros((4, 5), np.uint8)),
        ("signatures", np.zeros((4, 3), np.uint16)),
        ("lengths", np.array([4.0])),
        ("lengths", np.array([3])),
        ("lengths", np.array(4)),
        ("lengths", np.array([5, -1])),
    ],
)
def test_arrays_of_another_kind_are_refused(name: str, array: np.ndarray) -> None:
    """The file of a model folder may come from elsewhere."""
    with pytest.raises(DataError, match=r"cannot be parsed \(its arrays do not fit together\)"):
        RecordingIndex.from_bytes(saved(ARRAYS | {name: array}))
    assert RecordingIndex.from_bytes(saved(ARRAYS)).names == ("a.wav",)
