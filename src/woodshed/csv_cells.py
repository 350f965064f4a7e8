"""CSV tables whose text cells no spreadsheet evaluates as a formula.

Labels and file names may come from strangers, and a spreadsheet runs a cell that begins with ``=``. Every
CSV writer of woodshed is a `csv_writer`.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from typing import TextIO

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
"""Characters with which a formula begins; after CWE-1236."""


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


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return text == text.strip()
