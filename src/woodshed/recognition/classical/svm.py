"""Support vector machine with a radial kernel, and probabilities from its decisions for pairs of classes."""

from __future__ import annotations

import copy
from functools import cache
from typing import Any

import numpy as np

from woodshed.recognition.classical.model import Case, ClassicalModel, GraphBuilder, Rows, standardised


def classifier(case: Case, n_rows: int) -> Any:
    """Build a support vector machine, C = 10, on standardised values; classes are balanced.

    Its fit is deterministic. Its probabilities: `coupled`.

    References
    ----------
    C. Cortes and V. Vapnik, "Support-vector networks", Machine Learning 20, 1995.
    """
    return standardised(_machine_class()(C=10.0, class_weight="balanced", break_ties=True))


@cache
def _machine_class() -> type[Any]:
    """Return scikit-learn's machine with probabilities; it is imported when it is needed."""
    from sklearn.svm import SVC

    class PairwiseSVC(SVC):  # type: ignore[misc]
        """Machine whose probabilities follow from the decisions of the pairs of classes."""

        def predict_proba(self, X: Rows) -> Rows:
            """Return the probability of each class, shape ``(n_clips, n_classes)``."""
            margins = self.decision_function(X)
            if len(self.classes_) == 2:
                return coupled(margins[:, np.newaxis] * -1, np.stack([-margins, margins], axis=1))
            pairwise = copy.copy(self).set_params(decision_function_shape="ovo", break_ties=False)
            return coupled(pairwise.decision_function(X), margins)

    return PairwiseSVC


def coupled(decisions: Rows, margins: Rows) -> Rows:
    """Return class probabilities from the decisions of a machine for each pair of classes.

    A decision ``d`` for the first class of a pair counts as its probability ``1 / (1 + exp(-2 d))`` in that
    pair. The probability of a class is proportional to the product over its pairs. The class of the highest
    margin, which scikit-learn predicts, gets the highest probability: where the product is higher for another
    class, the two are exchanged. The votes alone, which margins are made of, hardly differ between a certain
    and an uncertain prediction.

    Parameters
    ----------
    decisions
        Shape ``(n_clips, n_pairs)``: pairs (0, 1), (0, 2), ..., (1, 2), ...; above 0 for the first class.
    margins
        Shape ``(n_clips, n_classes)``: highest for the predicted class.

    Examples
    --------
    >>> sure, unsure = [[1.0, 1.0, 0.2]], [[0.1, 0.1, 0.2]]
    >>> [coupled(np.array(pairs), np.array([[2.2, 1.0, 0.1]])).round(2).tolist() for pairs in (sure, unsure)]
    [[[0.87, 0.08, 0.05]], [[0.4, 0.36, 0.24]]]
    """
    from scipy.special import softmax

    wins_first, wins_second = _pair_wins(margins.shape[1])
    log_first, log_second = -np.logaddexp(0, -2 * decisions), -np.logaddexp(0, 2 * decisions)
    products = softmax(log_first @ wins_first + log_second @ wins_second, axis=1)
    rows, highest, winner = np.arange(len(products)), products.argmax(axis=1), margins.argmax(axis=1)
    exchanged: Rows = products.copy()
    exchanged[rows, highest], exchanged[rows, winner] = products[rows, winner], products[rows, highest]
    return exchanged


def _pair_wins(n_classes: int) -> tuple[Rows, Rows]:
    """Return a 1 for the first and for the second class of each pair, shape ``(n_pairs, n_classes)``."""
    first, second = np.triu_indices(n_classes, 1)
    return np.eye(n_classes)[first], np.eye(n_classes)[second]


def regressor(case: Case, n_rows: int) -> Any:
    """Build a support vector regression, C = 1, with a tube of 0.1 standard deviations.

    References
    ----------
    H. Drucker et al., "Support vector regression machines", Advances in NIPS 9, 1997.
    """
    from sklearn.svm import SVR

    return standardised(SVR())


def export(graph: GraphBuilder, rows: str, estimator: Any) -> str:
    """Add a fitted machine to a graph, with the probabilities of `coupled` if it is a classifier.

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
    decisions = graph.linear(kernel, _pair_weights(estimator), estimator.intercept_)
    return _export_coupling(graph, decisions, _export_margins(graph, decisions, n_classes), n_classes)


def _export_margins(graph: GraphBuilder, decisions: str, n_classes: int) -> str:
    """Add the margin of each class: its votes, and its summed decisions to break ties."""
    wins_first, wins_second = _pair_wins(n_classes)
    negative = graph.cast(graph.node("Less", decisions, graph.constant(0)), np.float64)
    votes = graph.linear(negative, wins_second - wins_first, wins_first.sum(axis=0))
    sums = graph.node("MatMul", decisions, graph.constant(wins_first - wins_second))
    bound = graph.node(
        "Mul", graph.node("Add", graph.node("Abs", sums), graph.constant(1)), graph.constant(3)
    )
    return graph.node("Add", votes, graph.node("Div", sums, bound))


def _export_coupling(graph: GraphBuilder, decisions: str, margins: str, n_classes: int) -> str:
    """Add the computation of `coupled`."""
    wins_first, wins_second = _pair_wins(n_classes)
    doubled = graph.node("Mul", decisions, graph.constant(2))
    opposite = graph.node("Mul", decisions, graph.constant(-2))
    # -log(1 + exp(x)) for both signs of x, without overflow.
    decay = graph.node("Exp", graph.node("Mul", graph.node("Abs", doubled), graph.constant(-1)))
    common = graph.node("Log", graph.node("Add", decay, graph.constant(1)))
    losses = [
        graph.node("MatMul", graph.node("Add", graph.node("Relu", side), common), graph.constant(wins))
        for side, wins in ((opposite, wins_first), (doubled, wins_second))
    ]
    total = graph.node("Mul", graph.node("Add", *losses), graph.constant(-1))
    products = graph.node("Softmax", total, axis=1)
    last = graph.constant([1], np.int64)
    highest = graph.node("ReduceMax", products, last, keepdims=1)
    is_winner = graph.node("Equal", margins, graph.node("ReduceMax", margins, last, keepdims=1))
    own = graph.node("Mul", products, graph.cast(is_winner, np.float64))
    of_winner = graph.node("ReduceSum", own, last, keepdims=1)
    exchanged = graph.node("Where", graph.node("Equal", products, highest), of_winner, products)
    return graph.node("Where", is_winner, highest, exchanged)


def _pair_weights(estimator: Any) -> Rows:
    """Return the weight of each support vector in the decision of each pair of classes.

    The rows of ``dual_coef_`` are the other classes in order: row ``k`` of a support vector of class ``c``
    belongs to the pair with class ``k`` if ``k < c``, else to the pair with class ``k + 1``.
    """
    first, second = np.triu_indices(len(estimator.classes_), 1)
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
