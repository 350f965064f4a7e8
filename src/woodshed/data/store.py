"""Feature store: an on-disk cache of computed features.

Each item has its own entry, a file that is named by the content of the sound and all settings: it depends
neither on file names nor on dates, several processes can fill a store together, and an interrupted run loses
only the entries that were being computed. An entry is a ``.npy`` file (`numpy.load` opens it) followed by a
trailer of 36 bytes::

    magic ``wdshed02``   8 bytes
    length of the .npy   8 bytes, little endian
    CRC-32 of the .npy   4 bytes, little endian
    key                  16 bytes: the digest that is the name of the entry

An entry under another name, with another length or another checksum is not used, but computed again.
"""

from __future__ import annotations

import functools
import io
import math
import os
import struct
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO, Literal

import numpy as np
from numpy.typing import NDArray

from woodshed.atomic import draft, remove_drafts
from woodshed.clip import Clip
from woodshed.data.example import Skipped
from woodshed.data.folder import create_folder
from woodshed.data.item import Describing, Item, SharedLoads, callable_key, digest, load_item
from woodshed.errors import (
    DataError,
    MissingPackageError,
    OutputError,
    ParameterError,
    WoodshedError,
    printable,
)
from woodshed.interruption import check_interruption, interruptible
from woodshed.parallel import in_processes

Array = NDArray[Any]

# Raise it when the layout of an entry changes. When the values of a feature change, raise the number in the
# key of its class.
MAGIC = b"wdshed02"

MAPPED_FROM_BYTES = 2**20
"""Smaller arrays are copied into memory, which is as fast as mapping them and keeps no file open."""

_TRAILER = struct.Struct("<8sQI16s")
"""End of an entry: `MAGIC`, number of bytes before it, their CRC-32, and the key."""

_CHUNK_BYTES = 2**20
"""Number of bytes that are read at a time for the checksum."""

_HEADER_AT = 10  # in a .npy file of version 1.0: magic and version in 8 bytes, length of the header in 2

_FOLDER_REMEDY = "Choose a writable folder for the feature store, on a disk with enough space."


