"""Basic edits of a clip: sample rate, speed, length, level, fades, DC offset and channels.

Nothing is clipped here: samples may exceed ±1, and `write` clips with a warning.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np
import soxr

from woodshed.audio.loudness import loudness_lufs, true_peak_dbtp
from woodshed.clip import Clip, Samples, check_sample_rate
from woodshed.errors import AudioError, ParameterError, check_choice, printable
from woodshed.units import amplitude_to_db, db_to_amplitude, s_to_samples

Level = Literal["peak", "rms", "lufs"]
FadeShape = Literal["linear", "equal-power", "exponential"]

DEFAULT_LEVELS_DB = {"peak": -1.0, "rms": -20.0, "lufs": -23.0}
"""Default levels of `normalise`, in dBFS, dBFS and LUFS; -23 LUFS is the target of EBU R 128."""

MAX_LEVEL_DB = 200.0
"""Maximum absolute value of a level in decibels; larger ones are taken for mistakes."""

MAX_GAIN_DB = 1000.0
"""Maximum gain in decibels, which raises the least float32 above full scale."""

MAX_RATIO = 1000
"""Maximum ratio of two sample rates, or speeds, in resampling, which bounds its memory and time."""

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
        If the clip is so short that no sample is left, or the rates differ by a factor above `MAX_RATIO`.
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
    check_sample_rate("resample", sample_rate)
    if sample_rate == clip.sample_rate:
        return clip
    n_samples = _resampled_length(clip.n_samples, clip.sample_rate, sample_rate, clip.source)
    return replace(
        clip, samples=_stretch(clip, clip.sample_rate / sample_rate, n_samples), sample_rate=sample_rate
    )


class RunningResampler:
    """Stateful resampler for a stream of blocks.

    The concatenated output, with that of `rest`, is that of `resample` for the concatenated input, up to the
    rounding of float32.

    Parameters
    ----------
    old_rate, new_rate
        Sample rates of input and output in hertz.
    n_channels
        Number of channels of all blocks.
    source
        Name of the recording, for the error of `rest`.

    Examples
    --------
    >>> running = RunningResampler(8000, 16000, 1, "clip.wav")
    >>> parts = [running(np.ones((1, 4000))), running(np.ones((1, 401))), running.rest()]
    >>> sum(part.shape[1] for part in parts)
    8802
    """

    def __init__(self, old_rate: int, new_rate: int, n_channels: int, source: str) -> None:
        _resampled_length(max(old_rate, 1), old_rate, new_rate, source)
        self._stream = soxr.ResampleStream(old_rate, new_rate, n_channels, dtype="float32", quality="HQ")
        self._format = (old_rate, new_rate, source)
        self._n_channels = n_channels
        self._n_in = self._n_out = 0

    def __call__(self, samples: Samples) -> Samples:
        """Resample the next block, shape ``(n_channels, n_samples)``; the first results may be empty."""
        frames = self._stream.resample_chunk(np.ascontiguousarray(samples.T, dtype=np.float32))
        self._n_in += samples.shape[1]
        self._n_out += len(frames)
        return np.asarray(frames.T)

    def rest(self) -> Samples:
        """Return the samples that remain after the last block.

        Raises
        ------
        AudioError
            If the stream is so short that no sample is left.
        """
        n_missing = max(0, _resampled_length(self._n_in, *self._format) - self._n_out)
        empty = np.zeros((0, self._n_channels), dtype=np.float32)
        rest = self._stream.resample_chunk(empty, last=True)[:n_missing]
        return np.pad(rest, ((0, n_missing - len(rest)), (0, 0))).T


def change_speed(clip: Clip, factor: float) -> Clip:
    """Change the playback speed: tempo, pitch and formants all change by ``factor``.

    Parameters
    ----------
    clip
        Sound with any number of channels.
    factor
        1.1 is 10 % faster and about 1.65 semitones higher; from 1/1000 to 1000 (`MAX_RATIO`).

    Returns
    -------
    Clip
        ``round(n_samples / factor)`` samples (at least one), at the same rate.

    Raises
    ------
    ParameterError
        If the factor is out of its range.

    Examples
    --------
    >>> change_speed(Clip(np.zeros(8800), 8000), 1.1).n_samples
    8000
    """
    if not 1 / MAX_RATIO <= factor <= MAX_RATIO:
        raise ParameterError(
            f"change_speed expects a factor from {1 / MAX_RATIO:g} to {MAX_RATIO}, got {factor!r}."
        )
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

    Raises
    ------
    ParameterError
        If the gain is NaN or above `MAX_GAIN_DB`.

    Examples
    --------
    >>> gain(Clip(np.array([0.05, -0.5]), 8000), 20.0).samples.tolist()
    [[0.5, -5.0]]
    """
    if not gain_db <= MAX_GAIN_DB:
        raise ParameterError(f"gain expects a gain_db of at most {MAX_GAIN_DB:g}, got {gain_db!r}.")
    return replace(clip, samples=clip.samples * np.float32(db_to_amplitude(gain_db)))


