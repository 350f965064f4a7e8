"""Numbers behind the charts: ROC curves of the classes and their mean, bins of the reliability chart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from woodshed.metrics import calibration, probability
from woodshed.report.recognition.scores import Answers

N_BINS = 10
_GRID = np.linspace(0, 1, 201)


@dataclass(frozen=True)
class Roc:
    """A ROC curve: shares of false and of true alarms, and the area under it."""

    false_rate: NDArray[np.float64]
    true_rate: NDArray[np.float64]
    auc: float


@dataclass(frozen=True)
class Bin:
    """Answers that were about equally sure: how sure on average, how many right, how many in all."""

    sureness: float
    accuracy: float
    n: int


def roc_curves(answers: Answers) -> list[Roc | None]:
    """Return each class's ROC curve against all others; None for a class without one.

    A class has none when it, or every other, is absent from the test.
    """
    curves: list[Roc | None] = []
    for column in answers.classes:
        is_class, score = answers.truth == column, answers.probabilities[:, column]
        if is_class.all() or not is_class.any():
            curves.append(None)
            continue
        false_rate, true_rate, _ = probability.roc_curve(is_class, score)
        corners = _corners(false_rate, true_rate)
        curves.append(Roc(false_rate[corners], true_rate[corners], probability.roc_auc(is_class, score)))
    return curves


def macro_roc(curves: list[Roc | None]) -> Roc | None:
    """Return the mean of the curves' heights; its area is the mean of their areas.

    Examples
    --------
    >>> perfect = Roc(np.array([0.0, 0.0, 1.0]), np.array([0.0, 1.0, 1.0]), 1.0)
    >>> chance = Roc(np.array([0.0, 1.0]), np.array([0.0, 1.0]), 0.5)
    >>> mean = macro_roc([perfect, chance, None])
    >>> mean.auc, float(mean.true_rate[101])
    (0.75, 0.75)
    """
    known = [curve for curve in curves if curve is not None]
    if not known:
        return None
    heights = np.mean([np.interp(_GRID, curve.false_rate, curve.true_rate) for curve in known], axis=0)
    return Roc(
        np.concatenate([[0.0], _GRID]),
        np.concatenate([[0.0], heights]),
        float(np.mean([curve.auc for curve in known])),
    )


def reliability(answers: Answers) -> list[Bin]:
    """Sort answers by how sure they were into tenths, closed on the right; empty tenths are left out.

    The bins of `woodshed.metrics.calibration.reliability`.
    """
    found = calibration.reliability(answers.truth, answers.probabilities, answers.classes, n_bins=N_BINS)
    return [Bin(*row) for row in zip(*(column.tolist() for column in found), strict=True)]


def calibration_error(answers: Answers) -> float:
    """Return the expected calibration error over the bins of `reliability`."""
    return calibration.expected_calibration_error(
        answers.truth, answers.probabilities, answers.classes, n_bins=N_BINS
    )


def _corners(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.int64]:
    """Find the points where a line turns; the others add kilobytes and change nothing."""
    dx, dy = np.diff(x), np.diff(y)
    turns = np.abs(dx[:-1] * dy[1:] - dx[1:] * dy[:-1]) > 1e-12
    return np.concatenate([[0], 1 + np.flatnonzero(turns), [x.size - 1]]).astype(np.int64)
