"""Charts of the page and the numbers behind them: ROC, accuracy, learning curves, reliability, map."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from woodshed.html.chart import Plot, percent_ticks, round_ticks, span_ticks
from woodshed.html.document import Markup, element, join, name_of
from woodshed.metrics import probability
from woodshed.metrics.calibration import Reliability
from woodshed.metrics.interval import wilson_interval
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
from woodshed.report.recognition.scores import ClassPredictions, MeasuredScore
from woodshed.report.wording import UNKNOWN, percent, percent_range
from woodshed.training.progress import LearningCurve

MAX_DOTS = 2000
"""Maximum number of dots of a scatter plot; more are thinned out evenly to keep the page small."""

_UNIT = (0.0, 1.0)
_MAX_NAME = 46
_NAME_WIDTH, _NUMBER_WIDTH = 6.9, 6.4
"""Approximate width of a character of a name and of a number beside it, in pixels."""
_GRID = np.linspace(0, 1, 201)


# -- ROC curves -----------------------------------------------------------------------------------

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


@dataclass(frozen=True)
class Roc:
    """A ROC curve, its false and true positive rates, and the area under it."""

    false_rate: NDArray[np.float64]
    true_rate: NDArray[np.float64]
    auc: float


def roc_curves(predictions: ClassPredictions) -> list[Roc | None]:
    """Return the ROC curve of each class against all others.

    It is None for a class when the test part lacks clips of it, or clips of all others.
    """
    columns = zip(predictions.classes, predictions.probabilities.T, strict=True)
    return [_roc_curve(predictions.truth == column, score) for column, score in columns]


def _roc_curve(is_class: NDArray[np.bool_], score: NDArray[np.float64]) -> Roc | None:
    if is_class.all() or not is_class.any():
        return None
    false_rate, true_rate, _ = probability.roc_curve(is_class, score)
    corners = _corners(false_rate, true_rate)
    return Roc(false_rate[corners], true_rate[corners], probability.roc_auc(is_class, score))


def macro_roc(curves: list[Roc | None]) -> Roc | None:
    """Return the mean of the true positive rates; its area is the mean of the areas.

    Examples
    --------
    >>> perfect = Roc(np.array([0.0, 0.0, 1.0]), np.array([0.0, 1.0, 1.0]), 1.0)
    >>> chance = Roc(np.array([0.0, 1.0]), np.array([0.0, 1.0]), 0.5)
    >>> mean = macro_roc([perfect, chance, None])
    >>> mean.auc, float(mean.true_rate[101])
    (0.75, 0.75)
    """
    defined = [curve for curve in curves if curve is not None]
    if not defined:
        return None
    heights = np.mean([np.interp(_GRID, curve.false_rate, curve.true_rate) for curve in defined], axis=0)
    area = float(np.mean([curve.auc for curve in defined]))
    return Roc(np.append(0.0, _GRID), np.append(0.0, heights), area)


def roc_figure(curves: Sequence[Roc | None], macro: Roc) -> Markup:
    """Draw the curve of every class thinly and their mean over them, in a square."""
    plot = Plot(340, 350, _UNIT, _UNIT, left=46, right=20, top=26, bottom=40)
    defined = [curve for curve in curves if curve is not None]
    marks = [
        *plot.x_axis(percent_ticks(), "False positive rate"),
        *plot.y_axis(percent_ticks(), "True positive rate"),
        plot.segment((0, 0), (1, 1), "chance"),
        *(_curve(plot, curve, "faint") for curve in defined),
        _curve(plot, macro, "main"),
        plot.note(0.97, 0.06, f"mean AUC {macro.auc:.3f}", "end", "strong"),
    ]
    return plot.draw(f"ROC curves of {len(defined)} classes, each against all others, and their mean", marks)


def small_roc_figure(name: str, curve: Roc) -> Markup:
    """Draw the curve of one class in a small square with its name and area."""
    plot = Plot(116, 116, _UNIT, _UNIT, left=2, right=2, top=2, bottom=2)
    marks = [
        *(plot.segment((0, level), (1, level), "grid") for level in _UNIT),
        *(plot.segment((level, 0), (level, 1), "grid") for level in _UNIT),
        plot.segment((0, 0), (1, 1), "chance"),
        _curve(plot, curve, "main"),
    ]
    return element(
        "figure",
        plot.draw(f"ROC curve of {name}, area {curve.auc:.3f}", marks),
        element("figcaption", name_of(name), f" {curve.auc:.3f}"),
    )


def _curve(plot: Plot, curve: Roc, class_: str) -> Markup:
    return plot.line(curve.false_rate.tolist(), curve.true_rate.tolist(), class_)


def _corners(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the indices of the points where a line turns; the others add kilobytes and change nothing."""
    dx, dy = np.diff(x), np.diff(y)
    turns = np.abs(dx[:-1] * dy[1:] - dx[1:] * dy[:-1]) > 1e-12
    return np.concatenate([[0], 1 + np.flatnonzero(turns), [x.size - 1]]).astype(np.int64)


