"""What a voice does from frame to frame: its pitch followed through time, its resonances, its harmonics."""

from __future__ import annotations

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from woodshed.audio.edit import resample
from woodshed.clip import Clip, Samples
from woodshed.features.frame import frames_of
from woodshed.features.spectrum import hann_window

LOWEST_HZ, HIGHEST_HZ = 65.0, 500.0
"""Range in which the pitch of a voice is looked for."""

PITCH_FRAME_S = 0.05
"""Length of the frames in which it is looked for: more than three periods of the lowest."""

N_FORMANTS = 3

FORMANT_RATE = 11000
"""Rate at which resonances are looked for, in hertz: five of a voice lie below its half."""

_FORMANT_FRAME_S, _ORDER = 0.03, 12
_USUAL_HZ, _USUAL_WIDTH_HZ = (500.0, 1500.0, 2500.0), 200.0
_LOWEST_FORMANT_HZ, _HIGHEST_FORMANT_HZ, _WIDEST_HZ = 150.0, 5200.0, 700.0

_N_CANDIDATES = 6
_COST_OF_OCTAVE, _DEAREST_OCTAVES = 0.35, 1.5
_BLOCK = 1000

Curve = NDArray[np.float64]


def pitch_track(samples: Samples, sample_rate: int, hop_length: int) -> tuple[Curve, Curve]:
    """Follow the pitch of a voice: in each frame one of six candidates, such that it leaps little.

    The candidates are the best repetitions in an autocorrelation, corrected for its window; the path through
    them is the one of the highest sum of likeness, less what leaps cost (dynamic programming). A frame by
    itself mistakes an octave now and then, and a melody without such leaps is what tells emotions apart.

    Parameters
    ----------
    samples
        Mono, shape ``(n_samples,)``.
    sample_rate
        In hertz.
    hop_length
        Samples from one frame to the next.

    Returns
    -------
    f0_hz, repeats
        Shape ``(n_frames,)``: the pitch in each frame, voiced or not, and the share of the frame's power that
        repeats itself after one period, 0.001 to 0.999.

    References
    ----------
    P. Boersma, "Accurate short-term analysis of the fundamental frequency and the harmonics-to-noise ratio of
    a sampled sound", 1993. Ours has no candidate for voiceless frames: they pull weakly.

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
    of_window = scipy.fft.irfft(np.abs(scipy.fft.rfft(window, n_fft)) ** 2, n_fft)
    periods = np.arange(int(sample_rate / HIGHEST_HZ), int(sample_rate / LOWEST_HZ) + 1)
    expected = of_window[periods] / of_window[0]
    parts = []
    for start in range(0, len(frames), _BLOCK):  # in little memory
        power = np.abs(scipy.fft.rfft(frames[start : start + _BLOCK] * window, n_fft)) ** 2
        likeness = scipy.fft.irfft(power, n_fft)
        parts.append(_candidates(likeness[:, periods] / (likeness[:, :1] + 1e-9) / expected, periods))
    exact, worth, repeats = (np.concatenate(part) for part in zip(*parts, strict=True))
    path = _smoothest(np.log2(exact), worth)[:, np.newaxis]
    period = np.take_along_axis(exact, path, axis=1)[:, 0]
    return sample_rate / period, np.clip(np.take_along_axis(repeats, path, axis=1)[:, 0], 1e-3, 0.999)


def _candidates(repeats: Curve, periods: NDArray[np.int64]) -> tuple[Curve, Curve, Curve]:
    """Return periods, worth and likeness of the best peaks, each ``(n_frames, n_candidates)``."""
    # Two periods repeat as well as one does: the shorter is preferred.
    worth = repeats - 0.02 * np.log2(periods / periods[0])
    is_peak = np.zeros(worth.shape, dtype=bool)
    is_peak[:, 1:-1] = (worth[:, 1:-1] >= worth[:, :-2]) & (worth[:, 1:-1] > worth[:, 2:])
    peaks = np.where(is_peak, worth, -1.0)
    best = np.argsort(-peaks, axis=1, kind="stable")[:, :_N_CANDIDATES]
    middle = np.clip(best, 1, len(periods) - 2)
    before, at, after = (np.take_along_axis(repeats, middle + k, axis=1) for k in (-1, 0, 1))
    bend = before - 2 * at + after
    bends = np.abs(bend) > 1e-9
    beside = np.where(bends, 0.5 * (before - after) / np.where(bends, bend, 1.0), 0.0)  # top of a parabola
    exact = periods[middle] + np.clip(beside, -1, 1)
    return exact, np.take_along_axis(peaks, best, axis=1), np.take_along_axis(repeats, best, axis=1)


def _smoothest(octaves: Curve, worth: Curve) -> NDArray[np.int64]:
    """Return the place of the candidate that the best path goes through in each frame."""
    certain = np.clip(2 * np.maximum(worth, 0).max(axis=1), 0, 1)
    total = worth[0]
    came_from = np.zeros(worth.shape, dtype=np.int64)
    for t in range(1, len(worth)):
        leap = np.minimum(np.abs(octaves[t][:, np.newaxis] - octaves[t - 1]), _DEAREST_OCTAVES)
        # What is not voiced has no pitch to leap from.
        reached = total - _COST_OF_OCTAVE * min(certain[t], certain[t - 1]) * leap
        came_from[t] = reached.argmax(axis=1)
        total = reached.max(axis=1) + worth[t]
    path = np.zeros(len(worth), dtype=np.int64)
    path[-1] = total.argmax()
    for t in range(len(worth) - 1, 0, -1):
        path[t - 1] = came_from[t, path[t]]
    return path


def formant_track(samples: Samples, sample_rate: int, hop_length: int) -> tuple[Curve, Curve, Curve]:
    """Find the three lowest resonances of the vocal tract in each frame, by linear prediction.

    Parameters
    ----------
    samples, sample_rate, hop_length
        As in `pitch_track`.

    Returns
    -------
    formants_hz, widths_hz, residual
        Shapes ``(n_frames, 3)`` twice and ``(n_frames,)``: the resonances, how wide they are, and the share
        of the frame's power that they do not predict. Where a frame has fewer, its neighbours are bridged.

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
    heard = resample(Clip(samples, sample_rate), FORMANT_RATE).mono().astype(np.float64)
    heard[1:] -= 0.97 * heard[:-1]
    length = round(_FORMANT_FRAME_S * FORMANT_RATE)
    starts = (np.arange(n_frames) * hop_length * FORMANT_RATE / sample_rate).astype(np.int64)
    padded = np.pad(heard, (length // 2, length))
    starts = np.minimum(starts, len(padded) - length)
    frames = padded[starts[:, np.newaxis] + np.arange(length)] * np.hanning(length)
    likeness = scipy.fft.irfft(np.abs(scipy.fft.rfft(frames, 1024)) ** 2, 1024)[:, : _ORDER + 1]
    likeness[:, 0] = likeness[:, 0] * 1.0001 + 1e-9  # silence can be solved, too
    lags = np.abs(np.arange(_ORDER)[:, np.newaxis] - np.arange(_ORDER))
    weights = np.linalg.solve(likeness[:, lags], likeness[:, 1:, np.newaxis])[:, :, 0]
    companion = np.zeros((n_frames, _ORDER, _ORDER))
    companion[:, 0] = weights
    companion[:, np.arange(1, _ORDER), np.arange(_ORDER - 1)] = 1
    poles = np.linalg.eigvals(companion)
    place_hz = np.asarray(np.angle(poles) * FORMANT_RATE / (2 * np.pi), np.float64)
    width_hz = -np.log(np.maximum(np.abs(poles), 1e-6)) * FORMANT_RATE / np.pi
    residual = 1 - (weights * likeness[:, 1:]).sum(axis=1) / likeness[:, 0]
    return (*_lowest(place_hz, width_hz), np.clip(residual, 1e-6, 1.0))


def _lowest(place_hz: Curve, width_hz: Curve) -> tuple[Curve, Curve]:
    """Keep the lowest poles that can be formants; bridge where there are none."""
    possible = (place_hz > _LOWEST_FORMANT_HZ) & (place_hz < _HIGHEST_FORMANT_HZ) & (width_hz < _WIDEST_HZ)
    place_hz = np.where(possible, place_hz, np.inf)
    order = np.argsort(place_hz, axis=1, kind="stable")[:, :N_FORMANTS]
    found_hz = np.take_along_axis(place_hz, order, axis=1)
    found_width_hz = np.take_along_axis(width_hz, order, axis=1)
    time = np.arange(len(found_hz))
    for k in range(N_FORMANTS):
        known = np.isfinite(found_hz[:, k])
        if known.sum() < 2:
            found_hz[:, k], found_width_hz[:, k] = _USUAL_HZ[k], _USUAL_WIDTH_HZ
            continue
        for values in (found_hz, found_width_hz):
            values[:, k] = np.interp(time, time[known], values[known, k])
    return found_hz, found_width_hz


def peak_near(power_db: Curve, bin_hz: float, place_hz: Curve, reach_hz: Curve) -> Curve:
    """Return the highest of five levels of each frame, from ``reach_hz`` below a place to as much above it.

    Parameters
    ----------
    power_db
        Shape ``(n_frames, n_bins)``.
    bin_hz
        From one bin to the next.
    place_hz, reach_hz
        Shape ``(n_frames,)``.

    Examples
    --------
    >>> peak_near(np.array([[0.0, 5.0, 9.0, 2.0]]), 100.0, np.array([110.0]), np.array([120.0])).tolist()
    [9.0]
    """
    steps = np.array([-1, -0.5, 0, 0.5, 1])
    places = (place_hz[:, np.newaxis] + steps * reach_hz[:, np.newaxis]) / bin_hz
    bins = np.clip(places.round().astype(np.int64), 0, power_db.shape[1] - 1)
    highest: Curve = np.take_along_axis(power_db, bins, axis=1).max(axis=1)
    return highest
