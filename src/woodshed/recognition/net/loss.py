"""Losses: how far a net's answers are from the truth, where part of the truth may be missing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from woodshed.training.loop import Judge, Loss

Rows = NDArray[np.float32]

HEAVIEST = 10.0
"""A tag that is there counts at most so many times as much as one that is not."""


def tag_loss(positive_weights: NDArray[np.float32]) -> Loss:
    """Make the binary cross-entropy of tags, in nats: the mean over all tags, NaN where nobody knows.

    Parameters
    ----------
    positive_weights
        Shape ``(n_tags,)``: how much a tag that is there counts, when one that is not counts 1; see
        `positive_weights_of`.

    Examples
    --------
    >>> truth, answers = np.array([[1.0, np.nan]], "float32"), np.array([[0.5, 0.9]], "float32")
    >>> round(float(tag_loss(np.array([2.0, 1.0], "float32"))(truth, answers)[0]), 4)  # 2 ln 2 / 2
    0.6931
    """

    def loss(truth: Any, answers: Any) -> Any:
        known = ops.logical_not(ops.isnan(truth))
        there = ops.where(known, truth, 0.0)
        answers = ops.clip(answers, keras.config.epsilon(), 1 - keras.config.epsilon())
        nats = -(positive_weights * there * ops.log(answers) + (1 - there) * ops.log(1 - answers))
        return ops.mean(ops.where(known, nats, 0.0), axis=-1)

    return loss


def value_loss(truth: Any, answers: Any) -> Any:
    """Return the Huber loss of standardised values, NaN where the truth is not known.

    Up to one standard deviation away it is half the square, beyond it grows straight: one wild value does
    not pull all the others (P. J. Huber, "Robust estimation of a location parameter", 1964).

    Examples
    --------
    >>> truth, answers = np.array([[0.0, np.nan]], "float32"), np.array([[3.0, 1.0]], "float32")
    >>> float(value_loss(truth, answers)[0])  # (3 - 1/2) / 2
    1.25
    """
    known = ops.logical_not(ops.isnan(truth))
    away = ops.abs(ops.where(known, truth - answers, 0.0))
    return ops.mean(ops.where(away <= 1, 0.5 * ops.square(away), away - 0.5), axis=-1)


def positive_weights_of(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Weigh each tag so that its few positives count as much as the many others, within reason.

    Returns
    -------
    numpy.ndarray
        Shape ``(n_tags,)``: the square root of negatives to positives, from 1 to `HEAVIEST`. The root,
        because full weights bring more false alarms than they find.

    Examples
    --------
    >>> positive_weights_of(np.array([[1, 0], [0, 0], [0, np.nan], [0, 0], [0, 1]], "float32")).tolist()
    [2.0, 1.7320507764816284]
    """
    there, absent = (rows == 1).sum(axis=0), (rows == 0).sum(axis=0)
    weights = np.sqrt(absent / np.maximum(there, 1))
    return np.asarray(np.clip(weights, 1, HEAVIEST), dtype=np.float32)


def judge_by(loss: Loss, is_right: Callable[[Rows, Rows], NDArray[np.bool_]]) -> Judge:
    """Return the judge of outputs some of whose targets are unknown: mean loss, and share of right outputs.

    Parameters
    ----------
    loss
        From truth and outputs to the loss of each row.
    is_right
        From truth and outputs to which outputs are right, in the same shape.

    Examples
    --------
    >>> truth = np.array([[1, 0, np.nan]], "float32")
    >>> judge = judge_by(value_loss, lambda truth, outputs: (truth > 0.5) == (outputs > 0.5))
    >>> judge(truth, np.array([[0.7, 0.6, 0.6]], "float32"))[1]
    0.5
    """

    def judge(truth: Rows, outputs: Rows) -> tuple[float, float]:
        losses = ops.convert_to_numpy(loss(truth, outputs))
        right = is_right(truth, outputs)[~np.isnan(truth)]
        return float(np.mean(losses)), float(right.mean()) if len(right) else 0.0

    return judge
