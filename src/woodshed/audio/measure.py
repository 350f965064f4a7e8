"""Technical measurements of recordings: level, loudness, true peak, clipping, DC offset and silence."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from woodshed.audio.loudness import LOWEST_RATE, FrameSums, LoudnessMeter, TruePeakMeter
from woodshed.audio.read import FileInfo, FilePath, info, length_remark, read_blocks
from woodshed.audio.segment import blocks_of
from woodshed.clip import ChannelMix, Clip
from woodshed.units import amplitude_to_db, db_to_amplitude, s_to_samples, samples_to_s

BITS = {
    **{"PCM_S8": 8, "PCM_U8": 8, "PCM_16": 16, "PCM_24": 24, "PCM_32": 32, "FLOAT": 32, "DOUBLE": 64},
    **{"ULAW": 8, "ALAW": 8, "ALAC_16": 16, "ALAC_20": 20, "ALAC_24": 24, "ALAC_32": 32},
}
"""libsndfile subtype -> bits per sample, for all subtypes with a fixed number."""

FULL_SCALE = {"PCM_S8": 127 / 128, "PCM_U8": 127 / 128, "ULAW": 32124 / 32768, "ALAW": 32256 / 32768}
"""libsndfile subtype -> its largest value, where that is less than `LARGEST`."""

LARGEST = 1 - 2**-15
"""Largest value of 16 bits; a sample is at full scale from this value on, in any encoding."""

CLIPPED_RUN = 3
"""Minimum number of consecutive samples at full scale, of the same sign, that count as clipped."""

_N_FFT = 2048

SILENT_DBFS = -60.0
SILENCE_FRAME_S = 0.02


@dataclass(frozen=True)
class Measurement(FileInfo):
    """Measurements of a clip or file.

    Parameters
    ----------
    sample_rate, n_channels, n_samples, duration_s
        As in `FileInfo`, but from the decoded samples.
    codec
        Container and subtype, such as ``FLAC PCM_16``; empty for a clip in memory.
    peak_dbfs
        Largest absolute sample, in dBFS.
    rms_dbfs
        Root mean square over all channels, in dBFS; an RMS of 1 is 0 dBFS, so a full-scale sine has -3.01.
    loudness_lufs
        Integrated loudness: see `woodshed.audio.loudness.loudness_lufs`. NaN below 4000 Hz, where it is not
        defined.
    true_peak_dbtp
        True peak: see `woodshed.audio.loudness.true_peak_dbtp`.
    n_clipped, n_clipped_runs
        Number of samples in runs of at least 3 samples at full scale, of the same sign in one channel, and
        the number of such runs. Full scale is the largest value of 16 bits, or of the subtype if that is
        less. Clipping before attenuation or lossy encoding is not detected.
    dc_offset
        Mean of the channel with the largest absolute mean; full scale is 1.
    remarks
        As in `FileInfo`, and whether two channels cancel each other in a mix.
    silence_share
        Share of the duration, 0 to 1, in frames of 20 ms with an RMS level below -60 dBFS.
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
        """Bits per sample of the file; None if the subtype has no fixed number."""
        return BITS.get(_encoding(self.codec))

    def to_dict(self) -> dict[str, Any]:
        """Return all values for JSON; levels that are not finite become None.

        Examples
        --------
        >>> measured = measure(Clip(np.zeros(8000), 8000)).to_dict()
        >>> measured["peak_dbfs"], measured["silence_share"]
        (None, 1.0)
        """
        return {
            name: None if isinstance(value, float) and not math.isfinite(value) else value
            for name, value in {**asdict(self), "bits": self.bits}.items()
        }


def measure(clip: Clip) -> Measurement:
    """Measure a clip. Levels of digital silence are minus infinity.

    Examples
    --------
    >>> from woodshed.audio.signals import sine
    >>> measured = measure(sine(1000, amplitude=1.0))
    >>> round(measured.rms_dbfs, 2), round(measured.loudness_lufs, 1), measured.n_clipped
    (-3.01, -3.0, 0)
    """
    return _measure_blocks(blocks_of(clip), clip.sample_rate, clip.n_channels, "")


