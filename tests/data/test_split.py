"""Splits: whole, without overlap, honest about groups."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from woodshed.data.example import Corpus, Example
from woodshed.data.split import (
    Split,
    group_folds,
    group_holdout,
    honest_splits,
    leave_one_group_out,
    make_split,
    official,
    random_folds,
    random_holdout,
)
from woodshed.errors import DataError, ParameterError

# Six speakers say three words eight times each: 144 sounds.
WORDS = ["go", "no", "yes"] * 48
SPEAKERS = [f"speaker {k // 24}" for k in range(144)]


def corpus(
    groups: list[str] | None = SPEAKERS, splits: list[str] | None = None, folds: bool = False
) -> Corpus:
    rows = [
        Example(Path(f"{k}.wav"), word, groups[k] if groups else None, split=splits[k] if splits else None)
        for k, word in enumerate(WORDS)
    ]
    return Corpus("words", tuple(rows), folds=folds, group_word="speaker")


def assert_each_row_is_tested_once(split: Split, n_rows: int = 144) -> None:
    np.testing.assert_array_equal(
        np.sort(np.concatenate([fold.test for fold in split.folds])), np.arange(n_rows)
    )
    for fold in split.folds:
        np.testing.assert_array_equal(np.union1d(fold.train, fold.test), np.arange(n_rows))
        assert len(fold.train) + len(fold.test) == n_rows


def shared_groups(split: Split, groups: list[str]) -> set[str]:
    return {
        group
        for fold in split.folds
        for group in {groups[k] for k in fold.train} & {groups[k] for k in fold.test}
    }


@pytest.mark.parametrize("seed", range(5))
def test_group_folds_share_no_group_and_balance_the_classes(seed: int) -> None:
    split = group_folds(WORDS, SPEAKERS, n_folds=3, seed=seed)
    assert_each_row_is_tested_once(split)
    assert shared_groups(split, SPEAKERS) == set()
    assert split.leaky is False
    for fold in split.folds:
        assert {word: [WORDS[k] for k in fold.test].count(word) for word in set(WORDS)} == dict.fromkeys(
            WORDS, 16
        )


def test_the_seed_decides_who_is_tested_together() -> None:
    def tested(seed: int) -> set[frozenset[str]]:
        split = group_folds(WORDS, SPEAKERS, seed=seed)
        return {frozenset(SPEAKERS[k] for k in fold.test) for fold in split.folds}

    assert tested(0) == tested(0)
    assert len({frozenset(tested(seed)) for seed in range(8)}) > 1


def test_fewer_groups_than_folds_gives_a_fold_for_each_group() -> None:
    split = group_folds(WORDS, SPEAKERS, n_folds=10, group_word="voice")
    assert len(split.folds) == 6
    assert split.name == "unseen voices, 6 folds"


def test_groups_are_dealt_until_every_class_can_be_learned() -> None:
    # The rare word comes from two speakers only: they must never be tested together.
    labels = ["rare" if speaker in ("speaker 0", "speaker 1") and k % 24 < 4 else "common"
              for k, speaker in enumerate(SPEAKERS)]  # fmt: skip
    for seed in range(20):
        for fold in group_folds(labels, SPEAKERS, n_folds=3, seed=seed).folds:
            assert {labels[k] for k in fold.train} == {"rare", "common"}


def test_a_class_from_one_group_is_named_with_the_cure() -> None:
    labels = [
        "solo" if speaker == "speaker 3" else word for word, speaker in zip(WORDS, SPEAKERS, strict=True)
    ]
    for make in (group_folds, group_holdout, leave_one_group_out):
        with pytest.raises(DataError, match=r"Class solo comes from too few speakers.*another speaker"):
            make(labels, SPEAKERS, group_word="speaker")


def test_one_group_cannot_be_split() -> None:
    with pytest.raises(DataError, match="All sounds come from one singer"):
        group_folds(WORDS, ["ann"] * 144, group_word="singer")


def test_group_holdout_takes_about_the_share_with_all_classes() -> None:
    groups = [f"song {k // 6}" for k in range(144)]
    split = group_holdout(WORDS, groups, test_share=0.25, seed=1, group_word="song")
    (fold,) = split.folds
    assert len(fold.test) / 144 == pytest.approx(0.25, abs=0.02)
    assert {WORDS[k] for k in fold.test} == set(WORDS)
    assert shared_groups(split, groups) == set()
    assert (split.name, split.leaky, fold.name) == ("unseen songs, 25 % held out", False, "held out")
    with pytest.raises(ParameterError, match=r"test_share must be above 0 and at most 0\.5"):
        group_holdout(WORDS, groups, test_share=0.9)


def test_leave_one_group_out_tests_each_by_name() -> None:
    split = leave_one_group_out(WORDS, SPEAKERS, group_word="speaker")
    assert_each_row_is_tested_once(split)
    for fold in split.folds:
        assert {SPEAKERS[k] for k in fold.test} == {fold.name}
    assert split.name == "one speaker left out at a time, 6 folds"


def test_random_splits_keep_the_class_shares_and_tell_whether_they_leak() -> None:
    split = random_folds(WORDS, n_folds=4, seed=0, groups=SPEAKERS)
    assert_each_row_is_tested_once(split)
    assert split.leaky is True
    assert all([WORDS[k] for k in fold.test].count("go") == 12 for fold in split.folds)
    assert random_holdout(WORDS, seed=0).leaky is None
    assert random_holdout(WORDS, seed=0, groups=[str(k) for k in range(144)]).leaky is False
    assert len(random_holdout(WORDS, test_share=0.1, seed=0).folds[0].test) == pytest.approx(14.4, abs=1)


def test_a_small_class_does_not_stop_a_random_split() -> None:
    split = random_folds(["a"] * 20 + ["b"] * 2, n_folds=5)
    assert_each_row_is_tested_once(split, 22)
    assert len(random_folds(["a", "a", "b", "b"], n_folds=5).folds) == 2


def test_official_parts_learn_from_train_and_validation() -> None:
    parts = ["test" if k % 12 < 2 else "validation" if k % 12 == 2 else "train" for k in range(144)]
    (fold,) = official(corpus(splits=parts)).folds
    assert [parts[k] == "test" for k in range(144)] == [k in fold.test for k in range(144)]
    assert len(fold.train) == 120
    without_test = ["validation" if part == "test" else "train" for part in parts]
    assert len(official(corpus(splits=without_test)).folds[0].test) == 24


def test_official_folds_are_tested_in_natural_order() -> None:
    split = official(corpus(splits=[f"fold {k % 12 + 1}" for k in range(144)], folds=True))
    assert_each_row_is_tested_once(split)
    assert [fold.name for fold in split.folds] == [f"fold {k}" for k in range(1, 13)]
    assert split.name == "official, 12 folds"


@pytest.mark.parametrize(
    ("splits", "words"),
    [
        (None, "words has no official split: 144 of 144 examples are in no part"),
        (["test"] * 144, "the training or the test part of its official split is empty"),
        (["train"] * 144, "the training or the test part of its official split is empty"),
    ],
)
def test_no_official_split_is_said(splits: list[str] | None, words: str) -> None:
    with pytest.raises(DataError, match=words):
        official(corpus(splits=splits))


def by_speaker(n_test: int) -> list[str]:
    return ["test" if k // 24 < n_test else "train" for k in range(144)]


def test_auto_takes_the_official_split_only_if_it_is_honest() -> None:
    leaky = ["test" if k % 6 == 0 else "train" for k in range(144)]
    assert make_split(corpus(splits=by_speaker(2))).name == "official"
    assert make_split(corpus(splits=leaky)).name == "unseen speakers, 3 folds"
    assert make_split(corpus(None, leaky)).name == "official"
    assert make_split(corpus()).name == "unseen speakers, 3 folds"
    assert make_split(corpus(None)).name == "random, 25 % held out"


@pytest.mark.parametrize(
    ("how", "name", "n_folds", "leaky"),
    [
        ("group", "unseen speakers, 33 % held out", 1, False),
        ("group-folds", "unseen speakers, 3 folds", 3, False),
        ("group-folds:2", "unseen speakers, 2 folds", 2, False),
        ("leave-one-group-out", "one speaker left out at a time, 6 folds", 6, False),
        ("official", "official", 1, False),
        ("random", "random, 25 % held out", 1, True),
        ("random-folds", "random, 3 folds", 3, True),
        ("random-folds:5", "random, 5 folds", 5, True),
    ],
)
def test_each_word_of_the_command_line(how: str, name: str, n_folds: int, leaky: bool) -> None:
    split = make_split(corpus(splits=by_speaker(2)), how, 7)
    assert (split.name, len(split.folds), split.leaky) == (name, n_folds, leaky)


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("grup-folds", "Unknown split 'grup-folds'. Did you mean group-folds?"),
        ("group:3", "'group' takes no number, got 'group:3'"),
        ("group-folds:many", "takes a number of folds from 2, such as group-folds:5"),
        ("random-folds:1", "takes a number of folds from 2"),
    ],
)
def test_an_unknown_word_names_the_near_miss(how: str, words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        make_split(corpus(), how)


def test_unknown_groups_say_how_to_name_them() -> None:
    with pytest.raises(
        DataError, match=r"cannot be split by speaker: the speaker of the sounds is unknown.*group_by"
    ):
        make_split(corpus(None), "group-folds")


def test_a_leaky_split_never_stands_alone() -> None:
    leaky = ["test" if k % 6 == 0 else "train" for k in range(144)]
    asked = honest_splits(corpus(splits=leaky), "official")
    assert [(split.name, split.leaky) for split in asked] == [
        ("unseen speakers, 3 folds", False),
        ("official", True),
    ]
    assert [split.name for split in honest_splits(corpus(), "group")] == ["unseen speakers, 33 % held out"]
    assert [split.leaky for split in honest_splits(corpus(None), "random")] == [None]


def test_one_example_of_each_class_cannot_be_dealt_out() -> None:
    with pytest.raises(DataError, match="only one example of each class; training and testing need one each"):
        random_holdout(["a", "b"])


def test_one_leaky_fold_makes_a_split_leaky() -> None:
    from woodshed.data.split import Fold, _split

    honest = Fold("1", np.array([0, 1]), np.array([2, 3]))
    leaky = Fold("2", np.array([0, 2]), np.array([1, 3]))
    groups = ["ann", "ann", "bob", "bob"]
    assert _split("folds", (honest, honest), groups).leaky is False
    assert _split("folds", (honest, leaky), groups).leaky is True
