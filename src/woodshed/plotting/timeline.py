"""Pictures of timelines: the sound, and below it a lane for each label, with bars where it is heard."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from woodshed.plotting.axis import AxisScale
from woodshed.plotting.figure import DEFAULT_VIEWS, portrait_of, save_portraits
from woodshed.plotting.layout import Portrait
from woodshed.plotting.panel import Panel
from woodshed.plotting.sound import Heard, heard_file
from woodshed.plotting.theme import Theme, drawable, fonts_for
from woodshed.timeline import Event, Timeline

MAX_LANES = 24
"""So many labels have a lane: those that are heard longest. The others share one."""

OTHERS = "others"

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
"""Of lanes, again and again: of Okabe and Ito, which are seen on light and on dark paper."""

_LANE_IN = 0.24
_LEAST_WIDTH_SHARE = 0.0008  # of the picture: about a point of the screen
_N_LETTERS = 18


@dataclass(frozen=True, eq=False, kw_only=True)
class Lanes(Panel):
    """Events in lanes, one for each label; the surer, the stronger their colour.

    Parameters
    ----------
    lanes
        The events of each lane, from the top.
    duration_s
        Of the sound.
    """

    lanes: tuple[tuple[Event, ...], ...]
    duration_s: float

    def draw(self, axes: Any, theme: Theme) -> None:
        """Draw all but what goes to the right; names may need letters of another font."""
        super().draw(axes, theme)
        for text in axes.get_yticklabels():
            text.set_fontfamily(fonts_for(text.get_text()))

    def marks(self, axes: Any, theme: Theme) -> None:
        """Draw the bars over a faint line for each lane."""
        from matplotlib.colors import to_rgba

        for row, events in enumerate(self.lanes):
            height = len(self.lanes) - 1 - row
            axes.axhline(height, color=theme.rule, linewidth=0.6, zorder=0.5)
            bars = [
                (one.start_s, max(one.duration_s, self.duration_s * _LEAST_WIDTH_SHARE)) for one in events
            ]
            colour = COLOURS[row % len(COLOURS)]
            faces = [to_rgba(colour, 0.3 + 0.7 * one.confidence) for one in events]
            axes.broken_barh(bars, (height - 0.38, 0.76), facecolors=faces, linewidth=0)


def lanes_panel(timeline: Timeline) -> Lanes:
    """Arrange the events of a timeline in lanes, those of a label that is heard longest at the top.

    Examples
    --------
    >>> timeline = Timeline("a.wav", 9.0, (Event(0, 1, "wren", 0.9), Event(2, 5, "rain", 0.8)))
    >>> panel = lanes_panel(timeline)
    >>> panel.title, [text for _, text in panel.y.ticks]
    ('Events: 2', ['wren', 'rain'])
    """
    total_s = dict.fromkeys(timeline.labels, 0.0)
    for event in timeline.events:
        total_s[event.label] += event.duration_s
    names = sorted(total_s, key=lambda label: -total_s[label])
    own = names if len(names) <= MAX_LANES else names[: MAX_LANES - 1]
    lanes = [tuple(one for one in timeline.events if one.label == name) for name in own]
    if len(own) < len(names):
        lanes.append(tuple(one for one in timeline.events if one.label not in own))
        own = [*own, OTHERS]
    n_lanes = max(1, len(lanes))
    ticks = [(float(n_lanes - 1 - row), drawable(name, _N_LETTERS)) for row, name in enumerate(own)]
    return Lanes(
        title=f"Events: {len(timeline.events):,}",
        height_in=max(0.4, _LANE_IN * n_lanes),
        y=AxisScale(-0.6, n_lanes - 0.4, "", tuple(sorted(ticks))),
        lanes=tuple(lanes),
        duration_s=timeline.duration_s,
    )


def timeline_portrait(
    timeline: Timeline, heard: Heard | None = None, views: Sequence[str] = DEFAULT_VIEWS
) -> Portrait:
    """Compute what is to be drawn of a timeline.

    Parameters
    ----------
    timeline
        With or without events.
    heard
        Its sound; None reads the file that it names, in blocks if it is long.
    views
        What is drawn of the sound: see `woodshed.plotting.view`.

    Returns
    -------
    Portrait
        For `woodshed.plotting.figure.save_portraits` and `woodshed.plotting.layout.draw_portraits`.

    Raises
    ------
    AudioFileError
        If the file cannot be read.

    Examples
    --------
    >>> from woodshed.audio import sine
    >>> from woodshed.plotting.sound import heard_clip
    >>> timeline = Timeline("sine", 2.0, (Event(0.5, 2.0, "tone", 0.9),))
    >>> [panel.title for panel in timeline_portrait(timeline, heard_clip(sine(440, 2.0))).panels]
    ['Waveform', 'Spectrogram', 'Events: 1']
    """
    sound = heard_file(Path(timeline.source)) if heard is None else heard
    portrait = portrait_of(sound, views)
    return Portrait(
        portrait.name, portrait.start_s, portrait.end_s, (*portrait.panels, lanes_panel(timeline))
    )


def save_timelines(
    timelines: Sequence[Timeline], path: str | os.PathLike[str], *, overwrite: bool = False, **settings: Any
) -> Path:
    """Draw timelines of files and write the picture.

    Parameters
    ----------
    timelines
        Of files that are still there.
    path, overwrite, settings
        As for `woodshed.plotting.figure.save_portraits`, with the same errors.
    """
    portraits = [timeline_portrait(timeline) for timeline in timelines]
    return save_portraits(portraits, path, overwrite=overwrite, **settings)
