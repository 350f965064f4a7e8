"""Atomic writing of files.

A file is written under a temporary name in the same folder and then renamed. The operating system renames
atomically: a crash, a full disk or a power failure leaves the old file or the new one, never a part of it.
The temporary file of a process that was killed is deleted by the next run that calls `remove_drafts`.
"""

from __future__ import annotations

import errno
import os
import secrets
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from woodshed.errors import OutputError, printable

DRAFTS = ".woodshed-*.draft"
"""Names of temporary files."""

_DRAFT_LIFETIME_S = 3600.0
"""Age from which a draft counts as abandoned on Windows, in seconds."""

_LOCKED_BYTE = 2**30
"""Windows denies others the bytes that are locked: one beyond the content is."""


@contextmanager
def draft(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Open a temporary file that replaces ``path`` when the block ends without an error.

    Parameters
    ----------
    path
        Name of the file to write. Its folder must exist.

    Yields
    ------
    BinaryIO
        The temporary file, open for reading and writing.

    Raises
    ------
    OutputError
        If the folder is missing or read-only, or the disk is full.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with draft(Path(folder) / "a.txt") as file:
    ...         _ = file.write(b"whole")
    ...     (Path(folder) / "a.txt").read_bytes(), len(os.listdir(folder))
    (b'whole', 1)
    """
    path = Path(path)
    holder = -1
    temporary = None
    try:
        temporary, file = _open_draft(path)
        with file:
            if sys.platform != "win32":
                holder = os.dup(file.fileno())  # keeps the lock until the file has its name
            yield file
        os.replace(temporary, path)
    except OutputError:
        raise
    except OSError as error:
        raise OutputError(f"{printable(path)} could not be written: {remedy(error, path)}") from error
    finally:
        if temporary is not None:
            with suppress(OSError):  # of a disk that is gone; the error that led here is raised
                temporary.unlink(missing_ok=True)
        if holder >= 0:
            os.close(holder)


def _open_draft(path: Path) -> tuple[Path, BinaryIO]:
    """Create a temporary file beside a path and lock it, so that `remove_drafts` leaves it alone."""
    while True:
        temporary = path.with_name(f".woodshed-{secrets.token_hex(8)}.draft")
        file = open(temporary, "x+b")  # noqa: SIM115  the caller closes it
        if sys.platform == "win32":
            return temporary, file
        try:
            if try_lock(file) and temporary.exists():
                return temporary, file
        except OSError:  # no locks
            return temporary, file
        file.close()  # another process deleted it before it was locked


def remove_drafts(folder: Path) -> None:
    """Delete the temporary files that processes which were killed left in a folder.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     (Path(folder) / ".woodshed-0123.draft").touch()
    ...     with draft(Path(folder) / "a.txt") as file:
    ...         remove_drafts(Path(folder))
    ...         [path.name == Path(file.name).name for path in Path(folder).iterdir()]
    [True]
    """
    with suppress(OSError):  # the folder cannot be listed
        for path in folder.glob(DRAFTS):
            with suppress(OSError):  # deleted meanwhile, or not ours: harmless
                if _is_abandoned(path):
                    path.unlink()


def _is_abandoned(path: Path) -> bool:
    if sys.platform == "win32":
        return time.time() - path.stat().st_mtime > _DRAFT_LIFETIME_S
    with open(path, "r+b") as file:
        return try_lock(file)


def try_lock(file: BinaryIO) -> bool:
    """Lock an open file for this process, and return False if another process has locked it.

    The system releases the lock when the file is closed or the process ends, however it ends.

    Raises
    ------
    OSError
        If the file system has no locks, as some network file systems.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.NamedTemporaryFile() as file, open(file.name, "rb") as again:
    ...     try_lock(file), try_lock(again)
    (True, False)
    """
    try:
        if sys.platform == "win32":
            import msvcrt

            file.seek(_LOCKED_BYTE)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EAGAIN, errno.EDEADLK):
            return False
        raise
    return True


def write_whole(path: str | os.PathLike[str], content: bytes | str) -> None:
    """Write a file atomically; text is encoded as UTF-8.

    Raises
    ------
    OutputError
        As in `draft`.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_whole(Path(folder) / "a.txt", "whole")
    ...     (Path(folder) / "a.txt").read_text()
    'whole'
    """
    with draft(path) as file:
        file.write(content.encode("utf-8") if isinstance(content, str) else content)


def check_overwrite(path: str | os.PathLike[str], *, overwrite: bool) -> None:
    """Check that a file does not exist yet, or may be replaced.

    Raises
    ------
    OutputError
        If the file exists and ``overwrite`` is false.

    Examples
    --------
    >>> check_overwrite("no such file.wav", overwrite=False)
    """
    if not overwrite and Path(path).exists():
        raise OutputError(
            f"{printable(path)} already exists. Choose another name, or set overwrite=True "
            "(--force on the command line)."
        )


def remedy(error: OSError, path: Path) -> str:
    """Return the cause of a system error about a path and its remedy, as one or two sentences."""
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            return "the disk is full. Make room, or write to another disk."
        case errno.EFBIG:
            return "it is larger than a file may be here. Write to another disk, or raise the limit (ulimit)."
        case errno.EACCES | errno.EPERM | errno.EROFS:
            where = printable(path.parent)
            return f"{where} may not be written to. Choose another folder, or change its permissions."
        case errno.ENOENT | errno.ENOTDIR if not path.parent.is_dir():
            return f"{printable(path.parent)} is not a folder. Create it first."
        case _:
            return f"{error.strerror or error}. Check the disk and the name."
