"""The page of new tunes: hear and see each, and what of it is a copy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from woodshed.base.written import WrittenTune, melody_of
from woodshed.clip import Clip
from woodshed.metrics.originality import N_GRAM, Melody
from woodshed.report.document import document
from woodshed.report.markup import Markup, element, join, name_of
from woodshed.report.picture import data_uri
from woodshed.report.plot_page import sound_bytes
from woodshed.report.wording import UNKNOWN, count, percent
from woodshed.score import Note, Score
from woodshed.symbolic.edit import set_tempo, transpose
from woodshed.symbolic.folk_word import MODE_WORDS
from woodshed.symbolic.render import render

PAGE_RATE = 22050
"""Rate of the sounds in the page, in hertz."""

TEMPO_BPM = {"M:6/8": 165.0, "M:9/8": 165.0, "M:12/8": 165.0}
"""Quarter notes a minute by metre, where it is not `USUAL_BPM`: 110 dotted quarters."""

USUAL_BPM = 140.0

STYLE = """
.tune { margin-top: 2.2rem; }
.tune audio { width: 100%; max-width: 32rem; display: block; margin: 0.4rem 0 0.8rem; }
.tune pre { font-size: 0.86rem; overflow-x: auto; padding: 0.8rem 1rem; }
.tune pre, .roll { background: var(--sheet); border-radius: 8px; }
.roll { width: 100%; height: auto; display: block; }
.roll .note { fill: var(--accent); } .roll .copied { fill: var(--wrong); } .roll .bar { stroke: var(--rule); }
.pair { display: flex; flex-wrap: wrap; gap: 0.4rem 2rem; }
.pair figure { margin: 0; flex: 1 1 16rem; }
"""
_MODES = {word: name for name, word in MODE_WORDS.items()}
_WIDTH, _HEIGHT, _PAD = 960, 150, 8


def played(tune: WrittenTune) -> Score:
    """Return a tune as it is played: at a tempo that suits its metre."""
    return set_tempo(tune.score, TEMPO_BPM.get(tune.text.split()[0], USUAL_BPM))


def tune_page(tunes: Sequence[WrittenTune], known: Sequence[tuple[str, str]], heading: str) -> str:
    """Return the page of some new tunes.

    Parameters
    ----------
    tunes
        At least one.
    known
        Title and text of each tune that the composer learned from.
    heading
        What made them, for the top of the page.
    """
    copied = [tune.originality.copied_bars for tune in tunes]
    opening = element(
        "header",
        element("p", "woodshed · tunes", class_="kicker"),
        element(
            "h1", "Here ", "is " if len(tunes) == 1 else "are ", element("b", count(len(tunes), "new tune"))
        ),
        element("p", heading, class_="lede"),
        element(
            "p",
            f"Each was compared with all {len(known):,} tunes that were learned from, in every key. "
            f"The longest run of whole bars that a learned tune also has: {max(copied)} at most, "
            f"{np.mean(copied):.1f} on average.",
        ),
    )
    body = element("main", *(_tune_section(tune, known) for tune in tunes))
    foot = element("footer", "Made by woodshed. The page holds everything it shows and loads nothing.")
    return document(count(len(tunes), "new tune"), opening, body, foot, more_style=STYLE)


def _tune_section(tune: WrittenTune, known: Sequence[tuple[str, str]]) -> Markup:
    """Show one tune."""
    metre, mode, *_ = tune.text.split()
    melody, found = melody_of(tune.text), tune.originality
    facts = [
        metre.removeprefix("M:"),
        f"{tune.tonic} {_MODES[mode]}",
        count(int(melody.bar.max()) if len(melody.bar) else 0, "bar"),
        count(found.n_notes, "note"),
    ]
    clip = render(played(tune), PAGE_RATE)
    errors = tune.bar_errors
    return element(
        "section",
        element("h2", tune.title),
        element("p", " · ".join(facts), class_="note"),
        _player(clip, tune.title),
        roll_svg(melody, range(found.start, found.stop)),
        _copy_note(tune, melody, known),
        element("p", "Not all bars add up: ", "; ".join(errors), class_="note") if errors else None,
        element("pre", tune.abc),
        class_="tune",
        id=tune.name,
    )


def _copy_note(tune: WrittenTune, melody: Melody, known: Sequence[tuple[str, str]]) -> Markup:
    """Say what is known of a tune, with both passages to hear."""
    found = tune.originality
    new = UNKNOWN if np.isnan(found.new_share) else percent(found.new_share)
    share = f"{new} of its passages of {N_GRAM} notes are in no tune that was learned from."
    if found.source_number < 0:
        return element("p", share, " No two of its notes follow each other as they do elsewhere.")
    away = found.transposed_by
    key = "in the same key" if not away else f"{abs(away)} semitones {'lower' if away > 0 else 'higher'}"
    sentence = element(
        "p",
        share,
        f" Its longest copy, {count(found.copied_notes, 'note')} with "
        f"{count(found.copied_bars, 'whole bar')}, is in ",
        name_of(found.source or "a tune without a title"),
        f", {key}. It is marked in the picture.",
    )
    theirs = melody_of(known[found.source_number][1])
    pair = element(
        "div",
        _passage(melody, found.start, found.copied_notes, "Here"),
        _passage(theirs, found.source_start, found.copied_notes, "There", by=away),
        class_="pair",
    )
    return join([sentence, pair])


def _passage(melody: Melody, start: int, n_notes: int, caption: str, by: int = 0) -> Markup:
    """Let some notes of a melody be heard, a little before and after included."""
    first, last = max(0, start - 2), min(len(melody.pitch_midi), start + n_notes + 2)
    durations = melody.duration_beats[first:last]
    onsets = np.concatenate([[0.0], np.cumsum(durations)[:-1]])
    notes = [
        Note(float(onset), float(duration), int(pitch))
        for onset, duration, pitch in zip(onsets, durations, melody.pitch_midi[first:last], strict=True)
    ]
    score = set_tempo(Score(notes), USUAL_BPM)
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


def roll_svg(melody: Melody, copied: range) -> Markup:
    """Draw a melody as notes over time, the copied ones in another colour, with bar lines.

    Examples
    --------
    >>> melody = Melody([60, 62, 64], [1.0, 1.0, 2.0], [1, 1, 2])
    >>> roll_svg(melody, range(1, 3)).count('class="copied"')
    2
    """
    onsets = np.concatenate([[0.0], np.cumsum(melody.duration_beats)])
    low, high = int(melody.pitch_midi.min()) - 1, int(melody.pitch_midi.max()) + 1
    x_of = (_WIDTH - 2 * _PAD) / max(float(onsets[-1]), 1e-9)
    y_of = (_HEIGHT - 2 * _PAD) / (high - low + 1)
    lines = [
        element("line", class_="bar", x1=f"{x:.1f}", x2=f"{x:.1f}", y1=0, y2=_HEIGHT)
        for x in _PAD + x_of * onsets[1:-1][np.diff(melody.bar) > 0]
    ]
    notes = [
        element(
            "rect",
            class_="copied" if k in copied else "note",
            x=f"{_PAD + x_of * onsets[k]:.1f}",
            y=f"{_PAD + y_of * (high - pitch):.1f}",
            width=f"{max(1.5, x_of * duration - 1):.1f}",
            height=f"{max(2.0, y_of - 0.5):.1f}",
            rx=1,
        )
        for k, (pitch, duration) in enumerate(zip(melody.pitch_midi, melody.duration_beats, strict=True))
    ]
    return element(
        "svg",
        *lines,
        *notes,
        class_="roll",
        viewBox=f"0 0 {_WIDTH} {_HEIGHT}",
        role="img",
        aria_label="The notes of the tune over time, pitch upwards",
    )
