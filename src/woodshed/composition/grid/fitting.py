"""Learning from grids with hidden cells: batches and training. This file needs Keras."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import keras
import numpy as np
from numpy.typing import NDArray

from woodshed.composition.grid.layout import Layout, draw_hidden, draw_order
from woodshed.composition.sequence.step_net import net_weights
from woodshed.composition.token_batch import NOTHING, TokenRecipe, judge_tokens, token_loss
from woodshed.nets.chorale_net import chorale_net
from woodshed.training.holdout import divide_rows
from woodshed.training.loop import TrainingState, train_net
from woodshed.training.progress import LearningCurve, OnEpoch

if TYPE_CHECKING:
    from woodshed.composition.composer import Weights
    from woodshed.composition.grid.composer import GridComposer

Ids = NDArray[np.int32]

N_CROPS = 4
"""An epoch shows about so many times what there is; a crop, its transposition and its holes are all new."""

MARGIN = 2
"""A crop may begin so many frames before the piece, or end after it: the net sees where a piece ends."""

MAX_SHIFT = 6
"""Semitones up or down at most."""


@dataclass(frozen=True, kw_only=True)
class CellBatches:
    """Crops of pieces, transposed, with hidden cells; the same for the same seed.

    Parameters
    ----------
    pieces
        Each the ids of a piece, shape ``(n_steps, n_voices)``: 0 rests, above are pitches.
    layout
        How cells lie in a frame.
    n_frames
        Length of a crop.
    batch_size
        Crops in a batch.
    seed
        Source of every draw.
    chain
        Whether it is for `woodshed.nets.chorale_net.chorale_chain`: then the past is never hidden.
    max_shift
        Semitones by which pieces move up or down at most; 0 for pieces that are all in one key.
    """

    pieces: Sequence[Ids]
    layout: Layout
    n_frames: int
    batch_size: int
    seed: int
    chain: bool = False
    max_shift: int = MAX_SHIFT

    def __post_init__(self) -> None:
        heard = np.concatenate(self.pieces)
        low, high = _span(heard)
        shifts = []
        for piece in self.pieces:
            lowest, highest = _span(piece)
            down = max(-self.max_shift, int((low - lowest).max()))
            up = min(self.max_shift, int((high - highest).min()))
            shifts.append((min(0, down), max(0, up)))
        lengths = np.array([self.layout.n_frames(len(piece)) for piece in self.pieces], np.float64)
        object.__setattr__(self, "_shifts", shifts)
        object.__setattr__(self, "_chances", lengths / lengths.sum())
        n_crops = N_CROPS * lengths.sum() / self.n_frames
        object.__setattr__(self, "steps_per_epoch", max(1, round(n_crops / self.batch_size)))

    steps_per_epoch: int = 0  # counted when it is made

    def __getitem__(self, step: int) -> tuple[Ids, Ids]:
        rng = np.random.default_rng([self.seed, step])
        chances: NDArray[np.float64] = self.__dict__["_chances"]
        chosen = rng.choice(len(self.pieces), size=self.batch_size, p=chances)
        rows = [self._crop(int(number), rng) for number in chosen]
        inputs, targets = zip(*rows, strict=True)
        return np.stack(inputs), np.stack(targets)

    def _crop(self, number: int, rng: np.random.Generator) -> tuple[Ids, Ids]:
        """Cut, transpose and hide."""
        low, high = self.__dict__["_shifts"][number]
        piece = self.pieces[number]
        piece = np.where(piece > 0, piece + rng.integers(low, high + 1), 0).astype(np.int32)
        frames = self.layout.to_frames(piece, margin=MARGIN)
        room = len(frames) - self.n_frames
        if room > 0:
            start = rng.integers(room + 1)
            frames = frames[start : start + self.n_frames]
        else:
            more = np.full((-room, frames.shape[1]), self.layout.outside, np.int32)
            frames = np.concatenate([frames, more])
        if self.chain:
            hidden = draw_order(rng, self.n_frames, self.layout)
        else:
            hidden = draw_hidden(rng, self.n_frames, self.layout)
        hidden &= frames != self.layout.outside
        shown = np.where(hidden, self.layout.hidden, frames).astype(np.int32).ravel()
        targets = np.where(hidden, frames, NOTHING).astype(np.int32).ravel()
        return (np.stack([frames.ravel(), shown]) if self.chain else shown), targets


def learn_grids(
    composer: GridComposer,
    rows: Sequence[Ids],
    groups: Sequence[str] | None,
    held_out: Sequence[Ids] | None,
    *,
    checkpoint: Path | None,
    on_epoch: OnEpoch,
) -> tuple[Weights, LearningCurve, bool]:
    """Train a net on grids; return its weights, how it went, and whether it was not interrupted."""
    train, judges = divide_rows(rows, groups, held_out, share=composer.validation_share, seed=composer.seed)
    keras.utils.set_random_seed(composer.seed)
    layout = composer.layout
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
    curve, finished = learn_cells(
        net,
        batches,
        judges,
        epochs=composer.epochs,
        patience=composer.patience,
        learning_rate=composer.learning_rate,
        checkpoint=checkpoint,
        on_epoch=on_epoch,
    )
    return net_weights(net), curve, finished


def learn_cells(  # noqa: PLR0913  all that a training depends on
    net: keras.Model,
    batches: CellBatches,
    held_out: Sequence[Ids],
    *,
    epochs: int,
    patience: int,
    learning_rate: float,
    checkpoint: Path | None,
    on_epoch: OnEpoch,
) -> tuple[LearningCurve, bool]:
    """Train a net in place; return how it went, and whether it was not interrupted.

    Parameters
    ----------
    net
        A `chorale_net`, or a `chorale_chain` if the batches are for one.
    batches
        What to learn from.
    held_out
        Pieces by which the best weights are chosen; none keeps the last.
    epochs, patience, learning_rate
        As in `woodshed.composition.composer.Composer`.
    checkpoint, on_epoch
        Likewise.
    """
    judged: list[tuple[Ids, Ids]] = []
    if len(held_out):
        judges = CellBatches(
            pieces=held_out,
            layout=batches.layout,
            n_frames=batches.n_frames,
            batch_size=batches.batch_size,
            seed=batches.seed,
            chain=batches.chain,
            max_shift=batches.max_shift,
        )
        judged = [judges[step] for step in range(judges.steps_per_epoch)]

    def validation(net: keras.Model) -> tuple[float, float]:
        inputs, targets = (np.concatenate(part) for part in zip(*judged, strict=True))
        return judge_tokens(net, inputs, targets, batches.batch_size)

    progress = TrainingState(
        validation=validation if judged else None,
        patience=patience,
        checkpoint=checkpoint,
        report=on_epoch,
    )
    recipe = TokenRecipe(
        epochs=epochs, patience=patience, learning_rate=learning_rate, weight_decay=0.05, loss=token_loss
    )
    finished = train_net(net, batches, recipe, progress)
    return progress.curve("training"), finished


def _span(piece: Ids) -> tuple[Ids, Ids]:
    """Return the lowest and the highest pitch of each voice, as ids; a voice that rests spans nothing."""
    sounding = piece > 0
    low = np.where(sounding, piece, np.iinfo(np.int32).max // 2).min(axis=0)
    high = np.where(sounding, piece, np.iinfo(np.int32).min // 2).max(axis=0)
    return low.astype(np.int32), high.astype(np.int32)
