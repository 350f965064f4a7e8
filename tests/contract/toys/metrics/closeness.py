"""Closeness of predictions to the truth."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike


def closeness(truth: ArrayLike, predictions: ArrayLike) -> float:
    """Return 1 for perfect predictions, and less the larger their mean error is."""
    return float(1 / (1 + np.mean(np.abs(np.subtract(truth, predictions)))))
