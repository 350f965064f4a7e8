r"""Delimited text: encoding, separator, columns by name or synonym, and cells that are no formulas.

Tables come from spreadsheets, annotation programs and published data sets. They are read as they are: in
UTF-8 with or without byte order mark, UTF-16 with one, or Latin-1; separated by ``,``, ``;`` or tabs; and
with the column names of `SYNONYMS`, in any case.

Labels and file names may come from strangers, and a spreadsheet runs a cell that begins with ``=``. Every
table of woodshed is written by a `csv_writer`, which escapes such cells; reading restores them.
"""

from __future__ import annotations

import csv
import os
import re
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from woodshed.decoding import utf_16_of
from woodshed.errors import DataError, printable

SYNONYMS: dict[str, tuple[tuple[str, ...], ...]] = {
    "path": (
        ("file", "filename", "filepath", "audio", "sound"),
        ("begin path",),
        ("begin file",),
        ("source",),
    ),
    "label": (("class", "category", "species"), ("annotation",)),
    "start_s": (("start", "start time", "begin time (s)"),),
    "end_s": (("end", "end time", "end time (s)"),),
}
"""Column -> its synonyms in order of preference; of names in one pair of brackets a table may have one.

Case, spaces, ``_`` and ``-`` are ignored: ``File Name`` is ``filename``. ``Begin Time (s)``, ``Begin File``
and the like are columns of Raven, and ``source`` is one of the tables of events that woodshed writes.
"""

SEPARATORS = ",;\t"
"""Separators of columns; the most frequent one of the header is used, unless a first line declares one."""

_DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+")
_DECLARATION = re.compile(r'"?sep=([,;\t])"?\r?\n?')

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
"""Characters with which a formula begins; after CWE-1236."""

Row = Mapping[str, str]


@dataclass(frozen=True)
class DelimitedTable:
    """A table of text, whose rows are read on iteration.

    Parameters
    ----------
    path
        The file.
    columns
        Names of the columns, without spaces around them.
    delimiter
        The separator.
    is_declared
        Whether a first line ``sep=;`` before the header declares the separator, as spreadsheets write it.
    """

    path: Path
    columns: tuple[str, ...]
    delimiter: str
    is_declared: bool = False

    def __iter__(self) -> Iterator[Row]:
        """Yield the rows as name -> cell; short lines are padded, and empty lines are kept.

        Bytes of a cell that are not UTF-8 are lone surrogates, see `without_surrogates`.

        Raises
        ------
        DataError
            If a line is not CSV, or not text.

        Warns
        -----
        UserWarning
            If a line has more cells than the header, such as one with a name that holds a separator. Only the
            first is named.
        """
        return (row for _, row in self.numbered_lines())

    def numbered_rows(self) -> Iterator[tuple[int, Row]]:
        """Yield the rows with their number, as in a spreadsheet: the header is row 1."""
        return enumerate(self, start=2)

    def numbered_lines(self) -> Iterator[tuple[int, Row]]:
        """Yield the rows with the number of their last line."""
        padding = [""] * len(self.columns)
        is_warned = False
        with open_text(self.path) as file:
            if self.is_declared:
                file.readline()
            lines = csv.reader(file, delimiter=self.delimiter)
            try:
                next(lines, None)
                for line in lines:
                    if not is_warned and self.columns and any(line[len(self.columns) :]):
                        self._warn_of_long_line(lines.line_num + self.is_declared, len(line))
                        is_warned = True
                    cells = [*map(unescaped, line), *padding]
                    yield lines.line_num + self.is_declared, dict(zip(self.columns, cells, strict=False))
            except csv.Error as error:
                raise _not_csv(self.path, error) from error
            except UnicodeError as error:
                raise not_text(self.path, error) from error

    def _warn_of_long_line(self, n_line: int, n_cells: int) -> None:
        warnings.warn(
            f"{printable(self.path)}, line {n_line}: {n_cells} cells, but the header has "
            f"{len(self.columns)}; the others were ignored. Put a text that holds {self.delimiter!r} in "
            "double quotes.",
            stacklevel=4,
        )


