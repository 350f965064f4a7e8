"""Classical models: what they learn, that one definition serves them all, and runs without epochs."""

from __future__ import annotations

import copy
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from woodshed.clip import Clip
from woodshed.data.example import Corpus, Sounds
from woodshed.data.split import honest_splits
from woodshed.errors import DataError
from woodshed.features import Summary
from woodshed.recognition.classical import CLASSICAL, forest
from woodshed.recognition.classical.model import (
    Case,
    ClassicalPredictor,
    fit_model,
    model_to_bytes,
    probabilities,
)
from woodshed.recognition.classical.svm import coupled
from woodshed.recognition.clip_item import summarise
from woodshed.recognition.clip_model import FEW_CLIPS
from woodshed.recognition.estimator import Recogniser
from woodshed.recognition.experiments.cross_validation import CrossValidation
from woodshed.recognition.heads.classes import ClassesHead
from woodshed.recognition.learners import classical
from woodshed.recognition.learners.classical import ClassicalLearner
from woodshed.tasks.noise import NoiseRecogniser
from woodshed.tasks.speech import SpeechRecogniser
from woodshed.training.progress import Watcher
from woodshed.training.run_state import RunState

every_model = pytest.mark.parametrize("name", sorted(CLASSICAL))


@pytest.fixture(autouse=True)
def _small_forest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forest, "N_TREES", 50)


def blobs(n_classes: int, seed: int, n: int = 20) -> tuple[np.ndarray, np.ndarray]:
    """Return rows of classes that lie apart in two columns of different scale; the third says nothing."""
    rng = np.random.default_rng(seed)
    columns = np.arange(n * n_classes) % n_classes
    centres = columns[:, None] * np.array([6.0, -1000.0, 0.0])
    return centres + rng.normal(0, [1, 100, 1e-3], centres.shape), columns


@pytest.mark.parametrize("n_classes", [2, 3])
@every_model
def test_it_learns_from_columns_of_any_scale(name: str, n_classes: int) -> None:
    model = fit_model(name, *blobs(n_classes, 0))
    rows, columns = blobs(n_classes, 1)
    answers = probabilities(model, rows)
    assert answers.shape == (len(rows), n_classes)
    assert answers.sum(axis=1) == pytest.approx(1, abs=1e-12)
    assert (answers >= 0).all()
    assert (answers.argmax(axis=1) == columns).mean() > 0.95


@pytest.mark.parametrize("name", ["logistic", "svm"])
def test_a_rare_class_counts_as_much_as_a_common_one(name: str) -> None:
    rng = np.random.default_rng(0)
    columns = np.repeat([0, 1], [400, 20])
    rows = rng.normal(columns[:, None] * 1.5, 1, (420, 1))
    found = probabilities(fit_model(name, rows, columns), rng.normal(1.5, 1, (500, 1))).argmax(axis=1)
    assert found.mean() > 0.6  # by counts alone the rare class would be named about one time in ten


def test_the_probabilities_of_the_svm_are_products_over_pairs_and_keep_its_decision() -> None:
    rows, columns = blobs(4, 0)
    rows = rows + np.random.default_rng(5).normal(0, 5, rows.shape)  # so that votes and products disagree
    half = len(rows) // 2
    model = fit_model("svm", rows[:half], columns[:half])
    answers = probabilities(model, rows)
    assert np.array_equal(answers.argmax(axis=1), model.predict(rows))
    pairs = copy.deepcopy(model).set_params(
        pairwisesvc__decision_function_shape="ovo", pairwisesvc__break_ties=False
    )
    first, second = np.triu_indices(4, 1)
    share = 1 / (1 + np.exp(-2 * pairs.decision_function(rows)))
    products = np.ones((len(rows), 4))
    for k, (i, j) in enumerate(zip(first, second, strict=True)):
        products[:, i] *= share[:, k]
        products[:, j] *= 1 - share[:, k]
    products /= products.sum(axis=1, keepdims=True)
    assert np.sort(answers) == pytest.approx(np.sort(products))
    agrees = products.argmax(axis=1) == model.predict(rows)
    assert agrees.any()
    assert answers[agrees] == pytest.approx(products[agrees])
    two = fit_model("svm", *blobs(2, 0))
    margin = two.decision_function(blobs(2, 1)[0])
    assert probabilities(two, blobs(2, 1)[0])[:, 1] == pytest.approx(1 / (1 + np.exp(-2 * margin)))


def test_where_votes_and_products_disagree_the_two_probabilities_are_exchanged_also_in_the_file() -> None:
    decisions, margins = (
        np.array([[0.1, 0.1, 5.0]]),
        np.array([[2.1, 1.2, -0.3]]),
    )  # 1 loses narrowly, wins clearly
    expected = coupled(decisions, margins)
    assert expected.argmax() == 0
    assert expected[0, 0] > expected[0, 1] > expected[0, 2]
    rng = np.random.default_rng(1)
    rows, columns = rng.normal(0, 1, (60, 3)), np.arange(60) % 5  # noise: many disagreements
    model = fit_model("svm", rows, columns)
    others = rng.normal(0, 1, (300, 3))
    answers = ClassicalPredictor(model_to_bytes("svm", model, 3), n_values=3, n_outputs=5).predict(others)
    assert answers == pytest.approx(probabilities(model, others), abs=1e-12)
    assert np.array_equal(answers.argmax(axis=1), model.predict(others))


