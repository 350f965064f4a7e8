"""How near numbers come to the truth.

Conventions
-----------
- Truth is a number or NaN (not known); what is not known is left out, column by column.
- R² = 1 - sum (y - f)² / sum (y - mean y)²: 0 is as good as always saying the mean of the truth, and there
  is no lowest value. It is undefined (NaN) for fewer than two clips or a truth that never changes.
- Correlations are undefined (NaN) where either side never changes; the concordance only where both are the
  same constant.
- Concordance is 2 cov / (var y + var f + (mean y - mean f)²), with variances over n: unlike the correlation
  it is lowered by a wrong mean or spread.

References
----------
Lin (1989), "A concordance correlation coefficient to evaluate reproducibility", Biometrics 45. Spearman
(1904), "The proof and measurement of association between two things".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from woodshed.errors import ParameterError

Values = NDArray[np.float64]
_NAN = float("nan")


def validate(truth: ArrayLike, answers: ArrayLike) -> tuple[Values, Values]:
    """Check and return both as arrays of shape ``(n_clips, n_values)``; one column may come without its axis.

    Raises
    ------
    ParameterError
        If the shapes differ, there is no clip, or an answer is not finite.
    """
    right, given = np.asarray(truth, dtype=np.float64), np.asarray(answers, dtype=np.float64)
    if right.ndim not in (1, 2) or right.shape != given.shape or not right.size:
        raise ParameterError(
            f"Truth and answers must both have shape (n_clips, n_values), got {right.shape}, {given.shape}."
        )
    if not np.isfinite(given).all() or np.isinf(right).any():
        raise ParameterError("Answers must be finite numbers, the truth such or NaN where not known.")
    return right.reshape(len(right), -1), given.reshape(len(given), -1)


def r2(truth: ArrayLike, answers: ArrayLike, *, average: str | None = None) -> Any:
    """Return the share of the variance that is explained.

    Parameters
    ----------
    truth, answers
        Shape ``(n_clips, n_values)`` or ``(n_clips,)``.
    average
        ``macro``: the mean over values; None: each, shape ``(n_values,)``.

    Examples
    --------
    >>> r2([1.0, 2.0, 3.0], [1.0, 2.0, 4.0]).tolist()
    [0.5]
    """
    return _each(_r2, truth, answers, average)


def mean_absolute_error(truth: ArrayLike, answers: ArrayLike, *, average: str | None = None) -> Any:
    """Return how far off the answers are, in the unit of the values; parameters as for `r2`.

    Examples
    --------
    >>> mean_absolute_error([1.0, 2.0], [1.0, 4.0]).tolist()
    [1.0]
    """
    return _each(lambda y, f: float(np.abs(y - f).mean()), truth, answers, average)


def root_mean_square_error(truth: ArrayLike, answers: ArrayLike, *, average: str | None = None) -> Any:
    """Return the root of the mean square, which far misses raise most; parameters as for `r2`.

    Examples
    --------
    >>> root_mean_square_error([0.0, 0.0], [3.0, 4.0]).round(4).tolist()
    [3.5355]
    """
    return _each(lambda y, f: float(np.sqrt(np.square(y - f).mean())), truth, answers, average)


def pearson(truth: ArrayLike, answers: ArrayLike, *, average: str | None = None) -> Any:
    """Return the linear correlation, -1 to 1; parameters as for `r2`.

    Examples
    --------
    >>> pearson([1.0, 2.0, 3.0], [10.0, 20.0, 30.0]).round(12).tolist()
    [1.0]
    """
    return _each(_pearson, truth, answers, average)


def spearman(truth: ArrayLike, answers: ArrayLike, *, average: str | None = None) -> Any:
    """Return the correlation of the ranks, equal values sharing theirs; parameters as for `r2`.

    Examples
    --------
    >>> spearman([1.0, 2.0, 3.0], [1.0, 10.0, 100.0]).round(12).tolist()
    [1.0]
    """
    from scipy.stats import rankdata

    return _each(lambda y, f: _pearson(rankdata(y), rankdata(f)), truth, answers, average)


def concordance(truth: ArrayLike, answers: ArrayLike, *, average: str | None = None) -> Any:
    """Return Lin's concordance correlation, -1 to 1; parameters as for `r2`.

    Examples
    --------
    >>> concordance([1.0, 2.0, 3.0], [2.0, 3.0, 4.0]).round(4).tolist()  # 2 (2/3) / (2/3 + 2/3 + 1)
    [0.5714]
    """
    return _each(_concordance, truth, answers, average)


MEASURES: Mapping[str, Callable[..., Any]] = {
    "R²": r2,
    "MAE": mean_absolute_error,
    "RMSE": root_mean_square_error,
    "Pearson": pearson,
    "Spearman": spearman,
    "CCC": concordance,
}
"""What a report shows, in its order; CCC is the concordance correlation coefficient."""


def evaluate(truth: ArrayLike, answers: ArrayLike) -> dict[str, Values]:
    """Return all of `MEASURES`, each with shape ``(n_values,)``.

    Examples
    --------
    >>> evaluate([1.0, 2.0, 3.0], [1.0, 2.0, 4.0])["MAE"].round(4).tolist()
    [0.3333]
    """
    return {name: measure(truth, answers) for name, measure in MEASURES.items()}


def _each(
    score: Callable[[Values, Values], float], truth: ArrayLike, answers: ArrayLike, average: str | None
) -> Any:
    if average not in (None, "macro"):
        raise ParameterError(f"average must be 'macro' or None, got {average!r}.")
    right, given = validate(truth, answers)
    known = ~np.isnan(right)
    found = np.asarray(
        [score(right[rows, k], given[rows, k]) if rows.any() else _NAN for k, rows in enumerate(known.T)]
    )
    if average is None:
        return found
    defined = found[~np.isnan(found)]
    return float(defined.mean()) if defined.size else _NAN


def _r2(y: Values, f: Values) -> float:
    spread = np.square(y - y.mean()).sum()
    return float(1 - np.square(y - f).sum() / spread) if spread > 0 else _NAN


def _pearson(y: Values, f: Values) -> float:
    if np.ptp(y) == 0 or np.ptp(f) == 0:
        return _NAN
    y, f = y - y.mean(), f - f.mean()
    return float(np.clip((y * f).sum() / np.sqrt(np.square(y).sum() * np.square(f).sum()), -1, 1))


def _concordance(y: Values, f: Values) -> float:
    below = y.var() + f.var() + (y.mean() - f.mean()) ** 2
    return float(2 * ((y - y.mean()) * (f - f.mean())).mean() / below) if below > 0 else _NAN
