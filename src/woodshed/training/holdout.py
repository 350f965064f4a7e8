"""Holding out a part of the training data, by which the best weights are chosen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from woodshed.data.split import group_holdout, random_holdout
from woodshed.errors import DataError, ParameterError

Row = TypeVar("Row", bound=NDArray[Any])

MIN_GROUPS_TO_VALIDATE = 8
"""With fewer groups none is held out for validation: a voice the less to learn from costs more than
choosing the best epoch gains, since the falling learning rate makes the last one good."""


def hold_out(
    labels: Sequence[str], groups: Sequence[str] | None, share: float, seed: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Divide rows into those to learn from and those to choose the best weights by.

    Whole groups are held out, so that the weights are chosen by how they do on someone unheard. With
    fewer than `MIN_GROUPS_TO_VALIDATE` groups, or fewer than two clips of some class, nothing is.
    """
    everything = np.arange(len(labels))
    nothing = everything[:0]
    if not share:
        return everything, nothing
    try:
        if groups is None:
            fold = random_holdout(labels, test_share=share, seed=seed).folds[0]
        elif len(set(groups)) < MIN_GROUPS_TO_VALIDATE:
            return everything, nothing
        else:
            fold = group_holdout(labels, groups, test_share=share, seed=seed).folds[0]
    except (DataError, ParameterError):  # a class too small, or in one group only: learn from all of it
        return everything, nothing
    return fold.train, fold.test


def divide_rows(
    rows: Sequence[Row],
    groups: Sequence[str] | None,
    held_out: Sequence[Row] | None,
    *,
    share: float,
    seed: int,
) -> tuple[list[Row], list[Row]]:
    """Return the rows to train on, and those by which the best weights are chosen.

    The latter are ``held_out``, or else a ``share`` of the groups (of the rows, when there are no groups).

    Raises
    ------
    ParameterError
        If there is not one group for each piece.
    """
    if groups is not None and len(groups) != len(rows):
        raise ParameterError(f"fit expects one group for each of {len(rows)} pieces, got {len(groups)}.")
    if held_out is not None:
        return list(rows), list(held_out)
    train, judges = hold_out([""] * len(rows), groups, share, seed)
    return [rows[k] for k in train], [rows[k] for k in judges]
