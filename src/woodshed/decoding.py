"""Decoding of JSON and of compressed files within bounds on size and depth, and detection of UTF-16.

A model folder, a stored run or a score may come from elsewhere. A megabyte of a compressed file can unpack
to gigabytes, sizes in a header can be wrong, and deeply nested JSON exhausts the stack. These functions count
what they really read, and raise `ValueError` with a plain reason, to which the caller adds the file.
"""

from __future__ import annotations

import codecs
import io
import json
import math
import re
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

MAX_BYTES = 2**29
"""Most bytes that a file may unpack to by default: half a gibibyte."""

MAX_JSON_BYTES = 2**26
"""Most bytes of a JSON text by default."""

MAX_DEPTH = 64
"""Most levels of lists and objects in a JSON text."""

_BLOCK_BYTES = 2**20

_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""Compression of the zip archives that are read; others may take any amount of memory, or are optional."""

_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, KeyError, RuntimeError, NotImplementedError, OSError)
"""Raised by `zipfile` and `zlib` for damaged or unsupported content."""

_STRING_OR_BRACKET = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|([\[{])|([\]}])', re.DOTALL)
"""A string, which may lack its end, or a bracket; possessive, so that the time is linear for any text."""


def utf_16_of(start: bytes) -> str | None:
    """Return the name of the encoding of a text that begins with these four bytes; None if it is not UTF-16.

    Examples
    --------
    >>> utf_16_of("X:1".encode("utf-16")), utf_16_of("X:1".encode("utf-16-be")), utf_16_of(b"X:1")
    ('utf-16', 'utf-16-be', None)
    """
    if start[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return "utf-16"
    match [byte == 0 for byte in start[:4]]:
        case [False, True, False, True]:
            return "utf-16-le"
        case [True, False, True, False]:
            return "utf-16-be"
    return None


def parse_json(content: bytes | str, *, max_bytes: int = MAX_JSON_BYTES, max_depth: int = MAX_DEPTH) -> Any:
    """Parse JSON of bounded size and depth.

    Parameters
    ----------
    content
        The text, as UTF-8 if it is bytes.
    max_bytes
        Largest size of the text.
    max_depth
        Largest number of lists and objects within each other.

    Raises
    ------
    ValueError
        If it is not valid JSON, too long or too deep.

    Examples
    --------
    >>> parse_json(b'{"a": [1, 2]}')
    {'a': [1, 2]}
    >>> parse_json("[" * 100_000)
    Traceback (most recent call last):
    ValueError: it has more than 64 levels of lists and objects
    """
    text = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
    if len(text) > max_bytes:
        raise ValueError(f"it has {len(text):,} bytes, more than {max_bytes:,}")
    depth = 0
    for match in _STRING_OR_BRACKET.finditer(text):
        depth += (match[1] is not None) - (match[2] is not None)
        if depth > max_depth:
            raise ValueError(f"it has more than {max_depth} levels of lists and objects")
    # Decoded here: `json` would also accept UTF-16, whose bytes may look like brackets or hide them.
    return json.loads(text.decode("utf-8-sig", "surrogatepass"), parse_constant=_refuse_constant)


def _refuse_constant(name: str) -> float:
    raise ValueError(f"it has the value {name}, which is not JSON")


def decompress_gzip(content: bytes, *, max_bytes: int = MAX_BYTES) -> bytes:
    """Return what a gzip file holds.

    Raises
    ------
    ValueError
        If it is damaged, or unpacks to more than ``max_bytes``.

    Examples
    --------
    >>> import gzip
    >>> decompress_gzip(gzip.compress(b"text"))
    b'text'
    >>> decompress_gzip(gzip.compress(bytes(2000)), max_bytes=1000)
    Traceback (most recent call last):
    ValueError: it unpacks to more than 1,000 bytes
    """
    import gzip

    with gzip.GzipFile(fileobj=io.BytesIO(content)) as file:
        return _read_bounded(file, max_bytes, max_bytes)


def open_archive(content: bytes) -> zipfile.ZipFile:
    """Open a zip archive, for `read_member`.

    Raises
    ------
    ValueError
        If it is not an intact archive.

    Examples
    --------
    >>> open_archive(b"text")
    Traceback (most recent call last):
    ValueError: it is not an intact archive (File is not a zip file)
    """
    try:
        return zipfile.ZipFile(io.BytesIO(content))
    except (*_DAMAGE, ValueError) as error:
        raise ValueError(f"it is not an intact archive ({_text(error)})") from error


def read_member(archive: zipfile.ZipFile, name: str, *, max_bytes: int = MAX_BYTES) -> bytes:
    """Return a file of a zip archive; its size is counted while it is read.

    Raises
    ------
    ValueError
        If there is no such file, it is damaged, compressed by another method than deflate, or unpacks to more
        than ``max_bytes``.

    Examples
    --------
    >>> content = io.BytesIO()
    >>> with zipfile.ZipFile(content, "w") as archive:
    ...     archive.writestr("a.txt", "text")
    >>> with zipfile.ZipFile(content) as archive:
    ...     read_member(archive, "a.txt")
    b'text'
    """
    return _read_part(archive, name, max_bytes, limit=max_bytes)


def _read_part(archive: zipfile.ZipFile, name: str, n_left: int, *, limit: int) -> bytes:
    """Return a file of an archive; at most ``n_left`` bytes of the ``limit`` in the message are left."""
    try:
        if archive.getinfo(name).compress_type not in _METHODS:
            raise ValueError("it is compressed by another method than deflate")
        file = archive.open(name)
    except (*_DAMAGE, ValueError) as error:
        raise ValueError(f"its part {name} cannot be read ({_text(error)})") from error
    with file:
        return _read_bounded(file, n_left, limit)


def check_archive(content: bytes, *, max_bytes: int = MAX_BYTES) -> None:
    """Check that a zip archive is intact, and that all its files together unpack to a bounded size.

    Raises
    ------
    ValueError
        If it is damaged, or unpacks to more than ``max_bytes``.
    """
    for _ in _members(content, max_bytes):
        pass


def parse_arrays(content: bytes, *, max_bytes: int = MAX_BYTES) -> dict[str, NDArray[Any]]:
    """Return the arrays of an ``.npz`` file by name; pickled objects are refused.

    The size that the header of an array declares is compared with what the archive really holds before memory
    for the array is reserved. A file without compression, as `numpy.savez` writes it, may have any size.

    Raises
    ------
    ValueError
        If it is damaged, holds something else than arrays, or unpacks to more than ``max_bytes``.

    Examples
    --------
    >>> content = io.BytesIO()
    >>> np.savez(content, x=np.arange(3))
    >>> parse_arrays(content.getvalue())
    {'x': array([0, 1, 2])}
    """
    members = _members(content, max(max_bytes, len(content)))
    return {name.removesuffix(".npy"): _array_of(data, name) for name, data in members}


def _array_of(data: bytes, name: str) -> NDArray[Any]:
    """Return the array of an ``.npy`` file."""
    stream = io.BytesIO(data)
    try:
        version = np.lib.format.read_magic(stream)
        read_header = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }[version]
        shape, is_fortran, dtype = read_header(stream)
        if dtype.hasobject:
            raise ValueError("it holds Python objects, which are not unpickled")
        n_bytes = math.prod(shape) * dtype.itemsize
        if n_bytes != len(data) - stream.tell():
            raise ValueError(f"{dtype} of shape {shape} is not what follows")
        array = np.frombuffer(data, dtype, math.prod(shape), stream.tell())
        return array.reshape(shape, order="F" if is_fortran else "C").copy()
    except Exception as error:  # the header is parsed as a Python literal, with errors of many kinds
        raise ValueError(f"its array {name} is damaged ({_text(error)})") from error


def _members(content: bytes, max_bytes: int) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of each file of a zip archive, of a bounded size in total."""
    left = max_bytes
    with open_archive(content) as archive:
        for name in archive.namelist():
            member = _read_part(archive, name, left, limit=max_bytes)
            left -= len(member)
            yield name, member


def _read_bounded(file: IO[bytes] | io.BufferedIOBase, n_left: int, limit: int) -> bytes:
    """Read a decompressing file to its end, but at most ``n_left`` bytes; the message names the ``limit``."""
    blocks = []
    n_bytes = 0
    try:
        while block := file.read(_BLOCK_BYTES):
            n_bytes += len(block)
            if n_bytes > n_left:
                raise ValueError(f"it unpacks to more than {limit:,} bytes")
            blocks.append(block)
    except _DAMAGE as error:  # a ValueError of `zipfile` passes as it is
        raise ValueError(f"it is damaged ({_text(error)})") from error
    return b"".join(blocks)


def _text(error: Exception) -> str:
    return str(error).strip("'\"") or type(error).__name__
