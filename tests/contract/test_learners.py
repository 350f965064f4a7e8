"""What every learner promises, whatever it fits."""

from __future__ import annotations

import importlib
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import woodshed
from woodshed.errors import DataError, ParameterError
from woodshed.recognition.learners import LEARNERS, Learner, all_file_names, learner_of, models
from woodshed.tasks import task_class
from woodshed.training.progress import LearningCurve

MODELS = {"classical": "knn", "net": "mlp"}
"""Name of a learner -> a model that it fits in a second; a new learner needs one."""

QUICK = {"epochs": 2, "window_s": 0.35, "n_mels": 16, "width": 4, "n_augmentations": 1, "sample_rate": 8000}


@pytest.fixture(params=LEARNERS)
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def learner(name: str) -> Learner:
    return learner_of(MODELS[name])


@pytest.fixture
def estimator(name: str) -> Any:
    """Return an unfitted recogniser that the learner fits."""
    return task_class("noise")(**QUICK, net=MODELS[name])


@pytest.fixture
def fitted_one(estimator: Any, toy: Any) -> Any:
    return estimator.fit(toy.clips, toy.labels, toy.groups)


def test_it_has_the_name_of_its_entry(name: str, learner: Learner) -> None:
    module, _, attribute = LEARNERS[name].partition(":")
    assert type(learner) is getattr(importlib.import_module(module), attribute)
    assert learner.name == name
    assert (type(learner).__doc__ or "").partition("\n")[0].endswith(".")


def test_it_has_no_state(learner: Learner) -> None:
    assert vars(learner) == {}


def test_a_model_has_one_learner(learner: Learner) -> None:
    own = list(learner.models())
    assert own
    assert all(learner_of(model) is learner for model in own)
    assert max(Counter(models()).values()) == 1


def test_files_are_those_that_it_names(learner: Learner) -> None:
    assert learner.file_sets
    assert all(names and names <= all_file_names() for names in learner.file_sets)


def test_settings_that_matter_are_settings(learner: Learner, estimator: Any) -> None:
    settings = estimator.get_params()
    effective = learner.effective_settings(settings)
    assert {"net", "sample_rate"} <= effective <= set(settings)
    assert not {"store", "n_jobs"} & effective


def test_the_work_is_estimated(learner: Learner, estimator: Any) -> None:
    assert learner.n_epochs(estimator, 9) >= 0
    assert learner.method_name(estimator)
    assert set(learner.alternatives(estimator)) <= set(models())


@pytest.mark.train
def test_time_grows_with_the_number_of_clips(learner: Learner, estimator: Any) -> None:
    n_weights, short_s = learner.time_fits(estimator, 3, [100])
    _, long_s = learner.time_fits(estimator, 3, [100_000] * 3)
    assert n_weights >= 0
    assert 0 < short_s < long_s


@pytest.mark.train
def test_fitting_sets_what_is_learned(learner: Learner, fitted_one: Any) -> None:
    assert fitted_one.classes_.tolist() == ["fall", "pulse", "rise"]
    assert fitted_one.sample_rate_ == fitted_one.feature_.sample_rate == 8000
    assert frozenset(fitted_one.files_) - type(fitted_one).head.files in learner.file_sets
    assert isinstance(fitted_one.curve_, LearningCurve)
    assert len(fitted_one.curve_.train_loss) == min(learner.n_epochs(fitted_one, 9), 2)
    assert fitted_one.skipped_ == []
    assert (learner.n_weights(fitted_one) > 0) == (learner.n_epochs(fitted_one, 9) > 0)
    assert fitted_one.net_ is not None


@pytest.mark.train
def test_each_row_is_predicted_by_itself(learner: Learner, fitted_one: Any, toy: Any) -> None:
    values = [fitted_one.feature_(clip) for clip in toy.clips[:4]]
    rows = np.stack(values if learner.reads_rows else [value[: fitted_one.n_frames_] for value in values])
    predict = learner.predictor(fitted_one)
    together = predict(rows)
    assert together.shape == (4, 3)
    assert np.array_equal(together, np.concatenate([predict(row[np.newaxis]) for row in rows]))


@pytest.mark.train
def test_settings_change_at_the_next_fit_only(fitted_one: Any, name: str, toy: Any, tmp_path: Path) -> None:
    expected = fitted_one.predict_proba(toy.clips[:4])
    (other,) = (model for learner, model in MODELS.items() if learner != name)
    fitted_one.set_params(net=other, window_s=0.1, n_mels=8, seed=3)
    assert np.array_equal(fitted_one.predict_proba(toy.clips[:4]), expected)
    fitted_one.save(tmp_path)
    loaded = woodshed.load(tmp_path)
    assert (loaded.net, loaded.window_s) == (MODELS[name], QUICK["window_s"])
    assert np.array_equal(loaded.predict_proba(toy.clips[:4]), expected)
    fitted_one.fit(toy.clips, toy.labels)
    fitted_one.save(tmp_path)
    assert woodshed.load(tmp_path).net == other


@pytest.mark.train
def test_clips_of_weight_zero_do_not_matter(estimator: Any, toy: Any) -> None:
    estimator.set_params(validation_share=0.0)
    wrong = [*toy.labels[1:], toy.labels[0]]
    weights = [1.0] * len(toy.clips) + [0.0] * len(toy.clips)
    estimator.fit(toy.clips * 2, [*toy.labels, *wrong], sample_weight=weights)
    assert np.isfinite(estimator.predict_proba(toy.clips[:3])).all()


@pytest.mark.train
def test_features_are_computed_ahead(
    learner: Learner, estimator: Any, toy: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    estimator.set_params(store=str(tmp_path))
    learner.extract(estimator, toy.clips)
    stored = {path for path in tmp_path.rglob("*") if path.is_file()}
    assert stored
    estimator.fit(toy.clips, toy.labels)
    assert {path for path in tmp_path.rglob("*") if path.is_file()} == stored


@pytest.mark.train
def test_what_cannot_be_fitted_is_refused(estimator: Any, toy: Any) -> None:
    with pytest.raises(ParameterError, match="got 27 clips, 1 labels"):
        estimator.fit(toy.clips, ["a"])
    with pytest.raises(DataError):
        estimator.fit([], [])
    with pytest.raises(DataError):
        estimator.fit(toy.clips[:2], ["a", "a"])
    assert not hasattr(estimator, "classes_")
