"""Training of a recurrent net on sequences of tokens. This module needs Keras."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np

from woodshed.composition.composer import Composer, Trained
from woodshed.composition.fitting import (
    Ids,
    PackedBatches,
    evaluate_tokens,
    fit_net,
    pack_rows,
    recipe_of,
    token_loss,
)
from woodshed.composition.sequence.step_net import net_weights
from woodshed.nets.lstm_lm import lstm_lm
from woodshed.training.progress import OnEpoch


def pack(pieces: Sequence[Ids], n_steps: int) -> tuple[Ids, Ids]:
    """Pack pieces one after the other into rows; one that is longer than a row continues in the next.

    Every row begins at the beginning of a piece or of a continuation, so that the net learns to begin from
    its initial state.

    Parameters
    ----------
    pieces
        Token ids each.
    n_steps
        Length of the rows.

    Returns
    -------
    inputs, targets
        Shape ``(n_rows, n_steps)``: ids, padded with 0; and the id that follows each, or `NOTHING`.

    Examples
    --------
    >>> inputs, targets = pack([np.array([0, 5, 6, 1]), np.array([0, 7, 1])], 4)
    >>> inputs.tolist(), targets.tolist()
    ([[0, 5, 6, 0], [0, 7, 0, 0]], [[5, 6, 1, -1], [7, 1, -1, -1]])
    """
    pairs = [np.stack([piece[:-1], piece[1:]]) for piece in pieces]
    parts = [pair[:, k : k + n_steps] for pair in pairs for k in range(0, pair.shape[1], n_steps)]
    return pack_rows(parts, n_steps, gap=np.zeros((2, 0), np.int32))


def pack_shuffled(rng: np.random.Generator, pieces: Sequence[Ids], n_steps: int) -> tuple[Ids, Ids]:
    """Pack pieces in random order."""
    return pack([pieces[k] for k in rng.permutation(len(pieces))], n_steps)


def fit_sequences(
    composer: Composer,
    cell: str,
    train: Sequence[Ids],
    validation: Sequence[Ids],
    *,
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
    train, validation
        Token ids of each piece.
    checkpoint, on_epoch
        As in `Composer.fit`.
    """
    net = lstm_lm(
        len(composer.vocabulary),
        width=composer.width,
        n_layers=composer.n_layers,
        dropout=composer.dropout,
        cell=cell,
    )
    batches = PackedBatches(
        partial(pack_shuffled, pieces=train, n_steps=composer.n_steps),
        batch_size=composer.batch_size,
        seed=composer.seed,
    )
    inputs, targets = pack(validation, composer.n_steps)
    evaluate = partial(evaluate_tokens, inputs=inputs, targets=targets, batch_size=composer.batch_size)
    curve, finished = fit_net(
        net,
        batches,
        recipe_of(composer, token_loss, weight_decay=0.0),
        evaluate if validation else None,
        checkpoint=checkpoint,
        on_epoch=on_epoch,
    )
    return net_weights(net), curve, finished
