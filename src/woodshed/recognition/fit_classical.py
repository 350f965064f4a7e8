"""Classical models: they learn from one row of summary features for each clip, in one go.

``MODELS`` maps the word a user types after ``--net`` to the function that builds the scikit-learn
estimator; scikit-learn is imported when one is built. They see whole clips through
the job's row feature (`woodshed.features.Summary`, unless it has its own; of MIDI files the notes
themselves, `woodshed.features.played_notes.PlayedNotes`), so of a recogniser's settings only
``sample_rate``, ``seed``, ``store`` and ``n_jobs`` matter to them: there are no epochs, no windows, no
variation, and nothing is held out.
"""

from __future__ import annotations

import contextlib
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from woodshed.clip import Clip
from woodshed.data.item import Item
from woodshed.data.store import FeatureStore
from woodshed.features.row import RowFeature
from woodshed.recognition.experiments.result import LearningCurve
from woodshed.recognition.items import (
    are_scores,
    check_lengths,
    clip_items,
    common_rate,
    fill_store,
    versions,
)

if TYPE_CHECKING:
    from woodshed.features.played_notes import PlayedNotes
    from woodshed.recognition.estimator import AudioEstimator

Rows = NDArray[np.float64]
"""One row of summary features for each clip, ``(n_clips, n_values)``."""

MODEL_NAME = "model.skops"
"""The file of a model folder that holds a classical model."""

EFFECTIVE_SETTINGS = ("net", "sample_rate", "seed")
"""The settings of a recogniser that decide what a classical model answers."""

N_TREES = 500

N_FOLDS = 5
"""By so many parts, each answered by a model of the others, thresholds are learned."""

