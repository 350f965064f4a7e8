"""Licence of a data set: that of a published corpus, or the files in a folder that state it."""

from __future__ import annotations

import re
from pathlib import Path

from woodshed.errors import printable

UNSTATED = "unknown: yours to state, in a file LICENSE or ATTRIBUTION in the data folder"
"""Licence of data that do not state one."""

NO_ATTRIBUTION = "none given"
"""Attribution of data that do not ask for one."""

_NAME = re.compile(r"(licen[cs]e|copying|attribution)([._-].*)?", re.IGNORECASE)

_MAX_LENGTH = 120


def licence_beside(place: Path) -> str:
    """Return the first line, and the name, of each file beside the data that states a licence or attribution.

    Parameters
    ----------
    place
        Folder of the data, or a table or score in it. Files called ``LICENSE``, ``LICENCE``, ``COPYING`` or
        ``ATTRIBUTION`` are read, with any suffix; those in subfolders are not.

    Returns
    -------
    str
        One line; empty if there is no such file.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Path(folder, "LICENSE.txt").write_text("CC BY 4.0 International")
    ...     licence_beside(Path(folder))
    'CC BY 4.0 International (LICENSE.txt)'
    """
    folder = place if place.is_dir() else place.parent
    try:
        paths = sorted(path for path in folder.iterdir() if _NAME.fullmatch(path.name) and path.is_file())
        return "; ".join(f"{_first_line(path)} ({printable(path.name)})" for path in paths)
    except OSError:  # a folder that cannot be listed is reported by whoever reads its files
        return ""


def _first_line(path: Path) -> str:
    """Return the first line of a text that is not empty, without marks of a heading, shortened."""
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        line = next((text for text in (line.strip(" #=*-\t\r\n") for line in file) if text), "empty")
    return printable(line if len(line) <= _MAX_LENGTH else f"{line[: _MAX_LENGTH - 1]}…")
