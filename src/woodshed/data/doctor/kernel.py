"""Leave-one-group-out kernel ridge classification, in closed form.

`woodshed.recognition.classical.kernel_ridge` shares only the kernel with this module: it weights values by
their class separability and predicts new rows, while here every row is scored by a model that was fitted
without its group. It is also a layer above, so it cannot be imported here.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float64]

GAMMA = 0.5
"""Kernel width: unrelated rows have a mean squared distance of 2, hence a similarity of ``exp(-1)``."""

RIDGE = 0.3
"""Regularisation: the larger, the less a single row counts."""


def similarity(view: Rows) -> Rows:
    """Return the Gaussian kernel of each pair of rows, shape ``(n_rows, n_rows)``, 0 to 1.

    ``exp(-GAMMA |a - b|² / n_values)`` of standardised values, so that it depends neither on the units nor
    on the number of values.

    Parameters
    ----------
    view
        Shape ``(n_rows, n_values)``.

    Examples
    --------
    >>> similarity(np.array([[1.0], [1.0], [3.0], [3.0]])).round(3)[0].tolist()
    [1.0, 1.0, 0.135, 0.135]
    """
    spread = view.std(axis=0)
    scaled = (view - view.mean(axis=0)) / np.where(spread > 1e-9 * np.abs(view).max(axis=0), spread, np.inf)
    lengths = np.square(scaled).sum(axis=1)
    distances = lengths[:, np.newaxis] + lengths - 2 * scaled @ scaled.T
    kernel: Rows = np.exp(-GAMMA * np.maximum(distances, 0.0) / view.shape[1])
    return kernel


def left_out_scores(kernel: Rows, codes: NDArray[np.int64], groups: Sequence[str]) -> Rows:
    """Score the classes for each row by a model fitted on all rows of other groups.

    Kernel ridge regression on one-hot classes, weighted so that classes count equally. The model need not be
    refitted for each group: the left-out predictions follow from one inverse (D. Allen's predicted residual
    of 1974, the PRESS statistic; for a group of several rows a block takes the place of a diagonal element).

    Parameters
    ----------
    kernel
        From `similarity`, shape ``(n_rows, n_rows)``.
    codes
        Class of each row, from 0 without gaps.
    groups
        Group of each row, for instance versions of one recording.

    Returns
    -------
    numpy.ndarray
        Shape ``(n_rows, n_classes)``; about 1 for the predicted class, about 0 for the others.

    Examples
    --------
    >>> kernel = similarity(np.array([[0.0], [0.1], [0.2], [3.0], [3.1], [3.2]]))
    >>> left_out_scores(kernel, np.array([0, 0, 1, 1, 1, 1]), list("abcdef")).argmax(axis=1).tolist()
    [0, 0, 0, 1, 1, 1]
    """
    counts = np.bincount(codes)
    weights = 1 / counts[codes]
    targets = np.eye(len(counts))[codes]
    inverse = np.linalg.inv(kernel + np.diag(RIDGE * weights.mean() / weights))
    residual = inverse @ targets
    scores: Rows = targets - residual / np.diag(inverse)[:, np.newaxis]
    group_codes = np.unique(np.asarray(groups), return_inverse=True)[1]
    order = np.argsort(group_codes, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(group_codes[order])) + 1):
        if len(rows) > 1:
            scores[rows] = targets[rows] - np.linalg.solve(inverse[np.ix_(rows, rows)], residual[rows])
    return scores
