"""Training a net on windows: batches, schedule, the best weights, and going on after a kill."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from woodshed.errors import DataError
from woodshed.training.checkpoint import read_arrays, write_arrays
from woodshed.training.progress import LearningCurve
from woodshed.training.steps_per_execution import (
    BatchSource,
    rows_of_batches,
    steps_per_execution,
    train_steps,
)
from woodshed.training.weight_averaging import WeightMean, Weights, ask_with

Loss = Callable[[Any, Any], Any]
"""Truth and answers ``(batch, n_answers)`` to a loss for each row, ``(batch,)``."""

Judge = Callable[[NDArray[np.float32], NDArray[np.float32]], tuple[float, float]]
"""From truth and answers ``(n, n_answers)`` to mean loss and accuracy."""

Validation = Callable[[keras.Model], tuple[float, float]]
"""Measures a net on held-out windows: mean log loss, accuracy."""

LOSSES = ("train_loss", "validation_loss", "validation_accuracy")
"""What is noted of every epoch."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How a net is trained.

    Parameters
    ----------
    epochs
        Epochs at most; the learning rate falls along a half cosine to nothing at the last.
    patience
        Epochs without a better validation loss after which training stops.
    learning_rate
        Highest rate, reached after two epochs of warming up.
    weight_decay
        Of AdamW (I. Loshchilov and F. Hutter, 2019).
    label_smoothing
        Share of each target spread over all classes.
    loss
        What is lowered; None is the cross-entropy of classes.
    """

    epochs: int
    patience: int
    learning_rate: float = 3e-3
    weight_decay: float = 1e-3
    label_smoothing: float = 0.1
    loss: Loss | None = None

    def compile(self, net: keras.Model, steps_per_epoch: int, *, steps_per_execution: int = 1) -> None:
        """Give the net its optimiser and loss; see `keras.Model.compile` for ``steps_per_execution``."""
        warmup = min(2, self.epochs - 1) * steps_per_epoch
        rate = keras.optimizers.schedules.CosineDecay(
            self.learning_rate / 30 if warmup else self.learning_rate,
            max(1, self.epochs * steps_per_epoch - warmup),
            alpha=0.01,
            warmup_target=self.learning_rate if warmup else None,
            warmup_steps=warmup,
        )
        net.compile(
            keras.optimizers.AdamW(rate, weight_decay=self.weight_decay),
            self.loss or keras.losses.CategoricalCrossentropy(label_smoothing=self.label_smoothing),
            steps_per_execution=steps_per_execution,
        )


@dataclass
class Progress:
    """Keep the best weights, stop when nothing improves, and write down all that is needed to go on.

    The state of a run after an epoch is: every variable of net and optimiser, the best weights so far, the
    mean (judged and kept once it has begun), and the losses. ``checkpoint`` gets it whole or not at all.
    """

    validation: Validation | None
    patience: int
    checkpoint: Path | None
    report: Callable[[int, float, float | None], None]
    train_loss: list[float] = field(default_factory=list)
    validation_loss: list[float] = field(default_factory=list)
    validation_accuracy: list[float] = field(default_factory=list)
    best: Weights = field(default_factory=list)
    mean: WeightMean = field(default_factory=WeightMean)

    @property
    def best_epoch(self) -> int:
        """The epoch whose weights are kept: the lowest validation loss, or the last without one."""
        return int(np.argmin(self.validation_loss)) if self.validation_loss else len(self.train_loss) - 1

    @property
    def stopped(self) -> bool:
        """Whether nothing got better for as long as patience lasts, or the loss is no longer a number."""
        if not self.train_loss:
            return False
        waited = len(self.train_loss) - 1 - self.best_epoch
        return waited >= self.patience or not np.isfinite(self.train_loss[-1])

    def end_epoch(self, net: keras.Model, loss: float) -> None:
        """Judge, keep, and write down."""
        # Judged before anything is noted: an interrupt meanwhile must leave all lists equally long.
        epoch = len(self.train_loss)
        kept = self.mean.add(net.get_weights(), epoch)
        judged = None if self.validation is None else ask_with(net, kept, self.validation)
        self.train_loss.append(loss)
        if judged is not None:
            self.validation_loss.append(judged[0])
            self.validation_accuracy.append(judged[1])
        if self.best_epoch == epoch:
            self.best = kept
        self.save(net)
        self.report(epoch, loss, None if judged is None else judged[1])

    def save(self, net: keras.Model) -> None:
        """Write the state of the run."""
        if self.checkpoint is None:
            return
        arrays = {f"variable{k}": np.asarray(v) for k, v in enumerate(_variables(net))}
        arrays |= {f"best{k}": v for k, v in enumerate(self.best)}
        arrays |= {f"mean{k}": v for k, v in enumerate(self.mean.values)}
        arrays |= {name: np.asarray(getattr(self, name)) for name in LOSSES}
        write_arrays(self.checkpoint, arrays)

    def restore(self, net: keras.Model) -> int:
        """Bring net and optimiser back to the last epoch written down, and return how many were run.

        Without a checkpoint, or with one that is damaged or another net's, nothing is changed.
        """
        arrays = None if self.checkpoint is None else read_arrays(self.checkpoint)
        variables, weights = _variables(net), net.weights
        shapes = {f"variable{k}": tuple(variable.shape) for k, variable in enumerate(variables)}
        shapes |= {f"best{k}": tuple(weight.shape) for k, weight in enumerate(weights)}
        if arrays is None or any(name not in arrays for name in (*shapes, *LOSSES)):
            return 0
        if any(arrays[name].shape != shape for name, shape in shapes.items()):
            return 0
        for k, variable in enumerate(variables):
            variable.assign(arrays[f"variable{k}"])
        self.best = [arrays[f"best{k}"] for k in range(len(weights))]
        self.mean.values = [arrays[f"mean{k}"] for k in range(len(weights)) if f"mean{k}" in arrays]
        for name in LOSSES:
            getattr(self, name)[:] = arrays[name].tolist()
        return len(self.train_loss)

    def curve(self, fold: str) -> LearningCurve:
        """Return the losses as values for the report."""
        return LearningCurve(
            fold,
            tuple(self.train_loss),
            tuple(self.validation_loss),
            tuple(self.validation_accuracy),
            self.best_epoch,
        )


def _variables(net: keras.Model) -> list[Any]:
    """Return all that a run depends on; the states of the dropout generators, too, unlike get_weights()."""
    return [*net.variables, *net.optimizer.variables]


def train_net(
    net: keras.Model,
    batches: BatchSource,
    recipe: Recipe,
    progress: Progress,
) -> bool:
    """Train ``net`` in place and leave it with its best weights.

    Returns
    -------
    bool
        False when a keyboard interrupt ended it early: the best weights so far are kept.

    Raises
    ------
    DataError
        If the loss is no longer a number: the learning rate is too high for these data.
    KeyboardInterrupt
        When it comes before the first epoch has ended: there is nothing to keep.
    """
    recipe.compile(net, batches.steps_per_epoch, steps_per_execution=steps_per_execution())
    net.optimizer.build(net.trainable_variables)
    done = progress.restore(net)
    finished = True
    try:
        for epoch in range(done, recipe.epochs):
            if progress.stopped:
                break
            progress.end_epoch(net, _train_epoch(net, batches, epoch))
    except KeyboardInterrupt:
        if not progress.best:
            raise
        finished = False
    if not np.isfinite(progress.train_loss[-1]):
        raise DataError(
            f"Training diverged in epoch {len(progress.train_loss)}: the loss is not a number. "
            f"Lower the learning rate, which was {recipe.learning_rate}."
        )
    net.set_weights(progress.best)
    return finished


def _train_epoch(net: keras.Model, batches: BatchSource, epoch: int) -> float:
    """Train on the batches of an epoch and return their mean loss; a loss that is no number ends it.

    Not by ``fit``, whose input pipeline costs more for each of our batches than making it does
    (``benchmarks/speed/training.md``).
    """
    losses: list[float] = []
    for made in rows_of_batches(batches, epoch):
        loss = train_steps(net, made)
        if not np.isfinite(loss):
            return loss
        losses += [loss] * len(made)
    return float(np.mean(losses))
