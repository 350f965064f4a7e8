from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import (
    f1_score,
    log_loss,
    precision_recall_fscore_support,
    recall_score,
    roc_auc_score,
    roc_curve,
)

from woodshed.errors import ParameterError
from woodshed.metrics.calibration import reliability
from woodshed.metrics.interval import bootstrap_interval
from woodshed.recognition.experiments.result import Experiment, SplitResult
from woodshed.report.recognition import scores
from woodshed.report.recognition.classes import calibration_error
from woodshed.report.recognition.confusion import Mistake, choose_audible, find_mistakes
from woodshed.report.recognition.figures import macro_roc, roc_curves
from woodshed.report.recognition.head_report import ordered_splits, report_of
from woodshed.report.recognition.scores import (
    ClassPredictions,
    class_predictions,
    class_rates,
    group_scores,
    measured_score,
)


@pytest.fixture
def answers() -> ClassPredictions:
    """Return 300 answers of 3 classes by 10 groups, better than chance."""
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 3, 300)
    logits = rng.normal(size=(300, 3)) + 1.2 * np.eye(3)[truth]
    given = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return ClassPredictions(truth, given.argmax(axis=1), given, rng.integers(0, 10, 300).astype(str))


def test_class_rates_are_those_of_scikit_learn(answers: ClassPredictions) -> None:
    rates = class_rates(answers)
    precision, recall, f1, support = precision_recall_fscore_support(answers.truth, answers.predicted)
    assert np.allclose(rates.per_class["precision"], precision)
    assert np.allclose(rates.per_class["recall"], recall)
    assert np.allclose(rates.per_class["F1"], f1)
    assert np.allclose(rates.per_class["FNR"], 1 - recall)
    assert np.allclose(rates.per_class["FPR"] + rates.per_class["specificity"], 1)
    assert np.array_equal(rates.support, support)
    for average in ("micro", "macro", "weighted"):
        expected = precision_recall_fscore_support(answers.truth, answers.predicted, average=average)
        assert rates.averages[average]["F1"] == pytest.approx(expected[2])
    weighted = roc_auc_score(answers.truth, answers.probabilities, multi_class="ovr", average="weighted")
    assert rates.averages["weighted"]["AUC"] == pytest.approx(weighted)


def test_intervals_are_drawn_by_group() -> None:
    # ten groups that are all right or all wrong are ten observations, not a thousand
    truth = np.zeros(1000, int)
    predicted = np.repeat(np.arange(10) < 3, 100).astype(int)
    given = np.eye(2)[predicted]
    by_group = ClassPredictions(truth, predicted, given, np.repeat(np.arange(10), 100).astype(str))
    singly = replace(by_group, groups=None)
    wide, narrow = (measured_score(found, "accuracy").interval for found in (by_group, singly))
    assert wide.high - wide.low > 5 * (narrow.high - narrow.low)
    for name in ("balanced accuracy", "macro-F1", "log loss"):
        wide, narrow = (measured_score(found, name).interval for found in (by_group, singly))
        assert wide.high - wide.low > 4 * (narrow.high - narrow.low)


