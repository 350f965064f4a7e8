"""From names of classes to their places: what every score of a classifier starts with."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from woodshed.errors import ParameterError


def label_indices(values: ArrayLike, labels: ArrayLike, *, name: str = "truth") -> NDArray[np.int64]:
    """Find the position of each value in ``labels``.

    Parameters
    ----------
    values
        Shape ``(n,)``, text or numbers.
    labels
        The classes, each once, in the order of rows and columns.
    name
        What to call ``values`` in a message.

    Returns
    -------
    ndarray of int64, shape ``(n,)``
        ``labels[result] == values``.

    Raises
    ------
    ParameterError
        If a value is not among the labels, a label comes twice, or text is compared with numbers.

    Examples
    --------
    >>> label_indices(["no", "yes", "no"], ["yes", "no"])
    array([1, 0, 1])
    """
    sought, known = _one_axis(values, name), _one_axis(labels, "labels")
    if known.size == 0 or np.unique(known).size != known.size:
        raise ParameterError(f"labels must be at least one, each once, got {known.tolist()}.")
    if sought.size == 0:
        return np.zeros(0, np.int64)
    if (sought.dtype.kind in "UT") != (known.dtype.kind in "UT"):
        raise ParameterError(
            f"{name} is {sought.dtype} and labels are {known.dtype}. Give both as text or both as numbers."
        )
    order = np.argsort(known)
    place = np.searchsorted(known[order], sought).clip(max=known.size - 1)
    indices = np.asarray(order[place], dtype=np.int64)
    unknown = known[indices] != sought
    if unknown.any():
        raise ParameterError(
            f"{name} holds {sought[unknown][0].item()!r}, which is not one of the labels {known.tolist()}. "
            "Add it to labels, or leave those rows out."
        )
    return indices


def _one_axis(values: ArrayLike, name: str) -> NDArray[Any]:
    """Return text or numbers as an array of one axis; columns of a table often arrive as objects."""
    array = np.asarray(values)
    if array.dtype.kind == "O":
        array = np.asarray(array.tolist())
    if array.ndim != 1 or array.dtype.kind not in "UTbiuf":
        raise ParameterError(
            f"{name} must be a list of text or of numbers with one axis, got {array.dtype} of shape "
            f"{array.shape}. Give one label for each example."
        )
    return array
