"""Saved state of a run, so that an interrupted run can be resumed."""

from __future__ import annotations

import io
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from woodshed.atomic import remove_drafts, write_whole
from woodshed.decoding import parse_arrays
from woodshed.errors import OutputError, printable
from woodshed.training.model_folder import make_folder


def arrays_to_bytes(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Return arrays as the content of an ``.npz`` file."""
    content = io.BytesIO()
    np.savez(content, allow_pickle=False, **arrays)
    return content.getvalue()


def write_arrays(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write arrays as ``.npz``, atomically.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    write_whole(path, arrays_to_bytes(arrays))


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
        return parse_arrays(Path(path).read_bytes())
    except (OSError, ValueError):
        return None


@dataclass(frozen=True)
class RunState:
    """Folder with the finished parts (``NAME.npz``) and the checkpoints (``NAME.checkpoint.npz``) of a run.

    Parameters
    ----------
    folder
        Created by `open`. None stores nothing.
    """

    folder: Path | None = None

    def open(self, fingerprint: str, *, resume: bool) -> None:
        """Start a run, or resume the stored one.

        Raises
        ------
        OutputError
            If the stored run has another fingerprint.
        """
        if self.folder is None:
            return
        file = self.folder / "run.txt"
        if file.is_file():
            if resume and file.read_bytes() != fingerprint.encode():
                raise OutputError(
                    f"{printable(self.folder.parent)} holds an unfinished training with other settings or "
                    "other data. Use the same ones with --resume, or start again with --force."
                )
            if not resume:
                self.close()
        make_folder(self.folder)
        remove_drafts(self.folder)
        write_whole(file, fingerprint)

    def checkpoint(self, name: str) -> Path | None:
        """Return the checkpoint file of the training called ``name``; None if nothing is stored."""
        return None if self.folder is None else self.folder / f"{name}.checkpoint.npz"

    def recall(self, name: str) -> dict[str, NDArray[Any]] | None:
        """Return the finished part called ``name``; None if it is missing or corrupt."""
        if self.folder is None:
            return None
        return read_arrays(self.folder / f"{name}.npz")

    def write(self, name: str, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Store a finished part."""
        if self.folder is not None:
            write_arrays(self.folder / f"{name}.npz", arrays)

    def close(self) -> None:
        """Delete the folder of a finished run."""
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)
