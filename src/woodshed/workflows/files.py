"""Inputs and outputs of the workflows: output folders, unusable files and corpora."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from woodshed.atomic import write_whole
from woodshed.data.example import Corpus, Skipped
from woodshed.data.source import read_source
from woodshed.errors import DataError, OutputError, counted, printable
from woodshed.lock import FolderLock, contents_of
from woodshed.recognition.clip_model import without_resources
from woodshed.recognition.estimator import AudioEstimator
from woodshed.training.model_folder import SETTINGS_NAME, make_folder, read_settings, to_json
from woodshed.training.run_state import RunState

RUN_NAME = "training"
"""Subfolder that holds an unfinished run."""

MAX_NAME = 60
"""Maximum length of a marker's name in a file name, in characters; four bytes each stay below 255."""


def prepare_folder(folder: Path, *, resume: bool = False, force: bool = False) -> FolderLock:
    """Create the output folder, and check before hours of training that it can be written to.

    No other process can write it until the lock is released.

    Parameters
    ----------
    folder
        Output folder, created if it does not exist.
    resume
        Whether to continue the unfinished run in it.
    force
        Whether to replace its content.

    Returns
    -------
    FolderLock
        To be released when the results are written.

    Raises
    ------
    OutputError
        If the folder cannot be created or written to, is being written by another process, or is not empty
        and ``force`` is not set.
    """
    if folder.exists() and not folder.is_dir():
        raise OutputError(f"{printable(folder)} is a file. Give --out the name of a folder.")
    make_folder(folder)
    with ExitStack() as stack:
        lock = stack.enter_context(FolderLock(folder))
        _check_contents(folder, resume=resume, force=force)
        if force and not resume:
            RunState(folder / RUN_NAME).close()
        write_whole(folder / ".woodshed", "")  # fails now rather than after the training
        (folder / ".woodshed").unlink()
        stack.pop_all()
    return lock


def _check_contents(folder: Path, *, resume: bool, force: bool) -> None:
    """Refuse a folder with results, unless they may be replaced, or a run in it is resumed."""
    contents = contents_of(folder)
    is_unfinished = RUN_NAME in contents
    if is_unfinished and not (force or resume):
        raise OutputError(
            f"{printable(folder)} holds an unfinished training. Continue it with --resume, or start again "
            "with --force."
        )
    if contents and not is_unfinished and not force:
        reason = "has nothing to resume" if resume else "already exists and is not empty"
        raise OutputError(
            f"{printable(folder)} {reason}. Give --out another folder, or replace its content with --force."
        )


def is_complete(folder: Path, task: str, settings: Mapping[str, Any]) -> bool:
    """Return whether a folder holds the model of a finished training, so that nothing is left to resume.

    Parameters
    ----------
    folder
        Output folder.
    task
        Name of the task.
    settings
        The settings that were chosen, by name. The data of a finished training cannot be compared.

    Raises
    ------
    OutputError
        If it holds a model of another task or with other settings.
    ModelFolderError
        If the model is damaged.
    """
    if not (folder / SETTINGS_NAME).is_file() or (folder / RUN_NAME).exists():
        return False
    stored = read_settings(folder)
    chosen = json.loads(to_json(without_resources(settings)))
    other = [name for name, value in chosen.items() if stored["settings"].get(name) != value]
    if stored["task"] != task or other:
        different = f"other settings ({', '.join(other)})" if stored["task"] == task else "another task"
        raise OutputError(
            f"{printable(folder)} holds a finished model with {different}. Give --out another folder, or "
            "replace the model with --force."
        )
    return True


class UnusableFilesError(DataError):
    """No usable file is left, or a strict run met an unusable one; ``skipped`` lists them with reasons."""

    def __init__(self, message: str, skipped: Sequence[Skipped]) -> None:
        super().__init__(message)
        self.skipped = tuple(skipped)


def require_usable(n_usable: int, skipped: Sequence[Skipped], *, what: str, strict: bool = False) -> None:
    """Raise an error if files were skipped and none is left, or if ``strict`` allows no skipped file.

    Parameters
    ----------
    n_usable
        Number of files that could be used.
    skipped
        The other files.
    what
        What a file holds, in the singular, such as ``sound``.
    strict
        Whether a single skipped file is an error.

    Raises
    ------
    UnusableFilesError
        See above.

    Examples
    --------
    >>> from pathlib import Path
    >>> require_usable(0, [Skipped(Path("a.wav"), "it is empty.")], what="sound")
    Traceback (most recent call last):
    woodshed.workflows.files.UnusableFilesError: None of the input files is usable: skipped 1 sound.
    """
    n = counted(len(skipped), what)
    if skipped and not n_usable:
        raise UnusableFilesError(f"None of the input files is usable: skipped {n}.", skipped)
    if skipped and strict:
        verb = "is" if len(skipped) == 1 else "are"
        raise UnusableFilesError(f"{n} {verb} unusable. Fix or exclude them, or omit --strict.", skipped)


def load_corpus_for(
    estimator: AudioEstimator,
    data: str,
    *,
    group_by: str | None = None,
    targets: Sequence[str] = (),
    to_fit: bool = True,
) -> Corpus:
    """Read the examples that an estimator is to be trained or tested on.

    Parameters
    ----------
    estimator
        Its head and task decide which targets are read. A fitted one looks for the columns that it was
        trained on.
    data, group_by
        As for `woodshed.data.source.read_source`.
    targets
        Columns of a table that hold values, or tags as 0 and 1.
    to_fit
        Whether it is to be trained: on two classes at least, and on unlabelled clips too if its settings say
        so. One class is enough for a test.

    Raises
    ------
    DataError
        If nothing can be read, or there is no target of the estimator's kind.
    ParameterError
        If columns are named for a task that learns classes, or ``group_by`` does not fit.

    Examples
    --------
    >>> from woodshed.data.sample import sample_folder
    >>> from woodshed.tasks.speech import SpeechRecogniser
    >>> len(load_corpus_for(SpeechRecogniser(), f"fsdd:{sample_folder()}").counts())
    10
    """
    head = type(estimator).head
    columns = head.columns(estimator, data, targets)
    corpus = read_source(data, group_by=group_by, targets=columns, least_classes=2 if to_fit else 1)
    return head.select(corpus, estimator, to_fit=to_fit)


def numbered(target: Path, n_parts: int, names: Sequence[str] = ()) -> list[Path]:
    """Return a file name for each part of a file.

    Parameters
    ----------
    target
        Name of the whole.
    n_parts
        Number of parts.
    names
        Name of each part, which may be empty; characters that file systems forbid become ``_``.

    Examples
    --------
    >>> [path.name for path in numbered(Path("take.wav"), 2)]
    ['take-1.wav', 'take-2.wav']
    >>> [path.name for path in numbered(Path("take.wav"), 2, ["dog/bark", ""])]
    ['take-1-dog_bark.wav', 'take-2.wav']
    """
    width = len(str(n_parts))
    endings = [f"-{_file_name(name)}" if name else "" for name in names or [""] * n_parts]
    return [target.with_stem(f"{target.stem}-{k:0{width}d}{ending}") for k, ending in enumerate(endings, 1)]


def _file_name(text: str) -> str:
    """Return text that is valid in a file name on every system, at most `MAX_NAME` characters."""
    return re.sub(r'[\x00-\x1f<>:"/\\|?*.]+', "_", printable(text).strip())[:MAX_NAME]
