"""Where a recording sounds and where it is quiet, and how to take the quiet out.

Only the level is looked at, in frames of 10 ms: that takes a hundred numbers a second, so a file of many
hours is searched block by block in little memory. Not to be confused with `woodshed.audio.silence`, which
makes silence.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from woodshed.audio.segment import join
from woodshed.clip import Clip, Samples
from woodshed.errors import AudioError, ParameterError, printable
from woodshed.units import db_to_amplitude, s_to_samples, samples_to_s

FRAME_S = 0.01
"""The level is measured in frames of this length, in seconds."""

Span = tuple[int, int]
"""First sample of a stretch, and the first after it."""

_VALUES_PER_STEP = 2**20  # squares are summed in portions of this many numbers, 8 MiB


@dataclass(frozen=True)
class Stretch:
    """A part of a recording, from one time to another, in seconds.

    Examples
    --------
    >>> Stretch(0.5, 2.0).duration_s
    1.5
    """

    start_s: float
    end_s: float

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.end_s - self.start_s


def find_sound(
    sound: Clip | Iterable[Clip],
    *,
    threshold_db: float = -40.0,
    absolute: bool = False,
    min_silence_s: float = 0.3,
    min_sound_s: float = 0.05,
    margin_s: float = 0.01,
) -> list[Stretch]:
    """Find the stretches that are not silent.

    A frame of 10 ms sounds when its RMS level, over all channels, reaches the threshold. Sounds with a
    shorter pause between them than ``min_silence_s`` are one; what is then shorter than ``min_sound_s`` is a
    click and is left out; the rest is widened on both sides by ``margin_s``, because speech begins and ends
    softly.

    Parameters
    ----------
    sound
        A clip, or the blocks of a long file in order, as `read_blocks` gives them.
    threshold_db
        Level in decibels relative to the loudest frame, negative; with ``absolute``, relative to an RMS of 1.
    absolute
        Whether the threshold is fixed. Choose it where a recording may hold nothing but noise: relative to
        its loudest frame, every recording has sound in it.
    min_silence_s
        The shortest pause, in seconds.
    min_sound_s
        The shortest sound, in seconds.
    margin_s
        What is added before and after each sound, in seconds.

    Returns
    -------
    list of Stretch
        In order, without overlap. Empty if all is digital silence.

    Raises
    ------
    ParameterError
        If a setting is negative, or not a number, or a relative threshold is not negative.
    AudioError
        If the blocks have different rates.

    Notes
    -----
    Without margin, a boundary is at most one frame before the sound that crosses the threshold, and never
    after it.

    Examples
    --------
    >>> clip = Clip(np.r_[np.zeros(8000), np.ones(8000), np.zeros(8000)], 8000)
    >>> find_sound(clip, margin_s=0.0)
    [Stretch(start_s=1.0, end_s=2.0)]

    Two blocks of one second and one of half a second, as a long file would come:

    >>> find_sound([clip.cut(0, 1), clip.cut(1, 2), clip.cut(2, 2.5)], margin_s=0.25)
    [Stretch(start_s=0.75, end_s=2.25)]
    """
    rule = _Rule(threshold_db, absolute, min_silence_s, min_sound_s, margin_s)
    levels = _measure(sound)
    return _stretches(_sounding(levels, rule), levels.sample_rate)


def find_silence(
    sound: Clip | Iterable[Clip],
    *,
    threshold_db: float = -40.0,
    absolute: bool = False,
    min_silence_s: float = 0.3,
    min_sound_s: float = 0.05,
    margin_s: float = 0.01,
) -> list[Stretch]:
    """Find the stretches that are silent: all that `find_sound` leaves out.

    Parameters
    ----------
    sound, threshold_db, absolute, min_silence_s, min_sound_s, margin_s
        As for `find_sound`.

    Returns
    -------
    list of Stretch
        In order. Together with those of `find_sound` they cover the recording without gap or overlap.

    Examples
    --------
    >>> clip = Clip(np.r_[np.zeros(8000), np.ones(8000), np.zeros(4000)], 8000)
    >>> find_silence(clip, margin_s=0.0)
    [Stretch(start_s=0.0, end_s=1.0), Stretch(start_s=2.0, end_s=2.5)]
    """
    rule = _Rule(threshold_db, absolute, min_silence_s, min_sound_s, margin_s)
    levels = _measure(sound)
    edges = [0, *itertools.chain(*_sounding(levels, rule)), levels.n_samples]
    gaps = zip(edges[::2], edges[1::2], strict=True)
    return _stretches([(start, stop) for start, stop in gaps if stop > start], levels.sample_rate)


def remove_silence(
    clip: Clip,
    *,
    threshold_db: float = -40.0,
    absolute: bool = False,
    min_silence_s: float = 0.3,
    min_sound_s: float = 0.05,
    margin_s: float = 0.01,
    keep_s: float = 0.0,
) -> Clip:
    """Take the silence out, or shorten it.

    Parameters
    ----------
    clip
        Sound with any number of channels.
    threshold_db, absolute, min_silence_s, min_sound_s, margin_s
        As for `find_sound`.
    keep_s
        How long a pause is left between two sounds, in seconds: half of it after the one and half before the
        other, so that the room is heard. Half of it is left at either end.

    Returns
    -------
    Clip
        What sounds, put together with crossfades of 5 ms, so that nothing clicks; each shortens the clip by
        itself.

    Raises
    ------
    AudioError
        If nothing would be left.
    ParameterError
        As for `find_sound`, or if ``keep_s`` is negative.

    Examples
    --------
    >>> clip = Clip(np.r_[np.ones(8000), np.zeros(8000), np.ones(8000)], 8000)
    >>> remove_silence(clip, margin_s=0.0).duration_s
    1.995
    >>> remove_silence(clip, margin_s=0.0, keep_s=0.5).duration_s
    2.495
    """
    rule = _Rule(threshold_db, absolute, min_silence_s, min_sound_s, margin_s)
    if not 0 <= keep_s < math.inf:
        raise ParameterError(f"remove_silence expects a keep_s of 0 or more, got {keep_s!r}.")
    levels = _measure(clip)
    parts = _cut(clip, _widen(_sounding(levels, rule), keep_s / 2, levels))
    if not parts:
        raise AudioError(
            f"{printable(clip.source)} is silent throughout: nothing would be left. "
            f"Leave the clip out, or lower threshold_db ({threshold_db!r})."
        )
    n_fade = min(frame_length(clip.sample_rate), *(part.n_samples for part in parts)) // 2
    return join(parts, crossfade_s=samples_to_s(n_fade, clip.sample_rate))


def split_on_silence(
    clip: Clip,
    *,
    threshold_db: float = -40.0,
    absolute: bool = False,
    min_silence_s: float = 0.3,
    min_sound_s: float = 0.05,
    margin_s: float = 0.01,
) -> list[Clip]:
    """Cut a clip into its sounds: words, digits, calls.

    Parameters
    ----------
    clip
        Sound with any number of channels.
    threshold_db, absolute, min_silence_s, min_sound_s, margin_s
        As for `find_sound`, which says where in the clip each sound is.

    Returns
    -------
    list of Clip
        One for each sound; none if all is silent.

    Examples
    --------
    >>> clip = Clip(np.r_[np.ones(8000), np.zeros(8000), np.ones(4000)], 8000)
    >>> [part.duration_s for part in split_on_silence(clip, margin_s=0.0)]
    [1.0, 0.5]
    """
    rule = _Rule(threshold_db, absolute, min_silence_s, min_sound_s, margin_s)
    return _cut(clip, _sounding(_measure(clip), rule))


def frame_power(sound: Clip | Iterable[Clip]) -> NDArray[np.float64]:
    """Measure the mean square over all channels in frames of 10 ms.

    Frames follow one another without overlap, across blocks too; the last may be shorter.

    Examples
    --------
    >>> frame_power(Clip(np.r_[np.zeros(80), np.full(100, 0.5)], 8000)).tolist()
    [0.0, 0.25, 0.25]
    """
    return _measure(sound).power


@dataclass(frozen=True)
class _Levels:
    """Power of each frame of a recording."""

    power: NDArray[np.float64]
    frame_length: int
    n_samples: int
    sample_rate: int


@dataclass(frozen=True)
class _Rule:
    """What counts as sound; see `find_sound`."""

    threshold_db: float
    absolute: bool
    min_silence_s: float
    min_sound_s: float
    margin_s: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.threshold_db) and (self.absolute or self.threshold_db < 0)):
            raise ParameterError(
                "A threshold_db is a number, and negative unless absolute: so many decibels below the "
                f"loudest frame. Got {self.threshold_db!r}."
            )
        for name in ("min_silence_s", "min_sound_s", "margin_s"):
            if not 0 <= getattr(self, name) < math.inf:
                raise ParameterError(f"{name} must be 0 s or more, got {getattr(self, name)!r}.")


def frame_length(sample_rate: int) -> int:
    """Return the number of samples in a frame of 10 ms, at least one.

    Examples
    --------
    >>> frame_length(16000)
    160
    """
    return max(1, s_to_samples(FRAME_S, sample_rate))


def _measure(sound: Clip | Iterable[Clip]) -> _Levels:
    """Measure the frames of a clip or of its blocks; only a part of a frame is carried between blocks."""
    powers: list[NDArray[np.float64]] = []
    rest: NDArray[np.float64] = np.zeros(0)
    n_samples, sample_rate = 0, 0
    for block in [sound] if isinstance(sound, Clip) else sound:
        if sample_rate not in (0, block.sample_rate):
            raise AudioError(
                f"Blocks of one recording have one rate, got {printable(block.source)} at {sample_rate} Hz "
                f"and then at {block.sample_rate} Hz. Read them from one file."
            )
        sample_rate = block.sample_rate
        n_samples += block.n_samples
        n = frame_length(sample_rate)
        for samples in _portions(block.samples):
            energy = np.append(rest, np.square(samples, dtype=np.float64).mean(axis=0))
            n_whole = len(energy) // n * n
            powers.append(energy[:n_whole].reshape(-1, n).mean(axis=1))
            rest = energy[n_whole:]
    if rest.size:
        powers.append(rest.mean(keepdims=True))
    power = np.concatenate(powers) if powers else np.zeros(0)
    return _Levels(power, frame_length(sample_rate), n_samples, max(1, sample_rate))


def _portions(samples: Samples) -> Iterator[Samples]:
    step = max(1, _VALUES_PER_STEP // len(samples))
    for start in range(0, samples.shape[1], step):
        yield samples[:, start : start + step]


def _sounding(levels: _Levels, rule: _Rule) -> list[Span]:
    """Decide which frames sound, and merge, drop and widen as the rule says."""
    reference = 1.0 if rule.absolute else levels.power.max(initial=0.0)
    sounds = (levels.power >= reference * db_to_amplitude(rule.threshold_db) ** 2) & (levels.power > 0)
    turns = np.flatnonzero(np.diff(sounds, prepend=False, append=False)) * levels.frame_length
    edges = np.minimum(turns, levels.n_samples).tolist()
    spans = zip(edges[::2], edges[1::2], strict=True)
    merged = _merge(spans, s_to_samples(rule.min_silence_s, levels.sample_rate))
    min_length = s_to_samples(rule.min_sound_s, levels.sample_rate)
    return _widen([(a, b) for a, b in merged if b - a >= min_length], rule.margin_s, levels)


def _merge(spans: Iterable[Span], min_gap: int) -> list[Span]:
    """Make one of spans that touch, overlap, or have too short a gap between them."""
    merged: list[Span] = []
    for start, stop in spans:
        if merged and start - merged[-1][1] < max(1, min_gap):
            merged[-1] = (merged[-1][0], stop)
        else:
            merged.append((start, stop))
    return merged


def _widen(spans: list[Span], by_s: float, levels: _Levels) -> list[Span]:
    by = s_to_samples(by_s, levels.sample_rate)
    return _merge([(max(0, start - by), min(levels.n_samples, stop + by)) for start, stop in spans], 0)


def _stretches(spans: Iterable[Span], sample_rate: int) -> list[Stretch]:
    return [
        Stretch(samples_to_s(start, sample_rate), samples_to_s(stop, sample_rate)) for start, stop in spans
    ]


def _cut(clip: Clip, spans: list[Span]) -> list[Clip]:
    return [replace(clip, samples=clip.samples[:, start:stop]) for start, stop in spans]
