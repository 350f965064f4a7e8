"""Which classes are taken for which: every score that can be counted from a confusion matrix.

Conventions
-----------
- ``confusion[i, j]`` counts the examples of class ``i`` that were taken for class ``j``: rows are the truth,
  columns the answers. The order of the classes is that of ``labels``.
- Each class is seen as one against the rest: TP and FN are its own examples, found and missed; FP and TN are
  the others, wrongly and rightly kept apart.
- Seven scores are one count divided by another. Each is written as its formula, and `_rate` adds the rest:
  the call is ``precision(confusion, *, average=None, zero_division=None)``, and likewise for the others.
- ``average=None`` gives one value for each class, shape ``(n_classes,)``; ``"macro"`` their plain mean;
  ``"weighted"`` their mean weighted by how often each class is true; ``"micro"`` pools the counts first.
- A score of 0/0 is undefined and gets the value ``zero_division``. The default, None, means 0 and an
  `UndefinedMetricWarning`. Naming a value silences the warning; NaN also leaves those classes out of means.

References
----------
Sokolova & Lapalme (2009), "A systematic analysis of performance measures for classification tasks",
Information Processing & Management 45(4). Values equal scikit-learn's where it has the same score.
"""

from __future__ import annotations

import functools
import math
import warnings
from collections.abc import Callable
from typing import Any, Protocol, cast, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from woodshed.errors import ParameterError
from woodshed.metrics.average import AVERAGES, Average, check_average, mean_over_classes
from woodshed.metrics.label import label_indices

Counts = NDArray[np.int64]
Values = NDArray[np.float64]


class UndefinedMetricWarning(UserWarning):
    """A score is 0/0 and was set to 0. Pass ``zero_division`` to choose its value and silence this."""


class Rate(Protocol):
    """A score that is one count divided by another, for each class or averaged over the classes."""

    @overload
    def __call__(
        self, confusion: ArrayLike, *, average: None = None, zero_division: float | None = None
    ) -> Values: ...
    @overload
    def __call__(
        self, confusion: ArrayLike, *, average: Average, zero_division: float | None = None
    ) -> float: ...


def validate(confusion: ArrayLike) -> Counts:
    """Check that an array is a confusion matrix of at least one example, and return it as int64.

    Raises
    ------
    ParameterError
        If it is not square, counts nothing, or holds something other than whole numbers from 0.

    Examples
    --------
    >>> validate([[2, 0], [1, 3]]).dtype
    dtype('int64')
    """
    counts = np.asarray(confusion)
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1]:
        raise ParameterError(
            f"A confusion matrix has shape (n_classes, n_classes), got {counts.shape}. "
            "Make it with confusion_matrix(truth, predicted, labels)."
        )
    if counts.dtype.kind not in "biuf" or not np.isfinite(counts).all() or (counts < 0).any():
        raise ParameterError("A confusion matrix holds counts from 0, got something else. Pass plain counts.")
    if (counts != np.floor(counts)).any():
        raise ParameterError(
            "A confusion matrix holds whole counts, got fractions. Pass the counts, not a normalised matrix."
        )
    if not counts.any():
        raise ParameterError("The confusion matrix counts no example. Measure at least one answer.")
    return counts.astype(np.int64)


def confusion_matrix(truth: ArrayLike, predicted: ArrayLike, labels: ArrayLike) -> Counts:
    """Count how often each class is taken for each class.

    Parameters
    ----------
    truth, predicted
        Shape ``(n,)`` each: the right label and the answer for every example; at least one.
    labels
        The classes, in the order of rows and columns. A class that never occurs keeps its row of zeros.

    Returns
    -------
    ndarray of int64, shape ``(n_classes, n_classes)``
        Rows are the truth. Divided by the sums of its rows it shows recall, of its columns precision.

    Raises
    ------
    ParameterError
        If the lengths differ, there is no example, or a value is not among the labels.

    Examples
    --------
    >>> confusion_matrix(["no", "no", "yes"], ["no", "yes", "yes"], ["no", "yes"])
    array([[1, 1],
           [0, 1]])
    """
    rows = label_indices(truth, labels, name="truth")
    columns = label_indices(predicted, labels, name="predicted")
    if rows.size != columns.size or rows.size == 0:
        raise ParameterError(
            f"Expected one answer for each true label and at least one, got {rows.size} true labels "
            f"and {columns.size} answers."
        )
    n_classes = np.size(labels)
    return np.bincount(rows * n_classes + columns, minlength=n_classes**2).reshape(n_classes, n_classes)


