"""Formats that libsndfile lacks: decoded by ffmpeg, if it is there."""

from __future__ import annotations

import shutil
import stat
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from woodshed.audio.ffmpeg import conversion_command
from woodshed.audio.read import info, read, read_blocks
from woodshed.audio.signals import sine
from woodshed.audio.write import write
from woodshed.data.folder import list_sounds
from woodshed.errors import AudioFileError

MP4_HEAD = b"\0\0\0\x1cftypM4A \0\0\2\0" + bytes(64)
WEBM_HEAD = b"\x1aE\xdf\xa3" + bytes(64)
ASF_HEAD = b"0&\xb2u\x8ef\xcf\x11" + bytes(64)
AAC_HEAD = b"\xff\xf1\x50\x80" + bytes(64)
HEADS = {
    "m4a": MP4_HEAD,
    "mp4": MP4_HEAD,
    "webm": WEBM_HEAD,
    "opus": WEBM_HEAD,
    "wma": ASF_HEAD,
    "aac": AAC_HEAD,
}

Fake = Callable[[str], Path]

PROGRAM = """#!{python}
import pathlib, shutil, sys
with open({log!r}, "a") as log:
    log.write("\\n".join(sys.argv[1:]) + "\\n\\n")
target = sys.argv[-1].removeprefix("file:")
{body}
"""


@pytest.fixture
def fake_ffmpeg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fake:
    """Return a function that makes a program of the name ffmpeg, which logs its arguments."""
    if sys.platform == "win32":
        pytest.skip("a script is no program there")

    def make(body: str) -> Path:
        folder, log = tmp_path / "bin", tmp_path / "log"
        folder.mkdir()
        program = folder / "ffmpeg"
        program.write_text(PROGRAM.format(python=sys.executable, log=str(log), body=body))
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", str(folder))
        return log

    return make


def copying(tmp_path: Path) -> str:
    """Return the body of a program that writes a tone of a second."""
    tone = write(sine(440), tmp_path / "tone.wav")
    return f"shutil.copyfile({str(tone)!r}, target)"


@pytest.mark.parametrize("suffix", HEADS)
def test_other_formats_are_read_by_ffmpeg(tmp_path: Path, suffix: str, fake_ffmpeg: Fake) -> None:
    log = fake_ffmpeg(copying(tmp_path))
    path = tmp_path / f"-a b.{suffix}"
    path.write_bytes(HEADS[suffix])
    tone = read(tmp_path / "tone.wav")
    assert read(path) == tone
    assert read(path, start_s=0.25, end_s=0.5) == tone.cut(0.25, 0.5)
    assert sum(block.n_samples for block in read_blocks(path, block_s=0.3)) == tone.n_samples
    assert info(path).codec.endswith(" PCM_16")
    assert info(path).duration_s == 1.0
    (arguments,) = log.read_text().strip().split("\n\n")  # decoded once, however often it is opened
    words = arguments.splitlines()
    assert words[words.index("-protocol_whitelist") + 1] == "file,pipe"
    assert words[words.index("-i") + 1] == f"file:{path}"
    assert {"-nostdin", "-vn", "-fs"} <= set(words)


def test_a_changed_file_is_decoded_again(tmp_path: Path, fake_ffmpeg: Fake) -> None:
    log = fake_ffmpeg(copying(tmp_path))
    path = tmp_path / "a.m4a"
    for n_bytes in (0, 1):
        path.write_bytes(MP4_HEAD + bytes(n_bytes))
        read(path)
    assert log.read_text().count("-i\n") == 2


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("sys.exit('moov atom not found')", r"ffmpeg could not decode it \(moov atom not found\)\. Export"),
        ("pass", r"ffmpeg could not decode it \(no sound found\)\. Export"),
        ("import time; time.sleep(60)", "ffmpeg did not end within 0.5 s"),
        ("pathlib.Path(target).write_bytes(bytes(50))", "ffmpeg decoded it to no sound"),
        ("pathlib.Path(target).write_bytes(bytes(5000))", "ffmpeg gave more than 0.0 GB"),
    ],
)
def test_a_failure_of_ffmpeg_is_that_of_the_file(
    tmp_path: Path, fake_ffmpeg: Fake, body: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_ffmpeg(body)
    monkeypatch.setattr("woodshed.audio.ffmpeg.LIMIT_S", 0.5 if "sleep" in body else 60)
    monkeypatch.setattr("woodshed.audio.ffmpeg.LIMIT_BYTES", 4000)
    path = tmp_path / "a.m4a"
    path.write_bytes(MP4_HEAD)
    with pytest.raises(AudioFileError, match=r"a\.m4a: " + words):
        read(path)


def test_without_ffmpeg_the_message_has_the_line_that_converts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    path = tmp_path / "a b.webm"
    path.write_bytes(WEBM_HEAD)
    with pytest.raises(AudioFileError, match="Matroska or WebM, which needs ffmpeg") as caught:
        read(path)
    assert str(caught.value).endswith(conversion_command(path))
    assert conversion_command("a b.webm") == "ffmpeg -i 'a b.webm' 'a b.wav'"


def test_these_formats_are_among_the_sounds_of_a_folder(tmp_path: Path) -> None:
    for suffix in HEADS:
        (tmp_path / f"a.{suffix}").write_bytes(b"")
    assert len(list_sounds([tmp_path])) == len(HEADS)


@pytest.fixture(scope="session")
def shared_sounds(shared_data: Path) -> Path:
    """Return the folder of shared sound files that once were misread, or skip."""
    folder = shared_data.parent / "cases" / "audio"
    if not folder.is_dir():
        pytest.skip("the shared sound files are not here")
    return folder


@pytest.mark.data
@pytest.mark.parametrize(("name", "sample_rate"), [("phone.m4a", 16000), ("browser.webm", 48000)])
def test_real_files_are_read_by_the_real_ffmpeg(shared_sounds: Path, name: str, sample_rate: int) -> None:
    if shutil.which("ffmpeg") is None:
        pytest.skip("ffmpeg is not installed")
    clip = read(shared_sounds / name)
    assert clip.sample_rate == sample_rate
    assert clip.duration_s == pytest.approx(2.0, abs=0.05)
