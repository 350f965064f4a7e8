"""Base class of features that give one row of values for each clip."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from woodshed.clip import Clip, Samples


class NamedRow(ABC):
    """One row of named values for each clip, as classical estimators take it.

    Attributes
    ----------
    reads_notes
        Whether it reads the score that a clip was rendered from, instead of its sound.
    """

    reads_notes: ClassVar[bool] = False

    @property
    @abstractmethod
    def names(self) -> tuple[str, ...]:
        """Name of each value, with its unit."""

    @abstractmethod
    def __call__(self, clip: Clip) -> Samples:
        """Return the row of a clip, shape ``(n_values,)``."""

    @property
    def n_values(self) -> int:
        """Length of the row."""
        return len(self.names)

    @property
    def blocks(self) -> tuple[int, ...]:
        """Lengths of the blocks of a row that are separate views of the clip; empty for a single view."""
        return ()
