"""From one score per class to one score: the averages that several files offer.

``"macro"`` is the plain mean over the classes, ``"weighted"`` the mean weighted by how often each class is
true. ``"micro"`` pools what is counted before the score is taken, so each score does that itself. A class
whose score is undefined (NaN) is left out of the means.
"""

from __future__ import annotations

import math
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from woodshed.errors import ParameterError

Average = Literal["micro", "macro", "weighted"]
AVERAGES: tuple[Average, ...] = get_args(Average)


def check_average(average: str | None) -> None:
    """Refuse an average that does not exist.

    Raises
    ------
    ParameterError
        If it is neither None nor one of `AVERAGES`.

    Examples
    --------
    >>> check_average("macro")
    """
    if average is not None and average not in AVERAGES:
        raise ParameterError(f"average must be None, micro, macro or weighted, got {average!r}.")


def mean_over_classes(values: NDArray[np.float64], support: NDArray[np.int64], average: Average) -> float:
    """Average the scores of the classes.

    Parameters
    ----------
    values
        Shape ``(n_classes,)``: each class's score, NaN where it is undefined.
    support
        Shape ``(n_classes,)``: how often each class is true; looked at by ``"weighted"`` only.
    average
        ``"macro"`` or ``"weighted"``.

    Returns
    -------
    float
        NaN when no class has a score and a weight.

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
