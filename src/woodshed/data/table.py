"""Data sets from a table with one row per sound: CSV, Parquet, or labels of Raven, Audacity or Praat."""

from __future__ import annotations

import math
import os
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from woodshed.audio.markers import is_label_track, is_text_grid, marker_rows
from woodshed.data.example import Corpus, Example, Skipped
from woodshed.data.folder import LABEL_SUFFIXES
from woodshed.data.group import (
    WORDS,
    check_some_match,
    group_rule,
    group_word_of,
    no_group,
    with_file_groups,
)
from woodshed.data.label import matched_examples
from woodshed.data.licence import licence_beside
from woodshed.data.sound_finder import SoundFinder, sound_beside
from woodshed.delimited import (
    SYNONYMS,
    Row,
    find_column,
    not_text,
    open_table,
    synonyms_text,
    to_number,
    without_repeated_views,
    without_surrogates,
)
from woodshed.errors import AudioFileError, DataError, counted, load_package, near_miss, printable

TABLE_SUFFIXES = LABEL_SUFFIXES | {".parquet"}
"""Lower-case suffixes of tables."""

PARTS = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("validation", "valid", "val", "dev"), "validation"),
    **dict.fromkeys(("test", "testing"), "test"),
}
"""Spelling -> part of a split; any other value of the column is the name of a fold."""

NO_LABEL = "the label is empty."
"""Reason for skipping a row without a label."""

TAG_SEPARATORS = "|;,"
"""Separators of tags; the first one that occurs in the column is used."""

MEANINGS = (*SYNONYMS, "tags", "group", "split")
"""Columns with a fixed meaning, which are found in any case and by their synonyms."""


class Table(Protocol):
    """A table whose rows may be read several times."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns."""

    def __iter__(self) -> Iterator[Row]:
        """Yield the rows, every cell as text."""

    def numbered_rows(self) -> Iterator[tuple[int, Row]]:
        """Yield the rows with the number by which a user finds them."""


def read_table(
    path: str | os.PathLike[str],
    *,
    group_by: str | None = None,
    targets: Sequence[str] = (),
    least_classes: int = 2,
) -> Corpus:
    r"""Read the audio or MIDI files of a table; rows that cannot be used are skipped with their number.

    Columns: ``path`` and ``label``, or ``tags`` separated by ``|`` (in a table without any, by ``;``, or else
    by ``,``), or the ``targets``; optionally ``group`` (speaker, song, source), ``start_s`` and ``end_s``
    (seconds), and ``split`` (``train`` / ``validation`` / ``test``, or the names of folds). Names may be in
    any case, and those of `woodshed.delimited.SYNONYMS` are read too, such as ``filename`` and ``class``.
    Other columns are ignored.

    Paths are relative to the table's folder; ``\`` is read as ``/``, and a bare name may be that of one file
    anywhere below the folder (`woodshed.data.sound_finder.SoundFinder`). A label file without such a column
    (a Raven selection table, an Audacity label track or a Praat TextGrid) belongs to the sound beside it that
    has its name.

    Spellings of a label that differ in case, spaces or Unicode form are one label
    (`woodshed.data.label.canonical_label`). A row with an empty label is skipped with that reason and also
    listed in ``unlabelled``. If several rows are segments of one file and no group is known, the file is the
    group. CSV may be separated by ``,``, ``;`` or tabs, in UTF-8, UTF-16 or Latin-1. Rows are numbered as in
    a spreadsheet: the header is row 1.

    Parameters
    ----------
    path
        The table.
    group_by
        Another column with the group, or a rule on the path such as ``part:N``, ``folder`` (the folder of the
        file) or ``none``; see `woodshed.data.group.group_rule`.
    targets
        Numeric target columns: values such as valence, or 1 and 0 for the presence of a tag. Empty cells, and
        ``nan``, are missing values.
    least_classes
        Minimum number of labels: 2 for training, 1 for testing.

    Raises
    ------
    DataError
        If the table does not exist or has no rows, a column is missing or may be one of several, ``split``
        mixes parts and folds, or too few classes are left.
    MissingPackageError
        If it is Parquet and pyarrow is not installed.
    ParameterError
        If ``group_by`` is neither a column nor a rule, or its rule fits no path.

    Warns
    -----
    UserWarning
        If spellings of a label were matched, or files of another computer were found below the folder.

    Examples
    --------
    >>> import tempfile
    >>> from woodshed.data.sample import sample_folder
    >>> folder = sample_folder() / "recordings"
    >>> with tempfile.TemporaryDirectory() as place:
    ...     table = Path(place, "digits.csv")
    ...     lines = ["File,Class,who"]
    ...     lines += [f"{folder}/3_theo_0.flac,three,theo", f"{folder}/7_lucas_0.flac,seven,lucas"]
    ...     _ = table.write_text(chr(10).join(lines))
    ...     corpus = read_table(table, group_by="who")
    >>> corpus.labels, corpus.groups
    (['three', 'seven'], ['theo', 'lucas'])
    """
    path = Path(path)
    table = open_sounds(path, targets)
    if not any(table.columns):
        raise DataError(_no_rows(path))
    target_columns = [*targets] or ["tags" if _lists_tags(table.columns) else "label"]
    _require_columns(target_columns, table.columns, path)
    reader = _RowReader(path, table, group_by, targets)
    for number, row in without_repeated_views(table.numbered_rows(), table.columns, "path"):
        if any(cell.strip() for cell in row.values()):  # spreadsheets often append empty lines
            reader.add(number, row)
    if not reader.n_rows:
        raise DataError(_no_rows(path))
    examples, skipped = reader.results()
    if group_by is not None and not examples:
        check_some_match(group_by, skipped)
    labels = {example.label for example in examples}
    if len(labels) < least_classes and (target_columns == ["label"] or not examples):
        raise DataError(f"{printable(path)} {_too_few_labels(labels, skipped)}")
    corpus = Corpus(
        printable(path.stem),
        tuple(examples),
        tuple(skipped),
        folds=_has_folds(path, examples),
        licence=licence_beside(path),
        group_word=_group_word(group_by, table.columns),
        unlabelled=tuple(reader.unlabelled),
    )
    return with_file_groups(corpus, path.parent) if group_by is None else corpus


