"""Smoothing: what is said again and again is believed, what is said once in passing is not."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Curves = NDArray[np.float64]
"""Probabilities of the labels over time, ``(n_windows, n_labels)``."""

Smoothing = Literal["mean", "median"]


def n_smoothed(centres_s: NDArray[np.float64], smooth_s: float) -> int:
    """Count the windows whose answers are smoothed together: odd, so that there is a middle one.

    Examples
    --------
    >>> n_smoothed(np.array([0.5, 1.0, 1.5]), 1.0), n_smoothed(np.array([0.5, 1.0]), 0.9)
    (3, 1)
    """
    if len(centres_s) < 2:
        return 1
    step_s = float(centres_s[1] - centres_s[0])
    return 1 + 2 * int(smooth_s / 2 / step_s + 1e-6)


def smoothed(curves: Curves, n_around: int, smoothing: Smoothing, weights: NDArray[np.float64]) -> Curves:
    """Smooth probabilities over time; rows sum to 1 again.

    Parameters
    ----------
    curves
        Shape ``(n_windows, n_labels)``.
    n_around
        So many before and as many after are taken together with each; at the ends, those that there are.
    smoothing
        ``mean`` or ``median``.
    weights
        Of each window in a mean.

    Examples
    --------
    >>> curves = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]])
    >>> smoothed(curves, 1, "median", np.ones(3))[1].tolist()
    [1.0, 0.0]
    >>> smoothed(curves, 1, "mean", np.array([1.0, 2.0, 1.0]))[1].tolist()
    [0.5, 0.5]
    """
    if n_around == 0 or len(curves) == 1:
        return curves
    pad = ((n_around, n_around), (0, 0))
    n = 2 * n_around + 1
    if smoothing == "median":
        around = np.lib.stride_tricks.sliding_window_view(
            np.pad(curves, pad, constant_values=np.nan), n, axis=0
        )
        smooth = np.nanmedian(around, axis=2)
    else:
        weights = np.maximum(weights, 1e-12)[:, np.newaxis]
        sums = np.cumsum(
            np.pad(np.hstack([curves * weights, weights]), ((n_around + 1, n_around), (0, 0))), axis=0
        )
        totals = sums[n:] - sums[:-n]
        smooth = totals[:, :-1] / totals[:, -1:]
    total = smooth.sum(axis=1, keepdims=True)
    # The medians of all labels may be 0: then none of them stands out.
    normalised: Curves = np.where(total > 0, smooth / np.where(total > 0, total, 1), 1 / curves.shape[1])
    return normalised


def best_path(curves: Curves, switch_cost: float) -> NDArray[np.int64]:
    """Find the most probable labels if every change costs something.

    Parameters
    ----------
    curves
        Shape ``(n_windows, n_labels)``.
    switch_cost
        In natural logarithms of probability.

    Returns
    -------
    numpy.ndarray
        A label for each window. No other path has a higher sum of logarithms less the cost of its changes.

    Examples
    --------
    >>> curves = np.array([[0.9, 0.1], [0.4, 0.6], [0.9, 0.1]])
    >>> best_path(curves, 0.0).tolist(), best_path(curves, 1.0).tolist()
    ([0, 1, 0], [0, 0, 0])
    """
    gains = np.log(np.maximum(curves, 1e-12))
    came_from = np.empty(curves.shape, np.int64)
    total = gains[0]
    for k in range(1, len(gains)):
        best = int(total.argmax())
        stays = total >= total[best] - switch_cost
        came_from[k] = np.where(stays, np.arange(len(total)), best)
        total = np.where(stays, total, total[best] - switch_cost) + gains[k]
    path = np.empty(len(gains), np.int64)
    path[-1] = total.argmax()
    for k in range(len(gains) - 1, 0, -1):
        path[k - 1] = came_from[k, path[k]]
    return path
