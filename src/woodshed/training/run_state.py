"""The notebook of a run: what it has done, written down so that it can go on after a kill."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from woodshed.atomic import write_whole
from woodshed.data.example import Corpus
from woodshed.data.item import file_digest
from woodshed.data.split import Split
from woodshed.errors import OutputError, printable
from woodshed.training.checkpoint import read_arrays, write_arrays
from woodshed.training.model_folder import make_folder, to_json


@dataclass(frozen=True)
class RunState:
    """A folder of finished parts (``NAME.npz``) and of states to go on from (``NAME.checkpoint.npz``).

    Parameters
    ----------
    folder
        Made when it is missing. None writes nothing down and remembers nothing.
    """

    folder: Path | None = None

    def open(self, fingerprint: str, *, resume: bool) -> None:
        """Begin a run, or go on with the one that is written down.

        Raises
        ------
        OutputError
            If the run that is to go on is another one.
        """
        if self.folder is None:
            return
        mark = self.folder / "run.txt"
        if mark.is_file():
            if resume and mark.read_text("utf-8") != fingerprint:
                raise OutputError(
                    f"{printable(self.folder.parent)} holds an unfinished training with other settings or "
                    "other data. Give --resume the same ones, or begin again by --force."
                )
            if not resume:
                self.close()
        make_folder(self.folder)
        write_whole(mark, fingerprint)

    def checkpoint(self, name: str) -> Path | None:
        """Return the file for the state of the training called ``name``."""
        return None if self.folder is None else self.folder / f"{name}.checkpoint.npz"

    def recall(self, name: str) -> dict[str, NDArray[Any]] | None:
        """Return what was written down under ``name``; None if nothing was, or it is damaged."""
        if self.folder is None:
            return None
        return read_arrays(self.folder / f"{name}.npz")

    def write(self, name: str, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Write a finished part down."""
        if self.folder is not None:
            write_arrays(self.folder / f"{name}.npz", arrays)

    def close(self) -> None:
        """Throw the notebook away: the run is finished."""
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)


def fingerprint(settings: Mapping[str, Any], corpus: Corpus, splits: Sequence[Split]) -> str:
    """Spell what decides the result of a run: settings, sounds, labels and splits.

    Returns
    -------
    str
        64 hexadecimal digits; the same for the same run, in every process.
    """
    rows = [
        (file_digest(example.path), example.label, example.group, example.start_s, example.end_s)
        for example in corpus.examples
    ]
    parts = [[split.name, [fold.test.tolist() for fold in split.folds]] for split in splits]
    return hashlib.sha256(to_json([dict(settings), rows, parts]).encode()).hexdigest()
