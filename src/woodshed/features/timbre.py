"""Timbre features: partials, envelope and dynamics of a tone, one row per clip."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from woodshed.clip import Samples
from woodshed.features.frame import hann_window, power_spectrogram
from woodshed.features.mel import cepstrum, hz_to_mel, mel_to_hz
from woodshed.features.summary import RowFeature, Summary, TextureSummary

FRAME_S, HOP_S = 0.128, 0.032
"""Length and hop of the frames in which partials are measured: more than three periods of the lowest tone."""

LOWEST_HZ, N_OCTAVES, STEPS_PER_OCTAVE = 27.5, 6, 48
"""Search range and resolution of the fundamental frequency."""

TEXTURE_FRAME_S = 0.064
"""Frame length of `TextureSummary` in seconds."""

N_PARTIALS = 24
DEPTH_DB = 60.0
"""Minimum level of a partial relative to the tone, in decibels; weaker ones are raised to it."""

SOUNDING_DB = 30.0
"""Range of the frames that count below the loudest, in decibels."""

_N_SUMMED, _FADE = 12, 0.86  # subharmonic summation: number of partials, and ratio of their weights
_N_ENVELOPE, _N_CEPSTRUM = 24, 14
_ENVELOPE_HZ = mel_to_hz(np.linspace(hz_to_mel(80.0, "htk"), hz_to_mel(7600.0, "htk"), _N_ENVELOPE), "htk")
_BANDS_HZ = (0, 500, 1000, 2000, 4000, 8000)
_LEVEL_HOP_S = 0.005
_RATES_HZ = ((1.0, 3.0), (3.0, 5.0), (5.0, 8.0), (8.0, 16.0))
_TINY = 1e-10
_TRACKS = ("odd_even_db", "harmonic_db", "centroid_partial_octaves", "centroid_octaves", "f0_octaves")
_NAMES = (
    *(f"partial{k + 1}_{kind}_db" for kind in ("mean", "std") for k in range(N_PARTIALS)),
    *(f"envelope{k}_{kind}" for kind in ("mean", "std") for k in range(_N_CEPSTRUM)),
    *(f"{name}_{kind}" for name in _TRACKS for kind in ("mean", "std")),
    *("first_share", "second_to_fourth_share", "higher_share", "f0_step_std_octaves"),
    *(f"harmonic_db_band{k}" for k in range(1, len(_BANDS_HZ))),
    *("envelope_step", "centroid_start_octaves", "centroid_end_octaves"),
    *(f"{what}_swing_{low:g}_{high:g}_hz" for what in ("f0", "level") for low, high in _RATES_HZ),
    *("rise_log10_s", "sounding_s", "level_std_db", "level_step_std_db", "level_mean_share"),
    *(f"slope_p{k}_db_per_0.05_s" for k in (10, 25, 50, 75, 90)),
    "middle_of_energy",
)

Curve = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class TimbreSummary(RowFeature):
    """Timbre of an instrument independently of pitch, one row per clip.

    The fundamental of each frame is found by subharmonic summation of twelve partials. The row holds mean and
    standard deviation over time of the levels of the partials relative to the tone; the spectral envelope as
    a cepstrum on a mel scale, which does not depend on pitch; the ratio of odd and even partials, their
    centroid, the tristimulus, and the harmonic share of the power in each band; vibrato and tremolo; attack,
    sustain and decay of the level; and finally the rows of `Summary` and `TextureSummary`. Noise, chords and
    long silences are valid input, but less informative. The row does not depend on the overall level: the
    clip is normalised to a peak of 1.

    Parameters
    ----------
    sample_rate, n_fft, hop_length, n_mels, f_min_hz, f_max_hz, formula, floor_db
        As in `LogMel`, with the same defaults, for `Summary`; ``n_mels`` at least 20. Partials are measured
        in frames of 128 ms, textures in frames of 64 ms.

    Raises
    ------
    ParameterError
        If a setting is out of its range.

    Examples
    --------
    Two sines that are an octave apart:

    >>> from woodshed.audio import sine
    >>> feature = TimbreSummary()
    >>> low, high = feature(sine(220)), feature(sine(440))
    >>> index = feature.names.index("f0_octaves_mean")
    >>> round(float(high[index] - low[index]), 2)
    1.0
    >>> [round(float(row[feature.names.index("partial1_mean_db")])) for row in (low, high)]
    [0, 0]

    References
    ----------
    D. J. Hermes, "Measurement of pitch by subharmonic summation", JASA 83, 1988. G. Peeters et al., "The
    Timbre Toolbox: extracting audio descriptors from musical signals", JASA 130, 2011. H. F. Pollard and
    E. V. Jansson, "A tristimulus method for the specification of musical timbre", Acustica 51, 1982.
    """

    key = "timbre-summary/1"

    @property
    def names(self) -> tuple[str, ...]:
        """Name of each value, with its unit."""
        return _NAMES + self._summary.names + self._texture.names

    @property
    def _summary(self) -> Summary:
        return Summary(**asdict(self))

    @property
    def _texture(self) -> TextureSummary:
        n_fft = max(self.n_fft, round(TEXTURE_FRAME_S * self.sample_rate) // 2 * 2)
        return TextureSummary(**asdict(self) | {"n_fft": n_fft})

    def describe(self, samples: Samples) -> list[NDArray[np.floating]]:
        """Return the row of a mono signal in parts."""
        samples = samples / np.float32(max(float(np.abs(samples).max()), 1e-6))
        n_fft = round(FRAME_S * self.sample_rate) // 2 * 2
        hop_length = max(1, round(HOP_S * self.sample_rate))
        power = power_spectrogram(samples, n_fft=n_fft, hop_length=hop_length, window=hann_window(n_fft))
        n_edge = -(-n_fft // (2 * hop_length))  # frames beyond an end contain its discontinuity
        if len(power) > 4 * n_edge:
            power = power[n_edge:-n_edge]
        level = power.sum(axis=1) + _TINY
        power = power[level > level.max() * 10 ** (-SOUNDING_DB / 10)].astype(np.float64) + _TINY
        return [
            *_of_tone(power, self.sample_rate),
            _course(samples, self.sample_rate),
            *self._summary.describe(samples),
            *self._texture.describe(samples),
        ]


def _of_tone(power: Curve, sample_rate: int) -> list[Curve]:
    """Return the features of the partials of power frames, ``(n_frames, n_bins)``."""
    _, finer_hz = _partials(power, fundamental_hz(power, sample_rate), sample_rate)
    partials, f0_hz = _partials(power, finer_hz, sample_rate)  # high partials need the refined fundamental
    total = power.sum(axis=1)
    weight = total**0.25  # loud frames count slightly more than soft ones
    weight /= weight.sum()
    tone = partials.sum(axis=1, keepdims=True)
    levels_db = np.maximum(10 * np.log10(partials / tone), -DEPTH_DB)
    order = np.arange(1, N_PARTIALS + 1)
    shares = partials / tone
    odd, even = shares[:, 2::2].sum(axis=1), shares[:, 1::2].sum(axis=1)
    envelope = _envelope(levels_db, f0_hz)
    brightness = np.log2((shares * order).sum(axis=1))
    f0_octaves = np.log2(f0_hz / 100)
    tracks = np.stack(
        [
            10 * np.log10((odd + 1e-6) / (even + 1e-6)),
            10 * np.log10(tone[:, 0] / total),
            brightness,
            brightness + f0_octaves,
            f0_octaves,
        ],
        axis=1,
    )
    tristimulus = np.stack([shares[:, 0], shares[:, 1:4].sum(axis=1), shares[:, 4:].sum(axis=1)], axis=1)
    step = np.diff(f0_octaves)
    step = step[np.abs(step) < 0.1]  # larger steps are other notes or octave errors
    n_edge = max(1, len(power) // 6)
    centroid = tracks[:, 3] - weight @ tracks[:, 3]
    motion = [np.abs(np.diff(envelope[:, 1:], axis=0)).mean()] if len(envelope) > 1 else [0.0]
    return [
        *_mean_and_spread(levels_db, weight),
        *_mean_and_spread(envelope, weight),
        np.stack(_mean_and_spread(tracks, weight), axis=1).ravel(),
        np.array([*(weight @ tristimulus), step.std() if len(step) > 2 else 0.0]),
        weight @ _harmonic_db(power, partials, f0_hz, sample_rate),
        np.array([*motion, centroid[:n_edge].mean(), centroid[-n_edge:].mean()]),
        _swing(np.clip(f0_octaves - np.median(f0_octaves), -0.1, 0.1) * 100, HOP_S),
    ]


def fundamental_hz(power: Curve, sample_rate: int) -> Curve:
    """Return the fundamental frequency of each frame by subharmonic summation.

    Amplitudes are compressed by a square root, so that a single loud partial does not dominate.

    Parameters
    ----------
    power
        Shape ``(n_frames, n_bins)``, from 0 Hz to the Nyquist frequency.
    sample_rate
        Sample rate in hertz.

    Returns
    -------
    numpy.ndarray
        Shape ``(n_frames,)``, from 31 to 1760 Hz, in steps of a quarter of a semitone.

    Examples
    --------
    >>> power = np.full((1, 1025), 1e-10)
    >>> power[0, [50, 100, 150]] = 1.0
    >>> round(float(fundamental_hz(power, 20480)[0]) / 500, 1)
    1.0
    """
    n_bins = power.shape[1]
    octave = np.arange(STEPS_PER_OCTAVE * (N_OCTAVES + 4)) / STEPS_PER_OCTAVE
    positions = LOWEST_HZ * 2**octave * 2 * (n_bins - 1) / sample_rate
    below = positions < n_bins - 1
    lower = np.where(below, positions, 0).astype(int)
    share = np.where(below, positions - lower, 0)
    root = power**0.25
    on_log_axis = np.where(below, root[:, lower] * (1 - share) + root[:, lower + below] * share, 0.0)
    n_steps = STEPS_PER_OCTAVE * N_OCTAVES
    strength = np.zeros((len(power), n_steps))
    for partial in range(1, _N_SUMMED + 1):
        shift = round(STEPS_PER_OCTAVE * np.log2(partial))
        strength += _FADE ** (partial - 1) * on_log_axis[:, shift : shift + n_steps]
    strength[:, : STEPS_PER_OCTAVE // 6] = 0
    return np.asarray(LOWEST_HZ * 2 ** octave[strength.argmax(axis=1)])


def _partials(power: Curve, f0_hz: Curve, sample_rate: int) -> tuple[Curve, Curve]:
    """Return the power of the partials, ``(n_frames, N_PARTIALS)``, and the refined fundamental."""
    n_bins = power.shape[1]
    positions = f0_hz[:, np.newaxis] * np.arange(1, N_PARTIALS + 1) * 2 * (n_bins - 1) / sample_rate
    inside = positions < n_bins - 5
    middle = np.where(inside, np.round(positions), 5).astype(int)
    frames = np.arange(len(power))[:, np.newaxis]
    peak, at = np.zeros(positions.shape), middle.copy()
    for offset in range(-3, 4):
        near = np.abs(offset) <= np.maximum(2, np.round(0.02 * positions))
        value = np.where(near, power[frames, np.abs(middle + offset)], 0)
        at = np.where(value > peak, np.abs(middle + offset), at)
        peak = np.maximum(peak, value)
    below, top, above = (np.log(power[frames, np.maximum(at + step, 0)]) for step in (-1, 0, 1))
    bend = np.minimum(below - 2 * top + above, -1e-3)
    offset = np.clip(0.5 * (below - above) / bend, -0.5, 0.5)  # of the vertex of a parabola
    position, tip = at + offset, np.exp(top - 0.25 * (below - above) * offset)
    weight = np.where(inside, positions * np.sqrt(peak), 0) + _TINY
    finer: Curve = f0_hz * (weight * position / positions).sum(axis=1) / weight.sum(axis=1)
    # The main lobe of a Hann window has 1.5 times the power at its maximum.
    return np.where(inside, 1.5 * tip, 0) + _TINY, finer


def _envelope(levels_db: Curve, f0_hz: Curve) -> Curve:
    """Return the cepstrum of the spectral envelope through the partials."""
    place = np.clip(_ENVELOPE_HZ / f0_hz[:, np.newaxis] - 1, 0, N_PARTIALS - 1 - 1e-6)
    lower = place.astype(int)
    share = place - lower
    rows = np.arange(len(levels_db))[:, np.newaxis]
    envelope_db = levels_db[rows, lower] * (1 - share) + levels_db[rows, lower + 1] * share
    return cepstrum(envelope_db, _N_CEPSTRUM)


def _harmonic_db(power: Curve, partials: Curve, f0_hz: Curve, sample_rate: int) -> Curve:
    """Return the harmonic share of the power in each band in decibels, which an equaliser does not change."""
    bins_hz = np.linspace(0, sample_rate / 2, power.shape[1])
    partials_hz = f0_hz[:, np.newaxis] * np.arange(1, N_PARTIALS + 1)
    shares = []
    for low, high in pairwise(_BANDS_HZ):
        harmonic = np.where((partials_hz >= low) & (partials_hz < high), partials, 0).sum(axis=1)
        total = power[:, (bins_hz >= low) & (bins_hz < high)].sum(axis=1) + _TINY
        shares.append(10 * np.log10(np.clip(harmonic / total, 1e-2, 1.5)))
    return np.stack(shares, axis=1)


def _mean_and_spread(values: Curve, weight: Curve) -> tuple[Curve, Curve]:
    """Return the weighted mean and standard deviation of each column."""
    mean = weight @ values
    return mean, np.sqrt(weight @ (values - mean) ** 2)


def _swing(curve: Curve, hop_s: float) -> Curve:
    """Return the natural logarithm of the modulation power of a curve in several rate bands."""
    n_fft = max(len(curve), round(1 / hop_s))
    centred = (curve - curve.mean()) * np.hanning(len(curve) + 2)[1:-1]
    power = np.abs(np.fft.rfft(centred, n_fft)) ** 2 / len(curve)
    rate_hz = np.fft.rfftfreq(n_fft, hop_s)
    return np.log([power[(rate_hz >= low) & (rate_hz < high)].mean() + 1e-2 for low, high in _RATES_HZ])


def _course(samples: Samples, sample_rate: int) -> Curve:
    """Return modulation, attack, sustain and decay of the level."""
    hop = max(1, round(_LEVEL_HOP_S * sample_rate))
    n_window = 4 * hop
    padded = np.pad(samples.astype(np.float64) ** 2, n_window // 2)
    cumulated = np.concatenate([[0.0], padded.cumsum()])
    starts = np.arange(0, len(samples), hop)
    level_db = 10 * np.log10((cumulated[starts + n_window] - cumulated[starts]) / n_window + _TINY)
    peak_db = level_db.max()
    amplitude = 10 ** ((level_db - peak_db) / 20)
    sounding = level_db > peak_db - SOUNDING_DB
    sounding_db = level_db[sounding]
    rise_s = (np.argmax(level_db > peak_db - 3) - np.argmax(level_db > peak_db - 25)) * _LEVEL_HOP_S
    lag = 20  # a tenth of a second
    slopes = np.zeros(1)
    both = sounding[lag:] & sounding[:-lag]
    if both.any():
        slopes = (level_db[lag:] - level_db[:-lag])[both] / 2
    middle = (amplitude * np.arange(len(amplitude))).sum() / amplitude.sum() / len(amplitude)
    return np.array(
        [
            *_swing(sounding_db - sounding_db.mean(), _LEVEL_HOP_S),
            np.log10(max(rise_s, 0) + 0.005),
            len(sounding_db) * _LEVEL_HOP_S,
            sounding_db.std(),
            np.diff(sounding_db).std() if len(sounding_db) > 2 else 0.0,
            amplitude.mean(),
            *np.percentile(slopes, [10, 25, 50, 75, 90]),
            middle,
        ]
    )
