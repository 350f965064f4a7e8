"""Kernel ridge: answers by likeness to the clips that were learned from, in what tells the answers apart."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from woodshed.recognition.classical.model import Case, ClassicalModel, Rows

N_KNOWN = 3000
"""So many rows are remembered at most; when there are more to learn from, all still say what these vote."""

N_CHOSEN = 2000
"""So many values of a row are compared at most: those that say most about the answer."""

SHARPNESS = 8.0
"""By so much the scores of the classes, about 0 to 1, are multiplied before the softmax."""

_BLOCK = 1000
_LEAST = 1e-6
_MOST_EXPLAINED = 0.999


class KernelRidge:
    """Score a row by its likeness to known rows, each of which speaks for the answers as it has learned to.

    The likeness of two rows is ``exp(-width * |a - b|² / n)`` over ``n`` standardised values. Not all values
    count alike: a value of which the share ``s`` of the variance is explained by the answer is multiplied by
    ``(s / (1 - s)) ** 0.75`` (for classes the quotient is that of an analysis of variance), and only the
    `N_CHOSEN` most telling are kept. So hundreds of values can be offered of which most say nothing. Rows
    that describe a clip in several ways (``blocks``) are asked way by way, and the mean of the scores counts:
    what is common to all is right more often than what any way, or all values at once, would say. It
    has scikit-learn's manners and only arrays and numbers in it, so that it can be saved and checked.

    Parameters
    ----------
    is_classifier
        Whether the answers are classes, which then count equally, or one number.
    width
        How fast likeness falls with distance: at 0.3, a row is like many, and the answer nearly quadratic.
    ridge
        How little it trusts each row that it learns from.
    blocks
        Lengths of the parts of a row, each of which gets a machine of its own; none: one for the whole row.

    Attributes
    ----------
    machines_
        The machine of each part; then there are none of the following.
    mean_, scale_, chosen_
        What is subtracted from a row, what it is then multiplied by, and which of its values are compared.
    known_, votes_
        Shapes ``(n_known, n_chosen)`` and ``(n_known, n_classes)``, or 1 for a number.

    References
    ----------
    C. Saunders, A. Gammerman and V. Vovk, "Ridge regression learning algorithm in dual variables", ICML 1998;
    R. A. Fisher, "Statistical methods for research workers", 1925, for the weights.

    Examples
    --------
    >>> rows = np.array([[0.0, 5.0], [0.1, 3.0], [0.9, 4.0], [1.0, 4.5]])
    >>> model = KernelRidge().fit(rows, np.array([0, 0, 1, 1]))
    >>> model.predict_proba(np.array([[0.95, 3.0], [0.05, 4.5]])).argmax(axis=1).tolist()
    [1, 0]
    """

    blocks: tuple[int, ...] = ()  # of models that were saved before there were any

    def __init__(
        self,
        *,
        is_classifier: bool = True,
        width: float = 0.3,
        ridge: float = 0.1,
        blocks: tuple[int, ...] = (),
    ) -> None:
        self.is_classifier = is_classifier
        self.width = width
        self.ridge = ridge
        self.blocks = blocks

    def fit(self, rows: Rows, answers: NDArray[np.number], sample_weight: Rows | None = None) -> KernelRidge:
        """Learn what each known row says about the answers.

        Parameters
        ----------
        rows
            Shape ``(n_clips, n_values)``.
        answers
            Shape ``(n_clips,)``: classes as numbers, or values.
        sample_weight
            How much each row counts, shape ``(n_clips,)``; None: all alike.

        Returns
        -------
        KernelRidge
            Itself.
        """
        if self.blocks:
            return self._fit_blocks(rows, answers, sample_weight)
        trust = np.ones(len(rows)) if sample_weight is None else np.asarray(sample_weight, np.float64)
        rows, answers, trust = rows[trust > 0], answers[trust > 0], trust[trust > 0]
        targets = np.asarray(answers, np.float64)[:, np.newaxis]
        if self.is_classifier:
            self.classes_, columns = np.unique(answers, return_inverse=True)
            targets = np.eye(len(self.classes_))[columns]
            trust = trust / (trust @ targets)[columns]
        trust = trust / trust.mean()
        self.n_features_in_ = rows.shape[1]
        self.mean_, deviation = rows.mean(axis=0), rows.std(axis=0)
        varies = deviation > _LEAST * np.maximum(1.0, np.abs(self.mean_))
        scale = np.where(varies, 1 / np.where(varies, deviation, 1.0), 0.0)
        weights = telling((rows - self.mean_) * scale, targets)
        self.chosen_ = np.sort(np.argsort(-weights, kind="stable")[:N_CHOSEN])
        self.scale_ = scale * weights / np.sqrt(np.mean(weights[self.chosen_] ** 2))
        described = self._described(rows)
        self.known_ = described
        if len(rows) > N_KNOWN:
            self.known_ = described[np.linspace(0, len(rows) - 1, N_KNOWN).round().astype(np.int64)]
        self.votes_ = self._votes(described, targets, trust)
        return self

    def _fit_blocks(self, rows: Rows, answers: NDArray[np.number], sample_weight: Rows | None) -> KernelRidge:
        """Let each part of a row have a machine of its own."""
        self.machines_ = [
            KernelRidge(is_classifier=self.is_classifier, width=self.width, ridge=self.ridge).fit(
                part, answers, sample_weight
            )
            for part in self._parts(rows)
        ]
        self.n_features_in_ = rows.shape[1]
        if self.is_classifier:
            self.classes_ = self.machines_[0].classes_
        return self

    def _parts(self, rows: Rows) -> list[Rows]:
        return np.split(rows, np.cumsum(self.blocks)[:-1], axis=1)

    def predict(self, rows: Rows) -> NDArray[np.number]:
        """Return the number for each row, or its class, shape ``(n_clips,)``."""
        scores = self._scores(rows)
        answers: NDArray[np.number] = (
            self.classes_[scores.argmax(axis=1)] if self.is_classifier else scores[:, 0]
        )
        return answers

    def predict_proba(self, rows: Rows) -> Rows:
        """Return the probability of each class, ``(n_clips, n_classes)``; all alike, far from all known."""
        scores = SHARPNESS * self._scores(rows)
        likely = np.exp(scores - scores.max(axis=1, keepdims=True))
        answers: Rows = likely / likely.sum(axis=1, keepdims=True)
        return answers

    def _described(self, rows: Rows) -> NDArray[np.float32]:
        """Return what is compared of rows; float32, for there are many to remember."""
        described: NDArray[np.float32] = ((rows - self.mean_) * self.scale_)[:, self.chosen_].astype(
            np.float32
        )
        return described

    def _scores(self, rows: Rows) -> Rows:
        if self.blocks:
            pairs = zip(self.machines_, self._parts(rows), strict=True)
            mean: Rows = np.mean([machine._scores(part) for machine, part in pairs], axis=0)
            return mean
        scores: Rows = self._likeness(self._described(rows)) @ self.votes_
        return scores

    def _likeness(self, described: NDArray[np.float32]) -> Rows:
        """Return the likeness of each row to each known one."""
        lengths = np.square(described).sum(axis=1)[:, np.newaxis] + np.square(self.known_).sum(axis=1)
        unlike = np.maximum(lengths - 2 * described @ self.known_.T, 0).astype(np.float64)
        likeness: Rows = np.exp(-self.width / described.shape[1] * unlike)
        return likeness

    def _votes(self, described: NDArray[np.float32], targets: Rows, trust: Rows) -> Rows:
        """Solve for what each known row says: exactly, or by least squares if some are left out."""
        among = self._likeness(self.known_)
        if len(described) == len(self.known_):
            votes: Rows = np.linalg.solve(among + np.diag(self.ridge / trust), targets).astype(np.float64)
            return votes
        left, right = self.ridge * among, np.zeros((len(among), targets.shape[1]))
        for start in range(0, len(described), _BLOCK):  # in little memory
            part = slice(start, start + _BLOCK)
            likeness = self._likeness(described[part])
            counted = likeness.T * trust[part]
            left += counted @ likeness
            right += counted @ targets[part]
        left[np.diag_indices_from(left)] += _LEAST * np.trace(left) / len(left)
        votes = np.linalg.solve(left, right).astype(np.float64)
        return votes


def telling(rows: Rows, targets: Rows) -> Rows:
    """Say how much each value tells about the answers, by how it differs between them.

    Parameters
    ----------
    rows
        Shape ``(n_clips, n_values)``, centred and of unit variance, or all zero.
    targets
        Shape ``(n_clips, n_classes)``, one-hot, or ``(n_clips, 1)``, numbers.

    Returns
    -------
    numpy.ndarray
        Shape ``(n_values,)``: ``(s / (1 - s)) ** 0.75`` of the explained share ``s`` of the variance.

    Examples
    --------
    Of the first value a half is explained by the class, of the second nothing:

    >>> rows = np.array([[-2.0, 1.0], [0.0, -1.0], [0.0, 1.0], [2.0, -1.0]])
    >>> telling(rows / rows.std(axis=0), np.eye(2)[[0, 0, 1, 1]]).round(3).tolist()
    [1.0, 0.0]
    """
    if targets.shape[1] > 1:
        counts = targets.sum(axis=0)
        means = targets.T @ rows / counts[:, np.newaxis]
        explained = counts @ np.square(means) / len(rows)
    else:
        centred = targets[:, 0] - targets.mean()
        explained = np.square(centred @ rows / len(rows)) / max(float(np.mean(centred**2)), _LEAST)
    explained = np.clip(explained, _LEAST, _MOST_EXPLAINED)
    weights: Rows = (explained / (1 - explained)) ** 0.75
    return weights


def classifier(case: Case, n_rows: int) -> KernelRidge:
    """Build a kernel ridge regression on the classes, which are balanced; its fit is deterministic."""
    return KernelRidge(blocks=case.blocks)


def regressor(case: Case, n_rows: int) -> KernelRidge:
    """Build a kernel ridge regression on one value."""
    return KernelRidge(is_classifier=False, blocks=case.blocks)


MODEL = ClassicalModel(
    build_classifier=classifier,
    build_regressor=regressor,
    description="kernel ridge regression",
    fit_time_exponent=2,
)
