"""Markdown from data: escaped text and tables."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from woodshed.errors import printable

_SPECIAL = re.compile(r"([\\`*_\[\]<>|#~!$&])")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")


def plain(text: object) -> str:
    r"""Escape a text so that Markdown renders it literally, on one line.

    Examples
    --------
    >>> print(plain("<b>a|b_c\nd"))
    \<b\>a\|b\_c d
    """
    return _SPECIAL.sub(r"\\\1", _CONTROL.sub(" ", printable(text)))


def pairs_table(pairs: Mapping[str, Any]) -> str:
    """Return a table of names and values, both escaped."""
    rows = [(plain(name), plain(value)) for name, value in pairs.items()]
    return plain_table(["item", "value"], rows) if rows else "Not recorded."


def plain_table(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table of cells that are escaped already.

    Examples
    --------
    >>> print(plain_table(["a", "b"], [["1", "2"]]))
    | a | b |
    | --- | --- |
    | 1 | 2 |
    """
    lines = [heading, ["---"] * len(heading), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
