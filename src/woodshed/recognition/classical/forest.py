"""Random forest."""

from __future__ import annotations

from typing import Any

from woodshed.recognition.classical.model import Case, ClassicalModel

N_TREES = 500

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


MODEL = ClassicalModel(
    build_classifier=classifier,
    build_regressor=regressor,
    description="random forest",
)
