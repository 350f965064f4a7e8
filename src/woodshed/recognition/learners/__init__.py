"""Learners: what is fitted to the front end's output, and what predicts from it.

``--net NAME`` names a network (`woodshed.nets.NETS`) or a classical estimator
(`woodshed.recognition.classical.CLASSICAL`); the learner that knows the name fits it. A further learner is
one file with a subclass of `Learner`, and a line in `LEARNERS`.
"""

from __future__ import annotations

import abc
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from pkgutil import resolve_name
from typing import Any, ClassVar

from woodshed.clip import Clip
from woodshed.data.store import Entry, fill_together
from woodshed.errors import DataError, ParameterError, near_miss
from woodshed.recognition.clip_model import ClipModel
from woodshed.training.inference import PredictFunction
from woodshed.training.progress import OnEpoch, ignore_epoch

LEARNERS: dict[str, str] = {
    "classical": "woodshed.recognition.learners.classical:ClassicalLearner",
    "net": "woodshed.recognition.learners.net:NetLearner",
}
"""Name of a learner -> module and class."""


@dataclass(frozen=True)
class TrainingData:
    """What an estimator is fitted to.

    Parameters
    ----------
    clips
        Any sequence of clips; it may be lazy.
    targets
        The target of each clip, as ``fit`` takes it.
    groups
        The group of each clip; None if groups are unknown.
    sample_weight
        Weight of each clip, 0 or more; None weights all equally.
    checkpoint
        File of a training that can be resumed; None stores nothing.
    on_epoch
        Called after every epoch.
    """

    clips: Sequence[Clip]
    targets: Sequence[Any]
    groups: Sequence[str] | None = None
    sample_weight: Sequence[float] | None = None
    checkpoint: Path | None = None
    on_epoch: OnEpoch = ignore_epoch


def check_lengths(clips: Sequence[Clip], targets: Sequence[Any], groups: Sequence[str] | None) -> None:
    """Check that each clip has one target, and one group if there are any.

    Raises
    ------
    ParameterError
        If the numbers differ.
    DataError
        If there are no clips.
    """
    if len(clips) != len(targets) or (groups is not None and len(groups) != len(clips)):
        counts = f"{len(clips)} clips, {len(targets)} labels" + (
            f", {len(groups)} groups" if groups is not None else ""
        )
        raise ParameterError(
            f"fit expects one label, and one group if there are any, for each clip; got {counts}."
        )
    if len(clips) == 0:
        raise DataError("No clips to fit to. Give at least one for each class.")


class Learner(abc.ABC):
    """A way of fitting a `ClipModel`. It has no state: what is learned belongs to the estimator.

    Attributes
    ----------
    name
        Key in `LEARNERS`.
    reads_rows
        Whether it takes one row of features for each clip rather than frames.
    file_sets
        The sets of files, one of which it writes into a model folder.
    """

    name: ClassVar[str]
    reads_rows: ClassVar[bool]
    file_sets: ClassVar[tuple[frozenset[str], ...]]

    @abc.abstractmethod
    def models(self) -> Iterable[str]:
        """Return the names of what it can fit."""

    def check_installed(self) -> None:  # noqa: B027  the base installation is enough for most
        """Check that the packages that it needs to fit are installed.

        Raises
        ------
        MissingPackageError
            If one is not; the message has the command that installs it.
        """

    @abc.abstractmethod
    def fit(self, estimator: ClipModel, data: TrainingData) -> None:
        """Fit an estimator in place.

        Raises
        ------
        DataError
            If nothing usable is left.
        KeyboardInterrupt
            Raised again; if an epoch had ended, the estimator has the best weights so far.
        """

    @abc.abstractmethod
    def predictor(self, estimator: ClipModel) -> PredictFunction:
        """Return the function from windows or rows to outputs of a fitted estimator."""

    @abc.abstractmethod
    def model(self, estimator: ClipModel) -> Any:
        """Return the fitted network or classical estimator, to inspect it or to train it further."""

    @abc.abstractmethod
    def check_files(self, estimator: ClipModel) -> None:
        """Check the files of an estimator that was loaded, as far as that needs no training library.

        Raises
        ------
        ModelFolderError
            If a file is damaged, or weights are not finite.
        """

    def entries(
        self, estimator: ClipModel, clips: Sequence[Clip], folder: str, *, n_learned: int | None = None
    ) -> list[list[Entry]]:
        """Return the stored features that a training needs of each clip, those of the recording first.

        By default there are none.

        Parameters
        ----------
        estimator, clips
            What is trained on what.
        folder
            Folder of the feature store.
        n_learned
            Number of clips of the training; None if it is trained on these.
        """
        return [[] for _ in range(len(clips))]

    def extract(self, estimator: ClipModel, clips: Sequence[Clip]) -> None:
        """Compute all features of a training on these clips into the estimator's store."""
        fill_together(self.entries(estimator, clips, str(estimator.store)), n_jobs=estimator.n_jobs)

    @abc.abstractmethod
    def time_fits(self, estimator: ClipModel, n_names: int, sizes: Sequence[int]) -> tuple[int, float]:
        """Estimate the cost of one fit for each number of clips.

        Returns
        -------
        n_weights, duration_s
            Weights of a network, else 0; and seconds for all fits, feature extraction left out.
        """

    def n_epochs(self, estimator: ClipModel, n_clips: int) -> int:
        """Return the largest number of epochs over a number of clips; 0 if there are none."""
        return 0

    def n_weights(self, estimator: ClipModel) -> int:
        """Return the number of weights of a fitted network; 0 for anything else."""
        return 0

    @abc.abstractmethod
    def effective_settings(self, settings: Mapping[str, Any]) -> set[str]:
        """Return the names of the settings that affect the result."""

    def alternatives(self, estimator: ClipModel) -> list[str]:
        """Return the models among which a hyperparameter search chooses; none: it varies settings."""
        return []

    def method_name(self, estimator: ClipModel) -> str:
        """Return the name of the model in a report."""
        return self.name


@cache
def _load(place: str) -> Learner:
    learner: Learner = resolve_name(place)()
    return learner


def models() -> list[str]:
    """Return all names that ``--net`` accepts."""
    return [name for place in LEARNERS.values() for name in _load(place).models()]


def all_file_names() -> frozenset[str]:
    """Return the names of all files that any learner writes into a model folder."""
    return frozenset().union(*(names for place in LEARNERS.values() for names in _load(place).file_sets))


def learner_of(model: str) -> Learner:
    """Return the learner that fits the network or classical estimator of a name.

    Raises
    ------
    ParameterError
        If there is none.

    Examples
    --------
    >>> learner_of("svm").name, learner_of("crnn").name
    ('classical', 'net')
    """
    for place in LEARNERS.values():
        learner = _load(place)
        if model in learner.models():
            return learner
    raise ParameterError(f"Unknown net {model!r}. {near_miss(model, models())}")
