"""Composer of token sequences: a recurrent net that predicts the next token."""

from __future__ import annotations

import functools
import math
from abc import abstractmethod
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from woodshed.composition.composer import Composer, Trained
from woodshed.composition.sampling import Sampler, TokenConstraint, TokenStream, log_softmax
from woodshed.composition.sequence.step_net import RecurrentStep, State
from woodshed.errors import ParameterError
from woodshed.training.progress import OnEpoch
from woodshed.training.stderr import suppress_stderr

SEQUENCE_CELLS = {"lstm-lm": "lstm", "gru-lm": "gru"}
"""Net -> its recurrent cell."""

MAX_TOKENS = 1000
"""Length at which a sequence without an end is cut off."""

N_STREAMS = 32
"""Maximum number of sequences that are generated, or evaluated, in parallel."""


@dataclass(kw_only=True, eq=False)
class TokenComposer(Composer):
    """Base class of composers whose pieces are texts of tokens.

    A subclass defines the tokens, of which the first begins a piece and the second ends it, and how a text
    becomes ids. Further settings: `Composer`.

    Parameters
    ----------
    net
        Name of the architecture: lstm-lm or gru-lm.
    """

    nets: ClassVar[Collection[str]] = tuple(SEQUENCE_CELLS)
    derived_names: ClassVar[tuple[str, ...]] = (*Composer.derived_names, "_exact_step", "_fast_step")

    net: str = "lstm-lm"
    width: int = 512
    n_layers: int = 3
    dropout: float = 0.3
    epochs: int = 30
    patience: int = 4
    batch_size: int = 16
    learning_rate: float = 2e-3
    n_steps: int = 512
    validation_share: float = 0.05

    @abstractmethod
    def decode(self, ids: NDArray[np.integer]) -> str:
        """Turn ids into a text."""

    def to_text(self, row: NDArray[np.int32]) -> str:
        """Turn an encoded piece back into its text."""
        return self.decode(row)

    def train_net(
        self,
        train: Sequence[NDArray[np.int32]],
        validation: Sequence[NDArray[np.int32]],
        *,
        checkpoint: Path | None,
        on_epoch: OnEpoch,
    ) -> Trained:
        """Train a recurrent net on encoded pieces."""
        with suppress_stderr():
            from woodshed.composition.sequence.fitting import fit_sequences
        return fit_sequences(
            self, SEQUENCE_CELLS[self.net], train, validation, checkpoint=checkpoint, on_epoch=on_epoch
        )

    def bits_per_token(self, pieces: Sequence[str]) -> float:
        """Return the cross-entropy of pieces in bits per token; lower is better.

        Every piece is read from its beginning; the token that begins it does not count.
        """
        rows = sorted((self.encode(piece) for piece in pieces), key=len)
        total = sum(self._nats(rows[k : k + N_STREAMS]) for k in range(0, len(rows), N_STREAMS))
        return total / sum(len(row) - 1 for row in rows) / math.log(2)

    def _nats(self, rows: Sequence[NDArray[np.int32]]) -> float:
        """Return the log loss of some pieces in nats, evaluated in parallel."""
        state, total = self._exact_step.start(len(rows)), 0.0
        for step in range(max(map(len, rows)) - 1):
            ids = np.array([row[min(step, len(row) - 1)] for row in rows])
            logits, state = self._exact_step(ids, state)
            losses = -log_softmax(logits)
            for k, row in enumerate(rows):
                if step + 1 < len(row):
                    total += float(losses[k, row[step + 1]])
        return total

    @functools.cached_property
    def _exact_step(self) -> RecurrentStep:
        """The net in full precision, for evaluation."""
        return RecurrentStep(self.fitted("weights_"))

    @functools.cached_property
    def _fast_step(self) -> RecurrentStep:
        """The net with rounded weights, more than twice as fast, for sampling."""
        return RecurrentStep(self.fitted("weights_"), storage="int8")

    def sample_texts(
        self,
        n: int = 1,
        *,
        seed: int = 0,
        first: int = 0,
        sampler: Sampler | None = None,
        constraint: TokenConstraint | None = None,
        prime: Sequence[str] = (),
    ) -> list[str]:
        """Sample new texts.

        Parameters
        ----------
        n
            Number of texts.
        seed, first
            Text ``k``, counted from ``first``, depends on the seed, ``k`` and the arguments below alone.
        sampler
            How the next token is chosen; None samples from the distribution of the model.
        constraint
            Which tokens may follow; None leaves it to the model.
        prime
            The tokens with which every text begins, after the one that begins all.

        Raises
        ------
        ParameterError
            If n is below 1, or the constraint does not allow the prime.
        """
        if n < 1:
            raise ParameterError(f"sample_texts expects n of at least 1, got {n!r}.")
        texts: list[str] = []
        for start in range(first, first + n, N_STREAMS):
            streams = [
                TokenStream(
                    np.random.default_rng([seed, number]),
                    sampler or Sampler(),
                    constraint,
                    (self.vocabulary[0], *prime),
                )
                for number in range(start, min(first + n, start + N_STREAMS))
            ]
            texts += self._run(streams)
        return texts

    def _run(self, streams: Sequence[TokenStream]) -> list[str]:
        """Extend streams in parallel until all have ended."""
        vocabulary = self.vocabulary
        id_of = {word: number for number, word in enumerate(vocabulary)}
        state: State = self._fast_step.start(len(streams))
        logits = np.zeros((len(streams), len(vocabulary)), np.float32)
        while any(stream.is_open for stream in streams):
            for stream, row in zip(streams, logits, strict=True):
                if stream.is_open:
                    stream.extend(row.astype(np.float64), vocabulary)
                    stream.is_open = stream.words[-1] != vocabulary[1] and len(stream.words) < MAX_TOKENS
            ids = np.array([id_of[stream.words[-1]] for stream in streams])
            logits, state = self._fast_step(ids, state)
        return [self.decode(np.array([id_of[word] for word in stream.words])) for stream in streams]
