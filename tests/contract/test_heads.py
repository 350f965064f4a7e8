"""What every head promises, whatever kind of answer it stands for."""

from __future__ import annotations

import importlib
import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from woodshed.errors import DataError, ParameterError
from woodshed.prediction import ClipPrediction
from woodshed.recognition.estimator import AudioEstimator
from woodshed.recognition.heads import HEADS
from woodshed.recognition.heads.head import Head
from woodshed.report.recognition.head_report import HeadReport, report_of
from woodshed.tasks import recognition_tasks, task_class


@dataclass(frozen=True)
class Case:
    """Targets of twelve clips of one kind, others that cannot be learned, and the names of the outputs."""

    targets: list[Any]
    unlearnable: list[Any]
    names: list[str]


CASES = {
    "classes": Case(["up", "down", "still"] * 4, ["up"] * 3, ["down", "still", "up"]),
    "tags": Case([["loud"], ["loud", "up"], []] * 4, [["loud"]] * 3, ["loud", "up"]),
    "values": Case(
        [{"a": 1.0, "b": -1.0}, {"a": 4.0, "b": 0.0}, {"a": -2.0, "b": 3.0}] * 4, [{}], ["a", "b"]
    ),
}
"""Name of a head -> its case; a new head needs one."""


@pytest.fixture(params=HEADS)
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def head(name: str) -> Head:
    module, _, attribute = HEADS[name].partition(":")
    return getattr(importlib.import_module(module), attribute)()


@pytest.fixture
def case(name: str) -> Case:
    return CASES[name]


@pytest.fixture
def estimator(head: Head) -> AudioEstimator:
    """Return an unfitted nearest-neighbour estimator with this head."""
    tasks = (task_class(task) for task in recognition_tasks())
    kind = next(kind for kind in tasks if type(kind.head) is type(head))
    base = next(one for one in reversed(kind.__mro__) if isinstance(getattr(one, "head", None), Head))
    return base(net="knn")


def test_it_has_the_name_of_its_modules(name: str, head: Head) -> None:
    assert head.name == name
    assert type(head).__module__ == f"woodshed.recognition.heads.{name}"
    assert isinstance(report_of(head), HeadReport)
    assert type(report_of(head)).__module__ == f"woodshed.report.recognition.{name}"


def test_it_describes_itself(head: Head) -> None:
    assert (type(head).__doc__ or "").partition("\n")[0].endswith(".")
    assert head.noun
    assert head.main_measure
    assert head.constant_baseline in head.baselines


def test_it_has_no_state(head: Head) -> None:
    assert vars(head) == {}


def test_a_task_has_it(head: Head) -> None:
    assert type(head) in {type(task_class(task).head) for task in recognition_tasks()}


def test_targets_are_encoded_in_rows(head: Head, case: Case) -> None:
    names, rows = head.encode(case.targets)
    assert names.tolist() == case.names
    assert (rows.shape, rows.dtype) == ((len(case.targets), len(names)), np.float32)
    assert np.array_equal(head.encode_as(case.targets, case.names), rows)
    backwards = head.encode_as(case.targets, case.names[::-1])
    assert np.array_equal(backwards, rows[:, ::-1])
    counts = head.counts(case.names, rows)
    assert list(counts) == case.names
    assert all(isinstance(count, int) and 0 < count <= len(rows) for count in counts.values())


def test_targets_without_anything_to_learn_are_refused(head: Head, case: Case) -> None:
    for targets in (case.unlearnable, []):
        with pytest.raises(DataError):
            head.encode(targets)


def test_perfect_outputs_have_the_best_score(head: Head, case: Case) -> None:
    truth = head.encode(case.targets)[1].astype(np.float64)
    assert head.main_score(truth, truth) == 1
    assert head.main_score(truth, np.roll(truth, 1, axis=0)) < 1
    assert head.accuracy(truth, truth) in (None, 1.0)
    assert head.is_testable(truth.astype(np.float32))


def test_names_that_a_model_did_not_learn_have_outputs(head: Head, case: Case) -> None:
    train = head.encode(case.targets)[1]
    outputs = head.outputs_of_missing(train, 5)
    assert outputs.shape == (5, len(case.names))
    assert np.isfinite(outputs).all()


