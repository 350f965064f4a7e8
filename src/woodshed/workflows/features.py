"""Feature extraction from sound files into a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from woodshed.data.example import Skipped
from woodshed.data.extract import check_statistics, check_table_name, extract, write_features
from woodshed.data.folder import list_sounds
from woodshed.errors import ParameterError
from woodshed.features import make_features
from woodshed.workflows.files import require_usable
from woodshed.workflows.progress import SILENT, Progress, stage

Setting = int | float | bool | str | None
"""Value of a setting of a feature."""


@dataclass(frozen=True)
class FeatureTable:
    """A table that was written.

    Parameters
    ----------
    path
        The file.
    n_rows, n_values
        Number of rows, and of values in each.
    n_sounds
        Number of sounds described.
    skipped
        The unusable files with reasons.
    """

    path: Path
    n_rows: int
    n_values: int
    n_sounds: int
    skipped: tuple[Skipped, ...]


def write_feature_table(  # noqa: PLR0913  one argument per choice
    sounds: Sequence[Path],
    out: Path,
    *,
    store: str | Path,
    features: Sequence[str] = ("short-term",),
    settings: Mapping[str, Setting] | None = None,
    statistics: Sequence[str] = ("mean", "std"),
    n_jobs: int = -1,
    strict: bool = False,
    overwrite: bool = False,
    progress: Progress = SILENT,
) -> FeatureTable:
    """Compute features of sound files and write them as a table.

    Parameters
    ----------
    sounds
        Sound files, and folders of them.
    out
        Table to write: ``.csv``, ``.parquet`` or ``.npz``.
    store
        Folder of the feature store, from which features computed earlier are read.
    features
        Names of features; see `woodshed.features.FEATURES`.
    settings
        Settings of the features by name, such as ``sample_rate``.
    statistics
        Statistics that reduce the frames of a sound to one row; if empty, every frame is a row.
    n_jobs
        Number of processes; -1 for one per core.
    strict
        Whether an unusable file ends the run in an error, before the table is written.
    overwrite
        Whether an existing table is replaced.
    progress
        Observer of the run.

    Raises
    ------
    ParameterError
        If there are no input files, or a feature, setting, statistic or format does not exist.
    DataError
        If no usable file is left; with ``strict``, `UnusableFilesError` if one is unusable.
    OutputError
        If the table exists and is not to be replaced, or cannot be written.
    """
    check_statistics(statistics)
    check_table_name(out, overwrite=overwrite)
    extractors = make_features(features, dict(settings or {}))
    paths = list_sounds(sounds)
    if not paths:
        raise ParameterError("No input files. Expected sound files, or folders that contain some.")
    with stage(progress, len(paths) * len(extractors), "sounds") as advance:
        extraction = extract(
            paths, extractors, store, n_jobs=n_jobs, on_progress=lambda n_done, n_all: advance()
        )
    require_usable(len(extraction.paths), extraction.skipped, what="file", strict=strict)
    n_rows = write_features(extraction, out, statistics=statistics, overwrite=overwrite)
    n_values = len(extraction.summary_names(statistics) if statistics else extraction.names)
    return FeatureTable(out, n_rows, n_values, len(extraction.paths), extraction.skipped)
