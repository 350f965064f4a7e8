"""Class labels as indices, and averages of the scores of classes."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from woodshed.errors import ParameterError

Values = NDArray[np.float64]
Average = Literal["micro", "macro", "weighted"]
AVERAGES: tuple[Average, ...] = get_args(Average)


def label_indices(values: ArrayLike, labels: ArrayLike, *, name: str = "truth") -> NDArray[np.int64]:
    """Return the position of each value in ``labels``.

    Parameters
    ----------
    values
        Shape ``(n,)``, text or numbers.
    labels
        The classes, each once, in the order of rows and columns.
    name
        Name of ``values`` in error messages.

    Returns
    -------
    ndarray of int64, shape ``(n,)``
        ``labels[result] == values``.

    Raises
    ------
    ParameterError
        If a value is not among the labels, a label occurs twice, or text is compared with numbers.

    Examples
    --------
    >>> label_indices(["no", "yes", "no"], ["yes", "no"])
    array([1, 0, 1])
    """
    queries, classes = _one_axis(values, name), _one_axis(labels, "labels")
    if classes.size == 0 or np.unique(classes).size != classes.size:
        raise ParameterError(f"labels must hold at least one label, each once, got {classes.tolist()}.")
    if queries.size == 0:
        return np.zeros(0, np.int64)
    if (queries.dtype.kind in "UT") != (classes.dtype.kind in "UT"):
        raise ParameterError(
            f"{name} is {queries.dtype} and labels are {classes.dtype}. Give both as text or both as numbers."
        )
    order = np.argsort(classes)
    position = np.searchsorted(classes[order], queries).clip(max=classes.size - 1)
    indices = np.asarray(order[position], dtype=np.int64)
    unknown = classes[indices] != queries
    if unknown.any():
        raise ParameterError(
            f"{name} holds {queries[unknown][0].item()!r}, which is not among the labels {classes.tolist()}. "
            "Add it to labels, or remove those rows."
        )
    return indices


def _one_axis(values: ArrayLike, name: str) -> NDArray[Any]:
    """Return text or numbers as a one-dimensional array; table columns often have dtype object."""
    array = np.asarray(values)
    if array.dtype.kind == "O":
        array = np.asarray(array.tolist())
    if array.ndim != 1 or array.dtype.kind not in "UTbiuf":
        raise ParameterError(
            f"{name} must be a list of text or of numbers with one axis, got {array.dtype} of shape "
            f"{array.shape}. Give one label for each example."
        )
    return array


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
        ``"weighted"``; any other is unweighted.

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
    is_known = ~np.isnan(truth)
    scores = np.array(
        [
            score(truth[rows, k], predictions[rows, k]) if rows.any() else math.nan
            for k, rows in enumerate(is_known.T)
        ]
    )
    return scores if average is None else mean_over_classes(scores, is_known.sum(axis=0), "macro")
