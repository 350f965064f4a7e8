"""Figures of timelines: audio views above lanes with the events of each label."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from woodshed.plotting.excerpt import AudioExcerpt, file_excerpt
from woodshed.plotting.figure import DEFAULT_VIEWS, PanelStack, panel_stack, save_stacks
from woodshed.plotting.panel import AxisScale, Panel
from woodshed.plotting.theme import Theme, drawable
from woodshed.timeline import Event, Timeline

MAX_LANES = 24
"""Maximum number of lanes. With more labels, those with the shortest total duration share the last lane."""

OTHERS = "others"

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
"""Lane colours (Okabe-Ito palette), repeated cyclically; visible in both themes."""

_LANE_IN = 0.24
_LEAST_WIDTH_SHARE = 0.0008  # of the width of the figure, about one pixel
_N_LETTERS = 18


@dataclass(frozen=True, eq=False, kw_only=True)
class LanePanel(Panel):
    """Events in lanes, one for each label; opacity follows confidence.

    Parameters
    ----------
    lanes
        The events of each lane, from the top.
    duration_s
        Duration of the audio.
    """

    lanes: tuple[tuple[Event, ...], ...]
    duration_s: float

    def marks(self, axes: Any, theme: Theme) -> None:
        """Draw a bar for each event, and a line for each lane."""
        from matplotlib.colors import to_rgba

        for row, events in enumerate(self.lanes):
            height = len(self.lanes) - 1 - row
            axes.axhline(height, color=theme.grid, linewidth=0.6, zorder=0.5)
            bars = [
                (one.start_s, max(one.duration_s, self.duration_s * _LEAST_WIDTH_SHARE)) for one in events
            ]
            faces = [to_rgba(COLOURS[row % len(COLOURS)], 0.3 + 0.7 * one.confidence) for one in events]
            axes.broken_barh(bars, (height - 0.38, 0.76), facecolors=faces, linewidth=0)


def lane_panel(timeline: Timeline) -> LanePanel:
    """Arrange the events of a timeline in lanes, the label with the longest total duration at the top.

    Examples
    --------
    >>> timeline = Timeline("a.wav", 9.0, (Event(0, 1, "wren", 0.9), Event(2, 5, "rain", 0.8)))
    >>> panel = lane_panel(timeline)
    >>> panel.title, [text for _, text in panel.y.ticks]
    ('Events: 2', ['wren', 'rain'])
    """
    total_s = dict.fromkeys(timeline.labels, 0.0)
    for event in timeline.events:
        total_s[event.label] += event.duration_s
    names = sorted(total_s, key=lambda label: -total_s[label])
    shown = names if len(names) <= MAX_LANES else names[: MAX_LANES - 1]
    lanes = [tuple(one for one in timeline.events if one.label == name) for name in shown]
    if len(shown) < len(names):
        lanes.append(tuple(one for one in timeline.events if one.label not in shown))
        shown = [*shown, OTHERS]
    n_lanes = max(1, len(lanes))
    ticks = [(float(n_lanes - 1 - row), drawable(name, _N_LETTERS)) for row, name in enumerate(shown)]
    return LanePanel(
        title=f"Events: {len(timeline.events):,}",
        height_in=max(0.4, _LANE_IN * n_lanes),
        y=AxisScale(-0.6, n_lanes - 0.4, "", tuple(sorted(ticks))),
        lanes=tuple(lanes),
        duration_s=timeline.duration_s,
    )


def timeline_stack(
    timeline: Timeline, excerpt: AudioExcerpt | None = None, views: Sequence[str] = DEFAULT_VIEWS
) -> PanelStack:
    """Compute the panels of a timeline.

    Parameters
    ----------
    timeline
        A timeline, with or without events.
    excerpt
        The audio; None reads the source of the timeline, in blocks if it is long.
    views
        Names of audio views: see `woodshed.plotting.view`.

    Returns
    -------
    PanelStack
        For `woodshed.plotting.figure.save_stacks` and `woodshed.plotting.figure.draw_stacks`.

    Raises
    ------
    AudioFileError
        If the file cannot be read.

    Examples
    --------
    >>> from woodshed.audio import sine
    >>> from woodshed.plotting.excerpt import clip_excerpt
    >>> timeline = Timeline("sine", 2.0, (Event(0.5, 2.0, "tone", 0.9),))
    >>> [panel.title for panel in timeline_stack(timeline, clip_excerpt(sine(440, 2.0))).panels]
    ['Waveform', 'Spectrogram', 'Events: 1']
    """
    sound = file_excerpt(Path(timeline.source)) if excerpt is None else excerpt
    stack = panel_stack(sound, views)
    return PanelStack(stack.name, stack.start_s, stack.end_s, (*stack.panels, lane_panel(timeline)))


def save_timelines(
    timelines: Sequence[Timeline], path: str | os.PathLike[str], *, overwrite: bool = False, **settings: Any
) -> Path:
    """Draw timelines of files and write the figure.

    Parameters
    ----------
    timelines
        Timelines of existing files.
    path, overwrite, settings
        As for `woodshed.plotting.figure.save_stacks`, with the same errors.
    """
    return save_stacks(
        [timeline_stack(timeline) for timeline in timelines], path, overwrite=overwrite, **settings
    )
