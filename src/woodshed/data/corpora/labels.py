"""Corpora whose labels are in the file names or in a metadata table."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from woodshed.audio.read import AUDIO_SUFFIXES
from woodshed.data.corpora.facts import CorpusFacts
from woodshed.data.example import Corpus, Example, Skipped
from woodshed.data.folder import files_below
from woodshed.errors import DataError, printable


def sounds_below(folder: str | os.PathLike[str], inner: str) -> list[Path]:
    """List the sound files of a corpus, sorted by name.

    Parameters
    ----------
    folder
        The folder that contains ``inner``, or that folder itself.
    inner
        Name of the folder with the recordings in a complete copy.

    Raises
    ------
    DataError
        If the folder does not exist.
    """
    root = Path(folder)
    if not root.is_dir():
        raise DataError(f"{printable(root)}: there is no such folder. Check the name.")
    start = root / inner if (root / inner).is_dir() else root
    paths = files_below(start, stop_at=start.resolve().parent)
    return [path for path in paths if path.suffix.lower() in AUDIO_SUFFIXES]


def corpus_from_names(
    facts: CorpusFacts,
    paths: Iterable[Path],
    pattern: re.Pattern[str],
    to_example: Callable[[Path, re.Match[str]], Example],
    *,
    group_word: str,
    folds: bool = False,
) -> Corpus:
    r"""Make an example of each file whose name matches, and skip the others.

    Parameters
    ----------
    facts
        The corpus.
    paths
        Its files.
    pattern
        Must match the whole of ``class folder/file name``, without suffix.
    to_example
        Converts a path and its match to an example.
    group_word, folds
        See `Corpus`.

    Raises
    ------
    DataError
        If no name matches.

    Examples
    --------
    >>> from woodshed.data.corpora.fsdd import FACTS
    >>> corpus = corpus_from_names(
    ...     FACTS,
    ...     [Path("a/no_1.wav"), Path("a/notes.wav")],
    ...     re.compile(r"[^/]*/(\w+)_\d+"),
    ...     lambda path, match: Example(path, match[1]),
    ...     group_word="speaker",
    ... )
    >>> corpus.labels, len(corpus.skipped)
    (['no'], 1)
    """
    examples: list[Example] = []
    skipped: list[Skipped] = []
    for path in paths:
        match = pattern.fullmatch(f"{path.parent.name}/{path.stem}")
        if match:
            examples.append(to_example(path, match))
        else:
            skipped.append(Skipped(path, f"its name does not match the corpus. Expected {facts.layout}."))
    if not examples:
        raise DataError(
            f"No file is named like {facts.layout}. Give the folder in which the corpus was unpacked."
        )
    return facts.corpus(tuple(examples), tuple(skipped), group_word=group_word, folds=folds)


Row = Mapping[str, str]


def find_table(folder: str | os.PathLike[str], names: Sequence[str]) -> Path | None:
    """Return the first of several files that exists in a folder or in one of its direct subfolders.

    Parameters
    ----------
    folder
        Where the corpus is. Archives often unpack to one more folder, so subfolders are searched too.
    names
        Relative paths, the most likely first.

    Raises
    ------
    DataError
        If the folder does not exist.
    """
    root = Path(folder)
    if not root.is_dir():
        raise DataError(f"{printable(root)}: there is no such folder. Check the name.")
    places = [root, *sorted(place for place in root.iterdir() if place.is_dir())]
    return next((place / name for place in places for name in names if (place / name).is_file()), None)


def require_table(folder: str | os.PathLike[str], names: Sequence[str], layout: str) -> Path:
    """Return what `find_table` returns, and raise if there is no such file.

    Raises
    ------
    DataError
        If the folder or the file does not exist.
    """
    path = find_table(folder, names)
    if path is None:
        raise DataError(f"No file is named like {layout}. Give the folder in which the corpus was unpacked.")
    return path


def read_rows(path: Path, columns: Iterable[str], *, delimiter: str = ",") -> list[Row]:
    """Read a table with a header row; every cell is text.

    Parameters
    ----------
    path
        The table.
    columns
        Names of required columns.
    delimiter
        Between cells.

    Raises
    ------
    DataError
        If it is not a table, or a required column is missing.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "a.csv")
    ...     _ = path.write_text("path,label" + chr(10) + "a.wav,dog")
    ...     read_rows(path, ["label"])
    [{'path': 'a.wav', 'label': 'dog'}]
    """
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, delimiter=delimiter, restval="")
            rows: list[Row] = list(reader)
            header = reader.fieldnames or []
    except (csv.Error, UnicodeDecodeError, OSError) as error:
        raise DataError(f"{printable(path)} cannot be read as a table ({error}). Get it again.") from error
    missing = [name for name in columns if name not in header]
    if missing:
        raise DataError(f"{printable(path)} has no column {missing[0]!r}. It is not the file of the corpus.")
    return rows


def read_optional_rows(
    folder: str | os.PathLike[str], names: Sequence[str], columns: Iterable[str], *, delimiter: str = ","
) -> list[Row]:
    """Read a table that a copy of the corpus may lack; return no rows in that case.

    Raises
    ------
    DataError
        If the folder does not exist, or the table is damaged.
    """
    path = find_table(folder, names)
    return [] if path is None else read_rows(path, columns, delimiter=delimiter)


def corpus_from_table(
    facts: CorpusFacts,
    rows: Iterable[Row],
    table: Path,
    *,
    to_path: Callable[[Row], Path],
    to_example: Callable[[Path, Row], Example],
    group_word: str,
) -> Corpus:
    """Make an example of each row whose file exists, and skip the other rows.

    A row that cannot be parsed (an invalid number, an unknown code) is skipped too.

    Parameters
    ----------
    facts
        The corpus.
    rows
        Rows of its table.
    table
        Path of the table, for messages.
    to_path
        Returns the file of a row.
    to_example
        Converts a file and its row to an example.
    group_word
        See `Corpus`.

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
            reason = f"row {number} of {table.name} cannot be parsed ({error}). Get the table again."
            skipped.append(Skipped(path, reason))
    if not examples:
        first = f" The first is {printable(skipped[0].path)}." if skipped else ""
        raise DataError(
            f"{printable(table)} lists {len(skipped)} files, and none of them is usable.{first} "
            "Unpack the files next to it."
        )
    return facts.corpus(tuple(examples), tuple(skipped), group_word=group_word)
