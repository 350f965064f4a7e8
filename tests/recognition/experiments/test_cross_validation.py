"""Experiments: every part is tested by who has not learned from it; cut short, a run goes on where it was."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from woodshed.data.example import Corpus, Sounds
from woodshed.data.split import honest_splits, make_split
from woodshed.errors import DataError, OutputError, ParameterError
from woodshed.recognition.estimator import Recogniser
from woodshed.recognition.experiments.cross_validation import CrossValidation, evaluate, methods_of
from woodshed.recognition.experiments.result import Experiment, SplitResult
from woodshed.training.progress import LearningCurve, Watcher
from woodshed.training.run_state import RunState


@dataclass(kw_only=True, eq=False)
class Parrot(Recogniser):
    """Stands in for a recogniser: remembers every sound it learned from, and guesses at others."""

    n_fits: ClassVar[int] = 0
    end_after: ClassVar[int] = 10**9
    how: ClassVar[type[BaseException]] = SystemExit

    def fit(
        self, clips: Any, targets: Any, groups: Any = None, *, checkpoint: Any = None, on_epoch: Any = None
    ) -> Any:
        Parrot.n_fits += 1
        if Parrot.n_fits > Parrot.end_after and Parrot.how is not KeyboardInterrupt:
            raise Parrot.how
        self.classes_ = np.unique(np.asarray(targets))
        self.known = {clip.samples.tobytes(): label for clip, label in zip(clips, targets, strict=True)}
        self.learned_groups, self.checkpoint = groups, checkpoint
        on_epoch(0, 1.5, 0.5)
        self.curve_ = LearningCurve("training", (1.5, 1.0), (1.6, 1.1), (0.3, 0.6), 1)
        if Parrot.n_fits > Parrot.end_after:
            raise Parrot.how
        return self

    def outputs(self, clips: Any) -> np.ndarray:
        rows = np.full((len(clips), len(self.classes_)), 0.1)
        for row, clip in zip(rows, clips, strict=True):
            row[self.classes_.tolist().index(self.known.get(clip.samples.tobytes(), self.classes_[0]))] = 0.9
        return rows / rows.sum(axis=1, keepdims=True)


@pytest.fixture(autouse=True)
def _fresh_parrot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Parrot, "n_fits", 0)
    monkeypatch.setattr(Parrot, "end_after", 10**9)


def run(corpus: Corpus, how: str = "random", folder: Path | None = None, **change: Any) -> CrossValidation:
    return CrossValidation(Parrot(epochs=2), corpus, honest_splits(corpus, how), RunState(folder), **change)


def labels_of(experiment: Experiment, split: SplitResult) -> list[str]:
    return [experiment.names[column] for column in split.truth.argmax(axis=1)]


def answers(experiment: Experiment) -> list[Any]:
    return [
        (
            split.split,
            split.leaky,
            split.indices.tolist(),
            split.folds.tolist(),
            split.truth.tolist(),
            split.curves,
            *(split.outputs[method].tolist() for method in methods_of(Parrot(), Parrot.head.baselines)),
        )
        for split in experiment.splits
    ]


def test_the_honest_split_comes_first_and_leaks_are_computed(toy_corpus: Corpus) -> None:
    experiment, _ = run(toy_corpus).measure()
    assert [(split.split, split.leaky) for split in experiment.splits] == [
        ("unseen groups, 2 folds", False),
        ("random, 26 % held out", True),
    ]
    honest, leaky = experiment.splits
    groups = np.asarray(toy_corpus.groups)
    for split, shared in ((honest, False), (leaky, True)):
        for fold in np.unique(split.folds):
            tested = split.indices[split.folds == fold]
            learned = np.setdiff1d(np.arange(len(groups)), tested)
            assert bool(set(groups[tested]) & set(groups[learned])) is shared


def test_every_row_is_tested_once_by_a_model_that_has_not_learned_from_it(toy_corpus: Corpus) -> None:
    experiment, kept = run(toy_corpus, "group-folds").measure()
    (split,) = experiment.splits
    assert sorted(split.indices.tolist()) == list(range(len(toy_corpus.examples)))
    assert labels_of(experiment, split) == [toy_corpus.labels[k] for k in split.indices]
    # A parrot knows what it learned from and nothing else: here it must always have guessed.
    assert (split.outputs["net"].argmax(axis=1) == 0).all()
    assert (
        kept.score([CrossValidation(kept, toy_corpus, ()).sounds[k] for k in range(5)], toy_corpus.labels[:5])
        == 1
    )
    assert experiment.learned.tolist() == list(range(len(toy_corpus.examples)))


def test_the_plain_baselines_answer_the_same_test_parts(toy_corpus: Corpus) -> None:
    experiment, _ = run(toy_corpus).measure()
    for split in experiment.splits:
        assert list(split.outputs) == ["net", "svm", "majority"]
        for rows in split.outputs.values():
            assert rows.shape == (len(split.truth), 3)
            assert rows.sum(axis=1) == pytest.approx(1)
    leaky = experiment.splits[1]
    assert (leaky.outputs["svm"].argmax(axis=1) == leaky.truth.argmax(axis=1)).mean() > 0.5
    assert np.unique(leaky.outputs["majority"], axis=0).shape == (1, 3)


def test_with_one_fold_the_model_that_was_tested_is_kept(toy_corpus: Corpus) -> None:
    experiment, kept = run(toy_corpus, "group").measure()
    assert Parrot.n_fits == 1
    (split,) = experiment.splits
    assert sorted([*experiment.learned, *split.indices]) == list(range(len(toy_corpus.examples)))
    assert len(kept.known) == len(experiment.learned)  # type: ignore[attr-defined]


def test_with_several_folds_one_more_learns_from_everything(toy_corpus: Corpus) -> None:
    _, kept = run(toy_corpus).measure()
    assert Parrot.n_fits == 2 + 1 + 1
    assert len(kept.known) == len(toy_corpus.examples)  # type: ignore[attr-defined]
    assert kept.learned_groups == toy_corpus.groups  # type: ignore[attr-defined]


def test_curves_settings_and_provenance_are_kept(toy_corpus: Corpus) -> None:
    experiment, _ = run(toy_corpus, "group-folds").measure()
    assert [curve.fold for curve in experiment.splits[0].curves] == ["fold 1", "fold 2"]
    assert experiment.splits[0].curves[0].validation_loss == (1.6, 1.1)
    assert experiment.splits[0].curves[0].best_epoch == 1
    assert experiment.settings["epochs"] == 2
    assert experiment.settings["sample_rate"] == 8000  # left open, and chosen from all examples
    assert "numpy" in experiment.provenance
    assert "interrupted" not in experiment.provenance


def test_the_watcher_is_told_what_happens(toy_corpus: Corpus) -> None:
    heard: list[Any] = []
    watcher = Watcher(
        lambda *a: heard.append(("begin", *a)), lambda *a: heard.append(("epoch", *a)), heard.append
    )
    run(toy_corpus, "group-folds", watcher=watcher).measure()
    assert heard[0] == ("begin", "unseen groups, 2 folds: fold 1", 2)
    assert heard[1] == ("epoch", 0, 1.5, 0.5)
    assert heard[2] == pytest.approx(1 / 3)  # its guess is right for one class of three
    assert heard[-1] is None
    assert sum(isinstance(word, tuple) and word[0] == "begin" for word in heard) == 3


def test_a_class_that_would_be_tested_but_not_learned_is_named(toy_corpus: Corpus) -> None:
    split = make_split(toy_corpus, "group")
    fold = split.folds[0]
    rare = [k for k in fold.train if toy_corpus.labels[k] == "rise"]
    moved = replace(fold, train=np.setdiff1d(fold.train, rare), test=np.union1d(fold.test, rare))
    unfair = replace(split, folds=(moved,))
    with pytest.raises(DataError, match="rise would be tested but not learned"):
        CrossValidation(Parrot(), toy_corpus, [unfair]).measure()


def test_a_class_that_is_not_learned_in_a_fold_has_no_chance_there(toy_corpus: Corpus) -> None:
    split = make_split(toy_corpus, "group-folds")
    first = split.folds[0]
    without = np.array(
        [k for k in np.concatenate([first.train, first.test]) if toy_corpus.labels[k] != "rise"]
    )
    fold = replace(
        first, train=np.intersect1d(first.train, without), test=np.intersect1d(first.test, without)
    )
    experiment, _ = CrossValidation(Parrot(), toy_corpus, [replace(split, folds=(fold,))]).measure()
    assert experiment.names == ("fall", "pulse", "rise")
    assert (experiment.splits[0].outputs["net"][:, 2] == 0).all()


def test_wrong_settings_are_refused_before_anything_is_read(toy_corpus: Corpus, tmp_path: Path) -> None:
    wrong = CrossValidation(
        Parrot(epochs=0), toy_corpus, honest_splits(toy_corpus), RunState(tmp_path / "training")
    )
    with pytest.raises(ParameterError, match="epochs must be positive"):
        wrong.measure()
    assert list(tmp_path.iterdir()) == []


# -- going on -------------------------------------------------------------------------------------


@pytest.mark.parametrize("n_done", [0, 1, 2, 3])
def test_a_run_that_was_killed_goes_on_to_the_same_answers(
    n_done: int, toy_corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = answers(run(toy_corpus).measure()[0])
    monkeypatch.setattr(Parrot, "n_fits", 0)
    monkeypatch.setattr(Parrot, "end_after", n_done)
    with pytest.raises(SystemExit):
        run(toy_corpus, folder=tmp_path / "training").measure()
    monkeypatch.setattr(Parrot, "end_after", 10**9)
    monkeypatch.setattr(Parrot, "n_fits", 0)
    experiment, _ = run(toy_corpus, folder=tmp_path / "training", resume=True).measure()
    assert answers(experiment) == expected
    assert Parrot.n_fits == 4 - n_done  # what was done is not done again


def test_a_damaged_part_is_done_again(
    toy_corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "training"
    expected = answers(run(toy_corpus, folder=folder).measure()[0])
    (part, *_) = sorted(folder.glob("split-*.npz"))
    part.write_bytes(part.read_bytes()[:-100])
    monkeypatch.setattr(Parrot, "n_fits", 0)
    assert answers(run(toy_corpus, folder=folder, resume=True).measure()[0]) == expected
    assert Parrot.n_fits == 2  # that part, and the model to keep


def test_each_training_has_a_checkpoint_of_its_own(toy_corpus: Corpus, tmp_path: Path) -> None:
    seen: list[Path] = []

    @dataclass(kw_only=True, eq=False)
    class Noting(Parrot):
        def fit(self, *arguments: Any, checkpoint: Any = None, **named: Any) -> Any:
            seen.append(checkpoint)
            return super().fit(*arguments, checkpoint=checkpoint, **named)

    splits = honest_splits(toy_corpus, "random")
    CrossValidation(Noting(), toy_corpus, splits, RunState(tmp_path)).measure()
    assert Counter(seen).most_common(1)[0][1] == 1
    assert all(path.parent == tmp_path for path in seen)


def test_another_run_does_not_go_on(toy_corpus: Corpus, tmp_path: Path) -> None:
    run(toy_corpus, folder=tmp_path / "training").measure()
    other = CrossValidation(
        Parrot(epochs=3),
        toy_corpus,
        honest_splits(toy_corpus, "random"),
        RunState(tmp_path / "training"),
        True,
    )
    with pytest.raises(OutputError, match="holds an unfinished training with other settings or other data"):
        other.measure()
    elsewhere = Parrot(epochs=2, store=str(tmp_path / "store"), n_jobs=2)  # those do not change the result
    splits = honest_splits(toy_corpus, "random")
    CrossValidation(elsewhere, toy_corpus, splits, RunState(tmp_path / "training"), True).measure()
    assert Parrot.n_fits == 4 + 1


@pytest.mark.parametrize("n_done", [0, 1, 2, 3])
def test_a_keyboard_interrupt_tests_and_keeps_what_there_is(
    n_done: int, toy_corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Parrot, "end_after", n_done)
    monkeypatch.setattr(Parrot, "how", KeyboardInterrupt)
    cut_short = run(toy_corpus, folder=tmp_path / "training")
    experiment, kept = cut_short.measure()
    assert cut_short.interrupted
    assert "interrupted" in experiment.provenance
    assert Parrot.n_fits == n_done + 1  # the one under way is ended, no other is begun
    assert [len(split.curves) for split in experiment.splits] == [[1], [2], [2, 1], [2, 1]][n_done]
    assert len(kept.known) == len(experiment.learned)  # type: ignore[attr-defined]
    monkeypatch.setattr(Parrot, "end_after", 10**9)
    monkeypatch.setattr(Parrot, "n_fits", 0)
    whole, _ = run(toy_corpus, folder=tmp_path / "training", resume=True).measure()
    assert answers(whole) == answers(run(toy_corpus).measure()[0])  # and it can still go on


def test_an_interrupt_before_there_is_anything_to_keep_ends_the_run(
    toy_corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(self: Any, *_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Parrot, "fit", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(toy_corpus).measure()


def test_the_plan_counts_the_trainings(toy_corpus: Corpus, tiny: dict[str, Any]) -> None:
    recogniser = Parrot(**tiny)
    plan = CrossValidation(recogniser, toy_corpus, honest_splits(toy_corpus, "random")).plan()
    assert (plan.n_trainings, plan.n_epochs) == (4, 20)
    narrow, wide = recogniser.width, 2 * recogniser.width
    assert plan.n_weights == 35 * 16 * wide + wide + wide * narrow + narrow + narrow * 3 + 3
    assert 0 < plan.duration_s < 60
    assert CrossValidation(recogniser, toy_corpus, honest_splits(toy_corpus, "group")).plan().n_trainings == 1


LOSSES = {
    "deleted": lambda path: path.unlink(),
    "emptied": lambda path: path.write_bytes(b""),
    "changed": lambda path: path.write_bytes(path.with_name("other.bin").read_bytes()),
}


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("after_fits", [0, 1, 2])
def test_a_file_that_is_lost_during_the_run_is_skipped_and_named(
    own_corpus: Corpus, monkeypatch: pytest.MonkeyPatch, loss: str, after_fits: int
) -> None:
    split = make_split(own_corpus, "group-folds")
    row = int(split.folds[-1].test[0])
    path = own_corpus.examples[row].path
    training = CrossValidation(Parrot(), own_corpus, [split])
    fit = Parrot.fit

    def fit_and_lose(self: Any, *arguments: Any, **options: Any) -> Any:
        if Parrot.n_fits == after_fits:
            LOSSES[loss](path)
        return fit(self, *arguments, **options)

    if after_fits == 0:
        training.files.check()
        LOSSES[loss](path)
    else:
        monkeypatch.setattr(Parrot, "fit", fit_and_lose)
    experiment, _ = training.measure()
    (skipped,) = experiment.skipped
    assert skipped.path == path
    assert "during the run" in skipped.reason
    assert row not in experiment.learned
    was_tested = after_fits == 2  # lost while the final model is fitted
    assert (row in experiment.splits[0].indices) == was_tested
    assert len(experiment.splits[0].indices) == len(own_corpus.examples) - (not was_tested)


def test_a_strict_run_ends_with_the_name_of_a_lost_file(own_corpus: Corpus) -> None:
    training = CrossValidation(Parrot(), own_corpus, [make_split(own_corpus)], strict=True)
    path = own_corpus.examples[3].path
    training.files.check()
    path.unlink()
    with pytest.raises(DataError, match=rf"{path.name}: it was deleted.*omit --strict"):
        training.measure()


def test_a_file_that_was_damaged_between_check_and_run_is_skipped(own_corpus: Corpus) -> None:
    path = own_corpus.examples[3].path
    path.write_bytes(b"not a sound")
    experiment, _ = CrossValidation(Parrot(), own_corpus, [make_split(own_corpus)]).measure()
    assert [entry.path for entry in experiment.skipped] == [path]
    assert "not audio" in experiment.skipped[0].reason


def lose_after_fit(monkeypatch: pytest.MonkeyPatch, paths: list[Path]) -> None:
    """Delete files when the first training is over."""
    fit = Parrot.fit

    def fit_and_lose(self: Any, *arguments: Any, **options: Any) -> Any:
        fitted = fit(self, *arguments, **options)
        for path in paths:
            path.unlink(missing_ok=True)
        return fitted

    monkeypatch.setattr(Parrot, "fit", fit_and_lose)


def test_a_fold_is_skipped_if_no_file_of_its_test_part_is_left(
    own_corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    split = make_split(own_corpus, "random-folds:3")
    last = split.folds[-1].test
    lose_after_fit(monkeypatch, [own_corpus.examples[k].path for k in last])
    experiment, _ = CrossValidation(Parrot(), own_corpus, [split]).measure()
    assert sorted(experiment.splits[0].indices) == sorted([*split.folds[0].test, *split.folds[1].test])
    assert len(experiment.skipped) == len(last)


def test_a_run_ends_if_nothing_is_left_to_test(own_corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    split = make_split(own_corpus, "group")
    lose_after_fit(monkeypatch, [own_corpus.examples[k].path for k in split.folds[0].test])
    with pytest.raises(DataError, match="Nothing could be tested"):
        CrossValidation(Parrot(), own_corpus, [split]).measure()


def test_a_run_ends_if_no_file_is_left(own_corpus: Corpus) -> None:
    training = CrossValidation(Parrot(), own_corpus, [make_split(own_corpus)])
    for example in own_corpus.examples:
        example.path.unlink()
    with pytest.raises(DataError, match=r"No file is left to use\. The first: .*it was deleted"):
        training.measure()


def test_an_unlabelled_file_that_is_lost_during_the_run_is_skipped_and_named(own_corpus: Corpus) -> None:
    first, *others = own_corpus.examples
    unlabelled = replace(first, label=None)
    corpus = replace(own_corpus, examples=tuple(others), unlabelled=(unlabelled,))
    training = CrossValidation(Recogniser(net="svm"), corpus, [make_split(corpus)])
    training.files.check()
    first.path.unlink()
    experiment, _ = training.measure()
    assert [entry.path for entry in experiment.skipped] == [first.path]


def test_an_evaluation_goes_on_without_a_file_that_is_lost_meanwhile(
    own_corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    estimator = Recogniser(net="svm").fit(Sounds(own_corpus.examples), own_corpus.labels)
    path, outputs = own_corpus.examples[3].path, Recogniser.outputs

    def lose_and_predict(self: Any, clips: Any) -> Any:
        path.unlink(missing_ok=True)
        return outputs(self, clips)

    monkeypatch.setattr(Recogniser, "outputs", lose_and_predict)
    experiment = evaluate(estimator, own_corpus, leaky=True)
    assert [entry.path for entry in experiment.corpus.skipped] == [path]
    assert len(experiment.splits[0].indices) == len(own_corpus.examples) - 1
