"""Inference with trained networks, and their conversion to and from files.

A network that can be exported always runs in ONNX Runtime, also right after training. Predictions are thus
identical before and after saving, and a program that only predicts loads neither Keras nor TensorFlow.
"""

from __future__ import annotations

import logging
import os
import re
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from woodshed.decoding import check_archive, open_archive, read_member
from woodshed.errors import ModelFolderError
from woodshed.nets import register_layers
from woodshed.nets.backend import require_keras

PredictFunction = Callable[[NDArray[np.float32]], NDArray[np.floating]]
"""Windows ``(batch, n_frames, n_bands)`` or rows ``(batch, n_values)`` to outputs ``(batch, n_names)``."""

KERAS_NAME, ONNX_NAME = "net.keras", "net.onnx"
"""Files of a model folder that hold a network: to be trained further, and for inference."""

MAX_NET_BYTES = 2**31
"""Most bytes that a network in the format of Keras may unpack to."""

_WOODSHED_LAYER = re.compile(r'"registered_name": "woodshed>(\w+)"')


def onnx_session(content: bytes, *, n_threads: int = 0) -> Any:
    """Return a session of ONNX Runtime on the CPU that reports errors only.

    Parameters
    ----------
    content
        The ONNX file.
    n_threads
        Number of threads; 0 leaves it to ONNX Runtime.
    """
    # Some builds of ONNX Runtime report their use to the manufacturer, and leave a session file
    # (.ses) in the temporary folder. The variable is read when the library is loaded.
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = options.inter_op_num_threads = n_threads
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def predict_onnx(content: bytes, *, batched: bool = False) -> PredictFunction:
    """Return the prediction function of a network in an ONNX file.

    Parameters
    ----------
    content
        The ONNX file.
    batched
        Whether all windows are processed in one call. That is faster, but the last bit of an output may then
        depend on the other windows.

    Raises
    ------
    ModelFolderError
        If ONNX Runtime cannot load the file.
    """
    try:
        session = onnx_session(content)
    except Exception as error:  # onnxruntime has no common base for its errors
        raise ModelFolderError(
            f"{ONNX_NAME} cannot be run ({error}). Train or copy the model again."
        ) from error
    name = session.get_inputs()[0].name

    def predict(windows: NDArray[np.float32]) -> NDArray[np.float32]:
        batches = [windows] if batched else [window[np.newaxis] for window in windows]
        return np.concatenate(
            [session.run(None, {name: np.ascontiguousarray(batch)})[0] for batch in batches]
        )

    return predict


def check_onnx_weights(content: bytes) -> None:
    """Check that all weights of a network in an ONNX file are finite.

    Raises
    ------
    ModelFolderError
        If one is NaN or infinite, or the file cannot be parsed.
    """
    import onnx

    try:
        model = onnx.load_model_from_string(content)
    except Exception as error:  # the decoder has no common base for its errors
        raise ModelFolderError(f"{ONNX_NAME} is damaged ({error}). Train or copy the model again.") from error
    for tensor in _tensors_of(model.graph):
        try:
            values = onnx.numpy_helper.to_array(tensor)
        except Exception as error:
            raise ModelFolderError(
                f"{ONNX_NAME} is damaged: its array {tensor.name} is not complete ({error}). Train or copy "
                "the model again."
            ) from error
        check_finite(values, ONNX_NAME, tensor.name)


def check_finite(values: NDArray[Any], file: str, array: str) -> None:
    """Check that an array of weights has neither NaN nor infinity; arrays of other types than float pass.

    Raises
    ------
    ModelFolderError
        If it has; ``file`` and ``array`` name it.

    Examples
    --------
    >>> check_finite(np.array([1.0, np.nan]), "weights.npz", "bias")
    Traceback (most recent call last):
    woodshed.errors.ModelFolderError: weights.npz is damaged: 1 of 2 weights in bias are NaN or infinite. ...
    """
    if np.issubdtype(values.dtype, np.floating) and not np.isfinite(values).all():
        n_bad = values.size - int(np.isfinite(values).sum())
        raise ModelFolderError(
            f"{file} is damaged: {n_bad} of {values.size} weights in {array} are NaN or infinite. Copy the "
            "model again, or train it again with a lower learning rate."
        )


def _tensors_of(graph: Any) -> Iterator[Any]:
    """Yield all arrays of an ONNX graph, those of loops and branches too."""
    yield from graph.initializer
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("t"):
                yield attribute.t
            if attribute.HasField("g"):
                yield from _tensors_of(attribute.g)


def predict_keras(net: Any) -> PredictFunction:
    """Return the prediction function of a Keras network, for backends that cannot export to ONNX."""

    def predict(windows: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.concatenate([np.asarray(net.predict_on_batch(window[np.newaxis])) for window in windows])

    return predict


def net_to_files(net: Any) -> dict[str, bytes]:
    """Return a network in every format that the backend supports, by file name."""
    onnx = net_to_onnx(net)
    return {KERAS_NAME: net_to_keras(net)} | ({} if onnx is None else {ONNX_NAME: onnx})


def net_to_keras(net: Any) -> bytes:
    """Return a network in the format of Keras."""
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of NumPy, about tensors of TensorFlow
        path = Path(folder) / KERAS_NAME
        net.save(path)
        return path.read_bytes()


def keras_to_net(content: bytes) -> Any:
    """Load a network in the format of Keras, in safe mode: no code in the file is run.

    Layers of woodshed are imported by a fixed list of names.

    Raises
    ------
    ModelFolderError
        If the file is not in the format of Keras, unpacks to too much, or has weights that are not finite.
    MissingPackageError
        If Keras or its backend is not installed.
    """
    require_keras("A network that was not exported as ONNX")
    import keras

    try:
        check_archive(content, max_bytes=MAX_NET_BYTES)
        with open_archive(content) as archive:
            layers = _WOODSHED_LAYER.findall(read_member(archive, "config.json").decode())
    except ValueError as error:
        raise ModelFolderError(
            f"{KERAS_NAME} is not a Keras model ({error}). Train or copy the model again."
        ) from error
    register_layers(layers)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / KERAS_NAME
        path.write_bytes(content)
        net = keras.models.load_model(path, compile=False, safe_mode=True)
    for variable in net.weights:
        check_finite(np.asarray(variable), KERAS_NAME, variable.path)
    return net


def net_to_onnx(net: Any) -> bytes | None:
    """Export a Keras network as ONNX; return None unless the backend is TensorFlow.

    Returns
    -------
    bytes
        The ONNX file: input ``(batch, n_frames, n_bands)`` in decibels, output ``(batch, n_names)``.
    """
    import keras

    if keras.config.backend() != "tensorflow":
        return None
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the converter, about NumPy
        logging.getLogger("tf2onnx").setLevel(logging.ERROR)
        path = Path(folder) / ONNX_NAME
        # Keras exports only a network that was called; one restored from a finished training was not.
        net(np.zeros((1, *net.input_shape[1:]), np.float32))
        net.export(str(path), format="onnx", verbose=False)
        return path.read_bytes()
