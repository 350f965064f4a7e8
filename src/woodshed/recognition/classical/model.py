"""Definition of a classical model: how its estimators are built and described."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from woodshed.recognition.classical import CLASSICAL
from woodshed.recognition.classical.graph import GraphBuilder

Rows = NDArray[np.float64]
"""One row of features per clip, shape ``(n_clips, n_values)``."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """Circumstances that an estimator is built and fitted in.

    Parameters
    ----------
    seed
        Seed of all random draws.
    n_jobs
        Threads of the forest; the other estimators use one. The result does not depend on it.
    blocks
        Lengths of the parts of a row (`woodshed.features.row.RowFeature.blocks`) that an estimator may model
        separately; empty: the row is one part.
    """

    seed: int = 0
    n_jobs: int = 1
    blocks: tuple[int, ...] = ()


PLAIN = Case()
"""The default case."""


@dataclass(frozen=True, kw_only=True)
class ClassicalModel:
    """A classical model, for classes and for numeric values.

    Parameters
    ----------
    build_classifier, build_regressor
        Functions of the case and the number of training rows that return an unfitted estimator with the
        interface of scikit-learn: a classifier has ``classes_`` and ``predict_proba`` or
        ``decision_function``, a regressor ``predict``. Models with the same regressor share the function, so
        that a search tries it once.
    export
        Function that adds a fitted estimator to an ONNX graph. Its arguments are the graph, the name of the
        rows in it (standardised, if the estimator was built by `standardised`) and the estimator; it returns
        the name of the prediction: probabilities ``(batch, n_classes)`` of a classifier, values
        ``(batch, 1)`` of a regressor.
    description
        Short name in reports.
    fit_time_exponent
        Power of the number of clips with which the fit time grows.
    """

    build_classifier: Callable[[Case, int], Any]
    build_regressor: Callable[[Case, int], Any]
    export: Callable[[GraphBuilder, str, Any], str]
    description: str
    fit_time_exponent: int = 1


def classical_model(name: str) -> ClassicalModel:
    """Return a model of `CLASSICAL` by its name.

    Examples
    --------
    >>> classical_model("svm").description
    'SVM'
    """
    model: ClassicalModel = importlib.import_module(CLASSICAL[name]).MODEL
    return model


def standardised(estimator: Any) -> Any:
    """Return a pipeline that scales the values to zero mean and unit variance before the estimator."""
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), estimator)