def read_columns(path: Path, targets: Sequence[str] = ()) -> tuple[str, ...]:
    """Return the names of the columns of a table, with a synonym replaced by the name it stands for."""
    return open_sounds(path, targets).columns


def open_sounds(path: Path, targets: Sequence[str] = ()) -> Table:
    """Open a table with one row per sound, in any of the formats; see `read_table`.

    Parameters
    ----------
    path
        The table.
    targets
        Columns that keep their names, even if they are synonyms.

    Raises
    ------
    DataError, MissingPackageError
        As for `read_table`.
    """
    if not path.is_file():
        raise DataError(f"{printable(path)}: there is no such table. Check the name.")
    if path.suffix.lower() == ".parquet":
        parquet = _ParquetTable(path, _parquet_columns(path))
        return replace(parquet, columns=_fixed_names(parquet.columns, path, targets))
    try:
        if path.suffix.lower() == ".textgrid" or is_text_grid(path) or is_label_track(path):
            return _LabelFile(path)
        delimited = open_table(path)
    except OSError as error:
        raise DataError(
            f"{printable(path)} cannot be read ({error.strerror}). Check its permissions."
        ) from error
    except UnicodeError as error:
        raise not_text(path, error) from error
    return replace(delimited, columns=_fixed_names(delimited.columns, path, targets))


def _fixed_names(columns: Sequence[str], table: Path, targets: Sequence[str]) -> tuple[str, ...]:
    """Return the columns of a table, with the names of `MEANINGS` for those that are found by a synonym."""
    free = [column for column in columns if column not in targets]
    meanings = {find_column(meaning, free, table): meaning for meaning in MEANINGS}
    return tuple(column if column in targets else meanings.get(column, column) for column in columns)


def _group_word(group_by: str | None, columns: Sequence[str]) -> str:
    """Return the word for the groups: the name of the column, or that of the rule."""
    return group_by if group_by is not None and group_by in columns else group_word_of(group_by)


def _lists_tags(columns: Sequence[str]) -> bool:
    return "tags" in columns and "label" not in columns


def _require_columns(names: Iterable[str], columns: Sequence[str], table: Path) -> None:
    """Raise `DataError` if a column is missing."""
    if "path" not in columns and sound_beside(table) is None:
        raise DataError(
            f"{printable(table)} has no column 'path', and no sound of its name is beside it. A column of "
            f"file names is called {synonyms_text('path')}. {near_miss('path', columns)}"
        )
    for name in names:
        if name not in columns:
            advice = near_miss(name, columns)
            if name == "label":
                advice += f" A column of labels is called {synonyms_text('label')}."
                advice += " Select columns of values, or of tags as 0 and 1, with --target."
            raise DataError(f"{printable(table)} has no column {name!r}. {advice}")


@dataclass(frozen=True)
class _LabelFile:
    """Rows of an Audacity label track or a Praat TextGrid, which belong to the sound beside it."""

    path: Path
    columns: tuple[str, ...] = ("start_s", "end_s", "label")

    def __iter__(self) -> Iterator[Row]:
        return (row for _, row in self.numbered_rows())

    def numbered_rows(self) -> Iterator[tuple[int, Row]]:
        for row in marker_rows(self.path):
            yield row.n_line, {"start_s": row.start_s, "end_s": row.end_s, "label": row.name}


