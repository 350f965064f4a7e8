"""Sections of the page of a softmax analysis: a figure, what is seen in it, and tables that say more."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from woodshed.composition.sequence.softmax_analysis import SoftmaxAnalysis
from woodshed.errors import ScoreError
from woodshed.html.chart import swatch
from woodshed.html.heat_map import HIGH, LOW, colour_swatch
from woodshed.html.markup import Markup, element, join, name_of, scrolling, table
from woodshed.html.picture import data_uri
from woodshed.html.sounds import flac
from woodshed.metrics.softmax_layer import effects
from woodshed.report.composition import softmax_figure, softmax_words
from woodshed.report.composition.softmax_words import ends
from woodshed.report.numbers import decimal, percent
from woodshed.symbolic.edit import set_tempo
from woodshed.symbolic.render import render
from woodshed.tokens.folk.tokenizer import tokens_to_score

N_SHOWN = 60
"""So many tokens of a piece that was written after a cut are shown."""

HEARD_WAYS = ("nothing", "largest directions", "units at random")
"""Tunes written after such cuts are shown."""

HEARD_S, HEARD_RATE, HEARD_BPM = 10.0, 22050, 140.0
"""So much of a tune can be heard, at this rate in hertz and so many quarter notes a minute."""


def bias_part(analysis: SoftmaxAnalysis) -> Markup:
    """Show what the bias alone does, and each unit."""
    moved = effects(analysis.kernel)
    rows = []
    for unit, votes in enumerate(moved):
        high, low = _named(analysis, votes)
        rows.append((str(unit + 1), decimal(float(np.linalg.norm(votes)), 1), high, low))
    units = table(
        ("unit", "strength", "favours", "suppresses"),
        rows,
        caption="Every unit at its highest value; at its lowest it does the reverse. Strength: the length "
        "of its row of weights.",
    )
    return join(
        [
            _said(softmax_figure.bias_figures(analysis), softmax_words.bias_words(analysis)),
            _said(
                softmax_figure.kernel_figure(analysis),
                softmax_words.kernel_words(analysis),
                _tones("favours", "suppresses, when the unit is at its highest"),
            ),
            element("div", units, class_="tall"),
        ]
    )


def change_part(analysis: SoftmaxAnalysis) -> Markup:
    """Show what it takes to change a chance."""
    chances = softmax_words.situations(analysis)
    return _said(
        softmax_figure.closed_form_figure(analysis, chances),
        softmax_words.closed_form_words(analysis),
        _lines(softmax_figure.chance_note(chances)),
    )


def alike_part(analysis: SoftmaxAnalysis) -> Markup:
    """Show whether the units are of one mind with the bias."""
    return _said(softmax_figure.correlation_figure(analysis), softmax_words.correlation_words(analysis))


def direction_part(analysis: SoftmaxAnalysis) -> Markup:
    """Show the singular values, and what the first directions do."""
    directions = analysis.directions
    energy = directions.sizes**2 / (directions.sizes**2).sum()
    rows = []
    for k in range(min(softmax_figure.N_DIRECTIONS, directions.rank)):
        high, low = _named(analysis, directions.tokens[k])
        shares = percent(float(energy[k])), percent(float(directions.common_shares[k]))
        rows.append((str(k + 1), decimal(float(directions.sizes[k]), 1), *shares, high, low))
    heading = ("direction", "singular value", "of all squares", "moves all alike", "one end", "other end")
    return join(
        [
            _said(softmax_figure.size_figure(analysis), softmax_words.size_words(analysis)),
            _said(
                softmax_figure.direction_figure(analysis),
                softmax_words.direction_words(analysis),
                _tones("one end", "other end; which is which is nobody's choice"),
            ),
            table(heading, rows, caption="The largest directions, and the tokens at their ends"),
        ]
    )


def activity_part(analysis: SoftmaxAnalysis) -> Markup:
    """Show a tune that it wrote, and what went on in it."""
    piece = analysis.piece
    text = " ".join(analysis.vocabulary[k] for k in piece.following[:-1])
    rows = [
        (name, *(decimal(value, 2) for value in (one.bars, one.same, one.others, one.mixed)))
        for name, one in analysis.contexts.items()
    ]
    heading = ("alike by", "at two bar lines", "same other token", "away from bar lines", "one at a bar line")
    return join(
        [
            element("pre", text),
            heard(text, "The tune"),
            _said(
                softmax_figure.chance_figure(analysis),
                softmax_words.chance_words(analysis),
                _tones("chance of a token; shades go with its square root"),
            ),
            _said(
                softmax_figure.hidden_figure(analysis),
                softmax_words.hidden_words(analysis),
                _tones("towards 1", "towards −1"),
            ),
            _said(
                softmax_figure.gram_figures(piece, len(analysis.vocabulary)),
                softmax_words.context_words(analysis),
                _tones("alike (cosine 1)", "opposite (cosine −1)"),
            ),
            table(
                heading,
                rows,
                caption="Mean cosine of two moments of the same tune, over the tunes that were read",
            ),
        ]
    )


def lobotomy_part(analysis: SoftmaxAnalysis) -> Markup:
    """Show what is lost by cuts."""
    written = [one for one in analysis.ablations if one.written]
    rows = [
        (
            one.cut.what,
            decimal(one.judged.bits, 2),
            percent(one.judged.bar_chance, 1),
            percent(one.judged.due_bar_chance, 1),
            percent(one.written.whole_share),
            percent(one.written.bar_share, 1),
        )
        for one in written
        if one.written
    ]
    heading = (
        "removed",
        "bits a token",
        "chance of a bar line",
        "where one is due",
        "tunes whose bars add up",
        "bar lines among tokens written",
    )
    samples = [
        join(
            [
                element("h3", f"Removed: {one.cut.what}"),
                element("pre", _beginning(one.written.texts[0])),
                heard(one.written.texts[0], f"Removed: {one.cut.what}"),
            ]
        )
        for one in written
        if one.written and one.cut.way in HEARD_WAYS
    ]
    ways = dict.fromkeys(one.cut.way for one in analysis.ablations[1:])
    return join(
        [
            _said(
                softmax_figure.decline_figure(analysis),
                softmax_words.lobotomy_words(analysis),
                _lines(zip(softmax_figure.LINES, ways, strict=True)),
            ),
            element("p", " ".join(softmax_words.rewriting_words(analysis))),
            table(heading, rows, caption="What it knows of tunes that it read, and what it wrote by itself"),
            *samples,
        ]
    )


def training_part(analysis: SoftmaxAnalysis) -> Markup:
    """Show how it learned."""
    names = [("other", "the tunes it learned from, while it learned (dropout makes that harder)")]
    if analysis.curve.validation_loss:
        names.append(("main", "tunes held out"))
        names.append(("chance", "from here on it could have stopped"))
    return _said(
        softmax_figure.training_figure(analysis), softmax_words.training_words(analysis), _lines(names)
    )


def _said(figures: Markup | Sequence[Markup], words: Iterable[str], key: Markup | None = None) -> Markup:
    """Put one figure or several side by side over the two sentences that say what is seen."""
    if isinstance(figures, Markup):
        drawn = scrolling(figures, "Figure")
    else:
        drawn = element("div", *figures, class_="charts")
    sentences = " ".join(words).replace(" %", "\u00a0%")  # else a line may begin with the sign
    return element("figure", drawn, key, element("figcaption", sentences), class_="said")


def _tones(high: str, low: str | None = None) -> Markup:
    """Say what the colours of a map mean."""
    parts = [element("span", colour_swatch(HIGH), " ", high)]
    if low:
        parts.append(element("span", colour_swatch(LOW), " ", low))
    return element("p", *parts, class_="note key")


def _lines(names: Iterable[tuple[str, str]]) -> Markup:
    """Say what the lines of a figure are."""
    spans = [element("span", swatch(class_), " ", name) for class_, name in names]
    return element("p", *spans, class_="note key")


def _named(analysis: SoftmaxAnalysis, moved: np.ndarray) -> tuple[Markup, Markup]:
    """Name the tokens that are moved most up, and most down."""
    high, low = (join(map(name_of, end), "  ") for end in ends(analysis, moved))
    return high, low


def heard(text: str, label: str) -> Markup:
    """Let the beginning of a tune be heard, if it can be played at all."""
    try:
        clip = render(set_tempo(tokens_to_score(text, repeats=False), HEARD_BPM), HEARD_RATE)
    except ScoreError:
        return element("p", "These tokens cannot be played.", class_="note")
    content = flac(clip.cut(0.0, min(HEARD_S, clip.duration_s)))
    return element(
        "audio", controls=True, preload="none", src=data_uri("audio/flac", content), aria_label=label
    )


def _beginning(text: str) -> str:
    words = text.split()
    return " ".join(words[:N_SHOWN]) + (" …" if len(words) > N_SHOWN else "")
