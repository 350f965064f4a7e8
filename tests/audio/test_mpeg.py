"""MP3 files without a header that states their length."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from woodshed.audio.measure import measure_file
from woodshed.audio.mpeg import parse_header
from woodshed.audio.read import info, read, read_blocks, read_tags

DURATION_S = 4


def write_mp3(path: Path, sample_rate: int, mode: str) -> bytes:
    """Write an MP3 whose bit rate varies, if it may, and return it without its Info frame."""
    levels = np.repeat([0.0, 0.3, 0.0005, 0.5], sample_rate * DURATION_S // 4)
    noise = levels * np.random.default_rng(0).standard_normal(len(levels))
    with soundfile.SoundFile(
        path, "w", sample_rate, 1, format="MP3", bitrate_mode=mode, compression_level=0.3
    ) as sound:
        sound.write(noise)
    content = path.read_bytes()
    header = parse_header(int.from_bytes(content[:4], "big"))
    assert content[header.n_before_xing :][:4] in (b"Xing", b"Info")
    return content[header.n_bytes :]


def envelope(samples: np.ndarray, sample_rate: int) -> np.ndarray:
    """Return the level of each tenth of a second."""
    length = sample_rate // 10
    whole = samples[: len(samples) // length * length].reshape(-1, length)
    return np.sqrt(np.square(whole).mean(axis=1))


ID3 = b"ID3\3\0\0\0\0\1\0" + bytes(128)


@pytest.mark.parametrize("sample_rate", [44100, 22050])
@pytest.mark.parametrize("mode", ["CONSTANT", "VARIABLE"])
@pytest.mark.parametrize(
    "surround",
    [
        lambda stream: stream,
        lambda stream: ID3 + stream + b"TAG" + bytes(125),
        lambda stream: stream + bytes(3000),
        lambda stream: stream[: len(stream) // 2] + bytes(500) + stream[len(stream) // 2 :],
    ],
    ids=["bare", "tags", "zeros behind", "zeros within"],
)
def test_an_mp3_without_info_header_is_decoded_to_its_end(
    tmp_path: Path, sample_rate: int, mode: str, surround, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.mp3"
    stream = write_mp3(path, sample_rate, mode)
    whole = read(path).samples[0]
    path.write_bytes(surround(stream))
    clip = read(path)
    n_per_frame = 1152 if sample_rate == 44100 else 576
    assert clip.n_samples % n_per_frame == 0  # nothing is cut, as without a header sox and ffmpeg do
    assert DURATION_S <= clip.duration_s < DURATION_S + 0.1
    assert info(path).n_samples == measure_file(path).n_samples == clip.n_samples
    assert info(path).remarks == ()
    blocks = np.concatenate([block.samples for block in read_blocks(path, block_s=0.7)], axis=1)
    np.testing.assert_array_equal(blocks, clip.samples)
    assert "Illegal" not in capfd.readouterr().err
    if surround(stream) == stream:
        delay = clip.n_samples - len(whole)
        shift = int(np.argmax([np.dot(clip.samples[0][k : k + len(whole)], whole) for k in range(delay)]))
        np.testing.assert_allclose(clip.samples[0][shift : shift + len(whole)], whole, atol=0.02)


def test_a_segment_of_it_is_the_cut_of_the_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.mp3"
    path.write_bytes(write_mp3(path, 44100, "VARIABLE"))
    segment = read(path, start_s=3.2, end_s=3.5)
    np.testing.assert_allclose(segment.samples, read(path).cut(3.2, 3.5).samples, atol=1e-3)


def test_an_mp3_that_breaks_off_is_read_and_noted(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.mp3"
    write_mp3(path, 44100, "CONSTANT")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    header = info(path)
    assert 1.9 < header.duration_s < 2.1
    assert read(path).n_samples == header.n_samples
    (remark,) = header.remarks
    assert remark == f"it breaks off after {header.duration_s:.3f} s; its header declares 4.000 s"
    assert capfd.readouterr().err == ""


def test_a_correct_mp3_and_its_tags_are_untouched(tmp_path: Path) -> None:
    path = tmp_path / "a.mp3"
    with soundfile.SoundFile(path, "w", 44100, 1, format="MP3") as sound:
        sound.title = "Reel"
        sound.write(np.random.default_rng(0).uniform(-0.5, 0.5, 44100))
    assert read(path).n_samples == 44100
    assert read_tags(path) == {"title": "Reel"}


@pytest.mark.parametrize("word", [0xFFFB00C4, 0xFFFBF0C4, 0xFFFBBCC4, 0xFFEB50C4, 0xFFF950C4 & ~0x60000, 0])
def test_what_is_no_frame_header_is_none(word: int) -> None:
    assert parse_header(word) is None
