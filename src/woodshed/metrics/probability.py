"""How good the probabilities are: scores that look at how sure a model was, not only at its answer.

Conventions
-----------
- ``probabilities`` has shape ``(n_examples, n_classes)``; its columns follow ``labels``, its rows sum to 1.
- ROC AUC is the chance that a positive scores above a negative, ties counting half. It is undefined, NaN,
  when either is absent. Means over classes leave undefined ones out; `evaluate` says how many there were.
- Log loss is in nats: the mean of minus the log of the probability that was given to the *true* class. It
  punishes confident errors; it does not say how uncertain a model is.

References
----------
Fawcett (2006), "An introduction to ROC analysis", Pattern Recognition Letters 27. Hand & Till (2001), "A
simple generalisation of the area under the ROC curve for multiple class classification problems", Machine
Learning 45.
"""

from __future__ import annotations

import itertools
import math
from typing import Any, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from woodshed.errors import ParameterError
from woodshed.metrics.average import AVERAGES, Average, check_average, mean_over_classes
from woodshed.metrics.label import label_indices

Values = NDArray[np.float64]

# Wide enough for the rounding of a float16 softmax, much too narrow for logits or independent sigmoids.
ROW_SUM_TOLERANCE = 1e-3


def validate(
    truth: ArrayLike, probabilities: ArrayLike, labels: ArrayLike
) -> tuple[NDArray[np.int64], NDArray[Any]]:
    """Check true labels and probabilities against each other.

    Returns
    -------
    truth
        Shape ``(n_examples,)``: the column of the right class of each example.
    probabilities
        As given, integers turned into float64.

    Raises
    ------
    ParameterError
        If there is no example, the shapes do not agree, a label is unknown, a probability is negative or
        NaN, or a row does not sum to 1.

    Examples
    --------
    >>> validate(["b"], [[0.25, 0.75]], ["a", "b"])
    (array([1]), array([[0.25, 0.75]]))
    """
    rows = label_indices(truth, labels)
    given = np.asarray(probabilities)
    expected = (rows.size, np.size(labels))
    if given.shape != expected or rows.size == 0:
        raise ParameterError(
            f"probabilities of {expected[0]} examples and {expected[1]} labels have shape {expected}, got "
            f"{given.shape}. Give one row for each example, at least one, and one column for each label."
        )
    given = given if given.dtype.kind == "f" else given.astype(np.float64)
    if not (given >= 0).all():
        raise ParameterError(
            f"probabilities must be 0 to 1, got {given[~(given >= 0)][0]}. Apply softmax first."
        )
    sums = given.sum(axis=1, dtype=np.float64)
    worst = int(np.argmax(abs(sums - 1)))
    if not abs(sums[worst] - 1) <= ROW_SUM_TOLERANCE:
        raise ParameterError(
            f"Rows of probabilities must sum to 1, row {worst} sums to {sums[worst]:.6g}. "
            "Apply softmax first."
        )
    return rows, given


def log_loss(truth: ArrayLike, probabilities: ArrayLike, labels: ArrayLike) -> float:
    """Mean of minus the log of the probability given to the true class, in nats; 0 is perfect.

    Probabilities are clipped to ``[eps, 1 - eps]``, eps being that of their dtype, so that one certain error
    costs 36 nats (float64) or 16 (float32), not infinity. Divided by ln 2 it is in bits; e to its power is
    the perplexity. Equal probabilities cost ``ln(n_classes)``.

    Examples
    --------
    >>> round(log_loss(["a", "b"], [[0.5, 0.5], [0.5, 0.5]], ["a", "b"]), 4)
    0.6931
    """
    rows, given = validate(truth, probabilities, labels)
    eps = np.finfo(given.dtype).eps
    chosen = np.clip(given[np.arange(rows.size), rows], eps, 1 - eps)
    return float(-np.log(chosen.astype(np.float64)).mean())


def roc_curve(is_positive: ArrayLike, score: ArrayLike) -> tuple[Values, Values, Values]:
    """Trace the false and true positive rates over all thresholds.

    Parameters
    ----------
    is_positive
        Shape ``(n,)``, bool: whether each example is of the class in question.
    score
        Shape ``(n,)``: any finite number that is greater for a more likely positive.

    Returns
    -------
    false_positive_rate, true_positive_rate
        Shape ``(n_distinct_scores + 1,)``, from (0, 0) to (1, 1). A rate of nothing (no negatives, no
        positives) is NaN.
    thresholds
        Same shape, falling: each point answers "positive" when ``score >= threshold``. The first is infinity.

    Examples
    --------
    >>> fpr, tpr, thresholds = roc_curve([False, True, False, True], [0.1, 0.4, 0.4, 0.9])
    >>> fpr, tpr, thresholds
    (array([0. , 0. , 0.5, 1. ]), array([0. , 0.5, 1. , 1. ]), array([inf, 0.9, 0.4, 0.1]))
    """
    positive, score = _positive_and_score(is_positive, score)
    thresholds, place = np.unique(-score, return_inverse=True)
    n_true = np.cumsum(np.bincount(place, weights=positive))
    n_false = np.cumsum(np.bincount(place, weights=~positive))
    false_rate, true_rate = (
        np.concatenate([[0.0], counted / counted[-1]]) if counted[-1] else np.full(counted.size + 1, np.nan)
        for counted in (n_false, n_true)
    )
    return false_rate, true_rate, np.concatenate([[np.inf], -thresholds])


