"""Level of a sound that is processed in blocks, and a buffer of its latest samples."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from woodshed.clip import Samples
from woodshed.units import s_to_samples, samples_to_s

LEVEL_S = 0.01
"""Approximate length of a level frame, in seconds."""

LOWEST_DB = -120.0
"""Level of digital silence."""

ACTIVE_DB = 40.0
"""Frames whose level is further below the highest one of their window are not active."""


@dataclass(eq=False)
class LevelMeter:
    """RMS level of a sound that arrives in blocks, relative to an RMS of 1.

    Examples
    --------
    >>> level_meter = LevelMeter(8000)
    >>> level_meter.add(np.full(100, 0.1, np.float32))
    >>> level_meter.add(np.zeros(100, np.float32))
    >>> np.concatenate([level_meter.pop_levels(), level_meter.last_level()]).round(1).tolist()
    [-20.0, -26.0, -120.0]
    """

    sample_rate: int
    n_samples: int = 0
    _powers: list[NDArray[np.float32]] = field(default_factory=list)
    _remainder: Samples = field(default_factory=lambda: np.empty(0, np.float32))

    @property
    def frame_length(self) -> int:
        """Samples in a frame."""
        return max(1, s_to_samples(LEVEL_S, self.sample_rate))

    @property
    def level_s(self) -> float:
        """Length of a frame in seconds."""
        return samples_to_s(self.frame_length, self.sample_rate)

    def add(self, samples: Samples) -> None:
        """Process the next samples."""
        self.n_samples += len(samples)
        samples = np.concatenate([self._remainder, samples])
        n_whole = len(samples) // self.frame_length * self.frame_length
        self._powers.append(np.square(samples[:n_whole]).reshape(-1, self.frame_length).mean(axis=1))
        self._remainder = samples[n_whole:]

    def pop_levels(self) -> NDArray[np.float32]:
        """Return the levels in decibels of the frames that were completed since the last call."""
        powers = np.concatenate([np.empty(0, np.float32), *self._powers])
        self._powers.clear()
        return _power_to_db(powers)

    def last_level(self) -> NDArray[np.float32]:
        """Return the level of the last, incomplete frame in decibels, shape ``(1,)``; empty without one."""
        remainder = self._remainder
        return _power_to_db(np.square(remainder).mean(keepdims=True) if len(remainder) else remainder)


@dataclass(eq=False)
class SampleBuffer:
    """The latest samples of a sound that arrives in blocks, indexed from the start of the sound.

    Examples
    --------
    >>> buffer = SampleBuffer()
    >>> buffer.add(np.arange(5.0, dtype=np.float32))
    >>> buffer.discard(3)
    >>> buffer.read(3, 9).tolist()
    [3.0, 4.0]
    """

    start: int = 0
    _samples: Samples = field(default_factory=lambda: np.empty(0, np.float32))

    def add(self, samples: Samples) -> None:
        """Append samples."""
        self._samples = np.concatenate([self._samples, samples])

    def __len__(self) -> int:
        return len(self._samples)

    def read(self, first: int, stop: int) -> Samples:
        """Return the samples from ``first`` to before ``stop``, as far as they are available."""
        return self._samples[first - self.start : stop - self.start]

    def discard(self, before: int) -> None:
        """Drop the samples before an index."""
        if before > self.start:
            self._samples, self.start = self._samples[before - self.start :].copy(), before


def trim_inactive(samples: Samples, sample_rate: int) -> Samples:
    """Return the samples from the first to the last active frame.

    Examples
    --------
    >>> samples = np.zeros(800, np.float32)
    >>> samples[160:320] = 0.5
    >>> len(trim_inactive(samples, 8000)), len(trim_inactive(np.zeros(800, np.float32), 8000))
    (160, 0)
    """
    level_meter = LevelMeter(sample_rate)
    level_meter.add(samples)
    levels_db = np.concatenate([level_meter.pop_levels(), level_meter.last_level()])
    threshold_db = max(levels_db.max(initial=LOWEST_DB) - ACTIVE_DB, LOWEST_DB + 1)
    active = np.flatnonzero(levels_db >= threshold_db)
    if not len(active):
        return samples[:0]
    return samples[active[0] * level_meter.frame_length : (active[-1] + 1) * level_meter.frame_length]


def _power_to_db(power: NDArray[np.float32]) -> NDArray[np.float32]:
    return 10 * np.log10(np.maximum(power, np.float32(10 ** (LOWEST_DB / 10))), dtype=np.float32)
