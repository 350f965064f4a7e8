"""Decision map as a picture: labelled clips on two features, and the straight line that parts their classes.

The same map is in the report of a classical model (`woodshed.report.recognition.decision_map`), on two summary features;
here it is drawn with matplotlib, on any two features, without a model.
"""

from __future__ import annotations

import os
import tempfile
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from woodshed.atomic import write_whole
from woodshed.data.example import Corpus
from woodshed.data.sound import Sounds
from woodshed.data.store import FeatureStore
from woodshed.errors import DataError, counted
from woodshed.features.summary import Summary
from woodshed.plotting.figure import PAGE, check_picture_name, figure_bytes, save_figure
from woodshed.plotting.layout import check_size
from woodshed.plotting.page import picture_page
from woodshed.plotting.quantity import check_map_words, quantity_named
from woodshed.plotting.theme import THEMES, Theme, drawable, fonts_for, theme_of, themed
from woodshed.recognition.experiments.baseline import summarise
from woodshed.recognition.experiments.feature_map import LinearBoundary, Separability, separate, telling_pair
from woodshed.recognition.items import clip_items, common_rate
from woodshed.report.recognition.decision_map import (
    COLOURS,
    HIGHEST_RATE,
    drawn_rows,
    left_out,
    numbered,
    shape_of,
    told,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Points = NDArray[np.float64]

_MARKERS = ("o", "s", "^", "D", "P", "v", "X", "h")
_SIZE_IN = (9.0, 6.5)
_N_CELLS = 400  # of the regions, across and up
_HEADING_LETTERS_PER_IN, _NOTE_LETTERS_PER_IN = 12, 14


def plot_map(
    corpus: Corpus,
    by: Sequence[str] | None = None,
    *,
    store: str | None = None,
    n_jobs: int = 1,
    **settings: Any,
) -> Figure:
    """Draw the clips of a corpus on two features, with what a linear support vector machine makes of them.

    Every mark is a clip; the regions are what the machine answers that knows these two features and no other.
    Between two classes its line, the margins and the support vectors are drawn: see `woodshed.recognition.experiments.feature_map`.

    Parameters
    ----------
    corpus
        Checked examples of two or more classes. Of more than 400 clips, or 16 classes, a part is drawn.
    by
        Two features, to the right and upwards: a value of `woodshed.features.Summary`, such as
        ``mfcc1_mean``, or what `woodshed.plotting.quantity.quantity_named` reads. None takes the two
        summary features that tell the classes apart best.
    store, n_jobs
        Folder in which features are kept, and processes that compute them.
    settings
        ``theme``, ``title``, ``size_in`` and ``dpi`` of `woodshed.plotting.figure.plot_clip`.

    Returns
    -------
    matplotlib.figure.Figure
        With one pair of axes; `woodshed.plotting.figure.save_figure` writes it.

    Raises
    ------
    ParameterError
        If there are not two such features, or no such theme.
    DataError
        If there is one class only, or a feature is the same for all clips.

    Examples
    --------
    >>> from woodshed.data.corpora.fsdd import load
    >>> from woodshed.data.sample import sample_folder
    >>> some = tuple(example for example in load(sample_folder()).examples if example.label in "07")[::9]
    >>> figure = plot_map(Corpus("two words", some), ["centroid", "zero-crossing-rate:std"])
    >>> figure.axes[0].get_xlabel(), figure.axes[0].get_ylabel()
    ('spectral_centroid_hz_mean', 'zero_crossing_rate_std')
    """
    return draw_map(map_points(corpus, by, store=store, n_jobs=n_jobs), **settings)


@dataclass(frozen=True)
class MapPoints:
    """What a map shows.

    Parameters
    ----------
    points, columns
        Shape ``(n, 2)``, in the features' own units, and the number of each one's class, ``(n,)``.
    classes, names
        The names of the classes, and of the features to the right and upwards.
    note
        What is not drawn.
    """

    points: Points
    columns: NDArray[np.int64]
    classes: tuple[str, ...]
    names: tuple[str, ...]
    note: str = ""

    @property
    def heading(self) -> str:
        """How many clips there are, and of how many classes."""
        return f"{counted(len(self.points), 'clip')} of {len(self.classes)} classes"


def map_points(
    corpus: Corpus, by: Sequence[str] | None = None, *, store: str | None = None, n_jobs: int = 1
) -> MapPoints:
    """Describe the clips that a map shows; parameters and errors as for `plot_map`."""
    rows = drawn_rows(corpus.labels)
    columns, classes = numbered(corpus.labels, rows)
    if len(classes) < 2:
        raise DataError(f"A map needs two classes, got {', '.join(classes) or 'none'}. Give more sounds.")
    drawn = Sounds([corpus.examples[row] for row in rows])
    if by is None:
        names, points = _most_telling(drawn, columns, store, n_jobs)
    else:
        check_map_words(by)
        described = [_described(drawn, word, store, n_jobs) for word in by]
        names = [name for name, _ in described]
        points = np.stack([values for _, values in described], axis=1)
    for name, spread in zip(names, np.ptp(points, axis=0), strict=True):
        if spread == 0:
            raise DataError(f"{name} is the same for all clips: there is nothing to map. Choose another.")
    return MapPoints(points, columns, tuple(classes), tuple(names), left_out(corpus.labels, rows))


def draw_map(
    shown: MapPoints,
    *,
    theme: str = "light",
    title: str | None = None,
    size_in: tuple[float | None, float | None] = (None, None),
    dpi: float = 150,
) -> Figure:
    """Draw what `map_points` computed; parameters and errors as for `woodshed.plotting.figure.plot_clip`."""
    from matplotlib.figure import Figure

    chosen = theme_of(theme)
    size = check_size(size_in, dpi, _SIZE_IN)
    separation = separate(shown.points, shown.columns)
    with themed(chosen):
        figure = Figure(figsize=size, dpi=dpi, layout="constrained")
        line = drawable(title or shown.heading, int(size[0] * _HEADING_LETTERS_PER_IN))
        figure.suptitle(line, fontsize=12, fontweight="bold", fontfamily=fonts_for(line))
        axes = figure.subplots()
        _draw_regions(axes, separation, shown)
        _draw_marks(axes, shown, chosen)
        if separation.plane is not None:
            _draw_line(axes, separation, separation.plane, shown.points, chosen)
        axes.set(xlabel=shown.names[0], ylabel=shown.names[1])
        axes.spines[:].set_visible(False)
        legend = axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False)
        for text in legend.get_texts():
            text.set_fontfamily(fonts_for(text.get_text()))
        explained = textwrap.fill(shown.note + told(separation.plane), int(size[0] * _NOTE_LETTERS_PER_IN))
        figure.supxlabel(explained, fontsize=8, color=chosen.soft, x=0.02, ha="left")
    return figure


