"""Results of a tagger or a regressor: what a run measured, as plain values that the report is made from."""

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
class ColumnResult:
    """Every method's answers on the test parts of one split.

    Parameters
    ----------
    split, leaky, indices, folds, curves
        As for `woodshed.recognition.experiments.result.SplitResult`.
    truth
        Shape ``(n_test, n_columns)``; NaN where it is not known.
    answers
        Method name -> array ``(n_test, n_columns)``. The first method is the model; then come the plain
        baselines (``svm``, ``mean``).
    said
        For tags, 1 where the model says that the tag is there, by its own thresholds, else 0; for values
        the answers of the model.
    """

    split: str
    leaky: bool | None
    indices: NDArray[np.int64]
    folds: NDArray[np.str_]
    truth: NDArray[np.float64]
    answers: Mapping[str, NDArray[np.float64]]
    said: NDArray[np.float64]
    curves: tuple[LearningCurve, ...] = ()


@dataclass(frozen=True)
class ColumnExperiment:
    """One run with a tagger or a regressor: everything its report shows.

    Parameters
    ----------
    job, corpus, settings, skipped, provenance, learned, tuning, checkup
        As for `woodshed.recognition.experiments.result.Experiment`.
    answer
        ``tags`` or ``values``.
    names
        Tags or names of values, in the order of the columns of every array.
    splits
        The honest split first.
    """

    task: str
    answer: str
    corpus: Corpus
    names: tuple[str, ...]
    splits: tuple[ColumnResult, ...]
    settings: Mapping[str, Any]
    skipped: tuple[Skipped, ...] = ()
    provenance: Mapping[str, str] = field(default_factory=dict)
    learned: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    tuning: SearchResult | None = None
    checkup: Checkup | None = None
