"""Pictures of scores: a piano roll, ABC as text, and, with verovio, music as it is printed."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from woodshed.atomic import write_whole
from woodshed.errors import MissingPackageError, ParameterError, near_miss, printable
from woodshed.plotting.axis import AxisScale, Ticks, note_name
from woodshed.plotting.figure import check_picture_name, save_portraits
from woodshed.plotting.layout import Portrait
from woodshed.plotting.panel import Numbers, Panel, set_ticks
from woodshed.plotting.theme import Theme, drawable, fonts_for
from woodshed.plotting.timeline import COLOURS
from woodshed.score import DRUM_CHANNEL, Score
from woodshed.symbolic.abc.write import score_to_abc
from woodshed.symbolic.musicxml.write import score_to_musicxml
from woodshed.symbolic.staff import bars_of

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
    "xmlIdSeed": 1,  # or the same score would make another file each time
}


@dataclass(frozen=True, eq=False, kw_only=True)
class Roll(Panel):
    """Notes as bars: time to the right, pitch upwards, a colour for each part.

    Parameters
    ----------
    parts
        Name and notes of each, an array of shape ``(n_notes, 3)``: start, length, MIDI pitch.
    bar_lines
        Where bars begin.
    x
        What goes to the right, if that is not the time in seconds.
    """

    parts: tuple[tuple[str, Numbers], ...]
    bar_lines: Numbers
    x: AxisScale | None = None

    def marks(self, axes: Any, theme: Theme) -> None:
        """Draw the notes over bar lines and faint rows for the black keys."""
        for pitch in range(int(np.ceil(self.y.low)), int(self.y.high) + 1):
            if pitch % 12 in (1, 3, 6, 8, 10):
                axes.axhspan(pitch - 0.5, pitch + 0.5, color=theme.rule, alpha=0.35, linewidth=0, zorder=0.2)
        for line in self.bar_lines:
            axes.axvline(line, color=theme.soft, linewidth=0.5, alpha=0.6, zorder=0.5)
        for k, (name, notes) in enumerate(self.parts):
            axes.barh(
                notes[:, 2],
                notes[:, 1],
                left=notes[:, 0],
                height=0.86,
                color=COLOURS[k % len(COLOURS)],
                edgecolor=theme.paper,  # or notes of one pitch in a row would look like one
                linewidth=0.4,
                label=name,
            )
        if len(self.parts) > 1:
            legend = axes.legend(
                loc="lower right",
                bbox_to_anchor=(1.0, 1.0),
                ncols=min(8, len(self.parts)),
                frameon=False,
                borderaxespad=0.2,
            )
            for text in legend.get_texts():
                text.set_fontfamily(fonts_for(text.get_text()))
        if self.x is not None:
            axes.set_xlim(self.x.low, self.x.high)
            set_ticks(axes.xaxis, self.x.ticks)
            axes.set_xlabel(self.x.label)


@dataclass(frozen=True, eq=False, kw_only=True)
class Text(Panel):
    """Lines of text in letters of one width."""

    lines: tuple[str, ...]

    def marks(self, axes: Any, theme: Theme) -> None:
        """Write them from the top; there are no scales."""
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
                color=theme.ink,
                parse_math=False,
            )


def roll_panel(score: Score, *, along: Along = "s") -> Roll:
    """Arrange the notes of a score.

    Parameters
    ----------
    score
        Any score.
    along
        What goes to the right: seconds, or quarter notes (``beats``), which stand equally far apart whatever
        the tempo.

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
        own = columns["channel"] == channel
        words = (f"onset_{along}", f"duration_{along}", "pitch_midi")
        notes = np.stack([columns[word][own] for word in words], axis=1).astype(np.float64)
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
    end = float(bars[-1].end)
    return Roll(
        title=f"Notes: {len(score.notes):,}",
        height_in=min(8.0, max(1.6, _SEMITONE_IN * (high - low + 3))),
        y=AxisScale(low - 1.5, high + 1.5, "pitch", _pitch_ticks(low, high)),
        over_time=along == "s",
        x=None if along == "s" else AxisScale(0.0, end, "bar", bar_names),
        parts=tuple(parts),
        bar_lines=lines,
    )


def abc_panel(score: Score) -> Text:
    """Arrange a score as ABC; of a long one the beginning.

    Examples
    --------
    >>> from woodshed.score import Note
    >>> abc_panel(Score([Note(0, 4, 60)])).lines[-1]
    'C8|]'
    """
    lines = [drawable(line, _MAX_LETTERS) for line in score_to_abc(score).splitlines()]
    if len(lines) > _MAX_LINES:
        lines = [*lines[: _MAX_LINES - 1], f"... and {len(lines) - _MAX_LINES + 1} lines more"]
    return Text(
        title="",
        height_in=_LINE_IN * len(lines),
        y=AxisScale(0.0, 1.0, "", ()),
        over_time=False,
        lines=tuple(lines),
    )


