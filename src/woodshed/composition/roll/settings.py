"""Settings of composers of piano rolls, and the encoding of pieces that they define."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from woodshed.composition.composer import Composer
from woodshed.errors import ParameterError, ScoreError
from woodshed.score import Score
from woodshed.tokens.roll import PianoRoll

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
    "rnn": ("rnn", "independent"),
    "gru": ("gru", "independent"),
    "lstm": ("lstm", "independent"),
    "tcn": ("tcn", "independent"),
    "transformer": ("transformer", "independent"),
}
"""Net -> the encoder of the previous frames, and the distribution of the notes of a frame."""


@dataclass(kw_only=True, eq=False)
class RollSettings(Composer):
    """Settings of a composer of piano rolls. Further settings: `Composer`.

    A piece is a `Score`; or frames of 0 and 1, shape ``(n_frames, n_notes)``; or a sequence of frames, each a
    sequence of MIDI pitches.

    Parameters
    ----------
    net
        Name of the architecture. Without memory: rbm, nade. With memory, and a joint distribution of the
        notes of a frame: rnn-rbm, gru-rbm, rnn-nade, lstm-nade, tcn-nade, transformer-nade. With memory,
        and independent notes: rnn, gru, lstm, tcn, transformer.
    width
        Units of each recurrent, convolutional or attention layer.
    n_layers
        Number of layers.
    n_hidden
        Hidden units of the joint distribution of a frame.
    n_gibbs
        Gibbs steps in a training step of an RBM.
    weight_decay
        Weight decay of AdamW.
    n_steps
        Length of the training rows, and maximum number of previous frames that a frame is predicted from.
    max_shift
        Maximum transposition during training, in semitones up or down.
    steps_per_beat
        Frames in a quarter note.
    low
        Lowest MIDI pitch of the roll.
    high
        Highest MIDI pitch of the roll.
    """

    nets: ClassVar[Collection[str]] = tuple(FRAME_NETS)
    least: ClassVar[Mapping[str, float]] = {
        "n_hidden": 1,
        "n_gibbs": 1,
        "n_steps": 16,
        "max_shift": 0,
        "weight_decay": 0,
    }

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

    def check_settings(self) -> None:
        """Refuse settings that are out of range."""
        super().check_settings()
        PianoRoll(steps_per_beat=self.steps_per_beat, low=self.low, high=self.high)
        if self.parts[0] == "transformer" and self.width % 4:
            raise ParameterError(f"The width of a transformer must be a multiple of 4, got {self.width!r}.")

    @property
    def parts(self) -> tuple[str, str]:
        """The encoder of the previous frames, and the distribution of the notes of a frame."""
        return FRAME_NETS[self.net]

    @property
    def tokenizer(self) -> PianoRoll:
        """The conversion of scores into frames."""
        return PianoRoll(steps_per_beat=self.steps_per_beat, low=self.low, high=self.high)

    @property
    def n_notes(self) -> int:
        """Notes of a frame."""
        return self.high - self.low + 1

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """The MIDI pitches of a frame."""
        return self.tokenizer.vocabulary

    def encode(self, piece: Score | ArrayLike | Sequence[Sequence[int]]) -> Frames:
        """Turn a piece into frames of 0 and 1, shape ``(n_frames, n_notes)``.

        Raises
        ------
        ParameterError, ScoreError
            If it has no frames, a wrong shape, or a pitch out of range.
        """
        if isinstance(piece, Score):
            return self.tokenizer.encode(piece).astype(np.int8)
        if isinstance(piece, np.ndarray):
            if piece.ndim != 2 or piece.shape[1] != self.n_notes or not len(piece):
                raise ParameterError(
                    f"Frames must have shape (n_frames, {self.n_notes}), got {piece.shape}. Set low and high."
                )
            return np.asarray(piece != 0, np.int8)
        steps: list[Sequence[int]] = list(piece)  # type: ignore[arg-type]
        frames = np.zeros((len(steps), self.n_notes), np.int8)
        for at, pitches in enumerate(steps):
            columns = np.asarray(pitches, dtype=int) - self.low
            if ((columns < 0) | (columns >= self.n_notes)).any():
                raise ScoreError(
                    f"Frame {at} has the pitches {list(pitches)}; the roll ranges from {self.low} to "
                    f"{self.high}. Transpose the piece, or set low and high."
                )
            frames[at, columns] = 1
        if not len(frames):
            raise ParameterError("A piece must have at least one frame, got none.")
        return frames

    def decode(self, ids: NDArray[np.integer]) -> Score:
        """Turn frames into a score.

        Raises
        ------
        ScoreError
            If it has no notes.
        """
        return self.tokenizer.decode(ids)

    def to_text(self, row: Frames) -> str:
        """Write the MIDI pitches of each frame as JSON."""
        return json.dumps(
            [(np.flatnonzero(frame) + self.low).tolist() for frame in row], separators=(",", ":")
        )
