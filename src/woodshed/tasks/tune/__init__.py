"""Generation of folk tunes in ABC notation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from woodshed.composition.generator import Request
from woodshed.composition.sequence.composer import TokenComposer
from woodshed.data.symbolic_corpus import SymbolicCorpus
from woodshed.tasks.tune.corpus import read_tunes_corpus
from woodshed.tasks.tune.piece import TunePiece
from woodshed.tasks.tune.request import TuneRequest
from woodshed.tokens.folk.tokenizer import FolkAbc


@dataclass(kw_only=True, eq=False)
class TuneComposer(TokenComposer):
    """Composer of folk tunes, one token at a time.

    At its default size it is the net of B. L. Sturm et al., "Music transcription modelling and composition
    using deep learning" (2016), weight for weight: three layers of 512 units over 137 tokens. Pieces are
    texts of these tokens, as returned by `woodshed.symbolic.folk.from_abc.abc_to_folk`. Short rows and
    small batches get the training off the plateau of unigram statistics
    (``benchmarks/quality/tune_tokens.md``). All settings: `TokenComposer`, `Composer`.

    Examples
    --------
    >>> scale = "M:4/4 K:Cmaj C D E F G A B c | c B A G F E D C |"
    >>> composer = TuneComposer(width=32, n_layers=1, dropout=0, n_steps=32, batch_size=4)
    >>> composer = composer.set_params(epochs=60, learning_rate=0.02, batch_size=2)
    >>> composer = composer.fit([scale] * 8)
    >>> (tune,) = composer.sample(TuneRequest(temperature=0.01))
    >>> tune.text == scale
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

    def to_generation(self, text: str) -> TunePiece:
        """Return a training tune as a piece on the root C."""
        return TunePiece(text)

    def generations(self, request: TuneRequest, numbers: range, *, seed: int) -> Sequence[TunePiece]:
        """Generate the tunes of some numbers."""
        texts = self.sample_texts(
            len(numbers),
            seed=seed,
            first=numbers.start,
            sampler=request.sampler,
            constraint=request.constraint,
            prime=request.begins,
        )
        return [TunePiece(text, request.tonic) for text in texts]
