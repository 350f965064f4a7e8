"""Stratified cross-validation folds, of single examples or of whole groups."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from woodshed.errors import DataError

Indices = NDArray[np.int64]

N_TRIES = 20
"""Maximum number of random partitions of the groups, until every class is in every training part."""


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

    n_folds = min(n_folds, _largest_class(labels))
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

    n_folds = min(n_folds, _largest_class(labels))
    tests: list[Indices] = []
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
            f"Class {', '.join(classes)} comes from too few {group_word}s: holding them out leaves none for "
            f"training. Record it from another {group_word}, or use the split random."
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


def _largest_class(labels: Sequence[str]) -> int:
    return int(np.unique(np.asarray(labels), return_counts=True)[1].max())