@dataclass(frozen=True)
class Normalisation:
    """Gain that brings a clip to a level.

    Parameters
    ----------
    gain_db
        The gain in decibels.
    shortfall_db
        How far the result stays below the level so that its true peak keeps to a ceiling; 0 if it need not.
    """

    gain_db: float
    shortfall_db: float = 0.0


def find_normalisation(
    clip: Clip, *, to: Level = "peak", level_db: float | None = None, true_peak_db: float | None = None
) -> Normalisation:
    """Return the gain that `normalise` applies, and by how much a ceiling reduces it.

    Parameters and errors are those of `normalise`.

    Examples
    --------
    >>> clicks = Clip(np.tile(np.append(0.5, np.zeros(99)), 80), 8000)
    >>> found = find_normalisation(clicks, to="rms", level_db=-20.0, true_peak_db=-1.0)
    >>> round(found.gain_db, 1), round(found.shortfall_db, 1)
    (5.0, 1.0)
    """
    check_choice("kind of level", to, get_args(Level))
    target_db = DEFAULT_LEVELS_DB[to] if level_db is None else level_db
    if not abs(target_db) <= MAX_LEVEL_DB:
        raise ParameterError(
            f"normalise expects a level_db from -{MAX_LEVEL_DB:g} to {MAX_LEVEL_DB:g}, got {level_db!r}."
        )
    if true_peak_db is not None and not -MAX_LEVEL_DB <= true_peak_db <= 0:
        raise ParameterError(
            f"normalise expects a true_peak_db from -{MAX_LEVEL_DB:g} to 0, got {true_peak_db!r}."
        )
    if not clip.samples.any():
        return Normalisation(0.0)
    gain_db = target_db - _measured_db(clip, to)
    if true_peak_db is None:
        return Normalisation(gain_db)
    highest_db = true_peak_db - true_peak_dbtp(clip)
    return Normalisation(min(gain_db, highest_db), max(0.0, gain_db - highest_db))


def _measured_db(clip: Clip, kind: Level) -> float:
    """Return the level of a clip that is not silent."""
    peak_db = amplitude_to_db(float(np.abs(clip.samples).max()), -math.inf)
    if kind == "peak":
        return peak_db
    if kind == "rms":
        return amplitude_to_db(math.sqrt(np.square(clip.samples, dtype=np.float64).mean()), -math.inf)
    at_full_scale_lufs = loudness_lufs(gain(clip, -peak_db))
    if at_full_scale_lufs == -math.inf:
        raise AudioError(
            f"The loudness of {printable(clip.source)} is below the absolute gate and cannot be normalised. "
            "Use to='rms' or to='peak'."
        )
    return peak_db + at_full_scale_lufs


