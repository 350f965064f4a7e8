"""Label noise: the probability that a label is wrong, estimated from noisy labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float64]

PRIOR_COUNTS = (1.0, 19.0)
"""Prior pseudo-counts of wrong and right labels (a beta prior on the share of wrong labels)."""

WEIGHT, PENALTY = 8.0, 0.3
"""Prior weight of all views together, and the strength of the penalty on the deviation of the log weights.

Without it, perfectly separable classes would have unbounded weights, and the slightest evidence of an
uninformative view would count as certain.
"""

_LOG_WEIGHTS = (-4.0, 3.0)
_LOG_ODDS = (-7.0, -1.0)
_FIRST_LOG_ODDS = -3.0


class LabelNoise(NamedTuple):
    """Estimates of label noise.

    Parameters
    ----------
    probability
        Probability that the label is wrong, shape ``(n_rows,)``.
    other
        Most probable class apart from the label, shape ``(n_rows,)``.
    share
        Estimated share of wrong labels.
    """

    probability: Rows
    other: NDArray[np.int64]
    share: float


def label_noise(scores: Sequence[Rows], codes: NDArray[np.int64]) -> LabelNoise:
    """Estimate the probability that each label is wrong from the class scores of several views.

    The views are pooled, ``p(class) ∝ exp(Σ weight · score)``. A share of the labels is wrong, and a wrong
    label is any other class with equal probability. Weights and share maximise the posterior probability of
    the labels, so an uninformative view gets a small weight, and without an informative view no label is
    suspicious. Bayes' rule then gives the probability that a label is wrong.

    Confident learning (C. Northcutt, L. Jiang and I. Chuang, 2021) compares a row with the class means; here
    the improbability of the label counts: a row that is ambiguous between two classes is not suspicious, even
    if the other class is slightly more probable.

    Parameters
    ----------
    scores
        Out-of-sample scores of each view, shape ``(n_rows, n_classes)``, higher for more probable classes.
    codes
        Class of each row according to its label, from 0; at least two classes.

    Examples
    --------
    One wrong label and one ambiguous row among 40:

    >>> scores = np.repeat(np.eye(2), 20, axis=0)
    >>> scores[39] = 0.5
    >>> codes = np.repeat([0, 1], 20)
    >>> codes[3] = 1
    >>> noise = label_noise([scores], codes)
    >>> [int(k) for k in np.flatnonzero(noise.probability > 0.5)], int(noise.other[3])
    ([3], 0)
    """
    from scipy.optimize import minimize

    tables = np.stack(scores)
    n_views, n_rows, n_classes = tables.shape
    rows = np.arange(n_rows)

    def unpack(parameters: Rows) -> tuple[Rows, Rows, float]:
        """Return the class probabilities, the probability of the label, and the share of wrong labels."""
        pooled = np.tensordot(np.exp(parameters[:n_views]), tables, 1)
        probabilities = np.exp(pooled - pooled.max(axis=1, keepdims=True))
        probabilities /= probabilities.sum(axis=1, keepdims=True)
        return probabilities, probabilities[rows, codes], float(1 / (1 + np.exp(-parameters[n_views])))

    def loss(parameters: Rows) -> float:
        _, of_label, share = unpack(parameters)
        likelihood = (1 - share) * of_label + share * (1 - of_label) / (n_classes - 1)
        log_prior = PRIOR_COUNTS[0] * np.log(share) + PRIOR_COUNTS[1] * np.log(1 - share)
        log_prior -= PENALTY * np.square(parameters - start)[:n_views].sum()
        return float(-np.log(np.maximum(likelihood, 1e-300)).sum() - log_prior)

    start = np.array([*[np.log(WEIGHT / n_views)] * n_views, _FIRST_LOG_ODDS])
    best = minimize(loss, start, method="L-BFGS-B", bounds=[*[_LOG_WEIGHTS] * n_views, _LOG_ODDS])
    probabilities, of_label, share = unpack(best.x)
    wrong = share * (1 - of_label) / (n_classes - 1)
    others = np.where(np.arange(n_classes) == codes[:, np.newaxis], -1.0, probabilities)
    return LabelNoise(wrong / (wrong + (1 - share) * of_label), others.argmax(axis=1), share)
