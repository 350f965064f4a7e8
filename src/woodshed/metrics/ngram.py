"""N-grams: the plain baseline of a model of tokens, with interpolated Kneser-Ney smoothing."""

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
    """How often each n-gram and each context occurs, and how many tokens follow each context.

    Keys are sorted numbers; see `Counts.of`.
    """

    grams: NDArray[np.int64]
    counts: NDArray[np.int64]
    contexts: NDArray[np.int64]
    totals: NDArray[np.int64]
    kinds: NDArray[np.int64]

    @classmethod
    def of(cls, grams: NDArray[np.int64], n_tokens: int) -> Counts:
        """Count keys, of which the last token is the lowest digit."""
        keys, counts = np.unique(grams, return_counts=True)
        contexts, first = np.unique(keys // n_tokens, return_index=True)
        ends = np.append(first[1:], len(keys))
        return cls(keys, counts, contexts, np.add.reduceat(counts, first), ends - first)

    def discount(self) -> float:
        """Return what is taken from each count: n1 / (n1 + 2 n2), after Ney, Essen and Kneser (1994)."""
        once, twice = np.count_nonzero(self.counts == 1), np.count_nonzero(self.counts == 2)
        return float(once / (once + 2 * twice)) if once else 0.5


def probabilities(
    train: Sequence[Ids], test: Sequence[Ids], *, order: int, n_tokens: int
) -> NDArray[np.float64]:
    """Return the probability of every token but the first of each test row, one row after the other.

    Chen and Goodman (1999), interpolated Kneser-Ney with one discount for each order: the highest order
    counts how often an n-gram occurs, the lower ones in how many contexts.

    Parameters
    ----------
    train, test
        Rows of ids from 0 to ``n_tokens - 1``. The first of each begins it, and is not asked for.
    order
        Length of an n-gram: a token, and ``order - 1`` that are known before it. 1 knows none.
    n_tokens
        How many there are.

    Raises
    ------
    ParameterError
        If n-grams of that order cannot be counted in 64 bits.

    Examples
    --------
    >>> rows = [np.array([0, 1, 2, 1, 2])] * 9
    >>> probabilities(rows, rows[:1], order=2, n_tokens=3).round(2).tolist()
    [0.98, 0.98, 0.98, 0.98]
    """
    if n_tokens**order > np.iinfo(np.int64).max:
        raise ParameterError(
            f"{n_tokens} tokens and order {order} do not fit into 64 bits; choose a lower order."
        )
    seen, asked = _keys(train, order, n_tokens), _keys(test, order, n_tokens)
    answer = np.full(len(asked), 1 / n_tokens)
    for n in range(1, order + 1):
        longer = seen if n == order else np.unique(seen % n_tokens ** (n + 1))
        table = Counts.of(longer % n_tokens**n, n_tokens)
        discount = table.discount()
        grams = asked % n_tokens**n
        count = _look_up(table.grams, table.counts, grams)
        total = _look_up(table.contexts, table.totals, grams // n_tokens)
        kinds = _look_up(table.contexts, table.kinds, grams // n_tokens)
        known = np.maximum(total, 1)
        mixed = (np.maximum(count - discount, 0) + discount * kinds * answer) / known
        answer = np.where(total > 0, mixed, answer)
    return answer


def bits_per_token(train: Sequence[Ids], test: Sequence[Ids], *, order: int, n_tokens: int) -> float:
    """Return the mean of -log2 of the probabilities."""
    return float(-np.log2(probabilities(train, test, order=order, n_tokens=n_tokens)).mean())


def _keys(rows: Sequence[Ids], order: int, n_tokens: int) -> NDArray[np.int64]:
    """Return one number for each token but the first of a row: itself and what goes before it."""
    keys = []
    for row in rows:
        padded = np.concatenate([np.full(order, row[0]), row[1:]]).astype(np.int64)
        key = np.zeros(len(row) - 1, dtype=np.int64)
        for place in range(1, order + 1):
            key = key * n_tokens + padded[place : place + len(key)]
        keys.append(key)
    return np.concatenate(keys)


def _look_up(
    keys: NDArray[np.int64], values: NDArray[np.int64], asked: NDArray[np.int64]
) -> NDArray[np.int64]:
    place = np.minimum(np.searchsorted(keys, asked), len(keys) - 1)
    return np.where(keys[place] == asked, values[place], 0)
