"""Nearest neighbours, weighted by the inverse of their distance."""

from __future__ import annotations

from typing import Any

from woodshed.recognition.classical.model import Case, ClassicalModel, standardised

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


MODEL = ClassicalModel(
    build_classifier=classifier,
    build_regressor=regressor,
    description="vote of the nearest",
    preposition="by",
)
