"""Views that are images: a feature as colour, time to the right."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from woodshed.features.chroma import PITCH_CLASSES, Chroma
from woodshed.features.cqt import Cqt
from woodshed.features.f0 import Pyin
from woodshed.features.log_mel import LogMel
from woodshed.features.mel import hz_to_mel
from woodshed.features.mfcc import Mfcc
from woodshed.features.onset_strength import Tempogram
from woodshed.features.stft import Power
from woodshed.plotting.axis import AxisScale, hertz_ticks, log_rows, note_ticks, tempo_ticks
from woodshed.plotting.panel import Image, LineSeries, Panel
from woodshed.plotting.sound import N_COLUMNS, Heard

RANGE_DB = 80.0
"""From the loudest point of an image to the colour of silence."""

LOWEST_HZ = 40.0
"""Where the axis of a spectrogram begins: below, its windows hear nothing but rumble."""

SILENT_DB = -200.0
"""Level of digital silence; a clip that is no louder is all dark."""

_WINDOW_S = 0.046
_MUSIC_RATE = 22050
_N_ROWS = 400
_BPM = (30.0, 300.0)


def spectrogram(heard: Heard) -> list[Panel]:
    """Draw the level at every frequency, 0 dB being a sine of full scale."""
    n_fft = window_length(heard, heard.sample_rate, shortest_share=8)
    low_hz = min(LOWEST_HZ, heard.sample_rate / 8)
    return [_level_image(heard, n_fft, (low_hz, heard.sample_rate / 2), "Spectrogram", 2.5)]


def mel(heard: Heard) -> list[Panel]:
    """Draw the log-mel spectrogram, 0 dB being the loudest band of the sound."""
    rate = max(heard.sample_rate, 8000)
    n_fft = window_length(heard, rate)
    feature = LogMel(
        sample_rate=rate,
        n_fft=n_fft,
        hop_length=hop(heard, rate, n_fft // 4),
        n_mels=128,
        floor_db=SILENT_DB,
    )
    low, high = hz_to_mel([feature.f_min_hz, feature.highest_hz]).tolist()
    ticks = tuple((float(hz_to_mel(hz)), text) for hz, text in hertz_ticks(200, feature.highest_hz))
    scale = AxisScale(low, high, "frequency (Hz)", ticks)
    return [_relative_image(heard, feature, "Mel spectrogram (128 bands)", scale)]


def mfcc(heard: Heard) -> list[Panel]:
    """Draw the cepstral coefficients from the first: not the loudness, which would outshine them."""
    rate = max(heard.sample_rate, 8000)
    n_fft = window_length(heard, rate)
    feature = Mfcc(
        sample_rate=rate, n_fft=n_fft, hop_length=hop(heard, rate, n_fft // 4), n_mfcc=20, n_mels=128
    )
    columns = heard.columns(feature, "mean")
    values = columns.values[:, 1:].T
    most = float(np.quantile(np.abs(values), 0.995)) or 1.0
    ticks = tuple((float(k), str(k)) for k in (1, 5, 10, 15, 19))
    return [
        Image(
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


def chroma(heard: Heard) -> list[Panel]:
    """Draw how much of each pitch class sounds; the strongest of a frame has 1."""
    feature = Chroma(sample_rate=_MUSIC_RATE, n_fft=4096, hop_length=hop(heard, _MUSIC_RATE, 1024))
    columns = heard.columns(feature, "mean")
    ticks = tuple((float(k), name.replace("#", "♯")) for k, name in enumerate(PITCH_CLASSES))
    return [
        Image(
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


def cqt(heard: Heard) -> list[Panel]:
    """Draw the constant-Q transform, a row for each semitone, 0 dB being the loudest."""
    feature = Cqt(sample_rate=_MUSIC_RATE, hop_length=hop(heard, _MUSIC_RATE, 512, step=64), n_bins=96)
    low_hz, high_hz = feature.f_min_hz * 2 ** (-0.5 / 12), feature.f_min_hz * 2 ** (95.5 / 12)
    scale = AxisScale(low_hz, high_hz, "note", note_ticks(low_hz, high_hz), log=True)
    return [_relative_image(heard, feature, "Constant-Q transform", scale)]


def tempogram(heard: Heard) -> list[Panel]:
    """Draw how alike the onsets around each moment are to themselves, moved by the length of a beat."""
    # What is drawn in blocks cannot be cut relative to its loudest moment.
    feature = Tempogram(top_db=80.0 if heard.in_memory else None)
    columns = heard.columns(feature, "mean")
    bpm = log_rows(*_BPM, 180)
    lags = 60.0 / bpm * feature.frame_rate_hz
    values = _at(columns.values, lags).T
    return [
        Image(
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


def f0(heard: Heard) -> list[Panel]:
    """Draw the pitch of one voice over a spectrogram of the range around it."""
    heard.clip("f0")  # refuses a sound that is too long: the pitch is one decision over the whole of it
    columns = heard.columns(Pyin(hop_length=320))
    f0_hz = np.where(columns.values[:, 1] > 0, columns.values[:, 0], np.nan)
    voiced = f0_hz[np.isfinite(f0_hz)]
    low_hz, high_hz = (voiced.min() / 1.5, voiced.max() * 3) if len(voiced) else (65.0, 2000.0)
    span_hz = max(low_hz, LOWEST_HZ), min(high_hz, heard.sample_rate / 2)
    line = LineSeries(times_s=columns.times_s, values=f0_hz, label="f0")
    n_fft = window_length(heard, heard.sample_rate, shortest_share=8)
    return [_level_image(heard, n_fft, span_hz, "Fundamental frequency", 2.2, line)]


def _level_image(
    heard: Heard, n_fft: int, span_hz: tuple[float, float], title: str, height_in: float, *lines: LineSeries
) -> Image:
    """Draw power over an axis of hertz; with lines over it also the names of notes, without a colour bar."""
    rate = heard.sample_rate
    columns = heard.columns(Power(sample_rate=rate, n_fft=n_fft, hop_length=hop(heard, rate, n_fft // 4)))
    # Under a Hann window a sine of full scale has the magnitude n_fft / 4.
    level_db = 10 * np.log10(np.maximum(columns.values, 10 ** (SILENT_DB / 10))) - 20 * math.log10(n_fft / 4)
    values = on_log_rows(level_db, rate / n_fft, *span_hz)
    low, high = _level_range(values)
    notes = note_ticks(*span_hz) if lines else ()
    return Image(
        title=title,
        height_in=height_in,
        y=AxisScale(
            *span_hz, "frequency (Hz)", hertz_ticks(*span_hz), log=True, right=notes, right_label="note"
        ),
        values=values,
        left_s=columns.left_s,
        right_s=columns.right_s,
        colours="loud",
        low=low,
        high=high,
        unit="" if lines else "dBFS",
        lines=lines,
    )


def _relative_image(heard: Heard, feature: Any, title: str, scale: AxisScale) -> Image:
    """Draw decibels, or a magnitude in decibels, below the loudest point."""
    columns = heard.columns(feature)
    level_db = columns.values.T
    if isinstance(feature, Cqt):
        level_db = 20 * np.log10(np.maximum(level_db, 10 ** (SILENT_DB / 20)))
    loudest = float(level_db.max())
    return Image(
        title=title,
        height_in=2.4,
        y=scale,
        values=level_db - (loudest if loudest > SILENT_DB else 0.0),
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
    """Move a spectrogram to rows that are equally far apart in octaves.

    A row that holds bins has the loudest of them, so that no partial is lost; one between two bins has what
    lies between theirs.

    Parameters
    ----------
    level_db
        Shape ``(n_columns, n_bins)``.
    bin_hz
        From one bin to the next.
    low_hz, high_hz, n_rows
        The edges of all rows, and their number.

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
    # Of the last row reduceat would also take what lies above the axis.
    loudest[:, -1] = level_db[:, first[-2] : max(first[-2], first[-1]) + 1].max(axis=1)
    return np.where(np.diff(first) > 0, np.maximum(between, loudest), between).T


