"""Feature extraction from many files, in parallel and with bounded memory, and tables of the features.

Tables are CSV, Parquet or NumPy archives, written in blocks and atomically.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from woodshed.atomic import draft, remove_drafts
from woodshed.clip import Samples
from woodshed.data.example import Skipped
from woodshed.data.item import FileItem
from woodshed.data.store import Array, FeatureStore
from woodshed.delimited import csv_writer
from woodshed.errors import (
    DataError,
    OutputError,
    ParameterError,
    counted,
    load_package,
    near_miss,
    printable,
)
from woodshed.features.frame import FrameFeature
from woodshed.features.statistic import statistic, statistic_names, summarise_frames

N_VALUES_AT_ONCE = 2**22
"""Number of values of a long file that are summarised at a time."""

N_ROWS_AT_ONCE = 2**16
"""Number of frames of a long file that are read at a time."""

Row = tuple[str, ...]
Block = tuple[str, Array | None, Array]
"""Path, times in seconds (None if a file has one row), values ``(n_rows, n_values)``."""


@dataclass(frozen=True)
class Extraction:
    """Features of many files in a store on disk, read on access.

    Parameters
    ----------
    paths
        The usable files, in order.
    skipped
        The other files, with the reason.
    features
        The features of each file.
    stores
        One store for each feature.
    """

    paths: tuple[Path, ...]
    skipped: tuple[Skipped, ...]
    features: tuple[FrameFeature, ...]
    stores: tuple[FeatureStore, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all values of a frame, feature by feature."""
        return tuple(name for feature in self.features for name in feature.names)

    def arrays(self, path: Path) -> list[Array]:
        """Return the array of each feature of a file, shapes ``(n_frames, n_bands)``."""
        return [
            store.get(FileItem(path, feature.sample_rate))
            for store, feature in zip(self.stores, self.features, strict=True)
        ]

    def frames(
        self, path: Path, *, n_rows: int = N_ROWS_AT_ONCE
    ) -> Iterator[tuple[NDArray[np.float64], Samples]]:
        """Yield times and frames of a file in blocks, with the features concatenated.

        Yields
        ------
        times_s, values
            Shapes ``(n,)`` and ``(n, n_values)``, ``n`` at most ``n_rows``.

        Raises
        ------
        ParameterError
            If the features have different hop sizes in seconds.
        """
        steps_s = {feature.hop_length / feature.sample_rate for feature in self.features}
        if len(steps_s) > 1:
            raise ParameterError(
                "Features with different hop sizes cannot share a table of frames: "
                + ", ".join(f"{type(f).__name__} {f.hop_length / f.sample_rate:g} s" for f in self.features)
                + ". Set the same hop_length for all, or use statistics."
            )
        (step_s,) = steps_s
        n_frames = min(len(array) for array in self.arrays(path))
        for start in range(0, n_frames, n_rows):
            stop = min(n_frames, start + n_rows)
            times_s = (np.arange(start, stop) * step_s).astype(np.float64)
            # Mapped anew each time: the pages that were read stay in memory as long as the mapping.
            yield times_s, np.concatenate([array[start:stop] for array in self.arrays(path)], axis=1)

    def summary(self, path: Path, statistics: Sequence[str]) -> Samples:
        """Return the statistics of a file as one row, in the order of `summary_names`."""
        rows = []
        for store, feature in zip(self.stores, self.features, strict=True):
            item = FileItem(path, feature.sample_rate)
            n_frames, n_bands = store.get(item).shape
            step = max(1, N_VALUES_AT_ONCE // n_frames)
            parts = [
                summarise_frames(
                    _some_bands(store, item, n_frames, slice(k, min(n_bands, k + step))), statistics
                )
                for k in range(0, n_bands, step)
            ]
            rows.append(np.concatenate([part.reshape(len(statistics), -1) for part in parts], axis=1).ravel())
        return np.concatenate(rows)

    def summary_names(self, statistics: Sequence[str]) -> tuple[str, ...]:
        """Return the names of the values of `summary`."""
        return tuple(name for feature in self.features for name in statistic_names(feature.names, statistics))


def extract(
    paths: Sequence[Path],
    features: Sequence[FrameFeature],
    folder: str | Path,
    *,
    n_jobs: int = 1,
    on_progress: Callable[[int, int], None] = lambda n_done, n_all: None,
) -> Extraction:
    """Compute features of files, reusing those in the store.

    An interrupted run resumes, because completed files are in the store.

    Parameters
    ----------
    paths
        Audio files at any rate; each is mixed to mono and resampled to the rate of the feature.
    features
        The features.
    folder
        Folder of the feature store.
    n_jobs
        Number of processes; -1 for one per core.
    on_progress
        Called after each file and feature with the number done and in total.

    Raises
    ------
    DataError
        If no file could be used.
    OutputError
        If the store cannot be written to.
    """
    skipped: dict[Path, Skipped] = {}
    stores = [FeatureStore(folder, feature) for feature in features]
    n_all = len(paths) * len(features)
    for k, (store, feature) in enumerate(zip(stores, features, strict=True)):

        def count(n_done: int, _: int, before: int = k * len(paths)) -> None:
            on_progress(before + n_done, n_all)

        items = [FileItem(path, feature.sample_rate) for path in paths]
        for entry in store.fill(items, n_jobs=n_jobs, on_progress=count):
            skipped.setdefault(entry.path, entry)
    usable = tuple(path for path in paths if path not in skipped)
    if not usable:
        reason = next(iter(skipped.values())).reason if skipped else "no files were given"
        raise DataError(
            f"None of {counted(len(paths), 'file')} could be used. The first: {printable(reason)}"
        )
    return Extraction(usable, tuple(skipped.values()), tuple(features), tuple(stores))


def _some_bands(store: FeatureStore, item: FileItem, n_frames: int, bands: slice) -> Samples:
    """Return a copy of some bands of all frames, read in blocks as in `Extraction.frames`."""
    values = np.empty((n_frames, bands.stop - bands.start), dtype=np.float32)
    for start in range(0, n_frames, N_ROWS_AT_ONCE):
        rows = slice(start, start + N_ROWS_AT_ONCE)
        values[rows] = store.get(item)[rows, bands]
    return values


def check_statistics(statistics: Sequence[str]) -> None:
    """Raise `ParameterError` for an unknown statistic."""
    for word in statistics:
        statistic(word)


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
        See `extract`.
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
    remove_drafts(path.parent)
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
        else:
            for times_s, values in extraction.frames(path):
                yield printable(path), times_s, values


def _write_csv(file: BinaryIO, names: Row, blocks: Iterator[Block]) -> int:
    n_rows = 0
    text = io.TextIOWrapper(file, "utf-8", newline="")
    writer = csv_writer(text, line_end="\n")
    for path, times_s, values in blocks:
        if n_rows == 0:
            writer.writerow(["path", *([] if times_s is None else ["time_s"]), *names])
        n_rows += len(values)
        for k, row in enumerate(values):
            # The shortest representation of the same float32.
            cells = [np.format_float_positional(value, trim="-") for value in row]
            writer.writerow([path, *([] if times_s is None else [f"{times_s[k]:.6f}"]), *cells])
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
    remedy = 'pip install "woodshed[table]". Or write a .csv or .npz table.'
    return load_package("pyarrow", "Parquet", remedy), load_package("pyarrow.parquet", "Parquet", remedy)
