"""Columns: classical models that answer with several numbers, one estimator for each of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from woodshed.recognition.fit_classical import (
    MODELS,
    PLAIN,
    Case,
    Rows,
    fit_weighted,
    ignore_blas_warnings,
    probabilities,
    standardised,
)

N_TREES = 100
"""Trees of a forest for each column: fewer than for classes, since there are many columns."""


def svm(case: Case, n_rows: int) -> Any:
    """Build a support vector regression with a radial kernel, C = 1 and a tube of 0.1 deviations.

    References
    ----------
    H. Drucker et al., "Support vector regression machines", Advances in NIPS 9, 1997.
    """
    from sklearn.svm import SVR

    return standardised(SVR())


def forest(case: Case, n_rows: int) -> Any:
    """Build a random forest of regression trees."""
    from sklearn.ensemble import RandomForestRegressor

    return RandomForestRegressor(N_TREES, random_state=case.seed)


def linear(case: Case, n_rows: int) -> Any:
    """Build a ridge regression, what the linear models are for classes.

    How much it is held back is found by leaving one clip out at a time, between 1 and 10,000: with some
    hundred values a clip and hardly more clips, no fixed strength suits both few and many.

    References
    ----------
    G. H. Golub, M. Heath and G. Wahba, "Generalized cross-validation as a method for choosing a good ridge
    parameter", Technometrics 21, 1979.
    """
    from sklearn.linear_model import RidgeCV

    return standardised(RidgeCV(np.logspace(0, 4, 13)))


def knn(case: Case, n_rows: int) -> Any:
    """Build the mean of the five nearest clips, the nearer the weightier."""
    from sklearn.neighbors import KNeighborsRegressor

    return standardised(KNeighborsRegressor(min(5, n_rows), weights="distance", algorithm="brute"))


def kernel_ridge(case: Case, n_rows: int) -> Any:
    """Build a ridge regression on likeness, in the values that say most about the number."""
    from woodshed.recognition.classical.kernel_ridge import KernelRidge

    return KernelRidge(is_classifier=False, blocks=case.blocks)


REGRESSORS: dict[str, Callable[[Case, int], Any]] = {
    "discriminant": linear,
    "forest": forest,
    "kernel-ridge": kernel_ridge,
    "knn": knn,
    "logistic": linear,
    "svm": svm,
}
"""Word after ``--net`` -> function that builds the estimator of one value."""


def fit_columns(
    name: str,
    rows: Rows,
    targets: NDArray[np.floating],
    *,
    answer: str,
    case: Case = PLAIN,
    weights: Rows | None = None,
) -> list[Any]:
    """Fit one estimator to each column of the targets, where they are known.

    Parameters
    ----------
    name
        One of `woodshed.recognition.fit_classical.MODELS`.
    rows
        Shape ``(n_clips, n_values)``.
    targets
        Shape ``(n_clips, n_columns)``; NaN where it is not known.
    answer
        ``tags`` (0 and 1) or ``values``.
    case, weights
        As for `woodshed.recognition.fit_classical.fit_model`.

    Returns
    -------
    list
        First mean and deviation of each column, shape ``(2, n_columns)``, by which the values were
        standardised (0 and 1 for tags); then an estimator for each column, or, where nothing can be told
        apart, an array with the one number that is always answered.

    Examples
    --------
    >>> rows = np.array([[0.0, 5.0], [0.1, 3.0], [0.9, 4.0], [1.0, 4.5]])
    >>> model = fit_columns("knn", rows, np.array([[0.0], [0.0], [1.0], [1.0]]), answer="tags")
    >>> (predict_columns(model, rows) > 0.5).tolist()
    [[False], [False], [True], [True]]
    """
    scale = np.zeros((2, targets.shape[1]))
    scale[1] = 1
    models: list[Any] = []
    for k, column in enumerate(targets.T.astype(np.float64)):
        known = ~np.isnan(column) if weights is None else ~np.isnan(column) & (weights > 0)
        right = column[known]
        if len(np.unique(right)) < 2:
            models.append(right[:1] if len(right) else np.zeros(1))
            continue
        counted = None if weights is None else weights[known]
        if answer == "tags":
            built = MODELS[name](case, len(right))
            right = (right > 0.5).astype(np.int64)
        else:
            built = REGRESSORS[name](case, len(right))
            scale[:, k] = right.mean(), right.std()
            right = (right - scale[0, k]) / scale[1, k]
        models.append(fit_weighted(built, rows[known], right, counted, n_jobs=case.n_jobs))
    return [scale, *models]


def predict_columns(model: list[Any], rows: Rows) -> Rows:
    """Ask what `fit_columns` returned, shape ``(n_clips, n_columns)``."""
    (mean, deviation), *models = model
    answers: Rows = np.column_stack([_ask_one(one, rows) for one in models]) * deviation + mean
    return answers


def _ask_one(model: Any, rows: Rows) -> Rows:
    if isinstance(model, np.ndarray):
        return np.full(len(rows), float(model[0]))
    if hasattr(model, "classes_"):
        return probabilities(model, rows)[:, 1]
    with ignore_blas_warnings():
        return np.asarray(model.predict(rows), dtype=np.float64)
