"""Pooling of frame-wise features over time: mean and standard deviation of each value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from woodshed.clip import Clip, Samples


@dataclass(frozen=True)
class PooledFrames:
    """One row for each clip: mean and standard deviation of a frame-wise feature over time.

    Parameters
    ----------
    feature
        Returns frames of shape ``(n_frames, n_values)``.

    Examples
    --------
    >>> from woodshed.audio import noise
    >>> from woodshed.features.mel import LogMel
    >>> PooledFrames(LogMel(n_mels=8))(noise()).shape
    (16,)
    """

    key: ClassVar[str] = "pooled-frames/1"

    feature: Any

    @property
    def sample_rate(self) -> int:
        """The rate that clips must have, in hertz."""
        return int(self.feature.sample_rate)

    @property
    def names(self) -> tuple[str, ...]:
        """The name of each value."""
        return tuple(f"{name}_{kind}" for kind in ("mean", "std") for name in self.feature.names)

    @property
    def n_values(self) -> int:
        """Length of the row."""
        return len(self.names)

    def __call__(self, clip: Clip) -> Samples:
        """Return the row of a clip at ``sample_rate``, shape ``(n_values,)``."""
        frames = self.feature(clip)
        return np.concatenate([frames.mean(axis=0), frames.std(axis=0)], dtype=np.float32)
