"""Step-by-step inference of a recurrent net in ONNX Runtime: token and state in, logits and state out.

Speed is limited by reading every weight once per token, 22 MB in the folk model. So the weights can be
stored as 8-bit integers with a scale for each column: a quarter of the bytes. The gain in speed, and the
loss in likelihood, are measured in ``benchmarks/speed/sampling.md``.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from woodshed.errors import ParameterError, near_miss
from woodshed.parallel import n_cores
from woodshed.training.inference import onnx_session

STORAGES = ("float32", "int8")
"""Formats of the weights."""

MOST_WEIGHT, MOST_VALUE = 64, 127
"""Integers that represent the largest weight of a column, and an activation of 1.

Processors without VNNI instructions add two products in 16 bits; 2 * 64 * 255 is the maximum that fits, so
results are the same on every processor.
"""

LEAST_STREAMS = 16
"""Minimum number of parallel sequences for multi-threading to be faster."""

EMBEDDING = "embedding/table"
"""Name of the vectors of tokens and features, of a net that has features."""

Weights = Mapping[str, NDArray[np.float32]]
State = list[NDArray[np.float32]]


def net_weights(net: Any) -> dict[str, NDArray[np.float32]]:
    """Return the weights of a net by name: ``lstm_1/kernel`` and so on, ``logits/bias``.

    They can be saved with ``numpy.savez`` and loaded with ``numpy.load``, without Keras.
    """
    return {
        f"{layer.name}/{weight.name}": np.asarray(weight, np.float32)
        for layer in net.layers
        for weight in layer.weights
        if hasattr(weight, "trainable") and weight.trainable
    }


class RecurrentStep:
    """One step of a recurrent net for a batch of sequences.

    Parameters
    ----------
    weights
        By name, as returned by `net_weights`.
    storage
        "float32": exact. "int8": the weights are rounded to 129 levels per column, and the activations, which
        lie between -1 and 1, to 255. The result of a sequence does not depend on the others in the batch.
    n_threads
        Number of threads for batches of 16 or more; by default one per processor. Smaller batches use one.

    Raises
    ------
    ParameterError
        If the storage is unknown, the weights are not those of an `lstm_lm`, or ``n_threads`` is below 1.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> shapes = {"lstm_1/kernel": (5, 16), "lstm_1/recurrent_kernel": (4, 16), "lstm_1/bias": (16,),
    ...           "logits/kernel": (4, 5), "logits/bias": (5,)}
    >>> weights = {name: rng.normal(size=shape).astype("float32") for name, shape in shapes.items()}
    >>> stepper = RecurrentStep(weights)
    >>> logits, state = stepper(np.array([0, 3]), stepper.start(2))
    >>> logits.shape
    (2, 5)
    """

    def __init__(self, weights: Weights, *, storage: str = "float32", n_threads: int | None = None) -> None:
        if storage not in STORAGES:
            raise ParameterError(f"Unknown storage {storage!r}. {near_miss(storage, STORAGES)}")
        if n_threads is not None and n_threads < 1:
            raise ParameterError(
                f"n_threads must be at least 1, or None for all processors, got {n_threads!r}."
            )
        cells = {name.split("_")[0] for name in weights} & {"lstm", "gru"}
        if len(cells) != 1 or "logits/kernel" not in weights:
            raise ParameterError(
                f"Expected the weights of an lstm_lm, got: {', '.join(sorted(weights)) or 'none'}. "
                "Get them with net_weights."
            )
        self.cell = cells.pop()
        self.units = weights[f"{self.cell}_1/recurrent_kernel"].shape[0]
        self.n_layers = sum(name.endswith("/recurrent_kernel") for name in weights)
        self.n_states = self.n_layers * (2 if self.cell == "lstm" else 1)
        self.n_threads = n_threads
        self._content = _OnnxGraphBuilder(weights, self.cell, self.n_layers, storage).content()

    def start(self, n_streams: int) -> State:
        """Return the initial state: arrays ``(n_streams, units)``."""
        return [np.zeros((n_streams, self.units), np.float32) for _ in range(self.n_states)]

    def __call__(self, ids: NDArray[np.integer], state: State) -> tuple[NDArray[np.float32], State]:
        """Read a token per sequence; return logits ``(n_streams, n_tokens)`` and state.

        ``ids`` has the shape ``(n_streams,)``; for a net with features ``(n_streams, 1 + n_features)``, the
        rows of its table of vectors.
        """
        inputs = {f"state_{k}": values for k, values in enumerate(state)}
        session = self._parallel_session if len(ids) >= LEAST_STREAMS else self._single_session
        logits, *new = session.run(None, {"ids": np.asarray(ids, np.int64), **inputs})
        return logits, new

    @functools.cached_property
    def _single_session(self) -> Any:
        return onnx_session(self._content, n_threads=1)

    @functools.cached_property
    def _parallel_session(self) -> Any:
        n_threads = self.n_threads or n_cores()
        return self._single_session if n_threads == 1 else onnx_session(self._content, n_threads=n_threads)


class _OnnxGraphBuilder:
    """Construction of the ONNX graph of one step, node by node."""

    def __init__(self, weights: Weights, cell: str, n_layers: int, storage: str) -> None:
        self.weights, self.cell, self.n_layers, self.storage = weights, cell, n_layers, storage
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self.n_names = 0

    def add(self, kind: str, *inputs: str, n_outputs: int = 1, **settings: Any) -> list[str]:
        """Add a node and return the names of its outputs."""
        from onnx import helper

        names = [f"v{self.n_names + k}" for k in range(n_outputs)]
        self.n_names += n_outputs
        self.nodes.append(helper.make_node(kind, list(inputs), names, **settings))
        return names

    def constant(self, values: NDArray[Any]) -> str:
        """Add a constant and return its name."""
        from onnx import numpy_helper

        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def product(self, x: str, name: str) -> str:
        """Add the product with the weight matrix ``name``."""
        matrix = self.weights[name]
        if self.storage == "float32":
            return self.add("MatMul", x, self.constant(matrix))[0]
        largest = np.maximum(np.abs(matrix).max(axis=0), 1e-12).astype(np.float32)
        rounded = self.constant(np.round(matrix * (MOST_WEIGHT / largest)).astype(np.int8))
        # All activations are outputs of cells, which lie between -1 and 1: one scale is enough.
        step = self.constant(np.array(1 / MOST_VALUE, np.float32))
        middle = self.constant(np.array(MOST_VALUE + 1, np.uint8))
        x = self.add("QuantizeLinear", x, step, middle)[0]
        inputs = (x, rounded, step, self.constant(largest / MOST_WEIGHT), middle)
        return self.add("MatMulIntegerToFloat", *inputs, domain="com.microsoft")[0]

    def layer(self, number: int, x: str, states: list[str]) -> list[str]:
        """Add one layer; return the names of its new states, the first of which is its output."""
        name, bias = f"{self.cell}_{number}", self.weights[f"{self.cell}_{number}/bias"]
        drive_bias = bias if self.cell == "lstm" else bias[0]
        if number == 1:
            drive = self.lookup(x, self.weights[f"{name}/kernel"], drive_bias)
        else:
            drive = self.add("Add", self.product(x, f"{name}/kernel"), self.constant(drive_bias))[0]
        echo = self.product(states[0], f"{name}/recurrent_kernel")
        if self.cell == "lstm":
            return self.lstm(self.add("Add", drive, echo)[0], states[1])
        return self.gru(drive, self.add("Add", echo, self.constant(bias[1]))[0], states[0])

    def lookup(self, ids: str, kernel: NDArray[np.float32], bias: NDArray[np.float32]) -> str:
        """Add the input of the first layer: rows of a table instead of a product with one-hot vectors."""
        if EMBEDDING not in self.weights:
            return self.add("Gather", self.constant(kernel + bias), ids)[0]
        rows = self.add("Gather", self.constant(self.weights[EMBEDDING] @ kernel), ids)[0]
        total = self.add("ReduceSum", rows, self.constant(np.array([1])), keepdims=0)[0]
        return self.add("Add", total, self.constant(bias))[0]

    def lstm(self, z: str, c: str) -> list[str]:
        """Add an LSTM cell."""
        i, f, g, o = self.add("Split", z, n_outputs=4, axis=1, num_outputs=4)
        i, f, o = (self.add("Sigmoid", gate)[0] for gate in (i, f, o))
        old, new = self.add("Mul", f, c)[0], self.add("Mul", i, self.add("Tanh", g)[0])[0]
        c = self.add("Add", old, new)[0]
        return [self.add("Mul", o, self.add("Tanh", c)[0])[0], c]

    def gru(self, drive: str, echo: str, h: str) -> list[str]:
        """Add a GRU cell."""
        z, r, g = self.add("Split", drive, n_outputs=3, axis=1, num_outputs=3)
        z_echo, r_echo, g_echo = self.add("Split", echo, n_outputs=3, axis=1, num_outputs=3)
        z = self.add("Sigmoid", self.add("Add", z, z_echo)[0])[0]
        r = self.add("Sigmoid", self.add("Add", r, r_echo)[0])[0]
        g = self.add("Tanh", self.add("Add", g, self.add("Mul", r, g_echo)[0])[0])[0]
        back = self.add("Mul", z, self.add("Sub", h, g)[0])[0]
        return [self.add("Add", g, back)[0]]

    def content(self) -> bytes:
        """Add all layers and return the bytes of the ONNX file."""
        from onnx import TensorProto, helper

        per_layer = 2 if self.cell == "lstm" else 1
        units = self.weights[f"{self.cell}_1/recurrent_kernel"].shape[0]
        shape = ["n", "n_features"] if EMBEDDING in self.weights else ["n"]
        inputs = [helper.make_tensor_value_info("ids", TensorProto.INT64, shape)]
        x = "ids"
        new: list[str] = []
        for number in range(1, self.n_layers + 1):
            states = [f"state_{per_layer * (number - 1) + k}" for k in range(per_layer)]
            inputs += [helper.make_tensor_value_info(s, TensorProto.FLOAT, ["n", units]) for s in states]
            states = self.layer(number, x, states)
            x, new = states[0], new + states
        product = self.product(x, "logits/kernel")
        logits = self.add("Add", product, self.constant(self.weights["logits/bias"]))[0]
        outputs = [helper.make_tensor_value_info(s, TensorProto.FLOAT, None) for s in [logits, *new]]
        graph = helper.make_graph(self.nodes, "step", inputs, outputs, self.constants)
        versions = [helper.make_opsetid("", 18), helper.make_opsetid("com.microsoft", 1)]
        model = helper.make_model(graph, opset_imports=versions, ir_version=9)
        return bytes(model.SerializeToString())
