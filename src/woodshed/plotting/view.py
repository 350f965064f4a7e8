"""Views of a clip: functions that compute the panels of one kind of plot.

=============  ====================================================================================
waveform       amplitude of each channel; the envelope for long audio
spectrogram    level against time and frequency, on a logarithmic frequency axis
mel            log-mel spectrogram, the usual input of neural nets
mfcc           mel-frequency cepstral coefficients, without coefficient 0 (loudness)
chroma         energy by pitch class
cqt            constant-Q transform, one row per semitone, from C1
tempogram      strength of onset periodicity against beats per minute
f0             fundamental frequency of a monophonic sound, over a spectrogram
onsets         onset strength over the waveform, with onsets and beats
features       six curves of the short-term feature set
spectrum       average level against frequency
=============  ====================================================================================
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from woodshed.errors import ParameterError, check_choice, counted, near_miss
from woodshed.features.chroma import Chroma, Cqt
from woodshed.features.f0 import Pyin
from woodshed.features.mel import LogMel, Mfcc, hz_to_mel
from woodshed.features.rhythm import TIMING, Tempogram, beat_times_s, onset_times_s, tempo_bpm
from woodshed.features.short_term import ShortTerm
from woodshed.features.stft import Power
from woodshed.plotting.excerpt import N_COLUMNS, WHOLE_S, AudioExcerpt, padded
from woodshed.plotting.panel import (
    AxisScale,
    CurvePanel,
    ImagePanel,
    LineSeries,
    Numbers,
    OnsetPanel,
    Panel,
    Ticks,
    WaveformPanel,
    hertz_ticks,
    level_ticks,
    log_rows,
    note_ticks,
    number_text,
    tempo_ticks,
)
from woodshed.units import PITCH_CLASSES

RANGE_DB = 80.0
"""Dynamic range of an image, in decibels below its loudest point."""

LOWEST_HZ = 40.0
"""Lowest frequency of a spectrogram; its windows are too short to resolve lower ones."""

SILENT_DB = -200.0
"""Level of digital silence; a clip at this level is drawn in the darkest colour."""

_WINDOW_S = 0.046
_MUSIC_RATE = 22050
_N_ROWS = 400
_BPM = (30.0, 300.0)

MAX_CHANNELS = 8
"""Maximum number of channels drawn; of more, the first ones are."""

MAX_MARKS = 400
"""Maximum number of onsets or beats drawn; more would form one block of colour and are only counted."""

_NAMES = {1: ("",), 2: ("left", "right")}


def waveform(excerpt: AudioExcerpt) -> list[Panel]:
    """Compute the waveform of each channel, on a common scale."""
    times_s, lowest, highest = excerpt.envelope()
    n = min(excerpt.n_channels, MAX_CHANNELS)
    names = _NAMES.get(excerpt.n_channels, tuple(f"channel {k + 1}" for k in range(n)))
    titles = [f"Waveform, {name}" if name else "Waveform" for name in names]
    if n < excerpt.n_channels:
        titles[-1] += f" of {excerpt.n_channels}"
    y = _amplitude_scale(lowest, highest)
    return [
        WaveformPanel(
            title=title,
            height_in=1.3 if n == 1 else 1.0,
            y=y,
            times_s=times_s,
            lowest=lowest[k],
            highest=highest[k],
        )
        for k, title in enumerate(titles)
    ]


def spectrogram(excerpt: AudioExcerpt) -> list[Panel]:
    """Compute the spectrogram in dBFS, where 0 dB is a full-scale sine."""
    low_hz = min(LOWEST_HZ, excerpt.sample_rate / 8)
    return [_level_image(excerpt, (low_hz, excerpt.sample_rate / 2), "Spectrogram", 2.5)]


def mel(excerpt: AudioExcerpt) -> list[Panel]:
    """Compute the log-mel spectrogram, where 0 dB is its loudest point."""
    rate = max(excerpt.sample_rate, 8000)
    n_fft = window_length(excerpt, rate)
    feature = LogMel(
        sample_rate=rate,
        n_fft=n_fft,
        hop_length=hop(excerpt, rate, n_fft // 4),
        n_mels=128,
        floor_db=SILENT_DB,
    )
    low, high = hz_to_mel([feature.f_min_hz, feature.highest_hz]).tolist()
    ticks = tuple((float(hz_to_mel(hz)), text) for hz, text in hertz_ticks(200, feature.highest_hz))
    scale = AxisScale(low, high, "frequency (Hz)", ticks)
    return [_relative_image(excerpt, feature, "Mel spectrogram (128 bands)", scale)]


def mfcc(excerpt: AudioExcerpt) -> list[Panel]:
    """Compute the cepstral coefficients without coefficient 0, whose range would dominate the colours."""
    rate = max(excerpt.sample_rate, 8000)
    n_fft = window_length(excerpt, rate)
    feature = Mfcc(
        sample_rate=rate, n_fft=n_fft, hop_length=hop(excerpt, rate, n_fft // 4), n_mfcc=20, n_mels=128
    )
    columns = excerpt.columns(feature, np.mean)
    values = columns.values[:, 1:].T
    most = float(np.quantile(np.abs(values), 0.995)) or 1.0
    ticks = tuple((float(k), str(k)) for k in (1, 5, 10, 15, 19))
    return [
        ImagePanel(
            title="MFCC (without coefficient 0, the loudness)",
            height_in=1.7,
            y=AxisScale(0.5, 19.5, "coefficient", ticks),
            values=values,
            left_s=columns.left_s,
            right_s=columns.right_s,
            colours="signed",
            low=-most,
            high=most,
            unit="dB",
        )
    ]


def chroma(excerpt: AudioExcerpt) -> list[Panel]:
    """Compute the chromagram; the strongest pitch class of a frame is 1."""
    feature = Chroma(sample_rate=_MUSIC_RATE, n_fft=4096, hop_length=hop(excerpt, _MUSIC_RATE, 1024))
    columns = excerpt.columns(feature, np.mean)
    ticks = tuple((float(k), name.replace("#", "♯")) for k, name in enumerate(PITCH_CLASSES))
    return [
        ImagePanel(
            title="Chroma",
            height_in=1.9,
            y=AxisScale(-0.5, 11.5, "pitch class", ticks),
            values=columns.values.T,
            left_s=columns.left_s,
            right_s=columns.right_s,
            colours="share",
            low=0.0,
            high=1.0,
            unit="share of the strongest",
        )
    ]


def cqt(excerpt: AudioExcerpt) -> list[Panel]:
    """Compute the constant-Q transform, one row per semitone, where 0 dB is its loudest point."""
    feature = Cqt(sample_rate=_MUSIC_RATE, hop_length=hop(excerpt, _MUSIC_RATE, 512, step=64), n_bins=96)
    low_hz, high_hz = feature.f_min_hz * 2 ** (-0.5 / 12), feature.f_min_hz * 2 ** (95.5 / 12)
    scale = AxisScale(low_hz, high_hz, "note", note_ticks(low_hz, high_hz), log=True)
    return [_relative_image(excerpt, feature, "Constant-Q transform", scale)]


def tempogram(excerpt: AudioExcerpt) -> list[Panel]:
    """Compute the local autocorrelation of the onset strength, by tempo."""
    # The maximum of audio that is read in blocks is not known, so no relative threshold applies.
    feature = Tempogram(top_db=80.0 if excerpt.in_memory else None)
    columns = excerpt.columns(feature, np.mean)
    lags = 60.0 / log_rows(*_BPM, 180) * feature.frame_rate_hz
    values = _at(columns.values, lags).T
    return [
        ImagePanel(
            title="Tempogram",
            height_in=1.9,
            y=AxisScale(*_BPM, "beats per minute", tempo_ticks(*_BPM), log=True),
            values=values,
            left_s=columns.left_s,
            right_s=columns.right_s,
            colours="share",
            low=0.0,
            high=max(0.1, float(np.quantile(values, 0.999))),
            unit="autocorrelation",
        )
    ]


def f0(excerpt: AudioExcerpt) -> list[Panel]:
    """Compute the fundamental frequency of a monophonic sound, over a spectrogram of its range."""
    excerpt.clip("f0")  # raises an error for long audio: pYIN decodes the pitch of the whole clip at once
    columns = excerpt.columns(Pyin(hop_length=320))
    f0_hz = np.where(columns.values[:, 1] > 0, columns.values[:, 0], np.nan)
    voiced = f0_hz[np.isfinite(f0_hz)]
    low_hz, high_hz = (voiced.min() / 1.5, voiced.max() * 3) if len(voiced) else (65.0, 2000.0)
    span_hz = max(low_hz, LOWEST_HZ), min(high_hz, excerpt.sample_rate / 2)
    line = LineSeries(times_s=columns.times_s, values=f0_hz, label="f0")
    return [_level_image(excerpt, span_hz, "Fundamental frequency", 2.2, line)]


def onsets(excerpt: AudioExcerpt) -> list[Panel]:
    """Compute onset strength, and onsets and beats of audio of up to ten minutes, over the waveform."""
    # The maximum of audio that is read in blocks is not known, so no relative threshold applies.
    columns = excerpt.columns(TIMING if excerpt.in_memory else replace(TIMING, top_db=None))
    strength = columns.values[:, 0]
    times_s, lowest, highest = excerpt.envelope()
    low, high = lowest.min(axis=0), highest.max(axis=0)
    wave = WaveformPanel(
        title="", height_in=0, y=_amplitude_scale(low, high), times_s=times_s, lowest=low, highest=high
    )
    onsets_s = beats_s = np.empty(0)
    labels = ["", ""]
    if excerpt.in_memory and excerpt.duration_s <= WHOLE_S:
        clip = padded(excerpt.clip("onsets"))
        onsets_s, beats_s, bpm = onset_times_s(clip), beat_times_s(clip), tempo_bpm(clip)
        tempo = f" ({bpm:.0f} per minute)" if bpm else ""
        labels = [_counted(onsets_s, "onset"), _counted(beats_s, "beat") + tempo]
    return [
        OnsetPanel(
            title="Onset strength",
            height_in=1.7,
            y=_scale_up_to(float(strength.max()), "dB"),
            times_s=columns.times_s,
            values=strength,
            wave=wave,
            onsets_s=excerpt.start_s + _if_few(onsets_s),
            beats_s=excerpt.start_s + _if_few(beats_s),
            onsets_label=labels[0],
            beats_label=labels[1],
        )
    ]


def features(excerpt: AudioExcerpt) -> list[Panel]:
    """Compute six curves of the short-term feature set, with gaps in digital silence."""
    rate = max(excerpt.sample_rate, 8000)
    feature = ShortTerm.in_seconds(rate, window="hann", deltas=False)
    columns = excerpt.columns(feature, np.mean)
    values = dict(zip(feature.names, columns.values.T, strict=True))
    sounding = values["energy"] > 0

    def curve(title: str, numbers: Numbers, unit: str, y: AxisScale | None = None) -> CurvePanel:
        return CurvePanel(
            title=title,
            height_in=0.62,
            y=y or _scale_up_to(float(numbers[sounding].max(initial=0.0)), unit),
            xs=columns.times_s,
            values=np.where(sounding, numbers, np.nan),
        )

    level_db = 10 * np.log10(np.maximum(values["energy"], 1e-20))
    return [
        curve("Spectral centroid", values["spectral_centroid"] * rate / 2, "Hz"),
        curve("Spectral roll-off (90 % of the power)", values["spectral_rolloff"] * rate / 2, "Hz"),
        curve("Spectral flux", values["spectral_flux"], "no unit"),
        curve("RMS level", level_db, "dB", _level_scale(level_db[sounding], "dB", lowest_db=-100)),
        curve("Zero crossings", values["zero_crossing_rate"], "share"),
        curve("Spectral entropy", values["spectral_entropy"], "bits", _scale_up_to(math.log2(10), "bits")),
    ]


def spectrum(excerpt: AudioExcerpt) -> list[Panel]:
    """Compute the average spectrum in dBFS, where 0 dB is a full-scale sine."""
    rate = excerpt.sample_rate
    n_fft = max(256, 2 ** round(math.log2(0.2 * rate)))
    power = excerpt.mean(Power(sample_rate=rate, n_fft=n_fft, hop_length=n_fft // 4))
    level_db = 10 * np.log10(np.maximum(power, 10 ** (SILENT_DB / 10))) - 20 * math.log10(n_fft / 4)
    bins_hz = np.arange(len(power)) * rate / n_fft
    low_hz, high_hz = min(20.0, rate / 20), rate / 2
    seen = level_db[bins_hz >= low_hz]
    return [
        CurvePanel(
            title="Average spectrum",
            height_in=2.0,
            over_time=False,
            y=_level_scale(seen[seen > SILENT_DB], "dBFS", lowest_db=-140),
            x=AxisScale(low_hz, high_hz, "frequency (Hz)", hertz_ticks(low_hz, high_hz), log=True),
            xs=bins_hz[1:],
            values=level_db[1:],
            filled=True,
        )
    ]


VIEWS: dict[str, Callable[[AudioExcerpt], list[Panel]]] = {
    "waveform": waveform,
    "spectrogram": spectrogram,
    "mel": mel,
    "mfcc": mfcc,
    "chroma": chroma,
    "cqt": cqt,
    "tempogram": tempogram,
    "f0": f0,
    "onsets": onsets,
    "features": features,
    "spectrum": spectrum,
}
"""Name of each view and the function that computes its panels, in the order in which they are listed."""


def parse_views(views: Sequence[str]) -> tuple[str, ...]:
    """Parse names of views, which may be comma-separated, and remove duplicates.

    Raises
    ------
    ParameterError
        If a name is unknown, or there is none.

    Examples
    --------
    >>> parse_views(["waveform", "mel,chroma", "mel"])
    ('waveform', 'mel', 'chroma')
    """
    names = [name.strip() for view in views for name in view.split(",") if name.strip()]
    for name in names:
        check_choice("view", name, VIEWS)
    if not names:
        raise ParameterError(f"No view given. {near_miss('', VIEWS)}")
    return tuple(dict.fromkeys(names))


def compute_panels(excerpt: AudioExcerpt, views: Sequence[str]) -> list[Panel]:
    """Compute the panels of an excerpt for each view.

    Examples
    --------
    >>> from woodshed.audio import sine
    >>> from woodshed.plotting.excerpt import clip_excerpt
    >>> [panel.title for panel in compute_panels(clip_excerpt(sine(440)), ["waveform", "spectrum"])]
    ['Waveform', 'Average spectrum']
    """
    return [panel for view in parse_views(views) for panel in VIEWS[view](excerpt)]


def _level_image(
    excerpt: AudioExcerpt,
    span_hz: tuple[float, float],
    title: str,
    height_in: float,
    *lines: LineSeries,
) -> ImagePanel:
    """Compute a spectrogram; with lines over it, it has note names instead of a colour bar."""
    rate = excerpt.sample_rate
    n_fft = window_length(excerpt, rate, shortest_share=8)
    columns = excerpt.columns(Power(sample_rate=rate, n_fft=n_fft, hop_length=hop(excerpt, rate, n_fft // 4)))
    # A full-scale sine has the magnitude n_fft / 4 under a Hann window.
    level_db = 10 * np.log10(np.maximum(columns.values, 10 ** (SILENT_DB / 10))) - 20 * math.log10(n_fft / 4)
    values = on_log_rows(level_db, rate / n_fft, *span_hz)
    loudest_db = _loudest_db(values)
    notes = note_ticks(*span_hz) if lines else ()
    return ImagePanel(
        title=title,
        height_in=height_in,
        y=AxisScale(
            *span_hz, "frequency (Hz)", hertz_ticks(*span_hz), log=True, right=notes, right_label="note"
        ),
        values=values,
        left_s=columns.left_s,
        right_s=columns.right_s,
        colours="loud",
        low=loudest_db - RANGE_DB,
        high=loudest_db,
        unit="" if lines else "dBFS",
        lines=lines,
    )


def _relative_image(excerpt: AudioExcerpt, feature: Any, title: str, scale: AxisScale) -> ImagePanel:
    """Compute an image of a feature in decibels relative to its loudest point."""
    columns = excerpt.columns(feature)
    level_db = columns.values.T
    if isinstance(feature, Cqt):
        level_db = 20 * np.log10(np.maximum(level_db, 10 ** (SILENT_DB / 20)))
    return ImagePanel(
        title=title,
        height_in=2.4,
        y=scale,
        values=level_db - _loudest_db(level_db),
        left_s=columns.left_s,
        right_s=columns.right_s,
        colours="loud",
        low=-RANGE_DB,
        high=0.0,
        unit="dB of the loudest",
    )


def on_log_rows(
    level_db: NDArray[Any], bin_hz: float, low_hz: float, high_hz: float, n_rows: int = _N_ROWS
) -> NDArray[Any]:
    """Resample a spectrogram to rows that are equally spaced in octaves.

    A row that covers several bins takes the loudest, so that no partial is lost; a row between two bins is
    interpolated linearly.

    Parameters
    ----------
    level_db
        Shape ``(n_columns, n_bins)``.
    bin_hz
        Spacing of the bins.
    low_hz, high_hz, n_rows
        Frequency range of the rows, and their number.

    Returns
    -------
    numpy.ndarray
        Shape ``(n_rows, n_columns)``, the lowest row first.

    Examples
    --------
    >>> on_log_rows(np.array([[0.0, 1.0, 2.0, 9.0, 4.0]]), 100.0, 100.0, 400.0, 2).ravel().tolist()
    [1.4142135623730951, 9.0]
    """
    between = _at(level_db, log_rows(low_hz, high_hz, n_rows) / bin_hz)
    edges = low_hz * (high_hz / low_hz) ** (np.arange(n_rows + 1) / n_rows)
    first = np.minimum(np.ceil(edges / bin_hz - 1e-9).astype(int), level_db.shape[1] - 1)
    loudest = np.maximum.reduceat(level_db, first[:-1], axis=1)
    # reduceat would include the bins above the axis in the last row.
    loudest[:, -1] = level_db[:, first[-2] : max(first[-2], first[-1]) + 1].max(axis=1)
    return np.where(np.diff(first) > 0, np.maximum(between, loudest), between).T


def window_length(excerpt: AudioExcerpt, sample_rate: int, *, shortest_share: int = 0) -> int:
    """Return a window length in samples: a power of two, about 46 ms.

    Parameters
    ----------
    excerpt, sample_rate
        The audio, and the sample rate of the analysis.
    shortest_share
        The window is at most the duration divided by this; 0 for no limit.
    """
    window_s = min(_WINDOW_S, excerpt.duration_s / shortest_share) if shortest_share else _WINDOW_S
    return int(max(128, 2 ** round(math.log2(max(1.0, window_s * sample_rate)))))


def hop(excerpt: AudioExcerpt, sample_rate: int, most: int, *, step: int = 1) -> int:
    """Return a hop length that gives short audio enough frames to fill the image.

    Parameters
    ----------
    excerpt, sample_rate
        The audio, and the sample rate of the analysis.
    most
        Hop length for long audio, in samples.
    step
        The hop length is a multiple of this.
    """
    filling = int(excerpt.duration_s * sample_rate) // (N_COLUMNS // 2)
    return max(step, min(most, filling) // step * step)


def _loudest_db(level_db: NDArray[Any]) -> float:
    """Return the highest level; 0 for digital silence, which is then drawn in the darkest colour."""
    loudest_db = float(level_db.max())
    return loudest_db if loudest_db > SILENT_DB else 0.0


def _at(values: NDArray[Any], places: NDArray[Any]) -> NDArray[Any]:
    """Interpolate linearly between the columns of an array."""
    left = np.minimum(places.astype(int), values.shape[1] - 2)
    share = np.clip(places - left, 0, 1)
    return np.asarray(values[:, left] * (1 - share) + values[:, left + 1] * share)


def _amplitude_scale(lowest: Numbers, highest: Numbers) -> AxisScale:
    """Return a symmetric amplitude axis up to the peak, with decibels on the right."""
    peak = max(-float(lowest.min()), float(highest.max())) or 1.0
    most = peak * 1.0001
    tick = max(number for number in _round_numbers(most) if number <= most)
    ticks = tuple((value, number_text(value)) for value in (-tick, 0.0, tick))
    edge = 1.05 * peak
    return AxisScale(-edge, edge, "amplitude", ticks, right=level_ticks(peak), right_label="dBFS")


def _level_scale(level_db: Numbers, unit: str, *, lowest_db: float) -> AxisScale:
    """Return an axis in decibels from the lowest percentile to above the maximum."""
    top_db, bottom_db = (
        (float(level_db.max()), float(np.quantile(level_db, 0.01))) if len(level_db) else (0, -60)
    )
    top_db = 10 * math.ceil((top_db + 1) / 10)
    bottom_db = max(lowest_db, min(top_db - 40, 10 * math.floor(bottom_db / 10)))
    first = 20 * math.ceil(bottom_db / 20)
    ticks = tuple((float(db), number_text(db)) for db in range(first, int(top_db) + 1, 20))
    return AxisScale(bottom_db, top_db, unit, ticks)


def _scale_up_to(most: float, unit: str) -> AxisScale:
    """Return an axis from 0 to slightly above a maximum, with ticks at 0, at the end and in the middle."""
    end = min(number for number in _round_numbers(most) if number >= most) if most > 0 else 1.0
    ticks: Ticks = tuple((value, number_text(value)) for value in (0.0, end / 2, end))
    return AxisScale(0.0, max(end, most) * 1.02, unit, ticks)


def _round_numbers(value: float) -> list[float]:
    """Return 1, 1.5, 2, 3, 4, 5, 6 and 8 times the power of ten below a value and the one above."""
    power = math.floor(math.log10(value))
    return [float(f"{n}e{k}") for k in (power, power + 1) for n in (1, 1.5, 2, 3, 4, 5, 6, 8)]


def _if_few(times_s: Numbers) -> Numbers:
    return times_s if len(times_s) <= MAX_MARKS else times_s[:0]


def _counted(times_s: Numbers, word: str) -> str:
    note = " (too many to draw)" if len(times_s) > MAX_MARKS else ""
    return counted(len(times_s), word) + note
