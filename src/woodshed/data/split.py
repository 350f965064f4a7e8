"""Splits of a data set into training and test parts, by group where possible.

If the same speaker, song or source recording is on both sides of a split, a model may recognise it instead of
the class, and the score is too high. Such a split is marked as leaky wherever its score appears.
"""

from __future__ import annotations

import re
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from woodshed.data.example import Corpus
from woodshed.errors import DataError, ParameterError, near_miss, plural_of

Indices = NDArray[np.int64]

N_TRIES = 20
"""Maximum number of random partitions of the groups, until every class is in every training part."""

SPLIT_METHODS = (
    "auto",
    "group",
    "group-folds",
    "leave-one-group-out",
    "official",
    "random",
    "random-folds",
)
"""The methods of `make_split`."""


def stratified_folds(labels: Sequence[str], n_folds: int, seed: int) -> list[Indices]:
    """Return stratified test folds of single examples.

    Returns
    -------
    list of array
        ``n_folds`` arrays of row indices in ascending order, with each row in one of them; fewer if no class
        has that many examples.

    Raises
    ------
    DataError
        If no class has two examples.

    Examples
    --------
    >>> [len(fold) for fold in stratified_folds(["no", "yes"] * 6, 3, seed=0)]
    [4, 4, 4]
    """
    from sklearn.model_selection import StratifiedKFold

    n_folds = min(n_folds, max(Counter(labels).values()))
    if n_folds < 2:
        raise DataError(
            "There is only one example of each class; training and testing need one each. Record more."
        )
    return _test_parts(StratifiedKFold(n_folds, shuffle=True, random_state=seed), labels)


def stratified_group_folds(
    labels: Sequence[str], groups: Sequence[str], n_folds: int, seed: int, group_word: str = "group"
) -> list[Indices]:
    """Return test folds of whole groups, with about the same share of every class in each.

    Several partitions are tried until every class is in the training part of every fold.

    Returns
    -------
    list of array
        As for `stratified_folds`; fewer than ``n_folds`` if every class has fewer groups.

    Raises
    ------
    DataError
        If a class is missing from the training part of a fold.

    Examples
    --------
    >>> stratified_group_folds(["no", "yes", "no", "yes"], ["ann", "ann", "bob", "bob"], 2, seed=0)
    [array([2, 3]), array([0, 1])]
    """
    from sklearn.model_selection import StratifiedGroupKFold

    n_folds = min(n_folds, max(Counter(labels).values()))
    for try_seed in np.random.SeedSequence(seed).generate_state(N_TRIES).tolist():
        splitter = StratifiedGroupKFold(n_folds, shuffle=True, random_state=try_seed)
        tests = _test_parts(splitter, labels, groups)
        if not _untrainable(labels, tests) and all(len(test) for test in tests):
            return tests
    check_trainable(labels, tests, group_word)
    return [test for test in tests if len(test)]


def check_trainable(labels: Sequence[str], tests: Sequence[Indices], group_word: str) -> None:
    """Raise `DataError` if a test fold contains all examples of a class."""
    classes = _untrainable(labels, tests)
    if classes:
        raise DataError(
            f"Class {', '.join(classes)} comes from too few {plural_of(group_word)}: holding them out leaves "
            f"none for training. Record it from another {group_word}, or use the split random."
        )


def _untrainable(labels: Sequence[str], tests: Sequence[Indices]) -> list[str]:
    """Return the classes whose examples are all in one test fold."""
    names, codes = np.unique(np.asarray(labels), return_inverse=True)
    n_all = np.bincount(codes, minlength=len(names))
    missing = [np.bincount(codes[test], minlength=len(names)) == n_all for test in tests]
    return [str(name) for name in names[np.any(missing, axis=0)]]


def _test_parts(splitter: Any, labels: Sequence[str], groups: Sequence[str] | None = None) -> list[Indices]:
    with warnings.catch_warnings():
        # Classes with fewer examples than folds are not tested in some of them.
        warnings.filterwarnings("ignore", message="The least populated class", category=UserWarning)
        return [np.sort(test) for _, test in splitter.split(np.zeros(len(labels)), list(labels), groups)]


@dataclass(frozen=True, eq=False)
class Fold:
    """One pair of a training and a test part.

    Parameters
    ----------
    name
        Name of the test part, such as ``fold 1`` or the name of a speaker.
    train, test
        Row indices in ascending order, shapes ``(n_train,)`` and ``(n_test,)``.
    """

    name: str
    train: Indices
    test: Indices


