"""Audio clip in memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from woodshed.errors import AudioError, ParameterError, counted, is_integer
from woodshed.units import s_to_samples, samples_to_s

Samples = NDArray[np.float32]

MAX_CHANNELS = 64
"""Number of channels above which an array with fewer samples than channels is taken for a transposed one."""

LARGEST_SAMPLE = 1e10
"""Maximum absolute sample, 200 dB above full scale: the power of a larger one may exceed float32."""

MIXED_S = 30.0
"""Duration from the first sound on, in seconds, that decides how two channels are mixed."""

CANCELLED = 0.01
"""Power of the mean, relative to that of the channels, below which one channel is used instead: -20 dB."""

PARTLY_CANCELLED = 0.1
"""The same below which a mix is remarked: -10 dB, a correlation of -0.8 of two equally loud channels."""


def is_in_range(samples: NDArray[np.floating]) -> bool:
    """Return whether no sample is NaN, infinite or beyond `LARGEST_SAMPLE`.

    Examples
    --------
    >>> is_in_range(np.array([0.5, -3.0])), is_in_range(np.array([1e29])), is_in_range(np.array([np.nan]))
    (True, False, False)
    """
    # Both are NaN if any sample is; without the temporary array that np.isfinite or np.abs would need.
    return bool(samples.min(initial=0.0) >= -LARGEST_SAMPLE and samples.max(initial=0.0) <= LARGEST_SAMPLE)


def check_sample_rate(function: str, sample_rate: float) -> None:
    """Check a sample rate in hertz; ``function`` begins the message.

    Raises
    ------
    ParameterError
        If it is not a whole, positive number.

    Examples
    --------
    >>> check_sample_rate("Clip", 8000)
    >>> check_sample_rate("Clip", float("nan"))
    Traceback (most recent call last):
    woodshed.errors.ParameterError: Clip expects a whole, positive sample_rate in Hz, got nan.
    """
    if not is_integer(sample_rate) or sample_rate <= 0:
        raise ParameterError(f"{function} expects a whole, positive sample_rate in Hz, got {sample_rate!r}.")


class ChannelMix:
    """Mix of the channels of one sound, which may arrive in blocks of any length.

    The mix is the mean. If two channels cancel each other in it (one is the other with opposite polarity, as
    from a cable or plug that is wired wrongly), it is the first of the two. The first `MIXED_S` seconds
    decide, from the first sample on that is not 0, so that the decision depends neither on the length of the
    blocks nor on that of the sound.

    Parameters
    ----------
    sample_rate
        Rate of the sound in hertz.

    Examples
    --------
    >>> mix = ChannelMix(8000)
    >>> mix.add(np.array([[0.5, -0.25], [-0.5, 0.25]]))
    >>> mix.mean_power, mix(np.array([[0.5, -0.25], [-0.5, 0.25]])).tolist()
    (0.0, [0.5, -0.25])
    >>> mix.remark
    'left and right cancel each other (opposite polarity): left is used instead of their mean'
    """

    def __init__(self, sample_rate: int) -> None:
        self._n_left = s_to_samples(MIXED_S, sample_rate)
        self._power_of_mean = self._power = 0.0

    def add(self, samples: NDArray[np.floating]) -> None:
        """Take the next samples into account, shape ``(n_channels, n_samples)``; only those of two count."""
        if len(samples) != 2:
            self._n_left = 0
        if not self._n_left:
            return
        if not self._power:
            samples = samples[:, int(samples.any(axis=0).argmax()) :] if samples.any() else samples[:, :0]
        part = samples[:, : self._n_left].astype(np.float64)
        self._power_of_mean += float(np.square(part.mean(axis=0)).sum())
        self._power += float(np.square(part).mean(axis=0).sum())
        self._n_left -= part.shape[1]

    @property
    def is_decided(self) -> bool:
        """Whether further samples change nothing."""
        return self._n_left == 0

    @property
    def is_silent(self) -> bool:
        """Whether all samples so far are 0, whose mix is 0 in any case."""
        return self._power == 0.0

    @property
    def mean_power(self) -> float:
        """Power of the mean relative to that of the channels: 1 for equal ones, 0 if they cancel."""
        return self._power_of_mean / self._power if self._power else 1.0

    @property
    def remark(self) -> str:
        """What a user should know about the mix, or an empty string."""
        if self.mean_power < CANCELLED:
            return "left and right cancel each other (opposite polarity): left is used instead of their mean"
        if self.mean_power < PARTLY_CANCELLED:
            loss_db = -10 * np.log10(self.mean_power)
            return f"left and right cancel each other in part: their mean is {loss_db:.0f} dB softer"
        return ""

    def __call__(self, samples: Samples) -> Samples:
        """Mix samples of shape ``(n_channels, n_samples)`` into ``(n_samples,)``."""
        if len(samples) == 1 or self.mean_power < CANCELLED:
            first: Samples = samples[0]
            return first
        mean: Samples = samples.mean(axis=0, dtype=np.float32)
        return mean


@dataclass(frozen=True, eq=False)
class Clip:
    """Audio samples with their rate and source.

    Parameters
    ----------
    samples
        Shape ``(n_channels, n_samples)``, any real dtype; stored as float32, read-only, with full scale at
        ±1. A one-dimensional array is one channel. At least one sample, all of them finite and within
        ±1e10, 200 dB above full scale.
    sample_rate
        Sample rate in hertz, a positive whole number.
    source
        Name for messages, usually the path of the file.

    Raises
    ------
    AudioError
        If there is no sample, or a sample is NaN, infinite, or beyond `LARGEST_SAMPLE`; or if there are more
        than `MAX_CHANNELS` channels and even fewer samples.
    ParameterError
        If the array has more than two axes, or the rate is not a whole, positive number.

    Examples
    --------
    >>> clip = Clip(np.zeros((2, 8000)), 8000)
    >>> clip.n_channels, clip.n_samples, clip.duration_s
    (2, 8000, 1.0)
    >>> clip.mono().shape
    (8000,)
    """

    samples: Samples
    sample_rate: int
    source: str = "clip"

    def __post_init__(self) -> None:
        samples = np.asarray(self.samples)
        if samples.ndim == 1:
            samples = samples[np.newaxis]
        if samples.ndim != 2:
            raise ParameterError(
                f"Clip expects samples of shape (n_channels, n_samples), got {samples.shape}. "
                "For a batch, make a list of clips."
            )
        check_sample_rate("Clip", self.sample_rate)
        samples = np.ascontiguousarray(samples, dtype=np.float32)
        if samples.size == 0:
            raise AudioError(f"{self.source} has no samples. Leave it out, or record it again.")
        if samples.shape[0] > max(MAX_CHANNELS, samples.shape[1]):
            raise AudioError(
                f"{self.source} has {samples.shape[0]} channels of {counted(samples.shape[1], 'sample')}. "
                "Expected the shape (n_channels, n_samples). soundfile and others return arrays of shape "
                "(n_samples, n_channels): pass samples.T."
            )
        if not is_in_range(samples):
            n_bad = int(samples.size - np.isfinite(samples).sum())
            what = f"{n_bad} samples that are NaN or infinite" if n_bad else "samples beyond 1e+10"
            raise AudioError(f"{self.source} has {what}. Export it again from the program that made it.")
        samples.setflags(write=False)
        object.__setattr__(self, "samples", samples)
        object.__setattr__(self, "sample_rate", int(self.sample_rate))

    @property
    def n_channels(self) -> int:
        """Number of channels: 1 is mono, 2 is stereo."""
        return int(self.samples.shape[0])

    @property
    def n_samples(self) -> int:
        """Number of samples in each channel."""
        return int(self.samples.shape[1])

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return samples_to_s(self.n_samples, self.sample_rate)

    def mono(self) -> Samples:
        """Return the mix of the channels, shape ``(n_samples,)``: mostly their mean, see `ChannelMix`."""
        mix = ChannelMix(self.sample_rate)
        mix.add(self.samples)
        return mix(self.samples)

    def cut(self, start_s: float, end_s: float | None = None) -> Clip:
        """Return the part from ``start_s`` to ``end_s`` (seconds; the end of the clip by default).

        Examples
        --------
        >>> Clip(np.zeros(8000), 8000).cut(0.25, 0.75).duration_s
        0.5
        """
        stop = self.n_samples if end_s is None else s_to_samples(end_s, self.sample_rate)
        part = self.samples[:, s_to_samples(start_s, self.sample_rate) : stop]
        return replace(self, samples=part)

    def __eq__(self, other: object) -> bool:
        """Compare rate and samples; the source is ignored."""
        if not isinstance(other, Clip):
            return NotImplemented
        return self.sample_rate == other.sample_rate and np.array_equal(self.samples, other.samples)

    def __hash__(self) -> int:
        return hash((self.sample_rate, self.samples.shape, self.samples.tobytes()))

    def __repr__(self) -> str:
        return (
            f"Clip({self.source!r}, {self.duration_s:.3f} s, {self.sample_rate} Hz, "
            f"{self.n_channels} channel{'s' if self.n_channels > 1 else ''})"
        )

    def __iter__(self) -> Iterator[Any]:
        raise TypeError(
            "A Clip is one sound, not a sequence. For a list of one pass [clip]; its values are clip.samples."
        )
