"""Fizz: the level of each frame, squared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from woodshed.features.time_domain import Rms


@dataclass(frozen=True, kw_only=True)
class Fizz(Rms):
    """Square of the level of each frame."""

    key: ClassVar[str] = "fizz/1"

    @property
    def names(self) -> tuple[str, ...]:
        """One value."""
        return ("fizz",)

    def __call__(self, clip: object) -> np.ndarray:
        """Return the frames of a clip."""
        return np.square(super().__call__(clip))