def normalise(
    clip: Clip, *, to: Level = "peak", level_db: float | None = None, true_peak_db: float | None = None
) -> Clip:
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
    true_peak_db
        Ceiling of the true peak in dBTP, -200 to 0; EBU R 128 recommends -1. Where the gain would exceed it,
        the gain is reduced, so that the clip stays below the target level; there is no limiter, and the
        dynamics stay as they are. None sets no ceiling.

    Returns
    -------
    Clip
        At that level. With ``rms`` and ``lufs`` peaks may exceed ±1 if there is no ceiling.

    Raises
    ------
    AudioError
        If the loudness of a clip that is not silent cannot be measured, because it only has inaudible
        frequencies or a rate that is too low.
    ParameterError
        If ``to`` is unknown, or a level is out of its range.

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
    found = find_normalisation(clip, to=to, level_db=level_db, true_peak_db=true_peak_db)
    return gain(clip, found.gain_db) if found.gain_db else clip


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


def split_channels(clip: Clip) -> tuple[Clip, ...]:
    """Return each channel as a mono clip, in order: left before right.

    Examples
    --------
    >>> left, right = split_channels(Clip(np.array([[0.5, 0.5], [-1, -1]]), 8000))
    >>> left.samples.tolist(), right.samples.tolist()
    ([[0.5, 0.5]], [[-1.0, -1.0]])
    """
    return tuple(replace(clip, samples=channel[np.newaxis]) for channel in clip.samples)


def merge_channels(clips: Iterable[Clip]) -> Clip:
    """Merge clips into the channels of one clip, in order.

    Parameters
    ----------
    clips
        At least one, all of the same rate and length; each may have several channels. The result has the
        source of the first.

    Raises
    ------
    AudioError
        If rates or lengths differ.
    ParameterError
        If there is no clip.

    Examples
    --------
    >>> merge_channels([Clip(np.ones(2), 8000), Clip(np.zeros(2), 8000)]).samples.tolist()
    [[1.0, 1.0], [0.0, 0.0]]
    """
    clips = list(clips)
    if not clips:
        raise ParameterError("merge_channels expects at least one clip, got none. Pass the left one first.")
    first = clips[0]
    for clip in clips[1:]:
        if clip.sample_rate != first.sample_rate:
            raise AudioError(
                f"merge_channels expects clips of one rate, got {printable(first.source)} at "
                f"{first.sample_rate} Hz and {printable(clip.source)} at {clip.sample_rate} Hz. "
                f"Resample it first: woodshed.audio.resample(clip, {first.sample_rate})."
            )
        if clip.n_samples != first.n_samples:
            raise AudioError(
                f"merge_channels expects clips of one length, got {printable(first.source)} with "
                f"{first.n_samples} samples and {printable(clip.source)} with {clip.n_samples}. "
                "Cut the longer one (clip.cut), or pad the shorter one (woodshed.audio.fit_length)."
            )
    return replace(first, samples=np.concatenate([clip.samples for clip in clips]))


def swap_channels(clip: Clip) -> Clip:
    """Swap left and right.

    Raises
    ------
    AudioError
        If the clip is not stereo.

    Examples
    --------
    >>> swap_channels(Clip(np.array([[0.5], [-1]]), 8000)).samples.tolist()
    [[-1.0], [0.5]]
    """
    _check_stereo(clip, "swap_channels")
    return replace(clip, samples=clip.samples[::-1])


def to_mono(clip: Clip, *, weights: Sequence[float] | None = None) -> Clip:
    """Mix all channels into one.

    Parameters
    ----------
    clip
        Sound with any number of channels.
    weights
        Factor of each channel in the sum, one for each channel, not normalised: ``(1, 0)`` selects the left
        one of two. None takes the mean, or one of two channels that cancel each other in it: see
        `woodshed.clip.ChannelMix`.

    Raises
    ------
    ParameterError
        If the number of weights is not the number of channels, or a weight is not finite.

    Examples
    --------
    >>> stereo = Clip(np.array([[0.5], [-1]]), 8000)
    >>> to_mono(stereo).samples.tolist(), to_mono(stereo, weights=(1, 0)).samples.tolist()
    ([[-0.25]], [[0.5]])
    """
    if weights is None:
        return replace(clip, samples=clip.mono()[np.newaxis])
    factors = np.asarray(weights, dtype=np.float64)
    if factors.shape != (clip.n_channels,) or not np.isfinite(factors).all():
        raise ParameterError(
            f"to_mono expects one finite weight for each of the {clip.n_channels} channels of "
            f"{printable(clip.source)}, got {weights!r}."
        )
    return replace(clip, samples=(factors @ clip.samples)[np.newaxis].astype(np.float32))


