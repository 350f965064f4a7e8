"""Results of an experiment as plain values, from which reports and model cards are made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from woodshed.data.doctor.finding import Checkup
from woodshed.data.example import Corpus, Example, Skipped
from woodshed.recognition.confidence import CalibratedPredictions
from woodshed.recognition.heads.head import Head
from woodshed.training.progress import LearningCurve


@dataclass(frozen=True)
class SplitResult:
    """The outputs of every method for the test parts of one split.

    Parameters
    ----------
    split
        Name for people, such as ``unseen speakers, 3 folds``.
    leaky
        True when a group is on both sides of some fold; None when the groups are not known.
    indices
        Shape ``(n_test,)``: rows of ``corpus.examples`` that were tested. A row occurs twice only if two
        folds test it.
    folds
        Shape ``(n_test,)``: the name of the fold that tested each row.
    truth
        Shape ``(n_test, n_names)``: encoded targets. For classes a single 1 in each row, for tags 0 and 1;
        NaN where a target is unknown.
    outputs
        Method name -> array ``(n_test, n_names)``. The first method is the model (``net``, or the name of a
        classical estimator), then come the baselines (``svm``, ``majority`` or ``mean``).
    decisions
        Shape ``(n_test, n_names)``: decisions of the model, such as 1 for the tags from their threshold on.
    curves
        One for each fold in which a network was trained.
    judged
        Calibrated probabilities and refusals of a classifier; None if there are none.
    refused
        Shape ``(n_test,)``: whether a test clip gets no class, which counts as wrong. None if every clip
        counts by its most probable class, as in a cross-validation, where models are compared with baselines
        that refuse nothing.
    """

    split: str
    leaky: bool | None
    indices: NDArray[np.int64]
    folds: NDArray[np.str_]
    truth: NDArray[np.float64]
    outputs: Mapping[str, NDArray[np.float64]]
    decisions: NDArray[np.float64]
    curves: tuple[LearningCurve, ...] = ()
    judged: CalibratedPredictions | None = None
    refused: NDArray[np.bool_] | None = None

    @property
    def method(self) -> str:
        """The name of the model, which is the first method."""
        return next(iter(self.outputs))


@dataclass(frozen=True)
class Evaluation:
    """What was noticed about the recordings that a finished model was tested on.

    Parameters
    ----------
    spellings
        Label of the recordings -> class of the model that it is another spelling of.
    unknown
        Recordings of classes that the model does not have. The right prediction for them is a refusal.
    is_refused
        Shape ``(n_unknown,)``: whether each of them is refused.
    learned_from
        Recordings that the model was trained on -> name of the training file of which they are a version.
    """

    spellings: Mapping[str, str] = field(default_factory=dict)
    unknown: tuple[Example, ...] = ()
    is_refused: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, bool))
    learned_from: Mapping[Path, str] = field(default_factory=dict)


@dataclass(frozen=True)
class SummaryTable:
    """Every example of a corpus as a row of summary features.

    Parameters
    ----------
    names
        The ``n_values`` features; see `woodshed.features.Summary.names`.
    rows
        Shape ``(n_examples, n_values)``, in the order of the examples.
    """

    names: tuple[str, ...]
    rows: NDArray[np.float64]


@dataclass(frozen=True)
class Trial:
    """One set of settings that a hyperparameter search tried.

    Parameters
    ----------
    settings
        Those that were varied.
    score
        Mean over the inner folds that were run, higher is better; None if it failed.
    duration_s
        Time of its trainings.
    state
        ``complete``; ``stopped`` early, because it did worse than most; or why it failed.
    """

    settings: Mapping[str, Any]
    score: float | None
    duration_s: float
    state: str = "complete"


@dataclass(frozen=True)
class SearchResult:
    """How settings were chosen.

    Parameters
    ----------
    split
        Name of the inner folds that trials were scored on.
    n_clips
        Number of clips that took part: those of the training part, never one of the test part.
    measure
        Name of the score.
    trials
        In the order in which they were tried; the first has the settings that were asked for.
    best
        Index of the trial whose settings were taken.
    """

    split: str
    n_clips: int
    measure: str
    trials: tuple[Trial, ...]
    best: int

    @property
    def chosen(self) -> dict[str, Any]:
        """The settings that were taken."""
        return dict(self.trials[self.best].settings)


@dataclass(frozen=True)
class Experiment:
    """One run of ``woodshed train`` or ``woodshed evaluate``: everything that its report shows.

    Parameters
    ----------
    task
        ``speech``, ``noise``, …
    head
        The kind of answer.
    corpus
        The examples, with the files that were skipped.
    names
        Classes, tags or names of values, in the order of the columns of every array.
    splits
        The grouped split first; a leaky one, if it was measured too, after it.
    settings
        Every setting of the estimator that affects the result.
    skipped
        Files skipped during the run, after those of the corpus.
    provenance
        Versions, seed, commit, machine and duration: text by name.
    learned
        Shape ``(n_learned,)``: the rows of ``corpus.examples`` that the kept model was trained on.
    summary
        The examples as rows of summary features; None if a network was trained.
    tuning
        How the settings were chosen; None if they were given.
    checkup
        What the quick check of the corpus found before training; None if there was none.
    evaluation
        What was noticed about further recordings; None for a cross-validation.
    """

    task: str
    head: Head
    corpus: Corpus
    names: tuple[str, ...]
    splits: tuple[SplitResult, ...]
    settings: Mapping[str, Any]
    skipped: tuple[Skipped, ...] = ()
    provenance: Mapping[str, str] = field(default_factory=dict)
    learned: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    summary: SummaryTable | None = None
    tuning: SearchResult | None = None
    checkup: Checkup | None = None
    evaluation: Evaluation | None = None
