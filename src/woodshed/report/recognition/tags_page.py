"""Page and card of an experiment with tags or values."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from woodshed.errors import counted
from woodshed.html.markup import Markup, element, join, name_of, scrolling, table
from woodshed.recognition.experiments.column_result import ColumnExperiment, ColumnResult
from woodshed.report.recognition import sections
from woodshed.report.recognition.card import plain
from woodshed.report.recognition.checkup import checkup_part
from woodshed.report.recognition.scatter import scatter_figure
from woodshed.report.recognition.tags import MAIN, ColumnScores, column_scores, measures_of, scores_of
from woodshed.report.recognition.tuning import tuning_section
from woodshed.report.recognition.wording import (
    EXPLANATIONS,
    UNKNOWN,
    badge_of,
    decimal,
    decimal_range,
    method_name,
)

TOLD = {
    "tags": "ROC-AUC: how often a clip with the tag is ranked above one without; 0.5 is guessing. PR-AUC: "
    "the average precision; guessing gives the prevalence. Precision, recall and F1 are those of what the "
    "model says at the tag's own threshold.",
    "values": "R² is the share of the variance that is explained; 0 is as good as always answering the mean. "
    "MAE and RMSE are in the unit of the value. CCC, the concordance, is lowered by a wrong mean or spread, "
    "too.",
}


def column_body(experiment: ColumnExperiment) -> Markup:
    """Write the body of the page: headline, scores, each column, how it learned, what was left out."""
    scored = [(result, scores_of(experiment, result)) for result in experiment.splits]
    honest, found = scored[0]
    main = MAIN[experiment.answer]
    score = found[0].scores[main]
    what = "tags" if experiment.answer == "tags" else "values"
    head = element(
        "header",
        element("p", "woodshed · ", experiment.task, " · ", name_of(experiment.corpus.name), class_="kicker"),
        element(
            "h1",
            "On ",
            name_of(honest.split.partition(",")[0]),
            f", its {main} is ",
            element("b", decimal(score.value)),
            ".",
        ),
        element(
            "p",
            f"95 % interval {decimal_range(score.interval)}, from {counted(len(honest.truth), 'clip')} and "
            f"{counted(len(experiment.names), what[:-1])}. "
            + " ".join(
                f"{method_name(other.method)}: {decimal(other.scores[main].value)}." for other in found[1:]
            ),
            class_="lede",
        ),
        *(element("p", EXPLANATIONS[badge], class_="note") for badge in {badge_of(honest)} - {""}),
    )
    figures = []
    if experiment.answer == "values":
        answers = next(iter(honest.answers.values()))
        figures = [
            element(
                "figure",
                element("figcaption", name_of(name)),
                scatter_figure(name, honest.truth[:, k], answers[:, k]),
            )
            for k, name in enumerate(experiment.names)
        ]
    parts = [
        (
            "scores",
            "Scores",
            join([*(_score_table(experiment, *pair) for pair in scored), sections.gap_note(experiment)]),
        ),
        ("columns", f"One by one: the {what}", _column_table(experiment, honest)),
        *([("scatter", "Answered over true", element("div", *figures, class_="charts"))] if figures else []),
        ("learning", "How it learned", sections.learning_section(honest.curves)),
        *(
            [("tuning", "How its settings were chosen", tuning_section(experiment.tuning))]
            if experiment.tuning
            else []
        ),
        *checkup_part(experiment.checkup),
        ("set-aside", "Files set aside", _left_out(experiment)),
        ("background", "Where it comes from", _background(experiment)),
    ]
    links = [element("a", title, href=f"#{name}") for name, title, _ in parts]
    written = [element("section", element("h2", title), part, id=name) for name, title, part in parts]
    return join(
        [
            head,
            element("nav", *links, aria_label="On this page"),
            element("main", *written),
            element("footer", "Made by woodshed. The page holds everything it shows and loads nothing."),
        ]
    )


def column_card(experiment: ColumnExperiment) -> str:
    """Write the model card, the ``card.md`` of the model folder."""
    what = "tags" if experiment.answer == "tags" else "values"
    names = list(measures_of(experiment))
    lines = [
        f"# {plain(experiment.task)}: trained on {plain(experiment.corpus.name)}",
        f"Answers {len(experiment.names)} {what}: {', '.join(map(plain, experiment.names))}.",
        f"Learned from {counted(len(experiment.learned), 'clip')}.",
        "## How well it does",
        "\n".join(
            [
                _line("split", "method", *names),
                _line(*["---"] * (2 + len(names))),
                *(
                    _line(
                        plain(result.split) + (f" **{badge_of(result)}**" if badge_of(result) else ""),
                        plain(method_name(found.method)),
                        *(f"{decimal(s.value)} ({decimal_range(s.interval)})" for s in found.scores.values()),
                    )
                    for result in experiment.splits
                    for found in scores_of(experiment, result)
                ),
            ]
        ),
        "The first method is the model, those after it are plain baselines. In brackets: 95 % bootstrap "
        f"interval, drawn by group where groups are known. {TOLD[experiment.answer]}",
        "## Settings",
        _pairs_text(experiment.settings),
        "## Provenance",
        _pairs_text(experiment.provenance),
    ]
    return "\n\n".join(lines) + "\n"


def _score_table(experiment: ColumnExperiment, result: ColumnResult, found: list[ColumnScores]) -> Markup:
    names = list(measures_of(experiment))
    rows = [
        [
            method_name(one.method),
            *(
                join([decimal(s.value), element("span", decimal_range(s.interval), class_="sub")])
                for s in one.scores.values()
            ),
        ]
        for one in found
    ]
    badge = f" ({badge_of(result)})" if badge_of(result) else ""
    return scrolling(table(["method", *names], rows, caption=result.split + badge), "Scores by method")


def _column_table(experiment: ColumnExperiment, result: ColumnResult) -> Markup:
    scores = column_scores(experiment, result)
    known = (~np.isnan(result.truth)).sum(axis=0)
    first = next(iter(scores.values()))
    order = sorted(range(len(experiment.names)), key=lambda k: -math.inf if np.isnan(first[k]) else -first[k])
    rows = [
        [
            name_of(experiment.names[k]),
            *(UNKNOWN if np.isnan(v[k]) else f"{v[k]:.3f}" for v in scores.values()),
            str(known[k]),
        ]
        for k in order
    ]
    heading = ["tag" if experiment.answer == "tags" else "value", *scores, "clips"]
    told = element("p", TOLD[experiment.answer], class_="note")
    return join([table(heading, rows, caption="One by one, the best first", class_="classes"), told])


def _left_out(experiment: ColumnExperiment) -> Markup:
    left_out = list(dict.fromkeys((*experiment.corpus.skipped, *experiment.skipped)))
    if not left_out:
        return element("p", "None: every file that was found could be used.")
    return table(
        ["file", "why"],
        [[name_of(str(one.path)), one.reason] for one in left_out],
        caption="",
        class_="words",
    )


def _background(experiment: ColumnExperiment) -> Markup:
    corpus = experiment.corpus
    pairs = {
        "corpus": corpus.name,
        "clips": len(corpus.examples),
        "groups": "not known" if corpus.groups is None else len(set(corpus.groups)),
        "licence": corpus.licence or "not stated",
        **experiment.settings,
        **experiment.provenance,
    }
    return table(
        ["what", "value"], [[name, name_of(str(v))] for name, v in pairs.items()], caption="", class_="words"
    )


def _pairs_text(pairs: Mapping[str, Any]) -> str:
    rows = [_line(plain(name), plain(value)) for name, value in pairs.items()]
    return "\n".join([_line("what", "value"), _line("---", "---"), *rows])


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"
