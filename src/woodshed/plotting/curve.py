"""Views that are curves: the waveform, events in it, short-term features, the average spectrum."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from woodshed.errors import counted
from woodshed.features.beat import beat_times_s, tempo_bpm
from woodshed.features.onset import TIMING, onset_times_s
from woodshed.features.short_term import ShortTerm
from woodshed.features.stft import Power
from woodshed.plotting.axis import AxisScale, Ticks, hertz_ticks, level_ticks, number_text
from woodshed.plotting.image import SILENT_DB
from woodshed.plotting.panel import Curve, Events, Numbers, Panel, Wave
from woodshed.plotting.sound import WHOLE_S, Heard, padded

MAX_CHANNELS = 8
"""So many channels are drawn; of more, the first."""

MAX_MARKS = 400
"""More onsets or beats than this would be one block of colour: they are counted and not drawn."""

_NAMES = {1: ("",), 2: ("left", "right")}


def waveform(heard: Heard) -> list[Panel]:
    """Draw each channel; all have one scale."""
    times_s, lowest, highest = heard.outline()
    n = min(heard.n_channels, MAX_CHANNELS)
    names = _NAMES.get(heard.n_channels, tuple(f"channel {k + 1}" for k in range(n)))
    titles = [f"Waveform, {name}" if name else "Waveform" for name in names]
    if n < heard.n_channels:
        titles[-1] += f" of {heard.n_channels}"
    y = _amplitude_scale(lowest, highest)
    height_in = 1.3 if n == 1 else 1.0
    return [
        Wave(title=title, height_in=height_in, y=y, times_s=times_s, lowest=lowest[k], highest=highest[k])
        for k, title in enumerate(titles)
    ]


def onsets(heard: Heard) -> list[Panel]:
    """Draw onset strength over the waveform, with onsets and beats; of ten minutes and more, no marks."""
    # What is drawn in blocks cannot be cut relative to its loudest moment.
    columns = heard.columns(TIMING if heard.in_memory else replace(TIMING, top_db=None))
    strength = columns.values[:, 0]
    times_s, lowest, highest = heard.outline()
    low, high = lowest.min(axis=0), highest.max(axis=0)
    wave = Wave(
        title="", height_in=0, y=_amplitude_scale(low, high), times_s=times_s, lowest=low, highest=high
    )
    onsets_s = beats_s = np.empty(0)
    words = ["", ""]
    if heard.in_memory and heard.duration_s <= WHOLE_S:
        clip = padded(heard.clip("onsets"))
        onsets_s, beats_s, bpm = onset_times_s(clip), beat_times_s(clip), tempo_bpm(clip)
        tempo = f" ({bpm:.0f} per minute)" if bpm else ""
        words = [_counted(onsets_s, "onset"), _counted(beats_s, "beat") + tempo]
    return [
        Events(
            title="Onset strength",
            height_in=1.7,
            y=_scale_up_to(float(strength.max()), "dB"),
            times_s=columns.times_s,
            values=strength,
            wave=wave,
            onsets_s=heard.start_s + _if_few(onsets_s),
            beats_s=heard.start_s + _if_few(beats_s),
            onsets_label=words[0],
            beats_label=words[1],
        )
    ]


def features(heard: Heard) -> list[Panel]:
    """Draw six curves of the short-term set, one under the other; they are broken where nothing sounds."""
    rate = max(heard.sample_rate, 8000)
    feature = ShortTerm.in_seconds(rate, window="hann", deltas=False)
    columns = heard.columns(feature, "mean")
    values = dict(zip(feature.names, columns.values.T, strict=True))
    sounding = values["energy"] > 0

    def curve(title: str, unit: str, numbers: Numbers, most: float = 0.0) -> Curve:
        known = np.where(sounding, numbers, np.nan)
        top = most or float(numbers[sounding].max(initial=0.0))
        y = _scale_up_to(top, unit)
        return Curve(title=title, height_in=0.62, y=y, xs=columns.times_s, values=known)

    level_db = 10 * np.log10(np.maximum(values["energy"], 1e-20))
    level_y = _level_scale(level_db[sounding], step_db=20, lowest_db=-100)
    level = np.where(sounding, level_db, np.nan)
    return [
        curve("Spectral centroid", "Hz", values["spectral_centroid"] * rate / 2),
        curve("Spectral roll-off (90 % of the power)", "Hz", values["spectral_rolloff"] * rate / 2),
        curve("Spectral flux", "no unit", values["spectral_flux"]),
        Curve(
            title="RMS level",
            height_in=0.62,
            y=replace(level_y, label="dB"),
            xs=columns.times_s,
            values=level,
        ),
        curve("Zero crossings", "share", values["zero_crossing_rate"]),
        curve("Spectral entropy", "bits", values["spectral_entropy"], math.log2(10)),
    ]


def spectrum(heard: Heard) -> list[Panel]:
    """Draw the mean power at each frequency, 0 dB being a sine of full scale."""
    rate = heard.sample_rate
    n_fft = max(256, 2 ** round(math.log2(0.2 * rate)))
    power = heard.mean(Power(sample_rate=rate, n_fft=n_fft, hop_length=n_fft // 4))
    level_db = 10 * np.log10(np.maximum(power, 10 ** (SILENT_DB / 10))) - 20 * math.log10(n_fft / 4)
    bins_hz = np.arange(len(power)) * rate / n_fft
    low_hz, high_hz = min(20.0, rate / 20), rate / 2
    seen = level_db[bins_hz >= low_hz]
    return [
        Curve(
            title="Average spectrum",
            height_in=2.0,
            over_time=False,
            y=_level_scale(seen[seen > SILENT_DB], step_db=20, lowest_db=-140),
            x=AxisScale(low_hz, high_hz, "frequency (Hz)", hertz_ticks(low_hz, high_hz), log=True),
            xs=bins_hz[1:],
            values=level_db[1:],
            filled=True,
        )
    ]


def _amplitude_scale(lowest: Numbers, highest: Numbers) -> AxisScale:
    """Return a scale that is as far down as up, as far as the sound goes; decibels are at its right."""
    peak = max(-float(lowest.min()), float(highest.max())) or 1.0
    tick = _round_down(peak * 1.0001)
    ticks = tuple((value, _signed(value)) for value in (-tick, 0.0, tick))
    edge = 1.05 * peak
    return AxisScale(-edge, edge, "amplitude", ticks, right=level_ticks(peak), right_label="dBFS")


def _level_scale(level_db: Numbers, *, step_db: int, lowest_db: float) -> AxisScale:
    """Return a scale from below most of the levels to above all of them, with ticks at every step."""
    top_db, bottom_db = (
        (float(level_db.max()), float(np.quantile(level_db, 0.01))) if len(level_db) else (0, -60)
    )
    top_db = 10 * math.ceil((top_db + 1) / 10)
    bottom_db = max(lowest_db, min(top_db - 40, 10 * math.floor(bottom_db / 10)))
    first = step_db * math.ceil(bottom_db / step_db)
    ticks = tuple((float(db), _signed(db)) for db in range(first, int(top_db) + 1, step_db))
    return AxisScale(bottom_db, top_db, "dBFS", ticks)


def _scale_up_to(most: float, unit: str) -> AxisScale:
    """Return a scale from 0 to a little more than the most, with ticks at 0, its end and the middle."""
    end = _round_up(most) if most > 0 else 1.0
    ticks: Ticks = tuple((value, number_text(value)) for value in (0.0, end / 2, end))
    return AxisScale(0.0, max(end, most) * 1.02, unit, ticks)


def _round_up(value: float) -> float:
    """Return the next number that is round: 1, 1.5, 2, 3, 4, 5, 6 or 8 times a power of ten."""
    return next(number for number in _rounds(value) if number >= value)


def _round_down(value: float) -> float:
    return max(number for number in _rounds(value) if number <= value)


def _rounds(value: float) -> list[float]:
    power = math.floor(math.log10(value))
    return [float(f"{n}e{k}") for k in (power, power + 1) for n in (1, 1.5, 2, 3, 4, 5, 6, 8)]


def _if_few(times_s: Numbers) -> Numbers:
    return times_s if len(times_s) <= MAX_MARKS else times_s[:0]


def _counted(times_s: Numbers, word: str) -> str:
    note = " (too many to draw)" if len(times_s) > MAX_MARKS else ""
    return counted(len(times_s), word) + note


def _signed(value: float) -> str:
    return f"{value:g}".replace("-", "−")
