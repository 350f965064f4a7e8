"""Losses for targets that may be partly unknown (NaN)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from woodshed.training.loop import Loss, Measure

Rows = NDArray[np.float32]

MAX_POSITIVE_WEIGHT = 10.0
"""Maximum weight of a positive tag relative to a negative one."""


def tag_loss(positive_weights: NDArray[np.float32]) -> Loss:
    """Return the binary cross-entropy of tags, in nats: the mean over all tags, unknown ones counting as 0.

    Parameters
    ----------
    positive_weights
        Shape ``(n_tags,)``: weight of a positive tag relative to a negative one, see `positive_weights_of`.

    Examples
    --------
    >>> targets, outputs = np.array([[1.0, np.nan]], "float32"), np.array([[0.5, 0.9]], "float32")
    >>> round(float(tag_loss(np.array([2.0, 1.0], "float32"))(targets, outputs)[0]), 4)  # 2 ln 2 / 2
    0.6931
    """

    def loss(targets: Any, outputs: Any) -> Any:
        mask = ops.logical_not(ops.isnan(targets))
        positive = ops.where(mask, targets, 0.0)
        outputs = ops.clip(outputs, keras.config.epsilon(), 1 - keras.config.epsilon())
        nats = -(positive_weights * positive * ops.log(outputs) + (1 - positive) * ops.log(1 - outputs))
        return ops.mean(ops.where(mask, nats, 0.0), axis=-1)

    return loss


def value_loss(targets: Any, outputs: Any) -> Any:
    """Return the Huber loss of standardised values; unknown targets count as 0.

    It is quadratic up to one standard deviation and linear beyond, which limits the influence of outliers
    (P. J. Huber, "Robust estimation of a location parameter", 1964).

    Examples
    --------
    >>> targets, outputs = np.array([[0.0, np.nan]], "float32"), np.array([[3.0, 1.0]], "float32")
    >>> float(value_loss(targets, outputs)[0])  # (3 - 1/2) / 2
    1.25
    """
    mask = ops.logical_not(ops.isnan(targets))
    error = ops.abs(ops.where(mask, targets - outputs, 0.0))
    return ops.mean(ops.where(error <= 1, 0.5 * ops.square(error), error - 0.5), axis=-1)


def positive_weights_of(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the weight of positives of each tag, which compensates in part for their rarity.

    Returns
    -------
    numpy.ndarray
        Shape ``(n_tags,)``: the square root of the ratio of negatives to positives, from 1 to
        `MAX_POSITIVE_WEIGHT`. The full ratio adds more false positives than true ones.

    Examples
    --------
    >>> positive_weights_of(np.array([[1, 0], [0, 0], [0, np.nan], [0, 0], [0, 1]], "float32")).tolist()
    [2.0, 1.7320507764816284]
    """
    n_positive, n_negative = (rows == 1).sum(axis=0), (rows == 0).sum(axis=0)
    weights = np.sqrt(n_negative / np.maximum(n_positive, 1))
    return np.asarray(np.clip(weights, 1, MAX_POSITIVE_WEIGHT), dtype=np.float32)


def masked_measure(loss: Loss, is_right: Callable[[Rows, Rows], NDArray[np.bool_]]) -> Measure:
    """Return the measure for targets that may be unknown: mean loss, and accuracy over the known ones.

    Parameters
    ----------
    loss
        Targets and outputs to the loss of each row.
    is_right
        Targets and outputs to whether each output is right, in the same shape.

    Examples
    --------
    >>> targets = np.array([[1, 0, np.nan]], "float32")
    >>> measure = masked_measure(value_loss, lambda targets, outputs: (targets > 0.5) == (outputs > 0.5))
    >>> measure(targets, np.array([[0.7, 0.6, 0.6]], "float32"))[1]
    0.5
    """

    def measure(targets: Rows, outputs: Rows) -> tuple[float, float]:
        losses = ops.convert_to_numpy(loss(targets, outputs))
        right = is_right(targets, outputs)[~np.isnan(targets)]
        return float(np.mean(losses)), float(right.mean()) if len(right) else 0.0

    return measure
