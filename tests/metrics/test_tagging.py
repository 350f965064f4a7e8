"""Scores of tags, against scikit-learn and by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn import metrics as sklearn

from woodshed.errors import ParameterError
from woodshed.metrics import tagging


@pytest.mark.parametrize("seed", range(5))
def test_areas_and_rates_equal_those_of_scikit_learn(seed: int) -> None:
    rng = np.random.default_rng(seed)
    truth = (rng.random((60, 4)) < 0.4).astype(float)
    answers = rng.integers(0, 12, (60, 4)) / 12  # with many ties
    for average in ("macro", "micro"):
        expected = sklearn.roc_auc_score(truth, answers, average=average)
        assert tagging.roc_auc(truth, answers, average=average) == pytest.approx(expected, abs=1e-12)
        expected = sklearn.average_precision_score(truth, answers, average=average)
        assert tagging.pr_auc(truth, answers, average=average) == pytest.approx(expected, abs=1e-12)
    said = (answers >= 0.5).astype(float)
    found = tagging.at_thresholds(truth, said)
    precision, recall, f1, _ = sklearn.precision_recall_fscore_support(truth, said, zero_division=0)
    for name, expected in (("precision", precision), ("recall", recall), ("F1", f1)):
        assert found[name] == pytest.approx(expected, abs=1e-12)


def test_what_is_not_known_is_left_out() -> None:
    truth, answers = np.array([[1.0], [0.0], [np.nan]]), np.array([[0.8], [0.1], [0.9]])
    assert tagging.roc_auc(truth, answers).tolist() == [1.0]
    assert tagging.prevalence(truth).tolist() == [0.5]
    assert tagging.at_thresholds(truth, answers >= 0.5)["precision"].tolist() == [1.0]


def test_a_tag_that_is_never_there_is_undefined_and_left_out_of_the_mean() -> None:
    truth, answers = np.array([[1.0, 0.0], [0.0, 0.0]]), np.array([[0.2, 0.5], [0.7, 0.1]])
    assert math.isnan(tagging.roc_auc(truth, answers)[1])
    assert tagging.roc_auc(truth, answers, average="macro") == 0.0
    assert math.isnan(tagging.pr_auc(truth[:, 1:], answers[:, 1:], average="macro"))
    f1 = tagging.at_thresholds(truth, answers >= 0.1)["F1"]
    assert f1[0] == pytest.approx(2 / 3)
    assert math.isnan(f1[1])


def test_a_tag_of_which_nothing_is_known_is_undefined_and_left_out_of_the_mean() -> None:
    truth, answers = np.array([[1.0, np.nan], [0.0, np.nan]]), np.array([[0.8, 0.5], [0.7, 0.1]])
    assert np.isnan(tagging.roc_auc(truth, answers)).tolist() == [False, True]
    assert np.isnan(tagging.pr_auc(truth, answers)).tolist() == [False, True]
    assert tagging.at_thresholds(truth, answers >= [0.75, 0.5])["F1"][0] == 1.0
    assert math.isnan(tagging.roc_auc(truth[:, 1:], answers[:, 1:], average="macro"))


def test_precision_at_k_counts_the_most_probable() -> None:
    truth = np.array([[1, 0, 1], [0, 0, 1], [np.nan, 1, 0]])
    answers = np.array([[0.9, 0.8, 0.1], [0.9, 0.8, 0.1], [0.9, 0.8, 0.1]])
    assert tagging.precision_at(truth, answers, 1) == pytest.approx((1 + 0 + 1) / 3)
    assert tagging.precision_at(truth, answers, 3) == pytest.approx((2 / 3 + 1 / 3 + 1 / 2) / 3)


def test_guessing_gives_one_half_and_the_prevalence() -> None:
    truth = (np.random.default_rng(0).random((100, 3)) < 0.3).astype(float)
    guesses = np.full(truth.shape, 0.3)
    assert tagging.roc_auc(truth, guesses, average="macro") == pytest.approx(0.5)
    assert tagging.pr_auc(truth, guesses, average="macro") == pytest.approx(tagging.prevalence(truth).mean())
    assert tagging.at_thresholds(truth, guesses >= 0.5)["F1"].tolist() == [0, 0, 0]


def test_wrong_values_are_refused() -> None:
    with pytest.raises(ParameterError, match="must both have shape"):
        tagging.roc_auc([[1, 0]], [[0.5]])
    with pytest.raises(ParameterError, match="must be 0 or 1"):
        tagging.roc_auc([[2]], [[0.5]])
    with pytest.raises(ParameterError, match="from 0 to 1"):
        tagging.pr_auc([[1]], [[1.5]])
    with pytest.raises(ParameterError, match="k must be at least 1"):
        tagging.precision_at([[1]], [[0.5]], 0)
