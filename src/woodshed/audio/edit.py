"""Basic edits of a clip: sample rate, speed, length, gain, normalisation, fades and removal of a DC offset.

Nothing is clipped here: samples may exceed ±1, and `write` clips with a warning.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Literal, get_args

import numpy as np
import soxr

from woodshed.audio.loudness import loudness_lufs
from woodshed.clip import Clip, Samples
from woodshed.errors import AudioError, ParameterError, check_choice, printable
from woodshed.units import amplitude_to_db, db_to_amplitude, s_to_samples

Level = Literal["peak", "rms", "lufs"]
FadeShape = Literal["linear", "equal-power", "exponential"]

DEFAULT_LEVELS_DB = {"peak": -1.0, "rms": -20.0, "lufs": -23.0}
"""Default levels of `normalise`, in dBFS, dBFS and LUFS; -23 LUFS is the target of EBU R 128."""

MAX_LEVEL_DB = 200.0
"""Maximum absolute value of a level in decibels; larger ones are taken for mistakes."""

EXPONENTIAL_RANGE = 1000.0
"""Range of an exponential fade: linear in decibels down to about -60 dB, then curved to reach 0."""


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
    return replace(clip, samples=_stretch(clip, factor, max(1, round(clip.n_samples / factor))))


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


def normalise(clip: Clip, *, to: Level = "peak", level_db: float | None = None) -> Clip:
    """Normalise a clip to a target level by a constant gain.

    Parameters
    ----------
    clip
        Sound with any number of channels; all get the same gain. Digital silence is returned unchanged.
    to
        ``peak``: the largest absolute sample, in dBFS. ``rms``: root mean square over all channels, in dBFS
        (an RMS of 1 is 0 dBFS, so a full-scale sine has -3.01). ``lufs``: `loudness_lufs`.
    level_db
        Target level; by default -1 dBFS, -20 dBFS or -23 LUFS.

    Returns
    -------
    Clip
        At that level. With ``rms`` and ``lufs`` peaks may exceed ±1; choose a lower level then, or normalise
        the result to a peak of 0.

    Raises
    ------
    AudioError
        If the loudness of a clip that is not silent cannot be measured, because it only has inaudible
        frequencies or a rate that is too low.
    ParameterError
        If ``to`` is unknown, or the level is beyond ±200 dB.

    Notes
    -----
    The loudness is measured with the peak at full scale, so that the absolute gate of -70 LUFS does not
    exclude parts of a soft recording.

    Examples
    --------
    >>> loud = normalise(Clip(np.array([0.1, -0.2]), 8000), level_db=0.0)
    >>> [round(value, 6) for value in loud.samples[0].tolist()]
    [0.5, -1.0]
    """
    check_choice("kind of level", to, get_args(Level))
    target_db = DEFAULT_LEVELS_DB[to] if level_db is None else level_db
    if not abs(target_db) <= MAX_LEVEL_DB:
        raise ParameterError(
            f"normalise expects a level_db from -{MAX_LEVEL_DB:g} to {MAX_LEVEL_DB:g}, got {level_db!r}."
        )
    peak_db = amplitude_to_db(float(np.abs(clip.samples).max()), -math.inf)
    if peak_db == -math.inf:
        return clip
    if to == "peak":
        return gain(clip, target_db - peak_db)
    if to == "rms":
        rms = math.sqrt(np.square(clip.samples, dtype=np.float64).mean())
        return gain(clip, target_db - amplitude_to_db(rms, -math.inf))
    at_full_scale_lufs = loudness_lufs(gain(clip, -peak_db))
    if at_full_scale_lufs == -math.inf:
        raise AudioError(
            f"The loudness of {printable(clip.source)} is below the absolute gate and cannot be normalised. "
            "Use to='rms' or to='peak'."
        )
    return gain(clip, target_db - peak_db - at_full_scale_lufs)


def fade(clip: Clip, *, in_s: float = 0.0, out_s: float = 0.0, shape: FadeShape = "linear") -> Clip:
    """Apply a fade-in, a fade-out, or both.

    Parameters
    ----------
    clip
        Sound with any number of channels.
    in_s, out_s
        Lengths of the fades in seconds, 0 or more; together at most the length of the clip. The first sample
        of a fade-in and the last of a fade-out are 0.
    shape
        With ``t`` from 0 to 1: ``linear`` is ``t``, so that the gains of a crossfade sum to 1;
        ``equal-power`` is ``sin(pi / 2 * t)``, so that their squares do, for uncorrelated sounds;
        ``exponential`` is ``(1000 ** t - 1) / 999``, which sounds uniform.

    Raises
    ------
    ParameterError
        If the fades are negative or longer than the clip, or the shape is unknown.

    Examples
    --------
    >>> fade(Clip(np.ones(6), 2), in_s=1.5, out_s=1.0).samples.tolist()
    [[0.0, 0.5, 1.0, 1.0, 1.0, 0.0]]
    """
    check_choice("fade shape", shape, get_args(FadeShape))
    if not (in_s >= 0 and out_s >= 0 and in_s + out_s < math.inf):
        raise ParameterError(f"fade expects in_s and out_s of 0 s or more, got {in_s!r} and {out_s!r}.")
    n_in, n_out = s_to_samples(in_s, clip.sample_rate), s_to_samples(out_s, clip.sample_rate)
    if n_in + n_out > clip.n_samples:
        raise ParameterError(
            f"fade expects fades of together at most {clip.duration_s:.3f} s, the length of "
            f"{printable(clip.source)}, got in_s={in_s!r} and out_s={out_s!r}. Shorten them."
        )
    samples = clip.samples.copy()
    samples[:, :n_in] *= _rise(n_in, shape)
    samples[:, clip.n_samples - n_out :] *= _rise(n_out, shape)[::-1]
    return replace(clip, samples=samples)


def remove_dc(clip: Clip) -> Clip:
    """Remove the DC offset: subtract the mean of each channel.

    For an offset that drifts, use `woodshed.audio.filter.high_pass` at 20 Hz.

    Examples
    --------
    >>> remove_dc(Clip(np.array([0.75, 0.25]), 8000)).samples.tolist()
    [[0.25, -0.25]]
    """
    mean = clip.samples.mean(axis=1, dtype=np.float64, keepdims=True)
    return replace(clip, samples=(clip.samples - mean).astype(np.float32))


def _stretch(clip: Clip, factor: float, n_samples: int) -> Samples:
    """Resample to ``factor`` times the speed, to exactly ``n_samples``."""
    frames = soxr.resample(np.ascontiguousarray(clip.samples.T), factor, 1.0, quality="HQ")
    out = np.zeros((clip.n_channels, n_samples), dtype=np.float32)
    n_common = min(n_samples, len(frames))  # the library may round the length the other way
    out[:, :n_common] = frames[:n_common].T
    return out


def _rise(n_samples: int, shape: FadeShape) -> Samples:
    """Return the gains of a fade-in, from 0 to 1, shape ``(n_samples,)``."""
    part = np.linspace(0.0, 1.0, n_samples)
    if shape == "equal-power":
        part = np.sin(np.pi / 2 * part)
    elif shape == "exponential":
        part = (EXPONENTIAL_RANGE**part - 1) / (EXPONENTIAL_RANGE - 1)
    return part.astype(np.float32)
