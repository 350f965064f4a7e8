"""Support vector machine with a radial kernel."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from woodshed.recognition.classical.model import Case, ClassicalModel, GraphBuilder, Rows, standardised


def classifier(case: Case, n_rows: int) -> Any:
    """Build a support vector machine, C = 10, on standardised values; classes are balanced.

    Its fit is deterministic.

    References
    ----------
    C. Cortes and V. Vapnik, "Support-vector networks", Machine Learning 20, 1995.
    """
    from sklearn.svm import SVC

    return standardised(SVC(C=10.0, class_weight="balanced", break_ties=True))


def regressor(case: Case, n_rows: int) -> Any:
    """Build a support vector regression, C = 1, with a tube of 0.1 standard deviations.

    References
    ----------
    H. Drucker et al., "Support vector regression machines", Advances in NIPS 9, 1997.
    """
    from sklearn.svm import SVR

    return standardised(SVR())


def export(graph: GraphBuilder, rows: str, estimator: Any) -> str:
    """Add a fitted machine to a graph.

    With more than two classes, each pair of classes has a decision function. They are combined into one
    margin per class as in scikit-learn: the number of pairs that the class wins, plus its summed decisions,
    scaled to less than half a vote, to break ties.
    """
    from sklearn.base import is_classifier

    scaled = graph.node(
        "Mul",
        graph.squared_distances(rows, estimator.support_vectors_),
        graph.constant(-estimator._gamma),  # the value of gamma="scale", which no public attribute holds
    )
    kernel = graph.node("Exp", scaled)
    if not is_classifier(estimator):
        return graph.linear(kernel, estimator.dual_coef_.T, estimator.intercept_)
    n_classes = len(estimator.classes_)
    if n_classes == 2:
        weights, intercept = estimator.dual_coef_.T, estimator.intercept_
        margins = graph.linear(kernel, np.hstack([-weights, weights]), np.hstack([-intercept, intercept]))
        return graph.node("Softmax", margins, axis=1)
    first, second = np.triu_indices(n_classes, 1)
    decisions = graph.linear(kernel, _pair_weights(estimator, first, second), estimator.intercept_)
    wins_first, wins_second = np.eye(n_classes)[first], np.eye(n_classes)[second]
    negative = graph.cast(graph.node("Less", decisions, graph.constant(0)), np.float64)
    votes = graph.linear(negative, wins_second - wins_first, wins_first.sum(axis=0))
    sums = graph.node("MatMul", decisions, graph.constant(wins_first - wins_second))
    bound = graph.node(
        "Mul", graph.node("Add", graph.node("Abs", sums), graph.constant(1)), graph.constant(3)
    )
    margins = graph.node("Add", votes, graph.node("Div", sums, bound))
    return graph.node("Softmax", margins, axis=1)


def _pair_weights(estimator: Any, first: NDArray[np.intp], second: NDArray[np.intp]) -> Rows:
    """Return the weight of each support vector in the decision of each pair of classes.

    The rows of ``dual_coef_`` are the other classes in order: row ``k`` of a support vector of class ``c``
    belongs to the pair with class ``k`` if ``k < c``, else to the pair with class ``k + 1``.
    """
    owner = np.repeat(np.arange(len(estimator.classes_)), estimator.n_support_)
    weights = np.zeros((len(owner), len(first)))
    for pair, (i, j) in enumerate(zip(first, second, strict=True)):
        weights[owner == i, pair] = estimator.dual_coef_[j - 1, owner == i]
        weights[owner == j, pair] = estimator.dual_coef_[i, owner == j]
    return weights


MODEL = ClassicalModel(
    build_classifier=classifier,
    build_regressor=regressor,
    export=export,
    description="SVM",
    fit_time_exponent=2,
)
