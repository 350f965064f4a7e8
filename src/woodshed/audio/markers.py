r"""Reading and writing of markers: label files of Audacity, Raven and Praat, tables, and lists of times.

The format is detected automatically:

- Audacity label track: start, end and name, separated by tabs, on each line;
- Raven selection table: a header with ``Begin Time (s)``, separated by tabs; the label is in ``Species`` or
  ``Annotation``;
- Praat TextGrid, long or short, in UTF-8 or UTF-16: the intervals with text and the points of all tiers;
- table with the columns ``start_s``, ``end_s`` and ``name``, the last two optional, or their synonyms
  (`woodshed.delimited.SYNONYMS`), such as the tables of events that woodshed writes;
- plain text with a time in seconds on each line.

Examples
--------
>>> Marker(0.5, 2.0, "chorus")
Marker(start_s=0.5, end_s=2.0, name='chorus')
"""

from __future__ import annotations

import io
import math
import os
import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from woodshed.atomic import check_overwrite, write_whole
from woodshed.audio.segment import Segment, segments_between
from woodshed.delimited import (
    DelimitedTable,
    csv_writer,
    find_column,
    not_text,
    open_table,
    open_text,
    to_number,
    with_decimal_point,
    without_repeated_views,
    without_surrogates,
)
from woodshed.errors import DataError, ParameterError, printable

COLUMNS = ("start_s", "end_s", "name")
"""Columns of a table of markers."""

_TEXT_GRID_TOKEN = re.compile(
    r'"(?:[^"]|"")*"|<exists>|(?<![\w\[.])-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w\].])'
)
"""Text in quotation marks, or a number outside brackets; other words of a TextGrid carry no value."""

_N_TIER_TOKENS = 5
"""Number of values before the entries of a tier: kind, name, start, end and number of entries."""


@dataclass(frozen=True)
class Marker(Segment):
    """Named region of a recording, or a point if start and end are equal.

    Parameters
    ----------
    start_s, end_s
        Seconds from the start of the recording; the end is not before the start.
    name
        Label, may be empty.

    Raises
    ------
    ParameterError
        If a time is negative or not finite, or the end is before the start.

    Examples
    --------
    >>> Marker(2.5, 2.5, "end")
    Marker(start_s=2.5, end_s=2.5, name='end')
    """

    name: str = ""

    def __post_init__(self) -> None:
        if not 0 <= self.start_s <= self.end_s < math.inf:
            raise ParameterError(
                "A marker must start at 0 s or later and must not end before its start, "
                f"got {self.start_s!r} s to {self.end_s!r} s."
            )


class MarkerRow(NamedTuple):
    """One marker as it is written in a file.

    Parameters
    ----------
    n_line
        Number of the line, or of the interval of a TextGrid.
    start_s, end_s, name
        The cells; the end of a point is its start.
    source
        Name of the recording; empty if the file names none.
    """

    n_line: int
    start_s: str
    end_s: str
    name: str
    source: str = ""


def read_markers(path: str | os.PathLike[str], *, recording: str = "") -> list[Marker]:
    r"""Read a file of markers.

    Parameters
    ----------
    path
        A file in one of the formats of this module. Empty lines are ignored, as are the frequency ranges that
        Audacity may write after a label.
    recording
        Name of a sound file, to return only its markers from a table of several recordings. Empty for all.

    Returns
    -------
    list of Marker
        In the order of the file. A line with a single time is a point.

    Raises
    ------
    DataError
        If the file cannot be read or a line is invalid; the message names the line.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "labels.txt"
    ...     _ = path.write_text("0.5\t2.0\tchorus\n2.5\t2.5\tend\n")
    ...     read_markers(path)
    [Marker(start_s=0.5, end_s=2.0, name='chorus'), Marker(start_s=2.5, end_s=2.5, name='end')]
    """
    path = Path(path)
    rows = list(marker_rows(path))
    names = {_base_name(row.source) for row in rows}
    if recording in names:
        rows = [row for row in rows if _base_name(row.source) == recording]
    return [_marker(path, row) for row in rows]


def marker_rows(path: Path) -> Iterator[MarkerRow]:
    """Yield the markers of a file as they are written, without checking them.

    Raises
    ------
    DataError
        If the file cannot be read.
    """
    try:
        if is_text_grid(path):
            yield from _text_grid_rows(_text_of(path))
        elif path.suffix.lower() == ".csv" or has_times_column(path):
            yield from _table_rows(open_table(path))
        else:
            yield from _label_rows(_text_of(path))
    except OSError as error:
        raise DataError(f"{printable(path)} cannot be read ({error.strerror}). Check the name.") from error
    except UnicodeError as error:
        raise not_text(path, error) from error


def is_text_grid(path: Path) -> bool:
    """Return whether a file is a Praat TextGrid, by its first two lines."""
    with open_text(path) as file:
        heading = file.read(200)
    return "ooTextFile" in heading and "TextGrid" in heading


def is_label_track(path: Path) -> bool:
    """Return whether a file begins with a line of an Audacity label track: two times and a name."""
    with open_text(path) as file:
        line = next((line for line in file if line.strip()), "")
    fields = line.rstrip("\r\n").split("\t")
    return len(fields) == 3 and all(map(_is_number, fields[:2]))


def has_times_column(path: Path) -> bool:
    """Return whether the first line of a file is the header of a table with a column of start times.

    A line with a number is a marker, even one with the label ``start``.
    """
    columns = open_table(path).columns
    return not any(map(_is_number, columns)) and find_column("start_s", columns, path) is not None


