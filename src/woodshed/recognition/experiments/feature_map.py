"""Feature map: labelled clips on two features, and the linear decision boundary between their classes."""

from __future__ import annotations

import math
import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from woodshed.errors import counted
from woodshed.recognition.classical.model import Rows

MAX_CLASSES = 16
"""Maximum number of classes on a map; of more, the most frequent are drawn."""

MAX_CLIPS = 400
"""Maximum number of clips on a map; of more, a random sample is drawn, and the boundary is fitted to it."""

HIGHEST_RATE = 16000
"""Maximum sample rate at which clips are described for a map, in hertz."""

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#e69f00", "#cc79a7", "#56b4e9", "#8a8a8a", "#f0e442")
"""Okabe-Ito palette, which is safe for colour-blind readers, with grey instead of black."""

N_SHAPES = 8
"""Number of marker shapes that a drawing needs."""

MARGIN_SHARE = 0.06
"""Space around the clips, as a share of their range on each axis."""

COST = 1.0
"""Regularisation parameter C of the support vector machine."""

MAX_CORRELATION = 0.9
"""Absolute correlation from which two features count as redundant."""


@dataclass(frozen=True)
class LinearBoundary:
    """Decision boundary ``w · x + b = 0`` between two classes, with margins ``w · x + b = ±1``.

    ``x`` holds two standardised features.

    Parameters
    ----------
    weights
        ``w``, shape ``(2,)``; it points towards the second class.
    bias
        ``b``.
    margin
        ``2 / ‖w‖``: distance between the two margins, in standard deviations.
    support
        Shape ``(n_support,)``: the indices of the support vectors, in ascending order.
    """

    weights: NDArray[np.float64]
    bias: float
    margin: float
    support: NDArray[np.int64]


@dataclass(frozen=True)
class Separability:
    """Linear support vector machine on two features.

    Parameters
    ----------
    mean, deviation
        Shape ``(2,)`` each: mean and standard deviation of the features.
    weights, biases
        Decision functions of the pairs of classes (0, 1), (0, 2), ..., (1, 2), ...: shapes ``(n_pairs, 2)``
        and ``(n_pairs,)``. They are above 0 for the first class of a pair.
    boundary
        Decision boundary between two classes; None for more.
    """

    mean: NDArray[np.float64]
    deviation: NDArray[np.float64]
    weights: NDArray[np.float64]
    biases: NDArray[np.float64]
    boundary: LinearBoundary | None

    def standardise(self, points: Rows) -> Rows:
        """Return standardised points, shape ``(n, 2)``."""
        return (points - self.mean) / self.deviation

    def class_at(self, points: Rows) -> NDArray[np.int64]:
        """Return the predicted class number of each point, shape ``(n,)``."""
        decisions = self.standardise(points) @ self.weights.T + self.biases
        n_classes = (1 + math.isqrt(1 + 8 * len(self.biases))) // 2
        first, second = (np.eye(n_classes)[side] for side in np.triu_indices(n_classes, 1))
        # The class that wins most pairs; of several, the one with the largest sum of decisions.
        votes, sums = np.where(decisions >= 0, 1.0, -1.0) @ (first - second), decisions @ (first - second)
        return np.asarray(np.argmax(votes + sums / (2 * (np.abs(sums) + 1)), axis=1))


