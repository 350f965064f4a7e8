"""Validation of the settings of features, by the types of their fields.

A field of type int is a whole number of at least 1, a float is finite, a bool is True or False, and a Literal
is one of its values. Another range is written in the type, as a check:
``quantile: Annotated[float, between(0, 1)] = 0.02``. Fields of other types are not checked. A range that
depends on another setting is checked in ``__post_init__``, such as by `check_between`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from functools import cache
from typing import Annotated, Any, ClassVar, Literal, get_args, get_origin, get_type_hints

import numpy as np

from woodshed.errors import ParameterError, near_miss

Check = Callable[[str, str, Any], Any]
"""Function of a class name, a setting and its value that converts the value or raises `ParameterError`."""


def whole(minimum: int, parity: Literal["even", "odd"] | None = None) -> Check:
    """Return the check for a whole number of at least ``minimum``, even or odd if that matters.

    Examples
    --------
    >>> whole(1, "odd")("HarmonicShare", "kernel_size", 4)
    Traceback (most recent call last):
    woodshed.errors.ParameterError: HarmonicShare expects an odd kernel_size, got 4.
    """

    def check(owner: str, name: str, value: Any) -> int:
        try:
            is_whole = not isinstance(value, bool) and int(value) == value
        except (TypeError, ValueError, OverflowError):
            is_whole = False
        if not is_whole or value < minimum:
            raise ParameterError(
                f"{owner} expects a whole number of at least {minimum} for {name}, got {value!r}."
            )
        number = int(value)
        if parity == "even" and number % 2:
            raise ParameterError(f"{owner} expects an even {name}, got {number}. Use {number + 1}.")
        if parity == "odd" and number % 2 == 0:
            raise ParameterError(f"{owner} expects an odd {name}, got {number}.")
        return number

    return check


def finite(owner: str, name: str, value: Any) -> float:
    """Check a finite number."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = np.nan
    if not np.isfinite(number):
        raise ParameterError(f"{owner} expects a finite number for {name}, got {value!r}.")
    return number


def check_between(
    owner: str, name: str, value: Any, low: float, high: float, *, include_high: bool = False
) -> float:
    """Check a number strictly between two numbers; with ``include_high`` it may equal the higher one.

    Examples
    --------
    >>> check_between("SpectralContrast", "f_min_hz", 9000, 0, 8000)
    Traceback (most recent call last):
    woodshed.errors.ParameterError: SpectralContrast expects f_min_hz between 0 and 8000, got 9000.
    """
    number = finite(owner, name, value)
    if not (low < number < high or (include_high and number == high)):
        raise ParameterError(f"{owner} expects {name} between {low:g} and {high:g}, got {number:g}.")
    return number


def between(low: float, high: float, *, include_high: bool = False) -> Check:
    """Return the check for a number between two numbers; see `check_between`.

    Examples
    --------
    >>> between(0, 8, include_high=True)("SpectralBandwidth", "p", 8)
    8.0
    """
    return lambda owner, name, value: check_between(owner, name, value, low, high, include_high=include_high)


def truth(owner: str, name: str, value: Any) -> bool:
    """Check a truth value."""
    if not isinstance(value, bool | np.bool_):
        raise ParameterError(f"{owner} expects True or False for {name}, got {value!r}.")
    return bool(value)


def one_of(literal: Any) -> Check:
    """Return the check for the values of a ``Literal`` type."""
    choices = get_args(literal)

    def check(owner: str, name: str, value: Any) -> Any:
        if value not in choices:
            raise ParameterError(
                f"{owner} does not support {name}={value!r}. {near_miss(str(value), choices)}"
            )
        return value

    return check


def optional(check: Check) -> Check:
    """Return a check that also accepts None."""
    return lambda owner, name, value: None if value is None else check(owner, name, value)


_CHECK_OF_TYPE: dict[Any, Check] = {int: whole(1), float: finite, bool: truth}


@cache
def _checks(cls: Any) -> dict[str, Check]:
    """Return the check of each setting that has one."""
    hints = get_type_hints(cls, include_extras=True)
    checks = {}
    for name in (setting.name for setting in fields(cls)):
        hint = hints[name]
        if get_origin(hint) is Annotated:
            checks[name] = hint.__metadata__[0]
        elif get_origin(hint) is Literal:
            checks[name] = one_of(hint)
        elif hint in _CHECK_OF_TYPE:
            checks[name] = _CHECK_OF_TYPE[hint]
    return checks


class Checked:
    """Mixin of dataclasses whose settings are validated and converted to int, float or bool."""

    key: ClassVar[str]
    """Stable name of the class in the keys of a feature store, with a version, such as ``log-mel/1``."""

    def __post_init__(self) -> None:
        cls: Any = type(self)
        for name, check in _checks(cls).items():
            object.__setattr__(self, name, check(cls.__name__, name, getattr(self, name)))
