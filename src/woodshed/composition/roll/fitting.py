"""Training of a net on frames of notes. This module needs Keras."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from woodshed.composition.composer import Trained, Weights
from woodshed.composition.fitting import CLIP_NORM, PackedBatches, fit_net, pack_rows, recipe_of
from woodshed.composition.roll.settings import Frames, RollSettings
from woodshed.composition.sampling import NOTHING
from woodshed.nets.frame_net import bernoulli_nats, frame_net
from woodshed.nets.rbm import Rbm, RestrictedBoltzmannMachine, masked_mean
from woodshed.nets.rnn_rbm import RnnRbm
from woodshed.training.loop import Recipe
from woodshed.training.progress import OnEpoch, ignore_epoch
from woodshed.training.run_state import read_arrays

N_CONTEXT = 8
"""Number of frames at the beginning of the continuation of a piece that are only read."""

N_CHAINS = 500
"""Number of persistent Gibbs chains of an RBM without memory."""

RBM_RATE = 0.02
"""Learning rate of the RBM without memory with which one with memory is initialised."""

MAX_VALIDATION_FRAMES = 200
"""Number of held-out frames that evaluate an RBM after each epoch: each needs an estimate of its own."""


def make_frame_net(settings: RollSettings) -> Any:
    """Build the net that the settings describe."""
    encoder, head = settings.parts
    if head != "rbm":
        return frame_net(
            settings.n_notes,
            reader=encoder,
            head=head,
            n_hidden=settings.n_hidden,
            width=settings.width,
            n_layers=settings.n_layers,
            dropout=settings.dropout,
            context=settings.n_steps,
        )
    if encoder == "none":
        return make_rbm(settings)
    return RnnRbm(
        settings.n_notes,
        settings.n_hidden,
        settings.width,
        cell=encoder,
        dropout=settings.dropout,
        n_steps=settings.n_gibbs,
        seed=settings.seed,
    )


def make_rbm(settings: RollSettings) -> Rbm:
    """Build an RBM without memory."""
    return Rbm(
        settings.n_notes,
        settings.n_hidden,
        n_steps=settings.n_gibbs,
        keep_chains=N_CHAINS,
        seed=settings.seed,
    )


def pack_frames(pieces: Sequence[Frames], n_steps: int) -> tuple[Frames, Frames]:
    """Pack pieces one after the other into rows, each after a silent frame, as if it were the first.

    Parameters
    ----------
    pieces
        Zeros and ones, shape ``(n_frames, n_notes)``. A piece longer than a row continues in the next, after
        the `N_CONTEXT` frames before it.
    n_steps
        Length of the rows, more than `N_CONTEXT`.

    Returns
    -------
    frames, targets
        Shape ``(n_rows, n_steps, n_notes)``. The targets are the frames themselves, or `NOTHING` where they
        are not trained on.

    Examples
    --------
    >>> frames, targets = pack_frames([np.ones((2, 1), np.int8), np.ones((3, 1), np.int8)], 10)
    >>> frames[0, :6, 0].tolist(), targets[0, :6, 0].tolist()
    ([1, 1, 0, 1, 1, 1], [1, 1, -1, 1, 1, 1])
    """
    parts = []
    for piece in pieces:
        for start in (0, *range(n_steps, len(piece), n_steps - N_CONTEXT)):
            context = min(start, N_CONTEXT)
            frames = piece[start - context : start - context + n_steps]
            targets = frames.copy()
            targets[:context] = NOTHING
            parts.append((frames, targets))
    silence = np.zeros((1, pieces[0].shape[1] if len(pieces) else 0), np.int8)
    return pack_rows(parts, n_steps, gap=(silence, silence + NOTHING))


def pack_transposed(
    rng: np.random.Generator, pieces: Sequence[Frames], n_steps: int, max_shift: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Pack pieces in random order, each transposed by up to ``max_shift`` semitones, as far as it fits."""
    moved = [
        transpose_frames(pieces[k], int(rng.integers(-max_shift, max_shift + 1)))
        for k in rng.permutation(len(pieces))
    ]
    frames, targets = pack_frames(moved, n_steps)
    return frames.astype(np.float32), targets.astype(np.float32)


def transpose_frames(piece: Frames, semitones: int) -> Frames:
    """Transpose all notes, as far as they stay on the roll.

    Examples
    --------
    >>> piece = np.array([[0, 1, 0, 0]])
    >>> transpose_frames(piece, 2).tolist(), transpose_frames(piece, -5).tolist()
    ([[0, 0, 0, 1]], [[1, 0, 0, 0]])
    """
    notes = np.flatnonzero(piece.any(axis=0))
    if not len(notes):
        return piece
    return np.roll(piece, min(max(semitones, -notes[0]), piece.shape[1] - 1 - notes[-1]), axis=1)


