"""Decision map with matplotlib: labelled clips on any two features, and the boundary between their classes.

The report of a classical model shows the same map as SVG (`woodshed.report.recognition.figures`); both
draw a `woodshed.recognition.experiments.feature_map.FeatureMap`.
"""

from __future__ import annotations

import os
import tempfile
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from woodshed.clip import Clip, Samples
from woodshed.data.example import Corpus, Sounds
from woodshed.data.store import FeatureStore
from woodshed.errors import DataError, ParameterError, near_miss
from woodshed.features import FEATURES, feature_class
from woodshed.features.frame import FrameFeature
from woodshed.features.statistic import statistic, statistic_names, summarise_frames
from woodshed.features.summary import Summary
from woodshed.plotting.figure import check_size, save_themed, write_title
from woodshed.plotting.theme import Theme, drawable, set_fonts, theme_of, themed
from woodshed.recognition.clip_item import clip_items, common_rate, summarise
from woodshed.recognition.experiments.feature_map import (
    COLOURS,
    HIGHEST_RATE,
    FeatureMap,
    class_numbers,
    discriminative_pair,
    omission_note,
    sample_rows,
    shape_of,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MARKERS = ("o", "s", "^", "D", "P", "v", "X", "h")
_SIZE_IN = (9.0, 6.5)
_N_CELLS = 400
_TITLE_LETTERS_PER_IN, _NOTE_LETTERS_PER_IN = 12, 14


@dataclass(frozen=True)
class ClipStatistic:
    """One number per clip: a statistic over time of a feature with one value per frame.

    Parameters
    ----------
    feature
        A feature with one band.
    statistic
        A name of `woodshed.features.statistic`.

    Examples
    --------
    >>> from woodshed.audio import sine
    >>> centroid = clip_statistic("centroid")
    >>> centroid.name, float(centroid(sine(1000))[0].round(-2))
    ('spectral_centroid_hz_mean', 1000.0)
    """

    key: ClassVar[str] = "clip-statistic/1"
    feature: FrameFeature
    statistic: str

    @property
    def name(self) -> str:
        """Name of the feature's value, with the statistic."""
        return statistic_names(self.feature.names, [self.statistic])[0]

    def __call__(self, clip: Clip) -> Samples:
        """Describe a clip, shape ``(1,)``."""
        return summarise_frames(self.feature(clip), [self.statistic])


def clip_statistic(name: str) -> ClipStatistic:
    """Parse a feature with one value per frame and a statistic, as in ``centroid`` or ``yin:median``.

    Parameters
    ----------
    name
        A name of `woodshed.features.FEATURES`, where ``spectral-`` may be omitted; then, after a colon, a
        statistic of `woodshed.features.statistic`. The default statistic is the mean.

    Raises
    ------
    ParameterError
        If there is no such feature or statistic, or the feature has several values per frame.
    """
    feature_name, _, statistic_name = name.strip().partition(":")
    full_name = feature_name if feature_name in FEATURES else f"spectral-{feature_name}"
    if full_name not in FEATURES:
        raise ParameterError(
            f"Unknown feature {feature_name!r}. {near_miss(feature_name, FEATURES)} Values of "
            "woodshed.features.Summary, such as mfcc1_mean, are accepted as well."
        )
    feature = feature_class(full_name)()
    if feature.n_bands > 1:
        raise ParameterError(
            f"A map needs features with one value per frame, such as spectral-centroid; {full_name} has "
            f"{feature.n_bands}. Choose another, or a value of woodshed.features.Summary, such as mfcc1_mean."
        )
    statistic(statistic_name or "mean")
    return ClipStatistic(feature, statistic_name or "mean")


def check_map_features(by: Sequence[str]) -> None:
    """Check the names of the two features of a map, before any audio is read.

    Raises
    ------
    ParameterError
        If there are not two different names, or one is invalid.

    Examples
    --------
    >>> check_map_features(["centroid", "mfcc1_mean"])
    """
    if len(set(by)) != 2 or len(by) != 2:
        raise ParameterError(f"A map needs two different features, got {', '.join(by) or 'none'}.")
    for name in by:
        if name not in Summary().names:
            clip_statistic(name)


def plot_map(
    corpus: Corpus,
    by: Sequence[str] | None = None,
    *,
    store: str | None = None,
    n_jobs: int = 1,
    **settings: Any,
) -> Figure:
    """Draw the clips of a corpus on two features, with the decision regions of a linear classifier.

    Each mark is a clip. The regions are the predictions of a support vector machine fitted to these two
    features only. For two classes the boundary, its margins and the support vectors are drawn as well.

    Parameters
    ----------
    corpus
        Checked examples of two or more classes. Of more than 400 clips, or 16 classes, a sample is drawn.
    by
        The features on the x and the y axis: a value of `woodshed.features.Summary`, such as ``mfcc1_mean``,
        or a name that `clip_statistic` parses. None chooses the two most discriminative summary features.
    store, n_jobs
        Folder of cached features, and number of processes that compute them.
    settings
        ``theme``, ``title``, ``size_in`` and ``dpi`` of `woodshed.plotting.figure.plot_clip`.

    Returns
    -------
    matplotlib.figure.Figure
        With one pair of axes; `woodshed.plotting.figure.save_figure` writes it.

    Raises
    ------
    ParameterError
        If ``by`` does not name two features, or the theme is unknown.
    DataError
        If there is only one class, or a feature has the same value for all clips.

    Examples
    --------
    >>> from woodshed.data.corpora.fsdd import load
    >>> from woodshed.data.sample import sample_folder
    >>> some = tuple(example for example in load(sample_folder()).examples if example.label in "07")[::9]
    >>> figure = plot_map(Corpus("two words", some), ["centroid", "zero-crossing-rate:std"])
    >>> figure.axes[0].get_xlabel(), figure.axes[0].get_ylabel()
    ('spectral_centroid_hz_mean', 'zero_crossing_rate_std')
    """
    return draw_map(feature_map(corpus, by, store=store, n_jobs=n_jobs), **settings)


def feature_map(
    corpus: Corpus, by: Sequence[str] | None = None, *, store: str | None = None, n_jobs: int = 1
) -> FeatureMap:
    """Compute the features of the clips on a map; parameters and errors as for `plot_map`."""
    rows = sample_rows(corpus.labels)
    columns, classes = class_numbers(corpus.labels, rows)
    if len(classes) < 2:
        raise DataError(
            f"A map needs two classes, got {', '.join(classes) or 'none'}. Add clips of another class."
        )
    clips = Sounds([corpus.examples[row] for row in rows])
    if by is None:
        summary = _summary(clips, store, n_jobs)
        pair = discriminative_pair(summary, columns)
        if pair is None:
            raise DataError(
                "No two summary features vary independently over these clips, so no map can be drawn."
            )
        names = [Summary().names[k] for k in pair]
        points = summary[:, pair]
    else:
        check_map_features(by)
        features = [_named_feature(clips, name, store, n_jobs) for name in by]
        names = [name for name, _ in features]
        points = np.stack([values for _, values in features], axis=1)
    for name, spread in zip(names, np.ptp(points, axis=0), strict=True):
        if spread == 0:
            raise DataError(
                f"{name} is the same for all clips, so no map can be drawn. Choose another feature."
            )
    return FeatureMap(points, columns, classes, tuple(names), omission_note(corpus.labels, rows))


def draw_map(
    chart: FeatureMap,
    *,
    theme: str = "light",
    title: str | None = None,
    size_in: tuple[float | None, float | None] = (None, None),
    dpi: float = 150,
) -> Figure:
    """Draw what `feature_map` computed; parameters and errors as for `woodshed.plotting.figure.plot_clip`."""
    from matplotlib.figure import Figure

    colours = theme_of(theme)
    size = check_size(size_in, dpi, _SIZE_IN)
    with themed(colours):
        figure = Figure(figsize=size, dpi=dpi, layout="constrained")
        write_title(figure, title or chart.heading, int(size[0] * _TITLE_LETTERS_PER_IN), size=12)
        axes = figure.subplots()
        _draw_regions(axes, chart)
        _draw_clips(axes, chart, colours)
        _draw_boundary(axes, chart, colours)
        axes.set(xlabel=chart.names[0], ylabel=chart.names[1])
        axes.spines[:].set_visible(False)
        legend = axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False)
        set_fonts(legend.get_texts())
        note = textwrap.fill(chart.note + chart.boundary_note, int(size[0] * _NOTE_LETTERS_PER_IN))
        figure.supxlabel(note, fontsize=8, color=colours.muted, x=0.02, ha="left")
    return figure


