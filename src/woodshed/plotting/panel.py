"""Panels: the data of one pair of axes, its scales and ticks, and how to draw them with matplotlib.

A panel is computed once and can be drawn in any theme. It does not depend on audio.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from woodshed.plotting.theme import Theme, set_fonts
from woodshed.units import PITCH_CLASSES

Ticks = tuple[tuple[float, str], ...]
"""Positions on an axis with their labels."""

CLOCK_FROM_S, HOURS_FROM_S = 120.0, 3600.0
"""Durations from which time is formatted with minutes, and with hours."""

_STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400)

Numbers = NDArray[Any]
ColourMap = Literal["loud", "share", "signed"]


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
    every = (n * 10.0**k for k in range(-2, 7) for n in (1, 2, 5))
    return tuple((hz, number_text(hz)) for hz in every if low_hz * 0.999 <= hz <= high_hz * 1.001)


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
    return tuple(sorted([*ticks, (0.0, "−∞"), *((-amplitude, text) for amplitude, text in ticks)]))


def log_rows(low: float, high: float, n_rows: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return the centres of rows that divide a logarithmic axis equally.

    Examples
    --------
    >>> log_rows(1.0, 16.0, 2).tolist()
    [2.0, 8.0]
    """
    return np.asarray(low * (high / low) ** ((np.arange(n_rows) + 0.5) / n_rows), dtype=np.float64)


@dataclass(frozen=True, eq=False, kw_only=True)
class Panel(ABC):
    """One pair of axes.

    Parameters
    ----------
    title
        Title of the axes; empty for none.
    height_in
        Height of the axes, in inches.
    y
        The y axis.
    x
        The x axis; None for time, or for no scale.
    over_time
        Whether the x axis is time.
    """

    title: str
    height_in: float
    y: AxisScale
    x: AxisScale | None = None
    over_time: bool = True

    @abstractmethod
    def marks(self, axes: Any, theme: Theme) -> None:
        """Draw the data, without the axes."""

    def draw(self, axes: Any, theme: Theme) -> None:
        """Draw the data, the title and the axes."""
        axes.set_yscale("log" if self.y.log else "linear")
        self.marks(axes, theme)
        if self.title:
            axes.set_title(self.title)
        axes.set_ylim(self.y.low, self.y.high)
        set_ticks(axes.yaxis, self.y.ticks)
        axes.set_ylabel(self.y.label)
        if self.y.right:
            right = axes.secondary_yaxis("right")
            right.spines[:].set_visible(False)
            set_ticks(right.yaxis, self.y.right)
            right.set_ylabel(self.y.right_label)
        if self.x is not None:
            axes.set_xscale("log" if self.x.log else "linear")
            axes.set_xlim(self.x.low, self.x.high)
            set_ticks(axes.xaxis, self.x.ticks)
            axes.set_xlabel(self.x.label)


@dataclass(frozen=True, eq=False, kw_only=True)
class WaveformPanel(Panel):
    """The envelope of a waveform, or a line if each column is one sample.

    Parameters
    ----------
    times_s, lowest, highest
        Centre of each column, and the range of its samples.
    """

    times_s: Numbers
    lowest: Numbers
    highest: Numbers

    def marks(self, axes: Any, theme: Theme) -> None:
        """Draw the waveform; full scale is marked if it is exceeded."""
        draw_envelope(axes, self, theme.accent)
        axes.axhline(0.0, color=theme.muted, linewidth=0.4, zorder=0.5)
        if max(-self.lowest.min(), self.highest.max()) > 1.0:
            for level in (-1.0, 1.0):
                axes.axhline(level, color=theme.other, linewidth=0.9, linestyle=(0, (4, 3)))


@dataclass(frozen=True, eq=False, kw_only=True)
class LineSeries:
    """A line over time, such as a pitch, with gaps where a value is NaN."""

    times_s: Numbers
    values: Numbers
    label: str = ""


@dataclass(frozen=True, eq=False, kw_only=True)
class ImagePanel(Panel):
    """An image over time, such as a spectrogram.

    Parameters
    ----------
    values
        Shape ``(n_rows, n_columns)``, the lowest row first.
    left_s, right_s
        Start and end of the image.
    colours, low, high, unit
        Colour map, the values at its ends, and their unit; without a unit there is no colour bar.
    lines
        Lines over the image.
    """

    values: Numbers
    left_s: float
    right_s: float
    colours: ColourMap
    low: float
    high: float
    unit: str = ""
    lines: Sequence[LineSeries] = ()

    def marks(self, axes: Any, theme: Theme) -> None:
        """Draw the image, its colour bar, and the lines."""
        bottom, top = np.log10([self.y.low, self.y.high]) if self.y.log else (self.y.low, self.y.high)
        axes.set_autoscale_on(False)  # otherwise the logarithms would be read as hertz
        image = axes.imshow(
            self.values,
            origin="lower",
            aspect="auto",
            extent=(self.left_s, self.right_s, bottom, top),
            # Bypasses the logarithmic axis, because the rows are equally spaced already.
            transform=axes.transLimits + axes.transAxes,
            cmap=colour_map(self.colours, theme),
            vmin=self.low,
            vmax=self.high,
            # Pixels are averaged as colours; averaged as levels, silence at -200 dB would dominate.
            interpolation_stage="rgba",
        )
        for line in self.lines:
            # A dark line below a light one is visible on any colour.
            for width, colour in ((3.6, "#000000"), (1.6, "#56e1ff")):
                axes.plot(line.times_s, line.values, color=colour, linewidth=width, solid_capstyle="round")
            axes.lines[-1].set_label(line.label)
        if self.unit:
            bar = axes.figure.colorbar(image, cax=axes.inset_axes((1.012, 0.0, 0.013, 1.0)))
            bar.outline.set_visible(False)
            bar.set_label(self.unit)


