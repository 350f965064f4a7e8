"""Multi-view features: complementary rows per clip, concatenated."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from woodshed.audio.edit import resample
from woodshed.clip import Clip, Samples
from woodshed.features.frame import frame_settings
from woodshed.features.row import NamedRow
from woodshed.features.sound_embedding import SoundEmbedding
from woodshed.features.summary import RowFeature, Summary, TextureSummary
from woodshed.features.timbre import TimbreSummary
from woodshed.features.voice_course import VoiceCourse

VOICE_RATE = 16000
"""Maximum sample rate of all views except the texture, in hertz."""

_TEXTURE_FRAME_S = 0.046
_TEXTURE_HOP_S = 0.0125


def texture_at(sample_rate: int) -> TextureSummary:
    """Return the texture of clips at a sample rate in hertz, with frames of about 46 ms.

    Examples
    --------
    >>> texture_at(16000).n_fft, texture_at(44100).n_fft
    (1024, 2048)
    """
    return TextureSummary(
        sample_rate=sample_rate,
        n_fft=max(512, 2 ** round(np.log2(_TEXTURE_FRAME_S * sample_rate))),
        hop_length=round(_TEXTURE_HOP_S * sample_rate),
    )


@dataclass(frozen=True, kw_only=True)
class SoundViews(NamedRow):
    """Concatenation of three views of any sound, about 720 values: summary, texture and embedding.

    `Summary` describes the average spectrum, `TextureSummary` its rate of change, and `SoundEmbedding` its
    course, modulation and fine structure. The views are complementary: a model that combines the predictions
    of all views is more accurate than one that uses all values at once. `blocks` holds the lengths of the
    views (`woodshed.recognition.classical.kernel_ridge.KernelRidge`).

    Parameters
    ----------
    sample_rate
        Required sample rate of clips, in hertz; default 16000.

    Examples
    --------
    >>> from woodshed.audio import sine
    >>> views = SoundViews()
    >>> views(sine(440)).shape, views.blocks
    ((721,), (126, 241, 354))
    """

    key: ClassVar[str] = "sound-views/1"
    sample_rate: int = 16000

    @cached_property
    def parts(self) -> tuple[NamedRow, ...]:
        """The feature of each view; a feature store computes and shares them one by one."""
        return (
            Summary(**frame_settings(Summary, self.sample_rate)),
            texture_at(self.sample_rate),
            SoundEmbedding(sample_rate=self.sample_rate),
        )

    @property
    def names(self) -> tuple[str, ...]:
        """Name of each value, with that of its view as prefix."""
        views = zip(("summary", "texture", "embedding"), self.parts, strict=True)
        return tuple(f"{view}_{name}" for view, part in views for name in part.names)

    @property
    def blocks(self) -> tuple[int, ...]:
        """Number of values of each view."""
        return tuple(part.n_values for part in self.parts)

    def __call__(self, clip: Clip) -> Samples:
        """Return the row of a clip, shape ``(n_values,)``, float32.

        Raises
        ------
        AudioError
            If the clip has another sample rate.
        """
        return np.concatenate([part(clip) for part in self.parts], dtype=np.float32)


@dataclass(frozen=True, kw_only=True)
class Views(RowFeature):
    """Concatenation of four views of a clip, about 6000 values: summary, course, texture and timbre.

    `Summary` describes the average spectrum, `VoiceCourse` its course, `TextureSummary` its rate of change
    and `TimbreSummary` the partials of tones. `VoiceCourse` takes most of the time; it pays for voices and
    instruments (``benchmarks/quality/row_features.md``), `SoundViews` are better and faster for other sounds.

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
    >>> views = Views()
    >>> rows = np.stack([views(sine(440))] * 3)
    >>> [view.shape for view in views.split(rows)]
    [(3, 126), (3, 5054), (3, 241), (3, 484)]
    """

    key = "views/2"

    @cached_property
    def features(self) -> dict[str, RowFeature]:
        """Features of the views by name."""
        low_rate = min(self.sample_rate, VOICE_RATE)
        return {
            "summary": Summary(sample_rate=low_rate),
            "course": VoiceCourse(sample_rate=low_rate, hop_length=low_rate // 100),
            "texture": texture_at(self.sample_rate),
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

    def split(self, rows: NDArray[np.floating]) -> list[NDArray[np.floating]]:
        """Split rows, shape ``(n_clips, n_values)``, into one array for each view; no value is copied."""
        return [rows[:, values] for values in self.slices]

    @property
    def slices(self) -> list[slice]:
        """The values of each view in a row."""
        ends = np.cumsum([0, *self.blocks]).tolist()
        return [slice(start, end) for start, end in pairwise(ends)]
