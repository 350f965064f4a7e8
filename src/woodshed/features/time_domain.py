"""Features of the waveform: amplitude envelope, RMS, energy and zero-crossing rate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from woodshed.clip import Samples
from woodshed.features.frame import SampleFeature, SampleSettings

# Below -200 dB the sign is determined by rounding errors.
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
    """Return the share of sign changes in each frame, shape ``(n_frames,)``.

    Frames are centred; the signal is padded with its first and last sample, which adds no crossing. Equal to
    ``librosa.feature.zero_crossing_rate``.

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
class AmplitudeEnvelope(SampleFeature):
    """Amplitude envelope: largest sample of each frame.

    ``AE(t) = max s(k)`` over the samples ``k`` of frame ``t``, the definition of the course "Audio Signal
    Processing for Machine Learning". With ``absolute`` it is ``max |s(k)|``, as in a peak meter. Unit: full
    scale is 1. The padding at the ends of a clip is ignored.

    Parameters
    ----------
    absolute
        Whether to take the largest magnitude instead of the largest sample; default False.
    sample_rate
        Required sample rate of clips, in hertz; default 16000.
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
    >>> from woodshed.features.text_plot import text_plot
    >>> time_s = np.arange(9600) / 16000
    >>> pluck = Clip(np.exp(-5 * time_s) * np.sin(2 * np.pi * 220 * time_s), 16000)
    >>> feature = AmplitudeEnvelope()
    >>> print(text_plot(feature(pluck), feature))
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
    _padding = -np.inf

    names = ("amplitude_envelope",)

    def _frames(self, samples: Samples) -> Samples:
        return super()._frames(np.abs(samples) if self.absolute else samples)

    def _of_samples(self, frames: Samples) -> Samples:
        largest: Samples = frames.max(axis=1)
        return largest


@dataclass(frozen=True, kw_only=True)
class Rms(SampleFeature):
    """Root mean square of each frame.

    ``RMS(t) = sqrt(mean s(k)²)``; a sine of amplitude 1 has 0.707. Unit: full scale is 1. The signal is
    padded with zeros. Equal to ``librosa.feature.rms(y=...)``. Lerch, "An Introduction to Audio Content
    Analysis" (2012).

    Parameters
    ----------
    sample_rate, frame_length, hop_length
        As in `AmplitudeEnvelope`.

    Examples
    --------
    >>> from woodshed.audio import sine
    >>> round(float(Rms()(sine(1000, amplitude=1.0))[50, 0]), 3)
    0.707

    A plucked string; its peak decays from 1, its RMS from 0.7:

    >>> from woodshed.clip import Clip
    >>> from woodshed.features.text_plot import text_plot
    >>> time_s = np.arange(9600) / 16000
    >>> pluck = Clip(np.exp(-6 * time_s) * np.sin(2 * np.pi * 220 * time_s), 16000)
    >>> feature = Rms()
    >>> print(text_plot(feature(pluck), feature))
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
    names = ("rms",)

    def _of_samples(self, frames: Samples) -> Samples:
        return np.sqrt(mean_power(frames))


@dataclass(frozen=True, kw_only=True)
class Energy(SampleFeature):
    """Energy per sample of each frame.

    ``E(t) = mean s(k)²``, the square of `Rms`. It is divided by the frame length, as in Giannakopoulos and
    Pikrakis, "Introduction to Audio Analysis" (2014), so that it does not depend on it. Unit: square of full
    scale.

    Parameters
    ----------
    sample_rate, frame_length, hop_length
        As in `AmplitudeEnvelope`.

    Examples
    --------
    >>> from woodshed.audio import sine
    >>> round(float(Energy()(sine(1000, amplitude=1.0))[50, 0]), 3)
    0.5

    A plucked string; energy decays twice as fast as amplitude:

    >>> from woodshed.clip import Clip
    >>> from woodshed.features.text_plot import text_plot
    >>> time_s = np.arange(9600) / 16000
    >>> pluck = Clip(np.exp(-6 * time_s) * np.sin(2 * np.pi * 220 * time_s), 16000)
    >>> feature = Energy()
    >>> print(text_plot(feature(pluck), feature))
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
    names = ("energy",)

    def _of_samples(self, frames: Samples) -> Samples:
        return mean_power(frames)


@dataclass(frozen=True, kw_only=True)
class ZeroCrossingRate(SampleSettings):
    """Zero-crossing rate: low for hum and vowels, high for hiss and consonants.

    ``ZCR(t) = ½ Σ |sgn s(k) - sgn s(k+1)| / frame_length``, where values from -1e-10 count as positive. A
    tone of ``f`` hertz has ``2 f / sample_rate``. Unit: share of the samples, 0 to 1. Equal to
    ``librosa.feature.zero_crossing_rate``. Kedem, "Spectral analysis and discrimination by zero-crossings"
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

    A tone at 250 Hz, then noise:

    >>> from woodshed.audio import join, noise, sine
    >>> from woodshed.features.text_plot import text_plot
    >>> clip = join([sine(250, 0.3), noise(duration_s=0.3)])
    >>> feature = ZeroCrossingRate()
    >>> print(text_plot(feature(clip), feature))
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
    names = ("zero_crossing_rate",)

    def _frames(self, samples: Samples) -> Samples:
        return zero_crossing_rate(samples, self.frame_length, self.hop_length)[:, np.newaxis]
