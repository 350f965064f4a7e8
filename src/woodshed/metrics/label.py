"""Conversion of class labels to indices."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from woodshed.errors import ParameterError


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