def write_markers(
    markers: Iterable[Marker],
    path: str | os.PathLike[str],
    *,
    times_only: bool = False,
    overwrite: bool = False,
) -> Path:
    r"""Write a file of markers, with times to the microsecond.

    Parameters
    ----------
    markers
        Markers in the order in which they are written.
    path
        The suffix ``.csv`` selects a table, any other an Audacity label track. Whitespace in a name, such as
        tabs, is replaced by single spaces.
    times_only
        Whether to write only the start of each marker, one per line.
    overwrite
        Whether to replace an existing file.

    Returns
    -------
    Path
        The file that was written.

    Raises
    ------
    OutputError
        If the file exists or cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_markers([Marker(0.5, 2.0, "chorus")], Path(folder) / "labels.txt").read_text()
    '0.500000\t2.000000\tchorus\n'
    """
    path = Path(path)
    check_overwrite(path, overwrite=overwrite)
    rows = [
        (f"{marker.start_s:.6f}", f"{marker.end_s:.6f}", " ".join(marker.name.split())) for marker in markers
    ]
    if times_only:
        content = "".join(f"{start_s}\n" for start_s, _, _ in rows)
    elif path.suffix.lower() == ".csv":
        table = io.StringIO()
        csv_writer(table, line_end="\n").writerows([COLUMNS, *rows])
        content = table.getvalue()
    else:
        content = "".join(f"{start_s}\t{end_s}\t{name}\n" for start_s, end_s, name in rows)
    write_whole(path, content)
    return path


def marker_segments(markers: Sequence[Marker], duration_s: float) -> list[Segment]:
    """Convert markers to segments.

    Markers with a length become segments that keep their names, and points are then ignored; if all markers
    are points, they divide the duration.

    Examples
    --------
    >>> marker_segments([Marker(1.0, 2.0, "verse")], 3.0)
    [Marker(start_s=1.0, end_s=2.0, name='verse')]
    >>> [(s.start_s, s.end_s) for s in marker_segments([Marker(1.0, 1.0, "bar 2")], 3.0)]
    [(0.0, 1.0), (1.0, 3.0)]
    """
    segments: list[Segment] = [
        replace(marker, end_s=min(marker.end_s, duration_s))
        for marker in markers
        if marker.start_s < min(marker.end_s, duration_s)
    ]
    if segments or any(marker.end_s > marker.start_s for marker in markers):
        return segments
    return segments_between((marker.start_s for marker in markers), duration_s)


def _text_of(path: Path) -> str:
    with open_text(path) as file:
        return without_surrogates(file.read())


def _label_rows(text: str) -> Iterator[MarkerRow]:
    """Yield the markers of a label track; those of early versions have no end."""
    for n_line, line in enumerate(text.split("\n"), 1):
        if not line.strip() or line.startswith("\\"):  # such a line holds the frequency range of a label
            continue
        fields = line.strip().split("\t", 2)
        if len(fields) > 1:  # the comma of a line without tabs may be between two times
            fields[:2] = map(with_decimal_point, fields[:2])
        start_s, second, name = fields + [""] * (3 - len(fields))
        if name or _is_number(second):
            yield MarkerRow(n_line, start_s, second, name)
        else:
            yield MarkerRow(n_line, start_s, start_s, second)


def _table_rows(table: DelimitedTable) -> Iterator[MarkerRow]:
    """Yield the markers of a table."""
    columns = table.columns
    name, start_s, end_s, source = (
        find_column(meaning, columns, table.path) or ""
        for meaning in ("name" if "name" in columns else "label", "start_s", "end_s", "path")
    )
    if not start_s:
        raise DataError(
            f"{printable(table.path)} has no column start_s. Add the header start_s,end_s,name, "
            "and a row for each marker."
        )
    for n_line, row in without_repeated_views(table.numbered_lines(), columns, source):
        if any(cell.strip() for cell in row.values()):
            times = map(with_decimal_point, (row[start_s], row.get(end_s) or row[start_s]))
            cells = (*times, row.get(name, ""), row.get(source, ""))
            yield MarkerRow(n_line, *map(without_surrogates, cells))


def _text_grid_rows(text: str) -> Iterator[MarkerRow]:
    """Yield the intervals with text, and the points, of all tiers of a TextGrid, long or short.

    Notes
    -----
    Format: manual of Praat, P. Boersma and D. Weenink, "TextGrid file formats". Both variants hold the same
    values in the same order.
    """
    tokens: deque[str] = deque(_TEXT_GRID_TOKEN.findall(text.partition("<exists>")[2]))
    n_row = 0
    if tokens:
        tokens.popleft()  # number of tiers
    while len(tokens) >= _N_TIER_TOKENS:
        kind, _, _, _, n_entries = (tokens.popleft() for _ in range(_N_TIER_TOKENS))
        width = 3 if kind == '"IntervalTier"' else 2
        for _ in range(min(int(n_entries) if n_entries.isdecimal() else 0, len(tokens) // width)):
            start_s, *end, name = (tokens.popleft() for _ in range(width))
            name = name[1:-1].replace('""', '"').strip()
            n_row += 1
            if name:
                yield MarkerRow(n_row, start_s, end[0] if end else start_s, name)


def _base_name(source: str) -> str:
    """Return the file name of a path of any system."""
    return source.replace("\\", "/").rpartition("/")[2]


def _is_number(text: str) -> bool:
    try:
        to_number(text)
    except ValueError:
        return False
    return True


def _marker(path: Path, row: MarkerRow) -> Marker:
    try:
        return Marker(float(row.start_s), float(row.end_s), row.name.strip())
    except ParameterError as error:
        raise DataError(f"{printable(path)}, line {row.n_line}: {error} Correct the line.") from error
    except ValueError as error:
        raise DataError(
            f"{printable(path)}, line {row.n_line}: expected times in seconds such as 1.25, "
            f"got {row.start_s!r} and {row.end_s!r}. Correct the line."
        ) from error
