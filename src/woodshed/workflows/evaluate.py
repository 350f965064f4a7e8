"""Evaluation of a model folder on further examples."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

from woodshed.data.check import check
from woodshed.errors import OutputError, printable
from woodshed.recognition.experiments.cross_validation import evaluate as evaluate_model
from woodshed.recognition.experiments.result import Experiment
from woodshed.report.recognition.folder import find_overlap, write_results
from woodshed.report.recognition.page import skipped_files
from woodshed.training.model_folder import SETTINGS_NAME
from woodshed.workflows.files import load_corpus_for, prepare_folder, require_usable
from woodshed.workflows.model import load_model_for


def evaluate(
    model: Path,
    data: str,
    *,
    out: Path | None = None,
    group_by: str | None = None,
    targets: Sequence[str] = (),
    strict: bool = False,
    force: bool = False,
) -> Experiment:
    """Test a model on the examples of a corpus, and write a report.

    The split of the result is leaky if the model was trained on some of these files, on other versions of
    them (resampled, encoded, trimmed), or on some of the groups.

    Parameters
    ----------
    model
        A model folder.
    data, group_by, targets
        As for `woodshed.workflows.files.load_corpus_for`.
    out
        Folder for ``report.html`` and ``metrics.json``; None writes nothing.
    strict
        Raise if any file has to be skipped.
    force
        Replace an older report.

    Raises
    ------
    WoodshedError
        If the model cannot be loaded, nothing usable is found, or the folder cannot be written to or holds a
        model, whose scores it would replace.
    """
    if out is not None and (out / SETTINGS_NAME).exists():
        raise OutputError(
            f"{printable(out)} holds a model with scores and a report of its own. Give --out another folder."
        )
    estimator = load_model_for("evaluate", model)
    corpus = load_corpus_for(estimator, data, group_by=group_by, targets=targets, to_fit=False)
    with nullcontext() if out is None else prepare_folder(out, force=force):
        corpus = check(corpus, least_classes=1)
        overlap = find_overlap(model, corpus)
        experiment = evaluate_model(estimator, corpus, leaky=overlap.leaky, learned_from=overlap.learned_from)
        require_usable(len(experiment.corpus.examples), skipped_files(experiment), what="file", strict=strict)
        if out is not None:
            write_results(experiment, out)
    return experiment
