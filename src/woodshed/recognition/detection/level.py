"""Meter: how loud a sound that comes in parts is from moment to moment, and where it sounds at all."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from woodshed.clip import Samples
from woodshed.units import s_to_samples, samples_to_s

LEVEL_S = 0.01
"""The level is measured in frames of about this length, in seconds."""

LOWEST_DB = -120.0
"""The level of digital silence."""

LOUD_DB = 40.0
"""A moment is loud if it is no further below the loudest of its window."""


@dataclass(eq=False)
class LevelMeter:
    """Level of a sound that comes in blocks.

    Examples
    --------
    >>> meter = LevelMeter(8000)
    >>> meter.add(np.full(100, 0.1, np.float32))
    >>> meter.add(np.zeros(100, np.float32))
    >>> np.concatenate([meter.take(), meter.rest()]).round(1).tolist()
    [-20.0, -26.0, -120.0]
    """

    sample_rate: int
    n_heard: int = 0
    _powers: list[NDArray[np.float32]] = field(default_factory=list)
    _left: Samples = field(default_factory=lambda: np.empty(0, np.float32))

    @property
    def n_frame(self) -> int:
        """Samples in a frame."""
        return max(1, s_to_samples(LEVEL_S, self.sample_rate))

    @property
    def level_s(self) -> float:
        """Length of a frame in seconds."""
        return samples_to_s(self.n_frame, self.sample_rate)

    def add(self, samples: Samples) -> None:
        """Take the next samples."""
        self.n_heard += len(samples)
        samples = np.concatenate([self._left, samples])
        n_whole = len(samples) // self.n_frame * self.n_frame
        self._powers.append(np.square(samples[:n_whole]).reshape(-1, self.n_frame).mean(axis=1))
        self._left = samples[n_whole:]

    def take(self) -> NDArray[np.float32]:
        """Return the levels of the frames that are complete and were not taken yet, in decibels."""
        powers = np.concatenate([np.empty(0, np.float32), *self._powers])
        self._powers.clear()
        return _power_db(powers)

    def rest(self) -> NDArray[np.float32]:
        """Return the level of the last frame, which is shorter; nothing if there is none."""
        return _power_db(np.square(self._left).mean(keepdims=True) if len(self._left) else self._left)


@dataclass(eq=False)
class RingBuffer:
    """The last of a sound that comes in parts: as much as is still asked for.

    Examples
    --------
    >>> tape = RingBuffer()
    >>> tape.add(np.arange(5.0, dtype=np.float32))
    >>> tape.forget(3)
    >>> tape.cut(3, 9).tolist()
    [3.0, 4.0]
    """

    start: int = 0
    _held: Samples = field(default_factory=lambda: np.empty(0, np.float32))

    def add(self, samples: Samples) -> None:
        """Take the next samples."""
        self._held = np.concatenate([self._held, samples])

    def __len__(self) -> int:
        return len(self._held)

    def cut(self, first: int, stop: int) -> Samples:
        """Return the samples from one place to another, or to the end of what is there."""
        return self._held[first - self.start : stop - self.start]

    def forget(self, before: int) -> None:
        """Drop the samples before a place."""
        if before > self.start:
            self._held, self.start = self._held[before - self.start :].copy(), before


def sounding(samples: Samples, sample_rate: int) -> Samples:
    """Leave out what is before the first and after the last loud moment.

    Examples
    --------
    >>> samples = np.zeros(800, np.float32)
    >>> samples[160:320] = 0.5
    >>> len(sounding(samples, 8000)), len(sounding(np.zeros(800, np.float32), 8000))
    (160, 0)
    """
    meter = LevelMeter(sample_rate)
    meter.add(samples)
    levels_db = np.concatenate([meter.take(), meter.rest()])
    loud = np.flatnonzero(levels_db >= max(levels_db.max(initial=LOWEST_DB) - LOUD_DB, LOWEST_DB + 1))
    return samples[loud[0] * meter.n_frame : (loud[-1] + 1) * meter.n_frame] if len(loud) else samples[:0]


def _power_db(power: NDArray[np.float32]) -> NDArray[np.float32]:
    return 10 * np.log10(np.maximum(power, np.float32(10 ** (LOWEST_DB / 10))), dtype=np.float32)
