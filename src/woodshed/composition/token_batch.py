"""Batches of tokens: whole pieces packed into rows of one length, and the loss over what is not padding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from woodshed.training.loop import Recipe

Ids = NDArray[np.int32]

NOTHING = -1
"""Target where there is nothing to predict: padding, and what would follow the end of a piece."""


def pack(pieces: Sequence[Ids], n_steps: int) -> tuple[Ids, Ids]:
    """Put pieces one after the other into rows; one that is longer than a row goes on in the next.

    Every row begins where a piece begins, or goes on, so that the net learns to begin from nothing.

    Parameters
    ----------
    pieces
        Each a row of ids.
    n_steps
        Length of the rows.

    Returns
    -------
    inputs, targets
        Shape ``(n_rows, n_steps)``: ids, 0 where nothing is left; and the id that follows each, or `NOTHING`.

    Examples
    --------
    >>> inputs, targets = pack([np.array([0, 5, 6, 1]), np.array([0, 7, 1])], 4)
    >>> inputs.tolist(), targets.tolist()
    ([[0, 5, 6, 0], [0, 7, 0, 0]], [[5, 6, 1, -1], [7, 1, -1, -1]])
    """
    rows: list[list[Ids]] = []
    room = 0
    for piece in pieces:
        pairs = np.stack([piece[:-1], piece[1:]]).astype(np.int32)
        for start in range(0, pairs.shape[1], n_steps):
            part = pairs[:, start : start + n_steps]
            if part.shape[1] > room:
                rows.append([])
                room = n_steps
            rows[-1].append(part)
            room -= part.shape[1]
    packed = np.zeros((2, len(rows), n_steps), np.int32)
    packed[1] = NOTHING
    for row, parts in enumerate(rows):
        joined = np.concatenate(parts, axis=1)
        packed[:, row, : joined.shape[1]] = joined
    return packed[0], packed[1]


class TokenBatches:
    """Packed pieces in a new order each epoch, the same for the same seed.

    Parameters
    ----------
    pieces
        Each a row of ids.
    n_steps
        Length of the rows of a batch.
    batch_size
        Rows in a batch.
    seed
        Source of the orders.

    Attributes
    ----------
    steps_per_epoch
        Batches in an epoch.
    """

    def __init__(self, pieces: Sequence[Ids], *, n_steps: int, batch_size: int, seed: int) -> None:
        self.pieces, self.n_steps, self.batch_size, self.seed = pieces, n_steps, batch_size, seed
        self.steps_per_epoch = max(1, len(self._packed(0)[0]) // batch_size)
        self._drawn: tuple[int, tuple[Ids, Ids]] | None = None

    def __getitem__(self, step: int) -> tuple[Ids, Ids]:
        epoch, batch = divmod(step, self.steps_per_epoch)
        if self._drawn is None or self._drawn[0] != epoch:
            self._drawn = epoch, self._packed(epoch)
        inputs, targets = self._drawn[1]
        # Packing varies a little: where an epoch is short of rows, it begins again.
        rows = np.arange(batch * self.batch_size, (batch + 1) * self.batch_size) % len(inputs)
        return inputs[rows], targets[rows]

    def _packed(self, epoch: int) -> tuple[Ids, Ids]:
        rng = np.random.default_rng([self.seed, epoch])
        inputs, targets = pack([self.pieces[k] for k in rng.permutation(len(self.pieces))], self.n_steps)
        order = rng.permutation(len(inputs))
        return inputs[order], targets[order]


def token_loss(targets: Any, logits: Any) -> Any:
    """Return the mean cross-entropy, in nats a token, over the targets that are not `NOTHING`.

    Parameters
    ----------
    targets, logits
        Shapes ``(batch, time)`` and ``(batch, time, n_tokens)``.
    """
    targets = ops.cast(targets, "int32")
    known = ops.cast(targets >= 0, logits.dtype)
    losses = ops.sparse_categorical_crossentropy(ops.maximum(targets, 0), logits, from_logits=True)
    return ops.sum(losses * known) / ops.maximum(ops.sum(known), 1.0)


@dataclass(frozen=True, kw_only=True)
class TokenRecipe(Recipe):
    """How a net over tokens is trained: as others are, with gradients clipped to a norm of 5.

    A recurrent net that reads hundreds of tokens has gradients that burst now and then (R. Pascanu et al.,
    "On the difficulty of training recurrent neural networks", 2013).
    """

    clip_norm: float = 5.0

    def compile(self, net: keras.Model, steps_per_epoch: int, *, steps_per_execution: int = 1) -> None:
        """Give the net its optimiser and loss."""
        super().compile(net, steps_per_epoch, steps_per_execution=steps_per_execution)
        net.optimizer.global_clipnorm = self.clip_norm


def judge_tokens(net: keras.Model, inputs: Ids, targets: Ids, batch_size: int) -> tuple[float, float]:
    """Return the mean loss in nats a token, and the share of tokens that were the most probable."""
    total = right = n_known = 0.0
    for start in range(0, len(inputs), batch_size):
        rows = np.arange(start, start + batch_size) % len(inputs)  # a shorter batch would be traced anew
        is_new = (np.arange(batch_size) + start < len(inputs))[:, np.newaxis]
        truth = np.where(is_new, targets[rows], NOTHING)
        logits = ops.convert_to_numpy(net(inputs[rows], training=False)).astype(np.float64)
        known = truth >= 0
        logits -= logits.max(axis=-1, keepdims=True)
        log_p = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
        at = np.maximum(truth, 0)[..., np.newaxis]
        total -= float(np.take_along_axis(log_p, at, axis=-1)[..., 0][known].sum())
        right += float((logits.argmax(axis=-1) == truth)[known].sum())
        n_known += float(known.sum())
    return total / max(n_known, 1), right / max(n_known, 1)
