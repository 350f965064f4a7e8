"""Composing: from pieces to weights that can be played. This file needs Keras."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import keras
import numpy as np
from numpy.typing import NDArray

from woodshed.composition.sequence.step_net import net_weights
from woodshed.composition.token_batch import TokenBatches, TokenRecipe, judge_tokens, pack, token_loss
from woodshed.nets.lstm_lm import lstm_lm
from woodshed.training.holdout import divide_rows
from woodshed.training.loop import TrainingState, train_net
from woodshed.training.progress import LearningCurve, OnEpoch

if TYPE_CHECKING:
    from woodshed.composition.composer import Composer, Weights


def make_sequence_net(composer: Composer) -> keras.Model:
    """Build the net that the settings ask for."""
    from woodshed.composition.composer import SEQUENCE_CELLS

    return lstm_lm(
        len(composer.vocabulary),
        width=composer.width,
        n_layers=composer.n_layers,
        dropout=composer.dropout,
        cell=SEQUENCE_CELLS[composer.net],
    )


def learn_pieces(
    composer: Composer,
    rows: Sequence[NDArray[np.int32]],
    groups: Sequence[str] | None,
    held_out: Sequence[NDArray[np.int32]] | None,
    *,
    checkpoint: Path | None,
    on_epoch: OnEpoch,
) -> tuple[Weights, LearningCurve, bool]:
    """Train a net on pieces; return its weights, how it went, and whether it was not interrupted."""
    train, judges = divide_rows(rows, groups, held_out, share=composer.validation_share, seed=composer.seed)
    keras.utils.set_random_seed(composer.seed)
    net = make_sequence_net(composer)
    batches = TokenBatches(
        train, n_steps=composer.n_steps, batch_size=composer.batch_size, seed=composer.seed
    )
    inputs, targets = pack(judges, composer.n_steps)

    def validation(net: keras.Model) -> tuple[float, float]:
        return judge_tokens(net, inputs, targets, composer.batch_size)

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
        weight_decay=0.0,
        loss=token_loss,
    )
    finished = train_net(net, batches, recipe, progress)
    return net_weights(net), progress.curve("training"), finished
