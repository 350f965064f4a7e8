"""Page: an experiment as one HTML file that needs no other, no network and no program but a browser."""

from __future__ import annotations

import os

import numpy as np

from woodshed.atomic import write_whole
from woodshed.errors import ParameterError
from woodshed.html.document import document
from woodshed.html.markup import Markup, element, join
from woodshed.recognition.experiments.column_result import ColumnExperiment
from woodshed.recognition.experiments.result import Experiment, SplitResult
from woodshed.report.recognition import sections
from woodshed.report.recognition.background import corpus_section, set_aside_of, set_aside_section
from woodshed.report.recognition.checkup import checkup_part
from woodshed.report.recognition.confidence import confidence_section
from woodshed.report.recognition.confusion import confusion_section
from woodshed.report.recognition.decision_map import map_section
from woodshed.report.recognition.scores import (
    MEASURES,
    answers_of,
    class_rates,
    group_scores,
    measure,
    ordered_splits,
)
from woodshed.report.recognition.tags_page import column_body
from woodshed.report.recognition.tuning import tuning_section


def write_page(
    experiment: Experiment | ColumnExperiment, path: str | os.PathLike[str], *, max_confused: int = 40
) -> None:
    """Write the report of an experiment.

    Parameters
    ----------
    experiment
        What was measured.
    path
        The file to write, usually ``report.html``. An old one is replaced when the new one is complete.
    max_confused
        Most confused clips whose sound is put into the page, 0 or more; each costs about 20 to 100 kB.

    Raises
    ------
    OutputError
        If the file cannot be written.
    ParameterError
        If ``max_confused`` is negative, or nothing was tested.
    """
    write_whole(path, page(experiment, max_confused=max_confused))


def page(experiment: Experiment | ColumnExperiment, *, max_confused: int = 40) -> str:
    """Return the report of an experiment as HTML; arguments and errors as for `write_page`."""
    if max_confused < 0:
        raise ParameterError(f"max_confused must be 0 or more, got {max_confused}. For no sounds pass 0.")
    if isinstance(experiment, ColumnExperiment):
        content = column_body(experiment)
    else:
        content = _body(experiment, max_confused)
    return document(f"{experiment.task} on {experiment.corpus.name}: how well it does", content)


def _body(experiment: Experiment, max_confused: int) -> Markup:
    splits = ordered_splits(experiment)
    scored = [(result, _scores(experiment, result)) for result in splits]
    honest = splits[0]
    answers = answers_of(experiment, honest)
    n_groups = None if answers.groups is None else len(np.unique(answers.groups))
    left_out = len(set_aside_of(experiment))
    parts = [
        ("scores", "Scores", join([sections.score_section(scored), sections.gap_note(experiment)])),
        ("confusion", "What it confuses", confusion_section(experiment, honest, answers, max_confused)),
        ("classes", "Class by class", sections.class_section(experiment.labels, class_rates(answers))),
        ("roc", "Finding against false alarms", sections.roc_section(experiment.labels, answers)),
        ("groups", "Group by group", sections.group_section(group_scores(answers))),
        _learning_part(experiment, honest),
        ("reliability", "Does it know when it is right?", confidence_section(answers, honest.judged)),
        *(
            [("tuning", "How its settings were chosen", tuning_section(experiment.tuning))]
            if experiment.tuning
            else []
        ),
        *checkup_part(experiment.checkup),
        ("set-aside", f"Files set aside: {left_out}", set_aside_section(experiment)),
        ("background", "What it was trained on", corpus_section(experiment)),
    ]
    about_net = {"confusion", "classes", "roc", "groups", "learning", "reliability"}
    written = [
        _section(name, title, part, honest if name in about_net else None) for name, title, part in parts
    ]
    links = [element("a", title, href=f"#{name}") for name, title, _ in parts]
    return join(
        [
            sections.headline(experiment, scored, n_groups),
            element("nav", *links, aria_label="On this page"),
            element("main", *written),
            element("footer", "Made by woodshed. The page holds everything it shows and loads nothing."),
        ]
    )


def _learning_part(experiment: Experiment, result: SplitResult) -> tuple[str, str, Markup]:
    """Show how a net learned; a classical model has no epochs, and what it saw can be shown instead."""
    if experiment.summary is None:
        return "learning", "How it learned", sections.learning_section(result.curves)
    return "map", "The classes on two features", map_section(experiment.summary, experiment.corpus.labels)


def _scores(experiment: Experiment, result: SplitResult) -> sections.Scores:
    return {
        method: {name: measure(answers_of(experiment, result, method), name) for name in MEASURES}
        for method in result.probabilities
    }


def _section(name: str, title: str, content: Markup, result: SplitResult | None) -> Markup:
    """Put a part under its heading, with the badge of the split that its numbers are from."""
    mark = sections.badge(result) if result else Markup("")
    return element("section", element("h2", title, join([" ", mark]) if mark else None), content, id=name)
