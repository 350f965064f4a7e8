"""Metrics computed from a confusion matrix.

Conventions
-----------
- ``confusion[i, j]`` counts the examples of class ``i`` predicted as class ``j``: rows are the truth, columns
  the predictions, both in the order of ``labels``.
- Rates are computed one against rest: TP and FN are the examples of a class that are predicted as it and as
  another; FP and TN are the examples of other classes that are predicted as it and as another.
- Seven rates are one count divided by another. Each is written as its formula and completed by `_rate`: the
  call is ``precision(confusion, *, average=None, zero_division=None)``, and likewise for the others.
- ``average=None`` returns one value per class, shape ``(n_classes,)``; ``"macro"`` their unweighted mean;
  ``"weighted"`` their mean weighted by the number of true examples; ``"micro"`` pools the counts first.
- A rate of 0/0 is undefined and takes the value ``zero_division``. The default, None, means 0 and an
  `UndefinedMetricWarning`. An explicit value silences the warning; NaN also excludes the class from means.

Values equal those of scikit-learn where it has the same metric. They are computed from the counts because the
bootstrap of a report needs them a thousand times, and scikit-learn takes a hundred times longer to count.

References
----------
Sokolova & Lapalme (2009), "A systematic analysis of performance measures for classification tasks",
Information Processing & Management 45(4).
"""

from __future__ import annotations

import functools
import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from woodshed.errors import ParameterError
from woodshed.metrics.per_class import AVERAGES, Average, check_average, label_indices, mean_over_classes

Counts = NDArray[np.int64]
Values = NDArray[np.float64]


class UndefinedMetricWarning(UserWarning):
    """A rate is 0/0 and was set to 0. Pass ``zero_division`` to choose its value and silence the warning."""


def validate(confusion: ArrayLike) -> Counts:
    """Return an array as int64 if it is a confusion matrix of at least one example.

    Raises
    ------
    ParameterError
        If it is not square, has no examples, or holds anything but non-negative integers.

    Examples
    --------
    >>> validate([[2, 0], [1, 3]]).dtype
    dtype('int64')
    """
    counts = np.asarray(confusion)
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1]:
        raise ParameterError(
            f"A confusion matrix must have shape (n_classes, n_classes), got {counts.shape}. "
            "Compute it with confusion_matrix(truth, predicted, labels)."
        )
    if counts.dtype.kind not in "biuf" or not np.isfinite(counts).all() or (counts < 0).any():
        raise ParameterError("A confusion matrix must hold finite, non-negative counts.")
    if (counts != np.floor(counts)).any():
        raise ParameterError(
            "A confusion matrix must hold integer counts, got fractions. Do not normalise it first."
        )
    if not counts.any():
        raise ParameterError("The confusion matrix is empty: all counts are 0.")
    return counts.astype(np.int64)


