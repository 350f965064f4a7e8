"""Band limit: where a filter, a lossy format or another recorder cut a sound off."""

from __future__ import annotations

import numpy as np

from woodshed.clip import Clip

_N_FFT = 2048
_WIDTH_HZ = 400.0
_LEAST_DROP_DB = 15.0
_DEPTH_DB = 100.0
_LOWEST_HZ = 1000.0


def band_limit(clip: Clip) -> tuple[float, float]:
    """Return the frequency above which a sound was cut off, and how deep the cut is.

    The long-term spectrum of a room or a microphone fades slowly; one that a filter has cut drops steeply and
    stays low up to half the sample rate. The steepest drop between two neighbouring bands of 400 Hz is taken,
    if above it the level never comes back. What lies 100 dB below the loudest counts as nothing, and nothing
    is looked for below 1 kHz, where the partials of a low note end steeply by nature.

    Returns
    -------
    limit_hz, drop_db
        Half the sample rate and 0 where nothing was cut off.

    Examples
    --------
    >>> from woodshed.audio.edit import resample
    >>> from woodshed.audio.signals import noise
    >>> band_limit(noise())
    (8000.0, 0.0)
    >>> limit_hz, drop_db = band_limit(resample(resample(noise(), 8000), 16000))
    >>> 3800 < limit_hz < 4100, drop_db > 40
    (True, True)
    """
    half_hz = clip.sample_rate / 2
    n_fft = min(_N_FFT, clip.n_samples)
    width = max(2, round(_WIDTH_HZ * n_fft / clip.sample_rate))
    level_db = _long_term_db(clip, n_fft)
    level_db = np.maximum(level_db, level_db.max() - _DEPTH_DB)
    n_edges = len(level_db) - 2 * width
    if n_edges < 1:
        return half_hz, 0.0
    sums = np.concatenate([[0.0], np.cumsum(level_db)])
    mean_db = (sums[width:] - sums[:-width]) / width  # of the bins from k on
    drop_db = mean_db[:n_edges] - mean_db[width : width + n_edges]
    highest_from = np.maximum.accumulate(mean_db[::-1])[::-1]
    stays = highest_from[width : width + n_edges] <= mean_db[:n_edges] - _LEAST_DROP_DB
    high = np.arange(width, width + n_edges) * clip.sample_rate / n_fft >= _LOWEST_HZ
    drop_db = np.where(stays & high, drop_db, 0.0)
    edge = int(drop_db.argmax())
    if drop_db[edge] < _LEAST_DROP_DB:
        return half_hz, 0.0
    return float((edge + width) * clip.sample_rate / n_fft), float(drop_db[edge])


def _long_term_db(clip: Clip, n_fft: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return the mean power in each bin, in decibels."""
    samples = clip.mono()
    starts = np.arange(0, clip.n_samples - n_fft + 1, n_fft)
    frames = samples[starts[:, np.newaxis] + np.arange(n_fft)] * np.hanning(n_fft).astype(np.float32)
    power = np.square(np.abs(np.fft.rfft(frames, axis=1))).mean(axis=0)
    level: np.ndarray[tuple[int], np.dtype[np.float64]] = 10 * np.log10(np.maximum(power, 1e-14))
    return level
