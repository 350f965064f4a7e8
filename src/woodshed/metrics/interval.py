"""How far a score can be trusted: the interval that another test set of the same kind would give it.

Conventions
-----------
- Percentile bootstrap: draw as many units as there are, with replacement, score the draw, repeat; the
  interval holds the middle ``level`` of those scores.
- The unit is one example or, with ``groups``, one group (cluster bootstrap). Clips of one speaker, or pieces
  of one recording, succeed and fail together; drawing them one by one pretends to more evidence than there
  is and gives an interval that is too narrow. Pass the groups wherever they are known.
- With fewer than two units nothing can be said: both ends are NaN. With fewer than about ten the interval is
  still rather too narrow.
- Where every answer is right, every draw is: a share that is 0 or 1 has the interval of `wilson_interval`,
  each unit counting once.
- The same seed gives the same interval.

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

# Units drawn at once by `share_interval`: 8 MB, whatever the size of the test set.
_BLOCK = 1 << 20


class Interval(NamedTuple):
    """Both ends of an interval, in the unit of the score."""

    low: float
    high: float


def validate(n: int, groups: ArrayLike | None, *, n_resamples: int, level: float) -> Indices:
    """Check the arguments and return the unit of each example, shape ``(n,)``, numbered from 0.

    Raises
    ------
    ParameterError
        If there is no example, ``groups`` has another length, ``n_resamples`` is below 1, or ``level`` is not
        between 0 and 1.

    Examples
    --------
    >>> validate(3, ["theo", "anna", "theo"], n_resamples=1000, level=0.95)
    array([1, 0, 1])
    """
    if n < 1:
        raise ParameterError(f"An interval needs at least one example, got {n}.")
    if n_resamples < 1:
        raise ParameterError(f"n_resamples must be at least 1, got {n_resamples}. 1000 is a good number.")
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
    """Find the interval of any score.

    Parameters
    ----------
    score
        Takes the indices of the examples that were drawn (some several times, with ``groups`` not always
        ``n`` of them) and returns their score. Draws whose score is NaN, because a class is absent from them,
        are left out.
    n
        Number of examples.
    seed
        Seed of the draws.
    n_resamples
        Number of draws.
    level
        Share of the draws' scores that the interval holds, between 0 and 1.
    groups
        Shape ``(n,)``: the group of each example, such as its speaker. None to draw single examples.

    Returns
    -------
    Interval
        NaN at both ends with fewer than two examples or groups, or when every draw's score was NaN.

    Examples
    --------
    >>> error_s = np.array([0.1, 0.2, 0.2, 0.3, 0.7])
    >>> low, high = bootstrap_interval(lambda drawn: np.median(error_s[drawn]), 5)
    >>> float(low), float(high)
    (0.1, 0.7)
    """
    unit_of = validate(n, groups, n_resamples=n_resamples, level=level)
    members = np.split(np.argsort(unit_of, kind="stable"), np.cumsum(np.bincount(unit_of))[:-1])
    rng = np.random.default_rng(seed)
    scores = np.full(n_resamples, np.nan)
    if len(members) > 1:
        for k in range(n_resamples):
            drawn = rng.integers(len(members), size=len(members))
            scores[k] = score(np.concatenate([members[unit] for unit in drawn]))
    return _middle(scores, level)


def share_interval(
    hits: ArrayLike,
    groups: ArrayLike | None = None,
    *,
    seed: int = 0,
    n_resamples: int = 1000,
    level: float = 0.95,
) -> Interval:
    """Find the interval of a share, such as accuracy: `bootstrap_interval` of the mean, much faster.

    Where all are right, or all wrong, it is `wilson_interval` of the units.

    Parameters
    ----------
    hits
        Shape ``(n,)``, bool: whether each answer is right.
    groups, seed, n_resamples, level
        As for `bootstrap_interval`; equal arguments give equal intervals.

    Examples
    --------
    Nine answers in ten are right, in a test of 1000:

    >>> low, high = share_interval([True] * 900 + [False] * 100)
    >>> round(low, 2), round(high, 2)
    (0.88, 0.92)

    But if they come from ten speakers, of whom one is never understood:

    >>> low, high = share_interval([True] * 900 + [False] * 100, [k // 100 for k in range(1000)])
    >>> round(low, 2), round(high, 2)
    (0.7, 1.0)

    Two of two are no proof of perfection:

    >>> low, high = share_interval([True, True])
    >>> round(low, 2), round(high, 2)
    (0.34, 1.0)
    """
    right = _validate_hits(hits)
    unit_of = validate(right.size, groups, n_resamples=n_resamples, level=level)
    n_of_unit = np.bincount(unit_of)
    hits_of_unit = np.bincount(unit_of, weights=right)
    n_units = n_of_unit.size
    if n_units > 1 and right.all() == right.any():
        return wilson_interval(n_units * int(right[0]), n_units, level=level)
    rng = np.random.default_rng(seed)
    shares = np.full(n_resamples, np.nan)
    if n_units > 1:
        n_rows = max(1, _BLOCK // n_units)
        for start in range(0, n_resamples, n_rows):
            drawn = rng.integers(n_units, size=(min(n_rows, n_resamples - start), n_units))
            shares[start : start + n_rows] = hits_of_unit[drawn].sum(axis=1) / n_of_unit[drawn].sum(axis=1)
    return _middle(shares, level)


def wilson_interval(n_right: int, n: int, *, level: float = 0.95) -> Interval:
    """Find the interval of a share of independent examples.

    Three of three is no proof of perfection: unlike the bootstrap, this says so.

    Parameters
    ----------
    n_right, n
        How many of how many.
    level
        How sure it is to hold the true share.

    Raises
    ------
    ParameterError
        If there is no example, or more are right than there are.

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
        raise ParameterError(f"A share is of at least one example, and at most all, got {n_right} of {n}.")
    share, z = n_right / n, statistics.NormalDist().inv_cdf((1 + level) / 2)
    middle = share + z**2 / (2 * n)
    reach = z * math.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    scale = 1 + z**2 / n
    return Interval(max(0.0, (middle - reach) / scale), min(1.0, (middle + reach) / scale))


def evaluate(
    hits: ArrayLike,
    groups: ArrayLike | None = None,
    *,
    seed: int = 0,
    n_resamples: int = 1000,
    level: float = 0.95,
) -> dict[str, Any]:
    """Return a share with its interval and how much it rests on, as plain numbers.

    Returns
    -------
    dict
        ``share``, ``low``, ``high``, ``level``, ``n_examples`` and ``n_groups`` (None without groups).

    Examples
    --------
    >>> evaluate([True, True, False, True], ["a", "a", "b", "b"])
    {'share': 0.75, 'low': 0.5, 'high': 1.0, 'level': 0.95, 'n_examples': 4, 'n_groups': 2}
    """
    right = _validate_hits(hits)
    low, high = share_interval(right, groups, seed=seed, n_resamples=n_resamples, level=level)
    return {
        "share": float(right.mean()),
        "low": low,
        "high": high,
        "level": level,
        "n_examples": right.size,
        "n_groups": None if groups is None else int(np.unique(np.asarray(groups)).size),
    }


def _validate_hits(hits: ArrayLike) -> NDArray[np.bool_]:
    """Check that every answer is marked right or wrong."""
    right = np.asarray(hits)
    if right.ndim != 1 or right.dtype.kind not in "biuf" or not np.isin(right, (0, 1)).all():
        raise ParameterError("hits must be True or False for each example, shape (n,): truth == predicted.")
    return right.astype(bool)


def _middle(scores: NDArray[np.float64], level: float) -> Interval:
    """Return the ends of the middle ``level`` of the scores that are numbers."""
    known = scores[~np.isnan(scores)]
    if known.size == 0:
        return Interval(math.nan, math.nan)
    low, high = np.quantile(known, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(low), float(high))
