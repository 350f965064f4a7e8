"""Basic edits of a clip: sample rate, speed, length, gain and silence at the ends."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import soxr

from woodshed.clip import Clip, Samples
from woodshed.errors import AudioError, ParameterError
from woodshed.units import db_to_amplitude, s_to_samples


def resample(clip: Clip, sample_rate: int) -> Clip:
    """Change the sample rate, at the same pitch and duration.

    Parameters
    ----------
    clip
        Sound with any number of channels.
    sample_rate
        The new rate in hertz.

    Returns
    -------
    Clip
        ``round(n_samples * sample_rate / clip.sample_rate)`` samples; the same clip if it has that rate.

    Raises
    ------
    AudioError
        If the clip is so short that no sample is left.
    ParameterError
        If the rate is not a whole, positive number.

    Notes
    -----
    The resampler is soxr at high quality (``HQ``): linear phase, passband up to 91 % of the lower Nyquist
    frequency, stopband attenuation 120 dB.

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
            f"{clip.source} has only {clip.n_samples} samples at {clip.sample_rate} Hz, none of them left at "
            f"{sample_rate} Hz. Leave the clip out."
        )
    return replace(
        clip, samples=_stretch(clip, clip.sample_rate / sample_rate, n_samples), sample_rate=sample_rate
    )


def change_speed(clip: Clip, factor: float) -> Clip:
    """Change the playback speed: tempo, pitch and formants all change by ``factor``.

    Parameters
    ----------
    clip
        Sound with any number of channels.
    factor
        1.1 is 10 % faster and about 1.65 semitones higher; positive.

    Returns
    -------
    Clip
        ``round(n_samples / factor)`` samples (at least one), at the same rate.

    Raises
    ------
    ParameterError
        If the factor is not positive.

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
    """Crop or zero-pad a clip to an exact duration, symmetrically around its centre.

    Parameters
    ----------
    clip
        Sound with any number of channels.
    duration_s
        The new duration in seconds, at least one sample.

    Raises
    ------
    ParameterError
        If the duration is shorter than one sample.

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
    """Apply a gain in decibels. Samples may exceed ±1; `write` then clips them, with a warning.

    Examples
    --------
    >>> gain(Clip(np.array([0.05, -0.5]), 8000), 20.0).samples.tolist()
    [[0.5, -5.0]]
    """
    return replace(clip, samples=clip.samples * np.float32(db_to_amplitude(gain_db)))


def _stretch(clip: Clip, factor: float, n_samples: int) -> Samples:
    """Resample to ``factor`` times the speed, to exactly ``n_samples``."""
    frames = soxr.resample(np.ascontiguousarray(clip.samples.T), factor, 1.0, quality="HQ")
    out = np.zeros((clip.n_channels, n_samples), dtype=np.float32)
    n_common = min(n_samples, len(frames))  # the library may round the length the other way
    out[:, :n_common] = frames[:n_common].T
    return out
