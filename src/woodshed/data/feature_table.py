"""Feature tables as CSV, Parquet or NumPy archive, written in blocks and atomically."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from woodshed.atomic import draft
from woodshed.data.extract import Extraction
from woodshed.data.store import Array
from woodshed.errors import MissingPackageError, OutputError, ParameterError, near_miss, printable

Row = tuple[str, ...]
Block = tuple[str, Array | None, Array]
"""Path, times in seconds (None if a file has one row), values ``(n_rows, n_values)``."""


def write_features(
    extraction: Extraction, path: Path, *, statistics: Sequence[str] = (), overwrite: bool = False
) -> int:
    """Write the features of many files as one table.

    With statistics, each file has one row: ``path`` and the values. Without, each frame has one: ``path``,
    ``time_s`` and the values. A ``.npz`` archive contains arrays: ``names``, and with statistics ``paths``
    and ``values``; without, an array ``(n_frames, n_values)`` for each file under its path, and ``step_s``.

    Parameters
    ----------
    extraction
        See `woodshed.data.extract.extract`.
    path
        Path of the table: ``.csv``, ``.parquet`` or ``.npz``.
    statistics
        Statistics such as ``mean``, ``std``, ``percentile:90``: see `woodshed.features.statistic`.
    overwrite
        Whether to replace an existing table.

    Returns
    -------
    int
        Number of rows, or of frames.

    Raises
    ------
    OutputError
        If the table exists or cannot be written.
    ParameterError
        If the suffix is not supported, or the features have different hop sizes and no statistics are given.
    MissingPackageError
        If it is a Parquet table and pyarrow is not installed.
    """
    check_table_name(path, overwrite=overwrite)
    names = extraction.summary_names(statistics) if statistics else extraction.names
    with draft(path) as file:
        return WRITERS[path.suffix.lower()](file, names, _blocks(extraction, statistics))


def check_table_name(path: Path, *, overwrite: bool) -> None:
    """Raise an error if the table could not be written; call it before computing features."""
    suffix = path.suffix.lower()
    if suffix not in WRITERS:
        raise ParameterError(
            f"{printable(path)}: cannot write a table as {suffix or 'a file without suffix'}. "
            f"{near_miss(suffix, WRITERS)}"
        )
    if path.exists() and not overwrite:
        raise OutputError(f"{printable(path)} exists already. Choose another name, or use --force.")
    if suffix == ".parquet":
        _pyarrow()


def _blocks(extraction: Extraction, statistics: Sequence[str]) -> Iterator[Block]:
    """Yield the rows of the table, file by file, with a long file in several blocks."""
    for path in extraction.paths:
        if statistics:
            yield printable(path), None, extraction.summary(path, statistics)[np.newaxis]
            continue
        for times_s, values in extraction.frames(path):
            yield printable(path), times_s, values


def _write_csv(file: BinaryIO, names: Row, blocks: Iterator[Block]) -> int:
    n_rows = 0
    text = io.TextIOWrapper(file, "utf-8", newline="")
    writer = csv.writer(text, lineterminator="\n")
    for path, times_s, values in blocks:
        if n_rows == 0:
            writer.writerow(["path", *([] if times_s is None else ["time_s"]), *names])
        n_rows += len(values)
        for k, row in enumerate(values):
            # The shortest representation of the same float32.
            cells = [np.format_float_positional(value, trim="-") for value in row]
            writer.writerow([path, *([] if times_s is None else [f"{times_s[k]:.6f}"]), *cells])
    text.flush()
    text.detach()
    return n_rows


def _write_parquet(file: BinaryIO, names: Row, blocks: Iterator[Block]) -> int:
    arrow, parquet = _pyarrow()
    n_rows = 0
    writer: Any = None
    for path, times_s, values in blocks:
        columns: dict[str, Any] = {"path": arrow.array([path] * len(values)).dictionary_encode()}
        if times_s is not None:
            columns["time_s"] = times_s
        columns |= {name: np.ascontiguousarray(values[:, k]) for k, name in enumerate(names)}
        block = arrow.table(columns)
        if writer is None:
            writer = parquet.ParquetWriter(file, block.schema)
        writer.write_table(block)
        n_rows += len(values)
    if writer is not None:
        writer.close()
    return n_rows


def _write_npz(file: BinaryIO, names: Row, blocks: Iterator[Block]) -> int:
    by_path: dict[str, list[Array]] = {}
    step_s, is_summary = None, False
    for path, times_s, values in blocks:
        by_path.setdefault(path, []).append(values)
        if times_s is not None and len(times_s) > 1:
            step_s = float(times_s[1] - times_s[0])
        is_summary = times_s is None
    arrays = {path: np.concatenate(parts) for path, parts in by_path.items()}
    n_rows = sum(map(len, arrays.values()))
    if is_summary:
        arrays = {"paths": np.array(list(arrays)), "values": np.concatenate(list(arrays.values()))}
    elif step_s is not None:
        arrays["step_s"] = np.array(step_s)
    arrays["names"] = np.array(names)
    with zipfile.ZipFile(file, "w") as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as entry:
                np.lib.format.write_array(entry, array, allow_pickle=False)
    return n_rows


WRITERS: dict[str, Callable[[BinaryIO, Row, Iterator[Block]], int]] = {
    ".csv": _write_csv,
    ".parquet": _write_parquet,
    ".npz": _write_npz,
}
"""Suffix of a table -> the function that writes it."""


def _pyarrow() -> tuple[Any, Any]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise MissingPackageError(
            'Parquet needs pyarrow: pip install "woodshed[table]". Or write a .csv or .npz table.'
        ) from error
    return pyarrow, pyarrow.parquet
