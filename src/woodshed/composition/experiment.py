"""A training of a composer: what is learned from, what is held out, and how well that is known afterwards."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from woodshed.data.symbolic_corpus import PARTS, SymbolicCorpus
from woodshed.errors import DataError
from woodshed.metrics.ngram import bits_per_token
from woodshed.training.model_folder import to_json
from woodshed.training.progress import Watcher
from woodshed.training.provenance import provenance
from woodshed.training.run_state import RunState

if TYPE_CHECKING:
    from woodshed.composition.composer import Composer

TEST_SHARE = 0.1
"""Share of the pieces that is tested on, where there is no official split."""

ORDERS = range(1, 8)
"""Lengths of the n-grams of the baseline."""

_STATE = "composer"


@dataclass(frozen=True)
class Bits:
    """How many bits a token of the test part takes.

    Parameters
    ----------
    method
        ``the model``, or the n-gram of an order.
    bits
        The fewer, the better; NaN if nothing could be held out.
    """

    method: str
    bits: float


@dataclass(frozen=True)
class ComposerResult:
    """What a training came to.

    Parameters
    ----------
    repertoire
        What there was.
    sizes
        Pieces of each part.
    bits
        Of the model, and of the n-grams that learned from the same pieces; empty if nothing was tested.
    finished
        Whether it was not interrupted.
    provenance
        What made it, as text by name.
    """

    corpus: SymbolicCorpus
    sizes: dict[str, int]
    bits: tuple[Bits, ...]
    finished: bool
    provenance: dict[str, str]

    def to_values(self) -> dict[str, Any]:
        """Return what ``metrics.json`` holds."""
        return {
            "corpus": self.corpus.name,
            "pieces": self.sizes,
            "skipped": [{"file": str(e.path), "reason": e.reason} for e in self.corpus.skipped],
            "bits": [{"method": one.method, "bits": one.bits} for one in self.bits],
            "finished": self.finished,
            "provenance": self.provenance,
        }


@dataclass
class ComposerRun:
    """Learns from one part of a repertoire, chooses the weights by another, and tests on the third.

    Parameters
    ----------
    composer
        Not fitted yet.
    repertoire
        Of the composer's job.
    notebook
        Where the training is written down.
    resume
        Whether to go on with one that is written down.
    watcher
        Who is told how it goes.
    """

    composer: Composer
    corpus: SymbolicCorpus
    run_state: RunState = field(default_factory=RunState)
    resume: bool = False
    watcher: Watcher = field(default_factory=Watcher)

    def __post_init__(self) -> None:
        self.composer.check_settings()
        self.parts = self.corpus.divide(
            test=TEST_SHARE, validation=self.composer.validation_share, seed=self.composer.seed
        )

    @property
    def sizes(self) -> dict[str, int]:
        """Pieces of each part."""
        return {part: len(self.parts[part]) for part in PARTS}

    @property
    def n_tokens(self) -> int:
        """Tokens, or cells, that are learned from in a pass."""
        return sum(self.composer.encode(piece).size for piece in self.pieces_of("train"))

    def pieces_of(self, part: str) -> list[Any]:
        """Return the pieces of a part."""
        return [self.corpus.pieces[k] for k in self.parts[part]]

    def measure(self) -> ComposerResult:
        """Train the composer and test it.

        Raises
        ------
        KeyboardInterrupt
            If it comes before the first pass has ended: there is nothing to keep.
        OutputError
            If the training to go on with is another one.
        DataError
            If there is nothing to learn from.
        """
        started = time.monotonic()
        if not self.parts["train"]:
            raise DataError(f"{self.corpus.name}: all pieces are held out. Give more families.")
        self.run_state.open(self._fingerprint(), resume=self.resume)
        finished = True
        self.watcher.begin("learning", self.composer.epochs)
        try:
            self.composer.fit(
                self.pieces_of("train"),
                titles=[self.corpus.titles[k] for k in self.parts["train"]],
                held_out=self.pieces_of("validation"),
                checkpoint=self.run_state.checkpoint(_STATE),
                on_epoch=self.watcher.epoch,
            )
        except KeyboardInterrupt:
            if not hasattr(self.composer, "weights_"):
                raise
            finished = False
        self.watcher.end(None)
        return ComposerResult(
            self.corpus,
            self.sizes,
            self._test(),
            finished,
            provenance(self.composer.seed, time.monotonic() - started),
        )

    def _test(self) -> tuple[Bits, ...]:
        """Measure the model on the test part, and beside it plain ones."""
        test = self.pieces_of("test")
        if not test:
            return ()
        own = self.composer.plain_bits(self.pieces_of("train"), test)
        plain = tuple(Bits(name, bits) for name, bits in own.items()) or self._ngrams(test)
        return (Bits("the model", self.composer.bits_per_token(test)), *plain)

    def _ngrams(self, test: list[Any]) -> tuple[Bits, ...]:
        """Measure n-grams: that of order 2, and the best."""
        n_tokens = len(self.composer.vocabulary)
        train_rows, test_rows = (
            [reading_order(self.composer.encode(piece)) for piece in pieces]
            for pieces in (self.pieces_of("train"), test)
        )
        ngrams = {
            order: bits_per_token(train_rows, test_rows, order=order, n_tokens=n_tokens)
            for order in ORDERS
            if n_tokens**order <= np.iinfo(np.int64).max
        }
        best = min(ngrams, key=lambda order: ngrams[order])
        plain = {2, best}
        return tuple(Bits(f"n-gram of order {n}", ngrams[n]) for n in sorted(plain, key=lambda n: ngrams[n]))

    def _fingerprint(self) -> str:
        """Spell what decides the result: settings, pieces and parts."""
        rows = [self.composer.encode(piece).tolist() for piece in self.corpus.pieces]
        decides = [type(self.composer).task, self.composer.get_params(), rows, self.parts]
        return hashlib.sha256(to_json(decides).encode()).hexdigest()


def reading_order(ids: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return ids as one row that begins with a token which is given.

    Cells of a grid come step after step, the voices of a step from the top; a rest is put before them.

    Examples
    --------
    >>> reading_order(np.array([[5, 3], [6, 3]])).tolist(), reading_order(np.array([0, 5, 1])).tolist()
    ([0, 5, 3, 6, 3], [0, 5, 1])
    """
    return ids if ids.ndim == 1 else np.concatenate([[0], ids.ravel()]).astype(ids.dtype)
