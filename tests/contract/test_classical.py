"""Promises of every classical model in the registry, and the cost of a new one: one file and one line."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import woodshed
from woodshed.errors import ParameterError
from woodshed.recognition.classical import CLASSICAL, forest
from woodshed.recognition.classical.model import (
    Case,
    ClassicalPredictor,
    classical_model,
    fit_columns,
    fit_model,
    model_to_bytes,
    predict_columns,
    probabilities,
)
from woodshed.report.wording import method_name
from woodshed.tasks import task_class

N_VALUES = 6

every_model = pytest.mark.parametrize("name", list(CLASSICAL))


@pytest.fixture(autouse=True)
def _few_trees(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forest, "N_TREES", 40)
    monkeypatch.setattr(forest, "N_TREES_VALUES", 40)


def examples(seed: int, n: int = 90) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return rows, three classes that two of their values tell apart, and a number that a third one tells."""
    rng = np.random.default_rng(seed)
    columns = rng.permutation(np.arange(n) % 3)
    rows = rng.normal(size=(n, N_VALUES))
    rows[:, :2] += 4 * np.eye(3)[columns][:, :2]
    return rows, columns, 100 + 10 * rows[:, 2]


# -- the promises ---------------------------------------------------------------------------------


@every_model
def test_it_predicts_classes(name: str) -> None:
    rows, columns, _ = examples(0)
    unseen, truth, _ = examples(1)
    shares = probabilities(fit_model(name, rows, columns), unseen)
    assert shares.shape == (90, 3)
    assert ((shares >= 0) & (shares <= 1)).all()
    assert shares.sum(axis=1) == pytest.approx(1, abs=1e-12)
    assert (shares.argmax(axis=1) == truth).mean() > 0.85


@every_model
def test_it_predicts_tags_and_values_where_they_are_known(name: str) -> None:
    rows, columns, number = examples(0)
    unseen, truth, other = examples(1)
    tags = np.stack([columns == 0, columns == 1, np.ones(90)], axis=1).astype(float)
    tags[:10, 1] = np.nan
    predicted = predict_columns(fit_columns(name, rows, tags, discrete=True), unseen)
    assert ((predicted >= 0) & (predicted <= 1)).all()
    assert ((predicted[:, 0] > 0.5) == (truth == 0)).mean() > 0.85
    assert ((predicted[:, 1] > 0.5) == (truth == 1)).mean() > 0.85
    assert (predicted[:, 2] == 1).all()
    model = fit_columns(name, rows, np.stack([number, -number], axis=1), discrete=False)
    values = predict_columns(model, unseen)
    assert np.mean((values[:, 0] - other) ** 2) < 0.6 * np.var(other)
    assert values[:, 1] == pytest.approx(-values[:, 0], abs=1)


@every_model
def test_rows_of_weight_0_are_left_out(name: str) -> None:
    rows, columns, number = examples(0)
    used = np.arange(90) < 60
    weights = np.where(used, 1.5, 0.0)
    rows[~used], columns[~used], number[~used] = 1e3, 2 - columns[~used], -1e6
    unseen = examples(1)[0]
    weighted = fit_model(name, rows, columns, weights=weights)
    without = fit_model(name, rows[used], columns[used], weights=weights[used])
    assert np.array_equal(probabilities(weighted, unseen), probabilities(without, unseen))
    for discrete, targets in ((True, np.eye(3)[columns]), (False, number[:, np.newaxis])):
        weighted, without = (
            fit_columns(name, rows[some], targets[some], discrete=discrete, weights=weights[some])
            for some in (slice(None), used)
        )
        assert np.array_equal(predict_columns(weighted, unseen), predict_columns(without, unseen))


@every_model
def test_a_class_whose_rows_all_have_weight_0_is_refused(name: str) -> None:
    rows, columns, _ = examples(0)
    with pytest.raises(ParameterError, match="sample_weight is 0 for every clip of a class"):
        fit_model(name, rows, columns, weights=(columns != 1).astype(float))