class FeatureStore:
    """The features of many sounds, on disk.

    Parameters
    ----------
    folder
        Folder of the entries, created if missing. Stores of different features may share a folder.
    feature
        ``Clip -> array``: a frozen dataclass with a ``key``, or any other callable that
        `woodshed.data.item.callable_key` can identify. The ``parts`` of a concatenation of features, if it
        has this attribute, are stored by themselves, too, and read where they are already stored.
    dtype
        Data type on disk: ``float32`` (default), or ``float16``, which halves the size and keeps three digits
        (0.06 dB at -100 dB).

    Raises
    ------
    ParameterError
        If ``dtype`` is invalid, or the feature cannot be identified.
    TypeError
        If the feature is a dataclass whose class has no ``key`` of its own.
    OutputError
        If the folder cannot be created.

    Examples
    --------
    >>> import tempfile
    >>> from woodshed.data.item import ClipItem
    >>> from woodshed.features import LogMel
    >>> item = ClipItem(Clip(np.zeros(16000), 16000))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     store = FeatureStore(folder, LogMel())
    ...     before = item in store
    ...     array = store.get(item)
    ...     before, array.shape, item in store
    (False, (101, 64), True)
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        feature: Callable[[Clip], Array],
        *,
        dtype: Literal["float32", "float16"] = "float32",
    ) -> None:
        if dtype not in ("float32", "float16"):
            raise ParameterError(f"FeatureStore expects dtype float32 or float16, got {dtype!r}.")
        self.folder = Path(folder)
        self.feature = feature
        self.dtype = dtype
        self._settings = digest(MAGIC, dtype, callable_key(feature))
        self._verified: set[str] = set()
        create_folder(self.folder, _FOLDER_REMEDY)

    def __getstate__(self) -> dict[str, Any]:
        # Another process may see another disk, and a large set would be copied with every task.
        return self.__dict__ | {"_verified": set()}

    def __repr__(self) -> str:
        return f"FeatureStore({str(self.folder)!r}, {self.feature!r}, dtype={self.dtype!r})"

    def __contains__(self, item: Item) -> bool:
        """Return whether there is an intact entry of the item."""
        return self._read(self.path(item)) is not None

    def path(self, item: Item) -> Path:
        """Return the path of an item's entry, whether it exists or not."""
        name = digest(item.key(), self._settings)
        return self.folder.joinpath(name[:2], f"{name}.npy")

    def get(self, item: Item, path: Path | None = None, load: Callable[[Item], Clip] = load_item) -> Array:
        """Return the features of an item, and compute them if they are not stored yet.

        Parameters
        ----------
        item
            See `woodshed.data.item`.
        path
            Result of `path` for the item, to avoid computing the key again in every epoch.
        load
            Returns the clip of the item.

        Returns
        -------
        numpy.ndarray
            Result of the feature, usually ``(n_frames, n_bands)``, read-only, of the store's dtype. Arrays of
            one mebibyte or more are memory-mapped: indexing reads a part of the file. A mapped array keeps
            its file open, so do not keep thousands of them.

        Raises
        ------
        WoodshedError
            If the item cannot be loaded or its features cannot be computed.
        OutputError
            If the entry cannot be written.
        """
        path = self.path(item) if path is None else path
        array = self._read(path)
        if array is None:
            self._write(path, item, load)
            array = self._read(path)
        if array is None:
            raise OutputError(
                f"{printable(path)} was damaged or deleted right after it was written. Check the disk, or "
                "choose another folder."
            )
        return array

    def fill(
        self,
        items: Sequence[Item],
        *,
        n_jobs: int = 1,
        on_progress: Callable[[int, int], None] = lambda n_done, n_items: None,
    ) -> list[Skipped]:
        """Compute all entries that are missing or damaged.

        Parameters
        ----------
        items
            The sounds. With several processes the items and the feature are pickled.
        n_jobs
            Number of processes; -1 for one per core. Each uses one thread. They are started only if there is
            work for them (`woodshed.parallel.in_processes`).
        on_progress
            Called after each item with the number of items done and in total.

        Returns
        -------
        list of Skipped
            The items that could not be used, with the reason, in the order of ``items``. They do not end the
            run; a full disk does.

        Raises
        ------
        OutputError
            If an entry cannot be written.
        ParameterError
            If ``n_jobs`` is 0.
        """
        return fill_together([[(self, item)] for item in items], n_jobs=n_jobs, on_progress=on_progress)

    def _read(self, path: Path) -> Array | None:
        """Return an entry, or None if there is none. A damaged entry is deleted, to be computed again."""
        try:
            with open(path, "rb") as file:
                if path.name in self._verified or is_intact(file, path):
                    array = open_array(path, file)
                    self._verified.add(path.name)
                    return array
        except FileNotFoundError:
            return None
        except ValueError:  # truncated after it had been verified
            pass
        except OSError as error:
            raise DataError(
                f"{printable(path)} cannot be read ({error.strerror}). Correct its permissions, or, if too "
                "many files are open, copy the arrays instead of keeping them."
            ) from error
        self._verified.discard(path.name)
        path.unlink(missing_ok=True)
        return None

    def add(self, path: Path, item: Item, load: Callable[[Item], Clip] = load_item) -> None:
        """Compute the features of an item, unless they are stored.

        Parameters
        ----------
        path
            Result of `path` for the item.
        item
            See `woodshed.data.item`.
        load
            Returns the clip of the item.

        Raises
        ------
        WoodshedError
            As `get`.
        """
        if self._read(path) is None:
            self._write(path, item, load)

    def _write(self, path: Path, item: Item, load: Callable[[Item], Clip] = load_item) -> None:
        """Compute the features of an item and write its entry atomically."""
        create_folder(path.parent, _FOLDER_REMEDY)
        write_entry(path, self._blocks(item, load))

    def _blocks(self, item: Item, load: Callable[[Item], Clip]) -> Iterator[Array]:
        """Yield the features of an item, in several blocks for a long sound."""
        parts = getattr(self.feature, "parts", ())
        if parts:  # stored one by one, since other features of a run may share them
            stores = [FeatureStore(self.folder, part, dtype=self.dtype) for part in parts]
            blocks = iter([np.concatenate([store.get(item, load=load) for store in stores])])
        elif isinstance(item, Describing):
            blocks = item.describe(self.feature)
        else:
            blocks = iter([self.feature(load(item))])
        for values in blocks:
            values = np.asarray(values)
            with np.errstate(over="ignore"):
                array = np.ascontiguousarray(values, dtype=self.dtype)
            if array.size == 0 or not np.isfinite(array).all():
                raise DataError(
                    f"{printable(item.source)}: {self.feature!r} returned an array of shape {values.shape} "
                    f"with {array.size - int(np.isfinite(array).sum())} values that are not finite as "
                    f"{self.dtype}. A feature must return at least one value, and finite values only."
                )
            yield array


Entry = tuple[FeatureStore, Item]
"""What is stored of a sound, and where."""