@dataclass(frozen=True, eq=False)
class Split:
    """All folds of one evaluation.

    Parameters
    ----------
    name
        Description, such as ``unseen speakers, 3 folds``.
    folds
        The folds.
    leaky
        Whether a group is on both sides of some fold; None if the groups are unknown.
    """

    name: str
    folds: tuple[Fold, ...]
    leaky: bool | None


def group_folds(
    labels: Sequence[str],
    groups: Sequence[str],
    *,
    n_folds: int = 3,
    seed: int = 0,
    group_word: str = "group",
) -> Split:
    """Split whole groups into folds with about the same share of every class in each.

    Parameters
    ----------
    labels, groups
        Label and group of each example.
    n_folds
        Number of folds; with fewer groups, one fold for each group.
    seed
        Seed of the partition.
    group_word
        Word for a group, in the name of the split.

    Raises
    ------
    DataError
        If there is a single group, or all examples of a class come from one group, which leaves none for
        training when that group is held out.

    Examples
    --------
    >>> split = group_folds(["no", "yes"] * 6, ["ann"] * 4 + ["bob"] * 4 + ["eve"] * 4, group_word="speaker")
    >>> split.name, split.leaky, [len(fold.test) for fold in split.folds]
    ('unseen speakers, 3 folds', False, [4, 4, 4])
    """
    n_folds = min(_at_least_two(n_folds), _count_groups(groups, group_word))
    tests = stratified_group_folds(labels, groups, n_folds, seed, group_word)
    return _split(f"unseen {plural_of(group_word)}, {n_folds} folds", _numbered(tests, len(labels)), groups)


def group_holdout(
    labels: Sequence[str],
    groups: Sequence[str],
    *,
    test_share: float = 0.25,
    seed: int = 0,
    group_word: str = "group",
) -> Split:
    """Hold out whole groups once, with about ``test_share`` of the examples and, if possible, all classes.

    Raises
    ------
    DataError
        As for `group_folds`.

    Examples
    --------
    >>> split = group_holdout(["no", "yes"] * 8, [f"voice {k // 4}" for k in range(16)], group_word="speaker")
    >>> split.name, len(split.folds[0].test)
    ('unseen speakers, 25 % held out', 4)
    """
    n_folds = min(_share_to_folds(test_share), _count_groups(groups, group_word))
    tests = stratified_group_folds(labels, groups, n_folds, seed, group_word)
    best = min(
        tests,
        key=lambda test: (-len({labels[k] for k in test}), abs(len(test) - test_share * len(labels))),
    )
    return _split(
        f"unseen {plural_of(group_word)}, {_percent(best, labels)} held out",
        _numbered([best], len(labels)),
        groups,
    )


def leave_one_group_out(labels: Sequence[str], groups: Sequence[str], *, group_word: str = "group") -> Split:
    """Hold out each group once.

    Raises
    ------
    DataError
        As for `group_folds`.

    Examples
    --------
    >>> split = leave_one_group_out(["no", "yes"] * 3, ["ann", "ann", "bob", "bob", "eve", "eve"])
    >>> [fold.name for fold in split.folds]
    ['ann', 'bob', 'eve']
    """
    _count_groups(groups, group_word)
    of_row = np.asarray(groups)
    names = sorted(set(groups))
    tests = [np.flatnonzero(of_row == name) for name in names]
    check_trainable(labels, tests, group_word)
    return _split(
        f"one {group_word} left out at a time, {len(names)} folds", _folds(names, tests, len(labels)), groups
    )


def official(corpus: Corpus) -> Split:
    """Return the official split of the corpus.

    Each official fold is tested once. Of ``train`` / ``validation`` / ``test``, the validation part is used
    for training, because a recogniser holds out part of its training data for early stopping; it is the test
    part only if there is no other.

    Raises
    ------
    DataError
        If the corpus has no official split, or its training or test part is empty.
    """
    if not corpus.has_official_split:
        n_without = sum(example.split is None for example in corpus.examples)
        raise DataError(
            f"{corpus.name} has no official split: {n_without} of {len(corpus.examples)} examples are in "
            "no part. Use another split, such as group-folds."
        )
    parts = np.asarray([example.split for example in corpus.examples])
    names = sorted(set(parts.tolist()), key=_natural)
    if not corpus.folds:
        names = ["test" if "test" in names else "validation"]
    tests = [np.flatnonzero(parts == name) for name in names]
    folds = _folds(names, tests, len(parts))
    if any(len(fold.train) == 0 or len(fold.test) == 0 for fold in folds):
        raise DataError(f"{corpus.name}: the training or the test part of its official split is empty.")
    name = f"official, {len(folds)} folds" if corpus.folds else "official"
    return _split(name, folds, corpus.groups)


