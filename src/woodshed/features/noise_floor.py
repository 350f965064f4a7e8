"""Noise-floor features: one row per clip that describes its stationary noise."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from woodshed.clip import Samples
from woodshed.features.mel import cepstrum, power_to_db
from woodshed.features.summary import N_MFCC, RowFeature

PERCENTILES = (5, 20, 50, 80, 95)
"""Percentiles over time of the level of each band."""

MAINS_HZ = (50.0, 60.0)
"""Mains frequencies whose harmonics are measured, in hertz."""

_N_MAINS = 8
_RANGE_DB = 100.0
_OCTAVES_HZ = (31.25, 62.5, 125.0, 250.0, 500.0, 1000.0, 2000.0, 4000.0, 8000.0)

Curve = NDArray[np.floating]


@dataclass(frozen=True, kw_only=True)
class NoiseFloor(RowFeature):
    """Description of the noise floor of a clip, one row per clip.

    Speech and music are intermittent in each band, noise is not: the low percentiles of the level of a band
    estimate the level of the noise (R. Martin, "Noise power spectral density estimation based on optimal
    smoothing and minimum statistics", 2001). The row holds percentiles over time of the level of each mel
    band, relative to the level of the clip, and their range; the shape of the quiet spectrum (cepstrum,
    octave levels and slope); percentiles of level and spectral flatness; and the level of the harmonics of
    the mains frequencies relative to the spectrum between them. It does not depend on the overall level.

    Parameters
    ----------
    sample_rate, n_fft, hop_length, n_mels, f_min_hz, f_max_hz, formula, floor_db
        As in `LogMel`, but with 32 bands by default; ``n_mels`` at least 20.

    Raises
    ------
    ParameterError
        If a setting is out of its range.

    Examples
    --------
    The slope of white, pink and brown noise in dB per octave:

    >>> from woodshed.audio import noise
    >>> feature = NoiseFloor()
    >>> index = feature.names.index("floor_slope_db")
    >>> [round(float(feature(noise(colour, 3.0))[index])) for colour in ("white", "pink", "brown")]
    [0, -3, -6]
    """

    key = "noise-floor/1"
    n_mels: int = 32

    @property
    def names(self) -> tuple[str, ...]:
        """Name of each value, with its unit."""
        bands = [f"mel{k}" for k in range(self.n_mels)]
        return (
            *(f"{band}_p{share}_db" for share in PERCENTILES for band in bands),
            *(f"{band}_rise_db" for band in bands),
            *(f"floor_mfcc{k}" for k in range(N_MFCC)),
            *(f"floor_{high:g}_hz_db" for high in self._octaves[1:]),
            "floor_slope_db",
            *(f"{what}_p{share}" for what in ("level_db", "flatness_db") for share in PERCENTILES),
            *(f"mains_{hz:g}_db" for hz in MAINS_HZ),
            "mains_steady_db",
        )

    @property
    def _octaves(self) -> tuple[float, ...]:
        return tuple(hz for hz in _OCTAVES_HZ if hz <= self.sample_rate / 2)

    def describe(self, samples: Samples) -> list[NDArray[np.floating]]:
        """Return the row of a mono signal in parts."""
        loudness = max(float(np.sqrt(np.mean(np.square(samples, dtype=np.float64)))), 1e-9)
        power, mel = self.power_and_mel(np.asarray(samples / loudness, np.float32))
        n_edge = self.n_fft // self.hop_length // 2  # frames beyond an end are quieter than the noise
        inside = slice(n_edge, len(power) - n_edge) if len(power) > 4 * n_edge else slice(None)
        power, mel = power[inside].astype(np.float64), mel[inside]
        mel_db = power_to_db(mel, -_RANGE_DB)
        levels = np.percentile(mel_db, PERCENTILES, axis=0)
        quiet = np.percentile(power, 20, axis=0)
        level_db = _db(power.mean(axis=1))
        flatness_db = _db(power + 1e-9).mean(axis=1) - _db((power + 1e-9).mean(axis=1))
        return [
            levels.ravel(),
            levels[-1] - levels[0],
            cepstrum(levels[1:2].astype(np.float32), N_MFCC)[0],
            self._octave_levels(quiet),
            np.array([_slope(quiet, self.bins_hz)]),
            np.percentile(level_db, PERCENTILES),
            np.percentile(flatness_db, PERCENTILES),
            np.array(_mains(samples / loudness, self.sample_rate)),
        ]

    def _octave_levels(self, quiet: Curve) -> Curve:
        edges = np.searchsorted(self.bins_hz, self._octaves)
        return np.array(
            [_db(quiet[low : max(high, low + 1)].mean()) for low, high in pairwise(edges.tolist())]
        )


def _slope(power: Curve, bins_hz: Curve) -> float:
    """Return the slope of a spectrum in dB per octave, with equal weight for all octaves."""
    inside = (bins_hz >= 4 * bins_hz[1]) & (bins_hz <= 0.9 * bins_hz[-1])
    octave = np.log2(bins_hz[inside])
    weights = 1 / np.sqrt(bins_hz[inside])  # squared by polyfit
    return float(np.polyfit(octave, _db(power[inside]), 1, w=weights)[0])


def _mains(samples: Samples, sample_rate: int) -> list[float]:
    """Return the level of the harmonics of 50 and 60 Hz relative to the spectrum between them.

    The third value is the minimum over both halves of the clip, which separates a steady hum from a note of
    the same pitch that decays.
    """
    whole = [_comb(samples, sample_rate, hz) for hz in MAINS_HZ]
    half = len(samples) // 2
    halves = [
        max(_comb(part, sample_rate, hz) for hz in MAINS_HZ) for part in (samples[:half], samples[half:])
    ]
    return [*whole, min(halves)]


def _comb(samples: Samples, sample_rate: int, f0_hz: float) -> float:
    """Return the power at the harmonics of a frequency relative to that between them, in decibels."""
    if len(samples) < 2 * sample_rate / f0_hz:
        return 0.0
    windowed = samples * np.hanning(len(samples))
    harmonics_hz = f0_hz * np.arange(1, _N_MAINS + 1)
    between_hz = f0_hz * (np.arange(_N_MAINS) + 0.5)
    phase = -2j * np.pi * np.arange(len(samples)) / sample_rate
    harmonics, between = (
        np.square(np.abs(np.exp(np.outer(hz, phase)) @ windowed)) for hz in (harmonics_hz, between_hz)
    )
    return float(_db(np.sort(harmonics)[-3:].mean()) - _db(np.median(between)))


def _db(power: NDArray[np.floating] | float) -> Curve:
    return np.asarray(10 * np.log10(np.maximum(power, 1e-10)))
