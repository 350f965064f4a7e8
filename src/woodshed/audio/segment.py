"""Segments of a recording; trimming, splitting and joining of clips, exact to the sample."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from woodshed.clip import Clip, Samples
from woodshed.errors import AudioError, ParameterError, near_miss, printable
from woodshed.units import s_to_samples

LASTS = ("keep", "drop", "pad")
"""Treatment of a shorter last part in `split_every`."""


@dataclass(frozen=True)
class Segment:
    """Part of a recording.

    Parameters
    ----------
    start_s, end_s
        Start and end in seconds.

    Examples
    --------
    >>> Segment(0.5, 2.0).duration_s
    1.5
    """

    start_s: float
    end_s: float

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.end_s - self.start_s


def trim(clip: Clip, start_s: float = 0.0, end_s: float | None = None) -> Clip:
    """Return a segment of a clip.

    Unlike `Clip.cut`, which slices as Python does, it raises an error if the segment exceeds the clip.

    Parameters
    ----------
    clip
        Sound with any number of channels.
    start_s, end_s
        The segment in seconds; ``end_s`` None is the end of the clip. Both are rounded to the nearest sample.

    Returns
    -------
    Clip
        ``round(end_s * sample_rate) - round(start_s * sample_rate)`` samples.

    Raises
    ------
    ParameterError
        If the segment starts before 0, ends after the clip, or has no samples.

    Examples
    --------
    >>> trim(Clip(np.arange(8), 8), 0.25, 0.75).samples.tolist()
    [[2.0, 3.0, 4.0, 5.0]]
    """
    start = _sample_at(clip, start_s, "trim")
    stop = clip.n_samples if end_s is None else _sample_at(clip, end_s, "trim")
    if start >= stop:
        raise ParameterError(
            f"trim expects an end after the start, got {start_s!r} s to "
            f"{clip.duration_s if end_s is None else end_s!r} s of {printable(clip.source)}. Correct them."
        )
    return _part(clip, start, stop)


def blocks_of(clip: Clip, block_s: float = 10.0) -> Iterator[Clip]:
    """Yield consecutive blocks of a clip, which bounds the memory that processing a long clip takes.

    Examples
    --------
    >>> [block.duration_s for block in blocks_of(Clip(np.ones(25), 1))]
    [10.0, 10.0, 5.0]
    """
    n = s_to_samples(block_s, clip.sample_rate)
    for start in range(0, clip.n_samples, n):
        yield _part(clip, start, start + n)


def split_every(clip: Clip, length_s: float, *, last: str = "keep") -> list[Clip]:
    """Split a clip into consecutive parts of equal length.

    Parameters
    ----------
    clip
        Sound with any number of channels.
    length_s
        Length of a part in seconds, rounded to the nearest sample.
    last
        Treatment of a shorter last part: ``keep`` it, ``drop`` it, or ``pad`` it with silence.

    Returns
    -------
    list of Clip
        With ``keep``, `join` restores the clip exactly. With ``drop``, it is empty if the clip is shorter
        than one part.

    Raises
    ------
    ParameterError
        If the length is below one sample, or ``last`` is unknown.

    Examples
    --------
    >>> [part.n_samples for part in split_every(Clip(np.ones(10), 8), 0.5)]
    [4, 4, 2]
    >>> split_every(Clip(np.ones(10), 8), 0.5, last="pad")[-1].samples.tolist()
    [[1.0, 1.0, 0.0, 0.0]]
    """
    if last not in LASTS:
        raise ParameterError(f"split_every does not support last={last!r}. {near_miss(str(last), LASTS)}")
    n = s_to_samples(length_s, clip.sample_rate) if math.isfinite(length_s) else 0
    if n < 1:
        raise ParameterError(
            f"split_every expects a length_s of at least one sample (1/{clip.sample_rate} s), "
            f"got {length_s!r}."
        )
    parts = list(blocks_of(clip, length_s))
    missing = n - parts[-1].n_samples
    if missing and last == "drop":
        del parts[-1]
    elif missing and last == "pad":
        parts[-1] = replace(clip, samples=np.pad(parts[-1].samples, ((0, 0), (0, missing))))
    return parts


def split_at(clip: Clip, times_s: Iterable[float]) -> list[Clip]:
    """Split a clip at given times, such as onsets, beats or markers.

    Parameters
    ----------
    clip
        Sound with any number of channels.
    times_s
        Seconds, in any order, each rounded to the nearest sample. Times at the start or the end of the clip
        and duplicates have no effect.

    Returns
    -------
    list of Clip
        The parts in order; `join` restores the clip exactly.

    Raises
    ------
    ParameterError
        If a time is before 0, after the end of the clip, or not a number.

    Examples
    --------
    >>> [part.n_samples for part in split_at(Clip(np.ones(8), 8), [0.0, 0.75, 0.25])]
    [2, 4, 2]
    """
    cuts = {_sample_at(clip, time_s, "split_at") for time_s in times_s}
    edges = sorted(cuts | {0, clip.n_samples})
    return [_part(clip, start, stop) for start, stop in itertools.pairwise(edges)]


def join(clips: Sequence[Clip], *, crossfade_s: float = 0.0) -> Clip:
    """Concatenate clips, optionally with crossfades.

    Parameters
    ----------
    clips
        At least one; all of the same rate and number of channels.
    crossfade_s
        Overlap of consecutive clips in seconds, 0 or more. The first and the last clip must be at least that
        long, all others twice as long.

    Returns
    -------
    Clip
        As many samples as all clips together, minus one crossfade for each seam. It has the source of the
        first clip.

    Raises
    ------
    AudioError
        If rates or numbers of channels differ, or a clip is too short for its crossfades.
    ParameterError
        If there is no clip, or the crossfade is negative or not finite.

    Notes
    -----
    The crossfade has equal power: the gains are cosine and sine of an angle from 0 to 90°, so that
    uncorrelated sounds keep their level. Identical sounds rise by 3 dB in the middle.

    Examples
    --------
    >>> join([Clip(np.ones(3), 8), Clip(np.zeros(2), 8)]).samples.tolist()
    [[1.0, 1.0, 1.0, 0.0, 0.0]]
    >>> join([Clip(np.ones(8), 8), Clip(np.ones(8), 8)], crossfade_s=0.5).n_samples
    12
    """
    if not clips:
        raise ParameterError("join expects at least one clip, got none.")
    _check_formats(clips)
    n_fade = _n_fade(clips, crossfade_s)
    angle = (np.arange(n_fade) + 0.5) * (np.pi / 2 / max(1, n_fade))
    n_samples = sum(clip.n_samples for clip in clips) - n_fade * (len(clips) - 1)
    joined: Samples = np.zeros((clips[0].n_channels, n_samples), dtype=np.float32)
    start = 0
    for k, clip in enumerate(clips):
        part = joined[:, start : start + clip.n_samples]
        if k:
            part[:, :n_fade] *= np.cos(angle)
            part[:, :n_fade] += np.sin(angle) * clip.samples[:, :n_fade]
            part[:, n_fade:] = clip.samples[:, n_fade:]
        else:
            part[:] = clip.samples
        start += clip.n_samples - n_fade
    return replace(clips[0], samples=joined)


def equal_segments(duration_s: float, length_s: float, *, last: str = "keep") -> list[Segment]:
    """Divide a duration into segments of equal length.

    Parameters
    ----------
    duration_s
        Duration in seconds.
    length_s
        Length of a segment in seconds, positive.
    last
        Whether to ``keep`` or ``drop`` a shorter last segment.

    Raises
    ------
    ParameterError
        If the length is not positive, or ``last`` is unknown.

    Examples
    --------
    >>> [segment.end_s for segment in equal_segments(2.5, 1.0)]
    [1.0, 2.0, 2.5]
    >>> len(equal_segments(2.5, 1.0, last="drop"))
    2
    """
    if not length_s > 0:
        raise ParameterError(f"The segment length must be positive, got {length_s!r} s.")
    if last not in ("keep", "drop"):
        raise ParameterError(f"last must be 'keep' or 'drop', got {last!r}.")
    n_full = int(duration_s / length_s + 1e-9)
    segments = [Segment(k * length_s, (k + 1) * length_s) for k in range(n_full)]
    if last == "keep" and duration_s - n_full * length_s > 1e-9 * duration_s:
        segments.append(Segment(n_full * length_s, duration_s))
    return segments


def segments_between(times_s: Iterable[float], duration_s: float) -> list[Segment]:
    """Divide a duration at the given times, in seconds; times outside it are ignored.

    Examples
    --------
    >>> [(segment.start_s, segment.end_s) for segment in segments_between([0.5, 2.0], 3.0)]
    [(0.0, 0.5), (0.5, 2.0), (2.0, 3.0)]
    """
    edges = [0.0, *sorted({float(time_s) for time_s in times_s if 0 < time_s < duration_s}), duration_s]
    return [Segment(start_s, end_s) for start_s, end_s in itertools.pairwise(edges)]


def _sample_at(clip: Clip, time_s: float, function: str) -> int:
    """Return the sample at a time within the clip, its end included."""
    if math.isfinite(time_s) and time_s >= 0:
        sample = s_to_samples(time_s, clip.sample_rate)
        if sample <= clip.n_samples:
            return sample
    raise ParameterError(
        f"{function} expects times from 0 s to {clip.duration_s:g} s, the length of "
        f"{printable(clip.source)}, got {time_s!r} s. Correct the time."
    )


def _part(clip: Clip, start: int, stop: int) -> Clip:
    return replace(clip, samples=clip.samples[:, start:stop])


def _check_formats(clips: Sequence[Clip]) -> None:
    first = clips[0]
    for clip in clips[1:]:
        if clip.sample_rate != first.sample_rate:
            raise AudioError(
                f"join expects one rate, got {printable(first.source)} at {first.sample_rate} Hz and "
                f"{printable(clip.source)} at {clip.sample_rate} Hz. "
                f"Resample it first: woodshed.audio.resample(clip, {first.sample_rate})."
            )
        if clip.n_channels != first.n_channels:
            raise AudioError(
                f"join expects one number of channels, got {printable(first.source)} with {first.n_channels} "
                f"and {printable(clip.source)} with {clip.n_channels}. "
                "Mix them to one first: Clip(clip.mono(), clip.sample_rate, clip.source)."
            )


def _n_fade(clips: Sequence[Clip], crossfade_s: float) -> int:
    """Return the length of a crossfade in samples; raise if a clip is too short for it."""
    if not 0 <= crossfade_s < math.inf:
        raise ParameterError(f"join expects a crossfade_s of 0 or more, got {crossfade_s!r}.")
    n_fade = s_to_samples(crossfade_s, clips[0].sample_rate)
    for k, clip in enumerate(clips):
        n_seams = (k > 0) + (k < len(clips) - 1)
        if clip.n_samples < n_seams * n_fade:
            raise AudioError(
                f"{printable(clip.source)} lasts {clip.duration_s:g} s, too short for "
                f"{n_seams} crossfade{'s' * (n_seams > 1)} of {crossfade_s:g} s. "
                "Choose a shorter crossfade_s, or leave the clip out."
            )
    return n_fade