def confusion_matrix(truth: ArrayLike, predicted: ArrayLike, labels: ArrayLike) -> Counts:
    """Count the predictions of each class for each true class.

    Parameters
    ----------
    truth, predicted
        Shape ``(n,)`` each: the true and the predicted label of every example; at least one.
    labels
        The classes, in the order of rows and columns. A class that never occurs has a row of zeros.

    Returns
    -------
    ndarray of int64, shape ``(n_classes, n_classes)``
        Rows are the truth. Normalised by rows the diagonal is recall, by columns precision.

    Raises
    ------
    ParameterError
        If the lengths differ, there are no examples, or a value is not among the labels.

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
            f"truth and predicted must have one length of at least 1, got {rows.size} and {columns.size}."
        )
    n_classes = np.size(labels)
    return np.bincount(rows * n_classes + columns, minlength=n_classes**2).reshape(n_classes, n_classes)


def with_refusals(confusion: ArrayLike, n_refused: ArrayLike) -> Counts:
    """Return a confusion matrix with one more class, which stands for examples without a prediction.

    They count as wrong: recall, accuracy and micro averages of the result include them. The last class has no
    examples, and its own rates have no meaning.

    Parameters
    ----------
    confusion
        Shape ``(n_classes, n_classes)``: the predictions.
    n_refused
        Shape ``(n_classes,)``: number of examples of each class without a prediction.

    Returns
    -------
    ndarray of int64, shape ``(n_classes + 1, n_classes + 1)``

    Examples
    --------
    >>> counts = with_refusals([[3, 1], [0, 2]], [0, 2])
    >>> counts.tolist(), accuracy(counts)
    ([[3, 1, 0], [0, 2, 2], [0, 0, 0]], 0.625)
    """
    counts = np.pad(np.asarray(confusion, np.int64), (0, 1))
    counts[:-1, -1] = n_refused
    return counts


def accuracy(confusion: ArrayLike) -> float:
    """Return the share of correct predictions. Compare it with `majority_rate`.

    Examples
    --------
    >>> accuracy([[1, 1], [0, 2]])
    0.75
    """
    counts = validate(confusion)
    return float(np.trace(counts) / counts.sum())


def majority_rate(confusion: ArrayLike) -> float:
    """Return the accuracy of always predicting the most frequent true class, the baseline of every model.

    Examples
    --------
    >>> majority_rate([[90, 0], [9, 1]])
    0.9
    """
    counts = validate(confusion)
    return float(counts.sum(axis=1).max() / counts.sum())


def balanced_accuracy(confusion: ArrayLike) -> float:
    """Return the mean recall of the classes that occur in the truth (unweighted average recall, UAR).

    Always predicting the same class scores ``1 / n_classes``, however imbalanced the classes are.

    Examples
    --------
    >>> balanced_accuracy([[90, 0], [9, 1]])
    0.55
    """
    counts = validate(confusion)
    support = counts.sum(axis=1)
    return float(np.mean(np.diag(counts)[support > 0] / support[support > 0]))


def _rate(
    formula: Callable[[Counts, Counts, Counts, Counts], tuple[Counts, Counts]],
) -> Callable[..., Any]:
    """Turn a formula that returns a numerator and a denominator into a metric with averages."""

    @functools.wraps(formula, assigned=("__module__", "__name__", "__qualname__", "__doc__"))
    def rate(
        confusion: ArrayLike, *, average: Average | None = None, zero_division: float | None = None
    ) -> Values | float:
        check_average(average)
        counts = validate(confusion)
        tp, n_true, n_predicted = np.diag(counts), counts.sum(axis=1), counts.sum(axis=0)
        parts = [tp, n_predicted - tp, n_true - tp, counts.sum() + tp - n_true - n_predicted]
        if average == "micro":
            parts = [part.sum(keepdims=True) for part in parts]
        values = _divide(*formula(*parts), zero_division=zero_division, name=rate.__name__)
        return values if average is None else mean_over_classes(values, n_true, average)

    del rate.__wrapped__  # otherwise help() shows the parameters of the formula
    return rate


@_rate
def precision(tp: Counts, fp: Counts, fn: Counts, tn: Counts) -> tuple[Counts, Counts]:
    """Return TP/(TP + FP), the share of correct predictions among those of a class (PPV).

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
    """Return TP/(TP + FN), the share of the examples of a class that are found (sensitivity, TPR).

    Examples
    --------
    >>> recall([[3, 1], [0, 4]])
    array([0.75, 1. ])
    """
    return tp, tp + fn


@_rate
def specificity(tp: Counts, fp: Counts, fn: Counts, tn: Counts) -> tuple[Counts, Counts]:
    """Return TN/(TN + FP), the share of the examples of other classes that are rejected (TNR).

    Examples
    --------
    >>> specificity([[3, 1], [0, 4]])
    array([1. , 0.75])
    """
    return tn, tn + fp


@_rate
def false_positive_rate(tp: Counts, fp: Counts, fn: Counts, tn: Counts) -> tuple[Counts, Counts]:
    """Return FP/(FP + TN) = 1 − specificity, the share of the other classes' examples that are not rejected.

    Examples
    --------
    >>> false_positive_rate([[3, 1], [0, 4]])
    array([0. , 0.25])
    """
    return fp, fp + tn


