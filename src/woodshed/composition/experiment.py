"""Training and test of a composer: split, fit, and bits per token of the test part."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from woodshed.composition.composer import Composer
from woodshed.data.symbolic_corpus import PARTS, SymbolicCorpus
from woodshed.errors import DataError
from woodshed.interruption import acknowledge_interruption
from woodshed.metrics.baseline import bits_per_token
from woodshed.training.model_folder import provenance, to_json
from woodshed.training.progress import Watcher
from woodshed.training.run_state import RunState

TEST_SHARE = 0.1
"""Share of the pieces in the test part, where there is no official split."""

ORDERS = range(1, 8)
"""Orders of the n-gram baselines."""

_STATE = "composer"


@dataclass(frozen=True)
class Bits:
    """Cross-entropy of the test part in bits per token.

    Parameters
    ----------
    method
        ``the model``, or a baseline.
    bits
        Lower is better.
    """

    method: str
    bits: float


@dataclass(frozen=True)
class ComposerResult:
    """Result of a training.

    Parameters
    ----------
    corpus
        All pieces.
    sizes
        Number of pieces of each part.
    bits
        Of the model and the baselines; empty if nothing was held out.
    finished
        Whether the training was completed, not interrupted.
    provenance
        Versions, date and duration, as text by name.
    """

    corpus: SymbolicCorpus
    sizes: dict[str, int]
    bits: tuple[Bits, ...]
    finished: bool
    provenance: dict[str, str]

    def to_values(self) -> dict[str, Any]:
        """Return the content of ``metrics.json``."""
        return {
            "corpus": self.corpus.name,
            "licence": self.corpus.licence,
            "citation": self.corpus.citation,
            "pieces": self.sizes,
            "skipped": [{"file": str(e.path), "reason": e.reason} for e in self.corpus.skipped],
            "bits": [{"method": one.method, "bits": one.bits} for one in self.bits],
            "finished": self.finished,
            "provenance": self.provenance,
        }


@dataclass
class ComposerRun:
    """Training on one part of a corpus, choice of the best epoch on another, and test on the third.

    Parameters
    ----------
    composer
        Not fitted yet.
    corpus
        Pieces of the composer's task.
    run_state
        Folder for the state of the training.
    resume
        Whether to resume an interrupted training.
    watcher
        Observer of the training.
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
        """Number of pieces of each part."""
        return {part: len(self.parts[part]) for part in PARTS}

    @property
    def n_tokens(self) -> int:
        """Number of tokens, or cells, in an epoch."""
        return sum(self.composer.encode(piece).size for piece in self.pieces_of("train"))

    def pieces_of(self, part: str) -> list[Any]:
        """Return the pieces of a part."""
        return [self.corpus.pieces[k] for k in self.parts[part]]

    def measure(self) -> ComposerResult:
        """Train the composer and test it.

        Raises
        ------
        KeyboardInterrupt
            If it comes before the end of the first epoch: there is no model to keep.
        OutputError
            If the training to resume has other settings or data.
        DataError
            If the training part is empty.
        """
        started = time.monotonic()
        if not self.parts["train"]:
            raise DataError(f"{self.corpus.name}: all pieces are held out. Add pieces of other families.")
        self.run_state.open(self._fingerprint(), resume=self.resume)
        finished = True
        self.watcher.begin("training", self.composer.epochs)
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
            acknowledge_interruption()
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
        """Evaluate the model and the baselines on the test part."""
        test = self.pieces_of("test")
        if not test:
            return ()
        bits = self.composer.baseline_bits(self.pieces_of("train"), test)
        baselines = tuple(Bits(*row) for row in bits.items()) or self._ngrams(test)
        return (Bits(self.composer.likelihood_name, self.composer.bits_per_token(test)), *baselines)

    def _ngrams(self, test: list[Any]) -> tuple[Bits, ...]:
        """Evaluate n-grams: that of order 2, and the best."""
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
        orders = sorted({2, best}, key=lambda order: ngrams[order])
        return tuple(Bits(f"n-gram of order {n}", ngrams[n]) for n in orders)

    def _fingerprint(self) -> str:
        """Return a digest of settings, pieces and parts, which determine the result."""
        rows = [self.composer.known_text(piece) for piece in self.corpus.pieces]
        values = [self.composer.task, self.composer.get_params(), rows, self.parts]
        return hashlib.sha256(to_json(values).encode()).hexdigest()


def reading_order(ids: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return ids as one row whose first token is not predicted.

    Cells of a grid are ordered by step, and in a step from the top voice; a rest is prepended.

    Examples
    --------
    >>> reading_order(np.array([[5, 3], [6, 3]])).tolist(), reading_order(np.array([0, 5, 1])).tolist()
    ([0, 5, 3, 6, 3], [0, 5, 1])
    """
    return ids if ids.ndim == 1 else np.concatenate([[0], ids.ravel()]).astype(ids.dtype)