@pytest.mark.parametrize("refuses", [False, True])
@pytest.mark.parametrize("grouped", [False, True])
def test_measures_of_sums_are_those_of_every_draw(grouped: bool, refuses: bool) -> None:
    rng = np.random.default_rng(3)
    truth, probabilities = rng.integers(4, size=60), rng.dirichlet(np.ones(4), 60)
    predicted = np.where(rng.random(60) < 0.6, truth, probabilities.argmax(axis=1))
    groups = rng.integers(9, size=60).astype(str) if grouped else None
    refused = rng.random(60) < 0.2 if refuses else np.zeros(60, bool)
    found = ClassPredictions(truth, predicted, probabilities, groups, refused)
    answers = np.where(refused, 4, predicted)

    def f1(rows: np.ndarray) -> float:
        return f1_score(truth[rows], answers[rows], labels=np.unique(truth[rows]), average="macro")

    def recall(rows: np.ndarray) -> float:
        return recall_score(truth[rows], answers[rows], labels=np.unique(truth[rows]), average="macro")

    def nats(rows: np.ndarray) -> float:
        return log_loss(truth[rows], probabilities[rows], labels=range(4))

    def area(rows: np.ndarray) -> float:
        held = truth[rows][:, np.newaxis] == np.arange(4)
        present = held.any(axis=0) & ~held.all(axis=0)
        return roc_auc_score(held[:, present], probabilities[rows][:, present], average="macro")

    for name, score in {"macro-F1": f1, "balanced accuracy": recall, "log loss": nats, "AUC": area}.items():
        measured = measured_score(found, name)
        assert measured.value == pytest.approx(score(np.arange(60)))
        n_resamples = scores.N_RESAMPLES_AUC if name == "AUC" else scores.N_RESAMPLES
        expected = bootstrap_interval(score, 60, n_resamples=n_resamples, groups=groups)
        assert tuple(measured.interval) == pytest.approx(tuple(expected))


def test_a_class_that_a_draw_of_groups_does_not_hold_is_not_counted_as_failed() -> None:
    # each of four groups holds one class only, and every answer is right
    truth = np.repeat(np.arange(4), 10)
    perfect = ClassPredictions(truth, truth, np.eye(4)[truth], truth.astype(str))
    assert measured_score(perfect, "macro-F1").interval == (1.0, 1.0)


def test_a_class_that_is_not_tested_is_no_failure_if_it_is_answered() -> None:
    # three classes are known, two are tested, and one answer names the third
    truth, predicted = np.array([0, 0, 0, 1, 1]), np.array([0, 0, 2, 1, 1])
    some = ClassPredictions(truth, predicted, np.eye(3)[predicted], None)
    f1 = 2 * (2 / 3) / (1 + 2 / 3)
    assert measured_score(some, "macro-F1").value == pytest.approx((f1 + 1) / 2)
    rates = class_rates(some)
    assert rates.averages["macro"]["F1"] == pytest.approx((f1 + 1) / 2)
    assert math.isnan(rates.per_class["F1"][2])


def test_roc_curves_keep_the_corners_and_the_area(answers: ClassPredictions) -> None:
    curves = roc_curves(answers)
    for column, curve in enumerate(curves):
        assert curve is not None
        is_class = answers.truth == column
        assert curve.auc == pytest.approx(roc_auc_score(is_class, answers.probabilities[:, column]))
        assert np.trapezoid(curve.true_rate, curve.false_rate) == pytest.approx(curve.auc)
        full = roc_curve(is_class, answers.probabilities[:, column], drop_intermediate=False)[0]
        assert curve.false_rate.size < full.size / 2
    macro = macro_roc(curves)
    assert macro is not None
    expected = roc_auc_score(answers.truth, answers.probabilities, multi_class="ovr")
    assert macro.auc == pytest.approx(expected)
    assert np.trapezoid(macro.true_rate, macro.false_rate) == pytest.approx(expected, abs=0.005)


def test_a_class_absent_from_the_test_has_no_curve(answers: ClassPredictions) -> None:
    rows = np.flatnonzero(answers.truth != 1)
    without = ClassPredictions(
        answers.truth[rows], answers.predicted[rows], answers.probabilities[rows], None
    )
    curves = roc_curves(without)
    assert [curve is None for curve in curves] == [False, True, False]
    assert macro_roc([None, None]) is None


def test_reliability_bins_hold_every_answer_and_give_the_calibration_error(answers: ClassPredictions) -> None:
    bins = reliability(*answers.scored)
    assert bins.n_examples.sum() == 300
    gap = (bins.n_examples * abs(bins.accuracy - bins.confidence)).sum() / 300
    assert calibration_error(answers) == pytest.approx(gap)
    assert gap > 0.01


