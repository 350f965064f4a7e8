r"""Named places in a recording, in files that other programs read and write.

Three kinds are read, and told apart by themselves:

- the label track of Audacity: start, end and name with tabs between them, a line each;
- a table, named ``.csv``, with the columns ``start_s``, ``end_s`` and ``name`` (only the first is a must);
- plain text with a time in seconds on each line.

>>> Mark(0.5, 2.0, "chorus")
Mark(start_s=0.5, end_s=2.0, name='chorus')
"""

from __future__ import annotations

import csv
import io
import math
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from woodshed.atomic import write_whole
from woodshed.errors import DataError, OutputError, ParameterError, printable

COLUMNS = ("start_s", "end_s", "name")
"""Heading of a table of marks."""


@dataclass(frozen=True)
class Mark:
    """A stretch of a recording with a name, or a point: a stretch that ends where it starts.

    Parameters
    ----------
    start_s, end_s
        In seconds from the start of the recording; the end is not before the start.
    name
        What is there; may be empty.

    Raises
    ------
    ParameterError
        If a time is negative or not a number, or the end is before the start.
    """

    start_s: float
    end_s: float
    name: str = ""

    def __post_init__(self) -> None:
        if not 0 <= self.start_s <= self.end_s < math.inf:
            raise ParameterError(
                "A mark starts at 0 s or later and does not end before it starts, "
                f"got {self.start_s!r} s to {self.end_s!r} s."
            )


def read_marks(path: str | os.PathLike[str]) -> list[Mark]:
    r"""Read a file of marks.

    Parameters
    ----------
    path
        A label track of Audacity, a table named ``.csv``, or plain text with a time on each line; in UTF-8.
        Empty lines are passed over, and so are the frequency ranges that Audacity may put after a label.

    Returns
    -------
    list of Mark
        In the order of the file. A line with only one time is a point.

    Raises
    ------
    DataError
        If the file cannot be read, or a line makes no sense; the line is named.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "labels.txt"
    ...     _ = path.write_text("0.5\t2.0\tchorus\n2.5\t2.5\tend\n")
    ...     read_marks(path)
    [Mark(start_s=0.5, end_s=2.0, name='chorus'), Mark(start_s=2.5, end_s=2.5, name='end')]
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{printable(path)} is not text in UTF-8. Save it as UTF-8.") from error
    except OSError as error:
        raise DataError(f"{printable(path)} cannot be read ({error.strerror}). Check the name.") from error
    rows = _table_rows(text, path) if path.suffix.lower() == ".csv" else _label_rows(text)
    return [_mark(path, n_line, *fields) for n_line, fields in rows]


def write_marks(
    marks: Iterable[Mark], path: str | os.PathLike[str], *, times_only: bool = False, overwrite: bool = False
) -> Path:
    r"""Write marks for another program, with times to the microsecond.

    Parameters
    ----------
    marks
        In the order in which they are to be written.
    path
        A name that ends in ``.csv`` makes a table, any other a label track that Audacity imports. Neither
        has room for tabs and line ends in a name: they become spaces.
    times_only
        Whether to write nothing but the start of each mark, one on a line.
    overwrite
        Whether a file of that name may be replaced.

    Returns
    -------
    Path
        The file that was written.

    Raises
    ------
    OutputError
        If the file is there already or cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_marks([Mark(0.5, 2.0, "chorus")], Path(folder) / "labels.txt").read_text()
    '0.500000\t2.000000\tchorus\n'
    """
    path = Path(path)
    if path.exists() and not overwrite:
        raise OutputError(f"{printable(path)} is there already. Give another name, or overwrite=True.")
    rows = [(f"{mark.start_s:.6f}", f"{mark.end_s:.6f}", " ".join(mark.name.split())) for mark in marks]
    if times_only:
        content = "".join(f"{start_s}\n" for start_s, _, _ in rows)
    elif path.suffix.lower() == ".csv":
        table = io.StringIO()
        csv.writer(table, lineterminator="\n").writerows([COLUMNS, *rows])
        content = table.getvalue()
    else:
        content = "".join(f"{start_s}\t{end_s}\t{name}\n" for start_s, end_s, name in rows)
    write_whole(path, content)
    return path


def _label_rows(text: str) -> Iterator[tuple[int, tuple[str, str, str]]]:
    """Yield number, start, end and name of each line; the oldest label tracks have no end."""
    for n_line, line in enumerate(text.split("\n"), 1):
        if not line.strip() or line.startswith("\\"):  # such a line holds a label's range of frequencies
            continue
        start_s, second, *rest = [*line.strip().split("\t", 2), ""]
        if not rest:
            yield n_line, (start_s, start_s, "")
        elif rest[0] or _is_number(second):
            yield n_line, (start_s, second, rest[0])
        else:
            yield n_line, (start_s, start_s, second)


def _table_rows(text: str, path: Path) -> Iterator[tuple[int, tuple[str, str, str]]]:
    heading = text.partition("\n")[0]
    reader = csv.DictReader(io.StringIO(text), delimiter=max(",;\t", key=heading.count), restval="")
    reader.fieldnames = [name.strip() for name in reader.fieldnames or ()]
    if "start_s" not in reader.fieldnames:
        raise DataError(
            f"{printable(path)} has no column start_s. Give it a heading, start_s,end_s,name, "
            "and a row for each mark."
        )
    try:
        for row in reader:
            start_s = row["start_s"]
            yield reader.line_num, (start_s, row.get("end_s") or start_s, row.get("name", ""))
    except csv.Error as error:
        where = f"{printable(path)}, line {reader.line_num}"
        raise DataError(f"{where} is not part of a table ({error}). Save it as CSV again.") from error


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _mark(path: Path, n_line: int, start_s: str, end_s: str, name: str) -> Mark:
    try:
        return Mark(float(start_s), float(end_s), name.strip())
    except ParameterError as error:
        raise DataError(f"{printable(path)}, line {n_line}: {error} Correct the line.") from error
    except ValueError as error:
        raise DataError(
            f"{printable(path)}, line {n_line}: expected times in seconds such as 1.25, "
            f"got {start_s!r} and {end_s!r}. Correct the line."
        ) from error
