"""Scores of classifiers with their intervals: by method, by class and by group."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from woodshed.data.example import Corpus
from woodshed.metrics import confusion, probability
from woodshed.metrics.interval import (
    Interval,
    bootstrap_interval,
    interval_of_sums,
    share_interval,
    wilson_interval,
)
from woodshed.metrics.per_class import AVERAGES, mean_over_classes
from woodshed.recognition.experiments.result import Experiment, SplitResult

N_RESAMPLES = 1000
N_RESAMPLES_AUC = 200
"""Fewer, because each needs all tested clips, in the order of the probabilities of every class."""


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
    """

    truth: NDArray[np.int64]
    predicted: NDArray[np.int64]
    probabilities: NDArray[np.float64]
    groups: NDArray[np.str_] | None
    refused: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, bool))

    def __post_init__(self) -> None:
        if not len(self.refused):
            object.__setattr__(self, "refused", np.zeros(len(self.truth), bool))

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
        return np.bincount(cells, minlength=n_classes**2).reshape(n_classes, n_classes)

    @property
    def n_refused(self) -> NDArray[np.int64]:
        """Number of refused clips of each class, shape ``(n_classes,)``."""
        return np.bincount(self.truth[self.refused], minlength=len(self.classes))

    @property
    def counts(self) -> NDArray[np.int64]:
        """Confusion matrix from which all rates are computed: with a further class if clips are refused."""
        if not self.refused.any():
            return self.confusion
        return confusion.with_refusals(self.confusion, self.n_refused)


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


def _nats(predictions: ClassPredictions) -> NDArray[np.float64]:
    return np.column_stack([probability.log_losses(*predictions.scored), np.ones(len(predictions.truth))])


def _mean(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    return sums[:, 0] / sums[:, 1]


def _cells(predictions: ClassPredictions) -> Any:
    """Return a row for each clip, with 1 in its cell of the confusion matrix; refused clips are a class."""
    from scipy import sparse

    n, n_columns = len(predictions.truth), len(predictions.classes) + 1
    predicted = np.where(predictions.refused, n_columns - 1, predictions.predicted)
    cells = predictions.truth * n_columns + predicted
    return sparse.csr_array((np.ones(n), (np.arange(n), cells)), shape=(n, n_columns**2))


def _mean_of_classes(cells: NDArray[np.float64], weights: tuple[float, float]) -> NDArray[np.float64]:
    """Return the mean over the true classes of hits / (``weights[0]`` true + ``weights[1]`` predicted)."""
    n_columns = math.isqrt(cells.shape[1])
    counts = cells.reshape(-1, n_columns, n_columns)
    support = counts.sum(axis=2)
    size = weights[0] * support + weights[1] * counts.sum(axis=1)
    rates = np.divide(np.diagonal(counts, axis1=1, axis2=2), size, out=np.zeros_like(size), where=support > 0)
    return np.asarray(rates.sum(axis=1) / (support > 0).sum(axis=1))


def _measured_by_sums(
    values: Callable[[ClassPredictions], Any],
    score: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    predictions: ClassPredictions,
) -> MeasuredScore:
    """Return a score of sums over the clips, see `interval_of_sums`, with its interval."""
    summands = values(predictions)
    interval = interval_of_sums(score, summands, predictions.groups, n_resamples=N_RESAMPLES)
    return MeasuredScore(float(score(summands.sum(axis=0)[np.newaxis])[0]), interval)


def _measured_accuracy(predictions: ClassPredictions) -> MeasuredScore:
    """Return the share of hits; its interval is not empty where all or none of the clips are hits."""
    interval = share_interval(predictions.hits, predictions.groups, n_resamples=N_RESAMPLES)
    return MeasuredScore(float(predictions.hits.mean()), interval)


def _measured_area(predictions: ClassPredictions) -> MeasuredScore:
    """Return the mean area under the ROC curves of each class against all others."""
    from scipy import sparse

    truth, probabilities, classes = predictions.scored

    def score(counts: NDArray[np.float64]) -> NDArray[np.float64]:
        areas = [probability.roc_auc_of_draws(truth == k, probabilities[:, k], counts) for k in classes]
        n_defined = np.count_nonzero(~np.isnan(areas), axis=0)
        mean = np.full(len(counts), math.nan)
        return np.asarray(np.divide(np.nansum(areas, axis=0), n_defined, out=mean, where=n_defined > 0))

    interval = interval_of_sums(
        score, sparse.eye_array(len(truth)), predictions.groups, n_resamples=N_RESAMPLES_AUC
    )
    value = probability.roc_auc_one_vs_rest(truth, probabilities, classes, average="macro")
    return MeasuredScore(float(value), interval)


MEASURES: Mapping[str, Callable[[ClassPredictions], MeasuredScore]] = {
    "accuracy": _measured_accuracy,
    "balanced accuracy": partial(_measured_by_sums, _cells, partial(_mean_of_classes, weights=(1.0, 0.0))),
    "macro-F1": partial(_measured_by_sums, _cells, partial(_mean_of_classes, weights=(0.5, 0.5))),
    "log loss": partial(_measured_by_sums, _nats, _mean),
    "AUC": _measured_area,
}
"""Name -> measure, in the order of the score table."""


def measured_score(predictions: ClassPredictions, name: str) -> MeasuredScore:
    """Return one of `MEASURES` with its 95 % interval."""
    return MEASURES[name](predictions)


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
