"""Averages of per-class scores.

``"macro"`` is the unweighted mean over the classes, ``"weighted"`` the mean weighted by the number of true
examples of each class. ``"micro"`` pools the counts before the score is computed, so each score implements it
itself. Classes with an undefined score (NaN) are excluded from the means.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from woodshed.errors import ParameterError

Values = NDArray[np.float64]
Average = Literal["micro", "macro", "weighted"]
AVERAGES: tuple[Average, ...] = get_args(Average)


def check_average(average: str | None, allowed: tuple[str, ...] = AVERAGES) -> None:
    """Check that an average exists.

    Raises
    ------
    ParameterError
        If it is neither None nor one of ``allowed``.

    Examples
    --------
    >>> check_average("macro")
    """
    if average is not None and average not in allowed:
        raise ParameterError(f"average must be {', '.join(allowed)} or None, got {average!r}.")


def mean_over_classes(values: Values, support: NDArray[np.int64], average: Average) -> float:
    """Average the scores of the classes.

    Parameters
    ----------
    values
        Shape ``(n_classes,)``: score of each class, NaN where undefined.
    support
        Shape ``(n_classes,)``: number of true examples of each class; used by ``"weighted"`` only.
    average
        ``"macro"`` or ``"weighted"``.

    Returns
    -------
    float
        NaN if no class has both a score and a weight.

    Examples
    --------
    >>> mean_over_classes(np.array([1.0, 0.5, np.nan]), np.array([3, 1, 0]), "macro")
    0.75
    >>> mean_over_classes(np.array([1.0, 0.5, np.nan]), np.array([3, 1, 0]), "weighted")
    0.875
    """
    defined = ~np.isnan(values)
    weights = support[defined] if average == "weighted" else np.ones(defined.sum())
    return float((values[defined] * weights).sum() / weights.sum()) if weights.any() else math.nan


def mean_defined(values: Values) -> float:
    """Return the mean of the values that are not NaN, or NaN if there are none.

    Examples
    --------
    >>> mean_defined(np.array([1.0, np.nan]))
    1.0
    """
    defined = values[~np.isnan(values)]
    return float(defined.mean()) if defined.size else math.nan


def score_columns(
    score: Callable[[Values, Values], float], truth: Values, predictions: Values, average: str | None
) -> Values | float:
    """Apply a score to each column, without the rows whose truth is unknown (NaN).

    Parameters
    ----------
    score
        Takes the known truth and the predictions of a column.
    truth, predictions
        Shape ``(n_examples, n_columns)``.
    average
        None for the score of each column, NaN where nothing is known; any other value for their mean.

    Examples
    --------
    >>> truth, predictions = np.array([[1.0, np.nan], [2.0, 3.0]]), np.array([[1.0, 2.0], [1.0, 3.0]])
    >>> score_columns(lambda y, f: float(np.mean(y == f)), truth, predictions, None).tolist()
    [0.5, 1.0]
    """
    scores = np.array(
        [
            score(truth[known, k], predictions[known, k]) if known.any() else math.nan
            for k, known in enumerate(~np.isnan(truth).T)
        ]
    )
    return scores if average is None else mean_defined(scores)
