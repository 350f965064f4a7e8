"""Classical models: definition, fitting and prediction."""

from __future__ import annotations

import functools
import importlib
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from woodshed.errors import ParameterError
from woodshed.recognition.classical import CLASSICAL

Rows = NDArray[np.float64]
"""One row of features per clip, shape ``(n_clips, n_values)``."""


_ignore_blas_warnings = functools.partial(warnings.catch_warnings, action="ignore", category=RuntimeWarning)
"""Context without the floating-point warnings that some BLAS libraries raise without cause."""


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
    n_rows = len(rows) if weights is None else int((weights > 0).sum())
    estimator = classical_model(name).build_classifier(case, n_rows)
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
    with joblib.parallel_config("threading", n_jobs=n_jobs), _ignore_blas_warnings():
        return estimator.fit(rows, targets, **arguments)


def probabilities(estimator: Any, rows: Rows) -> Rows:
    """Return the probability of each class, shape ``(n_clips, n_classes)``.

    A support vector machine has margins instead, which a softmax turns into probabilities: it keeps their
    order, and is not calibrated.
    """
    from scipy.special import softmax

    with _ignore_blas_warnings():
        if hasattr(estimator, "predict_proba"):
            return np.asarray(estimator.predict_proba(rows), dtype=np.float64)
        margins = np.asarray(estimator.decision_function(rows), dtype=np.float64)
    if margins.ndim == 1:  # two classes have one margin, that of the second
        margins = np.stack([-margins, margins], axis=1)
    return np.asarray(softmax(margins, axis=1))


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
    scale = np.repeat([[0.0], [1.0]], targets.shape[1], axis=1)
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
        estimators.append(
            fit_weighted(
                build(case, len(target)),
                rows[usable],
                target,
                None if weights is None else weights[usable],
                n_jobs=case.n_jobs,
            )
        )
    return [scale, *estimators]


def predict_columns(model: list[Any], rows: Rows) -> Rows:
    """Predict with what `fit_columns` returned, shape ``(n_clips, n_columns)``."""
    (mean, deviation), *estimators = model
    columns = np.column_stack([_predict_column(estimator, rows) for estimator in estimators])
    return np.asarray(columns * deviation + mean)


def _predict_column(estimator: Any, rows: Rows) -> Rows:
    if isinstance(estimator, np.ndarray):
        return np.full(len(rows), float(estimator[0]))
    if hasattr(estimator, "classes_"):
        return probabilities(estimator, rows)[:, 1]
    with _ignore_blas_warnings():
        return np.asarray(estimator.predict(rows), dtype=np.float64)


OPSET, IR_VERSION = 18, 9

INPUT_NAME, OUTPUT_NAME = "rows", "predictions"


class GraphBuilder:
    """An ONNX graph with one input, rows of shape ``(batch, n_values)`` in float64.

    Every method adds nodes and returns the name of their output, which other methods take as input.

    Parameters
    ----------
    n_values
        Length of the rows.

    Examples
    --------
    >>> graph = GraphBuilder(2)
    >>> total = graph.linear(graph.rows, np.ones((2, 1)), np.zeros(1))
    >>> content = graph.to_bytes(total, n_outputs=1)
    """

    def __init__(self, n_values: int) -> None:
        self.n_values = n_values
        self.rows = INPUT_NAME
        self._nodes: list[Any] = []
        self._constants: dict[tuple[str, tuple[int, ...], bytes], str] = {}

    def constant(self, value: Any, dtype: Any = np.float64) -> str:
        """Add an array, unless an equal one is there already."""
        array = np.asarray(value, dtype)
        key = (array.dtype.str, array.shape, array.tobytes())
        return self._constants.setdefault(key, f"constant_{len(self._constants)}")

    def node(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """Add a node with one output."""
        return self.nodes(operator, *inputs, n_outputs=1, **attributes)[0]

    def nodes(self, operator: str, *inputs: str, n_outputs: int, **attributes: Any) -> list[str]:
        """Add a node with several outputs."""
        from onnx.helper import make_node

        outputs = [f"node_{len(self._nodes)}_{k}" for k in range(n_outputs)]
        self._nodes.append(make_node(operator, inputs, outputs, **attributes))
        return outputs

    def cast(self, value: str, dtype: Any) -> str:
        """Convert an array to another type."""
        from onnx.helper import np_dtype_to_tensor_dtype

        return self.node("Cast", value, to=np_dtype_to_tensor_dtype(np.dtype(dtype)))

    def standardise(self, rows: str, scaler: Any) -> str:
        """Apply a ``StandardScaler``."""
        centred = self.node("Sub", rows, self.constant(scaler.mean_))
        return self.node("Div", centred, self.constant(scaler.scale_))

    def linear(self, rows: str, weights: NDArray[np.floating], intercept: NDArray[np.floating]) -> str:
        """Compute ``rows @ weights + intercept``; the shape of the weights is ``(n_values, n_outputs)``."""
        return self.node("Add", self.node("MatMul", rows, self.constant(weights)), self.constant(intercept))

    def squared_distances(self, rows: str, others: NDArray[np.floating]) -> str:
        """Compute squared Euclidean distances to other rows, shape ``(batch, n_others)``, in their type."""
        dtype = others.dtype
        last = self.constant([1], np.int64)
        lengths = self.node("ReduceSum", self.node("Mul", rows, rows), last, keepdims=1)
        other_lengths = self.constant(np.square(others).sum(axis=1), dtype)
        doubled = self.node("MatMul", rows, self.constant(2 * others.T, dtype))
        distances = self.node("Sub", self.node("Add", lengths, other_lengths), doubled)
        return self.node("Relu", distances)

    def linear_probabilities(self, rows: str, estimator: Any) -> str:
        """Compute the probabilities of a linear classifier: the softmax of its decision function.

        Of two classes, the estimator has one decision function, the log odds of the second.
        """
        weights, intercept = estimator.coef_, estimator.intercept_
        if len(weights) == 1:
            weights = np.concatenate([np.zeros_like(weights), weights])
            intercept = np.concatenate([np.zeros(1), intercept])
        return self.node("Softmax", self.linear(rows, weights.T, intercept), axis=1)

    def to_bytes(self, output: str, n_outputs: int) -> bytes:
        """Return the ONNX file of the graph that computes an output of shape ``(batch, n_outputs)``."""
        from onnx import TensorProto, helper, numpy_helper

        arrays = [
            numpy_helper.from_array(np.frombuffer(content, dtype).reshape(shape), name)
            for (dtype, shape, content), name in self._constants.items()
        ]
        graph = helper.make_graph(
            [*self._nodes, helper.make_node("Identity", [output], [OUTPUT_NAME])],
            "woodshed",
            [helper.make_tensor_value_info(INPUT_NAME, TensorProto.DOUBLE, ["batch", self.n_values])],
            [helper.make_tensor_value_info(OUTPUT_NAME, TensorProto.DOUBLE, ["batch", n_outputs])],
            arrays,
        )
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION
        )
        return bytes(model.SerializeToString())
