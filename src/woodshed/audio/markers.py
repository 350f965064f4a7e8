r"""Reading and writing of markers: Audacity label tracks, CSV tables and lists of times.

The format is detected automatically:

- Audacity label track: start, end and name, separated by tabs, on each line;
- CSV table, with suffix ``.csv`` and the columns ``start_s``, ``end_s`` and ``name``, the last two optional;
- plain text with a time in seconds on each line.

Examples
--------
>>> Marker(0.5, 2.0, "chorus")
Marker(start_s=0.5, end_s=2.0, name='chorus')
"""

from __future__ import annotations

import csv
import io
import math
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from woodshed.atomic import check_overwrite, write_whole
from woodshed.audio.segment import Segment, segments_between
from woodshed.errors import DataError, ParameterError, printable

COLUMNS = ("start_s", "end_s", "name")
"""Columns of a table of markers."""


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


def read_markers(path: str | os.PathLike[str]) -> list[Marker]:
    r"""Read a file of markers.

    Parameters
    ----------
    path
        Audacity label track, CSV table or list of times, in UTF-8. Empty lines are ignored, as are the
        frequency ranges that Audacity may write after a label.

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
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{printable(path)} is not text in UTF-8. Save it as UTF-8.") from error
    except OSError as error:
        raise DataError(f"{printable(path)} cannot be read ({error.strerror}). Check the name.") from error
    rows = _table_rows(text, path) if path.suffix.lower() == ".csv" else _label_rows(text)
    return [_marker(path, n_line, *fields) for n_line, fields in rows]


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
        csv.writer(table, lineterminator="\n").writerows([COLUMNS, *rows])
        content = table.getvalue()
    else:
        content = "".join(f"{start_s}\t{end_s}\t{name}\n" for start_s, end_s, name in rows)
    write_whole(path, content)
    return path


def marker_segments(markers: Sequence[Marker], duration_s: float) -> list[Segment]:
    """Convert markers to segments.

    Markers with a length become segments, and points are then ignored; if all markers are points, they divide
    the duration.

    Examples
    --------
    >>> [(s.start_s, s.end_s) for s in marker_segments([Marker(1.0, 2.0, "verse")], 3.0)]
    [(1.0, 2.0)]
    >>> [(s.start_s, s.end_s) for s in marker_segments([Marker(1.0, 1.0, "bar 2")], 3.0)]
    [(0.0, 1.0), (1.0, 3.0)]
    """
    segments = [
        Segment(marker.start_s, min(marker.end_s, duration_s))
        for marker in markers
        if marker.end_s > marker.start_s
    ]
    return segments or segments_between((marker.start_s for marker in markers), duration_s)


def _label_rows(text: str) -> Iterator[tuple[int, tuple[str, str, str]]]:
    """Yield line number, start, end and name; label tracks of early versions have no end."""
    for n_line, line in enumerate(text.split("\n"), 1):
        if not line.strip() or line.startswith("\\"):  # such a line holds the frequency range of a label
            continue
        fields = line.strip().split("\t", 2)
        start_s, second, name = fields + [""] * (3 - len(fields))
        if name or _is_number(second):
            yield n_line, (start_s, second, name)
        else:
            yield n_line, (start_s, start_s, second)


def _table_rows(text: str, path: Path) -> Iterator[tuple[int, tuple[str, str, str]]]:
    header = text.partition("\n")[0]
    reader = csv.DictReader(io.StringIO(text), delimiter=max(",;\t", key=header.count), restval="")
    reader.fieldnames = [name.strip() for name in reader.fieldnames or ()]
    if "start_s" not in reader.fieldnames:
        raise DataError(
            f"{printable(path)} has no column start_s. Add the header start_s,end_s,name, "
            "and a row for each marker."
        )
    try:
        for row in reader:
            start_s = row["start_s"]
            yield reader.line_num, (start_s, row.get("end_s") or start_s, row.get("name", ""))
    except csv.Error as error:
        raise DataError(
            f"{printable(path)}, line {reader.line_num} is not valid CSV ({error}). "
            "Save the table as CSV again."
        ) from error


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _marker(path: Path, n_line: int, start_s: str, end_s: str, name: str) -> Marker:
    try:
        return Marker(float(start_s), float(end_s), name.strip())
    except ParameterError as error:
        raise DataError(f"{printable(path)}, line {n_line}: {error} Correct the line.") from error
    except ValueError as error:
        raise DataError(
            f"{printable(path)}, line {n_line}: expected times in seconds such as 1.25, "
            f"got {start_s!r} and {end_s!r}. Correct the line."
        ) from error
