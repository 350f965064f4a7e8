"""Pen: writes one piece token by token, obeys what must and may follow, and draws from shaped chances."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from woodshed.errors import ParameterError


class TokenConstraint(Protocol):
    """What may follow in a piece; `woodshed.tokens.folk.grammar.FolkGrammar` is one."""

    def start(self) -> Any:
        """Return the state of a piece that is empty."""

    def allowed(self, state: Any) -> NDArray[np.bool_]:
        """Say which tokens may follow, shape ``(n_tokens,)``."""

    def forced(self, state: Any) -> tuple[str, ...]:
        """Return tokens that must follow, in their order; mostly none."""

    def after(self, state: Any, word: str) -> Any:
        """Go on by a token."""


class Sampler:
    """Writes one piece: knows its words so far, what must come and what may.

    Parameters
    ----------
    rng
        Source of its draws.
    rule
        What may follow; None allows everything.
    given
        The words with which it must begin.
    """

    def __init__(self, rng: np.random.Generator, rule: TokenConstraint | None, given: Sequence[str]) -> None:
        self.rng, self.rule = rng, rule
        self.state = rule.start() if rule else None
        self.waiting = list(given)
        self.words: list[str] = []
        self.is_writing = True

    def write(
        self,
        logits: NDArray[np.float64],
        vocabulary: Sequence[str],
        choose: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    ) -> None:
        """Write the next word: the one that must come, or a draw among those that may."""
        if not self.waiting and self.rule:
            self.waiting = list(self.rule.forced(self.state))
        if self.waiting:
            word = self.waiting.pop(0)
        else:
            if self.rule:
                logits = np.where(self.rule.allowed(self.state), logits, -np.inf)
            # The largest of logits plus Gumbel noise is a draw from their softmax.
            word = vocabulary[int(np.argmax(choose(logits) + self.rng.gumbel(size=len(logits))))]
        self.words.append(word)
        if self.rule:
            self.state = self.rule.after(self.state, word)


def check_sampling(temperature: float, top_k: int | None, top_p: float | None) -> None:
    """Refuse ways of drawing that make no sense.

    Raises
    ------
    ParameterError
        If the temperature is not a number above 0, ``top_k`` is below 1, or ``top_p`` is not a share.
    """
    if not (math.isfinite(temperature) and temperature > 0):
        raise ParameterError(f"temperature must be a number above 0, got {temperature!r}. 1 is as learned.")
    if top_k is not None and top_k < 1:
        raise ParameterError(f"top_k must be at least 1, got {top_k!r}.")
    if top_p is not None and not 0 < top_p <= 1:
        raise ParameterError(f"top_p must be above 0 and at most 1, got {top_p!r}.")


def shape_logits(
    logits: NDArray[np.float64],
    *,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
) -> NDArray[np.float64]:
    """Sharpen or flatten logits and rule out what is too improbable.

    Examples
    --------
    >>> shape_logits(np.log([0.5, 0.3, 0.2]), top_k=2).round(2).tolist()
    [-0.69, -1.2, -inf]
    >>> shape_logits(np.log([0.5, 0.3, 0.2]), top_p=0.4).round(2).tolist()
    [-0.69, -inf, -inf]
    """
    logits = logits / temperature
    order = np.argsort(-logits, kind="stable")
    n_kept = len(logits) if top_k is None else top_k
    if top_p is not None:
        shares = np.exp(logits[order] - logits[order[0]])
        before = np.cumsum(shares) / shares.sum() - shares / shares.sum()
        n_kept = min(n_kept, int((before < top_p - 1e-12).sum()))
    kept = np.full_like(logits, -np.inf)
    kept[order[:n_kept]] = logits[order[:n_kept]]
    return kept


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
