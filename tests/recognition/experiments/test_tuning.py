"""Tuning: settings are sought on inner folds alone; cut short, the search goes on to the same result."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from woodshed.data.example import Corpus, Example
from woodshed.data.split import make_split
from woodshed.errors import DataError, MissingPackageError, OutputError, ParameterError
from woodshed.recognition.experiments import tuning
from woodshed.recognition.experiments.result import SearchResult, Trial
from woodshed.recognition.experiments.tuning import (
    SEARCHED,
    Search,
    check_tuning,
    first_fold_of,
    inner_split,
)
from woodshed.recognition.learners.classical import ClassicalLearner
from woodshed.recognition.learners.net import NetLearner
from woodshed.tasks import task_class
from woodshed.training.progress import Watcher
from woodshed.training.run_state import RunState

BEST_RATE = 0.012


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """Return 120 examples of two classes from six groups; their files are never heard here."""
    folder = tmp_path_factory.mktemp("sounds")
    examples = []
    for k in range(120):
        path = folder / f"{k}.wav"
        path.write_text(str(k))
        examples.append(Example(path, "ab"[k % 2], group=f"g{k // 20}"))
    return Corpus("made up", tuple(examples))


class Learner:
    """Stands in for training: the nearer the learning rate is to the best, the more answers are right."""

    def __init__(self) -> None:
        self.heard: list[tuple[Any, Any]] = []
        self.end_after, self.refuse = 10**9, False

    def __call__(self, contest: Any, estimator: Any, fold: Any, tell: Any) -> dict[str, Any]:
        if len(self.heard) >= self.end_after:
            raise KeyboardInterrupt
        if self.refuse:
            raise ParameterError("the window is too short.")
        self.heard.append((contest, fold))
        distance = abs(np.log(estimator.learning_rate / BEST_RATE))
        n_wrong = min(round(10 * distance), len(fold.test))
        answers = contest.encoded[1][fold.test].copy()
        answers[:n_wrong] = 1 - answers[:n_wrong]
        return {"indices": fold.test, "outputs": answers, "train_s": np.asarray(2.0)}


@pytest.fixture
def learner(monkeypatch: pytest.MonkeyPatch) -> Learner:
    made = Learner()
    monkeypatch.setattr(tuning, "run_fold", made)
    monkeypatch.setattr(NetLearner, "extract", lambda *_: None)
    monkeypatch.setattr(ClassicalLearner, "extract", lambda *_: None)
    return made


def search(corpus: Corpus, n_trials: int, folder: Path | None = None, **change: Any) -> Search:
    estimator = task_class("speech")(net="mlp", sample_rate=8000, seed=3)
    fold = make_split(corpus, "group-folds").folds[0]
    return Search(estimator, corpus, fold, n_trials, run_state=RunState(folder), **change)


def test_nothing_of_the_test_part_is_heard_and_inner_folds_share_no_group(
    corpus: Corpus, learner: Learner
) -> None:
    asked = search(corpus, 2)
    found = asked.run()
    tested = {corpus.examples[k].path for k in asked.fold.test}
    assert tested
    for contest, fold in learner.heard:
        examples = contest.corpus.examples
        assert tested.isdisjoint(example.path for example in examples)
        learned, judged = ({examples[k].group for k in part} for part in (fold.train, fold.test))
        assert learned.isdisjoint(judged)
    assert (found.n_clips, found.split) == (80, "unseen groups, 3 folds")


def test_it_finds_better_settings_than_those_asked_for(corpus: Corpus, learner: Learner) -> None:
    found = search(corpus, 15).run()
    first = found.trials[0]
    assert first.settings == {name: getattr(task_class("speech")(), name) for name in SEARCHED}
    complete = [trial.score for trial in found.trials if trial.state == "complete"]
    assert found.trials[found.best].score == max(complete) > first.score
    off = [
        abs(np.log(trial.settings["learning_rate"] / BEST_RATE))
        for trial in (first, found.trials[found.best])
    ]
    assert off[1] < off[0] / 2
    stopped = [trial for trial in found.trials if trial.state == "stopped"]
    assert stopped  # a median rule that never stops anyone would not be one
    assert all(trial.duration_s < 6 for trial in stopped)
    model = task_class("speech")(**task_class("speech")(epochs=7).get_params() | found.chosen)
    assert (model.learning_rate, model.epochs) == (found.chosen["learning_rate"], 7)


def test_what_is_given_stays(corpus: Corpus, learner: Learner) -> None:
    found = search(corpus, 3, fixed=("learning_rate", "epochs")).run()
    assert all(set(trial.settings) == set(SEARCHED) - {"learning_rate"} for trial in found.trials)
    assert all(
        contest.estimator.learning_rate == task_class("speech")().learning_rate
        for contest, _ in learner.heard
    )


def test_cut_short_it_goes_on_to_the_same_result(corpus: Corpus, learner: Learner, tmp_path: Path) -> None:
    expected = search(corpus, 6).run()
    n_trainings = len(learner.heard)
    learner.heard.clear()
    learner.end_after = 7
    with pytest.raises(KeyboardInterrupt):
        search(corpus, 6, tmp_path / "n").run()
    learner.end_after = 10**9
    assert search(corpus, 6, tmp_path / "n", resume=True).run() == expected
    assert len(learner.heard) == n_trainings  # seven before, the others after, none twice
    other = search(corpus, 6, tmp_path / "n", resume=True)
    other.estimator.epochs = 3
    with pytest.raises(OutputError, match="other settings or other data"):
        other.run()


def test_settings_that_fail_are_named_and_never_taken(corpus: Corpus, learner: Learner) -> None:
    learner.refuse = True
    with pytest.raises(DataError, match=r"Every trial .* failed\. The first: the window is too short\."):
        search(corpus, 2).run()


def test_the_best_is_never_one_that_was_stopped(corpus: Corpus) -> None:
    trials = (Trial({"width": 3}, 0.5, 1.0), Trial({"width": 5}, 0.9, 1.0, "stopped"))
    assert SearchResult("", 1, "", trials, 0).chosen == {"width": 3}


@pytest.mark.parametrize("strict", [False, True])
def test_a_file_that_is_lost_meanwhile_does_not_end_a_search(own_corpus: Corpus, strict: bool) -> None:
    fold = make_split(own_corpus, "group").folds[0]
    path = own_corpus.examples[fold.train[0]].path

    def begin(title: str, _: int) -> None:
        if title.startswith("trial 2"):
            path.unlink(missing_ok=True)

    asked = Search(
        task_class("speech")(net="svm"), own_corpus, fold, 3, watcher=Watcher(begin=begin), strict=strict
    )
    if strict:
        with pytest.raises(DataError, match=rf"{path.name}: it was deleted.*omit --strict"):
            asked.run()
    else:
        assert [trial.state for trial in asked.run().trials] == ["complete"] * 3


def test_without_groups_enough_the_inner_folds_are_random(corpus: Corpus) -> None:
    alone = Corpus("one voice", corpus.examples[:20])
    assert inner_split(alone, 0).name == "random, 3 folds"
    assert inner_split(corpus, 0).leaky is False


def test_of_several_folds_the_first_is_tested(corpus: Corpus) -> None:
    split = make_split(corpus, "group-folds")
    once = first_fold_of(split)
    assert (len(once.folds), once.folds[0], once.leaky) == (1, split.folds[0], False)
    alone = make_split(corpus, "group")
    assert first_fold_of(alone) is alone


def test_what_cannot_be_tuned_is_refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    speech = task_class("speech")
    with pytest.raises(ParameterError, match="must be positive, got -1"):
        check_tuning(speech(), -1)
    with pytest.raises(ParameterError, match="nothing is left to tune"):
        check_tuning(speech(), 3, SEARCHED)
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(MissingPackageError, match=r'pip install "woodshed\[tuning\]"'):
        check_tuning(speech(), 3)