def measure_file(path: FilePath) -> Measurement:
    """Measure an audio file of any length, block by block.

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
    header = info(path)
    measured = _measure_blocks(read_blocks(path), header.sample_rate, header.n_channels, header.codec)
    early_end = length_remark(measured.n_samples, header.n_samples, header.sample_rate)
    remarks = (*header.remarks, early_end, *measured.remarks)
    return replace(measured, remarks=tuple(filter(None, remarks)))


def _measure_blocks(blocks: Iterable[Clip], sample_rate: int, n_channels: int, codec: str) -> Measurement:
    loudness = LoudnessMeter(sample_rate, n_channels) if sample_rate >= LOWEST_RATE else None
    true_peak = TruePeakMeter(sample_rate, n_channels)
    clipping = _Clipping(n_channels, FULL_SCALE.get(_encoding(codec), LARGEST))
    frames = FrameSums(s_to_samples(SILENCE_FRAME_S, sample_rate))
    silent_power = db_to_amplitude(SILENT_DBFS) ** 2
    n_samples = n_silent = 0
    peak = total_energy = 0.0
    totals = np.zeros(n_channels)
    mix = ChannelMix(sample_rate)
    for block in blocks:
        mix.add(block.samples)
        true_peak.add(block)  # raises for a block of another format
        if loudness is not None:
            loudness.add(block)
        clipping.add(block)
        energy = np.square(block.samples, dtype=np.float64).mean(axis=0)
        n_silent += frames.length * int(np.sum(frames.add(energy) < frames.length * silent_power))
        n_samples += block.n_samples
        peak = max(peak, float(np.abs(block.samples).max()))
        total_energy += float(energy.sum())
        totals += block.samples.sum(axis=1, dtype=np.float64)
    if frames.open_sum < frames.n_open * silent_power:
        n_silent += frames.n_open  # the incomplete last frame
    mean = totals / n_samples
    return Measurement(
        sample_rate=sample_rate,
        n_channels=n_channels,
        n_samples=n_samples,
        duration_s=samples_to_s(n_samples, sample_rate),
        codec=codec,
        peak_dbfs=amplitude_to_db(peak, -math.inf),
        rms_dbfs=amplitude_to_db(math.sqrt(total_energy / n_samples), -math.inf),
        loudness_lufs=math.nan if loudness is None else loudness.loudness_lufs(),
        true_peak_dbtp=true_peak.true_peak_dbtp(),
        n_clipped=clipping.n_clipped,
        n_clipped_runs=clipping.n_runs,
        dc_offset=float(mean[np.abs(mean).argmax()]),
        silence_share=n_silent / n_samples,
        remarks=(mix.remark,) if mix.remark else (),
    )


def share_above(clip: Clip, frequency_hz: float) -> float:
    """Return the share of the energy of a clip above a frequency, 0 to 1; without the constant component.

    Examples
    --------
    >>> from woodshed.audio.signals import sine
    >>> round(share_above(sine(3000), 2000.0), 3), round(share_above(sine(1000), 2000.0), 3)
    (1.0, 0.0)
    """
    if clip.sample_rate / 2 <= frequency_hz:
        return 0.0
    samples = clip.mono()
    n_fft = min(_N_FFT, len(samples))
    frames = samples[: len(samples) // n_fft * n_fft].reshape(-1, n_fft)
    spectra = np.fft.rfft(frames * np.hanning(n_fft).astype(np.float32), axis=1)
    power = np.square(np.abs(spectra), dtype=np.float64).sum(axis=0)
    power[:2] = 0.0  # the window spreads the constant component to two bins
    total = power.sum()
    first = math.ceil(frequency_hz * n_fft / clip.sample_rate)
    return float(power[first:].sum() / total) if total > 0 else 0.0


def _encoding(codec: str) -> str:
    return codec.rpartition(" ")[2]


class _Clipping:
    """Counter of runs at full scale, across block boundaries."""

    def __init__(self, n_channels: int, full_scale: float) -> None:
        self._full_scale = full_scale
        self._sides: NDArray[np.int8] = np.zeros((n_channels, CLIPPED_RUN), dtype=np.int8)
        self.n_clipped = 0
        self.n_runs = 0

    def add(self, block: Clip) -> None:
        above, below = block.samples >= self._full_scale, block.samples <= -self._full_scale
        sides = np.concatenate([self._sides, above.astype(np.int8) - below], axis=1, dtype=np.int8)
        self._sides = sides[:, -CLIPPED_RUN:]
        # Whether a sample is at least the third of a run; the first such sample accounts for two more.
        third = (sides[:, 2:] != 0) & (sides[:, 2:] == sides[:, 1:-1]) & (sides[:, 1:-1] == sides[:, :-2])
        begins = int(np.sum(third[:, 1:] & ~third[:, :-1]))
        self.n_runs += begins
        self.n_clipped += int(np.sum(third[:, 1:])) + (CLIPPED_RUN - 1) * begins
