"""Training of a recogniser, tagger or regressor from a corpus to a model folder with its report."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from woodshed.clip import Clip
from woodshed.data.check import check
from woodshed.data.doctor.checkup import short_checkup
from woodshed.data.doctor.finding import Checkup
from woodshed.data.doctor.inspection import common_rate
from woodshed.data.doctor.inspection_store import inspect_with_store
from woodshed.data.example import Corpus, Sounds, is_score
from woodshed.data.group_guess import Candidate, guess_groups
from woodshed.data.split import Split, honest_splits, parse_split
from woodshed.errors import check_choice
from woodshed.interruption import deferred
from woodshed.recognition.clip_item import are_scores
from woodshed.recognition.clip_model import RESOURCE_SETTINGS
from woodshed.recognition.estimator import AudioEstimator
from woodshed.recognition.experiments.cross_validation import CrossValidation
from woodshed.recognition.experiments.result import Experiment, SearchResult
from woodshed.recognition.experiments.tuning import (
    Search,
    check_tuning,
    first_fold_of,
)
from woodshed.report.recognition.folder import write_model_folder
from woodshed.tasks import recognition_tasks, task_class
from woodshed.training.progress import Watcher
from woodshed.training.run_state import RunState
from woodshed.workflows.files import RUN_NAME, load_corpus_for, prepare_folder, require_usable
from woodshed.workflows.progress import SILENT, Progress, stage


@dataclass(frozen=True, kw_only=True)
class RunSettings:
    """What to fit and test on what.

    Parameters
    ----------
    task
        Name of a recognition task.
    data
        A folder of class folders, a table, or a corpus as ``NAME:PATH``.
    out
        Folder for the model and its report.
    settings
        Settings of the estimator by name; the others keep the defaults of the task.
    split
        How to test; see `woodshed.data.split.make_split`.
    group_by
        How groups are read; see `woodshed.data.source.read_source`.
    targets
        Columns of a table that hold tags or values.
    resume
        Continue an interrupted run.
    strict
        Raise if any file has to be skipped.
    force
        Replace the results that are in the folder.
    """

    task: str
    data: str
    out: Path
    settings: Mapping[str, Any] = field(default_factory=dict)
    split: str = "auto"
    group_by: str | None = None
    targets: Sequence[str] = ()
    resume: bool = False
    strict: bool = False
    force: bool = False


@dataclass(frozen=True, kw_only=True)
class TrainSettings(RunSettings):
    """What to train on what.

    Parameters
    ----------
    n_trials
        Trials of a hyperparameter search before the training; 0 searches nothing.
    single_source
        Whether all sounds are from one source; see `woodshed.data.example.Corpus`.
    """

    n_trials: int = 0
    single_source: bool = False


@dataclass(frozen=True)
class Preparation:
    """A training that is ready to begin.

    Parameters
    ----------
    request
        What was asked for.
    estimator
        Unfitted, with the net that suits the corpus.
    corpus
        Checked examples.
    splits
        How it is tested; the grouped split first.
    checkup
        Findings of the quick check of the corpus.
    group_candidates
        Rules by which groups may be read, the likeliest first, if groups are unknown.
    notes
        Decisions that a user should know of.
    duration_s
        Time that it took.
    lock
        Right to write the output folder, released by `train`, or at the end of a ``with`` block.
    """

    request: TrainSettings
    estimator: AudioEstimator
    corpus: Corpus
    splits: Sequence[Split]
    checkup: Checkup
    group_candidates: Sequence[Candidate]
    notes: Sequence[str]
    duration_s: float = 0.0
    lock: AbstractContextManager[object] = field(default_factory=nullcontext)

    def run(self, run_state: RunState | None = None, watcher: Watcher | None = None) -> CrossValidation:
        """Return the cross-validation of this preparation."""
        return CrossValidation(
            self.estimator,
            self.corpus,
            self.splits,
            run_state or RunState(),
            self.request.resume,
            watcher or Watcher(),
            self.request.strict,
        )


@dataclass(frozen=True)
class TrainingResult:
    """What a training made.

    Parameters
    ----------
    experiment
        The scores.
    model
        The fitted estimator that was written.
    interrupted
        Whether Ctrl-C ended it early; the best weights so far are kept.
    """

    experiment: Experiment
    model: AudioEstimator
    interrupted: bool


def make_estimator(task: str, settings: Mapping[str, Any]) -> AudioEstimator:
    """Return an unfitted estimator of a task; settings that cannot work raise before any file is opened."""
    check_choice("recognition task", task, recognition_tasks())
    estimator: AudioEstimator = task_class(task)(**settings)
    estimator.check_settings()
    return estimator


def prepare_training(
    request: TrainSettings, *, make_folder: bool = True, progress: Progress = SILENT
) -> Preparation:
    """Read and check the corpus, choose the net and the splits; nothing is trained.

    Parameters
    ----------
    request
        What to train on what.
    make_folder
        Whether to make sure that the model can be written; otherwise nothing is written.
    progress
        Observer of the examination of the sounds.

    Raises
    ------
    WoodshedError
        If a setting cannot work, nothing usable is found, or the folder cannot be written to.
    """
    estimator = make_estimator(request.task, request.settings)
    if request.n_trials:
        check_tuning(estimator, request.n_trials, request.settings)
    parse_split(request.split)  # an unknown split is refused before any file is opened
    corpus = load_corpus_for(estimator, request.data, group_by=request.group_by, targets=request.targets)
    corpus = replace(corpus, single_source=corpus.single_source or request.single_source)
    estimator, notes = suit_net(estimator, corpus, request.settings)
    notes += setting_notes(estimator, request.settings)
    estimator.learner.check_installed()
    with ExitStack() as stack:
        lock: AbstractContextManager[object] = nullcontext()
        if make_folder:
            lock = stack.enter_context(
                prepare_folder(request.out, resume=request.resume, force=request.force)
            )
        store = estimator.store if make_folder else None  # a dry-run writes nothing
        preparation = _examine(request, estimator, corpus, notes, store=store, progress=progress)
        stack.pop_all()
    return replace(preparation, lock=lock)


def _examine(
    request: TrainSettings,
    estimator: AudioEstimator,
    corpus: Corpus,
    notes: Sequence[str],
    *,
    store: str | None,
    progress: Progress,
) -> Preparation:
    """Check the examples, look for groups and choose the splits."""
    began = time.monotonic()
    model_rate = estimator.sample_rate or common_rate(corpus.examples, type(estimator).highest_rate)
    rows = (*corpus.examples, *corpus.unlabelled)
    with stage(progress, len(rows), "sounds") as advance:
        inspections = inspect_with_store(
            rows, store, model_rate=model_rate, n_jobs=estimator.n_jobs, on_done=advance
        )
    checkup = short_checkup(corpus, inspections=inspections, model_rate=model_rate)
    corpus = check_corpus(corpus, n_jobs=estimator.n_jobs, strict=request.strict, inspections=inspections)
    is_published = not Path(request.data).exists()  # defines its groups
    is_open = corpus.groups is None or bool(corpus.group_reason)
    is_open = is_open and request.group_by is None and not is_published
    candidates = guess_groups(corpus, Path(request.data)) if is_open else []
    notes = [*notes, *group_notes(corpus)]
    splits = honest_splits(corpus, request.split, estimator.seed)
    duration_s = time.monotonic() - began
    return Preparation(request, estimator, corpus, splits, checkup, candidates, notes, duration_s)


def setting_notes(estimator: AudioEstimator, settings: Mapping[str, Any]) -> list[str]:
    """Return a note on the settings that were chosen and have no effect on the model.

    Examples
    --------
    >>> from woodshed.recognition.estimator import Recogniser
    >>> setting_notes(Recogniser(net="svm"), {"net": "svm", "epochs": 5, "seed": 1})
    ['--epochs has no effect on svm.']
    >>> setting_notes(Recogniser(net="mlp"), {"net": "mlp", "epochs": 5, "thorough": True})
    ['--thorough has no effect on mlp.']
    """
    used = estimator.learner.effective_settings(estimator.get_params()) | RESOURCE_SETTINGS
    unused = [name for name in settings if name not in used]
    if not unused:
        return []
    flags = ", ".join(f"--{name.replace('_', '-')}" for name in unused)
    return [f"{flags} {'has' if len(unused) == 1 else 'have'} no effect on {estimator.net}."]


def group_notes(corpus: Corpus) -> list[str]:
    """Return notes on groups that are used by default, and on sounds that are all from one source.

    Examples
    --------
    >>> group_notes(Corpus("some", (), group_word="file", group_reason="they are of one file"))
    ['Grouped by file, because they are of one file. Other rule: --group-by; no groups: --group-by none.']
    """
    notes = []
    if corpus.group_reason:
        notes.append(
            f"Grouped by {corpus.group_word}, because {corpus.group_reason}. Other rule: --group-by; no "
            "groups: --group-by none."
        )
    if corpus.single_source:
        notes.append(
            "All sounds are from one source: scores and confidences hold for this source alone, and "
            "probabilities that are too low are not raised."
        )
    return notes


def search_settings(
    preparation: Preparation, watcher: Watcher | None = None
) -> tuple[Preparation, SearchResult]:
    """Search settings on the training part of the first fold, and return the preparation that uses them."""
    request = preparation.request
    tested, *leaky = preparation.splits
    search = Search(
        preparation.estimator,
        preparation.corpus,
        tested.folds[0],
        request.n_trials,
        tuple(request.settings),
        RunState(request.out / RUN_NAME / "tuning"),
        request.resume,
        watcher or Watcher(),
        request.strict,
    )
    with deferred():
        result = search.run()
    estimator = type(preparation.estimator)(**preparation.estimator.get_params() | result.chosen)
    return replace(preparation, estimator=estimator, splits=[first_fold_of(tested), *leaky]), result


def train(
    preparation: Preparation, *, watcher: Watcher | None = None, tuning: SearchResult | None = None
) -> TrainingResult:
    """Train and test, and write the model folder.

    Parameters
    ----------
    preparation
        What `prepare_training` returned.
    watcher
        Observer of the progress.
    tuning
        What `search_settings` returned, for the report.

    Raises
    ------
    DataError
        If a test part has a class that its training part lacks.
    OutputError
        If the folder cannot be written to.
    """
    out = preparation.request.out
    run = preparation.run(RunState(out / RUN_NAME), watcher)
    with preparation.lock, deferred():
        experiment, model = run.measure()
        experiment = replace(experiment, tuning=tuning, checkup=preparation.checkup)
        write_model_folder(model, experiment, out)
        if not run.interrupted:
            run.run_state.close()
    return TrainingResult(experiment, model, run.interrupted)


def suit_net(
    estimator: AudioEstimator, corpus: Corpus, settings: Mapping[str, Any]
) -> tuple[AudioEstimator, list[str]]:
    """Return the estimator with the net that suits the corpus, unless a net was chosen; and notes on MIDI."""
    paths = [example.path for example in (*corpus.examples, *corpus.unlabelled)]
    n_scores = sum(map(is_score, paths))
    net = estimator.net if "net" in settings else net_for(estimator, Sounds(corpus.examples))
    notes = []
    if 0 < n_scores < len(paths):
        notes.append(f"{n_scores} of {len(paths)} files are MIDI; they are rendered to audio.")
    elif net != estimator.net:
        notes.append(
            f"All files are MIDI, and {net} reads their notes. With --net {estimator.net} they are rendered "
            "to audio for a network."
        )
    return type(estimator)(**estimator.get_params() | {"net": net}), notes


def net_for(estimator: AudioEstimator, clips: Sequence[Clip]) -> str:
    """Return the default net for clips: for scores alone, the classical estimator that reads their notes.

    Examples
    --------
    >>> from woodshed.recognition.estimator import Recogniser
    >>> from woodshed.score import Note, Score
    >>> from woodshed.symbolic.rendering import play
    >>> tune = play(Score([Note(0, 1, 60)]))
    >>> net_for(Recogniser(), [tune]), net_for(Recogniser(), [tune, tune.cut(0.0, 0.5)])
    ('logistic', 'conv-residual')
    """
    return type(estimator).notes_net if are_scores(clips) else estimator.net


def check_corpus(corpus: Corpus, *, n_jobs: int, strict: bool, inspections: Any = None) -> Corpus:
    """Return a corpus without unusable files, which are listed in ``skipped``.

    Raises
    ------
    UnusableFilesError
        If no example is usable; or if ``strict`` and a file has to be skipped.
    """
    checked = check(corpus, n_jobs=n_jobs, inspections=inspections)
    require_usable(len(checked.examples), checked.skipped, what="file", strict=strict)
    return checked