def separate(points: Rows, columns: NDArray[np.int64]) -> Separability:
    """Fit a linear support vector machine (C = 1, balanced class weights) to two features.

    Parameters
    ----------
    points
        Shape ``(n, 2)``, in any units; neither feature may be constant.
    columns
        Shape ``(n,)``: class numbers from 0 without gaps; two or more classes.

    References
    ----------
    C. Cortes and V. Vapnik, "Support-vector networks", Machine Learning 20, 1995.

    Examples
    --------
    The boundary between two points lies half-way, and each point is on its margin.

    >>> result = separate(np.array([[1.0, 10.0], [3.0, 30.0]]), np.array([0, 1]))
    >>> result.boundary.weights.round(3).tolist(), abs(round(result.boundary.bias, 3))
    ([0.5, 0.5], 0.0)
    >>> round(result.boundary.margin, 3)  # from (-1, -1) to (1, 1)
    2.828
    """
    from sklearn.svm import SVC

    mean, deviation = points.mean(axis=0), points.std(axis=0)
    machine = SVC(C=COST, kernel="linear", class_weight="balanced", break_ties=True, tol=1e-6)
    machine.fit((points - mean) / deviation, columns)
    # Of two classes, scikit-learn's decision is above 0 for the second one.
    sign = -1.0 if len(machine.classes_) == 2 else 1.0
    return Separability(mean, deviation, sign * machine.coef_, sign * machine.intercept_, _boundary(machine))


def discriminative_pair(rows: Rows, columns: NDArray[np.int64]) -> tuple[int, int] | None:
    """Choose two discriminative features that are not redundant.

    The first has the highest F of a one-way analysis of variance (variance between classes
    over variance within them); the second the next highest whose correlation with the first is below
    `MAX_CORRELATION`.

    Parameters
    ----------
    rows
        Shape ``(n, n_features)``.
    columns
        Shape ``(n,)``: the class number of each row.

    Returns
    -------
    tuple of int or None
        Indices of the features; None if there are no two such features.

    Examples
    --------
    >>> feature = np.array([0.0, 0.1, 1.0, 1.1])
    >>> rows = np.stack([feature, 2 * feature, [0.0, 1.0, 1.0, 2.0], np.ones(4)], axis=1)
    >>> discriminative_pair(rows, np.array([0, 0, 1, 1]))  # 1 is redundant, 3 is constant
    (0, 2)
    """
    from sklearn.feature_selection import f_classif

    varying = np.flatnonzero(np.ptp(rows, axis=0) > 0)
    if len(varying) < 2:
        return None
    # A feature may have no variance within the classes.
    with warnings.catch_warnings(action="ignore"), np.errstate(all="ignore"):
        f_values = np.nan_to_num(f_classif(rows[:, varying], columns)[0], posinf=np.inf)
    first, *others = varying[np.argsort(-f_values, kind="stable")]
    for other in others:
        if abs(np.corrcoef(rows[:, first], rows[:, other])[0, 1]) < MAX_CORRELATION:
            return int(first), int(other)
    return None


