"""Report of a model comparison: ranking, differences to the best and costs, as page, Markdown and JSON."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from woodshed.atomic import write_whole
from woodshed.errors import counted, printable
from woodshed.html.chart import Plot, percent_ticks, span_ticks
from woodshed.html.document import Markup, document, element, name_of, pairs_table, table
from woodshed.recognition.experiments.model_comparison import Comparison, Costs
from woodshed.report.recognition.figures import interval_marks
from woodshed.report.recognition.head_report import report_of, split_badge
from woodshed.report.recognition.scores import MeasuredScore, bootstrapped_score, groups_of
from woodshed.report.wording import EXPLANATIONS, UNKNOWN, badge_of, plain, plain_table
from woodshed.training.model_folder import to_json

HEADING = ("model", "difference from the best", "training", "weights", "size", "latency", "peak memory")
"""Columns of every table, apart from the measure and its interval, which follow the name."""

N_OF_SCORES = 4
"""Number of columns about scores, the name included; the others are about costs."""

EXPLANATION = (
    "All models were tested on the same clips. The difference from the best is paired by clip (by group "
    "where groups are known), with its 95 % bootstrap interval; an interval that contains 0 means no "
    "significant difference. The score of the best is slightly optimistic, because it was selected. "
    "Training: time of one fold, with the features in the store. Latency: time from the file of one clip "
    "to its prediction. Peak memory: of a separate process, with Python and the libraries that the model "
    "needs."
)
"""Explanation below every table."""


@dataclass(frozen=True)
class Ranked:
    """One candidate.

    Parameters
    ----------
    net
        Name of the net or of the classical estimator.
    score
        The main measure, higher is better, with its 95 % interval.
    difference
        Difference to the best candidate on the same clips; None for the best itself.
    costs
        None for the constant baseline.
    """

    net: str
    score: MeasuredScore
    difference: MeasuredScore | None
    costs: Costs | None

    @property
    def is_significant(self) -> bool | None:
        """Whether it differs significantly from the best; None for the best, or without an interval."""
        if self.difference is None or math.isnan(self.difference.interval.low):
            return None
        low, high = self.difference.interval
        return low > 0 or high < 0


def ranking(comparison: Comparison) -> list[Ranked]:
    """Score all candidates, the best first; of two equal ones, the smaller on disk comes first."""
    measured = partial(
        bootstrapped_score,
        n=len(comparison.truth),
        n_resamples=report_of(comparison.head).n_resamples,
        groups=groups_of(comparison.corpus, comparison.indices),
    )

    def score(net: str, rows: NDArray[np.int64]) -> float:
        return comparison.head.main_score(comparison.truth[rows], comparison.outputs[net][rows])

    def difference(net: str, rows: NDArray[np.int64]) -> float:
        return score(net, rows) - score(best, rows)

    def rank(net: str) -> tuple[float, float]:
        costs, value = comparison.costs.get(net), scores[net].value
        return math.inf if math.isnan(value) else -value, math.inf if costs is None else costs.size_bytes

    scores = {net: measured(partial(score, net)) for net in comparison.outputs}
    order = sorted(scores, key=rank)
    best = next(net for net in order if net in comparison.costs)
    return [
        Ranked(
            net,
            scores[net],
            None if net == best else measured(partial(difference, net)),
            comparison.costs.get(net),
        )
        for net in order
    ]


# -- tables ---------------------------------------------------------------------------------------


def heading(comparison: Comparison) -> tuple[str, ...]:
    """Return the heading of every table."""
    return (HEADING[0], comparison.head.main_measure, "95 % interval", *HEADING[1:])


def cells(comparison: Comparison, ranked: Ranked) -> tuple[str, ...]:
    """Return a row of every table."""
    report, measure, costs = report_of(comparison.head), comparison.head.main_measure, ranked.costs
    scores = (
        ranked.net,
        report.value_text(measure, ranked.score.value),
        report.interval_text(measure, ranked.score.interval),
        _difference_text(comparison, ranked),
    )
    if costs is None:
        return scores + (UNKNOWN,) * (len(heading(comparison)) - N_OF_SCORES)
    return (
        *scores,
        seconds_text(costs.train_s),
        f"{costs.n_weights:,}" if costs.n_weights else UNKNOWN,
        bytes_text(costs.size_bytes),
        seconds_text(costs.predict_s),
        bytes_text(costs.peak_bytes),
    )


def _difference_text(comparison: Comparison, ranked: Ranked) -> str:
    """Return the difference from the best candidate, with its interval."""
    if ranked.difference is None:
        return "the best"
    report, measure = report_of(comparison.head), comparison.head.main_measure
    value, low, high = (
        report.difference_text(measure, number)
        for number in (ranked.difference.value, *ranked.difference.interval)
    )
    value += " points" if measure in report.shares else ""
    if math.isnan(ranked.difference.interval.low):
        return value
    verdict = "" if ranked.is_significant else ", not significant"
    return f"{value} ({low} to {high}{verdict})"


def bytes_text(n_bytes: float) -> str:
    """Return an amount of memory as text.

    Examples
    --------
    >>> bytes_text(48_200), bytes_text(734e6), bytes_text(float("nan"))
    ('48 kB', '734 MB', '–')
    """
    if math.isnan(n_bytes):
        return UNKNOWN
    if n_bytes < 1e6:
        return f"{n_bytes / 1e3:.0f} kB"
    return f"{n_bytes / 1e6:.3g} MB" if n_bytes < 1e9 else f"{n_bytes / 1e9:.3g} GB"


def seconds_text(duration_s: float) -> str:
    """Return a duration to three digits, always in seconds, so that durations can be compared.

    Examples
    --------
    >>> seconds_text(0.000485), seconds_text(2.07701), seconds_text(845.2)
    ('0.000485 s', '2.08 s', '845 s')
    """
    digits = max(0, 2 - math.floor(math.log10(duration_s))) if duration_s > 0 else 0
    return f"{duration_s:.{digits}f} s"


def remarks(comparison: Comparison) -> list[str]:
    """Return the notes on the table: a leaky split, failed candidates, lost files, an interruption."""
    badge = badge_of(comparison.leaky)
    return [
        *([EXPLANATIONS[badge]] if badge else []),
        *(f"Skipped {net}: {reason}" for net, reason in comparison.failed.items()),
        *(f"Skipped {printable(entry.path)}: {entry.reason}" for entry in comparison.skipped),
        *(["Interrupted: not all candidates were tested."] if comparison.interrupted else []),
    ]


# -- files ----------------------------------------------------------------------------------------


def write_comparison(comparison: Comparison, ranked: Sequence[Ranked], folder: Path) -> None:
    """Write ``comparison.html``, ``comparison.json`` and ``comparison.md`` into a folder.

    Raises
    ------
    OutputError
        If the folder cannot be written to.
    """
    write_whole(folder / "comparison.html", comparison_page(comparison, ranked))
    write_whole(folder / "comparison.json", to_json(to_values(comparison, ranked)))
    write_whole(folder / "comparison.md", to_markdown(comparison, ranked))


def to_markdown(comparison: Comparison, ranked: Sequence[Ranked]) -> str:
    """Return the table as Markdown, with its explanation below."""
    badge = badge_of(comparison.leaky)
    parts = [
        f"# {plain(_title(comparison))}",
        f"Tested on {plain(comparison.split)}{f' (**{badge}**)' if badge else ''}, "
        f"{counted(len(comparison.truth), 'clip')}.",
        plain_table(heading(comparison), [[*map(plain, cells(comparison, one))] for one in ranked]),
        EXPLANATION,
        *map(plain, remarks(comparison)),
    ]
    return "\n\n".join(parts) + "\n"


def to_values(comparison: Comparison, ranked: Sequence[Ranked]) -> dict[str, object]:
    """Return the comparison as plain values by name."""
    return {
        "task": comparison.task,
        "split": comparison.split,
        "leaky": comparison.leaky,
        "n_clips": len(comparison.truth),
        "measure": comparison.head.main_measure,
        "candidates": [
            {
                "net": one.net,
                "score": asdict(one.score),
                "difference_to_best": one.difference and asdict(one.difference),
                "is_significant": one.is_significant,
                "costs": one.costs and asdict(one.costs),
            }
            for one in ranked
        ],
        "failed": dict(comparison.failed),
        "skipped": {printable(entry.path): entry.reason for entry in comparison.skipped},
        "interrupted": comparison.interrupted,
        "settings": dict(comparison.settings),
        "provenance": dict(comparison.provenance),
    }


def comparison_page(comparison: Comparison, ranked: Sequence[Ranked]) -> str:
    """Return the page: the best model, a chart, the table and its explanation."""
    best = next(one.net for one in ranked if one.difference is None)
    opening = element(
        "header",
        element("p", "woodshed · ", comparison.task, " · ", name_of(comparison.corpus.name), class_="kicker"),
        element(
            "h1",
            f"Best of {counted(len(comparison.costs), 'model')}: ",
            element("b", best),
            split_badge(comparison.leaky),
        ),
        element(
            "p",
            f"Tested on {comparison.split}, {counted(len(comparison.truth), 'clip')}. {_rivals_text(ranked)}",
            class_="lede",
        ),
        element("figure", ranking_figure(comparison, ranked)),
    )
    scores = element(
        "section",
        element("h2", "Scores and costs"),
        table(
            heading(comparison),
            [cells(comparison, one) for one in ranked],
            caption="All candidates, the best first",
            class_="scores",
        ),
        *(element("p", sentence, class_="note") for sentence in (EXPLANATION, *remarks(comparison))),
    )
    background = element(
        "section",
        element("h2", "Settings and provenance"),
        pairs_table("Settings of all candidates", "setting", comparison.settings),
        pairs_table("Provenance", "item", comparison.provenance),
    )
    return document(_title(comparison), opening, element("main", scores, background))


def ranking_figure(comparison: Comparison, ranked: Sequence[Ranked]) -> Markup:
    """Draw a dot with its interval for each candidate, the best in the accent colour."""
    measure = comparison.head.main_measure
    values = [number for one in ranked for number in (one.score.interval.low, one.score.value)]
    low = min([0.0, *filter(math.isfinite, values)])
    height, y_range = 34 * len(ranked) + 44, (float(len(ranked)), 0.0)
    plot = Plot(520, height, (low, 1.0), y_range, left=120, right=20, top=4, bottom=38)
    is_share = measure in report_of(comparison.head).shares
    marks = plot.x_axis(percent_ticks() if is_share else span_ticks(low, 1.0), measure)
    for k, one in enumerate(ranked):
        marks.append(plot.note(low, k + 0.6, f"{one.net}\u00a0\u00a0", "end", "name"))
        if math.isfinite(one.score.value):
            marks += interval_marks(plot, one.score, k + 0.5, muted=one.difference is not None)
    return plot.draw(f"{measure} of each candidate with its 95 % interval", marks)


def _title(comparison: Comparison) -> str:
    return f"{comparison.task} on {comparison.corpus.name}: model comparison"


def _rivals_text(ranked: Sequence[Ranked]) -> str:
    """Name the candidates that do not differ significantly from the best."""
    rivals = [one.net for one in ranked if one.is_significant is False and one.costs is not None]
    if rivals:
        return f"No significant difference from: {', '.join(rivals)}."
    is_clear = any(one.is_significant for one in ranked if one.costs is not None)
    return "It differs significantly from all others." if is_clear else ""
