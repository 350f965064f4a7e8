"""Voice features: statistics of prosody, spectrum and modulation, one row per clip."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from woodshed.clip import Samples
from woodshed.features.frame import frames_of, hann_window
from woodshed.features.mel import cepstrum, power_to_db
from woodshed.features.summary import N_MFCC, RowFeature

LOWEST_HZ, HIGHEST_HZ = 65.0, 500.0
"""Search range of the pitch in hertz."""

PITCH_FRAME_S = 0.05
"""Frame length for pitch in seconds: more than three periods of the lowest pitch."""

SPEECH_DB, VOICED_DB = 40.0, 35.0
"""Range below the loudest frame, in decibels, of speech and of voiced frames."""

VOICED_SHARE = 0.5
"""Minimum periodic share of the power of a voiced frame."""

Curve = NDArray[np.float64]

_N_GROUPS = 8
_RATES_HZ = (0.5, 2, 4, 8, 16, 32)
_STATISTICS = ("mean", "std", "iqr", "skew")
_SLOPES_HZ = ((50, 500), (500, 1500), (1500, 5000))
SLOW_NAMES = (
    "level_db",
    "harmonic_db",
    "centroid_hz",
    "alpha_db",
    "hammarberg_db",
    "low_ratio_db",
    "flux_db",
    "rolloff_hz",
    "median_hz",
    "spread_hz",
    "entropy",
    *(f"slope_{low}_{high}" for low, high in _SLOPES_HZ),
    *(f"mfcc{k}" for k in range(1, N_MFCC)),
)
"""Names of the curves over time, except the mel bands."""

_MELODY = ("mean", "std", "p5", "p20", "p50", "p80", "p95", "p5_p95", "p20_p80", "skew", "trend")
_MOTION = ("step_mean", "step_std", "rising_share", "turn_mean")
_RHYTHM = (
    "voiced_share",
    "speech_share",
    "voiced_runs_per_s",
    "voiced_run_mean_s",
    "voiced_run_std_s",
    "pauses_per_s",
    "pause_share",
    "peaks_per_s",
    "peak_distance_std_s",
    "duration_s",
)


@dataclass(frozen=True, kw_only=True)
class VoiceSummary(RowFeature):
    """Speaking style of a voice, one row per clip: intonation, rhythm, vocal effort and spectrum.

    The row holds statistics over time (mean, standard deviation, range from the 20th to the 80th percentile,
    skewness) of level, harmonicity, spectral balance and shape, 19 cepstral coefficients and all mel bands,
    over speech and over voiced frames; mean and standard deviation of their changes; the intonation in
    semitones; the alternation of voice and pauses; and the modulation power of eight groups of bands at rates
    from 0.5 to 32 Hz. Pitch is the maximum of the autocorrelation, corrected for the window (P. Boersma,
    "Accurate short-term analysis of the fundamental frequency", 1993). The row does not depend on the overall
    level: the clip is normalised to a peak of 1.

    The selection follows feature sets of speech emotion research: F. Eyben et al., "The Geneva minimalistic
    acoustic parameter set (GeMAPS)", 2016; S. Wu, T. H. Falk and W.-Y. Chan, "Automatic speech emotion
    recognition using modulation spectral features", 2011. It is smaller and differs in details.

    Parameters
    ----------
    sample_rate, n_fft, hop_length, n_mels, f_min_hz, f_max_hz, formula, floor_db
        As in `LogMel`, but with 40 bands by default; ``n_mels`` at least 20.

    Raises
    ------
    ParameterError
        If a setting is out of its range.

    Examples
    --------
    A tone an octave higher has a median pitch twelve semitones higher:

    >>> from woodshed.audio import sine
    >>> feature = VoiceSummary()
    >>> low, high = (feature(sine(f0_hz, duration_s=2.0)) for f0_hz in (110, 220))
    >>> index = feature.names.index("pitch_semitones_p50")
    >>> round(float(high[index] - low[index]))
    12
    """

    key = "voice-summary/1"
    n_mels: int = 40

    @property
    def names(self) -> tuple[str, ...]:
        """Name of each value, with its unit."""
        tracks = (*SLOW_NAMES, *(f"mel{k}_db" for k in range(self.n_mels)))
        return (
            *(
                f"{name}_{statistic}_{part}"
                for part in ("speech", "voiced")
                for statistic in _STATISTICS
                for name in tracks
            ),
            *(f"{name}_change_{statistic}" for statistic in ("mean", "std") for name in SLOW_NAMES),
            *(f"pitch_semitones_{name}" for name in (*_MELODY, *_MOTION)),
            *_RHYTHM,
            *(
                f"swing_{low:g}_{high:g}_hz_group{k}"
                for low, high in pairwise(_RATES_HZ)
                for k in range(_N_GROUPS)
            ),
        )

    def describe(self, samples: Samples) -> list[NDArray[np.floating]]:
        """Return the row of a mono signal in parts."""
        samples = samples / np.float32(max(float(np.abs(samples).max()), 1e-9))
        pitch, harmonic_db, repeats = self._pitch(samples)
        slow, mel_db = self._tracks(*self.power_and_mel(samples), harmonic_db)
        inside, speech, voiced = voice_activity(slow[:, 0], repeats)
        slow, mel_db, pitch = slow[inside], mel_db[inside], pitch[inside]
        tracks = np.concatenate([slow, mel_db], axis=1)
        change = np.abs(np.diff(slow, axis=0)) if len(slow) > 1 else np.zeros_like(slow)
        hop_s = self.hop_length / self.sample_rate
        return [
            _statistics(tracks[speech]),
            _statistics(tracks[voiced] if voiced.sum() > 1 else tracks[speech]),
            np.concatenate([change.mean(axis=0), change.std(axis=0)]),
            _melody(pitch, voiced),
            _rhythm(slow[:, 0], speech, voiced, hop_s),
            _swing(mel_db, hop_s),
        ]

    def _pitch(self, samples: Samples) -> tuple[Curve, Curve, Curve]:
        """Return pitch in semitones above 55 Hz, harmonics-to-noise ratio in dB, and periodic share."""
        from scipy.ndimage import median_filter

        length = round(PITCH_FRAME_S * self.sample_rate) // 2 * 2
        window = hann_window(length)
        frames = frames_of(np.pad(samples, length // 2), length, self.hop_length) * window
        n_fft = 2 ** int(np.ceil(np.log2(2 * length)))
        autocorrelation = np.fft.irfft(np.abs(np.fft.rfft(frames, n_fft)) ** 2)
        window_autocorrelation = np.fft.irfft(np.abs(np.fft.rfft(window, n_fft)) ** 2)
        periods = np.arange(int(self.sample_rate / HIGHEST_HZ), int(self.sample_rate / LOWEST_HZ))
        repeats = (
            autocorrelation[:, periods]
            / (autocorrelation[:, :1] + 1e-9)
            / (window_autocorrelation[periods] / window_autocorrelation[0])
        )
        # Multiples of the period are as periodic: prefer the shortest.
        best = (repeats - 0.02 * np.log2(periods / periods[0])).argmax(axis=1)
        share = np.clip(repeats[np.arange(len(repeats)), best], 1e-3, 0.999)
        semitones = 12 * np.log2(self.sample_rate / periods[best] / 55)
        # The median of five removes outliers of one or two frames.
        return median_filter(semitones, 5, mode="nearest"), 10 * np.log10(share / (1 - share)), share

    def _tracks(self, spectra: Samples, mel: Samples, harmonic_db: Curve) -> tuple[Curve, Curve]:
        """Return the curves over time, one per column, and the mel bands in decibels."""
        mel_db = power_to_db(mel.copy(), self.floor_db).astype(np.float64)
        power, bins_hz = spectra.astype(np.float64) + 1e-10, self.bins_hz.astype(np.float64)
        total = power.sum(axis=1)

        def band_db(low_hz: float, high_hz: float) -> Curve:
            inside = (bins_hz >= low_hz) & (bins_hz < high_hz)
            level: Curve = 10 * np.log10(power[:, inside].sum(axis=1) + 1e-10)
            return level

        def slope(low_hz: float, high_hz: float) -> Curve:
            inside = (bins_hz >= low_hz) & (bins_hz < high_hz)
            centred = bins_hz[inside] / 1000 - (bins_hz[inside] / 1000).mean()
            level: Curve = 10 * np.log10(power[:, inside]) @ centred / max((centred**2).sum(), 1e-9)
            return level

        centroid_hz = power @ bins_hz / total
        spread_hz = np.sqrt(np.maximum(power @ bins_hz**2 / total - centroid_hz**2, 0))
        cumulated = power.cumsum(axis=1) / total[:, None]
        share = power / total[:, None]
        step_db = np.abs(np.diff(mel_db, axis=0, prepend=mel_db[:1])).mean(axis=1)
        n_frames = min(len(power), len(harmonic_db))
        columns = [
            10 * np.log10(total / power.shape[1]),
            harmonic_db,
            centroid_hz,
            band_db(50, 1000) - band_db(1000, 5000),
            band_db(0, 2000) - band_db(2000, 5000),
            band_db(0, 500) - band_db(500, 1500),
            step_db,
            bins_hz[np.minimum((cumulated < 0.85).sum(axis=1), len(bins_hz) - 1)],
            bins_hz[np.minimum((cumulated < 0.5).sum(axis=1), len(bins_hz) - 1)],
            spread_hz,
            -(share * np.log(share)).sum(axis=1),
            *(slope(low, high) for low, high in _SLOPES_HZ),
            *cepstrum(mel_db.astype(np.float32), N_MFCC)[:, 1:].T,
        ]
        return np.stack([column[:n_frames] for column in columns], axis=1), mel_db[:n_frames]


def voice_activity(level_db: Curve, repeats: Curve) -> tuple[slice, NDArray[np.bool_], NDArray[np.bool_]]:
    """Return the frames from the first to the last speech, and masks of speech and voiced frames in it.

    Parameters
    ----------
    level_db
        Level of each frame in decibels, shape ``(n_frames,)``.
    repeats
        Periodic share of the power of each frame, shape ``(n_frames,)``.

    Examples
    --------
    >>> voice_activity(np.array([-90.0, -20.0, -30.0, -90.0]), np.array([0.9, 0.9, 0.1, 0.1]))
    (slice(1, 3, None), array([ True,  True]), array([ True, False]))
    """
    speech = level_db >= level_db.max() - SPEECH_DB
    voiced = (repeats > VOICED_SHARE) & (level_db > level_db.max() - VOICED_DB)
    sounding = np.flatnonzero(speech)
    inside = slice(int(sounding[0]), int(sounding[-1]) + 1)
    return inside, speech[inside], voiced[inside]


def _statistics(values: Curve) -> Curve:
    """Return mean, standard deviation, percentile range and skewness of each column."""
    mean, std = values.mean(axis=0), values.std(axis=0)
    low, high = np.percentile(values, [20, 80], axis=0)
    skew = (((values - mean) / np.maximum(std, 1e-6)) ** 3).mean(axis=0)
    return np.concatenate([mean, std, high - low, skew])


def _melody(pitch: Curve, voiced: NDArray[np.bool_]) -> Curve:
    """Return the intonation over the voiced frames; zeros with fewer than six."""
    if voiced.sum() < 6:
        return np.zeros(len(_MELODY) + len(_MOTION))
    voiced_pitch = pitch[voiced]
    p5, p20, p50, p80, p95 = np.percentile(voiced_pitch, [5, 20, 50, 80, 95])
    time = np.linspace(-1, 1, len(voiced_pitch))
    mean, std = voiced_pitch.mean(), voiced_pitch.std()
    centred = voiced_pitch - mean
    skew = ((centred / max(std, 1e-6)) ** 3).mean()
    trend = (time * centred).sum() / (time**2).sum()
    step = np.diff(pitch)[voiced[1:] & voiced[:-1]]
    step = step[np.abs(step) < 3]  # larger steps are octave errors
    if len(step) < 2:
        step = np.zeros(2)
    melody = [mean, std, p5, p20, p50, p80, p95, p95 - p5, p80 - p20, skew, trend]
    motion = [np.abs(step).mean(), step.std(), (step > 0).mean(), np.abs(np.diff(step)).mean()]
    return np.array(melody + motion)


def _rhythm(level_db: Curve, speech: NDArray[np.bool_], voiced: NDArray[np.bool_], hop_s: float) -> Curve:
    """Return rates and durations of voiced segments, pauses and syllables."""
    from scipy.signal import find_peaks

    duration_s = len(speech) * hop_s
    voices, pauses = _runs_s(voiced, hop_s), _runs_s(~speech, hop_s)
    kernel = hann_window(11)[1:] / hann_window(11)[1:].sum()
    smooth = np.convolve(level_db, kernel, "same") if len(level_db) >= len(kernel) else level_db
    syllables = find_peaks(smooth, prominence=3)[0]
    return np.array(
        [
            voiced.mean(),
            speech.mean(),
            len(voices) / duration_s,
            voices.mean() if len(voices) else 0,
            voices.std() if len(voices) else 0,
            len(pauses) / duration_s,
            pauses.sum() / duration_s,
            len(syllables) / duration_s,
            np.diff(syllables).std() * hop_s if len(syllables) > 2 else 0,
            duration_s,
        ]
    )


def _runs_s(mask: NDArray[np.bool_], hop_s: float) -> Curve:
    """Return the length of each run of frames within a mask, in seconds."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    return np.diff(edges)[::2] * hop_s


def _swing(mel_db: Curve, hop_s: float) -> Curve:
    """Return the natural logarithm of the modulation power of groups of bands in several rate bands."""
    groups = np.stack([group.mean(axis=1) for group in np.array_split(mel_db, _N_GROUPS, axis=1)], axis=1)
    groups = groups - groups.mean(axis=0)
    n_fft = 2 ** int(np.ceil(np.log2(max(len(groups), round(10 / hop_s)))))
    window = np.hanning(len(groups)) if len(groups) > 2 else np.ones(len(groups))
    power = np.abs(np.fft.rfft(groups * window[:, None], n_fft, axis=0)) ** 2 / len(groups)
    rate_hz = np.fft.rfftfreq(n_fft, hop_s)
    inside = [(rate_hz >= low) & (rate_hz < high) for low, high in pairwise(_RATES_HZ)]
    # With a long hop, the highest rates are empty.
    bands = [power[rates].sum(axis=0) / max(1, rates.sum()) for rates in inside]
    return np.log(np.concatenate(bands) + 1e-3)
