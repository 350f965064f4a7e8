"""Heat maps in SVG charts, for light and dark themes."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from woodshed.html.chart import Plot
from woodshed.html.markup import Markup, element
from woodshed.html.picture import data_uri, png

STYLE = "svg image.heat { image-rendering: pixelated; }\nsvg.tone { vertical-align: -0.1em; }\n"
"""CSS of a page with heat maps."""

HIGH, LOW = (31, 134, 201), (217, 102, 26)
"""Blue above 0, vermilion below: safe for colour-blind readers, and visible in both themes."""

N_LEVELS = 32
"""Number of shades of each colour."""


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
    box = element("rect", width=12, height=12, rx=2, fill=f"rgb{colour}")
    return element(
        "svg",
        box,
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
