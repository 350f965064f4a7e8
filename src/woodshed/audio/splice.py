"""A file whose header does not state its true length, presented with a corrected one."""

from __future__ import annotations

import io
import os
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, BinaryIO


@dataclass(frozen=True)
class FileLayout:
    """What a file contains in truth.

    Parameters
    ----------
    prefix, spans
        Corrected header, and the ranges of bytes ``(start, stop)`` of the file that follow it. Without spans
        the file is read as it is.
    n_apparent
        Minimum size in bytes of the corrected file, which ends with zeros up to that size.
    n_samples
        Number of samples per channel that can be decoded; None if that of the header is correct.
    declared
        Declared length as a multiple of the length that is there, for formats whose header declares bytes.
    n_missing
        Number of samples per channel that are declared and missing, for other formats.
    remark
        What a user should know about it, or an empty string.
    """

    prefix: bytes = b""
    spans: tuple[tuple[int, int], ...] = ()
    n_apparent: int = 0
    n_samples: int | None = None
    declared: float = 1.0
    n_missing: int = 0
    remark: str = ""


class SplicedFile(io.RawIOBase):
    """A prefix followed by ranges of bytes of a file, read like one file.

    Parameters
    ----------
    file
        The open file.
    prefix, spans, n_apparent
        As in `FileLayout`.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryFile() as file:
    ...     _ = file.write(b"0123456789")
    ...     SplicedFile(file, b"ab", [(2, 4), (7, 9)]).read(5)
    b'ab237'
    """

    def __init__(
        self, file: BinaryIO, prefix: bytes, spans: Sequence[tuple[int, int]], n_apparent: int = 0
    ) -> None:
        self._file = file
        self._prefix = prefix
        self._spans = spans
        lengths = [len(prefix), *(stop - start for start, stop in spans)]
        self._starts = list(accumulate(lengths, initial=0))
        self._end = max(n_apparent, self._starts[-1])
        self._position = 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return the position."""
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move to a position, as in any binary file."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._end}[whence]
        self._position = max(0, base + offset)
        return self._position

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer as far as there are bytes; return their number."""
        view = memoryview(buffer).cast("B")
        n_done = 0
        while n_done < len(view) and self._position < self._end:
            part = self._part(len(view) - n_done)
            if not part:
                break
            view[n_done : n_done + len(part)] = part
            n_done += len(part)
            self._position += len(part)
        return n_done

    def _part(self, n_bytes: int) -> bytes:
        """Return bytes from the position on, up to the end of the prefix or range."""
        index = bisect_right(self._starts, self._position) - 1
        offset = self._position - self._starts[index]
        if index == 0:
            return self._prefix[offset : offset + n_bytes]
        if index > len(self._spans):
            return bytes(min(n_bytes, self._end - self._position))
        start, stop = self._spans[index - 1]
        self._file.seek(start + offset)
        return self._file.read(min(n_bytes, stop - start - offset))