@dataclass(frozen=True)
class _ParquetTable:
    """A Parquet table, whose rows are read in batches."""

    path: Path
    columns: tuple[str, ...]

    def __iter__(self) -> Iterator[Row]:
        with _parquet(self.path) as parquet:
            for batch in parquet.iter_batches():
                cells = [
                    ["" if cell is None else str(cell) for cell in column.to_pylist()] for column in batch
                ]
                for row in zip(*cells, strict=True):
                    yield dict(zip(self.columns, row, strict=True))

    def numbered_rows(self) -> Iterator[tuple[int, Row]]:
        return enumerate(self, start=2)


def _parquet_columns(path: Path) -> tuple[str, ...]:
    with _parquet(path) as parquet:
        return tuple(parquet.schema_arrow.names)


@contextmanager
def _parquet(path: Path) -> Iterator[Any]:
    """Open a Parquet file; raise `DataError` if it is damaged, also while it is read."""
    remedy = 'pip install "woodshed[table]"'
    damage = (load_package("pyarrow", "Parquet", remedy).ArrowException, OSError)
    try:
        with load_package("pyarrow.parquet", "Parquet", remedy).ParquetFile(path) as parquet:
            yield parquet
    except damage as error:
        raise DataError(f"{printable(path)} is not a Parquet table ({error}). Write it again.") from error


class _RowReader:
    """Conversion of the rows of a table to examples.

    Parameters
    ----------
    path, table
        The table.
    group_by, targets
        As for `read_table`.
    """

    def __init__(self, path: Path, table: Table, group_by: str | None, targets: Sequence[str]) -> None:
        self.path, self.targets = path, targets
        self.unlabelled: list[Example] = []
        self.n_rows = 0
        self._folder = path.parent
        self._has_tags = "tags" in table.columns
        self._separator = _tag_separator(table) if self._has_tags else ""
        self._sound = None if "path" in table.columns else sound_beside(path)
        self._finder = SoundFinder(path.parent)
        self._to_group = _group_reader(group_by, table.columns, path.parent)
        self._examples: list[tuple[int, Example]] = []
        self._skipped: list[tuple[int, Skipped]] = []

    def add(self, number: int, row: Row) -> None:
        """Convert a row; it is kept as an example, or skipped with the reason."""
        self.n_rows += 1
        path = self.path
        try:
            path = self._path_of(row)
            self._examples.append((number, self._to_example(path, row)))
        except AudioFileError as error:
            skipped = Skipped(Path(str(error.path)), f"row {number}: {error.reason}")
            self._skipped.append((number, skipped))
            if error.reason == NO_LABEL and os.path.lexists(path):
                self._add_unlabelled(path, row)

    def results(self) -> tuple[list[Example], list[Skipped]]:
        """Return the examples and the skipped rows, in the order of the table.

        Spellings of a label are matched, and rows that repeat another are skipped.
        """
        numbers = [number for number, _ in self._examples]
        examples = matched_examples([example for _, example in self._examples], self.path)
        first_row: dict[tuple[object, ...], int] = {}
        unique: list[Example] = []
        for number, example in zip(numbers, examples, strict=True):
            identity = (example.path, example.start_s, example.end_s, example.label, example.labels)
            first = first_row.setdefault(identity, number)
            if first == number:
                unique.append(example)
            else:
                reason = f"row {number}: it repeats row {first}."
                self._skipped.append((number, Skipped(example.path, reason)))
        for name, path in list(self._finder.moved.items())[:1]:
            n_moved = counted(len(self._finder.moved), "path")
            warnings.warn(
                f"{n_moved} of another computer matched by the last parts, below the table's folder. The "
                f"first: {printable(name)} is {printable(path)}.",
                stacklevel=4,
            )
        return unique, [skipped for _, skipped in sorted(self._skipped, key=lambda pair: pair[0])]

    def _path_of(self, row: Row) -> Path:
        """Return the path of the file of a row; raise `AudioFileError` if it is not there."""
        if self._sound is not None:
            return self._sound
        name = row["path"].strip()
        if not name:
            raise AudioFileError(self.path, "the path is empty.")
        return self._finder.find(name)

    def _to_example(self, path: Path, row: Row) -> Example:
        """Return the example of a row; raise `AudioFileError` with the reason if it cannot be used."""
        label = _cell(row, "label")
        values = self._values(path, row)
        if not label and not values and (self.targets or not self._has_tags):
            raise AudioFileError(path, "all its values are missing." if self.targets else NO_LABEL)
        start_s, end_s = _segment(path, row)
        part = _cell(row, "split")
        return Example(
            path,
            label,
            self._to_group(path, row),
            start_s,
            end_s,
            PARTS.get(part.lower(), part) or None,
            self._tags(row),
            values,
        )

    def _add_unlabelled(self, path: Path, row: Row) -> None:
        """List a row without a label, unless it has another fault too."""
        try:
            example = self._to_example(path, {**row, "label": "?"})
        except AudioFileError:
            return
        self.unlabelled.append(replace(example, label=""))

    def _values(self, path: Path, row: Row) -> dict[str, float]:
        try:
            values = {name: to_number(row[name]) for name in self.targets if row[name].strip()}
            if math.inf in map(abs, values.values()):
                raise ValueError("a value is infinite")
        except ValueError as error:
            cells = ", ".join(f"{name} {row[name]!r}" for name in self.targets)
            raise AudioFileError(path, f"its values must be finite numbers or empty, got {cells}.") from error
        return {name: value for name, value in values.items() if not math.isnan(value)}

    def _tags(self, row: Row) -> tuple[str, ...]:
        """Return the unique tags of a row."""
        if not self._has_tags:
            return ()
        words = (word.strip() for word in _cell(row, "tags").split(self._separator))
        return tuple(dict.fromkeys(word for word in words if word))


