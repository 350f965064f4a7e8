"""Calibration of probabilistic classifiers: reliability diagram, calibration errors and Brier score.

Conventions
-----------
- Only the probability of the *predicted* class counts, called confidence: the most probable class, the first
  of equals. Of the predictions with a confidence of 80 %, four in five should be correct.
- Bins of equal width are closed on the right; bins of equal mass hold the same number of predictions, as far
  as ties allow. Most papers use equal width; equal mass prevents a single prediction in an almost empty bin
  from dominating the maximum.
- A binned error is never negative and therefore biased upwards, the more so the fewer predictions fall into a
  bin. Always read it with its interval, and never on the data that a temperature was fitted to; see
  `woodshed.metrics.temperature_scaling`.

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


class Reliability(NamedTuple):
    """Numbers of a reliability diagram: one value for each bin that is not empty, by rising confidence.

    Parameters
    ----------
    confidence
        Mean probability of the predicted class.
    accuracy
        Share of correct predictions.
    n_examples
        Number of predictions in the bin.
    """

    confidence: Values
    accuracy: Values
    n_examples: NDArray[np.int64]


def reliability(
    truth: ArrayLike,
    probabilities: ArrayLike,
    labels: ArrayLike,
    *,
    n_bins: int = 10,
    binning: Binning = "width",
) -> Reliability:
    """Bin predictions by confidence and compute the accuracy of each bin.

    Parameters
    ----------
    truth, probabilities, labels
        As for `woodshed.metrics.probability.validate`.
    n_bins
        Maximum number of bins; empty ones are dropped.
    binning
        ``width`` for bins of equal width from 0 to 1, ``mass`` for bins of about equal counts.

    Raises
    ------
    ParameterError
        If ``n_bins`` is below 1, the binning is unknown, or the arrays do not match.

    Examples
    --------
    >>> bins = reliability(["a", "a", "b"], [[0.9, 0.1], [0.6, 0.4], [0.6, 0.4]], ["a", "b"])
    >>> bins.confidence.tolist(), bins.accuracy.tolist(), bins.n_examples.tolist()
    ([0.6, 0.9], [0.5, 1.0], [2, 1])
    """
    return _binned(*_confidences_and_hits(truth, probabilities, labels), n_bins, binning)


def expected_calibration_error(
    truth: ArrayLike,
    probabilities: ArrayLike,
    labels: ArrayLike,
    *,
    n_bins: int = 10,
    binning: Binning = "width",
) -> float:
    """Return the mean difference between the confidence and accuracy of the bins, weighted by count, 0 to 1.

    Parameters and errors as for `reliability`.

    Examples
    --------
    Ten predictions with a confidence of 80 %, six of them correct:

    >>> truth = ["a"] * 6 + ["b"] * 4
    >>> round(expected_calibration_error(truth, [[0.8, 0.2]] * 10, ["a", "b"], binning="mass"), 4)
    0.2
    """
    return _weighted_mean_gap(_binned(*_confidences_and_hits(truth, probabilities, labels), n_bins, binning))


def maximum_calibration_error(
    truth: ArrayLike,
    probabilities: ArrayLike,
    labels: ArrayLike,
    *,
    n_bins: int = 10,
    binning: Binning = "mass",
) -> float:
    """Return the largest difference between the confidence and accuracy of a bin, 0 to 1.

    Parameters and errors as for `reliability`; bins are of equal mass by default.

    Examples
    --------
    >>> probabilities = [[0.9, 0.1]] * 4 + [[0.6, 0.4]] * 4
    >>> round(maximum_calibration_error(["a"] * 5 + ["b"] * 3, probabilities, ["a", "b"]), 4)
    0.35
    """
    bins = _binned(*_confidences_and_hits(truth, probabilities, labels), n_bins, binning)
    return float(abs(bins.accuracy - bins.confidence).max())


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
    """Return the 95 % bootstrap interval of `expected_calibration_error`.

    Resampling duplicates predictions, which biases the error upwards; the interval is not corrected for it.

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
    confidence, hits = _confidences_and_hits(truth, probabilities, labels)
    return bootstrap_interval(
        lambda rows: _weighted_mean_gap(_binned(confidence[rows], hits[rows], n_bins, binning)),
        confidence.size,
        groups=groups,
        n_resamples=n_resamples,
    )


