"""Fundamental frequency: the pitch of one voice. librosa computes it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from woodshed.clip import Samples
from woodshed.errors import ParameterError
from woodshed.features.frame import Framed, SampleSettings, frames_of

_OCTAVES_PER_S = 35.92  # librosa's: no voice is faster
_PITCH_STEP = 1 / 12  # a semitone, by which librosa may round up


@dataclass(frozen=True, kw_only=True)
class PitchSettings(SampleSettings, Framed):
    """The settings that pitch trackers share, and their checks."""

    frame_length: int = 1024
    f_min_hz: float = 65.0
    f_max_hz: float = 2000.0

    gain_invariant = True

    def __post_init__(self) -> None:
        super().__post_init__()
        owner = type(self).__name__
        self._finite("f_min_hz", "f_max_hz")
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

    @property
    def n_context(self) -> int:
        """Half a frame."""
        return self.frame_length // 2

    def _sounding(self, samples: Samples) -> NDArray[np.bool_]:
        """Whether a frame holds anything but digital silence, shape ``(n_frames,)``."""
        padded = np.pad(samples, self.frame_length // 2)
        return np.asarray(frames_of(padded, self.frame_length, self.hop_length).any(axis=1))


@dataclass(frozen=True, kw_only=True)
class Yin(PitchSettings):
    """Fundamental frequency of each frame, in hertz, by YIN.

    A frame is compared with itself, moved by every period ``τ`` in question: ``d(τ) = Σ (x(n) - x(n + τ))²``.
    The first at which the difference, divided by its mean over all shorter ones,
    ``d'(τ) = τ d(τ) / Σ d(1 … τ)``, falls below ``trough_threshold`` is taken, or else the best of all; its
    pitch is ``sample_rate / τ``. YIN makes no decision whether there is a pitch: a frame of noise gets the
    best guess, and only digital silence gets 0. `Pyin` decides. Equal to ``librosa.yin``, which computes it.
    De Cheveigné and Kawahara (2002).

    Parameters
    ----------
    f_min_hz, f_max_hz
        The range that is searched; default 65 (C2) to 2000.
    trough_threshold
        Above 0, below 1; default 0.1.
    sample_rate
        The rate that clips must have, in hertz; default 16000.
    frame_length
        Length of a frame in samples, even, more than two periods of ``f_min_hz``; default 1024 (64 ms).
    hop_length
        Samples from one frame to the next; default 160 (10 ms).

    Examples
    --------
    >>> from woodshed.audio import sine
    >>> round(float(Yin()(sine(220))[50, 0]))
    220

    A vibrato of 20 Hz up and down, five times a second:

    >>> from woodshed.clip import Clip
    >>> from woodshed.features.picture import picture
    >>> time_s = np.arange(9600) / 16000
    >>> vibrato = Clip(np.sin(2 * np.pi * 220 * time_s - 4 * np.cos(2 * np.pi * 5 * time_s)), 16000)
    >>> feature = Yin(f_max_hz=500)
    >>> print(picture(feature(vibrato), feature))
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
    trough_threshold: float = 0.1

    def __post_init__(self) -> None:
        super().__post_init__()
        self._within("trough_threshold", 0, 1)

    @property
    def names(self) -> tuple[str, ...]:
        """One value."""
        return ("f0_hz",)

    def _frames(self, samples: Samples) -> Samples:
        import librosa

        f0_hz = librosa.yin(
            samples,
            fmin=self.f_min_hz,
            fmax=self.f_max_hz,
            sr=self.sample_rate,
            frame_length=self.frame_length,
            hop_length=self.hop_length,
            trough_threshold=self.trough_threshold,
        )
        heard: Samples = np.where(self._sounding(samples), f0_hz, 0.0).astype(np.float32)
        return heard[:, np.newaxis]


@dataclass(frozen=True, kw_only=True)
class Pyin(PitchSettings):
    """Fundamental frequency, whether there is one, and how probable that is, by probabilistic YIN.

    Many thresholds ``s`` of `Yin` vote for candidates: a period has the probability ``Σ a(s)`` over those
    that would take it, ``a`` being a beta distribution (2, 18). A hidden Markov model then finds the most
    probable path of pitch and voicing through the whole clip. Three values: the frequency in hertz, **0 where
    there is no pitch** (librosa has NaN there); 1 or 0 for whether there is; and the probability that there
    is. Computed by ``librosa.pyin``. Mauch and Dixon (2014).

    The path is one decision over the whole clip. In blocks (`woodshed.features.block`) each block decides
    for itself with half a second of sound on both sides: nearly all frames agree, the ends of doubtful
    stretches may not.

    Parameters
    ----------
    f_min_hz, f_max_hz
        The range that is searched; default 65 (C2) to 2000. A narrower one is faster.
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
    >>> from woodshed.features.picture import picture
    >>> clip = join([sine(200, 0.2), silence(0.2), sine(300, 0.2)])
    >>> feature = Pyin(f_max_hz=500)
    >>> print(picture(feature(clip), feature, bands=["f0_hz"]))
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

    @property
    def names(self) -> tuple[str, ...]:
        """Three values."""
        return ("f0_hz", "voiced", "voiced_probability")

    @property
    def exact_in_blocks(self) -> bool:
        """No: the path is found through the whole clip."""
        return False

    @property
    def _octaves_per_s(self) -> float:
        """How fast the pitch may move; librosa refuses steps that are wider than the range itself."""
        widest = np.log2(self.f_max_hz / self.f_min_hz) - _PITCH_STEP
        return float(min(_OCTAVES_PER_S, widest * self.frame_rate_hz))

    @property
    def n_context(self) -> int:
        """Half a second, and half a frame."""
        return self.sample_rate // 2 + self.frame_length // 2

    def _frames(self, samples: Samples) -> Samples:
        import librosa

        f0_hz, voiced, probability = librosa.pyin(
            samples,
            fmin=self.f_min_hz,
            fmax=self.f_max_hz,
            sr=self.sample_rate,
            frame_length=self.frame_length,
            hop_length=self.hop_length,
            max_transition_rate=self._octaves_per_s,
            fill_na=0.0,
        )
        heard = self._sounding(samples)
        return np.stack([column * heard for column in (f0_hz, voiced, probability)], axis=1, dtype=np.float32)