def save_map(
    chart: FeatureMap,
    path: str | os.PathLike[str],
    *,
    theme: str | None = None,
    overwrite: bool = False,
    **settings: Any,
) -> Path:
    """Draw what `feature_map` computed, and write it.

    Parameters
    ----------
    chart
        The clips.
    path, overwrite
        As for `woodshed.plotting.figure.save_figure`, with the same errors.
    theme
        ``light`` or ``dark``; None is light, and both for a page, which follows the browser's colour scheme.
    settings
        ``title``, ``size_in`` and ``dpi`` of `woodshed.plotting.figure.plot_clip`.
    """
    heading = settings.get("title") or chart.heading
    return save_themed(
        lambda name: draw_map(chart, theme=name, **settings), path, theme, heading, overwrite=overwrite
    )


def _summary(clips: Sounds, store: str | None, n_jobs: int) -> NDArray[np.float64]:
    """Return the summary features of the clips, shape ``(n_clips, n_values)``."""
    return summarise(clips, common_rate(clips, HIGHEST_RATE), store=store, n_jobs=n_jobs)


def _named_feature(
    clips: Sounds, name: str, store: str | None, n_jobs: int
) -> tuple[str, NDArray[np.float64]]:
    """Return the full name of a feature and its value for each clip."""
    if name in Summary().names:
        return name, _summary(clips, store, n_jobs)[:, Summary().names.index(name)]
    quantity = clip_statistic(name)
    with tempfile.TemporaryDirectory() as temporary:
        features = FeatureStore(store or temporary, quantity)
        items = clip_items(clips, quantity.feature.sample_rate)
        skipped = features.fill(items, n_jobs=n_jobs)
        if skipped:
            raise DataError(f"A map needs valid audio files. {skipped[0].reason}")
        return quantity.name, np.array([features.get(item)[0] for item in items], dtype=np.float64)


