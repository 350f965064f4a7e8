"""Experiments: learn and test on every fold of a split, beside the plain baselines."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from woodshed.audio.read import info
from woodshed.base import baseline
from woodshed.base.classical import HEEDED, time_fits
from woodshed.base.confidence import HeldOut, cross_fit, fit_confidence
from woodshed.base.familiar import Familiar, Outline
from woodshed.base.listener import Listener
from woodshed.base.material import common_rate
from woodshed.base.notebook import Notebook, fingerprint
from woodshed.base.provenance import provenance
from woodshed.base.quiet import quiet_stderr
from woodshed.base.recogniser import Recogniser
from woodshed.base.result import Experiment, LearningCurve, SplitResult, SummaryTable
from woodshed.data.example import Corpus, Example
from woodshed.data.sound import Sounds
from woodshed.data.split import Fold, Split
from woodshed.errors import DataError
from woodshed.features.summary import Summary

BASELINES = ("svm", "majority")
"""What every test part is also answered by."""


def _ignore(*_: Any) -> None:
    """Listen to nothing."""


@dataclass(frozen=True)
class Watcher:
    """Who is told how a run goes; by default nobody.

    Parameters
    ----------
    begin
        Called with the name of a training and its number of epochs at most; 0 if it learns in one go.
    epoch
        Called with the number of the epoch from 0, the training loss, and the accuracy on the
        validation part or None.
    end
        Called with the accuracy on the test part, or None if all was learned from.
    """

    begin: Callable[[str, int], None] = _ignore
    epoch: Callable[[int, float, float | None], None] = _ignore
    end: Callable[[float | None], None] = _ignore


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
class Run:
    """One run: the settings, the data, and where it is written down and watched.

    Parameters
    ----------
    recogniser
        Unfitted, with the settings to use. A sample rate left open is chosen from all examples.
    corpus
        Checked examples.
    splits
        How to test; the honest split first.
    notebook
        See `Notebook`.
    resume
        Go on with the run that is written down there.
    watcher
        See `Watcher`.
    """

    recogniser: Recogniser
    corpus: Corpus
    splits: Sequence[Split]
    notebook: Notebook = field(default_factory=Notebook)
    resume: bool = False
    watcher: Watcher = field(default_factory=Watcher)

    def __post_init__(self) -> None:
        kind = type(self.recogniser)
        settings = self.recogniser.get_params()
        self.sounds = Sounds(self.corpus.examples)
        self.sample_rate = settings["sample_rate"] or common_rate(self.sounds, kind.highest_rate)
        self.settings = settings | {"sample_rate": self.sample_rate}
        self.classes = sorted(set(self.corpus.labels))
        self.labels = np.asarray(self.corpus.labels)
        self.method = method_of(self.recogniser)
        self.n_epochs = 0 if self.recogniser.is_classical else settings["epochs"]
        self.interrupted = False
        self._summary: SummaryTable | None = None
        self._outlines = np.zeros((0, 0))
        self.held_out: list[HeldOut] = []
        self._kept: tuple[Recogniser, NDArray[np.int64]] | None = None

    def measure(self) -> tuple[Experiment, Recogniser]:
        """Test on every fold, then make the model to keep, and tell it how sure it may be.

        With one fold the model that was tested is kept. With several, one more is learned from
        everything; the scores are those of its likes, each of which missed a part. A keyboard
        interrupt ends the training that is under way with its best weights so far, tests it, and
        keeps it; the notebook can still go on from where it was.

        Returns
        -------
        experiment, fitted
            What was measured, and the model to keep.

        Raises
        ------
        DataError
            If a test part has a class that its training part lacks.
        OutputError
            If the notebook holds another run, or cannot be written.
        """
        began = time.monotonic()
        results = self.test()
        if self._kept is None:
            everything = np.arange(len(self.labels))
            self._kept = (
                self._learn(everything, "the model to keep, from everything", "everything"),
                everything,
            )
            self.watcher.end(None)
        recogniser, learned = self._kept
        familiar = Familiar.of(self._outlines[learned], self.labels[learned])
        recogniser.set_confidence(fit_confidence(self.held_out[0], self.classes, familiar))
        source = provenance(self.recogniser.seed, time.monotonic() - began)
        if self.interrupted:
            source["interrupted"] = "yes: the scores are those of the folds that were run"
        experiment = Experiment(
            job=type(self.recogniser).job,
            corpus=self.corpus,
            labels=tuple(self.classes),
            splits=tuple(results),
            settings=deciding_settings(self.recogniser, self.settings),
            provenance=source,
            learned=learned,
            summary=self._summary if self.recogniser.is_classical else None,
        )
        return experiment, recogniser

    def test(self) -> list[SplitResult]:
        """Learn and test on every fold of every split; raises what `measure` raises."""
        self.recogniser.check_settings()
        mark = deciding_settings(self.recogniser, self.settings) | {"job": type(self.recogniser).job}
        self.notebook.open(fingerprint(mark, self.corpus, self.splits), resume=self.resume)
        rows = baseline.summarise(
            self.sounds, self.sample_rate, store=self.recogniser.store, n_jobs=self.recogniser.n_jobs
        )
        self._summary = SummaryTable(Summary(sample_rate=self.sample_rate).names, rows)
        outline = Outline(sample_rate=self.sample_rate)
        self._outlines = baseline.describe(
            self.sounds, outline, store=self.recogniser.store, n_jobs=self.recogniser.n_jobs
        )
        results = []
        for s, split in enumerate(self.splits):
            parts = []
            for f, fold in enumerate(split.folds):
                if self.interrupted:
                    break
                name = f"split-{s}-fold-{f}"
                alone = s == 0 and len(split.folds) == 1
                part = None if alone else self.notebook.recall(name)
                if part is None or "distances" not in part:  # an older version left that out
                    fitted, part = self._test(fold, f"{split.name}: {fold.name}", name, rows)
                    if alone or self.interrupted:
                        self._kept = fitted, fold.train
                parts.append(part)
            if parts:
                results.append(self._judge(_join(split, parts, methods_of(self.recogniser)), parts))
        return results

    def plan(self) -> Plan:
        """Estimate the work from a few training steps on noise."""
        self.recogniser.check_settings()
        sizes = [len(fold.train) for split in self.splits for fold in split.folds]
        if len(self.splits[0].folds) > 1:
            sizes.append(len(self.labels))
        if self.recogniser.is_classical:
            return Plan(len(sizes), 0, 0, time_fits(self.recogniser, len(self.classes), sizes))
        with quiet_stderr():
            from woodshed.base.learning import time_step
        step_s, n_weights = time_step(self.recogniser, len(self.classes))
        n_steps = sum(max(1, size // self.settings["batch_size"]) for size in sizes)
        return Plan(len(sizes), self.n_epochs, n_weights, step_s * n_steps * self.n_epochs)

    def _learn(self, rows: NDArray[np.int64], title: str, name: str) -> Recogniser:
        """Fit a fresh recogniser to some rows of the corpus."""
        groups = self.corpus.groups
        self.watcher.begin(title, self.n_epochs)
        recogniser = type(self.recogniser)(**self.settings)
        try:
            recogniser.fit(
                Sounds(self.corpus.subset(rows.tolist())),
                self.labels[rows].tolist(),
                None if groups is None else np.asarray(groups)[rows].tolist(),
                checkpoint=self.notebook.checkpoint(name),
                on_epoch=self.watcher.epoch,
            )
        except KeyboardInterrupt:
            if not hasattr(recogniser, "classes_"):
                raise
            self.interrupted = True
        return recogniser

    def _test(
        self, fold: Fold, title: str, name: str, rows: NDArray[np.float64]
    ) -> tuple[Recogniser, dict[str, NDArray[Any]]]:
        """Learn from one part of the corpus, answer the other, and write it down."""
        train, truth = self.labels[fold.train], self.labels[fold.test]
        unknown = sorted(set(truth) - set(train))
        if unknown:
            raise DataError(
                f"{title}: {', '.join(unknown)} would be tested but not learned, because every example of it "
                "is in the test part. Record it from more sources, or choose another --split."
            )
        fitted = self._learn(fold.train, title, name)
        answers = np.zeros((len(truth), len(self.classes)))
        columns = [self.classes.index(str(known)) for known in fitted.classes_]
        answers[:, columns] = fitted.predict_proba(Sounds(self.corpus.subset(fold.test.tolist())))
        familiar = Familiar.of(self._outlines[fold.train], train)
        part = {
            "indices": fold.test,
            "distances": familiar.distance(self._outlines[fold.test]),
            "folds": np.full(len(truth), fold.name),
            "truth": truth,
            "svm": baseline.svm(rows[fold.train], train.tolist(), rows[fold.test], self.classes),
            "majority": baseline.majority(train.tolist(), len(truth), self.classes),
            self.method: answers,  # the model's own, also when that is the support vector machine
            **{name: np.asarray(value) for name, value in asdict(fitted.curve_).items()},
            "fold": np.asarray(fold.name),
        }
        if not self.interrupted:
            self.notebook.write(name, part)
        self.watcher.end(float(np.mean(np.asarray(self.classes)[answers.argmax(axis=1)] == truth)))
        return fitted, part

    def _judge(self, result: SplitResult, parts: Sequence[Mapping[str, NDArray[Any]]]) -> SplitResult:
        """Keep the model's answers to learn confidence from, and give each as the other groups' makes it."""
        groups = self.corpus.groups
        held_out = HeldOut(
            truth=result.truth,
            probabilities=result.probabilities[self.method],
            levels_db=self._outlines[result.indices, -1],
            distances=np.concatenate([part["distances"] for part in parts]),
            groups=None if groups is None else np.asarray(groups)[result.indices],
            hours=sum(_duration_s(self.corpus.examples[k]) for k in result.indices) / 3600,
        )
        self.held_out.append(held_out)
        judged = cross_fit(held_out, self.classes)
        if judged is None:
            return result
        return replace(
            result,
            probabilities={**result.probabilities, self.method: judged.calibrated},
            judged=judged,
        )


def method_of(recogniser: Listener) -> str:
    """Return the name under which a report shows a model: that of a classical one, or ``net``.

    Examples
    --------
    >>> method_of(Recogniser(net="mlp")), method_of(Recogniser(net="forest"))
    ('net', 'forest')
    """
    return recogniser.net if recogniser.is_classical else "net"


def methods_of(recogniser: Recogniser) -> list[str]:
    """Return all that answers each test part, in the order of the report: nothing stands beside itself.

    Examples
    --------
    >>> methods_of(Recogniser(net="mlp")), methods_of(Recogniser(net="svm"))
    (['net', 'svm', 'majority'], ['svm', 'majority'])
    """
    return list(dict.fromkeys((method_of(recogniser), *BASELINES)))


def deciding_settings(recogniser: Listener, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out the settings that do not change the result: where and how fast, and all that is not heeded.

    Examples
    --------
    >>> recogniser = Recogniser(net="svm", sample_rate=8000)
    >>> deciding_settings(recogniser, recogniser.get_params())
    {'net': 'svm', 'sample_rate': 8000, 'seed': 0}
    """
    kept = HEEDED if recogniser.is_classical else set(settings) - {"store", "n_jobs"}
    return {name: value for name, value in settings.items() if name in kept}


def _duration_s(example: Example) -> float:
    end_s = info(example.path).duration_s if example.end_s is None else example.end_s
    return end_s - example.start_s


def _join(split: Split, parts: Sequence[Mapping[str, NDArray[Any]]], methods: Sequence[str]) -> SplitResult:
    """Put the answers of all folds together."""

    def joined(name: str) -> NDArray[Any]:
        return np.concatenate([part[name] for part in parts])

    return SplitResult(
        split=split.name,
        leaky=split.leaky,
        indices=joined("indices"),
        folds=joined("folds"),
        truth=joined("truth"),
        probabilities={method: joined(method) for method in methods},
        curves=tuple(curve for curve in map(LearningCurve.from_dict, parts) if curve.train_loss),
    )
