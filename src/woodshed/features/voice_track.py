"""Tracking of pitch, formants and harmonics of a voice."""

from __future__ import annotations

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from woodshed.audio.edit import resample
from woodshed.clip import Clip, Samples
from woodshed.features.frame import frames_of
from woodshed.features.spectrum import hann_window

LOWEST_HZ, HIGHEST_HZ = 65.0, 500.0
"""Search range of the pitch in hertz."""

PITCH_FRAME_S = 0.05
"""Frame length for pitch in seconds: more than three periods of the lowest pitch."""

N_FORMANTS = 3

FORMANT_RATE = 11000
"""Sample rate for formants in hertz: a voice has about five formants below half of it."""

_FORMANT_FRAME_S, _ORDER = 0.03, 12
_USUAL_HZ, _USUAL_WIDTH_HZ = (500.0, 1500.0, 2500.0), 200.0
_LOWEST_FORMANT_HZ, _HIGHEST_FORMANT_HZ, _WIDEST_HZ = 150.0, 5200.0, 700.0

_N_CANDIDATES = 6
_OCTAVE_COST, _MAX_COST_OCTAVES = 0.35, 1.5
_BLOCK = 1000

Curve = NDArray[np.float64]


def pitch_track(samples: Samples, sample_rate: int, hop_length: int) -> tuple[Curve, Curve]:
    """Track the pitch of a voice by dynamic programming over six candidates per frame.

    The candidates are the highest peaks of the autocorrelation, corrected for the window; the path maximises
    the sum of their values minus a cost of pitch jumps, which avoids the octave errors of single frames.

    Parameters
    ----------
    samples
        Mono, shape ``(n_samples,)``.
    sample_rate
        Sample rate in hertz.
    hop_length
        Samples from one frame to the next.

    Returns
    -------
    f0_hz, repeats
        Shape ``(n_frames,)`` each: the pitch of each frame, voiced or not, in hertz, and the periodic share
        of its power, 0.001 to 0.999.

    References
    ----------
    P. Boersma, "Accurate short-term analysis of the fundamental frequency and the harmonics-to-noise ratio of
    a sampled sound", 1993. Here there is no unvoiced candidate; jumps at unvoiced frames have a low cost
    instead.

    Examples
    --------
    >>> tone = np.sin(2 * np.pi * 200.5 * np.arange(8000) / 16000).astype(np.float32)
    >>> f0_hz, repeats = pitch_track(tone, 16000, 160)
    >>> round(float(f0_hz[25]), 1), bool(repeats[25] > 0.99)
    (200.5, True)
    """
    length = round(PITCH_FRAME_S * sample_rate) // 2 * 2
    window = hann_window(length)
    frames = frames_of(np.pad(samples, length // 2), length, hop_length)
    n_fft = scipy.fft.next_fast_len(2 * length)
    window_autocorrelation = scipy.fft.irfft(np.abs(scipy.fft.rfft(window, n_fft)) ** 2, n_fft)
    periods = np.arange(int(sample_rate / HIGHEST_HZ), int(sample_rate / LOWEST_HZ) + 1)
    expected = window_autocorrelation[periods] / window_autocorrelation[0]
    parts = []
    for start in range(0, len(frames), _BLOCK):  # limits memory
        power = np.abs(scipy.fft.rfft(frames[start : start + _BLOCK] * window, n_fft)) ** 2
        autocorrelation = scipy.fft.irfft(power, n_fft)
        parts.append(
            _candidates(autocorrelation[:, periods] / (autocorrelation[:, :1] + 1e-9) / expected, periods)
        )
    exact, score, repeats = (np.concatenate(part) for part in zip(*parts, strict=True))
    path = _best_path(np.log2(exact), score)[:, np.newaxis]
    period = np.take_along_axis(exact, path, axis=1)[:, 0]
    return sample_rate / period, np.clip(np.take_along_axis(repeats, path, axis=1)[:, 0], 1e-3, 0.999)


def _candidates(repeats: Curve, periods: NDArray[np.int64]) -> tuple[Curve, Curve, Curve]:
    """Return period, score and autocorrelation of the best peaks, each ``(n_frames, n_candidates)``."""
    # Multiples of the period are as periodic: prefer the shortest.
    score = repeats - 0.02 * np.log2(periods / periods[0])
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
    total = score[0]
    predecessor = np.zeros(score.shape, dtype=np.int64)
    for t in range(1, len(score)):
        jump = np.minimum(np.abs(octaves[t][:, np.newaxis] - octaves[t - 1]), _MAX_COST_OCTAVES)
        # Unvoiced frames have no pitch, so that jumps cost little there.
        reached = total - _OCTAVE_COST * min(certain[t], certain[t - 1]) * jump
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
