"""Results: what a training run measured, as plain values that the report and the card are made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from woodshed.data.example import Corpus, Skipped
from woodshed.recognition.experiments.search_result import SearchResult
from woodshed.training.progress import LearningCurve

if TYPE_CHECKING:
    from woodshed.data.doctor.finding import Checkup


@dataclass(frozen=True)
class CalibratedPredictions:
    """A model's answers to held-out sounds, as the confidence found on *other* groups makes them.

    Parameters
    ----------
    raw, calibrated
        Shape ``(n, n_classes)``: probabilities as the net gave them, and after calibration.
    refusals
        Shape ``(n,)``: what is answered instead of a class; empty where nothing is.
    temperatures, guess_shares
        Of each part that was judged; see `woodshed.metrics.temperature_scaling.Calibration`.
    """

    raw: NDArray[np.float64]
    calibrated: NDArray[np.float64]
    refusals: NDArray[np.str_]
    temperatures: tuple[float, ...]
    guess_shares: tuple[float, ...] = (0.0,)


@dataclass(frozen=True)
class SplitResult:
    """Every method's answers on the test parts of one split.

    Parameters
    ----------
    split
        Name for people, such as ``unheard speakers, 3 folds``.
    leaky
        True when a group is on both sides of some fold; None when the groups are not known.
    indices
        Shape ``(n_test,)``: the rows of ``corpus.examples`` that were tested. A row may come twice
        only if two folds test it.
    folds
        Shape ``(n_test,)``: the name of the fold that tested each.
    truth
        Shape ``(n_test,)``: the right label of each.
    probabilities
        Method name -> array ``(n_test, n_classes)``, rows sum to 1. The first method is the model: ``net``,
        or the name of a classical one; then come the plain baselines (``svm``, ``majority``).
    curves
        One for each fold in which a net was trained.
    judged
        How sure the model's answers are after calibration, and which it refuses; None if nobody knows.
    """

    split: str
    leaky: bool | None
    indices: NDArray[np.int64]
    folds: NDArray[np.str_]
    truth: NDArray[np.str_]
    probabilities: Mapping[str, NDArray[np.float64]]
    curves: tuple[LearningCurve, ...]
    judged: CalibratedPredictions | None = None


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
class Experiment:
    """One run of ``woodshed train`` or ``woodshed evaluate``: everything its report shows.

    Parameters
    ----------
    job
        ``speech``, ``noise``, …
    corpus
        What was learned from, with the files that were set aside.
    labels
        The classes, in the order of the columns of every probability array.
    splits
        The honest split first; a leaky one, if it was measured too, after it.
    settings
        Every setting of the recogniser that decides the result.
    skipped
        Files left out during the run, with those the corpus left out before it.
    provenance
        Versions, seed, commit, machine, duration: text by name.
    learned
        Shape ``(n_learned,)``: the rows of ``corpus.examples`` that the model that is kept learned from.
    summary
        The examples as a classical model sees them; None if a net was trained, or nothing was.
    tuning
        How the settings were chosen; None if they were given.
    checkup
        What a quick look at the sounds found before they were learned from; None if nobody looked.
    """

    task: str
    corpus: Corpus
    labels: tuple[str, ...]
    splits: tuple[SplitResult, ...]
    settings: Mapping[str, Any]
    skipped: tuple[Skipped, ...] = ()
    provenance: Mapping[str, str] = field(default_factory=dict)
    learned: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    summary: SummaryTable | None = None
    tuning: SearchResult | None = None
    checkup: Checkup | None = None
