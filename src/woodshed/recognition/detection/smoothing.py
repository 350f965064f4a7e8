"""Temporal smoothing of frame-wise predictions."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Curves = NDArray[np.float64]
"""Probabilities of the labels over time, ``(n_windows, n_labels)``."""

Smoothing = Literal["mean", "median"]


def n_smoothed(centres_s: NDArray[np.float64], smooth_s: float) -> int:
    """Return the number of windows that are smoothed together, which is odd.

    Examples
    --------
    >>> n_smoothed(np.array([0.5, 1.0, 1.5]), 1.0), n_smoothed(np.array([0.5, 1.0]), 0.9)
    (3, 1)
    """
    if len(centres_s) < 2:
        return 1
    step_s = float(centres_s[1] - centres_s[0])
    return 1 + 2 * int(smooth_s / 2 / step_s + 1e-6)


def smooth(curves: Curves, n_around: int, smoothing: Smoothing, weights: NDArray[np.float64]) -> Curves:
    """Smooth probabilities over time; rows sum to 1.

    Parameters
    ----------
    curves
        Shape ``(n_windows, n_labels)``.
    n_around
        Number of windows on each side; fewer at the ends.
    smoothing
        ``mean`` or ``median``.
    weights
        Weight of each window in a mean, shape ``(n_windows,)``.

    Examples
    --------
    >>> curves = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]])
    >>> smooth(curves, 1, "median", np.ones(3))[1].tolist()
    [1.0, 0.0]
    >>> smooth(curves, 1, "mean", np.array([1.0, 2.0, 1.0]))[1].tolist()
    [0.5, 0.5]
    """
    if n_around == 0 or len(curves) == 1:
        return curves
    n = 2 * n_around + 1
    if smoothing == "median":
        padded = np.pad(curves, ((n_around, n_around), (0, 0)), constant_values=np.nan)
        values = np.nanmedian(np.lib.stride_tricks.sliding_window_view(padded, n, axis=0), axis=2)
    else:
        weights = np.maximum(weights, 1e-12)[:, np.newaxis]
        weighted = np.hstack([curves * weights, weights])
        sums = np.cumsum(np.pad(weighted, ((n_around + 1, n_around), (0, 0))), axis=0)
        totals = sums[n:] - sums[:-n]
        values = totals[:, :-1] / totals[:, -1:]
    total = values.sum(axis=1, keepdims=True)
    # The medians of all labels may be 0: then all labels are equally probable.
    normalised: Curves = np.where(total > 0, values / np.where(total > 0, total, 1), 1 / curves.shape[1])
    return normalised


def best_path(curves: Curves, switch_cost: float) -> NDArray[np.int64]:
    """Return the most probable sequence of labels with a cost for each change (A. Viterbi, 1967).

    Parameters
    ----------
    curves
        Shape ``(n_windows, n_labels)``.
    switch_cost
        Cost of a change, in natural logarithms of probability.

    Returns
    -------
    numpy.ndarray
        Index of the label of each window. No other path has a higher sum of log probabilities minus costs.

    Examples
    --------
    >>> curves = np.array([[0.9, 0.1], [0.4, 0.6], [0.9, 0.1]])
    >>> best_path(curves, 0.0).tolist(), best_path(curves, 1.0).tolist()
    ([0, 1, 0], [0, 0, 0])
    """
    gains = np.log(np.maximum(curves, 1e-12))
    previous = np.empty(curves.shape, np.int64)
    total = gains[0]
    for k in range(1, len(gains)):
        best = int(total.argmax())
        stays = total >= total[best] - switch_cost
        previous[k] = np.where(stays, np.arange(len(total)), best)
        total = np.where(stays, total, total[best] - switch_cost) + gains[k]
    path = np.empty(len(gains), np.int64)
    path[-1] = total.argmax()
    for k in range(len(gains) - 1, 0, -1):
        path[k - 1] = previous[k, path[k]]
    return path
