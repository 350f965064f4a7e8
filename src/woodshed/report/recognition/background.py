"""Sections about the data: findings of the quick check, skipped files, corpus, settings, provenance."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from woodshed.data.example import Skipped
from woodshed.errors import counted
from woodshed.html.markup import Markup, element, join, name_of, table
from woodshed.recognition.experiments.result import Experiment
from woodshed.report.numbers import decimal
from woodshed.report.recognition.head_report import Section, outputs_text

if TYPE_CHECKING:
    from woodshed.data.doctor.finding import Checkup

MAX_GROUPS = 60
"""Maximum number of rows in the table of groups."""


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
    heading = ["finding", "harm", "description", "remedy"]
    caption = "Most harmful first; with a harm of 1 the scores are meaningless"
    findings = table(heading, rows, caption=caption, class_="words") if rows else element("p", "No findings.")
    return [("checkup", "Data quality", join([findings, note]))]


def skipped_files(experiment: Experiment) -> list[Skipped]:
    """Return every skipped file once: those of the corpus, then those of the run."""
    return list(dict.fromkeys((*experiment.corpus.skipped, *experiment.skipped)))


def skipped_section(experiment: Experiment) -> Section:
    """Return the section of skipped files with the reasons."""
    skipped = skipped_files(experiment)
    content = element("p", "None.")
    if skipped:
        rows = [[name_of(os.fspath(item.path)), item.reason] for item in skipped]
        caption = f"{counted(len(skipped), 'file')} could not be used"
        files = table(["file", "reason"], rows, caption=caption, class_="words")
        content = element("div", files, class_="tall")
    return "skipped", f"Skipped files: {len(skipped)}", content


def corpus_section(experiment: Experiment) -> Section:
    """Return the section with size, licence and counts of the corpus, the settings and the provenance."""
    corpus = experiment.corpus
    size = f"{counted(len(corpus.examples), 'clip')}, {outputs_text(experiment)}"
    if corpus.groups:
        size += f", {counted(len(set(corpus.groups)), 'group')}"
    facts = {
        "corpus": name_of(corpus.name),
        "size": size,
        "licence": corpus.licence or "not stated",
        "citation": corpus.citation or "none given",
    }
    pairs = element(
        "div",
        _pairs_table("Settings", "setting", experiment.settings),
        _pairs_table("Provenance", "item", experiment.provenance),
        class_="charts",
    )
    parts = [_pairs_table("Corpus", "item", facts), _count_table(experiment), pairs]
    return "background", "Training data", join(parts)


def target_counts(experiment: Experiment) -> dict[str, int]:
    """Return the number of clips of the corpus by name of the output."""
    return experiment.head.counts(experiment.names, _targets(experiment))


def _targets(experiment: Experiment) -> NDArray[np.float32]:
    head = experiment.head
    targets = [head.target_of(example) for example in experiment.corpus.examples]
    return head.encode_as(targets, experiment.names)


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
    noun = experiment.head.noun
    heading = ["group", *map(name_of, experiment.names), "clips"]
    return table(heading, rows, caption=f"Clips by group and {noun}", class_="counts")


def _pairs_table(caption: str, heading: str, pairs: Mapping[str, Any]) -> Markup:
    rows = [[name, value if isinstance(value, Markup) else str(value)] for name, value in pairs.items()]
    return table([heading, "value"], rows, caption=caption, class_="words") if rows else Markup("")
