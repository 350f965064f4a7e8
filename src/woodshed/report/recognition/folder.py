"""Model folder: a recogniser with all that is known about it, written so that one can trust or doubt it."""

from __future__ import annotations

import json
from pathlib import Path

from woodshed.atomic import write_whole
from woodshed.data.example import Corpus
from woodshed.data.item import file_digest
from woodshed.recognition.estimator import AudioEstimator
from woodshed.recognition.experiments.result import Experiment
from woodshed.recognition.saving import save_model
from woodshed.report.recognition.head_report import report_of
from woodshed.report.recognition.page import write_page
from woodshed.training.model_folder import CARD_NAME, METRICS_NAME, to_json

HEARD_NAME = "heard.json"
"""File that names what a model learned from, by content, so that a test on the same sounds is noticed."""


def write_model_folder(model: AudioEstimator, experiment: Experiment, folder: Path) -> None:
    """Write the model, its card, its scores, its report, and digests of its training files.

    Raises
    ------
    OutputError
        If the folder cannot be written to.
    """
    save_model(model, folder)
    write_results(experiment, folder)
    write_whole(folder / CARD_NAME, report_of(experiment.head).card(experiment))
    learned = experiment.corpus.subset(experiment.learned.tolist())
    heard = {
        "sounds": sorted({file_digest(example.path) for example in learned}),
        "groups": sorted({example.group for example in learned if example.group is not None}),
    }
    write_whole(folder / HEARD_NAME, to_json(heard))


def write_results(experiment: Experiment, folder: Path) -> None:
    """Write ``metrics.json`` and ``report.html``."""
    write_whole(folder / METRICS_NAME, to_json(report_of(experiment.head).metrics(experiment)))
    write_page(experiment, folder / "report.html")


def is_heard(folder: Path, corpus: Corpus) -> bool | None:
    """Find out whether a model has heard some of these sounds, or their groups, while it learned.

    Returns
    -------
    bool or None
        True if it has for certain. None when nobody can say: the model folder does not, or groups are
        not known on one side, so that the same speaker may be behind new sounds.
    """
    try:
        heard = json.loads((folder / HEARD_NAME).read_text("utf-8"))
        sounds, groups = set(heard["sounds"]), set(heard["groups"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    examples = corpus.examples
    if any(example.group in groups or file_digest(example.path) in sounds for example in examples):
        return True
    return False if groups and all(example.group is not None for example in examples) else None
