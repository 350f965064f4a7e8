"""Vowels of a text as ids."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Vowels:
    """Vowels of a text as ids; all other characters are lost."""

    vocabulary: tuple[str, ...] = tuple("aeiou")

    def encode(self, text: str) -> np.ndarray:
        """Return the ids of the vowels of a text."""
        return np.asarray([self.vocabulary.index(one) for one in text if one in self.vocabulary])

    def decode(self, ids: Sequence[int]) -> str:
        """Return the vowels of ids."""
        return "".join(self.vocabulary[k] for k in ids)
