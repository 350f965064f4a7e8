"""Entries of the feature store: arrays on disk with a checksum.

An entry is a ``.npy`` file (`numpy.load` opens it) followed by a trailer of 20 bytes::

    magic ``wdshed01``   8 bytes
    length of the .npy   8 bytes, little endian
    CRC-32 of the .npy   4 bytes, little endian
"""

from __future__ import annotations

import functools
import io
import math
import os
import struct
import zlib
from collections.abc import Iterable
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from woodshed.atomic import draft

Array = NDArray[Any]

# Raise it when the layout of an entry changes. When the values of a feature change, raise the number in the
# key of its class.
MAGIC = b"wdshed01"

MAPPED_FROM_BYTES = 2**20
"""Smaller arrays are copied into memory, which is as fast as mapping them and keeps no file open."""

_TRAILER = struct.Struct("<8sQI")
_CHUNK_BYTES = 2**20
_HEADER_AT = 10  # in a .npy file of version 1.0: magic and version in 8 bytes, length of the header in 2


def write_entry(path: Path, chunks: Iterable[Array]) -> None:
    """Write the concatenation of arrays, with at most two of them in memory.

    Parameters
    ----------
    path
        Path of the entry, which appears when it is complete.
    chunks
        One or more C-contiguous arrays that may differ in their first axis only.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    ordered = iter(chunks)
    first, second = next(ordered), next(ordered, None)
    with draft(path) as file:
        if second is None:
            head = _header(first, len(first))
            file.write(head)
            file.write(first.data)
            n_bytes = len(head) + first.nbytes
            crc = zlib.crc32(first.data, zlib.crc32(head))
        else:
            n_bytes, crc = _write_pieces(file, chain([first, second], ordered))
        file.write(_TRAILER.pack(MAGIC, n_bytes, crc))


def _write_pieces(file: BinaryIO, pieces: Iterable[Array]) -> tuple[int, int]:
    """Write arrays with a common header; return the number of bytes and their checksum."""
    ordered = iter(pieces)
    first = next(ordered)
    n_rows = 0
    # The header precedes the data but contains the length, which is known last. Its size is constant.
    file.seek(len(_header(first, 0)))
    for piece in chain([first], ordered):
        file.write(piece.data)
        n_rows += len(piece)
    n_bytes = file.tell()
    file.seek(0)
    file.write(_header(first, n_rows))
    file.seek(0)
    return n_bytes, _crc(file, n_bytes)


def is_intact(file: BinaryIO) -> bool:
    """Return whether an entry is complete and its checksum matches."""
    n_bytes = os.fstat(file.fileno()).st_size - _TRAILER.size
    if n_bytes < 0:
        return False
    file.seek(n_bytes)
    magic, length, expected = _TRAILER.unpack(file.read(_TRAILER.size))
    if magic != MAGIC or length != n_bytes:
        return False
    file.seek(0)
    return bool(_crc(file, n_bytes) == expected)


def open_array(path: Path, file: BinaryIO) -> Array:
    """Copy a small array or map a large one, both read-only."""
    if os.fstat(file.fileno()).st_size >= MAPPED_FROM_BYTES:
        mapped: Array = np.load(path, mmap_mode="r", allow_pickle=False)
        return mapped
    file.seek(0)
    content = file.read()
    start = _HEADER_AT + int.from_bytes(content[_HEADER_AT - 2 : _HEADER_AT], "little")
    shape, dtype = _parse_header(content[:start])
    n_values = math.prod(shape)
    return np.frombuffer(content, dtype, n_values, start).reshape(shape)


def _header(like: Array, n_rows: int) -> bytes:
    """Return the header of a .npy file for ``n_rows`` rows; NumPy pads it to a constant length."""
    return _format_header(like.dtype, (n_rows, *like.shape[1:]))


@functools.lru_cache(maxsize=4096)
def _format_header(dtype: np.dtype[Any], shape: tuple[int, ...]) -> bytes:
    """Format a header; cached, because it is slow and few headers differ."""
    stream = io.BytesIO()
    facts = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(stream, facts)
    return stream.getvalue()


def _crc(file: BinaryIO, n_bytes: int) -> int:
    """Return the CRC-32 of the next bytes."""
    crc = 0
    while n_bytes:
        chunk = file.read(min(n_bytes, _CHUNK_BYTES))
        crc = zlib.crc32(chunk, crc)
        n_bytes -= len(chunk)
    return crc


@functools.lru_cache(maxsize=4096)
def _parse_header(header: bytes) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Return shape and dtype; cached, because parsing takes as long as reading a short entry."""
    stream = io.BytesIO(header)
    np.lib.format.read_magic(stream)
    shape, _, dtype = np.lib.format.read_array_header_1_0(stream)
    return shape, dtype
