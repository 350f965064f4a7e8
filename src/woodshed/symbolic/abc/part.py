"""The parts of an ABC tune, and the order in which the header says they are played."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from woodshed.symbolic.bar import Bar, played_order

MAX_PARTS = 200
"""An order of more parts than this is not followed: no tune has one."""

_SIGNS = re.compile(r"([A-Z()])\s*(\d{0,3})[\s.,]*")


def read_order(text: str) -> str | None:
    """Read the content of ``P:`` in a header, with its repeats written out.

    Returns
    -------
    str
        A letter for each part; ``None`` if it is no order of parts.

    Examples
    --------
    >>> read_order("A(BC)2.A"), read_order("A3B"), read_order("Modern AugmentedVersion")
    ('ABCBCA', 'AAAB', None)
    """
    open_groups = [""]
    at = 0
    while at < len(text := text.strip()):
        match = _SIGNS.match(text, at)
        if match is None:
            return None
        at = match.end()
        sign, times = match[1], int(match[2] or 1)
        if sign == "(":
            open_groups.append("")
            continue
        if sign == ")":
            if len(open_groups) == 1:
                return None
            sign = open_groups.pop()
        if len(sign) * times + len(open_groups[-1]) > MAX_PARTS:
            return None
        open_groups[-1] += sign * times
    return open_groups[0] if len(open_groups) == 1 and open_groups[0] else None


def parts_of(bars: Sequence[Bar]) -> dict[str, range]:
    """Return where the bars of each part are; those before the first one are part of no name.

    Examples
    --------
    >>> parts_of([Bar(1, part="A"), Bar(2), Bar(3, part="B")])
    {'A': range(0, 2), 'B': range(2, 3)}
    """
    return {bars[part.start].part: part for part in _sections(bars)}


def why_not(order: str, written: str, voices: Sequence[Sequence[Bar]]) -> str:
    """Say why an order cannot be followed, in a sentence; nothing if it can."""
    structures = [
        [(bars[part.start].part, sum(bars[k].length for k in part)) for part in _sections(bars)]
        for bars in voices
    ]
    names = [name for name, _ in structures[0]]
    missing = sorted(set(order) - set(names))
    if not any(names):
        why = "no P: in the music says where the parts begin"
    elif missing:
        why = f"there is no part {missing[0]}"
    elif len(set(names)) < len(names) or any(other != structures[0] for other in structures):
        why = "a part is there twice, or not the same in all voices"
    else:
        return ""
    return f"The order of parts P:{written} is not followed: {why}."


def order_of(bars: list[Bar], order: str) -> list[int]:
    """Return the bars in the order in which they are played, each part with its own repeats and endings.

    Without an order, they are played as they stand.

    Examples
    --------
    >>> order_of([Bar(1, part="A", n_repeats=1), Bar(2, part="B")], "ABA")
    [0, 0, 1, 0, 0]
    """
    if not order:
        return played_order(bars)
    parts = parts_of(bars)
    played: list[int] = []
    for name in ["", *order] if "" in parts else order:
        part = parts[name]
        played += [part.start + k for k in played_order(bars[part.start : part.stop])]
    return played


def _sections(bars: Sequence[Bar]) -> Iterator[range]:
    """Yield where the bars of each part are, in the order in which they are written."""
    starts = [k for k, bar in enumerate(bars) if bar.part or k == 0]
    yield from map(range, starts, [*starts[1:], len(bars)])
