"""Random forest."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from woodshed.recognition.classical.model import Case, ClassicalModel, GraphBuilder

N_TREES = 500
"""Trees of a forest for classes."""

N_TREES_VALUES = 100
"""Trees of a forest for one value: fewer than for classes, since each value has a forest."""


def classifier(case: Case, n_rows: int) -> Any:
    """Build a random forest of 500 trees; classes are balanced.

    References
    ----------
    L. Breiman, "Random forests", Machine Learning 45, 2001.
    """
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(N_TREES, class_weight="balanced", random_state=case.seed)


def regressor(case: Case, n_rows: int) -> Any:
    """Build a random forest of 100 regression trees."""
    from sklearn.ensemble import RandomForestRegressor

    return RandomForestRegressor(N_TREES_VALUES, random_state=case.seed)


def export(graph: GraphBuilder, rows: str, estimator: Any) -> str:
    """Add a fitted forest to a graph, in which all trees descend by one level at a time.

    The nodes of all trees are in one table; a leaf is its own child. Rows are compared in float32, as
    scikit-learn compares them.
    """
    trees = [tree.tree_ for tree in estimator.estimators_]
    roots = np.cumsum([0, *(tree.node_count for tree in trees[:-1])])
    places = np.arange(sum(tree.node_count for tree in trees))

    def children(name: str) -> NDArray[np.int32]:
        shifted = np.concatenate(
            [
                np.where(getattr(tree, name) < 0, -1, getattr(tree, name) + root)
                for tree, root in zip(trees, roots, strict=True)
            ]
        )
        return np.where(shifted < 0, places, shifted).astype(np.int32)

    features = np.maximum(np.concatenate([tree.feature for tree in trees]), 0).astype(np.int32)
    thresholds = np.concatenate([tree.threshold for tree in trees])
    left, right = children("children_left"), children("children_right")
    is_leaf = left == places
    values = np.concatenate([tree.value[:, 0, :] for tree in trees])[is_leaf]
    if hasattr(estimator, "classes_"):
        values = values / values.sum(axis=1, keepdims=True)
    rows = graph.cast(rows, np.float32)

    def descend(compared: str, threshold: str, left: str, right: str) -> str:
        is_right = graph.node("Greater", graph.cast(compared, np.float64), threshold)
        return graph.node("Where", is_right, right, left)

    place = descend(
        graph.node("Gather", rows, graph.constant(features[roots], np.int32), axis=1),
        graph.constant(thresholds[roots]),
        graph.constant(left[roots], np.int32),
        graph.constant(right[roots], np.int32),
    )
    for _ in range(max(tree.max_depth for tree in trees) - 1):
        feature = graph.node("Gather", graph.constant(features, np.int32), place)
        place = descend(
            graph.node("GatherElements", rows, feature, axis=1),
            graph.node("Gather", graph.constant(thresholds), place),
            graph.node("Gather", graph.constant(left, np.int32), place),
            graph.node("Gather", graph.constant(right, np.int32), place),
        )
    leaf = graph.node("Gather", graph.constant(np.cumsum(is_leaf) - 1, np.int32), place)
    predictions = graph.node("Gather", graph.constant(values), leaf)
    return graph.node("ReduceMean", predictions, graph.constant([1], np.int64), keepdims=0)


MODEL = ClassicalModel(
    build_classifier=classifier,
    build_regressor=regressor,
    export=export,
    description="random forest",
)
