"""Data sets from a table with one row per sound, CSV or Parquet."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePath

from woodshed.data.example import Corpus, Example, Skipped
from woodshed.data.group import WORDS, group_rule, group_word_of, no_group
from woodshed.data.licence import licence_beside
from woodshed.errors import AudioFileError, DataError, MissingPackageError, near_miss, printable

TABLE_SUFFIXES = frozenset({".csv", ".tsv", ".txt", ".parquet"})
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

Row = Mapping[str, str]


def read_table(
    path: str | os.PathLike[str],
    *,
    group_by: str | None = None,
    targets: Sequence[str] = (),
    least_classes: int = 2,
) -> Corpus:
    """Read the audio or MIDI files of a table; rows that cannot be used are skipped with their number.

    Columns: ``path`` (relative to the table's folder) and ``label``, or ``tags`` separated by ``|`` (in a
    table without any, by ``;``, or else by ``,``), or the ``targets``; optionally ``group`` (speaker, song,
    source), ``start_s`` and ``end_s`` (seconds), and ``split`` (``train`` / ``validation`` / ``test``, or the
    names of folds). Other columns are ignored.
    A row with an empty label is skipped with that reason and also listed in ``unlabelled``.
    CSV may be separated by ``,``, ``;`` or tabs. Rows are numbered as in a spreadsheet: the header is row 1.

    Parameters
    ----------
    path
        The table.
    group_by
        Another column with the group, or a rule on the path such as ``part:N``, ``folder`` (the folder of the
        file) or ``none``; see `woodshed.data.group.group_rule`.
    targets
        Numeric target columns: values such as valence, or 1 and 0 for the presence of a tag. Empty cells are
        missing values.
    least_classes
        Minimum number of labels: 2 for training, 1 for testing.

    Raises
    ------
    DataError
        If the table does not exist or has no rows, a column is missing, ``split`` mixes parts and folds, or
        too few classes are left.
    MissingPackageError
        If it is Parquet and pyarrow is not installed.
    ParameterError
        If ``group_by`` is neither a column nor a rule.

    Examples
    --------
    >>> import tempfile
    >>> from woodshed.data.sample import sample_folder
    >>> folder = sample_folder() / "recordings"
    >>> with tempfile.TemporaryDirectory() as place:
    ...     table = Path(place, "digits.csv")
    ...     lines = ["path,label,who"]
    ...     lines += [f"{folder}/3_theo_0.flac,three,theo", f"{folder}/7_lucas_0.flac,seven,lucas"]
    ...     _ = table.write_text(chr(10).join(lines))
    ...     corpus = read_table(table, group_by="who")
    >>> corpus.labels, corpus.groups
    (['three', 'seven'], ['theo', 'lucas'])
    """
    path = Path(path)
    columns, rows = read_rows(path)
    target_columns = [*targets] or ["tags" if "tags" in columns and "label" not in columns else "label"]
    _require_columns(("path", *target_columns), columns, path)
    to_group = _group_reader(group_by, columns, path.parent)
    to_tags = _tag_reader(rows)
    examples: list[Example] = []
    skipped: list[Skipped] = []
    unlabelled: list[Example] = []
    first_row: dict[tuple[object, ...], int] = {}
    for number, row in enumerate(rows, start=2):
        if not any(cell.strip() for cell in row.values()):
            continue  # spreadsheets often append empty lines
        result = _to_example(row, path, to_group, to_tags, targets)
        if isinstance(result, Example):
            identity = (result.path, result.start_s, result.end_s, result.label, result.labels)
            if first_row.setdefault(identity, number) == number:
                examples.append(result)
                continue
            result = Skipped(result.path, f"it repeats row {first_row[identity]}.")
        elif result.reason == NO_LABEL:
            example = _to_example({**row, "label": "?"}, path, to_group, to_tags, targets)
            unlabelled += [replace(example, label="")] if isinstance(example, Example) else []
        skipped.append(Skipped(result.path, f"row {number}: {result.reason}"))
    labels = {example.label for example in examples}
    if len(labels) < least_classes and (target_columns == ["label"] or not examples):
        raise DataError(f"{printable(path)} {_too_few_labels(labels, skipped)}")
    word = group_by if group_by is not None and group_by in columns else group_word_of(group_by)
    return Corpus(
        printable(path.stem),
        tuple(examples),
        tuple(skipped),
        folds=_has_folds(path, examples),
        licence=licence_beside(path),
        group_word=word,
        unlabelled=tuple(unlabelled),
    )


def read_rows(path: Path) -> tuple[list[str], list[Row]]:
    """Return the column names and the rows, every cell as text.

    Raises
    ------
    DataError, MissingPackageError
        As for `read_table`.
    """
    if not path.is_file():
        raise DataError(f"{printable(path)}: there is no such table. Check the name.")
    columns, rows = _read_parquet(path) if path.suffix.lower() == ".parquet" else _read_csv(path)
    if not rows:
        raise DataError(
            f"{printable(path)} has no rows. It needs a header (path,label) and a row for each sound."
        )
    return columns, rows


def _require_columns(names: Iterable[str], columns: Sequence[str], table: Path) -> None:
    """Raise `DataError` if a column is missing."""
    for name in names:
        if name not in columns:
            advice = near_miss(name, columns)
            if name == "label":
                advice += " Select columns of values, or of tags as 0 and 1, with --target."
            raise DataError(f"{printable(table)} has no column {name!r}. {advice}")


def _read_csv(path: Path) -> tuple[list[str], list[Row]]:
    # surrogateescape: paths with bytes that are not UTF-8 must remain valid.
    with open(path, encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        header = file.readline()
        file.seek(0)
        try:
            lines = list(csv.reader(file, delimiter=max(",;\t", key=header.count)))
        except csv.Error as error:
            raise DataError(f"{printable(path)} is not a table ({error}). Save it as CSV again.") from error
    if not lines:
        return [], []
    columns = [name.strip() for name in lines[0]]
    # Short lines are padded, and empty lines kept, so that row numbers equal those of the spreadsheet.
    rows: list[Row] = [dict(zip(columns, line + [""] * len(columns), strict=False)) for line in lines[1:]]
    return columns, rows


def _read_parquet(path: Path) -> tuple[list[str], list[Row]]:
    try:
        from pyarrow import ArrowException
        from pyarrow.parquet import read_table as read_parquet
    except ImportError as error:
        raise MissingPackageError('Parquet needs pyarrow: pip install "woodshed[table]"') from error
    try:
        table = read_parquet(path)
    except (ArrowException, OSError) as error:
        raise DataError(f"{printable(path)} is not a Parquet table ({error}). Write it again.") from error
    rows: list[Row] = [
        {name: "" if cell is None else str(cell) for name, cell in row.items()} for row in table.to_pylist()
    ]
    return list(table.column_names), rows


def _group_reader(group_by: str | None, columns: list[str], folder: Path) -> Callable[[Row], str | None]:
    """Return a function that maps a row to its group."""
    if group_by is None or group_by in columns:
        name = group_by or "group"
        return lambda row: printable(row.get(name, "").strip()) or None
    if group_by.partition(":")[0] not in {word.partition(":")[0] for word in WORDS}:
        raise DataError(f"There is no column {group_by!r} to group by. {near_miss(group_by, columns)}")
    rule = group_rule(group_by, folder)
    if rule is None:
        return lambda row: None
    if group_by == "folder":  # tables have no class folders: the folder of the file
        return lambda row: printable(PurePath(row["path"]).parent.name) or None

    def by_rule(row: Row) -> str:
        group = rule(PurePath(row["path"].strip()))
        if group is None:
            raise AudioFileError(row["path"], no_group(group_by))
        return group

    return by_rule


def _tag_reader(rows: Sequence[Row]) -> Callable[[Row], tuple[str, ...]]:
    """Return a function that maps a row to its unique tags; the separator is that of the whole column."""
    cells = "".join(row.get("tags", "") for row in rows)
    separator = next((mark for mark in TAG_SEPARATORS if mark in cells), TAG_SEPARATORS[0])

    def to_tags(row: Row) -> tuple[str, ...]:
        words = (printable(word.strip()) for word in row.get("tags", "").split(separator))
        return tuple(dict.fromkeys(word for word in words if word))

    return to_tags


def _to_example(
    row: Row,
    table: Path,
    to_group: Callable[[Row], str | None],
    to_tags: Callable[[Row], tuple[str, ...]],
    targets: Sequence[str],
) -> Example | Skipped:
    """Convert a row to an example, or return why it cannot be used."""
    if not row["path"].strip():
        return Skipped(table, "the path is empty.")
    path = table.parent / row["path"].strip()
    label = printable(row.get("label", "").strip())
    try:
        values = {name: float(row[name]) for name in targets if row[name].strip()}
    except ValueError:
        cells = ", ".join(f"{name} {row[name]!r}" for name in targets)
        return Skipped(path, f"its values must be numbers or empty, got {cells}.")
    if not label and not values and (targets or "tags" not in row):
        return Skipped(path, "all its values are missing." if targets else NO_LABEL)
    if not os.path.lexists(path):
        return Skipped(path, "there is no such file. Paths are relative to the table's folder.")
    try:
        group = to_group(row)
    except AudioFileError as error:
        return Skipped(path, error.reason)
    try:
        start_s = float(row.get("start_s", "").strip() or 0)
        end_s = float(row["end_s"]) if row.get("end_s", "").strip() else None
    except ValueError:
        return Skipped(
            path, f"start_s and end_s must be seconds, got {row.get('start_s')!r} and {row.get('end_s')!r}."
        )
    if not (0 <= start_s < (float("inf") if end_s is None else end_s) and end_s != float("inf")):
        return Skipped(
            path, f"it must start at 0 s or later and end after it starts, got {start_s} s to {end_s} s."
        )
    part = row.get("split", "").strip()
    return Example(
        path,
        label,
        group,
        start_s,
        end_s,
        PARTS.get(part.lower(), printable(part)) or None,
        to_tags(row),
        values,
    )


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


def _too_few_labels(labels: set[str], skipped: list[Skipped]) -> str:
    """Return the message of the error about a table with too few classes."""
    if labels:
        return f"has usable rows of one class only ({', '.join(labels)}). At least two classes are needed."
    return f"has no usable row. {printable(skipped[0].path)}: {skipped[0].reason}"