def window_length(heard: Heard, sample_rate: int, *, shortest_share: int = 0) -> int:
    """Choose the length of a window in samples: about 46 ms, a power of two.

    Parameters
    ----------
    heard, sample_rate
        The sound, and the rate at which it is analysed.
    shortest_share
        Of a short sound the window is at most this part; 0 for any.
    """
    window_s = min(_WINDOW_S, heard.duration_s / shortest_share) if shortest_share else _WINDOW_S
    return int(max(128, 2 ** round(math.log2(max(1.0, window_s * sample_rate)))))


def hop(heard: Heard, sample_rate: int, most: int, *, step: int = 1) -> int:
    """Choose how far frames are apart, so that a short sound fills its picture too.

    Parameters
    ----------
    heard, sample_rate
        The sound, and the rate at which it is analysed.
    most
        Samples between the frames of a long sound.
    step
        The answer is a multiple of this.
    """
    filling = int(heard.duration_s * sample_rate) // (N_COLUMNS // 2)
    return max(step, min(most, filling) // step * step)


def _level_range(values: NDArray[Any]) -> tuple[float, float]:
    """Return the levels at both ends of the colours: from the loudest down; of silence, all dark."""
    loudest = float(values.max())
    if loudest <= SILENT_DB:
        return -RANGE_DB, 0.0
    return loudest - RANGE_DB, loudest


def _at(values: NDArray[Any], places: NDArray[Any]) -> NDArray[Any]:
    """Read columns of an array between its columns, on straight lines."""
    left = np.minimum(places.astype(int), values.shape[1] - 2)
    share = np.clip(places - left, 0, 1)
    return np.asarray(values[:, left] * (1 - share) + values[:, left + 1] * share)
