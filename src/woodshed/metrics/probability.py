"""Metrics of predicted probabilities: log loss, ROC curve and ROC AUC.

Conventions
-----------
- ``probabilities`` has shape ``(n_examples, n_classes)``; its columns follow ``labels``, its rows sum to 1.
- ROC AUC is the probability that a positive scores above a negative, with ties counting half. It is
  undefined, NaN, if either is absent. Means over classes exclude undefined ones; `evaluate` counts them.
- Log loss is in nats: the mean negative log of the probability of the *true* class.

The ROC curve is scikit-learn's. Log loss and AUC equal scikit-learn's where both are defined. They are
computed here because the bootstrap of a report needs them hundreds of times, for which scikit-learn takes a
hundred times longer.

References
----------
Fawcett (2006), "An introduction to ROC analysis", Pattern Recognition Letters 27. Hand & Till (2001), "A
simple generalisation of the area under the ROC curve for multiple class classification problems", Machine
Learning 45.
"""

from __future__ import annotations

import itertools
import math
import warnings
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from woodshed.errors import ParameterError
from woodshed.metrics.per_class import AVERAGES, Average, check_average, label_indices, mean_over_classes

Values = NDArray[np.float64]

# Wide enough for the rounding of a float16 softmax, much too narrow for logits or independent sigmoids.
ROW_SUM_TOLERANCE = 1e-3


def validate(
    truth: ArrayLike, probabilities: ArrayLike, labels: ArrayLike
) -> tuple[NDArray[np.int64], NDArray[Any]]:
    """Check that true labels and probabilities match.

    Returns
    -------
    truth
        Shape ``(n_examples,)``: the column of the true class of each example.
    probabilities
        The input, with integers converted to float64.

    Raises
    ------
    ParameterError
        If there are no examples, the shapes do not match, a label is unknown, a probability is negative or
        NaN, or a row does not sum to 1.

    Examples
    --------
    >>> validate(["b"], [[0.25, 0.75]], ["a", "b"])
    (array([1]), array([[0.25, 0.75]]))
    """
    rows = label_indices(truth, labels)
    likely = np.asarray(probabilities)
    expected = (rows.size, np.size(labels))
    if likely.shape != expected or rows.size == 0:
        raise ParameterError(
            f"probabilities must have shape {expected} for {expected[0]} examples and {expected[1]} labels, "
            f"got {likely.shape}. Give one row for each example, at least one, and one column for each label."
        )
    likely = likely if likely.dtype.kind == "f" else likely.astype(np.float64)
    if not (likely >= 0).all():
        raise ParameterError(
            f"probabilities must be 0 to 1, got {likely[~(likely >= 0)][0]}. Apply softmax first."
        )
    sums = likely.sum(axis=1, dtype=np.float64)
    worst = int(np.argmax(abs(sums - 1)))
    if not abs(sums[worst] - 1) <= ROW_SUM_TOLERANCE:
        raise ParameterError(
            f"Rows of probabilities must sum to 1, row {worst} sums to {sums[worst]:.6g}. "
            "Apply softmax first."
        )
    return rows, likely


def log_loss(truth: ArrayLike, probabilities: ArrayLike, labels: ArrayLike) -> float:
    """Return the mean negative log-probability of the true class in nats; 0 is best.

    Probabilities are clipped to ``[eps, 1 - eps]``, eps being that of their dtype, so that an error with
    probability 0 costs 36 nats (float64) or 16 (float32) instead of infinity. Divided by ln 2 it is in bits;
    its exponential is the perplexity. Equal probabilities score ``ln(n_classes)``.

    Examples
    --------
    >>> round(log_loss(["a", "b"], [[0.5, 0.5], [0.5, 0.5]], ["a", "b"]), 4)
    0.6931
    """
    return float(log_losses(truth, probabilities, labels).mean())


def log_losses(truth: ArrayLike, probabilities: ArrayLike, labels: ArrayLike) -> Values:
    """Return the log loss of each example in nats, shape ``(n,)``; arguments as for `validate`.

    Examples
    --------
    >>> log_losses(["a", "b"], [[0.5, 0.5], [1.0, 0.0]], ["a", "b"]).round(2)
    array([ 0.69, 36.04])
    """
    rows, likely = validate(truth, probabilities, labels)
    eps = np.finfo(likely.dtype).eps
    chosen = np.clip(likely[np.arange(rows.size), rows], eps, 1 - eps)
    return np.asarray(-np.log(chosen.astype(np.float64)))


