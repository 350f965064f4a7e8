"""Figures of clips and audio files: views stacked over one time axis.

matplotlib is imported when the first figure is drawn; no window is opened. A page is one HTML file, with a
figure and audio players, that needs no network.

Examples
--------
>>> from woodshed.audio import sine
>>> figure = plot_clip(sine(440), views=("waveform", "spectrogram", "chroma"))
>>> [axes.get_title(loc="left") for axes in figure.subfigs[0].axes]
['Waveform', 'Spectrogram', 'Chroma']
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from woodshed.atomic import check_overwrite, write_whole
from woodshed.clip import Clip
from woodshed.data.example import Skipped
from woodshed.errors import AudioError, ParameterError, near_miss, printable
from woodshed.html.clip import data_uri, sound_bytes
from woodshed.html.document import Markup, element, name_of
from woodshed.plotting.excerpt import AudioExcerpt, clip_excerpt, file_excerpt
from woodshed.plotting.panel import Panel, time_label, time_step, time_text
from woodshed.plotting.theme import THEMES, Theme, drawable, fonts_for, theme_of, themed
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


MAX_PANELS = 80
"""Maximum number of panels per figure."""

MAX_ACROSS = 3
"""Maximum number of stacks side by side; more are arranged in two columns."""


_WIDTHS_IN = {1: 11.0, 2: 15.0, 3: 18.0}
_HEADING_IN, _TITLE_IN, _TIME_AXIS_IN = 0.35, 0.34, 0.42
_LETTERS_PER_IN = 8.0  # of bold text at 10 points, a cautious estimate
_POLICY = "default-src 'none'; img-src data:; media-src data:; style-src 'unsafe-inline'; base-uri 'none'"


@dataclass(frozen=True, eq=False)
class PanelStack:
    """The panels of one excerpt, from top to bottom.

    Parameters
    ----------
    name
        Title of the stack.
    start_s, end_s
        Time range of the panels.
    panels
        From the top.
    sound
        The audio as FLAC, for a page; None if it is too long, or not needed.
    """

    name: str
    start_s: float
    end_s: float
    panels: tuple[Panel, ...]
    sound: bytes | None = None

    @property
    def height_in(self) -> float:
        """Natural height of the panels, with their titles and time axes."""
        below = sum(_TIME_AXIS_IN for row in range(len(self.panels)) if self.has_x_axis(row))
        return _HEADING_IN + below + sum(panel.height_in + _TITLE_IN for panel in self.panels)

    def has_x_axis(self, row: int) -> bool:
        """Return whether the x axis is drawn below a panel, the last of those that share it."""
        last = row + 1 == len(self.panels)
        return last or not (self.panels[row].over_time and self.panels[row + 1].over_time)


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
    return draw_stacks(file_stacks(paths, views, start_s=start_s, end_s=end_s, skipped=skipped), **settings)


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


def draw_stacks(
    stacks: Sequence[PanelStack],
    *,
    theme: str = "light",
    title: str | None = None,
    size_in: tuple[float | None, float | None] = (None, None),
    dpi: float = 150,
) -> Figure:
    """Draw stacks in one figure; parameters and errors as for `plot_clip`."""
    colours = theme_of(theme)
    check_panels(sum(len(stack.panels) for stack in stacks))
    n_across = len(stacks) if len(stacks) <= MAX_ACROSS else 2
    rows = [stacks[k : k + n_across] for k in range(0, len(stacks), n_across)]
    heights_in = [max(stack.height_in for stack in row) for row in rows]
    natural_in = sum(heights_in) + (_HEADING_IN if title else 0.0)
    width_in, height_in = check_size(size_in, dpi, (_WIDTHS_IN[n_across], natural_in))
    from matplotlib.figure import Figure

    with themed(colours):
        figure = Figure(figsize=(width_in, height_in), dpi=dpi, layout="constrained")
        if title:
            write_title(figure, title, int(width_in * _LETTERS_PER_IN * 10 / 12), size=12)
        parts = figure.subfigures(len(rows), n_across, squeeze=False, height_ratios=heights_in)
        for part, stack in zip(parts.flat, stacks, strict=False):
            part.set_facecolor(colours.background)
            write_title(part, stack.name, int(width_in / n_across * _LETTERS_PER_IN), size=10)
            _draw(part, stack, colours, width_in / n_across)
    return figure


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
    heading = figure.get_suptitle() or ", ".join(part.get_suptitle() for part in figure.subfigs)
    return save_themed(lambda _: figure, path, _theme_name(figure), heading, overwrite=overwrite)


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
    heading = settings.get("title") or ", ".join(stack.name for stack in stacks)
    return save_themed(
        lambda name: draw_stacks(stacks, theme=name, **settings),
        path,
        theme,
        heading,
        stacks,
        overwrite=overwrite,
    )


def save_themed(
    draw: Callable[[str], Figure],
    path: str | os.PathLike[str],
    theme: str | None,
    heading: str,
    stacks: Sequence[PanelStack] = (),
    *,
    overwrite: bool = False,
) -> Path:
    """Draw a figure and write it; a page without a given theme has the figure in both.

    Parameters
    ----------
    draw
        Function that draws the figure in a theme, given its name.
    path, overwrite
        As for `save_figure`, with the same errors, before anything is drawn.
    theme
        ``light``, ``dark`` or None.
    heading, stacks
        For a page: its title, and the excerpts with audio to play.
    """
    path = Path(path)
    check_picture_name(path, overwrite=overwrite)
    suffix = path.suffix.lower()
    if suffix == PAGE:
        drawings = {name: figure_bytes(draw(name), ".svg") for name in ([theme] if theme else THEMES)}
        write_whole(path, picture_page(drawings, heading, stacks))
    else:
        write_whole(path, figure_bytes(draw(theme or "light"), suffix))
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


def check_panels(n_panels: int) -> None:
    """Check the number of panels of a figure.

    Raises
    ------
    ParameterError
        If it is above `MAX_PANELS`.

    Examples
    --------
    >>> check_panels(81)
    Traceback (most recent call last):
    woodshed.errors.ParameterError: A figure has at most 80 panels, got 81. Choose fewer files or views.
    """
    if n_panels > MAX_PANELS:
        raise ParameterError(
            f"A figure has at most {MAX_PANELS} panels, got {n_panels}. Choose fewer files or views."
        )


def check_size(
    size_in: tuple[float | None, float | None], dpi: float, natural_in: tuple[float, float] = (11.0, 6.0)
) -> tuple[float, float]:
    """Return width and height in inches, with the natural size in place of None.

    Raises
    ------
    ParameterError
        If the size or the resolution is out of range.

    Examples
    --------
    >>> check_size((8, None), 150, (11.0, 4.5))
    (8.0, 4.5)
    """
    width_in, height_in = (
        natural if size is None else float(size) for size, natural in zip(size_in, natural_in, strict=True)
    )
    for name, value, low, high, unit in (
        ("a width", width_in, 3, 100, "in"),
        ("a height", height_in, 1.5, 400, "in"),
        ("a resolution", dpi, 20, 1200, "dpi"),
    ):
        if not low <= value <= high:
            raise ParameterError(f"A figure has {name} of {low:g} to {high:g} {unit}, got {value:g}.")
    if max(width_in, height_in) * dpi >= 2**16:
        raise ParameterError(
            f"A figure of {width_in:g} x {height_in:g} in at {dpi:g} dpi has a side of more than 65535 "
            "pixels. Reduce the resolution or the size."
        )
    return width_in, height_in


def _draw(part: Any, stack: PanelStack, theme: Theme, width_in: float) -> None:
    """Draw the panels of one stack; those over time share one time axis."""
    from matplotlib.ticker import MultipleLocator

    step_s = time_step(stack.end_s - stack.start_s, max(2, int(width_in * 1.1)))
    heights = [panel.height_in for panel in stack.panels]
    all_axes = part.subplots(len(heights), 1, squeeze=False, height_ratios=heights)[:, 0]
    time_axes = None
    for row, (axes, panel) in enumerate(zip(all_axes, stack.panels, strict=True)):
        panel.draw(axes, theme)
        axes.spines[:].set_visible(False)
        axes.tick_params(
            color=theme.muted, labelcolor=theme.muted, labelsize=8.0
        )  # applies to ticks that are created later, too
        if not panel.over_time:
            continue
        if time_axes is None:
            time_axes = axes
            axes.set_xlim(stack.start_s, stack.end_s)
            axes.xaxis.set_major_locator(MultipleLocator(step_s))
            axes.xaxis.set_major_formatter(lambda time_s, _: time_text(time_s, step_s, stack.end_s))
        else:
            axes.sharex(time_axes)
        axes.tick_params(axis="x", labelbottom=stack.has_x_axis(row), bottom=stack.has_x_axis(row))
        if stack.has_x_axis(row):
            axes.set_xlabel(time_label(stack.end_s))


def write_title(part: Any, text: str, n_letters: int, *, size: float) -> None:
    """Write the title of a figure or sub-figure in one line of at most ``n_letters``."""
    line = drawable(text, n_letters)
    part.suptitle(line, fontsize=size, fontweight="bold", fontfamily=fonts_for(line))


def picture_page(drawings: Mapping[str, bytes], heading: str, stacks: Sequence[PanelStack] = ()) -> str:
    """Return a page with a figure and audio players.

    Parameters
    ----------
    drawings
        The figure as SVG by theme name. With both themes the page follows the colour scheme of the browser.
    heading
        Title of the page, and alternative text of the figure.
    stacks
        The excerpts in the figure; those with audio get a player.

    Examples
    --------
    >>> page = picture_page({"light": b"<svg/>"}, "clip.wav")
    >>> page.count("<img"), page.count("<audio")
    (1, 0)
    """
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("link", rel="icon", href="data:,"),  # otherwise a browser requests one from the server
        element("title", heading),
        element("style", _style([THEMES[name] for name in drawings])),
    )
    pictures = (
        element("img", src=data_uri("image/svg+xml", drawing), alt=f"Figure of {heading}", class_=name)
        for name, drawing in drawings.items()
    )
    players = (
        element(
            "figure",
            element("figcaption", name_of(stack.name)),
            element("audio", src=data_uri("audio/flac", stack.sound), controls=True, preload="metadata"),
        )
        for stack in stacks
        if stack.sound is not None
    )
    body = element("body", *pictures, *players)
    return "<!doctype html>\n" + element("html", head, body, lang="en") + "\n"


def _style(themes: Sequence[Theme]) -> Markup:
    """Return the stylesheet, with the colours of the themes; of two figures it shows one."""
    first, *others = themes
    rules = [
        f":root {{ color-scheme: {' '.join(theme.name for theme in themes)}; {_colours(first)} }}",
        "body { margin: 1rem auto; max-width: 88rem; padding: 0 1rem; background: var(--paper);"
        " color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }",
        "img { display: block; width: 100%; height: auto; }",
        "figure { margin: 1rem 0; }",
        "audio { width: 100%; }",
        *(
            f".{other.name} {{ display: none; }}\n"
            f"@media (prefers-color-scheme: {other.name}) {{ :root {{ {_colours(other)} }} "
            f".{first.name} {{ display: none; }} .{other.name} {{ display: block; }} }}"
            for other in others
        ),
    ]
    return Markup("\n".join(rules))


def _colours(theme: Theme) -> str:
    return f"--paper: {theme.background}; --ink: {theme.text};"
