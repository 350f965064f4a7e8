"""Thresholds: the promise is kept, and no lower threshold would keep it."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pytest
from sklearn.metrics import precision_recall_curve, roc_curve

from woodshed.errors import ParameterError
from woodshed.metrics import threshold


def scored(n: int = 400, *, ties: bool = False) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(4)
    positive = rng.random(n) < 0.3
    score = rng.normal(positive * 1.5)
    return positive, np.round(score, 1) if ties else score


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("rate", [0.0, 0.01, 0.1, 0.5, 1.0])
def test_the_rate_is_kept_and_by_no_lower_threshold(rate: float, ties: bool) -> None:
    positive, score = scored(ties=ties)
    found = threshold.threshold_for_false_positive_rate(positive, score, rate)
    false_rate, _, thresholds = roc_curve(positive, score, drop_intermediate=False)
    assert found == thresholds[false_rate <= rate].min()
    assert np.mean(score[~positive] >= found) <= rate
    lower = score[score < found]
    assert lower.size == 0 or np.mean(score[~positive] >= lower.max()) > rate


@pytest.mark.parametrize("precision", [0.4, 0.6, 0.9])
def test_the_precision_is_kept_and_by_no_lower_threshold(precision: float) -> None:
    positive, score = scored(ties=True)
    found = threshold.threshold_for_precision(positive, score, precision)
    precisions, _, thresholds = precision_recall_curve(positive, score)
    assert found == thresholds[precisions[:-1] >= precision].min()


def test_alarms_by_the_hour() -> None:
    positive, score = scored()
    hours = 0.25
    for per_hour in (0, 8, 40, 10_000):
        found = threshold.threshold_for_false_positives_per_hour(positive, score, hours, per_hour)
        assert np.sum(score[~positive] >= found) / hours <= per_hour
        lower = score[score < found]
        if lower.size:
            assert np.sum(score[~positive] >= lower.max()) / hours > per_hour


def test_a_promise_for_new_sounds_is_kept_with_new_sounds() -> None:
    # positives everywhere, so that a threshold may lie just above the first negative that is refused
    n, positives = 40, np.linspace(-4, 4, 1000)
    heard = np.random.default_rng(5).normal(size=(500, n))
    is_positive = np.repeat([False, True], [n, len(positives)])

    def rate_of_new(*, for_new: bool) -> float:
        found = [
            threshold.threshold_for_false_positive_rate(
                is_positive, np.append(row, positives), 0.05, for_new=for_new
            )
            for row in heard
        ]
        return float(np.mean([1 - NormalDist().cdf(least) for least in found]))

    assert rate_of_new(for_new=False) == pytest.approx(3 / 41, abs=0.006)
    assert rate_of_new(for_new=True) == pytest.approx(2 / 41, abs=0.006)
    impossible = (is_positive, np.append(heard[0], positives), 0.024)
    assert threshold.threshold_for_false_positive_rate(*impossible, for_new=True) == math.inf
    counted = (is_positive[:n], heard[0], 1.0, 3)
    least = threshold.threshold_for_false_positives_per_hour(*counted, for_new=True)
    assert np.sum(heard[0] >= least) == 2


def test_a_promise_that_nothing_keeps_says_no_to_everything() -> None:
    highest_is_wrong = [False, True], [0.9, 0.1]
    assert threshold.threshold_for_false_positive_rate(*highest_is_wrong, 0.5) == math.inf
    assert threshold.threshold_for_precision(*highest_is_wrong, 0.9) == math.inf
    assert threshold.threshold_for_false_positive_rate([True], [0.5], 0.1) == math.inf  # nothing to go by
    assert threshold.threshold_for_precision([False], [0.5], 0.1) == math.inf
    assert threshold.threshold_for_precision([True, True], [0.5, 0.2], 1.0) == 0.2


def test_each_class_has_its_own_threshold() -> None:
    rng = np.random.default_rng(0)
    probabilities = rng.dirichlet([1, 1, 1], 300)
    truth = np.array(list("abc"))[probabilities.argmax(axis=1)]
    truth[:60] = "c"
    found = threshold.class_thresholds(truth, probabilities, list("abc"), false_positive_rate=0.05)
    for column, name in enumerate("abc"):
        is_class = truth == name
        assert found[column] == threshold.threshold_for_false_positive_rate(
            is_class, probabilities[:, column], 0.05
        )


def test_what_makes_no_sense_is_refused() -> None:
    given = [True, False], [0.1, 0.2]
    with pytest.raises(ParameterError, match=r"rate must be from 0 to 1, got 5.* pass 0.01"):
        threshold.threshold_for_false_positive_rate(*given, 5)
    with pytest.raises(ParameterError, match="precision must be above 0 and at most 1, got 0"):
        threshold.threshold_for_precision(*given, 0)
    with pytest.raises(ParameterError, match="hours must be above 0 and per_hour at least 0, got 0"):
        threshold.threshold_for_false_positives_per_hour(*given, 0, 1)
    with pytest.raises(ParameterError, match="per_hour at least 0, got 1 and -1"):
        threshold.threshold_for_false_positives_per_hour(*given, 1, -1)
