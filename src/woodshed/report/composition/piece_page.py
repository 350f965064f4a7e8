"""The page of new pieces: hear and see each, what of it is a copy, and how they are beside the old."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from woodshed.clip import Clip
from woodshed.composition.generation import Generation, ReferenceSet
from woodshed.errors import counted
from woodshed.html.document import document
from woodshed.html.markup import Markup, element, join, name_of, table
from woodshed.html.picture import data_uri
from woodshed.metrics.originality import N_GRAM, Melody
from woodshed.metrics.style import Style
from woodshed.plotting.page import sound_bytes
from woodshed.report.composition.style_section import style_section
from woodshed.report.numbers import UNKNOWN, percent
from woodshed.score import Note, Score
from woodshed.symbolic.edit import set_tempo, transpose
from woodshed.symbolic.render import BEST, render

PAGE_RATE = 22050
"""Rate of the sounds in the page, in hertz."""

PASSAGE_BPM = 140.0
"""Quarter notes a minute of the passages that are compared."""

MOST_FAULTS = 6
"""So many faults of a piece are named; the rest is counted."""

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


def piece_page(
    pieces: Sequence[Generation],
    learned: ReferenceSet,
    styles: tuple[Style, Style],
    *,
    task: str,
    heading: str,
    soundfont: str = BEST,
) -> str:
    """Return the page of some new pieces.

    Parameters
    ----------
    pieces
        At least one.
    learned
        What the composer learned from.
    styles
        Of these pieces, and of what was learned from.
    job
        What a piece is called, such as ``tune``.
    heading
        What made them, for the top of the page.
    soundfont
        What plays the pieces: see `woodshed.symbolic.render.render`. Passages are played in plain tones.
    """
    copied = [one.originality.copied_bars for one in pieces]
    words = counted(len(pieces), f"new {task}")
    opening = element(
        "header",
        element("p", f"woodshed · {task}s", class_="kicker"),
        element("h1", "Here ", "is " if len(pieces) == 1 else "are ", element("b", words)),
        element("p", heading, class_="lede"),
        element(
            "p",
            f"{compared_with(learned)} The longest run of whole bars that is in one of them, too: "
            f"{max(copied)} at most, {np.mean(copied):.1f} on average.",
        ),
        element(
            "nav",
            *(element("a", one.title, href=f"#{one.name}") for one in pieces),
            element("a", "Beside what was learned from", href="#style"),
        ),
    )
    beside = style_section(*styles, len(pieces), len(learned.pieces))
    body = element("main", *(_piece_section(one, learned, soundfont) for one in pieces), beside)
    foot = element("footer", "Made by woodshed. The page holds everything it shows and loads nothing.")
    return document(words, opening, body, foot, more_style=STYLE)


def compared_with(learned: ReferenceSet) -> str:
    """Say in a sentence how pieces are compared, for the page and for ``originality.json``.

    Examples
    --------
    >>> from woodshed.metrics.originality import MelodyIndex
    >>> compared_with(ReferenceSet((), {"melody": MelodyIndex([])}))
    'The melody of each was compared, in every key, with that of all 0 pieces that were learned from.'
    """
    names = list(learned.known)
    if len(names) == 1:
        what, whose = f"The {names[0]} of each", "that"
    else:
        what, whose = f"Of each, every voice ({', '.join(names)})", "the same voice"
    return (
        f"{what} was compared, in every key, with {whose} of all {len(learned.pieces):,} pieces that were "
        "learned from."
    )


def _piece_section(one: Generation, learned: ReferenceSet, soundfont: str) -> Markup:
    """Show one piece."""
    faults = one.piece.faults
    more = f", and {len(faults) - MOST_FAULTS} more" if len(faults) > MOST_FAULTS else ""
    facts = [*one.piece.facts, counted(one.n_notes, "note")]
    return element(
        "section",
        element("h2", one.title),
        element("p", " · ".join(facts), class_="note"),
        _player(render(one.score, PAGE_RATE, soundfont), one.title),
        roll_svg(one),
        _copies(one, learned),
        element("p", "; ".join(faults[:MOST_FAULTS]), more, ".", class_="note") if faults else None,
        element("pre", one.abc),
        class_="piece",
        id=one.name,
    )


def _copies(one: Generation, learned: ReferenceSet) -> Markup:
    """Say what is known of a piece, with both passages to hear."""
    at = one.found.index(one.originality)
    line, found = one.lines[at]
    whose = "its" if len(one.lines) == 1 else f"its {line.name}'s"
    new = UNKNOWN if np.isnan(found.new_share) else percent(found.new_share)
    share = f"{new} of {whose} passages of {N_GRAM} notes are in nothing that was learned from."
    if found.source_number < 0:
        return element("p", share, " No two of its notes follow each other as they do elsewhere.")
    away = found.transposed_by
    key = "in the same key" if not away else f"{abs(away)} semitones {'lower' if away > 0 else 'higher'}"
    sentence = element(
        "p",
        share,
        f" The longest copy, {counted(found.copied_notes, 'note')} with "
        f"{counted(found.copied_bars, 'whole bar')}, is in ",
        name_of(found.source or "a piece without a title"),
        f", {key}. It is marked in the picture.",
    )
    theirs = learned.melody(line.name, found.source_number)
    pair = element(
        "div",
        _passage(line.melody, found.start, found.copied_notes, "Here"),
        _passage(theirs, found.source_start, found.copied_notes, "There", by=away),
        class_="pair",
    )
    return join([sentence, pair, _line_table(one)])


def _line_table(one: Generation) -> Markup:
    """List what is known of each voice, if there are several."""
    if len(one.lines) == 1:
        return Markup("")
    rows = [
        [
            f"{line.name} (given)" if line.is_given else line.name,
            found.n_notes,
            found.copied_notes,
            found.copied_bars,
            UNKNOWN if np.isnan(found.new_share) else percent(found.new_share),
            name_of(found.source or UNKNOWN),
        ]
        for line, found in one.lines
    ]
    heading = ["voice", "notes", "longest copy", "whole bars of it", f"new passages of {N_GRAM}", "it is in"]
    return table(heading, rows, caption="What is known of each voice")


def _passage(melody: Melody, start: int, n_notes: int, caption: str, by: int = 0) -> Markup:
    """Let some notes of a melody be heard, a little before and after included."""
    first, last = max(0, start - 2), min(len(melody.pitch_midi), start + n_notes + 2)
    durations = melody.duration_beats[first:last]
    onsets = np.concatenate([[0.0], np.cumsum(durations)[:-1]])
    notes = [
        Note(float(onset), float(duration), int(pitch))
        for onset, duration, pitch in zip(onsets, durations, melody.pitch_midi[first:last], strict=True)
    ]
    score = set_tempo(Score(notes), PASSAGE_BPM)
    clip = render(transpose(score, by) if by else score, PAGE_RATE)
    return element("figure", element("figcaption", caption), _player(clip, caption))


def _player(clip: Clip, label: str) -> Markup:
    """Put a sound into the page."""
    content = sound_bytes(clip)
    if content is None:  # longer than a page can hold
        content = sound_bytes(clip.cut(0.0, 60.0)) or b""
    return element(
        "audio", controls=True, preload="none", src=data_uri("audio/flac", content), aria_label=label
    )


def roll_svg(one: Generation) -> Markup:
    """Draw the lines of a piece as notes over time, its longest copy in another colour, with bar lines.

    Examples
    --------
    >>> from woodshed.tasks.tune.piece import TunePiece
    >>> from woodshed.metrics.originality import Originality
    >>> found = Originality(3, 2, 0, 1, 3, "The Lark", 0, 0, 0, 1.0)
    >>> roll_svg(Generation("tune-01", TunePiece("M:2/4 K:Cmaj C 2 E 2 | G 4 |"), (found,))).count("copied")
    2
    """
    most = one.originality
    melodies = [line.melody for line, _ in one.lines if len(line.melody.pitch_midi)]
    low = min(int(melody.pitch_midi.min()) for melody in melodies) - 1
    high = max(int(melody.pitch_midi.max()) for melody in melodies) + 1
    end = max(float(melody.onset_beats[-1] + melody.duration_beats[-1]) for melody in melodies)
    height = max(_LEAST_HEIGHT, round(_SEMITONE_HEIGHT * (high - low + 1)))
    x_of, y_of = (_WIDTH - 2 * _PAD) / max(end, 1e-9), (height - 2 * _PAD) / (high - low + 1)
    bars: dict[int, float] = {}  # where each begins: its first note in any line
    for melody in melodies:
        for bar, onset in zip(melody.bar.tolist(), melody.onset_beats.tolist(), strict=True):
            bars[bar] = min(onset, bars.get(bar, onset))
    marks = [
        element("line", class_="bar", x1=f"{x:.1f}", x2=f"{x:.1f}", y1=0, y2=height)
        for x in (_PAD + x_of * onset for onset in sorted(bars.values())[1:])
    ]
    for line, found in one.lines:
        melody = line.melody
        notes = zip(melody.pitch_midi, melody.onset_beats, melody.duration_beats, strict=True)
        for k, (pitch, onset, duration) in enumerate(notes):
            is_copied = found is most and found.start <= k < found.stop
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
