"""Overfitting: whether a training learned by heart, and when it could have stopped."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

OnEpoch = Callable[[int, float, float | None], None]

ENOUGH_BITS = 0.01
"""A held-out loss that is this close to the lowest one is as good."""


def ignore_epoch(epoch: int, loss: float, accuracy: float | None) -> None:
    """Say nothing about an epoch."""


def _ignore(*_: Any) -> None:
    """Listen to nothing."""


@dataclass(frozen=True)
class Watcher:
    """Who is told how a run goes; by default nobody.

    Parameters
    ----------
    begin
        Called with the name of a training and its number of epochs at most; 0 if it learns in one go.
    epoch
        Called with the number of the epoch from 0, the training loss, and the accuracy on the
        validation part or None.
    end
        Called with the accuracy on the test part, or None if there is none to tell.
    """

    begin: Callable[[str, int], None] = _ignore
    epoch: Callable[[int, float, float | None], None] = _ignore
    end: Callable[[float | None], None] = _ignore


@dataclass(frozen=True)
class LearningCurve:
    """How one training went, epoch by epoch.

    Parameters
    ----------
    fold
        Name of the part that was held out.
    train_loss, validation_loss, validation_accuracy
        One value for each epoch that was run; none for a classical model, which learns in one go.
    best_epoch
        Index of the epoch whose weights were kept.
    """

    fold: str
    train_loss: tuple[float, ...] = ()
    validation_loss: tuple[float, ...] = ()
    validation_accuracy: tuple[float, ...] = ()
    best_epoch: int = 0

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> LearningCurve:
        """Make a curve from its fields by name, sequences of any kind."""
        return cls(
            fold=str(values["fold"]),
            train_loss=tuple(float(loss) for loss in values["train_loss"]),
            validation_loss=tuple(float(loss) for loss in values["validation_loss"]),
            validation_accuracy=tuple(float(share) for share in values["validation_accuracy"]),
            best_epoch=int(values["best_epoch"]),
        )


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
