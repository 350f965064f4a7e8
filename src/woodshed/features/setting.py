"""Settings of features: how they are checked, and what is said when one is wrong."""

from __future__ import annotations

from typing import Any, ClassVar, get_args

import numpy as np

from woodshed.errors import ParameterError, near_miss
from woodshed.features.spectrum import finite_number, whole_number


class Checked:
    """Checks that a class can make of its own settings; a number is then a plain int or float."""

    key: ClassVar[str]
    """Stable name of the class in the keys of a feature store, with a version, such as ``log-mel/1``."""

    def _whole(self, **lowest: int) -> None:
        for name, low in lowest.items():
            value = whole_number(getattr(self, name), name, low=low, owner=type(self).__name__)
            object.__setattr__(self, name, value)

    def _finite(self, *names: str) -> None:
        for name in names:
            value = finite_number(getattr(self, name), name, owner=type(self).__name__)
            object.__setattr__(self, name, value)

    def _within(self, name: str, lowest: float, highest: float) -> None:
        """Refuse a number that is not strictly between the two."""
        self._finite(name)
        value = getattr(self, name)
        if not lowest < value < highest:
            raise ParameterError(
                f"{type(self).__name__} expects {name} between {lowest:g} and {highest:g}, got {value:g}."
            )

    def _even(self, name: str) -> None:
        value = getattr(self, name)
        if value % 2:
            raise ParameterError(
                f"{type(self).__name__} expects an even {name}, got {value}. Take {value + 1}."
            )

    def _odd(self, name: str) -> None:
        value = getattr(self, name)
        if value % 2 == 0:
            raise ParameterError(f"{type(self).__name__} expects an odd {name}, got {value}.")

    def _one_of(self, name: str, choices: Any) -> None:
        """Refuse a word that is not one of a ``Literal`` type's."""
        value, known = getattr(self, name), get_args(choices)
        if value not in known:
            raise ParameterError(
                f"{type(self).__name__} has no {name} {value!r}. {near_miss(str(value), known)}"
            )

    def _truth(self, name: str) -> None:
        value = getattr(self, name)
        if not isinstance(value, bool | np.bool_):
            raise ParameterError(f"{type(self).__name__} expects True or False for {name}, got {value!r}.")
        object.__setattr__(self, name, bool(value))
