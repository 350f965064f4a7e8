"""What there is to measure about a sound before anyone learns from it: level, loudness, clipping, silence."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from woodshed.audio.loudness import LOWEST_RATE, FrameSums, LoudnessMeter, TruePeakMeter, blocks_of
from woodshed.audio.read import FileInfo, info, read_blocks
from woodshed.audio.sound_file import FilePath
from woodshed.clip import Clip
from woodshed.units import amplitude_to_db, db_to_amplitude, s_to_samples, samples_to_s

BITS = {
    **{"PCM_S8": 8, "PCM_U8": 8, "PCM_16": 16, "PCM_24": 24, "PCM_32": 32, "FLOAT": 32, "DOUBLE": 64},
    **{"ULAW": 8, "ALAW": 8, "ALAC_16": 16, "ALAC_20": 20, "ALAC_24": 24, "ALAC_32": 32},
}
"""libsndfile's encoding -> bits in each sample; what is not here, such as MP3, has no fixed number."""

FULL_SCALE = {"PCM_S8": 127 / 128, "PCM_U8": 127 / 128, "ULAW": 32124 / 32768, "ALAW": 32256 / 32768}
"""libsndfile's encoding -> the largest value it can hold, where that is less than `LARGEST`."""

LARGEST = 1 - 2**-15
"""The largest value of 16 bits: at it or beyond, in any encoding, a sample is at full scale."""

CLIPPED_RUN = 3
"""So many samples at full scale in a row, all on one side, are taken to be clipped."""

SILENT_DBFS = -60.0
SILENCE_FRAME_S = 0.02


@dataclass(frozen=True)
class Measurement(FileInfo):
    """What a sound is, by its heading and by its samples.

    Parameters
    ----------
    sample_rate, n_channels, n_samples, duration_s
        As in `FileInfo`, but counted from the samples that are there.
    codec
        Container and encoding, such as ``FLAC PCM_16``; empty for a clip that was made in memory.
    peak_dbfs
        The largest sample; 0 is full scale.
    rms_dbfs
        Root of the mean square over all channels; an RMS of 1 is 0, so a full-scale sine has -3.01.
    loudness_lufs
        Integrated loudness: see `woodshed.audio.loudness.loudness_lufs`. NaN below 4000 Hz, where it cannot
        be weighted.
    true_peak_dbtp
        The peak between samples: see `woodshed.audio.loudness.true_peak_dbtp`.
    n_clipped, n_clipped_runs
        Samples in runs of at least 3 in one channel that stay at full scale, on the same side; and the
        number of such runs. Full scale is the largest value of 16 bits, or of the encoding if it holds
        less. A sound that was clipped and then turned down, or encoded with loss, is not found.
    dc_offset
        The mean of the channel whose mean is furthest from 0; full scale is 1.
    silence_share
        Share of the time, 0 to 1, that lies in frames of 20 ms with an RMS below -60 dBFS.
    """

    peak_dbfs: float
    rms_dbfs: float
    loudness_lufs: float
    true_peak_dbtp: float
    n_clipped: int
    n_clipped_runs: int
    dc_offset: float
    silence_share: float

    @property
    def bits(self) -> int | None:
        """Bits in each sample of the file; None where the encoding has no fixed number."""
        return BITS.get(_encoding(self.codec))

    def to_dict(self) -> dict[str, Any]:
        """Return all values, ready for JSON: a level that is not finite becomes None.

        Examples
        --------
        >>> measured = measure(Clip(np.zeros(8000), 8000)).to_dict()
        >>> measured["peak_dbfs"], measured["silence_share"]
        (None, 1.0)
        """
        values = asdict(self) | {"bits": self.bits}
        return {
            name: None if isinstance(value, float) and not math.isfinite(value) else value
            for name, value in values.items()
        }


def measure(clip: Clip) -> Measurement:
    """Measure a clip.

    Levels of digital silence are minus infinity.

    Examples
    --------
    >>> from woodshed.audio.signals import sine
    >>> measured = measure(sine(1000, amplitude=1.0))
    >>> round(measured.rms_dbfs, 2), round(measured.loudness_lufs, 1), measured.n_clipped
    (-3.01, -3.0, 0)
    """
    return _measure_blocks(blocks_of(clip), "")