def to_mid_side(clip: Clip) -> Clip:
    """Convert left and right to mid ``(left + right) / 2`` and side ``(left - right) / 2``.

    Mid contains what both channels share, usually voice and bass; side contains their difference.
    `from_mid_side` is the inverse. After A. D. Blumlein, British patent 394325, 1931.

    Raises
    ------
    AudioError
        If the clip is not stereo.

    Examples
    --------
    >>> to_mid_side(Clip(np.array([[0.5], [-1]]), 8000)).samples.tolist()
    [[-0.25], [0.75]]
    """
    _check_stereo(clip, "to_mid_side")
    left, right = clip.samples.astype(np.float64)
    return replace(clip, samples=np.stack([(left + right) / 2, (left - right) / 2]).astype(np.float32))


def from_mid_side(clip: Clip) -> Clip:
    """Convert mid and side back to left ``mid + side`` and right ``mid - side``.

    Raises
    ------
    AudioError
        If the clip does not have two channels.

    Examples
    --------
    >>> from_mid_side(Clip(np.array([[-0.25], [0.75]]), 8000)).samples.tolist()
    [[0.5], [-1.0]]
    """
    _check_stereo(clip, "from_mid_side")
    mid, side = clip.samples.astype(np.float64)
    return replace(clip, samples=np.stack([mid + side, mid - side]).astype(np.float32))


def to_channels(clip: Clip, n_channels: int) -> Clip:
    """Change the number of channels: mix down to mono, or copy a mono channel.

    Parameters
    ----------
    clip
        Any number of channels if ``n_channels`` is 1; otherwise mono, or ``n_channels`` already.
    n_channels
        Number of channels of the result, 1 or more.

    Raises
    ------
    AudioError
        If several channels are to become another number above 1: the mapping is undefined.
    ParameterError
        If ``n_channels`` is not a whole number of 1 or more.

    Examples
    --------
    >>> to_channels(Clip(np.array([0.5]), 8000), 2).samples.tolist()
    [[0.5], [0.5]]
    """
    whole = isinstance(n_channels, int | np.integer) and not isinstance(n_channels, bool)
    if not whole or n_channels < 1:
        raise ParameterError(f"to_channels expects a whole n_channels of 1 or more, got {n_channels!r}.")
    if clip.n_channels == n_channels:
        return clip
    if n_channels == 1:
        return to_mono(clip)
    if clip.n_channels == 1:
        return replace(clip, samples=np.repeat(clip.samples, n_channels, axis=0))
    raise AudioError(
        f"to_channels cannot map the {clip.n_channels} channels of {printable(clip.source)} to {n_channels}. "
        "Mix them to one first (to_mono), or select with split_channels and merge_channels."
    )


def _resampled_length(n_samples: int, old_rate: int, new_rate: int, source: str) -> int:
    """Return the number of samples at another rate; raise if there are none, or the ratio is too large."""
    if not 1 / MAX_RATIO <= new_rate / old_rate <= MAX_RATIO:
        raise AudioError(
            f"{printable(source)} at {old_rate} Hz cannot be resampled to {new_rate} Hz: the ratio must be "
            f"at most {MAX_RATIO}. Check the sample rate of the file."
        )
    n_resampled = round(n_samples * new_rate / old_rate)
    if n_resampled == 0:
        raise AudioError(
            f"{printable(source)} has only {n_samples} samples at {old_rate} Hz, none of them left at "
            f"{new_rate} Hz. Leave it out."
        )
    return n_resampled


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


def _check_stereo(clip: Clip, function: str) -> None:
    if clip.n_channels != 2:
        raise AudioError(
            f"{function} expects 2 channels, got {printable(clip.source)} with {clip.n_channels}. "
            "Make it stereo first: woodshed.audio.to_channels(clip, 2), or select two with split_channels."
        )
