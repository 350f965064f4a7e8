"""Rhythm: onset strength, tempogram, onsets, beats and tempo."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import ArrayLike, NDArray

from woodshed.audio.edit import resample
from woodshed.audio.read import FilePath
from woodshed.clip import Clip, Samples
from woodshed.features.frame import EvenNumber, FrameFeature, frames_of, hann_window, load_librosa
from woodshed.features.mel import MelSettings, TopDb, limit_range
from woodshed.features.spectral_shape import safe_divide
from woodshed.features.streaming import features_of_file
from woodshed.features.validation import whole

_MIN_BEATS = 4  # for a tempo


@dataclass(frozen=True, kw_only=True)
class OnsetSettings(MelSettings, FrameFeature):
    """Settings and computation of the onset strength."""

    sample_rate: int = 22050
    n_fft: EvenNumber = 2048
    hop_length: int = 512
    n_mels: int = 128
    f_min_hz: float = 0.0
    top_db: TopDb = 80.0

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
        return np.pad(rise, (1 + self._delay, 0))[: len(level_db)]


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
    beats per minute. No unit; silence has 0. Equal to ``librosa.feature.tempogram``. Grosche, Müller and
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
    win_length: Annotated[int, whole(2)] = 384

    @property
    def names(self) -> tuple[str, ...]:
        """One name for each lag."""
        return tuple(f"tempogram_{k / self.frame_rate_hz:.3f}_s" for k in range(self.win_length))

    @property
    def n_context(self) -> int:
        """Half the window of frames, and the context of the onset strength."""
        return super().n_context + (1 + self.win_length // 2) * self.hop_length

    def _frames(self, samples: Samples) -> Samples:
        from scipy.fft import irfft, next_fast_len, rfft

        rise = self._rise(samples)
        padded = np.pad(rise, self.win_length // 2, mode="linear_ramp")
        windows = frames_of(padded, self.win_length, 1)[: len(rise)] * hann_window(self.win_length)
        size = next_fast_len(2 * self.win_length - 1, real=True)  # no lag wraps round
        power = np.square(np.abs(rfft(windows, size)))
        lags = irfft(power, size)[:, : self.win_length]
        return safe_divide(lags, lags[:, :1]).astype(np.float32)


TIMING = OnsetStrength(sample_rate=22050, n_fft=2048, hop_length=128)
"""Onset strength for onset and beat detection. The hop is 6 ms, because periods of the beat tracker are whole
frames, and it drifts with a longer hop."""


def onset_times_s(clip: Clip) -> NDArray[np.float64]:
    """Detect the onsets of notes, strokes or syllables.

    Onsets are peaks of `OnsetStrength`, picked by ``librosa.onset.onset_detect`` with its default thresholds.
    Böck, Krebs and Schedl, "Evaluating the online capabilities of onset detection methods" (2012).

    Parameters
    ----------
    clip
        Any rate; channels are averaged.

    Returns
    -------
    numpy.ndarray
        Shape ``(n_onsets,)``, increasing, in seconds, with a resolution of 6 ms; empty for silence. A sound
        that starts with the first sample has no onset.

    Examples
    --------
    >>> from woodshed.audio import clicks, silence
    >>> onset_times_s(clicks(0.5, 2.0)).round(1).tolist(), onset_times_s(silence()).tolist()
    ([0.5, 1.0, 1.5], [])
    """
    return _peaks_s(strength_of(clip))


def onset_times_of_file(path: FilePath) -> NDArray[np.float64]:
    """Detect the onsets in a file of any length, block by block, as in `onset_times_s`.

    Raises
    ------
    AudioFileError
        If the file cannot be read.

    Examples
    --------
    >>> from woodshed.data.sample import sample_folder
    >>> times_s = onset_times_of_file(sample_folder() / "recordings" / "7_theo_0.flac")
    >>> bool(np.all(np.diff(times_s) > 0)), bool(times_s.max() < 0.43)
    (True, True)
    """
    return _peaks_s(strength_of_file(path))


def strength_of(clip: Clip) -> Samples:
    """Return the onset strength of a clip at any rate, shape ``(n_frames,)``, with the settings of `TIMING`.

    Examples
    --------
    >>> from woodshed.audio import sine
    >>> strength_of(sine(440, sample_rate=44100)).shape
    (173,)
    """
    return TIMING(resample(clip, TIMING.sample_rate)).ravel()


def strength_of_file(path: FilePath) -> Samples:
    """Return the onset strength of a file, shape ``(n_frames,)``, with the settings of `TIMING`.

    Raises
    ------
    AudioFileError
        If the file cannot be read.
    """
    return np.concatenate(list(features_of_file(TIMING, path))).ravel()


def _peaks_s(strength: Samples) -> NDArray[np.float64]:
    return np.asarray(
        load_librosa("Onset detection").onset.onset_detect(
            onset_envelope=strength, sr=TIMING.sample_rate, hop_length=TIMING.hop_length, units="time"
        ),
        dtype=np.float64,
    )


def beat_times_s(clip: Clip) -> NDArray[np.float64]:
    """Track the beats of a clip.

    The tempo is assumed to be constant; beats are the sequence of onsets that matches it best, computed by
    ``librosa.beat.beat_track``. Ellis, "Beat tracking by dynamic programming" (2007).

    Parameters
    ----------
    clip
        Any rate; channels are averaged. At least a few seconds.

    Returns
    -------
    numpy.ndarray
        Shape ``(n_beats,)``, increasing, in seconds, with a resolution of 6 ms; empty if there is no onset.

    Examples
    --------
    >>> from woodshed.audio import clicks
    >>> beats = beat_times_s(clicks(0.5, 10.0))
    >>> bool(np.abs(beats - np.round(beats * 2) / 2).max() < 0.02)
    True
    """
    return _beats_s(strength_of(clip))


def beat_times_of_file(path: FilePath) -> NDArray[np.float64]:
    """Track the beats of a file of any length, block by block, as in `beat_times_s`.

    Raises
    ------
    AudioFileError
        If the file cannot be read.

    Examples
    --------
    >>> from woodshed.data.sample import sample_folder
    >>> beat_times_of_file(sample_folder() / "recordings" / "7_theo_0.flac").ndim
    1
    """
    return _beats_s(strength_of_file(path))


def tempo_bpm(clip: Clip) -> float:
    """Estimate the tempo in beats per minute.

    It is the tempo of the beats from `beat_times_s`. The prior of the beat tracker prefers 120, and most
    results are from 60 to 240; errors by a factor of two are common.

    Parameters
    ----------
    clip
        Any rate; channels are averaged. At least a few seconds.

    Returns
    -------
    float
        Beats per minute; 0.0 if there are fewer than four beats, as in silence.

    Examples
    --------
    >>> from woodshed.audio import clicks, silence
    >>> round(tempo_bpm(clicks(0.5, 10.0))), tempo_bpm(silence())
    (120, 0.0)
    """
    return tempo_of_beats(beat_times_s(clip))


def tempo_of_beats(beats_s: ArrayLike) -> float:
    """Return the tempo of beats by linear regression, which is finer than the lags of a tempogram.

    Parameters
    ----------
    beats_s
        Shape ``(n_beats,)``, increasing, in seconds.

    Returns
    -------
    float
        Beats per minute; 0.0 if there are fewer than four beats.

    Examples
    --------
    >>> round(tempo_of_beats([0.3, 0.8, 1.31, 1.8]), 1)
    119.8
    """
    times_s = np.asarray(beats_s, dtype=np.float64)
    if len(times_s) < _MIN_BEATS:
        return 0.0
    return float(60.0 / np.polyfit(np.arange(len(times_s)), times_s, 1)[0])


def _beats_s(strength: Samples) -> NDArray[np.float64]:
    librosa = load_librosa("Beat tracking")
    if not strength.any():
        return np.empty(0)
    _, beats_s = librosa.beat.beat_track(
        onset_envelope=strength, sr=TIMING.sample_rate, hop_length=TIMING.hop_length, units="time"
    )
    return np.asarray(beats_s, dtype=np.float64)
