"""Counted scores: equal to scikit-learn, bound by their identities, honest about 0/0."""

import inspect
import json
import math
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from sklearn import metrics as sk

from woodshed.errors import ParameterError
from woodshed.metrics import confusion as cm

RATES = {
    rate.__name__: rate  # type: ignore[attr-defined]
    for rate in (
        cm.precision,
        cm.recall,
        cm.specificity,
        cm.false_positive_rate,
        cm.false_negative_rate,
        cm.negative_predictive_value,
        cm.f1,
    )
}
LABELS = ["noise", "blues", "eight", "a"]

confusions = hnp.arrays(
    np.int64, st.integers(1, 6).map(lambda n: (n, n)), elements=st.integers(0, 50)
).filter(lambda counts: counts.any())


def answers(seed: int) -> tuple[NDArray[np.str_], NDArray[np.str_]]:
    """Return random truth and answers; in some seeds a class is never true, or never answered."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(5, 200))
    usable = rng.permutation(LABELS)[: rng.integers(2, 5)]
    truth = rng.choice(usable, n)
    return truth, np.where(rng.random(n) < 0.4, truth, rng.choice(LABELS, n))


@pytest.mark.parametrize("seed", range(25))
def test_equals_scikit_learn(seed: int) -> None:
    truth, predicted = answers(seed)
    counts = cm.confusion_matrix(truth, predicted, LABELS)
    np.testing.assert_array_equal(counts, sk.confusion_matrix(truth, predicted, labels=LABELS))
    assert cm.accuracy(counts) == pytest.approx(sk.accuracy_score(truth, predicted), abs=1e-12)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scikit-learn warns of answers that are never true
        expected = sk.balanced_accuracy_score(truth, predicted)
    assert cm.balanced_accuracy(counts) == pytest.approx(expected, abs=1e-12)
    for name, theirs in (("precision", sk.precision_score), ("recall", sk.recall_score), ("f1", sk.f1_score)):
        for average in (None, "micro", "macro", "weighted"):
            for zero_division in (0.0, 1.0, np.nan):
                np.testing.assert_allclose(
                    RATES[name](counts, average=average, zero_division=zero_division),
                    theirs(truth, predicted, labels=LABELS, average=average, zero_division=zero_division),
                    rtol=0,
                    atol=1e-12,
                    err_msg=f"{name} {average} {zero_division}",
                )


@pytest.mark.parametrize("seed", range(25))
def test_one_against_rest_equals_scikit_learns_two_by_two_tables(seed: int) -> None:
    truth, predicted = answers(seed)
    counts = cm.confusion_matrix(truth, predicted, LABELS)
    tables = sk.multilabel_confusion_matrix(truth, predicted, labels=LABELS)
    (tn, fp), (fn, tp) = np.moveaxis(tables, 0, 2).astype(float)
    expected = {
        "specificity": (tn, tn + fp),
        "false_positive_rate": (fp, tn + fp),
        "false_negative_rate": (fn, tp + fn),
        "negative_predictive_value": (tn, tn + fn),
    }
    for name, (above, below) in expected.items():
        ratio = np.divide(above, below, out=np.zeros(4), where=below > 0)
        ours = RATES[name]
        np.testing.assert_allclose(ours(counts, zero_division=0.0), ratio, rtol=0, atol=1e-12)
        assert ours(counts, average="micro") == pytest.approx(above.sum() / below.sum(), abs=1e-12)
        assert ours(counts, average="macro", zero_division=0.0) == pytest.approx(ratio.mean(), abs=1e-12)
        weighted = np.average(ratio, weights=tp + fn)
        assert ours(counts, average="weighted", zero_division=0.0) == pytest.approx(weighted, abs=1e-12)


@settings(deadline=None)
@given(confusions)
def test_pooled_precision_recall_and_f1_are_the_accuracy(counts: NDArray[np.int64]) -> None:
    expected = cm.accuracy(counts)
    for rate in (cm.precision, cm.recall, cm.f1):
        assert rate(counts, average="micro") == pytest.approx(expected, abs=1e-12)


@settings(deadline=None)
@given(confusions)
def test_rates_of_the_same_examples_add_up_to_one(counts: NDArray[np.int64]) -> None:
    for one, other in (
        (cm.false_positive_rate, cm.specificity),
        (cm.false_negative_rate, cm.recall),
    ):
        total = one(counts, zero_division=math.nan) + other(counts, zero_division=math.nan)
        np.testing.assert_allclose(total[~np.isnan(total)], 1, atol=1e-12)


@settings(deadline=None)
@given(confusions)
def test_balanced_accuracy_is_macro_recall_of_the_classes_that_occur(counts: NDArray[np.int64]) -> None:
    expected = cm.recall(counts, average="macro", zero_division=math.nan)
    assert cm.balanced_accuracy(counts) == pytest.approx(expected, abs=1e-12)


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(LABELS), st.sampled_from(LABELS)), min_size=1))
def test_the_counts_add_up_to_the_examples(pairs: list[tuple[str, str]]) -> None:
    truth, predicted = zip(*pairs, strict=True)
    counts = cm.confusion_matrix(truth, predicted, LABELS)
    assert counts.sum() == len(pairs)
    assert counts.sum(axis=1).tolist() == [truth.count(label) for label in LABELS]
    assert counts.sum(axis=0).tolist() == [predicted.count(label) for label in LABELS]


def test_macro_f1_is_the_mean_of_f1_not_the_f1_of_the_means() -> None:
    counts = [[8, 2], [0, 0]]
    # F1 of the first class 16/18, of the second 0; mean precision 1/2 and mean recall 0.4 would give 0.444...
    assert cm.f1(counts, average="macro", zero_division=0.0) == pytest.approx(8 / 18, abs=1e-12)
    counts = [[9, 1], [5, 5]]
    mean_precision = (9 / 14 + 5 / 6) / 2
    of_means = 2 * mean_precision * 0.7 / (mean_precision + 0.7)
    assert cm.f1(counts, average="macro") == pytest.approx((18 / 24 + 10 / 16) / 2, abs=1e-12)
    assert abs(cm.f1(counts, average="macro") - of_means) > 0.01


def test_always_answering_the_majority_is_seen_through() -> None:
    counts = [[95, 0], [5, 0]]
    assert cm.accuracy(counts) == cm.majority_rate(counts) == 0.95
    assert cm.balanced_accuracy(counts) == 0.5


def test_nothing_over_nothing_is_zero_with_a_warning_that_names_the_score() -> None:
    counts = [[3, 0], [1, 0]]
    with pytest.warns(cm.UndefinedMetricWarning, match=r"precision is 0/0 for 1 of 2 classes") as caught:
        assert cm.precision(counts).tolist() == [0.75, 0.0]
    assert caught[0].filename == __file__
    with pytest.warns(cm.UndefinedMetricWarning, match="Pass zero_division"):
        assert cm.precision(counts, average="macro") == 0.375


def test_a_chosen_value_silences_the_warning() -> None:
    counts = [[3, 0], [1, 0]]
    assert cm.precision(counts, zero_division=1.0).tolist() == [0.75, 1.0]
    assert cm.precision(counts, average="macro", zero_division=math.nan) == 0.75
    assert cm.precision(counts, average="micro") == 0.75  # 3/4 is defined: nothing to warn of
    assert math.isnan(cm.specificity([[4]], average="micro", zero_division=math.nan))


def test_evaluate_holds_every_score_as_plain_values() -> None:
    counts = cm.confusion_matrix(["a", "a", "b", "b"], ["a", "b", "b", "b"], ["a", "b", "c"])
    scores = cm.evaluate(counts)
    assert json.loads(json.dumps(scores)) == scores
    assert {
        "n_examples",
        "majority_rate",
        "accuracy",
        "balanced_accuracy",
        "confusion_matrix",
        *RATES,
    } == set(scores)
    assert scores["n_examples"] == 4
    assert scores["confusion_matrix"] == [[1, 1, 0], [0, 2, 0], [0, 0, 0]]
    for name, rate in RATES.items():
        assert scores[name]["per_class"] == rate(counts, zero_division=0.0).tolist()
        for average in ("micro", "macro", "weighted"):
            assert scores[name][average] == rate(counts, average=average, zero_division=0.0)
    assert scores["precision"]["n_undefined"] == scores["recall"]["n_undefined"] == 1
    assert scores["specificity"]["n_undefined"] == 0


@pytest.mark.parametrize("name", RATES)
def test_help_shows_how_to_call_a_rate(name: str) -> None:
    rate = RATES[name]
    assert list(inspect.signature(rate).parameters) == ["confusion", "average", "zero_division"]
    assert rate.__doc__
    assert "Examples" in rate.__doc__
    assert rate.__module__ == "woodshed.metrics.confusion"


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        ([[1, 2, 3]], r"shape \(n_classes, n_classes\), got \(1, 3\)"),
        ([1, 2], "Compute it with confusion_matrix"),
        ([[1, -1], [0, 1]], "finite, non-negative counts"),
        ([[1, np.nan], [0, 1]], "finite, non-negative counts"),
        ([["1"]], "finite, non-negative counts"),
        ([[0.5, 0.5], [0, 1]], "integer counts, got fractions"),
        ([[0, 0], [0, 0]], "all counts are 0"),
    ],
)
def test_what_is_no_confusion_matrix_is_refused(counts: list[object], message: str) -> None:
    for score in (cm.accuracy, cm.recall, cm.evaluate):
        with pytest.raises(ParameterError, match=message):
            score(counts)


def test_answers_must_match_the_truth() -> None:
    with pytest.raises(ParameterError, match="one length of at least 1, got 2 and 1"):
        cm.confusion_matrix(["a", "b"], ["a"], ["a", "b"])
    with pytest.raises(ParameterError, match="at least 1"):
        cm.confusion_matrix([], [], ["a", "b"])
    with pytest.raises(ParameterError, match="predicted holds 'c'"):
        cm.confusion_matrix(["a"], ["c"], ["a", "b"])
    with pytest.raises(ParameterError, match="average must be"):
        cm.recall([[1]], average="samples")  # type: ignore[call-overload]
