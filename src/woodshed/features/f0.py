"""Fundamental frequency estimation with YIN and probabilistic YIN, computed by librosa."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from woodshed.clip import Samples
from woodshed.errors import ParameterError
from woodshed.features.frame import EvenNumber, SampleSettings, frames_of, load_librosa
from woodshed.features.validation import between

_OCTAVES_PER_S = 35.92  # default of librosa for the maximum rate of change
_PITCH_STEP = 1 / 12  # a semitone, by which librosa may round up


@dataclass(frozen=True, kw_only=True)
class PitchSettings(SampleSettings):
    """Shared settings of the pitch trackers."""

    frame_length: EvenNumber = 1024
    f_min_hz: float = 65.0
    f_max_hz: float = 2000.0

    gain_invariant = True

    def __post_init__(self) -> None:
        super().__post_init__()
        owner = type(self).__name__
        if not 0 < self.f_min_hz < self.f_max_hz <= self.sample_rate / 2:
            raise ParameterError(
                f"{owner} expects 0 < f_min_hz < f_max_hz <= {self.sample_rate / 2:g} (half of sample_rate), "
                f"got f_min_hz={self.f_min_hz:g}, f_max_hz={self.f_max_hz:g}."
            )
        if self.f_max_hz < self.f_min_hz * 2 ** (2 * _PITCH_STEP):
            raise ParameterError(
                f"{owner} expects f_max_hz at least two semitones above f_min_hz={self.f_min_hz:g}, got "
                f"f_max_hz={self.f_max_hz:g}."
            )
        if self.sample_rate / self.f_min_hz >= self.frame_length / 2:
            raise ParameterError(
                f"{owner} expects two periods of f_min_hz={self.f_min_hz:g} in a frame, more than "
                f"{2 * self.sample_rate / self.f_min_hz:.0f} samples, got frame_length={self.frame_length}. "
                "Raise frame_length or f_min_hz."
            )

    def _is_not_silent(self, samples: Samples) -> NDArray[np.bool_]:
        """Return whether each frame is not digital silence, shape ``(n_frames,)``."""
        padded = np.pad(samples, self.frame_length // 2)
        return np.asarray(frames_of(padded, self.frame_length, self.hop_length).any(axis=1))


@dataclass(frozen=True, kw_only=True)
class Yin(PitchSettings):
    """Fundamental frequency of each frame, in hertz, by YIN.

    The difference function of a frame is ``d(τ) = Σ (x(n) - x(n + τ))²`` for each period ``τ`` in the range.
    The period is the first at which its cumulative mean normalised form ``d'(τ) = τ d(τ) / Σ d(1 … τ)`` falls
    below ``trough_threshold``, or else its global minimum; the frequency is ``sample_rate / τ``. YIN does not
    decide whether a frame is voiced: noise gets the best candidate, and only digital silence gets 0. `Pyin`
    does. Computed by ``librosa.yin``. De Cheveigné and Kawahara (2002).

    Parameters
    ----------
    f_min_hz, f_max_hz
        Search range in hertz; default 65 (C2) to 2000.
    trough_threshold
        Threshold of the normalised difference, above 0, below 1; default 0.1.
    sample_rate
        Required sample rate of clips, in hertz; default 16000.
    frame_length
        Length of a frame in samples, even, more than two periods of ``f_min_hz``; default 1024 (64 ms).
    hop_length
        Samples from one frame to the next; default 160 (10 ms).

    Examples
    --------
    >>> from woodshed.audio import sine
    >>> round(float(Yin()(sine(220))[50, 0]))
    220

    A vibrato of ±20 Hz at a rate of 5 Hz:

    >>> from woodshed.clip import Clip
    >>> from woodshed.features.text_plot import text_plot
    >>> time_s = np.arange(9600) / 16000
    >>> vibrato = Clip(np.sin(2 * np.pi * 220 * time_s - 4 * np.cos(2 * np.pi * 5 * time_s)), 16000)
    >>> feature = Yin(f_max_hz=500)
    >>> print(text_plot(feature(vibrato), feature))
    f0_hz
    240 ┤  ▂▂▄▆▄▂               ▂▄▆▄▂               ▂▄▆▄▂
        │▆███████▆             ▄█████▆             ▄█████▆
        │██████████▂         ▂█████████▂         ▂█████████▂
    220 ┤███████████▂       ▄███████████▂       ▄███████████▂
        │████████████▄     ▄█████████████▄     ▄█████████████▄     ▂▄
        │██████████████▄▄▄█████████████████▄▄▄█████████████████▄▄▄███
    200 └0───────────────────0.2────────────────0.4────────────────── s
    """

    key = "yin/1"
    trough_threshold: Annotated[float, between(0, 1)] = 0.1

    names = ("f0_hz",)

    def _frames(self, samples: Samples) -> Samples:
        f0_hz = load_librosa("YIN").yin(
            samples,
            fmin=self.f_min_hz,
            fmax=self.f_max_hz,
            sr=self.sample_rate,
            frame_length=self.frame_length,
            hop_length=self.hop_length,
            trough_threshold=self.trough_threshold,
        )
        return np.where(self._is_not_silent(samples), f0_hz, 0.0).astype(np.float32).reshape(-1, 1)


@dataclass(frozen=True, kw_only=True)
class Pyin(PitchSettings):
    """Fundamental frequency, voicing and probability of voicing of each frame, by probabilistic YIN.

    Candidates of `Yin` for many thresholds ``s`` are combined: a period has the probability ``Σ a(s)`` over
    the thresholds that select it, with a beta distribution ``a`` (2, 18). A hidden Markov model then finds
    the most probable path of pitch and voicing through the whole clip. The three values are the frequency in
    hertz, **0 in unvoiced frames** (NaN in librosa); voicing, 1 or 0; and the probability of voicing.
    Computed by ``librosa.pyin``. Mauch and Dixon (2014).

    The path depends on the whole clip. With `woodshed.features.streaming` it is found for each block with
    half a second of context on both sides: nearly all frames are equal, except at the ends of uncertain
    segments.

    Parameters
    ----------
    f_min_hz, f_max_hz
        Search range in hertz; default 65 (C2) to 2000. A narrower range is faster.
    sample_rate, frame_length, hop_length
        As in `Yin`.

    Examples
    --------
    >>> from woodshed.audio import sine
    >>> f0_hz, voiced, probability = Pyin(f_max_hz=500)(sine(220, 0.3))[15]
    >>> round(float(f0_hz)), bool(voiced)
    (220, True)

    A tone, silence, and a tone a fifth higher:

    >>> from woodshed.audio import join, silence, sine
    >>> from woodshed.features.text_plot import text_plot
    >>> clip = join([sine(200, 0.2), silence(0.2), sine(300, 0.2)])
    >>> feature = Pyin(f_max_hz=500)
    >>> print(text_plot(feature(clip), feature, bands=["f0_hz"]))
    f0_hz
    320 ┤                                      ▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆
        │                                      ██████████████████████
        │▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆               ██████████████████████
    160 ┤███████████████████████               ██████████████████████
        │███████████████████████               ██████████████████████
        │███████████████████████               ██████████████████████
      0 └0───────────────────0.2────────────────0.4────────────────── s
    """

    key = "pyin/1"
    names = ("f0_hz", "voiced", "voiced_probability")

    exact_in_blocks = False  # the path depends on the whole clip

    @property
    def _octaves_per_s(self) -> float:
        """Maximum rate of change of the pitch; librosa rejects steps wider than the search range."""
        widest = np.log2(self.f_max_hz / self.f_min_hz) - _PITCH_STEP
        return float(min(_OCTAVES_PER_S, widest * self.frame_rate_hz))

    @property
    def n_context(self) -> int:
        """Half a second, and half a frame."""
        return self.sample_rate // 2 + self.frame_length // 2

    def _frames(self, samples: Samples) -> Samples:
        f0_hz, voiced, probability = load_librosa("Probabilistic YIN").pyin(
            samples,
            fmin=self.f_min_hz,
            fmax=self.f_max_hz,
            sr=self.sample_rate,
            frame_length=self.frame_length,
            hop_length=self.hop_length,
            max_transition_rate=self._octaves_per_s,
            fill_na=0.0,
        )
        mask = self._is_not_silent(samples)
        return np.stack([column * mask for column in (f0_hz, voiced, probability)], axis=1, dtype=np.float32)