def random_folds(
    labels: Sequence[str], *, n_folds: int = 3, seed: int = 0, groups: Sequence[str] | None = None
) -> Split:
    """Split single examples into stratified folds; ``groups`` only determine whether the split is leaky.

    Examples
    --------
    >>> random_folds(["no", "yes"] * 6, groups=["ann"] * 6 + ["bob"] * 6).leaky
    True
    >>> random_folds(["no", "yes"] * 6).leaky is None
    True
    """
    tests = stratified_folds(labels, _at_least_two(n_folds), seed)
    return _split(f"random, {len(tests)} folds", _numbered(tests, len(labels)), groups)


def random_holdout(
    labels: Sequence[str], *, test_share: float = 0.25, seed: int = 0, groups: Sequence[str] | None = None
) -> Split:
    """Hold out single examples once, the same share of each class; ``groups`` as for `random_folds`.

    Examples
    --------
    >>> len(random_holdout(["no", "yes"] * 8).folds[0].test)
    4
    """
    test = stratified_folds(labels, _share_to_folds(test_share), seed)[0]
    return _split(f"random, {_percent(test, labels)} held out", _numbered([test], len(labels)), groups)


def honest_splits(corpus: Corpus, how: str = "auto", seed: int = 0) -> list[Split]:
    """Return the requested split, preceded by a split by group if it is leaky.

    Warns
    -----
    UserWarning
        If a leaky split stands alone, because there are too few groups.

    Examples
    --------
    >>> from woodshed.data.corpora.fsdd import load
    >>> from woodshed.data.sample import sample_folder
    >>> [(split.name, split.leaky) for split in honest_splits(load(sample_folder()), "official")]
    [('unseen speakers, 3 folds', False), ('official', True)]
    """
    split = make_split(corpus, how, seed)
    if not split.leaky:
        return [split]
    try:
        return [make_split(corpus, "group-folds", seed), split]
    except DataError:
        words = plural_of(corpus.group_word)
        warnings.warn(
            f"{corpus.name} cannot be tested on unseen {words}, because there are too few of them for every "
            f"class: the score of the split {split.name} is too high (leaky).",
            stacklevel=2,
        )
        return [split]


def make_split(corpus: Corpus, how: str = "auto", seed: int = 0) -> Split:
    """Split a corpus by the name of a method, as ``--split`` does.

    Parameters
    ----------
    corpus
        The data set.
    how
        ``auto``: the official split if there is one and it is not leaky; else ``group-folds`` if the
        groups are known; else ``random``, as for segments of too few files, if the file is only the default
        group. ``group``: whole groups held out once. ``group-folds``: each
        group tested once, in 3 folds, or ``group-folds:5``. ``leave-one-group-out``: one fold for each
        group. ``official``: that of the corpus. ``random``, ``random-folds``, ``random-folds:5``: ignoring
        groups.
    seed
        Seed of the partition.

    Raises
    ------
    DataError
        If the corpus cannot be split in this way.
    ParameterError
        If there is no such method.

    Examples
    --------
    >>> from woodshed.data.corpora.fsdd import load
    >>> from woodshed.data.sample import sample_folder
    >>> corpus = load(sample_folder())
    >>> for how in ("auto", "official", "leave-one-group-out", "random-folds:5"):
    ...     split = make_split(corpus, how)
    ...     print(split.name, split.leaky)
    unseen speakers, 3 folds False
    official True
    one speaker left out at a time, 6 folds False
    random, 5 folds True
    """
    method, options = parse_split(how)
    return _methods(corpus, seed)[method](options)


