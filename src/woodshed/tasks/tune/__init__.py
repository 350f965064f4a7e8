"""Tunes: write folk tunes in ABC."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from woodshed.composition.composer import Composer
from woodshed.composition.piece import Request
from woodshed.data.symbolic_corpus import SymbolicCorpus
from woodshed.tasks.tune.corpus import read_tunes_corpus
from woodshed.tasks.tune.piece import TunePiece
from woodshed.tasks.tune.request import TuneRequest
from woodshed.tokens.folk.tokenizer import FolkAbc


@dataclass(kw_only=True, eq=False)
class TuneComposer(Composer):
    """Write folk tunes, one token after the other.

    At its default size it is the net of B. L. Sturm et al., "Music transcription modelling and composition
    using deep learning" (2016), weight for weight: three layers of 512 units over 137 tokens. Pieces are
    texts of these tokens, as `woodshed.symbolic.folk.from_abc.abc_to_folk` writes them. Small steps of little more
    than a tune each are what gets it off the plateau on which it knows single tokens only
    (``benchmarks/quality/tune_tokens.md``). All settings: `Composer`.

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

    task: ClassVar[str] = "tune"
    request_class: ClassVar[type[Request]] = TuneRequest
    tokenizer: ClassVar[FolkAbc] = FolkAbc()

    batch_size: int = 8
    n_steps: int = 256

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

    def read(self, source: str) -> SymbolicCorpus:
        """Read tunes: see `woodshed.tasks.tune.corpus.read_tunes_corpus`."""
        return read_tunes_corpus(source)

    def piece_of(self, text: str) -> TunePiece:
        """Return a tune that was learned from as a piece."""
        return TunePiece(text)
