"""Calibration: the errors of other libraries, and a temperature that mends what theory says it mends."""

from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss, log_loss

from woodshed.errors import ParameterError
from woodshed.metrics import calibration, probability
from woodshed.metrics.interval import bootstrap_interval

LABELS = ["a", "b", "c"]


def softmax(scores: np.ndarray) -> np.ndarray:
    likely = np.exp(scores - scores.max(axis=1, keepdims=True))
    return likely / likely.sum(axis=1, keepdims=True)


def drawn(n: int, *, seed: int = 0, sharpened: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Draw labels from probabilities, and say the probabilities with sharper logits than the true ones."""
    rng = np.random.default_rng(seed)
    scores = rng.normal(0, 1.5, (n, len(LABELS)))
    true = softmax(scores)
    column = (rng.random((n, 1)) > true.cumsum(axis=1)).sum(axis=1)
    return np.asarray(LABELS)[column], softmax(scores * sharpened)


def test_bins_of_equal_width_are_those_of_scikit_learn() -> None:
    truth, given = drawn(500)
    found = calibration.reliability(truth, given, LABELS)
    hits = np.asarray(LABELS)[given.argmax(axis=1)] == truth
    accuracy, sureness = calibration_curve(hits, given.max(axis=1), n_bins=10)
    np.testing.assert_allclose(found.accuracy, accuracy)
    np.testing.assert_allclose(found.confidence, sureness)
    assert found.n_examples.sum() == 500


def test_bins_of_equal_mass_hold_as_many_answers_each_and_never_part_equals() -> None:
    truth, given = drawn(500)
    assert calibration.reliability(truth, given, LABELS, binning="mass").n_examples.tolist() == [50] * 10
    alike = calibration.reliability(["a"] * 7, [[0.5, 0.25, 0.25]] * 7, LABELS, binning="mass")
    assert alike.n_examples.tolist() == [7]
    few = calibration.reliability(truth[:3], given[:3], LABELS, binning="mass")
    assert few.n_examples.tolist() == [1, 1, 1]


def test_errors_by_hand() -> None:
    # Four answers 90 % sure, of which two are right; four 60 % sure, of which three are right.
    truth = ["a", "a", "b", "b", "a", "a", "a", "b"]
    given = [[0.9, 0.1, 0]] * 4 + [[0.6, 0.4, 0]] * 4
    for binning in ("width", "mass"):
        error = calibration.expected_calibration_error(truth, given, LABELS, n_bins=2, binning=binning)
        if binning == "width":  # both in the upper half: (2 + 3) / 8 right, 75 % sure on average
            assert error == pytest.approx(0.125)
        else:
            assert error == pytest.approx((0.4 + 0.15) / 2)
            assert calibration.maximum_calibration_error(truth, given, LABELS, n_bins=2) == pytest.approx(0.4)


def test_calibration_error_by_hand() -> None:
    # With four bins, 0.75 belongs to (0.5, 0.75] and 0.76 to (0.75, 1]: a bin is closed on the right.
    sureness = np.array([0.75, 0.75, 0.75, 0.76, 0.95])
    truth, labels = ["a", "b", "b", "a", "a"], ["a", "b"]
    probabilities = np.stack([sureness, 1 - sureness], axis=1)
    error = calibration.expected_calibration_error(truth, probabilities, labels, n_bins=4)
    assert error == pytest.approx((abs(1 - 2.25) + abs(2 - 1.71)) / 5, abs=1e-12)
    whole = abs(3 - sureness.sum()) / 5
    one_bin = calibration.expected_calibration_error(truth, probabilities, labels, n_bins=1)
    assert one_bin == pytest.approx(whole, abs=1e-12)


def test_calibration_error_tells_honest_from_boastful_probabilities() -> None:
    rng = np.random.default_rng(0)
    honest = rng.dirichlet(np.ones(4), size=20000)
    labels = np.array(["a", "b", "c", "d"])
    truth = labels[(honest.cumsum(axis=1) < rng.random((20000, 1))).sum(axis=1)]
    boastful = honest**4 / (honest**4).sum(axis=1, keepdims=True)
    assert calibration.expected_calibration_error(truth, honest, labels) < 0.02
    assert calibration.expected_calibration_error(truth, boastful, labels) > 0.2
    assert probability.log_loss(truth, honest, labels) < probability.log_loss(truth, boastful, labels)


def test_brier_score_is_that_of_scikit_learn() -> None:
    truth, given = drawn(200)
    expected = brier_score_loss(truth, given, labels=LABELS)
    assert calibration.brier_score(truth, given, LABELS) == pytest.approx(expected)
    assert calibration.brier_score(["a"], [[0.0, 1.0, 0.0]], LABELS) == 2


@pytest.mark.parametrize("sharpened", [0.5, 1.0, 3.0])
def test_the_temperature_is_the_one_that_made_the_answers_too_sure(sharpened: float) -> None:
    truth, given = drawn(20000, sharpened=sharpened)
    temperature = calibration.fit_temperature(truth, given, LABELS)
    assert temperature == pytest.approx(sharpened, rel=0.05)
    other_truth, other = drawn(20000, seed=1, sharpened=sharpened)
    mended = calibration.apply_temperature(other, temperature)
    assert calibration.expected_calibration_error(other_truth, mended, LABELS) < 0.015
    if sharpened != 1:
        assert calibration.expected_calibration_error(other_truth, other, LABELS) > 0.05


def test_no_other_temperature_makes_the_truth_likelier() -> None:
    truth, given = drawn(400, sharpened=2.3)
    best = calibration.fit_temperature(truth, given, LABELS)
    loss = [
        log_loss(truth, calibration.apply_temperature(given, best * factor), labels=LABELS)
        for factor in (0.9, 0.99, 1, 1.01, 1.1)
    ]
    assert np.argmin(loss) == 2


def test_the_temperature_is_that_of_scikit_learn() -> None:
    from sklearn.base import BaseEstimator, ClassifierMixin
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.frozen import FrozenEstimator

    class Given(ClassifierMixin, BaseEstimator):
        """Answer with the logits that are its rows."""

        def fit(self, rows: np.ndarray, truth: np.ndarray) -> Given:
            self.classes_ = np.unique(truth)
            return self

        def decision_function(self, rows: np.ndarray) -> np.ndarray:
            return rows

        def predict(self, rows: np.ndarray) -> np.ndarray:
            return self.classes_[rows.argmax(axis=1)]

    truth, given = drawn(600, sharpened=2.0)
    rows = np.log(given)
    reference = CalibratedClassifierCV(FrozenEstimator(Given().fit(rows, truth)), method="temperature")
    expected = reference.fit(rows, truth).predict_proba(rows)
    mended = calibration.apply_temperature(given, calibration.fit_temperature(truth, given, LABELS))
    np.testing.assert_allclose(mended, expected, atol=2e-3)


def test_answers_and_certainties_stay_probabilities() -> None:
    given = np.array([[1.0, 0.0, 0.0], [0.0, 1e-300, 1.0], [0.4, 0.35, 0.25]])
    for temperature in (0.1, 0.5, 7.0):
        mended = calibration.apply_temperature(given, temperature)
        np.testing.assert_allclose(mended.sum(axis=1), 1)
        assert mended.argmax(axis=1).tolist() == given.argmax(axis=1).tolist()
        assert np.isfinite(mended).all()
    assert (calibration.apply_temperature(given, 1.0) == given).all()


def test_without_a_mistake_only_caution_stops_the_temperature() -> None:
    given = [[0.7, 0.2, 0.1]] * 8
    assert calibration.fit_temperature(["a"] * 8, given, LABELS) == calibration.TEMPERATURES[0]
    careful = calibration.fit_temperature(["a"] * 8, given, LABELS, smoothing=1 / 10)
    [row] = calibration.apply_temperature(given[:1], careful)
    assert 0.9 < row[0] < 0.95  # the truth that it was told is 1 - 1/10 + 1/30, or 0.933
    hopeless = calibration.fit_temperature(["c"] * 8, given, LABELS)
    assert hopeless == calibration.TEMPERATURES[1]


def test_the_interval_holds_the_error_and_shrinks() -> None:
    truth, given = drawn(4000, sharpened=2)
    error = calibration.expected_calibration_error(truth, given, LABELS)
    low, high = calibration.calibration_interval(truth, given, LABELS, n_resamples=100)
    assert low < error < high
    few_low, few_high = calibration.calibration_interval(truth[:200], given[:200], LABELS, n_resamples=100)
    assert few_high - few_low > 2 * (high - low)


@pytest.mark.parametrize("n_groups", [None, 5])
def test_the_interval_is_that_of_resampled_predictions(n_groups: int | None) -> None:
    truth, given = drawn(300, sharpened=2)
    groups = None if n_groups is None else np.arange(300) % n_groups
    interval = calibration.calibration_interval(truth, given, LABELS, groups=groups)
    resampled = bootstrap_interval(
        lambda rows: calibration.expected_calibration_error(truth[rows], given[rows], LABELS),
        300,
        groups=groups,
    )
    assert interval == pytest.approx(resampled)


def test_what_makes_no_sense_is_refused() -> None:
    truth, given = drawn(5)
    with pytest.raises(ParameterError, match=r"Unknown binning 'mas'.* mass"):
        calibration.reliability(truth, given, LABELS, binning="mas")  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="n_bins must be at least 1, got 0"):
        calibration.reliability(truth, given, LABELS, n_bins=0)
    with pytest.raises(ParameterError, match="above 0, got -1"):
        calibration.apply_temperature(given, -1)
    with pytest.raises(ParameterError, match="below 1, got 1"):
        calibration.fit_temperature(truth, given, LABELS, smoothing=1)


def test_evaluate_is_plain_enough_for_json() -> None:
    truth, given = drawn(50)
    told = json.loads(json.dumps(calibration.evaluate(truth, given, LABELS, groups=np.arange(50) // 10)))
    assert told["interval"][0] < told["expected_calibration_error"] < told["interval"][1]
    assert sum(told["reliability"]["n_examples"]) == 50
