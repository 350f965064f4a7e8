"""Numeric flags with a range: an error names the flag as it was typed."""

from __future__ import annotations

import math
from typing import Any

import typer

from woodshed.errors import ParameterError


def ranged(*, help: str, above: float = -math.inf, least: float = -math.inf, most: float = math.inf) -> Any:
    """Return the option of a flag whose number, or each of its numbers, must be in a range.

    Parameters
    ----------
    help
        Help of the flag.
    above
        The number must be greater.
    least, most
        Lowest and highest number.
    """

    def check(flag: typer.CallbackParam, value: Any) -> Any:
        for number in value if isinstance(value, tuple) else (value,):
            if number is not None and not (above < number < math.inf and least <= number <= most):
                raise ParameterError(
                    f"{flag.opts[0]} must be {_range_text(above, least, most)}, got {number:g}."
                )
        return value

    return typer.Option(help=help, callback=check)


def parallel(*, help: str) -> Any:
    """Return the option of a number of jobs: 1 or more, or -1 for one per core."""

    def check(flag: typer.CallbackParam, value: int) -> int:
        if value < 1 and value != -1:
            raise ParameterError(f"{flag.opts[0]} must be 1 or more, or -1 for one per core, got {value}.")
        return value

    return typer.Option(help=help, callback=check)


def _range_text(above: float, least: float, most: float) -> str:
    """Return a range in words.

    Examples
    --------
    >>> _range_text(0, -math.inf, math.inf), _range_text(-math.inf, 1, 8)
    ('above 0', 'from 1 to 8')
    """
    if math.isfinite(least) and math.isfinite(most):
        return f"from {least:g} to {most:g}"
    lower = (
        f"above {above:g}" if math.isfinite(above) else f"{least:g} or more" if math.isfinite(least) else ""
    )
    upper = f"at most {most:g}" if math.isfinite(most) else ""
    return " and ".join(filter(None, (lower, upper))) or "a finite number"