def open_table(path: Path) -> DelimitedTable:
    r"""Return a table with its columns; the rows are read later.

    Raises
    ------
    DataError
        If it is not text, or its header is not CSV.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "a.csv")
    ...     _ = path.write_text("File;Class\na.wav;Säge", encoding="utf-16")
    ...     table = open_table(path)
    ...     table.columns, [dict(row) for row in table]
    (('File', 'Class'), [{'File': 'a.wav', 'Class': 'Säge'}])
    """
    try:
        with open_text(path) as file:
            header = file.readline()
            declaration = _DECLARATION.fullmatch(header)
            delimiter = declaration[1] if declaration else max(SEPARATORS, key=header.count)
            if not declaration:
                file.seek(0)
            columns = next(csv.reader(file, delimiter=delimiter), [])
    except csv.Error as error:
        raise _not_csv(path, error) from error
    except UnicodeError as error:
        raise not_text(path, error) from error
    names = tuple(without_surrogates(name).strip() for name in columns)
    return DelimitedTable(path, names, delimiter, declaration is not None)


def open_text(path: str | os.PathLike[str]) -> TextIO:
    """Open a text file in UTF-8, or in UTF-16 if it has that byte order mark, or every other byte is 0.

    Bytes that are not UTF-8 become lone surrogates, so that paths with such bytes remain valid; see
    `without_surrogates`.
    """
    with open(path, "rb") as file:
        start = file.read(4)
    if (encoding := utf_16_of(start)) is not None:
        return open(path, encoding=encoding, newline="")
    return open(path, encoding="utf-8-sig", errors="surrogateescape", newline="")


def without_surrogates(text: str) -> str:
    r"""Return text in which bytes that are not UTF-8 are read as Latin-1, as Windows writes it.

    Examples
    --------
    >>> without_surrogates("S\udce4ge")
    'Säge'
    """
    if text.isascii() or not any("\udc80" <= letter <= "\udcff" for letter in text):
        return text
    content = text.encode("utf-8", "surrogateescape")
    try:
        return content.decode("cp1252")
    except UnicodeDecodeError:  # five bytes have no meaning in Windows' extension of Latin-1
        return content.decode("latin-1")


def find_column(name: str, columns: Sequence[str], table: Path) -> str | None:
    """Return the column of a table that has a meaning: the one of that name, or of a synonym.

    Parameters
    ----------
    name
        The meaning: a key of `SYNONYMS`, or any other name, which has no synonyms.
    columns
        Columns of the table.
    table
        The table, for the error.

    Returns
    -------
    str or None
        None if there is no such column.

    Raises
    ------
    DataError
        If several columns match equally well.

    Examples
    --------
    >>> find_column("path", ["Label", "File Name", "source"], Path("a.csv"))
    'File Name'
    >>> find_column("label", ["path", "class", "category"], Path("a.csv"))
    Traceback (most recent call last):
    woodshed.errors.DataError: a.csv: the label may be in the column 'class' or 'category'. Rename ...
    """
    if columns.count(name) > 1:
        raise DataError(f"{printable(table)} has several columns {name!r}. Rename all but the right one.")
    if name in columns:
        return name
    for names in ((name,), *SYNONYMS.get(name, ())):
        keys = set(map(_column_key, names))
        matches = [column for column in columns if _column_key(column) in keys]
        if len(matches) > 1:
            raise DataError(
                f"{printable(table)}: the {name} may be in the column {' or '.join(map(repr, matches))}. "
                f"Rename the right one to {name}."
            )
        if matches:
            return matches[0]
    return None


def without_repeated_views(
    rows: Iterable[tuple[int, Row]], columns: Sequence[str], source: str
) -> Iterator[tuple[int, Row]]:
    """Yield the numbered rows of a table; of a selection that Raven lists once for each view, only the first.

    Parameters
    ----------
    rows
        Number of each row, and the row.
    columns
        Columns of the table; one of Raven has ``Selection`` and ``View``. The rows of others are not changed.
    source
        Column with the recording, in each of which selections are counted from 1.

    Examples
    --------
    >>> rows = [(k, {"Selection": "1", "View": view}) for k, view in enumerate(("Wave", "Sonogram"))]
    >>> [number for number, _ in without_repeated_views(rows, ["Selection", "View"], "path")]
    [0]
    """
    is_raven = {"Selection", "View"} <= {*columns}
    selections: set[tuple[str, str]] = set()
    for number, row in rows:
        selection = (row.get("Selection", ""), row.get(source, ""))
        if is_raven and selection in selections:
            continue
        selections.add(selection)
        yield number, row