@dataclass(frozen=True, eq=False, kw_only=True)
class CurvePanel(Panel):
    """A curve over time or frequency.

    Parameters
    ----------
    xs, values
        Shape ``(n,)`` each.
    filled
        Whether the area below the curve is filled.
    """

    xs: Numbers
    values: Numbers
    filled: bool = False

    def marks(self, axes: Any, theme: Theme) -> None:
        """Draw the curve over a grid."""
        axes.grid(visible=True, axis="y" if self.x is None else "both")
        axes.plot(self.xs, self.values, color=theme.accent)
        if self.filled:
            axes.fill_between(self.xs, self.values, self.y.low, color=theme.accent, alpha=0.2, linewidth=0)


@dataclass(frozen=True, eq=False, kw_only=True)
class OnsetPanel(Panel):
    """Onset strength over a waveform, with onsets and beats.

    Parameters
    ----------
    times_s, values
        Onset strength.
    wave
        The waveform in the background.
    onsets_s, beats_s
        Times of the onsets and beats; empty for none.
    onsets_label, beats_label
        Legend entries; empty leaves them out.
    """

    times_s: Numbers
    values: Numbers
    wave: WaveformPanel
    onsets_s: Numbers
    beats_s: Numbers
    onsets_label: str = ""
    beats_label: str = ""

    def marks(self, axes: Any, theme: Theme) -> None:
        """Draw the curve, a vertical line at each onset and a wedge at the top for each beat."""
        # Scaled to the height of the axes.
        middle = (self.y.low + self.y.high) / 2
        scale = (self.y.high - self.y.low) / (self.wave.y.high - self.wave.y.low)
        lowest, highest = (middle + scale * edge for edge in (self.wave.lowest, self.wave.highest))
        draw_envelope(axes, replace(self.wave, lowest=lowest, highest=highest), theme.grid)
        onsets = axes.vlines(
            self.onsets_s, self.y.low, self.y.high, colors=theme.other, linewidth=0.9, label=self.onsets_label
        )
        (beats,) = axes.plot(
            self.beats_s,
            np.full(len(self.beats_s), 0.965),
            transform=axes.get_xaxis_transform(),
            linestyle="none",
            marker="v",
            markersize=6.0,
            markeredgewidth=0.0,
            color=theme.third,
            label=self.beats_label,
        )
        for marks in (onsets, beats):
            marks.set_in_layout(False)  # matplotlib would place empty ones at the edge of the figure
        axes.plot(self.times_s, self.values, color=theme.accent)
        if self.onsets_label or self.beats_label:
            axes.legend(
                loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2, frameon=False, borderaxespad=0.2
            )


def draw_envelope(axes: Any, wave: WaveformPanel, colour: str) -> None:
    """Draw the envelope or the line of a waveform."""
    if np.array_equal(wave.lowest, wave.highest):
        dots = "o" if len(wave.times_s) < 100 else None
        axes.plot(wave.times_s, wave.lowest, color=colour, linewidth=0.9, marker=dots, markersize=3.0)
    else:
        axes.fill_between(
            wave.times_s, wave.lowest, wave.highest, facecolor=colour, edgecolor=colour, linewidth=0.5
        )


def set_ticks(axis: Any, ticks: Ticks) -> None:
    """Set labelled ticks, with fonts that have the characters of the labels, and no minor ticks."""
    from matplotlib.ticker import NullLocator

    axis.set_ticks([position for position, _ in ticks], labels=[text for _, text in ticks])
    axis.set_minor_locator(NullLocator())
    set_fonts(axis.get_ticklabels())


def colour_map(name: ColourMap, theme: Theme) -> Any:
    """Return a colour map of a theme; that of signed values passes through the background colour.

    Examples
    --------
    >>> from woodshed.plotting.theme import theme_of
    >>> colour_map("loud", theme_of("light")).name
    'magma'
    """
    import matplotlib
    from matplotlib.colors import LinearSegmentedColormap

    if name == "signed":
        return LinearSegmentedColormap.from_list("signed", [theme.accent, theme.background, theme.other])
    return matplotlib.colormaps[theme.loud if name == "loud" else theme.share]
