"""Figures of scores: piano roll, ABC text, and engraved music (with verovio)."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from woodshed.atomic import write_whole
from woodshed.errors import ParameterError, load_package, near_miss, printable
from woodshed.plotting.figure import PanelStack, check_picture_name, save_stacks
from woodshed.plotting.panel import AxisScale, Numbers, Panel, Ticks, note_name
from woodshed.plotting.theme import Theme, drawable, fonts_for, set_fonts
from woodshed.plotting.timeline import COLOURS
from woodshed.score import DRUM_CHANNEL, Score
from woodshed.symbolic.abc.write import score_to_abc
from woodshed.symbolic.musicxml.write import score_to_musicxml
from woodshed.symbolic.notation import bars_of

Along = Literal["s", "beats"]

_SEMITONE_IN, _LINE_IN = 0.075, 0.2
_MAX_LINES, _MAX_LETTERS = 60, 150
_MAX_BAR_NAMES = 24
_SERIF = "DejaVu Serif"
_TEMPO_NOTE = re.compile('<tspan font-family="[^"]*" font-size="[^"]*">\ueca5</tspan>')
_PLAIN_NOTE = '<tspan font-family="DejaVu Sans" font-size="405px">\N{QUARTER NOTE}</tspan>'
_INSTALL = 'pip install "woodshed[engrave]"'
_PAGE = {
    "adjustPageHeight": True,
    "pageWidth": 2100,
    "pageHeight": 60000,
    "footer": "none",
    "breaks": "auto",
    "xmlIdSeed": 1,  # makes the output reproducible
}


BAR_HEIGHT = 0.86
"""Height of the bar of a note, in semitones."""


@dataclass(frozen=True, eq=False, kw_only=True)
class RollPanel(Panel):
    """Piano roll with a colour for each part.

    Parameters
    ----------
    parts
        Name and notes of each part; the notes have shape ``(n_notes, 3)``: onset, duration, MIDI pitch.
    bar_lines
        Positions of the bar lines.
    """

    parts: tuple[tuple[str, Numbers], ...]
    bar_lines: Numbers

    def marks(self, axes: Any, theme: Theme) -> None:
        """Draw the notes over bar lines and shaded rows for the black keys."""
        from matplotlib.collections import PolyCollection

        for pitch in range(int(np.ceil(self.y.low)), int(self.y.high) + 1):
            if pitch % 12 in (1, 3, 6, 8, 10):
                axes.axhspan(pitch - 0.5, pitch + 0.5, color=theme.grid, alpha=0.35, linewidth=0, zorder=0.2)
        axes.vlines(
            self.bar_lines,
            *(0, 1),
            transform=axes.get_xaxis_transform(),
            color=theme.muted,
            linewidth=0.5,
            alpha=0.6,
            zorder=0.5,
        )
        for k, (name, notes) in enumerate(self.parts):
            # One collection: with an artist for each note, a picture of a tune takes a second longer.
            bars = PolyCollection(
                list(_corners(notes)),
                facecolor=COLOURS[k % len(COLOURS)],
                edgecolor=theme.background,  # separates repeated notes
                linewidth=0.4,
                label=name,
            )
            axes.add_collection(bars, autolim=False)
        if len(self.parts) > 1:
            legend = axes.legend(
                loc="lower right",
                bbox_to_anchor=(1.0, 1.0),
                ncols=min(8, len(self.parts)),
                frameon=False,
                borderaxespad=0.2,
            )
            set_fonts(legend.get_texts())


def _corners(notes: Numbers) -> Numbers:
    """Return the corners of the bars of notes, shape ``(n_notes, 4, 2)``."""
    start, stop = notes[:, 0], notes[:, 0] + notes[:, 1]
    low, high = notes[:, 2] - BAR_HEIGHT / 2, notes[:, 2] + BAR_HEIGHT / 2
    return np.stack([[start, low], [start, high], [stop, high], [stop, low]]).transpose(2, 0, 1)


@dataclass(frozen=True, eq=False, kw_only=True)
class TextPanel(Panel):
    """Lines of monospaced text."""

    lines: tuple[str, ...]

    def marks(self, axes: Any, theme: Theme) -> None:
        """Draw the lines from the top, without axes."""
        axes.set_xticks([])
        for k, line in enumerate(self.lines):
            axes.text(
                0.0,
                1 - (k + 0.5) / len(self.lines),
                line,
                transform=axes.transAxes,
                family=["DejaVu Sans Mono", *fonts_for(line)],
                fontsize=8.5,
                va="center",
                color=theme.text,
                parse_math=False,
            )


def roll_panel(score: Score, *, along: Along = "s") -> RollPanel:
    """Compute the piano roll of a score.

    Parameters
    ----------
    score
        Any score.
    along
        Unit of the x axis: ``s``, or ``beats``, where quarter notes are equally spaced at any tempo.

    Examples
    --------
    >>> from woodshed.score import Note
    >>> panel = roll_panel(Score([Note(0, 1, 60), Note(4, 2, 64)]))
    >>> panel.bar_lines.tolist(), panel.parts[0][1].tolist()
    ([0.0, 2.0], [[0.0, 0.5, 60.0], [2.0, 1.0, 64.0]])
    """
    columns = score.table()
    names = dict(score.part_names)
    parts = []
    for channel in np.unique(columns["channel"]).tolist():
        rows = columns["channel"] == channel
        fields = (f"onset_{along}", f"duration_{along}", "pitch_midi")
        notes = np.stack([columns[field][rows] for field in fields], axis=1).astype(np.float64)
        name = names.get(channel) or ("drums" if channel == DRUM_CHANNEL else f"channel {channel}")
        parts.append((drawable(name, 24), notes))
    bars = bars_of(score)
    lines = np.array([float(bar.start) for bar in bars])
    if along == "s":
        lines = score.seconds_at(lines)
    low, high = int(columns["pitch_midi"].min()), int(columns["pitch_midi"].max())
    step = max(1, -(-len(bars) // _MAX_BAR_NAMES))
    bar_names = tuple(
        (float(line), str(bar.number))
        for line, bar in zip(lines, bars, strict=True)
        if bar.number and (bar.number - 1) % step == 0
    )
    return RollPanel(
        title=f"Notes: {len(score.notes):,}",
        height_in=min(8.0, max(1.6, _SEMITONE_IN * (high - low + 3))),
        y=AxisScale(low - 1.5, high + 1.5, "pitch", _pitch_ticks(low, high)),
        over_time=along == "s",
        x=None if along == "s" else AxisScale(0.0, float(bars[-1].end), "bar", bar_names),
        parts=tuple(parts),
        bar_lines=lines,
    )


def abc_panel(score: Score) -> TextPanel:
    """Return a score as ABC text; of a long one the beginning.

    Examples
    --------
    >>> from woodshed.score import Note
    >>> abc_panel(Score([Note(0, 4, 60)])).lines[-1]
    'C8|]'
    """
    lines = [drawable(line, _MAX_LETTERS) for line in score_to_abc(score).splitlines()]
    if len(lines) > _MAX_LINES:
        lines = [*lines[: _MAX_LINES - 1], f"... and {len(lines) - _MAX_LINES + 1} lines more"]
    return TextPanel(
        title="",
        height_in=_LINE_IN * len(lines),
        y=AxisScale(0.0, 1.0, "", ()),
        over_time=False,
        lines=tuple(lines),
    )


def score_stack(score: Score, views: Sequence[str] = ("roll",), *, along: Along = "s") -> PanelStack:
    """Compute the panels of a score.

    Raises
    ------
    ParameterError
        If a view is unknown. ``engraved`` is not a panel: see `engrave`.

    Examples
    --------
    >>> from woodshed.score import Note
    >>> len(score_stack(Score([Note(0, 4, 60)]), ["roll", "abc"]).panels)
    2
    """
    panels: list[Panel] = []
    for view in views:
        if view not in ("roll", "abc"):
            raise ParameterError(f"Unknown panel {view!r} of a score. {near_miss(view, ('roll', 'abc'))}")
        panels.append(roll_panel(score, along=along) if view == "roll" else abc_panel(score))
    name = score.title or os.path.basename(printable(score.source))
    return PanelStack(name, 0.0, score.duration_s, tuple(panels))


def save_scores(
    scores: Sequence[Score],
    path: str | os.PathLike[str],
    views: Sequence[str] = ("roll",),
    *,
    along: Along = "s",
    overwrite: bool = False,
    **settings: Any,
) -> Path:
    """Draw scores and write the figure.

    Parameters
    ----------
    scores
        One or more scores.
    path, overwrite, settings
        As for `woodshed.plotting.figure.save_stacks`, with the same errors.
    views
        ``roll`` and ``abc``, from the top; or ``engraved`` alone, for one score, as ``.svg`` or ``.png``.
    along
        Unit of the x axis of a piano roll: ``s`` or ``beats``.

    Raises
    ------
    MissingPackageError
        If verovio is needed and not installed.
    """
    path = Path(path)
    if "engraved" not in views:
        stacks = [score_stack(score, views, along=along) for score in scores]
        return save_stacks(stacks, path, overwrite=overwrite, **settings)
    if len(views) > 1 or len(scores) > 1 or path.suffix.lower() not in (".svg", ".png"):
        raise ParameterError(
            "Engraved music needs a single score and a .svg or .png file. Give one score file and only --as "
            "engraved."
        )
    check_picture_name(path, overwrite=overwrite)
    if path.suffix.lower() == ".svg":
        write_whole(path, engrave(scores[0]))
    else:
        write_whole(path, _raster(engrave(scores[0], with_title=False)))  # resvg would misplace it
    return path


def engrave(score: Score, *, with_title: bool = True) -> str:
    """Engrave a score as sheet music, with verovio (extra ``engrave``).

    Returns
    -------
    str
        An SVG image of the first page, whose height fits its content.

    Raises
    ------
    MissingPackageError
        If verovio is not installed.
    """
    verovio = load_package("verovio", "Engraving music", f"{_INSTALL}.")
    verovio.enableLog(verovio.LOG_OFF)
    toolkit = verovio.toolkit()
    toolkit.setOptions(_PAGE | {"header": "auto" if with_title else "none"})
    if not toolkit.loadData(score_to_musicxml(score)):
        raise ParameterError(f"verovio cannot engrave {printable(score.source)}. Draw it with --as roll.")
    return str(toolkit.renderToSVG(1))


def with_plain_note(svg: str) -> str:
    """Replace the note of a tempo mark, since resvg does not support the font embedded in the SVG."""
    return _TEMPO_NOTE.sub(_PLAIN_NOTE, svg)


def _raster(svg: str) -> bytes:
    """Render an SVG image as PNG on a white background."""
    import matplotlib

    resvg_py = load_package("resvg_py", "Engraved music as .png", f"{_INSTALL}. Or write .svg.")

    fonts = os.path.join(matplotlib.get_data_path(), "fonts", "ttf")  # available on every machine
    return bytes(
        resvg_py.svg_to_bytes(
            svg_string=with_plain_note(svg),
            zoom=1,
            background="white",
            font_dirs=[fonts],
            font_family=_SERIF,
            serif_family=_SERIF,
        )
    )


def _pitch_ticks(low: int, high: int) -> Ticks:
    """Return ticks at every C of a wide range, or at more notes of a narrow one."""
    step = next((step for step in (1, 2, 3, 4, 6) if high - low < 7 * step), 12)
    first = step * -(-low // step)
    return tuple((float(pitch), note_name(pitch)) for pitch in range(first, high + 1, step))