def synonyms_text(name: str) -> str:
    """Return the names that a column may have, for messages.

    Examples
    --------
    >>> synonyms_text("label")
    'label, class, category, species or annotation'
    """
    *names, last = [name, *(word for group in SYNONYMS.get(name, ()) for word in group)]
    return f"{', '.join(names)} or {last}" if names else last


def _column_key(name: str) -> str:
    """Return a column name without case, spaces, ``_`` and ``-``."""
    return re.sub(r"[\s_-]+", "", name.casefold())


def _not_csv(path: Path, error: csv.Error) -> DataError:
    return DataError(f"{printable(path)} is not a table ({error}). Save it as CSV again.")


def not_text(path: Path, error: UnicodeError) -> DataError:
    """Return the error about a file that is not in the UTF-16 which its byte order mark declares."""
    return DataError(f"{printable(path)} is not text ({error}). Save it as UTF-8.")


class CsvWriter:
    """Writer of rows whose text cells are escaped by `escaped`."""

    def __init__(self, file: TextIO, line_end: str) -> None:
        self._rows = csv.writer(file, lineterminator=line_end)

    def writerow(self, cells: Iterable[object]) -> None:
        """Write a row."""
        self._rows.writerow([escaped(cell) for cell in cells])

    def writerows(self, rows: Iterable[Iterable[object]]) -> None:
        """Write rows."""
        for row in rows:
            self.writerow(row)


def csv_writer(file: TextIO, *, line_end: str = "\r\n") -> CsvWriter:
    r"""Return a writer of CSV rows.

    Examples
    --------
    >>> import io
    >>> file = io.StringIO()
    >>> csv_writer(file, line_end="\n").writerows([["=1+1", "-3.2"], ["a, b", -3.2]])
    >>> file.getvalue()
    '\'=1+1,-3.2\n"a, b",-3.2\n'
    """
    return CsvWriter(file, line_end)


def escaped(cell: object) -> object:
    """Return a cell with an apostrophe before a text that a spreadsheet would take for a formula.

    Numbers stay as they are, also those in a text.

    Examples
    --------
    >>> escaped("@SUM(A1)"), escaped("-12.5"), escaped(-12.5), escaped("-take.wav")
    ("'@SUM(A1)", '-12.5', -12.5, "'-take.wav")
    """
    if isinstance(cell, str) and _needs_apostrophe(cell) and not _is_number(cell):
        return f"'{cell}"
    return cell


def unescaped(text: str) -> str:
    """Return the text of a cell that `escaped` wrote.

    Examples
    --------
    >>> unescaped("'-take.wav"), unescaped("'quoted'")
    ('-take.wav', "'quoted'")
    """
    return text[1:] if text.startswith("'") and _needs_apostrophe(text) else text


def _needs_apostrophe(text: str) -> bool:
    """Return whether a text would be evaluated, or would be if an apostrophe of its own were removed."""
    return text.lstrip("'").startswith(FORMULA_STARTS)


def to_number(cell: str) -> float:
    """Return a number, also one with a decimal comma, as in tables that are separated by ``;`` or tabs.

    Raises
    ------
    ValueError
        If the cell is not a number.

    Examples
    --------
    >>> to_number("0,25"), to_number("1e-3")
    (0.25, 0.001)
    """
    return float(with_decimal_point(cell))


def with_decimal_point(cell: str) -> str:
    """Replace a decimal comma.

    Examples
    --------
    >>> with_decimal_point("0,25"), with_decimal_point("1,000.5"), with_decimal_point("end, quiet")
    ('0.25', '1,000.5', 'end, quiet')
    """
    return cell.replace(",", ".") if _DECIMAL_COMMA.fullmatch(cell.strip()) else cell


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return text == text.strip()
