"""Classical models: they learn from one row of summary features for each clip, in one go.

``MODELS`` maps the word a user types after ``--net`` to the function that builds the scikit-learn
estimator; scikit-learn is imported when one is built. They see whole clips through
`woodshed.features.Summary`, so of a recogniser's settings only ``sample_rate``, ``seed``, ``store`` and
``n_jobs`` matter to them: there are no epochs, no windows, no variation, and nothing is held out.
"""

from __future__ import annotations

import contextlib
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from woodshed.base.material import check_lengths, class_names, clip_items, common_rate, fill_store
from woodshed.base.result import LearningCurve
from woodshed.clip import Clip
from woodshed.data.store import FeatureStore
from woodshed.features.summary import Summary

if TYPE_CHECKING:
    from woodshed.base.recogniser import Recogniser

Rows = NDArray[np.float64]
"""One row of summary features for each clip, ``(n_clips, n_values)``."""

MODEL_NAME = "model.skops"
"""The file of a model folder that holds a classical model."""

HEEDED = ("net", "sample_rate", "seed")
"""The settings of a recogniser that decide what a classical model answers."""

N_TREES = 500

_N_TIMED = 300
_GROWTH = {"svm": 2}
"""Power of the number of clips with which the time to learn grows; 1 for the others."""


def svm(seed: int, n_rows: int) -> Any:
    """Build a support vector machine with a radial kernel, C = 10, on standardised values.

    Classes count equally, however many clips each has. Nothing about it is random.

    References
    ----------
    C. Cortes and V. Vapnik, "Support-vector networks", Machine Learning 20, 1995.
    """
    from sklearn.svm import SVC

    return _standardised(SVC(C=10.0, class_weight="balanced", break_ties=True))


def forest(seed: int, n_rows: int) -> Any:
    """Build a random forest of 500 trees; classes count equally.

    References
    ----------
    L. Breiman, "Random forests", Machine Learning 45, 2001.
    """
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(N_TREES, class_weight="balanced", random_state=seed)


def logistic(seed: int, n_rows: int) -> Any:
    """Build a logistic regression (C = 1) on standardised values; classes count equally."""
    from sklearn.linear_model import LogisticRegression

    return _standardised(LogisticRegression(class_weight="balanced", max_iter=2000))


def knn(seed: int, n_rows: int) -> Any:
    """Build a vote of the five nearest clips on standardised values, the nearer the weightier.

    Classes with more clips are likelier to be near: here they do not count equally.
    """
    from sklearn.neighbors import KNeighborsClassifier

    # Trees of neighbours gain nothing with so many values, and would be one more thing to save.
    return _standardised(KNeighborsClassifier(min(5, n_rows), weights="distance", algorithm="brute"))


MODELS: dict[str, Callable[[int, int], Any]] = {
    "forest": forest,
    "knn": knn,
    "logistic": logistic,
    "svm": svm,
}
"""Word after ``--net`` -> function of the seed and the number of clips that builds the estimator."""


def fit_model(name: str, rows: Rows, columns: NDArray[np.int64], *, seed: int = 0, n_jobs: int = 1) -> Any:
    """Let a classical model learn which class each row has.

    Parameters
    ----------
    name
        One of `MODELS`.
    rows
        Shape ``(n_clips, n_values)``.
    columns
        Shape ``(n_clips,)``: the classes as numbers from 0 without a gap.
    seed
        Source of every random draw.
    n_jobs
        Threads of the forest; the others use one. Their number does not change the result.

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
    import joblib

    model = MODELS[name](seed, len(rows))
    with joblib.parallel_config("threading", n_jobs=n_jobs), _no_false_alarm():
        return model.fit(rows, columns)


def probabilities(model: Any, rows: Rows) -> Rows:
    """Ask a fitted model for the probability of each class, shape ``(n_clips, n_classes)``.

    A support vector machine gives margins; they are turned into probabilities by a softmax, which keeps
    its ranking and says little about certainty. The other models' own probabilities are taken.
    """
    with _no_false_alarm():
        if hasattr(model, "predict_proba"):
            return np.asarray(model.predict_proba(rows), dtype=np.float64)
        margins = np.asarray(model.decision_function(rows), dtype=np.float64)
    if margins.ndim == 1:  # two classes: one margin, of the second
        margins = np.stack([-margins, margins], axis=1)
    likely = np.exp(margins - margins.max(axis=1, keepdims=True))
    answers: Rows = likely / likely.sum(axis=1, keepdims=True)
    return answers


def learn_in_one_go(
    recogniser: Recogniser, clips: Sequence[Clip], labels: Sequence[str], groups: Sequence[str] | None
) -> None:
    """Fit a recogniser that asks for a classical model, in place; see `Recogniser.fit`."""
    from woodshed.base.estimator import estimator_to_bytes

    check_lengths(clips, labels, groups)
    sample_rate = recogniser.sample_rate or common_rate(clips, type(recogniser).highest_rate)
    feature = Summary(sample_rate=sample_rate)
    items = clip_items(clips, sample_rate)
    with contextlib.ExitStack() as stack:
        folder = recogniser.store or stack.enter_context(tempfile.TemporaryDirectory())
        store = FeatureStore(folder, feature)
        kept, set_aside = fill_store(store, items, n_jobs=recogniser.n_jobs)
        names = np.asarray(labels, dtype=str)[kept]
        classes = class_names(names)
        rows = np.stack([store.get(items[k]) for k in kept]).astype(np.float64)
    columns = np.searchsorted(classes, names)
    model = fit_model(recogniser.net, rows, columns, seed=recogniser.seed, n_jobs=recogniser.n_jobs)
    recogniser.set_learned(
        classes=classes,
        feature=feature,
        files={MODEL_NAME: estimator_to_bytes(model)},
        curve=LearningCurve("training"),
        set_aside=set_aside,
    )


def time_fits(recogniser: Recogniser, n_classes: int, sizes: Sequence[int]) -> float:
    """Estimate how long trainings on so many clips each take, in seconds, from a small one on noise.

    Describing the sounds is not counted: it is done once, and what is stored already takes no time.
    """
    n_rows = max(_N_TIMED, 2 * n_classes)
    rows = np.random.default_rng(0).normal(size=(n_rows, Summary().n_values))
    began = time.perf_counter()
    fit_model(recogniser.net, rows, np.arange(n_rows) % n_classes, n_jobs=recogniser.n_jobs)
    duration_s = time.perf_counter() - began
    power = _GROWTH.get(recogniser.net, 1)
    return duration_s * sum((size / n_rows) ** power for size in sizes)


def _standardised(estimator: Any) -> Any:
    """Put a scaler to zero mean and unit variance before an estimator: the values have different units."""
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), estimator)


@contextlib.contextmanager
def _no_false_alarm() -> Any:
    """Pass over what BLAS complains of for nothing on some machines."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        yield
