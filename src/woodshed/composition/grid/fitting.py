"""Training of a net on grids with hidden cells. This module needs Keras."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from woodshed.composition.composer import Composer, Trained
from woodshed.composition.fitting import evaluate_tokens, fit_net, recipe_of, token_loss
from woodshed.composition.grid.layout import MARGIN, Ids, Layout, draw_hidden, draw_order
from woodshed.composition.sampling import NOTHING
from woodshed.composition.sequence.step_net import net_weights
from woodshed.nets.chorale_net import chorale_net
from woodshed.training.loop import Validation
from woodshed.training.progress import OnEpoch

WEIGHT_DECAY = 0.05
"""Weight decay of AdamW."""

N_CROPS = 4
"""Approximate number of random crops of every part of the training data in an epoch."""

MAX_SHIFT = 6
"""Maximum transposition, in semitones up or down."""


@dataclass(kw_only=True)
class CellBatches:
    """Transposed crops of pieces with hidden cells; the same for the same seed.

    Parameters
    ----------
    pieces
        The ids of each piece, shape ``(n_steps, n_voices)``: 0 is a rest, above are pitches.
    layout
        Arrangement of the cells of a frame.
    n_frames
        Length of a crop.
    batch_size
        Crops in a batch.
    seed
        Seed of all random draws.
    chain
        Whether the batches are for `woodshed.nets.chorale_net.chorale_chain`: then the past is never hidden.
    max_shift
        Maximum transposition in semitones; 0 for pieces that are all in one key.

    Attributes
    ----------
    steps_per_epoch
        Batches in an epoch.
    """

    pieces: Sequence[Ids]
    layout: Layout
    n_frames: int
    batch_size: int
    seed: int
    chain: bool = False
    max_shift: int = MAX_SHIFT
    steps_per_epoch: int = field(init=False)

    def __post_init__(self) -> None:
        low, high = _span(np.concatenate(self.pieces))
        self._shifts = [
            (
                np.clip((low - lowest).max(), -self.max_shift, 0),
                np.clip((high - highest).min(), 0, self.max_shift),
            )
            for lowest, highest in map(_span, self.pieces)
        ]
        lengths = np.array([self.layout.n_frames(len(piece)) for piece in self.pieces], np.float64)
        self._shares = lengths / lengths.sum()
        n_crops = N_CROPS * lengths.sum() / self.n_frames
        self.steps_per_epoch = max(1, round(n_crops / self.batch_size))

    def __getitem__(self, step: int) -> tuple[Ids, Ids]:
        rng = np.random.default_rng([self.seed, step])
        chosen = rng.choice(len(self.pieces), size=self.batch_size, p=self._shares)
        rows = [self._crop(int(number), rng) for number in chosen]
        inputs, targets = zip(*rows, strict=True)
        return np.stack(inputs), np.stack(targets)

    def _crop(self, number: int, rng: np.random.Generator) -> tuple[Ids, Ids]:
        """Crop a piece, transpose it and hide cells."""
        low, high = self._shifts[number]
        piece = self.pieces[number]
        piece = np.where(piece > 0, piece + rng.integers(low, high + 1), 0).astype(np.int32)
        frames = self.layout.to_frames(piece, margin=MARGIN)
        room = len(frames) - self.n_frames
        if room > 0:
            start = rng.integers(room + 1)
            frames = frames[start : start + self.n_frames]
        else:
            padding = np.full((-room, frames.shape[1]), self.layout.outside, np.int32)
            frames = np.concatenate([frames, padding])
        draw = draw_order if self.chain else draw_hidden
        hidden = draw(rng, self.n_frames, self.layout) & (frames != self.layout.outside)
        shown = np.where(hidden, self.layout.hidden, frames).astype(np.int32).ravel()
        targets = np.where(hidden, frames, NOTHING).astype(np.int32).ravel()
        return (np.stack([frames.ravel(), shown]) if self.chain else shown), targets


def validate_cells(batches: CellBatches, held_out: Sequence[Ids]) -> Validation | None:
    """Return the function that evaluates a net on crops of held-out pieces; None if there are none.

    Parameters
    ----------
    batches
        Batches of the training pieces: the crops are drawn in the same way.
    held_out
        The ids of each held-out piece.
    """
    if not held_out:
        return None
    crops = replace(batches, pieces=held_out)
    steps = [crops[step] for step in range(crops.steps_per_epoch)]
    inputs, targets = (np.concatenate(part) for part in zip(*steps, strict=True))
    return partial(evaluate_tokens, inputs=inputs, targets=targets, batch_size=batches.batch_size)


def fit_grids(
    composer: Composer,
    layout: Layout,
    train: Sequence[Ids],
    validation: Sequence[Ids],
    *,
    checkpoint: Path | None,
    on_epoch: OnEpoch,
) -> Trained:
    """Train a net on grids with the settings of a composer; arguments as in `Composer.train_net`."""
    net = chorale_net(
        layout.n_cells,
        layout.n_values,
        width=composer.width,
        n_layers=composer.n_layers,
        dropout=composer.dropout,
    )
    batches = CellBatches(
        pieces=train,
        layout=layout,
        n_frames=layout.n_frames(composer.n_steps),
        batch_size=composer.batch_size,
        seed=composer.seed,
    )
    curve, finished = fit_net(
        net,
        batches,
        recipe_of(composer, token_loss, WEIGHT_DECAY),
        validate_cells(batches, validation),
        checkpoint=checkpoint,
        on_epoch=on_epoch,
    )
    return net_weights(net), curve, finished


def _span(piece: NDArray[np.int32]) -> tuple[Ids, Ids]:
    """Return the lowest and the highest pitch of each voice, as ids; a silent voice has an empty span."""
    is_note = piece > 0
    low = np.where(is_note, piece, np.iinfo(np.int32).max // 2).min(axis=0)
    high = np.where(is_note, piece, np.iinfo(np.int32).min // 2).max(axis=0)
    return low.astype(np.int32), high.astype(np.int32)
