"""Learning curves, observers of a training run, and the diagnosis of overfitting."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

OnEpoch = Callable[[int, float, float | None], None]

TOLERANCE_BITS = 0.01
"""Difference from the lowest held-out loss that is considered negligible."""


def ignore_epoch(epoch: int, loss: float, accuracy: float | None) -> None:
    """Ignore an epoch: the default observer."""


def _ignore(*_: Any) -> None:
    """Ignore all arguments."""


@dataclass(frozen=True)
class Watcher:
    """Callbacks that observe a run; by default they do nothing.

    Parameters
    ----------
    begin
        Called with the name of a training and its maximum number of epochs, 0 if there are none; or with that
        of another stage and its number of steps.
    epoch
        Called with the number of the epoch from 0, the training loss, and the validation accuracy or None.
    end
        Called with the accuracy on the test part, or None if accuracy is undefined.
    step
        Called in other stages, such as the computation of features, with the number of steps done.
    """

    begin: Callable[[str, int], None] = _ignore
    epoch: Callable[[int, float, float | None], None] = _ignore
    end: Callable[[float | None], None] = _ignore
    step: Callable[[int], None] = _ignore


@dataclass(frozen=True)
class LearningCurve:
    """Losses and accuracy of one training run, epoch by epoch.

    Parameters
    ----------
    fold
        Name of the held-out part.
    train_loss, validation_loss, validation_accuracy
        One value for each epoch; empty for a classical estimator.
    best_epoch
        Index of the epoch whose weights are used.
    """

    fold: str
    train_loss: tuple[float, ...] = ()
    validation_loss: tuple[float, ...] = ()
    validation_accuracy: tuple[float, ...] = ()
    best_epoch: int = 0

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> LearningCurve:
        """Return the curve with the given fields, which may be sequences of any kind."""
        return cls(
            fold=str(values["fold"]),
            train_loss=tuple(float(loss) for loss in values["train_loss"]),
            validation_loss=tuple(float(loss) for loss in values["validation_loss"]),
            validation_accuracy=tuple(float(share) for share in values["validation_accuracy"]),
            best_epoch=int(values["best_epoch"]),
        )


@dataclass(frozen=True)
class Overfitting:
    """Diagnosis of overfitting from the held-out losses, in bits; epochs are counted from 1.

    Parameters
    ----------
    n_epochs
        Number of epochs.
    best_epoch, best_bits
        Epoch whose weights are used, and its held-out loss.
    sufficient_epoch
        First epoch within `TOLERANCE_BITS` of the lowest held-out loss: training could have stopped there.
    rise_bits
        Held-out loss of the last epoch minus the lowest one.
    """

    n_epochs: int
    best_epoch: int
    best_bits: float
    sufficient_epoch: int
    rise_bits: float

    @property
    def was_overfit(self) -> bool:
        """Whether the held-out loss rose again before the last epoch."""
        return self.rise_bits > TOLERANCE_BITS


def assess_overfitting(curve: LearningCurve) -> Overfitting | None:
    """Diagnose overfitting from a curve in nats per token; return None without held-out losses.

    Examples
    --------
    >>> assess_overfitting(LearningCurve("training", (2.0, 1.0, 0.5), (2.1, 1.4, 1.6), (), 1))
    Overfitting(n_epochs=3, best_epoch=2, best_bits=2.0197..., sufficient_epoch=2, rise_bits=0.2885...)
    >>> assess_overfitting(LearningCurve("training", (2.0, 1.0)))
    """
    bits = [loss / math.log(2) for loss in curve.validation_loss]
    if not bits or not all(map(math.isfinite, bits)):
        return None
    return Overfitting(
        n_epochs=len(bits),
        best_epoch=curve.best_epoch + 1,
        best_bits=bits[curve.best_epoch],
        sufficient_epoch=1 + next(k for k, value in enumerate(bits) if value <= min(bits) + TOLERANCE_BITS),
        rise_bits=bits[-1] - min(bits),
    )