def save_map(
    shown: MapPoints,
    path: str | os.PathLike[str],
    *,
    theme: str | None = None,
    overwrite: bool = False,
    **settings: Any,
) -> Path:
    """Draw what `map_points` computed, and write it.

    Parameters
    ----------
    shown
        The clips.
    path, overwrite
        As for `woodshed.plotting.figure.save_figure`, with the same errors.
    theme
        ``light`` or ``dark``; None is light, and both for a page, which follows the reader's choice.
    settings
        ``title``, ``size_in`` and ``dpi`` of `woodshed.plotting.figure.plot_clip`.
    """
    path = Path(path)
    check_picture_name(path, overwrite=overwrite)
    if path.suffix.lower() != PAGE:
        return save_figure(draw_map(shown, theme=theme or "light", **settings), path, overwrite=True)
    drawings = {
        name: figure_bytes(draw_map(shown, theme=name, **settings), ".svg")
        for name in ([theme] if theme else THEMES)
    }
    write_whole(path, picture_page(drawings, settings.get("title") or shown.heading))
    return path


def _described(clips: Sounds, word: str, store: str | None, n_jobs: int) -> tuple[str, Points]:
    """Return the name of a feature and its value for each clip."""
    rate = common_rate(clips, HIGHEST_RATE)
    names = Summary(sample_rate=rate).names
    if word in names:
        return word, summarise(clips, rate, store=store, n_jobs=n_jobs)[:, names.index(word)]
    quantity = quantity_named(word)
    with tempfile.TemporaryDirectory() as temporary:
        kept = FeatureStore(store or temporary, quantity)
        items = clip_items(clips, quantity.feature.sample_rate)
        bad = kept.fill(items, n_jobs=n_jobs)
        if bad:
            raise DataError(f"A map needs usable clips. {bad[0].reason}")
        return quantity.name, np.array([kept.get(item)[0] for item in items], dtype=np.float64)


