"""Features of the waveform itself: how loud it is, and how often it crosses zero."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from woodshed.clip import Samples
from woodshed.features.frame import Framed, OfSamples, SampleSettings

# Below -200 dB a sign is rounding noise.
_NO_SIGN = 1e-10


def mean_power(frames: Samples) -> Samples:
    """Return the mean square of each frame, shape ``(n_frames,)``.

    Examples
    --------
    >>> mean_power(np.array([[1, -1], [0.5, 0]], dtype=np.float32)).tolist()
    [1.0, 0.125]
    """
    power: Samples = np.einsum("ij,ij->i", frames, frames) / np.float32(frames.shape[1])
    return power


def zero_crossing_rate(samples: Samples, frame_length: int, hop_length: int) -> Samples:
    """Return the share of steps in each frame at which the sign changes, shape ``(n_frames,)``.

    Frames are centred; the sound is continued beyond its ends by its first and last sample, so that the
    border adds no crossing. Equal to ``librosa.feature.zero_crossing_rate``.

    Examples
    --------
    >>> samples = np.array([1, -1] * 8, dtype=np.float32)
    >>> zero_crossing_rate(samples, frame_length=4, hop_length=4).tolist()
    [0.25, 0.75, 0.75, 0.75, 0.25]
    """
    padded = np.pad(samples, frame_length // 2, mode="edge")
    negative = padded < -_NO_SIGN
    crossings = np.concatenate([[0], np.cumsum(negative[1:] != negative[:-1])])
    starts = np.arange(0, len(padded) - frame_length + 1, hop_length)
    rate: Samples = ((crossings[starts + frame_length - 1] - crossings[starts]) / frame_length).astype(
        np.float32
    )
    return rate


@dataclass(frozen=True, kw_only=True)
class AmplitudeEnvelope(OfSamples):
    """The largest sample of each frame: the outline of a waveform.

    ``AE(t) = max s(k)`` over the samples ``k`` of frame ``t``, as the course "Audio Signal Processing for
    Machine Learning" defines it. With ``absolute`` it is ``max |s(k)|``, as a peak meter shows it: the two
    differ where a sound swings further down than up. Unit: full scale is 1. Beyond the ends of a clip
    there is nothing to take the largest of.

    Parameters
    ----------
    absolute
        False (default): the largest sample. True: the largest magnitude.
    sample_rate
        The rate that clips must have, in hertz; default 16000.
    frame_length
        Length of a frame in samples, even; default 512 (32 ms).
    hop_length
        Samples from one frame to the next; default 160 (10 ms).

    Examples
    --------
    >>> from woodshed.clip import Clip
    >>> clip = Clip(np.array([0.125, -0.5, 0.25, 0.375]), 16000)
    >>> AmplitudeEnvelope(frame_length=2, hop_length=2)(clip).ravel().tolist()
    [0.125, 0.25, 0.375]
    >>> AmplitudeEnvelope(frame_length=2, hop_length=2, absolute=True)(clip).ravel().tolist()
    [0.125, 0.5, 0.375]

    A plucked string:

    >>> from woodshed.clip import Clip
    >>> from woodshed.features.picture import picture
    >>> time_s = np.arange(9600) / 16000
    >>> pluck = Clip(np.exp(-5 * time_s) * np.sin(2 * np.pi * 220 * time_s), 16000)
    >>> feature = AmplitudeEnvelope()
    >>> print(picture(feature(pluck), feature))
    amplitude_envelope
      1 ┤██▆▄▂
        │██████▆▄▂
        │██████████▆▆▄▄▂
    0.5 ┤█████████████████▆▆▄▂▂▂
        │█████████████████████████▆▆▆▄▄▄▂▂▂▂
        │████████████████████████████████████████▆▆▆▆▆▆▆▄▄▄▄▄▄▄▄▄▄▂▂▂
      0 └0───────────────────0.2────────────────0.4────────────────── s
    """

    key = "amplitude-envelope/1"
    absolute: bool = False
    _beyond = -np.inf

    def __post_init__(self) -> None:
        super().__post_init__()
        self._truth("absolute")

    @property
    def names(self) -> tuple[str, ...]:
        """One value."""
        return ("amplitude_envelope",)

    def _frames(self, samples: Samples) -> Samples:
        return super()._frames(np.abs(samples) if self.absolute else samples)

    def _of_samples(self, frames: Samples) -> Samples:
        largest: Samples = frames.max(axis=1)
        return largest


@dataclass(frozen=True, kw_only=True)
class Rms(OfSamples):
    """Root of the mean square of each frame: its effective amplitude.

    ``RMS(t) = sqrt(mean s(k)²)``; a sine of amplitude 1 has 0.707. Unit: full scale is 1. Beyond the ends
    the sound is taken as silent. Equal to ``librosa.feature.rms(y=...)``. Lerch, "An Introduction to Audio
    Content Analysis" (2012).

    Parameters
    ----------
    sample_rate, frame_length, hop_length
        As in `AmplitudeEnvelope`.

    Examples
    --------
    >>> from woodshed.audio import sine
    >>> round(float(Rms()(sine(1000, amplitude=1.0))[50, 0]), 3)
    0.707

    A plucked string; its largest sample falls from 1, its effective amplitude from 0.7:

    >>> from woodshed.clip import Clip
    >>> from woodshed.features.picture import picture
    >>> time_s = np.arange(9600) / 16000
    >>> pluck = Clip(np.exp(-6 * time_s) * np.sin(2 * np.pi * 220 * time_s), 16000)
    >>> feature = Rms()
    >>> print(picture(feature(pluck), feature))
    rms
    0.8 ┤
        │ ▄▆▄▂
        │▄█████▆▄▂
    0.4 ┤███████████▆▄▄▂▂
        │██████████████████▆▆▄▄▄▂▂▂
        │███████████████████████████████▆▆▆▆▆▄▄▄▄▄▄▄▄▄▂▂▂▂▂▂▂▂▂▂▂▂▂▂
      0 └0───────────────────0.2────────────────0.4────────────────── s
    """

    key = "rms/1"

    @property
    def names(self) -> tuple[str, ...]:
        """One value."""
        return ("rms",)

    def _of_samples(self, frames: Samples) -> Samples:
        return np.sqrt(mean_power(frames))


@dataclass(frozen=True, kw_only=True)
class Energy(OfSamples):
    """Mean square of each frame: its energy per sample.

    ``E(t) = mean s(k)²``, the square of `Rms`. Divided by the length of the frame, as in Giannakopoulos
    and Pikrakis, "Introduction to Audio Analysis" (2014), so that frames of different lengths compare. Unit:
    full scale, squared, is 1.

    Parameters
    ----------
    sample_rate, frame_length, hop_length
        As in `AmplitudeEnvelope`.

    Examples
    --------
    >>> from woodshed.audio import sine
    >>> round(float(Energy()(sine(1000, amplitude=1.0))[50, 0]), 3)
    0.5

    A plucked string; the square falls twice as fast as the amplitude:

    >>> from woodshed.clip import Clip
    >>> from woodshed.features.picture import picture
    >>> time_s = np.arange(9600) / 16000
    >>> pluck = Clip(np.exp(-6 * time_s) * np.sin(2 * np.pi * 220 * time_s), 16000)
    >>> feature = Energy()
    >>> print(picture(feature(pluck), feature))
    energy
    0.4 ┤ ▂█▂
        │ ███▆
        │▄█████▆▂
    0.2 ┤█████████▄▂
        │████████████▆▄▄▂
        │██████████████████▆▆▆▄▄▄▄▂▂▂▂▂▂▂▂▂▂
      0 └0───────────────────0.2────────────────0.4────────────────── s
    """

    key = "energy/1"

    @property
    def names(self) -> tuple[str, ...]:
        """One value."""
        return ("energy",)

    def _of_samples(self, frames: Samples) -> Samples:
        return mean_power(frames)


@dataclass(frozen=True, kw_only=True)
class ZeroCrossingRate(SampleSettings, Framed):
    """How often the waveform crosses zero: low for hum and vowels, high for hiss and consonants.

    ``ZCR(t) = ½ Σ |sgn s(k) - sgn s(k+1)| / frame_length``, where 0, and what is within 1e-10 of it, counts
    as positive. A tone of ``f`` hertz has ``2 f / sample_rate``. Unit: a share of the samples, 0 to 1. Equal
    to ``librosa.feature.zero_crossing_rate``. Kedem, "Spectral analysis and discrimination by zero-crossings"
    (1986).

    Parameters
    ----------
    sample_rate, frame_length, hop_length
        As in `AmplitudeEnvelope`.

    Examples
    --------
    >>> from woodshed.audio import sine
    >>> ZeroCrossingRate()(sine(1001))[50].tolist()
    [0.125]

    A vowel's pitch, then a hiss:

    >>> from woodshed.audio import join, noise, sine
    >>> from woodshed.features.picture import picture
    >>> clip = join([sine(250, 0.3), noise(duration_s=0.3)])
    >>> feature = ZeroCrossingRate()
    >>> print(picture(feature(clip), feature))
    zero_crossing_rate
    0.6 ┤                                ▂▂        ▂     ▂▂▂     ▂▂
        │                               ▂███▆▆▆█▆▆████▆█▆████▆▆▆████
        │                               ████████████████████████████▂
    0.3 ┤                              ▆█████████████████████████████
        │                             ▂██████████████████████████████
        │▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂███████████████████████████████
      0 └0───────────────────0.2────────────────0.4────────────────── s
    """

    key = "zero-crossing-rate/1"
    gain_invariant = True

    @property
    def names(self) -> tuple[str, ...]:
        """One value."""
        return ("zero_crossing_rate",)

    @property
    def n_context(self) -> int:
        """Half a frame."""
        return self.frame_length // 2

    def _frames(self, samples: Samples) -> Samples:
        return zero_crossing_rate(samples, self.frame_length, self.hop_length)[:, np.newaxis]
