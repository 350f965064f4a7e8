"""SVG charts: axes, ticks, marks and heat maps, for light and dark themes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from woodshed.html.clip import data_uri, png
from woodshed.html.document import Markup, element

STYLE = "svg image.heat { image-rendering: pixelated; }\nsvg.tone { vertical-align: -0.1em; }\n"
"""CSS of a page with heat maps."""

HIGH, LOW = (31, 134, 201), (217, 102, 26)
"""Blue above 0, vermilion below: safe for colour-blind readers, and visible in both themes."""

N_LEVELS = 32
"""Number of shades of each colour."""


@dataclass(frozen=True)
class Plot:
    """A drawing area with an x and a y axis.

    Parameters
    ----------
    width, height
        Size of the whole drawing, in CSS pixels at its natural size.
    x_range, y_range
        Values at the left and right edge, and at the bottom and top.
    left, right, top, bottom
        Margins around the drawing area, in pixels, which hold the tick labels.

    Examples
    --------
    >>> plot = Plot(140, 130, (0.0, 1.0), (0.0, 1.0), left=30, right=10, top=10, bottom=20)
    >>> plot.x(0.5), plot.y(1.0)
    (80.0, 10.0)
    """

    width: int
    height: int
    x_range: tuple[float, float]
    y_range: tuple[float, float]
    left: int = 40
    right: int = 12
    top: int = 10
    bottom: int = 34

    def x(self, value: float) -> float:
        """Convert a value to its distance from the left edge, in pixels."""
        start, end = self.x_range
        inner = self.width - self.left - self.right
        return round(self.left + inner * (value - start) / (end - start), 1)

    def y(self, value: float) -> float:
        """Convert a value to its distance from the top edge, in pixels."""
        start, end = self.y_range
        inner = self.height - self.top - self.bottom
        return round(self.height - self.bottom - inner * (value - start) / (end - start), 1)

    def line(self, xs: Sequence[float], ys: Sequence[float], class_: str) -> Markup:
        """Draw a line through points; points that are not finite are left out."""
        points = " ".join(
            f"{self.x(x):g},{self.y(y):g}"
            for x, y in zip(xs, ys, strict=True)
            if math.isfinite(x) and math.isfinite(y)
        )
        return element("polyline", points=points, class_=class_)

    def segment(self, start: tuple[float, float], end: tuple[float, float], class_: str) -> Markup:
        """Draw a straight line between two points ``(x, y)``."""
        (x1, y1), (x2, y2) = start, end
        return element("line", x1=self.x(x1), y1=self.y(y1), x2=self.x(x2), y2=self.y(y2), class_=class_)

    def dot(self, x: float, y: float, class_: str, *, radius: float = 4.0) -> Markup:
        """Draw a filled circle around a point."""
        return element("circle", cx=self.x(x), cy=self.y(y), r=round(radius, 1), class_=class_)

    def x_axis(self, ticks: Iterable[tuple[float, str]], label: str = "") -> list[Markup]:
        """Draw vertical grid lines at ticks ``(value, text)``, the tick labels, and the axis label."""
        low, high = self.y_range
        marks = []
        for value, text in ticks:
            marks += [
                self.segment((value, low), (value, high), "grid"),
                _text(self.x(value), self.height - self.bottom + 15, text, "middle"),
            ]
        if label:
            middle = (self.left + self.width - self.right) / 2
            marks.append(_text(middle, self.height - 4, label, "middle", "axis"))
        return marks

    def y_axis(self, ticks: Iterable[tuple[float, str]], label: str = "") -> list[Markup]:
        """Draw horizontal grid lines at ticks ``(value, text)``, tick labels, and the axis label above."""
        low, high = self.x_range
        marks = []
        for value, text in ticks:
            marks += [
                self.segment((low, value), (high, value), "grid"),
                _text(self.left - 6, self.y(value) + 4, text, "end"),
            ]
        if label:
            marks.append(_text(2, 11, label, "start", "axis"))
        return marks

    def note(self, x: float, y: float, text: object, anchor: str = "start", class_: str = "") -> Markup:
        """Write a text at a point of the drawing area."""
        return _text(self.x(x), self.y(y), text, anchor, class_)

    def draw(self, title: str, marks: Iterable[Markup]) -> Markup:
        """Combine marks into an SVG image with an accessible title."""
        return element(
            "svg",
            element("title", title),
            *marks,
            viewBox=f"0 0 {self.width} {self.height}",
            width=self.width,
            height=self.height,
            role="img",
            xmlns="http://www.w3.org/2000/svg",
        )


def legend(lines: Iterable[tuple[str, str]]) -> Markup:
    """Return a legend of lines, each with its CSS class and its name."""
    return element(
        "p", *(element("span", swatch(class_), f" {name}") for class_, name in lines), class_="note key"
    )


def swatch(class_: str) -> Markup:
    """Draw a short line for a legend."""
    plot = Plot(26, 10, (0.0, 1.0), (0.0, 1.0), left=1, right=1, top=1, bottom=1)
    return element(
        "svg",
        plot.line([0, 1], [0.5, 0.5], class_),
        viewBox="0 0 26 10",
        width=26,
        height=10,
        aria_hidden="true",
        xmlns="http://www.w3.org/2000/svg",
    )


def percent_ticks(step: float = 0.25) -> list[tuple[float, str]]:
    """Return ticks from 0 to 1, as percentages.

    Examples
    --------
    >>> percent_ticks(0.5)
    [(0.0, '0 %'), (0.5, '50 %'), (1.0, '100 %')]
    """
    return [(value, f"{value:.0%}".replace("%", " %")) for value in _steps(1.0, step)]


def round_ticks(highest: float) -> list[tuple[float, str]]:
    """Return about four ticks at round values from 0 to at least ``highest``.

    Examples
    --------
    >>> [text for _, text in round_ticks(2.3)]
    ['0', '1', '2', '3']
    """
    step = _round_step(max(highest, 1e-6) / 3)
    top = step * math.ceil(highest / step - 1e-9)
    return [(value, f"{value:g}") for value in _steps(max(top, step), step)]


def span_ticks(low: float, high: float, n_ticks: int = 5) -> list[tuple[float, str]]:
    """Return about ``n_ticks`` ticks at round values between two values.

    Examples
    --------
    >>> [text for _, text in span_ticks(-13.0, 29.0)]
    ['-10', '0', '10', '20']
    >>> [text for _, text in span_ticks(1210.0, 2890.0)]
    ['1500', '2000', '2500']
    """
    step = _round_step((high - low) / n_ticks)
    values = np.round(np.arange(math.ceil(low / step), math.floor(high / step) + 1) * step, 10)
    return [(value, f"{value:.6g}") for value in values.tolist()]


def _round_step(rough: float) -> float:
    """Return the smallest of 1, 2, 5, 10, 20, … (and of 0.5, 0.2, …) that is not below a value."""
    magnitude: float = 10.0 ** math.floor(math.log10(rough))
    return next(size * magnitude for size in (1, 2, 5, 10) if size * magnitude >= rough * (1 - 1e-9))


def _steps(top: float, step: float) -> list[float]:
    return list(np.round(np.arange(0, top + step / 2, step), 10).tolist())


def _text(x: float, y: float, text: object, anchor: str, class_: str = "") -> Markup:
    return element("text", text, x=round(x, 1), y=round(y, 1), text_anchor=anchor, class_=class_ or None)


def heat_image(plot: Plot, values: ArrayLike, *, most: float) -> Markup:
    """Fill a chart with a matrix: the first row on top, 0 transparent, ``most`` in full colour.

    Parameters
    ----------
    plot
        The chart; the image fills its axes.
    values
        Shape ``(n_rows, n_columns)``; values beyond ``most`` are clipped to it, and NaN is transparent.
    most
        Absolute value of full colour, above 0.

    Examples
    --------
    >>> plot = Plot(100, 100, (0.0, 2.0), (1.0, 0.0))
    >>> heat_image(plot, [[0.5, -1.0]], most=1.0).startswith('<image class="heat" href="data:image/png')
    True
    """
    share = np.nan_to_num(np.asarray(values, np.float64) / most)
    level = np.rint(np.clip(share, -1, 1) * (N_LEVELS - 1)).astype(np.int64) + N_LEVELS - 1
    (left, right), (bottom, top) = plot.x_range, plot.y_range
    return element(
        "image",
        class_="heat",
        href=data_uri("image/png", png(level.astype(np.uint8), _palette())),
        x=plot.x(left),
        y=plot.y(top),
        width=round(plot.x(right) - plot.x(left), 1),
        height=round(plot.y(bottom) - plot.y(top), 1),
        preserveAspectRatio="none",
    )


def colour_swatch(colour: tuple[int, int, int]) -> Markup:
    """Draw a small square of a colour, for a legend."""
    return element(
        "svg",
        element("rect", width=12, height=12, rx=2, fill=f"rgb{colour}"),
        class_="tone",
        viewBox="0 0 12 12",
        width=12,
        height=12,
        aria_hidden="true",
        xmlns="http://www.w3.org/2000/svg",
    )


def _palette() -> NDArray[np.uint8]:
    """Return the colours from the lowest value over transparent to the highest."""
    strength = np.linspace(0, 255, N_LEVELS)
    low = [(*LOW, value) for value in strength[:0:-1]]
    high = [(*HIGH, value) for value in strength]
    return np.rint([*low, *high]).astype(np.uint8)
