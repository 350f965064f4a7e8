"""The report of an experiment as one HTML file that needs no other file, no network and no script."""

from __future__ import annotations

import os
from collections.abc import Sequence

from woodshed.atomic import write_whole
from woodshed.errors import ParameterError, counted
from woodshed.html.document import document
from woodshed.html.markup import Markup, element, join, name_of, scrolling, unbroken
from woodshed.recognition.experiments.result import Experiment, SplitResult
from woodshed.report.numbers import UNKNOWN
from woodshed.report.recognition.background import checkup_sections, corpus_section, skipped_section
from woodshed.report.recognition.figures import accuracy_figure
from woodshed.report.recognition.head_report import (
    HeadReport,
    Scores,
    Section,
    ordered_splits,
    report_of,
)
from woodshed.report.recognition.scores import groups_of
from woodshed.report.recognition.sections import split_badge
from woodshed.report.recognition.tuning import tuning_sections
from woodshed.report.recognition.wording import EXPLANATIONS, badge_of, method_name

ScoredSplit = tuple[SplitResult, Scores]


def write_page(experiment: Experiment, path: str | os.PathLike[str], *, max_confused: int = 40) -> None:
    """Write the report of an experiment.

    Parameters
    ----------
    experiment
        The results.
    path
        The file to write, usually ``report.html``. An older one is replaced when the new one is complete.
    max_confused
        Maximum number of confused clips whose audio is embedded, 0 or more; each adds about 20 to 100 kB.

    Raises
    ------
    OutputError
        If the file cannot be written.
    ParameterError
        If ``max_confused`` is negative, or nothing was tested.
    """
    write_whole(path, page(experiment, max_confused=max_confused))


def page(experiment: Experiment, *, max_confused: int = 40) -> str:
    """Return the report of an experiment as HTML; arguments and errors as for `write_page`."""
    if max_confused < 0:
        raise ParameterError(f"max_confused must be 0 or more, got {max_confused}. To embed no audio pass 0.")
    report = report_of(experiment.head)
    scored = [(result, report.scores(experiment, result)) for result in ordered_splits(experiment)]
    tested, _ = scored[0]
    badge = split_badge(tested.leaky)
    details = report.sections(experiment, tested, max_confused)
    sections: list[tuple[Section, Markup]] = [
        (("scores", "Scores", _score_section(report, experiment, scored)), Markup("")),
        *((section, badge) for section in details),
        *(
            (section, Markup(""))
            for section in (
                *report.data_sections(experiment),
                *tuning_sections(experiment.tuning),
                *checkup_sections(experiment.checkup),
                skipped_section(experiment),
                corpus_section(experiment),
            )
        ),
    ]
    links = (element("a", title, href=f"#{name}") for (name, title, _), _ in sections)
    content = join(
        [
            _headline(report, experiment, *scored[0]),
            element("nav", *links, aria_label="On this page"),
            element(
                "main",
                *(
                    element("section", element("h2", title, mark), text, id=name)
                    for (name, title, text), mark in sections
                ),
            ),
            element("footer", "Made by woodshed. This page is self-contained."),
        ]
    )
    return document(f"{experiment.task} on {experiment.corpus.name}: report", content)


def _headline(report: HeadReport, experiment: Experiment, result: SplitResult, scores: Scores) -> Markup:
    """Return the header: the main measure of the model, with its interval and the baselines."""
    measure = experiment.head.main_measure
    (_, model), *baselines = scores.items()
    name, badge = name_of(result.split.partition(",")[0]), split_badge(result.leaky)
    split = name if result.leaky is False else join(["the split “", name, "”"])
    value = element("b", report.value_text(measure, model[measure].value, 0))
    heading = element("h1", f"{measure[0].upper()}{measure[1:]} on ", split, ": ", value, badge)
    groups = groups_of(experiment.corpus, result.indices)
    basis = counted(len(result.truth), "clip")
    if groups is not None:
        basis += f" of {counted(len(set(groups.tolist())), 'group')}"
    interval = report.interval_text(measure, model[measure].interval, 0)
    comparison = [
        join([method_name(method), " ", unbroken(report.value_text(measure, row[measure].value, 0)), badge])
        for method, row in baselines
    ]
    lede = [
        f"Tested on {basis}." if interval == UNKNOWN else f"95 % interval {interval}; tested on {basis}.",
        *([" Baselines: ", join(comparison, ", "), "."] if comparison else []),
    ]
    explanation = EXPLANATIONS.get(badge_of(result.leaky))
    text = element(
        "div",
        element("p", *lede, class_="lede"),
        element("p", explanation, class_="note") if explanation else None,
    )
    if measure in report.shares:
        rows = [(method_name(method), row[measure], badge_of(result.leaky)) for method, row in scores.items()]
        chart = element("figure", accuracy_figure(f"{measure} by method", rows, emphasis=0))
        text = element("div", text, chart, class_="opening")
    kicker = ("woodshed · ", experiment.task, " · ", name_of(experiment.corpus.name))
    return element("header", element("p", *kicker, class_="kicker"), heading, text)


def _score_section(report: HeadReport, experiment: Experiment, scored: Sequence[ScoredSplit]) -> Markup:
    """Return the table of every measure by split and method, the most reliable split first and largest."""
    heading = element("tr", *(element("th", name, scope="col") for name in ("method", *report.measures)))
    bodies = []
    for k, (result, scores) in enumerate(scored):
        badge = split_badge(result.leaky)
        size = element("span", counted(len(result.truth), "clip"), class_="sub")
        title = element("th", name_of(result.split), badge, size, colspan=1 + len(report.measures))
        rows = [
            element(
                "tr",
                element("th", name_of(method_name(method)), scope="row"),
                *(
                    element(
                        "td",
                        report.value_text(measure, score.value),
                        element("span", report.interval_text(measure, score.interval), class_="sub"),
                        badge,
                    )
                    for measure, score in row.items()
                ),
                class_="net" if method == result.method else None,
            )
            for method, row in scores.items()
        ]
        bodies.append(
            element("tbody", element("tr", title, class_="part"), *rows, class_="later" if k else "first")
        )
    notes = [
        *dict.fromkeys(EXPLANATIONS[name] for result, _ in scored if (name := badge_of(result.leaky))),
        "In small type: 95 % bootstrap intervals, resampled by group where groups are known. "
        + report.explanation,
    ]
    leakage = report.leakage_note(experiment)
    return join(
        [
            scrolling(
                element("table", element("thead", heading), *bodies, class_="scores"),
                "Scores by split and method",
            ),
            *(element("p", note, class_="note") for note in notes),
            element("p", leakage) if leakage else "",
        ]
    )