def roc_auc(is_positive: ArrayLike, score: ArrayLike) -> float:
    """Chance that a positive scores above a negative, ties counting half: the area under `roc_curve`.

    It is the Mann-Whitney statistic U divided by its greatest value, and does not change under any strictly
    rising transform of ``score``. NaN when there are no positives or no negatives.

    Examples
    --------
    >>> roc_auc([False, True, False, True], [0.1, 0.4, 0.4, 0.9])
    0.875
    """
    positive, score = _positive_and_score(is_positive, score)
    n_positive = int(positive.sum())
    n_pairs = n_positive * (positive.size - n_positive)
    if not n_pairs:
        return math.nan
    _, place, counts = np.unique(score, return_inverse=True, return_counts=True)
    # Equal scores share the mean of the ranks they take up together.
    ranks = np.cumsum(counts) - (counts - 1) / 2
    u_statistic = ranks[place][positive].sum() - n_positive * (n_positive + 1) / 2
    return float(u_statistic / n_pairs)


@overload
def roc_auc_one_vs_rest(
    truth: ArrayLike, probabilities: ArrayLike, labels: ArrayLike, *, average: None = None
) -> Values: ...
@overload
def roc_auc_one_vs_rest(
    truth: ArrayLike, probabilities: ArrayLike, labels: ArrayLike, *, average: Average
) -> float: ...
def roc_auc_one_vs_rest(
    truth: ArrayLike, probabilities: ArrayLike, labels: ArrayLike, *, average: Average | None = None
) -> Values | float:
    """ROC AUC of each class against all others.

    Parameters
    ----------
    truth, probabilities, labels
        As for `validate`.
    average
        None for one value per class, NaN where the class (or every other) is absent from the truth;
        ``"macro"`` and ``"weighted"`` (by true count) for their mean without the undefined ones; ``"micro"``
        to pool all classes' decisions into one curve.

    Examples
    --------
    >>> probabilities = [[0.7, 0.2, 0.1], [0.3, 0.6, 0.1], [0.4, 0.5, 0.1]]
    >>> roc_auc_one_vs_rest(["a", "b", "a"], probabilities, ["a", "b", "c"])
    array([ 1.,  1., nan])
    >>> roc_auc_one_vs_rest(["a", "b", "a"], probabilities, ["a", "b", "c"], average="macro")
    1.0
    """
    check_average(average)
    rows, given = validate(truth, probabilities, labels)
    is_class = rows[:, np.newaxis] == np.arange(given.shape[1])
    if average == "micro":
        return roc_auc(is_class.ravel(), given.ravel())
    areas = np.array([roc_auc(*column) for column in zip(is_class.T, given.T, strict=True)])
    if average is None:
        return areas
    return mean_over_classes(areas, is_class.sum(axis=0), average)


def roc_auc_one_vs_one(truth: ArrayLike, probabilities: ArrayLike, labels: ArrayLike) -> float:
    """ROC AUC of each class against each other one, averaged over the pairs (the M of Hand & Till).

    Unlike one-vs-rest it does not depend on how frequent the classes are. Pairs with a class that is absent
    from the truth are left out; NaN when there is no other pair.

    Examples
    --------
    >>> roc_auc_one_vs_one(["a", "b", "a"], [[0.9, 0.1], [0.6, 0.4], [0.5, 0.5]], ["a", "b"])
    0.5
    """
    rows, given = validate(truth, probabilities, labels)
    areas = []
    for first, second in itertools.combinations(np.unique(rows), 2):
        is_first, is_second = rows == first, rows == second
        pair = is_first | is_second
        areas.append(roc_auc(is_first[pair], given[pair, first]))
        areas.append(roc_auc(is_second[pair], given[pair, second]))
    return float(np.mean(areas)) if areas else math.nan


def evaluate(truth: ArrayLike, probabilities: ArrayLike, labels: ArrayLike) -> dict[str, Any]:
    """Return every score of this file as plain numbers and lists.

    Returns
    -------
    dict
        ``log_loss`` in nats, the same as ``bits`` and ``perplexity``; ``roc_auc``, a dict with ``per_class``,
        ``micro``, ``macro``, ``weighted``, ``one_vs_one`` and ``n_undefined``, the number of classes left out
        of the means. Whether probabilities mean what they say is asked in `woodshed.metrics.calibration`.

    Examples
    --------
    >>> scores = evaluate(["a", "b"], [[0.5, 0.5], [0.25, 0.75]], ["a", "b"])
    >>> scores["roc_auc"]["macro"], round(scores["bits"], 3)
    (1.0, 0.708)
    """
    loss = log_loss(truth, probabilities, labels)
    areas = roc_auc_one_vs_rest(truth, probabilities, labels)
    return {
        "log_loss": loss,
        "bits": loss / math.log(2),
        "perplexity": math.exp(loss),
        "roc_auc": {
            "per_class": areas.tolist(),
            **{
                average: roc_auc_one_vs_rest(truth, probabilities, labels, average=average)
                for average in AVERAGES
            },
            "one_vs_one": roc_auc_one_vs_one(truth, probabilities, labels),
            "n_undefined": int(np.isnan(areas).sum()),
        },
    }


def _positive_and_score(is_positive: ArrayLike, score: ArrayLike) -> tuple[NDArray[np.bool_], Values]:
    """Check the two arrays of a ROC curve."""
    positive, values = np.asarray(is_positive), np.asarray(score, dtype=np.float64)
    if positive.ndim != 1 or positive.shape != values.shape or positive.size == 0:
        raise ParameterError(
            f"is_positive and score need the same shape (n,) with at least one example, got {positive.shape} "
            f"and {values.shape}."
        )
    if positive.dtype.kind not in "biuf" or not np.isin(positive, (0, 1)).all():
        raise ParameterError("is_positive must be True or False. Compare first: truth == label.")
    if not np.isfinite(values).all():
        raise ParameterError("score has values that are NaN or infinite. Leave those examples out.")
    return positive.astype(bool), values
