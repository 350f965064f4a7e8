"""Views: a sound described in four ways, each of which tells other sounds apart."""

from __future__ import annotations

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

VOICE_RATE = 16000
"""All but the texture are heard at this rate at most, in hertz."""

_TEXTURE_FRAME_S = 0.046
_TEXTURE_HOP_S = 0.0125


@dataclass(frozen=True, kw_only=True)
class Views(RowFeature):
    """One row of some 6000 numbers: summary, course, texture and timbre of a sound, one behind the other.

    `Summary` says how the spectrum is on average, `VoiceCourse` how it goes on, `TextureSummary` how fast its
    bands move, and `TimbreSummary` how partials are balanced. What one of them cannot tell apart another
    often can, so a model that asks each by itself and pools the answers errs less than one that takes all the
    values at once; `blocks` says where a view ends (`woodshed.recognition.classical.kernel_ridge.KernelRidge`).

    Parameters
    ----------
    sample_rate
        Rate of the clips, in hertz; default 16000. The texture is heard at this rate, the others at 16 kHz at
        most.
    n_fft, hop_length, n_mels, f_min_hz, f_max_hz, formula, floor_db
        Not heeded: each view has its own, which follow from the rate.

    Examples
    --------
    >>> from woodshed.audio import sine
    >>> views = Views()
    >>> rows = np.stack([views(sine(440))] * 3)
    >>> [view.shape for view in views.apart(rows)]
    [(3, 126), (3, 5054), (3, 241), (3, 484)]
    """

    key = "views/1"

    @cached_property
    def features(self) -> dict[str, RowFeature]:
        """What describes the sound, by name."""
        low_rate = min(self.sample_rate, VOICE_RATE)
        return {
            "summary": Summary(sample_rate=low_rate),
            "course": VoiceCourse(sample_rate=low_rate, hop_length=low_rate // 100),
            "texture": TextureSummary(
                sample_rate=self.sample_rate,
                n_fft=max(512, 2 ** round(np.log2(_TEXTURE_FRAME_S * self.sample_rate))),
                hop_length=round(_TEXTURE_HOP_S * self.sample_rate),
            ),
            "timbre": TimbreSummary(sample_rate=low_rate),
        }

    @property
    def names(self) -> tuple[str, ...]:
        """The name of each value, behind that of its view."""
        return tuple(f"{view}_{name}" for view, feature in self.features.items() for name in feature.names)

    @property
    def blocks(self) -> tuple[int, ...]:
        """How many values each view has."""
        return tuple(feature.n_values for feature in self.features.values())

    def describe(self, samples: Samples) -> list[NDArray[np.floating]]:
        """Return the row of each view."""
        heard = Clip(samples[np.newaxis], self.sample_rate)
        at = {rate: resample(heard, rate) for rate in {one.sample_rate for one in self.features.values()}}
        return [feature(at[feature.sample_rate]) for feature in self.features.values()]

    def apart(self, rows: NDArray[np.floating]) -> list[NDArray[np.float64]]:
        """Take rows, shape ``(n_clips, n_values)``, apart into one table for each view."""
        ends = np.cumsum([0, *self.blocks])
        return [rows[:, start:end].astype(np.float64) for start, end in pairwise(ends)]