def _draw_regions(axes: Any, chart: FeatureMap) -> None:
    """Colour each place by the class predicted there."""
    from matplotlib.colors import ListedColormap

    (left, right), (bottom, top) = chart.ranges
    n_classes = len(chart.classes)
    centres = (np.arange(_N_CELLS) + 0.5) / _N_CELLS
    axes.imshow(
        chart.class_grid(left + centres * (right - left), bottom + centres * (top - bottom)),
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


def _draw_clips(axes: Any, chart: FeatureMap, theme: Theme) -> None:
    """Draw a mark for each clip; the shape and colour of a class together are unique."""
    for column, name in enumerate(chart.classes):
        x, y = chart.points[chart.columns == column].T
        axes.scatter(
            x,
            y,
            s=26,
            marker=_MARKERS[shape_of(column)],
            color=COLOURS[column % len(COLOURS)],
            edgecolors=theme.background,
            linewidths=0.6,
            label=drawable(name, 24),
        )


def _draw_boundary(axes: Any, chart: FeatureMap, theme: Theme) -> None:
    """Draw the boundary between two classes, its margins, and rings around the support vectors."""
    if chart.boundary is None:
        return
    for level, style, width, label in (
        (0.0, "-", 1.6, "w · x + b = 0"),
        (-1.0, "--", 1.0, "margins"),
        (1.0, "--", 1.0, None),
    ):
        ends = chart.level_line(level)
        if ends is not None:
            axes.plot(
                *zip(*ends, strict=True), color=theme.text, linestyle=style, linewidth=width, label=label
            )
    x, y = chart.points[chart.boundary.support].T
    axes.scatter(
        x, y, s=90, facecolors="none", edgecolors=theme.text, linewidths=0.8, label="support vectors"
    )
