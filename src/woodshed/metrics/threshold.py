"""From scores to decisions: the threshold that gives a wanted rate of false alarms, or a wanted precision.

Conventions
-----------
- A decision says "yes" when ``score >= threshold``. A threshold is always one of the scores that were seen,
  or infinity, which says "no" to everything and is the answer when nothing less does.
- Of the thresholds that keep a promise the lowest is taken: it misses least.
- The promise is kept on the sounds it was made from. With ``for_new`` one false alarm more is counted than
  was heard, which keeps it, in the mean, for another sound of the same kind, too (conformal prediction); a
  rate of one negative in a thousand then takes 999 negatives at least. Make it from sounds of groups that
  were not learned from.
- With no negatives nothing is known about false alarms, and the threshold is infinity.

References
----------
Fawcett (2006), "An introduction to ROC analysis", Pattern Recognition Letters 27. Shafer & Vovk (2008), "A
tutorial on conformal prediction", Journal of Machine Learning Research 9. Bilen et al. (2020), "A
framework for the robust evaluation of sound event detection", ICASSP, for false alarms by the hour.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from woodshed.errors import ParameterError
from woodshed.metrics.probability import roc_curve, validate

Values = NDArray[np.float64]

_ROUNDING = 1e-12
"""A promise may be missed by the rounding of a division, and by no more."""


def threshold_for_false_positive_rate(
    is_positive: ArrayLike, score: ArrayLike, rate: float, *, for_new: bool = False
) -> float:
    """Find the lowest threshold at which at most a share ``rate`` of the negatives is taken for positive.

    Parameters
    ----------
    is_positive
        Shape ``(n,)``, bool: whether each example is what is looked for.
    score
        Shape ``(n,)``: any finite number that is greater for a more likely positive.
    rate
        False alarms for each negative, 0 to 1.
    for_new
        Whether the promise is made for new sounds, too.

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
    >>> threshold_for_false_positive_rate(truth, score, 0.25), threshold_for_false_positive_rate(truth, score, 0)
    (0.7, inf)
    >>> threshold_for_false_positive_rate(truth, score, 0.25, for_new=True)
    inf
    """
    if not 0 <= rate <= 1:
        raise ParameterError(f"rate must be from 0 to 1, got {rate!r}. For 1 % pass 0.01.")
    thresholds, _, n_false = _counts(is_positive, score)
    more = int(for_new)
    allowed = rate * (n_false[-1] + more) * (1 + _ROUNDING)
    return _lowest(thresholds, (n_false[-1] > 0) & (n_false + more <= allowed))


def threshold_for_false_positives_per_hour(
    is_positive: ArrayLike, score: ArrayLike, hours: float, per_hour: float, *, for_new: bool = False
) -> float:
    """Find the lowest threshold with at most so many false alarms in an hour of sound.

    Parameters
    ----------
    is_positive, score
        As for `threshold_for_false_positive_rate`: one for each event or window of a timeline.
    hours
        Length of all the sound that they came from, in hours, above 0.
    per_hour
        False alarms allowed in an hour, 0 or more.
    for_new
        Whether the promise is made for new sound, too.

    Raises
    ------
    ParameterError
        If the arrays do not fit together, or a number is out of its range.

    Examples
    --------
    >>> truth, score = [False, False, False, True], [0.1, 0.6, 0.4, 0.9]
    >>> threshold_for_false_positives_per_hour(truth, score, hours=0.5, per_hour=2)
    0.6
    """
    if not (per_hour >= 0 and 0 < hours < math.inf):
        raise ParameterError(
            f"False alarms by the hour need hours above 0 and per_hour of 0 or more, got {hours!r} and "
            f"{per_hour!r}."
        )
    thresholds, _, n_false = _counts(is_positive, score)
    return _lowest(thresholds, n_false + int(for_new) <= per_hour * hours * (1 + _ROUNDING))


def false_positives_per_hour(
    is_positive: ArrayLike, score: ArrayLike, threshold: float, hours: float
) -> float:
    """Count the negatives at or above a threshold, for each hour of sound.

    Parameters as for `threshold_for_false_positives_per_hour`.

    Examples
    --------
    >>> false_positives_per_hour([False, False, True], [0.6, 0.4, 0.9], threshold=0.5, hours=0.25)
    4.0
    """
    if not 0 < hours < math.inf:
        raise ParameterError(f"False alarms by the hour need hours above 0, got {hours!r}.")
    thresholds, _, n_false = _counts(is_positive, score)
    return float(n_false[thresholds >= threshold][-1] / hours)


def threshold_for_precision(is_positive: ArrayLike, score: ArrayLike, precision: float) -> float:
    """Find the lowest threshold at which at least a share ``precision`` of the "yes" answers is right.

    Precision depends on how common positives are: make the threshold where they are as common as in use.

    Parameters
    ----------
    is_positive, score
        As for `threshold_for_false_positive_rate`.
    precision
        Above 0 to 1.

    Raises
    ------
    ParameterError
        If the arrays do not fit together, or ``precision`` is not above 0 to 1.

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
    false_positive_rate: float | None = None,
    precision: float | None = None,
    for_new: bool = False,
) -> Values:
    """Find the threshold of each class against all others, by its probability.

    Parameters
    ----------
    truth, probabilities, labels
        As for `woodshed.metrics.probability.validate`.
    false_positive_rate, precision
        What is wanted; exactly one of them.
    for_new
        Whether a rate of false alarms is promised for new sounds, too.

    Returns
    -------
    numpy.ndarray
        Shape ``(n_classes,)``; infinity for a class that cannot keep the promise.

    Raises
    ------
    ParameterError
        If not exactly one of the two is wanted, or an argument is out of its range.

    Examples
    --------
    >>> probabilities = [[0.9, 0.1], [0.6, 0.4], [0.3, 0.7]]
    >>> class_thresholds(["a", "b", "b"], probabilities, ["a", "b"], precision=1.0)
    array([0.9, 0.4])
    """
    if (false_positive_rate is None) == (precision is None):
        raise ParameterError("class_thresholds needs either false_positive_rate or precision, not both.")
    rows, given = validate(truth, probabilities, labels)
    found = []
    for column, score in enumerate(given.T):
        if false_positive_rate is not None:
            wanted = (rows == column, score, false_positive_rate)
            found.append(threshold_for_false_positive_rate(*wanted, for_new=for_new))
        elif precision is not None:
            found.append(threshold_for_precision(rows == column, score, precision))
    return np.array(found)


