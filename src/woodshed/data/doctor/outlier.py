"""Label errors: sounds whose label disagrees with a model fitted on all other recordings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from woodshed.data.doctor.copies import recordings
from woodshed.data.doctor.finding import Finding, share_of
from woodshed.data.doctor.inspection import Inspection
from woodshed.data.example import Corpus
from woodshed.errors import counted
from woodshed.features.views import Views

Rows = NDArray[np.float64]

DOUBTED = 0.2
"""Minimum probability of an error for a label to be reported: listening costs less than training on it."""

LEAST_OF_EACH = 3
"""Minimum number of recordings of a class; labels of smaller classes are not checked."""

LEAST_OF_GROUP = 10
"""Minimum number of rows for a group to be centred on its own mean."""

MOST_ROWS = 3000
"""Larger sets are checked in parts of at most this size, which bounds time and memory."""

GAMMA = 0.5
"""Kernel width: unrelated rows have a mean squared distance of 2, hence a similarity of ``exp(-1)``."""

RIDGE = 0.3
"""Regularisation: the larger, the less a single row counts."""

PRIOR_COUNTS = (1.0, 19.0)
"""Prior pseudo-counts of wrong and right labels (a beta prior on the share of wrong labels)."""

WEIGHT, PENALTY = 8.0, 0.3
"""Prior weight of all views together, and the strength of the penalty on the deviation of the log weights.

