"""Folder of generated pieces: their files, and the page that plays and judges them."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from woodshed.atomic import write_whole
from woodshed.audio.read import read
from woodshed.clip import Clip
from woodshed.composition.generation import (
    EvaluatedGeneration,
    Generation,
    ReferenceSet,
    ScoreGeneration,
    TextGeneration,
)
from woodshed.errors import OutputError, ParameterError, counted, near_miss, printable
from woodshed.html.chart import Plot, percent_ticks, round_ticks
from woodshed.html.clip import audio_player, sound_bytes
from woodshed.html.document import Markup, document, element, join, name_of, table
from woodshed.lock import FolderLock, contents_of
from woodshed.metrics.originality import N_GRAM, MelodyIndex
from woodshed.metrics.style import Shares, Style, overlap
from woodshed.report.wording import UNKNOWN, percent
from woodshed.score import Note, Score
from woodshed.symbolic.edit import set_tempo, transpose
from woodshed.symbolic.rendering import BEST, render
from woodshed.training.model_folder import make_folder, to_json

PASSAGE_RATE = 22050
"""Sample rate of the passages that are compared, in hertz."""

PASSAGE_BPM = 140.0
"""Quarter notes per minute of the passages that are compared."""

MAX_FAULTS = 6
"""Maximum number of faults of a piece that are listed; the rest are counted."""

MAX_CLIP_S = 60.0
"""Length of a long sound that is put into the page, in seconds."""

STYLE = """
.piece { margin-top: 2.2rem; }
.piece audio { width: 100%; max-width: 32rem; display: block; margin: 0.4rem 0 0.8rem; }
.piece pre { font-size: 0.86rem; overflow-x: auto; padding: 0.8rem 1rem; }
.piece pre, .roll { background: var(--sheet); border-radius: 8px; }
.roll { width: 100%; height: auto; display: block; }
.roll .note { fill: var(--accent); } .roll .given { fill: var(--soft); }
.roll .copied { fill: var(--wrong); } .roll .bar { stroke: var(--rule); }
.pair { display: flex; flex-wrap: wrap; gap: 0.4rem 2rem; }
.pair figure { margin: 0; flex: 1 1 16rem; }
svg .bar.new { fill: var(--accent); } svg .bar.learned { fill: var(--soft); opacity: 0.55; }
"""
_WIDTH, _PAD = 960, 8
_LEAST_HEIGHT, _SEMITONE_HEIGHT = 150, 5.5

_MIN_SHARE = 0.003
"""Share below which a bin at either end of a distribution is omitted."""

_MAX_LABELS = 13
"""Maximum number of labels on the horizontal axis."""

FORMATS = (*ScoreGeneration.files, "png", "txt")
"""Formats of a generation, by suffix; of these, each kind has its own."""

PAGE_NAME, ORIGINALITY_NAME, STYLE_NAME = "index.html", "originality.json", "style.json"


def piece_page(
    items: Sequence[EvaluatedGeneration],
    reference: ReferenceSet,
    styles: tuple[Style, Style | None],
    *,
    heading: str,
    clip_of: Callable[[EvaluatedGeneration], Clip] | None = None,
) -> str:
    """Return the page of some new generations.

    Parameters
    ----------
    items
        At least one.
    reference
        The training data of the generator.
    styles
        Style of the new items and of the training data; None if there are none.
    heading
        Model and settings, for the top of the page.
    clip_of
        Returns the sound of a generation, which the page plays, beside the passages that are compared. None
        leaves out all sound.
    """
    task = items[0].name.rsplit("-", 1)[0]
    count = counted(len(items), f"new {task}")
    new, learned = styles
    style = Markup("")
    if learned is not None and new.numbers:
        style = style_section(new, learned, len(items), reference.n_items)
    opening = element(
        "header",
        element("p", f"woodshed · {task}s", class_="kicker"),
        element("h1", element("b", count)),
        element("p", heading, class_="lede"),
        element("p", f"{novelty_method(reference)} {_longest_copies(items)}"),
        element(
            "nav",
            *(element("a", item.title, href=f"#{item.name}") for item in items),
            element("a", "Style", href="#style") if style else None,
        ),
    )
    sections = (_item_section(item, reference, clip_of) for item in items)
    return document(
        count,
        opening,
        element("main", *sections, style),
        element("footer", "Made by woodshed. The page holds everything it shows and loads nothing."),
        more_style=STYLE,
    )


def novelty_method(reference: ReferenceSet) -> str:
    """Return a sentence on how generations are compared with the training data.

    Examples
    --------
    >>> from woodshed.metrics.originality import MelodyIndex
    >>> novelty_method(ReferenceSet(0, {"melody": MelodyIndex([])}))
    'The melody of each was compared, in every key, with that of all 0 training pieces.'
    >>> novelty_method(ReferenceSet())
    'There are no training data to compare with.'
    """
    names = list(reference.indexes)
    if not names:
        return "There are no training data to compare with."
    indexes = reference.indexes.values()
    how = ", in every key," if any(isinstance(index, MelodyIndex) for index in indexes) else ""
    pieces = f"all {reference.n_items:,} training pieces"
    if len(names) == 1:
        return f"The {names[0]} of each was compared{how} with that of {pieces}."
    return f"All voices ({', '.join(names)}) were compared{how} with the same voice of {pieces}."


def _longest_copies(items: Sequence[EvaluatedGeneration]) -> str:
    """Return a sentence on the longest copies."""
    copies = [item.least_novel.copied_run for item in items]
    return (
        f"Longest copy, in whole {items[0].least_novel.run_unit}s: {max(copies)} at most, "
        f"{np.mean(copies):.1f} on average."
    )


def _item_section(
    item: EvaluatedGeneration,
    reference: ReferenceSet,
    clip_of: Callable[[EvaluatedGeneration], Clip] | None,
) -> Markup:
    """Show one generation."""
    player = None
    if clip_of is not None and "wav" in item.generation.files:
        player = _player(clip_of(item), item.title)
    faults = item.generation.faults
    more = f", and {len(faults) - MAX_FAULTS} more" if len(faults) > MAX_FAULTS else ""
    content, source_text = _content(item.generation, item, reference, player is not None)
    return element(
        "section",
        element("h2", item.title),
        element("p", " · ".join([*item.generation.facts, item.generation.length]), class_="note"),
        player,
        *content,
        element("p", "; ".join(faults[:MAX_FAULTS]), more, ".", class_="note") if faults else None,
        None if source_text is None else element("pre", source_text),
        class_="piece",
        id=item.name,
    )


@functools.singledispatch
def _content(
    generation: Generation, item: EvaluatedGeneration, reference: ReferenceSet, is_played: bool
) -> tuple[list[Markup], str | None]:
    """Show the content of a generation and its longest copy; return them and its text, if it has one."""
    return [_novelty(item)], None


@_content.register
def _score_content(
    generation: ScoreGeneration, item: EvaluatedGeneration, reference: ReferenceSet, is_played: bool
) -> tuple[list[Markup], str | None]:
    return [roll_svg(item), _copies(item, reference, is_played)], generation.to_abc(item.title)


@_content.register
def _text_content(
    generation: TextGeneration, item: EvaluatedGeneration, reference: ReferenceSet, is_played: bool
) -> tuple[list[Markup], str | None]:
    return [_novelty(item)], generation.text


def _novelty(item: EvaluatedGeneration) -> Markup:
    """Return the novelty report of the least novel line as a paragraph."""
    report = item.least_novel
    if not report.source:
        return element("p", "No passage of it is in the training data.")
    return element(
        "p",
        f"The longest copy has {counted(report.copied_units, report.unit)} and is in ",
        name_of(report.source),
        f"; {percent(report.new_share)} of its passages are new.",
    )


def _copies(item: EvaluatedGeneration, reference: ReferenceSet, is_played: bool) -> Markup:
    """Report the longest copy of a score, with both passages as sound if the score is played."""
    at = item.novelty.index(item.least_novel)
    line, report = item.lines[at]
    whose = "its" if len(item.lines) == 1 else f"its {line.name}'s"
    share = f"{percent(report.new_share)} of {whose} passages of {N_GRAM} notes are not in the training data."
    if report.source_number < 0:
        return element("p", share, " No two consecutive notes are in the training data, either.")
    shift = report.transposed_by
    key = "in the same key" if not shift else f"{abs(shift)} semitones {'lower' if shift > 0 else 'higher'}"
    source = cast("MelodyIndex", reference.indexes[line.name]).notes(report.source_number)
    new = (line.melody.pitch_midi, line.melody.duration_beats)
    return join(
        [
            element(
                "p",
                share,
                f" The longest copy, {counted(report.copied_notes, 'note')} with "
                f"{counted(report.copied_bars, 'whole bar')}, is in ",
                name_of(report.source or "a piece without a title"),
                f", {key}. It is marked in the picture.",
            ),
            element(
                "div",
                _passage(new, report.start, report.copied_notes, "New piece"),
                _passage(source, report.source_start, report.copied_notes, "Training piece", by=shift),
                class_="pair",
            )
            if is_played
            else Markup(""),
            _line_table(item),
        ]
    )


def _line_table(item: EvaluatedGeneration) -> Markup:
    """Return a table of the novelty of each voice, if there are several."""
    if len(item.lines) == 1:
        return Markup("")
    rows = [
        [
            f"{line.name} (given)" if line.is_given else line.name,
            report.n_notes,
            report.copied_notes,
            report.copied_bars,
            percent(report.new_share),
            name_of(report.source or UNKNOWN),
        ]
        for line, report in item.lines
    ]
    return table(
        ["voice", "notes", "longest copy", "whole bars of it", f"new {N_GRAM}-grams", "source"],
        rows,
        caption="Novelty of each voice",
    )


def _passage(
    melody: tuple[NDArray[np.int64], NDArray[np.float64]],
    start: int,
    n_notes: int,
    caption: str,
    by: int = 0,
) -> Markup:
    """Return a player of some notes, and two before and after, of a melody of pitches and durations."""
    pitch_midi, duration_beats = melody
    first, last = max(0, start - 2), min(len(pitch_midi), start + n_notes + 2)
    durations = duration_beats[first:last]
    onsets = np.concatenate([[0.0], np.cumsum(durations)[:-1]])
    notes = [
        Note(float(onset), float(duration), int(pitch))
        for onset, duration, pitch in zip(onsets, durations, pitch_midi[first:last], strict=True)
    ]
    clip = render(transpose(set_tempo(Score(notes), PASSAGE_BPM), by), PASSAGE_RATE)
    return element("figure", element("figcaption", caption), _player(clip, caption))


def _player(clip: Clip, label: str) -> Markup:
    """Return a player with an embedded sound."""
    return audio_player(sound_bytes(clip) or b"", label)


def roll_svg(item: EvaluatedGeneration) -> Markup:
    """Draw the lines of a score as notes over time with bar lines, the longest copy in another colour.

    Examples
    --------
    >>> from woodshed.tasks.tune.piece import TunePiece
    >>> from woodshed.metrics.originality import Originality
    >>> report = Originality(3, 2, 0, 1, 3, "The Lark", 0, 0, 0, 1.0)
    >>> tune = TunePiece("M:2/4 K:Cmaj C 2 E 2 | G 4 |")
    >>> roll_svg(EvaluatedGeneration("tune-01", tune, (report,))).count("copied")
    2
    """
    most: Any = item.least_novel
    melodies = [line.melody for line, _ in item.lines if len(line.melody.pitch_midi)]
    low = min(int(melody.pitch_midi.min()) for melody in melodies) - 1
    high = max(int(melody.pitch_midi.max()) for melody in melodies) + 1
    end = max(float(melody.onset_beats[-1] + melody.duration_beats[-1]) for melody in melodies)
    height = max(_LEAST_HEIGHT, round(_SEMITONE_HEIGHT * (high - low + 1)))
    x_of, y_of = (_WIDTH - 2 * _PAD) / max(end, 1e-9), (height - 2 * _PAD) / (high - low + 1)
    bars = np.concatenate([melody.bar for melody in melodies])
    onsets = np.concatenate([melody.onset_beats for melody in melodies])
    first_onsets = sorted(onsets[bars == bar].min() for bar in np.unique(bars))
    marks = [
        element("line", class_="bar", x1=f"{x:.1f}", x2=f"{x:.1f}", y1=0, y2=height)
        for x in (_PAD + x_of * onset for onset in first_onsets[1:])
    ]
    for line, report in item.lines:
        notes = zip(line.melody.pitch_midi, line.melody.onset_beats, line.melody.duration_beats, strict=True)
        for k, (pitch, onset, duration) in enumerate(notes):
            is_copied = report is most and report.start <= k < report.stop
            marks.append(
                element(
                    "rect",
                    class_="copied" if is_copied else "given" if line.is_given else "note",
                    x=f"{_PAD + x_of * onset:.1f}",
                    y=f"{_PAD + y_of * (high - pitch):.1f}",
                    width=f"{max(1.5, x_of * duration - 1):.1f}",
                    height=f"{max(2.0, y_of - 0.5):.1f}",
                    rx=1,
                )
            )
    return element(
        "svg",
        *marks,
        class_="roll",
        viewBox=f"0 0 {_WIDTH} {height}",
        role="img",
        aria_label="The notes over time, pitch upwards",
    )


def style_section(new: Style, learned: Style, n_new: int, n_learned: int) -> Markup:
    """Return the section.

    Parameters
    ----------
    new, learned
        Style of the new pieces, and of the training data.
    n_new, n_learned
        Number of pieces of each.
    """
    rows = [
        [question, _number(value), _number(learned.numbers.get(question, math.nan))]
        for question, value in new.numbers.items()
    ]
    figures = [
        element(
            "figure",
            share_figure(question, shares, learned.shares.get(question, {})),
            element(
                "figcaption",
                f"{question[0].upper()}{question[1:]}: ",
                f"{percent(overlap(shares, learned.shares[question]))} in common.",
            ),
        )
        for question, shares in new.shares.items()
        if question in learned.shares
    ]
    return element(
        "section",
        element("h2", "Style, compared with the training data"),
        table(
            ["", f"new ({n_new})", f"training ({n_learned:,})"],
            rows,
            caption="Means over pieces, or shares over all pieces",
        ),
        element("p", _swatch("new"), " new ", _swatch("learned"), " training", class_="note"),
        element("div", *figures, class_="charts"),
        element(
            "p",
            "A difference shows where the new music deviates from the training data, not that it is worse. "
            "With few pieces it can be due to chance.",
            class_="note",
        ),
        id="style",
    )


def share_figure(question: str, new: Shares, learned: Shares) -> Markup:
    """Draw two distributions side by side, a pair of bars for each bin.

    Almost empty bins are omitted at both ends; all bins between them are drawn.

    Examples
    --------
    >>> figure = share_figure("metre", {"2/4": 0.25, "4/4": 0.75}, {"2/4": 0.5, "4/4": 0.5})
    >>> figure.count('class="bar new"'), figure.count('class="bar learned"')
    (2, 2)
    """
    names = list(new)
    filled = [k for k, name in enumerate(names) if max(new[name], learned.get(name, 0.0)) >= _MIN_SHARE]
    shown = names[filled[0] : filled[-1] + 1] if filled else names
    highest = max(max(new[name], learned.get(name, 0.0)) for name in shown)
    top = max(0.1, math.ceil(10 * highest) / 10)
    plot = Plot(340, 190, (0.0, float(len(shown))), (0.0, top), left=46, right=8, top=10, bottom=26)
    step = max(1, -(-len(shown) // _MAX_LABELS))
    marks = plot.y_axis(
        percent_ticks(0.25) if top > 0.75 else [(v, percent(v)) for v, _ in round_ticks(top) if v <= top]
    )
    for k, name in enumerate(shown):
        for left, share, kind in ((k + 0.12, new[name], "new"), (k + 0.5, learned.get(name, 0.0), "learned")):
            marks.append(
                element(
                    "rect",
                    class_=f"bar {kind}",
                    x=plot.x(left),
                    y=plot.y(share),
                    width=round(plot.x(left + 0.36) - plot.x(left), 1),
                    height=round(plot.y(0.0) - plot.y(share), 1),
                )
            )
        if k % step == 0:
            marks.append(plot.note(k + 0.5, -0.085 * top, name, "middle"))
    return plot.draw(f"Shares by {question}, new and training", marks)


def _swatch(kind: str) -> Markup:
    """Draw a bar for the legend."""
    bar = element("rect", class_=f"bar {kind}", width=12, height=12)
    return element("svg", bar, width=12, height=12, aria_hidden="true")


def _number(value: float) -> str:
    """Write a number with three significant digits."""
    if not math.isfinite(value):
        return UNKNOWN
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def check_formats(formats: Sequence[str]) -> None:
    """Refuse formats that do not exist, and an empty list.

    Raises
    ------
    ParameterError
        If there is no such format; the message names the near miss.
    """
    if not formats:
        raise ParameterError(f"No format is given. Choose from {', '.join(FORMATS)}.")
    for name in formats:
        if name not in FORMATS:
            raise ParameterError(f"Unknown format {name!r}. {near_miss(name, FORMATS)}")


def prepare_piece_folder(folder: Path, *, force: bool = False) -> FolderLock:
    """Make the folder; an existing one must be empty, or its files may be replaced by ``force``.

    Returns
    -------
    FolderLock
        To be released when the files are written; until then no other process writes the folder.

    Raises
    ------
    OutputError
        If it exists and is not empty, cannot be made, or is being written by another process.
    """
    if not folder.exists() or folder.is_dir():
        make_folder(folder)
        lock = FolderLock(folder)
        if force or not contents_of(folder):
            return lock
        lock.release()
    raise OutputError(
        f"{printable(folder)} exists and is not empty. Set --out to another folder, or add --force to "
        "replace its files."
    )


def write_piece_folder(
    items: Sequence[EvaluatedGeneration],
    folder: Path,
    *,
    reference: ReferenceSet,
    heading: str,
    formats: Sequence[str] | None = None,
    soundfont: str = BEST,
    on_item: Callable[[int], None] = lambda n_done: None,
) -> None:
    """Write generations into a folder, each file whole or not at all.

    Parameters
    ----------
    items
        At least one.
    folder
        An existing folder, see `prepare_piece_folder`.
    reference
        The training data of the generator.
    heading
        Model and settings, for the page.
    formats
        Out of `FORMATS`; None writes all that a generation has. Formats of other kinds are ignored. The page
        plays what is written as WAV.
    soundfont
        What plays the WAV files: see `woodshed.symbolic.render`.
    on_item
        Called with the number of items that are written.

    Raises
    ------
    OutputError
        If a file cannot be written.
    """
    formats = FORMATS if formats is None else formats
    check_formats(formats)
    task, first = items[0].name.rsplit("-", 1)[0], items[0].generation
    own = (*first.files, *(("png",) if isinstance(first, ScoreGeneration) else ()))
    if not set(formats) & set(own):
        raise ParameterError(
            f"No {task} can be written as {' or '.join(formats)}. Choose from {', '.join(own)}."
        )
    for n_done, item in enumerate(items, start=1):
        generation = item.generation
        suffixes = [suffix for suffix in formats if suffix in generation.files]
        generation.write(folder, item.name, suffixes, soundfont=soundfont)
        if "png" in formats and isinstance(generation, ScoreGeneration):
            from woodshed.plotting.score import save_scores

            save_scores([generation.to_score(item.title)], folder / f"{item.name}.png", overwrite=True)
        on_item(n_done)
    pieces = [item.to_values() for item in items]
    write_whole(folder / ORIGINALITY_NAME, to_json({"how": novelty_method(reference), "pieces": pieces}))
    kind = type(items[0].generation)
    new = kind.style([item.generation for item in items])
    learned = reference.style
    styles = {"new": asdict(new)} | ({} if learned is None else {"learned": asdict(learned)})
    write_whole(folder / STYLE_NAME, to_json(styles))

    def clip_of(item: EvaluatedGeneration) -> Clip:
        return read(folder / f"{item.name}.wav", end_s=MAX_CLIP_S, mono=True)

    page = piece_page(
        items, reference, (new, learned), heading=heading, clip_of=clip_of if "wav" in formats else None
    )
    write_whole(folder / PAGE_NAME, page)
