"""Validation part of the training data, held out to choose the best weights."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from woodshed.data.split import group_holdout, random_holdout
from woodshed.errors import DataError, ParameterError

MIN_GROUPS_TO_VALIDATE = 8
"""Minimum number of groups for a validation part.

With fewer, the loss of a group of training data costs more than choosing the best epoch gains, since the
falling learning rate makes the last epoch good."""

MIN_CLIPS_TO_VALIDATE = 1000
"""Minimum number of clips for a validation part that only chooses the best epoch, for the same reason."""


def hold_out(
    labels: Sequence[str],
    groups: Sequence[str] | None,
    share: float,
    seed: int,
    *,
    min_rows: int = 0,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the indices of the training part and of the validation part.

    Whole groups are held out, so that the weights are chosen on groups that are not trained on. The
    validation part is empty with fewer than ``min_rows`` rows or `MIN_GROUPS_TO_VALIDATE` groups, or if a
    class has fewer than two clips.
    """
    no_validation = np.arange(len(labels)), np.arange(0)
    if (
        not share
        or len(labels) < min_rows
        or (groups is not None and len(set(groups)) < MIN_GROUPS_TO_VALIDATE)
    ):
        return no_validation
    try:
        if groups is None:
            fold = random_holdout(labels, test_share=share, seed=seed).folds[0]
        else:
            fold = group_holdout(labels, groups, test_share=share, seed=seed).folds[0]
    except (DataError, ParameterError):  # a class is too small, or in one group only
        return no_validation
    return fold.train, fold.test
