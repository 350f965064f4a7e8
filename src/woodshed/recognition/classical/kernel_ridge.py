"""Kernel ridge regression with weighted values, for rows of many values and few clips.

Scikit-learn's ``KernelRidge`` solves the same equation (a test compares them), and its ``Nystroem`` followed
by ``Ridge`` is the same approximation for many clips. They are not used: the F-ratio weights, the blocks and
the balanced classes would remain to be written, the solution itself is one line, and ``Nystroem`` would hold
3000 features of every clip in memory.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from woodshed.recognition.classical.model import Case, ClassicalModel, GraphBuilder, Rows

N_LANDMARKS = 3000
"""Maximum number of training rows that predictions compare with; the fit uses all rows."""

N_SELECTED = 2000
"""Maximum number of values of a row that are compared: those with the highest weights."""

SOFTMAX_SCALE = 8.0
"""Factor of the scores of the classes, which lie about between 0 and 1, before the softmax."""

_BLOCK = 1000
_EPSILON = 1e-6
_MAX_EXPLAINED = 0.999


class KernelRidge:
    """Ridge regression with a Gaussian kernel on weighted values, for classes or for one number.

    The kernel of two rows is ``exp(-width * |a - b|² / n)`` over ``n`` standardised values. A value whose
    variance is explained by the target to a share ``s`` is multiplied by ``(s / (1 - s)) ** 0.75`` (for
    classes, the quotient is that of an analysis of variance), and only the `N_SELECTED` highest weights are
    kept. So a row can have hundreds of values, most of them irrelevant. Rows that describe a clip in
    several ways (``blocks``) have one model per block, and the scores of the blocks are averaged, which is
    more accurate than one model on all values. The interface is that of scikit-learn.

    Parameters
    ----------
    is_classifier
        Whether the targets are classes, which are balanced, or numbers.
    width
        How fast the kernel decays with the distance: at 0.3, a row resembles many others, and the regression
        is nearly quadratic.
    ridge
        Penalty of the regression.
    blocks
        Lengths of the parts of a row that are modelled separately; empty: one model of the whole row.

    Attributes
    ----------
    estimators_
        Model of each block; the following attributes are then theirs.
    mean_, scale_
        Offset and factor of each value, shape ``(n_values,)``.
    selected_
        Indices of the values that are compared, shape ``(n_selected,)``.
    landmarks_
        Training rows that are compared with, shape ``(n_landmarks, n_selected)``.
    dual_coef_
        Weight of each landmark, shape ``(n_landmarks, n_classes)``, or ``(n_landmarks, 1)`` for numbers.

    References
    ----------
    C. Saunders, A. Gammerman and V. Vovk, "Ridge regression learning algorithm in dual variables", ICML 1998;
    R. A. Fisher, "Statistical methods for research workers", 1925, for the weights; A. J. Smola and
    B. Schölkopf, "Sparse greedy matrix approximation for machine learning", ICML 2000, for the landmarks.

    Examples
    --------
    >>> rows = np.array([[0.0, 5.0], [0.1, 3.0], [0.9, 4.0], [1.0, 4.5]])
    >>> model = KernelRidge().fit(rows, np.array([0, 0, 1, 1]))
    >>> model.predict_proba(np.array([[0.95, 3.0], [0.05, 4.5]])).argmax(axis=1).tolist()
    [1, 0]
    """

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

    def fit(self, rows: Rows, targets: NDArray[np.number], sample_weight: Rows | None = None) -> KernelRidge:
        """Fit the model to rows and their targets.

        Parameters
        ----------
        rows
            Shape ``(n_clips, n_values)``.
        targets
            Shape ``(n_clips,)``: classes as numbers, or values.
        sample_weight
            Weight of each row, shape ``(n_clips,)``; None: all equal.

        Returns
        -------
        KernelRidge
            The model itself.
        """
        if self.blocks:
            self.estimators_ = [
                KernelRidge(is_classifier=self.is_classifier, width=self.width, ridge=self.ridge).fit(
                    part, targets, sample_weight
                )
                for part in self._split(rows)
            ]
            if self.is_classifier:
                self.classes_: NDArray[np.number] = self.estimators_[0].classes_
            return self
        weights = np.ones(len(rows)) if sample_weight is None else np.asarray(sample_weight, np.float64)
        rows, targets, weights = rows[weights > 0], targets[weights > 0], weights[weights > 0]
        outputs = np.asarray(targets, np.float64)[:, np.newaxis]
        if self.is_classifier:
            self.classes_, columns = np.unique(targets, return_inverse=True)
            outputs = np.eye(len(self.classes_))[columns]
            weights = weights / (weights @ outputs)[columns]
        weights = weights / weights.mean()
        self.mean_, deviation = rows.mean(axis=0), rows.std(axis=0)
        varies = deviation > _EPSILON * np.maximum(1.0, np.abs(self.mean_))
        scale = np.where(varies, 1 / np.where(varies, deviation, 1.0), 0.0)
        importance = value_weights((rows - self.mean_) * scale, outputs)
        self.selected_ = np.sort(np.argsort(-importance, kind="stable")[:N_SELECTED])
        self.scale_ = scale * importance / np.sqrt(np.mean(importance[self.selected_] ** 2))
        transformed = self._transform(rows)
        self.landmarks_ = transformed
        if len(rows) > N_LANDMARKS:
            self.landmarks_ = transformed[np.linspace(0, len(rows) - 1, N_LANDMARKS).round().astype(np.int64)]
        self.dual_coef_ = self._solve(transformed, outputs, weights)
        return self

    def _split(self, rows: Rows) -> list[Rows]:
        return np.split(rows, np.cumsum(self.blocks)[:-1], axis=1)

    def predict(self, rows: Rows) -> NDArray[np.number]:
        """Return the value or the class of each row, shape ``(n_clips,)``."""
        scores = self._scores(rows)
        return self.classes_[scores.argmax(axis=1)] if self.is_classifier else scores[:, 0]

    def predict_proba(self, rows: Rows) -> Rows:
        """Return the probability of each class, ``(n_clips, n_classes)``; uniform far from all landmarks."""
        from scipy.special import softmax

        return np.asarray(softmax(SOFTMAX_SCALE * self._scores(rows), axis=1))

    def _transform(self, rows: Rows) -> NDArray[np.float32]:
        """Return the weighted values that are compared, in float32 to save memory."""
        return np.asarray(((rows - self.mean_) * self.scale_)[:, self.selected_], np.float32)

    def _scores(self, rows: Rows) -> Rows:
        if self.blocks:
            parts = zip(self.estimators_, self._split(rows), strict=True)
            return np.asarray(np.mean([estimator._scores(part) for estimator, part in parts], axis=0))
        return self._kernel(self._transform(rows)) @ self.dual_coef_

    def _kernel(self, transformed: NDArray[np.float32]) -> Rows:
        """Return the kernel of each row and each landmark."""
        lengths = np.square(transformed).sum(axis=1)[:, np.newaxis] + np.square(self.landmarks_).sum(axis=1)
        distances = np.maximum(lengths - 2 * transformed @ self.landmarks_.T, 0).astype(np.float64)
        return np.asarray(np.exp(-self.width / transformed.shape[1] * distances))

    def _solve(self, transformed: NDArray[np.float32], outputs: Rows, weights: Rows) -> Rows:
        """Return the weights of the landmarks: exact, or by least squares if there are more rows."""
        from scipy.linalg import solve

        among = self._kernel(self.landmarks_)
        if len(transformed) == len(self.landmarks_):
            return np.linalg.solve(among + np.diag(self.ridge / weights), outputs).astype(np.float64)
        left, right = self.ridge * among, np.zeros((len(among), outputs.shape[1]))
        for start in range(0, len(transformed), _BLOCK):  # limits the memory for the kernel
            part = slice(start, start + _BLOCK)
            roots = np.sqrt(weights[part])[:, np.newaxis]
            kernel = roots * self._kernel(transformed[part])
            left += kernel.T @ kernel  # symmetric, of which BLAS computes one half
            right += kernel.T @ (roots * outputs[part])
        left[np.diag_indices_from(left)] += _EPSILON * np.trace(left) / len(left)
        return np.asarray(solve(left, right, assume_a="pos"))


def value_weights(rows: Rows, targets: Rows) -> Rows:
    """Return a weight per value, by how much of its variance the targets explain.

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
    The class explains half of the variance of the first value, and nothing of the second:

    >>> rows = np.array([[-2.0, 1.0], [0.0, -1.0], [0.0, 1.0], [2.0, -1.0]])
    >>> value_weights(rows / rows.std(axis=0), np.eye(2)[[0, 0, 1, 1]]).round(3).tolist()
    [1.0, 0.0]
    """
    if targets.shape[1] > 1:
        counts = targets.sum(axis=0)
        means = targets.T @ rows / counts[:, np.newaxis]
        explained = counts @ np.square(means) / len(rows)
    else:
        centred = targets[:, 0] - targets.mean()
        variance = max(float(np.mean(centred**2)), _EPSILON)
        explained = np.square(centred @ rows / len(rows)) / variance
    explained = np.clip(explained, _EPSILON, _MAX_EXPLAINED)
    return np.asarray((explained / (1 - explained)) ** 0.75)


def classifier(case: Case, n_rows: int) -> KernelRidge:
    """Build a kernel ridge regression on the classes, which are balanced; its fit is deterministic."""
    return KernelRidge(blocks=case.blocks)


def regressor(case: Case, n_rows: int) -> KernelRidge:
    """Build a kernel ridge regression on one value."""
    return KernelRidge(is_classifier=False, blocks=case.blocks)


def export(graph: GraphBuilder, rows: str, estimator: KernelRidge) -> str:
    """Add a fitted model to a graph: the mean of the scores of its blocks, of classes their softmax."""
    parts = estimator.estimators_ if estimator.blocks else [estimator]
    starts = np.cumsum([0, *estimator.blocks[:-1]])
    scores = [_export_block(graph, rows, part, start) for part, start in zip(parts, starts, strict=True)]
    total = scores[0]
    for other in scores[1:]:
        total = graph.node("Add", total, other)
    mean = graph.node("Div", total, graph.constant(len(scores)))
    if not estimator.is_classifier:
        return mean
    return graph.node("Softmax", graph.node("Mul", mean, graph.constant(SOFTMAX_SCALE)), axis=1)


def _export_block(graph: GraphBuilder, rows: str, estimator: KernelRidge, start: int) -> str:
    """Add the scores of one block, whose first value has the index ``start`` in a row."""
    selected = estimator.selected_
    values = graph.node("Gather", rows, graph.constant(selected + start, np.int64), axis=1)
    centred = graph.node("Sub", values, graph.constant(estimator.mean_[selected]))
    transformed = graph.node("Mul", centred, graph.constant(estimator.scale_[selected]))
    squared = graph.squared_distances(graph.cast(transformed, np.float32), estimator.landmarks_)
    factor = graph.constant(-estimator.width / len(selected))
    kernel = graph.node("Exp", graph.node("Mul", graph.cast(squared, np.float64), factor))
    return graph.node("MatMul", kernel, graph.constant(estimator.dual_coef_))


MODEL = ClassicalModel(
    build_classifier=classifier,
    build_regressor=regressor,
    export=export,
    description="kernel ridge regression",
    fit_time_exponent=2,
)