def accuracy(confusion: ArrayLike) -> float:
    """Share of the answers that are right. Read it beside `majority_rate`.

    Examples
    --------
    >>> accuracy([[1, 1], [0, 2]])
    0.75
    """
    counts = validate(confusion)
    return float(np.trace(counts) / counts.sum())


def majority_rate(confusion: ArrayLike) -> float:
    """Accuracy of always answering the most frequent true class: what any model has to beat.

    Examples
    --------
    >>> majority_rate([[90, 0], [9, 1]])
    0.9
    """
    counts = validate(confusion)
    return float(counts.sum(axis=1).max() / counts.sum())


def balanced_accuracy(confusion: ArrayLike) -> float:
    """Mean recall of the classes that occur in the truth (unweighted average recall, UAR).

    Always answering the same class scores one over the number of classes, however rare the others are.

    Examples
    --------
    >>> balanced_accuracy([[90, 0], [9, 1]])
    0.55
    """
    counts = validate(confusion)
    support = counts.sum(axis=1)
    return float(np.mean(np.diag(counts)[support > 0] / support[support > 0]))


_Formula = Callable[[Counts, Counts, Counts, Counts], tuple[Counts, Counts]]


def _rate(formula: _Formula) -> Rate:
    """Turn "numerator, denominator of TP, FP, FN, TN" into a score with averages."""

    @functools.wraps(formula, assigned=("__module__", "__name__", "__qualname__", "__doc__"))
    def rate(
        confusion: ArrayLike, *, average: Average | None = None, zero_division: float | None = None
    ) -> Values | float:
        check_average(average)
        counts = validate(confusion)
        parts = _one_against_rest(counts)
        if average == "micro":
            parts = tuple(part.sum(keepdims=True) for part in parts)
        values = _divide(*formula(*parts), zero_division=zero_division, name=rate.__name__)
        if average is None:
            return values
        if average == "micro":
            return float(values[0])
        return mean_over_classes(values, counts.sum(axis=1), average)

    # Else help() would look through to the formula and show its parameters.
    del rate.__wrapped__
    return cast(Rate, rate)


@_rate
def precision(tp: Counts, fp: Counts, fn: Counts, tn: Counts) -> tuple[Counts, Counts]:
    """TP/(TP + FP): of the answers that name a class, the share that is right (PPV).

    Examples
    --------
    >>> precision([[3, 1], [0, 4]])
    array([1. , 0.8])
    >>> precision([[3, 1], [0, 4]], average="macro")
    0.9
    """
    return tp, tp + fp


@_rate
def recall(tp: Counts, fp: Counts, fn: Counts, tn: Counts) -> tuple[Counts, Counts]:
    """TP/(TP + FN): of the examples of a class, the share that is found (sensitivity, TPR).

    Examples
    --------
    >>> recall([[3, 1], [0, 4]])
    array([0.75, 1. ])
    """
    return tp, tp + fn


@_rate
def specificity(tp: Counts, fp: Counts, fn: Counts, tn: Counts) -> tuple[Counts, Counts]:
    """TN/(TN + FP): of the examples of the other classes, the share that is kept apart (TNR).

    Examples
    --------
    >>> specificity([[3, 1], [0, 4]])
    array([1. , 0.75])
    """
    return tn, tn + fp


@_rate
def false_positive_rate(tp: Counts, fp: Counts, fn: Counts, tn: Counts) -> tuple[Counts, Counts]:
    """FP/(FP + TN) = 1 − specificity: of the other classes' examples, the share taken for this one.

    Examples
    --------
    >>> false_positive_rate([[3, 1], [0, 4]])
    array([0. , 0.25])
    """
    return fp, fp + tn


