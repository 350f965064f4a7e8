"""Lock of an output folder: one run at a time, and nothing to clean up after one that was killed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from woodshed.errors import OutputError
from woodshed.lock import LOCK_NAME, FolderLock, contents_of

HOLD = (
    "import sys; from pathlib import Path; from woodshed.lock import FolderLock\n"
    "lock = FolderLock(Path(sys.argv[1])); print('held', flush=True); sys.stdin.read()\n"
)


@pytest.fixture
def holder(tmp_path: Path) -> Any:
    """Yield a process that holds the lock of the folder."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, tmp_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def test_a_second_process_is_refused_with_the_name_of_the_first(holder: Any, tmp_path: Path) -> None:
    with pytest.raises(
        OutputError, match=rf"is being written by process {holder.pid} on .*, started 20\d\d-"
    ):
        FolderLock(tmp_path)
    assert contents_of(tmp_path) == []


def test_the_lock_of_a_killed_process_is_taken_over_and_its_drafts_deleted(
    holder: Any, tmp_path: Path
) -> None:
    (tmp_path / ".woodshed-00.draft").write_bytes(b"half")
    holder.kill()
    holder.wait()
    with pytest.warns(UserWarning, match=rf"process {holder.pid} on .* ended without finishing"):
        lock = FolderLock(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [LOCK_NAME]
    lock.release()
    lock.release()
    assert list(tmp_path.iterdir()) == []


def test_a_lock_that_nothing_refers_to_any_more_is_released(tmp_path: Path) -> None:
    FolderLock(tmp_path)
    with FolderLock(tmp_path):
        assert contents_of(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[" * 10**4, b'{"pid": "x"}', b'{"pid": 1e999, "host": 1, "started": 1}', b"\xff"]
)
def test_a_damaged_lock_is_no_obstacle(content: bytes, tmp_path: Path) -> None:
    (tmp_path / LOCK_NAME).write_bytes(content)
    if content:
        with pytest.warns(UserWarning, match="another process ended without finishing"):
            FolderLock(tmp_path).release()
    else:
        FolderLock(tmp_path).release()


def test_a_lock_whose_warning_is_an_error_is_released(tmp_path: Path) -> None:
    (tmp_path / LOCK_NAME).write_bytes(b"of a killed process")
    with pytest.raises(UserWarning, match="ended without finishing") as caught:
        FolderLock(tmp_path)
    assert list(tmp_path.iterdir()) == []
    with FolderLock(tmp_path):
        assert caught.traceback  # which still refers to the first lock


def test_a_file_system_without_locks_is_written_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unsupported(*_: object) -> bool:
        raise OSError(95, os.strerror(95))

    monkeypatch.setattr("woodshed.lock.try_lock", unsupported)
    with FolderLock(tmp_path):
        assert contents_of(tmp_path) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["train", "{sounds}", "--task", "speech", "--net", "knn", "--out", "{out}"],
        ["compare", "{sounds}", "--task", "speech", "--nets", "knn,svm", "--out", "{out}"],
        ["generate", "tune", "-n", "1", "--formats", "abc", "--out", "{out}"],
    ],
)
def test_two_runs_do_not_write_one_folder(
    arguments: list[str], cli: Callable[..., Any], toy_folder: Path, tmp_path: Path
) -> None:
    with FolderLock(tmp_path):
        finished = cli(*(word.format(sounds=toy_folder, out=tmp_path) for word in arguments))
    assert finished.code == 2
    assert f"is being written by process {os.getpid()} on" in finished.err
    assert list(tmp_path.iterdir()) == []
