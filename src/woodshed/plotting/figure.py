"""Figures of clips and audio files: views stacked over one time axis.

>>> from woodshed.audio import sine
>>> figure = plot_clip(sine(440), views=("waveform", "spectrogram", "chroma"))
>>> [axes.get_title(loc="left") for axes in figure.subfigs[0].axes]
['Waveform', 'Spectrogram', 'Chroma']

matplotlib is imported when the first figure is drawn; no window is opened.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from woodshed.atomic import check_overwrite, write_whole
from woodshed.clip import Clip
from woodshed.data.example import Skipped
from woodshed.errors import AudioError, ParameterError, near_miss, printable
from woodshed.plotting.excerpt import AudioExcerpt, clip_excerpt, file_excerpt
from woodshed.plotting.layout import PanelStack, check_panels, draw_stacks
from woodshed.plotting.page import picture_page, sound_bytes
from woodshed.plotting.theme import THEMES, themed
from woodshed.plotting.view import compute_panels, parse_views

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DEFAULT_VIEWS = ("waveform", "spectrogram")

PAGE = ".html"

SUFFIXES = (".png", ".svg", ".pdf", PAGE)
"""File formats of a figure."""

# Metadata that would differ between runs, or that name the program, are omitted.
_OMITTED_METADATA = {
    ".png": ("Software",),
    ".svg": ("Date", "Creator", "Format", "Type"),
    ".pdf": ("CreationDate", "Creator", "Producer"),
}


def plot_clip(
    clip: Clip,
    views: Sequence[str] = DEFAULT_VIEWS,
    *,
    theme: str = "light",
    title: str | None = None,
    size_in: tuple[float | None, float | None] = (None, None),
    dpi: float = 150,
) -> Figure:
    """Draw a clip.

    Parameters
    ----------
    clip
        A clip of any sample rate and number of channels.
    views
        Names of views, from the top: see `woodshed.plotting.view`.
    theme
        ``light`` or ``dark``.
    title
        Title of the figure; None for none. The name of the clip is shown in any case.
    size_in
        Width and height in inches; None for the natural size of the views.
    dpi
        Resolution of a PNG file in pixels per inch.

    Returns
    -------
    matplotlib.figure.Figure
        With one sub-figure for the clip, which has one pair of axes for each panel. It is independent of
        pyplot.

    Raises
    ------
    ParameterError
        If a view or the theme is unknown, or the size is out of range.

    Examples
    --------
    >>> from woodshed.audio import sine
    >>> figure = plot_clip(sine(440, 2.0), ["mel", "spectrum"], theme="dark", size_in=(8, None))
    >>> len(figure.subfigs[0].axes), figure.get_size_inches()[0].item()
    (2, 8.0)
    """
    stack = panel_stack(clip_excerpt(clip), views)
    return draw_stacks([stack], theme=theme, title=title, size_in=size_in, dpi=dpi)


def plot_files(
    paths: Iterable[str | os.PathLike[str]],
    views: Sequence[str] = DEFAULT_VIEWS,
    *,
    start_s: float = 0.0,
    end_s: float | None = None,
    skipped: list[Skipped] | None = None,
    **settings: Any,
) -> Figure:
    """Draw files in one figure: up to three side by side, more in two columns.

    Parameters
    ----------
    paths
        Audio files of any length; those of more than ten minutes are read in blocks.
    views
        As for `plot_clip`.
    start_s, end_s
        The segment of each file, in seconds.
    skipped
        List to which unusable files are appended if others can be used; None raises the first error.
    settings
        ``theme``, ``title``, ``size_in`` and ``dpi`` of `plot_clip`.

    Returns
    -------
    matplotlib.figure.Figure
        With one sub-figure for each file.

    Raises
    ------
    AudioError
        If a file cannot be used and ``skipped`` is None, or no file can be used.
    ParameterError
        As for `plot_clip`.

    Examples
    --------
    >>> from woodshed.data.sample import sample_folder
    >>> paths = sorted((sample_folder() / "recordings").iterdir())[:2]
    >>> [len(part.axes) for part in plot_files(paths).subfigs]
    [2, 2]
    """
    stacks = file_stacks(paths, views, start_s=start_s, end_s=end_s, skipped=skipped)
    return draw_stacks(stacks, **settings)


def file_stacks(
    paths: Iterable[str | os.PathLike[str]],
    views: Sequence[str],
    *,
    start_s: float = 0.0,
    end_s: float | None = None,
    with_sound: bool = False,
    skipped: list[Skipped] | None = None,
    on_done: Callable[[], None] = lambda: None,
) -> list[PanelStack]:
    """Compute the panels of files, for `save_stacks`.

    Parameters
    ----------
    paths, views, start_s, end_s, skipped
        As for `plot_files`, with the same errors.
    with_sound
        Whether to keep the audio, for a page.
    on_done
        Called after each file.

    Examples
    --------
    >>> from woodshed.data.sample import sample_folder
    >>> [stack] = file_stacks([sample_folder() / "recordings" / "7_theo_0.flac"], ["waveform"])
    >>> stack.name, len(stack.panels)
    ('7_theo_0.flac', 1)
    """
    views = parse_views(views)
    places = [Path(path) for path in paths]
    check_panels(len(places) * len(views))
    stacks: list[PanelStack] = []
    first_error: AudioError | None = None
    for path in places:
        try:
            excerpt = file_excerpt(path, start_s=start_s, end_s=end_s)
            stacks.append(panel_stack(excerpt, views, with_sound=with_sound))
        except AudioError as error:
            if skipped is None:
                raise
            first_error = first_error or error
            skipped.append(Skipped(path, getattr(error, "reason", str(error))))
        on_done()
    if first_error and not stacks:
        raise (
            first_error
            if len(places) == 1
            else AudioError(f"No file can be drawn. First error: {first_error}")
        )
    if not stacks:
        raise ParameterError("No audio files given. At least one is needed.")
    return stacks


def panel_stack(excerpt: AudioExcerpt, views: Sequence[str], *, with_sound: bool = False) -> PanelStack:
    """Compute the panels of one excerpt."""
    sound = sound_bytes(excerpt.source) if with_sound and isinstance(excerpt.source, Clip) else None
    return PanelStack(
        excerpt.name, excerpt.start_s, excerpt.end_s, tuple(compute_panels(excerpt, views)), sound
    )


def save_figure(figure: Figure, path: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
    """Write a figure in the format of the file suffix. The output is reproducible byte for byte.

    Parameters
    ----------
    figure
        A figure of `plot_clip` or `plot_files`.
    path
        Output file: ``.png``, ``.svg``, ``.pdf``, or ``.html`` for a page without audio. It is written
        atomically.
    overwrite
        Whether an existing file may be replaced.

    Returns
    -------
    Path
        The output file.

    Raises
    ------
    OutputError
        If the file exists, or cannot be written.
    ParameterError
        If the suffix is unknown.

    Examples
    --------
    >>> import tempfile
    >>> from woodshed.audio import sine
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_figure(plot_clip(sine(440)), Path(folder) / "a.png").read_bytes()[1:4]
    b'PNG'
    """
    path = Path(path)
    check_picture_name(path, overwrite=overwrite)
    suffix = path.suffix.lower()
    if suffix == PAGE:
        heading = figure.get_suptitle() or ", ".join(part.get_suptitle() for part in figure.subfigs)
        write_whole(path, picture_page({_theme_name(figure): figure_bytes(figure, ".svg")}, heading))
    else:
        write_whole(path, figure_bytes(figure, suffix))
    return path


def save_stacks(
    stacks: Sequence[PanelStack],
    path: str | os.PathLike[str],
    *,
    theme: str | None = None,
    overwrite: bool = False,
    **settings: Any,
) -> Path:
    """Draw what `file_stacks` computed, and write it.

    Parameters
    ----------
    stacks
        One for each excerpt.
    path, overwrite
        As for `save_figure`, with the same errors. A page has audio players for short excerpts.
    theme
        ``light`` or ``dark``; None is light, and both for a page, which follows the browser's colour scheme.
    settings
        ``title``, ``size_in`` and ``dpi`` of `plot_clip`.
    """
    path = Path(path)
    check_picture_name(path, overwrite=overwrite)
    heading = settings.get("title") or ", ".join(stack.name for stack in stacks)
    return save_themed(lambda name: draw_stacks(stacks, theme=name, **settings), path, theme, heading, stacks)


def save_themed(
    draw: Callable[[str], Figure],
    path: Path,
    theme: str | None,
    heading: str,
    stacks: Sequence[PanelStack] = (),
) -> Path:
    """Draw a figure and write it; a page without a given theme has the figure in both.

    Parameters
    ----------
    draw
        Function that draws the figure in a theme, given its name.
    path
        Output file; an existing one is replaced.
    theme
        ``light``, ``dark`` or None.
    heading, stacks
        For a page: its title, and the excerpts with audio to play.
    """
    if path.suffix.lower() != PAGE:
        return save_figure(draw(theme or "light"), path, overwrite=True)
    drawings = {name: figure_bytes(draw(name), ".svg") for name in ([theme] if theme else THEMES)}
    write_whole(path, picture_page(drawings, heading, stacks))
    return path


def figure_bytes(figure: Figure, suffix: str) -> bytes:
    """Return a figure as the content of a file with the suffix ``.png``, ``.svg`` or ``.pdf``."""
    file = io.BytesIO()
    with themed(THEMES[_theme_name(figure)]):  # some settings are only read while drawing
        figure.savefig(file, format=suffix[1:], metadata=dict.fromkeys(_OMITTED_METADATA[suffix]))
    return file.getvalue()


def _theme_name(figure: Figure) -> str:
    """Return the name of the theme of a figure, from its background colour."""
    from matplotlib.colors import to_hex

    background = to_hex(figure.get_facecolor())
    return next((name for name, theme in THEMES.items() if theme.background == background), "light")


def check_picture_name(path: Path, *, overwrite: bool) -> None:
    """Check that a figure can be written to a path, before anything is computed."""
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise ParameterError(
            f"{printable(path)}: unsupported figure format {path.suffix or 'without suffix'}. "
            f"{near_miss(suffix, SUFFIXES)}"
        )
    check_overwrite(path, overwrite=overwrite)
