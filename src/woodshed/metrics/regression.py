"""Regression metrics with missing values, and correlations.

Conventions
-----------
- Truth is a number or NaN (unknown); unknown values are excluded, column by column.
- R² = 1 - sum (y - f)² / sum (y - mean y)²: predicting the mean of the truth scores 0, and there is no lower
  bound. It is undefined (NaN) for fewer than two examples or a constant truth.
- Correlations are undefined (NaN) if either side is constant; the concordance only if both are the same
  constant.
- Concordance is 2 cov / (var y + var f + (mean y - mean f)²), with variances over n: unlike the correlation
  it is lowered by a wrong mean or spread.

Values equal those of scikit-learn and SciPy. They are computed here because the bootstrap of a report calls
them a thousand times, and input validation makes scikit-learn's about forty times slower.

References
----------
Lin (1989), "A concordance correlation coefficient to evaluate reproducibility", Biometrics 45. Spearman
(1904), "The proof and measurement of association between two things".
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from woodshed.errors import ParameterError
from woodshed.metrics.per_class import check_average, score_columns

Values = NDArray[np.float64]


def validate(truth: ArrayLike, predictions: ArrayLike) -> tuple[Values, Values]:
    """Return both arrays with shape ``(n_examples, n_values)``; a single column may be one-dimensional.

    Raises
    ------
    ParameterError
        If the shapes differ, there are no examples, or a prediction is not finite.
    """
    true, predicted = np.asarray(truth, dtype=np.float64), np.asarray(predictions, dtype=np.float64)
    if true.ndim not in (1, 2) or true.shape != predicted.shape or not true.size:
        raise ParameterError(
            "truth and predictions must both have shape (n_examples, n_values), got "
            f"{true.shape} and {predicted.shape}."
        )
    if not np.isfinite(predicted).all() or np.isinf(true).any():
        raise ParameterError("predictions must be finite, and truth finite or NaN where unknown.")
    return true.reshape(len(true), -1), predicted.reshape(len(predicted), -1)


def r2(truth: ArrayLike, predictions: ArrayLike, *, average: str | None = None) -> Any:
    """Return the coefficient of determination R²; 1 is best.

    Parameters
    ----------
    truth, predictions
        Shape ``(n_examples, n_values)`` or ``(n_examples,)``.
    average
        ``macro`` for the mean over the values, None for each of them, shape ``(n_values,)``.

    Examples
    --------
    >>> r2([1.0, 2.0, 3.0], [1.0, 2.0, 4.0]).tolist()
    [0.5]
    """
    return _score(_r2, truth, predictions, average)


def mean_absolute_error(truth: ArrayLike, predictions: ArrayLike, *, average: str | None = None) -> Any:
    """Return the mean absolute error in the unit of the values; parameters as for `r2`.

    Examples
    --------
    >>> mean_absolute_error([1.0, 2.0], [1.0, 4.0]).tolist()
    [1.0]
    """
    return _score(lambda y, f: float(np.abs(y - f).mean()), truth, predictions, average)


def root_mean_square_error(truth: ArrayLike, predictions: ArrayLike, *, average: str | None = None) -> Any:
    """Return the root-mean-square error, which large errors dominate; parameters as for `r2`.

    Examples
    --------
    >>> root_mean_square_error([0.0, 0.0], [3.0, 4.0]).round(4).tolist()
    [3.5355]
    """
    return _score(lambda y, f: float(np.sqrt(np.square(y - f).mean())), truth, predictions, average)


def pearson(truth: ArrayLike, predictions: ArrayLike, *, average: str | None = None) -> Any:
    """Return Pearson's linear correlation, -1 to 1; parameters as for `r2`.

    Examples
    --------
    >>> pearson([1.0, 2.0, 3.0], [10.0, 20.0, 30.0]).round(12).tolist()
    [1.0]
    """
    return _score(_pearson, truth, predictions, average)


def spearman(truth: ArrayLike, predictions: ArrayLike, *, average: str | None = None) -> Any:
    """Return Spearman's rank correlation with mean ranks for ties, -1 to 1; parameters as for `r2`.

    Examples
    --------
    >>> spearman([1.0, 2.0, 3.0], [1.0, 10.0, 100.0]).round(12).tolist()
    [1.0]
    """
    from scipy.stats import rankdata

    return _score(lambda y, f: _pearson(rankdata(y), rankdata(f)), truth, predictions, average)


def concordance(truth: ArrayLike, predictions: ArrayLike, *, average: str | None = None) -> Any:
    """Return Lin's concordance correlation coefficient, -1 to 1; parameters as for `r2`.

    Examples
    --------
    >>> concordance([1.0, 2.0, 3.0], [2.0, 3.0, 4.0]).round(4).tolist()  # 2 (2/3) / (2/3 + 2/3 + 1)
    [0.5714]
    """
    return _score(_concordance, truth, predictions, average)


MEASURES: Mapping[str, Callable[..., Any]] = {
    "R²": r2,
    "MAE": mean_absolute_error,
    "RMSE": root_mean_square_error,
    "Pearson": pearson,
    "Spearman": spearman,
    "CCC": concordance,
}
"""Metrics of a report, in order; CCC is the concordance correlation coefficient."""


def evaluate(truth: ArrayLike, predictions: ArrayLike) -> dict[str, Values]:
    """Return all of `MEASURES`, each with shape ``(n_values,)``.

    Examples
    --------
    >>> evaluate([1.0, 2.0, 3.0], [1.0, 2.0, 4.0])["MAE"].round(4).tolist()
    [0.3333]
    """
    return {name: measure(truth, predictions) for name, measure in MEASURES.items()}


def _score(
    score: Callable[[Values, Values], float], truth: ArrayLike, predictions: ArrayLike, average: str | None
) -> Any:
    check_average(average, ("macro",))
    return score_columns(score, *validate(truth, predictions), average)


def _r2(y: Values, f: Values) -> float:
    spread = np.square(y - y.mean()).sum()
    return float(1 - np.square(y - f).sum() / spread) if spread > 0 else math.nan


def _pearson(y: Values, f: Values) -> float:
    if np.ptp(y) == 0 or np.ptp(f) == 0:
        return math.nan
    y, f = y - y.mean(), f - f.mean()
    return float(np.clip((y * f).sum() / np.sqrt(np.square(y).sum() * np.square(f).sum()), -1, 1))


def _concordance(y: Values, f: Values) -> float:
    denominator = y.var() + f.var() + (y.mean() - f.mean()) ** 2
    return float(2 * ((y - y.mean()) * (f - f.mean())).mean() / denominator) if denominator > 0 else math.nan