def score_portrait(score: Score, views: Sequence[str] = ("roll",), *, along: Along = "s") -> Portrait:
    """Compute what is to be drawn of a score.

    Raises
    ------
    ParameterError
        If there is no such view; ``engraved`` is no panel: see `engrave`.

    Examples
    --------
    >>> from woodshed.score import Note
    >>> len(score_portrait(Score([Note(0, 4, 60)]), ["roll", "abc"]).panels)
    2
    """
    panels: list[Panel] = []
    for view in views:
        if view not in ("roll", "abc"):
            raise ParameterError(f"A score has no panel {view!r}. {near_miss(view, ('roll', 'abc'))}")
        panels.append(roll_panel(score, along=along) if view == "roll" else abc_panel(score))
    name = score.title or os.path.basename(printable(score.source))
    return Portrait(name, 0.0, score.duration_s, tuple(panels))


def save_scores(
    scores: Sequence[Score],
    path: str | os.PathLike[str],
    views: Sequence[str] = ("roll",),
    *,
    along: Along = "s",
    overwrite: bool = False,
    **settings: Any,
) -> Path:
    """Draw scores and write the picture.

    Parameters
    ----------
    scores
        At least one.
    path, overwrite, settings
        As for `woodshed.plotting.figure.save_portraits`, with the same errors.
    views
        ``roll`` and ``abc``, from the top, or ``engraved`` alone, for one score, as ``.svg`` or ``.png``.
    along
        What goes to the right in a roll: ``s`` or ``beats``.

    Raises
    ------
    MissingPackageError
        If verovio is needed and not installed.
    """
    path = Path(path)
    if "engraved" not in views:
        portraits = [score_portrait(score, views, along=along) for score in scores]
        return save_portraits(portraits, path, overwrite=overwrite, **settings)
    if len(views) > 1 or len(scores) > 1 or path.suffix.lower() not in (".svg", ".png"):
        raise ParameterError(
            "Engraved music is drawn alone, of one score, as .svg or .png. Give one file and --as engraved."
        )
    check_picture_name(path, overwrite=overwrite)
    if path.suffix.lower() == ".svg":
        write_whole(path, engrave(scores[0]))
    else:
        write_whole(path, _raster(engrave(scores[0], with_title=False)))  # it would be put in a wrong place
    return path


def engrave(score: Score, *, with_title: bool = True) -> str:
    """Set a score as printed music, with verovio (extra ``engrave``).

    Returns
    -------
    str
        An SVG image of the first page, as high as it needs to be.

    Raises
    ------
    MissingPackageError
        If verovio is not installed.
    """
    try:
        import verovio
    except ImportError as error:
        raise MissingPackageError(f"Engraving music needs verovio: {_INSTALL}") from error
    verovio.enableLog(verovio.LOG_OFF)
    toolkit = verovio.toolkit()
    toolkit.setOptions(_PAGE | {"header": "auto" if with_title else "none"})
    if not toolkit.loadData(score_to_musicxml(score)):
        raise ParameterError(f"{printable(score.source)} cannot be engraved by verovio. Draw it --as roll.")
    return str(toolkit.renderToSVG(1))


def with_plain_note(svg: str) -> str:
    """Write the note of a tempo in a font that is here: verovio's own is in the SVG, but of no use to PNG."""
    return _TEMPO_NOTE.sub(_PLAIN_NOTE, svg)


def _raster(svg: str) -> bytes:
    """Turn an SVG image into PNG on white paper."""
    try:
        import resvg_py
    except ImportError as error:
        raise MissingPackageError(
            f"Engraved music as .png needs resvg-py: {_INSTALL}. Or ask for .svg."
        ) from error
    import matplotlib

    fonts = os.path.join(matplotlib.get_data_path(), "fonts", "ttf")  # wherever we are, these are there
    picture = resvg_py.svg_to_bytes(
        svg_string=with_plain_note(svg),
        zoom=1,
        background="white",
        font_dirs=[fonts],
        font_family=_SERIF,
        serif_family=_SERIF,
    )
    return bytes(picture)


def _pitch_ticks(low: int, high: int) -> Ticks:
    """Name every C of a wide range, more notes of a narrow one."""
    step = next((step for step in (1, 2, 3, 4, 6) if high - low < 7 * step), 12)
    first = step * -(-low // step)
    return tuple((float(pitch), note_name(pitch)) for pitch in range(first, high + 1, step))
