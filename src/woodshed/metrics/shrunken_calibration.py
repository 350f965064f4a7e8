"""Steady calibration: as much of it as the held-out groups agree on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from woodshed.metrics.guess import Calibration, fit_calibration

Values = NDArray[np.float64]


def steady_calibration(
    truth: NDArray[np.str_], probabilities: Values, classes: Sequence[str], part_of: NDArray[np.int64]
) -> Calibration:
    """Find temperature and share of guesses, as far as the held-out groups agree; nothing if they do not.

    The logarithm of the temperature and the share are multiplied by ``max(0, 1 - variance / length**2)``, the
    positive part of James & Stein (1961): the length is that of both together, the variance theirs by the
    jackknife over the groups (B. Efron & C. Stein, 1981). A model may be too sure with one speaker and too
    shy with the next: what mends the answers to some of a few groups then harms those to others, and is
    better left alone. One group says nothing of the next.

    Parameters
    ----------
    truth
        Shape ``(n,)``.
    probabilities
        Shape ``(n, n_classes)``, from models that had not learned from the group.
    classes
        Names of the columns.
    part_of
        Shape ``(n,)``: number of the group, or of the part to which it was dealt.

    Examples
    --------
    Always 90 % sure, and right three times in four: in both groups, or only on their mean.

    >>> def found(one, two):
    ...     truth = np.repeat(["a", "b", "a", "b"], [one, 100 - one, two, 100 - two])
    ...     answers = np.tile([0.9, 0.1], (200, 1))
    ...     return steady_calibration(truth, answers, ["a", "b"], np.repeat([0, 1], 100))
    >>> round(found(75, 75).temperature, 1)
    2.0
    >>> found(52, 98) == Calibration()
    True
    """
    parts = np.unique(part_of)
    if len(parts) < 2:
        return Calibration()

    def place(rows: NDArray[np.bool_]) -> Values:
        # As after Platt (1999): a handful of right answers does not prove that there are no wrong ones.
        caution = 1 / (rows.sum() + 2)
        found = fit_calibration(truth[rows], probabilities[rows], classes, smoothing=caution)
        return np.array([np.log(found.temperature), found.guess_share])

    whole = place(np.full(len(part_of), True))
    without = np.stack([place(part_of != part) for part in parts])
    spread = np.square(without - without.mean(axis=0)).sum()
    variance = float(spread * (len(parts) - 1) / len(parts))
    length = float(np.square(whole).sum())
    trust = max(0.0, 1 - variance / length) if length else 0.0
    logarithm, share = (trust * whole).tolist()
    return Calibration(float(np.exp(logarithm)), share)
