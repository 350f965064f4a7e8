"""Arrays by name in one file, which is written whole, and of which a damaged one counts as none."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from woodshed.atomic import write_whole

# What NumPy and zipfile raise, by experiment, for a file with any one bit flipped, cut short, or empty.
_DAMAGED = (OSError, ValueError, EOFError, RuntimeError, zipfile.BadZipFile)


def write_arrays(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write arrays as ``.npz``, whole or not at all.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    content = io.BytesIO()
    np.savez(content, allow_pickle=False, **arrays)
    write_whole(path, content.getvalue())


def read_arrays(path: Path) -> dict[str, NDArray[Any]] | None:
    """Read what `write_arrays` wrote; None if it is missing or damaged.

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
    except _DAMAGED:
        return None
