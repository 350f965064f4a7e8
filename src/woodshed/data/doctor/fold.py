"""Cross-validation folds without shared recordings, for the checks that fit a model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from woodshed.data.doctor.copies import joined
from woodshed.data.split import stratified_folds, stratified_group_folds
from woodshed.errors import DataError

Indices = NDArray[np.int64]


def recordings(n_rows: int, sets: Iterable[Sequence[int]], groups: Sequence[str] | None = None) -> list[str]:
    """Return the unit of each row: rows that are copies or share a group are in one unit.

    Examples
    --------
    >>> recordings(4, [[0, 3]])
    ['0', '1', '2', '0']
    >>> recordings(4, [[0, 3]], ["ann", "bob", "bob", "bob"])
    ['0', '0', '0', '0']
    """
    pairs = [(rows[0], k) for rows in sets for k in rows[1:]]
    if groups is not None:
        first: dict[str, int] = {}
        pairs += [(first.setdefault(group, k), k) for k, group in enumerate(groups)]
    names = list(range(n_rows))
    for rows in joined(pairs):
        for k in rows:
            names[k] = rows[0]
    return [str(name) for name in names]


def folds(labels: Sequence[str], units: Sequence[str], n_folds: int, seed: int) -> list[Indices]:
    """Return stratified folds that keep units together, or split units if a class has too few of them.

    No folds are returned if every class has a single row.

    Examples
    --------
    >>> [fold.tolist() for fold in folds(["a", "b", "a", "b"], ["x", "x", "y", "y"], 5, 0)]
    [[2, 3], [0, 1]]
    >>> folds(["a", "b"], ["x", "y"], 5, 0)
    []
    """
    if max(Counter(labels).values(), default=0) < 2:
        return []
    try:
        return stratified_group_folds(labels, units, min(n_folds, max(2, len(set(units)))), seed)
    except (DataError, ValueError):  # DataError: a class with one unit; ValueError: one unit in total
        return stratified_folds(labels, n_folds, seed)
