"""Note frequencies, unconditional or given the preceding frame: the baseline of models of frames."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Frames = NDArray[np.integer[Any]]


def note_nats(train: Sequence[Frames], test: Sequence[Frames], *, order: int) -> list[NDArray[np.float64]]:
    """Return the negative log-likelihood of each frame of each test piece, with Laplace smoothing.

    Parameters
    ----------
    train, test
        Piano rolls of 0 and 1, shape ``(n_frames, n_notes)`` each.
    order
        0 for independent notes; 1 for each note given its state in the preceding frame. A piece is preceded
        by silence.

    Returns
    -------
    list of numpy.ndarray
        Nats, shape ``(n_frames,)`` each.

    Examples
    --------
    A note that sounds in two of three frames has probability (2 + 1) / (3 + 2):

    >>> piece = np.array([[0], [1], [1]])
    >>> np.exp(-note_nats([piece], [piece], order=0)[0]).round(3).tolist()
    [0.4, 0.6, 0.6]

    After silence it sounds once in two frames, after itself once in one:

    >>> np.exp(-note_nats([piece], [piece], order=1)[0]).round(3).tolist()
    [0.5, 0.5, 0.667]
    """
    shape = (2, train[0].shape[1])
    n_active, n_frames = np.ones(shape), np.full(shape, 2.0)  # Laplace: one active and one silent frame
    for piece in train:
        before = _before(piece, order)
        for state in (0, 1):
            n_active[state] += (piece * (before == state)).sum(axis=0)
            n_frames[state] += (before == state).sum(axis=0)
    probability = n_active / n_frames
    return [_nats(piece, np.where(_before(piece, order), probability[1], probability[0])) for piece in test]


def _before(piece: Frames, order: int) -> Frames:
    """Return the preceding frame of each frame; silence for order 0."""
    return np.vstack([np.zeros_like(piece[:1]), piece[:-1]]) * order


def _nats(piece: Frames, probability: NDArray[np.float64]) -> NDArray[np.float64]:
    nats: NDArray[np.float64] = -np.where(piece == 1, np.log(probability), np.log1p(-probability)).sum(axis=1)
    return nats