def test_right_outputs_count_as_right(head: Head, case: Case) -> None:
    rows = head.encode(case.targets)[1]
    right = head.is_right(rows, rows)
    assert (right.shape, right.dtype) == (rows.shape, np.bool_)
    assert right.all()
    assert not head.is_right(rows, np.roll(rows, 1, axis=0)).all()


def test_every_row_has_a_stratum(head: Head, case: Case) -> None:
    names, rows = head.encode(case.targets)
    strata = head.strata(names, rows)
    assert len(strata) == len(rows)
    assert all(isinstance(stratum, str) for stratum in strata)


def test_targets_are_scaled(head: Head, case: Case) -> None:
    rows = head.encode(case.targets)[1]
    mean, deviation = head.scale(rows)
    scaled = (rows - mean) / deviation
    assert (scaled.shape, scaled.dtype) == (rows.shape, np.float32)
    assert np.isfinite(scaled).all()


def test_the_loss_is_lowest_at_the_truth_and_ignores_unknown_targets(head: Head, case: Case) -> None:
    rows = head.encode(case.targets)[1]
    loss = head.loss(rows)
    if loss is None:  # the cross-entropy of the training loop
        assert head.activation == "softmax"
        return
    right, wrong = (np.asarray(loss(rows, outputs)) for outputs in (rows, np.roll(rows, 1, axis=0)))
    assert right.shape == (len(rows),)
    assert right.sum() < wrong.sum()
    unknown = rows.copy()
    unknown[0] = np.nan
    assert np.isfinite(np.asarray(loss(unknown, rows))).all()


def test_a_classical_estimator_and_the_baselines_give_outputs(head: Head, case: Case) -> None:
    truth = head.encode(case.targets)[1]
    features = np.random.default_rng(0).normal(size=(len(truth), 4)) + 5 * truth[:, :1]
    model = head.fit_classical("knn", features, truth, weights=np.ones(len(truth)))
    outputs = head.predict_classical(model, features[:5])
    assert outputs.shape == (5, len(case.names))
    assert np.isfinite(outputs).all()
    baselines = {name: head.baseline_outputs(name, features, truth, features[:5]) for name in head.baselines}
    assert all(baseline.shape == (5, len(case.names)) for baseline in baselines.values())
    assert np.ptp(baselines[head.constant_baseline], axis=0).max() == 0
    assert head.n_fits(5) >= 1
    assert set(head.alternatives(["svm", "knn"])) <= {"svm", "knn"}


def test_files_are_those_that_it_names(head: Head, case: Case) -> None:
    names, rows = head.encode(case.targets)
    learned = head.fit_outputs(names, rows)
    learned |= head.fit_held_out(rows, lambda: rows.astype(np.float64))
    assert set(learned) == head.files
    assert all(isinstance(content, bytes) for content in learned.values())
    assert set(head.fit_held_out(rows[:0], lambda: rows[:0])) <= head.files


def test_every_clip_has_one_decision_and_one_prediction(
    head: Head, case: Case, estimator: AudioEstimator, toy: Any
) -> None:
    clips = toy.clips[:12]
    estimator.fit(clips, case.targets)
    outputs = estimator.outputs(clips)
    assert outputs.shape == head.decisions(estimator, outputs).shape == (12, len(case.names))
    assert len(head.decide(estimator, outputs)) == 12
    assert estimator.score(clips, case.targets) <= 1
    predictions = list(estimator.predictions(clips[:3]))
    for clip, prediction in zip(clips, predictions, strict=False):
        assert isinstance(prediction, ClipPrediction)
        assert clip.source in prediction.to_text()
        assert "\n" not in prediction.to_text()
        assert json.loads(prediction.to_json())["source"] == clip.source
        assert prediction.to_cells()["source"] == clip.source
    assert len({tuple(prediction.to_cells()) for prediction in predictions}) == 1


def test_a_timeline_is_made_or_refused(head: Head) -> None:
    refusal = ""
    try:
        head.check_timeline("toy")
    except ParameterError as error:
        refusal = str(error)
    assert not refusal or f"a model for toy predicts {head.name}" in refusal


def test_options_of_predictions_are_named(head: Head) -> None:
    assert isinstance(head.options, frozenset)
    assert all(option.isidentifier() for option in head.options)
