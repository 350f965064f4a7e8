"""Fitting and prediction of classical models: one estimator for classes, or one per tag or value."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from woodshed.errors import ParameterError
from woodshed.recognition.classical.model import PLAIN, Case, Rows, classical_model


def fit_model(
    name: str,
    rows: Rows,
    columns: NDArray[np.int64],
    *,
    case: Case = PLAIN,
    weights: Rows | None = None,
) -> Any:
    """Fit a classical model to classes.

    Parameters
    ----------
    name
        A name in `woodshed.recognition.classical.CLASSICAL`.
    rows
        Shape ``(n_clips, n_values)``.
    columns
        Shape ``(n_clips,)``: the classes as numbers from 0 without a gap.
    case
        Seed, threads and blocks.
    weights
        Weight of each row, shape ``(n_clips,)``; see `fit_weighted`.

    Returns
    -------
    sklearn.base.BaseEstimator
        The fitted estimator.

    Raises
    ------
    ParameterError
        If all rows of a class have weight 0.

    Examples
    --------
    >>> rows = np.array([[0.0, 5.0], [0.1, 3.0], [0.9, 4.0], [1.0, 4.5]])
    >>> probabilities(fit_model("knn", rows, np.array([0, 0, 1, 1])), rows).argmax(axis=1).tolist()
    [0, 0, 1, 1]
    """
    if weights is not None and len(np.unique(columns[weights > 0])) < len(np.unique(columns)):
        raise ParameterError(
            "sample_weight is 0 for every clip of a class. Give one of its clips a positive weight, or leave "
            "the class out."
        )
    estimator = classical_model(name).build_classifier(case, _n_used(rows, weights))
    return fit_weighted(estimator, rows, columns, weights, n_jobs=case.n_jobs)


def fit_weighted(
    estimator: Any, rows: Rows, targets: NDArray[Any], weights: Rows | None, *, n_jobs: int = 1
) -> Any:
    """Fit an estimator to weighted rows; rows of weight 0 are left out.

    The nearest neighbours and scikit-learn's discriminant analysis accept no weights: all other rows count
    alike.
    """
    import joblib
    from sklearn.utils.validation import has_fit_parameter

    name, last = estimator.steps[-1] if hasattr(estimator, "steps") else ("", estimator)
    arguments = {}
    if weights is not None:
        rows, targets, weights = rows[weights > 0], targets[weights > 0], weights[weights > 0]
        if has_fit_parameter(last, "sample_weight"):
            arguments[f"{name}__sample_weight" if name else "sample_weight"] = weights
    with joblib.parallel_config("threading", n_jobs=n_jobs), ignore_blas_warnings():
        return estimator.fit(rows, targets, **arguments)


def probabilities(estimator: Any, rows: Rows) -> Rows:
    """Return the probability of each class, shape ``(n_clips, n_classes)``.

    A support vector machine has margins instead, which a softmax turns into probabilities: it keeps their
    order, and is not calibrated.
    """
    with ignore_blas_warnings():
        if hasattr(estimator, "predict_proba"):
            return np.asarray(estimator.predict_proba(rows), dtype=np.float64)
        margins = np.asarray(estimator.decision_function(rows), dtype=np.float64)
    if margins.ndim == 1:  # two classes have one margin, that of the second
        margins = np.stack([-margins, margins], axis=1)
    exponentials = np.exp(margins - margins.max(axis=1, keepdims=True))
    shares: Rows = exponentials / exponentials.sum(axis=1, keepdims=True)
    return shares


def fit_columns(
    name: str,
    rows: Rows,
    targets: NDArray[np.floating],
    *,
    discrete: bool,
    case: Case = PLAIN,
    weights: Rows | None = None,
) -> list[Any]:
    """Fit one estimator to each column of the targets, on the rows where it is known.

    Parameters
    ----------
    name
        A name in `woodshed.recognition.classical.CLASSICAL`.
    rows
        Shape ``(n_clips, n_values)``.
    targets
        Shape ``(n_clips, n_columns)``; NaN where unknown.
    discrete
        Whether the targets are tags (0 and 1), which classifiers are fitted to, or values.
    case, weights
        As for `fit_model`.

    Returns
    -------
    list
        First the mean and standard deviation of each column, shape ``(2, n_columns)``, which values are
        standardised by (0 and 1 for tags); then an estimator per column, or, for a constant column, an array
        with that constant.

    Examples
    --------
    >>> rows = np.array([[0.0, 5.0], [0.1, 3.0], [0.9, 4.0], [1.0, 4.5]])
    >>> model = fit_columns("knn", rows, np.array([[0.0], [0.0], [1.0], [1.0]]), discrete=True)
    >>> (predict_columns(model, rows) > 0.5).tolist()
    [[False], [False], [True], [True]]
    """
    definition = classical_model(name)
    build = definition.build_classifier if discrete else definition.build_regressor
    scale = np.zeros((2, targets.shape[1]))
    scale[1] = 1
    estimators: list[Any] = []
    for k, column in enumerate(targets.T.astype(np.float64)):
        usable = ~np.isnan(column) if weights is None else ~np.isnan(column) & (weights > 0)
        target = column[usable]
        if len(np.unique(target)) < 2:
            estimators.append(target[:1] if len(target) else np.zeros(1))
            continue
        if discrete:
            target = (target > 0.5).astype(np.int64)
        else:
            scale[:, k] = target.mean(), target.std()
            target = (target - scale[0, k]) / scale[1, k]
        column_weights = None if weights is None else weights[usable]
        estimator = build(case, len(target))
        estimators.append(fit_weighted(estimator, rows[usable], target, column_weights, n_jobs=case.n_jobs))
    return [scale, *estimators]


def predict_columns(model: list[Any], rows: Rows) -> Rows:
    """Predict with what `fit_columns` returned, shape ``(n_clips, n_columns)``."""
    (mean, deviation), *estimators = model
    columns: Rows = np.column_stack([_predict_column(one, rows) for one in estimators]) * deviation + mean
    return columns


def _predict_column(estimator: Any, rows: Rows) -> Rows:
    if isinstance(estimator, np.ndarray):
        return np.full(len(rows), float(estimator[0]))
    if hasattr(estimator, "classes_"):
        return probabilities(estimator, rows)[:, 1]
    with ignore_blas_warnings():
        return np.asarray(estimator.predict(rows), dtype=np.float64)


def _n_used(rows: Rows, weights: Rows | None) -> int:
    return len(rows) if weights is None else int((weights > 0).sum())


@contextlib.contextmanager
def ignore_blas_warnings() -> Iterator[None]:
    """Suppress floating-point warnings that some BLAS libraries raise without cause."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        yield
