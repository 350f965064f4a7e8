"""Embedding of a clip for novelty detection: spectrum, course, modulation and fine structure."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import scipy  # its submodules are loaded at their first use
from numpy.typing import NDArray

from woodshed.clip import Clip, Samples
from woodshed.features.frame import frames_of, hann_window
from woodshed.features.mel import LogMel
from woodshed.features.row import NamedRow
from woodshed.units import s_to_samples

Values = NDArray[np.floating[Any]]
"""Array of real values."""

N_BANDS = 32
"""Number of mel bands."""

RANGE_DB = 60.0
"""Dynamic range below the peak of a clip, in decibels; lower values are clipped."""

ACTIVE_DB = 35.0
"""Frames whose loudest band is further below the peak of the clip, in decibels, are not active."""

HOP_S = 0.01
"""Step from one frame to the next, in seconds."""

LEVEL_S = 0.02
"""Length of the frames whose highest level is the peak level of a clip, in seconds."""

LOWEST_DB = -200.0
"""Level of digital silence, in decibels."""

N_SEGMENTS, N_COURSE_BANDS = 10, 16
"""Number of segments of equal length of the course, and of its bands."""

N_ENVELOPES, N_ENVELOPE_FRAMES = 8, 256
"""Number of bands whose modulation is measured, and of the frames of its spectrum."""

MODULATION_HZ = (0.5, 2.0, 4.0, 7.0, 12.0, 20.0, 33.0, 51.0)
"""Edges of the bands of modulation frequencies, in hertz."""

F0_HZ = (65.0, 800.0)
"""Range of fundamental frequencies, in hertz."""

PERIODIC = 0.6
"""Lowest normalised autocorrelation of a periodic frame."""

N_FINE_FRAMES = 1000
"""Maximum number of frames whose fine structure is measured, evenly spaced."""

SPECTRUM = slice(0, 3 * N_BANDS)
"""Columns of the spectrum, which models of former versions use alone."""

COURSE = slice(SPECTRUM.stop, SPECTRUM.stop + N_SEGMENTS * N_COURSE_BANDS)
"""Columns of the course."""

N_MODULATION = N_ENVELOPES * (len(MODULATION_HZ) - 1) + 2 * N_ENVELOPES - 4
N_FINE = 29
N_VALUES = COURSE.stop + N_MODULATION + N_FINE
"""Number of values, without the peak level."""

_QUANTILES = (10, 50, 90)

ALL = slice(0, N_VALUES)
"""Columns of all values."""


@dataclass(frozen=True, kw_only=True)
class SoundEmbedding(NamedRow):
    """Description of a clip that is independent of its level and length, followed by its peak level.

    - Spectrum: for each of 32 mel bands the mean and standard deviation of the level over the active frames,
      and the mean absolute difference of successive frames, in decibels relative to the peak.
    - Course: the mean level in 16 bands of each tenth of the time from the first to the last active frame.
    - Modulation: the power of the level fluctuations from 0.5 to 50 Hz in 8 bands, and the correlation of
      the levels of nearby bands.
    - Fine structure: quantiles of the periodicity, fundamental frequency and spectral flatness of the frames.

    The last value is the level of the loudest 20 ms relative to an RMS of 1, without any constant offset.

    Parameters
    ----------
    sample_rate
        Sample rate of the clips, in hertz.

    Examples
    --------
    >>> from woodshed.audio import sine
    >>> embedding = SoundEmbedding(sample_rate=8000)
    >>> loud, soft = (embedding(sine(440, sample_rate=8000, amplitude=size)) for size in (0.5, 0.05))
    >>> loud.shape, bool(abs(loud - soft)[:-1].max() < 0.05), round(float(loud[-1] - soft[-1]), 2)
    ((354,), True, 20.0)
    """

    key: ClassVar[str] = "sound-embedding/1"
    sample_rate: int

    @property
    def names(self) -> tuple[str, ...]:
        """Name of each value, with its unit."""
        bands, segments = range(N_BANDS), range(N_SEGMENTS)
        modulation = [f"modulation_{low:g}_{high:g}_hz" for low, high in itertools.pairwise(MODULATION_HZ)]
        return (
            *(f"band{k}_{kind}_db" for kind in ("mean", "std", "step") for k in bands),
            *(f"course{part}_band{k}_db" for part in segments for k in range(N_COURSE_BANDS)),
            *(f"{name}_group{k}_db" for name in modulation for k in range(N_ENVELOPES)),
            *(f"correlation_{k}_{k + step}" for step in (1, 3) for k in range(N_ENVELOPES - step)),
            *(f"{name}_p{q}" for name in ("periodicity", "f0_octaves") for q in _QUANTILES),
            *("f0_octaves_std", "periodic_share", "f0_octaves_step", "correlation_near"),
            *(f"flatness_band{k}_p{q}_db" for k in range(5) for q in _QUANTILES),
            "active_share",
            *(f"rise_p{q}_db" for q in _QUANTILES),
            "peak_level_db",
        )

    def __call__(self, clip: Clip) -> Samples:
        """Return the embedding of a clip, shape ``(N_VALUES + 1,)``, float32."""
        level_db, active = self._levels(clip)
        span_db = level_db[active[0] : active[-1] + 1]
        padded = np.pad(clip.mono(), self._n_fft // 2)
        used = active[:: -(-len(active) // N_FINE_FRAMES)]
        frames = frames_of(padded, self._n_fft, self._hop_length)[used] * hann_window(self._n_fft)
        return np.concatenate(
            [
                _spectrum(level_db, active),
                _course(span_db),
                _modulation(span_db),
                _fine_structure(np.square(np.abs(scipy.fft.rfft(frames, axis=1))), self.sample_rate),
                [len(active) / len(level_db)],
                _quantiles(np.diff(level_db.max(axis=1), prepend=level_db[0].max())),
                [peak_level_db(clip)],
            ],
            dtype=np.float32,
            casting="unsafe",
        )

    def spectrum(self, clip: Clip) -> Samples:
        """Return the spectrum alone, shape ``(3 * 32,)``, float32: the first values of the embedding."""
        return _spectrum(*self._levels(clip)).astype(np.float32)

    @property
    def _n_fft(self) -> int:
        return int(2 ** round(np.log2(0.032 * self.sample_rate)))

    @property
    def _hop_length(self) -> int:
        return max(1, s_to_samples(HOP_S, self.sample_rate))

    def _levels(self, clip: Clip) -> tuple[Samples, NDArray[np.intp]]:
        """Return the levels of frames and bands relative to the peak, in decibels, and the active frames."""
        feature = LogMel(
            sample_rate=self.sample_rate, n_fft=self._n_fft, hop_length=self._hop_length, n_mels=N_BANDS
        )
        level_db = feature(clip)
        level_db -= level_db.max()
        np.maximum(level_db, -RANGE_DB, out=level_db)
        return level_db, np.flatnonzero(level_db.max(axis=1) >= -ACTIVE_DB)


def peak_level_db(clip: Clip) -> float:
    """Return the level of the loudest 20 ms of the mono mix, relative to an RMS of 1, in decibels.

    Examples
    --------
    >>> peak_level_db(Clip(np.full(8000, 0.5), 8000))  # a constant offset is not sound
    -200.0
    >>> round(peak_level_db(Clip(np.tile([0.1, -0.1], 4000), 8000)), 3)
    -20.0
    """
    samples = clip.mono().astype(np.float64)
    samples -= samples.mean()
    n_frame = max(1, s_to_samples(LEVEL_S, clip.sample_rate))
    samples = np.pad(samples, (0, -len(samples) % n_frame))
    power = np.square(samples).reshape(-1, n_frame).mean(axis=1).max()
    return float(10 * np.log10(max(power, 10 ** (LOWEST_DB / 10))))


def _spectrum(level_db: Samples, active: NDArray[np.intp]) -> Values:
    steps = np.abs(np.diff(level_db, axis=0)) if len(level_db) > 1 else np.zeros((1, N_BANDS))
    return np.concatenate([level_db[active].mean(axis=0), level_db[active].std(axis=0), steps.mean(axis=0)])


def _course(span_db: Samples) -> Values:
    """Return the mean levels of segments of equal length, which share frames if there are few."""
    bands = span_db.reshape(len(span_db), N_COURSE_BANDS, -1).mean(axis=2)
    edges = np.linspace(0, len(bands), N_SEGMENTS + 1)
    starts = np.floor(edges[:-1]).astype(int)
    stops = np.maximum(np.ceil(edges[1:]).astype(int), starts + 1)
    return np.concatenate([bands[start:stop].mean(axis=0) for start, stop in zip(starts, stops, strict=True)])


def _modulation(span_db: Samples) -> Values:
    """Return the level of the modulation in each band, and the correlation of nearby bands."""
    envelopes = span_db.reshape(len(span_db), N_ENVELOPES, -1).mean(axis=2)
    envelopes = envelopes - envelopes.mean(axis=0)
    n = N_ENVELOPE_FRAMES
    parts = [envelopes[k : k + n] for k in range(0, max(1, len(envelopes) - n + 1), n // 2)]
    spectra = [
        np.square(np.abs(scipy.fft.rfft(part * np.hanning(len(part))[:, np.newaxis], n, axis=0))) / len(part)
        for part in parts
    ]
    power = np.mean(spectra, axis=0)
    frequencies_hz = np.arange(len(power)) / (n * HOP_S)
    edges = np.searchsorted(frequencies_hz, MODULATION_HZ)
    means = [power[low:high].mean(axis=0) for low, high in itertools.pairwise(edges)]
    scaled = envelopes / (np.sqrt(np.square(envelopes).mean(axis=0)) + 1e-3)
    correlation = scaled.T @ scaled / len(scaled)
    return np.concatenate(
        [10 * np.log10(np.ravel(means) + 1e-3), correlation.diagonal(1), correlation.diagonal(3)]
    )


def _fine_structure(power: Samples, sample_rate: int) -> Values:
    """Return statistics of the periodicity, fundamental frequency and flatness of frames."""
    correlation = scipy.fft.irfft(power, axis=1)
    correlation /= correlation[:, :1] + np.float32(1e-12)
    n_fft = correlation.shape[1]
    of_window = scipy.fft.irfft(np.square(np.abs(scipy.fft.rfft(hann_window(n_fft)))))
    shortest = max(1, int(sample_rate / F0_HZ[1]))
    lags = slice(shortest, max(shortest + 1, min(n_fft // 2, int(sample_rate / F0_HZ[0]))))
    periodicity = correlation[:, lags] / np.maximum(of_window[lags] / of_window[0], 0.15)
    peak = periodicity.max(axis=1)
    f0_octaves = np.log2(sample_rate / (periodicity.argmax(axis=1) + shortest))
    is_periodic = peak > PERIODIC
    raised = np.maximum(power, power.max() * 1e-7 + 1e-30)
    bands = [raised, *np.array_split(raised[:, 1:], 4, axis=1)]
    return np.concatenate(
        [
            *(_quantiles(values) for values in (peak, f0_octaves)),
            [
                f0_octaves[is_periodic].std() if is_periodic.sum() > 1 else 1.5,
                is_periodic.mean(),
                np.abs(np.diff(f0_octaves, prepend=f0_octaves[0])).mean(),
                np.median(correlation[:, 1:3].mean(axis=1)),
            ],
            *(_quantiles(_flatness_db(band)) for band in bands),
        ]
    )


def _flatness_db(power: Samples) -> Values:
    """Return the ratio of the geometric to the arithmetic mean of each row, in decibels."""
    return np.asarray(10 * (np.log10(power).mean(axis=1) - np.log10(power.mean(axis=1))))


def _quantiles(values: Values) -> Values:
    return np.quantile(values, np.array(_QUANTILES) / 100)
