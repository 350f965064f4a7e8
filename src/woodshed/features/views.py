"""Multi-view features: complementary rows per clip, concatenated."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from woodshed.audio.edit import resample
from woodshed.clip import Clip, Samples
from woodshed.features.summary import RowFeature, Summary, TextureSummary
from woodshed.features.timbre import TimbreSummary
from woodshed.features.voice_course import VoiceCourse

VOICE_RATE = 16000
"""Maximum sample rate of all views except the texture, in hertz."""

_TEXTURE_FRAME_S = 0.046
_TEXTURE_HOP_S = 0.0125


@dataclass(frozen=True, kw_only=True)
class SoundViews(RowFeature):
    """Concatenation of three views of any sound, about 850 values: summary, texture and timbre.

    `Summary` describes the average spectrum, `TextureSummary` its rate of change and `TimbreSummary` the
    partials of tones. The views are complementary: a model that combines the predictions of all views is more
    accurate than one that uses all values at once. `blocks` holds the lengths of the views
    (`woodshed.recognition.classical.kernel_ridge.KernelRidge`).

    Parameters
    ----------
    sample_rate
        Required sample rate of clips, in hertz; default 16000. The texture is computed at this rate, the
        others at most at 16 kHz.
    n_fft, hop_length, n_mels, f_min_hz, f_max_hz, formula, floor_db
        Ignored: each view has its own settings, which depend on the sample rate.

    Examples
    --------
    >>> from woodshed.audio import sine
    >>> views = SoundViews()
    >>> rows = np.stack([views(sine(440))] * 3)
    >>> [view.shape for view in views.split(rows)]
    [(3, 126), (3, 241), (3, 484)]
    """

    key = "sound-views/1"

    @cached_property
    def features(self) -> dict[str, RowFeature]:
        """Features of the views by name."""
        low_rate = min(self.sample_rate, VOICE_RATE)
        return {
            "summary": Summary(sample_rate=low_rate),
            "texture": TextureSummary(
                sample_rate=self.sample_rate,
                n_fft=max(512, 2 ** round(np.log2(_TEXTURE_FRAME_S * self.sample_rate))),
                hop_length=round(_TEXTURE_HOP_S * self.sample_rate),
            ),
            "timbre": TimbreSummary(sample_rate=low_rate),
        }

    @property
    def names(self) -> tuple[str, ...]:
        """Name of each value, with that of its view as prefix."""
        return tuple(f"{view}_{name}" for view, feature in self.features.items() for name in feature.names)

    @property
    def blocks(self) -> tuple[int, ...]:
        """Number of values of each view."""
        return tuple(feature.n_values for feature in self.features.values())

    def describe(self, samples: Samples) -> list[NDArray[np.floating]]:
        """Return the row of each view."""
        clip = Clip(samples[np.newaxis], self.sample_rate)
        rates = {feature.sample_rate for feature in self.features.values()}
        clips = {rate: resample(clip, rate) for rate in rates}
        return [feature(clips[feature.sample_rate]) for feature in self.features.values()]

    def split(self, rows: NDArray[np.floating]) -> list[NDArray[np.float64]]:
        """Split rows, shape ``(n_clips, n_values)``, into one array for each view."""
        ends = np.cumsum([0, *self.blocks])
        return [rows[:, start:end].astype(np.float64) for start, end in pairwise(ends)]


@dataclass(frozen=True, kw_only=True)
class Views(SoundViews):
    """The views of `SoundViews` and `VoiceCourse`, the course of a voice: about 6000 values.

    The course takes two thirds of the time. It pays for voices and instruments, and hardly for other sounds
    (``benchmarks/quality/row_features.md``).

    Parameters
    ----------
    sample_rate, n_fft, hop_length, n_mels, f_min_hz, f_max_hz, formula, floor_db
        As in `SoundViews`.

    Examples
    --------
    >>> from woodshed.audio import sine
    >>> views = Views()
    >>> [view.shape for view in views.split(np.stack([views(sine(440))] * 3))]
    [(3, 126), (3, 5054), (3, 241), (3, 484)]
    """

    key = "views/2"

    @cached_property
    def features(self) -> dict[str, RowFeature]:
        """Features of the views by name."""
        low_rate = min(self.sample_rate, VOICE_RATE)
        course = VoiceCourse(sample_rate=low_rate, hop_length=low_rate // 100)
        summary, *others = super().features.items()
        return dict([summary, ("course", course), *others])
