"""A comparison as one HTML file that loads nothing, with its table beside it as Markdown and JSON."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from woodshed.atomic import write_whole
from woodshed.errors import counted
from woodshed.html.chart import Plot, percent_ticks, span_ticks
from woodshed.html.document import document
from woodshed.html.markup import Markup, element, join, name_of, table
from woodshed.recognition.experiments.model_comparison import Comparison
from woodshed.report.recognition.comparison import (
    TOLD,
    Ranked,
    badge_of_comparison,
    cells,
    heading,
    remarks,
    to_markdown,
    to_values,
)
from woodshed.report.recognition.head_report import report_of
from woodshed.training.model_folder import to_json

FILES = ("comparison.html", "comparison.json", "comparison.md")
"""What `write_comparison` writes."""


def write_comparison(comparison: Comparison, ranked: Sequence[Ranked], folder: Path) -> None:
    """Write `FILES` into a folder.

    Raises
    ------
    OutputError
        If the folder cannot be written to.
    """
    contents = (
        comparison_page(comparison, ranked),
        to_json(to_values(comparison, ranked)),
        to_markdown(comparison, ranked),
    )
    for name, content in zip(FILES, contents, strict=True):
        write_whole(folder / name, content)


def comparison_page(comparison: Comparison, ranked: Sequence[Ranked]) -> str:
    """Return the page: who is best, a chart, the table, and what it means."""
    title = f"{comparison.task} on {comparison.corpus.name}: nets compared"
    badge = badge_of_comparison(comparison)
    mark = join([" ", element("span", badge, class_="badge")]) if badge else None
    opening = element(
        "header",
        element("p", "woodshed · ", comparison.task, " · ", name_of(comparison.corpus.name), class_="kicker"),
        element("h1", "Of ", counted(len(comparison.costs), "net"), ", ", element("b", _best(ranked)), mark),
        element(
            "p",
            f"Tested on {comparison.split}, {counted(len(comparison.truth), 'clip')}. {_rivals(ranked)}",
            class_="lede",
        ),
        element("figure", ranking_figure(comparison, ranked)),
    )
    rows = [cells(comparison, one) for one in ranked]
    content = element(
        "section",
        element("h2", "Scores and costs"),
        table(heading(comparison), rows, caption="Every candidate, the best first", class_="scores"),
        *(element("p", sentence, class_="note") for sentence in (TOLD, *remarks(comparison))),
    )
    words = [*comparison.settings.items(), *comparison.provenance.items()]
    background = element(
        "section",
        element("h2", "How it was made"),
        table(("what", "value"), words, caption="Settings that all share, and provenance", class_="words"),
    )
    return document(title, opening, element("main", content, background))


def ranking_figure(comparison: Comparison, ranked: Sequence[Ranked]) -> Markup:
    """Draw a dot with its interval for each candidate, the best in the accent colour."""
    is_share = report_of(comparison.head).is_share
    lows = [one.score.interval.low for one in ranked] + [one.score.value for one in ranked]
    low = min([0.0, *(value for value in lows if math.isfinite(value))])
    plot = Plot(
        520,
        34 * len(ranked) + 44,
        (low, 1.0),
        (float(len(ranked)), 0.0),
        left=120,
        right=20,
        top=4,
        bottom=38,
    )
    marks = plot.x_axis(percent_ticks() if is_share else span_ticks(low, 1.0), comparison.head.main_measure)
    for k, one in enumerate(ranked):
        muted = "" if one.difference is None else " muted"
        left, right = one.score.interval
        marks.append(plot.note(low, k + 0.6, f"{one.net}\u00a0\u00a0", "end", "name"))
        if not math.isfinite(one.score.value):
            continue
        if not math.isnan(left):
            marks.append(plot.segment((left, k + 0.5), (right, k + 0.5), f"spread{muted}"))
        marks.append(plot.dot(one.score.value, k + 0.5, f"point{muted}", radius=4.5))
    return plot.draw(
        f"Score of each candidate ({comparison.head.main_measure}) with its 95 % interval", marks
    )


def _best(ranked: Sequence[Ranked]) -> str:
    return f"{next(one.net for one in ranked if one.difference is None)} did best"


def _rivals(ranked: Sequence[Ranked]) -> str:
    """Name the candidates that chance alone may have put behind the best."""
    rivals = [one.net for one in ranked if one.is_significant is False and one.costs is not None]
    if rivals:
        return f"Not significantly different from it: {', '.join(rivals)}."
    known = any(one.is_significant for one in ranked if one.costs is not None)
    return "It differs from every other net by more than chance." if known else ""
