"""Validation of the settings of features."""

from __future__ import annotations

from typing import Any, ClassVar, get_args

import numpy as np

from woodshed.errors import ParameterError, near_miss


class Checked:
    """Mixin of dataclasses whose settings are validated and converted to int, float or bool."""

    key: ClassVar[str]
    """Stable name of the class in the keys of a feature store, with a version, such as ``log-mel/1``."""

    def _whole(self, **minima: int) -> None:
        """Check that settings are whole numbers of at least the given minima."""
        for name, minimum in minima.items():
            value = getattr(self, name)
            try:
                is_whole = not isinstance(value, bool) and int(value) == value
            except (TypeError, ValueError, OverflowError):
                is_whole = False
            if not is_whole or value < minimum:
                raise ParameterError(
                    f"{type(self).__name__} expects a whole number of at least {minimum} for {name}, "
                    f"got {value!r}."
                )
            object.__setattr__(self, name, int(value))

    def _finite(self, *names: str) -> None:
        """Check that settings are finite numbers."""
        for name in names:
            value = getattr(self, name)
            try:
                number = float(value)
            except (TypeError, ValueError):
                number = np.nan
            if not np.isfinite(number):
                raise ParameterError(
                    f"{type(self).__name__} expects a finite number for {name}, got {value!r}."
                )
            object.__setattr__(self, name, number)

    def _within(self, name: str, low: float, high: float) -> None:
        """Check that a setting is strictly between two numbers."""
        self._finite(name)
        value = getattr(self, name)
        if not low < value < high:
            raise ParameterError(
                f"{type(self).__name__} expects {name} between {low:g} and {high:g}, got {value:g}."
            )

    def _even(self, name: str) -> None:
        value = getattr(self, name)
        if value % 2:
            raise ParameterError(
                f"{type(self).__name__} expects an even {name}, got {value}. Use {value + 1}."
            )

    def _odd(self, name: str) -> None:
        value = getattr(self, name)
        if value % 2 == 0:
            raise ParameterError(f"{type(self).__name__} expects an odd {name}, got {value}.")

    def _one_of(self, name: str, literal: Any) -> None:
        """Check that a setting is one of the values of a ``Literal`` type."""
        value, choices = getattr(self, name), get_args(literal)
        if value not in choices:
            raise ParameterError(
                f"{type(self).__name__} does not support {name}={value!r}. {near_miss(str(value), choices)}"
            )

    def _truth(self, name: str) -> None:
        """Check that a setting is True or False."""
        value = getattr(self, name)
        if not isinstance(value, bool | np.bool_):
            raise ParameterError(f"{type(self).__name__} expects True or False for {name}, got {value!r}.")
        object.__setattr__(self, name, bool(value))
