"""Model folder of a recogniser: the model, its card, scores and report, and digests of its training files."""

from __future__ import annotations

import json
from pathlib import Path

from woodshed.atomic import write_whole
from woodshed.data.example import Corpus
from woodshed.data.item import file_digest
from woodshed.recognition.estimator import AudioEstimator
from woodshed.recognition.experiments.result import Experiment
from woodshed.recognition.saving import save_model
from woodshed.report.recognition.card import card
from woodshed.report.recognition.head_report import report_of
from woodshed.report.recognition.page import write_page
from woodshed.training.model_folder import CARD_NAME, METRICS_NAME, to_json

DIGESTS_NAME = "heard.json"
"""File with the digests and groups of the training clips, to recognise a test on the same recordings."""


def write_model_folder(model: AudioEstimator, experiment: Experiment, folder: Path) -> None:
    """Write the model, its card, scores and report, and the digests of its training files.

    Raises
    ------
    OutputError
        If the folder cannot be written to.
    """
    save_model(model, folder)
    write_results(experiment, folder)
    write_whole(folder / CARD_NAME, card(experiment))
    examples = experiment.corpus.subset(experiment.learned.tolist())
    digests = {
        "sounds": sorted({file_digest(example.path) for example in examples}),
        "groups": sorted({example.group for example in examples if example.group is not None}),
    }
    write_whole(folder / DIGESTS_NAME, to_json(digests))


def write_results(experiment: Experiment, folder: Path) -> None:
    """Write ``metrics.json`` and ``report.html``."""
    write_whole(folder / METRICS_NAME, to_json(report_of(experiment.head).metrics(experiment)))
    write_page(experiment, folder / "report.html")


def is_leaky(folder: Path, corpus: Corpus) -> bool | None:
    """Return whether a model was trained on some of the files or groups of a corpus.

    Returns
    -------
    bool or None
        None when that is unknown: the model folder has no digests, or groups are unknown on one side, so that
        new files may be from the same speaker.
    """
    try:
        digests = json.loads((folder / DIGESTS_NAME).read_text("utf-8"))
        sounds, groups = set(digests["sounds"]), set(digests["groups"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    examples = corpus.examples
    if any(example.group in groups or file_digest(example.path) in sounds for example in examples):
        return True
    return False if groups and all(example.group is not None for example in examples) else None
