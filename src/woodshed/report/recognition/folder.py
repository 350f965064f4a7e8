"""Model folder: a recogniser with all that is known about it, written so that one can trust or doubt it."""

from __future__ import annotations

import json
from pathlib import Path

from woodshed.atomic import write_whole
from woodshed.data.example import Corpus
from woodshed.data.item import file_digest
from woodshed.errors import OutputError, printable
from woodshed.metrics import calibration, confusion, probability
from woodshed.recognition.estimator import AudioEstimator
from woodshed.recognition.experiments.column_result import ColumnExperiment
from woodshed.recognition.experiments.result import Experiment
from woodshed.recognition.saving import save_model
from woodshed.report.recognition.card import card
from woodshed.report.recognition.confidence import confidence_scores
from woodshed.report.recognition.page import write_page
from woodshed.report.recognition.scores import answers_of
from woodshed.report.recognition.table import score_rows
from woodshed.report.recognition.tags import metrics_of_columns
from woodshed.report.recognition.tags_page import column_card
from woodshed.report.recognition.tuning import tuning_values
from woodshed.training.model_folder import CARD_NAME, METRICS_NAME, make_folder, to_json
from woodshed.training.run_state import RunState

HEARD_NAME = "heard.json"
"""File that names what a model learned from, by content, so that a test on the same sounds is noticed."""


NOTEBOOK_NAME = "training"
"""Sub-folder in which a training that is not finished is written down."""


def prepare_folder(folder: Path, *, resume: bool = False, force: bool = False) -> None:
    """Make sure, before hours of training, that a model can be written to a folder.

    Raises
    ------
    OutputError
        If the folder cannot be made or written to, or holds something that would be overwritten and
        ``force`` is not said.
    """
    if folder.exists() and not folder.is_dir():
        raise OutputError(f"{printable(folder)} is a file. Give --out the name of a folder.")
    kept = sorted(place.name for place in folder.iterdir()) if folder.is_dir() else []
    unfinished = NOTEBOOK_NAME in kept
    if unfinished and not (force or resume):
        raise OutputError(
            f"{printable(folder)} holds a training that was not finished. "
            "Go on with it by --resume, or begin again by --force."
        )
    if kept and not unfinished and not force:
        what = "holds no unfinished training" if resume else "is there already and not empty"
        raise OutputError(
            f"{printable(folder)} {what}. Give --out another folder, or replace what is in it by --force."
        )
    make_folder(folder)
    if force and not resume:
        RunState(folder / NOTEBOOK_NAME).close()
    write_whole(folder / ".woodshed", "")  # fails now if it would fail later
    (folder / ".woodshed").unlink()


def write_model_folder(
    recogniser: AudioEstimator, experiment: Experiment | ColumnExperiment, folder: Path
) -> None:
    """Write the model, its card, its scores, its report and what it has heard.

    Raises
    ------
    OutputError
        If the folder cannot be written to.
    """
    save_model(recogniser, folder)
    write_results(experiment, folder)
    text = column_card(experiment) if isinstance(experiment, ColumnExperiment) else card(experiment)
    write_whole(folder / CARD_NAME, text)
    learned = experiment.corpus.subset(experiment.learned.tolist())
    heard = {
        "sounds": sorted({file_digest(example.path) for example in learned}),
        "groups": sorted({example.group for example in learned if example.group is not None}),
    }
    write_whole(folder / HEARD_NAME, to_json(heard))


def write_results(experiment: Experiment | ColumnExperiment, folder: Path) -> None:
    """Write ``metrics.json`` and ``report.html``."""
    if isinstance(experiment, ColumnExperiment):
        metrics = metrics_of_columns(experiment)
    else:
        metrics = metrics_of(experiment)
    write_whole(folder / METRICS_NAME, to_json(metrics))
    write_page(experiment, folder / "report.html")


def metrics_of(experiment: Experiment) -> dict[str, object]:
    """Return every score of every method on every split, as plain values by name."""
    splits = []
    for result in experiment.splits:
        methods: dict[str, object] = {}
        for method in result.probabilities:
            answers = answers_of(experiment, result, method)
            counted = confusion.evaluate(answers.confusion)
            given = (answers.truth, answers.probabilities, answers.classes)
            likely = probability.evaluate(*given)
            likely["expected_calibration_error"] = calibration.expected_calibration_error(*given)
            methods[method] = counted | likely
        told: dict[str, object] = {"split": result.split, "leaky": result.leaky, "methods": methods}
        if result.judged is not None:
            told["confidence"] = confidence_scores(answers_of(experiment, result), result.judged)
        splits.append(told)
    rows = [
        {
            "split": row.split,
            "badge": row.badge,
            "method": row.method,
            "accuracy": row.accuracy,
            "interval": row.interval,
        }
        for row in score_rows(experiment)
    ]
    return {
        "task": experiment.task,
        "labels": list(experiment.labels),
        "accuracy": rows,
        "splits": splits,
        **tuning_values(experiment.tuning),
        "provenance": experiment.provenance,
    }


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
