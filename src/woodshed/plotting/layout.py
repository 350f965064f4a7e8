"""Layout of figures: the panels of an excerpt stacked over one time axis, and several stacks in a figure."""

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
"""Maximum number of panels per figure."""

MAX_ACROSS = 3
"""Maximum number of stacks side by side; more are arranged in two columns."""

_WIDTHS_IN = {1: 11.0, 2: 15.0, 3: 18.0}
_HEADING_IN, _TITLE_IN, _TIME_AXIS_IN = 0.35, 0.34, 0.42
_LETTERS_PER_IN = 8.0  # of bold text at 10 points, a cautious estimate


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


def draw_stacks(
    stacks: Sequence[PanelStack],
    *,
    theme: str = "light",
    title: str | None = None,
    size_in: tuple[float | None, float | None] = (None, None),
    dpi: float = 150,
) -> Figure:
    """Draw stacks in one figure; parameters and errors as for `woodshed.plotting.figure.plot_clip`."""
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
            _write(figure, title, width_in, size=12)
        parts = figure.subfigures(len(rows), n_across, squeeze=False, height_ratios=heights_in)
        for part, stack in zip(parts.flat, stacks, strict=False):
            part.set_facecolor(colours.background)
            _write(part, stack.name, width_in / n_across, size=10)
            _draw(part, stack, colours, width_in / n_across)
    return figure


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
    limits = (("a width", width_in, 3, 100, "in"), ("a height", height_in, 1.5, 400, "in"))
    for name, value, low, high, unit in (*limits, ("a resolution", dpi, 20, 1200, "dpi")):
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
            _scale_time(axes, stack, width_in)
        else:
            axes.sharex(time_axes)
        axes.tick_params(axis="x", labelbottom=stack.has_x_axis(row), bottom=stack.has_x_axis(row))
        if stack.has_x_axis(row):
            axes.set_xlabel(time_label(stack.end_s))


def _scale_time(axes: Any, stack: PanelStack, width_in: float) -> None:
    from matplotlib.ticker import FuncFormatter, MultipleLocator

    step_s = time_step(stack.end_s - stack.start_s, max(2, int(width_in * 1.1)))
    axes.set_xlim(stack.start_s, stack.end_s)
    axes.xaxis.set_major_locator(MultipleLocator(step_s))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda time_s, _: time_text(time_s, step_s, stack.end_s)))


def _write(part: Any, text: str, width_in: float, *, size: float) -> None:
    line = drawable(text, int(width_in * _LETTERS_PER_IN * 10 / size))
    part.suptitle(line, fontsize=size, fontweight="bold", fontfamily=fonts_for(line))
