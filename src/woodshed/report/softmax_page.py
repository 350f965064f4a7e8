"""The page of a softmax analysis: seven questions to the last layer of a model that writes tunes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from woodshed.base.softmax_analysis import SoftmaxAnalysis
from woodshed.metrics.softmax_layer import effects
from woodshed.report import softmax_figure, softmax_words
from woodshed.report.document import document
from woodshed.report.figures import swatch
from woodshed.report.heat_map import HIGH, LOW, tone
from woodshed.report.heat_map import STYLE as HEAT_STYLE
from woodshed.report.markup import Markup, element, join, name_of, scrolling, table
from woodshed.report.wording import count, decimal, percent

QUESTIONS = {
    "bias": (
        "What does each unit favour, and what does the bias?",
        "Before the net draws a token, every unit of its last hidden layer votes for some tokens and against "
        "others, as loudly as its value is high; a low value turns the votes round. A bias votes, too, "
        "always "
        "the same. Token by token the votes are added up to logits, and their softmax is what may come next.",
    ),
    "change": (
        "By how much must a vote change to be heard?",
        "If d is added to the logit of a token with the chance p, and to no other, then its chance is "
        "multiplied "
        "by a, with d = ln(a (1 − p) / (1 − a p)). Nothing can be surer than sure, so a stays below 1 / p.",
    ),
    "alike": (
        "Are the units of one mind with the bias?",
        "If most units favoured what the bias favours, the net would say the same thing many times over.",
    ),
    "directions": (
        "Which groups of tokens do the units move together?",
        "The singular value decomposition finds, one after the other, the mixture of units that moves the "
        "logits "
        "most. Each such direction lifts some tokens and lowers others; its singular value says how far.",
    ),
    "activity": (
        "What goes on in the net while it writes a tune?",
        "The net wrote the tune below and then read it again, token by token. The maps show what it "
        "expected, what "
        "its last layer was doing, and which moments were alike to it.",
    ),
    "lobotomy": (
        "What can it no longer do without a part of it?",
        "Directions or units are taken out of the last layer, and the rest stays as it is. The crippled "
        "net reads "
        "tunes that it knows, and writes anew.",
    ),
    "training": (
        "Did it learn by heart, and when could it have stopped?",
        "While it learned, tunes that it did not learn from were kept to test it after every pass.",
    ),
}
"""The seven questions in their order: name -> question, and what it is about."""

STYLE = f"""
figure.said {{ margin: 1.4rem 0 2rem; }}
figure.said figcaption {{ font-family: var(--serif); font-size: 1rem; color: var(--ink); max-width: 42rem; margin-top: 0.5rem; }}
pre {{ white-space: pre-wrap; overflow-wrap: anywhere; background: var(--sheet); border-radius: 8px; padding: 0.7rem 1rem; font-size: 0.84rem; margin: 0.3rem 0 1rem; }}
{HEAT_STYLE}{softmax_figure.STYLE}"""  # noqa: E501  a line of CSS

N_NAMED = 4
"""So many tokens are named at each end of a unit or a direction."""

N_SHOWN = 60
"""So many tokens of a piece that was written after a cut are shown."""


def summary(analysis: SoftmaxAnalysis) -> list[tuple[str, str]]:
    """Return each question with the sentence that answers it in short."""
    answers = (
        softmax_words.bias_words,
        softmax_words.closed_form_words,
        softmax_words.correlation_words,
        softmax_words.size_words,
        softmax_words.context_words,
        softmax_words.lobotomy_words,
        softmax_words.training_words,
    )
    return [
        (question, tell(analysis)[0]) for (question, _), tell in zip(QUESTIONS.values(), answers, strict=True)
    ]


def softmax_page(analysis: SoftmaxAnalysis, model: str) -> str:
    """Return the page.

    Parameters
    ----------
    analysis
        What was found.
    model
        What the model is called.
    """
    parts = {
        "bias": _bias_part(analysis),
        "change": _change_part(analysis),
        "alike": _said(
            softmax_figure.correlation_figure(analysis), softmax_words.correlation_words(analysis)
        ),
        "directions": _direction_part(analysis),
        "activity": _activity_part(analysis),
        "lobotomy": _lobotomy_part(analysis),
        "training": _training_part(analysis),
    }
    n_last = analysis.kernel.size + analysis.bias.size
    header = element(
        "header",
        element("p", "woodshed · explain", class_="kicker"),
        element("h1", "What the last layer of ", element("b", name_of(model)), " knows"),
        element(
            "p",
            f"Seven questions to {n_last:,} of its {analysis.n_weights:,} weights: those of the softmax "
            "layer, by "
            f"which {count(len(analysis.kernel), 'unit')} become the chances of {len(analysis.vocabulary)} "
            "tokens.",
            class_="lede",
        ),
        element(
            "p",
            "A tune is a row of tokens: a metre (“M:6/8”), a mode (“K:Cdor”: dorian on C), then bar lines "
            "(“|”), "
            "pitches (“G” lies below “g”, “^” is sharp, “_” flat, “=” natural) and lengths (“2”: twice an "
            "eighth). "
            f"{count(len(analysis.traces), 'tune')} that it learned from were read to measure what is told "
            "here.",
            class_="note",
        ),
    )
    sections = [
        element("section", element("h2", f"{k}. {question}"), element("p", about), parts[name], id=name)
        for k, (name, (question, about)) in enumerate(QUESTIONS.items(), start=1)
    ]
    links = [element("a", question, href=f"#{name}") for name, (question, _) in QUESTIONS.items()]
    source = element(
        "footer",
        "After B. L. Sturm, “What do these 5,599,881 parameters mean? An analysis of a specific LSTM music "
        "transcription model, starting with the 70,281 parameters of its softmax layer” (MUME 2018). Made by "
        "woodshed. The page holds everything it shows and loads nothing.",
    )
    return document(
        f"{model}: what its last layer knows",
        header,
        element("nav", *links, aria_label="On this page"),
        element("main", *sections),
        source,
        more_style=STYLE,
    )


def _said(figures: Markup | Sequence[Markup], words: Iterable[str], key: Markup | None = None) -> Markup:
    """Put one figure or several side by side over the two sentences that say what is seen."""
    if isinstance(figures, Markup):
        drawn = scrolling(figures, "Figure")
    else:
        drawn = element("div", *figures, class_="charts")
    return element("figure", drawn, key, element("figcaption", " ".join(words)), class_="said")


def _tones(high: str, low: str | None = None) -> Markup:
    """Say what the colours of a map mean."""
    parts = [element("span", tone(HIGH), " ", high)]
    if low:
        parts.append(element("span", tone(LOW), " ", low))
    return element("p", *parts, class_="note key")


def _lines(names: Iterable[tuple[str, str]]) -> Markup:
    """Say what the lines of a figure are."""
    spans = [element("span", swatch(class_), " ", name) for class_, name in names]
    return element("p", *spans, class_="note key")


def _bias_part(analysis: SoftmaxAnalysis) -> Markup:
    moved = effects(analysis.kernel)
    rows = []
    for unit, votes in enumerate(moved):
        high, low = _ends(analysis, votes)
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


def _change_part(analysis: SoftmaxAnalysis) -> Markup:
    chances = softmax_words.situations(analysis)
    return _said(
        softmax_figure.closed_form_figure(analysis, chances),
        softmax_words.closed_form_words(analysis),
        _lines(softmax_figure.chance_note(chances)),
    )


def _direction_part(analysis: SoftmaxAnalysis) -> Markup:
    directions = analysis.directions
    energy = directions.sizes**2 / (directions.sizes**2).sum()
    rows = []
    for k in range(min(softmax_figure.N_DIRECTIONS, directions.rank)):
        high, low = _ends(analysis, directions.tokens[k])
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


def _activity_part(analysis: SoftmaxAnalysis) -> Markup:
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


def _lobotomy_part(analysis: SoftmaxAnalysis) -> Markup:
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
        join([element("h3", f"Removed: {one.cut.what}"), element("pre", _beginning(one.written.texts[0]))])
        for one in written
        if one.written and one.cut.way in ("nothing", "largest directions")
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


def _training_part(analysis: SoftmaxAnalysis) -> Markup:
    names = [("other", "the tunes it learned from, while it learned (dropout makes that harder)")]
    if analysis.curve.validation_loss:
        names.append(("main", "tunes held out"))
        names.append(("chance", "from here on it could have stopped"))
    return _said(
        softmax_figure.training_figure(analysis), softmax_words.training_words(analysis), _lines(names)
    )


def _ends(analysis: SoftmaxAnalysis, moved: np.ndarray) -> tuple[Markup, Markup]:
    """Name the tokens that are moved most up, and most down."""
    order = np.argsort(-moved, kind="stable")
    ends = (order[:N_NAMED], order[: -N_NAMED - 1 : -1])
    high, low = (join((name_of(analysis.vocabulary[k]) for k in end), "  ") for end in ends)
    return high, low


def _beginning(text: str) -> str:
    words = text.split()
    return " ".join(words[:N_SHOWN]) + (" …" if len(words) > N_SHOWN else "")
