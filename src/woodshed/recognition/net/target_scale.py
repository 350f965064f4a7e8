"""Standardisation of regression targets, inverted in the last layer of the trained network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class TargetScale:
    """Mean and standard deviation of each target.

    Parameters
    ----------
    mean, deviation
        Shape ``(n_names,)``; 0 and 1 leave targets unchanged.

    Examples
    --------
    >>> scale = TargetScale.of(np.array([[1.0], [3.0]], np.float32))
    >>> scale.standardise(np.array([[5.0]], np.float32)).tolist()
    [[3.0]]
    """

    mean: NDArray[np.float32]
    deviation: NDArray[np.float32]

    @classmethod
    def identity(cls, n_names: int) -> Self:
        """Return the scale that leaves targets unchanged."""
        return cls(np.zeros(n_names, np.float32), np.ones(n_names, np.float32))

    @classmethod
    def of(cls, rows: NDArray[np.float32]) -> Self:
        """Compute the scale of the known targets of the training clips, shape ``(n_clips, n_names)``."""
        deviation = np.nanstd(rows, axis=0)
        return cls(np.nanmean(rows, axis=0), np.where(deviation > 0, deviation, np.float32(1)))

    def standardise(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Scale targets to mean 0 and standard deviation 1."""
        return (rows - self.mean) / self.deviation

    def undo_in(self, net: keras.Model) -> None:
        """Rescale the last layer of a trained network so that it outputs the original units."""
        if not self.mean.any() and (self.deviation == 1).all():
            return
        kernel, bias = net.layers[-1].get_weights()
        net.layers[-1].set_weights([kernel * self.deviation, bias * self.deviation + self.mean])