def evaluate(
    is_positive: ArrayLike, score: ArrayLike, threshold: float, hours: float | None = None
) -> dict[str, Any]:
    """Return what a threshold costs and gains, as plain numbers; a share of nothing is NaN.

    Examples
    --------
    >>> evaluate([True, False, True, False], [0.9, 0.8, 0.3, 0.1], 0.5, hours=2.0)
    {'found': 0.5, 'false_positive_rate': 0.5, 'precision': 0.5, 'false_positives_per_hour': 0.5}
    """
    thresholds, n_true, n_false = _counts(is_positive, score)
    last = np.flatnonzero(thresholds >= threshold)[-1]
    told = {
        "found": _share(n_true[last], n_true[-1]),
        "false_positive_rate": _share(n_false[last], n_false[-1]),
        "precision": _share(n_true[last], n_true[last] + n_false[last]),
    }
    if hours is not None:
        told["false_positives_per_hour"] = false_positives_per_hour(is_positive, score, threshold, hours)
    return told


def _counts(is_positive: ArrayLike, score: ArrayLike) -> tuple[Values, Values, Values]:
    """Return the thresholds, falling from infinity, and how many of each kind reach each of them."""
    false_rate, true_rate, thresholds = roc_curve(is_positive, score)
    n_positive = np.asarray(is_positive).astype(bool).sum()
    n_negative = np.size(is_positive) - n_positive
    # Of none, none; counts are whole, which a rate times their number is but for rounding.
    n_true = np.rint(np.nan_to_num(true_rate) * n_positive)
    n_false = np.rint(np.nan_to_num(false_rate) * n_negative)
    return thresholds, n_true, n_false


def _lowest(thresholds: Values, allowed: NDArray[np.bool_]) -> float:
    """Return the lowest threshold that is allowed; infinity always is."""
    return float(thresholds[np.flatnonzero(allowed)[-1]]) if allowed.any() else math.inf


def _share(part: float, whole: float) -> float:
    return float(part / whole) if whole else math.nan
