"""Composer of token sequences: a recurrent net that predicts the next token."""

from __future__ import annotations

import functools
import math
from abc import abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from woodshed.composition.composer import Composer, Trained
from woodshed.composition.sampling import NOTHING, Packing, Sampler, TokenConstraint, TokenStream, log_softmax
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

    cells: ClassVar[Mapping[str, str]] = SEQUENCE_CELLS
    nets: ClassVar[Collection[str]] = tuple(SEQUENCE_CELLS)
    derived_names: ClassVar[tuple[str, ...]] = (
        *Composer.derived_names,
        "_exact_step",
        "_fast_step",
        "_offsets",
    )

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

    @property
    def columns(self) -> Mapping[str, int]:
        """Name of each feature that the net is given beside the last token -> number of its values."""
        return {}

    @abstractmethod
    def decode(self, ids: NDArray[np.integer]) -> str:
        """Turn ids into a text."""

    def to_text(self, row: NDArray[np.int32]) -> str:
        """Turn an encoded piece back into its text."""
        return self.decode(row)

    def training_row(self, piece: Any) -> Packing:
        """Return the inputs of the net at each step of a piece, and the id that follows or `NOTHING`.

        The inputs have the shape ``(n_steps,)``: ids; or ``(n_steps, 1 + n_features)``: the id, and the value
        of each of `columns` for the token that follows.
        """
        ids = self.encode(piece)
        return ids[:-1], ids[1:]

    def varied_row(self, row: Packing, rng: np.random.Generator) -> Packing:
        """Return a training row as it is given to the net in one epoch."""
        return row

    def train_net(
        self,
        train: Sequence[Packing],
        validation: Sequence[Packing],
        *,
        checkpoint: Path | None,
        on_epoch: OnEpoch,
    ) -> Trained:
        """Train a recurrent net on pieces."""
        with suppress_stderr():
            from woodshed.composition.sequence.fitting import fit_sequences
        return fit_sequences(
            self,
            self.cells[self.net],
            tuple(self.columns.values()),
            train,
            validation,
            vary=self.varied_row,
            checkpoint=checkpoint,
            on_epoch=on_epoch,
        )

    def bits_per_token(self, pieces: Sequence[Any]) -> float:
        """Return the cross-entropy of pieces in bits per token; lower is better.

        Every piece is read from its beginning; the token that begins it does not count. For a net with
        `columns` it is the likelihood given these features; tokens that they determine cost 0 bits.
        """
        rows = sorted((self.training_row(piece) for piece in pieces), key=lambda row: len(row[1]))
        total = sum(self._nats(rows[k : k + N_STREAMS]) for k in range(0, len(rows), N_STREAMS))
        return total / sum(len(targets) for _, targets in rows) / math.log(2)

    def _nats(self, rows: Sequence[Packing]) -> float:
        """Return the log loss of some pieces in nats, evaluated in parallel."""
        state, total = self._exact_step.start(len(rows)), 0.0
        for step in range(max(len(targets) for _, targets in rows)):
            inputs = np.array([inputs[min(step, len(inputs) - 1)] for inputs, _ in rows])
            logits, state = self._exact_step(self._table_rows(inputs), state)
            losses = -log_softmax(logits)
            for k, (_, targets) in enumerate(rows):
                if step < len(targets) and targets[step] != NOTHING:
                    total += float(losses[k, targets[step]])
        return total

    def _table_rows(self, inputs: NDArray[np.integer]) -> NDArray[np.integer]:
        """Return ids as they are; with features, the rows of all values in one table."""
        return inputs + self._offsets if inputs.ndim > 1 else inputs

    @functools.cached_property
    def _offsets(self) -> NDArray[np.int64]:
        """First row of each feature in the table of vectors."""
        return np.cumsum([0, len(self.vocabulary), *self.columns.values()])[:-1]

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
            texts += self.run_streams(streams)
        return texts

    def features(self, stream: TokenStream) -> tuple[int, ...]:
        """Return the value of each of `columns` for the next token of a stream."""
        return ()

    def run_streams(self, streams: Sequence[TokenStream]) -> list[str]:
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
            inputs = np.array([(id_of[stream.words[-1]], *self.features(stream)) for stream in streams])
            inputs = self._table_rows(inputs) if self.columns else inputs[:, 0]
            logits, state = self._fast_step(inputs, state)
        return [self.decode(np.array([id_of[word] for word in stream.words])) for stream in streams]
