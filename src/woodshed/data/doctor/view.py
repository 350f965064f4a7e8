"""What the doctor sees of a sound when it doubts its label: four views, also beside the mean of its group."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from woodshed.audio.edit import resample
from woodshed.clip import Clip, Samples
from woodshed.features.views import Views

Rows = NDArray[np.float64]

HIGHEST_RATE = 32000
"""A sound is described at this rate at most, in hertz: some differ in their highest band alone."""

VIEWED_S = 15.0
"""So much of a sound, from its start, is described, in seconds."""

LEAST_OF_GROUP = 10
"""A group is compared with itself from so many rows on."""


def described(clip: Clip, views: Views) -> Samples:
    """Return the row of a clip at any rate, float32."""
    return views(resample(clip.cut(0.0, min(clip.duration_s, VIEWED_S)), views.sample_rate))


def beside_own_group(view: Rows, labels: Sequence[str], groups: Sequence[str] | None) -> Rows | None:
    """Describe each row by how it differs from the mean of its group; None where that would tell nothing.

    What is unusual for all is often usual for one voice or one microphone. A group that is small, or holds
    one class alone, is not compared with itself: there its mean would be the class.

    Examples
    --------
    >>> view, labels = np.arange(20.0)[:, np.newaxis], ["low", "high"] * 10
    >>> beside_own_group(view, labels, ["ann"] * 10 + ["bob"] * 10)[[0, 10], 0].tolist()
    [-4.5, -4.5]
    >>> beside_own_group(view, labels, [str(k) for k in range(20)]) is None
    True
    """
    if groups is None:
        return None
    names, place = np.unique(np.asarray(groups), return_inverse=True)
    codes = np.unique(np.asarray(labels), return_inverse=True)[1]
    relative, is_any = view - view.mean(axis=0), False
    for k in range(len(names)):
        rows = np.flatnonzero(place == k)
        if len(rows) >= LEAST_OF_GROUP and len(np.unique(codes[rows])) > 1:
            relative[rows] -= relative[rows].mean(axis=0)
            is_any = True
    return relative if is_any else None