def test_the_confidence_of_the_svm_tells_certain_predictions_from_doubtful_ones() -> None:
    rows, columns = blobs(4, 0)
    model = fit_model("svm", rows, columns)
    middle = rows.mean(axis=0, keepdims=True)
    sure, doubtful = probabilities(model, rows).max(axis=1), probabilities(model, middle).max()
    assert np.median(sure) > doubtful + 0.2
    assert sure.std() > 0.01  # it was one constant: the count of votes


@every_model
def test_only_the_forest_draws_and_it_draws_by_the_seed(name: str) -> None:
    rows, columns = blobs(3, 0)
    rows = rows + np.random.default_rng(9).normal(0, 5, rows.shape)
    first, same, other = (
        probabilities(fit_model(name, rows, columns, case=Case(seed=seed, n_jobs=n_jobs)), rows)
        for seed, n_jobs in ((0, 1), (0, 2), (1, 1))
    )
    assert np.array_equal(first, same)
    assert np.array_equal(first, other) == (name != "forest")


def test_the_vote_of_the_nearest_needs_no_five_clips() -> None:
    model = fit_model("knn", np.array([[0.0], [1.0], [5.0]]), np.array([0, 0, 1]))
    assert probabilities(model, np.array([[4.9]])).argmax() == 1  # the nearer, the weightier: not two to one


# -- in a recogniser ------------------------------------------------------------------------------


def test_it_is_the_svm_that_stands_beside_every_net(toy_corpus: Corpus, unseen_toy: Any) -> None:
    model = Recogniser(net="svm").fit(Sounds(toy_corpus.examples), toy_corpus.labels)
    rows = summarise(Sounds(toy_corpus.examples), 8000)
    head = model.head
    outputs = head.baseline_outputs(
        "svm", rows, head.encode(toy_corpus.labels)[1], summarise(unseen_toy.clips, 8000)
    )
    assert model.predict_proba(unseen_toy.clips) == pytest.approx(outputs, abs=1e-12)


@every_model
def test_it_hears_the_whole_of_a_clip_as_one_row(name: str, toy: Any) -> None:
    model = Recogniser(net=name, window_s=0.1).fit(toy.clips, toy.labels)
    assert model.feature_ == Summary(sample_rate=8000)
    long = Clip(np.concatenate([clip.samples for clip in toy.clips], axis=1), 8000)
    row = model.feature_(long)[np.newaxis].astype(np.float64)
    assert model.predict_proba([long]) == pytest.approx(model.net_.predict(row), abs=1e-12)
    assert model.score(toy.clips, toy.labels) > 0.9


def test_a_clip_that_cannot_be_used_is_set_aside_and_no_other(toy: Any) -> None:
    clips = [Clip(clip.samples, clip.sample_rate) for clip in toy.clips]
    clips[4] = Clip(np.ones(1), 48000)
    model = Recogniser(net="svm").fit(clips, toy.labels)
    assert ["none of them left at 8000 Hz" in entry.reason for entry in model.skipped_] == [True]
    assert model.predict(clips[:4] + clips[5:]).tolist() == toy.labels[:4] + toy.labels[5:]
    with pytest.raises(DataError, match=r"None of 2 clips could be used\. The first: clip has only 1 sample"):
        Recogniser(net="svm", sample_rate=8000).fit([clips[4], clips[4]], ["a", "b"])


def test_it_has_no_epochs_and_writes_no_checkpoint(toy: Any, tmp_path: Path) -> None:
    model = Recogniser(net="svm").fit(
        toy.clips,
        toy.labels,
        checkpoint=tmp_path / "checkpoint.npz",
        on_epoch=lambda *_: pytest.fail("there was an epoch"),
    )
    assert model.curve_.train_loss == ()
    assert list(tmp_path.iterdir()) == []


def test_learning_and_answering_load_no_keras(python: Callable[..., Any]) -> None:
    program = (
        "import sys\n"
        "from woodshed import NoiseRecogniser\n"
        "from woodshed.audio import noise, sine\n"
        "clips = [noise(seed=k) for k in range(3)] + [sine(300 + 9 * k) for k in range(3)]\n"
        "model = NoiseRecogniser(net='svm').fit(clips, ['hiss'] * 3 + ['hum'] * 3)\n"
        "print(*model.predict([sine(310)]), 'keras' in sys.modules, 'tensorflow' in sys.modules)\n"
    )
    ran = python(program)
    assert ran.stdout.split() == ["hum", "False", "False"], ran.stderr


def test_a_keyboard_interrupt_leaves_it_as_it_was(toy: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: Any, **__: Any) -> None:
        os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(ClassesHead, "fit_classical", interrupted)
    model = Recogniser(net="svm")
    with pytest.raises(KeyboardInterrupt):
        model.fit(toy.clips, toy.labels)
    assert not hasattr(model, "classes_")


