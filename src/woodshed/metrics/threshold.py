"""Decision thresholds for a maximum rate or number of false positives, or a minimum precision.

Conventions
-----------
- A decision is positive where ``score >= threshold``. A threshold is one of the observed scores, or infinity,
  which rejects everything and is returned if no observed score meets the condition.
- The lowest threshold that meets the condition is returned: it has the highest recall.
- The condition holds on the given data. With ``for_new`` one extra false positive is counted, so that it
  holds in expectation for new data of the same distribution, too (conformal prediction); a rate of 1 in 1000
  then needs at least 999 negatives. Use held-out data with held-out groups.
- Without negatives the false positive rate is unknown, and the threshold is infinity.

References
----------
Fawcett (2006), "An introduction to ROC analysis", Pattern Recognition Letters 27. Shafer & Vovk (2008), "A
tutorial on conformal prediction", Journal of Machine Learning Research 9. Bilen et al. (2020), "A
framework for the robust evaluation of sound event detection", ICASSP, for false positives per hour.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from woodshed.errors import ParameterError
from woodshed.metrics.probability import positive_and_score, validate

Values = NDArray[np.float64]

_ROUNDING = 1e-12
"""Relative tolerance for rounding errors of divisions."""


def threshold_for_false_positive_rate(
    is_positive: ArrayLike, score: ArrayLike, rate: float, *, for_new: bool = False
) -> float:
    """Return the lowest threshold with a false positive rate of at most ``rate``.

    Parameters
    ----------
    is_positive
        Shape ``(n,)``, bool: whether each example is of the positive class.
    score
        Shape ``(n,)``: finite numbers, higher for a more probable positive.
    rate
        Maximum false positive rate, 0 to 1.
    for_new
        Whether the rate should hold for new data, too.

    Returns
    -------
    float
        A score, or infinity.

    Raises
    ------
    ParameterError
        If the arrays do not fit together, or ``rate`` is not from 0 to 1.

    Examples
    --------
    >>> truth, score = [False, False, False, False, True], [0.1, 0.2, 0.3, 0.8, 0.7]
    >>> [threshold_for_false_positive_rate(truth, score, rate) for rate in (0.25, 0)]
    [0.7, inf]
    >>> threshold_for_false_positive_rate(truth, score, 0.25, for_new=True)
    inf
    """
    if not 0 <= rate <= 1:
        raise ParameterError(f"rate must be from 0 to 1, got {rate!r}. For 1 % pass 0.01.")
    thresholds, _, n_false = _counts(is_positive, score)
    allowed = rate * (n_false[-1] + for_new) * (1 + _ROUNDING)
    return _lowest(thresholds, (n_false[-1] > 0) & (n_false + for_new <= allowed))


def threshold_for_false_positives_per_hour(
    is_positive: ArrayLike, score: ArrayLike, hours: float, per_hour: float, *, for_new: bool = False
) -> float:
    """Return the lowest threshold with at most ``per_hour`` false positives per hour of sound.

    Parameters
    ----------
    is_positive, score
        As for `threshold_for_false_positive_rate`: one for each event or window of a timeline.
    hours
        Total duration of the sound, in hours, above 0.
    per_hour
        Maximum number of false positives per hour, 0 or more.
    for_new
        Whether the rate should hold for new data, too.

    Raises
    ------
    ParameterError
        If the arrays do not match, or a number is out of range.

    Examples
    --------
    >>> truth, score = [False, False, False, True], [0.1, 0.6, 0.4, 0.9]
    >>> threshold_for_false_positives_per_hour(truth, score, hours=0.5, per_hour=2)
    0.6
    """
    if not (per_hour >= 0 and 0 < hours < math.inf):
        raise ParameterError(
            f"hours must be above 0 and per_hour at least 0, got {hours!r} and {per_hour!r}."
        )
    thresholds, _, n_false = _counts(is_positive, score)
    return _lowest(thresholds, n_false + for_new <= per_hour * hours * (1 + _ROUNDING))


def threshold_for_precision(is_positive: ArrayLike, score: ArrayLike, precision: float) -> float:
    """Return the lowest threshold with a precision of at least ``precision``.

    Precision depends on the prevalence: use data in which positives are as common as in use.

    Parameters
    ----------
    is_positive, score
        As for `threshold_for_false_positive_rate`.
    precision
        Above 0 to 1.

    Raises
    ------
    ParameterError
        If the arrays do not match, or ``precision`` is not above 0 and at most 1.

    Examples
    --------
    >>> truth, score = [True, False, True, False], [0.9, 0.8, 0.7, 0.1]
    >>> threshold_for_precision(truth, score, 0.6), threshold_for_precision(truth, score, 0.9)
    (0.7, 0.9)
    """
    if not 0 < precision <= 1:
        raise ParameterError(f"precision must be above 0 and at most 1, got {precision!r}.")
    thresholds, n_true, n_false = _counts(is_positive, score)
    return _lowest(thresholds, n_true >= precision * (n_true + n_false) * (1 - _ROUNDING))


def class_thresholds(
    truth: ArrayLike,
    probabilities: ArrayLike,
    labels: ArrayLike,
    *,
    false_positive_rate: float,
    for_new: bool = False,
) -> Values:
    """Return a probability threshold for each class against all others.

    Parameters
    ----------
    truth, probabilities, labels
        As for `woodshed.metrics.probability.validate`.
    false_positive_rate, for_new
        As for `threshold_for_false_positive_rate`.

    Returns
    -------
    numpy.ndarray
        Shape ``(n_classes,)``; infinity for a class that cannot meet the rate.

    Raises
    ------
    ParameterError
        If the arrays do not match, or the rate is not from 0 to 1.

    Examples
    --------
    >>> probabilities = [[0.9, 0.1], [0.6, 0.4], [0.3, 0.7]]
    >>> class_thresholds(["a", "b", "b"], probabilities, ["a", "b"], false_positive_rate=0.0)
    array([0.9, 0.4])
    """
    columns, likely = validate(truth, probabilities, labels)
    return np.array(
        [
            threshold_for_false_positive_rate(columns == k, score, false_positive_rate, for_new=for_new)
            for k, score in enumerate(likely.T)
        ]
    )


def _counts(is_positive: ArrayLike, score: ArrayLike) -> tuple[Values, Values, Values]:
    """Return thresholds, decreasing from infinity, and the true and false positives at each of them."""
    positive, score = positive_and_score(is_positive, score)
    values, rank_of = np.unique(score, return_inverse=True)
    counts = [np.bincount(rank_of, weights, values.size) for weights in (positive, ~positive)]
    n_true, n_false = (np.concatenate([[0.0], np.cumsum(count[::-1])]) for count in counts)
    return np.concatenate([[math.inf], values[::-1]]), n_true, n_false


def _lowest(thresholds: Values, allowed: NDArray[np.bool_]) -> float:
    """Return the lowest allowed threshold, or infinity if there is none."""
    return float(thresholds[np.flatnonzero(allowed)[-1]]) if allowed.any() else math.inf
