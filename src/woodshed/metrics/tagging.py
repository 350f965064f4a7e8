"""How good tags are: by their ranking, and by what is said at a threshold.

Conventions
-----------
- Truth is 1 (there), 0 (absent) or NaN (not known): what is not known is left out, tag by tag.
- The ROC area of a tag that is always or never there is undefined, and so is the average precision of one
  that is never there: NaN, and left out of the macro average.
- Average precision is the sum of ``(R_n - R_(n-1)) P_n`` over the thresholds, not the trapezoid. Guessing
  gives the prevalence, which therefore stands beside it.
- 0/0 in precision, recall or F1 is 0.

References
----------
Davis & Goadrich (2006), "The relationship between precision-recall and ROC curves", ICML. Law et al. (2009),
"Evaluation of algorithms using games: the case of music tagging", ISMIR.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from woodshed.errors import ParameterError
from woodshed.metrics import probability

Values = NDArray[np.float64]


def validate(truth: ArrayLike, probabilities: ArrayLike) -> tuple[Values, Values]:
    """Check and return both as arrays of shape ``(n_clips, n_tags)``.

    Raises
    ------
    ParameterError
        If the shapes differ, truth holds anything but 0, 1 and NaN, or a probability is not from 0 to 1.
    """
    right, answered = np.asarray(truth, dtype=np.float64), np.asarray(probabilities, dtype=np.float64)
    if right.ndim != 2 or right.shape != answered.shape or not right.size:
        raise ParameterError(
            f"Truth and probabilities must both have shape (n_clips, n_tags), got {right.shape} and "
            f"{answered.shape}."
        )
    if not np.isin(right[~np.isnan(right)], (0, 1)).all():
        raise ParameterError("The truth of a tag must be 0 or 1, or NaN where it is not known.")
    if not ((answered >= 0) & (answered <= 1)).all():
        raise ParameterError("The probability of a tag must be from 0 to 1.")
    return right, answered


def roc_auc(truth: ArrayLike, probabilities: ArrayLike, *, average: str | None = None) -> Any:
    """Return the area under the ROC curve: how often a clip with the tag is ranked above one without.

    Parameters
    ----------
    truth, probabilities
        Shape ``(n_clips, n_tags)``.
    average
        ``macro``: the mean over tags; ``micro``: all decisions pooled; None: each tag.

    Returns
    -------
    float or numpy.ndarray
        0 to 1, NaN where it is undefined; shape ``(n_tags,)`` without average.

    Examples
    --------
    >>> roc_auc([[1, 0], [0, 0], [0, 1]], [[0.9, 0.2], [0.4, 0.3], [0.95, 0.8]]).tolist()
    [0.5, 1.0]
    """
    return _averaged(probability.roc_auc, truth, probabilities, average)


def pr_auc(truth: ArrayLike, probabilities: ArrayLike, *, average: str | None = None) -> Any:
    """Return the average precision; parameters and returns as for `roc_auc`.

    Examples
    --------
    >>> round(float(pr_auc([[1], [0], [1]], [[0.9], [0.8], [0.7]], average="macro")), 4)  # (1 + 2/3) / 2
    0.8333
    """
    return _averaged(_average_precision, truth, probabilities, average)


def prevalence(truth: ArrayLike) -> Values:
    """Return the share of clips that have each tag, of those of which it is known; NaN if of none.

    Examples
    --------
    >>> prevalence([[1, np.nan], [0, 1.0]]).tolist()
    [0.5, 1.0]
    """
    right = np.asarray(truth, dtype=np.float64)
    known = (~np.isnan(right)).sum(axis=0)
    share = np.nansum(right, axis=0) / np.maximum(known, 1)
    return np.where(known > 0, share, np.nan)


def precision_at(truth: ArrayLike, probabilities: ArrayLike, k: int) -> float:
    """Return the share of right tags among the ``k`` most probable of each clip, the mean over clips.

    Tags of which nobody knows are passed over; a clip with fewer than ``k`` known ones is judged by those.

    Examples
    --------
    >>> precision_at([[1, 0, 1]], [[0.9, 0.8, 0.1]], 2)
    0.5
    """
    right, answered = validate(truth, probabilities)
    if k < 1:
        raise ParameterError(f"k must be at least 1, got {k}.")
    shares = []
    for row, given in zip(right, answered, strict=True):
        known = np.flatnonzero(~np.isnan(row))
        if known.size:
            shares.append(row[known[np.argsort(-given[known], kind="stable")[:k]]].mean())
    return float(np.mean(shares)) if shares else float("nan")


def at_thresholds(truth: ArrayLike, said: ArrayLike) -> dict[str, Values]:
    """Return precision, recall and F1 of each tag for what was said, 1 or 0; each has shape ``(n_tags,)``.

    Of a tag that no clip is known to have, recall and F1 are NaN.

    Examples
    --------
    >>> at_thresholds([[1], [1], [0]], [[1], [0], [0]])["recall"].tolist()
    [0.5]
    """
    right, yes = validate(truth, said)
    known = ~np.isnan(right)
    hits = ((right == 1) & (yes == 1)).sum(axis=0)
    n_said, n_there = ((yes == 1) & known).sum(axis=0), (right == 1).sum(axis=0)
    return {
        "precision": hits / np.maximum(n_said, 1),
        "recall": np.where(n_there > 0, hits / np.maximum(n_there, 1), np.nan),
        "F1": np.where(n_there > 0, 2 * hits / np.maximum(n_said + n_there, 1), np.nan),
    }


def evaluate(truth: ArrayLike, probabilities: ArrayLike, thresholds: ArrayLike) -> dict[str, Any]:
    """Return all of it: per tag (shape ``(n_tags,)``), and the averages.

    Examples
    --------
    >>> evaluate([[1, 0], [0, 1]], [[0.9, 0.2], [0.4, 0.3]], [0.5, 0.25])["macro F1"]
    1.0
    """
    right, answered = validate(truth, probabilities)
    said = (answered >= np.asarray(thresholds, dtype=np.float64)).astype(np.float64)
    rates = at_thresholds(right, said)
    return {
        "macro ROC-AUC": roc_auc(right, answered, average="macro"),
        "micro ROC-AUC": roc_auc(right, answered, average="micro"),
        "macro PR-AUC": pr_auc(right, answered, average="macro"),
        "micro PR-AUC": pr_auc(right, answered, average="micro"),
        "mean prevalence": _mean_defined(prevalence(right)),
        "precision at 1": precision_at(right, answered, 1),
        "precision at 3": precision_at(right, answered, min(3, right.shape[1])),
        "macro F1": _mean_defined(rates["F1"]),
        "per tag": {
            "ROC-AUC": roc_auc(right, answered),
            "PR-AUC": pr_auc(right, answered),
            "prevalence": prevalence(right),
            **rates,
        },
    }


def _averaged(
    score: Callable[[Values, Values], float], truth: ArrayLike, probabilities: ArrayLike, average: str | None
) -> Any:
    right, answered = validate(truth, probabilities)
    if average not in (None, "macro", "micro"):
        raise ParameterError(f"average must be 'macro', 'micro' or None, got {average!r}.")
    if average == "micro":
        right, answered = right.reshape(-1, 1), answered.reshape(-1, 1)
    known = ~np.isnan(right)
    each = np.asarray(
        [
            score(right[rows, k], answered[rows, k]) if rows.any() else np.nan
            for k, rows in enumerate(known.T)
        ],
        dtype=np.float64,
    )
    return each if average is None else _mean_defined(each)


def _mean_defined(values: Values) -> float:
    """Return the mean of what is not NaN; NaN if nothing is."""
    defined = values[~np.isnan(values)]
    return float(defined.mean()) if defined.size else float("nan")


def _average_precision(is_positive: Values, score: Values) -> float:
    if not is_positive.any():
        return float("nan")
    order = np.argsort(-score, kind="stable")
    there, ranked = is_positive[order], score[order]
    last = np.append(np.flatnonzero(np.diff(ranked)), ranked.size - 1)  # equal scores fall together
    hits = np.cumsum(there)[last]
    gained = np.diff(hits, prepend=0) / there.sum()
    return float((gained * hits / (last + 1)).sum())