def roc_curve(is_positive: ArrayLike, score: ArrayLike) -> tuple[Values, Values, Values]:
    """Return false and true positive rates at all thresholds (scikit-learn's, without dropping points).

    Parameters
    ----------
    is_positive
        Shape ``(n,)``, bool: whether each example is of the positive class.
    score
        Shape ``(n,)``: finite numbers, higher for a more probable positive.

    Returns
    -------
    false_positive_rate, true_positive_rate
        Shape ``(n_distinct_scores + 1,)``, from (0, 0) to (1, 1). NaN if there are no negatives or no
        positives, respectively.
    thresholds
        Same shape, decreasing: a point is reached by ``score >= threshold``. The first is infinity.

    Examples
    --------
    >>> fpr, tpr, thresholds = roc_curve([False, True, False, True], [0.1, 0.4, 0.4, 0.9])
    >>> fpr, tpr, thresholds
    (array([0. , 0. , 0.5, 1. ]), array([0. , 0.5, 1. , 1. ]), array([inf, 0.9, 0.4, 0.1]))
    """
    from sklearn import metrics
    from sklearn.exceptions import UndefinedMetricWarning

    positive, score = positive_and_score(is_positive, score)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UndefinedMetricWarning)  # reported as NaN
        false_rate, true_rate, thresholds = metrics.roc_curve(positive, score, drop_intermediate=False)
    return false_rate, true_rate, thresholds


def roc_auc(is_positive: ArrayLike, score: ArrayLike) -> float:
    """Return the area under `roc_curve`: the probability that a positive scores above a negative.

    This is the Mann-Whitney statistic U divided by its maximum; ties count half. It is invariant under
    strictly increasing transforms of ``score``, and NaN without positives or without negatives.

    Examples
    --------
    >>> roc_auc([False, True, False, True], [0.1, 0.4, 0.4, 0.9])
    0.875
    """
    positive, score = positive_and_score(is_positive, score)
    n_positive = int(positive.sum())
    n_pairs = n_positive * (positive.size - n_positive)
    if not n_pairs:
        return math.nan
    _, rank_of, counts = np.unique(score, return_inverse=True, return_counts=True)
    # Equal scores share their mean rank.
    ranks = np.cumsum(counts) - (counts - 1) / 2
    u_statistic = ranks[rank_of][positive].sum() - n_positive * (n_positive + 1) / 2
    return float(u_statistic / n_pairs)


def roc_auc_of_draws(is_positive: ArrayLike, score: ArrayLike, counts: ArrayLike) -> Values:
    """Return `roc_auc` for several draws of the same examples, such as those of a bootstrap.

    Parameters
    ----------
    is_positive, score
        As for `roc_auc`.
    counts
        Shape ``(n_draws, n)``: how often each example is in each draw.

    Returns
    -------
    numpy.ndarray
        Shape ``(n_draws,)``; NaN for a draw without positives or without negatives.

    Examples
    --------
    >>> counts = [[1, 1, 1, 1], [2, 0, 0, 1], [1, 0, 1, 0]]
    >>> roc_auc_of_draws([False, True, False, True], [0.1, 0.4, 0.4, 0.9], counts)
    array([0.875, 1.   ,   nan])
    """
    positive, score = positive_and_score(is_positive, score)
    order = np.argsort(score, kind="stable")
    firsts = np.flatnonzero(np.diff(score[order], prepend=-np.inf))  # of equal scores
    drawn = np.asarray(counts, np.float64)[:, order]
    n_positive, n_negative = (
        np.add.reduceat(drawn * side[order], firsts, axis=1) for side in (positive, ~positive)
    )
    n_below = np.cumsum(n_negative, axis=1) - n_negative / 2  # of equal scores half
    n_pairs = n_positive.sum(axis=1) * n_negative.sum(axis=1)
    area = np.full(len(drawn), np.nan)
    return np.asarray(np.divide((n_positive * n_below).sum(axis=1), n_pairs, out=area, where=n_pairs > 0))


