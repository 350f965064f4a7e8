"""Logistic regression for classes, ridge regression for values."""

from __future__ import annotations

from typing import Any

import numpy as np

from woodshed.recognition.classical.model import Case, ClassicalModel, GraphBuilder, standardised


def classifier(case: Case, n_rows: int) -> Any:
    """Build a logistic regression, C = 1, on standardised values; classes are balanced."""
    from sklearn.linear_model import LogisticRegression

    return standardised(LogisticRegression(class_weight="balanced", max_iter=2000))


def regressor(case: Case, n_rows: int) -> Any:
    """Build a ridge regression whose penalty is chosen by leave-one-out cross-validation.

    The penalty lies between 1 and 10,000: with hundreds of values per clip and hardly more clips, no fixed
    one suits small and large data sets.

    References
    ----------
    G. H. Golub, M. Heath and G. Wahba, "Generalized cross-validation as a method for choosing a good ridge
    parameter", Technometrics 21, 1979.
    """
    from sklearn.linear_model import RidgeCV

    return standardised(RidgeCV(np.logspace(0, 4, 13)))


def export(graph: GraphBuilder, rows: str, estimator: Any) -> str:
    """Add a fitted linear classifier or regression to a graph."""
    from sklearn.base import is_classifier

    if is_classifier(estimator):
        return graph.linear_probabilities(rows, estimator)
    return graph.linear(rows, estimator.coef_[:, np.newaxis], np.atleast_1d(estimator.intercept_))


MODEL = ClassicalModel(
    build_classifier=classifier,
    build_regressor=regressor,
    export=export,
    description="logistic regression",
)