@every_model
def test_the_same_seed_gives_the_same_model_with_any_number_of_threads(name: str) -> None:
    rows, columns, _ = examples(0)
    first, second = (
        model_to_bytes(name, fit_model(name, rows, columns, case=Case(seed=3, n_jobs=n_jobs)), N_VALUES)
        for n_jobs in (1, 2)
    )
    assert first == second


@every_model
def test_its_file_predicts_what_the_estimators_predict(name: str) -> None:
    rows, columns, number = examples(0)
    unseen = examples(1)[0]
    model = fit_model(name, rows, columns)
    expected = {"classes": (model, probabilities(model, unseen))}
    targets = {"tags": np.eye(3)[columns], "values": np.stack([number, number**2, -number], axis=1)}
    for kind, some in targets.items():
        model = fit_columns(name, rows, some, discrete=kind == "tags")
        expected[kind] = model, predict_columns(model, unseen)
    for model, answers in expected.values():
        predictor = ClassicalPredictor(model_to_bytes(name, model, N_VALUES), n_values=N_VALUES, n_outputs=3)
        predicted = predictor.predict_each(unseen)
        assert predicted == pytest.approx(answers, rel=1e-4, abs=1e-4)
        assert np.array_equal(predicted.argmax(axis=1), answers.argmax(axis=1))


@every_model
def test_it_says_what_it_is_and_how_its_fit_time_grows(name: str) -> None:
    model = classical_model(name)
    assert model.description
    assert model.fit_time_exponent in (1, 2, 3)
    assert method_name(name) == f"{model.description} on summary features"


# -- what a new one costs -------------------------------------------------------------------------

TOY_MODULE = '''
"""Nearest centroid, with probabilities that fall with the squared distance."""

import numpy as np

from woodshed.recognition.classical.model import ClassicalModel


class NearestCentroid:
    def fit(self, rows, targets):
        self.classes_ = np.unique(targets)
        self.centroids_ = np.stack([rows[targets == one].mean(axis=0) for one in self.classes_])
        self.scale_ = 1 / rows.var()
        return self

    def predict_proba(self, rows):
        scores = -self.scale_ * np.square(rows[:, None] - self.centroids_).sum(axis=2)
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        return shares / shares.sum(axis=1, keepdims=True)


class Mean:
    def fit(self, rows, targets):
        self.mean_ = targets.mean()
        return self

    def predict(self, rows):
        return np.full(len(rows), self.mean_)


def export(graph, rows, estimator):
    if isinstance(estimator, Mean):
        return graph.linear(rows, np.zeros((graph.n_values, 1)), np.array([estimator.mean_]))
    distances = graph.squared_distances(rows, estimator.centroids_)
    return graph.node("Softmax", graph.node("Mul", distances, graph.constant(-estimator.scale_)), axis=1)


MODEL = ClassicalModel(
    build_classifier=lambda case, n_rows: NearestCentroid(),
    build_regressor=lambda case, n_rows: Mean(),
    export=export,
    description="nearest centroid",
)
'''


@pytest.fixture
def toy_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Add a model to the registry: one file, one line."""
    (tmp_path / "toy_centroid.py").write_text(TOY_MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(CLASSICAL, "toy", "toy_centroid:MODEL")
    yield "toy"
    sys.modules.pop("toy_centroid", None)


ANSWERS: dict[str, Callable[[list[str]], list[Any]]] = {
    "noise": lambda labels: labels,
    "tags": lambda labels: [[label] for label in labels],
    "mood": lambda labels: [{"valence": float(len(label))} for label in labels],
}


@pytest.mark.parametrize("task", list(ANSWERS))
def test_a_new_model_is_one_file_and_one_line(task: str, toy_model: str, toy: Any, tmp_path: Path) -> None:
    model = task_class(task)(net=toy_model).fit(toy.clips, ANSWERS[task](toy.labels))
    expected = model.predict(toy.clips[:5])
    if task == "noise":
        assert model.score(toy.clips, toy.labels) > 0.5
    model.save(tmp_path / "model")
    loaded = woodshed.load(tmp_path / "model")
    assert loaded.net == toy_model
    assert np.array_equal(loaded.predict(toy.clips[:5]), expected)
    assert method_name(toy_model) == "nearest centroid on summary features"
    assert toy_model in model.learner.alternatives(model)
