"""Dealing examples out to folds, class by class, singly or by whole groups."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from woodshed.errors import DataError

Indices = NDArray[np.int64]

N_TRIES = 20
"""So many ways to deal out the groups are tried until every class can be learned in every fold."""


def stratified_folds(labels: Sequence[str], n_folds: int, seed: int) -> list[Indices]:
    """Deal out the examples of each class evenly.

    Returns
    -------
    list of array
        ``n_folds`` arrays of rows in ascending order, which together hold each row once. Fewer, if no
        class has that many examples.

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

    n_folds = min(n_folds, _largest_class(labels))
    if n_folds < 2:
        raise DataError(
            "There is only one example of each class: it cannot be both learned and tested. Record more."
        )
    return _test_parts(StratifiedKFold(n_folds, shuffle=True, random_state=seed), labels)


def stratified_group_folds(
    labels: Sequence[str], groups: Sequence[str], n_folds: int, seed: int, group_word: str = "group"
) -> list[Indices]:
    """Deal out whole groups so that each fold has about the same share of every class.

    Several ways are tried until one is found in which every class can be learned in every fold.

    Returns
    -------
    list of array
        As `stratified_folds`; fewer than ``n_folds``, if every class comes from fewer groups.

    Raises
    ------
    DataError
        If a class has all its examples in one fold.

    Examples
    --------
    >>> stratified_group_folds(["no", "yes", "no", "yes"], ["ann", "ann", "bob", "bob"], 2, seed=0)
    [array([2, 3]), array([0, 1])]
    """
    from sklearn.model_selection import StratifiedGroupKFold

    n_folds = min(n_folds, _largest_class(labels))
    tests: list[Indices] = []
    for try_seed in np.random.SeedSequence(seed).generate_state(N_TRIES).tolist():
        dealer = StratifiedGroupKFold(n_folds, shuffle=True, random_state=try_seed)
        tests = _test_parts(dealer, labels, groups)
        if not _unlearnable(labels, tests) and all(len(test) for test in tests):
            return tests
    refuse_unlearnable(labels, tests, group_word)
    return [test for test in tests if len(test)]


def refuse_unlearnable(labels: Sequence[str], tests: Sequence[Indices], group_word: str) -> None:
    """Raise `DataError` if a class has all its examples in one fold."""
    classes = _unlearnable(labels, tests)
    if classes:
        raise DataError(
            f"Class {', '.join(classes)} comes from too few {group_word}s: it could not be learned while "
            f"they are tested. Record it from another {group_word}, or use the split random."
        )


def _unlearnable(labels: Sequence[str], tests: Sequence[Indices]) -> list[str]:
    """Return the classes that some fold has all of."""
    names, codes = np.unique(np.asarray(labels), return_inverse=True)
    n_all = np.bincount(codes, minlength=len(names))
    lost = [np.bincount(codes[test], minlength=len(names)) == n_all for test in tests]
    return [str(name) for name in names[np.any(lost, axis=0)]]


def _test_parts(dealer: Any, labels: Sequence[str], groups: Sequence[str] | None = None) -> list[Indices]:
    with warnings.catch_warnings():
        # A class with fewer examples than folds is simply not tested in some of them.
        warnings.filterwarnings("ignore", message="The least populated class", category=UserWarning)
        return [np.sort(test) for _, test in dealer.split(np.zeros(len(labels)), list(labels), groups)]


def _largest_class(labels: Sequence[str]) -> int:
    return int(np.unique(np.asarray(labels), return_counts=True)[1].max())
