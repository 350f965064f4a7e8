"""Loudness of thirds: the level of the beginning, the middle and the end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from woodshed.clip import Clip
from woodshed.features.row import NamedRow


@dataclass(frozen=True, kw_only=True)
class Zones(NamedRow):
    """Level of the beginning, the middle and the end of a clip, and how often it crosses zero."""

    key: ClassVar[str] = "zones/1"

    sample_rate: int = 16000

    @property
    def names(self) -> tuple[str, ...]:
        """The name of each value."""
        return tuple(
            f"{what}_{part}" for part in ("begin", "middle", "end") for what in ("level", "crossings")
        )

    def __call__(self, clip: Clip) -> np.ndarray:
        """Return the row of a clip."""
        parts = np.array_split(np.pad(clip.mono(), (0, 6)), 3)
        values = [(part.std(), np.mean(part[1:] * part[:-1] < 0)) for part in parts]
        return np.asarray(values, dtype=np.float32).ravel()
