"""Composer of frames: learns which notes sound together, and what follows; tells how likely music is."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from woodshed.composition.composer import Composer
from woodshed.composition.roll.sampler import FrameWriter
from woodshed.composition.sampling import check_sampling
from woodshed.data.symbolic_corpus import SymbolicCorpus
from woodshed.errors import DataError, ParameterError, ScoreError, near_miss
from woodshed.metrics.note_chance import note_nats
from woodshed.score import Score
from woodshed.tasks.roll.corpus import read_roll_corpus
from woodshed.tasks.roll.piece import RollPiece, frames_to_text
from woodshed.tokens.roll import PianoRoll
from woodshed.training.progress import OnEpoch, ignore_epoch
from woodshed.training.stderr import suppress_stderr

Frames = NDArray[np.int8]

FRAME_NETS: dict[str, tuple[str, str]] = {
    "rbm": ("none", "rbm"),
    "rnn-rbm": ("rnn", "rbm"),
    "gru-rbm": ("gru", "rbm"),
    "nade": ("none", "nade"),
    "rnn-nade": ("gru", "nade"),
    "lstm-nade": ("lstm", "nade"),
    "tcn-nade": ("tcn", "nade"),
    "transformer-nade": ("transformer", "nade"),
    "rnn": ("rnn", "apart"),
    "gru": ("gru", "apart"),
    "lstm": ("lstm", "apart"),
    "tcn": ("tcn", "apart"),
    "transformer": ("transformer", "apart"),
}
"""Net -> what reads the frames before, and how the notes of a frame are asked."""

LEAST = {"n_hidden": 1, "n_gibbs": 1, "n_steps": 16, "max_shift": 0, "weight_decay": 0}
"""Setting -> its lowest value."""

MOST_TRIES = 20
"""A piece in which nothing sounds is written anew so often at most."""


@dataclass(kw_only=True, eq=False)
class FrameComposer(Composer):
    """Learn frames of a piano roll, write new ones, and tell how likely others are.

    It is not used itself, but as a job: `woodshed.tasks.roll.RollComposer`. A piece is a `Score`; or frames
    of 0 and 1, shape ``(n_frames, n_notes)``; or a sequence of frames, each a sequence of MIDI pitches.
    Settings not told here are those of `Composer`.

    Parameters
    ----------
    net
        What learns. Without memory: rbm, nade. With memory, and the notes of a frame known together: rnn-rbm,
        gru-rbm, rnn-nade, lstm-nade, tcn-nade, transformer-nade. With memory, and each note by itself: rnn,
        gru, lstm, tcn, transformer.
    width
        Values that remember the frames before.
    n_layers
        Layers of them.
    n_hidden
        Hidden units that tie the notes of a frame together.
    n_gibbs
        Steps of Gibbs sampling in a learning step of an RBM.
    weight_decay
        How strongly weights are pulled to nothing.
    n_steps
        Length of the rows that it learns from; a frame is told from so many before it at most.
    max_shift
        Semitones by which pieces are transposed while learning, up or down at most.
    steps_per_beat
        Frames in a quarter note.
    low
        Lowest MIDI pitch of the roll.
    high
        Highest MIDI pitch of the roll.
    """

    net: str = "rnn-nade"
    width: int = 128
    n_layers: int = 1
    dropout: float = 0.3
    epochs: int = 60
    patience: int = 10
    batch_size: int = 8
    learning_rate: float = 3e-3
    n_steps: int = 128
    validation_share: float = 0.1
    n_hidden: int = 64
    n_gibbs: int = 15
    weight_decay: float = 0.01
    max_shift: int = 5
    steps_per_beat: int = 4
    low: int = 21
    high: int = 108

    answer: ClassVar[str] = "pieces"
    derived_names: ClassVar[tuple[str, ...]] = ("_frame_net", "_frame_writer")

    # -- pieces -----------------------------------------------------------------------------------

    @property
    def parts(self) -> tuple[str, str]:
        """What reads the frames before, and how the notes of a frame are asked."""
        if self.net not in FRAME_NETS:
            raise ParameterError(
                f"There is no net called {self.net!r} for frames. {near_miss(self.net, FRAME_NETS)}"
            )
        return FRAME_NETS[self.net]

    @property
    def tokenizer(self) -> PianoRoll:
        """What turns scores into frames."""
        return PianoRoll(steps_per_beat=self.steps_per_beat, low=self.low, high=self.high)

    @property
    def n_notes(self) -> int:
        """Notes of a frame."""
        return self.high - self.low + 1

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """The MIDI pitches of a frame."""
        return self.tokenizer.vocabulary

    def read(self, source: str) -> SymbolicCorpus:
        """Read rolls: see `woodshed.tasks.roll.corpus.read_roll_corpus`."""
        return read_roll_corpus(source, self.tokenizer)

    def encode(self, piece: Score | ArrayLike | Sequence[Sequence[int]]) -> Frames:  # type: ignore[override]
        """Turn a piece into frames of 0 and 1, shape ``(n_frames, n_notes)``.

        Raises
        ------
        ParameterError, ScoreError
            If it has no frames, their shape is another, or a pitch is out of range.
        """
        if isinstance(piece, Score):
            return self.tokenizer.encode(piece).astype(np.int8)
        if isinstance(piece, np.ndarray):
            if piece.ndim != 2 or piece.shape[1] != self.n_notes or not len(piece):
                raise ParameterError(
                    f"Frames have the shape (n_frames, {self.n_notes}), got {piece.shape}. Set low and high."
                )
            return np.asarray(piece != 0, np.int8)
        steps: list[Sequence[int]] = list(piece)  # type: ignore[arg-type]
        frames = np.zeros((len(steps), self.n_notes), np.int8)
        for at, pitches in enumerate(steps):
            columns = np.asarray(pitches, dtype=int) - self.low
            if ((columns < 0) | (columns >= self.n_notes)).any():
                raise ScoreError(
                    f"Frame {at} has the pitches {list(pitches)}; the roll goes from {self.low} to "
                    f"{self.high}. Transpose the piece, or set low and high."
                )
            frames[at, columns] = 1
        if not len(frames):
            raise ParameterError("A piece needs a frame at least, got none.")
        return frames

    def decode(self, ids: NDArray[np.integer]) -> Score:  # type: ignore[override]
        """Turn frames into a score.

        Raises
        ------
        ScoreError
            If nothing sounds.
        """
        return self.tokenizer.decode(ids)

    def piece_of(self, text: str) -> RollPiece:
        """Return a piece that was learned from, as `known_` keeps it."""
        return RollPiece(text, self.steps_per_beat)

    # -- learning ---------------------------------------------------------------------------------

    def check_settings(self) -> None:
        """Refuse values that cannot work."""
        reader, _ = self.parts
        numbers = {setting.name: getattr(self, setting.name) for setting in fields(Composer)}
        Composer(**{**numbers, "net": "lstm-lm"}).check_settings()
        PianoRoll(steps_per_beat=self.steps_per_beat, low=self.low, high=self.high)
        for name, least in LEAST.items():
            if getattr(self, name) < least:
                raise ParameterError(f"{name} must be {least} or more, got {getattr(self, name)!r}.")
        if reader == "transformer" and self.width % 4:
            raise ParameterError(f"The width of a transformer is a multiple of 4, got {self.width!r}.")

    def fit(
        self,
        pieces: Sequence[Any],
        groups: Sequence[str] | None = None,
        *,
        titles: Sequence[str] | None = None,
        held_out: Sequence[Any] | None = None,
        checkpoint: Path | None = None,
        on_epoch: OnEpoch = ignore_epoch,
    ) -> Self:
        """Learn from pieces; arguments and errors as those of `Composer.fit`.

        What is told after each pass is the training loss in nats a frame (of an RBM: how much lower the free
        energy of the data is than that of its dreams), and the geometric mean of the chances of held-out
        frames.
        """
        self.check_settings()
        if not len(pieces):
            raise DataError("There is nothing to learn from: no pieces were given.")
        rows = [self.encode(piece) for piece in pieces]
        with suppress_stderr():
            from woodshed.composition.roll.fitting import learn_frames
        judges = None if held_out is None else [self.encode(piece) for piece in held_out]
        weights, curve, finished = learn_frames(
            self, rows, groups, judges, checkpoint=checkpoint, on_epoch=on_epoch
        )
        names = [f"piece {k + 1}" for k in range(len(pieces))] if titles is None else titles
        texts = [frames_to_text(row, self.low) for row in rows]
        self.set_learned(weights, curve, list(zip(names, texts, strict=True)))
        if not finished:
            raise KeyboardInterrupt
        return self

    def nats_per_frame(self, pieces: Sequence[Any], *, n_chains: int = 20, n_anneal: int = 100) -> float:
        """Return how many nats a frame of these pieces takes: the mean of `frame_nats` over all frames."""
        return float(np.mean(np.concatenate(self.frame_nats(pieces, n_chains=n_chains, n_anneal=n_anneal))))

    def frame_nats(
        self, pieces: Sequence[Any], *, n_chains: int = 20, n_anneal: int = 100
    ) -> list[NDArray[np.float64]]:
        """Return the nats of every frame, each piece read from its beginning; before it there is silence.

        They are exact, except those of machines (RBM): these are estimated by reverse annealing, which finds
        frames rather too unlikely than too likely; see `woodshed.nets.annealing.annealed_nats`.

        Parameters
        ----------
        pieces
            What to judge. Of a piece longer than ``n_steps`` a frame is told from half as many frames before
            it at least.
        n_chains, n_anneal
            Chains and steps of the annealing: the more, the surer.
        """
        from woodshed.composition.roll.fitting import ask_frames

        rows, known = zip(*(_windows(self.encode(piece), self.n_steps) for piece in pieces), strict=True)
        nats = ask_frames(
            self._frame_net,
            np.concatenate(rows),
            np.concatenate(known),
            self.batch_size,
            n_chains=n_chains,
            n_steps=n_anneal,
        )
        ends = np.cumsum([int(one.sum()) for one in known])
        return np.split(nats, ends[:-1])

    def bits_per_token(self, pieces: Sequence[Any]) -> float:
        """Return how many bits a frame of these pieces takes."""
        return self.nats_per_frame(pieces) / math.log(2)

    def plain_bits(self, train: Sequence[Any], test: Sequence[Any]) -> dict[str, float]:
        """Return the bits a frame where notes are counted, by themselves and given themselves before."""
        rows, asked = ([self.encode(piece) for piece in pieces] for pieces in (train, test))
        names = {"each note given itself before": 1, "each note by itself": 0}
        return {
            name: float(np.concatenate(note_nats(rows, asked, order=order)).mean()) / math.log(2)
            for name, order in names.items()
        }

    # -- writing ----------------------------------------------------------------------------------

    @functools.cached_property
    def _frame_net(self) -> Any:
        """The net with its weights."""
        weights = self.fitted("weights_")
        with suppress_stderr():
            from woodshed.composition.roll.fitting import make_frame_net
        net = make_frame_net(self)
        net.set_weights([weights[name] for name in sorted(weights)])
        return net

    @functools.cached_property
    def _frame_writer(self) -> FrameWriter:
        return FrameWriter(self._frame_net, self.n_notes, self.n_steps)

    def sample(  # type: ignore[override]
        self,
        n: int = 1,
        *,
        seed: int = 0,
        first: int = 0,
        temperature: float = 1.0,
        n_frames: int = 64,
        on_piece: Callable[[int], None] = lambda n_done: None,
    ) -> list[Score]:
        """Write new pieces.

        Parameters
        ----------
        n
            How many.
        seed, first
            Piece number ``k``, counted from ``first``, depends on the seed, ``k`` and the other arguments.
        temperature
            Above 1 bolder than what was learned, below 1 more cautious.
        n_frames
            Length of each.
        on_piece
            Called with how many are done.

        Raises
        ------
        ParameterError
            If an argument is out of its range, or only silence is written.
        """
        check_sampling(temperature, None, None)
        if n < 1 or n_frames < 1:
            raise ParameterError(f"sample expects n and n_frames of at least 1, got {n!r} and {n_frames!r}.")
        scores = []
        for number in range(first, first + n):
            scores.append(self._write_one(seed, number, temperature, n_frames))
            on_piece(len(scores))
        return scores

    def _write_one(self, seed: int, number: int, temperature: float, n_frames: int) -> Score:
        """Write one piece in which something sounds."""
        for attempt in range(MOST_TRIES):
            rng = np.random.default_rng([seed, number, attempt])
            frames = self._frame_writer.write(n_frames, rng, temperature)
            if frames.any():
                return self.decode(frames)
        raise ParameterError(
            f"Piece {number} came out silent {MOST_TRIES} times. Raise the temperature or n_frames, or let "
            "the model learn for longer."
        )


def _windows(piece: Frames, n_steps: int) -> tuple[Frames, NDArray[np.bool_]]:
    """Cut a piece into windows that overlap by half, and say which frames each of them answers for.

    Examples
    --------
    >>> rows, known = _windows(np.ones((7, 1), np.int8), 4)
    >>> rows.shape, known.astype(int).tolist()
    ((3, 4, 1), [[1, 1, 1, 1], [0, 0, 1, 1], [0, 0, 1, 0]])
    """
    half = n_steps // 2
    starts = range(0, max(len(piece) - half, 1), half)
    rows = np.zeros((len(starts), n_steps, piece.shape[1]), np.int8)
    known = np.zeros((len(starts), n_steps), bool)
    for row, start in enumerate(starts):
        part = piece[start : start + n_steps]
        rows[row, : len(part)] = part
        known[row, (n_steps - half if start else 0) : len(part)] = True
    return rows, known
