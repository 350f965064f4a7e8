"""Overfitting: whether a training learned by heart, and when it could have stopped."""

from __future__ import annotations

import math
from dataclasses import dataclass

from woodshed.recognition.experiments.result import LearningCurve

ENOUGH_BITS = 0.01
"""A held-out loss that is this close to the lowest one is as good."""


@dataclass(frozen=True)
class Overfitting:
    """What the losses on pieces that were held out say; losses in bits, epochs counted from 1.

    Parameters
    ----------
    n_epochs
        How many epochs it ran.
    kept_epoch, kept_bits
        The epoch whose weights were kept, and the held-out loss there.
    enough_epoch
        The first epoch that is within `ENOUGH_BITS` of the lowest held-out loss: there it could have stopped.
    rise_bits
        By how much the held-out loss of the last epoch is above the lowest: what it lost by learning on.
    """

    n_epochs: int
    kept_epoch: int
    kept_bits: float
    enough_epoch: int
    rise_bits: float

    @property
    def was_overfit(self) -> bool:
        """Whether learning on made it worse at pieces that it did not learn from."""
        return self.rise_bits > ENOUGH_BITS


def judge_training(curve: LearningCurve) -> Overfitting | None:
    """Judge a training whose losses are in nats a token; None if nothing was held out.

    Examples
    --------
    >>> judge_training(LearningCurve("training", (2.0, 1.0, 0.5), (2.1, 1.4, 1.6), (), 1))
    Overfitting(n_epochs=3, kept_epoch=2, kept_bits=2.0197..., enough_epoch=2, rise_bits=0.2885...)
    >>> judge_training(LearningCurve("training", (2.0, 1.0)))
    """
    bits = [loss / math.log(2) for loss in curve.validation_loss]
    if not bits or not all(map(math.isfinite, bits)):
        return None
    lowest = min(bits)
    return Overfitting(
        n_epochs=len(bits),
        kept_epoch=curve.best_epoch + 1,
        kept_bits=bits[curve.best_epoch],
        enough_epoch=1 + next(k for k, value in enumerate(bits) if value <= lowest + ENOUGH_BITS),
        rise_bits=bits[-1] - lowest,
    )
