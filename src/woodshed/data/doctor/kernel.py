"""Kernel: what likeness to all other recordings says about the class of each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float64]

REACH = 0.5
"""How fast likeness falls: rows that have nothing in common are 2 apart, and ``exp(-1)`` alike."""

RIDGE = 0.3
"""How little each row is trusted that is learned from."""


def likeness(view: Rows) -> Rows:
    """Return how alike each two rows are, shape ``(n_rows, n_rows)``, 0 to 1.

    ``exp(-REACH |a - b|² / n_values)`` of standardised values, so that every value counts alike whatever its
    unit, and the number of values does not matter.

    Examples
    --------
    >>> likeness(np.array([[1.0], [1.0], [3.0], [3.0]])).round(3)[0].tolist()
    [1.0, 1.0, 0.135, 0.135]
    """
    spread = view.std(axis=0)
    known = (view - view.mean(axis=0)) / np.where(spread > 1e-9 * np.abs(view).max(axis=0), spread, np.inf)
    lengths = np.square(known).sum(axis=1)
    apart = lengths[:, np.newaxis] + lengths - 2 * known @ known.T
    alike: Rows = np.exp(-REACH * np.maximum(apart, 0.0) / view.shape[1])
    return alike


def left_out_scores(alike: Rows, codes: NDArray[np.int64], units: Sequence[str]) -> Rows:
    """Score the classes for each row by all rows of other units.

    Kernel ridge regression on one-hot classes, in which every class counts alike however many rows it has.
    The machine that learned from all but one unit need not be fitted again for each: its answers follow from
    the inverse that all of them share (D. Allen's predicted residual of 1974; for a unit of several rows a
    block takes the place of a number on the diagonal).

    Parameters
    ----------
    alike
        From `likeness`, shape ``(n_rows, n_rows)``.
    codes
        Class of each row, from 0 without a gap.
    units
        Of each row; rows of one unit, versions of one recording, do not vouch for each other.

    Returns
    -------
    numpy.ndarray
        Shape ``(n_rows, n_classes)``; about 1 for the class that it seems to be, about 0 for the others.

    Examples
    --------
    >>> alike = likeness(np.array([[0.0], [0.1], [0.2], [3.0], [3.1], [3.2]]))
    >>> left_out_scores(alike, np.array([0, 0, 1, 1, 1, 1]), list("abcdef")).argmax(axis=1).tolist()
    [0, 0, 0, 1, 1, 1]
    """
    counts = np.bincount(codes)
    trust = 1 / counts[codes]
    targets = np.eye(len(counts))[codes]
    inverse = np.linalg.inv(alike + np.diag(RIDGE * trust.mean() / trust))
    residual = inverse @ targets
    scores: Rows = targets - residual / np.diag(inverse)[:, np.newaxis]
    place = np.unique(np.asarray(units), return_inverse=True)[1]
    order = np.argsort(place, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(place[order])) + 1):
        if len(rows) > 1:
            scores[rows] = targets[rows] - np.linalg.solve(inverse[np.ix_(rows, rows)], residual[rows])
    return scores
