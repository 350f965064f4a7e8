"""Composing: from pieces to weights that can be played. This file needs Keras."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import keras
import numpy as np
from numpy.typing import NDArray

from woodshed.composition.sequence.step_net import net_weights
from woodshed.composition.token_batch import TokenBatches, TokenRecipe, judge_tokens, pack, token_loss
from woodshed.errors import ParameterError
from woodshed.nets.lstm_lm import lstm_lm
from woodshed.recognition.estimator import OnEpoch
from woodshed.recognition.experiments.result import LearningCurve
from woodshed.recognition.fit_net import hold_out
from woodshed.training.loop import Progress, train_net

if TYPE_CHECKING:
    from woodshed.composition.composer import Composer, Weights

Row = TypeVar("Row", bound=NDArray[Any])


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


def divide_rows(
    composer: Composer,
    rows: Sequence[Row],
    groups: Sequence[str] | None,
    held_out: Sequence[Row] | None,
) -> tuple[list[Row], list[Row]]:
    """Return what is learned from, and that by which the best weights are chosen: given, or a share of all.

    Raises
    ------
    ParameterError
        If there is not one group for each piece.
    """
    if groups is not None and len(groups) != len(rows):
        raise ParameterError(f"fit expects one group for each of {len(rows)} pieces, got {len(groups)}.")
    if held_out is not None:
        return list(rows), list(held_out)
    train, judges = hold_out([""] * len(rows), groups, composer.validation_share, composer.seed)
    return [rows[k] for k in train], [rows[k] for k in judges]


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
    train, judges = divide_rows(composer, rows, groups, held_out)
    keras.utils.set_random_seed(composer.seed)
    net = make_sequence_net(composer)
    batches = TokenBatches(
        train, n_steps=composer.n_steps, batch_size=composer.batch_size, seed=composer.seed
    )
    inputs, targets = pack(judges, composer.n_steps)

    def validation(net: keras.Model) -> tuple[float, float]:
        return judge_tokens(net, inputs, targets, composer.batch_size)

    progress = Progress(
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
