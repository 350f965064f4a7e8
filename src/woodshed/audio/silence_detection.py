"""Silence detection by level, and removal of silence.

The level is measured in frames of 10 ms, a hundred values per second, so that files of many hours are
analysed block by block in little memory. (`woodshed.audio.silence` generates silence.)
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from woodshed.audio.segment import Segment, blocks_of, join
from woodshed.clip import Clip
from woodshed.errors import AudioError, ParameterError, printable
from woodshed.units import db_to_amplitude, s_to_samples, samples_to_s

FRAME_S = 0.01
"""Length of a frame in seconds."""

Spans = NDArray[np.int64]
"""First sample of each span, and the first after it, shape ``(n_spans, 2)``."""


@dataclass(frozen=True)
class SilenceRule:
    """Definition of silence, for `find_sound` and the other functions of this module.

    A frame of 10 ms is active if its RMS level over all channels reaches the threshold. Active parts with a
    shorter pause between them than ``min_silence_s`` are merged; merged parts shorter than ``min_sound_s``
    are ignored as clicks; the others are extended on both sides by ``margin_s``, since speech begins and ends
    softly.

    Parameters
    ----------
    threshold_db
        Threshold in decibels relative to the loudest frame, negative; with ``absolute``, relative to an RMS
        of 1.
    absolute
        Whether the threshold is absolute. Use it for recordings that may contain only noise: relative to its
        loudest frame, every recording contains sound.
    min_silence_s
        Minimum length of a pause in seconds, 0 or more.
    min_sound_s
        Minimum length of a sound in seconds, 0 or more.
    margin_s
        Extension of each sound at both ends in seconds, 0 or more.

    Raises
    ------
    ParameterError
        If a duration is negative or not finite, or a relative threshold is not negative.

    Examples
    --------
    >>> SilenceRule(threshold_db=-30.0).min_silence_s
    0.3
    """

    threshold_db: float = -40.0
    absolute: bool = False
    min_silence_s: float = 0.3
    min_sound_s: float = 0.05
    margin_s: float = 0.01

    def __post_init__(self) -> None:
        if not (math.isfinite(self.threshold_db) and (self.absolute or self.threshold_db < 0)):
            raise ParameterError(
                "threshold_db must be finite, and negative unless absolute (decibels relative to the loudest "
                f"frame), got {self.threshold_db!r}."
            )
        for name in ("min_silence_s", "min_sound_s", "margin_s"):
            if not 0 <= getattr(self, name) < math.inf:
                raise ParameterError(f"{name} must be 0 s or more, got {getattr(self, name)!r}.")


DEFAULT_RULE = SilenceRule()


@dataclass(frozen=True)
class _Levels:
    """Power of each frame of a recording, shape ``(n_frames,)``."""

    power: NDArray[np.float64]
    frame_length: int
    n_samples: int
    sample_rate: int


def find_sound(sound: Clip | Iterable[Clip], rule: SilenceRule = DEFAULT_RULE) -> list[Segment]:
    """Find the segments that are not silent.

    Parameters
    ----------
    sound
        A clip, or the consecutive blocks of a long file, as returned by `read_blocks`.
    rule
        Definition of silence.

    Returns
    -------
    list of Segment
        In order, without overlap; empty if all is digital silence.

    Raises
    ------
    AudioError
        If the blocks have different rates.

    Notes
    -----
    Without margin, a segment starts at most one frame before the sound that crosses the threshold, and never
    after it.

    Examples
    --------
    >>> clip = Clip(np.r_[np.zeros(8000), np.ones(8000), np.zeros(8000)], 8000)
    >>> find_sound(clip, SilenceRule(margin_s=0.0))
    [Segment(start_s=1.0, end_s=2.0)]

    Two blocks of one second and one of half a second, as from a long file:

    >>> find_sound([clip.cut(0, 1), clip.cut(1, 2), clip.cut(2, 2.5)], SilenceRule(margin_s=0.25))
    [Segment(start_s=0.75, end_s=2.25)]
    """
    levels = _measure(sound)
    return _segments(_active_spans(levels, rule), levels.sample_rate)


def find_silence(sound: Clip | Iterable[Clip], rule: SilenceRule = DEFAULT_RULE) -> list[Segment]:
    """Find the silent segments, the complement of `find_sound`.

    Parameters
    ----------
    sound, rule
        As in `find_sound`.

    Returns
    -------
    list of Segment
        In order. Together with those of `find_sound` they cover the recording without gap or overlap.

    Raises
    ------
    AudioError
        If the blocks have different rates.

    Examples
    --------
    >>> clip = Clip(np.r_[np.zeros(8000), np.ones(8000), np.zeros(4000)], 8000)
    >>> find_silence(clip, SilenceRule(margin_s=0.0))
    [Segment(start_s=0.0, end_s=1.0), Segment(start_s=2.0, end_s=2.5)]
    """
    levels = _measure(sound)
    gaps = np.r_[0, _active_spans(levels, rule).ravel(), levels.n_samples].reshape(-1, 2)
    return _segments(gaps[gaps[:, 1] > gaps[:, 0]], levels.sample_rate)


def remove_silence(clip: Clip, rule: SilenceRule = DEFAULT_RULE, *, keep_s: float = 0.0) -> Clip:
    """Remove or shorten the silence in a clip.

    Parameters
    ----------
    clip
        Sound with any number of channels.
    rule
        Definition of silence.
    keep_s
        Length of the pause that remains between two sounds in seconds, 0 or more: half of it after the first
        and half before the second, so that the room tone is preserved. Half of it remains at either end.

    Returns
    -------
    Clip
        The sounds, joined with crossfades of at most 5 ms to prevent clicks; each shortens the clip by its
        length.

    Raises
    ------
    AudioError
        If the clip is silent throughout.
    ParameterError
        If ``keep_s`` is negative or not finite.

    Examples
    --------
    >>> clip = Clip(np.r_[np.ones(8000), np.zeros(8000), np.ones(8000)], 8000)
    >>> remove_silence(clip, SilenceRule(margin_s=0.0)).duration_s
    1.995
    >>> remove_silence(clip, SilenceRule(margin_s=0.0), keep_s=0.5).duration_s
    2.495
    """
    if not 0 <= keep_s < math.inf:
        raise ParameterError(f"remove_silence expects a keep_s of 0 or more, got {keep_s!r}.")
    levels = _measure(clip)
    parts = _cut(clip, _widen(_active_spans(levels, rule), keep_s / 2, levels))
    if not parts:
        raise AudioError(
            f"{printable(clip.source)} is silent throughout, so nothing would remain. "
            f"Leave the clip out, or lower threshold_db ({rule.threshold_db!r})."
        )
    n_fade = min(frame_length(clip.sample_rate), *(part.n_samples for part in parts)) // 2
    return join(parts, crossfade_s=samples_to_s(n_fade, clip.sample_rate))


def split_on_silence(clip: Clip, rule: SilenceRule = DEFAULT_RULE) -> list[Clip]:
    """Split a clip into its sounds, such as words, digits or calls.

    Parameters
    ----------
    clip
        Sound with any number of channels.
    rule
        Definition of silence.

    Returns
    -------
    list of Clip
        One clip for each segment of `find_sound`; empty if the clip is silent.

    Examples
    --------
    >>> clip = Clip(np.r_[np.ones(8000), np.zeros(8000), np.ones(4000)], 8000)
    >>> [part.duration_s for part in split_on_silence(clip, SilenceRule(margin_s=0.0))]
    [1.0, 0.5]
    """
    return _cut(clip, _active_spans(_measure(clip), rule))


def trim_silence(clip: Clip, *, threshold_db: float = -40.0) -> Clip:
    """Trim silence at both ends.

    A frame of 10 ms is silent if its RMS level over all channels is below ``threshold_db``. A clip that is
    digital silence throughout is returned unchanged.

    Parameters
    ----------
    clip
        Sound with any number of channels.
    threshold_db
        Threshold in decibels relative to the loudest frame; negative.

    Raises
    ------
    ParameterError
        If the threshold is not negative.

    Examples
    --------
    >>> padded = Clip(np.r_[np.zeros(800), np.ones(1600), np.zeros(800)], 8000)
    >>> trim_silence(padded).duration_s
    0.2
    """
    if not threshold_db < 0:
        raise ParameterError(f"trim_silence expects a negative threshold_db, got {threshold_db!r}.")
    rule = SilenceRule(threshold_db, min_silence_s=0.0, min_sound_s=0.0, margin_s=0.0)
    spans = _active_spans(_measure(clip), rule)
    if not len(spans):
        return clip
    return replace(clip, samples=clip.samples[:, spans[0, 0] : spans[-1, 1]])


def frame_length(sample_rate: int) -> int:
    """Return the number of samples in a frame of 10 ms, at least one.

    Examples
    --------
    >>> frame_length(16000)
    160
    """
    return max(1, s_to_samples(FRAME_S, sample_rate))


def _measure(sound: Clip | Iterable[Clip]) -> _Levels:
    """Measure the frames of a clip or a stream of blocks."""
    powers: list[NDArray[np.float64]] = []
    rest: NDArray[np.float64] = np.zeros(0)
    n_samples, sample_rate = 0, 0
    for block in blocks_of(sound) if isinstance(sound, Clip) else sound:
        if sample_rate not in (0, block.sample_rate):
            raise AudioError(
                f"Expected blocks of one rate, got {printable(block.source)} at {sample_rate} Hz "
                f"and then at {block.sample_rate} Hz. Read them from one file."
            )
        sample_rate = block.sample_rate
        n_samples += block.n_samples
        n = frame_length(sample_rate)
        energy = np.append(rest, np.square(block.samples, dtype=np.float64).mean(axis=0))
        n_whole = len(energy) // n * n
        powers.append(energy[:n_whole].reshape(-1, n).mean(axis=1))
        rest = energy[n_whole:]
    if rest.size:
        powers.append(rest.mean(keepdims=True))
    power = np.concatenate(powers) if powers else np.zeros(0)
    return _Levels(power, frame_length(sample_rate), n_samples, max(1, sample_rate))


def _active_spans(levels: _Levels, rule: SilenceRule) -> Spans:
    """Return the active spans: threshold, merge, drop and widen."""
    reference = 1.0 if rule.absolute else levels.power.max(initial=0.0)
    is_active = (levels.power >= reference * db_to_amplitude(rule.threshold_db) ** 2) & (levels.power > 0)
    changes = np.flatnonzero(np.diff(is_active, prepend=False, append=False)) * levels.frame_length
    spans = np.minimum(changes, levels.n_samples).reshape(-1, 2)
    merged = _merge(spans, s_to_samples(rule.min_silence_s, levels.sample_rate))
    is_long = np.diff(merged)[:, 0] >= s_to_samples(rule.min_sound_s, levels.sample_rate)
    return _widen(merged[is_long], rule.margin_s, levels)


def _merge(spans: Spans, min_gap: int) -> Spans:
    """Merge spans that touch, overlap, or have a gap below ``min_gap`` samples."""
    edges = spans.ravel()
    gaps = edges[1:-1].reshape(-1, 2)
    wide_gaps = gaps[np.diff(gaps)[:, 0] >= max(1, min_gap)]
    return np.concatenate([edges[:1], wide_gaps.ravel(), edges[-1:]]).reshape(-1, 2)


def _widen(spans: Spans, by_s: float, levels: _Levels) -> Spans:
    by = s_to_samples(by_s, levels.sample_rate)
    return _merge(np.clip(spans + np.array([-by, by]), 0, levels.n_samples), 0)


def _segments(spans: Spans, sample_rate: int) -> list[Segment]:
    return [
        Segment(samples_to_s(start, sample_rate), samples_to_s(stop, sample_rate))
        for start, stop in spans.tolist()
    ]


def _cut(clip: Clip, spans: Spans) -> list[Clip]:
    return [replace(clip, samples=clip.samples[:, start:stop]) for start, stop in spans]
