"""Classical models: definition, fitting and prediction, and their files in the format of ONNX."""

from __future__ import annotations

import functools
import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from woodshed.errors import ModelFolderError, ParameterError, look_up
from woodshed.interruption import interruptible
from woodshed.recognition.classical import CLASSICAL
from woodshed.training.inference import check_finite, onnx_session
from woodshed.training.model_folder import MODEL_NAME

Rows = NDArray[np.float64]
"""One row of features per clip, shape ``(n_clips, n_values)``."""


_ignore_blas_warnings = functools.partial(warnings.catch_warnings, action="ignore", category=RuntimeWarning)
"""Context without the floating-point warnings that some BLAS libraries raise without cause."""

OPSET, IR_VERSION = 18, 9
"""Versions of the ONNX operators and of the file format."""

INPUT_NAME, OUTPUT_NAME = "rows", "predictions"
"""Names of the input and the output of a graph."""

# fmt: off
OPERATORS = frozenset((
    "Abs", "Add", "Cast", "Clip", "Concat", "Div", "Equal", "Exp", "Gather", "GatherElements", "Greater",
    "Identity", "Less", "Log", "MatMul", "Mul", "ReduceMax", "ReduceMean", "ReduceSum", "Relu", "Softmax",
    "Sqrt", "Sub", "TopK", "Unsqueeze", "Where",
))
# fmt: on
"""Operators that a file may hold."""

MAX_DEVIATION = 10.0
"""Maximum absolute value of a standardised value, in standard deviations of the training clips."""

MAX_ELEMENTS = 2**26
"""Maximum number of elements of all intermediate arrays of one row together."""

_DOUBLE = 11
"""Code of the ONNX type double."""

_ITEM_SIZES = {1: 4, 6: 4, 7: 8, _DOUBLE: 8}
"""Bytes of an element of the ONNX types float, int32, int64 and double."""

_NUMERIC_ATTRIBUTES = (1, 2, 6, 7)
"""Codes of the ONNX attribute types FLOAT, INT, FLOATS and INTS."""


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
        Lengths of the parts of a row (`woodshed.features.row.NamedRow.blocks`) that an estimator may
        model separately; empty: the row is one part.
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
        interface of scikit-learn: a classifier has ``classes_`` and ``predict_proba``, a regressor
        ``predict``. Models with the same regressor share the function, so
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
    model: ClassicalModel = look_up("classical estimator", name, CLASSICAL)
    return model


def standardised(estimator: Any) -> Any:
    """Return a pipeline that scales the values to zero mean and unit variance before the estimator.

    Scaled values are limited to ± `MAX_DEVIATION`: a value that hardly varies in the training clips, such as
    the length of clips that were all cut to five seconds, would otherwise decide alone about any other clip.
    """
    from sklearn.pipeline import make_pipeline

    return make_pipeline(_bounded_scaler_class()(), estimator)


@functools.cache
def _bounded_scaler_class() -> type[Any]:
    """Return scikit-learn's scaler with limits; it is imported when it is needed."""
    from sklearn.preprocessing import StandardScaler

    class BoundedScaler(StandardScaler):  # type: ignore[misc]
        """Scaler whose values are limited to ± `MAX_DEVIATION`."""

        def transform(self, X: Rows, copy: bool | None = None) -> Rows:
            """Return the scaled and limited values."""
            limited: Rows = np.clip(super().transform(X, copy), -MAX_DEVIATION, MAX_DEVIATION)
            return limited

    return BoundedScaler


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
    return fit_weighted(
        classical_model(name).build_classifier(case, n_rows), rows, columns, weights, n_jobs=case.n_jobs
    )


def fit_weighted(
    estimator: Any, rows: Rows, targets: NDArray[Any], weights: Rows | None, *, n_jobs: int = 1
) -> Any:
    """Fit an estimator to weighted rows; rows of weight 0 are left out.

    The nearest neighbours and scikit-learn's discriminant analysis accept no weights: all other rows count
    alike.
    """
    import joblib
    import sklearn
    from sklearn.utils.validation import has_fit_parameter

    name, last = estimator.steps[-1] if hasattr(estimator, "steps") else ("", estimator)
    arguments = {}
    if weights is not None:
        rows, targets, weights = rows[weights > 0], targets[weights > 0], weights[weights > 0]
        if has_fit_parameter(last, "sample_weight"):
            arguments[f"{name}__sample_weight" if name else "sample_weight"] = weights
    with (
        joblib.parallel_config("threading", n_jobs=n_jobs),
        sklearn.config_context(enable_metadata_routing=False),  # the weights are passed by the step's name
        _ignore_blas_warnings(),
        interruptible(),
    ):
        return estimator.fit(rows, targets, **arguments)


