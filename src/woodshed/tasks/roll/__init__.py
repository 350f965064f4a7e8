"""Generation of piano rolls: any music in frames, with the nets of the literature and their likelihoods."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from woodshed.composition.generation import BAR_BEATS
from woodshed.composition.generator import GridRequest, Request
from woodshed.composition.roll.composer import FrameComposer
from woodshed.data.symbolic_corpus import SymbolicCorpus
from woodshed.tasks.roll.corpus import read_roll_corpus
from woodshed.tasks.roll.piece import RollPiece


@dataclass(frozen=True, kw_only=True)
class RollRequest(GridRequest):
    """What a user asks of new rolls.

    Examples
    --------
    >>> RollRequest(bars=4).description
    'at temperature 1'
    """


@dataclass(kw_only=True, eq=False)
class RollComposer(FrameComposer):
    """Composer of piano rolls, which also measures the likelihood of other music in nats per frame.

    All settings: `RollSettings`, `Composer`.

    Examples
    --------
    >>> chords = [[60, 64, 67], [60, 65, 69], [59, 62, 67]] * 8
    >>> composer = RollComposer(width=16, n_hidden=8, dropout=0, epochs=30, n_steps=32, max_shift=0, low=48,
    ...                         high=72, learning_rate=0.02, validation_share=0).fit([chords] * 8)
    >>> composer.nats_per_frame([chords]) < composer.nats_per_frame([chords[::-1]])
    True
    >>> composer.sample(RollRequest(bars=2))[0].to_score().duration_beats <= 8
    True
    """

    task: ClassVar[str] = "roll"
    request_class: ClassVar[type[Request]] = RollRequest
    n_parallel: ClassVar[int] = 4

    def read(self, source: str) -> SymbolicCorpus:
        """Read rolls: see `woodshed.tasks.roll.corpus.read_roll_corpus`."""
        return read_roll_corpus(source, self.tokenizer)

    def to_generation(self, text: str) -> RollPiece:
        """Return a training piece."""
        return RollPiece(text, self.steps_per_beat)

    def generations(self, request: RollRequest, numbers: range, *, seed: int) -> Sequence[RollPiece]:
        """Generate the pieces of some numbers."""
        pieces = self.sample_frames(
            len(numbers),
            seed=seed,
            first=numbers.start,
            temperature=request.sampling_temperature,
            n_frames=request.n_bars * BAR_BEATS * self.steps_per_beat,
        )
        # As a score, a piece ends with its last note, without the silent frames after it.
        texts = [self.to_text(self.encode(self.decode(frames))) for frames in pieces]
        return [RollPiece(text, self.steps_per_beat) for text in texts]
