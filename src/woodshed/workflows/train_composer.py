"""Training and test of a composer, and its model folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from woodshed.composition.composer import Composer
from woodshed.composition.experiment import ComposerResult, ComposerRun
from woodshed.interruption import deferred
from woodshed.nets.backend import require_keras
from woodshed.report.composition.composer_folder import write_composer_folder
from woodshed.tasks import task_class
from woodshed.training.progress import Watcher
from woodshed.training.run_state import RunState
from woodshed.workflows.files import RUN_NAME, prepare_folder, require_usable


@dataclass
class ComposerTraining:
    """A composer with its training data, to be planned or run.

    Parameters
    ----------
    task
        Name of a generation task.
    data
        A folder of score files, or a corpus by its name.
    settings
        Settings of the composer by name; the others keep their defaults.

    Raises
    ------
    ParameterError
        If a setting is out of range.
    DataError
        If there is no usable piece.

    Attributes
    ----------
    composer, corpus
        The composer, not fitted yet, and the pieces.
    """

    task: str
    data: str
    settings: Mapping[str, Any]

    def __post_init__(self) -> None:
        self.composer: Composer = task_class(self.task)(**self.settings)
        self.composer.check_settings()
        self.corpus = self.composer.read(self.data)

    def require_usable(self) -> None:
        """Refuse a corpus in which a piece was skipped.

        Raises
        ------
        UnusableFilesError
            If there is one.
        """
        require_usable(len(self.corpus.pieces), self.corpus.skipped, what="piece", strict=True)

    def begin(
        self, run_state: RunState | None = None, *, resume: bool = False, watcher: Watcher | None = None
    ) -> ComposerRun:
        """Return the run of the training, before its first epoch."""
        return ComposerRun(self.composer, self.corpus, run_state or RunState(), resume, watcher or Watcher())

    def run(
        self, out: Path, *, resume: bool = False, force: bool = False, watcher: Watcher | None = None
    ) -> ComposerResult:
        """Train the composer, test it on held-out families, and write the model folder.

        Parameters
        ----------
        out
            Folder for the model and its card.
        resume
            Whether to resume an interrupted training in that folder.
        force
            Whether to replace an existing model.
        watcher
            Observer of the training.

        Raises
        ------
        OutputError
            If the folder holds a model or another training, or cannot be written to.
        MissingPackageError
            If Keras or its backend is not installed.
        """
        require_keras()
        run_state = RunState(out / RUN_NAME)
        run = self.begin(run_state, resume=resume, watcher=watcher)
        with prepare_folder(out, resume=resume, force=force), deferred():
            result = run.measure()
            write_composer_folder(self.composer, result, out)
            if result.finished:
                run_state.close()
        return result
