"""Notes as a table: columns in, columns out, and CSV."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from woodshed.atomic import write_whole
from woodshed.errors import ParameterError, ScoreError, ScoreFileError
from woodshed.score import Note, Score

COLUMNS = ("onset_beats", "duration_beats", "pitch_midi", "velocity", "channel")
"""What a note is made of; the last two may be missing."""

_WHOLE = COLUMNS[2:]


def table_to_score(columns: Mapping[str, ArrayLike], **about: Any) -> Score:
    """Make a score of columns, as `Score.table` gives them.

    Parameters
    ----------
    columns
        `COLUMNS`, each of shape ``(n_notes,)``; others are passed over.
    about
        What else a `Score` takes: ``tempos``, ``title`` and so on.

    Raises
    ------
    ParameterError
        If a column is missing, or they are of different lengths.
    ScoreError
        If there is no note, or one has a value out of its range.

    Examples
    --------
    >>> score = Score([Note(0, 1, 60, 90), Note(1, 0.5, 62, channel=2)])
    >>> table_to_score(score.table()) == score
    True
    """
    for name in COLUMNS[:3]:
        if name not in columns:
            raise ParameterError(f"A table of notes needs the column {name}; it has {', '.join(columns)}.")
    there = {name: np.atleast_1d(np.asarray(columns[name])) for name in COLUMNS if name in columns}
    if len({column.shape for column in there.values()}) > 1:
        shapes = ", ".join(f"{name} {column.shape}" for name, column in there.items())
        raise ParameterError(f"The columns of a table of notes are equally long, got {shapes}.")
    for name in _WHOLE:
        if name in there:
            column = there[name].astype(np.float64)
            if not (column == np.round(column)).all():
                raise ScoreError(f"A table of notes has whole numbers as {name}. Round them.")
            there[name] = column.astype(np.int64)
    rows = zip(*(column.tolist() for column in there.values()), strict=True)
    return Score([Note(**dict(zip(there, row, strict=True))) for row in rows], **about)


def write_note_table(score: Score, path: str | os.PathLike[str]) -> None:
    """Write the notes as CSV, with their times in beats and in seconds. Nothing else of the score is kept."""
    columns = score.table()
    file = io.StringIO()
    rows = csv.writer(file, lineterminator="\n")
    rows.writerow(columns)
    rows.writerows(zip(*(column.tolist() for column in columns.values()), strict=True))
    write_whole(path, file.getvalue())


def read_note_table(path: str | os.PathLike[str]) -> Score:
    """Read notes from CSV with a heading; the columns are `COLUMNS`, the last two may be missing.

    Raises
    ------
    ScoreFileError
        If it cannot be opened, a column is missing, or a value is no number or out of its range.

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
        text = Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ScoreFileError(
            path, "it cannot be read as text. Check the name, and save it as UTF-8."
        ) from error
    rows = list(csv.DictReader(io.StringIO(text)))
    try:
        columns = {
            name: np.array([float(row[name]) for row in rows]) for name in COLUMNS if rows and name in rows[0]
        }
    except (TypeError, ValueError) as error:
        raise ScoreFileError(path, f"a value is no number ({error}). Mend the row.") from error
    if not rows:
        raise ScoreFileError(path, f"it has no rows. Give a table with the columns {', '.join(COLUMNS)}.")
    try:
        return table_to_score(columns, source=os.fspath(path))
    except (ParameterError, ScoreError) as error:
        raise ScoreFileError(path, str(error)) from error