Without it, perfectly separable classes would have unbounded weights, and the slightest evidence of an
uninformative view would count as certain.
"""

_LOG_WEIGHTS = (-4.0, 3.0)
_LOG_ODDS = (-7.0, -1.0)
_FIRST_LOG_ODDS = -3.0

_N_COLUMNS = 512
"""Number of columns of a view that are standardised at a time, to save memory."""


def wrong_labels(
    corpus: Corpus, inspections: Mapping[int, Inspection], sets: Sequence[Sequence[int]], views: Views
) -> list[Finding]:
    """Report the sounds whose label is probably wrong, the most probable first.

    Parameters
    ----------
    corpus
        The rows.
    inspections
        Measurements by row; silent sounds are not checked.
    sets
        Sets of copies of one recording, which are left out together.
    views
        The feature of the measurements.
    """
    described = {
        k: sound.views for k, sound in inspections.items() if sound.views is not None and not sound.is_silent
    }
    rows = list(described)
    units = recordings(len(corpus.examples), sets)
    labels, groups = corpus.labels, corpus.groups
    suspects: list[tuple[float, int, str]] = []
    n_parts = -(-len(rows) // MOST_ROWS)
    for part in range(n_parts):
        some = rows[part::n_parts]
        errors = suspicious(
            # One view at a time: all of them would double the memory.
            (np.stack([described[k][values] for k in some]) for values in views.slices),
            [labels[k] for k in some],
            [units[k] for k in some],
            None if groups is None else [groups[k] for k in some],
        )
        suspects += [(probability, some[j], other) for j, (other, probability) in errors.items()]
    if not suspects:
        return []
    suspects.sort(key=lambda suspect: (-suspect[0], suspect[1]))
    return [
        Finding(
            "wrong label",
            min(1.0, 0.35 + 3 * share_of(len(suspects), len(corpus.examples))),
            tuple(corpus.examples[k].path for _, k, _ in suspects),
            f"{counted(len(suspects), 'sound')} more similar to another class than to that of the label. "
            "Correct labels of unusual sounds may be among them.",
            "Listen to each (woodshed audio play FILE), and correct wrong labels.",
            tuple(
                f"labelled {labels[k]!r}, sounds like {other!r} (probability of an error {probability:.0%})"
                for probability, k, other in suspects
            ),
        )
    ]


def suspicious(
    views: Iterable[NDArray[np.floating]],
    labels: Sequence[str],
    units: Sequence[str],
    groups: Sequence[str] | None = None,
    *,
    doubted: float = DOUBTED,
) -> dict[int, tuple[str, float]]:
    """Find the rows whose label is probably wrong.

    In each view, and in each view centred on the mean of the group, the classes are scored for a row by its
    similarity to all rows of other recordings (`left_out_scores`);
    `label_noise` combines the scores.

    Parameters
    ----------
    views
        Features of all sounds, each of shape ``(n_sounds, n_values)``.
    labels, units, groups
        Label, recording and group of each row. Rows of one unit are left out together; rows of a group, such
        as a speaker, are not, and are also centred on its mean.
    doubted
        Minimum probability of an error.

    Returns
    -------
    dict
        Row -> the most probable other class, and the probability that the label is wrong.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> values = np.repeat([[0.0, 0.0], [5.0, 5.0]], 20, axis=0) + rng.normal(size=(40, 2))
    >>> labels = ["low"] * 20 + ["high"] * 20
    >>> labels[3] = "high"
    >>> list(suspicious([values], labels, [str(k) for k in range(40)]))
    [3]
    """
    n_units = Counter(label for label, _ in set(zip(labels, units, strict=True)))
    is_checked = [n_units[label] >= LEAST_OF_EACH for label in labels]
    checked = np.flatnonzero(is_checked)
    classes, codes = np.unique(np.asarray(labels)[checked], return_inverse=True)
    if len(classes) < 2:
        return {}
    own_units = [units[int(k)] for k in checked]

    def score(view: NDArray[np.floating]) -> Rows:
        rows = view if all(is_checked) else view[checked]
        return left_out_scores(similarity(rows), codes, own_units)

    scores, centred_scores = [], []
    for view in views:
        scores.append(score(view))
        centred = centred_on_group(view, labels, groups)
        del view  # releases the memory before the next scores
        if centred is not None:
            centred_scores.append(score(centred))
    noise = label_noise([*scores, *centred_scores], codes)
    return {
        int(checked[j]): (str(classes[noise.other[j]]), float(noise.probability[j]))
        for j in np.flatnonzero(noise.probability >= doubted)
    }


def centred_on_group(
    view: NDArray[np.floating], labels: Sequence[str], groups: Sequence[str] | None
) -> NDArray[np.floating] | None:
    """Subtract from each row the mean of its group; None if no group is suitable.

    Values that are unusual overall are often usual for one voice or one microphone. Groups that are small or
    contain a single class are centred on the overall mean: their own mean would remove the class.

    Examples
    --------
    >>> view, labels = np.arange(20.0)[:, np.newaxis], ["low", "high"] * 10
    >>> centred_on_group(view, labels, ["ann"] * 10 + ["bob"] * 10)[[0, 10], 0].tolist()
    [-4.5, -4.5]
    >>> centred_on_group(view, labels, [str(k) for k in range(20)]) is None
    True
    """
    if groups is None:
        return None
    names, group_codes = np.unique(np.asarray(groups), return_inverse=True)
    codes = np.unique(np.asarray(labels), return_inverse=True)[1]
    centred, is_any = view - view.mean(axis=0), False
    for k in range(len(names)):
        rows = np.flatnonzero(group_codes == k)
        if len(rows) >= LEAST_OF_GROUP and len(np.unique(codes[rows])) > 1:
            centred[rows] -= centred[rows].mean(axis=0)
            is_any = True
    return centred if is_any else None


def similarity(view: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return the Gaussian kernel of each pair of rows, shape ``(n_rows, n_rows)``, 0 to 1.

    ``exp(-GAMMA |a - b|² / n_values)`` of standardised values, so that it depends neither on the units nor
    on the number of values.

    Parameters
    ----------
    view
        Shape ``(n_rows, n_values)``.

    Examples
    --------
    >>> similarity(np.array([[1.0], [1.0], [3.0], [3.0]]))[0].astype(float).round(3).tolist()
    [1.0, 1.0, 0.135, 0.135]
    """
    n_rows, n_values = view.shape
    kernel = np.zeros((n_rows, n_rows), np.float32)  # also holds the distances, to save memory
    lengths = np.zeros(n_rows, np.float32)
    for start in range(0, n_values, _N_COLUMNS):
        scaled = view[:, start : start + _N_COLUMNS].astype(np.float64)
        largest = np.abs(scaled).max(axis=0)
        scaled -= scaled.mean(axis=0)
        spread = scaled.std(axis=0)
        scaled /= np.where(spread > 1e-9 * largest, spread, np.inf)
        single = scaled.astype(np.float32)
        kernel += single @ single.T
        lengths += np.square(single).sum(axis=1)
    kernel *= -2
    kernel += lengths[:, np.newaxis]
    kernel += lengths
    np.maximum(kernel, 0.0, out=kernel)
    kernel *= np.float32(-GAMMA / n_values)
    return np.exp(kernel, out=kernel)


