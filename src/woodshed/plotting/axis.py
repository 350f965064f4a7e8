"""Axis scales and ticks for time, frequency, pitch, tempo and level."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from woodshed.features.chroma import PITCH_CLASSES

Ticks = tuple[tuple[float, str], ...]
"""Positions on an axis with their labels."""

CLOCK_FROM_S, HOURS_FROM_S = 120.0, 3600.0
"""Durations from which time is formatted with minutes, and with hours."""

_STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400)


@dataclass(frozen=True)
class AxisScale:
    """Range, label and ticks of an axis.

    Parameters
    ----------
    low, high
        Ends of the axis.
    label
        Quantity, with the unit.
    ticks, right
        Ticks, and additional ticks on the opposite side.
    log
        Whether the axis is logarithmic.
    right_label
        Quantity of the additional ticks.
    """

    low: float
    high: float
    label: str
    ticks: Ticks
    log: bool = False
    right: Ticks = ()
    right_label: str = ""


def time_step(span_s: float, n_most: int) -> float:
    """Return the smallest round step in seconds that divides a span into at most ``n_most`` parts.

    Examples
    --------
    >>> time_step(10.0, 12), time_step(0.3, 12), time_step(600.0, 12), time_step(1e-4, 12)
    (1, 0.05, 60, 1e-05)
    """
    least = span_s / n_most
    if least > 0.5:
        return next((step for step in _STEPS_S if step >= least), 86400 * math.ceil(least / 86400))
    power = math.floor(math.log10(least))
    # Parsed instead of multiplied, because 3 * 0.1 is not 0.3.
    return next(
        step for k in (power, power + 1) for step in (float(f"{n}e{k}") for n in (1, 2, 5)) if step >= least
    )


def time_text(time_s: float, step_s: float, end_s: float) -> str:
    """Format a time on an axis that ends at ``end_s`` and has a tick every ``step_s``.

    Examples
    --------
    >>> time_text(1.5, 0.5, 10), time_text(90, 30, 300), time_text(3725, 5, 4000), time_text(61.5, 0.5, 300)
    ('1.5', '1:30', '1:02:05', '1:01.5')
    """
    n_places = 0 if step_s >= 1 else math.ceil(-math.log10(step_s) - 1e-9)
    rounded = round(abs(time_s), n_places)
    sign = "−" if time_s < 0 and rounded else ""
    if end_s < CLOCK_FROM_S:
        return f"{sign}{rounded:.{n_places}f}"
    minutes, seconds = divmod(rounded, 60)
    hours, minutes = divmod(int(minutes), 60)
    width = 2 if n_places == 0 else 3 + n_places
    tail = f"{seconds:0{width}.{n_places}f}"
    return f"{sign}{minutes}:{tail}" if end_s < HOURS_FROM_S else f"{sign}{hours}:{minutes:02}:{tail}"


def time_label(end_s: float) -> str:
    """Return the label of a time axis that ends at ``end_s``, with its format.

    Examples
    --------
    >>> time_label(10.0), time_label(200.0)
    ('time (s)', 'time (min:s)')
    """
    if end_s < CLOCK_FROM_S:
        return "time (s)"
    return "time (min:s)" if end_s < HOURS_FROM_S else "time (h:min:s)"


def number_text(value: float) -> str:
    """Format a number, with a minus sign instead of a hyphen, and with k for thousands.

    Examples
    --------
    >>> number_text(500), number_text(1000), number_text(12500), number_text(-0.5)
    ('500', '1k', '12.5k', '−0.5')
    """
    return (f"{value / 1000:g}k" if abs(value) >= 1000 else f"{value:g}").replace("-", "−")


def hertz_ticks(low_hz: float, high_hz: float) -> Ticks:
    """Return ticks at 1, 2 and 5 times the powers of ten, for a logarithmic frequency axis.

    Examples
    --------
    >>> hertz_ticks(40, 1000)
    ((50.0, '50'), (100.0, '100'), (200.0, '200'), (500.0, '500'), (1000.0, '1k'))
    """
    powers = range(math.floor(math.log10(low_hz)), math.ceil(math.log10(high_hz)) + 1)
    round_hz = (n * 10.0**k for k in powers for n in (1, 2, 5))
    return tuple((hz, number_text(hz)) for hz in round_hz if low_hz * 0.999 <= hz <= high_hz * 1.001)


def tempo_ticks(low_bpm: float, high_bpm: float) -> Ticks:
    """Return ticks in beats per minute: 60 and 80 times powers of two.

    Examples
    --------
    >>> tempo_ticks(50, 130)
    ((60.0, '60'), (80.0, '80'), (120.0, '120'))
    """
    every = sorted(base * 2.0**k for base in (60, 80) for k in range(-4, 5))
    return tuple((bpm, f"{bpm:g}") for bpm in every if low_bpm <= bpm <= high_bpm)


def note_name(pitch_midi: int) -> str:
    """Return the note name of a MIDI pitch.

    Examples
    --------
    >>> note_name(69), note_name(61)
    ('A4', 'C♯4')
    """
    return f"{PITCH_CLASSES[pitch_midi % 12].replace('#', '♯')}{pitch_midi // 12 - 1}"


def note_ticks(low_hz: float, high_hz: float) -> Ticks:
    """Return ticks at notes, in hertz: every C of a range of two octaves or more, else more notes.

    Examples
    --------
    >>> [name for _, name in note_ticks(60, 1100)], [name for _, name in note_ticks(400, 550)]
    (['C2', 'C3', 'C4', 'C5', 'C6'], ['G♯4', 'A4', 'A♯4', 'B4', 'C5'])
    """
    low, high = (69 + 12 * math.log2(hz / 440.0) for hz in (low_hz, high_hz))
    step = next((step for step in (1, 2, 3, 4) if high - low < 6 * step), 12)  # divisors of an octave
    pitches = range(step * math.ceil((low - 0.01) / step), math.floor(high + 0.01) + 1, step)
    return tuple((440.0 * 2.0 ** ((pitch - 69) / 12), note_name(pitch)) for pitch in pitches)


def level_ticks(peak: float) -> Ticks:
    """Return amplitude ticks labelled in dBFS: the highest multiple of 3 dB below the peak, and 6 dB less.

    Examples
    --------
    >>> [(f"{amplitude:.2f}", text) for amplitude, text in level_ticks(1.0)]
    [('-1.00', '0'), ('-0.50', '−6'), ('0.00', '−∞'), ('0.50', '−6'), ('1.00', '0')]
    """
    loudest_db = 3 * math.floor(20 * math.log10(peak * 1.0001) / 3)
    ticks = [(10 ** (db / 20), number_text(db)) for db in (loudest_db, loudest_db - 6)]
    below = [(-amplitude, text) for amplitude, text in ticks]
    return tuple(sorted([*ticks, (0.0, "−∞"), *below]))


def log_rows(low: float, high: float, n_rows: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return the centres of rows that divide a logarithmic axis equally.

    Examples
    --------
    >>> log_rows(1.0, 16.0, 2).tolist()
    [2.0, 8.0]
    """
    return np.asarray(low * (high / low) ** ((np.arange(n_rows) + 0.5) / n_rows), dtype=np.float64)