# -- in a run -------------------------------------------------------------------------------------


def run(corpus: Corpus, net: str, folder: Path | None = None, **change: Any) -> CrossValidation:
    return CrossValidation(
        SpeechRecogniser(net=net), corpus, honest_splits(corpus, "random"), RunState(folder), **change
    )


@pytest.mark.parametrize(
    ("net", "methods"), [("svm", ["svm", "majority"]), ("knn", ["knn", "svm", "majority"])]
)
def test_it_is_shown_by_its_name_and_never_beside_itself(
    net: str, methods: list[str], toy_corpus: Corpus
) -> None:
    experiment, kept = run(toy_corpus, net).measure()
    for split in experiment.splits:
        assert list(split.outputs) == methods
        assert split.curves == ()
    own = experiment.splits[1].outputs[net]  # random: the voices are known
    assert (own.argmax(axis=1) == experiment.splits[1].truth.argmax(axis=1)).mean() > 0.8
    assert experiment.settings == {"net": net, "sample_rate": 8000, "seed": 0}  # and none that is not heeded
    assert experiment.summary is not None
    assert experiment.summary.names == Summary(sample_rate=8000).names
    row = kept.feature_(Sounds(toy_corpus.examples)[4])
    assert np.array_equal(experiment.summary.rows[4], row)


def test_the_watcher_hears_of_no_epochs(toy_corpus: Corpus) -> None:
    heard: list[Any] = []
    watcher = Watcher(lambda *a: heard.append(a), lambda *_: pytest.fail("there was an epoch"), heard.append)
    run(toy_corpus, "svm", watcher=watcher).measure()
    assert [word[1] for word in heard if isinstance(word, tuple)] == [0, 0, 0, 0]
    assert heard[-1] is None


def test_the_time_of_fits_is_estimated_from_ever_larger_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first takes 0.1 s and each further one three times as long, until one takes long enough."""
    clock = iter([0.0, 0.1, 1.0, 1.3, 2.0, 2.9])
    monkeypatch.setattr(classical.time, "perf_counter", lambda: next(clock))
    learner, svm = ClassicalLearner(), Recogniser(net="svm")
    n_weights, duration_s = learner.time_fits(svm, 3, [1200, 2400, 4800])
    assert n_weights == 0
    assert duration_s == pytest.approx(0.9 * (1 + 3 + 9), rel=1e-6)


def test_a_plan_counts_versions_and_what_is_stored(toy_corpus: Corpus, tmp_path: Path) -> None:
    cross_validation = run(toy_corpus, "svm")
    plan = cross_validation.plan(examination_s=7.0)
    assert (plan.n_trainings, plan.n_epochs, plan.n_weights) == (4, 0, 0)
    assert plan.features_s > 0
    assert plan.duration_s > 7 + plan.features_s + plan.fits_s
    recogniser = SpeechRecogniser(net="svm", store=str(tmp_path))
    stored = CrossValidation(recogniser, toy_corpus, honest_splits(toy_corpus, "random"))
    stored.measure()
    assert stored.plan().features_s == 0  # nothing is left to compute


def test_a_run_that_is_interrupted_leaves_whole_files_and_goes_on_to_the_same_answers(
    toy_corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fit, n_fits = ClassesHead.fit_classical, 0

    def counted(*arguments: Any, **named: Any) -> Any:
        nonlocal n_fits
        n_fits += 1
        if n_fits == 2:  # each fold fits the model once, which is also the baseline
            os.kill(os.getpid(), signal.SIGINT)
        return fit(*arguments, **named)

    expected, _ = run(toy_corpus, "svm").measure()
    monkeypatch.setattr(ClassesHead, "fit_classical", counted)
    with pytest.raises(KeyboardInterrupt):
        run(toy_corpus, "svm", tmp_path / "training").measure()
    assert sorted(path.name for path in (tmp_path / "training").iterdir()) == [
        "run.txt",
        "split-0-fold-0.npz",
    ]
    experiment, _ = run(toy_corpus, "svm", tmp_path / "training", resume=True).measure()
    assert n_fits == 2 + 3  # the first fold is not learned again
    for split, other in zip(experiment.splits, expected.splits, strict=True):
        assert np.array_equal(split.outputs["svm"], other.outputs["svm"])


def test_few_clips_have_more_versions_than_many(tmp_path: Path) -> None:
    recogniser = NoiseRecogniser(net="svm", sample_rate=8000)
    clips = [Clip(np.full(80, value), 8000) for value in np.linspace(0.1, 1, FEW_CLIPS)]
    for some, n_versions in ((clips[:-1], 5), (clips, 1)):
        entries = recogniser.learner.entries(recogniser, some, str(tmp_path))
        assert {len(row) for row in entries} == {n_versions}
    entries = recogniser.learner.entries(recogniser, clips[:3], str(tmp_path), n_learned=FEW_CLIPS)
    assert {len(row) for row in entries} == {1}  # what an estimate times is what a fit to all would need
