"""Classical models: they learn from one row of summary features for each clip, in one go.

The estimators themselves are in `woodshed.recognition.classical`. They see whole clips through
the job's row feature (`woodshed.features.Summary`, unless it has its own; of MIDI files the notes
themselves, `woodshed.features.played.PlayedNotes`), so of a recogniser's settings only
``sample_rate``, ``seed``, ``store`` and ``n_jobs`` matter to them: there are no epochs, no windows, no
variation, and nothing is held out.
"""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from woodshed.clip import Clip
from woodshed.data.item import Item
from woodshed.data.store import FeatureStore
from woodshed.features.row import RowFeature
from woodshed.recognition.classical.fitting import fit_columns, fit_model, predict_columns
from woodshed.recognition.classical.model import Case, Rows, classical_model
from woodshed.recognition.items import (
    are_scores,
    check_lengths,
    clip_items,
    common_rate,
    fill_store,
    versions,
)
from woodshed.training.model_folder import MODEL_NAME
from woodshed.training.progress import LearningCurve

if TYPE_CHECKING:
    from woodshed.features.played import PlayedNotes
    from woodshed.recognition.estimator import AudioEstimator


EFFECTIVE_SETTINGS = ("net", "sample_rate", "seed")
"""The settings of a recogniser that decide what a classical model answers."""

N_FOLDS = 5
"""By so many parts, each answered by a model of the others, thresholds are learned."""

_N_TIMED = 300


def fit_classical(
    estimator: AudioEstimator,
    clips: Sequence[Clip],
    answers: Sequence[Any],
    groups: Sequence[str] | None,
    sample_weight: Sequence[float] | None = None,
) -> None:
    """Fit a listener that asks for a classical model, in place; see `Recogniser.fit`."""
    from woodshed.recognition.classical.serialization import estimator_to_bytes

    check_lengths(clips, answers, groups)
    feature = _feature_for(estimator, clips)
    items = clip_items(clips, feature.sample_rate)
    with contextlib.ExitStack() as stack:
        folder = estimator.store or stack.enter_context(tempfile.TemporaryDirectory())
        store = FeatureStore(folder, feature)
        kept, skipped = fill_store(store, items, n_jobs=estimator.n_jobs)
        names, targets = estimator.encode([answers[k] for k in kept])
        rows, place = _rows_of(estimator, store, [items[k] for k in kept])
    targets, kept = targets[place], kept[place]
    weights = None if sample_weight is None else np.asarray(sample_weight, np.float64)[kept]
    how: dict[str, Any] = {"case": _case_of(estimator, feature), "weights": weights}
    extra: dict[str, bytes] = {}
    if estimator.answer == "classes":
        model = fit_model(estimator.net, rows, targets.argmax(axis=1), **how)
    else:
        model = fit_columns(estimator.net, rows, targets, discrete=estimator.answer == "tags", **how)
        # Changed copies of a clip are never judged by what has learned from another.
        units = kept if groups is None else np.asarray([str(groups[k]) for k in kept])
        extra = estimator.learn_from_answers(*_out_of_fold(estimator, rows, targets, units, **how))
    estimator.set_learned(
        classes=names,
        feature=feature,
        files={MODEL_NAME: estimator_to_bytes(model)} | extra,
        curve=LearningCurve("training"),
        skipped=skipped,
    )


def describe_all(estimator: AudioEstimator, clips: Sequence[Clip]) -> None:
    """Put into the listener's store what it would learn from these clips; the unreadable are passed over."""
    feature = _feature_for(estimator, clips)
    items = clip_items(clips, feature.sample_rate)
    store = FeatureStore(str(estimator.store), feature)
    kept, _ = fill_store(store, items, n_jobs=estimator.n_jobs)
    _rows_of(estimator, store, [items[k] for k in kept])


def _feature_for(estimator: AudioEstimator, clips: Sequence[Clip]) -> RowFeature | PlayedNotes:
    """Return what describes the clips. Notes are not heard but read, if there are notes alone."""
    kind = type(estimator).notes if are_scores(clips) else type(estimator).summary
    return kind(sample_rate=estimator.sample_rate or common_rate(clips, type(estimator).highest_rate))


def _case_of(estimator: AudioEstimator, feature: RowFeature | PlayedNotes) -> Case:
    blocks = feature.blocks if isinstance(feature, RowFeature) else ()
    return Case(seed=estimator.seed, n_jobs=estimator.n_jobs, blocks=blocks)


def _rows_of(
    estimator: AudioEstimator, store: FeatureStore, items: Sequence[Item]
) -> tuple[Rows, NDArray[np.int64]]:
    """Describe the clips, and changed versions of them if the job asks for some; say which is of which."""
    reads_notes = isinstance(store.feature, type(estimator).notes)  # which the changes of sounds do not touch
    n_augmentations = 1 if reads_notes else type(estimator).n_augmented_rows
    change = type(estimator).change if n_augmentations > 1 else None
    wanted = [versions(item, n_augmentations, change) for item in items]
    store.fill([item for row in wanted for item in row[1:]], n_jobs=estimator.n_jobs)
    rows = [store.get(item) for row in wanted for item in row]
    place = np.repeat(np.arange(len(items)), [len(row) for row in wanted])
    return np.stack(rows).astype(np.float64), place


def _out_of_fold(
    estimator: AudioEstimator,
    rows: Rows,
    targets: NDArray[np.float32],
    units: NDArray[Any],
    *,
    case: Case,
    weights: Rows | None,
) -> tuple[NDArray[np.float32], Callable[[], Rows]]:
    """Return the truth, and a function that answers each row by a model that has not heard its unit."""
    numbers = np.unique(units, return_inverse=True)[1]
    folds = np.random.default_rng(estimator.seed).permutation(numbers.max() + 1)[numbers] % N_FOLDS
    if len(np.unique(folds)) < 2:
        return targets[:0], lambda: np.empty(targets[:0].shape)

    def ask() -> Rows:
        answers = np.empty(targets.shape)
        for fold in np.unique(folds):
            heard = folds != fold
            model = fit_columns(
                estimator.net,
                rows[heard],
                targets[heard],
                discrete=estimator.answer == "tags",
                weights=None if weights is None else weights[heard],
                case=case,
            )
            answers[~heard] = predict_columns(model, rows[~heard])
        return answers

    return targets, ask


def time_fits(estimator: AudioEstimator, n_classes: int, sizes: Sequence[int]) -> float:
    """Estimate how long trainings on so many clips each take, in seconds, from a small one on noise.

    Describing the sounds is not counted: it is done once, and what is stored already takes no time.
    """
    n_rows = max(_N_TIMED, 2 * n_classes)
    feature = type(estimator).summary()
    case = _case_of(estimator, feature)
    rows = np.random.default_rng(0).normal(size=(n_rows, feature.n_values))
    columns = np.arange(n_rows) % n_classes
    began = time.perf_counter()
    if estimator.answer == "classes":
        fit_model(estimator.net, rows, columns, case=case)
    else:
        targets = np.eye(n_classes, dtype=np.float32)[columns]
        fit_columns(estimator.net, rows, targets, discrete=estimator.answer == "tags", case=case)
    duration_s = time.perf_counter() - began
    duration_s *= 1 + (N_FOLDS - 1 if estimator.answer == "tags" else 0)
    power = classical_model(estimator.net).fit_time_exponent
    return duration_s * sum((size / n_rows) ** power for size in sizes)
