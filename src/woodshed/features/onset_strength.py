"""Onset strength, and the tempogram, its local autocorrelation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from woodshed.clip import Samples
from woodshed.features.frame import FrameFeature
from woodshed.features.mel import MelSettings, limit_range


@dataclass(frozen=True, kw_only=True)
class OnsetSettings(MelSettings, FrameFeature):
    """Settings and computation of the onset strength."""

    sample_rate: int = 22050
    n_fft: int = 2048
    hop_length: int = 512
    n_mels: int = 128
    f_min_hz: float = 0.0
    top_db: float | None = 80.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.top_db is not None:
            self._within("top_db", 0, 1000)

    @property
    def exact_in_blocks(self) -> bool:
        """Whether there is no threshold relative to the whole clip."""
        return self.top_db is None

    @property
    def n_context(self) -> int:
        """Half a window, the previous frame, and the delay."""
        return self.n_fft // 2 + (1 + self._delay) * self.hop_length

    @property
    def _delay(self) -> int:
        return self.n_fft // (2 * self.hop_length)

    def _rise(self, samples: Samples) -> Samples:
        """Return the onset strength, shape ``(n_frames,)``."""
        level_db = limit_range(self.log_mel(samples), self.top_db)
        rise = np.maximum(np.diff(level_db, axis=0), 0).mean(axis=1)
        strength = np.zeros(len(level_db), dtype=np.float32)
        first = 1 + self._delay
        strength[first:] = rise[: max(0, len(strength) - first)]
        return strength


@dataclass(frozen=True, kw_only=True)
class OnsetStrength(OnsetSettings):
    """Onset strength: mean rise of the log-mel spectrogram in each frame.

    ``O(t) = mean over bands of max(0, L(b, t) - L(b, t-1))`` with the log-mel spectrogram ``L`` in dB;
    delayed by half a window, since a window covers an onset before its centre does. Unit: dB. Equal to
    ``librosa.onset.onset_strength``. After Bello et al., "A tutorial on onset detection in music signals"
    (2005); Böck and Widmer (2013).

    Parameters
    ----------
    top_db
        Range of the spectrogram below the maximum of the clip, in decibels; default 80, as in librosa. None:
        no limit, so that frames are independent.
    sample_rate, n_fft, hop_length
        Default 22050, 2048 (93 ms) and 512 (23 ms), as in librosa.
    n_mels, f_min_hz, f_max_hz, formula, floor_db
        As in `woodshed.features.mel.LogMel`; default 128 bands from 0 Hz to the Nyquist frequency.

    Examples
    --------
    A click at 0.5 s is in frame 22, 22 * 512 / 22050 = 0.51 s.

    >>> from woodshed.audio import clicks
    >>> int(OnsetStrength()(clicks(0.5, sample_rate=22050))[4:].argmax()) + 4
    22

    Four clicks:

    >>> from woodshed.audio import clicks
    >>> from woodshed.features.text_plot import text_plot
    >>> clip = clicks(0.3, 1.3, sample_rate=22050)
    >>> feature = OnsetStrength()
    >>> print(text_plot(feature(clip), feature))
    onset_strength_db
    60 ┤                                                    ▄
       │              ▂           ▄            █            █
       │             ▂█           █▂           █            █
    30 ┤             ██           ██           █▄           █▂
       │             ██           ██           ██           ██
       │             ██▄          ██▄          ██▂          ██▂
     0 └0──────────0.25───────0.5───────0.75───────1──────────── s
    """

    key = "onset-strength/1"
    names = ("onset_strength_db",)

    def _frames(self, samples: Samples) -> Samples:
        return self._rise(samples)[:, np.newaxis]


@dataclass(frozen=True, kw_only=True)
class Tempogram(OnsetSettings):
    """Tempogram: local autocorrelation of the onset strength.

    ``T(l, t) = Σ y(k) y(k + l) / Σ y(k)²``, where ``y`` is `OnsetStrength` with a Hann window of
    ``win_length`` frames around ``t``; it is 1 at lag 0. A peak at ``l`` seconds corresponds to ``60 / l``
    beats per minute. No unit; silence has 0. Computed by ``librosa.feature.tempogram``. Grosche, Müller and
    Kurth (2010).

    Parameters
    ----------
    win_length
        Length of the window in frames, and number of lags; default 384 (8.9 s).
    sample_rate, n_fft, hop_length, n_mels, f_min_hz, f_max_hz, formula, floor_db, top_db
        As in `OnsetStrength`.

    Examples
    --------
    >>> from woodshed.audio import clicks
    >>> feature = Tempogram()
    >>> lags = feature(clicks(0.5, 10.0, sample_rate=22050))[215]
    >>> int(lags[10:32].argmax()) + 10, feature.names[22]
    (22, 'tempogram_0.511_s')

    Clicks every 0.6 s, then every 0.3 s; the lines are their periods:

    >>> from woodshed.audio import clicks, join
    >>> from woodshed.features.text_plot import text_plot
    >>> clip = join([clicks(interval_s, 6.0, sample_rate=22050) for interval_s in (0.6, 0.3)])
    >>> feature = Tempogram(win_length=80)
    >>> print(text_plot(feature(clip), feature, height=8))
    tempogram_*_s:  ░ 0.2  ▒ 0.4  ▓ 0.6  █ 0.8
    1.625 ┤
    1.393 ┤
    1.161 ┤
    0.929 ┤
    0.697 ┤                                       ░░
    0.464 ┤   ░▒▒▒▒▒▒▒▒▒▒▒▒▒▒░░▒▒▒▒▒▒▒▒▒░░░▒▒▒▒▒░░▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒░░
    0.232 ┤                             ░▓▓█████▓▓▓███████████████▓▓▓▒▒
    0.000 ┤████████████████████████████████████████████████████████████
          └0───────────2.5──────────5───────────7.5──────────10──────── s
    """

    key = "tempogram/1"
    win_length: int = 384

    def __post_init__(self) -> None:
        super().__post_init__()
        self._whole(win_length=2)

    @property
    def names(self) -> tuple[str, ...]:
        """One name for each lag."""
        return tuple(f"tempogram_{k / self.frame_rate_hz:.3f}_s" for k in range(self.win_length))

    @property
    def n_context(self) -> int:
        """Half the window of frames, and the context of the onset strength."""
        return super().n_context + (1 + self.win_length // 2) * self.hop_length

    def _frames(self, samples: Samples) -> Samples:
        import librosa

        lags = librosa.feature.tempogram(
            onset_envelope=self._rise(samples),
            sr=self.sample_rate,
            hop_length=self.hop_length,
            win_length=self.win_length,
        )
        return np.ascontiguousarray(lags.T, dtype=np.float32)
