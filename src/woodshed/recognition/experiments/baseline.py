"""The plain baselines that stand beside every model: they say how much it is worth."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from woodshed.clip import Clip
from woodshed.data.store import FeatureStore
from woodshed.errors import ParameterError
from woodshed.features.summary import Summary
from woodshed.recognition.classical.fitting import fit_model, probabilities
from woodshed.recognition.items import clip_items
from woodshed.recognition.novelty_detection import SpectralEmbedding

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


def means(targets: NDArray[np.floating], n_test: int) -> NDArray[np.float64]:
    """Answer every clip with the mean of each column, where it is known: the share of clips that have a tag.

    Examples
    --------
    >>> means(np.array([[1.0, 0.0], [np.nan, 1.0]]), 2).tolist()
    [[1.0, 0.5], [1.0, 0.5]]
    """
    known = ~np.isnan(targets)
    sums = np.nansum(targets.astype(np.float64), axis=0)
    return np.tile(sums / np.maximum(known.sum(axis=0), 1), (n_test, 1))


def summarise(
    clips: Sequence[Clip], sample_rate: int, *, store: str | None = None, n_jobs: int = 1
) -> NDArray[np.float64]:
    """Describe each clip by one row of summary features (`woodshed.features.Summary`).

    Returns
    -------
    numpy.ndarray
        Shape ``(n_clips, n_values)``.
    """
    return describe(clips, Summary(sample_rate=sample_rate), store=store, n_jobs=n_jobs)


def describe(
    clips: Sequence[Clip], feature: Summary | SpectralEmbedding, *, store: str | None = None, n_jobs: int = 1
) -> NDArray[np.float64]:
    """Describe each clip by the row of a feature, shape ``(n_clips, n_values)``."""
    sample_rate = feature.sample_rate
    with tempfile.TemporaryDirectory() as temporary:
        kept = FeatureStore(store or temporary, feature)
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
    """Fit the support vector machine of `woodshed.recognition.classical.svm` to some rows and predict others.

    Returns
    -------
    numpy.ndarray
        Shape ``(n_test, n_classes)``; a class that was not learned from has probability 0.
    """
    known, columns = np.unique(np.asarray(train_labels), return_inverse=True)
    model = fit_model("svm", train_rows, columns)
    answers = np.zeros((len(test_rows), len(classes)))
    answers[:, [list(classes).index(name) for name in known]] = probabilities(model, test_rows)
    return answers
