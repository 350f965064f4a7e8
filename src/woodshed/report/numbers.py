"""Numbers as text: percentages and decimals with their intervals."""

from __future__ import annotations

import math

from woodshed.metrics.interval import Interval

UNKNOWN = "–"
"""Text for an undefined number."""


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