def fill_together(
    entries: Sequence[Sequence[Entry]],
    *,
    n_jobs: int = 1,
    on_progress: Callable[[int, int], None] = lambda n_done, n_sounds: None,
) -> list[Skipped]:
    """Compute all entries that are missing or damaged in one pass, in which each sound is decoded once.

    Parameters
    ----------
    entries
        For each sound the entries to compute, in this order. After one that cannot be computed the others of
        the same sound are left out. With several processes they are pickled.
    n_jobs
        Number of processes; -1 for one per core. Each uses one thread. They are started only if there is work
        for them (`woodshed.parallel.in_processes`).
    on_progress
        Called after each sound with the number of sounds done and in total.

    Returns
    -------
    list of Skipped
        The sounds that could not be used, with the reason, in the order of ``entries``. They do not end the
        run; a full disk does.

    Raises
    ------
    OutputError
        If an entry cannot be written.
    ParameterError
        If ``n_jobs`` is 0.
    """
    for root in {store.folder for row in entries for store, _ in row}:
        _remove_old_drafts(root)
    skipped = []
    with interruptible():
        reasons = in_processes(_fill_sound, entries, n_jobs)
        for n_done, (row, reason) in enumerate(zip(entries, reasons, strict=True), start=1):
            check_interruption()
            if reason is not None:
                skipped.append(Skipped(Path(row[0][1].source), reason))
            on_progress(n_done, len(entries))
    return skipped


@functools.cache
def _remove_old_drafts(root: Path) -> None:
    """Delete what killed processes left in a store; once, since the folders hold many files."""
    for folder in root.glob("[0-9a-f][0-9a-f]"):
        remove_drafts(folder)


def write_entry(path: Path, chunks: Iterable[Array]) -> None:
    """Write the concatenation of arrays, with one of them in memory at a time.

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
    first = next(ordered)
    n_rows = 0
    with draft(path) as file:
        # The header precedes the data but contains the length, which is known last. Its size is constant.
        file.seek(len(_header(first.dtype, first.shape)))
        for chunk in chain([first], ordered):
            file.write(chunk.data)
            n_rows += len(chunk)
        n_bytes = file.tell()
        file.seek(0)
        file.write(_header(first.dtype, (n_rows, *first.shape[1:])))
        file.seek(0)
        file.write(_TRAILER.pack(MAGIC, n_bytes, _crc(file, n_bytes), _key_of(path)))


def is_intact(file: BinaryIO, path: Path) -> bool:
    """Return whether an entry is complete, its checksum matches and it is that of its name."""
    n_bytes = os.fstat(file.fileno()).st_size - _TRAILER.size
    if n_bytes < 0:
        return False
    file.seek(n_bytes)
    magic, length, expected, key = _TRAILER.unpack(file.read(_TRAILER.size))
    file.seek(0)
    if magic != MAGIC or length != n_bytes or key != _key_of(path):
        return False
    return bool(_crc(file, n_bytes) == expected)


def _key_of(path: Path) -> bytes:
    """Return the key that the name of an entry states."""
    return bytes.fromhex(path.stem)


def open_array(path: Path, file: BinaryIO) -> Array:
    """Copy a small array or map a large one, both read-only."""
    if os.fstat(file.fileno()).st_size >= MAPPED_FROM_BYTES:
        mapped: Array = np.load(path, mmap_mode="r", allow_pickle=False)
        return mapped
    file.seek(0)
    content = file.read()
    start = _HEADER_AT + int.from_bytes(content[_HEADER_AT - 2 : _HEADER_AT], "little")
    shape, dtype = _parse_header(content[:start])
    return np.frombuffer(content, dtype, math.prod(shape), start).reshape(shape)


def _fill_sound(entries: Sequence[Entry]) -> str | None:
    """Write the entries of a sound unless they exist; return the reason if one cannot be computed."""
    load = SharedLoads()
    for store, item in entries:
        try:
            store.add(store.path(item), item, load)  # one path: some items read their sound for the key
        except (OutputError, MissingPackageError):
            raise
        except WoodshedError as error:
            return str(error)
        except Exception as error:  # no single file may end a long run
            return f"{printable(item.source)}: {type(error).__name__}: {error}"
    return None


@functools.lru_cache(maxsize=4096)
def _header(dtype: np.dtype[Any], shape: tuple[int, ...]) -> bytes:
    """Return the header of a .npy file, which NumPy pads to a constant length for any number of rows.

    It is cached, because formatting is slow and few headers differ.
    """
    stream = io.BytesIO()
    facts = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(stream, facts)
    return stream.getvalue()


@functools.lru_cache(maxsize=4096)
def _parse_header(header: bytes) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Return shape and dtype; cached, because parsing takes as long as reading a short entry."""
    stream = io.BytesIO(header)
    np.lib.format.read_magic(stream)
    shape, _, dtype = np.lib.format.read_array_header_1_0(stream)
    return shape, dtype


def _crc(file: BinaryIO, n_bytes: int) -> int:
    """Return the CRC-32 of the next bytes."""
    crc = 0
    while n_bytes:
        chunk = file.read(min(n_bytes, _CHUNK_BYTES))
        crc = zlib.crc32(chunk, crc)
        n_bytes -= len(chunk)
    return crc
