"""Note tables: scores from and to columns, and CSV files."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from woodshed.atomic import write_whole
from woodshed.delimited import csv_writer, open_table
from woodshed.errors import DataError, ParameterError, ScoreError, ScoreFileError
from woodshed.score import Note, Score

COLUMNS = ("onset_beats", "duration_beats", "pitch_midi", "velocity", "channel")
"""Columns of a note table; the last two are optional."""

_WHOLE = COLUMNS[2:]
_MOST_WHOLE = 2**53  # whole numbers up to here are exact as floats


def table_to_score(columns: Mapping[str, ArrayLike], **other: Any) -> Score:
    """Build a score from columns, as returned by `Score.table`.

    Parameters
    ----------
    columns
        `COLUMNS`, each of shape ``(n_notes,)``; others are ignored.
    other
        Further fields of the `Score`, such as ``tempos`` and ``title``.

    Raises
    ------
    ParameterError
        If a column is missing or not of numbers, or the lengths of the columns differ.
    ScoreError
        If there are no notes, or a value is out of range.

    Examples
    --------
    >>> score = Score([Note(0, 1, 60, 90), Note(1, 0.5, 62, channel=2)])
    >>> table_to_score(score.table()) == score
    True
    """
    for name in COLUMNS[:3]:
        if name not in columns:
            raise ParameterError(f"A note table needs the column {name}, got {', '.join(columns)}.")
    try:
        present = {
            name: np.atleast_1d(np.asarray(columns[name], np.float64)) for name in COLUMNS if name in columns
        }
    except (TypeError, ValueError) as error:
        raise ParameterError(f"The columns of a note table must be numbers: {error}.") from error
    shapes_of = {column.shape for column in present.values()}
    if len(shapes_of) > 1 or any(len(shape) > 1 for shape in shapes_of):
        shapes = ", ".join(f"{name} {column.shape}" for name, column in present.items())
        raise ParameterError(f"The columns of a note table must have equal lengths, got {shapes}.")
    for name in _WHOLE:
        if name in present:
            column = present[name]
            if not ((column == np.round(column)) & (np.abs(column) <= _MOST_WHOLE)).all():
                raise ScoreError(f"The column {name} of a note table must have whole numbers. Round them.")
            present[name] = column.astype(np.int64)
    rows = zip(*(column.tolist() for column in present.values()), strict=True)
    return Score([Note(**dict(zip(present, row, strict=True))) for row in rows], **other)


def write_note_table(score: Score, path: str | os.PathLike[str]) -> None:
    """Write the notes as CSV, with times in beats and in seconds. Other fields are not written."""
    columns = score.table()
    file = io.StringIO()
    rows = csv_writer(file, line_end="\n")
    rows.writerow(columns)
    rows.writerows(zip(*(column.tolist() for column in columns.values()), strict=True))
    write_whole(path, file.getvalue())


def read_note_table(path: str | os.PathLike[str]) -> Score:
    """Read notes from a CSV file with a header of `COLUMNS`, the last two of them optional.

    Separator and encoding may be those of `woodshed.delimited`.

    Raises
    ------
    ScoreFileError
        If the file cannot be opened, a column is missing, or a value is invalid.

    Examples
    --------
    >>> import tempfile
    >>> score = Score([Note(1 / 3, 1, 60, 90)])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_note_table(score, Path(folder) / "a.csv")
    ...     read_note_table(Path(folder) / "a.csv") == score
    True
    """
    try:
        table = open_table(Path(path))
        rows = [row for row in table if any(row.values())]  # without empty lines
    except (OSError, UnicodeDecodeError, DataError) as error:
        raise ScoreFileError(
            path, "it cannot be read as text. Check the name, and save it as CSV in UTF-8."
        ) from error
    try:
        columns = {
            name: np.array([float(row[name]) for row in rows]) for name in COLUMNS if name in table.columns
        }
    except ValueError as error:
        raise ScoreFileError(path, f"a value is not a number ({error}). Correct the row.") from error
    if not rows:
        raise ScoreFileError(path, f"it has no rows. Expected a table with the columns {', '.join(COLUMNS)}.")
    try:
        return table_to_score(columns, source=os.fspath(path))
    except (ParameterError, ScoreError) as error:
        raise ScoreFileError(path, str(error)) from error
