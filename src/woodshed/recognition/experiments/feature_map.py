"""Plane: the straight line that parts classes on two features. For looking at sounds, not for naming them."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from woodshed.recognition.classical.model import Rows

COST = 1.0
"""What a row on the wrong side of its margin costs (C)."""

MAX_CORRELATION = 0.9
"""Two features that are correlated more than this, either way, say nearly the same."""


@dataclass(frozen=True)
class LinearBoundary:
    """The line ``w · x + b = 0`` between two classes, and its margins ``w · x + b = ±1``.

    ``x`` is a row of two features, each with its mean taken off and divided by its standard deviation.

    Parameters
    ----------
    weights
        ``w``, shape ``(2,)``; it points to the second class.
    bias
        ``b``.
    margin
        ``2 / ‖w‖``: distance between the two margins, in standard deviations.
    support
        Shape ``(n_support,)``: the rows that hold the line where it is, in rising order.
    free
        Shape ``(n_support,)``: whether such a row lies on its margin; the others are beyond it, on the
        wrong side.
    """

    weights: NDArray[np.float64]
    bias: float
    margin: float
    support: NDArray[np.int64]
    free: NDArray[np.bool_]


@dataclass(frozen=True)
class Separability:
    """How a linear support vector machine parts classes on two features.

    Parameters
    ----------
    mean, deviation
        Shape ``(2,)`` each: what standardises the features.
    plane
        The line between two classes; None if there are more.
    """

    mean: NDArray[np.float64]
    deviation: NDArray[np.float64]
    plane: LinearBoundary | None
    _machine: Any = field(repr=False, compare=False)

    def standardise(self, points: Rows) -> Rows:
        """Return points ``(n, 2)`` in standard deviations from the mean."""
        standard: Rows = (points - self.mean) / self.deviation
        return standard

    def class_at(self, points: Rows) -> NDArray[np.int64]:
        """Return the number of the class to which each point ``(n, 2)`` would be given."""
        found: NDArray[np.int64] = self._machine.predict(self.standardise(points))
        return found


def separate(points: Rows, columns: NDArray[np.int64]) -> Separability:
    """Fit a linear support vector machine (C = 1, classes count equally) to two features.

    Parameters
    ----------
    points
        Shape ``(n, 2)``, in any units; neither feature may be constant.
    columns
        Shape ``(n,)``: the classes as numbers from 0 without a gap; two or more.

    References
    ----------
    C. Cortes and V. Vapnik, "Support-vector networks", Machine Learning 20, 1995.

    Examples
    --------
    Two points: the line runs half way between them, and each lies on its margin.

    >>> found = separate(np.array([[1.0, 10.0], [3.0, 30.0]]), np.array([0, 1]))
    >>> found.plane.weights.round(3).tolist(), abs(round(found.plane.bias, 3))
    ([0.5, 0.5], 0.0)
    >>> round(found.plane.margin, 3)  # from (-1, -1) to (1, 1)
    2.828
    """
    from sklearn.svm import SVC

    mean, deviation = points.mean(axis=0), points.std(axis=0)
    machine = SVC(C=COST, kernel="linear", class_weight="balanced", break_ties=True, tol=1e-6)
    machine.fit((points - mean) / deviation, columns)
    return Separability(mean, deviation, _plane(machine, columns), machine)


def telling_pair(rows: Rows, columns: NDArray[np.int64]) -> tuple[int, int] | None:
    """Choose two features that tell the classes apart and do not say the same.

    The first is the one with the highest F of a one-way analysis of variance (variance between classes
    over variance within them); the second the next highest whose correlation with the first is below
    `MAX_CORRELATION`.

    Parameters
    ----------
    rows
        Shape ``(n, n_features)``.
    columns
        Shape ``(n,)``: the class of each row as a number.

    Returns
    -------
    tuple of int or None
        None if there are no two such features.

    Examples
    --------
    >>> told = np.array([0.0, 0.1, 1.0, 1.1])
    >>> rows = np.stack([told, 2 * told, [0.0, 1.0, 1.0, 2.0], np.ones(4)], axis=1)
    >>> telling_pair(rows, np.array([0, 0, 1, 1]))  # 1 says the same as 0, and 3 says nothing
    (0, 2)
    """
    from sklearn.feature_selection import f_classif

    varying = np.flatnonzero(np.ptp(rows, axis=0) > 0)
    if len(varying) < 2:
        return None
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # of a feature that tells classes apart without any variance
        told = np.nan_to_num(f_classif(rows[:, varying], columns)[0], posinf=np.inf)
    first, *others = varying[np.argsort(-told, kind="stable")]
    for other in others:
        if abs(np.corrcoef(rows[:, first], rows[:, other])[0, 1]) < MAX_CORRELATION:
            return int(first), int(other)
    return None


def _plane(machine: Any, columns: NDArray[np.int64]) -> LinearBoundary | None:
    """Take the line out of a machine that knows two classes."""
    if len(machine.classes_) != 2:
        return None
    weights = machine.coef_[0]
    order = np.argsort(machine.support_)
    support = machine.support_[order].astype(np.int64)
    pull = np.abs(machine.dual_coef_[0])[order]
    highest = COST * machine.class_weight_[columns[support]]
    return LinearBoundary(
        weights,
        float(machine.intercept_[0]),
        float(2 / np.linalg.norm(weights)),
        support,
        pull < highest * (1 - 1e-6),
    )
