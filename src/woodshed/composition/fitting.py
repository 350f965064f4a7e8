"""Training of composers: recipe, loss, validation, and batches of packed pieces. This module needs Keras."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from woodshed.composition.composer import Composer
from woodshed.composition.sampling import NOTHING, Packing, log_softmax
from woodshed.training.loop import BatchSource, Recipe, TrainingState, Validation, train_net
from woodshed.training.progress import LearningCurve, OnEpoch

Ids = NDArray[np.int32]

CLIP_NORM = 5.0
"""Norm to which gradients are clipped.

A recurrent net on rows of hundreds of tokens has exploding gradients now and then (R. Pascanu et al., "On the
difficulty of training recurrent neural networks", 2013).
"""


def recipe_of(composer: Composer, loss: Any, weight_decay: float) -> Recipe:
    """Return the recipe that the settings of a composer describe."""
    return Recipe(
        epochs=composer.epochs,
        patience=composer.patience,
        learning_rate=composer.learning_rate,
        weight_decay=weight_decay,
        loss=loss,
        clip_norm=CLIP_NORM,
    )


def fit_net(
    net: keras.Model,
    batches: BatchSource,
    recipe: Recipe,
    validation: Validation | None,
    *,
    checkpoint: Path | None,
    on_epoch: OnEpoch,
) -> tuple[LearningCurve, bool]:
    """Train a net in place and leave it with its best weights.

    Parameters
    ----------
    net
        Not compiled.
    batches
        Training data.
    recipe
        Optimiser, loss and schedule.
    validation
        Measures the net after each epoch; None keeps the last weights.
    checkpoint, on_epoch
        As in `woodshed.composition.composer.Composer.fit`.

    Returns
    -------
    curve, finished
        The losses, and whether the training was completed, not interrupted.
    """
    progress = TrainingState(
        validation=validation, patience=recipe.patience, checkpoint=checkpoint, report=on_epoch
    )
    finished = train_net(net, batches, recipe, progress)
    return progress.curve("training"), finished


def pack_rows(parts: Iterable[Packing], n_steps: int, gap: Packing) -> Packing:
    """Pack parts one after the other into rows; one that does not fit begins a new row.

    Parameters
    ----------
    parts
        Inputs and targets of each, shape ``(n, ...)`` with at most ``n_steps`` steps.
    n_steps
        Length of the rows; their ends are padded with 0 and `NOTHING`.
    gap
        Inputs and targets that stand between two parts of a row, perhaps none. The result has their types.

    Examples
    --------
    >>> parts = [(np.array(x), np.array(y)) for x, y in [([5, 6], [6, 1]), ([7], [1]), ([8, 9], [9, 1])]]
    >>> inputs, targets = pack_rows(parts, 4, (np.zeros(0, int), np.zeros(0, int)))
    >>> inputs.tolist(), targets.tolist()
    ([[5, 6, 7, 0], [8, 9, 0, 0]], [[6, 1, 1, -1], [9, 1, -1, -1]])
    """
    rows: list[list[Packing]] = []
    room = 0
    for part in parts:
        n_spaced = len(gap[0]) + len(part[0])
        if n_spaced > room:
            rows.append([part])
            room = n_steps - len(part[0])
        else:
            rows[-1] += [gap, part]
            room -= n_spaced
    inputs, targets = (np.zeros((len(rows), n_steps, *one.shape[1:]), one.dtype) for one in gap)
    targets[:] = NOTHING
    for row, row_parts in enumerate(rows):
        for packed, pieces in zip((inputs, targets), zip(*row_parts, strict=True), strict=True):
            joined = np.concatenate(pieces)
            packed[row, : len(joined)] = joined
    return inputs, targets


class PackedBatches:
    """Batches of rows that are packed anew in each epoch; the same for the same seed.

    Parameters
    ----------
    pack
        Draws an order of the pieces and packs them.
    batch_size
        Rows in a batch.
    seed
        Seed of all random draws.

    Attributes
    ----------
    steps_per_epoch
        Batches in an epoch.
    """

    def __init__(self, pack: Callable[[np.random.Generator], Packing], *, batch_size: int, seed: int) -> None:
        self.pack, self.batch_size, self.seed = pack, batch_size, seed
        self._epoch: tuple[int, Packing] | None = None
        self.steps_per_epoch = max(1, len(self._rows(0)[0]) // batch_size)

    def __getitem__(self, step: int) -> Packing:
        epoch, batch = divmod(step, self.steps_per_epoch)
        inputs, targets = self._rows(epoch)
        # The number of rows varies a little from epoch to epoch: one that is short of rows begins again.
        rows = np.arange(batch * self.batch_size, (batch + 1) * self.batch_size) % len(inputs)
        return inputs[rows], targets[rows]

    def _rows(self, epoch: int) -> Packing:
        if self._epoch is None or self._epoch[0] != epoch:
            rng = np.random.default_rng([self.seed, epoch])
            inputs, targets = self.pack(rng)
            order = rng.permutation(len(inputs))
            self._epoch = epoch, (inputs[order], targets[order])
        return self._epoch[1]


def token_loss(targets: Any, logits: Any) -> Any:
    """Return the mean cross-entropy in nats per token, over the targets that are not `NOTHING`.

    Parameters
    ----------
    targets, logits
        Shapes ``(batch, time)`` and ``(batch, time, n_tokens)``.
    """
    targets = ops.cast(targets, "int32")
    is_target = ops.cast(targets >= 0, logits.dtype)
    losses = ops.sparse_categorical_crossentropy(ops.maximum(targets, 0), logits, from_logits=True)
    return ops.sum(losses * is_target) / ops.maximum(ops.sum(is_target), 1.0)


def evaluate_tokens(net: keras.Model, inputs: Ids, targets: Ids, batch_size: int) -> tuple[float, float]:
    """Return the mean loss in nats per token, and the share of tokens that were the most probable."""
    total = n_correct = n_targets = 0.0
    for start in range(0, len(inputs), batch_size):
        rows = np.arange(start, start + batch_size) % len(inputs)  # a shorter batch would be traced anew
        is_new = (np.arange(batch_size) + start < len(inputs))[:, np.newaxis]
        truth = np.where(is_new, targets[rows], NOTHING)
        log_p = log_softmax(ops.convert_to_numpy(net(inputs[rows], training=False)).astype(np.float64))
        is_target = truth >= 0
        at = np.maximum(truth, 0)[..., np.newaxis]
        total -= float(np.take_along_axis(log_p, at, axis=-1)[..., 0][is_target].sum())
        n_correct += float((log_p.argmax(axis=-1) == truth)[is_target].sum())
        n_targets += float(is_target.sum())
    return total / max(n_targets, 1), n_correct / max(n_targets, 1)