# -- accuracies -----------------------------------------------------------------------------------


def accuracy_figure(
    title: str, rows: Sequence[tuple[str, MeasuredScore, str]], *, emphasis: int | None = None
) -> Markup:
    """Draw a dot with its interval for each row, names on the left and numbers on the right.

    Where a name and its numbers do not fit on one line, the numbers of all rows are below the names.

    Parameters
    ----------
    title
        Accessible title of the chart.
    rows
        Name, score and a note such as the number of clips.
    emphasis
        Row that is drawn in the accent colour; None for all of them.
    """
    names = [_short(name, _MAX_NAME) for name, _, _ in rows]
    numbers = [_numbers_text(score, note) for _, score, note in rows]
    width = 340 - 12 - 20
    fits = all(
        _NAME_WIDTH * len(name) + _NUMBER_WIDTH * (len(text) + 1) <= width
        for name, text in zip(names, numbers, strict=True)
    )
    # Pixels from the top of a row to the name, the numbers (below a long name) and the dot; and its height.
    name_y, number_y, dot_y, row_height = (15, 15, 27, 38) if fits else (15, 31, 43, 54)
    n_rows = len(rows)
    plot = Plot(
        340, row_height * n_rows + 34, _UNIT, (float(n_rows), 0.0), left=12, right=20, top=4, bottom=30
    )
    marks = [*plot.x_axis(percent_ticks())]
    for k, (_, score, _) in enumerate(rows):
        height = k + dot_y / row_height
        marks += [
            plot.note(0, k + name_y / row_height, names[k], "start", "name"),
            plot.note(1, k + number_y / row_height, numbers[k], "end"),
            plot.segment((0, height), (1, height), "grid"),
            *interval_marks(plot, score, height, muted=emphasis not in (None, k)),
        ]
    return plot.draw(title, marks)


def _numbers_text(score: MeasuredScore, note: str) -> str:
    """Return a score with its interval, if there is one, and a note."""
    interval = percent_range(score.interval)
    parts = [percent(score.value), "" if interval == UNKNOWN else f"({interval})", note]
    return " ".join(filter(None, parts))


def interval_marks(plot: Plot, score: MeasuredScore, y: float, *, muted: bool) -> list[Markup]:
    """Draw a dot at a score and a line over its interval, if it is known."""
    colour = " muted" if muted else ""
    low, high = score.interval
    lines = [] if math.isnan(low) else [plot.segment((low, y), (high, y), f"spread{colour}")]
    return [*lines, plot.dot(score.value, y, f"point{colour}", radius=4.5)]


def _short(name: str, length: int) -> str:
    return name if len(name) <= length else name[: length - 1] + "…"


# -- learning curves ------------------------------------------------------------------------------


def learning_figure(curve: LearningCurve) -> Markup:
    """Draw the losses, and below them the accuracy, over the epochs; the selected epoch is marked.

    Without a validation part there is only the training loss.
    """
    n_epochs = len(curve.train_loss)
    epochs = [float(k + 1) for k in range(n_epochs)]
    across = (1.0, float(max(n_epochs, 2)))
    losses = [value for value in (*curve.train_loss, *curve.validation_loss) if math.isfinite(value)]
    ticks = round_ticks(max(losses, default=1.0))
    x_axis = ([(epoch, f"{epoch:g}") for epoch in epochs[:: max(1, math.ceil(n_epochs / 5))]], "epoch")
    is_validated = bool(curve.validation_loss)
    height, bottom = (150, 22) if is_validated else (200, 38)
    loss = Plot(320, height, across, (0.0, ticks[-1][0]), left=46, right=10, top=8, bottom=bottom)
    marks = [*loss.y_axis(ticks), loss.line(epochs, curve.train_loss, "other")]
    title = f"Loss of {curve.fold} over {n_epochs} epochs"
    if not is_validated:
        marks += [*loss.x_axis(*x_axis), *_selected(loss, curve.best_epoch, curve.train_loss)]
        return loss.draw(title, marks)
    marks += [
        loss.line(epochs, curve.validation_loss, "main"),
        *_selected(loss, curve.best_epoch, curve.validation_loss),
    ]
    share = Plot(320, 120, across, _UNIT, left=46, right=10, top=8, bottom=38)
    share_marks = [
        *share.y_axis(percent_ticks(0.5)),
        *share.x_axis(*x_axis),
        share.line(epochs, curve.validation_accuracy, "main"),
        *_selected(share, curve.best_epoch, curve.validation_accuracy),
    ]
    return join([loss.draw(title, marks), share.draw(f"Validation accuracy of {curve.fold}", share_marks)])


