"""Scores of classifiers with their intervals: by method, by class and by group."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from woodshed.data.example import Corpus
from woodshed.metrics import confusion, probability
from woodshed.metrics.interval import (
    Interval,
    bootstrap_interval,
    share_interval,
    weighted_interval,
    wilson_interval,
)
from woodshed.metrics.per_class import AVERAGES, mean_over_classes
from woodshed.recognition.experiments.result import Experiment, SplitResult

N_RESAMPLES = 1000
N_RESAMPLES_AUC = 200
"""Fewer, because each costs a sort of the test set for every class."""


@dataclass(frozen=True)
class ClassPredictions:
    """The predictions of one method on one split.

    Parameters
    ----------
    truth, predicted
        Shape ``(n,)``: the column of the true class, and of the most probable one.
    probabilities
        Shape ``(n, n_classes)``.
    groups
        Shape ``(n,)``: the group of each clip, such as its speaker; None when groups are unknown.
    refused
        Shape ``(n,)``: clips without a class, which count as wrong; by default none. Measures of
        probabilities include them.
    counted
        Shape ``(n,)``: how often each clip counts in `counts`, which a bootstrap varies; by default once.
    """

    truth: NDArray[np.int64]
    predicted: NDArray[np.int64]
    probabilities: NDArray[np.float64]
    groups: NDArray[np.str_] | None
    refused: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, bool))
    counted: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))

    def __post_init__(self) -> None:
        if not len(self.refused):
            object.__setattr__(self, "refused", np.zeros(len(self.truth), bool))
        if not len(self.counted):
            object.__setattr__(self, "counted", np.ones(len(self.truth), np.int64))

    @property
    def hits(self) -> NDArray[np.bool_]:
        """Whether each prediction is correct."""
        return np.asarray((self.truth == self.predicted) & ~self.refused)

    @property
    def classes(self) -> NDArray[np.int64]:
        """The columns, which stand for the labels in every metric: comparing numbers is faster than text."""
        return np.arange(self.probabilities.shape[1])

    @property
    def scored(self) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int64]]:
        """Truth, probabilities and classes: what every metric of probabilities takes."""
        return self.truth, self.probabilities, self.classes

    @property
    def confusion(self) -> NDArray[np.int64]:
        """Confusion matrix of the clips with a class, shape ``(n_classes, n_classes)``; truth in rows."""
        n_classes, answered = len(self.classes), ~self.refused
        cells = self.truth[answered] * n_classes + self.predicted[answered]
        return _weighted_counts(cells, self.counted[answered], n_classes**2).reshape(n_classes, n_classes)

    @property
    def n_refused(self) -> NDArray[np.int64]:
        """Number of refused clips of each class, shape ``(n_classes,)``."""
        return _weighted_counts(self.truth[self.refused], self.counted[self.refused], len(self.classes))

    @property
    def counts(self) -> NDArray[np.int64]:
        """Confusion matrix from which all rates are computed: with a further class if clips are refused."""
        if not self.refused.any():
            return self.confusion
        return confusion.with_refusals(self.confusion, self.n_refused)

    @property
    def repeated(self) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int64]]:
        """`scored`, with every clip as often as it counts."""
        rows = np.repeat(np.arange(len(self.truth)), self.counted)
        return self.truth[rows], self.probabilities[rows], self.classes


def _weighted_counts(cells: NDArray[np.int64], weights: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    return np.bincount(cells, weights, minlength=n).astype(np.int64)


@dataclass(frozen=True)
class MeasuredScore:
    """A score and its 95 % interval, drawn by group where groups are known."""

    value: float
    interval: Interval


@dataclass(frozen=True)
class Rates:
    """One-against-rest scores of each class and their averages.

    Parameters
    ----------
    per_class
        Name of the score -> shape ``(n_classes,)``, NaN where it is undefined.
    averages
        ``micro``, ``macro`` or ``weighted`` -> name of the score -> value.
    support
        Shape ``(n_classes,)``: test clips of each class.
    """

    per_class: Mapping[str, NDArray[np.float64]]
    averages: Mapping[str, Mapping[str, float]]
    support: NDArray[np.int64]


@dataclass(frozen=True)
class GroupScore:
    """Accuracy on the ``n`` clips of one group."""

    name: str
    score: MeasuredScore
    n: int


def groups_of(corpus: Corpus, indices: NDArray[np.int64]) -> NDArray[np.str_] | None:
    """Return the groups of some examples of a corpus, shape ``(n,)``; None when groups are unknown."""
    return None if corpus.groups is None else np.asarray(corpus.groups)[indices]


def class_predictions(
    experiment: Experiment, result: SplitResult, method: str | None = None
) -> ClassPredictions:
    """Return the predictions of a method, by default of the model."""
    probabilities = np.asarray(result.outputs[method or result.method], dtype=np.float64)
    return ClassPredictions(
        truth=result.truth.argmax(axis=1),
        predicted=probabilities.argmax(axis=1),
        probabilities=probabilities,
        groups=groups_of(experiment.corpus, result.indices),
        refused=np.zeros(len(probabilities), bool) if result.refused is None else result.refused,
    )


def _macro_f1(predictions: ClassPredictions) -> float:
    return float(np.nanmean(_f1(predictions.counts)))


def _f1(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the F1 score of each class; NaN for a class without test clips.

    A bootstrap sample of speakers, like a test set, may lack some of the classes of a model.
    """
    return np.where(counts.sum(axis=1) > 0, confusion.f1(counts, zero_division=0.0), math.nan)


