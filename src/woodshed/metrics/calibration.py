"""Whether probabilities mean what they say, and how to mend them when they do not.

Conventions
-----------
- The probability that counts is that of the *answer*: the most probable class, the first of equals. Answers
  that were 80 % sure should be right four times in five.
- Bins of equal width are closed on the right; bins of equal mass hold as many answers each, as far as equal
  probabilities allow. The first are what most papers print; the second keep one answer in an almost empty
  bin from counting for much in the maximum.
- An error over bins is never negative, so chance alone makes it greater than 0: the fewer answers in a bin,
  the more. Always read it with its interval, and never on the answers that a temperature was fitted to.

References
----------
Guo, Pleiss, Sun & Weinberger (2017), "On calibration of modern neural networks", ICML. Naeini, Cooper &
Hauskrecht (2015), "Obtaining well calibrated probabilities using Bayesian binning", AAAI. Brier (1950),
"Verification of forecasts expressed in terms of probability", Monthly Weather Review 78.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from woodshed.errors import ParameterError, near_miss
from woodshed.metrics.interval import Interval, bootstrap_interval
from woodshed.metrics.probability import validate

Values = NDArray[np.float64]
Binning = Literal["width", "mass"]

TEMPERATURES = (0.1, 20.0)
"""Lowest and highest temperature that is looked for."""

LOWEST = float(np.finfo(np.float64).eps)
"""A probability below this counts as this: an answer that ruled out the truth costs much, not everything."""


class Reliability(NamedTuple):
    """The reliability diagram as numbers: one value for each bin that holds an answer, least sure first.

    Parameters
    ----------
    sureness
        Mean probability of the answers in the bin.
    accuracy
        Share of them that is right.
    n_answers
        How many there are.
    """

    sureness: Values
    accuracy: Values
    n_answers: NDArray[np.int64]


def reliability(
    truth: ArrayLike,
    probabilities: ArrayLike,
    labels: ArrayLike,
    *,
    n_bins: int = 10,
    binning: Binning = "width",
) -> Reliability:
    """Sort answers by how sure they were, and count how many were right.

    Parameters
    ----------
    truth, probabilities, labels
        As for `woodshed.metrics.probability.validate`.
    n_bins
        Bins at most; empty ones are left out.
    binning
        ``width`` for bins from 0 to 1 of equal width, ``mass`` for bins of about as many answers each.

    Raises
    ------
    ParameterError
        If ``n_bins`` is below 1, there is no such binning, or the rest does not fit together.

    Examples
    --------
    >>> found = reliability(["a", "a", "b"], [[0.9, 0.1], [0.6, 0.4], [0.6, 0.4]], ["a", "b"])
    >>> found.sureness.tolist(), found.accuracy.tolist(), found.n_answers.tolist()
    ([0.6, 0.9], [0.5, 1.0], [2, 1])
    """
    return _binned(*_answers(truth, probabilities, labels), n_bins, binning)


def expected_calibration_error(
    truth: ArrayLike,
    probabilities: ArrayLike,
    labels: ArrayLike,
    *,
    n_bins: int = 10,
    binning: Binning = "width",
) -> float:
    """Mean over the answers of the distance between sureness and accuracy of their bin, 0 to 1.

    Parameters and errors as for `reliability`.

    Examples
    --------
    Ten answers that are 80 % sure, of which six are right:

    >>> right = ["a"] * 6 + ["b"] * 4
    >>> round(expected_calibration_error(right, [[0.8, 0.2]] * 10, ["a", "b"], binning="mass"), 4)
    0.2
    """
    return _expected(_binned(*_answers(truth, probabilities, labels), n_bins, binning))


def maximum_calibration_error(
    truth: ArrayLike,
    probabilities: ArrayLike,
    labels: ArrayLike,
    *,
    n_bins: int = 10,
    binning: Binning = "mass",
) -> float:
    """Greatest distance between sureness and accuracy of any bin, 0 to 1; by default of equal mass.

    Parameters and errors as for `reliability`.

    Examples
    --------
    >>> answers = [[0.9, 0.1]] * 4 + [[0.6, 0.4]] * 4
    >>> round(maximum_calibration_error(["a"] * 5 + ["b"] * 3, answers, ["a", "b"]), 4)
    0.35
    """
    return _greatest(_binned(*_answers(truth, probabilities, labels), n_bins, binning))


def calibration_interval(
    truth: ArrayLike,
    probabilities: ArrayLike,
    labels: ArrayLike,
    *,
    groups: ArrayLike | None = None,
    n_bins: int = 10,
    binning: Binning = "width",
    n_resamples: int = 1000,
) -> Interval:
    """Find the 95 % bootstrap interval of `expected_calibration_error`.

    A draw holds answers twice, which chance takes for agreement, so the interval lies rather too high; it is
    not corrected.

    Parameters
    ----------
    truth, probabilities, labels, n_bins, binning
        As for `reliability`.
    groups, n_resamples
        As for `woodshed.metrics.interval.bootstrap_interval`.

    Examples
    --------
    >>> low, high = calibration_interval(["a"] * 60 + ["b"] * 40, [[0.8, 0.2]] * 100, ["a", "b"])
    >>> round(low, 2), round(high, 2)
    (0.11, 0.29)
    """
    sureness, hits = _answers(truth, probabilities, labels)
    return bootstrap_interval(
        lambda drawn: _expected(_binned(sureness[drawn], hits[drawn], n_bins, binning)),
        sureness.size,
        groups=groups,
        n_resamples=n_resamples,
    )


def brier_score(truth: ArrayLike, probabilities: ArrayLike, labels: ArrayLike) -> float:
    """Mean squared distance between the probabilities and the truth (1 for its class, 0 else), 0 to 2.

    The sum is over all classes, as Brier has it; for two classes it is twice what some call by that name.
    Equal probabilities cost ``1 - 1 / n_classes``.

    Examples
    --------
    >>> brier_score(["a", "b"], [[0.5, 0.5], [0.5, 0.5]], ["a", "b"])
    0.5
    """
    rows, given = validate(truth, probabilities, labels)
    distance = given.astype(np.float64)
    distance[np.arange(rows.size), rows] -= 1
    return float(np.square(distance).sum(axis=1).mean())


def apply_temperature(probabilities: ArrayLike, temperature: float) -> Values:
    """Divide the logarithms of probabilities by a temperature and make the rows sum to 1 again.

    For a net's softmax this is the same as dividing its logits. The order of the classes is kept, so no
    answer changes; above 1 every row is less sure, below 1 more.

    Parameters
    ----------
    probabilities
        Shape ``(n_examples, n_classes)``, rows sum to 1.
    temperature
        Above 0; 1 changes nothing, to the bit.

    Returns
    -------
    numpy.ndarray
        Same shape, float64.

    Raises
    ------
    ParameterError
        If the temperature is not above 0.

    Examples
    --------
    >>> apply_temperature([[0.9, 0.1], [0.5, 0.5]], 2.0).round(3).tolist()
    [[0.75, 0.25], [0.5, 0.5]]
    """
    if not 0 < temperature < np.inf:
        raise ParameterError(f"A temperature must be above 0, got {temperature!r}. 1 changes nothing.")
    given = np.asarray(probabilities, dtype=np.float64)
    return given.copy() if temperature == 1 else _softmax(_logarithms(given) / temperature)


def fit_temperature(
    truth: ArrayLike, probabilities: ArrayLike, labels: ArrayLike, *, smoothing: float = 0.0
) -> float:
    """Find the temperature under which the truth is most likely.

    Give it answers to sounds that were not learned from, and from groups that were not: answers to known
    sounds are surer than any to come. The answers of all folds of a grouped cross-validation may be pooled.

    Parameters
    ----------
    truth, probabilities, labels
        As for `woodshed.metrics.probability.validate`.
    smoothing
        Share of the truth that is spread evenly over all classes, 0 to below 1. With 0 and no wrong answer
        nothing stops the temperature from falling; ``1 / (n + 2)`` is the caution that Platt (1999) takes.

    Returns
    -------
    float
        Within `TEMPERATURES`; the one that minimises the log loss, which has no other minimum.

    Raises
    ------
    ParameterError
        If ``smoothing`` is out of its range, or the rest does not fit together.

    Examples
    --------
    Answers that are 90 % sure, and right three times in four:

    >>> right = ["a"] * 3 + ["b"]
    >>> temperature = fit_temperature(right, [[0.9, 0.1]] * 4, ["a", "b"])
    >>> round(temperature, 3), apply_temperature([[0.9, 0.1]], temperature).round(3).tolist()
    (2.0, [[0.75, 0.25]])
    """
    from scipy.optimize import brentq

    if not 0 <= smoothing < 1:
        raise ParameterError(f"smoothing must be from 0 to below 1, got {smoothing!r}.")
    rows, given = validate(truth, probabilities, labels)
    scores = _logarithms(given.astype(np.float64))
    aim = np.full(scores.shape, smoothing / scores.shape[1])
    aim[np.arange(rows.size), rows] += 1 - smoothing
    wanted = (aim * scores).sum(axis=1).mean()

    def slope(sharpness: float) -> float:
        """Return the derivative of the loss by the inverse temperature; it rises all the way."""
        return float((_softmax(scores * sharpness) * scores).sum(axis=1).mean() - wanted)

    lowest, highest = TEMPERATURES
    if slope(1 / highest) >= 0:
        return highest
    return lowest if slope(1 / lowest) <= 0 else float(1 / brentq(slope, 1 / highest, 1 / lowest))


def evaluate(
    truth: ArrayLike, probabilities: ArrayLike, labels: ArrayLike, groups: ArrayLike | None = None
) -> dict[str, Any]:
    """Return every score of this file as plain numbers and lists.

    Returns
    -------
    dict
        ``expected_calibration_error`` (equal width) with its ``interval``, the same over bins of
        ``equal_mass``, ``maximum_calibration_error``, ``brier_score``, and ``reliability``, a dict of lists.

    Examples
    --------
    >>> evaluate(["a", "b"], [[0.5, 0.5], [0.25, 0.75]], ["a", "b"])["reliability"]["sureness"]
    [0.5, 0.75]
    """
    given = (truth, probabilities, labels)
    return {
        "expected_calibration_error": expected_calibration_error(*given),
        "interval": list(calibration_interval(*given, groups=groups)),
        "equal_mass": expected_calibration_error(*given, binning="mass"),
        "maximum_calibration_error": maximum_calibration_error(*given),
        "brier_score": brier_score(*given),
        "reliability": {name: column.tolist() for name, column in reliability(*given)._asdict().items()},
    }


def _answers(
    truth: ArrayLike, probabilities: ArrayLike, labels: ArrayLike
) -> tuple[Values, NDArray[np.bool_]]:
    """Return how sure each answer was, and whether it was right."""
    rows, given = validate(truth, probabilities, labels)
    answers = given.argmax(axis=1)
    return given[np.arange(rows.size), answers].astype(np.float64), answers == rows


def _binned(sureness: Values, hits: NDArray[np.bool_], n_bins: int, binning: Binning) -> Reliability:
    if n_bins < 1:
        raise ParameterError(f"n_bins must be at least 1, got {n_bins}.")
    if binning not in get_args(Binning):
        raise ParameterError(f"There is no binning {binning!r}. {near_miss(binning, get_args(Binning))}")
    if binning == "width":
        edges: Values = np.linspace(0, 1, n_bins + 1)[1:-1]
    else:
        last = np.arange(1, n_bins) * sureness.size // n_bins - 1  # place of the surest of each bin
        edges = np.unique(np.sort(sureness)[last[last >= 0]])
    place = np.digitize(sureness, edges, right=True)
    count = np.bincount(place)
    full = np.flatnonzero(count)
    return Reliability(
        np.bincount(place, weights=sureness)[full] / count[full],
        np.bincount(place, weights=hits)[full] / count[full],
        count[full],
    )


def _expected(bins: Reliability) -> float:
    return float((bins.n_answers * abs(bins.accuracy - bins.sureness)).sum() / bins.n_answers.sum())


def _greatest(bins: Reliability) -> float:
    return float(abs(bins.accuracy - bins.sureness).max())


def _logarithms(probabilities: Values) -> Values:
    return np.asarray(np.log(np.maximum(probabilities, LOWEST)))


def _softmax(scores: Values) -> Values:
    likely = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(likely / likely.sum(axis=1, keepdims=True))
