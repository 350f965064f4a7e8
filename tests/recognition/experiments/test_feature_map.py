"""The line that parts two classes: its numbers are those of the theory and of scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.feature_selection import f_classif
from sklearn.svm import SVC

from woodshed.recognition.experiments.feature_map import discriminative_pair, separate


def cloud(gap: float, n: tuple[int, int] = (60, 60), seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return two round clouds, so many standard deviations apart on both features, in unlike units."""
    rng = np.random.default_rng(seed)
    columns = np.repeat([0, 1], n)
    points = rng.normal(size=(sum(n), 2)) + gap * columns[:, None]
    return points * [1.0, 500.0] + [0.0, 3000.0], columns


def test_four_points_have_the_line_that_geometry_gives_them() -> None:
    points = np.array([[0.0, 0.0], [0.0, 1.0], [4.0, 0.0], [4.0, 1.0]])
    found = separate(points, np.array([0, 0, 1, 1]))
    assert found.boundary is not None
    # Standardised, the classes stand at -1 and 1 of the first feature: w = (1, 0), b = 0, margin 2.
    assert found.boundary.weights == pytest.approx([1, 0], abs=1e-4)
    assert found.boundary.bias == pytest.approx(0, abs=1e-4)
    assert found.boundary.margin == pytest.approx(2, abs=1e-3)
    assert found.class_at(np.array([[1.9, 7.0], [2.1, -7.0]])).tolist() == [0, 1]


@pytest.mark.parametrize("gap", [1.0, 2.0, 6.0])
def test_support_vectors_lie_on_their_margin_or_beyond_it_and_no_other_point_does(gap: float) -> None:
    points, columns = cloud(gap)
    found = separate(points, columns)
    boundary = found.boundary
    assert boundary is not None
    f = found.standardise(points) @ boundary.weights + boundary.bias
    inwards = np.where(columns == 1, 1, -1) * f  # 1 on the own margin, less beyond it
    assert inwards[boundary.support].max() == pytest.approx(1, abs=1e-3)
    others = np.setdiff1d(np.arange(len(points)), boundary.support)
    assert (inwards[others] > 1 - 1e-3).all()
    assert boundary.margin == pytest.approx(2 / np.hypot(*boundary.weights))
    assert (found.class_at(points) == (f > 0)).all()
    standard = found.standardise(points)
    assert standard.mean(axis=0) == pytest.approx(0, abs=1e-9)
    assert standard.std(axis=0) == pytest.approx(1)


@pytest.mark.parametrize("n_classes", [2, 3, 7])
def test_every_place_has_the_class_that_scikit_learn_gives_it(n_classes: int) -> None:
    rng = np.random.default_rng(0)
    columns = np.arange(200) % n_classes
    points = rng.normal(size=(200, 2)) + 2 * rng.normal(size=(n_classes, 2))[columns]
    found = separate(points, columns)
    machine = SVC(kernel="linear", class_weight="balanced", break_ties=True, tol=1e-6)
    machine.fit(found.standardise(points), columns)
    places = rng.uniform(-6, 6, (2000, 2))
    assert found.class_at(places).tolist() == machine.predict(found.standardise(places)).tolist()


def test_the_other_points_do_not_hold_the_line() -> None:
    points, columns = cloud(4.0)
    found = separate(points, columns)
    assert found.boundary is not None
    held = found.boundary.support
    alone = SVC(kernel="linear", tol=1e-6).fit(found.standardise(points)[held], columns[held])
    assert alone.coef_[0] == pytest.approx(found.boundary.weights, abs=1e-3)
    assert alone.intercept_[0] == pytest.approx(found.boundary.bias, abs=1e-3)


def test_a_rare_class_counts_as_much_as_a_common_one() -> None:
    points, columns = cloud(1.5, (300, 15))
    found = separate(points, columns)
    assert (found.class_at(points)[columns == 1] == 1).mean() > 0.6


def test_three_classes_have_regions_and_no_line() -> None:
    rng = np.random.default_rng(0)
    columns = np.arange(90) % 3
    points = np.array([[0, 0], [8, 0], [0, 8]])[columns] + rng.normal(size=(90, 2))
    found = separate(points, columns)
    assert found.boundary is None
    assert (found.class_at(points) == columns).mean() > 0.95


def test_the_pair_is_the_best_by_f_that_does_not_say_the_same() -> None:
    rng = np.random.default_rng(0)
    columns = np.arange(120) % 3
    rows = rng.normal(size=(120, 6))
    rows[:, 4] += 3 * columns
    rows[:, 1] = rows[:, 4] * -20 + rng.normal(0, 1, 120)  # nearly the same, the other way round
    rows[:, 2] += 1 * columns
    rows[:, 5] = 7.0
    told = f_classif(rows[:, :5], columns)[0]
    assert set(np.argsort(-told)[:2]) == {1, 4}
    assert abs(np.corrcoef(rows[:, 1], rows[:, 4])[0, 1]) > 0.9
    assert discriminative_pair(rows, columns) == (int(told.argmax()), 2)


def test_there_is_no_pair_where_nothing_differs_in_two_ways() -> None:
    told = np.arange(10.0)
    columns = np.arange(10) % 2
    assert discriminative_pair(np.stack([told, np.ones(10)], axis=1), columns) is None
    assert discriminative_pair(np.stack([told, 3 - 2 * told], axis=1), columns) is None
