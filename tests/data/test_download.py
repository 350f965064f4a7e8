"""Downloads from a server on this machine, and archives: cut off, damaged, missing or not to be trusted."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import shutil
import socket
import tarfile
import threading
import zipfile
from collections import namedtuple
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from woodshed.data.corpora.get import join_parts, unpack
from woodshed.data.download import CHUNK, N_TRIES, fetch
from woodshed.errors import DataError, OutputError, ParameterError

CONTENT = np.random.default_rng(0).bytes(3 * CHUNK + 17)
MD5, SHA256 = hashlib.md5(CONTENT).hexdigest(), hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def url(shelf: Any) -> str:
    """Return the address of a file."""
    shelf.files["a.bin"] = CONTENT
    return shelf.url("a.bin")


@pytest.mark.parametrize("checksum", [None, MD5, SHA256, SHA256.upper()])
def test_a_file_arrives_whole_and_leaves_nothing_beside_it(
    url: str, checksum: str | None, tmp_path: Path
) -> None:
    assert fetch(url, tmp_path / "a.bin", checksum=checksum).read_bytes() == CONTENT
    assert os.listdir(tmp_path) == ["a.bin"]


def test_progress_rises_to_the_size_of_the_file(url: str, tmp_path: Path) -> None:
    told: list[tuple[int, int | None]] = []
    fetch(url, tmp_path / "a.bin", progress=lambda here, total: told.append((here, total)))
    assert told[-1] == (len(CONTENT), len(CONTENT))
    assert [here for here, _ in told] == sorted({here for here, _ in told})


def test_a_cut_connection_goes_on_where_it_broke_off(shelf: Any, url: str, tmp_path: Path) -> None:
    shelf.cuts = [1000, 5000]
    assert fetch(url, tmp_path / "a.bin", checksum=MD5).read_bytes() == CONTENT
    assert [wanted for _, wanted in shelf.asked] == [None, "bytes=1000-", "bytes=6000-"]


def test_a_broken_run_is_taken_up_by_the_next(shelf: Any, url: str, tmp_path: Path) -> None:
    shelf.cuts = [1000, *[0] * N_TRIES]
    with pytest.raises(DataError, match=r"connection was lost.*to resume after 1,000 bytes"):
        fetch(url, tmp_path / "a.bin")
    assert not (tmp_path / "a.bin").exists()
    shelf.asked.clear()
    assert fetch(url, tmp_path / "a.bin").read_bytes() == CONTENT
    assert shelf.asked == [("/a.bin", "bytes=1000-")]
    assert os.listdir(tmp_path) == ["a.bin"]


def test_a_file_that_has_changed_meanwhile_comes_from_the_start(shelf: Any, url: str, tmp_path: Path) -> None:
    shelf.cuts = [1000, *[0] * N_TRIES]
    with pytest.raises(DataError):
        fetch(url, tmp_path / "a.bin")
    shelf.files["a.bin"], shelf.version = CONTENT[::-1], '"2"'
    assert fetch(url, tmp_path / "a.bin").read_bytes() == CONTENT[::-1]


def test_a_server_that_cannot_go_on_is_asked_for_the_whole_again(
    shelf: Any, url: str, tmp_path: Path
) -> None:
    shelf.cuts, shelf.ranges = [1000], False
    assert fetch(url, tmp_path / "a.bin", checksum=MD5).read_bytes() == CONTENT


def test_a_part_that_is_complete_already_is_only_renamed(shelf: Any, url: str, tmp_path: Path) -> None:
    (tmp_path / "a.bin.part").write_bytes(CONTENT)
    (tmp_path / "a.bin.part.version").write_text(shelf.version)
    assert fetch(url, tmp_path / "a.bin").read_bytes() == CONTENT
    assert shelf.asked == [("/a.bin", f"bytes={len(CONTENT)}-")]
    (tmp_path / "b.bin.part").write_bytes(CONTENT + b"more")  # longer than the file: begun again
    (tmp_path / "b.bin.part.version").write_text(shelf.version)
    assert fetch(url, tmp_path / "b.bin").read_bytes() == CONTENT


def test_a_file_that_is_there_is_asked_for_again_only_if_its_checksum_is_wrong(
    shelf: Any, url: str, tmp_path: Path
) -> None:
    fetch(url, tmp_path / "a.bin", checksum=MD5)
    fetch(url, tmp_path / "a.bin", checksum=MD5)
    fetch(url, tmp_path / "a.bin")
    assert len(shelf.asked) == 1
    (tmp_path / "a.bin").write_bytes(b"spoilt")
    assert fetch(url, tmp_path / "a.bin", checksum=MD5).read_bytes() == CONTENT


def test_a_wrong_checksum_is_told_and_what_came_is_thrown_away(url: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=f"has the checksum {MD5}, expected {'0' * 32}"):
        fetch(url, tmp_path / "a.bin", checksum="0" * 32)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("status", "cure"), [(404, "no such file on the server"), (403, "manually"), (503, "Try again later")]
)
def test_the_server_says_no(shelf: Any, status: int, cure: str, tmp_path: Path) -> None:
    shelf.status = status
    with pytest.raises(DataError, match=cure):
        fetch(shelf.url("a.bin"), tmp_path / "a.bin")
    assert len(shelf.asked) == 1
    assert os.listdir(tmp_path) == []


def test_no_server_is_told_with_what_to_do(tmp_path: Path) -> None:
    with socket.socket() as lone:
        lone.bind(("127.0.0.1", 0))
        port = lone.getsockname()[1]
    with pytest.raises(DataError, match=r"cannot be downloaded: .*refused.*Check the network connection"):
        fetch(f"http://127.0.0.1:{port}/a.bin", tmp_path / "a.bin")


def test_an_answer_of_unknown_length_that_breaks_off_is_not_taken_for_whole(tmp_path: Path) -> None:
    answers = [b"5\r\nhello\r\n"] * N_TRIES + [b"5\r\nhello\r\n0\r\n\r\n"]
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            for answer in answers:
                caller, _ = server.accept()
                with caller:
                    caller.recv(2**16)
                    caller.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + answer)

        thread = threading.Thread(target=serve)
        thread.start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}/a"
        with pytest.raises(DataError, match=r"IncompleteRead.*run the same command again\."):
            fetch(url, tmp_path / "a")
        assert fetch(url, tmp_path / "a").read_bytes() == b"hello"
        thread.join()


def test_a_silent_server_is_not_waited_for(tmp_path: Path) -> None:
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        with pytest.raises(DataError, match="timed out"):
            fetch(f"http://127.0.0.1:{mute.getsockname()[1]}/a", tmp_path / "a", timeout_s=0.05)


def test_a_full_disk_is_told_and_the_rest_fits_later(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "disk_usage", lambda place: usage(0, 0, 10))
        with pytest.raises(OutputError, match=r"10 bytes are free on the disk, 786,449 are needed"):
            fetch(url, tmp_path / "a.bin")

    def full(here: int, total: int | None) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OutputError, match=r"the disk is full.*the partial file is kept"):
        fetch(url, tmp_path / "a.bin", progress=full)
    assert (tmp_path / "a.bin.part").stat().st_size == CHUNK
    assert fetch(url, tmp_path / "a.bin", checksum=MD5).read_bytes() == CONTENT


def test_what_cannot_be_downloaded_is_refused(url: str, tmp_path: Path) -> None:
    for odd in ("file:///etc/passwd", "ftp://example.org/a", "a.bin"):
        with pytest.raises(ParameterError, match="must start with http"):
            fetch(odd, tmp_path / "a")
    with pytest.raises(ParameterError, match=r"32 .MD5. or 64"):
        fetch(url, tmp_path / "a", checksum="123")
    with pytest.raises(OutputError, match=r"is not a folder\. Create it first"):
        fetch(url, tmp_path / "none" / "a.bin")


def make_zip(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("empty/", b"")
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def make_tar(path: Path, files: dict[str, bytes], mode: str = "w:gz") -> Path:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return path


FILES = {"corpus/a.wav": CONTENT, "corpus/deep/er/b.csv": b"path,label\n"}
MAKERS = {
    "zip": make_zip,
    "tar.gz": make_tar,
    "tar": lambda path, files: make_tar(path, files, "w"),
    "tar.xz": lambda path, files: make_tar(path, files, "w:xz"),
}


@pytest.mark.parametrize("kind", MAKERS)
def test_archives_are_unpacked_by_their_content_whatever_they_are_called(kind: str, tmp_path: Path) -> None:
    archive = MAKERS[kind](tmp_path / "download", FILES)
    assert unpack(archive, tmp_path / "out") == 2
    assert {
        path.relative_to(tmp_path / "out").as_posix(): path.read_bytes()
        for path in (tmp_path / "out").rglob("*")
        if path.is_file()
    } == FILES
    assert unpack(archive, tmp_path / "out") == 2


@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize("name", ["../out.txt", "/tmp/out.txt", "a/../../out.txt", "..\\out.txt", "."])
def test_nothing_is_written_outside_the_folder(kind: str, name: str, tmp_path: Path) -> None:
    archive = MAKERS[kind](tmp_path / "download", {name: b"gotcha"})
    with pytest.raises(DataError, match=r"is outside the folder\. Do not trust the archive"):
        unpack(archive, tmp_path / "inner" / "out")
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["download", "inner", "out"]


def test_a_link_in_the_way_leads_nowhere(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "outside").mkdir()
    (tmp_path / "out" / "door").symlink_to(tmp_path / "outside")
    with pytest.raises(DataError, match="is outside the folder"):
        unpack(make_zip(tmp_path / "a.zip", {"door/a.txt": b"gotcha"}), tmp_path / "out")
    assert not list((tmp_path / "outside").iterdir())


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE])
def test_links_and_devices_are_refused(kind: bytes, tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        entry = tarfile.TarInfo("door")
        entry.type, entry.linkname = kind, "/etc/passwd"
        archive.addfile(entry)
    with pytest.raises(DataError, match="door is a link or a device"):
        unpack(tmp_path / "a.tar", tmp_path / "out")
    assert not list((tmp_path / "out").iterdir())


@pytest.mark.parametrize("kind", MAKERS)
def test_a_damaged_archive_is_named_and_leaves_no_half_file(kind: str, tmp_path: Path) -> None:
    archive = MAKERS[kind](tmp_path / "download", FILES)
    content = bytearray(archive.read_bytes())
    if kind == "tar":
        del content[len(content) // 2 :]
    else:
        content[5000:6000] = bytes(1000)
    archive.write_bytes(content)
    with pytest.raises(DataError, match=r"download is damaged .*download it again"):
        unpack(archive, tmp_path / "out")
    left = {path.name: path.stat().st_size for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert left.items() <= {"a.wav": len(CONTENT), "b.csv": 11}.items()


def test_what_is_no_archive_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_text("<html>not found</html>")
    with pytest.raises(DataError, match="neither a zip nor a tar archive"):
        unpack(tmp_path / "a.zip", tmp_path / "out")


def test_parts_are_put_together_in_their_order(tmp_path: Path) -> None:
    whole = make_zip(tmp_path / "whole.zip", FILES).read_bytes()
    parts = [tmp_path / f"mp3.zip.{k:03}" for k in (1, 2, 3)]
    for k, part in enumerate(parts):
        part.write_bytes(whole[k * 300_000 : (k + 1) * 300_000])
    assert unpack(join_parts(parts, tmp_path / "mp3.zip"), tmp_path / "out") == 2
