"""Runs with a tagger or a regressor: cut short, they keep what there is, and go on where they were."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from woodshed.data.example import Corpus
from woodshed.data.split import honest_splits
from woodshed.errors import DataError
from woodshed.recognition.estimator import Regressor, Tagger
from woodshed.recognition.experiments.cross_validation import CrossValidation
from woodshed.recognition.experiments.result import Experiment
from woodshed.training.run_state import RunState


@dataclass(kw_only=True, eq=False)
class Counting(Regressor):
    """A regressor that learns in one go and may be cut short."""

    n_fits: ClassVar[int] = 0
    end_after: ClassVar[int] = 10**9
    how: ClassVar[type[BaseException]] = SystemExit

    net: str = "knn"

    def fit(self, *arguments: Any, **named: Any) -> Any:
        Counting.n_fits += 1
        cut = Counting.n_fits > Counting.end_after
        if cut and Counting.how is not KeyboardInterrupt:
            raise Counting.how
        super().fit(*arguments, **named)
        if cut:
            raise Counting.how
        return self


@pytest.fixture(autouse=True)
def _fresh_counting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Counting, "n_fits", 0)
    monkeypatch.setattr(Counting, "end_after", 10**9)


@pytest.fixture
def valued(toy_corpus: Corpus) -> Corpus:
    """The toy sounds with a number each, which says how they rise."""
    rise = {"fall": -1.0, "pulse": 0.0, "rise": 1.0}
    examples = tuple(replace(sound, values={"rise": rise[sound.label]}) for sound in toy_corpus.examples)
    return Regressor.head.select(replace(toy_corpus, examples=examples), Regressor(), to_fit=True)


def run(corpus: Corpus, how: str, folder: Path | None = None, **change: Any) -> CrossValidation:
    return CrossValidation(Counting(), corpus, honest_splits(corpus, how), RunState(folder), **change)


def answers(experiment: Experiment) -> list[Any]:
    return [
        (split.split, *(rows.tolist() for rows in (split.indices, split.truth, split.decisions)))
        for split in experiment.splits
    ]


def test_the_model_beats_the_mean_and_stands_beside_the_baselines(valued: Corpus) -> None:
    experiment, _ = run(valued, "random").measure()
    split = experiment.splits[1]  # sounds of groups that it knows
    assert list(split.outputs) == ["knn", "svm", "mean"]
    wrong = {method: np.abs(rows - split.truth).mean() for method, rows in split.outputs.items()}
    assert wrong["knn"] < 0.8 * wrong["mean"]


def test_with_one_fold_the_model_that_was_tested_is_kept(valued: Corpus) -> None:
    experiment, kept = run(valued, "group").measure()
    assert Counting.n_fits == 1
    (split,) = experiment.splits
    assert sorted([*experiment.learned, *split.indices]) == list(range(len(valued.examples)))
    assert hasattr(kept, "classes_")


@pytest.mark.parametrize("n_done", [0, 1, 2])
def test_a_run_that_was_killed_goes_on_to_the_same_answers(
    n_done: int, valued: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = answers(run(valued, "group-folds").measure()[0])
    monkeypatch.setattr(Counting, "n_fits", 0)
    monkeypatch.setattr(Counting, "end_after", n_done)
    with pytest.raises(SystemExit):
        run(valued, "group-folds", tmp_path / "training").measure()
    monkeypatch.setattr(Counting, "end_after", 10**9)
    monkeypatch.setattr(Counting, "n_fits", 0)
    experiment, _ = run(valued, "group-folds", tmp_path / "training", resume=True).measure()
    assert answers(experiment) == expected
    assert Counting.n_fits == 3 - n_done  # what was done is not done again


@pytest.mark.parametrize("n_done", [0, 1, 2])
def test_a_keyboard_interrupt_begins_no_other_training(
    n_done: int, valued: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Counting, "end_after", n_done)
    monkeypatch.setattr(Counting, "how", KeyboardInterrupt)
    cut_short = run(valued, "group-folds")
    experiment, kept = cut_short.measure()
    assert cut_short.interrupted
    assert "interrupted" in experiment.provenance
    assert Counting.n_fits == n_done + 1
    assert len(np.unique(experiment.splits[0].folds)) == min(n_done + 1, 2)
    assert hasattr(kept, "classes_")


def test_a_corpus_that_says_nothing_to_learn_is_refused(toy_corpus: Corpus) -> None:
    with pytest.raises(DataError, match="has no values"):
        Regressor.head.select(toy_corpus, Regressor(), to_fit=True)
    bare = replace(toy_corpus, examples=tuple(replace(e, label="") for e in toy_corpus.examples))
    with pytest.raises(DataError, match="has no tags"):
        Tagger.head.select(bare, Tagger(), to_fit=True)
