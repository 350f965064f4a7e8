"""Scores of probabilities: equal to scikit-learn, and to the definitions where it has none."""

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import mannwhitneyu
from sklearn import metrics as sk

from woodshed.errors import ParameterError
from woodshed.metrics import probability as pm

LABELS = ["yes", "no", "silence", "up"]

# Few distinct scores, so that ties are frequent.
scored = st.lists(st.tuples(st.booleans(), st.integers(0, 8)), min_size=2, max_size=40).filter(
    lambda rows: len({positive for positive, _ in rows}) == 2
)


def answers(seed: int, n_classes: int = 4) -> tuple[NDArray[np.str_], NDArray[np.float64], list[str]]:
    """Return truth, rounded probabilities (so that some tie) and labels; every class occurs."""
    rng = np.random.default_rng(seed)
    labels = LABELS[:n_classes]
    n = int(rng.integers(20, 150))
    index = np.concatenate([np.arange(n_classes), rng.integers(n_classes, size=n - n_classes)])
    logits = rng.normal(size=(n, n_classes)).round(1) + np.eye(n_classes)[index] * rng.uniform(0, 2)
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return np.array(labels)[index], probabilities, labels


def in_sorted_order(
    probabilities: NDArray[np.float64], labels: list[str]
) -> tuple[list[str], NDArray[np.float64]]:
    """Return what scikit-learn insists on: labels in sorted order."""
    order = np.argsort(labels)
    return [labels[k] for k in order], probabilities[:, order]


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-12), (np.float32, 1e-6)])
def test_log_loss_equals_scikit_learn(seed: int, dtype: type, tolerance: float) -> None:
    truth, probabilities, labels = answers(seed)
    probabilities[0] = np.eye(4)[1]  # certain, and wrong: the first true label is labels[0]
    probabilities = probabilities.astype(dtype)
    theirs, ordered = in_sorted_order(probabilities, labels)
    expected = sk.log_loss(truth, ordered, labels=theirs)
    # scikit-learn sums float32 in float32, hence the second tolerance.
    assert pm.log_loss(truth, probabilities, labels) == pytest.approx(expected, rel=0, abs=tolerance)


def test_log_loss_in_theory() -> None:
    for n_classes in (2, 10, 35):
        labels = list(range(n_classes))
        even = np.full((n_classes, n_classes), 1 / n_classes)
        assert pm.log_loss(labels, even, labels) == pytest.approx(math.log(n_classes), abs=1e-12)
    assert pm.log_loss(["a"], [[1, 0]], ["a", "b"]) == pytest.approx(0, abs=1e-15)
    assert pm.log_loss(["b"], [[1, 0]], ["a", "b"]) == pytest.approx(52 * math.log(2), abs=1e-12)
    single = np.array([[1, 0]], np.float32)
    assert pm.log_loss(["b"], single, ["a", "b"]) == pytest.approx(23 * math.log(2), abs=1e-12)


@pytest.mark.parametrize("seed", range(20))
def test_roc_curve_equals_scikit_learn(seed: int) -> None:
    rng = np.random.default_rng(seed)
    positive = np.concatenate([[True, False], rng.random(60) < 0.3])
    score = rng.normal(size=62).round(1)
    ours = pm.roc_curve(positive, score)
    for mine, theirs in zip(ours, sk.roc_curve(positive, score, drop_intermediate=False), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=0, atol=1e-12)
    assert pm.roc_auc(positive, score) == pytest.approx(sk.roc_auc_score(positive, score), abs=1e-12)


@settings(deadline=None)
@given(scored)
def test_a_roc_curve_rises_from_corner_to_corner(rows: list[tuple[bool, int]]) -> None:
    positive, score = zip(*rows, strict=True)
    fpr, tpr, thresholds = pm.roc_curve(positive, score)
    assert (fpr[0], tpr[0], fpr[-1], tpr[-1]) == (0, 0, 1, 1)
    assert (np.diff(fpr) >= 0).all()
    assert (np.diff(tpr) >= 0).all()
    assert (np.diff(thresholds) < 0).all()
    called = np.array(score) >= thresholds[1]
    assert tpr[1] == pytest.approx(called[np.array(positive)].mean())
    assert fpr[1] == pytest.approx(called[~np.array(positive)].mean())


@settings(deadline=None)
@given(scored)
def test_area_is_u_over_all_pairs_and_the_chance_of_the_right_order(rows: list[tuple[bool, int]]) -> None:
    positive, score = (np.array(column) for column in zip(*rows, strict=True))
    above, below = score[positive], score[~positive]
    area = pm.roc_auc(positive, score)
    u_statistic = mannwhitneyu(above, below, method="asymptotic").statistic
    assert area == pytest.approx(u_statistic / (above.size * below.size), abs=1e-12)
    difference = above[:, np.newaxis] - below
    assert area == pytest.approx((difference > 0).mean() + (difference == 0).mean() / 2, abs=1e-12)
    fpr, tpr, _ = pm.roc_curve(positive, score)
    assert area == pytest.approx(np.trapezoid(tpr, fpr), abs=1e-12)


@settings(deadline=None)
@given(scored)
def test_area_ignores_rising_transforms_and_turns_with_falling_ones(rows: list[tuple[bool, int]]) -> None:
    positive, score = (np.array(column) for column in zip(*rows, strict=True))
    area = pm.roc_auc(positive, score)
    assert pm.roc_auc(positive, np.exp(score)) == area
    assert pm.roc_auc(positive, 3 * score - 100) == area
    assert pm.roc_auc(positive, -score) == pytest.approx(1 - area, abs=1e-12)
    assert pm.roc_auc(~positive, score) == pytest.approx(1 - area, abs=1e-12)


