"""Wrong labels: sounds that models taught by the others would name differently, with confidence."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from woodshed.data.doctor.finding import Finding, count_text, share_of
from woodshed.data.doctor.fold import folds, recordings
from woodshed.data.doctor.look import Look
from woodshed.data.example import Corpus

Rows = NDArray[np.float64]

N_FOLDS = 10
N_ROUNDS = 2
"""The first round finds suspects; in the second nobody learns from them."""

SURE = 0.9
"""A class whose own rows are surer than this on average asks no more of others."""

LEAST_OF_EACH = 3
"""With fewer sounds of each class on average, nothing is said."""

MOST_ROWS = 6000
"""Of larger sets, parts of so many sounds are judged one after the other, which bounds time and memory."""


def wrong_labels(
    corpus: Corpus, looks: Mapping[int, Look], sets: Sequence[Sequence[int]], *, seed: int = 0
) -> list[Finding]:
    """Report the sounds whose label is probably wrong, the surest first.

    Parameters
    ----------
    corpus
        The rows.
    looks
        What was seen of them; silent ones are not judged.
    sets
        Copies of one recording, which are kept in one fold, so that none vouches for another.
    seed
        Source of every random draw.
    """
    rows = [k for k, seen in looks.items() if seen.summary is not None and not seen.is_silent]
    units = recordings(len(corpus.examples), sets)
    labels = corpus.labels
    suspects: list[tuple[float, int, str]] = []
    n_parts = -(-len(rows) // MOST_ROWS) or 1
    for part in range(n_parts):
        some = rows[part::n_parts]
        if not some:
            continue
        values = np.stack([looks[k].summary for k in some]).astype(np.float64)  # type: ignore[misc]
        found = suspicious(values, [labels[k] for k in some], [units[k] for k in some], seed=seed)
        suspects += [(sure, some[j], other) for j, (other, sure) in found.items()]
    if not suspects:
        return []
    suspects.sort(key=lambda suspect: (-suspect[0], suspect[1]))
    return [
        Finding(
            "wrong label",
            min(1.0, 0.35 + 3 * share_of(len(suspects), len(corpus.examples))),
            tuple(corpus.examples[k].path for _, k, _ in suspects),
            f"{count_text(len(suspects))} would be named otherwise by models that learned from the rest. "
            "Some are merely unusual: only listening tells.",
            "Listen to each (woodshed audio play FILE), and correct the label where it is wrong.",
            tuple(
                f"labelled {labels[k]!r}, sounds like {other!r} ({sure:.0%} sure)"
                for sure, k, other in suspects
            ),
        )
    ]


def suspicious(
    values: Rows, labels: Sequence[str], units: Sequence[str], *, seed: int = 0, n_rounds: int = N_ROUNDS
) -> dict[int, tuple[str, float]]:
    """Find the rows whose label the others contradict: confident learning, twice.

    Three models (support vectors, linear discriminants, nearest neighbours) name each row after learning from
    other folds; their probabilities are averaged. A class's threshold is the mean probability that its own
    rows have for it. A row is suspicious if the likeliest class among those that reach their threshold is
    another than its label. A second round learns without the suspects of the first.

    Where we differ from the paper: three models, two rounds, and thresholds of at most 0.9.

    Parameters
    ----------
    values
        Shape ``(n_sounds, n_values)``.
    labels, units
        Of each row; rows of one unit are kept in one fold.
    seed
        Source of every random draw.
    n_rounds
        1 for plain confident learning.

    Returns
    -------
    dict
        Row -> the other class and the probability given to it.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> values = np.repeat([[0.0, 0.0], [5.0, 5.0]], 20, axis=0) + rng.normal(size=(40, 2))
    >>> labels = ["low"] * 20 + ["high"] * 20
    >>> labels[3] = "high"
    >>> list(suspicious(values, labels, [str(k) for k in range(40)]))
    [3]

    References
    ----------
    C. Northcutt, L. Jiang and I. Chuang, "Confident Learning: Estimating Uncertainty in Dataset Labels",
    Journal of Artificial Intelligence Research 70, 2021.
    """
    classes, codes = np.unique(np.asarray(labels), return_inverse=True)
    dealt = folds(labels, units, N_FOLDS, seed)
    if len(classes) < 2 or len(dealt) < 2:
        return {}
    trusted = np.ones(len(codes), dtype=bool)
    found: NDArray[np.int64] = codes
    for _ in range(n_rounds):
        answers = _answers(values, codes, dealt, trusted, len(classes))
        found = _confidently(answers, codes)
        trusted = found == codes
    return {int(k): (str(classes[found[k]]), float(answers[k, found[k]])) for k in np.flatnonzero(~trusted)}


def _confidently(answers: Rows, codes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the class of each row that is confidently named, or else its own."""
    own = answers[np.arange(len(codes)), codes]
    n_of_class = np.bincount(codes, minlength=answers.shape[1])
    means = np.bincount(codes, weights=own, minlength=answers.shape[1]) / np.maximum(n_of_class, 1)
    thresholds = np.minimum(means, SURE)
    reached = np.where(answers >= thresholds, answers, -1.0)
    named: NDArray[np.int64] = np.where(reached.max(axis=1) > 0, reached.argmax(axis=1), codes)
    return named


def _answers(
    values: Rows,
    codes: NDArray[np.int64],
    dealt: Sequence[NDArray[np.int64]],
    trusted: NDArray[np.bool_],
    n: int,
) -> Rows:
    """Return the mean probabilities of the models for each row, from folds that it is not in."""
    from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

    answers = np.zeros((len(codes), n))
    threads = ThreadpoolController()
    for test in dealt:
        train = trusted.copy()
        train[test] = False
        if len(np.unique(codes[train])) < 2 or train.sum() <= LEAST_OF_EACH * n:
            continue
        models = _models(int(train.sum()))
        for model in models:
            # One thread: on a busy machine the others cost more in waiting than such small tables take.
            with warnings.catch_warnings(), threads.limit(limits=1):
                warnings.simplefilter("ignore")  # BLAS complains of nothing; priors of tiny classes
                model.fit(values[train], codes[train])
                answers[np.ix_(test, model.classes_)] += _probabilities(model, values[test]) / len(models)
    return answers


def _models(n_rows: int) -> list[Any]:
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    kinds = (
        SVC(C=3.0, break_ties=True),
        LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto"),
        KNeighborsClassifier(min(7, n_rows), weights="distance"),
    )
    return [make_pipeline(StandardScaler(), kind) for kind in kinds]


def _probabilities(model: Any, values: Rows) -> Rows:
    """Ask for probabilities; the margins of support vectors are turned into some by a softmax."""
    if hasattr(model, "predict_proba"):
        return np.asarray(model.predict_proba(values), dtype=np.float64)
    margins = np.asarray(model.decision_function(values), dtype=np.float64)
    if margins.ndim == 1:
        margins = np.stack([-margins, margins], axis=1)
    likely = np.exp(2 * (margins - margins.max(axis=1, keepdims=True)))
    answers: Rows = likely / likely.sum(axis=1, keepdims=True)
    return answers
