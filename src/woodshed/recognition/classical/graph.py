"""ONNX graphs of classical models, built from elementary operators in double precision."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

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
        content: bytes = model.SerializeToString()
        return content
