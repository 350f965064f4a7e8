"""Output folder of a run, checked before the run begins."""

from __future__ import annotations

from pathlib import Path

from woodshed.atomic import write_whole
from woodshed.errors import OutputError, printable
from woodshed.training.model_folder import make_folder
from woodshed.training.run_state import RunState

RUN_NAME = "training"
"""Subfolder that holds an unfinished run."""


def prepare_folder(folder: Path, *, resume: bool = False, force: bool = False) -> None:
    """Create the output folder, and check before hours of training that it can be written to.

    Parameters
    ----------
    folder
        Output folder, created if it does not exist.
    resume
        Whether to continue the unfinished run in it.
    force
        Whether to replace its content.

    Raises
    ------
    OutputError
        If the folder cannot be created or written to, or is not empty and ``force`` is not set.
    """
    if folder.exists() and not folder.is_dir():
        raise OutputError(f"{printable(folder)} is a file. Give --out the name of a folder.")
    contents = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    is_unfinished = RUN_NAME in contents
    if is_unfinished and not (force or resume):
        raise OutputError(
            f"{printable(folder)} holds an unfinished training. Continue it with --resume, or start again "
            "with --force."
        )
    if contents and not is_unfinished and not force:
        reason = "holds no unfinished training" if resume else "already exists and is not empty"
        raise OutputError(
            f"{printable(folder)} {reason}. Give --out another folder, or replace its content with --force."
        )
    make_folder(folder)
    if force and not resume:
        RunState(folder / RUN_NAME).close()
    write_whole(folder / ".woodshed", "")  # fails now rather than after the training
    (folder / ".woodshed").unlink()
