"""Comparison of several nets and classical estimators on the same folds of a corpus."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from woodshed.data.example import Corpus
from woodshed.data.split import honest_splits, parse_split
from woodshed.errors import ParameterError
from woodshed.lock import FolderLock
from woodshed.recognition.estimator import AudioEstimator
from woodshed.recognition.experiments.model_comparison import Comparison, ModelComparison, candidates_of
from woodshed.report.recognition.comparison import Ranked, ranking, write_comparison
from woodshed.training.progress import Watcher
from woodshed.training.run_state import RunState
from woodshed.workflows.files import RUN_NAME, load_corpus_for, prepare_folder
from woodshed.workflows.train import RunSettings, check_corpus, make_estimator


@dataclass(frozen=True, kw_only=True)
class CompareSettings(RunSettings):
    """What to compare on what.

    Parameters
    ----------
    nets
        Names of the candidates, separated by commas; None takes the task's own and the usual ones.
    """

    nets: str | None = None


@dataclass(frozen=True)
class ComparePreparation:
    """A comparison that is ready to begin.

    Parameters
    ----------
    request
        What was asked for.
    estimator
        Unfitted, with the settings that all candidates share.
    corpus
        Checked examples, with the skipped files.
    candidates
        Names of the nets and classical estimators.
    lock
        Right to write the output folder, released by `compare`.
    """

    request: CompareSettings
    estimator: AudioEstimator
    corpus: Corpus
    candidates: Sequence[str]
    lock: FolderLock


def prepare_comparison(request: CompareSettings) -> ComparePreparation:
    """Read and check the corpus, and make sure that the results can be written.

    Raises
    ------
    WoodshedError
        If a setting cannot work, nothing usable is found, or the folder cannot be written to.
    """
    if "net" in request.settings:
        net = request.settings["net"]
        raise ParameterError(f"--net names one net. To compare, use --nets {net},svm or others.")
    estimator = make_estimator(request.task, request.settings)
    candidates = candidates_of(estimator, request.nets)
    parse_split(request.split)  # an unknown split is refused before any file is opened
    corpus = load_corpus_for(estimator, request.data, group_by=request.group_by, targets=request.targets)
    with ExitStack() as stack:
        lock = stack.enter_context(prepare_folder(request.out, resume=request.resume, force=request.force))
        corpus = check_corpus(corpus, n_jobs=estimator.n_jobs, strict=request.strict)
        stack.pop_all()
    return ComparePreparation(request, estimator, corpus, candidates, lock)


def compare(
    preparation: ComparePreparation, watcher: Watcher | None = None
) -> tuple[Comparison, list[Ranked]]:
    """Run every candidate, and write the page and the tables.

    Returns
    -------
    comparison, ranked
        The outputs and costs of all candidates, and the candidates in the order of their scores.

    Raises
    ------
    DataError
        If no candidate could be tested.
    """
    request, estimator = preparation.request, preparation.estimator
    with preparation.lock:
        run = ModelComparison(
            estimator,
            preparation.corpus,
            honest_splits(preparation.corpus, request.split, estimator.seed)[0],
            preparation.candidates,
            RunState(request.out / RUN_NAME),
            request.resume,
            watcher or Watcher(),
            request.strict,
        )
        comparison = run.measure()
        ranked = ranking(comparison)
        write_comparison(comparison, ranked, request.out)
        if not (comparison.interrupted or comparison.failed):
            run.run_state.close()
    return comparison, ranked
