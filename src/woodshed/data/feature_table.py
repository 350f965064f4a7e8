"""Tables of features on disk, as CSV, Parquet or NumPy archive: written row by row, whole or not at all."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from woodshed.atomic import draft
from woodshed.data.entry import Array
from woodshed.data.extract import Extraction
from woodshed.errors import MissingPackageError, OutputError, ParameterError, near_miss, printable

Row = tuple[str, ...]
Portion = tuple[str, Array | None, Array]
"""Path, times in seconds (None when a file has one row), values ``(n_rows, n_values)``."""


def write_features(
    extraction: Extraction, path: Path, *, statistics: Sequence[str] = (), overwrite: bool = False
) -> int:
    """Write the features of many files as one table.

    With statistics a file has one row: ``path`` and the values. Without, each of its frames has one:
    ``path``, ``time_s`` and the values. A ``.npz`` archive holds arrays instead: ``names``, and with
    statistics ``paths`` and ``values``, without one array ``(n_frames, n_values)`` for each file under its
    path, and ``step_s``.

    Parameters
    ----------
    extraction
        See `woodshed.data.extract.extract`.
    path
        The table to write: ``.csv``, ``.parquet`` or ``.npz``.
    statistics
        Words such as ``mean``, ``std``, ``percentile:90``: see `woodshed.features.statistic`.
    overwrite
        Whether a table that is there already may be replaced.

    Returns
    -------
    int
        Number of rows, or of frames.

    Raises
    ------
    OutputError
        If the table is there already, or cannot be written.
    ParameterError
        If the suffix is none of those above, or frames of different steps would share a table.
    MissingPackageError
        If it is a Parquet table and pyarrow is not installed.
    """
    check_table_name(path, overwrite=overwrite)
    names = extraction.summary_names(statistics) if statistics else extraction.names
    with draft(path) as file:
        return WRITERS[path.suffix.lower()](file, names, _portions(extraction, statistics))


def check_table_name(path: Path, *, overwrite: bool) -> None:
    """Refuse a table that could not be written, before anything is computed."""
    suffix = path.suffix.lower()
    if suffix not in WRITERS:
        raise ParameterError(
            f"{printable(path)}: cannot write a table as {suffix or 'a file without suffix'}. "
            f"{near_miss(suffix, WRITERS)}"
        )
    if path.exists() and not overwrite:
        raise OutputError(f"{printable(path)} is there already. Give another name, or --force.")
    if suffix == ".parquet":
        _pyarrow()


def _portions(extraction: Extraction, statistics: Sequence[str]) -> Iterator[Portion]:
    """Yield what goes into the table, file by file; a long file in several portions."""
    for path in extraction.paths:
        if statistics:
            yield printable(path), None, extraction.summary(path, statistics)[np.newaxis]
            continue
        for times_s, values in extraction.frames(path):
            yield printable(path), times_s, values


def _write_csv(file: BinaryIO, names: Row, portions: Iterator[Portion]) -> int:
    n_rows = 0
    text = io.TextIOWrapper(file, "utf-8", newline="")
    writer = csv.writer(text, lineterminator="\n")
    for path, times_s, values in portions:
        if n_rows == 0:
            writer.writerow(["path", *([] if times_s is None else ["time_s"]), *names])
        n_rows += len(values)
        for k, row in enumerate(values):
            # The shortest spelling that reads back to the same float32.
            spelt = [np.format_float_positional(value, trim="-") for value in row]
            writer.writerow([path, *([] if times_s is None else [f"{times_s[k]:.6f}"]), *spelt])
    text.flush()
    text.detach()
    return n_rows


def _write_parquet(file: BinaryIO, names: Row, portions: Iterator[Portion]) -> int:
    arrow, parquet = _pyarrow()
    n_rows = 0
    writer: Any = None
    for path, times_s, values in portions:
        columns: dict[str, Any] = {"path": arrow.array([path] * len(values)).dictionary_encode()}
        if times_s is not None:
            columns["time_s"] = times_s
        columns |= {name: np.ascontiguousarray(values[:, k]) for k, name in enumerate(names)}
        portion = arrow.table(columns)
        if writer is None:
            writer = parquet.ParquetWriter(file, portion.schema)
        writer.write_table(portion)
        n_rows += len(values)
    if writer is not None:
        writer.close()
    return n_rows


def _write_npz(file: BinaryIO, names: Row, portions: Iterator[Portion]) -> int:
    by_path: dict[str, list[Array]] = {}
    step_s, is_summary = None, False
    for path, times_s, values in portions:
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


WRITERS: dict[str, Callable[[BinaryIO, Row, Iterator[Portion]], int]] = {
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
            'A Parquet table needs pyarrow: pip install "woodshed[table]". Or write a .csv or .npz table.'
        ) from error
    return pyarrow, pyarrow.parquet
