"""N-gram language model with interpolated Kneser-Ney smoothing: the baseline of token models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from woodshed.errors import ParameterError

Ids = NDArray[np.integer[Any]]


@dataclass(frozen=True)
class Counts:
    """Counts of n-grams and contexts, and the number of distinct tokens after each context.

    ``grams`` and ``contexts`` are sorted integer keys; see `Counts.of`.
    """

    grams: NDArray[np.int64]
    counts: NDArray[np.int64]
    contexts: NDArray[np.int64]
    totals: NDArray[np.int64]
    kinds: NDArray[np.int64]

    @classmethod
    def of(cls, grams: NDArray[np.int64], n_tokens: int) -> Counts:
        """Count integer keys in base ``n_tokens``, whose lowest digit is the last token."""
        keys, counts = np.unique(grams, return_counts=True)
        contexts, first = np.unique(keys // n_tokens, return_index=True)
        ends = np.append(first[1:], len(keys))
        return cls(keys, counts, contexts, np.add.reduceat(counts, first), ends - first)

    def discount(self) -> float:
        """Return the absolute discount n1 / (n1 + 2 n2) of Ney, Essen and Kneser (1994)."""
        once, twice = np.count_nonzero(self.counts == 1), np.count_nonzero(self.counts == 2)
        return float(once / (once + 2 * twice)) if once else 0.5


def probabilities(
    train: Sequence[Ids], test: Sequence[Ids], *, order: int, n_tokens: int
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
        table = Counts.of(keys % n_tokens**n, n_tokens)
        discount = table.discount()
        grams = test_keys % n_tokens**n
        count = _look_up(table.grams, table.counts, grams)
        total = _look_up(table.contexts, table.totals, grams // n_tokens)
        kinds = _look_up(table.contexts, table.kinds, grams // n_tokens)
        mixed = (np.maximum(count - discount, 0) + discount * kinds * smoothed) / np.maximum(total, 1)
        smoothed = np.where(total > 0, mixed, smoothed)
    return smoothed


def bits_per_token(train: Sequence[Ids], test: Sequence[Ids], *, order: int, n_tokens: int) -> float:
    """Return the cross-entropy on the test rows in bits per token."""
    return float(-np.log2(probabilities(train, test, order=order, n_tokens=n_tokens)).mean())


def _keys(rows: Sequence[Ids], order: int, n_tokens: int) -> NDArray[np.int64]:
    """Return the integer key of the n-gram that ends at each token except the first of a row."""
    keys = []
    for row in rows:
        padded = np.concatenate([np.full(order, row[0]), row[1:]]).astype(np.int64)
        key = np.zeros(len(row) - 1, dtype=np.int64)
        for position in range(1, order + 1):
            key = key * n_tokens + padded[position : position + len(key)]
        keys.append(key)
    return np.concatenate(keys)


def _look_up(
    keys: NDArray[np.int64], values: NDArray[np.int64], queries: NDArray[np.int64]
) -> NDArray[np.int64]:
    position = np.minimum(np.searchsorted(keys, queries), len(keys) - 1)
    return np.where(keys[position] == queries, values[position], 0)