def fit_rolls(
    settings: RollSettings,
    train: Sequence[Frames],
    validation: Sequence[Frames],
    *,
    checkpoint: Path | None,
    on_epoch: OnEpoch,
) -> Trained:
    """Train a net on frames with the settings of a composer; arguments as in `Composer.train_net`."""
    net = make_frame_net(settings)
    batches = PackedBatches(
        partial(pack_transposed, pieces=train, n_steps=settings.n_steps, max_shift=settings.max_shift),
        batch_size=settings.batch_size,
        seed=settings.seed,
    )
    is_rbm = isinstance(net, RestrictedBoltzmannMachine)
    if is_rbm and (checkpoint is None or read_arrays(checkpoint) is None):
        if isinstance(net, RnnRbm):
            net.init_from_rbm(fit_rbm(settings, np.concatenate(train), batches))
        else:
            net.adapt(np.concatenate(train))
    frames, targets = pack_frames(validation, settings.n_steps)

    def evaluate(net: Any) -> tuple[float, float]:
        mask = targets[..., 0] >= 0
        if is_rbm and mask.sum() > MAX_VALIDATION_FRAMES:
            drawn = np.random.default_rng(0).permutation(np.flatnonzero(mask))[:MAX_VALIDATION_FRAMES]
            mask = np.isin(np.arange(mask.size), drawn).reshape(mask.shape)
        nats = float(np.mean(evaluate_frames(net, frames, mask, settings.batch_size)))
        return nats, float(np.exp(-nats))

    curve, finished = fit_net(
        net,
        batches,
        recipe_of(settings, frame_loss, settings.weight_decay),
        evaluate if validation else None,
        checkpoint=checkpoint,
        on_epoch=on_epoch,
    )
    return numbered_weights(net), curve, finished


def fit_rbm(settings: RollSettings, frames: Frames, batches: PackedBatches) -> Rbm:
    """Train an RBM without memory for as many epochs as the whole training may take."""
    rbm = make_rbm(settings)
    rbm.adapt(frames)
    recipe = Recipe(
        epochs=settings.epochs,
        patience=settings.epochs,
        learning_rate=RBM_RATE,
        loss=frame_loss,
        clip_norm=CLIP_NORM,
    )
    _, finished = fit_net(rbm, batches, recipe, None, checkpoint=None, on_epoch=ignore_epoch)
    if not finished:
        raise KeyboardInterrupt  # there is no model to keep yet
    return rbm


def frame_loss(targets: Any, logits: Any) -> Any:
    """Return the mean nats of the frames that are not `NOTHING`; shapes ``(batch, time, n_notes)``."""
    return masked_mean(bernoulli_nats(ops.maximum(targets, 0), logits), targets)


def numbered_weights(net: keras.Model) -> Weights:
    """Return the weights of a net by number."""
    return {f"weight_{k:02d}": np.asarray(weight, np.float32) for k, weight in enumerate(net.get_weights())}


def evaluate_frames(
    net: Any,
    rows: NDArray[np.integer],
    mask: NDArray[np.bool_],
    batch_size: int,
    *,
    n_chains: int = 20,
    n_steps: int = 100,
) -> NDArray[np.float64]:
    """Return the negative log likelihood of frames in nats, shape ``(n_frames,)``; an estimate for an RBM.

    Parameters
    ----------
    net
        Made by `make_frame_net`.
    rows
        Shape ``(n_rows, time, n_notes)``.
    mask
        Which frames are evaluated, shape ``(n_rows, time)``.
    batch_size
        Rows in a batch.
    n_chains, n_steps
        See `woodshed.nets.annealing.annealed_nats`.
    """
    nats = []
    for start in range(0, len(rows), batch_size):
        at = np.arange(start, start + batch_size) % len(rows)  # a shorter batch would be traced anew
        selected = mask[at] & (np.arange(batch_size) + start < len(rows))[:, np.newaxis]
        if not selected.any():
            continue
        frames = rows[at].astype(np.float32)
        if isinstance(net, RestrictedBoltzmannMachine):
            nats.append(net.nats(frames, selected, n_chains=n_chains, n_steps=n_steps))
        else:
            nats.append(np.asarray(bernoulli_nats(frames, net(frames, training=False)))[selected])
    return np.concatenate(nats).astype(np.float64)