def _selected(plot: Plot, best_epoch: int, values: Sequence[float]) -> list[Markup]:
    """Mark the selected epoch."""
    low, high = plot.y_range
    epoch, value = best_epoch + 1, values[best_epoch]
    line = plot.segment((epoch, low), (epoch, high), "kept")
    return [line, plot.dot(epoch, value, "kept", radius=3.5)] if math.isfinite(value) else [line]


# -- reliability diagram --------------------------------------------------------------------------


def reliability_figure(bins: Reliability, before: Reliability | None = None) -> Markup:
    """Draw the accuracy over the confidence; larger dots stand for more predictions.

    Parameters
    ----------
    bins
        The predictions, each bin with its 95 % interval.
    before
        The same predictions before calibration, drawn as a plain line.
    """
    plot = Plot(340, 340, _UNIT, _UNIT, left=46, right=20, top=32, bottom=40)
    most = bins.n_examples.max()
    marks = [
        *plot.x_axis(percent_ticks(), "Confidence"),
        *plot.y_axis(percent_ticks(), "Accuracy"),
        plot.segment((0, 0), (1, 1), "chance"),
    ]
    for part, class_ in ((before, "other"), (bins, "main" if before else "faint")):
        if part is not None:
            marks.append(plot.line(part.confidence.tolist(), part.accuracy.tolist(), class_))
    dots = []
    for confidence, accuracy, n in zip(*(column.tolist() for column in bins), strict=True):
        low, high = wilson_interval(round(accuracy * n), n)
        marks.append(plot.segment((confidence, low), (confidence, high), "whisker"))
        radius = 3 + 8 * math.sqrt(n / most)  # the area, not the width, is what the eye compares
        dots.append(plot.dot(confidence, accuracy, "point", radius=radius))
    return plot.draw("Reliability diagram: accuracy over confidence", [*marks, *dots])


# -- scatter plots --------------------------------------------------------------------------------


def scatter_figure(name: str, truth: NDArray[np.float64], outputs: NDArray[np.float64]) -> Markup:
    """Draw a dot for each clip whose value is known, in a square with the same scale on both axes.

    Parameters
    ----------
    name
        Name of the value.
    truth, outputs
        Shape ``(n_clips,)``; clips whose truth is NaN are left out.

    Examples
    --------
    >>> figure = scatter_figure("valence", np.array([0.0, 1.0, np.nan]), np.array([0.1, 0.8, 0.5]))
    >>> figure.count("<circle")
    2
    """
    rows = np.flatnonzero(~np.isnan(truth))
    rows = rows[:: math.ceil(len(rows) / MAX_DOTS) or 1]
    y, f = truth[rows], outputs[rows]
    values = np.concatenate([y, f])
    low, high = (float(values.min()), float(values.max())) if values.size else _UNIT
    space = 0.05 * (high - low) or 0.5
    ends = (low - space, high + space)
    plot = Plot(340, 350, ends, ends, left=52, right=20, top=26, bottom=40)
    marks = [
        *plot.x_axis(span_ticks(*ends), "true"),
        *plot.y_axis(span_ticks(*ends), "predicted"),
        plot.segment((ends[0], ends[0]), (ends[1], ends[1]), "chance"),
        *(plot.dot(a, b, "point", radius=2.5) for a, b in zip(y.tolist(), f.tolist(), strict=True)),
    ]
    return plot.draw(f"{name}: predicted over true values of {len(rows)} clips", marks)


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
