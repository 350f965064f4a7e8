"""Numbers of the report: every method's scores with intervals, each class's rates, each group's accuracy.

All of them come from `woodshed.metrics`; here is only what is asked of it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from woodshed.errors import ParameterError
from woodshed.metrics import confusion, probability
from woodshed.metrics.average import AVERAGES
from woodshed.metrics.interval import Interval, bootstrap_interval, share_interval, wilson_interval
from woodshed.recognition.experiments.result import Experiment, SplitResult

N_RESAMPLES = 1000
N_RESAMPLES_AUC = 200
"""Fewer, because each costs a sort of the test set for every class."""


@dataclass(frozen=True)
class Answers:
    """One method's answers on one split, as numbers.

    Parameters
    ----------
    truth, predicted
        Shape ``(n,)``: the column of the right class, and of the most probable one.
    probabilities
        Shape ``(n, n_classes)``.
    groups
        Shape ``(n,)``: who or what each was recorded from; None when that is not known.
    """

    truth: NDArray[np.int64]
    predicted: NDArray[np.int64]
    probabilities: NDArray[np.float64]
    groups: NDArray[np.str_] | None

    @property
    def hits(self) -> NDArray[np.bool_]:
        """Whether each answer is right."""
        return np.asarray(self.truth == self.predicted)

    @property
    def classes(self) -> NDArray[np.int64]:
        """The columns, which stand for the labels in every metric: comparing numbers is faster than text."""
        return np.arange(self.probabilities.shape[1])

    @property
    def confusion(self) -> NDArray[np.int64]:
        """Counts, shape ``(n_classes, n_classes)``; rows are the truth."""
        return confusion.confusion_matrix(self.truth, self.predicted, self.classes)

    def at(self, rows: NDArray[np.int64]) -> Answers:
        """Return some of the answers, each as often as ``rows`` says."""
        groups = None if self.groups is None else self.groups[rows]
        return Answers(self.truth[rows], self.predicted[rows], self.probabilities[rows], groups)


@dataclass(frozen=True)
class MeasuredScore:
    """A number and how far it can be trusted (95 %, drawn by group where groups are known)."""

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
        Shape ``(n_classes,)``: test examples of each class.
    """

    per_class: Mapping[str, NDArray[np.float64]]
    averages: Mapping[str, Mapping[str, float]]
    support: NDArray[np.int64]


@dataclass(frozen=True)
class GroupScore:
    """How many of one group's ``n`` examples were named right."""

    name: str
    score: MeasuredScore
    n: int


def ordered_splits(experiment: Experiment) -> tuple[SplitResult, ...]:
    """Return the splits, the most honest first: grouped, then groups unknown, then leaky.

    Raises
    ------
    ParameterError
        If nothing was tested.
    """
    if not experiment.splits:
        raise ParameterError(
            "A report needs a tested split, and this experiment has none. Evaluate the model on clips that "
            "it did not learn from."
        )
    return tuple(sorted(experiment.splits, key=lambda result: {False: 0, None: 1, True: 2}[result.leaky]))


def net_of(result: SplitResult) -> str:
    """Return the name of the method that the report is about: the first."""
    return next(iter(result.probabilities))


def answers_of(experiment: Experiment, result: SplitResult, method: str | None = None) -> Answers:
    """Turn what a method (by default the model) answered into numbers."""
    probabilities = np.asarray(result.probabilities[method or net_of(result)], dtype=np.float64)
    truth, _ = probability.validate(result.truth, probabilities, list(experiment.labels))
    groups = experiment.corpus.groups
    tested = None if groups is None else np.asarray(groups)[result.indices]
    return Answers(truth, probabilities.argmax(axis=1), probabilities, tested)


def _accuracy(answers: Answers) -> float:
    return float(answers.hits.mean())


def _balanced_accuracy(answers: Answers) -> float:
    return confusion.balanced_accuracy(answers.confusion)


def _macro_f1(answers: Answers) -> float:
    return float(np.nanmean(_f1(answers.confusion)))


def _f1(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return F1 of each class; of one that was not tested NaN, as nobody could have found it.

    A draw of speakers happens not to hold a class, and a test set need not have all that a model knows.
    """
    return np.where(counts.sum(axis=1) > 0, confusion.f1(counts, zero_division=0.0), math.nan)


def _log_loss(answers: Answers) -> float:
    return probability.log_loss(answers.truth, answers.probabilities, answers.classes)


def _auc(answers: Answers) -> float:
    return float(
        probability.roc_auc_one_vs_rest(
            answers.truth, answers.probabilities, answers.classes, average="macro"
        )
    )


MEASURES: Mapping[str, Callable[[Answers], float]] = {
    "accuracy": _accuracy,
    "balanced accuracy": _balanced_accuracy,
    "macro-F1": _macro_f1,
    "log loss": _log_loss,
    "AUC": _auc,
}
"""What the score table shows, in its order."""


def measure(answers: Answers, name: str) -> MeasuredScore:
    """Return one of `MEASURES` with its 95 % interval."""
    if name == "accuracy":
        interval = share_interval(answers.hits, answers.groups, n_resamples=N_RESAMPLES)
        return MeasuredScore(_accuracy(answers), interval)
    score = MEASURES[name]
    interval = bootstrap_interval(
        lambda rows: score(answers.at(rows)),
        answers.truth.size,
        n_resamples=N_RESAMPLES_AUC if name == "AUC" else N_RESAMPLES,
        groups=answers.groups,
    )
    return MeasuredScore(score(answers), interval)


def class_rates(answers: Answers) -> Rates:
    """Return every one-against-rest score; a score that is 0/0 is NaN and left out of averages."""
    counts = answers.confusion
    rates = {
        "precision": confusion.precision,
        "recall": confusion.recall,
        "specificity": confusion.specificity,
        "FPR": confusion.false_positive_rate,
        "FNR": confusion.false_negative_rate,
        "NPV": confusion.negative_predictive_value,
        "F1": confusion.f1,
    }
    given = (answers.truth, answers.probabilities, answers.classes)
    per_class = {name: rate(counts, zero_division=math.nan) for name, rate in rates.items()}
    averages: dict[str, dict[str, float]] = {
        average: {
            **{name: rate(counts, average=average, zero_division=math.nan) for name, rate in rates.items()},
            "AUC": probability.roc_auc_one_vs_rest(*given, average=average),
        }
        for average in AVERAGES
    }
    per_class |= {"F1": _f1(counts), "AUC": probability.roc_auc_one_vs_rest(*given)}
    averages["macro"]["F1"] = _macro_f1(answers)
    return Rates(per_class, averages, counts.sum(axis=1))


def group_scores(answers: Answers) -> list[GroupScore]:
    """Return the accuracy of each group, worst first; empty when the groups are not known.

    The interval is about more clips of the same group, so its clips are drawn singly.
    """
    if answers.groups is None:
        return []
    found = []
    for name in np.unique(answers.groups):
        hits = answers.hits[answers.groups == name]
        n, n_right = hits.size, int(hits.sum())
        found.append(GroupScore(str(name), MeasuredScore(n_right / n, wilson_interval(n_right, n)), n))
    return sorted(found, key=lambda group: (group.score.value, group.name))
