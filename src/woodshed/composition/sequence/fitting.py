"""Training of a recurrent net on sequences of tokens. This module needs Keras."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from woodshed.composition.composer import Composer, Trained
from woodshed.composition.fitting import (
    PackedBatches,
    evaluate_tokens,
    fit_net,
    pack_rows,
    recipe_of,
    token_loss,
)
from woodshed.composition.sampling import Packing
from woodshed.composition.sequence.step_net import net_weights
from woodshed.nets.lstm_lm import lstm_lm
from woodshed.training.progress import OnEpoch

Vary = Callable[[Packing, np.random.Generator], Packing]
"""Variation of a training row: inputs and targets."""


def pack(pieces: Sequence[Packing], n_steps: int) -> Packing:
    """Pack pieces one after the other into rows; one that is longer than a row continues in the next.

    Every row begins at the beginning of a piece or of a continuation, so that the net learns to begin from
    its initial state.

    Parameters
    ----------
    pieces
        Inputs and targets of each, as returned by `TokenComposer.training_row`; at least one.
    n_steps
        Length of the rows.

    Returns
    -------
    inputs, targets
        Shape ``(n_rows, n_steps, ...)``: ids, padded with 0; and the id that follows each, or `NOTHING`.

    Examples
    --------
    >>> rows = [(np.array([0, 5, 6]), np.array([5, 6, 1])), (np.array([0, 7]), np.array([7, 1]))]
    >>> inputs, targets = pack(rows, 4)
    >>> inputs.tolist(), targets.tolist()
    ([[0, 5, 6, 0], [0, 7, 0, 0]], [[5, 6, 1, -1], [7, 1, -1, -1]])
    """
    parts = [
        (inputs[k : k + n_steps], targets[k : k + n_steps])
        for inputs, targets in pieces
        for k in range(0, len(targets), n_steps)
    ]
    inputs, targets = pieces[0]
    return pack_rows(parts, n_steps, gap=(inputs[:0], targets[:0]))


def pack_shuffled(
    rng: np.random.Generator, pieces: Sequence[Packing], n_steps: int, vary: Vary = lambda row, rng: row
) -> Packing:
    """Pack pieces in random order, each after a random variation."""
    return pack([vary(pieces[k], rng) for k in rng.permutation(len(pieces))], n_steps)


def fit_sequences(  # noqa: PLR0913  what varies between composers, besides their settings
    composer: Composer,
    cell: str,
    feature_sizes: Sequence[int],
    train: Sequence[Packing],
    validation: Sequence[Packing],
    *,
    vary: Vary,
    checkpoint: Path | None,
    on_epoch: OnEpoch,
) -> Trained:
    """Train a recurrent net with the settings of a composer; arguments as in `Composer.train_net`.

    Parameters
    ----------
    composer
        Its settings and vocabulary are used.
    cell
        ``lstm`` or ``gru``.
    feature_sizes
        Number of values of each feature beside the token.
    train, validation
        Inputs and targets of each piece.
    vary
        Varies a training row in each epoch.
    checkpoint, on_epoch
        As in `Composer.fit`.
    """
    net = lstm_lm(
        len(composer.vocabulary),
        width=composer.width,
        n_layers=composer.n_layers,
        dropout=composer.dropout,
        cell=cell,
        feature_sizes=feature_sizes,
    )
    batches = PackedBatches(
        partial(pack_shuffled, pieces=train, n_steps=composer.n_steps, vary=vary),
        batch_size=composer.batch_size,
        seed=composer.seed,
    )
    evaluate = None
    if validation:
        inputs, targets = pack(validation, composer.n_steps)
        evaluate = partial(evaluate_tokens, inputs=inputs, targets=targets, batch_size=composer.batch_size)
    curve, finished = fit_net(
        net,
        batches,
        recipe_of(composer, token_loss, weight_decay=0.0),
        evaluate,
        checkpoint=checkpoint,
        on_epoch=on_epoch,
    )
    return net_weights(net), curve, finished