def parse_split(how: str) -> tuple[str, dict[str, int]]:
    """Return the method of `make_split` and its options; call it early to report mistakes.

    Raises
    ------
    ParameterError
        If there is no such method.

    Examples
    --------
    >>> parse_split("group-folds:5")
    ('group-folds', {'n_folds': 5})
    """
    method, colon, number = how.partition(":")
    if method not in SPLIT_METHODS:
        raise ParameterError(f"Unknown split {how!r}. {near_miss(method, SPLIT_METHODS)}")
    if not colon:
        return method, {}
    if not method.endswith("-folds"):
        raise ParameterError(
            f"The split {method!r} takes no number, got {how!r}. Use {method!r}, or group-folds:N."
        )
    if not number.isdecimal() or int(number) < 2:
        raise ParameterError(
            f"The split {method!r} takes a number of folds from 2, such as {method}:5, got {how!r}."
        )
    return method, {"n_folds": int(number)}


def _methods(corpus: Corpus, seed: int) -> dict[str, Callable[[dict[str, int]], Split]]:
    """Return the functions of the methods of `make_split`."""
    labels, known_groups, group_word = corpus.labels, corpus.groups, corpus.group_word

    def groups() -> list[str]:
        if known_groups is None:
            raise DataError(
                f"{corpus.name} cannot be split by {group_word}: the {group_word} of the sounds is unknown. "
                "Set group_by (part:N, folder, regex:PATTERN), or use the split random."
            )
        return known_groups

    def auto(_: dict[str, int]) -> Split:
        if corpus.has_official_split and not (split := official(corpus)).leaky:
            return split
        if known_groups is None:
            return random_holdout(labels, seed=seed)
        try:
            return group_folds(labels, known_groups, seed=seed, group_word=group_word)
        except DataError:
            if not corpus.group_reason:
                raise
            return random_holdout(labels, seed=seed, groups=known_groups)

    return {
        "auto": auto,
        "group": lambda _: group_holdout(labels, groups(), seed=seed, group_word=group_word),
        "group-folds": lambda n: group_folds(labels, groups(), **n, seed=seed, group_word=group_word),
        "leave-one-group-out": lambda _: leave_one_group_out(labels, groups(), group_word=group_word),
        "official": lambda _: official(corpus),
        "random": lambda _: random_holdout(labels, seed=seed, groups=known_groups),
        "random-folds": lambda n: random_folds(labels, **n, seed=seed, groups=known_groups),
    }


def _split(name: str, folds: tuple[Fold, ...], groups: Sequence[str] | None) -> Split:
    """Return a split, with `Split.leaky` computed from the groups."""
    if groups is None:
        return Split(name, folds, None)
    of_row = np.asarray(groups)
    leaky = any(np.isin(of_row[fold.train], of_row[fold.test]).any() for fold in folds)
    return Split(name, folds, bool(leaky))


def _folds(names: Sequence[str], tests: Sequence[Indices], n_rows: int) -> tuple[Fold, ...]:
    """Return a fold for each test part, with all other rows as training part."""
    rows = np.arange(n_rows)
    return tuple(Fold(name, np.setdiff1d(rows, test), test) for name, test in zip(names, tests, strict=True))


def _numbered(tests: Sequence[Indices], n_rows: int) -> tuple[Fold, ...]:
    """Name the folds ``fold 1``, ``fold 2``, …; one alone is ``held out``."""
    names = [f"fold {k}" for k in range(1, len(tests) + 1)] if len(tests) > 1 else ["held out"]
    return _folds(names, tests, n_rows)


def _count_groups(groups: Sequence[str], group_word: str) -> int:
    n_groups = len(set(groups))
    if n_groups < 2:
        raise DataError(
            f"All sounds come from one {group_word}, so none can be held out. "
            f"Record a second {group_word}, or use the split random."
        )
    return n_groups


def _at_least_two(n_folds: int) -> int:
    if n_folds < 2:
        raise ParameterError(f"A split needs at least 2 folds, got n_folds={n_folds!r}.")
    return n_folds


def _share_to_folds(test_share: float) -> int:
    """Return the number of equal parts of which one is the test part."""
    if not 0 < test_share <= 0.5:
        raise ParameterError(f"test_share must be above 0 and at most 0.5, got {test_share!r}.")
    return round(1 / test_share)


def _percent(test: Indices, labels: Sequence[str]) -> str:
    return f"{100 * (len(test) / len(labels)):.0f} %"


def _natural(name: str) -> list[tuple[int, str]]:
    """Return a sort key that puts ``fold 10`` after ``fold 9``."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", name)]
