"""Likelihood of chords encoded as four cells, from the highest note down."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.quality.frames import Frames, Rolls
from woodshed.composition.grid.layout import Layout
from woodshed.training.progress import OnEpoch

Ids = NDArray[np.int32]

N_CELLS = 4
ORDERS = tuple(itertools.permutations(range(N_CELLS)))
FROM_THE_TOP = (tuple(range(N_CELLS)),)
MARGIN = 2
"""Frames of padding on each side of a piece, as in training."""

N_AT_ONCE = 16


@dataclass(frozen=True, kw_only=True)
class ChordSettings:
    """Settings of a net over chords; an ``orderless`` net has both directions as input, others the past only."""

    orderless: bool = False
    width: int = 192
    n_layers: int = 3
    dropout: float = 0.4
    epochs: int = 16
    learning_rate: float = 2e-3
    batch_size: int = 8
    n_frames: int = 64
    max_shift: int = 0


def to_cells(piece: Frames, low: int) -> Ids:
    """Encode frames as ids ``(n_frames, 4)``: the highest note first, 0 where there are fewer notes.

    Every set of at most four notes is one row, so the nats of the row are an upper bound for those of the set.

    Examples
    --------
    >>> to_cells(((60, 64), ()), 60).tolist()
    [[5, 1, 0, 0], [0, 0, 0, 0]]
    """
    rows = np.zeros((len(piece), N_CELLS), np.int32)
    for at, pitches in enumerate(piece):
        rows[at, : len(pitches)] = np.array(sorted(pitches, reverse=True), int) - low + 1
    return rows


def learn_chords(
    rolls: Rolls, settings: ChordSettings, seed: int, *, checkpoint: Any, on_epoch: OnEpoch
) -> tuple[Any, Layout, int]:
    """Train a net, and return it with its layout and the best epoch."""
    import keras

    from woodshed.composition.fitting import CLIP_NORM, fit_net, token_loss
    from woodshed.composition.grid.fitting import WEIGHT_DECAY, CellBatches, validate_cells
    from woodshed.nets.chorale_net import chorale_chain, chorale_net
    from woodshed.training.loop import Recipe

    keras.utils.set_random_seed(seed)
    layout = Layout(1, N_CELLS, rolls.high - rolls.low + 2)
    make = chorale_net if settings.orderless else chorale_chain
    net = make(
        N_CELLS, layout.n_values, width=settings.width, n_layers=settings.n_layers, dropout=settings.dropout
    )
    batches = CellBatches(
        pieces=[to_cells(piece, rolls.low) for piece in rolls.train],
        layout=layout,
        n_frames=settings.n_frames,
        batch_size=settings.batch_size,
        seed=seed,
        chain=not settings.orderless,
        max_shift=settings.max_shift,
    )
    recipe = Recipe(
        epochs=settings.epochs,
        patience=settings.epochs,
        learning_rate=settings.learning_rate,
        weight_decay=WEIGHT_DECAY,
        loss=token_loss,
        clip_norm=CLIP_NORM,
    )
    held_out = [to_cells(piece, rolls.low) for piece in rolls.validation]
    curve, _ = fit_net(
        net, batches, recipe, validate_cells(batches, held_out), checkpoint=checkpoint, on_epoch=on_epoch
    )
    return net, layout, curve.best_epoch


def chord_nats(
    net: Any, layout: Layout, cells: Ids, orders: Sequence[tuple[int, ...]] = FROM_THE_TOP
) -> NDArray[np.float64]:
    """Return the exact nats of each frame given the frames before it.

    With several orders of the cells, the probability of a frame is its mean over the orders, which is
    again a distribution (Uria et al., 2014).
    """
    frames = layout.to_frames(cells, margin=MARGIN)
    inside = np.arange(MARGIN, len(frames) - MARGIN)
    if net.name == "chorale_chain":
        predict = _predict_chain
        groups = [inside]
    else:
        predict = _predict_orderless
        groups = [inside[k : k + N_AT_ONCE] for k in range(0, len(inside), N_AT_ONCE)]
    return np.concatenate([_mean_over(orders, predict, net, layout, frames, rows) for rows in groups])


def _mean_over(
    orders: Sequence[tuple[int, ...]], predict: Any, net: Any, layout: Layout, frames: Ids, rows: Ids
) -> NDArray[np.float64]:
    log_probabilities: dict[frozenset[int], NDArray[np.float64]] = {}
    totals = []
    for order in orders:
        total = np.zeros(len(rows))
        for k, cell in enumerate(order):
            shown = frozenset(order[:k])
            if (
                shown not in log_probabilities
            ):  # (n_rows, 4): of the truth of each cell, given the shown cells
                log_probabilities[shown] = predict(net, layout, frames, rows, sorted(shown))
            total += log_probabilities[shown][:, cell]
        totals.append(total)
    nats: NDArray[np.float64] = np.log(len(orders)) - np.logaddexp.reduce(totals, axis=0)
    return nats


def _predict_chain(net: Any, layout: Layout, frames: Ids, rows: Ids, shown: list[int]) -> NDArray[np.float64]:
    """Predict all frames at once, each from the frames before it and the shown cells."""
    current = np.full_like(frames, layout.hidden)
    current[:, shown] = frames[:, shown]
    current[frames == layout.outside] = layout.outside
    # Padded to few different lengths, so that the net is not traced again for each piece.
    room = -len(frames) % 32
    both = np.stack([frames, current])
    padded = np.pad(both, ((0, 0), (0, room), (0, 0)), constant_values=layout.outside)
    logits = net.predict_on_batch(padded.reshape(1, 2, -1))[0].reshape(-1, N_CELLS, layout.n_values)
    return _truths(logits[rows], frames[rows])


def _predict_orderless(
    net: Any, layout: Layout, frames: Ids, rows: Ids, shown: list[int]
) -> NDArray[np.float64]:
    """Predict each frame from a copy of the piece in which the frame and those after it are hidden."""
    copies = np.repeat(frames[np.newaxis], len(rows), axis=0)
    later = np.arange(len(frames)) >= rows[:, np.newaxis]
    copies[later[..., np.newaxis] & (copies != layout.outside)] = layout.hidden
    own = np.arange(len(rows))
    copies[own[:, np.newaxis], rows[:, np.newaxis], shown] = frames[rows][:, shown]
    short = N_AT_ONCE - len(rows)
    room = -len(frames) % 32
    padded = np.pad(copies, ((0, short), (0, room), (0, 0)), constant_values=layout.outside)
    logits = net.predict_on_batch(padded.reshape(N_AT_ONCE, -1))
    logits = logits.reshape(N_AT_ONCE, -1, N_CELLS, layout.n_values)[own, rows]
    return _truths(logits, frames[rows])


def _truths(logits: NDArray[np.floating], truth: Ids) -> NDArray[np.float64]:
    """Return the log-probability of the true value of each cell."""
    logits = logits.astype(np.float64)
    logits -= logits.max(axis=-1, keepdims=True)
    logs = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
    truths: NDArray[np.float64] = np.take_along_axis(logs, truth[..., np.newaxis], axis=-1)[..., 0]
    return truths
