"""Front ends: what a recogniser computes from a clip before anything is learned.

A front end is a feature: called with a `woodshed.clip.Clip` at its ``sample_rate``, it returns an array of
shape ``(n_frames, n_values)`` or ``(n_values,)``, and it names its values. Networks take frames in decibels;
classical estimators take one row for each clip (`NamedRow`), and frames are summarised for them
(`PooledFrames`).

A further front end is one file with a frozen dataclass, and a line in `FRONT_ENDS`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import numpy as np

from woodshed.clip import Clip, Samples
from woodshed.errors import look_up
from woodshed.features.frame import frame_settings
from woodshed.features.row import NamedRow

FRONT_ENDS: dict[str, str] = {
    "log-mel": "woodshed.features.mel:LogMel",
    "mfcc": "woodshed.features.mel:Mfcc",
    "noise-floor": "woodshed.features.noise_floor:NoiseFloor",
    "notes": "woodshed.features.notes:PlayedNotes",
    "sound-views": "woodshed.features.views:SoundViews",
    "summary": "woodshed.features.summary:Summary",
    "timbre": "woodshed.features.timbre:TimbreSummary",
    "timed-notes": "woodshed.features.notes:TimedNotes",
    "views": "woodshed.features.views:Views",
    "voice": "woodshed.features.voice:VoiceSummary",
    "voice-course": "woodshed.features.voice_course:VoiceCourse",
}
"""Name after ``--front-end`` -> module and class."""


@dataclass(frozen=True)
class PooledFrames(NamedRow):
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

    def __call__(self, clip: Clip) -> Samples:
        """Return the row of a clip at ``sample_rate``, shape ``(n_values,)``."""
        frames = self.feature(clip)
        return np.concatenate([frames.mean(axis=0), frames.std(axis=0)], dtype=np.float32)


def front_end_class(name: str) -> type[Any]:
    """Return the class of a front end.

    Raises
    ------
    ParameterError
        If there is no front end of that name.

    Examples
    --------
    >>> front_end_class("summary").__name__
    'Summary'
    """
    kind: type[Any] = look_up("front end", name, FRONT_ENDS)
    return kind


def front_end_name(name: str) -> str:
    """Return the name of a front end; model folders of format 1 give its class instead.

    Examples
    --------
    >>> front_end_name("log-mel"), front_end_name("VoiceCourse")
    ('log-mel', 'voice-course')
    """
    return {place.partition(":")[2]: own_name for own_name, place in FRONT_ENDS.items()}.get(name, name)


def row_front_end(name: str, sample_rate: int) -> Any:
    """Return a front end that gives one row for each clip, at a sample rate in hertz.

    Examples
    --------
    >>> row_front_end("mfcc", 16000).n_values
    40
    """
    kind = front_end_class(name)
    feature = kind(**frame_settings(kind, sample_rate))
    return PooledFrames(feature) if hasattr(feature, "frame_rate_hz") else feature


def front_end_to_dict(feature: Any) -> dict[str, Any]:
    """Return the name of a front end with its settings, for ``settings.json``."""
    inner = feature.feature if isinstance(feature, PooledFrames) else feature
    target = f"{type(inner).__module__}:{type(inner).__qualname__}"
    names = {place: name for name, place in FRONT_ENDS.items()}
    return {names[target]: asdict(inner)}


def front_end_from_dict(values: dict[str, Any], *, per_clip: bool) -> Any:
    """Return the front end that `front_end_to_dict` described.

    Parameters
    ----------
    values
        One name with its settings.
    per_clip
        Whether it must give one row for each clip.

    Raises
    ------
    ParameterError
        If there is no such front end, or a setting is wrong.
    """
    ((name, settings),) = values.items()
    feature = front_end_class(front_end_name(name))(**settings)
    return PooledFrames(feature) if per_clip and hasattr(feature, "frame_rate_hz") else feature