@_rate
def false_negative_rate(tp: Counts, fp: Counts, fn: Counts, tn: Counts) -> tuple[Counts, Counts]:
    """FN/(FN + TP) = 1 − recall: of the examples of a class, the share that is missed.

    Examples
    --------
    >>> false_negative_rate([[3, 1], [0, 4]])
    array([0.25, 0. ])
    """
    return fn, fn + tp


@_rate
def negative_predictive_value(tp: Counts, fp: Counts, fn: Counts, tn: Counts) -> tuple[Counts, Counts]:
    """TN/(TN + FN): of the answers that do not name a class, the share that is right not to.

    Examples
    --------
    >>> negative_predictive_value([[3, 1], [0, 4]])
    array([0.8, 1. ])
    """
    return tn, tn + fn


@_rate
def f1(tp: Counts, fp: Counts, fn: Counts, tn: Counts) -> tuple[Counts, Counts]:
    """2TP/(2TP + FP + FN): the harmonic mean of precision and recall.

    The macro average is the mean of the classes' F1, not the F1 of mean precision and mean recall.

    Examples
    --------
    >>> f1([[3, 1], [0, 4]]).round(3)
    array([0.857, 0.889])
    """
    return 2 * tp, 2 * tp + fp + fn


def evaluate(confusion: ArrayLike) -> dict[str, Any]:
    """Return every score of this file as plain numbers and lists; undefined scores count as 0, unwarned.

    Returns
    -------
    dict
        ``n_examples``, ``majority_rate``, ``accuracy``, ``balanced_accuracy``; for each of the seven rates a
        dict with ``per_class``, ``micro``, ``macro``, ``weighted`` and ``n_undefined``, the number of classes
        that were 0/0; and ``confusion_matrix``.

    Examples
    --------
    >>> scores = evaluate([[3, 1, 0], [0, 4, 0], [0, 0, 0]])
    >>> scores["accuracy"]
    0.875
    >>> scores["recall"]["per_class"], scores["recall"]["n_undefined"]
    ([0.75, 1.0, 0.0], 1)
    """
    counts = validate(confusion)
    scores: dict[str, Any] = {
        "n_examples": int(counts.sum()),
        "majority_rate": majority_rate(counts),
        "accuracy": accuracy(counts),
        "balanced_accuracy": balanced_accuracy(counts),
    }
    rates = {
        "precision": precision,
        "recall": recall,
        "specificity": specificity,
        "false_positive_rate": false_positive_rate,
        "false_negative_rate": false_negative_rate,
        "negative_predictive_value": negative_predictive_value,
        "f1": f1,
    }
    for name, rate in rates.items():
        scores[name] = {
            "per_class": rate(counts, zero_division=0.0).tolist(),
            **{average: rate(counts, average=average, zero_division=0.0) for average in AVERAGES},
            "n_undefined": int(np.isnan(rate(counts, zero_division=math.nan)).sum()),
        }
    scores["confusion_matrix"] = counts.tolist()
    return scores


def _one_against_rest(counts: Counts) -> tuple[Counts, ...]:
    """Return TP, FP, FN, TN of every class, each of shape ``(n_classes,)``."""
    tp = np.diag(counts)
    fp, fn = counts.sum(axis=0) - tp, counts.sum(axis=1) - tp
    return tp, fp, fn, counts.sum() - tp - fp - fn


def _divide(numerator: Counts, denominator: Counts, *, zero_division: float | None, name: str) -> Values:
    """Divide, with a value for 0/0 and, if none was chosen, a warning."""
    undefined = denominator == 0
    if zero_division is None and undefined.any():
        warnings.warn(
            f"{name} is 0/0 for {undefined.sum()} of {undefined.size} classes and was set to 0. "
            "Pass zero_division=0.0 (or 1.0, or NaN) to choose, or leave out classes that never occur.",
            UndefinedMetricWarning,
            stacklevel=3,
        )
    filling = np.full(undefined.shape, 0.0 if zero_division is None else zero_division)
    return np.divide(numerator, denominator, out=filling, where=~undefined)
