"""The plain baselines that stand beside every net: they say how much a net is worth."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from woodshed.base.material import clip_items
from woodshed.clip import Clip
from woodshed.data.store import FeatureStore
from woodshed.errors import ParameterError
from woodshed.features.summary import Summary

Probabilities = NDArray[np.float64]


def majority(train_labels: Sequence[str], n_test: int, classes: Sequence[str]) -> Probabilities:
    """Answer every clip with how common the classes were.

    Returns
    -------
    numpy.ndarray
        Shape ``(n_test, n_classes)``; the most probable class is the commonest one.

    Examples
    --------
    >>> majority(["no", "yes", "yes", "yes"], 2, ["no", "yes"]).tolist()
    [[0.25, 0.75], [0.25, 0.75]]
    """
    labels = np.asarray(train_labels)
    shares = np.asarray([np.mean(labels == name) for name in classes])
    return np.tile(shares, (n_test, 1))


def summarise(
    clips: Sequence[Clip], sample_rate: int, *, store: str | None = None, n_jobs: int = 1
) -> NDArray[np.float64]:
    """Describe each clip by one row of summary features (`woodshed.features.Summary`).

    Returns
    -------
    numpy.ndarray
        Shape ``(n_clips, n_values)``.
    """
    with tempfile.TemporaryDirectory() as temporary:
        kept = FeatureStore(store or temporary, Summary(sample_rate=sample_rate))
        items = clip_items(clips, sample_rate)
        bad = kept.fill(items, n_jobs=n_jobs)
        if bad:
            raise ParameterError(f"A baseline needs usable clips: {bad[0].reason}")
        return np.stack([kept.get(item) for item in items]).astype(np.float64)


def svm(
    train_rows: NDArray[np.float64],
    train_labels: Sequence[str],
    test_rows: NDArray[np.float64],
    classes: Sequence[str],
) -> Probabilities:
    """Learn a support vector machine on standardised rows (radial kernel, C = 10) and answer others.

    The machine gives margins, not probabilities; they are turned into some by a softmax, which keeps
    the ranking and says little about certainty.

    Returns
    -------
    numpy.ndarray
        Shape ``(n_test, n_classes)``; a class that was not learned from has probability 0.
    """
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    model = make_pipeline(StandardScaler(), SVC(C=10.0, break_ties=True))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # BLAS raises flags for nothing on some machines
        margins = model.fit(train_rows, list(train_labels)).decision_function(test_rows)
    if margins.ndim == 1:  # two classes: one margin, of the second
        margins = np.stack([-margins, margins], axis=1)
    likely = np.exp(margins - margins.max(axis=1, keepdims=True))
    answers = np.zeros((len(test_rows), len(classes)))
    columns = [list(classes).index(name) for name in model.classes_]
    answers[:, columns] = likely / likely.sum(axis=1, keepdims=True)
    return answers