MEASURES: Mapping[str, Callable[[ClassPredictions], float]] = {
    "accuracy": lambda predictions: float(predictions.hits.mean()),
    "balanced accuracy": lambda predictions: confusion.balanced_accuracy(predictions.counts),
    "macro-F1": _macro_f1,
    "log loss": lambda predictions: probability.log_loss(*predictions.repeated),
    "AUC": lambda predictions: float(probability.roc_auc_one_vs_rest(*predictions.repeated, average="macro")),
}
"""Name -> measure, in the order of the score table."""


def measured_score(predictions: ClassPredictions, name: str) -> MeasuredScore:
    """Return one of `MEASURES` with its 95 % interval."""
    score = MEASURES[name]
    if name == "accuracy":
        interval = share_interval(predictions.hits, predictions.groups, n_resamples=N_RESAMPLES)
        return MeasuredScore(score(predictions), interval)
    interval = weighted_interval(
        lambda counts: score(replace(predictions, counted=counts)),
        predictions.truth.size,
        n_resamples=N_RESAMPLES_AUC if name == "AUC" else N_RESAMPLES,
        groups=predictions.groups,
    )
    return MeasuredScore(score(predictions), interval)


def bootstrapped_score(
    score: Callable[[NDArray[np.int64]], float], n: int, *, n_resamples: int, groups: NDArray[np.str_] | None
) -> MeasuredScore:
    """Return the score of all rows with its bootstrap interval; arguments as for `bootstrap_interval`."""
    interval = bootstrap_interval(score, n, n_resamples=n_resamples, groups=groups)
    return MeasuredScore(score(np.arange(n)), interval)


def class_rates(predictions: ClassPredictions) -> Rates:
    """Return every one-against-rest score; a score that is 0/0 is NaN and excluded from averages."""
    counts, n_classes = predictions.counts, len(predictions.classes)
    support = counts.sum(axis=1)[:n_classes]
    rates = {
        "precision": confusion.precision,
        "recall": confusion.recall,
        "specificity": confusion.specificity,
        "FPR": confusion.false_positive_rate,
        "FNR": confusion.false_negative_rate,
        "NPV": confusion.negative_predictive_value,
        "F1": confusion.f1,
    }
    per_class = {name: rate(counts, zero_division=math.nan)[:n_classes] for name, rate in rates.items()}
    averages: dict[str, dict[str, float]] = {
        average: {
            **{
                name: rate(counts, average="micro", zero_division=math.nan)
                if average == "micro"
                else mean_over_classes(per_class[name], support, average)
                for name, rate in rates.items()
            },
            "AUC": probability.roc_auc_one_vs_rest(*predictions.scored, average=average),
        }
        for average in AVERAGES
    }
    per_class |= {"F1": _f1(counts)[:n_classes], "AUC": probability.roc_auc_one_vs_rest(*predictions.scored)}
    averages["macro"]["F1"] = _macro_f1(predictions)
    return Rates(per_class, averages, support)


def group_scores(predictions: ClassPredictions) -> list[GroupScore]:
    """Return the accuracy of each group, worst first; empty when the groups are unknown.

    The interval is for further clips of the same group, whose clips count as independent (Wilson).
    """
    if predictions.groups is None:
        return []
    names, group_of = np.unique(predictions.groups, return_inverse=True)
    n_right = np.bincount(group_of[predictions.hits], minlength=names.size)
    counts = zip(names.tolist(), n_right.tolist(), np.bincount(group_of).tolist(), strict=True)
    scores = [
        GroupScore(name, MeasuredScore(right / n, wilson_interval(right, n)), n) for name, right, n in counts
    ]
    return sorted(scores, key=lambda group: (group.score.value, group.name))
