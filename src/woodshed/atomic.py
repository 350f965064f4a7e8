"""Files that appear whole or not at all.

A draft is written beside the place it is meant for and then renamed, which the system does in one
step: a kill, a full disk or a pulled plug leaves the old file or the new one, never half of one.
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
    """Open a draft of ``path`` for writing; it takes that name when the block ends without an error.

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
    beside = path.with_name(f".woodshed-{secrets.token_hex(8)}.draft")
    try:
        with open(beside, "x+b") as file:
            yield file
        os.replace(beside, path)
    except OSError as error:
        raise OutputError(f"{printable(path)} could not be written: {_cure(error, path)}") from error
    finally:
        beside.unlink(missing_ok=True)


def write_whole(path: str | os.PathLike[str], content: bytes | str) -> None:
    """Write a file in one piece; text is written as UTF-8."""
    with draft(path) as file:
        file.write(content.encode("utf-8") if isinstance(content, str) else content)


def _cure(error: OSError, path: Path) -> str:
    """Say in words what the system said in a number, and what helps."""
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            return "the disk is full. Make room, or write to another disk."
        case errno.EACCES | errno.EPERM | errno.EROFS:
            where = printable(path.parent)
            return f"{where} may not be written to. Choose another folder, or change its permissions."
        case errno.ENOENT | errno.ENOTDIR:
            return f"{printable(path.parent)} is not a folder. Make it first."
        case _:
            return f"{error.strerror or error}. Check the disk and the name."