def _most_telling(
    clips: Sounds, columns: NDArray[np.int64], store: str | None, n_jobs: int
) -> tuple[list[str], Points]:
    """Choose the two summary features that tell the classes apart best."""
    rate = common_rate(clips, HIGHEST_RATE)
    rows = summarise(clips, rate, store=store, n_jobs=n_jobs)
    pair = telling_pair(rows, columns)
    if pair is None:
        raise DataError("The summary features of these clips do not differ in two ways: no map is drawn.")
    names = Summary(sample_rate=rate).names
    return [names[k] for k in pair], rows[:, pair]


def _draw_regions(axes: Any, separation: Separability, shown: MapPoints) -> None:
    """Colour each place as the class to which it would be given."""
    from matplotlib.colors import ListedColormap

    low, high, n_classes = shown.points.min(axis=0), shown.points.max(axis=0), len(shown.classes)
    (left, bottom), (right, top) = low - 0.06 * (high - low), high + 0.06 * (high - low)
    middles = (np.arange(_N_CELLS) + 0.5) / _N_CELLS
    places = np.stack(
        np.meshgrid(left + middles * (right - left), bottom + middles * (top - bottom)), axis=-1
    )
    given = separation.class_at(places.reshape(-1, 2)).reshape(_N_CELLS, _N_CELLS)
    axes.imshow(
        given,
        cmap=ListedColormap([COLOURS[k % len(COLOURS)] for k in range(n_classes)]),
        vmin=-0.5,
        vmax=n_classes - 0.5,
        alpha=0.22,
        origin="lower",
        extent=(left, right, bottom, top),
        aspect="auto",
        interpolation="nearest",
    )
    axes.set(xlim=(left, right), ylim=(bottom, top))


def _draw_marks(axes: Any, shown: MapPoints, theme: Theme) -> None:
    """Draw the clips; no two classes have both the same shape and the same colour."""
    for column, name in enumerate(shown.classes):
        x, y = shown.points[shown.columns == column].T
        axes.scatter(
            x,
            y,
            s=26,
            marker=_MARKERS[shape_of(column)],
            color=COLOURS[column % len(COLOURS)],
            edgecolors=theme.paper,
            linewidths=0.6,
            label=drawable(name, 24),
        )


def _draw_line(
    axes: Any, separation: Separability, plane: LinearBoundary, points: Points, theme: Theme
) -> None:
    """Draw the line between two classes, its margins, and rings around the clips that hold it."""
    slope = plane.weights / separation.deviation
    for level, style, width, label in (
        (0.0, "-", 1.6, "w · x + b = 0"),
        (-1.0, "--", 1.0, "its margins"),
        (1.0, "--", 1.0, None),
    ):
        # A point of the line, the nearest to the mean in standard deviations; and another, along it.
        away = (level - plane.bias) * plane.weights / float(plane.weights @ plane.weights)
        start = separation.mean + separation.deviation * away
        along = np.array([-slope[1], slope[0]]) * separation.deviation.prod()
        axes.axline(start, start + along, color=theme.ink, linestyle=style, linewidth=width, label=label)
    x, y = points[plane.support].T
    axes.scatter(x, y, s=90, facecolors="none", edgecolors=theme.ink, linewidths=0.8, label="support vectors")
