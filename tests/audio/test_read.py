"""Reading: the right numbers from good files, the right words about bad ones."""

from __future__ import annotations

import builtins
import errno
import math
import os
import re
import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile

from woodshed.audio.container import HEAD_BYTES, layout_of
from woodshed.audio.read import info, read, read_blocks
from woodshed.audio.write import write
from woodshed.clip import Clip
from woodshed.errors import AudioFileError, ParameterError

RAMP = np.arange(-4000, 4000, dtype=np.int16)


def write_ramp(path: Path, **settings: object) -> Path:
    soundfile.write(path, RAMP, 8000, **settings)
    return path


@pytest.mark.parametrize("suffix", ["wav", "flac", "aiff", "au", "caf", "w64"])
def test_sixteen_bit_values_are_the_stored_ones_over_32768(tmp_path: Path, suffix: str) -> None:
    clip = read(write_ramp(tmp_path / f"ramp.{suffix}"))
    assert clip.sample_rate == 8000
    np.testing.assert_array_equal(clip.samples, RAMP[np.newaxis] / np.float32(32768))


def test_64_bit_float_keeps_values_beyond_full_scale(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.array([0.5, -3.25]), 8000, subtype="DOUBLE")
    assert read(tmp_path / "a.wav").samples.tolist() == [[0.5, -3.25]]


def test_8_bit_is_read_in_steps_of_one_128th(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.array([0.5, -0.25, 0.0]), 8000, subtype="PCM_U8")
    np.testing.assert_allclose(read(tmp_path / "a.wav").samples, [[0.5, -0.25, 0.0]], atol=1 / 128)


def test_8_channels_at_192_khz_keep_their_order_and_come_down_to_16_khz(tmp_path: Path) -> None:
    levels = np.arange(8) / 10
    soundfile.write(tmp_path / "a.wav", np.tile(levels, (19200, 1)), 192000, subtype="FLOAT")
    clip = read(tmp_path / "a.wav", sample_rate=16000)
    assert clip.samples.shape == (8, 1600)
    np.testing.assert_allclose(clip.samples[:, 800], levels, atol=1e-4)
    assert read(tmp_path / "a.wav", mono=True).samples[0, 0] == pytest.approx(levels.mean())


def test_a_stretch_is_the_same_as_the_cut_of_the_whole(tmp_path: Path) -> None:
    path = write_ramp(tmp_path / "a.flac")
    assert read(path, start_s=0.25, end_s=0.75) == read(path).cut(0.25, 0.75)
    assert read(path, start_s=0.9, end_s=5.0).n_samples == 800


