"""What every run does: learn and test on each fold of each split, write it down, and go on where it was."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from woodshed.data.example import Corpus, Example
from woodshed.data.sound import Sounds
from woodshed.data.split import Fold, Split
from woodshed.features.summary import Summary
from woodshed.recognition.estimator import AudioEstimator
from woodshed.recognition.experiments import baseline
from woodshed.recognition.fit_classical import EFFECTIVE_SETTINGS, time_fits
from woodshed.recognition.items import common_rate
from woodshed.training.progress import LearningCurve, Watcher
from woodshed.training.run_state import RunState, fingerprint
from woodshed.training.stderr import suppress_stderr

AnyListener = TypeVar("AnyListener", bound=AudioEstimator)

Part = Mapping[str, NDArray[Any]]
"""The answers to the test part of one fold, by the name of the method, with the truth and the curve."""


@dataclass(frozen=True)
class Plan:
    """What a run would take: trainings, epochs at most in each, weights of the net, and roughly how long.

    A classical model has neither epochs nor weights; the time to describe the sounds is not counted.
    """

    n_trainings: int
    n_epochs: int
    n_weights: int
    duration_s: float


@dataclass
class FoldRun(Generic[AnyListener]):
    """One run: the settings, the data, and where it is written down and watched.

    It is not used itself, but as `woodshed.recognition.experiments.classes.Run` or `woodshed.recognition.experiments.columns.ColumnRun`.

    With one fold the model that was tested is kept. With several, one more is learned from everything; the
    scores are those of its likes, each of which missed a part. A keyboard interrupt ends the training that
    is under way with its best weights so far, tests it, and keeps it; no other is begun, and the notebook
    can still go on from where it was.

    Parameters
    ----------
    listener
        Unfitted, with the settings to use. A sample rate left open is chosen from all examples.
    corpus
        Checked examples.
    splits
        How to test; the honest split first.
    notebook
        See `RunState`.
    resume
        Go on with the run that is written down there.
    watcher
        See `Watcher`.
    """

    estimator: AnyListener
    corpus: Corpus
    splits: Sequence[Split]
    run_state: RunState = field(default_factory=RunState)
    resume: bool = False
    watcher: Watcher = field(default_factory=Watcher)

    def __post_init__(self) -> None:
        kind = type(self.estimator)
        settings = self.estimator.get_params()
        self.sounds = Sounds(self.corpus.examples)
        self.sample_rate = settings["sample_rate"] or common_rate(self.sounds, kind.highest_rate)
        self.settings = settings | {"sample_rate": self.sample_rate}
        self.names, self.answers = self.read_answers()
        self.method = method_of(self.estimator)
        self.n_epochs = 0 if self.estimator.is_classical else settings["epochs"]
        self.interrupted = False
        self._kept: tuple[AnyListener, NDArray[np.int64]] | None = None

    # -- what a kind of run says for itself -------------------------------------------------------

    def read_answers(self) -> tuple[list[str], Sequence[Any]]:
        """Return what is to be told, classes or columns by name, and the right answer of each example."""
        raise NotImplementedError

    def test_fold(self, fold: Fold, fitted: AnyListener) -> tuple[dict[str, NDArray[Any]], float | None]:
        """Answer the test part of a fold.

        Returns
        -------
        part, accuracy
            The answers with the truth; and the share that is right, None if there is no such thing.
        """
        raise NotImplementedError

    def unlabelled_beside(self, rows: NDArray[np.int64]) -> list[Example]:
        """Return the unlabelled examples that may be learned from with these rows; here, none."""
        return []

    # -- what all do alike ------------------------------------------------------------------------

    def plan(self) -> Plan:
        """Estimate the work from a few training steps on noise."""
        self.estimator.check_settings()
        sizes = [len(fold.train) for split in self.splits for fold in split.folds]
        if not self._keeps_tested(0):
            sizes.append(len(self.answers))
        if self.estimator.is_classical:
            return Plan(len(sizes), 0, 0, time_fits(self.estimator, len(self.names), sizes))
        with suppress_stderr():
            from woodshed.recognition.fit_net import time_step
        step_s, n_weights = time_step(self.estimator, len(self.names))
        n_steps = sum(max(1, size // self.settings["batch_size"]) for size in sizes)
        return Plan(len(sizes), self.n_epochs, n_weights, step_s * n_steps * self.n_epochs)

    def begin(self, **deciding: Any) -> NDArray[np.float64]:
        """Refuse settings that cannot work, open the notebook, and describe all sounds for the baselines.

        Parameters
        ----------
        deciding
            What else than settings, sounds, labels and splits decides the result.

        Raises
        ------
        OutputError
            If the notebook holds another run, or cannot be written.
        """
        self.estimator.check_settings()
        mark = (
            deciding_settings(self.estimator, self.settings) | {"task": type(self.estimator).task} | deciding
        )
        self.run_state.open(fingerprint(mark, self.corpus, self.splits), resume=self.resume)
        return baseline.summarise(
            self.sounds, self.sample_rate, store=self.estimator.store, n_jobs=self.estimator.n_jobs
        )

    def test_parts(self) -> Iterator[tuple[Split, list[Part]]]:
        """Learn and test on every fold of every split; after an interrupt, what there is by then."""
        for s, split in enumerate(self.splits):
            parts: list[Part] = []
            for f, fold in enumerate(split.folds):
                if self.interrupted:
                    break
                name = f"split-{s}-fold-{f}"
                part = None if self._keeps_tested(s) else self.run_state.recall(name)
                parts.append(part or self._learn_and_test(s, fold, f"{split.name}: {fold.name}", name))
            if parts:
                yield split, parts

    def model_to_keep(self) -> tuple[AnyListener, NDArray[np.int64]]:
        """Return the fitted model to keep, and the rows that it learned from."""
        if self._kept is None:
            everything = np.arange(len(self.answers))
            title = "the model to keep, from everything"
            self._kept = self._learn(everything, title, "everything"), everything
            self.watcher.end(None)
        return self._kept

    def _keeps_tested(self, s: int) -> bool:
        """Whether the model tested in a split is the one to keep: the notebook holds no models."""
        return s == 0 and len(self.splits[0].folds) == 1

    def _learn(self, rows: NDArray[np.int64], title: str, name: str) -> AnyListener:
        """Fit a fresh model to some rows of the corpus."""
        groups = self.corpus.groups
        self.watcher.begin(title, self.n_epochs)
        fresh = type(self.estimator)(**self.settings)
        checkpoint: Path | None = self.run_state.checkpoint(name)
        more = self.unlabelled_beside(rows)
        own_groups = None if groups is None else [*(groups[k] for k in rows), *(str(e.group) for e in more)]
        try:
            fresh.fit(  # type: ignore[attr-defined]  # each kind has its own
                Sounds((*self.corpus.subset(rows.tolist()), *more)),
                [*(self.answers[k] for k in rows), *(None for _ in more)],
                own_groups,
                checkpoint=checkpoint,
                on_epoch=self.watcher.epoch,
            )
        except KeyboardInterrupt:
            if not hasattr(fresh, "classes_"):
                raise
            self.interrupted = True
        return fresh

    def _learn_and_test(self, s: int, fold: Fold, title: str, name: str) -> Part:
        """Learn from one part of the corpus, answer the other, and write it down."""
        self.check_fold(fold, title)
        fitted = self._learn(fold.train, title, name)
        answers, accuracy = self.test_fold(fold, fitted)
        part = answers | {
            "indices": fold.test,
            "folds": np.full(len(fold.test), fold.name),
            **{name: np.asarray(value) for name, value in asdict(fitted.curve_).items()},
            "fold": np.asarray(fold.name),
        }
        if not self.interrupted:
            self.run_state.write(name, part)
        if self._keeps_tested(s) or self.interrupted:
            self._kept = fitted, fold.train
        self.watcher.end(accuracy)
        return part

    def check_fold(self, fold: Fold, title: str) -> None:
        """Refuse a fold that cannot be tested fairly; here, none."""


def joined(parts: Sequence[Part], name: str) -> NDArray[Any]:
    """Put one array of all folds together."""
    return np.concatenate([part[name] for part in parts])


def shared_fields(split: Split, parts: Sequence[Part]) -> dict[str, Any]:
    """Return what the results of every kind of run hold: split, rows, folds, truth and learning curves."""
    return {
        "split": split.name,
        "leaky": split.leaky,
        "indices": joined(parts, "indices"),
        "folds": joined(parts, "folds"),
        "truth": joined(parts, "truth"),
        "curves": tuple(curve for curve in map(LearningCurve.from_dict, parts) if curve.train_loss),
    }


def method_of(estimator: AudioEstimator) -> str:
    """Return the name under which a report shows a model: ``net``, or that of a classical one.

    The support vector machine of a job that describes sounds in its own way, or learns from changed copies
    too, is another model than the plain one that stands beside every result: it is called ``own-svm``.

    Examples
    --------
    >>> from woodshed.recognition.recogniser import Recogniser
    >>> method_of(Recogniser(net="mlp")), method_of(Recogniser(net="svm"))
    ('net', 'svm')
    """
    if not estimator.is_classical:
        return "net"
    kind = type(estimator)
    is_plain = kind.summary is Summary and kind.n_augmented_rows == 1
    return estimator.net if is_plain else f"own-{estimator.net}"


def methods_of(estimator: AudioEstimator, baselines: Sequence[str]) -> list[str]:
    """Return all that answers each test part, in the order of the report: nothing stands beside itself.

    Examples
    --------
    >>> from woodshed.recognition.recogniser import Recogniser
    >>> methods_of(Recogniser(net="mlp"), ("svm", "majority"))
    ['net', 'svm', 'majority']
    >>> methods_of(Recogniser(net="svm"), ("svm", "majority"))
    ['svm', 'majority']
    """
    return list(dict.fromkeys((method_of(estimator), *baselines)))


def deciding_settings(estimator: AudioEstimator, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out the settings that do not change the result: where and how fast, and all that is not heeded.

    Examples
    --------
    >>> from woodshed.recognition.recogniser import Recogniser
    >>> recogniser = Recogniser(net="svm", sample_rate=8000)
    >>> deciding_settings(recogniser, recogniser.get_params())
    {'net': 'svm', 'sample_rate': 8000, 'seed': 0}
    """
    kept = set(EFFECTIVE_SETTINGS) if estimator.is_classical else set(settings) - {"store", "n_jobs"}
    kept = kept | {"unlabelled"} if settings.get("unlabelled") else kept - {"unlabelled"}
    return {name: value for name, value in settings.items() if name in kept}
