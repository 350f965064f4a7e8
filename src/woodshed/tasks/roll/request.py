"""What can be asked of new rolls: a length."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, cast

from woodshed.composition.piece import Request
from woodshed.errors import ParameterError
from woodshed.tasks.roll.piece import BAR_BEATS, RollPiece, frames_to_text

if TYPE_CHECKING:
    from woodshed.composition.composer import Composer
    from woodshed.tasks.roll import RollComposer

USUAL_BARS, MOST_BARS = 8, 64


@dataclass(frozen=True, kw_only=True)
class RollRequest(Request):
    """What a user asks of new rolls.

    Parameters
    ----------
    bars
        How many bars of four quarter notes; 8 if it is not said.

    Raises
    ------
    ParameterError
        If there are to be too few or too many bars.

    Examples
    --------
    >>> RollRequest(bars=4).says
    'with seed 0 at temperature 1'
    """

    at_once: ClassVar[int] = 4

    bars: int | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.bars is not None and not 1 <= self.bars <= MOST_BARS:
            raise ParameterError(f"--bars must be from 1 to {MOST_BARS}, got {self.bars!r}.")

    def write(self, composer: Composer, n: int, first: int) -> list[RollPiece]:
        """Let a composer of rolls write."""
        writer = cast("RollComposer", composer)
        scores = writer.sample(
            n,
            seed=self.seed,
            first=first,
            temperature=self.sampling_temperature,
            n_frames=(self.bars or USUAL_BARS) * BAR_BEATS * writer.steps_per_beat,
        )
        return [
            RollPiece(frames_to_text(writer.encode(score), writer.low), writer.steps_per_beat)
            for score in scores
        ]
