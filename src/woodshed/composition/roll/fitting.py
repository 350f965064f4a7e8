"""Learning from frames of notes: rows, batches, training. This file needs Keras."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from woodshed.composition.token_batch import TokenRecipe
from woodshed.nets.frame_net import bernoulli_nats, frame_net
from woodshed.nets.rbm import Rbm
from woodshed.nets.rbm_common import RestrictedBoltzmannMachine, masked_mean
from woodshed.nets.rnn_rbm import RnnRbm
from woodshed.training.checkpoint import read_arrays
from woodshed.training.holdout import divide_rows
from woodshed.training.loop import TrainingState, train_net
from woodshed.training.progress import LearningCurve, OnEpoch, ignore_epoch

if TYPE_CHECKING:
    from woodshed.composition.composer import Weights
    from woodshed.composition.roll.composer import FrameComposer

Frames = NDArray[np.int8]

NOTHING = -1
"""Target of a frame that is not learned from."""

N_LEAD = 8
"""A part that goes on with a piece begins with so many frames that it only reads."""

N_CHAINS_KEPT = 500
"""Dreams that a machine without memory goes on with from step to step."""

MACHINE_RATE = 0.02
"""Learning rate of the machine without memory that one with memory begins with."""

MOST_JUDGED = 200
"""So many held-out frames judge a machine after each epoch: each takes an estimate of its own."""


def make_frame_net(composer: FrameComposer) -> Any:
    """Build the net that the settings ask for."""
    reader, head = composer.parts
    if head != "rbm":
        return frame_net(
            composer.n_notes,
            reader=reader,
            head=head,
            n_hidden=composer.n_hidden,
            width=composer.width,
            n_layers=composer.n_layers,
            dropout=composer.dropout,
            context=composer.n_steps,
        )
    if reader == "none":
        return make_machine(composer)
    return RnnRbm(
        composer.n_notes,
        composer.n_hidden,
        composer.width,
        cell=reader,
        dropout=composer.dropout,
        n_steps=composer.n_gibbs,
        seed=composer.seed,
    )


def make_machine(composer: FrameComposer) -> Rbm:
    """Build a machine without memory."""
    return Rbm(
        composer.n_notes,
        composer.n_hidden,
        n_steps=composer.n_gibbs,
        keep_chains=N_CHAINS_KEPT,
        seed=composer.seed,
    )


def pack_frames(pieces: Sequence[Frames], n_steps: int) -> tuple[Frames, Frames]:
    """Put pieces one after the other into rows, each after a silent frame, as if it were the first.

    Parameters
    ----------
    pieces
        Zeros and ones, shape ``(n_frames, n_notes)``. What is longer than a row goes on in the next, after
        the `N_LEAD` frames before it.
    n_steps
        Length of the rows, more than `N_LEAD`.

    Returns
    -------
    frames, targets
        Shape ``(n_rows, n_steps, n_notes)``. The targets are the frames themselves, `NOTHING` where they are
        not to be learned from.

    Examples
    --------
    >>> frames, targets = pack_frames([np.ones((2, 1), np.int8), np.ones((3, 1), np.int8)], 10)
    >>> frames[0, :6, 0].tolist(), targets[0, :6, 0].tolist()
    ([1, 1, 0, 1, 1, 1], [1, 1, -1, 1, 1, 1])
    """
    rows: list[list[tuple[Frames, Frames]]] = []
    used = n_steps
    for piece in pieces:
        for start in (0, *range(n_steps, len(piece), n_steps - N_LEAD)):
            lead = min(start, N_LEAD)
            part = piece[start - lead : start - lead + n_steps]
            target = part.copy()
            target[:lead] = NOTHING
            if used + 1 + len(part) > n_steps:
                rows.append([])
                used = -1
            else:
                silence = np.zeros((1, piece.shape[1]), np.int8)
                rows[-1].append((silence, silence + NOTHING))
            rows[-1].append((part, target))
            used += 1 + len(part)
    shape = (len(rows), n_steps, pieces[0].shape[1] if len(pieces) else 0)
    frames, targets = np.zeros(shape, np.int8), np.full(shape, NOTHING, np.int8)
    for row, parts in enumerate(rows):
        joined, wanted = (np.concatenate(some) for some in zip(*parts, strict=True))
        frames[row, : len(joined)], targets[row, : len(joined)] = joined, wanted
    return frames, targets


class FrameBatches:
    """Packed pieces, transposed, in a new order each epoch; the same for the same seed.

    Parameters
    ----------
    pieces
        Zeros and ones, shape ``(n_frames, n_notes)`` each.
    n_steps, batch_size
        Length of the rows of a batch, and their number.
    max_shift
        Semitones by which a piece moves up or down at most, as far as its notes stay on the roll.
    seed
        Source of every draw.

    Attributes
    ----------
    steps_per_epoch
        Batches in an epoch.
    """

    def __init__(
        self, pieces: Sequence[Frames], *, n_steps: int, batch_size: int, max_shift: int, seed: int
    ) -> None:
        self.pieces, self.n_steps, self.batch_size = pieces, n_steps, batch_size
        self.max_shift, self.seed = max_shift, seed
        self._drawn: tuple[int, tuple[Frames, Frames]] | None = None
        self.steps_per_epoch = max(1, len(self._epoch(0)[0]) // batch_size)

    def __getitem__(self, step: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        epoch, batch = divmod(step, self.steps_per_epoch)
        frames, targets = self._epoch(epoch)
        # Packing varies a little: where an epoch is short of rows, it begins again.
        rows = np.arange(batch * self.batch_size, (batch + 1) * self.batch_size) % len(frames)
        return frames[rows].astype(np.float32), targets[rows].astype(np.float32)

    def _epoch(self, epoch: int) -> tuple[Frames, Frames]:
        if self._drawn is None or self._drawn[0] != epoch:
            rng = np.random.default_rng([self.seed, epoch])
            moved = [
                shifted(self.pieces[k], int(rng.integers(-self.max_shift, self.max_shift + 1)))
                for k in rng.permutation(len(self.pieces))
            ]
            frames, targets = pack_frames(moved, self.n_steps)
            order = rng.permutation(len(frames))
            self._drawn = epoch, (frames[order], targets[order])
        return self._drawn[1]


def shifted(piece: Frames, semitones: int) -> Frames:
    """Move all notes up or down, as far as they stay on the roll.

    Examples
    --------
    >>> shifted(np.array([[0, 1, 0, 0]]), 2).tolist(), shifted(np.array([[0, 1, 0, 0]]), -5).tolist()
    ([[0, 0, 0, 1]], [[1, 0, 0, 0]])
    """
    heard = np.flatnonzero(piece.any(axis=0))
    if not len(heard):
        return piece
    return np.roll(piece, min(max(semitones, -heard[0]), piece.shape[1] - 1 - heard[-1]), axis=1)


def learn_frames(
    composer: FrameComposer,
    pieces: Sequence[Frames],
    groups: Sequence[str] | None,
    held_out: Sequence[Frames] | None,
    *,
    checkpoint: Path | None,
    on_epoch: OnEpoch,
) -> tuple[Weights, LearningCurve, bool]:
    """Train a net on frames; return its weights, how it went, and whether it was not interrupted."""
    train, judges = divide_rows(pieces, groups, held_out, share=composer.validation_share, seed=composer.seed)
    keras.utils.set_random_seed(composer.seed)
    net = make_frame_net(composer)
    batches = FrameBatches(
        train,
        n_steps=composer.n_steps,
        batch_size=composer.batch_size,
        max_shift=composer.max_shift,
        seed=composer.seed,
    )
    if isinstance(net, RestrictedBoltzmannMachine) and (
        checkpoint is None or read_arrays(checkpoint) is None
    ):
        if isinstance(net, RnnRbm):
            net.init_from_rbm(learn_machine(composer, np.concatenate(train), batches))
        else:
            net.adapt(np.concatenate(train))
    frames, targets = pack_frames(judges, composer.n_steps)

    def validation(net: Any) -> tuple[float, float]:
        known = targets[..., 0] >= 0
        if isinstance(net, RestrictedBoltzmannMachine) and known.sum() > MOST_JUDGED:
            kept = np.random.default_rng(0).permutation(np.flatnonzero(known))[:MOST_JUDGED]
            known = np.isin(np.arange(known.size), kept).reshape(known.shape)
        nats = float(np.mean(ask_frames(net, frames, known, composer.batch_size, n_chains=20, n_steps=100)))
        return nats, float(np.exp(-nats))

    progress = TrainingState(
        validation=validation if judges else None,
        patience=composer.patience,
        checkpoint=checkpoint,
        report=on_epoch,
    )
    recipe = TokenRecipe(
        epochs=composer.epochs,
        patience=composer.patience,
        learning_rate=composer.learning_rate,
        weight_decay=composer.weight_decay,
        loss=frame_loss,
    )
    finished = train_net(net, batches, recipe, progress)
    return weights_in_order(net), progress.curve("training"), finished


def learn_machine(composer: FrameComposer, frames: Frames, batches: FrameBatches) -> Rbm:
    """Learn which notes sound together, whatever was before, in as many epochs as the whole may take."""
    machine = make_machine(composer)
    machine.adapt(frames)
    recipe = TokenRecipe(
        epochs=composer.epochs, patience=composer.epochs, learning_rate=MACHINE_RATE, loss=frame_loss
    )
    if not train_net(machine, batches, recipe, TrainingState(None, composer.epochs, None, ignore_epoch)):
        raise KeyboardInterrupt  # nothing that could be kept has been learned so far
    return machine


def frame_loss(targets: Any, logits: Any) -> Any:
    """Return the mean nats of the frames that are not `NOTHING`; shapes ``(batch, time, n_notes)``."""
    return masked_mean(bernoulli_nats(ops.maximum(targets, 0), logits), targets)


def weights_in_order(net: Any) -> Weights:
    """Take the weights out of a net, by number."""
    return {f"weight_{k:02d}": np.asarray(weight, np.float32) for k, weight in enumerate(net.get_weights())}


def ask_frames(
    net: Any,
    rows: NDArray[np.integer],
    known: NDArray[np.bool_],
    batch_size: int,
    *,
    n_chains: int,
    n_steps: int,
) -> NDArray[np.float64]:
    """Return the nats of the frames ``known``, shape ``(n_known,)``; estimated, if it is a machine.

    Parameters
    ----------
    net
        Made by `make_frame_net`.
    rows
        Shape ``(n_rows, time, n_notes)``.
    known
        Which frames are asked for, shape ``(n_rows, time)``.
    batch_size
        Rows that are asked at once.
    n_chains, n_steps
        Of `woodshed.nets.annealing.annealed_nats`.
    """
    found = []
    for start in range(0, len(rows), batch_size):
        at = np.arange(start, start + batch_size) % len(rows)  # a shorter batch would be traced anew
        asked = known[at] & (np.arange(batch_size) + start < len(rows))[:, np.newaxis]
        if not asked.any():
            continue
        frames = rows[at].astype(np.float32)
        if isinstance(net, RestrictedBoltzmannMachine):
            found.append(net.nats(frames, asked, n_chains=n_chains, n_steps=n_steps))
        else:
            found.append(np.asarray(bernoulli_nats(frames, net(frames, training=False)))[asked])
    return np.concatenate(found).astype(np.float64)
