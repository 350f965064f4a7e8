"""Views: a sound described in four ways, each of which tells other classes apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from woodshed.audio.edit import resample
from woodshed.clip import Clip, Samples
from woodshed.features.row import RowFeature
from woodshed.features.summary import Summary
from woodshed.features.texture import TextureSummary
from woodshed.features.timbre import TimbreSummary
from woodshed.features.voice_course import VoiceCourse

Rows = NDArray[np.float64]

HIGHEST_RATE = 32000
"""The texture is heard at this rate at most, in hertz: some sounds differ in their highest band alone."""

VOICE_RATE = 16000
"""The others are heard at this rate at most, in hertz."""

VIEWED_S = 15.0
"""So much of a sound, from its start, is described, in seconds."""

LEAST_OF_GROUP = 10
"""A group is compared with itself from so many rows on."""


@dataclass(frozen=True, kw_only=True)
class Views:
    """Describe a clip in one row: its summary, voice, texture and timbre, one behind the other.

    Parameters
    ----------
    sample_rate
        Rate at which the texture is heard, in hertz; the others at most at `VOICE_RATE`.

    Examples
    --------
    >>> from woodshed.audio import sine
    >>> views = Views(sample_rate=8000)
    >>> rows = np.stack([views(sine(440, sample_rate=44100))] * 3)
    >>> [view.shape for view in views.apart(rows)]
    [(3, 126), (3, 5054), (3, 241), (3, 484)]
    """

    sample_rate: int

    @cached_property
    def features(self) -> tuple[RowFeature, ...]:
        """What describes the clip."""
        low_rate = min(self.sample_rate, VOICE_RATE)
        return (
            Summary(sample_rate=low_rate),
            VoiceCourse(sample_rate=low_rate, hop_length=low_rate // 100),
            TextureSummary(
                sample_rate=self.sample_rate,
                n_fft=max(512, 2 ** round(np.log2(0.046 * self.sample_rate))),
                hop_length=round(0.0125 * self.sample_rate),
            ),
            TimbreSummary(sample_rate=low_rate),
        )

    def __call__(self, clip: Clip) -> Samples:
        """Return the row of a mono clip at any rate, float32."""
        heard = clip.cut(0.0, min(clip.duration_s, VIEWED_S))
        at = {rate: resample(heard, rate) for rate in {feature.sample_rate for feature in self.features}}
        return np.concatenate([feature(at[feature.sample_rate]) for feature in self.features])

    def apart(self, rows: NDArray[np.floating]) -> list[Rows]:
        """Take rows, shape ``(n_clips, n_values)``, apart into one table for each view."""
        ends = np.cumsum([0, *(feature.n_values for feature in self.features)])
        return [rows[:, start:end].astype(np.float64) for start, end in pairwise(ends)]


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
