"""Metrics of multi-label classification (tagging): of the ranking, and of decisions at thresholds.

Conventions
-----------
- Truth is 1 (present), 0 (absent) or NaN (unknown); unknown values are excluded, tag by tag.
- The ROC AUC of a tag that is always or never present is undefined, and so is the average precision of one
  that is never present: NaN, excluded from the macro average.
- Average precision is the sum of ``(R_n - R_(n-1)) P_n`` over the thresholds, not the trapezoidal area. A
  random ranking scores the prevalence, which is therefore reported beside it.
- 0/0 in precision, recall or F1 is 0.

Values equal those of scikit-learn, whose functions take no unknown values and are too slow for the bootstrap
of a report.

References
----------
Davis & Goadrich (2006), "The relationship between precision-recall and ROC curves", ICML. Law et al. (2009),
"Evaluation of algorithms using games: the case of music tagging", ISMIR.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from woodshed.errors import ParameterError
from woodshed.metrics import probability
from woodshed.metrics.per_class import check_average, score_columns

Values = NDArray[np.float64]


def validate(truth: ArrayLike, probabilities: ArrayLike) -> tuple[Values, Values]:
    """Return both arrays with shape ``(n_clips, n_tags)``.

    Raises
    ------
    ParameterError
        If the shapes differ, truth holds values other than 0, 1 and NaN, or a probability is not from 0 to 1.
    """
    true, likely = np.asarray(truth, dtype=np.float64), np.asarray(probabilities, dtype=np.float64)
    if true.ndim != 2 or true.shape != likely.shape or not true.size:
        raise ParameterError(
            f"truth and probabilities must both have shape (n_clips, n_tags), got {true.shape} and "
            f"{likely.shape}."
        )
    if not np.isin(true[~np.isnan(true)], (0, 1)).all():
        raise ParameterError("The truth of a tag must be 0 or 1, or NaN where it is unknown.")
    if not ((likely >= 0) & (likely <= 1)).all():
        raise ParameterError("The probability of a tag must be from 0 to 1.")
    return true, likely


def roc_auc(truth: ArrayLike, probabilities: ArrayLike, *, average: str | None = None) -> Any:
    """Return the area under the ROC curve: how often a clip with the tag ranks above one without.

    Parameters
    ----------
    truth, probabilities
        Shape ``(n_clips, n_tags)``.
    average
        ``macro`` for the mean over tags, ``micro`` to pool all decisions, None for each tag.

    Returns
    -------
    float or numpy.ndarray
        0 to 1, NaN where undefined; shape ``(n_tags,)`` without average.

    Examples
    --------
    >>> roc_auc([[1, 0], [0, 0], [0, 1]], [[0.9, 0.2], [0.4, 0.3], [0.95, 0.8]]).tolist()
    [0.5, 1.0]
    """
    return _score(probability.roc_auc, truth, probabilities, average)


def pr_auc(truth: ArrayLike, probabilities: ArrayLike, *, average: str | None = None) -> Any:
    """Return the average precision; parameters and return value as for `roc_auc`.

    Examples
    --------
    >>> round(float(pr_auc([[1], [0], [1]], [[0.9], [0.8], [0.7]], average="macro")), 4)  # (1 + 2/3) / 2
    0.8333
    """
    return _score(_average_precision, truth, probabilities, average)


def prevalence(truth: ArrayLike) -> Values:
    """Return the share of clips with each tag among those where it is known; NaN if it is never known.

    Examples
    --------
    >>> prevalence([[1, np.nan], [0, 1.0]]).tolist()
    [0.5, 1.0]
    """
    true = np.asarray(truth, dtype=np.float64)
    n_known = (~np.isnan(true)).sum(axis=0)
    share = np.nansum(true, axis=0) / np.maximum(n_known, 1)
    return np.where(n_known > 0, share, np.nan)


def precision_at(truth: ArrayLike, probabilities: ArrayLike, k: int) -> float:
    """Return precision at ``k``: the share of correct tags among the ``k`` most probable, mean over clips.

    Unknown tags are ignored; a clip with fewer than ``k`` known tags is scored on those.

    Examples
    --------
    >>> precision_at([[1, 0, 1]], [[0.9, 0.8, 0.1]], 2)
    0.5
    """
    true, likely = validate(truth, probabilities)
    if k < 1:
        raise ParameterError(f"k must be at least 1, got {k}.")
    unknown_last = np.where(np.isnan(true), -1, likely)
    order = np.argsort(-unknown_last, axis=1, kind="stable")[:, :k]
    most_probable = np.take_along_axis(true, order, axis=1)
    is_scored = ~np.isnan(true).all(axis=1)
    return float(np.nanmean(most_probable[is_scored], axis=1).mean()) if is_scored.any() else math.nan


def at_thresholds(truth: ArrayLike, predicted: ArrayLike) -> dict[str, Values]:
    """Return precision, recall and F1 of each tag for decisions of 1 or 0; each has shape ``(n_tags,)``.

    Recall and F1 of a tag without a positive example are NaN.

    Examples
    --------
    >>> at_thresholds([[1], [1], [0]], [[1], [0], [0]])["recall"].tolist()
    [0.5]
    """
    true, decisions = validate(truth, predicted)
    hits = ((true == 1) & (decisions == 1)).sum(axis=0)
    n_predicted = ((decisions == 1) & ~np.isnan(true)).sum(axis=0)
    n_present = (true == 1).sum(axis=0)
    return {
        "precision": hits / np.maximum(n_predicted, 1),
        "recall": np.where(n_present > 0, hits / np.maximum(n_present, 1), np.nan),
        "F1": np.where(n_present > 0, 2 * hits / np.maximum(n_predicted + n_present, 1), np.nan),
    }


def _score(
    score: Callable[[Values, Values], float], truth: ArrayLike, probabilities: ArrayLike, average: str | None
) -> Any:
    true, likely = validate(truth, probabilities)
    check_average(average, ("macro", "micro"))
    if average == "micro":
        true, likely = true.reshape(-1, 1), likely.reshape(-1, 1)
    return score_columns(score, true, likely, average)


def _average_precision(is_positive: Values, score: Values) -> float:
    if not is_positive.any():
        return math.nan
    order = np.argsort(-score, kind="stable")
    present, ranked = is_positive[order], score[order]
    last = np.append(np.flatnonzero(np.diff(ranked)), ranked.size - 1)  # equal scores share a threshold
    hits = np.cumsum(present)[last]
    recall_steps = np.diff(hits, prepend=0) / present.sum()
    return float((recall_steps * hits / (last + 1)).sum())
