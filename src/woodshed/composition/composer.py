"""Composer: learns pieces as rows of tokens, and writes new ones."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from woodshed.composition.piece import Piece, Request
from woodshed.composition.sampling import Sampler, TokenConstraint, check_sampling, log_softmax, shape_logits
from woodshed.composition.sequence.step_net import RecurrentStep, State
from woodshed.data.symbolic_corpus import SymbolicCorpus
from woodshed.errors import DataError, ParameterError, check_seed, near_miss
from woodshed.training.estimator import Estimator
from woodshed.training.progress import LearningCurve, OnEpoch, ignore_epoch
from woodshed.training.stderr import suppress_stderr

Weights = dict[str, NDArray[np.floating]]

MAX_TOKENS = 1000
"""Length at which a piece is cut off that does not end."""

N_STREAMS = 32
"""So many pieces are written, or judged, side by side."""


@dataclass(kw_only=True, eq=False)
class Composer(Estimator):
    """Learn pieces token by token and write new ones; ``sample`` stands where others have ``predict``.

    It is not used itself, but as one of the jobs that write music: `woodshed.tasks.tune.TuneComposer`.

    Parameters
    ----------
    net
        What learns: lstm-lm or gru-lm.
    width
        Units of each layer.
    n_layers
        Layers on top of each other.
    dropout
        Share of the values dropped after each layer while learning, 0 to 1.
    epochs
        Passes over the pieces at most.
    patience
        Passes without a better validation loss after which learning stops.
    batch_size
        Rows of tokens in a training step.
    learning_rate
        Highest step size.
    n_steps
        Length of those rows; pieces are packed into them.
    validation_share
        Share of the groups (of the pieces, when there are no groups) kept out of learning to choose the
        best weights; 0 learns from everything and keeps the last.
    seed
        Source of every random draw, 0 or more.

    Attributes
    ----------
    weights_ : dict of numpy.ndarray
        What was learned, by name.
    known_ : tuple of (str, str)
        Title and text of each piece that it learned from, to tell what is a copy.
    curve_ : woodshed.training.progress.LearningCurve
        How the training went.

    Raises
    ------
    SettingNameError
        If a setting is misspelt; the message names the near miss.
    """

    task: ClassVar[str] = "tokens"
    fit_call: ClassVar[str] = "fit(pieces)"
    derived_names: ClassVar[tuple[str, ...]] = ("_reader", "_writer")
    answer: ClassVar[str] = "pieces"
    request_class: ClassVar[type[Request]] = Request
    """What can be asked of new pieces."""

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
    seed: int = 0

    # -- what a job says for itself ---------------------------------------------------------------

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """The tokens; the first begins a piece."""
        raise NotImplementedError

    def encode(self, piece: str) -> NDArray[np.int32]:
        """Turn a piece into ids."""
        raise NotImplementedError

    def decode(self, ids: NDArray[np.integer]) -> str:
        """Turn ids into a piece."""
        raise NotImplementedError

    def plain_bits(self, train: Sequence[Any], test: Sequence[Any]) -> dict[str, float]:
        """Return the bits a token of plain models of the job's own, by name; none where n-grams do."""
        return {}

    def read(self, source: str) -> SymbolicCorpus:
        """Read pieces to learn from: a known corpus by its name, or a folder of score files."""
        raise NotImplementedError

    def piece_of(self, text: str) -> Piece:
        """Return a piece that was learned from, as `known_` keeps it, to be played and compared."""
        raise NotImplementedError

    # -- learning ---------------------------------------------------------------------------------

    def check_settings(self) -> None:
        """Refuse values that cannot work, all in the same words."""
        if self.net not in SEQUENCE_CELLS:
            raise ParameterError(
                f"There is no net called {self.net!r}. {near_miss(self.net, SEQUENCE_CELLS)}"
            )
        for name in ("width", "n_layers", "epochs", "patience", "batch_size", "learning_rate", "n_steps"):
            if not getattr(self, name) > 0:
                raise ParameterError(f"{name} must be positive, got {getattr(self, name)!r}.")
        for name, high in (("dropout", 0.95), ("validation_share", 0.5)):
            if not 0 <= getattr(self, name) <= high:
                raise ParameterError(f"{name} must be from 0 to {high}, got {getattr(self, name)!r}.")
        check_seed(self.seed)

    def fit(
        self,
        pieces: Sequence[str],
        groups: Sequence[str] | None = None,
        *,
        titles: Sequence[str] | None = None,
        held_out: Sequence[Any] | None = None,
        checkpoint: Path | None = None,
        on_epoch: OnEpoch = ignore_epoch,
    ) -> Self:
        """Learn from pieces.

        Parameters
        ----------
        pieces
            What to learn from.
        groups
            The family of each: versions of one tune are all learned from or all held out.
        titles
            What to call each, where a copy of it is found.
        held_out
            Pieces by which the best weights are chosen; None holds out ``validation_share`` of the others.
        checkpoint
            File in which the state of the training is kept; if it is there, learning goes on from it.
        on_epoch
            Called after each pass with its number, the training loss in nats a token, and the share of
            held-out tokens that were guessed, or None.

        Raises
        ------
        DataError
            If there are no pieces.
        ParameterError
            If a setting cannot work, or a piece has a token that is unknown.
        """
        self.check_settings()
        if not len(pieces):
            raise DataError("There is nothing to learn from: no pieces were given.")
        rows = [self.encode(piece) for piece in pieces]
        with suppress_stderr():
            from woodshed.composition.sequence.fitting import learn_pieces
        judges = None if held_out is None else [self.encode(piece) for piece in held_out]
        weights, curve, finished = learn_pieces(
            self, rows, groups, judges, checkpoint=checkpoint, on_epoch=on_epoch
        )
        names = [f"piece {k + 1}" for k in range(len(pieces))] if titles is None else titles
        self.set_learned(weights, curve, list(zip(names, pieces, strict=True)))
        if not finished:
            raise KeyboardInterrupt
        return self

    def bits_per_token(self, pieces: Sequence[str]) -> float:
        """Return how many bits a token of these pieces takes; the fewer, the better they are known.

        Every piece is read from its beginning; the token that begins it is given.
        """
        rows = sorted((self.encode(piece) for piece in pieces), key=len)
        total = 0.0
        for k in range(0, len(rows), N_STREAMS):
            total += self._nats(rows[k : k + N_STREAMS])
        return total / sum(len(row) - 1 for row in rows) / math.log(2)

    def score(self, pieces: Sequence[str]) -> float:
        """Return minus the bits a token: higher is better, as scikit-learn likes it."""
        return -self.bits_per_token(pieces)

    def _nats(self, rows: Sequence[NDArray[np.int32]]) -> float:
        """Return the log loss of some pieces, read side by side, in nats."""
        state, total = self._reader.start(len(rows)), 0.0
        for step in range(max(map(len, rows)) - 1):
            now = np.array([row[min(step, len(row) - 1)] for row in rows])
            logits, state = self._reader(now, state)
            losses = -log_softmax(logits)
            for k, row in enumerate(rows):
                if step + 1 < len(row):
                    total += float(losses[k, row[step + 1]])
        return total

    # -- writing ----------------------------------------------------------------------------------

    @functools.cached_property
    def _reader(self) -> RecurrentStep:
        """Judges pieces, exactly."""
        return self._stepper("float32")

    @functools.cached_property
    def _writer(self) -> RecurrentStep:
        """Writes pieces, with rounded weights: more than twice as quick."""
        return self._stepper("int8")

    def _stepper(self, storage: str) -> RecurrentStep:
        weights = {name: np.asarray(values, np.float32) for name, values in self.fitted("weights_").items()}
        return RecurrentStep(weights, storage=storage)

    def sample(  # noqa: PLR0913  all that a user may wish for is said here
        self,
        n: int = 1,
        *,
        seed: int = 0,
        first: int = 0,
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float | None = None,
        prime: Sequence[str] = (),
        rule: TokenConstraint | None = None,
        on_piece: Callable[[int], None] = lambda n_done: None,
    ) -> list[str]:
        """Write new pieces.

        Parameters
        ----------
        n
            How many.
        seed, first
            Piece number ``k``, counted from ``first``, depends on the seed, ``k`` and the arguments below.
        temperature
            Above 1 bolder than what was learned, below 1 more cautious; near 0 always the most probable.
        top_k, top_p
            Choose among that many of the most probable tokens; among the most probable that together have
            that probability (A. Holtzman et al., "The curious case of neural text degeneration", 2020).
        prime
            The tokens with which every piece begins, after the one that begins all.
        rule
            What may follow in a piece; see `woodshed.composition.sampling.TokenConstraint`. None leaves it to the net.
        on_piece
            Called with how many pieces are done.

        Returns
        -------
        list of str
            The pieces, in the order of their numbers.

        Raises
        ------
        ParameterError
            If an argument is out of its range, or the prime is not possible under the rule.
        """
        check_sampling(temperature, top_k, top_p)
        if n < 1:
            raise ParameterError(f"sample expects n of at least 1, got {n!r}.")
        choose = functools.partial(shape_logits, temperature=temperature, top_k=top_k, top_p=top_p)
        pieces: list[str] = []
        for start in range(0, n, N_STREAMS):
            numbers = range(first + start, first + min(n, start + N_STREAMS))
            pieces += self._write(numbers, seed, tuple(prime), rule, choose)
            on_piece(len(pieces))
        return pieces

    def _write(
        self,
        numbers: range,
        seed: int,
        prime: tuple[str, ...],
        rule: TokenConstraint | None,
        choose: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    ) -> list[str]:
        """Write the pieces of some numbers side by side."""
        vocabulary = self.vocabulary
        known = {word: number for number, word in enumerate(vocabulary)}
        pens = [
            Sampler(np.random.default_rng([seed, number]), rule, (vocabulary[0], *prime))
            for number in numbers
        ]
        state: State = self._writer.start(len(pens))
        logits = np.zeros((len(pens), len(vocabulary)), np.float32)
        while any(pen.is_writing for pen in pens):
            for pen, row in zip(pens, logits, strict=True):
                if pen.is_writing:
                    pen.write(row.astype(np.float64), vocabulary, choose)
                    pen.is_writing = pen.words[-1] != vocabulary[1] and len(pen.words) < MAX_TOKENS
            ids = np.array([known[pen.words[-1]] for pen in pens])
            logits, state = self._writer(ids, state)
        return [self.decode(np.array([known[word] for word in pen.words])) for pen in pens]

    # -- manners ----------------------------------------------------------------------------------

    def set_learned(self, weights: Weights, curve: LearningCurve, known: Sequence[tuple[str, str]]) -> None:
        """Take over what was learned, or loaded."""
        self.weights_, self.curve_, self.known_ = weights, curve, tuple(known)
        self.drop_derived()


SEQUENCE_CELLS = {"lstm-lm": "lstm", "gru-lm": "gru"}
"""Net of a composer -> its cell."""