@_rate
def false_negative_rate(tp: Counts, fp: Counts, fn: Counts, tn: Counts) -> tuple[Counts, Counts]:
    """Return FN/(FN + TP) = 1 − recall, the share of the examples of a class that are missed.

    Examples
    --------
    >>> false_negative_rate([[3, 1], [0, 4]])
    array([0.25, 0. ])
    """
    return fn, fn + tp


@_rate
def negative_predictive_value(tp: Counts, fp: Counts, fn: Counts, tn: Counts) -> tuple[Counts, Counts]:
    """Return TN/(TN + FN), the share of correct predictions among those of other classes.

    Examples
    --------
    >>> negative_predictive_value([[3, 1], [0, 4]])
    array([0.8, 1. ])
    """
    return tn, tn + fn


@_rate
def f1(tp: Counts, fp: Counts, fn: Counts, tn: Counts) -> tuple[Counts, Counts]:
    """Return 2TP/(2TP + FP + FN), the harmonic mean of precision and recall.

    The macro average is the mean of the per-class F1, not the F1 of mean precision and mean recall.

    Examples
    --------
    >>> f1([[3, 1], [0, 4]]).round(3)
    array([0.857, 0.889])
    """
    return 2 * tp, 2 * tp + fp + fn


def evaluate(confusion: ArrayLike, *, n_refused: ArrayLike | None = None) -> dict[str, Any]:
    """Return all metrics of this module as plain numbers and lists; undefined rates are 0, without a warning.

    Parameters
    ----------
    confusion
        The predictions.
    n_refused
        As for `with_refusals`; None, or all 0: every example has a prediction.

    Returns
    -------
    dict
        ``n_examples``, ``majority_rate``, ``accuracy``, ``balanced_accuracy``; for each of the seven rates a
        dict with ``per_class``, ``micro``, ``macro``, ``weighted`` and ``n_undefined``, the number of classes
        with 0/0; and ``confusion_matrix``.

    Examples
    --------
    >>> scores = evaluate([[3, 1, 0], [0, 4, 0], [0, 0, 0]])
    >>> scores["accuracy"]
    0.875
    >>> scores["recall"]["per_class"], scores["recall"]["n_undefined"]
    ([0.75, 1.0, 0.0], 1)
    """
    n_classes = len(np.asarray(confusion))
    refused = () if n_refused is None else np.asarray(n_refused)
    counts = validate(with_refusals(confusion, refused) if np.any(refused) else confusion)
    support = counts.sum(axis=1)[:n_classes]
    rates = {
        "precision": precision,
        "recall": recall,
        "specificity": specificity,
        "false_positive_rate": false_positive_rate,
        "false_negative_rate": false_negative_rate,
        "negative_predictive_value": negative_predictive_value,
        "f1": f1,
    }
    scores: dict[str, Any] = {
        "n_examples": int(counts.sum()),
        "majority_rate": majority_rate(counts),
        "accuracy": accuracy(counts),
        "balanced_accuracy": balanced_accuracy(counts),
    }
    for name, rate in rates.items():
        values = rate(counts, zero_division=0.0)[:n_classes]
        scores[name] = {
            "per_class": values.tolist(),
            "micro": rate(counts, average="micro", zero_division=0.0),
            **{kind: mean_over_classes(values, support, kind) for kind in AVERAGES if kind != "micro"},
            "n_undefined": int(np.isnan(rate(counts, zero_division=math.nan)[:n_classes]).sum()),
        }
    scores["confusion_matrix"] = counts[:n_classes, :n_classes].tolist()
    return scores


def _divide(numerator: Counts, denominator: Counts, *, zero_division: float | None, name: str) -> Values:
    """Divide, with ``zero_division`` for 0/0, or 0 and a warning if it is None."""
    undefined = denominator == 0
    if zero_division is None and undefined.any():
        warnings.warn(
            f"{name} is 0/0 for {undefined.sum()} of {undefined.size} classes and was set to 0. "
            "Pass zero_division=0.0, 1.0 or NaN, or remove classes that never occur.",
            UndefinedMetricWarning,
            stacklevel=3,
        )
    filling = np.full(undefined.shape, 0.0 if zero_division is None else zero_division)
    return np.divide(numerator, denominator, out=filling, where=~undefined)
