"""The least that a tune needs in order to be one: a metre, then a mode, then anything."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from woodshed.symbolic.folk.word import METRES, MODES, WORDS


@dataclass(frozen=True)
class FolkHead:
    """A rule that leaves the music to the net, and only sees to it that the head of a tune comes first.

    Parameters
    ----------
    metre, mode
        Tokens such as ``M:6/8`` and ``K:Cdor``; empty leaves them open.

    Examples
    --------
    >>> rule = FolkHead(mode="K:Cdor")
    >>> state = rule.after(rule.after(rule.start(), "<s>"), "M:6/8")
    >>> [word for word, may in zip(WORDS, rule.allowed(state), strict=True) if may]
    ['K:Cdor']
    """

    metre: str = ""
    mode: str = ""

    def start(self) -> int:
        """Return the state of an empty tune: how many tokens it has."""
        return 0

    def allowed(self, state: int) -> NDArray[np.bool_]:
        """Say which tokens may follow, shape ``(137,)``."""
        heads = (("<s>",), (self.metre,) if self.metre else METRES, (self.mode,) if self.mode else MODES)
        if state < len(heads):
            return np.isin(WORDS, heads[state])
        return ~np.isin(WORDS, ("<s>", *METRES, *MODES))

    def forced(self, state: int) -> tuple[str, ...]:
        """Return nothing: no token has to follow."""
        return ()

    def after(self, state: int, word: str) -> int:
        """Go on by a token."""
        return state + 1
