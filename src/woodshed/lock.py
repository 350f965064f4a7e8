"""Lock of an output folder, so that two runs do not mix their files in it.

The lock is a file that the operating system locks for the process (`woodshed.atomic.try_lock`): it is free as
soon as the process has ended, however it ended. The file names the process for the message to a second one.
"""

from __future__ import annotations

import datetime
import json
import os
import platform
import sys
import warnings
import weakref
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Self

from woodshed.atomic import DRAFTS, remedy, remove_drafts, try_lock
from woodshed.decoding import parse_json
from woodshed.errors import OutputError, printable

LOCK_NAME = ".woodshed.lock"
"""File in a folder that is being written."""

_MAX_BYTES = 2**12


class FolderLock:
    """The right of this process to write a folder, until `release` or the end of a ``with`` block.

    Drafts that earlier processes left in the folder are deleted.

    Parameters
    ----------
    folder
        An existing folder.

    Raises
    ------
    OutputError
        If another run writes it, which the message names; or if it cannot be written to.

    Warns
    -----
    UserWarning
        If an earlier process ended without releasing its lock, because it was killed.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with FolderLock(Path(folder)):
    ...         FolderLock(Path(folder))
    Traceback (most recent call last):
    woodshed.errors.OutputError: ... is being written by process ... Wait until it ends, or choose another ...
    """

    def __init__(self, folder: Path) -> None:
        path = folder.absolute() / LOCK_NAME
        try:
            file = _locked(path, folder)
            self._release = weakref.finalize(self, _release, file, path)
            try:
                _take_over(file, folder)
            except BaseException:  # such as a full disk, or a warning that is an error
                self.release()
                raise
        except OutputError:
            raise
        except OSError as error:
            raise OutputError(f"{printable(folder)} cannot be written to: {remedy(error, path)}") from error
        remove_drafts(folder)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def release(self) -> None:
        """Release the lock, if that was not done yet."""
        self._release()


def contents_of(folder: Path) -> list[str]:
    """Return the sorted names in a folder, without the files of running and killed processes.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder, FolderLock(Path(folder)):
    ...     (Path(folder) / "a.txt").touch()
    ...     contents_of(Path(folder))
    ['a.txt']
    """
    own = (LOCK_NAME, DRAFTS)
    return sorted(path.name for path in folder.iterdir() if not any(map(path.match, own)))


def _locked(path: Path, folder: Path) -> BinaryIO:
    """Open the file and lock it; where the file system has no locks, it is only opened."""
    while True:
        file = open(path, "a+b")  # noqa: SIM115  open as long as the lock is held
        try:
            if not try_lock(file):
                holder = _holder_of(file)
                raise OutputError(
                    f"{printable(folder)} is being written by {holder}. Wait until it ends, or choose "
                    "another folder."
                )
            if _is_at(path, file):
                return file
        except OutputError:
            file.close()
            raise
        except OSError:  # no locks
            return file
        file.close()  # deleted by the process that held it, before it was locked here


def _is_at(path: Path, file: BinaryIO) -> bool:
    try:
        return os.path.samestat(os.stat(path), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False


def _take_over(file: BinaryIO, folder: Path) -> None:
    """Write the name of this process into the file, and warn of another that was killed."""
    file.seek(0)
    if file.read(1):
        warnings.warn(
            f"{printable(folder)}: {_holder_of(file)} ended without finishing. Its lock was taken over.",
            stacklevel=4,
        )
    now = datetime.datetime.now().astimezone().isoformat(" ", "seconds")
    facts = {"pid": os.getpid(), "host": platform.node(), "started": now}
    file.seek(0)
    file.truncate()
    file.write(json.dumps(facts).encode())
    file.flush()


def _holder_of(file: BinaryIO) -> str:
    """Return the process that is named in the file, as text."""
    try:
        file.seek(0)
        facts = parse_json(file.read(_MAX_BYTES), max_depth=1)
        pid, host, started = int(facts["pid"]), str(facts["host"]), str(facts["started"])
    except (OSError, ValueError, KeyError, TypeError, OverflowError):  # not written yet, or damaged
        return "another process"
    return f"process {pid} on {printable(host)}, started {printable(started)}"


def _release(file: BinaryIO, path: Path) -> None:
    """Delete the file while it is locked; Windows deletes closed files only."""
    if sys.platform == "win32":
        file.close()
    with suppress(OSError):
        path.unlink(missing_ok=True)
    with suppress(OSError):  # of a full disk, on which nothing is left to be written
        file.close()
