"""Sections about where the scores come from: files set aside, corpus, settings, provenance."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from typing import Any

from woodshed.data.example import Skipped
from woodshed.errors import counted
from woodshed.html.markup import Markup, element, join, name_of, table
from woodshed.recognition.experiments.result import Experiment

MAX_GROUPS = 60


def skipped_files(experiment: Experiment) -> list[Skipped]:
    """Return every skipped file once: those of the corpus, then those of the run."""
    return list(dict.fromkeys((*experiment.corpus.skipped, *experiment.skipped)))


def skipped_section(experiment: Experiment) -> Markup:
    """Return the table of skipped files with the reasons."""
    left_out = skipped_files(experiment)
    if not left_out:
        return element("p", "None: every file could be used.")
    rows = [[name_of(os.fspath(item.path)), item.reason] for item in left_out]
    caption = f"{counted(len(left_out), 'file')} could not be used."
    return element("div", table(["file", "why"], rows, caption=caption, class_="words"), class_="tall")


def corpus_section(experiment: Experiment) -> Markup:
    """Return size, licence and counts of the corpus, the settings and the provenance."""
    corpus = experiment.corpus
    groups = corpus.groups
    size = f"{counted(len(corpus.examples), 'clip')}, {counted(len(experiment.names), experiment.head.noun)}"
    if groups:
        size += f", {counted(len(set(groups)), 'group')}"
    told = [
        ("corpus", name_of(corpus.name)),
        ("size", size),
        ("licence", corpus.licence or "not stated"),
        ("citation", corpus.citation or "none given"),
    ]
    return join(
        [
            table(["what", "value"], told, caption="The corpus", class_="words"),
            _count_table(experiment, groups),
            element(
                "div",
                _pairs("Settings", "setting", experiment.settings),
                _pairs("Provenance", "what", experiment.provenance),
                class_="charts",
            ),
        ]
    )


def _count_table(experiment: Experiment, groups: list[str] | None) -> Markup:
    labels = experiment.names
    of_examples = groups or ["all clips"] * len(experiment.corpus.examples)
    counted = Counter(zip(of_examples, experiment.corpus.labels, strict=True))
    names = sorted(set(of_examples))
    shown, rest = names[:MAX_GROUPS], names[MAX_GROUPS:]
    rows: list[list[object]] = [
        _count_row(name_of(name), [counted[name, label] for label in labels]) for name in shown
    ]
    if rest:
        others = [sum(counted[name, label] for name in rest) for label in labels]
        rows.append(_count_row(f"{len(rest)} more groups", others))
    if len(names) > 1:
        rows.append(_count_row("all", [sum(counted[name, label] for name in names) for label in labels]))
    heading = ["group", *(name_of(label) for label in labels), "all"]
    return table(heading, rows, caption="Clips of each group and class", class_="counts")


def _count_row(name: object, counts: list[int]) -> list[object]:
    return [name, *map(str, counts), element("b", str(sum(counts)))]


def _pairs(caption: str, first: str, pairs: Mapping[str, Any]) -> Markup:
    rows = [[name, str(value)] for name, value in pairs.items()]
    return table([first, "value"], rows, caption=caption, class_="words") if rows else Markup("")