def test_group_scores_are_worst_first(answers: ClassPredictions) -> None:
    groups = group_scores(answers)
    assert sum(group.n for group in groups) == 300
    values = [group.score.value for group in groups]
    assert values == sorted(values)
    assert sum(group.n * group.score.value for group in groups) == pytest.approx(answers.hits.sum())
    assert all(group.score.interval.low < group.score.value < group.score.interval.high for group in groups)
    assert group_scores(replace(answers, groups=None)) == []


def test_honest_split_comes_first(experiment: Experiment) -> None:
    leaky, honest = experiment.splits
    unknown = replace(honest, split="unknown", leaky=None)
    ordered = ordered_splits(replace(experiment, splits=(leaky, unknown, honest)))
    assert [result.leaky for result in ordered] == [False, None, True]
    with pytest.raises(ParameterError, match="needs a tested split"):
        ordered_splits(replace(experiment, splits=()))


def test_answers_follow_the_labels_and_take_the_groups_of_the_tested(experiment: Experiment) -> None:
    leaky = experiment.splits[0]
    answers = class_predictions(experiment, leaky)
    assert [experiment.names[column] for column in answers.truth] == [
        experiment.corpus.examples[k].label for k in leaky.indices
    ]
    assert answers.hits.sum() == 23
    assert answers.groups is not None
    assert answers.groups[-1] == "group <5>"


def test_score_rows(experiment: Experiment) -> None:
    rows = report_of(experiment.head).score_rows(experiment)
    assert [(row.split, row.badge, row.method) for row in rows] == [
        ("unseen groups, 2 folds", "", "net"),
        ("unseen groups, 2 folds", "", "SVM on summary features"),
        ("unseen groups, 2 folds", "", "majority class"),
        ("random half", "leaky", "net"),
        ("random half", "leaky", "majority class"),
    ]
    assert [row.value for row in rows] == [38 / 48, 0.5, 0.25, 23 / 24, 0.5]
    assert all(row.interval.low <= row.value <= row.interval.high for row in rows)
    assert report_of(experiment.head).row_texts(rows[0])[3] == "79.2 %"


def mistake(example: int, cell: tuple[int, int], sureness: float, row: int | None = None) -> Mistake:
    return Mistake(example if row is None else row, example, cell, sureness, 0.1)


def test_mistakes_are_found_most_confident_first(experiment: Experiment, honest: SplitResult) -> None:
    found = find_mistakes(class_predictions(experiment, honest), honest.indices)
    assert {one.example for one in found} == {0, 1, 2, 3, 4, 10, 11, 20, 30, 40}
    assert [one.confidence for one in found] == sorted((one.confidence for one in found), reverse=True)
    for one in found:
        assert one.confidence == honest.outputs["net"][one.row].max()
        assert one.true_probability == pytest.approx((1 - one.confidence) / 3)


def test_fullest_cells_are_heard_and_then_the_most_confident() -> None:
    sure = [mistake(k, (0, 1), 0.99 - k / 1000) for k in range(20)]
    shy = [mistake(20 + k, (1, 0), 0.6 - k / 1000) for k in range(5)]
    lone = [mistake(30, (2, 0), 0.5)]
    heard = choose_audible([*sure, *shy, *lone], 4)
    assert [one.example for one in heard] == [0, 1, 2, 20]
    assert [one.example for one in choose_audible([*sure, *shy, *lone], 6)] == [0, 1, 2, 3, 20, 30]
    assert choose_audible([*sure, *shy, *lone], 26) == [*sure, *shy, *lone]
    assert choose_audible(sure, 0) == []


def test_an_example_tested_twice_is_heard_once_at_its_most_confident() -> None:
    twice = [mistake(7, (0, 1), 0.9, row=0), mistake(7, (0, 2), 0.8, row=1)]
    assert choose_audible(twice, 10) == twice[:1]


def test_log_loss_and_auc_of_chance(experiment: Experiment, honest: SplitResult) -> None:
    majority = class_predictions(experiment, honest, "majority")
    assert measured_score(majority, "AUC").value == 0.5
    expected = -(math.log(0.28) + 3 * math.log(0.24)) / 4
    assert measured_score(majority, "log loss").value == pytest.approx(expected)
