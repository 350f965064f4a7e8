"""Voice features: statistics of prosody, spectrum and modulation, one row per clip."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import scipy  # its submodules are loaded at their first use
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

_BLOCK = 1000
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

    key = "voice-summary/2"
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
        return self.summarise(self.analyse(samples))

    def analyse(self, samples: Samples) -> VoiceAnalysis:
        """Return what statistics are computed from, of a mono signal normalised to a peak of 1."""
        samples = samples / np.float32(max(float(np.abs(samples).max()), 1e-9))
        periods, repeats = periodicity(samples, self.sample_rate, self.hop_length)
        slow, mel_db, power, mel = self._curves_without_voice(samples)
        n_frames = min(len(slow), len(repeats))
        return VoiceAnalysis(
            *(samples, periods, repeats[:n_frames]),
            *(slow[:n_frames], mel_db[:n_frames], power[:n_frames], mel[:n_frames]),
        )

    def summarise(self, analysis: VoiceAnalysis) -> list[NDArray[np.floating]]:
        """Return the row of an analysed signal in parts."""
        pitch, repeats = analysis.strongest_pitch(self.sample_rate)
        slow = with_harmonicity(analysis.slow, repeats)
        inside, speech, voiced = voice_activity(slow[:, 0], repeats)
        slow, mel_db, pitch = slow[inside], analysis.mel_db[inside], pitch[inside]
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

    def _curves_without_voice(self, samples: Samples) -> tuple[Curve, Curve, Curve, Curve]:
        """Return `VoiceAnalysis.slow`, with zeros as harmonicity, and the spectra it is computed from."""
        spectra, mel = self.power_and_mel(samples)
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
        columns = [
            10 * np.log10(total / power.shape[1]),
            np.zeros(len(power)),
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
        return np.stack(columns, axis=1), mel_db, power, mel.astype(np.float64)


class VoiceAnalysis(NamedTuple):
    """What the statistics of a voice are computed from; all but the first two have one row per frame."""

    samples: Samples
    """Mono, normalised to a peak of 1."""
    periods: NDArray[np.int64]
    """Periods of the range of pitch, in samples, shape ``(n_periods,)``."""
    repeats: Curve
    """Share of the power that repeats after each period, shape ``(n_frames, n_periods)``."""
    slow: Curve
    """The curves `SLOW_NAMES`; the harmonicity is 0 until `with_harmonicity` sets it."""
    mel_db: Curve
    """Mel bands in decibels."""
    power: Curve
    """Power spectra."""
    mel: Curve
    """Power of the mel bands."""

    def strongest_pitch(self, sample_rate: int) -> tuple[Curve, Curve]:
        """Return the pitch of each frame in semitones above 55 Hz, and the periodic share of its power."""
        from scipy.ndimage import median_filter

        # A peak at the longest period cannot be told from a rise beyond it.
        periods, repeats = self.periods[:-1], self.repeats[:, :-1]
        best = short_periods_first(repeats, periods).argmax(axis=1)
        share = np.clip(repeats[np.arange(len(best)), best], 1e-3, 0.999)
        semitones = 12 * np.log2(sample_rate / periods[best] / 55)
        # The median of five removes outliers of one or two frames.
        return median_filter(semitones, 5, mode="nearest"), share


def periodicity(samples: Samples, sample_rate: int, hop_length: int) -> tuple[NDArray[np.int64], Curve]:
    """Return the autocorrelation of each frame over the periods of voices, corrected for the window.

    Parameters
    ----------
    samples
        Mono, shape ``(n_samples,)``.
    sample_rate
        Sample rate in hertz.
    hop_length
        Samples from one frame to the next.

    Returns
    -------
    periods, repeats
        Periods in samples, shape ``(n_periods,)``; and the share of the power of each frame that repeats
        after each of them, shape ``(n_frames, n_periods)``.

    References
    ----------
    P. Boersma, "Accurate short-term analysis of the fundamental frequency and the harmonics-to-noise ratio of
    a sampled sound", 1993.

    Examples
    --------
    >>> tone = np.sin(2 * np.pi * 200 * np.arange(8000) / 16000).astype(np.float32)
    >>> periods, repeats = periodicity(tone, 16000, 160)
    >>> int(periods[repeats[25].argmax()])
    80
    """
    length = round(PITCH_FRAME_S * sample_rate) // 2 * 2
    window = hann_window(length)
    frames = frames_of(np.pad(samples, length // 2), length, hop_length)
    n_fft = scipy.fft.next_fast_len(2 * length, real=True)
    of_window = scipy.fft.irfft(_squared(scipy.fft.rfft(window, n_fft)), n_fft)
    periods = np.arange(int(sample_rate / HIGHEST_HZ), int(sample_rate / LOWEST_HZ) + 1)
    expected = of_window[periods] / of_window[0]
    repeats = np.empty((len(frames), len(periods)))
    for start in range(0, len(frames), _BLOCK):  # limits memory
        block = frames[start : start + _BLOCK]
        of_frames = scipy.fft.irfft(_squared(scipy.fft.rfft(block * window, n_fft)), n_fft)
        repeats[start : start + len(block)] = of_frames[:, periods] / (of_frames[:, :1] + 1e-9) / expected
    return periods, repeats


def _squared(spectra: NDArray[np.complexfloating]) -> Curve:
    power: Curve = spectra.real**2 + spectra.imag**2
    return power


def short_periods_first(repeats: Curve, periods: NDArray[np.int64]) -> Curve:
    """Return a score that prefers the shortest of the periods, as multiples of a period repeat, too."""
    score: Curve = repeats - 0.02 * np.log2(periods / periods[0])
    return score


def with_harmonicity(slow: Curve, repeats: Curve) -> Curve:
    """Return the curves with the harmonics-to-noise ratio in decibels, given the periodic share."""
    slow = slow.copy()
    slow[:, SLOW_NAMES.index("harmonic_db")] = 10 * np.log10(repeats / (1 - repeats))
    return slow


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
    standard = (values - mean) / np.maximum(std, 1e-6)
    skew = (standard * standard * standard).mean(axis=0)  # ** 3 takes ten times as long
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
