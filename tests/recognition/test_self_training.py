"""Learning from clips without a label: what is taken, what is left aside, and what is never tested."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from woodshed.data.check import check
from woodshed.data.example import Corpus, Example
from woodshed.data.folder import read_folder
from woodshed.data.split import honest_splits
from woodshed.data.table import read_table
from woodshed.errors import ParameterError
from woodshed.recognition import self_training as module
from woodshed.recognition.estimator import Recogniser
from woodshed.recognition.experiments.cross_validation import CrossValidation
from woodshed.recognition.self_training import (
    MIN_HELD_OUT,
    fit_with_unlabelled,
    may_learn,
    threshold_of,
    with_unlabelled,
)


def partly(labels: list[str], n_kept: int) -> list[str | None]:
    return [label if k < n_kept else None for k, label in enumerate(labels)]


def test_a_way_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ParameterError, match=r"Invalid value 'psuedo' of unlabelled.* Did you mean pseudo\?"):
        Recogniser(unlabelled="psuedo").check_settings()


def test_clips_without_a_label_are_set_aside_unless_asked_for(toy: Any) -> None:
    alone = Recogniser(net="svm").fit(toy.clips[:12], toy.labels[:12])
    model = Recogniser(net="svm").fit(toy.clips, partly(toy.labels, 12))
    assert len(model.skipped_) == len(toy.clips) - 12
    assert {entry.reason for entry in model.skipped_} == {"the label is empty."}
    assert model.pseudo_labels_ is None
    assert model.predict_proba(toy.clips) == pytest.approx(alone.predict_proba(toy.clips))


@pytest.mark.parametrize("net", ["svm", "knn"])
def test_clips_it_is_sure_of_are_learned_from_by_their_own_names(net: str, make_toy: Any) -> None:
    toy = make_toy(20)
    model = Recogniser(net=net, unlabelled="pseudo").fit(toy.clips, partly(toy.labels, 30), toy.groups)
    told = model.pseudo_labels_
    assert told is not None
    assert told.n_unlabelled == 30
    assert set(told.names) <= set(range(30, 60))
    assert len(told.names) > 10
    assert np.mean([toy.labels[k] == name for k, name in told.names.items()]) > 0.8
    alone = Recogniser(net=net).fit(toy.clips[:30], toy.labels[:30])
    assert model.classes_.tolist() == ["fall", "pulse", "rise"]
    assert not np.allclose(model.predict_proba(toy.clips), alone.predict_proba(toy.clips))
    assert model.fit(toy.clips, toy.labels).pseudo_labels_ is None


def test_labels_that_tell_nothing_name_no_clip(toy: Any) -> None:
    labels: list[str | None] = list(np.random.default_rng(0).permutation(toy.labels[:18]))
    model = Recogniser(net="svm", unlabelled="pseudo").fit(toy.clips, [*labels, *[None] * 9])
    assert model.pseudo_labels_ is not None
    assert (model.pseudo_labels_.names, model.pseudo_labels_.least_probability) == ({}, None)


@pytest.mark.train
def test_a_net_learns_from_them_too(toy: Any, tiny: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TARGET_PRECISION", 0.5)
    model = Recogniser(**tiny | {"epochs": 8}, unlabelled="pseudo")
    told = fit_with_unlabelled(model, model.fit, toy.clips, partly(toy.labels, 18), None, None)
    assert told is not None
    assert told.names
    assert model.predict_proba(toy.clips[:2]).shape == (2, 3)


# -- in a corpus -----------------------------------------------------------------------------------


def test_a_folder_and_a_table_keep_them_apart(toy_folder: Path, tmp_path: Path) -> None:
    import shutil

    place = tmp_path / "sounds"
    shutil.copytree(toy_folder, place)
    (place / "_unlabelled").mkdir()
    moved = sorted((place / "rise").iterdir())[:3]
    for path in moved:
        path.rename(place / "_unlabelled" / path.name)
    corpus = read_folder(place, group_by="part:2")
    assert sorted(corpus.counts()) == ["fall", "pulse", "rise"]
    assert [row.label for row in corpus.unlabelled] == [""] * 3
    assert {row.group for row in corpus.unlabelled} <= {"ann", "bob"}
    assert len(corpus.skipped) == 3
    lines = ["path,label,group", *(f"{row.path},{row.label},{row.group}" for row in corpus.examples)]
    lines += [f"{row.path},,{row.group}" for row in corpus.unlabelled]
    table = tmp_path / "rows.csv"
    table.write_text("\n".join(lines))
    again = read_table(table)
    assert again.unlabelled == corpus.unlabelled
    assert [entry.reason for entry in again.skipped] == [
        f"row {k}: the label is empty." for k in range(26, 29)
    ]
    off, on = (with_unlabelled(Recogniser(unlabelled=way), again) for way in (None, "pseudo"))
    assert (len(off.unlabelled), len(off.skipped), len(on.unlabelled), len(on.skipped)) == (0, 3, 3, 0)


def test_an_unlabelled_copy_of_a_labelled_sound_is_not_learned_from(toy_corpus: Corpus) -> None:
    copy = replace(toy_corpus.examples[0], label="")
    corpus = check(replace(toy_corpus, unlabelled=(copy, Example(Path("lost.wav")))))
    assert len(corpus.examples) == len(toy_corpus.examples)
    assert corpus.unlabelled == ()
    assert "is the same sound as" in corpus.skipped[0].reason
    assert "no such file" in corpus.skipped[1].reason


def test_nothing_unlabelled_of_a_tested_group_file_or_part_is_learned_from() -> None:
    sounds = [
        Example(Path("a.wav"), group="ann"),
        Example(Path("b.wav"), group="bob", split="test"),
        Example(Path("c.wav"), group="bob"),
        Example(Path("d.wav"), group="bob"),
    ]
    tested = [Example(Path("c.wav"), "yes", "ann", split="test")]
    assert [str(sound.path) for sound in may_learn(sounds, tested)] == ["d.wav"]


def test_they_are_in_no_test_part_and_no_class(toy_corpus: Corpus) -> None:
    blank = tuple(replace(row, label="") for row in toy_corpus.examples[::3])
    rest = tuple(row for k, row in enumerate(toy_corpus.examples) if k % 3)
    corpus = replace(toy_corpus, examples=rest, unlabelled=blank)
    run = CrossValidation(Recogniser(net="svm", unlabelled="pseudo"), corpus, honest_splits(corpus))
    for fold in run.splits[0].folds:
        heard = {row.group for row in run._unlabelled_beside(fold.train)}
        assert heard
        assert not heard & {rest[k].group for k in fold.test}
    experiment, kept = run.measure()
    assert experiment.names == ("fall", "pulse", "rise")
    assert sorted(experiment.splits[0].indices) == list(range(len(rest)))
    assert kept.pseudo_labels_ is not None
    assert kept.pseudo_labels_.n_unlabelled == len(blank)
    assert experiment.settings["unlabelled"] == "pseudo"
    assert "unlabelled clips used" in experiment.provenance["unlabelled sounds"]


def test_equal_answers_count_together_when_it_is_asked_from_where_on_they_are_right() -> None:
    # 18 of the surest 20 are right; the ten after them are equally sure, and five of those are right
    sure = np.repeat([0.9, 0.5], [20, 10])
    right = np.arange(30) % 10 != 0
    right[20:] = [True] * 5 + [False] * 5
    assert threshold_of(sure, right) == 0.9
    assert threshold_of(np.full(20, 0.7), np.arange(20) < 15) is None
    assert threshold_of(sure[:MIN_HELD_OUT], np.ones(MIN_HELD_OUT, bool)) == 0.9
    assert threshold_of(sure[: MIN_HELD_OUT - 1], np.ones(MIN_HELD_OUT - 1, bool)) is None  # too few