def measure_file(path: FilePath) -> Measurement:
    """Measure a sound file of any length, block by block.

    Raises
    ------
    AudioFileError
        If the file cannot be used: see `woodshed.audio.read`.

    Examples
    --------
    >>> from woodshed.data.sample import sample_folder
    >>> measured = measure_file(sample_folder() / "recordings" / "7_theo_0.flac")
    >>> measured.codec, measured.bits, measured.n_samples
    ('FLAC PCM_16', 16, 3428)
    """
    return _measure_blocks(read_blocks(path), info(path).codec)


def _measure_blocks(blocks: Iterable[Clip], codec: str) -> Measurement:
    blocks = iter(blocks)
    first = next(blocks)
    meter = _Meter(first.sample_rate, first.n_channels, FULL_SCALE.get(_encoding(codec), LARGEST))
    meter.add(first)
    for block in blocks:
        meter.add(block)
    return meter.measurement(codec)


def _encoding(codec: str) -> str:
    return codec.rpartition(" ")[2]


class _Meter:
    """Adds up a sound block by block."""

    def __init__(self, sample_rate: int, n_channels: int, full_scale: float) -> None:
        self._format = (sample_rate, n_channels)
        self._loudness = LoudnessMeter(sample_rate, n_channels) if sample_rate >= LOWEST_RATE else None
        self._true_peak = TruePeakMeter(sample_rate, n_channels)
        self._clipping = _Clipping(n_channels, full_scale)
        self._frames = FrameSums(s_to_samples(SILENCE_FRAME_S, sample_rate))
        self._n_samples = 0
        self._n_silent = 0
        self._peak = 0.0
        self._energy = 0.0
        self._sum = np.zeros(n_channels)

    def add(self, block: Clip) -> None:
        self._true_peak.add(block)  # refuses a block of another rate
        if self._loudness is not None:
            self._loudness.add(block)
        self._clipping.add(block)
        energy = np.square(block.samples, dtype=np.float64).mean(axis=0)
        frames = self._frames.add(energy)
        self._n_silent += self._frames.length * int(np.sum(frames < self._silent(self._frames.length)))
        self._n_samples += block.n_samples
        self._peak = max(self._peak, float(np.abs(block.samples).max()))
        self._energy += float(energy.sum())
        self._sum += block.samples.sum(axis=1, dtype=np.float64)

    def measurement(self, codec: str) -> Measurement:
        sample_rate, n_channels = self._format
        n_silent = self._n_silent
        if self._frames.open_sum < self._silent(self._frames.n_open):
            n_silent += self._frames.n_open  # the last frame, not full
        mean = self._sum / self._n_samples
        return Measurement(
            sample_rate=sample_rate,
            n_channels=n_channels,
            n_samples=self._n_samples,
            duration_s=samples_to_s(self._n_samples, sample_rate),
            codec=codec,
            peak_dbfs=amplitude_to_db(self._peak, -math.inf),
            rms_dbfs=amplitude_to_db(math.sqrt(self._energy / self._n_samples), -math.inf),
            loudness_lufs=math.nan if self._loudness is None else self._loudness.loudness_lufs(),
            true_peak_dbtp=self._true_peak.true_peak_dbtp(),
            n_clipped=self._clipping.n_clipped,
            n_clipped_runs=self._clipping.n_runs,
            dc_offset=float(mean[np.abs(mean).argmax()]),
            silence_share=n_silent / self._n_samples,
        )

    @staticmethod
    def _silent(length: int) -> float:
        """Return the sum of squares below which a frame of ``length`` samples is silent."""
        return length * db_to_amplitude(SILENT_DBFS) ** 2


class _Clipping:
    """Counts runs at full scale, also those that go on from one block to the next."""

    def __init__(self, n_channels: int, full_scale: float) -> None:
        self._full_scale = full_scale
        self._sides: NDArray[np.int8] = np.zeros((n_channels, CLIPPED_RUN), dtype=np.int8)
        self.n_clipped = 0
        self.n_runs = 0

    def add(self, block: Clip) -> None:
        above, below = block.samples >= self._full_scale, block.samples <= -self._full_scale
        sides = np.concatenate([self._sides, above.astype(np.int8) - below], axis=1, dtype=np.int8)
        self._sides = sides[:, -CLIPPED_RUN:]
        # Whether a sample is at least the third of a run: the first that is tells of two more before it.
        third = (sides[:, 2:] != 0) & (sides[:, 2:] == sides[:, 1:-1]) & (sides[:, 1:-1] == sides[:, :-2])
        begins = int(np.sum(third[:, 1:] & ~third[:, :-1]))
        self.n_runs += begins
        self.n_clipped += int(np.sum(third[:, 1:])) + (CLIPPED_RUN - 1) * begins