def test_only_the_stretch_is_decoded(tmp_path: Path) -> None:
    path = tmp_path / "a.flac"
    soundfile.write(path, np.random.default_rng(0).uniform(-0.9, 0.9, 40000), 8000)
    content = bytearray(path.read_bytes())
    content[len(content) // 2 :] = bytes(len(content) - len(content) // 2)
    path.write_bytes(content)
    assert read(path, start_s=0.5, end_s=1.0).n_samples == 4000
    with pytest.raises(AudioFileError, match="damaged"):
        read(path)


def test_blocks_are_the_file_without_gap_or_overlap(tmp_path: Path) -> None:
    path = write_ramp(tmp_path / "a.wav")
    blocks = list(read_blocks(path, block_s=0.3))
    assert [block.n_samples for block in blocks] == [2400, 2400, 2400, 800]
    np.testing.assert_array_equal(np.concatenate([b.samples for b in blocks], axis=1), read(path).samples)


def test_blocks_of_a_long_file_need_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "long.wav"
    with soundfile.SoundFile(path, "w", 8000, 1) as file:
        for _ in range(60):
            file.write(np.zeros(8000 * 60, dtype=np.int16))  # an hour: 115 MB as float32
    tracemalloc.start()
    n_samples = sum(block.n_samples for block in read_blocks(path))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert n_samples == 8000 * 3600
    assert peak < 4e6


def test_info_says_what_the_header_says(tmp_path: Path) -> None:
    header = info(write_ramp(tmp_path / "a.flac"))
    assert (header.sample_rate, header.n_channels, header.n_samples) == (8000, 1, 8000)
    assert (header.duration_s, header.codec) == (1.0, "FLAC PCM_16")


def test_info_of_a_file_that_was_changed_or_replaced_is_new(tmp_path: Path) -> None:
    path = write_ramp(tmp_path / "a.wav")
    assert info(path).sample_rate == 8000
    soundfile.write(path, RAMP, 16000)
    assert info(path).sample_rate == 16000
    path.unlink()
    with pytest.raises(AudioFileError, match="no such file"):
        info(path)


@pytest.mark.parametrize("name", ["two words.wav", "\U0001f415 wuff.wav", "caf\udce9.wav", "ключ.wav"])
def test_any_name_is_read(tmp_path: Path, name: str) -> None:
    path = os.path.join(tmp_path, name)
    try:
        with open(path, "wb") as file:
            soundfile.write(file, RAMP, 8000, format="WAV")
    except OSError:
        pytest.skip("this file system does not take such names")
    assert read(path).n_samples == 8000
    os.truncate(path, 20)
    with pytest.raises(AudioFileError, match="damaged header") as caught:
        read(path)
    str(caught.value).encode("utf-8")  # whatever the name, the message can be printed


def spoil(folder: Path) -> Path:
    path = write_ramp(folder / "bad.flac")
    content = bytearray(path.read_bytes())
    content[len(content) // 2 :] = bytes(len(content) - len(content) // 2)
    path.write_bytes(content)
    return path


def save(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def save_floats(path: Path, *values: float) -> Path:
    soundfile.write(path, np.array(values), 8000, subtype="FLOAT")
    return path


def save_header(folder: Path, *, rate: int = 8000, n_channels: int = 1) -> Path:
    content = bytearray(wav_bytes(folder))
    struct.pack_into("<HI", content, 22, n_channels, rate)
    return save(folder / "bad.wav", content)


def wav_bytes(folder: Path) -> bytes:
    return write_ramp(folder / "good.wav").read_bytes()


MAKE_BAD = {
    "missing": lambda folder: folder / "bad.wav",
    "folder": lambda folder: ((folder / "bad.wav").mkdir(), folder / "bad.wav")[1],
    "broken link": lambda folder: ((folder / "bad.wav").symlink_to(folder / "gone.wav"), folder / "bad.wav")[
        1
    ],
    "link loop": lambda folder: ((folder / "bad.wav").symlink_to(folder / "bad.wav"), folder / "bad.wav")[1],
    "pipe": lambda folder: (os.mkfifo(folder / "bad.wav"), folder / "bad.wav")[1],
    "empty": lambda folder: save(folder / "bad.wav", b""),
    "zero samples": lambda folder: save_floats(folder / "bad.wav"),
    "truncated header": lambda folder: save(folder / "bad.wav", wav_bytes(folder)[:20]),
    "text": lambda folder: save(folder / "bad.wav", b"Dear diary, today I recorded nothing at all. " * 9),
    "noise": lambda folder: save(folder / "bad.wav", np.random.default_rng(0).bytes(5000)),
    "picture": lambda folder: save(folder / "bad.mp3", b"\x89PNG\r\n\x1a\n" + bytes(90)),
    "archive": lambda folder: save(folder / "bad.flac", b"PK\x03\x04" + bytes(90)),
    "document": lambda folder: save(folder / "bad.ogg", b"%PDF-1.7\n" + bytes(90)),
    "web page": lambda folder: save(folder / "bad.mp3", b"<html><body>404 Not found</body></html>"),
    "JSON": lambda folder: save(folder / "bad.opus", b'{"message": "Not Found"}'),
    "UTF-16": lambda folder: save(folder / "bad.mp3", "Not\nfound".encode("utf-16")),
    "1 Hz": lambda folder: save_header(folder, rate=1),
    "4 GHz": lambda folder: save_header(folder, rate=2**31 - 1),
    "no channels": lambda folder: save_header(folder, n_channels=0),
    "too loud": lambda folder: save_floats(folder / "bad.wav", 0.0, 1e29),
    "NaN": lambda folder: save_floats(folder / "bad.wav", 0.0, np.nan),
    "infinite": lambda folder: save_floats(folder / "bad.wav", 0.0, np.inf),
    "damaged": spoil,
    "foreign": lambda folder: save(folder / "bad.m4a", b"\0\0\0\x20ftypM4A \0\0\0\0" + bytes(200)),
    "raw": lambda folder: save(folder / "bad.raw", wav_bytes(folder)),
    "impossible name": lambda folder: folder / "bad\0.wav",
}


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("missing", "there is no such file"),
        ("folder", "it is a folder"),
        ("broken link", r"it is a broken link to .*gone\.wav"),
        ("link loop", "it is a link that refers to itself"),
        ("pipe", "it is a device or a pipe"),
        ("empty", r"it is empty \(0 bytes\)"),
        ("zero samples", "it has a header but no samples"),
        ("truncated header", "it has a damaged header"),
        ("text", "it is text, not audio. Replace it"),
        ("noise", "it is not an audio file, whatever its name. Convert it"),
        ("NaN", "it has samples that are NaN or infinite"),
        ("infinite", "it has samples that are NaN or infinite"),
        ("damaged", "it is damaged: decoding stopped"),
        ("foreign", "it is MPEG-4, which needs ffmpeg, and that is not installed. Install it"),
        ("picture", "it is a PNG picture, not audio"),
        ("archive", "it is a ZIP archive, not audio"),
        ("document", "it is a PDF document, not audio"),
        ("web page", "it is HTML text, not audio"),
        ("JSON", "it is JSON text, not audio"),
        ("UTF-16", "it is text, not audio"),
        ("1 Hz", "its header declares a sample rate of 1 Hz; expected 1000 to 10000000 Hz"),
        ("4 GHz", "its header declares a sample rate of 2147483647 Hz; expected 1000 to"),
        ("no channels", "it has a damaged header"),
        ("too loud", "it has samples beyond 1e\\+10 times full scale"),
        ("raw", "it has raw samples without a header"),
        ("impossible name", "it cannot be opened"),
    ],
)
def test_a_bad_file_is_named_with_its_reason_and_a_cure(
    tmp_path: Path, kind: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.which", lambda program: None)
    path = MAKE_BAD[kind](tmp_path)
    with pytest.raises(AudioFileError, match=re.escape(path.name) + ": " + words) as caught:
        read(path)
    assert caught.value.path == path
    assert re.search(r"\. [A-Z]|: [a-z]+ u\+r", str(caught.value)), "no cure in a sentence of its own"


def test_no_read_permission_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_ramp(tmp_path / "mine.wav")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(builtins, "open", refuse)  # root may read everything, so chmod proves nothing
    with pytest.raises(AudioFileError, match=r"mine\.wav: it is not readable.*chmod"):
        read(path)


def declare(path: Path, n_samples: int) -> None:
    """Make the header of a FLAC file declare another length: 36 bits from the middle of byte 21 on."""
    content = bytearray(path.read_bytes())
    content[21] = content[21] & 0xF0 | n_samples >> 32
    content[22:26] = (n_samples & 0xFFFFFFFF).to_bytes(4, "big")
    path.write_bytes(content)


def test_a_lying_header_costs_no_memory(tmp_path: Path) -> None:
    path = write_ramp(tmp_path / "huge.flac")
    declare(path, 2**36 - 1)  # 256 GB, were it believed
    tracemalloc.start()
    header, clip = info(path), read(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert header.n_samples == clip.n_samples == 8000
    assert header.remarks == ("it breaks off after 1.000 s; its header declares 8589934.592 s",)
    assert peak < 16e6


def test_a_stream_saved_without_its_length_is_read_to_its_end(tmp_path: Path) -> None:
    path = write_ramp(tmp_path / "stream.flac")
    whole = read(path)
    declare(path, 0)
    assert read(path) == whole
    assert info(path).n_samples == 8000
    assert info(path).remarks == ()  # as every encoder does that writes to a pipe


WRITTEN = {
    "wav": {},
    "rf64": {"format": "RF64"},
    "w64": {},
    "aiff": {},
    "caf": {},
    "au": {},
    "flac": {},
}


@pytest.mark.parametrize("suffix", WRITTEN)
def test_a_file_that_breaks_off_is_read_as_far_as_it_goes(tmp_path: Path, suffix: str) -> None:
    noise = np.random.default_rng(0).integers(-9999, 9999, 32000, dtype=np.int16)
    path = tmp_path / f"cut.{suffix}"
    soundfile.write(path, noise, 16000, **WRITTEN[suffix])
    os.truncate(path, int(0.6 * path.stat().st_size))
    clip, header = read(path), info(path)
    assert 16000 <= clip.n_samples == header.n_samples < 20000
    np.testing.assert_array_equal(clip.samples[0], noise[: clip.n_samples] / np.float32(32768))
    (remark,) = header.remarks
    assert remark == f"it breaks off after {header.duration_s:.3f} s; its header declares 2.000 s"
    assert read(path, start_s=0.5, end_s=0.75).samples.tolist() == clip.cut(0.5, 0.75).samples.tolist()


@pytest.mark.parametrize("suffix", ["ogg", "opus"])
def test_an_ogg_file_that_breaks_off_is_noted(tmp_path: Path, suffix: str) -> None:
    path = write(Clip(np.random.default_rng(0).uniform(-0.5, 0.5, 96000), 48000), tmp_path / f"cut.{suffix}")
    assert info(path).remarks == ()
    os.truncate(path, int(0.6 * path.stat().st_size))
    assert info(path).remarks == ("it has no end mark: it probably breaks off",)
    assert 0 < read(path).n_samples < 96000


def forget_length(path: Path, size: int, *places: tuple[int, int, str]) -> None:
    """Write a size over the fields of a header."""
    content = bytearray(path.read_bytes())
    for place, n_bytes, order in places:
        content[place : place + n_bytes] = (size % 256**n_bytes).to_bytes(n_bytes, order)
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("suffix", "settings", "places"),
    [
        ("wav", {}, [(4, 4, "little"), (40, 4, "little")]),
        ("wav", {"format": "RF64"}, [(20, 8, "little"), (28, 8, "little")]),
        ("w64", {}, [(16, 8, "little"), (96, 8, "little")]),
        ("aiff", {}, [(4, 4, "big"), (22, 4, "big"), (42, 4, "big")]),
    ],
)
def test_a_recording_that_was_interrupted_is_read_to_its_end(
    tmp_path: Path, suffix: str, settings: dict[str, str], places: list[tuple[int, int, str]]
) -> None:
    """The lengths in the header are 0 until a recorder ends the file."""
    path = write_ramp(tmp_path / f"a.{suffix}", **settings)
    whole = read(path)
    forget_length(path, 0, *places)
    assert read(path) == whole
    assert info(path).remarks == (
        "its header declares no samples, as of an interrupted recording; it is read to its end",
    )


def test_an_interrupted_aiff_beyond_its_largest_number_of_samples_declares_that(tmp_path: Path) -> None:
    path = tmp_path / "a.aiff"
    soundfile.write(path, RAMP, 8000, subtype="PCM_S8")
    forget_length(path, 0, (4, 4, "big"), (22, 4, "big"), (42, 4, "big"))
    os.truncate(path, 2**32 + 2**20)  # a sparse file
    with open(path, "rb") as file:
        layout = layout_of(file, file.read(HEAD_BYTES))
    assert layout.prefix[22:26] == b"\xff" * 4


def test_the_length_of_a_streamed_wav_is_unknown_and_not_worth_a_remark(tmp_path: Path) -> None:
    path = write_ramp(tmp_path / "a.wav")
    forget_length(path, 0xFFFFFFFF, (4, 4, "little"), (40, 4, "little"))
    assert (info(path).n_samples, info(path).remarks) == (8000, ())


def test_an_empty_wav_with_a_chunk_behind_it_stays_empty(tmp_path: Path) -> None:
    path = save_floats(tmp_path / "a.wav")
    content = path.read_bytes() + b"LIST" + (400).to_bytes(4, "little") + bytes(400)
    path.write_bytes(content[:4] + (len(content) - 8).to_bytes(4, "little") + content[8:])
    with pytest.raises(AudioFileError, match="no samples"):
        read(path)


def test_a_wav_that_ends_early_gives_what_is_there(tmp_path: Path) -> None:
    path = write_ramp(tmp_path / "short.wav")
    os.truncate(path, 44 + 2 * 1000)
    assert read(path).n_samples == 1000
    assert info(path).remarks == ("it breaks off after 0.125 s; its header declares 1.000 s",)


def test_a_stretch_must_be_in_the_file(tmp_path: Path) -> None:
    path = write_ramp(tmp_path / "a.wav")
    with pytest.raises(AudioFileError, match=r"a\.wav: it has no samples at 1\.5 s; its duration is 1\.000"):
        read(path, start_s=1.5)
    with pytest.raises(ParameterError, match=r"got 0\.5 s to 0\.5 s"):
        read(path, start_s=0.5, end_s=0.5)


def test_times_that_are_not_finite(tmp_path: Path) -> None:
    path = write_ramp(tmp_path / "a.wav")
    assert read(path, start_s=0.25, end_s=math.inf) == read(path, start_s=0.25)
    for start_s, end_s in [(math.nan, None), (math.inf, None), (0.0, math.nan)]:
        with pytest.raises(ParameterError, match="A segment must start at 0 s or later"):
            read(path, start_s=start_s, end_s=end_s)
    for block_s in (0.0, -1.0, math.nan, math.inf):
        with pytest.raises(ParameterError, match="read_blocks expects a positive, finite block_s"):
            list(read_blocks(path, block_s=block_s))


def test_a_disk_that_fails_while_a_file_is_opened_is_that_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(Clip(np.zeros(44100), 44100), tmp_path / "a.mp3")

    def no_mapping(*_: object, **__: object) -> None:
        raise OSError(errno.ENODEV, "No such device")

    monkeypatch.setattr("mmap.mmap", no_mapping)
    with pytest.raises(AudioFileError, match=r"a\.mp3: it cannot be opened \(No such device\)"):
        read(path)


@pytest.mark.data
def test_vorbis_of_the_shared_data(shared_data: Path) -> None:
    path = next(iter(sorted((shared_data / "esc10" / "audio").rglob("*.ogg"))))
    clip = read(path, sample_rate=16000)
    assert clip.duration_s == pytest.approx(5.0, abs=0.05)


def test_mp3_read_in_portions_equals_mp3_read_at_once(tmp_path):
    """Seeking between portions would break the sound at every seam."""
    rng = np.random.default_rng(0)
    path = write(Clip(0.1 * rng.standard_normal(44100 * 6), 44100), tmp_path / "a.mp3")
    blocks = np.concatenate([block.samples for block in read_blocks(path, block_s=0.7)], axis=1)
    np.testing.assert_array_equal(blocks, read(path).samples)