def left_out_scores(kernel: NDArray[np.floating], codes: NDArray[np.int64], groups: Sequence[str]) -> Rows:
    """Score the classes for each row by a model fitted on all rows of other groups.

    Kernel ridge regression on one-hot classes, weighted so that classes count equally. The model need not be
    refitted for each group: the left-out predictions follow from one inverse (D. Allen's predicted residual
    of 1974, the PRESS statistic; for a group of several rows a block takes the place of a diagonal element).

    Parameters
    ----------
    kernel
        From `similarity`, shape ``(n_rows, n_rows)``.
    codes
        Class of each row, from 0 without gaps.
    groups
        Group of each row, for instance versions of one recording.

    Returns
    -------
    numpy.ndarray
        Shape ``(n_rows, n_classes)``; about 1 for the predicted class, about 0 for the others.

    Examples
    --------
    >>> kernel = similarity(np.array([[0.0], [0.1], [0.2], [3.0], [3.1], [3.2]]))
    >>> left_out_scores(kernel, np.array([0, 0, 1, 1, 1, 1]), list("abcdef")).argmax(axis=1).tolist()
    [0, 0, 0, 1, 1, 1]
    """
    from scipy.linalg import cho_factor, cho_solve
    from scipy.linalg.lapack import dpotri

    counts = np.bincount(codes)
    weights = 1 / counts[codes]
    targets = np.eye(len(counts))[codes]
    matrix = np.array(kernel, np.float64, order="F")
    matrix[np.diag_indices_from(matrix)] += RIDGE * weights.mean() / weights
    factor, _ = cho_factor(matrix, lower=True, overwrite_a=True, check_finite=False)
    residual = cho_solve((factor, True), targets, check_finite=False)
    inverse, _ = dpotri(factor, lower=True, overwrite_c=True)  # only on and below the diagonal
    scores: Rows = targets - residual / np.diag(inverse)[:, np.newaxis]
    group_codes = np.unique(np.asarray(groups), return_inverse=True)[1]
    order = np.argsort(group_codes, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(group_codes[order])) + 1):
        if len(rows) > 1:
            block = inverse[np.maximum.outer(rows, rows), np.minimum.outer(rows, rows)]
            scores[rows] = targets[rows] - np.linalg.solve(block, residual[rows])
    return scores


class LabelNoise(NamedTuple):
    """Estimates of label noise.

    Parameters
    ----------
    probability
        Probability that the label is wrong, shape ``(n_rows,)``.
    other
        Most probable class apart from the label, shape ``(n_rows,)``.
    share
        Estimated share of wrong labels.
    """

    probability: Rows
    other: NDArray[np.int64]
    share: float


def label_noise(scores: Sequence[Rows], codes: NDArray[np.int64]) -> LabelNoise:
    """Estimate the probability that each label is wrong from the class scores of several views.

    The views are pooled, ``p(class) ∝ exp(Σ weight · score)``. A share of the labels is wrong, and a wrong
    label is any other class with equal probability. Weights and share maximise the posterior probability of
    the labels, so an uninformative view gets a small weight, and without an informative view no label is
    suspicious. Bayes' rule then gives the probability that a label is wrong.

    Confident learning (C. Northcutt, L. Jiang and I. Chuang, 2021) compares a row with the class means; here
    the improbability of the label counts: a row that is ambiguous between two classes is not suspicious, even
    if the other class is slightly more probable.

    Parameters
    ----------
    scores
        Out-of-sample scores of each view, shape ``(n_rows, n_classes)``, higher for more probable classes.
    codes
        Class of each row according to its label, from 0; at least two classes.

    Examples
    --------
    One wrong label and one ambiguous row among 40:

    >>> scores = np.repeat(np.eye(2), 20, axis=0)
    >>> scores[39] = 0.5
    >>> codes = np.repeat([0, 1], 20)
    >>> codes[3] = 1
    >>> noise = label_noise([scores], codes)
    >>> [int(k) for k in np.flatnonzero(noise.probability > 0.5)], int(noise.other[3])
    ([3], 0)
    """
    from scipy.optimize import minimize

    tables = np.stack(scores)
    n_views, n_rows, n_classes = tables.shape
    rows = np.arange(n_rows)

    def unpack(parameters: Rows) -> tuple[Rows, Rows, float]:
        """Return the class probabilities, the probability of the label, and the share of wrong labels."""
        pooled = np.tensordot(np.exp(parameters[:n_views]), tables, 1)
        probabilities = np.exp(pooled - pooled.max(axis=1, keepdims=True))
        probabilities /= probabilities.sum(axis=1, keepdims=True)
        return probabilities, probabilities[rows, codes], float(1 / (1 + np.exp(-parameters[n_views])))

    def loss(parameters: Rows) -> float:
        _, of_label, share = unpack(parameters)
        likelihood = (1 - share) * of_label + share * (1 - of_label) / (n_classes - 1)
        log_prior = PRIOR_COUNTS[0] * np.log(share) + PRIOR_COUNTS[1] * np.log(1 - share)
        log_prior -= PENALTY * np.square(parameters - start)[:n_views].sum()
        return float(-np.log(np.maximum(likelihood, 1e-300)).sum() - log_prior)

    start = np.array([*[np.log(WEIGHT / n_views)] * n_views, _FIRST_LOG_ODDS])
    best = minimize(loss, start, method="L-BFGS-B", bounds=[*[_LOG_WEIGHTS] * n_views, _LOG_ODDS])
    probabilities, of_label, share = unpack(best.x)
    wrong = share * (1 - of_label) / (n_classes - 1)
    others = np.where(np.arange(n_classes) == codes[:, np.newaxis], -1.0, probabilities)
    return LabelNoise(wrong / (wrong + (1 - share) * of_label), others.argmax(axis=1), share)
