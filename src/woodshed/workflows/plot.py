"""Plots of sounds over time, of scores, and of labelled sounds on two features, written as figure files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from woodshed.data.check import check
from woodshed.data.example import Skipped
from woodshed.data.folder import list_sounds
from woodshed.data.source import read_source
from woodshed.errors import ParameterError, counted, printable
from woodshed.plotting.figure import PAGE, check_picture_name, check_size, file_stacks, save_stacks
from woodshed.plotting.map import check_map_features, feature_map, save_map
from woodshed.plotting.score import save_scores
from woodshed.plotting.theme import theme_of
from woodshed.plotting.view import parse_views
from woodshed.workflows.files import require_usable
from woodshed.workflows.progress import SILENT, Progress, stage
from woodshed.workflows.score import list_scores, read_usable

DECISION_MAP = "decision-map"
"""Name of the view that shows labelled sounds on two features."""

SCORE_VIEWS = {"roll", "roll-beats", "abc", "engraved"}
"""Names of the views of scores."""


@dataclass(frozen=True)
class PlotStyle:
    """Appearance of a figure.

    Parameters
    ----------
    theme
        ``light`` or ``dark``; None is light for a figure, and both for a page.
    title
        Title above everything.
    width_in, height_in
        Size in inches; None leaves it to the content.
    dpi
        Resolution in dots per inch.
    """

    theme: str | None = None
    title: str | None = None
    width_in: float | None = None
    height_in: float | None = None
    dpi: float = 150.0

    def check(self) -> None:
        """Raise a `ParameterError` if a size or theme is invalid, before anything is computed."""
        check_size((self.width_in, self.height_in), self.dpi)
        theme_of(self.theme or "light")

    def settings(self) -> dict[str, Any]:
        """Return the keyword arguments of the functions that write figures."""
        size_in = (self.width_in, self.height_in)
        return {"theme": self.theme, "title": self.title, "size_in": size_in, "dpi": self.dpi}


DEFAULT_STYLE = PlotStyle()


@dataclass(frozen=True)
class PlotFile:
    """A figure that was written: its path, what it shows, and the unusable files with reasons."""

    path: Path
    description: str
    skipped: tuple[Skipped, ...] = ()


def plot_sounds(  # noqa: PLR0913  one argument per choice
    sounds: Sequence[Path],
    out: Path | None = None,
    *,
    views: Sequence[str] = ("waveform", "spectrogram"),
    start_s: float = 0.0,
    end_s: float | None = None,
    style: PlotStyle = DEFAULT_STYLE,
    strict: bool = False,
    overwrite: bool = False,
    progress: Progress = SILENT,
) -> PlotFile:
    """Plot views of sound files over a common time axis.

    Parameters
    ----------
    sounds
        Sound files, and folders of them.
    out
        Output file; None names it after the first sound.
    views
        Names of views, from the top; see `woodshed.plotting.view.VIEWS`.
    start_s, end_s
        Section to plot, in seconds.
    style
        Appearance.
    strict
        Whether an unusable file ends the run in an error, before the figure is written.
    overwrite
        Whether an existing figure is replaced.
    progress
        Observer of the run.

    Raises
    ------
    ParameterError
        If there are no input files, or a view, format, size or theme is invalid.
    AudioFileError
        If no usable file is left.
    UnusableFilesError
        If a file is unusable and ``strict`` is set.
    OutputError
        If the output file exists and is not to be replaced, or cannot be written.
    """
    paths = list_sounds(sounds)
    if not paths:
        places = ", ".join(map(printable, sounds))
        raise ParameterError(f"No audio files found at {places}. Give audio files, or folders of them.")
    path = Path(f"{paths[0].stem}.png") if out is None else out
    names = parse_views(views)
    check_picture_name(path, overwrite=overwrite)
    style.check()
    skipped: list[Skipped] = []
    with stage(progress, len(paths), "sounds") as advance:
        portraits = file_stacks(
            paths,
            names,
            start_s=start_s,
            end_s=end_s,
            with_sound=path.suffix.lower() == PAGE,
            skipped=skipped,
            on_done=advance,
        )
    require_usable(len(portraits), skipped, what="file", strict=strict)
    save_stacks(portraits, path, overwrite=overwrite, **style.settings())
    return PlotFile(path, f"{', '.join(names)} of {counted(len(portraits), 'sound')}", tuple(skipped))


def plot_scores(
    scores: Sequence[Path],
    out: Path | None = None,
    *,
    views: Sequence[str] = ("roll",),
    style: PlotStyle = DEFAULT_STYLE,
    strict: bool = False,
    overwrite: bool = False,
) -> PlotFile:
    """Plot views of score files.

    Parameters
    ----------
    scores
        Score files, and folders of them.
    out
        Output file; None names it after the first score.
    views
        Names of `SCORE_VIEWS`, from the top.
    style, strict, overwrite
        As for `plot_sounds`.

    Raises
    ------
    ParameterError
        If there are no score files, or a view, format, size or theme is invalid.
    UnusableFilesError
        If no file or tune can be read; with ``strict``, if one cannot.
    OutputError
        If the output file exists and is not to be replaced, or cannot be written.
    """
    if unknown := [view for view in views if view not in SCORE_VIEWS]:
        raise ParameterError(
            f"{unknown[0]} is not a view of scores. Views of scores: {', '.join(sorted(SCORE_VIEWS))}."
        )
    paths = list_scores(scores)
    path = Path(f"{paths[0].stem}.png") if out is None else out
    check_picture_name(path, overwrite=overwrite)
    skipped: list[Skipped] = []
    pieces = [piece for source in paths for piece in read_usable(source, skipped)]
    require_usable(len(pieces), skipped, what="score", strict=strict)
    save_scores(
        pieces,
        path,
        [view.partition("-")[0] for view in views],
        along="beats" if "roll-beats" in views else "s",
        overwrite=overwrite,
        **style.settings(),
    )
    return PlotFile(path, f"{', '.join(views)} of {counted(len(pieces), 'score')}", tuple(skipped))


def plot_decision_map(
    data: str,
    out: Path | None = None,
    *,
    features: Sequence[str] | None = None,
    store: str,
    style: PlotStyle = DEFAULT_STYLE,
    strict: bool = False,
    overwrite: bool = False,
) -> PlotFile:
    """Plot labelled sounds on two features, with the line that separates their classes.

    Parameters
    ----------
    data
        Folder of class folders, table, or corpus as ``NAME:PATH``.
    out
        Output file; None is ``decision-map.png``.
    features
        Two features; None takes the two that separate the classes best.
    store
        Folder of the feature store.
    style, strict, overwrite
        As for `plot_sounds`.

    Raises
    ------
    DataError
        If the data do not exist or are not a labelled set of sounds.
    ParameterError
        If a feature, format, size or theme is invalid.
    UnusableFilesError
        If a file is unusable and ``strict`` is set.
    OutputError
        If the output file exists and is not to be replaced, or cannot be written.
    """
    path = Path(f"{DECISION_MAP}.png") if out is None else out
    check_picture_name(path, overwrite=overwrite)
    style.check()
    if features is not None:
        check_map_features(features)
    corpus = check(read_source(data), n_jobs=-1)
    require_usable(len(corpus.examples), corpus.skipped, what="file", strict=strict)
    points = feature_map(corpus, features, store=store)
    save_map(points, path, overwrite=overwrite, **style.settings())
    return PlotFile(path, f"{points.heading} on {' and '.join(points.names)}", tuple(corpus.skipped))