@dataclass(frozen=True, eq=False)
class FeatureMap:
    """Clips on two features, as any drawing of the map needs them.

    Parameters
    ----------
    points, columns
        Shape ``(n, 2)``, in the units of the features, and the class number of each point, ``(n,)``.
    classes, names
        The names of the classes, and of the features on the x and the y axis.
    note
        Which clips are not drawn; empty if all are.
    """

    points: Rows
    columns: NDArray[np.int64]
    classes: tuple[str, ...]
    names: tuple[str, ...]
    note: str = ""

    @property
    def heading(self) -> str:
        """Number of clips and of classes."""
        return f"{counted(len(self.points), 'clip')} of {len(self.classes)} classes"

    @cached_property
    def separability(self) -> Separability:
        """Linear support vector machine fitted to the points."""
        return separate(self.points, self.columns)

    @property
    def boundary(self) -> LinearBoundary | None:
        """Decision boundary between two classes; None for more."""
        return self.separability.boundary

    @property
    def ranges(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """Lower and upper end of the x axis, and of the y axis."""
        low, high = self.points.min(axis=0), self.points.max(axis=0)
        space = MARGIN_SHARE * (high - low)
        (left, bottom), (right, top) = (low - space).tolist(), (high + space).tolist()
        return (left, right), (bottom, top)

    def class_grid(self, xs: NDArray[np.float64], ys: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return the predicted class number at each grid point, shape ``(len(ys), len(xs))``."""
        places = np.stack(np.meshgrid(xs, ys), axis=-1).reshape(-1, 2)
        return self.separability.class_at(places).reshape(len(ys), len(xs))

    def level_line(self, level: float) -> tuple[tuple[float, float], tuple[float, float]] | None:
        """Return the two points where ``w · x + b = level`` crosses the edges of the map.

        Level 0 is the boundary between two classes, -1 and 1 are its margins. None if there are more
        classes, or if the line lies outside the map.
        """
        if self.boundary is None:
            return None
        # In the units of the features: slope · point = offset.
        slope = self.boundary.weights / self.separability.deviation
        offset = level - self.boundary.bias + float(slope @ self.separability.mean)
        ends = []
        for axis, edges in enumerate(self.ranges):
            other = 1 - axis
            low, high = self.ranges[other]
            for edge in edges if slope[other] else ():
                crossing = (offset - slope[axis] * edge) / slope[other]
                if low <= crossing <= high:
                    ends.append((edge, crossing) if axis == 0 else (crossing, edge))
        return (min(ends), max(ends)) if len(ends) > 1 else None

    @property
    def boundary_note(self) -> str:
        """Explanation of the boundary, its margins and the support vectors."""
        if self.boundary is None:
            return (
                "The decision boundary, its margins and the support vectors are drawn for two classes only."
            )
        return (
            f"Solid line: the decision boundary w · x + b = 0. Dashed lines: the margins w · x + b = ±1, "
            f"{self.boundary.margin:.2f} standard deviations apart (2/‖w‖). Rings: "
            f"{counted(len(self.boundary.support), 'support vector')}, the clips on or beyond their margin, "
            "which determine the boundary."
        )


def sample_rows(labels: Sequence[str]) -> NDArray[np.int64]:
    """Choose the clips to draw: at most `MAX_CLIPS`, balanced over the `MAX_CLASSES` most frequent classes.

    Examples
    --------
    >>> len(sample_rows(["a"] * 1000 + ["b"] * 3)), len(sample_rows(["a", "b"] * 30))
    (400, 60)
    """
    most_frequent = Counter(sorted(labels)).most_common(MAX_CLASSES)
    names = np.asarray(labels)
    rng = np.random.default_rng(0)
    # One of each class in turn, so that rare classes are drawn whole.
    turns = sorted(
        (turn, name, int(row))
        for name, _ in most_frequent
        for turn, row in enumerate(rng.permutation(np.flatnonzero(names == name)))
    )
    return np.sort(np.asarray([row for _, _, row in turns[:MAX_CLIPS]], np.int64))


def class_numbers(
    labels: Sequence[str], rows: NDArray[np.int64]
) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Return the class numbers of some rows, and the class names in the order of their numbers."""
    classes, columns = np.unique(np.asarray(labels)[rows], return_inverse=True)
    return columns, tuple(classes.tolist())


def omission_note(labels: Sequence[str], rows: NDArray[np.int64]) -> str:
    """State which clips are not drawn; empty if all are."""
    if len(rows) == len(labels):
        return ""
    commonest = f" of the {MAX_CLASSES} most frequent classes" if len(set(labels)) > MAX_CLASSES else ""
    return f"{len(rows)} of {len(labels)} clips are drawn, chosen at random{commonest}. "


def shape_of(column: int) -> int:
    """Return the marker shape of a class, 0 to 7; shape and colour together are unique for 64 classes.

    Examples
    --------
    >>> len({(column % len(COLOURS), shape_of(column)) for column in range(64)})
    64
    """
    return (column + column // len(COLOURS)) % N_SHAPES


def _boundary(machine: Any) -> LinearBoundary | None:
    """Return the decision boundary of a machine fitted to two classes."""
    if len(machine.classes_) != 2:
        return None
    weights = machine.coef_[0]
    return LinearBoundary(
        weights,
        float(machine.intercept_[0]),
        float(2 / np.linalg.norm(weights)),
        np.sort(machine.support_).astype(np.int64),
    )
