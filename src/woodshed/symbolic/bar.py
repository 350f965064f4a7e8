"""What ABC says bar by bar, and in which order the bars are played."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise

MAX_PASSES = 16


@dataclass(slots=True)
class Sounding:
    """A note or one note of a chord, within its bar; ``spelling`` is its letter and octave."""

    onset: Fraction
    duration: Fraction
    pitch_midi: int
    spelling: tuple[str, int]
    is_tied: bool = False


@dataclass(slots=True)
class Bar:
    """A stretch between two bar lines, or between a bar line and the mark of a repeat or an ending.

    All times are in quarter notes from its start. ``changes`` are ``(onset, kind, value)`` of tempo, metre,
    key and chord symbols. ``part`` is the name of the part that begins with it, if one does.
    """

    number: int
    notes: list[Sounding] = field(default_factory=list)
    changes: list[tuple[Fraction, str, object]] = field(default_factory=list)
    length: Fraction = Fraction(0)
    due: Fraction | None = None
    starts_section: bool = False
    starts_repeat: bool = False
    n_repeats: int = 0
    endings: frozenset[int] = frozenset()
    starts_ending: bool = False
    part: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether nothing happens in it."""
        return not self.length and not self.notes


def played_order(bars: list[Bar]) -> list[int]:
    """Unfold repeats and endings.

    ``:|`` goes back to the last ``|:``, else to where the section before it ended: after the last repeat,
    after the last ending, at the last double bar, or at the beginning.

    Returns
    -------
    list of int
        Indices of the bars in the order in which they are played.

    Examples
    --------
    A bar, a first ending with a repeat sign, a second ending:

    >>> first, second = frozenset({1}), frozenset({2})
    >>> played_order([Bar(1), Bar(2, n_repeats=1, endings=first), Bar(3, endings=second)])
    [0, 1, 0, 2]
    """
    _mend(bars)
    order: list[int] = []
    start, turn, k = 0, 1, 0
    while k < len(bars):
        bar = bars[k]
        if (bar.starts_repeat or (bar.starts_section and turn == 1)) and k != start:
            start, turn = k, 1
        if bar.endings and turn not in bar.endings:
            k += 1
            continue
        order.append(k)
        n_turns = max(bar.n_repeats + 1, _last_ending(bars, k)) if bar.n_repeats else 1
        if turn < min(n_turns, MAX_PASSES):
            turn, k = turn + 1, start
            continue
        if bar.n_repeats or (bar.endings and _ends_endings(bars, k)):
            start, turn = k + 1, 1
        k += 1
    return order


def _mend(bars: list[Bar]) -> None:
    """Put the repeat sign that is often left out between a first and a second ending."""
    for before, bar in pairwise(bars):
        if bar.starts_ending and before.endings and not before.n_repeats and 1 not in bar.endings:
            before.n_repeats = 1


def _last_ending(bars: list[Bar], k: int) -> int:
    """Return the highest number in the row of endings that ``k`` is in."""
    if not bars[k].endings:
        return 1
    first = last = k
    while first > 0 and bars[first - 1].endings:
        first -= 1
    while last + 1 < len(bars) and bars[last + 1].endings:
        last += 1
    return max(max(bar.endings) for bar in bars[first : last + 1])


def _ends_endings(bars: list[Bar], k: int) -> bool:
    """Say whether the row of endings is over after ``k``."""
    return k + 1 == len(bars) or not bars[k + 1].endings
