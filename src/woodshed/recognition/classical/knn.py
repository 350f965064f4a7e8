"""Nearest neighbours, weighted by the inverse of their distance."""

from __future__ import annotations

from typing import Any

import numpy as np

from woodshed.recognition.classical.model import Case, ClassicalModel, GraphBuilder, standardised

N_NEIGHBORS = 5


def classifier(case: Case, n_rows: int) -> Any:
    """Build a vote of the five nearest clips in standardised values.

    Classes with more clips have more neighbours: they are not balanced.
    """
    from sklearn.neighbors import KNeighborsClassifier

    return standardised(KNeighborsClassifier(**_settings(n_rows)))


def regressor(case: Case, n_rows: int) -> Any:
    """Build the mean of the five nearest clips in standardised values."""
    from sklearn.neighbors import KNeighborsRegressor

    return standardised(KNeighborsRegressor(**_settings(n_rows)))


def _settings(n_rows: int) -> dict[str, Any]:
    # A search tree saves no time in hundreds of dimensions.
    return {"n_neighbors": min(N_NEIGHBORS, n_rows), "weights": "distance", "algorithm": "brute"}


def export(graph: GraphBuilder, rows: str, estimator: Any) -> str:
    """Add fitted neighbours to a graph: the mean of the targets of the nearest, weighted by 1 / distance.

    If a neighbour is at distance 0, only such neighbours count.
    """
    from sklearn.base import is_classifier

    # No public attribute holds the training rows and their targets.
    training_rows, targets = estimator._fit_X, estimator._y
    targets = np.eye(len(estimator.classes_))[targets] if is_classifier(estimator) else targets.reshape(-1, 1)
    squared, nearest = graph.nodes(
        "TopK",
        graph.squared_distances(rows, training_rows),
        graph.constant([estimator.n_neighbors], np.int64),
        n_outputs=2,
        axis=1,
        largest=0,
    )
    distances = graph.node("Sqrt", squared)
    at_zero = graph.cast(graph.node("Equal", distances, graph.constant(0)), np.float64)
    any_at_zero = graph.node("ReduceMax", at_zero, graph.constant([1], np.int64), keepdims=1)
    # The distance is replaced where it is 0, so that no infinity arises.
    inverse = graph.node("Div", graph.constant(1), graph.node("Add", distances, at_zero))
    inverse = graph.node("Mul", inverse, graph.node("Sub", graph.constant(1), any_at_zero))
    weights = graph.node("Add", inverse, graph.node("Mul", at_zero, any_at_zero))
    weights = graph.node(
        "Div", weights, graph.node("ReduceSum", weights, graph.constant([1], np.int64), keepdims=1)
    )
    weights = graph.node("Unsqueeze", weights, graph.constant([2], np.int64))
    weighted = graph.node("Mul", graph.node("Gather", graph.constant(targets), nearest), weights)
    return graph.node("ReduceSum", weighted, graph.constant([1], np.int64), keepdims=0)


MODEL = ClassicalModel(
    build_classifier=classifier,
    build_regressor=regressor,
    export=export,
    description="k-nearest neighbours",
)
