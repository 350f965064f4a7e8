"""Atomic writing of files.

A file is written under a temporary name in the same folder and then renamed. The operating system renames
atomically: a crash, a full disk or a power failure leaves the old file or the new one, never a part of it.
"""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from woodshed.errors import OutputError, printable


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
    temporary = path.with_name(f".woodshed-{secrets.token_hex(8)}.draft")
    try:
        with open(temporary, "x+b") as file:
            yield file
        os.replace(temporary, path)
    except OSError as error:
        raise OutputError(f"{printable(path)} could not be written: {_remedy(error, path)}") from error
    finally:
        temporary.unlink(missing_ok=True)


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


def _remedy(error: OSError, path: Path) -> str:
    """Return the cause of a system error and its remedy."""
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            return "the disk is full. Make room, or write to another disk."
        case errno.EACCES | errno.EPERM | errno.EROFS:
            where = printable(path.parent)
            return f"{where} may not be written to. Choose another folder, or change its permissions."
        case errno.ENOENT | errno.ENOTDIR:
            return f"{printable(path.parent)} is not a folder. Create it first."
        case _:
            return f"{error.strerror or error}. Check the disk and the name."
