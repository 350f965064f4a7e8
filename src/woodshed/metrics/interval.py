"""Confidence intervals of metrics: bootstrap and Wilson.

Conventions
-----------
- Percentile bootstrap: resample the units with replacement, compute the score of each resample, and take the
  central ``level`` of these scores.
- The unit is one example or, with ``groups``, one group (cluster bootstrap). Clips of one speaker, or pieces
  of one recording, are correlated; resampling them independently yields an interval that is too narrow. Pass
  the groups wherever they are available.
- With fewer than two units both ends are NaN. With fewer than about ten the interval is still too narrow.
- If all predictions are correct, so are those of every resample: a share of 0 or 1 has the interval of
  `wilson_interval`, with each unit counted once.
- Results are deterministic for a given seed.

References
----------
Efron & Tibshirani (1993), "An Introduction to the Bootstrap", chapter 13. Bisani & Ney (2004), "Bootstrap
estimates for confidence intervals in ASR performance evaluation", ICASSP.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from woodshed.errors import ParameterError

Indices = NDArray[np.int64]

# Units per block of `interval_of_sums`: 8 MB, whatever the size of the test set.
_BLOCK = 1 << 20


class Interval(NamedTuple):
    """The two ends of an interval, in the unit of the score."""

    low: float
    high: float


def validate(n: int, groups: ArrayLike | None, *, n_resamples: int, level: float) -> Indices:
    """Check the arguments and return the index of the unit of each example, shape ``(n,)``.

    Raises
    ------
    ParameterError
        If there are no examples, ``groups`` has another length, ``n_resamples`` is below 1, or ``level`` is
        not between 0 and 1.

    Examples
    --------
    >>> validate(3, ["theo", "anna", "theo"], n_resamples=1000, level=0.95)
    array([1, 0, 1])
    """
    if n < 1:
        raise ParameterError(f"An interval needs at least one example, got {n}.")
    if n_resamples < 1:
        raise ParameterError(f"n_resamples must be at least 1, got {n_resamples}. 1000 is typical.")
    if not 0 < level < 1:
        raise ParameterError(f"level must be between 0 and 1, got {level}. For 95 % pass 0.95.")
    if groups is None:
        return np.arange(n)
    if np.shape(groups) != (n,):
        raise ParameterError(f"groups must have shape ({n},), one for each example, got {np.shape(groups)}.")
    return np.unique(np.asarray(groups), return_inverse=True)[1]


def bootstrap_interval(
    score: Callable[[Indices], float],
    n: int,
    *,
    seed: int = 0,
    n_resamples: int = 1000,
    level: float = 0.95,
    groups: ArrayLike | None = None,
) -> Interval:
    """Return the bootstrap interval of any score.

    Parameters
    ----------
    score
        Takes the indices of a resample (with repeats; with ``groups`` not always ``n`` of them) and returns
        its score. Resamples whose score is NaN, because they lack a class, are discarded.
    n
        Number of examples.
    seed
        Random seed.
    n_resamples
        Number of resamples.
    level
        Confidence level, between 0 and 1.
    groups
        Shape ``(n,)``: group of each example, such as its speaker. None to resample examples.

    Returns
    -------
    Interval
        NaN at both ends with fewer than two examples or groups, or if every resample scores NaN.

    Examples
    --------
    >>> error_s = np.array([0.1, 0.2, 0.2, 0.3, 0.7])
    >>> low, high = bootstrap_interval(lambda rows: np.median(error_s[rows]), 5)
    >>> float(low), float(high)
    (0.1, 0.7)
    """
    unit_of = validate(n, groups, n_resamples=n_resamples, level=level)
    n_units = int(unit_of.max()) + 1
    rng = np.random.default_rng(seed)
    scores = np.full(n_resamples, np.nan)
    if n_units > 1:
        for k in range(n_resamples):
            drawn = rng.integers(n_units, size=n_units)
            scores[k] = score(np.repeat(np.arange(n), np.bincount(drawn, minlength=n_units)[unit_of]))
    return _central(scores, level)


def interval_of_sums(
    score: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    values: Any,
    groups: ArrayLike | None = None,
    *,
    seed: int = 0,
    n_resamples: int = 1000,
    level: float = 0.95,
) -> Interval:
    """Return the interval of a score of sums over the examples: a much faster `bootstrap_interval`.

    Parameters
    ----------
    score
        Takes the sums of several resamples, shape ``(n_resamples, n_values)``, and returns their scores,
        shape ``(n_resamples,)``.
    values
        What is summed, shape ``(n, n_values)``: an array, or a sparse matrix of SciPy, such as one with a
        column for each cell of a confusion matrix.
    groups, seed, n_resamples, level
        As for `bootstrap_interval`; equal arguments give equal intervals.

    Examples
    --------
    >>> error_s = np.array([0.1, 0.2, 0.2, 0.3, 0.7])
    >>> values = np.column_stack([error_s, np.ones(5)])
    >>> low, high = interval_of_sums(lambda sums: sums[:, 0] / sums[:, 1], values)
    >>> round(float(low), 2), round(float(high), 2)
    (0.16, 0.5)
    """
    from scipy import sparse

    n = values.shape[0]
    unit_of = validate(n, groups, n_resamples=n_resamples, level=level)
    n_units = int(unit_of.max()) + 1
    rng = np.random.default_rng(seed)
    scores = np.full(n_resamples, np.nan)
    if n_units > 1:
        of_unit = sparse.csr_array((np.ones(n), (unit_of, np.arange(n))), shape=(n_units, n)) @ values
        n_rows = max(1, _BLOCK // n_units)
        for start in range(0, n_resamples, n_rows):
            stop = min(start + n_rows, n_resamples)
            drawn = rng.integers(n_units, size=(stop - start, n_units))
            drawn += n_units * np.arange(stop - start)[:, np.newaxis]
            counts = np.bincount(drawn.ravel(), minlength=drawn.size).reshape(drawn.shape)
            scores[start:stop] = score(np.asarray(counts @ of_unit))
    return _central(scores, level)


def share_interval(
    hits: ArrayLike,
    groups: ArrayLike | None = None,
    *,
    seed: int = 0,
    n_resamples: int = 1000,
    level: float = 0.95,
) -> Interval:
    """Return the interval of a share such as accuracy: a faster `bootstrap_interval` of the mean.

    If all or none are hits, it is the `wilson_interval` of the units.

    Parameters
    ----------
    hits
        Shape ``(n,)``, bool: whether each prediction is correct.
    groups, seed, n_resamples, level
        As for `bootstrap_interval`; equal arguments give equal intervals.

    Examples
    --------
    An accuracy of 90 % on 1000 examples:

    >>> low, high = share_interval([True] * 900 + [False] * 100)
    >>> round(low, 2), round(high, 2)
    (0.88, 0.92)

    The same, if all errors are those of one of ten speakers:

    >>> low, high = share_interval([True] * 900 + [False] * 100, [k // 100 for k in range(1000)])
    >>> round(low, 2), round(high, 2)
    (0.7, 1.0)

    Two of two:

    >>> low, high = share_interval([True, True])
    >>> round(low, 2), round(high, 2)
    (0.34, 1.0)
    """
    correct = _validate_hits(hits)
    if correct.all() == correct.any():
        n_units = int(validate(correct.size, groups, n_resamples=n_resamples, level=level).max()) + 1
        if n_units > 1:
            return wilson_interval(n_units * int(correct[0]), n_units, level=level)
    return interval_of_sums(
        lambda sums: sums[:, 0] / sums[:, 1],
        np.column_stack([correct, np.ones(correct.size)]),
        groups,
        seed=seed,
        n_resamples=n_resamples,
        level=level,
    )


def wilson_interval(n_right: int, n: int, *, level: float = 0.95) -> Interval:
    """Return the Wilson score interval of a binomial proportion.

    Unlike the bootstrap it has a positive width for three of three.

    Parameters
    ----------
    n_right, n
        Number of hits and of independent examples.
    level
        Confidence level, between 0 and 1.

    Raises
    ------
    ParameterError
        If ``n`` is below 1, or ``n_right`` is not from 0 to ``n``.

    References
    ----------
    Wilson (1927), "Probable inference, the law of succession, and statistical inference", Journal of the
    American Statistical Association 22.

    Examples
    --------
    >>> low, high = wilson_interval(3, 3)
    >>> round(low, 3), round(high, 3)
    (0.439, 1.0)
    """
    if not 0 <= n_right <= n or n < 1:
        raise ParameterError(f"n_right must be from 0 to n, and n at least 1, got {n_right} of {n}.")
    share, z = n_right / n, statistics.NormalDist().inv_cdf((1 + level) / 2)
    centre = share + z**2 / (2 * n)
    half_width = z * math.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    scale = 1 + z**2 / n
    return Interval(max(0.0, (centre - half_width) / scale), min(1.0, (centre + half_width) / scale))


def evaluate(
    hits: ArrayLike,
    groups: ArrayLike | None = None,
    *,
    seed: int = 0,
    n_resamples: int = 1000,
    level: float = 0.95,
) -> dict[str, Any]:
    """Return a share with its interval and sample sizes, as plain numbers.

    Returns
    -------
    dict
        ``share``, ``low``, ``high``, ``level``, ``n_examples`` and ``n_groups`` (None without groups).

    Examples
    --------
    >>> evaluate([True, True, False, True], ["a", "a", "b", "b"])
    {'share': 0.75, 'low': 0.5, 'high': 1.0, 'level': 0.95, 'n_examples': 4, 'n_groups': 2}
    """
    correct = _validate_hits(hits)
    low, high = share_interval(correct, groups, seed=seed, n_resamples=n_resamples, level=level)
    return {
        "share": float(correct.mean()),
        "low": low,
        "high": high,
        "level": level,
        "n_examples": correct.size,
        "n_groups": None if groups is None else int(np.unique(np.asarray(groups)).size),
    }


def _validate_hits(hits: ArrayLike) -> NDArray[np.bool_]:
    """Return hits as booleans."""
    correct = np.asarray(hits)
    if correct.ndim != 1 or correct.dtype.kind not in "biuf" or not np.isin(correct, (0, 1)).all():
        raise ParameterError("hits must hold one boolean per example, shape (n,): truth == predicted.")
    return correct.astype(bool)


def _central(scores: NDArray[np.float64], level: float) -> Interval:
    """Return the ends of the central ``level`` of the scores that are not NaN."""
    defined = scores[~np.isnan(scores)]
    if defined.size == 0:
        return Interval(math.nan, math.nan)
    low, high = np.quantile(defined, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(low), float(high))