def roc_auc_one_vs_rest(
    truth: ArrayLike, probabilities: ArrayLike, labels: ArrayLike, *, average: Average | None = None
) -> Any:
    """Return the ROC AUC of each class against all others.

    Parameters
    ----------
    truth, probabilities, labels
        As for `validate`.
    average
        None for one value per class, NaN where the class (or every other) is absent from the truth;
        ``"macro"`` and ``"weighted"`` (by true count) for the mean of those defined; ``"micro"`` to pool the
        decisions of all classes into one curve.

    Examples
    --------
    >>> probabilities = [[0.7, 0.2, 0.1], [0.3, 0.6, 0.1], [0.4, 0.5, 0.1]]
    >>> roc_auc_one_vs_rest(["a", "b", "a"], probabilities, ["a", "b", "c"])
    array([ 1.,  1., nan])
    >>> roc_auc_one_vs_rest(["a", "b", "a"], probabilities, ["a", "b", "c"], average="macro")
    1.0
    """
    check_average(average)
    rows, likely = validate(truth, probabilities, labels)
    is_class = rows[:, np.newaxis] == np.arange(likely.shape[1])
    if average == "micro":
        return roc_auc(is_class.ravel(), likely.ravel())
    areas = np.array([roc_auc(*column) for column in zip(is_class.T, likely.T, strict=True)])
    if average is None:
        return areas
    return mean_over_classes(areas, is_class.sum(axis=0), average)


def roc_auc_one_vs_one(truth: ArrayLike, probabilities: ArrayLike, labels: ArrayLike) -> float:
    """Return the ROC AUC averaged over all ordered pairs of classes (M of Hand & Till).

    Unlike one-vs-rest it does not depend on the class frequencies. Pairs with a class that is absent from the
    truth are excluded; NaN if no pair is left.

    Examples
    --------
    >>> roc_auc_one_vs_one(["a", "b", "a"], [[0.9, 0.1], [0.6, 0.4], [0.5, 0.5]], ["a", "b"])
    0.5
    """
    rows, likely = validate(truth, probabilities, labels)
    areas = []
    for first, second in itertools.combinations(np.unique(rows), 2):
        pair = np.isin(rows, (first, second))
        areas += [roc_auc(rows[pair] == column, likely[pair, column]) for column in (first, second)]
    return float(np.mean(areas)) if areas else math.nan


def evaluate(truth: ArrayLike, probabilities: ArrayLike, labels: ArrayLike) -> dict[str, Any]:
    """Return all metrics of this module as plain numbers and lists.

    Returns
    -------
    dict
        ``log_loss`` in nats, the same as ``bits`` and ``perplexity``; ``roc_auc``, a dict with ``per_class``,
        ``micro``, ``macro``, ``weighted``, ``one_vs_one`` and ``n_undefined``, the number of classes excluded
        from the means. See `woodshed.metrics.calibration` for calibration.

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


def positive_and_score(is_positive: ArrayLike, score: ArrayLike) -> tuple[NDArray[np.bool_], Values]:
    """Return the two arrays of a ROC curve as booleans and float64.

    Raises
    ------
    ParameterError
        If they do not fit together, are empty, or are not booleans and finite numbers.

    Examples
    --------
    >>> positive_and_score([0, 1], [0.25, 0.5])
    (array([False,  True]), array([0.25, 0.5 ]))
    """
    positive, values = np.asarray(is_positive), np.asarray(score, dtype=np.float64)
    if positive.ndim != 1 or positive.shape != values.shape or positive.size == 0:
        raise ParameterError(
            f"is_positive and score must have the same shape (n,) with n at least 1, got {positive.shape} "
            f"and {values.shape}."
        )
    if positive.dtype.kind not in "biuf" or not np.isin(positive, (0, 1)).all():
        raise ParameterError("is_positive must hold booleans. Compare first: truth == label.")
    if not np.isfinite(values).all():
        raise ParameterError("score must be finite, got NaN or infinity. Remove those examples.")
    return positive.astype(bool), values