def test_area_of_one_class_alone_is_undefined() -> None:
    assert math.isnan(pm.roc_auc([True, True], [0.1, 0.2]))
    assert math.isnan(pm.roc_auc([False], [0.1]))
    fpr, tpr, _ = pm.roc_curve([True, True], [0.1, 0.2])
    assert np.isnan(fpr).all()
    assert tpr.tolist() == [0, 0.5, 1]


@pytest.mark.parametrize("seed", range(20))
def test_areas_of_many_classes_equal_scikit_learn(seed: int) -> None:
    truth, probabilities, labels = answers(seed)
    theirs, ordered = in_sorted_order(probabilities, labels)
    expected = {
        average: sk.roc_auc_score(truth, ordered, labels=theirs, multi_class="ovr", average=average)
        for average in (None, "micro", "macro", "weighted")
    }
    per_class = pm.roc_auc_one_vs_rest(truth, probabilities, labels)
    np.testing.assert_allclose(per_class[np.argsort(labels)], expected.pop(None), rtol=0, atol=1e-12)
    for average, value in expected.items():
        ours = pm.roc_auc_one_vs_rest(truth, probabilities, labels, average=average)
        assert ours == pytest.approx(value, abs=1e-12)
    one_vs_one = sk.roc_auc_score(truth, ordered, labels=theirs, multi_class="ovo")
    assert pm.roc_auc_one_vs_one(truth, probabilities, labels) == pytest.approx(one_vs_one, abs=1e-12)


def test_one_vs_one_does_not_see_how_frequent_a_class_is() -> None:
    truth, probabilities, labels = answers(3, n_classes=3)
    repeats = np.where(truth == labels[0], 7, 1)
    once = pm.roc_auc_one_vs_one(truth, probabilities, labels)
    often = pm.roc_auc_one_vs_one(
        np.repeat(truth, repeats), np.repeat(probabilities, repeats, axis=0), labels
    )
    assert often == pytest.approx(once, abs=1e-12)
    rest = pm.roc_auc_one_vs_rest(truth, probabilities, labels, average="macro")
    rest_often = pm.roc_auc_one_vs_rest(
        np.repeat(truth, repeats), np.repeat(probabilities, repeats, axis=0), labels, average="macro"
    )
    assert abs(rest_often - rest) > 1e-4


def test_absent_classes_are_left_out_of_the_mean_and_counted() -> None:
    truth, probabilities, labels = answers(5, n_classes=3)
    present = truth != labels[1]
    scores = pm.evaluate(truth[present], probabilities[present], labels)
    areas = scores["roc_auc"]
    assert areas["n_undefined"] == 1
    assert math.isnan(areas["per_class"][1])
    assert areas["macro"] == pytest.approx((areas["per_class"][0] + areas["per_class"][2]) / 2, abs=1e-12)
    assert 0.5 < areas["one_vs_one"] <= 1
    alone = pm.evaluate(["a"], [[0.5, 0.5]], ["a", "b"])["roc_auc"]
    assert alone["n_undefined"] == 2
    assert math.isnan(alone["macro"])
    assert math.isnan(alone["one_vs_one"])


def test_evaluate_holds_every_score_as_plain_values() -> None:
    truth, probabilities, labels = answers(1)
    scores = pm.evaluate(truth, probabilities.astype(np.float32), labels)
    assert json.loads(json.dumps(scores)) == scores
    assert set(scores) == {"log_loss", "bits", "perplexity", "roc_auc"}
    assert set(scores["roc_auc"]) == {"per_class", "micro", "macro", "weighted", "one_vs_one", "n_undefined"}
    assert scores["perplexity"] == pytest.approx(2 ** scores["bits"])
    even = pm.evaluate(["a", "b"], [[0.5, 0.5]] * 2, ["a", "b"])
    assert even["bits"] == pytest.approx(1)
    assert even["perplexity"] == pytest.approx(2)


@pytest.mark.parametrize(
    ("truth", "probabilities", "message"),
    [
        (["a"], [[0.5, 0.6]], "row 0 sums to 1.1"),
        (["a", "b"], [[1, 0], [0.2, 0.2]], "row 1 sums to 0.4"),
        (["a"], [[1.2, -0.2]], "got -0.2. Apply softmax first"),
        (["a"], [[np.nan, 1]], "must be 0 to 1, got nan"),
        (["a"], [[np.inf, 0]], "must sum to 1"),
        (["a"], [[0.2, 0.3, 0.5]], r"shape \(1, 2\) for 1 examples and 2 labels, got \(1, 3\)"),
        (["a", "b"], [[0.5, 0.5]], "one row for each example"),
        ([], np.zeros((0, 2)), "at least one"),
        (["c"], [[0.5, 0.5]], "truth holds 'c'"),
    ],
)
def test_what_are_no_probabilities_is_refused(truth: list[str], probabilities: object, message: str) -> None:
    for score in (pm.log_loss, pm.roc_auc_one_vs_rest, pm.evaluate):
        with pytest.raises(ParameterError, match=message):
            score(truth, probabilities, ["a", "b"])


def test_other_arguments_out_of_range_are_refused() -> None:
    with pytest.raises(ParameterError, match="average must be"):
        pm.roc_auc_one_vs_rest(["a"], [[1, 0]], ["a", "b"], average="samples")  # type: ignore[call-overload]
    for curve in (pm.roc_auc, pm.roc_curve):
        with pytest.raises(ParameterError, match="got NaN or infinity"):
            curve([True, False], [0.1, np.nan])
        with pytest.raises(ParameterError, match="same shape"):
            curve([True, False], [0.1])
        with pytest.raises(ParameterError, match="Compare first"):
            curve(["a", "b"], [0.1, 0.2])
