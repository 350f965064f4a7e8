"""Chords as four cells, from the highest note down: nets over cells, asked for the nats of a frame."""

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
"""Frames outside of the piece around it, as in learning."""

N_AT_ONCE = 16


@dataclass(frozen=True, kw_only=True)
class ChordSettings:
    """How a net over chords learns; ``orderless`` nets see both ways, others the past only."""

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
    """Turn frames into ids ``(n_frames, 4)``: the highest note first, 0 where there are fewer notes.

    Every set of at most four notes is one row, so that the nats of the row are no less than those of the set.

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
    """Train a net; return it with its layout and the best epoch."""
    import keras

    from woodshed.composition.fitting import ClippedRecipe, fit_net, token_loss
    from woodshed.composition.grid.fitting import WEIGHT_DECAY, CellBatches, validate_cells
    from woodshed.nets.chorale_net import chorale_chain, chorale_net

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
    recipe = ClippedRecipe(
        epochs=settings.epochs,
        patience=settings.epochs,
        learning_rate=settings.learning_rate,
        weight_decay=WEIGHT_DECAY,
        loss=token_loss,
    )
    held_out = [to_cells(piece, rolls.low) for piece in rolls.validation]
    curve, _ = fit_net(
        net, batches, recipe, validate_cells(batches, held_out), checkpoint=checkpoint, on_epoch=on_epoch
    )
    return net, layout, curve.best_epoch


def chord_nats(
    net: Any, layout: Layout, rows: Ids, orders: Sequence[tuple[int, ...]] = FROM_THE_TOP
) -> NDArray[np.float64]:
    """Return the exact nats of each frame, given those before it.

    With several orders of the cells a frame's chance is the mean of its chances in each of them, which is
    again a distribution (Uria et al., 2014).
    """
    frames = layout.to_frames(rows, margin=MARGIN)
    inside = np.arange(MARGIN, len(frames) - MARGIN)
    if net.name == "chorale_chain":
        ask = _ask_chain
        groups = [inside]
    else:
        ask = _ask_orderless
        groups = [inside[k : k + N_AT_ONCE] for k in range(0, len(inside), N_AT_ONCE)]
    return np.concatenate([_mean_over(orders, ask, net, layout, frames, asked) for asked in groups])


def _mean_over(
    orders: Sequence[tuple[int, ...]], ask: Any, net: Any, layout: Layout, frames: Ids, asked: Ids
) -> NDArray[np.float64]:
    known: dict[frozenset[int], NDArray[np.float64]] = {}
    chances = []
    for order in orders:
        total = np.zeros(len(asked))
        for k, cell in enumerate(order):
            shown = frozenset(order[:k])
            if shown not in known:  # (n_asked, 4): the log chance of each cell's truth, given those shown
                known[shown] = ask(net, layout, frames, asked, sorted(shown))
            total += known[shown][:, cell]
        chances.append(total)
    nats: NDArray[np.float64] = np.log(len(orders)) - np.logaddexp.reduce(chances, axis=0)
    return nats


def _ask_chain(net: Any, layout: Layout, frames: Ids, asked: Ids, shown: list[int]) -> NDArray[np.float64]:
    """Ask for all frames at once: each is told by those before it, and by some of its own cells."""
    current = np.full_like(frames, layout.hidden)
    current[:, shown] = frames[:, shown]
    current[frames == layout.outside] = layout.outside
    # To a length of few kinds, so that the net is not traced for each piece anew.
    room = -len(frames) % 32
    both = np.stack([frames, current])
    padded = np.pad(both, ((0, 0), (0, room), (0, 0)), constant_values=layout.outside)
    logits = net.predict_on_batch(padded.reshape(1, 2, -1))[0].reshape(-1, N_CELLS, layout.n_values)
    return _truths(logits[asked], frames[asked])


def _ask_orderless(
    net: Any, layout: Layout, frames: Ids, asked: Ids, shown: list[int]
) -> NDArray[np.float64]:
    """Ask for each frame with its own copy of the piece, in which it and what follows is hidden."""
    copies = np.repeat(frames[np.newaxis], len(asked), axis=0)
    later = np.arange(len(frames)) >= asked[:, np.newaxis]
    copies[later[..., np.newaxis] & (copies != layout.outside)] = layout.hidden
    own = np.arange(len(asked))
    copies[own[:, np.newaxis], asked[:, np.newaxis], shown] = frames[asked][:, shown]
    short = N_AT_ONCE - len(asked)
    room = -len(frames) % 32
    padded = np.pad(copies, ((0, short), (0, room), (0, 0)), constant_values=layout.outside)
    logits = net.predict_on_batch(padded.reshape(N_AT_ONCE, -1))
    logits = logits.reshape(N_AT_ONCE, -1, N_CELLS, layout.n_values)[own, asked]
    return _truths(logits, frames[asked])


def _truths(logits: NDArray[np.floating], truth: Ids) -> NDArray[np.float64]:
    """Return the log chance of what stands in each cell."""
    logits = logits.astype(np.float64)
    logits -= logits.max(axis=-1, keepdims=True)
    logs = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
    found: NDArray[np.float64] = np.take_along_axis(logs, truth[..., np.newaxis], axis=-1)[..., 0]
    return found
