"""Weights of a softmax layer: effect on token probabilities, correlation, singular value decomposition.

The layer maps the outputs of the units below, shape ``(n_units,)``, to logits: ``values @ kernel + bias``,
with a ``kernel`` of shape ``(n_units, n_tokens)``; the probabilities are the softmax of the logits. Adding
the same number to all logits changes no probability. After B. L. Sturm, "What do these 5,599,881 parameters
mean?" (MUME 2018), whose kernel is the transpose, V = ``kernel.T``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from woodshed.errors import ParameterError

Floats = NDArray[np.float64]


def change_for_factor(probability: ArrayLike, factor: ArrayLike) -> Floats:
    """Return the change of a token's logit that multiplies its probability by a factor.

    ``d = ln(a (1 - p) / (1 - a p))``; the logits of the other tokens stay the same.

    Parameters
    ----------
    probability
        Probability before the change, above 0 and below 1.
    factor
        Above 0 and below ``1 / probability``.

    Raises
    ------
    ParameterError
        If a probability or a factor is out of its range.

    Examples
    --------
    >>> change_for_factor(0.5, 1.5).round(6).tolist(), float(np.log(3).round(6))
    (1.098612, 1.098612)
    """
    p, a = np.asarray(probability, np.float64), np.asarray(factor, np.float64)
    if not np.all((p > 0) & (p < 1)):
        raise ParameterError(f"probability must be above 0 and below 1, got {p.tolist()!r}.")
    if not np.all((a > 0) & (a * p < 1)):
        raise ParameterError(
            "factor must be above 0 and below 1 / probability, got "
            f"{a.tolist()!r} for probability {p.tolist()!r}."
        )
    return np.asarray(np.log(a) + np.log1p(-p) - np.log1p(-a * p))


def effects(kernel: ArrayLike) -> Floats:
    """Return the effect of each unit, at an output of 1, on each logit relative to the mean over all tokens.

    Parameters
    ----------
    kernel
        Shape ``(n_units, n_tokens)``.

    Returns
    -------
    numpy.ndarray
        The same shape; each row sums to 0. The probabilities are those of ``kernel``.

    Examples
    --------
    >>> effects([[1.0, 2.0, 6.0]]).tolist()
    [[-2.0, -1.0, 3.0]]
    """
    values = np.asarray(kernel, np.float64)
    return np.asarray(values - values.mean(axis=1, keepdims=True))


def correlations(kernel: ArrayLike, bias: ArrayLike) -> tuple[Floats, Floats]:
    """Compute the correlation of each unit's effect with the bias, and with the effect of each other unit.

    Parameters
    ----------
    kernel, bias
        Shapes ``(n_units, n_tokens)`` and ``(n_tokens,)``.

    Returns
    -------
    with_bias, among_units
        Pearson correlation over the tokens, shapes ``(n_units,)`` and ``(n_units, n_units)``; 0 for a
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
    matrix = rows @ rows.T
    return matrix[-1, :-1], matrix[:-1, :-1]


@dataclass(frozen=True)
class Directions:
    """Singular value decomposition of a kernel: ``units * sizes @ tokens``, in descending order.

    Parameters
    ----------
    units
        Shape ``(n_units, n)``: the weight of each unit in each direction.
    sizes
        Shape ``(n,)``: the singular values; ``n`` is the smaller of units and tokens.
    tokens
        Shape ``(n, n_tokens)``: the effect of each direction on the logits.
    """

    units: Floats
    sizes: Floats
    tokens: Floats

    @property
    def rank(self) -> int:
        """Number of directions that affect the logits."""
        most = max(len(self.units), self.tokens.shape[1])
        return int((self.sizes > self.sizes[0] * most * np.finfo(np.float32).eps).sum())

    @property
    def n_null(self) -> int:
        """Dimension of the null space: combinations of units that affect no logit."""
        return len(self.units) - self.rank

    @property
    def common_shares(self) -> Floats:
        """Share of each direction that is common to all logits, changing no probability: ``(n,)``, 0 to 1."""
        return np.asarray(self.tokens.sum(axis=1) ** 2 / self.tokens.shape[1])

    def without(self, removed: Iterable[int]) -> Floats:
        """Return the kernel without some of its directions.

        Raises
        ------
        ParameterError
            If an index is out of range.
        """
        indices = np.fromiter(removed, np.int64)
        if indices.size and not 0 <= indices.min() <= indices.max() < len(self.sizes):
            raise ParameterError(
                f"Directions go from 0 to {len(self.sizes) - 1}, got {indices.min()} to {indices.max()}."
            )
        sizes = self.sizes.copy()
        sizes[indices] = 0
        return (self.units * sizes) @ self.tokens


def decompose(kernel: ArrayLike) -> Directions:
    """Compute the singular value decomposition of a kernel.

    The sign of a singular vector is arbitrary; here the largest effect on a token is positive.

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
