"""Panels: the data of one pair of axes, and how to draw them with matplotlib.

A panel is computed once and can be drawn in any theme. It does not depend on audio.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from woodshed.plotting.axis import AxisScale, Ticks
from woodshed.plotting.theme import Theme

Numbers = NDArray[Any]
ColourMap = Literal["loud", "share", "signed"]


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
    """Set labelled ticks, without minor ticks."""
    from matplotlib.ticker import NullLocator

    axis.set_ticks([position for position, _ in ticks], labels=[text for _, text in ticks])
    axis.set_minor_locator(NullLocator())


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
