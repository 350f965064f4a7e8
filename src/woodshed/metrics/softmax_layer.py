"""Analysis of the softmax layer of a language model: how its weights affect token probabilities.

The layer maps activations of shape ``(n_units,)`` to logits ``activations @ kernel + bias``, with a
``kernel`` of shape ``(n_units, n_tokens)``; probabilities are their softmax, which a constant added to all
logits does not change. After B. L. Sturm, "What do these 5,599,881 parameters mean?" (MUME 2018), which
uses the transposed kernel V = ``kernel.T``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from woodshed.errors import ParameterError

Floats = NDArray[np.float64]


def changed_probability(probability: ArrayLike, change: ArrayLike) -> Floats:
    """Return the probability of a token after a change of its logit alone.

    ``p' = p e^d / (1 + p (e^d - 1))``.

    Parameters
    ----------
    probability
        Initial probability, above 0 and below 1.
    change
        Change of the logit, in nats.

    Raises
    ------
    ParameterError
        If a probability is not between 0 and 1.

    Examples
    --------
    >>> changed_probability(0.5, np.log(3)).round(6).tolist()
    0.75
    """
    p = _checked(probability)
    # exp(-|d|) instead of exp(d), so that it never overflows.
    change = np.asarray(change, np.float64)
    odds = np.exp(-np.abs(change))
    changed: Floats = np.where(change > 0, p / (odds + p * (1 - odds)), p * odds / (1 + p * (odds - 1)))
    return changed


def change_for_factor(probability: ArrayLike, factor: ArrayLike) -> Floats:
    """Return the change of a logit that multiplies the probability of its token by a factor.

    ``d = ln(a (1 - p) / (1 - a p))``, the inverse of `changed_probability`.

    Parameters
    ----------
    probability
        Initial probability, above 0 and below 1.
    factor
        Above 0 and below ``1 / probability``.

    Raises
    ------
    ParameterError
        If a probability or a factor is out of range.

    Examples
    --------
    >>> change_for_factor(0.5, 1.5).round(6).tolist(), float(np.log(3).round(6))
    (1.098612, 1.098612)
    """
    p, a = _checked(probability), np.asarray(factor, np.float64)
    if not np.all((a > 0) & (a * p < 1)):
        raise ParameterError(
            f"factor must be above 0 and below 1 / probability, got {a.tolist()!r} for {p.tolist()!r}."
        )
    change: Floats = np.log(a) + np.log1p(-p) - np.log1p(-a * p)
    return change


def effects(kernel: ArrayLike) -> Floats:
    """Return the effect of each unit, at activation 1, on each logit relative to the mean of all logits.

    Parameters
    ----------
    kernel
        Shape ``(n_units, n_tokens)``.

    Returns
    -------
    numpy.ndarray
        Same shape; rows sum to 0. The probabilities are those of ``kernel``.

    Examples
    --------
    >>> effects([[1.0, 2.0, 6.0]]).tolist()
    [[-2.0, -1.0, 3.0]]
    """
    values = np.asarray(kernel, np.float64)
    centred: Floats = values - values.mean(axis=1, keepdims=True)
    return centred


def correlations(kernel: ArrayLike, bias: ArrayLike) -> tuple[Floats, Floats]:
    """Correlate the effects of each unit with the bias and with the effects of the other units.

    Parameters
    ----------
    kernel, bias
        Shapes ``(n_units, n_tokens)`` and ``(n_tokens,)``.

    Returns
    -------
    with_bias, among_units
        Pearson's correlation over the tokens, shapes ``(n_units,)`` and ``(n_units, n_units)``; 0 for a
        constant row.

    Examples
    --------
    >>> with_bias, among = correlations([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]], [0.0, 1.0, 2.0])
    >>> with_bias.round(6).tolist(), among[0].round(6).tolist()
    ([1.0, -1.0], [1.0, -1.0])
    """
    rows = effects(np.concatenate([np.asarray(kernel, np.float64), [np.asarray(bias, np.float64)]]))
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    rows = np.divide(rows, lengths, out=np.zeros_like(rows), where=lengths > 0)
    every = rows @ rows.T
    return every[-1, :-1], every[:-1, :-1]


@dataclass(frozen=True)
class Directions:
    """Singular value decomposition of a kernel, ``units * sizes @ tokens``, in decreasing order.

    Parameters
    ----------
    units
        Left singular vectors, shape ``(n_units, n)``.
    sizes
        Singular values, shape ``(n,)``; ``n`` is the smaller of units and tokens.
    tokens
        Right singular vectors, shape ``(n, n_tokens)``: the effect of each direction on the logits.
    """

    units: Floats
    sizes: Floats
    tokens: Floats

    @property
    def rank(self) -> int:
        """Number of directions with an effect on the logits."""
        longest = max(len(self.units), self.tokens.shape[1])
        return int((self.sizes > self.sizes[0] * longest * np.finfo(np.float32).eps).sum())

    @property
    def n_null(self) -> int:
        """Dimension of the null space: combinations of units without an effect on the logits."""
        return len(self.units) - self.rank

    @property
    def common_shares(self) -> Floats:
        """Share of each direction common to all logits, without effect on probabilities: ``(n,)``, 0 to 1."""
        shares: Floats = self.tokens.sum(axis=1) ** 2 / self.tokens.shape[1]
        return shares

    def without(self, removed: Iterable[int]) -> Floats:
        """Return the kernel with some of its directions removed.

        Raises
        ------
        ParameterError
            If an index is out of range.
        """
        indices = np.fromiter(removed, np.int64)
        if indices.size and not 0 <= indices.min() <= indices.max() < len(self.sizes):
            raise ParameterError(
                f"Directions range from 0 to {len(self.sizes) - 1}, got {indices.min()} to {indices.max()}."
            )
        sizes = self.sizes.copy()
        sizes[indices] = 0
        return (self.units * sizes) @ self.tokens


def decompose(kernel: ArrayLike) -> Directions:
    """Compute the singular value decomposition of a kernel.

    The sign of a singular vector is arbitrary; here its largest effect on a token is positive.

    Parameters
    ----------
    kernel
        Shape ``(n_units, n_tokens)``.

    Examples
    --------
    >>> directions = decompose([[3.0, 0.0], [0.0, 0.0], [0.0, -2.0]])
    >>> directions.sizes.tolist(), directions.rank, directions.n_null
    ([3.0, 2.0], 2, 1)
    >>> abs(directions.without([0]).round(9)).tolist()
    [[0.0, 0.0], [0.0, 0.0], [0.0, 2.0]]
    """
    units, sizes, tokens = np.linalg.svd(np.asarray(kernel, np.float64), full_matrices=False)
    largest = np.abs(tokens).argmax(axis=1)
    signs = np.where(tokens[np.arange(len(tokens)), largest] < 0, -1.0, 1.0)
    return Directions(units * signs, sizes, tokens * signs[:, np.newaxis])


def _checked(probability: ArrayLike) -> Floats:
    p = np.asarray(probability, np.float64)
    if not np.all((p > 0) & (p < 1)):
        raise ParameterError(f"probability must be above 0 and below 1, got {p.tolist()!r}.")
    return p
