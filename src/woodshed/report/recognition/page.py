"""The report of an experiment as one HTML file that needs no other file, no network and no script."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from woodshed.atomic import write_whole
from woodshed.data.example import Skipped
from woodshed.data.licence import NO_ATTRIBUTION, UNSTATED
from woodshed.errors import ParameterError, counted
from woodshed.html.document import (
    Markup,
    document,
    element,
    join,
    name_of,
    pairs_table,
    scrolling,
    table,
    unbroken,
)
from woodshed.recognition.experiments.result import Experiment, SplitResult
from woodshed.report.recognition.figures import accuracy_figure
from woodshed.report.recognition.head_report import (
    HeadReport,
    Scores,
    Section,
    badge_explanations,
    ordered_splits,
    outputs_text,
    report_of,
    split_badge,
    tuning_sections,
)
from woodshed.report.recognition.scores import groups_of
from woodshed.report.wording import EXPLANATIONS, LICENCE, UNKNOWN, badge_of, decimal, method_name

if TYPE_CHECKING:
    from woodshed.data.doctor.finding import Checkup
    from woodshed.data.example import Corpus


ScoredSplit = tuple[SplitResult, Scores]

MAX_GROUPS = 60
"""Maximum number of rows in the table of groups."""


def scored_splits(experiment: Experiment) -> list[ScoredSplit]:
    """Return every split with all scores of all methods; their intervals take most of the time of a page."""
    report = report_of(experiment.head)
    return [(result, report.scores(experiment, result)) for result in ordered_splits(experiment)]


def write_page(
    experiment: Experiment,
    path: str | os.PathLike[str],
    *,
    max_confused: int = 40,
    scored: Sequence[ScoredSplit] | None = None,
) -> None:
    """Write the report of an experiment.

    Parameters
    ----------
    experiment
        The results.
    path
        The file to write, usually ``report.html``. An older one is replaced when the new one is complete.
    max_confused
        Maximum number of confused clips whose audio is embedded, 0 or more; each adds about 20 to 100 kB.
    scored
        Result of `scored_splits`, if it is known.

    Raises
    ------
    OutputError
        If the file cannot be written.
    ParameterError
        If ``max_confused`` is negative, or nothing was tested.
    """
    write_whole(path, page(experiment, max_confused=max_confused, scored=scored))


def page(
    experiment: Experiment, *, max_confused: int = 40, scored: Sequence[ScoredSplit] | None = None
) -> str:
    """Return the report of an experiment as HTML; arguments and errors as for `write_page`."""
    if max_confused < 0:
        raise ParameterError(f"max_confused must be 0 or more, got {max_confused}. To embed no audio pass 0.")
    report = report_of(experiment.head)
    scored = scored_splits(experiment) if scored is None else scored
    tested, tested_scores = scored[0]
    badge = split_badge(tested.leaky)
    sections: list[tuple[Section, Markup]] = [
        (("scores", "Scores", _score_section(report, experiment, scored)), Markup("")),
        *((section, badge) for section in report.sections(experiment, tested, max_confused)),
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
    return document(
        f"{experiment.task} on {experiment.corpus.name}: report",
        _headline(report, experiment, result=tested, scores=tested_scores),
        element(
            "nav",
            *(element("a", title, href=f"#{name}") for (name, title, _), _ in sections),
            aria_label="On this page",
        ),
        element(
            "main",
            *(
                element("section", element("h2", title, mark), text, id=name)
                for (name, title, text), mark in sections
            ),
        ),
        element("footer", "Made by woodshed. This page is self-contained."),
    )


def _headline(report: HeadReport, experiment: Experiment, result: SplitResult, scores: Scores) -> Markup:
    """Return the header: the main measure of the model, with its interval and the baselines."""
    measure = experiment.head.main_measure
    (_, model), *baselines = scores.items()
    name, badge = name_of(result.split.partition(",")[0]), split_badge(result.leaky)
    is_named = result.leaky is False or experiment.evaluation is not None
    split = name if is_named else join(["the split “", name, "”"])
    heading = element(
        "h1",
        f"{measure[0].upper()}{measure[1:]} on ",
        split,
        ": ",
        element("b", report.value_text(measure, model[measure].value, 0)),
        badge,
    )
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
        *(element("p", remark, class_="note") for remark in report.remarks(experiment, result)),
        element("p", explanation, class_="note") if explanation else None,
    )
    if measure in report.shares:
        rows = [(method_name(method), row[measure], badge_of(result.leaky)) for method, row in scores.items()]
        chart = element("figure", accuracy_figure(f"{measure} by method", rows, emphasis=0))
        text = element("div", text, chart, class_="opening")
    return element(
        "header",
        element("p", "woodshed · ", experiment.task, " · ", name_of(experiment.corpus.name), class_="kicker"),
        heading,
        text,
    )


def _score_section(report: HeadReport, experiment: Experiment, scored: Sequence[ScoredSplit]) -> Markup:
    """Return the table of every measure by split and method, the most reliable split first and largest."""
    heading = (element("th", name, scope="col") for name in ("method", *report.measures))
    bodies = []
    for k, (result, scores) in enumerate(scored):
        badge = split_badge(result.leaky)
        title = element(
            "th",
            name_of(result.split),
            badge,
            element("span", counted(len(result.truth), "clip"), class_="sub"),
            colspan=1 + len(report.measures),
        )
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
        *badge_explanations(result for result, _ in scored),
        "In small type: 95 % bootstrap intervals, resampled by group where groups are known. "
        + report.explanation,
    ]
    leakage = report.leakage_note(experiment)
    return join(
        [
            scrolling(
                element("table", element("thead", element("tr", *heading)), *bodies, class_="scores"),
                "Scores by split and method",
            ),
            *(element("p", note, class_="note") for note in notes),
            element("p", leakage) if leakage else "",
        ]
    )


def checkup_sections(checkup: Checkup | None) -> list[Section]:
    """Return the section of findings; empty if the corpus was not checked."""
    if checkup is None:
        return []
    note = element(
        "p",
        "From a quick check of every file. woodshed doctor also looks for near-duplicates, probable label "
        "errors and shortcuts.",
        class_="note",
    )
    rows = [
        [finding.kind, decimal(finding.harm, 2), finding.message, name_of(finding.repair)]
        for finding in checkup.findings
    ]
    findings = table(
        ["finding", "harm", "description", "remedy"],
        rows,
        caption="Most harmful first; with a harm of 1 the scores are meaningless",
        class_="words",
    )
    return [("checkup", "Data quality", join([findings if rows else element("p", "No findings."), note]))]


def skipped_files(experiment: Experiment) -> list[Skipped]:
    """Return every skipped file once: those of the corpus, then those of the run."""
    return list(dict.fromkeys((*experiment.corpus.skipped, *experiment.skipped)))


def skipped_section(experiment: Experiment) -> Section:
    """Return the section of skipped files with the reasons."""
    rows = [[name_of(os.fspath(item.path)), item.reason] for item in skipped_files(experiment)]
    caption = f"{counted(len(rows), 'file')} could not be used"
    files = table(["file", "reason"], rows, caption=caption, class_="words")
    content = element("div", files, class_="tall") if rows else element("p", "None.")
    return "skipped", f"Skipped files: {len(rows)}", content


def default_groups(corpus: Corpus) -> str:
    """Return by what the groups are formed if that was not set, and why; empty otherwise."""
    return f" (by {corpus.group_word}: {corpus.group_reason})" if corpus.group_reason else ""


def corpus_section(experiment: Experiment) -> Section:
    """Return the section with size, licence and counts of the corpus, the settings and the provenance."""
    corpus = experiment.corpus
    size = f"{counted(len(corpus.examples), 'clip')}, {outputs_text(experiment)}"
    if corpus.groups:
        size += f", {counted(len(set(corpus.groups)), 'group')}{default_groups(corpus)}"
    facts = {
        "corpus": name_of(corpus.name),
        "size": size,
        LICENCE if len(experiment.learned) else "licence": corpus.licence or UNSTATED,
        "attribution": corpus.citation or NO_ATTRIBUTION,
    }
    settings = element(
        "div",
        pairs_table("Settings", "setting", experiment.settings),
        pairs_table("Provenance", "item", experiment.provenance),
        class_="charts",
    )
    content = join([pairs_table("Corpus", "item", facts), _count_table(experiment), settings])
    return "background", "Training data", content


def target_counts(experiment: Experiment) -> dict[str, int]:
    """Return the number of clips of the corpus by name of the output."""
    return experiment.head.counts(experiment.names, _targets(experiment))


def _targets(experiment: Experiment) -> NDArray[np.float32]:
    targets = [experiment.head.target_of(example) for example in experiment.corpus.examples]
    return experiment.head.encode_as(targets, experiment.names)


def _count_table(experiment: Experiment) -> Markup:
    """Return the table of the clips by group and output."""
    targets = _targets(experiment)
    group_of = np.asarray(experiment.corpus.groups or ["all"] * len(targets))
    groups = np.unique(group_of)
    parts: list[tuple[object, NDArray[np.float32]]] = [
        (name_of(name), targets[group_of == name]) for name in groups[:MAX_GROUPS].tolist()
    ]
    if len(groups) > MAX_GROUPS:
        rest = targets[np.isin(group_of, groups[MAX_GROUPS:])]
        parts.append((counted(len(groups) - MAX_GROUPS, "more group"), rest))
    if len(groups) > 1:
        parts.append(("all", targets))
    rows = [
        [
            name,
            *map(str, experiment.head.counts(experiment.names, part).values()),
            element("b", str(len(part))),
        ]
        for name, part in parts
    ]
    heading = ["group", *map(name_of, experiment.names), "clips"]
    return table(heading, rows, caption=f"Clips by group and {experiment.head.noun}", class_="counts")
