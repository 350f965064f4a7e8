"""Words and numbers of reports: names of methods, numbers with their intervals, Markdown."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from woodshed.errors import printable
from woodshed.metrics.interval import Interval
from woodshed.recognition.classical import CLASSICAL
from woodshed.recognition.classical.model import classical_model

LEAKY, UNKNOWN_GROUPS = "leaky", "groups unknown"

EXPLANATIONS = {
    LEAKY: (
        "Leaky: some speakers, songs or source recordings are in both the training part and the test part, "
        "so the score overestimates the performance on new ones."
    ),
    UNKNOWN_GROUPS: (
        "Groups unknown: clips of the same speaker, song or source recording may be in both the training "
        "part and the test part, so the score may overestimate the performance on new ones."
    ),
}
"""Badge -> the sentence that explains it."""

_BASELINES = {"majority": "majority class", "mean": "training mean"}

LICENCE = "licence of the training data"
"""Name of the item in cards, pages and on the terminal."""

PASSING_ON = (
    "If you pass the model on, state this licence and the attribution with it, and check what the licence "
    "requires: the same licence (share-alike), or no commercial use."
)
"""What follows from the licence of the training data."""

UNKNOWN = "–"
"""Text for an undefined number."""

_SPECIAL = re.compile(r"([\\`*_\[\]<>|#~!$&])")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")


def badge_of(leaky: bool | None) -> str:
    """Return the badge beside every number of a split: ``leaky``, ``groups unknown`` or an empty text."""
    return {True: LEAKY, None: UNKNOWN_GROUPS, False: ""}[leaky]


def method_name(method: str) -> str:
    """Return the display name of a method; an unknown method keeps its name.

    The prefix ``own-`` marks a classical model with the features and the augmentation of its task.

    Examples
    --------
    >>> method_name("svm"), method_name("majority"), method_name("mine")
    ('SVM on summary features', 'majority class', 'mine')
    >>> method_name("own-kernel-ridge")
    'kernel ridge regression on task features'
    """
    name = method.removeprefix("own-")
    if name not in CLASSICAL:
        return _BASELINES.get(method, method)
    model = classical_model(name)
    return f"{model.description} on {'summary' if name == method else 'task'} features"


def percent(share: float, digits: int = 0) -> str:
    """Return a share as a percentage; only 0 and 1 are rounded to 0 % and 100 %.

    Examples
    --------
    >>> percent(0.914), percent(0.914, 1), percent(1.0), percent(float("nan"))
    ('91 %', '91.4 %', '100 %', '–')

    999 of 1000 correct are not 100 %:

    >>> percent(0.999), percent(0.9999), percent(0.0004, 1)
    ('99.9 %', '>99.9 %', '<0.1 %')
    """
    if math.isnan(share):
        return UNKNOWN
    share = round(share, 12)  # an interval may miss its end by the rounding error of a float
    for places in range(digits, 2):
        number = f"{share:.{places}%}"[:-1]
        if (float(number) in (0, 100)) == (share in (0, 1)):
            return f"{number} %"
    return ">99.9 %" if share > 0.5 else "<0.1 %"


def percent_range(interval: Interval, digits: int = 0) -> str:
    """Return an interval of shares as text.

    Examples
    --------
    >>> percent_range(Interval(0.861, 0.943)), percent_range(Interval(float("nan"), float("nan")))
    ('86–94 %', '–')
    """
    low, high = percent(interval.low, digits), percent(interval.high, digits)
    return UNKNOWN if UNKNOWN in (low, high) else f"{low.removesuffix(' %')}–{high}"


def decimal(value: float, digits: int = 3) -> str:
    """Return a number that is not a share as text.

    Examples
    --------
    >>> decimal(0.98765), decimal(float("nan"))
    ('0.988', '–')
    """
    return f"{value:z.{digits}f}" if math.isfinite(value) else UNKNOWN


def decimal_range(interval: Interval, digits: int = 3) -> str:
    """Return an interval of numbers that are not shares as text.

    Examples
    --------
    >>> decimal_range(Interval(0.21, 0.4), 2), decimal_range(Interval(-0.21, 0.4), 2)
    ('0.21–0.40', '-0.21 to 0.40')
    """
    low, high = decimal(interval.low, digits), decimal(interval.high, digits)
    if UNKNOWN in (low, high):
        return UNKNOWN
    return f"{low} to {high}" if low.startswith("-") else f"{low}–{high}"


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