def probabilities(estimator: Any, rows: Rows) -> Rows:
    """Return the probability of each class, shape ``(n_clips, n_classes)``; they are not calibrated."""
    with _ignore_blas_warnings():
        # Clipped, because rounding in a normalisation can give a value above 1.
        return np.clip(np.asarray(estimator.predict_proba(rows), dtype=np.float64), 0, 1)


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
        """Apply the scaler of `standardised`."""
        scaled = self.node(
            "Div", self.node("Sub", rows, self.constant(scaler.mean_)), self.constant(scaler.scale_)
        )
        return self.node("Clip", scaled, self.constant(-MAX_DEVIATION), self.constant(MAX_DEVIATION))

    def linear(self, rows: str, weights: NDArray[np.floating], intercept: NDArray[np.floating]) -> str:
        """Compute ``rows @ weights + intercept``; the shape of the weights is ``(n_values, n_outputs)``."""
        return self.node("Add", self.node("MatMul", rows, self.constant(weights)), self.constant(intercept))

    def squared_distances(self, rows: str, others: NDArray[np.floating]) -> str:
        """Compute squared Euclidean distances to other rows, shape ``(batch, n_others)``, in their type."""
        last = self.constant([1], np.int64)
        lengths = self.node("ReduceSum", self.node("Mul", rows, rows), last, keepdims=1)
        other_lengths = self.constant(np.square(others).sum(axis=1), others.dtype)
        doubled = self.node("MatMul", rows, self.constant(2 * others.T, others.dtype))
        return self.node("Relu", self.node("Sub", self.node("Add", lengths, other_lengths), doubled))

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


def model_to_bytes(name: str, model: Any, n_values: int) -> bytes:
    """Write a fitted model as an ONNX file.

    Parameters
    ----------
    name
        A name in `woodshed.recognition.classical.CLASSICAL`.
    model
        Result of `fit_model` or of `fit_columns`.
    n_values
        Length of the rows.

    Returns
    -------
    bytes
        Input ``(batch, n_values)``; output: the probabilities ``(batch, n_classes)``, or, for columns,
        the probabilities of the tags or the values in their units, ``(batch, n_columns)``.

    Examples
    --------
    >>> rows = np.array([[0.0, 5.0], [0.1, 3.0], [0.9, 4.0], [1.0, 4.5]])
    >>> content = model_to_bytes("svm", fit_model("svm", rows, np.array([0, 0, 1, 1])), 2)
    >>> ClassicalPredictor(content, n_values=2, n_outputs=2).predict(rows).argmax(axis=1).tolist()
    [0, 0, 1, 1]
    """
    graph = GraphBuilder(n_values)
    if not isinstance(model, list):
        return graph.to_bytes(_export(graph, name, model), len(model.classes_))
    (mean, deviation), *estimators = model
    columns = [_export_column(graph, name, estimator) for estimator in estimators]
    scaled = graph.node("Mul", graph.node("Concat", *columns, axis=1), graph.constant(deviation))
    return graph.to_bytes(graph.node("Add", scaled, graph.constant(mean)), len(columns))


def _export(graph: GraphBuilder, name: str, estimator: Any) -> str:
    rows = graph.rows
    if hasattr(estimator, "steps"):
        (_, scaler), (_, estimator) = estimator.steps
        rows = graph.standardise(rows, scaler)
    return classical_model(name).export(graph, rows, estimator)


def _export_column(graph: GraphBuilder, name: str, estimator: Any) -> str:
    if isinstance(estimator, np.ndarray):
        return graph.linear(graph.rows, np.zeros((graph.n_values, 1)), estimator)
    column = _export(graph, name, estimator)
    if not hasattr(estimator, "classes_"):
        return column
    return graph.node("Gather", column, graph.constant([1], np.int64), axis=1)


