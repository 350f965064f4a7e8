"""Channel operations: splitting, merging, swapping and mixing. Rate and length are unchanged."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from woodshed.clip import Clip
from woodshed.errors import AudioError, ParameterError, printable


def split_channels(clip: Clip) -> tuple[Clip, ...]:
    """Return each channel as a mono clip, in order: left before right.

    Examples
    --------
    >>> left, right = split_channels(Clip(np.array([[0.5, 0.5], [-1, -1]]), 8000))
    >>> left.samples.tolist(), right.samples.tolist()
    ([[0.5, 0.5]], [[-1.0, -1.0]])
    """
    return tuple(replace(clip, samples=channel[np.newaxis]) for channel in clip.samples)


def merge_channels(clips: Iterable[Clip]) -> Clip:
    """Merge clips into the channels of one clip, in order.

    Parameters
    ----------
    clips
        At least one, all of the same rate and length; each may have several channels. The result has the
        source of the first.

    Raises
    ------
    AudioError
        If rates or lengths differ.
    ParameterError
        If there is no clip.

    Examples
    --------
    >>> merge_channels([Clip(np.ones(2), 8000), Clip(np.zeros(2), 8000)]).samples.tolist()
    [[1.0, 1.0], [0.0, 0.0]]
    """
    clips = list(clips)
    if not clips:
        raise ParameterError("merge_channels expects at least one clip, got none. Pass the left one first.")
    first = clips[0]
    for clip in clips[1:]:
        if clip.sample_rate != first.sample_rate:
            raise AudioError(
                f"merge_channels expects clips of one rate, got {printable(first.source)} at "
                f"{first.sample_rate} Hz and {printable(clip.source)} at {clip.sample_rate} Hz. "
                f"Resample it first: woodshed.audio.resample(clip, {first.sample_rate})."
            )
        if clip.n_samples != first.n_samples:
            raise AudioError(
                f"merge_channels expects clips of one length, got {printable(first.source)} with "
                f"{first.n_samples} samples and {printable(clip.source)} with {clip.n_samples}. "
                "Cut the longer one (clip.cut), or pad the shorter one (woodshed.audio.fit_length)."
            )
    return replace(first, samples=np.concatenate([clip.samples for clip in clips]))


def swap_channels(clip: Clip) -> Clip:
    """Swap left and right.

    Raises
    ------
    AudioError
        If the clip is not stereo.

    Examples
    --------
    >>> swap_channels(Clip(np.array([[0.5], [-1]]), 8000)).samples.tolist()
    [[-1.0], [0.5]]
    """
    _check_stereo(clip, "swap_channels")
    return replace(clip, samples=clip.samples[::-1])


def to_mono(clip: Clip, *, weights: Sequence[float] | None = None) -> Clip:
    """Mix all channels into one.

    Parameters
    ----------
    clip
        Sound with any number of channels.
    weights
        Factor of each channel in the sum, one for each channel, not normalised: ``(1, 0)`` selects the left
        one of two. None takes the mean.

    Raises
    ------
    ParameterError
        If the number of weights is not the number of channels, or a weight is not finite.

    Examples
    --------
    >>> stereo = Clip(np.array([[0.5], [-1]]), 8000)
    >>> to_mono(stereo).samples.tolist(), to_mono(stereo, weights=(1, 0)).samples.tolist()
    ([[-0.25]], [[0.5]])
    """
    if weights is None:
        return replace(clip, samples=clip.mono()[np.newaxis])
    factors = np.asarray(weights, dtype=np.float64)
    if factors.shape != (clip.n_channels,) or not np.isfinite(factors).all():
        raise ParameterError(
            f"to_mono expects one finite weight for each of the {clip.n_channels} channels of "
            f"{printable(clip.source)}, got {weights!r}."
        )
    return replace(clip, samples=(factors @ clip.samples)[np.newaxis].astype(np.float32))


def to_mid_side(clip: Clip) -> Clip:
    """Convert left and right to mid ``(left + right) / 2`` and side ``(left - right) / 2``.

    Mid contains what both channels share, usually voice and bass; side contains their difference.
    `from_mid_side` is the inverse. After A. D. Blumlein, British patent 394325, 1931.

    Raises
    ------
    AudioError
        If the clip is not stereo.

    Examples
    --------
    >>> to_mid_side(Clip(np.array([[0.5], [-1]]), 8000)).samples.tolist()
    [[-0.25], [0.75]]
    """
    _check_stereo(clip, "to_mid_side")
    left, right = clip.samples.astype(np.float64)
    return replace(clip, samples=np.stack([(left + right) / 2, (left - right) / 2]).astype(np.float32))


def from_mid_side(clip: Clip) -> Clip:
    """Convert mid and side back to left ``mid + side`` and right ``mid - side``.

    Raises
    ------
    AudioError
        If the clip does not have two channels.

    Examples
    --------
    >>> from_mid_side(Clip(np.array([[-0.25], [0.75]]), 8000)).samples.tolist()
    [[0.5], [-1.0]]
    """
    _check_stereo(clip, "from_mid_side")
    mid, side = clip.samples.astype(np.float64)
    return replace(clip, samples=np.stack([mid + side, mid - side]).astype(np.float32))


def to_channels(clip: Clip, n_channels: int) -> Clip:
    """Change the number of channels: mix down to mono, or copy a mono channel.

    Parameters
    ----------
    clip
        Any number of channels if ``n_channels`` is 1; otherwise mono, or ``n_channels`` already.
    n_channels
        Number of channels of the result, 1 or more.

    Raises
    ------
    AudioError
        If several channels are to become another number above 1: the mapping is undefined.
    ParameterError
        If ``n_channels`` is not a whole number of 1 or more.

    Examples
    --------
    >>> to_channels(Clip(np.array([0.5]), 8000), 2).samples.tolist()
    [[0.5], [0.5]]
    """
    whole = isinstance(n_channels, int | np.integer) and not isinstance(n_channels, bool)
    if not whole or n_channels < 1:
        raise ParameterError(f"to_channels expects a whole n_channels of 1 or more, got {n_channels!r}.")
    if clip.n_channels == n_channels:
        return clip
    if n_channels == 1:
        return to_mono(clip)
    if clip.n_channels == 1:
        return replace(clip, samples=np.repeat(clip.samples, n_channels, axis=0))
    raise AudioError(
        f"to_channels cannot map the {clip.n_channels} channels of {printable(clip.source)} to {n_channels}. "
        "Mix them to one first (to_mono), or select with split_channels and merge_channels."
    )


def _check_stereo(clip: Clip, function: str) -> None:
    if clip.n_channels != 2:
        raise AudioError(
            f"{function} expects 2 channels, got {printable(clip.source)} with {clip.n_channels}. "
            "Make it stereo first: woodshed.audio.to_channels(clip, 2), or select two with split_channels."
        )
