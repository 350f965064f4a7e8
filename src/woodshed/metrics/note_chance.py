"""Counts: the plain baseline of a model of frames. How often each note sounds, by itself or after itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Frames = NDArray[np.integer[Any]]


def note_nats(train: Sequence[Frames], test: Sequence[Frames], *, order: int) -> list[NDArray[np.float64]]:
    """Return the nats of each frame of each test piece, by Laplace's rule.

    Parameters
    ----------
    train, test
        Pieces of frames of 0 and 1, shape ``(n_frames, n_notes)``.
    order
        0: each note by itself; 1: each given whether it sounded in the frame before. Before a piece there is
        silence.

    Examples
    --------
    A note that sounded in two of three frames has the chance (2 + 1) / (3 + 2):

    >>> piece = np.array([[0], [1], [1]])
    >>> np.exp(-note_nats([piece], [piece], order=0)[0]).round(3).tolist()
    [0.4, 0.6, 0.6]

    After silence it sounded once of twice, after itself once of once:

    >>> np.exp(-note_nats([piece], [piece], order=1)[0]).round(3).tolist()
    [0.5, 0.5, 0.667]
    """
    shape = (2, train[0].shape[1])
    n_heard, n_frames = np.ones(shape), np.full(shape, 2.0)  # as if each was heard once, and was silent once
    for piece in train:
        before = _before(piece, order)
        for state in (0, 1):
            n_heard[state] += (piece * (before == state)).sum(axis=0)
            n_frames[state] += (before == state).sum(axis=0)
    chance = n_heard / n_frames
    return [_nats(piece, np.where(_before(piece, order), chance[1], chance[0])) for piece in test]


def _before(piece: Frames, order: int) -> Frames:
    """Return the frames before; of order 0 they are not looked at."""
    return np.vstack([np.zeros_like(piece[:1]), piece[:-1]]) * order


def _nats(piece: Frames, chance: NDArray[np.float64]) -> NDArray[np.float64]:
    nats: NDArray[np.float64] = -np.where(piece == 1, np.log(chance), np.log1p(-chance)).sum(axis=1)
    return nats
