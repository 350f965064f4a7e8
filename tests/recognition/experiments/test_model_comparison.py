"""A comparison: the same clips for all, each in a process of its own, and nothing is done twice."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from woodshed.data.example import Corpus, Sounds
from woodshed.data.split import make_split
from woodshed.errors import DataError, OutputError, ParameterError
from woodshed.recognition.experiments.cross_validation import CrossValidation
from woodshed.recognition.experiments.model_comparison import (
    Comparison,
    ModelComparison,
    candidates_of,
)
from woodshed.tasks import task_class
from woodshed.training.progress import Watcher
from woodshed.training.run_state import RunState


@pytest.fixture(scope="module")
def started() -> list[str]:
    return []


@pytest.fixture(scope="module")
def run_state(tmp_path_factory: pytest.TempPathFactory) -> RunState:
    return RunState(tmp_path_factory.mktemp("compared") / "training")


def bakeoff(
    corpus: Corpus, nets: tuple[str, ...], run_state: RunState | None = None, **change: Any
) -> ModelComparison:
    estimator = task_class("speech")(n_mels=10, epochs=1)
    return ModelComparison(
        estimator, corpus, make_split(corpus, "group-folds"), nets, run_state or RunState(), **change
    )


@pytest.fixture(scope="module")
def compared(toy_corpus: Corpus, run_state: RunState, started: list[str]) -> Comparison:
    watcher = Watcher(begin=lambda title, _: started.append(title))
    return bakeoff(toy_corpus, ("svm", "course-cnn", "knn"), run_state, watcher=watcher).measure()


def test_every_candidate_answers_as_a_run_with_it_would(compared: Comparison, toy_corpus: Corpus) -> None:
    splits = [make_split(toy_corpus, "group-folds")]
    for net in ("svm", "knn"):
        (expected,) = CrossValidation(task_class("speech")(net=net), toy_corpus, splits).test()
        assert compared.indices.tolist() == expected.indices.tolist()
        assert compared.truth.tolist() == expected.truth.tolist()
        raw = expected.outputs[net] if expected.judged is None else expected.judged.raw
        np.testing.assert_allclose(compared.outputs[net], raw, atol=1e-9)
    assert list(compared.outputs) == ["svm", "knn", "majority"]
    assert (compared.split, compared.leaky) == (splits[0].name, False)


def test_all_that_is_learned_from_is_described_before_the_clock_starts(
    toy_corpus: Corpus, tmp_path: Path
) -> None:
    few = replace(toy_corpus, examples=toy_corpus.examples[::5])
    estimator = task_class("instrument")(net="svm", sample_rate=8000, store=str(tmp_path))
    estimator.learner.extract(estimator, Sounds(few.examples))
    described = sorted(path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file())
    estimator.fit(Sounds(few.examples), few.labels)
    assert described
    assert sorted(path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()) == described


def test_costs_are_those_of_the_candidate_alone(compared: Comparison) -> None:
    assert list(compared.costs) == ["svm", "knn"]
    for costs in compared.costs.values():
        assert costs.n_weights == 0  # a classical model has none
        assert costs.train_s > 0
        assert costs.predict_s > 0
        # NumPy, SciPy and scikit-learn take about that; this process, with all that is loaded, takes more.
        assert 30e6 < costs.peak_bytes < 400e6
    # A vote of neighbours keeps all 18 rows; both hold a scaler beside what they learned.
    assert all(2e3 < costs.size_bytes < 1e6 for costs in compared.costs.values())


def test_one_that_fails_is_named_and_the_others_go_on(compared: Comparison) -> None:
    assert list(compared.failed) == ["course-cnn"]
    assert "course-cnn needs at least 11 frames and 11 bands" in compared.failed["course-cnn"]


def test_what_is_done_is_not_done_again_and_nets_can_be_added(
    compared: Comparison, toy_corpus: Corpus, run_state: RunState, started: list[str]
) -> None:
    assert [title for title in started if "cnn" not in title] == [
        "svm: fold 1",
        "svm: fold 2",
        "knn: fold 1",
        "knn: fold 2",
    ]
    begun: list[str] = []
    (run_state.folder / "knn-fold-1.npz").unlink()
    watcher = Watcher(begin=lambda title, _: begun.append(title))
    again = bakeoff(toy_corpus, ("svm", "knn", "logistic"), run_state, resume=True, watcher=watcher).measure()
    assert begun == ["knn: fold 2", "logistic: fold 1", "logistic: fold 2"]
    assert again.costs["svm"] == compared.costs["svm"]  # even the stop-watch's figures are those written down
    for net in ("svm", "knn"):
        np.testing.assert_array_equal(again.outputs[net], compared.outputs[net])
    other = bakeoff(toy_corpus, ("svm", "knn"), run_state, resume=True)
    other.estimator.seed = 1
    with pytest.raises(OutputError, match="other settings or other data"):
        other.measure()


def test_ctrl_c_keeps_the_candidates_that_are_done(toy_corpus: Corpus, tmp_path: Path) -> None:
    def begin(title: str, _: int) -> None:
        if title.startswith("knn"):
            os.kill(os.getpid(), signal.SIGINT)

    kept = bakeoff(
        toy_corpus, ("svm", "knn"), RunState(tmp_path / "n"), watcher=Watcher(begin=begin)
    ).measure()
    assert kept.interrupted
    assert list(kept.costs) == ["svm"]
    assert list(kept.outputs) == ["svm", "majority"]


def test_when_all_fail_there_is_nothing_to_tell(toy_corpus: Corpus) -> None:
    with pytest.raises(DataError, match=r"No candidate could be tested\. course-cnn: course-cnn needs"):
        bakeoff(toy_corpus, ("course-cnn",)).measure()


def test_the_nets_to_compare_are_checked() -> None:
    speech = task_class("speech")()
    assert candidates_of(speech) == ("conv-tdnn", "mlp", "conv-stack", "svm", "forest", "logistic")
    with pytest.raises(ParameterError, match=r"Unknown net 'forrest'\. Did you mean forest\?"):
        candidates_of(speech, "svm,forrest")
    with pytest.raises(ParameterError, match="needs two models or more, got svm alone"):
        candidates_of(speech, "svm,svm")


def test_a_file_that_is_lost_meanwhile_counts_for_no_candidate(own_corpus: Corpus) -> None:
    split = make_split(own_corpus, "group-folds")
    row = int(split.folds[0].test[1])
    path = own_corpus.examples[row].path

    def begin(title: str, _: int) -> None:
        if title.startswith("knn"):  # svm was tested on it
            path.unlink(missing_ok=True)

    compared = bakeoff(own_corpus, ("svm", "knn"), watcher=Watcher(begin=begin)).measure()
    assert not compared.failed
    assert [entry.path for entry in compared.skipped] == [path]
    rest = np.concatenate([fold.test for fold in split.folds])
    assert compared.indices.tolist() == rest[rest != row].tolist()
    assert len(compared.truth) == len(compared.indices)
    assert {len(rows) for rows in compared.outputs.values()} == {len(rest) - 1}


def test_a_strict_comparison_ends_with_the_name_of_a_lost_file(own_corpus: Corpus) -> None:
    path = own_corpus.examples[3].path
    watcher = Watcher(begin=lambda *_: path.unlink(missing_ok=True))
    with pytest.raises(DataError, match=rf"{path.name}: it was deleted.*omit --strict"):
        bakeoff(own_corpus, ("svm", "knn"), watcher=watcher, strict=True).measure()


def test_folds_that_an_earlier_version_stored_are_run_again(toy_corpus: Corpus, tmp_path: Path) -> None:
    run_state = RunState(tmp_path / "n")
    bakeoff(toy_corpus, ("knn", "svm"), run_state).measure()
    part = run_state.recall("knn-fold-0")
    assert part is not None
    del part["indices"]
    run_state.write("knn-fold-0", part)
    begun: list[str] = []
    watcher = Watcher(begin=lambda title, _: begun.append(title))
    bakeoff(toy_corpus, ("knn", "svm"), run_state, resume=True, watcher=watcher).measure()
    assert begun == ["knn: fold 1"]
