"""Tracking of pitch and formants, and many statistics of the curves of a voice."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy  # its submodules are loaded at their first use
from numpy.typing import NDArray

from woodshed.audio.edit import resample
from woodshed.clip import Clip, Samples
from woodshed.features.voice import (
    SLOW_NAMES,
    Curve,
    VoiceAnalysis,
    VoiceSummary,
    short_periods_first,
    voice_activity,
    with_harmonicity,
)

N_FORMANTS = 3

FORMANT_RATE = 11000
"""Sample rate for formants in hertz: a voice has about five formants below half of it."""

_FORMANT_FRAME_S, _ORDER = 0.03, 12
_USUAL_HZ, _USUAL_WIDTH_HZ = (500.0, 1500.0, 2500.0), 200.0
_LOWEST_FORMANT_HZ, _HIGHEST_FORMANT_HZ, _WIDEST_HZ = 150.0, 5200.0, 700.0

_N_CANDIDATES = 6
_OCTAVE_COST, _MAX_COST_OCTAVES = 0.35, 1.5

_N_GROUPS = 8
"""Number of groups of mel bands with a level of their own."""

_PERCENTILES = (2, 10, 25, 50, 75, 90, 98)

_LAGS = (5, 15, 30)
"""Lags of the autocorrelation of a curve, in frames."""

_LEAST_VOICED = 6
"""With fewer voiced frames, all frames with speech count as voiced."""

_STEP_MOST, _LEVEL_STEP_MOST_DB = 2.0, 10.0
"""Maximum change of pitch and of level from frame to frame, in semitones and decibels."""

_FLOOR = 1e-3
"""Added to loudness and kurtosis before the logarithm."""

_SPECTRAL = (
    *(SLOW_NAMES[0], "log_loudness", *SLOW_NAMES[2:]),
    *("spectral_skew", "log_spectral_kurtosis", "share_flux", "log_residual"),
    *(f"part{k}_db" for k in range(_N_GROUPS)),
)
"""Curves that are also defined for unvoiced frames."""

_SOURCE = (
    "pitch_semitones",
    "pitch_step",
    "pitch_turn",
    "level_step_db",
    "harmonic_db",
    "h1_h2_db",
    "h1_h3_db",
    *(f"h1_a{k}_db" for k in range(1, N_FORMANTS + 1)),
    *(f"log_formant{k}" for k in range(1, N_FORMANTS + 1)),
    *(f"log_width{k}" for k in range(1, N_FORMANTS + 1)),
)
"""Curves of the voice source and the formants."""

_STATISTICS = (
    "mean",
    "std",
    "skew",
    "kurtosis",
    *(f"p{q}" for q in _PERCENTILES),
    "p50_p75",
    "p25_p50",
    "p25_p75",
    "p2_p98",
    "trend",
    "arch",
    "rest_std",
    *(f"above_{share}" for share in (25, 50, 75)),
    "rising_share",
    "rise",
    "fall",
    "peaks_per_frame",
    "peak_height",
    "valley_depth",
    *(f"again_after_{lag}" for lag in _LAGS),
)
"""Statistics of a curve, in the order of `_statistics`."""

_OF_CHANGE = (
    *("mean", "std", "skew", "kurtosis", "p2", "p25", "p75", "p98", "p25_p75", "p2_p98"),
    *("above_25", "above_50", "above_75", "peaks_per_frame", "peak_height", "valley_depth"),
)
"""Statistics of the slope of a curve."""

_CHANGE_ROWS = [_STATISTICS.index(name) for name in _OF_CHANGE]
"""Their rows in the result of `_statistics`."""


def pitch_track(periods: NDArray[np.int64], repeats: Curve, sample_rate: int) -> tuple[Curve, Curve]:
    """Track the pitch of a voice by dynamic programming over six candidates per frame.

    The candidates are the highest peaks of the autocorrelation, corrected for the window; the path maximises
    the sum of their values minus a cost of pitch jumps, which avoids the octave errors of single frames.

    Parameters
    ----------
    periods, repeats
        From `woodshed.features.voice.periodicity`.
    sample_rate
        Sample rate in hertz.

    Returns
    -------
    f0_hz, share
        Shape ``(n_frames,)`` each: the pitch of each frame, voiced or not, in hertz, and the periodic share
        of its power, 0.001 to 0.999.

    References
    ----------
    P. Boersma, "Accurate short-term analysis of the fundamental frequency and the harmonics-to-noise ratio of
    a sampled sound", 1993. Here there is no unvoiced candidate; jumps at unvoiced frames have a low cost
    instead.

    Examples
    --------
    >>> from woodshed.features.voice import periodicity
    >>> tone = np.sin(2 * np.pi * 200.5 * np.arange(8000) / 16000).astype(np.float32)
    >>> f0_hz, share = pitch_track(*periodicity(tone, 16000, 160), 16000)
    >>> round(float(f0_hz[25]), 1), bool(share[25] > 0.99)
    (200.5, True)
    """
    exact, score, shares = _candidates(repeats, periods)
    path = _best_path(np.log2(exact), score)[:, np.newaxis]
    period = np.take_along_axis(exact, path, axis=1)[:, 0]
    return sample_rate / period, np.clip(np.take_along_axis(shares, path, axis=1)[:, 0], 1e-3, 0.999)


def _candidates(repeats: Curve, periods: NDArray[np.int64]) -> tuple[Curve, Curve, Curve]:
    """Return period, score and autocorrelation of the best peaks, each ``(n_frames, n_candidates)``."""
    score = short_periods_first(repeats, periods)
    is_peak = np.zeros(score.shape, dtype=bool)
    is_peak[:, 1:-1] = (score[:, 1:-1] >= score[:, :-2]) & (score[:, 1:-1] > score[:, 2:])
    peaks = np.where(is_peak, score, -1.0)
    best = np.argsort(-peaks, axis=1, kind="stable")[:, :_N_CANDIDATES]
    middle = np.clip(best, 1, len(periods) - 2)
    before, at, after = (np.take_along_axis(repeats, middle + k, axis=1) for k in (-1, 0, 1))
    bend = before - 2 * at + after
    bends = np.abs(bend) > 1e-9
    offset = np.where(bends, 0.5 * (before - after) / np.where(bends, bend, 1.0), 0.0)  # top of a parabola
    exact = periods[middle] + np.clip(offset, -1, 1)
    return exact, np.take_along_axis(peaks, best, axis=1), np.take_along_axis(repeats, best, axis=1)


def _best_path(octaves: Curve, score: Curve) -> NDArray[np.int64]:
    """Return the index of the candidate on the best path in each frame."""
    certain = np.clip(2 * np.maximum(score, 0).max(axis=1), 0, 1)
    jumps = np.minimum(np.abs(octaves[1:, :, np.newaxis] - octaves[:-1, np.newaxis]), _MAX_COST_OCTAVES)
    # Unvoiced frames have no pitch, so that jumps cost little there.
    weights = _OCTAVE_COST * np.minimum(certain[1:], certain[:-1])
    costs = weights[:, np.newaxis, np.newaxis] * jumps
    total = score[0]
    predecessor = np.zeros(score.shape, dtype=np.int64)
    for t in range(1, len(score)):
        reached = total - costs[t - 1]
        predecessor[t] = reached.argmax(axis=1)
        total = reached.max(axis=1) + score[t]
    path = np.zeros(len(score), dtype=np.int64)
    path[-1] = total.argmax()
    for t in range(len(score) - 1, 0, -1):
        path[t - 1] = predecessor[t, path[t]]
    return path


def formant_track(samples: Samples, sample_rate: int, hop_length: int) -> tuple[Curve, Curve, Curve]:
    """Track the three lowest formants by linear prediction.

    Parameters
    ----------
    samples, sample_rate, hop_length
        As in `pitch_track`.

    Returns
    -------
    formants_hz, widths_hz, residual
        Formants and bandwidths in hertz, shape ``(n_frames, 3)`` each, and the share of the power that is not
        predicted, shape ``(n_frames,)``. Missing formants are interpolated over time.

    References
    ----------
    J. D. Markel and A. H. Gray, "Linear prediction of speech", 1976: autocorrelation method, order 12.

    Examples
    --------
    >>> from scipy.signal import lfilter
    >>> poles = 0.98 * np.exp(2j * np.pi * np.array([700, -700, 1200, -1200]) / 11000)
    >>> buzz = (np.arange(11000) % 100 == 0).astype(np.float32)
    >>> vowel = lfilter([1.0], np.poly(poles).real, buzz).astype(np.float32)
    >>> formants_hz, _, _ = formant_track(vowel, 11000, 110)
    >>> bool(np.abs(np.median(formants_hz, axis=0)[:2] - [700, 1200]).max() < 60)
    True
    """
    n_frames = 1 + len(samples) // hop_length
    signal = resample(Clip(samples, sample_rate), FORMANT_RATE).mono().astype(np.float64)
    signal[1:] -= 0.97 * signal[:-1]
    length = round(_FORMANT_FRAME_S * FORMANT_RATE)
    starts = (np.arange(n_frames) * hop_length * FORMANT_RATE / sample_rate).astype(np.int64)
    padded = np.pad(signal, (length // 2, length))
    starts = np.minimum(starts, len(padded) - length)
    frames = padded[starts[:, np.newaxis] + np.arange(length)] * np.hanning(length)
    autocorrelation = scipy.fft.irfft(np.abs(scipy.fft.rfft(frames, 1024)) ** 2, 1024)[:, : _ORDER + 1]
    autocorrelation[:, 0] = autocorrelation[:, 0] * 1.0001 + 1e-9  # makes silence solvable
    lags = np.abs(np.arange(_ORDER)[:, np.newaxis] - np.arange(_ORDER))
    weights = np.linalg.solve(autocorrelation[:, lags], autocorrelation[:, 1:, np.newaxis])[:, :, 0]
    companion = np.zeros((n_frames, _ORDER, _ORDER))
    companion[:, 0] = weights
    companion[:, np.arange(1, _ORDER), np.arange(_ORDER - 1)] = 1
    poles = np.linalg.eigvals(companion)
    place_hz = np.asarray(np.angle(poles) * FORMANT_RATE / (2 * np.pi), np.float64)
    width_hz = -np.log(np.maximum(np.abs(poles), 1e-6)) * FORMANT_RATE / np.pi
    residual = 1 - (weights * autocorrelation[:, 1:]).sum(axis=1) / autocorrelation[:, 0]
    return (*_lowest(place_hz, width_hz), np.clip(residual, 1e-6, 1.0))


def _lowest(place_hz: Curve, width_hz: Curve) -> tuple[Curve, Curve]:
    """Return the lowest plausible formants, interpolated over time where there are none."""
    possible = (place_hz > _LOWEST_FORMANT_HZ) & (place_hz < _HIGHEST_FORMANT_HZ) & (width_hz < _WIDEST_HZ)
    place_hz = np.where(possible, place_hz, np.inf)
    order = np.argsort(place_hz, axis=1, kind="stable")[:, :N_FORMANTS]
    formants_hz = np.take_along_axis(place_hz, order, axis=1)
    widths_hz = np.take_along_axis(width_hz, order, axis=1)
    time = np.arange(len(formants_hz))
    for k in range(N_FORMANTS):
        is_present = np.isfinite(formants_hz[:, k])
        if is_present.sum() < 2:
            formants_hz[:, k], widths_hz[:, k] = _USUAL_HZ[k], _USUAL_WIDTH_HZ
            continue
        for values in (formants_hz, widths_hz):
            values[:, k] = np.interp(time, time[is_present], values[is_present, k])
    return formants_hz, widths_hz


def peak_near(power_db: Curve, bin_hz: float, place_hz: Curve, reach_hz: Curve) -> Curve:
    """Return the maximum of five levels of each frame within ``place_hz ± reach_hz``.

    Parameters
    ----------
    power_db
        Levels in decibels, shape ``(n_frames, n_bins)``.
    bin_hz
        Distance of the bins in hertz.
    place_hz, reach_hz
        Centre and half-width of the range in hertz, shape ``(n_frames,)``.

    Examples
    --------
    >>> peak_near(np.array([[0.0, 5.0, 9.0, 2.0]]), 100.0, np.array([110.0]), np.array([120.0])).tolist()
    [9.0]
    """
    steps = np.array([-1, -0.5, 0, 0.5, 1])
    positions = (place_hz[:, np.newaxis] + steps * reach_hz[:, np.newaxis]) / bin_hz
    bins = np.clip(positions.round().astype(np.int64), 0, power_db.shape[1] - 1)
    highest: Curve = np.take_along_axis(power_db, bins, axis=1).max(axis=1)
    return highest


@dataclass(frozen=True, kw_only=True)
class VoiceCourse(VoiceSummary):
    """Speaking style of a voice and its course, one row of about 4700 values per clip.

    The row of `VoiceSummary` is followed by thirty statistics of each of 61 curves: level, balance, shape and
    cepstrum of the spectrum, and the voice source and vocal tract (pitch in semitones and its steps,
    harmonics-to-noise ratio, level of the first harmonic relative to others and to the formants, three
    formants and their bandwidths). The statistics are percentiles and their differences, moments, linear and
    quadratic trend, share of time above parts of the range, rates of rise and fall, peaks and valleys, and
    autocorrelation. They are computed over speech and over voiced frames, many of them also for the slopes;
    and for each curve, the differences of the thirds of the voiced frames from their mean. The row does not
    depend on the overall level.

    Most values are irrelevant for a given task, so that models need feature weighting
    (`woodshed.recognition.classical.kernel_ridge`) or strong regularisation. The approach follows B. Schuller
    et al., "The INTERSPEECH 2013 computational paralinguistics challenge", 2013, and F. Eyben et al., "The
    Geneva minimalistic acoustic parameter set (GeMAPS)", 2016; curves and statistics differ from both.

    Parameters
    ----------
    sample_rate, n_fft, hop_length, n_mels, f_min_hz, f_max_hz, formula, floor_db
        As in `LogMel`, with the same defaults; ``n_mels`` at least 20, default 40.

    Raises
    ------
    ParameterError
        If a setting is out of its range.

    Examples
    --------
    A glide of an octave ends six semitones above its mean:

    >>> from woodshed.audio import chirp, sine
    >>> feature = VoiceCourse()
    >>> index = feature.names.index("pitch_semitones_trend_smooth_voiced")
    >>> even, gliding = feature(sine(200, 2.0)), feature(chirp(150, 300, 2.0))
    >>> round(float(even[index])), round(float(gliding[index]))
    (0, 6)
    """

    key = "voice-course/2"

    @property
    def names(self) -> tuple[str, ...]:
        """Name of each value, with its unit."""
        return (
            *super().names,
            *_names(_SPECTRAL, _STATISTICS, "smooth_speech"),
            *_names(_SPECTRAL, _OF_CHANGE, "slope"),
            *_names((*_SOURCE, *_SPECTRAL), _STATISTICS, "smooth_voiced"),
            *_names(_SOURCE, _OF_CHANGE, "slope_voiced"),
            *(f"{name}_third{k}" for k in (1, 2, 3) for name in (*_SPECTRAL, *_SOURCE)),
        )

    def describe(self, samples: Samples) -> list[NDArray[np.floating]]:
        """Return the row of a mono signal in parts."""
        analysis = self.analyse(samples)
        spectral, source, repeats = self._curves(analysis)
        inside, speech, voiced = voice_activity(spectral[:, 0], repeats)
        spectral, source = spectral[inside], source[inside]
        if voiced.sum() < _LEAST_VOICED:
            voiced = speech
        smooth_spectral, smooth_source = _smooth(spectral), _smooth(source)
        both = np.concatenate([spectral, source], axis=1)
        middle = both[voiced].mean(axis=0)
        thirds = np.array_split(np.flatnonzero(voiced), 3)
        return [
            *self.summarise(analysis),
            _statistics(smooth_spectral[speech]).ravel(),
            _statistics(_slopes(spectral))[_CHANGE_ROWS].ravel(),
            _statistics(np.concatenate([smooth_source, smooth_spectral], axis=1)[voiced]).ravel(),
            _statistics(_slopes(source)[voiced])[_CHANGE_ROWS].ravel(),
            *(both[part].mean(axis=0) - middle if len(part) else 0 * middle for part in thirds),
        ]

    def _curves(self, analysis: VoiceAnalysis) -> tuple[Curve, Curve, Curve]:
        """Return the curves of all sounds, those of the voice, a column each, and the periodic share."""
        f0_hz, repeats = pitch_track(analysis.periods, analysis.repeats, self.sample_rate)
        formants_hz, widths_hz, residual = formant_track(analysis.samples, self.sample_rate, self.hop_length)
        n_frames = min(len(f0_hz), len(residual))
        f0_hz, repeats = f0_hz[:n_frames], repeats[:n_frames]
        slow, mel_db = with_harmonicity(analysis.slow[:n_frames], repeats), analysis.mel_db[:n_frames]
        power = analysis.power[:n_frames]
        shape = _shape(power, self.bins_hz.astype(np.float64), slow[:, 2], slow[:, 9])
        loudness = ((analysis.mel[:n_frames] + 1e-10) ** 0.3).sum(axis=1)
        level_db = slow[:, :1]
        parts = [part.mean(axis=1) for part in np.array_split(mel_db, _N_GROUPS, axis=1)]
        spectral = np.column_stack(
            [
                *(level_db, np.log(loudness + _FLOOR), slow[:, 2:], *shape),
                *(np.log(residual[:n_frames]), np.stack(parts, axis=1) - level_db),
            ]
        )
        source = self._source(10 * np.log10(power), f0_hz, formants_hz[:n_frames], level_db[:, 0], slow[:, 1])
        widths = np.log(np.maximum(widths_hz[:n_frames], 10))
        return spectral, np.column_stack([source, widths]), repeats

    def _source(
        self, power_db: Curve, f0_hz: Curve, formants_hz: Curve, level_db: Curve, harmonic_db: Curve
    ) -> Curve:
        """Return the curves of the source, shape ``(n_frames, n_curves)``, without the formant bandwidths."""
        bin_hz = float(self.bins_hz[1])
        first, second, third = (peak_near(power_db, bin_hz, k * f0_hz, 0.2 * f0_hz) for k in (1, 2, 3))
        resonant = [peak_near(power_db, bin_hz, formant_hz, f0_hz / 2) for formant_hz in formants_hz.T]
        semitones = 12 * np.log2(f0_hz / 55)
        step = np.abs(np.diff(semitones, prepend=semitones[:1]))
        turn = np.abs(np.diff(semitones, n=2, prepend=semitones[:1], append=semitones[-1:]))
        level_step_db = np.abs(np.diff(level_db, prepend=level_db[:1]))
        return np.column_stack(
            [
                semitones,
                np.minimum(step, _STEP_MOST),
                np.minimum(turn, _STEP_MOST),
                np.minimum(level_step_db, _LEVEL_STEP_MOST_DB),
                harmonic_db,
                first - second,
                first - third,
                *(first - peak for peak in resonant),
                np.log(np.maximum(formants_hz, 50)),
            ]
        )


def _names(curves: tuple[str, ...], statistics: tuple[str, ...], part: str) -> list[str]:
    return [f"{curve}_{statistic}_{part}" for statistic in statistics for curve in curves]


def _shape(power: Curve, bins_hz: Curve, centroid_hz: Curve, spread_hz: Curve) -> tuple[Curve, Curve, Curve]:
    """Return skewness, logarithm of the kurtosis, and flux of each spectrum."""
    share = power / power.sum(axis=1, keepdims=True)
    deviation = (bins_hz - centroid_hz[:, np.newaxis]) / np.maximum(spread_hz, 1)[:, np.newaxis]
    root = np.sqrt(share)
    flux = np.sqrt(np.square(np.diff(root, axis=0, prepend=root[:1])).sum(axis=1))
    cubes = share * deviation * deviation * deviation  # ** 3 takes ten times as long
    return cubes.sum(axis=1), np.log((cubes * deviation).sum(axis=1) + _FLOOR), flux


def _smooth(curves: Curve) -> Curve:
    """Return the moving average over three frames."""
    padded = np.pad(curves, ((1, 1), (0, 0)), mode="edge")
    return (padded[:-2] + padded[1:-1] + padded[2:]) / 3


def _slopes(curves: Curve) -> Curve:
    """Return the slope of a linear fit over five frames."""
    padded = np.pad(curves, ((2, 2), (0, 0)), mode="edge")
    return (2 * (padded[4:] - padded[:-4]) + padded[3:-1] - padded[1:-3]) / 10


def _statistics(curves: Curve) -> Curve:
    """Return the statistics of each column, shape ``(n_statistics, n_curves)``."""
    n_frames = len(curves)
    mean, std = curves.mean(axis=0), curves.std(axis=0)
    standard = (curves - mean) / np.maximum(std, 1e-6)
    cubes = standard * standard * standard  # ** 3 takes ten times as long
    heights = np.percentile(curves, _PERCENTILES, axis=0)
    low, _, p25, p50, p75, _, high = heights
    time = np.linspace(-1, 1, n_frames) if n_frames > 1 else np.zeros(1)
    bow = time**2 - np.mean(time**2)
    trend = time @ (curves - mean) / max(float(time @ time), 1e-9)
    arch = bow @ (curves - mean) / max(float(bow @ bow), 1e-9)
    rest = curves - mean - np.outer(time, trend) - np.outer(bow, arch)
    reach = np.maximum(high - low, 1e-6)
    later = [
        (standard[lag:] * standard[:-lag]).mean(axis=0) if n_frames > lag else np.zeros_like(mean)
        for lag in _LAGS
    ]
    return np.stack(
        [
            *(mean, std, cubes.mean(axis=0), (cubes * standard).mean(axis=0), *heights),
            *(p75 - p50, p50 - p25, p75 - p25, high - low, trend, arch, rest.std(axis=0)),
            *((curves > low + share * reach).mean(axis=0) for share in (0.25, 0.5, 0.75)),
            *_movement(curves, mean),
            *later,
        ]
    )


def _movement(curves: Curve, mean: Curve) -> list[Curve]:
    """Return share and rate of rise and fall, and number and size of peaks and valleys of each column."""
    if len(curves) < 3:
        return [np.zeros_like(mean)] * 6
    step = np.diff(curves, axis=0)
    inner, before, after = curves[1:-1], curves[:-2], curves[2:]
    peaks = (inner > before) & (inner >= after)
    valleys = (inner < before) & (inner <= after)
    return [
        (step > 0).mean(axis=0),
        _mean_where(step, step > 0),
        _mean_where(step, step < 0),
        peaks.sum(axis=0) / len(curves),
        _mean_where(inner - mean, peaks),
        _mean_where(inner - mean, valleys),
    ]


def _mean_where(values: Curve, mask: NDArray[np.bool_]) -> Curve:
    """Return the mean of the masked values of each column, or 0 if there are none."""
    means: Curve = np.where(mask, values, 0).sum(axis=0) / np.maximum(mask.sum(axis=0), 1)
    return means