class ClassicalPredictor:
    """A classical model that ONNX Runtime executes.

    Parameters
    ----------
    content
        ONNX file of `model_to_bytes`.
    n_values
        Expected length of the rows.
    n_outputs
        Expected number of classes, tags or values.

    Raises
    ------
    ModelFolderError
        If the file is damaged, is not such a model, or does not fit the numbers.
    """

    def __init__(self, content: bytes, *, n_values: int, n_outputs: int) -> None:
        check_model(content, n_values, n_outputs)
        try:
            self._session = onnx_session(content, n_threads=1)  # a row is too little work for more
        except Exception as error:  # onnxruntime has no common base for its errors
            raise _refused(f"ONNX Runtime cannot load it ({error})") from error

    def predict(self, rows: NDArray[np.floating]) -> Rows:
        """Predict rows, shape ``(batch, n_values)``, in one batch.

        Returns
        -------
        numpy.ndarray
            Shape ``(batch, n_outputs)``: probabilities of the classes or tags, or values.

        Raises
        ------
        ModelFolderError
            If the model cannot be executed, for instance because a table in it points beyond another.
        """
        try:
            outputs: Rows = self._session.run(None, {INPUT_NAME: np.asarray(rows, dtype=np.float64)})[0]
        except Exception as error:
            raise _refused(f"ONNX Runtime cannot execute it ({error})") from error
        return outputs

    def predict_each(self, rows: NDArray[np.floating]) -> Rows:
        """Predict rows one by one, so that no prediction depends on the others, not even in the last bit."""
        return np.concatenate([self.predict(row[np.newaxis]) for row in rows])


def check_model(content: bytes, n_values: int, n_outputs: int) -> None:
    """Check that a file holds a model of known operators for rows and outputs of given lengths.

    Raises
    ------
    ModelFolderError
        If it does not.
    """
    import onnx

    try:
        model = onnx.load_model_from_string(content)
    except Exception as error:  # the decoder is not ours, nor are its errors
        raise _refused(f"it cannot be read ({error})") from error
    graph = model.graph
    foreign = {f"{node.domain}.{node.op_type}".lstrip(".") for node in graph.node} - OPERATORS
    foreign |= {
        f"{node.op_type}.{attribute.name}"
        for node in graph.node
        for attribute in node.attribute
        if attribute.type not in _NUMERIC_ATTRIBUTES
    }
    if foreign:
        raise _refused(f"it holds {', '.join(sorted(foreign))}, which no model of woodshed has")
    if (
        model.functions
        or model.training_info
        or graph.sparse_initializer
        or graph.quantization_annotation
        or [(one.domain, one.version) for one in model.opset_import] != [("", OPSET)]
    ):
        raise _refused("it holds more than a graph of operators, or those of another version")
    for array in graph.initializer:
        n_bytes = math.prod(array.dims) * _ITEM_SIZES.get(array.data_type, 0)
        is_complete = min(array.dims, default=1) > 0 and len(array.raw_data) == n_bytes > 0
        if array.external_data or array.data_location or not is_complete:
            raise _refused(f"the array {array.name} is not completely in it")
        check_finite(onnx.numpy_helper.to_array(array), MODEL_NAME, array.name)
    if (_ends(graph.input), _ends(graph.output)) != ([(INPUT_NAME, n_values)], [(OUTPUT_NAME, n_outputs)]):
        raise _refused(f"it is not a model of {n_outputs} outputs for {n_values} values")
    _check_shapes(model)


def _ends(values: Any) -> list[tuple[str, int]]:
    """Return the name and the last dimension of each input or output."""
    return [
        (value.name, value.type.tensor_type.shape.dim[1].dim_value)
        if value.type.tensor_type.elem_type == _DOUBLE and len(value.type.tensor_type.shape.dim) == 2
        else (value.name, -1)
        for value in values
    ]


def _check_shapes(model: Any) -> None:
    """Check that types and shapes match in the whole graph, and how large the arrays for one row are."""
    from onnx.shape_inference import infer_shapes

    for value in (*model.graph.input, *model.graph.output):
        value.type.tensor_type.shape.dim[0].dim_value = 1
    del model.graph.value_info[:]
    try:
        inferred = infer_shapes(model, check_type=True, strict_mode=True).graph
    except Exception as error:
        raise _refused(f"its arrays do not fit together ({error})") from error
    n_elements = 0
    sized = {OUTPUT_NAME}
    for value in inferred.value_info:
        dims = value.type.tensor_type.shape.dim
        if all(dim.HasField("dim_value") for dim in dims):
            sized.add(value.name)
            n_elements += math.prod(dim.dim_value for dim in dims)
    if any(output not in sized for node in model.graph.node for output in node.output):
        raise _refused("its arrays do not fit together (the shape of one is not fixed)")
    if n_elements > MAX_ELEMENTS:
        raise _refused(f"its arrays have {n_elements} elements, more than {MAX_ELEMENTS}")


def _refused(reason: str) -> ModelFolderError:
    return ModelFolderError(
        f"{MODEL_NAME} is refused: {reason}. Copy the folder again from a source that you trust, or train "
        "the model again."
    )
