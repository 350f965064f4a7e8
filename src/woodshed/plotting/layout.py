"""Layout: the panels of a sound under each other over one axis of time, and several sounds in a figure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from woodshed.errors import ParameterError
from woodshed.plotting.axis import time_label, time_step, time_text
from woodshed.plotting.panel import Panel
from woodshed.plotting.theme import Theme, drawable, fonts_for, theme_of, themed

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MAX_PANELS = 80
"""Of a picture: with more, nothing in it could be read."""

MAX_ACROSS = 3
"""So many sounds stand side by side; more stand in two columns."""

_WIDTHS_IN = {1: 11.0, 2: 15.0, 3: 18.0}
_HEADING_IN, _TITLE_IN, _TIME_AXIS_IN = 0.35, 0.34, 0.42
_LETTERS_PER_IN = 8.0  # of a bold letter of 10 points, on the safe side


@dataclass(frozen=True, eq=False)
class Portrait:
    """What is to be drawn of one sound.

    Parameters
    ----------
    name
        Stands above it.
    start_s, end_s
        The stretch that is drawn.
    panels
        From the top.
    sound
        The sound itself as FLAC, for a page; None if it is too long, or not wanted.
    """

    name: str
    start_s: float
    end_s: float
    panels: tuple[Panel, ...]
    sound: bytes | None = None

    @property
    def height_in(self) -> float:
        """Height that its panels ask for, with their titles and scales."""
        below = sum(_TIME_AXIS_IN for row in range(len(self.panels)) if self.has_scale(row))
        return _HEADING_IN + below + sum(panel.height_in + _TITLE_IN for panel in self.panels)

    def has_scale(self, row: int) -> bool:
        """Whether what goes to the right is written below a panel: the last of several that share it."""
        last = row + 1 == len(self.panels)
        return last or not (self.panels[row].over_time and self.panels[row + 1].over_time)


def draw_portraits(
    portraits: Sequence[Portrait],
    *,
    theme: str = "light",
    title: str | None = None,
    size_in: tuple[float | None, float | None] = (None, None),
    dpi: float = 150,
) -> Figure:
    """Draw what was computed; arguments and errors as for `woodshed.plotting.figure.plot_clip`."""
    chosen = theme_of(theme)
    check_panels(sum(len(portrait.panels) for portrait in portraits))
    n_across = len(portraits) if len(portraits) <= MAX_ACROSS else 2
    rows = [portraits[k : k + n_across] for k in range(0, len(portraits), n_across)]
    heights_in = [max(portrait.height_in for portrait in row) for row in rows]
    natural_in = sum(heights_in) + (_HEADING_IN if title else 0.0)
    width_in, height_in = check_size(size_in, dpi, (_WIDTHS_IN[n_across], natural_in))
    from matplotlib.figure import Figure

    with themed(chosen):
        figure = Figure(figsize=(width_in, height_in), dpi=dpi, layout="constrained")
        if title:
            _write(figure, title, width_in, size=12)
        parts = figure.subfigures(len(rows), n_across, squeeze=False, height_ratios=heights_in)
        for part, portrait in zip(parts.flat, portraits, strict=False):
            part.set_facecolor(chosen.paper)
            _write(part, portrait.name, width_in / n_across, size=10)
            _draw(part, portrait, chosen, width_in / n_across)
    return figure


def check_panels(n_panels: int) -> None:
    """Refuse a picture in which nothing could be read.

    Raises
    ------
    ParameterError
        If it would have more than `MAX_PANELS`.

    Examples
    --------
    >>> check_panels(81)
    Traceback (most recent call last):
    woodshed.errors.ParameterError: A picture holds at most 80 panels, got 81. Give fewer files or views.
    """
    if n_panels > MAX_PANELS:
        raise ParameterError(
            f"A picture holds at most {MAX_PANELS} panels, got {n_panels}. Give fewer files or views."
        )


def check_size(
    size_in: tuple[float | None, float | None], dpi: float, natural_in: tuple[float, float] = (11.0, 6.0)
) -> tuple[float, float]:
    """Return width and height in inches, those that are None as is natural, if they can be drawn.

    Raises
    ------
    ParameterError
        If they cannot.

    Examples
    --------
    >>> check_size((8, None), 150, (11.0, 4.5))
    (8.0, 4.5)
    """
    width_in, height_in = (
        natural if asked is None else float(asked) for asked, natural in zip(size_in, natural_in, strict=True)
    )
    limits = (("a width", width_in, 3, 100, "in"), ("a height", height_in, 1.5, 400, "in"))
    for name, value, low, high, unit in (*limits, ("a resolution", dpi, 20, 1200, "dpi")):
        if not low <= value <= high:
            raise ParameterError(f"A picture has {name} of {low:g} to {high:g} {unit}, got {value:g}.")
    if max(width_in, height_in) * dpi >= 2**16:
        raise ParameterError(
            f"A picture of {width_in:g} x {height_in:g} in at {dpi:g} dpi has more than 65535 points in a "
            "row. Lower the resolution or the size."
        )
    return width_in, height_in


def _draw(part: Any, portrait: Portrait, theme: Theme, width_in: float) -> None:
    """Draw the panels of one sound under each other, those over time with one axis of time."""
    heights = [panel.height_in for panel in portrait.panels]
    all_axes = part.subplots(len(heights), 1, squeeze=False, height_ratios=heights)[:, 0]
    first = None
    for row, (axes, panel) in enumerate(zip(all_axes, portrait.panels, strict=True)):
        panel.draw(axes, theme)
        axes.spines[:].set_visible(False)
        axes.tick_params(color=theme.soft, labelcolor=theme.soft, labelsize=8.0)  # also of those made later
        if not panel.over_time:
            continue
        if first is None:
            first = axes
            _scale_time(axes, portrait, width_in)
        else:
            axes.sharex(first)
        axes.tick_params(axis="x", labelbottom=portrait.has_scale(row), bottom=portrait.has_scale(row))
        if portrait.has_scale(row):
            axes.set_xlabel(time_label(portrait.end_s))


def _scale_time(axes: Any, portrait: Portrait, width_in: float) -> None:
    from matplotlib.ticker import FuncFormatter, MultipleLocator

    step_s = time_step(portrait.end_s - portrait.start_s, max(2, int(width_in * 1.1)))
    axes.set_xlim(portrait.start_s, portrait.end_s)
    axes.xaxis.set_major_locator(MultipleLocator(step_s))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda time_s, _: time_text(time_s, step_s, portrait.end_s)))


def _write(part: Any, text: str, width_in: float, *, size: float) -> None:
    line = drawable(text, int(width_in * _LETTERS_PER_IN * 10 / size))
    part.suptitle(line, fontsize=size, fontweight="bold", fontfamily=fonts_for(line))
