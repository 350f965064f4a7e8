"""Checkpoint files: named arrays in one file. A corrupt file is treated as missing."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from woodshed.atomic import write_whole

# Raised by NumPy and zipfile, by experiment, for a file with any single bit flipped, truncated or empty.
_READ_ERRORS = (OSError, ValueError, EOFError, RuntimeError, zipfile.BadZipFile)


def write_arrays(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write arrays as ``.npz``, atomically.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    content = io.BytesIO()
    np.savez(content, allow_pickle=False, **arrays)
    write_whole(path, content.getvalue())


def read_arrays(path: Path) -> dict[str, NDArray[Any]] | None:
    """Read a file of `write_arrays`; return None if it is missing or corrupt.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "a.npz"
    ...     missing = read_arrays(path)
    ...     write_arrays(path, {"x": np.arange(3)})
    ...     missing, read_arrays(path)
    (None, {'x': array([0, 1, 2])})
    """
    try:
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as arrays:
            return {name: np.asarray(arrays[name]) for name in arrays}
    except _READ_ERRORS:
        return None
