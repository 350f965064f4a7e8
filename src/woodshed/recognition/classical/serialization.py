"""Classical models as ONNX files: graphs, export, checks of a file before it is loaded, and prediction."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from woodshed.errors import ModelFolderError
from woodshed.recognition.classical.model import (
    INPUT_NAME,
    OPSET,
    OUTPUT_NAME,
    GraphBuilder,
    Rows,
    classical_model,
)
from woodshed.training.model_folder import MODEL_NAME

# fmt: off
OPERATORS = frozenset((
    "Abs", "Add", "Cast", "Concat", "Div", "Equal", "Exp", "Gather", "GatherElements", "Greater", "Identity",
    "Less", "MatMul", "Mul", "ReduceMax", "ReduceMean", "ReduceSum", "Relu", "Softmax", "Sqrt", "Sub", "TopK",
    "Unsqueeze", "Where",
))
# fmt: on
"""Operators that a file may hold."""

MAX_ELEMENTS = 2**26
"""Maximum number of elements of all intermediate arrays of one row together."""

_DOUBLE = 11
_ITEM_SIZES = {1: 4, 6: 4, 7: 8, _DOUBLE: 8}
"""Bytes of an element of the ONNX types float, int32, int64 and double."""

_NUMERIC_ATTRIBUTES = (1, 2, 6, 7)
"""Codes of the ONNX attribute types FLOAT, INT, FLOATS and INTS."""


def model_to_bytes(name: str, model: Any, n_values: int) -> bytes:
    """Write a fitted model as an ONNX file.

    Parameters
    ----------
    name
        A name in `woodshed.recognition.classical.CLASSICAL`.
    model
        Result of `woodshed.recognition.classical.model.fit_model` or of ``fit_columns``.
    n_values
        Length of the rows.

    Returns
    -------
    bytes
        Input ``(batch, n_values)``; output: the probabilities ``(batch, n_classes)``, or, for columns,
        the probabilities of the tags or the values in their units, ``(batch, n_columns)``.

    Examples
    --------
    >>> from woodshed.recognition.classical.model import fit_model
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
    joined = graph.node("Concat", *columns, axis=1)
    scaled = graph.node("Mul", joined, graph.constant(deviation))
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
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        options.intra_op_num_threads = options.inter_op_num_threads = 1  # a row is too little work for more
        try:
            self._session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
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
    if _ends(graph) != ([(INPUT_NAME, n_values)], [(OUTPUT_NAME, n_outputs)]):
        raise _refused(f"it is not a model of {n_outputs} outputs for {n_values} values")
    _check_shapes(model)


def _ends(graph: Any) -> tuple[list[tuple[str, int]], list[tuple[str, int]]]:
    """Return the name and the last dimension of each input and output."""

    def describe(values: Any) -> list[tuple[str, int]]:
        return [
            (value.name, value.type.tensor_type.shape.dim[1].dim_value)
            if value.type.tensor_type.elem_type == _DOUBLE and len(value.type.tensor_type.shape.dim) == 2
            else (value.name, -1)
            for value in values
        ]

    return describe(graph.input), describe(graph.output)


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
