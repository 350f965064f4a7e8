"""Scores of numbers, against scikit-learn and SciPy and by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics as sklearn

from woodshed.errors import ParameterError
from woodshed.metrics import regression


@pytest.mark.parametrize("seed", range(5))
def test_scores_equal_those_of_scikit_learn_and_scipy(seed: int) -> None:
    rng = np.random.default_rng(seed)
    truth = rng.integers(-5, 5, (40, 3)).astype(float)
    answers = truth + rng.normal(0, 2, (40, 3)).round()
    found = regression.evaluate(truth, answers)
    assert found["R²"] == pytest.approx(sklearn.r2_score(truth, answers, multioutput="raw_values"), abs=1e-12)
    error = sklearn.mean_absolute_error(truth, answers, multioutput="raw_values")
    assert found["MAE"] == pytest.approx(error, abs=1e-12)
    error = sklearn.root_mean_squared_error(truth, answers, multioutput="raw_values")
    assert found["RMSE"] == pytest.approx(error, abs=1e-12)
    for k in range(3):
        assert found["Pearson"][k] == pytest.approx(stats.pearsonr(truth[:, k], answers[:, k])[0], abs=1e-12)
        rank = stats.spearmanr(truth[:, k], answers[:, k])[0]
        assert found["Spearman"][k] == pytest.approx(rank, abs=1e-12)


def test_concordance_is_lowered_by_a_shift_and_a_stretch_that_correlation_forgives() -> None:
    truth = np.random.default_rng(0).normal(size=200)
    assert regression.concordance(truth, truth)[0] == pytest.approx(1)
    shifted = regression.concordance(truth, truth + 1)[0]
    assert shifted == pytest.approx(2 * truth.var() / (2 * truth.var() + 1))
    assert regression.pearson(truth, truth + 1)[0] == pytest.approx(1)
    assert regression.concordance(truth, -truth)[0] < -0.9


def test_what_is_not_known_is_left_out() -> None:
    truth, answers = np.array([[1.0, np.nan], [2.0, np.nan], [np.nan, np.nan]]), np.zeros((3, 2)) + 1
    assert regression.mean_absolute_error(truth, answers)[0] == 0.5
    assert math.isnan(regression.mean_absolute_error(truth, answers)[1])
    assert regression.mean_absolute_error(truth, answers, average="macro") == 0.5


def test_what_never_changes_is_undefined() -> None:
    assert math.isnan(regression.r2([1.0, 1.0], [1.0, 2.0])[0])
    assert math.isnan(regression.pearson([1.0, 2.0], [3.0, 3.0])[0])
    assert math.isnan(regression.concordance([1.0, 1.0], [1.0, 1.0])[0])
    assert regression.r2([1.0, 3.0], [2.0, 2.0])[0] == 0


def test_wrong_values_are_refused() -> None:
    with pytest.raises(ParameterError, match="must both have shape"):
        regression.r2([1.0], [1.0, 2.0])
    with pytest.raises(ParameterError, match="must be finite"):
        regression.r2([1.0], [np.nan])
    with pytest.raises(ParameterError, match="average must be"):
        regression.r2([1.0], [1.0], average="micro")
