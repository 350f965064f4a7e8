"""The folder that a run writes its results to, checked before the run begins."""

from __future__ import annotations

from pathlib import Path

from woodshed.atomic import write_whole
from woodshed.errors import OutputError, printable
from woodshed.training.model_folder import make_folder
from woodshed.training.run_state import RunState

RUN_NAME = "training"
"""Sub-folder in which an unfinished run is stored."""


def prepare_folder(folder: Path, *, resume: bool = False, force: bool = False) -> None:
    """Make sure, before hours of training, that results can be written to a folder.

    Parameters
    ----------
    folder
        Made when it is missing.
    resume
        Whether an unfinished run in it is to be continued.
    force
        Whether its content may be replaced.

    Raises
    ------
    OutputError
        If the folder cannot be made or written to, or holds something that would be overwritten without
        ``force``.
    """
    if folder.exists() and not folder.is_dir():
        raise OutputError(f"{printable(folder)} is a file. Give --out the name of a folder.")
    contents = sorted(place.name for place in folder.iterdir()) if folder.is_dir() else []
    is_unfinished = RUN_NAME in contents
    if is_unfinished and not (force or resume):
        raise OutputError(
            f"{printable(folder)} holds an unfinished training. Continue it with --resume, or start again "
            "with --force."
        )
    if contents and not is_unfinished and not force:
        what = "holds no unfinished training" if resume else "already exists and is not empty"
        raise OutputError(
            f"{printable(folder)} {what}. Give --out another folder, or replace its content with --force."
        )
    make_folder(folder)
    if force and not resume:
        RunState(folder / RUN_NAME).close()
    write_whole(folder / ".woodshed", "")  # fails now if it would fail later
    (folder / ".woodshed").unlink()
