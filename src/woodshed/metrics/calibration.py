"""Calibration of probabilistic classifiers: reliability, errors, Brier score, temperature scaling."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from woodshed.errors import ParameterError, near_miss
from woodshed.metrics.interval import Interval, interval_of_sums
from woodshed.metrics.probability import validate

Values = NDArray[np.float64]
Binning = Literal["width", "mass"]

TEMPERATURES = (0.1, 20.0)
"""Lowest and highest temperature of the search."""

MAX_GUESS_SHARE = 0.5
"""Highest guess share of the search."""

MIN_PROBABILITY = float(np.finfo(np.float64).eps)
"""Lower bound of probabilities, so that an error with probability 0 has a finite log loss."""

_INITIAL_SHARES = (0.001, 0.05)


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
    n_resamples: int = 1000,
) -> Interval:
    """Return the 95 % bootstrap interval of `expected_calibration_error` over bins of equal width.

    Resampling duplicates predictions, which biases the error upwards; the interval is not corrected for it.

    Parameters
    ----------
    truth, probabilities, labels, n_bins
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
    # The error of a bin times its count is a sum over its predictions; all resamples have the same bins.
    bin_of = _bins(confidence, n_bins, "width")
    values = np.zeros((confidence.size, n_bins + 1))
    values[np.arange(confidence.size), bin_of] = hits - confidence
    values[:, -1] = 1.0
    return interval_of_sums(
        lambda sums: np.abs(sums[:, :-1]).sum(axis=1) / sums[:, -1],
        values,
        groups,
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


def _bins(confidence: Values, n_bins: int, binning: Binning) -> NDArray[np.intp]:
    """Return the number of the bin of each prediction, from 0."""
    if n_bins < 1:
        raise ParameterError(f"n_bins must be at least 1, got {n_bins}.")
    if binning not in get_args(Binning):
        raise ParameterError(f"Unknown binning {binning!r}. {near_miss(binning, get_args(Binning))}")
    if binning == "width":
        edges: Values = np.linspace(0, 1, n_bins + 1)[1:-1]
    else:
        last = np.arange(1, n_bins) * confidence.size // n_bins - 1  # index of the highest of each bin
        edges = np.unique(np.sort(confidence)[last[last >= 0]])
    return np.digitize(confidence, edges, right=True)


def _binned(confidence: Values, hits: NDArray[np.bool_], n_bins: int, binning: Binning) -> Reliability:
    """Return the mean confidence, the accuracy and the count of each bin that is not empty."""
    bin_of = _bins(confidence, n_bins, binning)
    count = np.bincount(bin_of)
    filled = np.flatnonzero(count)
    return Reliability(
        np.bincount(bin_of, weights=confidence)[filled] / count[filled],
        np.bincount(bin_of, weights=hits)[filled] / count[filled],
        count[filled],
    )


def _weighted_mean_gap(bins: Reliability) -> float:
    return float((bins.n_examples * abs(bins.accuracy - bins.confidence)).sum() / bins.n_examples.sum())


class Calibration(NamedTuple):
    """A map from raw to calibrated probabilities; the identity by default, to the bit.

    Parameters
    ----------
    temperature
        Above 0; see `apply_temperature`.
    guess_share
        Share of each row that is replaced by the uniform distribution, 0 to below 1. The order of the classes
        does not change.

    Examples
    --------
    >>> Calibration(guess_share=0.2)(np.array([[0.9, 0.1]])).round(2).tolist()
    [[0.82, 0.18]]
    """

    temperature: float = 1.0
    guess_share: float = 0.0

    def __call__(self, probabilities: ArrayLike) -> Values:
        """Calibrate probabilities of shape ``(n_examples, n_classes)``; rows sum to 1.

        Raises
        ------
        ParameterError
            If the temperature is not above 0, or the guess share is not from 0 to below 1.
        """
        if not 0 <= self.guess_share < 1:
            raise ParameterError(f"guess_share must be from 0 to below 1, got {self.guess_share!r}.")
        scaled = apply_temperature(probabilities, self.temperature)
        return np.asarray((1 - self.guess_share) * scaled + self.guess_share / scaled.shape[1])


def apply_temperature(probabilities: ArrayLike, temperature: float) -> Values:
    """Divide log-probabilities by a temperature and renormalise the rows.

    For a softmax this equals dividing the logits. The order of the classes does not change, and thus no
    prediction; a temperature above 1 lowers every confidence, one below 1 raises it.

    Parameters
    ----------
    probabilities
        Shape ``(n_examples, n_classes)``, rows sum to 1.
    temperature
        Above 0; 1 returns the input, to the bit.

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
        raise ParameterError(f"temperature must be above 0, got {temperature!r}. 1 changes nothing.")
    likely = np.asarray(probabilities, dtype=np.float64)
    return likely.copy() if temperature == 1 else _softmax(_log(likely) / temperature)


def fit_temperature(
    truth: ArrayLike, probabilities: ArrayLike, labels: ArrayLike, *, smoothing: float = 0.0
) -> float:
    """Return the temperature that minimises the log loss.

    Fit it on held-out data, with held-out groups: predictions for training data are overconfident. The
    held-out predictions of all folds of a grouped cross-validation may be pooled.

    Parameters
    ----------
    truth, probabilities, labels
        As for `woodshed.metrics.probability.validate`.
    smoothing
        Label smoothing: share of the target distributed evenly over all classes, 0 to below 1. Without errors
        and without smoothing the temperature falls to its lower limit; Platt (1999) uses ``1 / (n + 2)``.

    Returns
    -------
    float
        Within `TEMPERATURES`; the log loss has no other minimum.

    Raises
    ------
    ParameterError
        If ``smoothing`` is out of range, or the arrays do not match.

    Examples
    --------
    Predictions with a confidence of 90 %, correct three times in four:

    >>> truth = ["a"] * 3 + ["b"]
    >>> temperature = fit_temperature(truth, [[0.9, 0.1]] * 4, ["a", "b"])
    >>> round(temperature, 3), apply_temperature([[0.9, 0.1]], temperature).round(3).tolist()
    (2.0, [[0.75, 0.25]])
    """
    from scipy.optimize import brentq

    likely, targets = _smoothed(truth, probabilities, labels, smoothing)
    scores = _log(likely)
    target_score = (targets * scores).sum(axis=1).mean()

    def slope(inverse: float) -> float:
        """Return the derivative of the loss with respect to the inverse temperature; it is increasing."""
        return float((_softmax(scores * inverse) * scores).sum(axis=1).mean() - target_score)

    lowest, highest = TEMPERATURES
    if slope(1 / highest) >= 0:
        return highest
    return lowest if slope(1 / lowest) <= 0 else float(1 / brentq(slope, 1 / highest, 1 / lowest))


def fit_calibration(
    truth: ArrayLike, probabilities: ArrayLike, labels: ArrayLike, *, smoothing: float = 0.0
) -> Calibration:
    """Return the temperature and guess share that minimise the log loss.

    Parameters and errors as for `fit_temperature`, whose result initialises the search. The guess share is 0
    if it improves the log-likelihood by less than 1 nat over a temperature alone.

    Examples
    --------
    Underconfident predictions, a tenth of them random:

    >>> rng = np.random.default_rng(0)
    >>> truth, random = rng.integers(0, 2, (2, 20000))
    >>> predicted = np.where(rng.random(20000) < 0.1, random, truth)
    >>> calibration = fit_calibration(truth, np.where(predicted[:, np.newaxis] == [0, 1], 0.7, 0.3), [0, 1])
    >>> calibration([[0.7, 0.3]]).round(2).tolist()
    [[0.95, 0.05]]
    """
    from scipy.optimize import minimize

    temperature = fit_temperature(truth, probabilities, labels, smoothing=smoothing)
    likely, targets = _smoothed(truth, probabilities, labels, smoothing)
    scores = _log(likely)
    n_rows, n_classes = scores.shape

    def loss(setting: Values) -> tuple[float, Values]:
        """Return the log loss and its gradient by the log of the inverse temperature and by the share."""
        inverse, share = np.exp(setting[0]), setting[1]
        scaled = apply_temperature(likely, 1 / inverse)
        mixed = (1 - share) * scaled + share / n_classes
        ratio = targets / mixed
        deviation = scores - (scaled * scores).sum(axis=1, keepdims=True)
        by_inverse = -(1 - share) * inverse * (ratio * scaled * deviation).sum() / n_rows
        by_share = (ratio * (scaled - 1 / n_classes)).sum() / n_rows
        return float(-(targets * np.log(mixed)).sum() / n_rows), np.array([by_inverse, by_share])

    lowest, highest = (-float(np.log(limit)) for limit in reversed(TEMPERATURES))
    best = min(
        (
            minimize(
                loss,
                np.array([-np.log(temperature), share]),
                jac=True,
                method="L-BFGS-B",
                bounds=[(lowest, highest), (0.0, MAX_GUESS_SHARE)],
            )
            for share in _INITIAL_SHARES
        ),
        key=lambda result: float(result.fun),
    )
    baseline = loss(np.array([-np.log(temperature), 0.0]))[0]
    if baseline - best.fun < 1 / n_rows:  # less than the cost of one more parameter
        return Calibration(temperature)
    return Calibration(float(np.exp(-best.x[0])), float(best.x[1]))


def fit_shrunken_calibration(
    truth: NDArray[np.str_],
    probabilities: Values,
    labels: Sequence[str],
    groups: NDArray[np.int64],
    *,
    may_sharpen: bool = True,
) -> Calibration:
    """Fit a calibration and shrink it towards the identity as far as the held-out groups disagree.

    The log-temperature and the guess share are multiplied by ``max(0, 1 - variance / length**2)``, the
    positive-part James-Stein estimator. ``length`` is the norm of both together, and their variance is
    that of the jackknife over the groups (Efron & Stein, 1981). A model may be overconfident for one speaker
    and underconfident for the next: a correction that helps some of a few groups then harms others. With a
    single group the result is the identity. So it is if the temperature would raise confidences without
    evidence (`is_sharpening_proven`).

    Parameters
    ----------
    truth
        Shape ``(n,)``.
    probabilities
        Shape ``(n, n_classes)``, from models that were not fitted to the group.
    labels
        Names of the columns.
    groups
        Shape ``(n,)``: number of the group or fold of each row.
    may_sharpen
        Whether the temperature may raise confidences. It should not if the groups are parts of one source,
        such as the pitches of one sampler: then they show nothing about another source.

    Examples
    --------
    A confidence of 90 %, correct three times in four, in both groups or only on average:

    >>> def fitted(first, second):
    ...     truth = np.repeat(["a", "b", "a", "b"], [first, 100 - first, second, 100 - second])
    ...     probabilities = np.tile([0.9, 0.1], (200, 1))
    ...     return fit_shrunken_calibration(truth, probabilities, ["a", "b"], np.repeat([0, 1], 100))
    >>> round(fitted(75, 75).temperature, 1)
    2.0
    >>> fitted(52, 98) == Calibration()
    True
    """
    names = np.unique(groups)
    if len(names) < 2:
        return Calibration()

    def parameters(rows: NDArray[np.bool_]) -> Values:
        # Platt's smoothing: a handful of correct predictions does not prove that errors never occur.
        smoothing = 1 / (rows.sum() + 2)
        calibration = fit_calibration(truth[rows], probabilities[rows], labels, smoothing=smoothing)
        return np.array([np.log(calibration.temperature), calibration.guess_share])

    overall = parameters(np.full(len(groups), True))
    jackknife = np.stack([parameters(groups != name) for name in names])
    variance = np.square(jackknife - jackknife.mean(axis=0)).sum() * (len(names) - 1) / len(names)
    square_length = np.square(overall).sum()
    factor = max(0.0, 1 - variance / square_length) if square_length else 0.0
    log_temperature, guess_share = (factor * overall).tolist()
    if log_temperature < 0:
        others = [Calibration(float(np.exp(log)), share) for log, share in (factor * jackknife).tolist()]
        if not may_sharpen or not is_sharpening_proven(truth, probabilities, labels, groups, others):
            return Calibration()
    return Calibration(float(np.exp(log_temperature)), guess_share)


def is_sharpening_proven(
    truth: ArrayLike,
    probabilities: ArrayLike,
    labels: ArrayLike,
    groups: NDArray[np.int64],
    calibrations: Sequence[Calibration],
) -> bool:
    """Return whether raised confidences lower the log loss of held-out groups beyond its standard error.

    Too much confidence costs more than too little: an error with a high probability misleads whoever relies
    on it. A temperature below 1 is therefore used only if this is true.

    Parameters
    ----------
    truth, probabilities, labels
        As for `woodshed.metrics.probability.validate`.
    groups
        Shape ``(n,)``: number of the group or fold of each row.
    calibrations
        For each group, in the order of their numbers, the calibration that was fitted to the others.

    Examples
    --------
    A confidence of 60 %, correct nine times in ten in every group, or in half of them always and else never:

    >>> groups, sharper = np.repeat(np.arange(10), 10), [Calibration(0.5)] * 10
    >>> def is_proven(truth):
    ...     return is_sharpening_proven(truth, np.tile([0.6, 0.4], (100, 1)), ["a", "b"], groups, sharper)
    >>> is_proven((["a"] * 9 + ["b"]) * 10), is_proven(["a"] * 55 + ["b"] * 45)
    (True, False)
    """
    columns, likely = validate(truth, probabilities, labels)
    before = likely.astype(np.float64)
    gains = []
    for name, calibration in zip(np.unique(groups), calibrations, strict=True):
        rows = groups == name
        own = np.arange(rows.sum()), columns[rows]
        after = calibration(before[rows])[own]
        gains.append(float(np.mean(_log(after) - _log(before[rows][own]))))
    return len(gains) > 1 and bool(np.mean(gains) > np.std(gains, ddof=1) / np.sqrt(len(gains)))


def _smoothed(
    truth: ArrayLike, probabilities: ArrayLike, labels: ArrayLike, smoothing: float
) -> tuple[Values, Values]:
    """Return the probabilities and the smoothed one-hot targets, both ``(n_examples, n_classes)``."""
    if not 0 <= smoothing < 1:
        raise ParameterError(f"smoothing must be from 0 to below 1, got {smoothing!r}.")
    columns, likely = validate(truth, probabilities, labels)
    targets = np.full(likely.shape, smoothing / likely.shape[1])
    targets[np.arange(columns.size), columns] += 1 - smoothing
    return likely.astype(np.float64), targets


def _log(probabilities: Values) -> Values:
    return np.asarray(np.log(np.maximum(probabilities, MIN_PROBABILITY)))


def _softmax(scores: Values) -> Values:
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))
