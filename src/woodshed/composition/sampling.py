"""Sampling of the next token: temperature, top-k, top-p, and constraints on what may follow."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from woodshed.errors import ParameterError

NOTHING = -1
"""Target where there is nothing to predict, such as padding, or a token that is given."""

Packing = tuple[NDArray[Any], NDArray[Any]]
"""Inputs and targets, step by step; of one piece, or of rows of packed pieces."""


class TokenConstraint(Protocol):
    """Which tokens may follow in a sequence; `woodshed.tokens.folk.grammar.FolkGrammar` is one."""

    def start(self) -> Any:
        """Return the state of an empty sequence."""

    def allowed(self, state: Any) -> NDArray[np.bool_]:
        """Return which tokens may follow, shape ``(n_tokens,)``."""

    def forced(self, state: Any) -> tuple[str, ...]:
        """Return the tokens that must follow, in order; usually none."""

    def after(self, state: Any, word: str) -> Any:
        """Return the state after one more token."""


@dataclass(frozen=True, kw_only=True)
class Sampler:
    """Random choice of the next token from logits, independent of the model.

    Parameters
    ----------
    temperature
        Divisor of the logits: above 1 flatter, below 1 sharper; near 0 the most probable token is chosen.
    top_k
        Choose among the ``top_k`` most probable tokens; None does not limit them.
    top_p
        Choose among the most probable tokens whose total probability reaches ``top_p``, above 0 to 1; nucleus
        sampling (A. Holtzman et al., "The curious case of neural text degeneration", 2020).

    Raises
    ------
    ParameterError
        If a value is out of range.

    Examples
    --------
    >>> Sampler(top_k=2).shape(np.log([0.5, 0.3, 0.2])).round(2).tolist()
    [-0.69, -1.2, -inf]
    >>> Sampler(top_p=0.4).shape(np.log([0.5, 0.3, 0.2])).round(2).tolist()
    [-0.69, -inf, -inf]
    """

    temperature: float = 1.0
    top_k: int | None = None
    top_p: float | None = None

    def __post_init__(self) -> None:
        if not (math.isfinite(self.temperature) and self.temperature > 0):
            raise ParameterError(f"temperature must be a number above 0, got {self.temperature!r}.")
        if self.top_k is not None and self.top_k < 1:
            raise ParameterError(f"top_k must be at least 1, got {self.top_k!r}.")
        if self.top_p is not None and not 0 < self.top_p <= 1:
            raise ParameterError(f"top_p must be above 0 and at most 1, got {self.top_p!r}.")

    def shape(self, logits: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the logits after temperature, top-k and top-p, shape ``(n_tokens,)``; -inf is excluded."""
        logits = logits / self.temperature
        order = np.argsort(-logits, kind="stable")
        n_candidates = len(logits) if self.top_k is None else self.top_k
        if self.top_p is not None:
            shares = np.exp(logits[order] - logits[order[0]])
            before = np.cumsum(shares) / shares.sum() - shares / shares.sum()
            n_candidates = min(n_candidates, int((before < self.top_p - 1e-12).sum()))
        shaped = np.full_like(logits, -np.inf)
        shaped[order[:n_candidates]] = logits[order[:n_candidates]]
        return shaped

    def draw(self, logits: NDArray[np.float64], rng: np.random.Generator) -> int:
        """Draw the index of a token."""
        # The largest of logits plus Gumbel noise is a draw from their softmax.
        return int(np.argmax(self.shape(logits) + rng.gumbel(size=len(logits))))


class TokenStream:
    """One sequence while it is generated: its tokens so far, and the constraint on the next.

    Parameters
    ----------
    rng
        Source of the draws.
    sampler
        How the next token is chosen.
    constraint
        Which tokens may follow; None allows all.
    prime
        The tokens with which the sequence begins.
    """

    def __init__(
        self,
        rng: np.random.Generator,
        sampler: Sampler,
        constraint: TokenConstraint | None,
        prime: Sequence[str],
    ) -> None:
        self.rng, self.sampler, self.constraint = rng, sampler, constraint
        self.state: Any = constraint.start() if constraint else None
        self.queue = list(prime)
        self.words: list[str] = []
        self.is_open = True

    def extend(self, logits: NDArray[np.float64], vocabulary: Sequence[str]) -> None:
        """Append the next token: a forced one, or a draw among those that are allowed."""
        if not self.queue and self.constraint:
            self.queue = list(self.constraint.forced(self.state))
        if self.queue:
            word = self.queue.pop(0)
        else:
            if self.constraint:
                logits = np.where(self.constraint.allowed(self.state), logits, -np.inf)
            word = vocabulary[self.sampler.draw(logits, self.rng)]
        self.words.append(word)
        if self.constraint:
            self.state = self.constraint.after(self.state, word)


def log_softmax(logits: NDArray[np.floating]) -> NDArray[np.float64]:
    """Turn logits, shape ``(..., n)``, into logarithms of probabilities.

    Examples
    --------
    >>> np.exp(log_softmax(np.array([0.0, 0.0]))).tolist()
    [0.5, 0.5]
    """
    shifted = logits.astype(np.float64) - logits.max(axis=-1, keepdims=True)
    logs: NDArray[np.float64] = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return logs
