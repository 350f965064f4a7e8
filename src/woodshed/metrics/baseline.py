"""Baselines of generative models: n-grams of tokens, and frequencies of the notes of frames."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from woodshed.errors import ParameterError

Integers = NDArray[np.integer[Any]]


def probabilities(
    train: Sequence[Integers], test: Sequence[Integers], *, order: int, n_tokens: int
) -> NDArray[np.float64]:
    """Return the probability of every token of the test rows except the first of each, concatenated.

    Interpolated Kneser-Ney smoothing with one discount for each order (Chen and Goodman, 1999): the highest
    order counts occurrences of an n-gram, the lower ones distinct contexts.

    Parameters
    ----------
    train, test
        Rows of ids from 0 to ``n_tokens - 1``. The first id of each is its start token and not predicted.
    order
        Length of an n-gram: a token and the ``order - 1`` before it; 1 is a unigram model.
    n_tokens
        Size of the vocabulary.

    Raises
    ------
    ParameterError
        If the keys of that order do not fit into 64 bits.

    Examples
    --------
    >>> rows = [np.array([0, 1, 2, 1, 2])] * 9
    >>> probabilities(rows, rows[:1], order=2, n_tokens=3).round(2).tolist()
    [0.98, 0.98, 0.98, 0.98]
    """
    if n_tokens**order > np.iinfo(np.int64).max:
        raise ParameterError(
            f"Keys of {n_tokens} tokens and order {order} do not fit into 64 bits. Choose a lower order."
        )
    train_keys, test_keys = _keys(train, order, n_tokens), _keys(test, order, n_tokens)
    smoothed = np.full(len(test_keys), 1 / n_tokens)
    for n in range(1, order + 1):
        keys = train_keys if n == order else np.unique(train_keys % n_tokens ** (n + 1))
        grams, counts = np.unique(keys % n_tokens**n, return_counts=True)
        contexts, first, kinds = np.unique(grams // n_tokens, return_index=True, return_counts=True)
        once, twice = np.count_nonzero(counts == 1), np.count_nonzero(counts == 2)
        discount = once / (once + 2 * twice) if once else 0.5  # of Ney, Essen and Kneser (1994)
        queries = test_keys % n_tokens**n
        count = _values_at(grams, counts, queries)
        total = _values_at(contexts, np.add.reduceat(counts, first), queries // n_tokens)
        n_kinds = _values_at(contexts, kinds, queries // n_tokens)
        mixed = (np.maximum(count - discount, 0) + discount * n_kinds * smoothed) / np.maximum(total, 1)
        smoothed = np.where(total > 0, mixed, smoothed)
    return smoothed


def bits_per_token(
    train: Sequence[Integers], test: Sequence[Integers], *, order: int, n_tokens: int
) -> float:
    """Return the cross-entropy on the test rows in bits per token."""
    return float(-np.log2(probabilities(train, test, order=order, n_tokens=n_tokens)).mean())


def _keys(rows: Sequence[Integers], order: int, n_tokens: int) -> NDArray[np.int64]:
    """Return the integer key of the n-gram that ends at each token except the first of a row."""
    places = n_tokens ** np.arange(order, dtype=np.int64)[::-1]
    padded = (np.concatenate([np.full(order, row[0]), row[1:]]).astype(np.int64) for row in rows)
    return np.concatenate([sliding_window_view(row, order)[1:] @ places for row in padded])


def _values_at(
    keys: NDArray[np.int64], values: NDArray[np.int64], queries: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return the value of each queried key, 0 for one that is missing; ``keys`` are in ascending order."""
    position = np.minimum(np.searchsorted(keys, queries), len(keys) - 1)
    return np.where(keys[position] == queries, values[position], 0)


def note_nats(
    train: Sequence[Integers], test: Sequence[Integers], *, order: int
) -> list[NDArray[np.float64]]:
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
    frames, before = np.vstack(train), np.vstack([_before(piece, order) for piece in train])
    # With one active and one silent frame more (Laplace):
    after_silence, after_note = (
        ((frames * (before == state)).sum(axis=0) + 1) / ((before == state).sum(axis=0) + 2)
        for state in (0, 1)
    )
    shares = [np.where(_before(piece, order), after_note, after_silence) for piece in test]
    return [
        -np.where(piece == 1, np.log(share), np.log1p(-share)).sum(axis=1)
        for piece, share in zip(test, shares, strict=True)
    ]


def _before(piece: Integers, order: int) -> Integers:
    """Return the preceding frame of each frame; silence for order 0."""
    return np.vstack([np.zeros_like(piece[:1]), piece[:-1]]) * order
