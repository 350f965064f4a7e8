"""Tunes: write folk tunes in ABC."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from woodshed.base.composer import Composer
from woodshed.symbolic.folk_word import MODE_WORDS
from woodshed.tokens.folk import FolkAbc
from woodshed.tokens.folk_rule import FolkRule


@dataclass(kw_only=True, eq=False)
class TuneComposer(Composer):
    """Write folk tunes, one token after the other.

    At its default size it is the net of B. L. Sturm et al., "Music transcription modelling and composition
    using deep learning" (2016), weight for weight: three layers of 512 units over 137 tokens. Pieces are
    texts of these tokens, as `woodshed.symbolic.abc_folk.abc_to_folk` writes them. All settings: `Composer`.

    Examples
    --------
    >>> scale = "M:4/4 K:Cmaj C D E F G A B c | c B A G F E D C |"
    >>> composer = TuneComposer(width=32, n_layers=1, dropout=0, n_steps=32, batch_size=4)
    >>> composer = composer.set_params(epochs=60, learning_rate=0.02, batch_size=2)
    >>> composer = composer.fit([scale] * 8)
    >>> composer.sample(1, temperature=0.01)[0] == scale
    True
    >>> composer.bits_per_token([scale]) < 1
    True
    """

    job: ClassVar[str] = "tune"
    tokenizer: ClassVar[FolkAbc] = FolkAbc()

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """The 137 tokens of the folk model."""
        return self.tokenizer.vocabulary

    def encode(self, piece: str) -> NDArray[np.int32]:
        """Turn a tune into ids."""
        return self.tokenizer.encode(piece)

    def decode(self, ids: NDArray[np.integer]) -> str:
        """Turn ids into a tune."""
        return self.tokenizer.decode(ids)


def tune_rule(
    *,
    metre: str | None = None,
    mode: str | None = None,
    n_bars: int | None = None,
    bars: dict[int, str] | None = None,
) -> FolkRule:
    """Make the rule by which tunes are written out of a user's words.

    Parameters
    ----------
    metre
        Such as ``6/8``; None leaves it to the net.
    mode
        Such as ``dorian`` or ``K:Cdor``; None leaves it to the net.
    n_bars
        Bars as written, without pickups.
    bars
        Number of a bar, from 1 -> its tokens.

    Raises
    ------
    ParameterError
        If there is no such metre or mode, or the wishes contradict each other.

    Examples
    --------
    >>> tune_rule(metre="6/8", mode="dorian").metre
    'M:6/8'
    """
    return FolkRule(
        metre=f"M:{metre.removeprefix('M:')}" if metre else "",
        mode=MODE_WORDS.get(mode, mode) if mode else "",
        n_bars=n_bars,
        bars={number: tuple(words.split()) for number, words in (bars or {}).items()},
    )
