"""Decision map: the clips of a corpus on two summary features, and where a straight line parts their classes.

A model sees a hundred features at once, which nobody can. Two of them can be seen: this is a picture to
learn from, and it is not what the model does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from woodshed.data.example import Corpus
from woodshed.data.sound import Sounds
from woodshed.errors import DataError, ParameterError, counted, near_miss
from woodshed.features.summary import Summary
from woodshed.html.chart import Plot, span_ticks
from woodshed.html.markup import Markup, element, join, name_of
from woodshed.recognition.experiments.baseline import summarise
from woodshed.recognition.experiments.feature_map import (
    MAX_CORRELATION,
    LinearBoundary,
    Separability,
    separate,
    telling_pair,
)
from woodshed.recognition.experiments.result import SummaryTable
from woodshed.recognition.items import common_rate

MAX_CLASSES = 16
"""With more classes only the commonest are drawn."""

MAX_POINTS = 400
"""With more clips a part of each class is drawn, and the line is fitted to that part."""

HIGHEST_RATE = 16000

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#e69f00", "#cc79a7", "#56b4e9", "#8a8a8a", "#f0e442")
"""Of Okabe and Ito, which every kind of colour vision can tell apart; grey for their black."""

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
"""Circle, square, triangle, diamond, plus, triangle on its tip, cross, hexagon; about equally heavy."""

_CELL = 2
"""Side of the cells that regions are made of, in pixels."""

_ROOM_FOR_NAME = 9
"""A region gets its name where a circle of so many cells fits into it."""


def decision_map(
    corpus: Corpus,
    feature_x: str,
    feature_y: str,
    *,
    sample_rate: int | None = None,
    store: str | None = None,
    n_jobs: int = 1,
) -> Markup:
    """Draw the clips of a corpus on two summary features, with what a linear SVM makes of them.

    Parameters
    ----------
    corpus
        Checked examples of two or more classes.
    feature_x, feature_y
        What goes to the right and upwards: two of `woodshed.features.Summary.names`.
    sample_rate
        Rate at which the clips are described, in hertz. None takes their commonest, at most 16000.
    store, n_jobs
        Folder in which features are kept, and processes that compute them.

    Returns
    -------
    Markup
        HTML with the picture in it, for the page of a report, whose stylesheet it needs.

    Raises
    ------
    ParameterError
        If there is no such feature, or both are the same.
    DataError
        If there is one class only, or a feature is the same for all clips.

    Examples
    --------
    >>> from woodshed.data.corpora.fsdd import load
    >>> from woodshed.data.sample import sample_folder
    >>> some = tuple(example for example in load(sample_folder()).examples if example.label in "07")[::9]
    >>> section = decision_map(Corpus("two words", some), "centroid_mean_hz", "rms_std_db")
    >>> section.count("<svg") >= 1, "centroid_mean_hz" in section
    (True, True)
    """
    sounds = Sounds(corpus.examples)
    rate = sample_rate or common_rate(sounds, HIGHEST_RATE)
    names = Summary(sample_rate=rate).names
    for name in (feature_x, feature_y):
        if name not in names:
            raise ParameterError(f"There is no summary feature {name!r}. {near_miss(name, names)}")
    if feature_x == feature_y:
        raise ParameterError(f"A map needs two features, got {feature_x!r} twice. Give another one.")
    rows = drawn_rows(corpus.labels)
    drawn = Sounds([corpus.examples[row] for row in rows])
    table = SummaryTable(names, summarise(drawn, rate, store=store, n_jobs=n_jobs))
    columns, classes = numbered(corpus.labels, rows)
    pair = names.index(feature_x), names.index(feature_y)
    if len(classes) < 2 or (np.ptp(table.rows[:, pair], axis=0) == 0).any():
        raise DataError(
            "A map needs two classes, and features that differ between clips. Choose other features or clips."
        )
    return _map(table, columns, classes, pair, left_out(corpus.labels, rows))


def map_section(table: SummaryTable, labels: Sequence[str]) -> Markup:
    """Draw the map of the two features that tell the classes apart best; see `woodshed.recognition.experiments.feature_map`.

    Parameters
    ----------
    table
        The clips as rows of summary features.
    labels
        The class of each.
    """
    rows = drawn_rows(labels)
    drawn = SummaryTable(table.names, table.rows[rows])
    columns, classes = numbered(labels, rows)
    pair = telling_pair(drawn.rows, columns)
    if pair is None:
        return element("p", "The summary features of these clips do not differ in two ways: no map is drawn.")
    chosen = (
        "Of all summary features these two tell the classes apart best, each by itself (highest F of an "
        f"analysis of variance), without saying nearly the same (correlation below {MAX_CORRELATION}). "
    )
    return _map(drawn, columns, classes, pair, left_out(labels, rows), chosen)


def _map(
    table: SummaryTable,
    columns: NDArray[np.int64],
    classes: Sequence[str],
    pair: tuple[int, int],
    missing: str,
    chosen: str = "",
) -> Markup:
    """Draw two features of a table, and explain the picture."""
    points = table.rows[:, pair]
    separation = separate(points, columns)
    x_name, y_name = (table.names[k] for k in pair)
    words = (
        f"Every mark is a clip: {x_name} to the right, {y_name} upwards. {chosen}The coloured regions are "
        "what a straight-lined (linear) support vector machine answers that knows these two features and no "
        f"other. The map is for looking only: it is not the model, which sees all {len(table.names)}."
    )
    key = (element("span", _swatch(k), " ", name_of(name)) for k, name in enumerate(classes))
    return join(
        [
            element("p", words),
            element("p", *key, class_="note key"),
            element("figure", map_figure(separation, points, columns, classes, (x_name, y_name))),
            element("p", missing, told(separation.plane), class_="note"),
        ]
    )


def numbered(labels: Sequence[str], rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], list[str]]:
    """Return the class of some rows as numbers, and the names that the numbers stand for."""
    classes, columns = np.unique(np.asarray(labels)[rows], return_inverse=True)
    return columns, classes.tolist()


def drawn_rows(labels: Sequence[str]) -> NDArray[np.int64]:
    """Choose the clips that are drawn: at most `MAX_POINTS`, evenly from the commonest `MAX_CLASSES`.

    Examples
    --------
    >>> len(drawn_rows(["a"] * 1000 + ["b"] * 3)), len(drawn_rows(["a", "b"] * 30))
    (400, 60)
    """
    counts = Counter(labels)
    commonest = sorted(sorted(counts), key=lambda name: -counts[name])[:MAX_CLASSES]
    names = np.asarray(labels)
    rng = np.random.default_rng(0)
    shuffled = {name: rng.permutation(np.flatnonzero(names == name)) for name in commonest}
    # One of each class in turn, so that rare classes are drawn whole.
    turns = sorted((turn, name, int(row)) for name in commonest for turn, row in enumerate(shuffled[name]))
    return np.sort(np.asarray([row for _, _, row in turns[:MAX_POINTS]], np.int64))


def map_figure(
    separation: Separability,
    points: NDArray[np.float64],
    columns: NDArray[np.int64],
    classes: Sequence[str],
    features: tuple[str, str],
) -> Markup:
    """Draw regions, line and margins, and the clips over them; those that hold the line are ringed.

    Parameters
    ----------
    separation
        What was fitted to the points.
    points, columns
        Shape ``(n, 2)``, in the features' own units, and the number of each one's class, ``(n,)``.
    classes, features
        The names of the classes, and of the features to the right and upwards.
    """
    low, high = points.min(axis=0), points.max(axis=0)
    space = 0.06 * (high - low)
    (x_low, y_low), (x_high, y_high) = (low - space).tolist(), (high + space).tolist()
    plot = Plot(560, 440, (x_low, x_high), (y_low, y_high), left=58, right=12, top=24, bottom=40)
    plane = separation.plane
    held = [] if plane is None else plane.support.tolist()
    fills, names = _regions(plot, separation, classes)
    marks = [
        *fills,
        *plot.x_axis(span_ticks(x_low, x_high), features[0]),
        *plot.y_axis(span_ticks(y_low, y_high), features[1]),
        *([] if plane is None else _lines(plot, separation, plane)),
        *(
            _mark(int(column), plot.x(x), plot.y(y))
            for (x, y), column in zip(points.tolist(), columns, strict=True)
        ),
        *(plot.dot(points[row, 0], points[row, 1], "ring", radius=7) for row in held),
        *names,
    ]
    title = f"{counted(len(points), 'clip')} of {len(classes)} classes on {features[0]} and {features[1]}"
    return plot.draw(title, marks)


def _regions(
    plot: Plot, separation: Separability, classes: Sequence[str]
) -> tuple[list[Markup], list[Markup]]:
    """Fill each place with the colour of the class to which it would be given; and name the regions."""
    from scipy.ndimage import distance_transform_edt

    xs = np.arange(plot.left, plot.width - plot.right, _CELL)
    ys = np.arange(plot.top, plot.height - plot.bottom, _CELL)
    across = np.interp(xs + _CELL / 2, [plot.left, plot.width - plot.right], plot.x_range)
    down = np.interp(ys + _CELL / 2, [plot.top, plot.height - plot.bottom], plot.y_range[::-1])
    places = np.stack(np.meshgrid(across, down), axis=-1).reshape(-1, 2)
    given = separation.class_at(places).reshape(len(ys), len(xs))
    fills, names = [], []
    for column, name in enumerate(classes):
        inside = given == column
        fills.append(
            element(
                "path", d=_outline(inside, xs, ys), fill=_colour(column), fill_opacity=0.22, class_="region"
            )
        )
        depth = distance_transform_edt(np.pad(inside, 1))[1:-1, 1:-1]
        if depth.max() >= _ROOM_FOR_NAME:
            row, cell = np.unravel_index(depth.argmax(), depth.shape)
            names.append(plot.note(float(across[cell]), float(down[row]), name, "middle", "strong"))
    return fills, names


def _outline(inside: NDArray[np.bool_], xs: NDArray[np.int64], ys: NDArray[np.int64]) -> str:
    """Write the cells of a region as one path: a bar for each run of them in a row."""
    bars = []
    for y, row in zip(ys, inside, strict=True):
        turns = np.flatnonzero(np.diff(np.pad(row.astype(np.int8), 1)))
        for start, stop in turns.reshape(-1, 2):
            length = _CELL * (stop - start)
            bars.append(f"M{xs[start]} {y}h{length}v{_CELL}h-{length}z")
    return "".join(bars)


def _lines(plot: Plot, separation: Separability, plane: LinearBoundary) -> list[Markup]:
    """Draw the line between two classes, and its margins."""
    drawn = []
    for level, class_ in ((-1.0, "margin"), (1.0, "margin"), (0.0, "plane")):
        ends = _within(plot, separation, plane, level)
        if ends is not None:
            drawn.append(plot.segment(*ends, class_))
    return drawn


def _within(
    plot: Plot, separation: Separability, plane: LinearBoundary, level: float
) -> tuple[tuple[float, float], tuple[float, float]] | None:
    """Find where ``w · x + b = level`` enters and leaves the paper; None if it misses it."""
    # In the features' own units: slope · point = offset.
    slope = plane.weights / separation.deviation
    offset = level - plane.bias + float(slope @ separation.mean)
    ends = []
    for axis, edges in enumerate((plot.x_range, plot.y_range)):
        other = 1 - axis
        low, high = (plot.x_range, plot.y_range)[other]
        for edge in edges if slope[other] else ():
            crossing = (offset - slope[axis] * edge) / slope[other]
            if low <= crossing <= high:
                ends.append((edge, crossing) if axis == 0 else (crossing, edge))
    return (min(ends), max(ends)) if len(ends) > 1 else None


def _mark(column: int, x: float, y: float) -> Markup:
    """Draw one clip with the shape and the colour of its class; no two classes have both the same."""
    shape = _SHAPES[shape_of(column)]
    return element("path", d=shape, transform=f"translate({x:g} {y:g})", fill=_colour(column), class_="mark")


def shape_of(column: int) -> int:
    """Return which of eight shapes a class has; with its colour it is its own up to 64 classes.

    Examples
    --------
    >>> len({(column % len(COLOURS), shape_of(column)) for column in range(64)})
    64
    """
    return (column + column // len(COLOURS)) % len(_SHAPES)


def _colour(column: int) -> str:
    return COLOURS[column % len(COLOURS)]


def _swatch(column: int) -> Markup:
    """Draw a mark for the legend."""
    return element(
        "svg",
        _mark(column, 7, 7),
        viewBox="0 0 14 14",
        width=14,
        height=14,
        aria_hidden="true",
        xmlns="http://www.w3.org/2000/svg",
    )


def told(plane: LinearBoundary | None) -> str:
    """Explain the lines between two classes."""
    if plane is None:
        return "Lines, margins and support vectors are drawn for two classes only."
    return (
        f"The line is w · x + b = 0; dashed, its margins w · x + b = ±1, {plane.margin:.2f} standard "
        f"deviations apart (2/‖w‖). Ringed: {counted(len(plane.support), 'support vector')}, the clips on a "
        "margin or on the wrong side of it, which hold the line where it is."
    )


def left_out(labels: Sequence[str], rows: NDArray[np.int64]) -> str:
    """Say what is not drawn."""
    if len(rows) == len(labels):
        return ""
    n_classes = len(set(labels))
    commonest = f" of the {MAX_CLASSES} commonest classes" if n_classes > MAX_CLASSES else ""
    return f"Drawn are {len(rows)} of {len(labels)} clips, chosen at random{commonest}. "
