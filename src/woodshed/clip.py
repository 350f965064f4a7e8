"""Audio clip in memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from woodshed.errors import AudioError, ParameterError
from woodshed.units import s_to_samples, samples_to_s

Samples = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Clip:
    """Audio samples with their rate and source.

    Parameters
    ----------
    samples
        Shape ``(n_channels, n_samples)``, any real dtype; stored as float32, read-only, with full scale at
        ±1. A one-dimensional array is one channel. At least one sample, all of them finite.
    sample_rate
        Sample rate in hertz, a positive whole number.
    source
        Name for messages, usually the path of the file.

    Raises
    ------
    AudioError
        If there is no sample, or a sample is NaN or infinite.
    ParameterError
        If the array has more than two axes, or the rate is not positive.

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
        if (
            isinstance(self.sample_rate, bool)
            or int(self.sample_rate) != self.sample_rate
            or self.sample_rate <= 0
        ):
            raise ParameterError(
                f"Clip expects a whole, positive sample_rate in Hz, got {self.sample_rate!r}."
            )
        samples = np.ascontiguousarray(samples, dtype=np.float32)
        if samples.size == 0:
            raise AudioError(f"{self.source} has no samples. Leave it out, or record it again.")
        if not np.isfinite(samples).all():
            n_bad = int(samples.size - np.isfinite(samples).sum())
            raise AudioError(
                f"{self.source} has {n_bad} samples that are NaN or infinite. "
                "Export it again from the program that made it."
            )
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
        """Return the mean of the channels, shape ``(n_samples,)``."""
        if self.n_channels == 1:
            only: Samples = self.samples[0]
            return only
        mix: Samples = self.samples.mean(axis=0, dtype=np.float32)
        return mix

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
