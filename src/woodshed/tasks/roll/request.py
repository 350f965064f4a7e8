"""Request for new piano rolls."""

from __future__ import annotations

from dataclasses import dataclass

from woodshed.composition.generator import MusicRequest
from woodshed.errors import ParameterError

DEFAULT_BARS, MAX_BARS = 8, 64


@dataclass(frozen=True, kw_only=True)
class RollRequest(MusicRequest):
    """What a user asks of new rolls.

    Parameters
    ----------
    bars
        Number of bars of four quarter notes, 1 to 64; 8 by default.

    Raises
    ------
    ParameterError
        If a value is out of range.

    Examples
    --------
    >>> RollRequest(bars=4).description
    'at temperature 1'
    """

    bars: int | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.bars is not None and not 1 <= self.bars <= MAX_BARS:
            raise ParameterError(f"--bars must be from 1 to {MAX_BARS}, got {self.bars!r}.")

    @property
    def n_bars(self) -> int:
        """Number of bars, or the default."""
        return self.bars or DEFAULT_BARS