def brier_score(truth: ArrayLike, probabilities: ArrayLike, labels: ArrayLike) -> float:
    """Return the mean squared distance between the probabilities and the one-hot truth, 0 (best) to 2.

    The sum is over all classes, as in Brier's definition; for two classes it is twice the value that some
    libraries report. Equal probabilities score ``1 - 1 / n_classes``.

    Examples
    --------
    >>> brier_score(["a", "b"], [[0.5, 0.5], [0.5, 0.5]], ["a", "b"])
    0.5
    """
    columns, likely = validate(truth, probabilities, labels)
    distance = likely.astype(np.float64)
    distance[np.arange(columns.size), columns] -= 1
    return float(np.square(distance).sum(axis=1).mean())


def evaluate(
    truth: ArrayLike, probabilities: ArrayLike, labels: ArrayLike, groups: ArrayLike | None = None
) -> dict[str, Any]:
    """Return all scores of this module as plain numbers and lists.

    Returns
    -------
    dict
        ``expected_calibration_error`` (equal width) with its ``interval``, the same over bins of
        ``equal_mass``, ``maximum_calibration_error``, ``brier_score``, and ``reliability``, a dict of lists.

    Examples
    --------
    >>> evaluate(["a", "b"], [[0.5, 0.5], [0.25, 0.75]], ["a", "b"])["reliability"]["confidence"]
    [0.5, 0.75]
    """
    arrays = (truth, probabilities, labels)
    return {
        "expected_calibration_error": expected_calibration_error(*arrays),
        "interval": list(calibration_interval(*arrays, groups=groups)),
        "equal_mass": expected_calibration_error(*arrays, binning="mass"),
        "maximum_calibration_error": maximum_calibration_error(*arrays),
        "brier_score": brier_score(*arrays),
        "reliability": {name: column.tolist() for name, column in reliability(*arrays)._asdict().items()},
    }


def _confidences_and_hits(
    truth: ArrayLike, probabilities: ArrayLike, labels: ArrayLike
) -> tuple[Values, NDArray[np.bool_]]:
    """Return the probability of each predicted class, and whether it is the true one."""
    columns, likely = validate(truth, probabilities, labels)
    predicted = likely.argmax(axis=1)
    return likely[np.arange(columns.size), predicted].astype(np.float64), predicted == columns


def _binned(confidence: Values, hits: NDArray[np.bool_], n_bins: int, binning: Binning) -> Reliability:
    if n_bins < 1:
        raise ParameterError(f"n_bins must be at least 1, got {n_bins}.")
    if binning not in get_args(Binning):
        raise ParameterError(f"Unknown binning {binning!r}. {near_miss(binning, get_args(Binning))}")
    if binning == "width":
        edges: Values = np.linspace(0, 1, n_bins + 1)[1:-1]
    else:
        last = np.arange(1, n_bins) * confidence.size // n_bins - 1  # index of the highest of each bin
        edges = np.unique(np.sort(confidence)[last[last >= 0]])
    bin_of = np.digitize(confidence, edges, right=True)
    count = np.bincount(bin_of)
    filled = np.flatnonzero(count)
    return Reliability(
        np.bincount(bin_of, weights=confidence)[filled] / count[filled],
        np.bincount(bin_of, weights=hits)[filled] / count[filled],
        count[filled],
    )


def _weighted_mean_gap(bins: Reliability) -> float:
    return float((bins.n_examples * abs(bins.accuracy - bins.confidence)).sum() / bins.n_examples.sum())
