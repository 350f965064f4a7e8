"""Clips in, clips out: rate, length, level, silence. Channels are kept; nothing random happens here."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import soxr

from woodshed.audio.silence_detection import frame_length, frame_power
from woodshed.clip import Clip, Samples
from woodshed.errors import AudioError, ParameterError
from woodshed.units import db_to_amplitude, s_to_samples


def resample(clip: Clip, sample_rate: int) -> Clip:
    """Change the rate; pitch and duration stay.

    Parameters
    ----------
    clip
        Sound with any number of channels.
    sample_rate
        The new rate in hertz.

    Returns
    -------
    Clip
        ``round(n_samples * sample_rate / clip.sample_rate)`` samples; the clip itself if it has that rate.

    Raises
    ------
    AudioError
        If the clip is so short that no sample would be left.
    ParameterError
        If the rate is not a whole, positive number.

    Notes
    -----
    The SoX resampler at its high quality (``HQ``): linear phase, passband to 91 % of the lower Nyquist
    frequency, stopband 120 dB down.

    Examples
    --------
    >>> resample(Clip(np.zeros(8000), 8000), 16000).n_samples
    16000
    """
    if isinstance(sample_rate, bool) or int(sample_rate) != sample_rate or sample_rate <= 0:
        raise ParameterError(f"resample expects a whole, positive sample_rate in Hz, got {sample_rate!r}.")
    if sample_rate == clip.sample_rate:
        return clip
    n_samples = round(clip.n_samples * sample_rate / clip.sample_rate)
    if n_samples == 0:
        raise AudioError(
            f"{clip.source} has {clip.n_samples} samples at {clip.sample_rate} Hz: none is left at "
            f"{sample_rate} Hz. Leave the clip out."
        )
    return replace(
        clip, samples=_stretch(clip, clip.sample_rate / sample_rate, n_samples), sample_rate=sample_rate
    )


def change_speed(clip: Clip, factor: float) -> Clip:
    """Play faster or slower, as a tape does: tempo, pitch and formants all move by ``factor``.

    Parameters
    ----------
    clip
        Sound with any number of channels.
    factor
        1.1 plays 10 % faster and about 1.65 semitones higher; positive.

    Returns
    -------
    Clip
        ``round(n_samples / factor)`` samples (at least one), at the same rate.

    Examples
    --------
    >>> change_speed(Clip(np.zeros(8800), 8000), 1.1).n_samples
    8000
    """
    if not factor > 0:
        raise ParameterError(f"change_speed expects a positive factor, got {factor!r}.")
    n_samples = max(1, round(clip.n_samples / factor))
    return replace(clip, samples=_stretch(clip, factor, n_samples))


def fit_length(clip: Clip, duration_s: float) -> Clip:
    """Make a clip exactly as long as asked: keep its middle, or put silence on both sides.

    Parameters
    ----------
    clip
        Sound with any number of channels.
    duration_s
        The new length in seconds.

    Examples
    --------
    >>> fit_length(Clip(np.ones(4), 8), 1.0).samples.tolist()
    [[0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0]]
    >>> fit_length(Clip(np.arange(8), 8), 0.5).samples.tolist()
    [[2.0, 3.0, 4.0, 5.0]]
    """
    n_samples = s_to_samples(duration_s, clip.sample_rate)
    if n_samples < 1:
        raise ParameterError(f"fit_length expects a duration of at least one sample, got {duration_s!r} s.")
    spare = n_samples - clip.n_samples
    if spare <= 0:
        start = -spare // 2
        return replace(clip, samples=clip.samples[:, start : start + n_samples])
    return replace(clip, samples=np.pad(clip.samples, ((0, 0), (spare // 2, spare - spare // 2))))


def gain(clip: Clip, gain_db: float) -> Clip:
    """Make a clip louder or softer. Values may go beyond ±1; `write` says so if they do.

    Examples
    --------
    >>> gain(Clip(np.array([0.05, -0.5]), 8000), 20.0).samples.tolist()
    [[0.5, -5.0]]
    """
    return replace(clip, samples=clip.samples * np.float32(db_to_amplitude(gain_db)))


def trim_silence(clip: Clip, *, threshold_db: float = -40.0) -> Clip:
    """Cut off the silence at both ends.

    A frame of 10 ms is silent when its RMS level, over all channels, is below the loudest frame's by more
    than ``threshold_db`` says. A clip that is digital silence throughout is returned as it is.

    Parameters
    ----------
    clip
        Sound with any number of channels.
    threshold_db
        Level in decibels relative to the loudest frame; negative.

    Examples
    --------
    >>> padded = Clip(np.r_[np.zeros(800), np.ones(1600), np.zeros(800)], 8000)
    >>> trim_silence(padded).duration_s
    0.2
    """
    if not threshold_db < 0:
        raise ParameterError(f"trim_silence expects a negative threshold_db, got {threshold_db!r}.")
    power = frame_power(clip)
    if power.max() == 0:
        return clip
    loud = np.flatnonzero(power >= power.max() * db_to_amplitude(threshold_db) ** 2)
    n = frame_length(clip.sample_rate)
    return replace(clip, samples=clip.samples[:, loud[0] * n : (loud[-1] + 1) * n])


def _stretch(clip: Clip, factor: float, n_samples: int) -> Samples:
    """Resample so that time runs ``factor`` times as fast; the result has exactly ``n_samples``."""
    frames = soxr.resample(np.ascontiguousarray(clip.samples.T), factor, 1.0, quality="HQ")
    out = np.zeros((clip.n_channels, n_samples), dtype=np.float32)
    n_kept = min(n_samples, len(frames))  # the library may round the length the other way
    out[:, :n_kept] = frames[:n_kept].T
    return out
