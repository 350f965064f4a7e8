"""Kernel ridge: it picks the values that tell, counts classes alike, and stays sound with many clips."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from woodshed.recognition.classical import kernel_ridge
from woodshed.recognition.classical.kernel_ridge import KernelRidge, value_weights
from woodshed.recognition.classical.model import Case, fit_model, probabilities


def needle(n: int, seed: int, n_values: int = 400) -> tuple[np.ndarray, np.ndarray]:
    """Return rows in which the first two values say which of three classes it is, and all others nothing."""
    rng = np.random.default_rng(seed)
    columns = np.arange(n) % 3
    rows = rng.normal(size=(n, n_values))
    rows[:, :2] += 2.0 * np.eye(3)[columns][:, :2]
    return rows, columns


def accuracy(model: Any, rows: np.ndarray, columns: np.ndarray) -> float:
    return float(np.mean(probabilities(model, rows).argmax(axis=1) == columns))


def test_it_finds_two_values_that_tell_among_four_hundred() -> None:
    rows, columns = needle(60, 0)
    model = fit_model("kernel-ridge", rows, columns)
    assert set(np.argsort(-np.abs(model.scale_))[:2]) == {0, 1}
    unseen = needle(600, 1)
    # The two values alone allow about 0.8; models that weigh all values alike do little better than chance.
    assert accuracy(model, *unseen) > 0.7
    assert accuracy(model, *unseen) > accuracy(fit_model("svm", rows, columns), *unseen) + 0.1


def test_the_weight_is_that_of_the_analysis_of_variance() -> None:
    from sklearn.feature_selection import f_classif

    rows, columns = needle(90, 2, n_values=6)
    weights = value_weights((rows - rows.mean(axis=0)) / rows.std(axis=0), np.eye(3)[columns])
    f_ratio = f_classif(rows, columns)[0] * 2 / 87  # without its degrees of freedom
    assert weights == pytest.approx(f_ratio**0.75, rel=1e-6)


def test_of_numbers_the_weight_is_by_their_correlation() -> None:
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(200, 3))
    answers = rows[:, 1] + 0.5 * rng.normal(size=200)
    share = np.corrcoef(rows[:, 1], answers)[0, 1] ** 2
    weights = value_weights((rows - rows.mean(axis=0)) / rows.std(axis=0), answers[:, np.newaxis])
    assert weights[1] == pytest.approx((share / (1 - share)) ** 0.75)
    model = KernelRidge(is_classifier=False).fit(rows[:150], answers[:150])
    wrong = model.predict(rows[150:]) - answers[150:]
    assert np.mean(wrong**2) < 0.4 * answers.var()


def test_a_rare_class_counts_as_much_as_a_common_one() -> None:
    rng = np.random.default_rng(0)
    columns = np.repeat([0, 1], [400, 20])
    rows = rng.normal(columns[:, None] * 1.5, 1, (420, 1))
    model = fit_model("kernel-ridge", rows, columns)
    assert probabilities(model, rng.normal(1.5, 1, (500, 1))).argmax(axis=1).mean() > 0.6


def test_a_clip_of_weight_nought_is_not_learned_from() -> None:
    rows, columns = needle(60, 3, n_values=5)
    weights = (np.arange(60) < 45).astype(np.float64)
    wrong = np.where(weights > 0, columns, 2 - columns)
    weighted = fit_model("kernel-ridge", rows, wrong, weights=weights)
    without = fit_model("kernel-ridge", rows[:45], columns[:45])
    assert np.allclose(probabilities(weighted, rows), probabilities(without, rows), atol=1e-6)


def test_what_is_unlike_everything_known_is_called_nothing() -> None:
    model = fit_model("kernel-ridge", *needle(60, 0, n_values=4))
    assert probabilities(model, np.full((1, 4), 1e4))[0] == pytest.approx(1 / 3)


def test_values_that_never_change_do_no_harm() -> None:
    rows, columns = needle(60, 0, n_values=4)
    rows[:, 3] = 7.0
    model = fit_model("kernel-ridge", rows, columns)
    assert model.scale_[3] == 0
    assert accuracy(model, rows, columns) > 0.7
    assert np.isfinite(probabilities(fit_model("kernel-ridge", np.ones((6, 4)), columns[:6]), rows)).all()


def test_with_more_clips_than_it_remembers_all_still_count(monkeypatch: pytest.MonkeyPatch) -> None:
    rows, columns = needle(600, 0, n_values=20)
    everything = fit_model("kernel-ridge", rows, columns)
    monkeypatch.setattr(kernel_ridge, "N_LANDMARKS", 120)
    thinned = fit_model("kernel-ridge", rows, columns)
    assert len(thinned.landmarks_) == 120
    unseen, truth = needle(600, 1, n_values=20)
    few = fit_model("kernel-ridge", rows[::5], columns[::5])
    same = [
        np.mean(probabilities(one, unseen).argmax(axis=1) == probabilities(everything, unseen).argmax(axis=1))
        for one in (thinned, few)
    ]
    assert same[0] > max(0.95, same[1]), "nearer to what all rows say than a model that saw 120 of them"
    assert accuracy(thinned, unseen, truth) > 0.7


def two_ways(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return rows of two views: each says something of three classes, the second in many values alike."""
    rng = np.random.default_rng(seed)
    columns = np.arange(n) % 3
    first, second = (1.2 * np.eye(3)[columns] + rng.normal(size=(n, 3)) for _ in range(2))
    copies = np.repeat(second, 60, axis=1) + 0.3 * rng.normal(size=(n, 180))
    return np.hstack([first, copies]), columns


def test_views_are_asked_one_by_one_so_that_a_long_one_does_not_drown_a_short_one() -> None:
    rows, columns = two_ways(150, 0)
    unseen = two_ways(1500, 1)
    pooled = fit_model("kernel-ridge", rows, columns, case=Case(blocks=(3, 180)))
    at_once = fit_model("kernel-ridge", rows, columns)
    assert [len(one.mean_) for one in pooled.estimators_] == [3, 180]
    assert accuracy(pooled, *unseen) > accuracy(at_once, *unseen) + 0.03


def test_numbers_are_the_mean_of_what_the_views_say() -> None:
    rows, columns = two_ways(60, 0)
    model = KernelRidge(is_classifier=False, blocks=(3, 180)).fit(rows, columns.astype(float))
    parts = [
        one.predict(part) for one, part in zip(model.estimators_, np.split(rows, [3], axis=1), strict=True)
    ]
    assert model.predict(rows) == pytest.approx(np.mean(parts, axis=0))


@pytest.mark.parametrize("weighted", [True, False])
def test_the_solution_is_that_of_scikit_learn_on_the_weighted_values(weighted: bool) -> None:
    from sklearn import kernel_ridge as sklearn_kernel_ridge

    rows, columns = needle(60, 0, n_values=20)
    weights = np.random.default_rng(0).uniform(0.5, 2, 60) if weighted else np.ones(60)
    model = KernelRidge(is_classifier=False).fit(rows, columns.astype(float), weights)
    values = model._transform(rows).astype(np.float64)
    other = sklearn_kernel_ridge.KernelRidge(kernel="rbf", gamma=model.width / 20, alpha=model.ridge)
    other.fit(values, columns, sample_weight=weights / weights.mean())
    assert model.predict(rows) == pytest.approx(other.predict(values), abs=1e-4)