_N_TIMED = 300
_GROWTH = {"kernel-ridge": 2, "svm": 2}
"""Power of the number of clips with which the time to learn grows; 1 for the others."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """How an estimator is built and fitted, whichever it is.

    Parameters
    ----------
    seed
        Source of every random draw.
    n_jobs
        Threads of the forest; the others use one. Their number does not change the result.
    blocks
        Lengths of the parts of a row (`woodshed.features.row.RowFeature.blocks`) that are to be asked one by
        one by a model that can; none: the row as a whole.
    """

    seed: int = 0
    n_jobs: int = 1
    blocks: tuple[int, ...] = ()


PLAIN = Case()


def svm(case: Case, n_rows: int) -> Any:
    """Build a support vector machine with a radial kernel, C = 10, on standardised values.

    Classes count equally, however many clips each has. Nothing about it is random.

    References
    ----------
    C. Cortes and V. Vapnik, "Support-vector networks", Machine Learning 20, 1995.
    """
    from sklearn.svm import SVC

    return standardised(SVC(C=10.0, class_weight="balanced", break_ties=True))


def forest(case: Case, n_rows: int) -> Any:
    """Build a random forest of 500 trees; classes count equally.

    References
    ----------
    L. Breiman, "Random forests", Machine Learning 45, 2001.
    """
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(N_TREES, class_weight="balanced", random_state=case.seed)


def logistic(case: Case, n_rows: int) -> Any:
    """Build a logistic regression (C = 1) on standardised values; classes count equally."""
    from sklearn.linear_model import LogisticRegression

    return standardised(LogisticRegression(class_weight="balanced", max_iter=2000))


def knn(case: Case, n_rows: int) -> Any:
    """Build a vote of the five nearest clips on standardised values, the nearer the weightier.

    Classes with more clips are likelier to be near: here they do not count equally.
    """
    from sklearn.neighbors import KNeighborsClassifier

    # Trees of neighbours gain nothing with so many values, and would be one more thing to save.
    return standardised(KNeighborsClassifier(min(5, n_rows), weights="distance", algorithm="brute"))


def discriminant(case: Case, n_rows: int) -> Any:
    """Build a linear discriminant analysis on standardised values, its covariance shrunk by 0.3.

    The within-class covariance tells which directions differ between people and rooms though the class is
    the same: with few clips and many values it errs less than models that do not look. Frequent classes
    count more.

    References
    ----------
    R. A. Fisher, "The use of multiple measurements in taxonomic problems", 1936; J. H. Friedman,
    "Regularized discriminant analysis", 1989.
    """
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    return standardised(LinearDiscriminantAnalysis(solver="lsqr", shrinkage=0.3))


def kernel_ridge(case: Case, n_rows: int) -> Any:
    """Build a ridge regression on likeness, in the values that tell the classes apart; classes count equally.

    It is meant for rows of many values and few clips (`woodshed.recognition.classical.kernel_ridge`). Nothing about it is random.
    """
    from woodshed.recognition.classical.kernel_ridge import KernelRidge

    return KernelRidge(blocks=case.blocks)


MODELS: dict[str, Callable[[Case, int], Any]] = {
    "discriminant": discriminant,
    "forest": forest,
    "kernel-ridge": kernel_ridge,
    "knn": knn,
    "logistic": logistic,
    "svm": svm,
}
"""Word after ``--net`` -> function that builds the estimator."""


def fit_model(
    name: str,
    rows: Rows,
    columns: NDArray[np.int64],
    *,
    case: Case = PLAIN,
    weights: Rows | None = None,
) -> Any:
    """Let a classical model learn which class each row has.

    Parameters
    ----------
    name
        One of `MODELS`.
    rows
        Shape ``(n_clips, n_values)``.
    columns
        Shape ``(n_clips,)``: the classes as numbers from 0 without a gap.
    case
        How it is built.
    weights
        How much each row counts, shape ``(n_clips,)``; see `fit_weighted`.

    Returns
    -------
    sklearn.base.BaseEstimator
        The fitted estimator.

    Examples
    --------
    >>> rows = np.array([[0.0, 5.0], [0.1, 3.0], [0.9, 4.0], [1.0, 4.5]])
    >>> probabilities(fit_model("knn", rows, np.array([0, 0, 1, 1])), rows).argmax(axis=1).tolist()
    [0, 0, 1, 1]
    """
    return fit_weighted(MODELS[name](case, len(rows)), rows, columns, weights, n_jobs=case.n_jobs)


def fit_weighted(
    model: Any, rows: Rows, answers: NDArray[Any], weights: Rows | None, *, n_jobs: int = 1
) -> Any:
    """Fit an estimator to rows that count differently; one that cannot weigh leaves out those of weight 0.

    Neighbours cannot, for a clip is near or it is not; nor can scikit-learn's discriminant analysis.
    """
    import joblib

    last = model.steps[-1][0] if hasattr(model, "steps") else ""
    if weights is not None and ("neighbors" in last or "discriminant" in last):
        rows, answers, weights = rows[weights > 0], answers[weights > 0], None
    key = f"{last}__sample_weight" if last else "sample_weight"
    given = {} if weights is None else {key: weights}
    with joblib.parallel_config("threading", n_jobs=n_jobs), ignore_blas_warnings():
        return model.fit(rows, answers, **given)


def probabilities(model: Any, rows: Rows) -> Rows:
    """Ask a fitted model for the probability of each class, shape ``(n_clips, n_classes)``.

    A support vector machine gives margins; they are turned into probabilities by a softmax, which keeps
    its ranking and says little about certainty. The other models' own probabilities are taken.
    """
    with ignore_blas_warnings():
        if hasattr(model, "predict_proba"):
            return np.asarray(model.predict_proba(rows), dtype=np.float64)
        margins = np.asarray(model.decision_function(rows), dtype=np.float64)
    if margins.ndim == 1:  # two classes: one margin, of the second
        margins = np.stack([-margins, margins], axis=1)
    likely = np.exp(margins - margins.max(axis=1, keepdims=True))
    answers: Rows = likely / likely.sum(axis=1, keepdims=True)
    return answers


def fit_classical(
    estimator: AudioEstimator,
    clips: Sequence[Clip],
    answers: Sequence[Any],
    groups: Sequence[str] | None,
    sample_weight: Sequence[float] | None = None,
) -> None:
    """Fit a listener that asks for a classical model, in place; see `Recogniser.fit`."""
    from woodshed.recognition.classical.multi_output import fit_columns
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
        model = fit_columns(estimator.net, rows, targets, answer=estimator.answer, **how)
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
    from woodshed.recognition.classical.multi_output import fit_columns, predict_columns

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
                answer=estimator.answer,
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
        from woodshed.recognition.classical.multi_output import fit_columns

        targets = np.eye(n_classes, dtype=np.float32)[columns]
        fit_columns(estimator.net, rows, targets, answer=estimator.answer, case=case)
    duration_s = time.perf_counter() - began
    duration_s *= 1 + (N_FOLDS - 1 if estimator.answer == "tags" else 0)
    power = _GROWTH.get(estimator.net, 1)
    return duration_s * sum((size / n_rows) ** power for size in sizes)


def standardised(estimator: Any) -> Any:
    """Put a scaler to zero mean and unit variance before an estimator: the values have different units."""
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), estimator)


@contextlib.contextmanager
def ignore_blas_warnings() -> Any:
    """Pass over what BLAS complains of for nothing on some machines."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        yield
