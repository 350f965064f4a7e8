"""Pieces: what a composer writes, to be played, printed and compared; and what is asked of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, ClassVar, Self

from woodshed.errors import ParameterError, check_seed, near_miss
from woodshed.metrics.originality import Melody
from woodshed.metrics.style import Style, melody_style
from woodshed.score import Score
from woodshed.symbolic.abc.write import score_to_abc

if TYPE_CHECKING:
    from woodshed.composition.composer import Composer


ENDS = ("home", "any")
"""Where new pieces may end."""


@dataclass(frozen=True)
class VoiceLine:
    """One melody of a piece.

    Parameters
    ----------
    name
        Such as ``soprano``: it is compared with the lines of that name in what was learned from.
    melody
        Its notes; none if the line rests all the time.
    is_given
        Whether the user gave it, so that nobody is to blame for a copy.
    """

    name: str
    melody: Melody
    is_given: bool = False


class Piece(ABC):
    """Music in the words of a job. Each job that writes has its own kind."""

    @property
    @abstractmethod
    def text(self) -> str:
        """The piece as the composer keeps it; equal pieces have equal texts."""

    @abstractmethod
    def to_score(self, title: str = "") -> Score:
        """Return its notes, as they are played."""

    def to_abc(self, title: str = "") -> str:
        """Return it in ABC, as it is printed."""
        return score_to_abc(self.to_score(title))

    @property
    def facts(self) -> tuple[str, ...]:
        """What stands below its title: metre, key, length."""
        return ()

    @property
    def faults(self) -> tuple[str, ...]:
        """What a teacher would mark, one sentence each."""
        return ()

    @property
    @abstractmethod
    def lines(self) -> tuple[VoiceLine, ...]:
        """The melodies by which it is compared with other pieces."""

    @classmethod
    def style(cls, pieces: Sequence[Self]) -> Style:
        """Describe pieces of this kind by numbers, to set new ones beside those that were learned from.

        Parameters
        ----------
        pieces
            At least one.
        """
        return melody_style([line.melody for piece in pieces for line in piece.lines])


@dataclass(frozen=True, kw_only=True)
class Request:
    """What a user asks of new pieces; each job has a kind of its own, with more to ask for.

    Parameters
    ----------
    seed
        Source of every random draw, 0 or more.
    temperature
        Above 1 bolder than what was learned, below 1 more cautious; what suits the job if it is not given.
    max_copied_bars
        A piece that copies more bars in a row, in a line that is not given, is written anew; below 0, and if
        it is not given, all are kept.

    Raises
    ------
    ParameterError
        If the seed is below 0.
    """

    at_once: ClassVar[int] = 32
    """So many pieces are written side by side at most."""

    seed: int = 0
    temperature: float | None = None
    max_copied_bars: int | None = None

    def __post_init__(self) -> None:
        check_seed(self.seed)

    @classmethod
    def asked(cls, options: Mapping[str, Any], *, task: str) -> Self:
        """Make a wish out of what a user said.

        Raises
        ------
        ParameterError
            If the job has no such option; it is named, with those that there are.

        Examples
        --------
        >>> Request.asked({"seed": 3}, task="tune").seed
        3
        >>> Request.asked({"harmonise": "a.mid"}, task="tune")
        Traceback (most recent call last):
        woodshed.errors.ParameterError: --harmonise makes no sense for a model that writes tune. It takes
        --seed, --temperature, --max-copied-bars.
        """
        known = {setting.name: flag_of(setting.name) for setting in fields(cls) if setting.init}
        for name in options:
            if name not in known:
                flag = flag_of(name)
                hint = near_miss(flag, known.values(), similarity=0.8)  # a flag of another job is no slip
                hint = hint if hint.startswith("Did") else f"It takes {', '.join(known.values())}."
                raise ParameterError(f"{flag} makes no sense for a model that writes {task}. {hint}")
        return cls(**options)

    def write(self, composer: Composer, n: int, first: int) -> Sequence[Piece]:
        """Let a composer write ``n`` pieces; each depends on its number, counted from ``first``.

        Raises
        ------
        ParameterError
            If the wish cannot be fulfilled.
        """
        raise NotImplementedError

    @property
    def longest_copied_run(self) -> int:
        """How many bars in a row may be copied, also where nothing was asked for; below 0 any number."""
        return -1 if self.max_copied_bars is None else self.max_copied_bars

    def rejection_reason(self, piece: Piece) -> str:
        """Say why a piece is not what was asked for, so that another is written; mostly nothing."""
        return ""

    @property
    def sampling_temperature(self) -> float:
        """The temperature, also where none was asked for."""
        return 1.0 if self.temperature is None else self.temperature

    @property
    def says(self) -> str:
        """Tell for the top of the page with what the pieces were written."""
        return f"with seed {self.seed} at temperature {self.sampling_temperature:g}"


def check_ends(ends: str | None, what: str) -> None:
    """Refuse an end that is not one of `ENDS`.

    Raises
    ------
    ParameterError
        If there is no such end.

    Examples
    --------
    >>> check_ends("hom", "Tunes")
    Traceback (most recent call last):
    woodshed.errors.ParameterError: Tunes cannot end 'hom'. Did you mean home?
    """
    if ends not in (None, *ENDS):
        raise ParameterError(f"{what} cannot end {ends!r}. {near_miss(ends, ENDS)}")


def flag_of(name: str) -> str:
    """Return the flag of a field of a `Request`; a word that Python keeps for itself ends with ``_`` there.

    Examples
    --------
    >>> flag_of("top_k"), flag_of("continue_")
    ('--top-k', '--continue')
    """
    return f"--{name.rstrip('_').replace('_', '-')}"
