"""Doubt: how probable it is that a label is wrong, when some of the labels that one learns from are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float64]

USUAL = (1.0, 19.0)
"""So many wrong and right labels count as seen before any: what is assumed where nothing can be told."""

WEIGHT, CONSTANCY = 8.0, 0.3
"""Weight of all views together before anything is known, and how strongly their logarithms are held to it.

Classes that are always told could have any weight, however great, and the slightest hint from a view that
knows nothing would then count for certain.
"""

_LOG_WEIGHTS = (-4.0, 3.0)
_LOG_ODDS = (-7.0, -1.0)
_FIRST_LOG_ODDS = -3.0


class Doubts(NamedTuple):
    """What is thought of the labels.

    Parameters
    ----------
    probability
        Shape ``(n_rows,)``: that the label is wrong.
    other
        Shape ``(n_rows,)``: the likeliest class but the one that the label says.
    share
        Of all labels that are wrong, as estimated.
    """

    probability: Rows
    other: NDArray[np.int64]
    share: float


def doubts(scores: Sequence[Rows], codes: NDArray[np.int64]) -> Doubts:
    """Weigh what several views say against the label that each row has.

    The views are pooled, ``p(class) ∝ exp(Σ weight · score)``. Of all labels a share is wrong, and a wrong
    one may say any other class. Weights and share are those under which the labels that were given are
    likeliest; so a view that knows nothing gets little, and where none knows anything, nothing is doubted.
    Bayes' rule then tells for each row how probable it is that its label is one of the wrong ones.

    Unlike confident learning (C. Northcutt, L. Jiang and I. Chuang, 2021), which compares a row with the
    means of the classes, this asks how improbable the label is: a sound that could be either of two classes
    is not doubted, though the other be a little likelier.

    Parameters
    ----------
    scores
        One table for each view, shape ``(n_rows, n_classes)``: higher for likelier classes, from models that
        did not learn from the row.
    codes
        Class of each row as its label says, from 0; at least two classes.

    Examples
    --------
    Of 40 rows one is labelled as what it is not, and one could be either:

    >>> scores = np.repeat(np.eye(2), 20, axis=0)
    >>> scores[39] = 0.5
    >>> codes = np.repeat([0, 1], 20)
    >>> codes[3] = 1
    >>> found = doubts([scores], codes)
    >>> [int(k) for k in np.flatnonzero(found.probability > 0.5)], int(found.other[3])
    ([3], 0)
    """
    from scipy.optimize import minimize

    tables = np.stack(scores)
    n_views, n_rows, n_classes = tables.shape
    rows = np.arange(n_rows)

    def told(setting: Rows) -> tuple[Rows, Rows, float]:
        """Return the probabilities of the classes, that of the label, and the share that is wrong."""
        pooled = np.tensordot(np.exp(setting[:n_views]), tables, 1)
        likely = np.exp(pooled - pooled.max(axis=1, keepdims=True))
        likely /= likely.sum(axis=1, keepdims=True)
        return likely, likely[rows, codes], float(1 / (1 + np.exp(-setting[n_views])))

    def loss(setting: Rows) -> float:
        _, own, share = told(setting)
        seen = (1 - share) * own + share * (1 - own) / (n_classes - 1)
        before = USUAL[0] * np.log(share) + USUAL[1] * np.log(1 - share)
        before -= CONSTANCY * np.square(setting - start)[:n_views].sum()
        return float(-np.log(np.maximum(seen, 1e-300)).sum() - before)

    start = np.array([*[np.log(WEIGHT / n_views)] * n_views, _FIRST_LOG_ODDS])
    best = minimize(loss, start, method="L-BFGS-B", bounds=[*[_LOG_WEIGHTS] * n_views, _LOG_ODDS])
    likely, own, share = told(best.x)
    wrong = share * (1 - own) / (n_classes - 1)
    others = np.where(np.arange(n_classes) == codes[:, np.newaxis], -1.0, likely)
    return Doubts(wrong / (wrong + (1 - share) * own), others.argmax(axis=1), share)
