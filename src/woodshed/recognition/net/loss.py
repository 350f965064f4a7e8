"""Losses: how far a net's answers are from the truth, where part of the truth may be missing."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from woodshed.training.loop import Judge, Loss

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


def quality(truth: NDArray[np.float32], answers: NDArray[np.float32], answer: str) -> float:
    """Return the share of answers that are right, of those whose truth is known, 0 to 1.

    A tag is right if it is on the right side of one half; a standardised value, if it is no further than
    half a standard deviation away.

    Examples
    --------
    >>> quality(np.array([[1, 0, np.nan]], "float32"), np.array([[0.7, 0.6, 0.6]], "float32"), "tags")
    0.5
    """
    known = ~np.isnan(truth)
    right = (truth > 0.5) == (answers > 0.5) if answer == "tags" else np.abs(truth - answers) <= 0.5
    return float(right[known].mean()) if known.any() else 0.0


def judge_by(loss: Loss, answer: str) -> Judge:
    """Make a judge of tags or values, some of which may be missing."""

    def judge(truth: NDArray[np.float32], answers: NDArray[np.float32]) -> tuple[float, float]:
        each = ops.convert_to_numpy(loss(truth, answers))
        return float(np.mean(each)), quality(truth, answers, answer)

    return judge