def _cell(row: Row, name: str) -> str:
    """Return a cell as printable text, empty if there is no such column."""
    return printable(without_surrogates(row.get(name, "").strip()))


def _segment(path: Path, row: Row) -> tuple[float, float | None]:
    """Return start and end of a row; raise `AudioFileError` if they are not those of a segment."""
    start, end = row.get("start_s", "").strip(), row.get("end_s", "").strip()
    try:
        start_s, end_s = to_number(start or "0"), to_number(end) if end else None
    except ValueError as error:
        raise AudioFileError(
            path, f"start_s and end_s must be seconds, got {row.get('start_s')!r} and {row.get('end_s')!r}."
        ) from error
    if not (0 <= start_s < (float("inf") if end_s is None else end_s) and end_s != float("inf")):
        raise AudioFileError(
            path, f"it must start at 0 s or later and end after it starts, got {start_s} s to {end_s} s."
        )
    return start_s, end_s


def _tag_separator(table: Table) -> str:
    """Return the separator of tags, which is that of the whole column."""
    present = {mark for row in table for mark in TAG_SEPARATORS if mark in row.get("tags", "")}
    return next((mark for mark in TAG_SEPARATORS if mark in present), TAG_SEPARATORS[0])


def _group_reader(
    group_by: str | None, columns: Sequence[str], folder: Path
) -> Callable[[Path, Row], str | None]:
    """Return a function that maps a file and its row to the group."""
    if group_by is None or group_by in columns:
        name = group_by or "group"
        return lambda path, row: _cell(row, name) or None
    if group_by.partition(":")[0] not in {word.partition(":")[0] for word in WORDS}:
        raise DataError(f"There is no column {group_by!r} to group by. {near_miss(group_by, columns)}")
    rule = group_rule(group_by, folder)
    if rule is None:
        return lambda path, row: None
    if group_by == "folder":  # tables have no class folders: the folder of the file
        return lambda path, row: printable(path.parent.name) or None
    by_path: dict[Path, str | None] = {}

    def by_rule(path: Path, row: Row) -> str:
        if path not in by_path:
            by_path[path] = rule(path.relative_to(folder) if path.is_relative_to(folder) else path)
        group = by_path[path]
        if group is None:
            raise AudioFileError(path, no_group(group_by))
        return group

    return by_rule


def _has_folds(path: Path, examples: Iterable[Example]) -> bool:
    """Return whether the column ``split`` contains folds; folds and parts cannot be mixed."""
    names = {example.split for example in examples if example.split is not None}
    parts = names & set(PARTS.values())
    if parts and names - parts:
        raise DataError(
            f"{printable(path)}: the column 'split' mixes {', '.join(sorted(parts))} with "
            f"{', '.join(sorted(names - parts))}. Use train, validation and test only, or folds only."
        )
    return bool(names) and not parts


def _no_rows(path: Path) -> str:
    return f"{printable(path)} has no rows. It needs a header (path,label) and a row for each sound."


def _too_few_labels(labels: set[str], skipped: list[Skipped]) -> str:
    """Return the message of the error about a table with too few classes."""
    if labels:
        return f"has usable rows of one class only ({', '.join(labels)}). At least two classes are needed."
    return f"has no usable row. {printable(skipped[0].path)}: {skipped[0].reason}"
