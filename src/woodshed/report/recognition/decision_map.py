"""Decision map of a report: the clips on two summary features, as SVG."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from woodshed.html.chart import Plot, span_ticks
from woodshed.html.document import Markup, element, join, name_of
from woodshed.recognition.experiments.feature_map import (
    COLOURS,
    MAX_CORRELATION,
    FeatureMap,
    class_numbers,
    discriminative_pair,
    omission_note,
    sample_rows,
    shape_of,
)
from woodshed.recognition.experiments.result import SummaryTable

_SHAPES = (
    "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z",
    "M-3.6 -3.6h7.2v7.2h-7.2z",
    "M0 -4.8L4.6 3.4H-4.6z",
    "M0 -5L5 0L0 5L-5 0z",
    "M-1.5 -4.5h3v3h3v3h-3v3h-3v-3h-3v-3h3z",
    "M0 4.8L4.6 -3.4H-4.6z",
    "M-4.7 -2.6L-2.6 -4.7L0 -2.1L2.6 -4.7L4.7 -2.6L2.1 0L4.7 2.6L2.6 4.7L0 2.1L-2.6 4.7L-4.7 2.6L-2.1 0z",
    "M-4.8 0L-2.4 -4.2H2.4L4.8 0L2.4 4.2H-2.4z",
)
"""SVG paths of the markers: circle, square, triangle, diamond, plus, inverted triangle, cross, hexagon."""

_CELL = 2
"""Side of the cells that form the regions, in pixels."""

_ROOM_FOR_NAME = 9
"""Radius of the circle that must fit into a region for its name to be written, in cells."""


def map_section(table: SummaryTable, labels: Sequence[str]) -> Markup:
    """Draw the map of the two most discriminative features, with its legend and an explanation.

    Parameters
    ----------
    table
        The summary features of each clip.
    labels
        The class of each clip.
    """
    rows = sample_rows(labels)
    values = table.rows[rows]
    columns, classes = class_numbers(labels, rows)
    pair = discriminative_pair(values, columns)
    if pair is None:
        return element(
            "p", "No two summary features vary independently over these clips, so no map is drawn."
        )
    names = tuple(table.names[k] for k in pair)
    chart = FeatureMap(values[:, pair], columns, classes, names, omission_note(labels, rows))
    return join(
        [
            element(
                "p",
                f"Each mark is a clip: {names[0]} on the x axis, {names[1]} on the y axis. These two summary "
                "features separate the classes best, each by itself (highest F of an analysis of variance), "
                f"without being redundant (correlation below {MAX_CORRELATION}). The coloured regions are "
                "the predictions of a linear support vector machine fitted to these two features only. The "
                f"map is an illustration: the model itself uses all {len(table.names)} features.",
            ),
            element(
                "p",
                *(element("span", _swatch(k), " ", name_of(name)) for k, name in enumerate(classes)),
                class_="note key",
            ),
            element("figure", map_figure(chart)),
            element("p", chart.note, chart.boundary_note, class_="note"),
        ]
    )


def map_figure(chart: FeatureMap) -> Markup:
    """Draw the regions, the boundary with its margins, the clips, and rings around the support vectors."""
    x_range, y_range = chart.ranges
    plot = Plot(560, 440, x_range, y_range, left=58, right=12, top=24, bottom=40)
    support = [] if chart.boundary is None else chart.boundary.support.tolist()
    lines = [
        (chart.level_line(level), class_)
        for level, class_ in ((-1, "margin"), (1, "margin"), (0, "boundary"))
    ]
    regions, region_names = _regions(plot, chart)
    marks = [
        *regions,
        *plot.x_axis(span_ticks(*x_range), chart.names[0]),
        *plot.y_axis(span_ticks(*y_range), chart.names[1]),
        *(plot.segment(*ends, class_) for ends, class_ in lines if ends is not None),
        *(
            _mark(int(column), plot.x(x), plot.y(y))
            for (x, y), column in zip(chart.points.tolist(), chart.columns, strict=True)
        ),
        *(plot.dot(chart.points[row, 0], chart.points[row, 1], "ring", radius=7) for row in support),
        *region_names,
    ]
    return plot.draw(f"{chart.heading} on {chart.names[0]} and {chart.names[1]}", marks)


def _regions(plot: Plot, chart: FeatureMap) -> tuple[list[Markup], list[Markup]]:
    """Fill the region of each predicted class with its colour; return the regions and their names."""
    from scipy.ndimage import distance_transform_edt

    xs = np.arange(plot.left, plot.width - plot.right, _CELL)
    ys = np.arange(plot.top, plot.height - plot.bottom, _CELL)
    across = np.interp(xs + _CELL / 2, [plot.left, plot.width - plot.right], plot.x_range)
    down = np.interp(ys + _CELL / 2, [plot.top, plot.height - plot.bottom], plot.y_range[::-1])
    predicted = chart.class_grid(across, down)
    fills, names = [], []
    for column, name in enumerate(chart.classes):
        inside = predicted == column
        fills.append(
            element(
                "path",
                d=_outline(inside, xs, ys),
                fill=_colour(column),
                fill_opacity=0.22,
                class_="region",
            )
        )
        depth = distance_transform_edt(np.pad(inside, 1))[1:-1, 1:-1]
        if depth.max() >= _ROOM_FOR_NAME:
            row, cell = np.unravel_index(depth.argmax(), depth.shape)
            names.append(plot.note(float(across[cell]), float(down[row]), name, "middle", "strong"))
    return fills, names


def _outline(inside: NDArray[np.bool_], xs: NDArray[np.int64], ys: NDArray[np.int64]) -> str:
    """Return the cells of a region as one SVG path, a bar for each horizontal run of cells."""
    bars = []
    for y, row in zip(ys, inside, strict=True):
        turns = np.flatnonzero(np.diff(np.pad(row.astype(np.int8), 1)))
        for start, stop in turns.reshape(-1, 2):
            length = _CELL * (stop - start)
            bars.append(f"M{xs[start]} {y}h{length}v{_CELL}h-{length}z")
    return "".join(bars)


def _mark(column: int, x: float, y: float) -> Markup:
    """Draw one clip with the marker of its class; shape and colour together are unique."""
    return element(
        "path",
        d=_SHAPES[shape_of(column)],
        transform=f"translate({x:g} {y:g})",
        fill=_colour(column),
        class_="mark",
    )


def _colour(column: int) -> str:
    return COLOURS[column % len(COLOURS)]


def _swatch(column: int) -> Markup:
    """Draw a marker for the legend."""
    return element(
        "svg",
        _mark(column, 7, 7),
        viewBox="0 0 14 14",
        width=14,
        height=14,
        aria_hidden="true",
        xmlns="http://www.w3.org/2000/svg",
    )
