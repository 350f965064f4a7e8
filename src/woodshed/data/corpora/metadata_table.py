"""Corpora that say in a table what is in their files."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from woodshed.data.example import Example, Skipped
from woodshed.errors import DataError, printable

Row = Mapping[str, str]


def find_list(folder: str | os.PathLike[str], names: Sequence[str]) -> Path | None:
    """Find the first of some files in a folder, or in one of the folders in it.

    Parameters
    ----------
    folder
        Where the corpus is; an archive often unpacks to one more folder, so these are tried, too.
    names
        Paths relative to it, the likeliest first.

    Raises
    ------
    DataError
        If the folder is not there.
    """
    root = Path(folder)
    if not root.is_dir():
        raise DataError(f"{printable(root)}: there is no such folder. Check the name.")
    places = [root, *sorted(place for place in root.iterdir() if place.is_dir())]
    return next((place / name for place in places for name in names if (place / name).is_file()), None)


def need_list(folder: str | os.PathLike[str], names: Sequence[str], layout: str) -> Path:
    """Find the first of some files as `find_list` does; it must be there.

    Raises
    ------
    DataError
        If the folder is not there, or the file is not in it.
    """
    path = find_list(folder, names)
    if path is None:
        raise DataError(f"No file is named like {layout}. Give the folder in which the corpus was unpacked.")
    return path


def read_list(path: Path, needed: Iterable[str], *, delimiter: str = ",") -> list[Row]:
    """Read a table with a heading; every cell is text.

    Raises
    ------
    DataError
        If it is not a table, or a needed column is missing.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "a.csv")
    ...     _ = path.write_text("path,label" + chr(10) + "a.wav,dog")
    ...     read_list(path, ["label"])
    [{'path': 'a.wav', 'label': 'dog'}]
    """
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, delimiter=delimiter, restval="")
            rows: list[Row] = list(reader)
            columns = reader.fieldnames or []
    except (csv.Error, UnicodeDecodeError, OSError) as error:
        raise DataError(f"{printable(path)} cannot be read as a table ({error}). Get it again.") from error
    missing = [name for name in needed if name not in columns]
    if missing:
        raise DataError(f"{printable(path)} has no column {missing[0]!r}. It is not the file of the corpus.")
    return rows


def rows_from_list(
    rows: Iterable[Row],
    to_path: Callable[[Row], Path],
    to_example: Callable[[Path, Row], Example],
    table: Path,
) -> tuple[tuple[Example, ...], tuple[Skipped, ...]]:
    """Make an example of each row whose file is there, and set the other rows aside.

    A row that does not read (a number that is none, an unknown code) is set aside, too.

    Raises
    ------
    DataError
        If no row can be used.
    """
    examples: list[Example] = []
    skipped: list[Skipped] = []
    for number, row in enumerate(rows, start=2):
        path = to_path(row)
        if not path.is_file():
            skipped.append(Skipped(path, f"there is no such file, but {table.name} lists it. Get it again."))
            continue
        try:
            examples.append(to_example(path, row))
        except (ValueError, KeyError) as error:
            reason = f"row {number} of {table.name} cannot be understood ({error}). Get the table again."
            skipped.append(Skipped(path, reason))
    if not examples:
        first = f" The first is {printable(skipped[0].path)}." if skipped else ""
        raise DataError(
            f"{printable(table)} lists {len(skipped)} files, and none of them is usable.{first} "
            "Unpack the files beside it."
        )
    return tuple(examples), tuple(skipped)
