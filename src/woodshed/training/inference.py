"""Asking a trained net: one small runtime for a fitted, a saved and an exported model.

A net that can be exported is always asked through ONNX Runtime, also right after it was trained. So a
model answers the same before and after it is saved, to the bit, and a program that only predicts
loads neither Keras nor TensorFlow.
"""

from __future__ import annotations

import contextlib
import io
import logging
import re
import tempfile
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from woodshed.errors import ModelFolderError

PredictFunction = Callable[[NDArray[np.float32]], NDArray[np.floating]]
"""Windows ``(batch, n_frames, n_bands)`` or rows ``(batch, n_values)`` to probabilities."""

KERAS_NAME, ONNX_NAME = "net.keras", "net.onnx"
"""The files of a model folder that hold a net: as it can be trained on, and as it is asked."""

_OUR_LAYER = re.compile(r'"registered_name": "woodshed>(\w+)"')


def predict_onnx(content: bytes) -> PredictFunction:
    """Make a function that asks the net in an ONNX file.

    Raises
    ------
    ModelFolderError
        If the bytes are not a net that ONNX Runtime can run.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    try:
        session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime has no common base for its errors
        raise ModelFolderError(f"net.onnx cannot be run ({error}). Train or copy the model again.") from error
    name = session.get_inputs()[0].name

    def ask(windows: NDArray[np.float32]) -> NDArray[np.float32]:
        # One window at a time: a clip's answer never depends on its neighbours, not even in the last bit.
        rows = [session.run(None, {name: window[np.newaxis]})[0] for window in windows]
        return np.concatenate(rows)

    return ask


def predict_keras(net: Any) -> PredictFunction:
    """Make a function that asks a Keras net, for backends that cannot export."""

    def ask(windows: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.concatenate([np.asarray(net.predict_on_batch(window[np.newaxis])) for window in windows])

    return ask


def net_to_files(net: Any) -> dict[str, bytes]:
    """Write a net in every format that the backend knows, by the name of the file."""
    onnx = net_to_onnx(net)
    return {KERAS_NAME: net_to_keras(net)} | ({} if onnx is None else {ONNX_NAME: onnx})


def net_to_keras(net: Any) -> bytes:
    """Write a net in Keras' own format."""
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of NumPy, about TensorFlow's tensors
        path = Path(folder) / "net.keras"
        net.save(path)
        return path.read_bytes()


def keras_to_net(content: bytes) -> Any:
    """Read a net in Keras' own format, in safe mode: nothing in the file is run.

    Of our own layers those are imported that the file names, by a list that is ours.

    Raises
    ------
    ModelFolderError
        If it is no such file.
    """
    import keras

    from woodshed.nets import register_layers

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            layers = _OUR_LAYER.findall(archive.read("config.json").decode())
    except (zipfile.BadZipFile, KeyError, UnicodeDecodeError) as error:
        raise ModelFolderError(
            f"{KERAS_NAME} is no net of Keras ({error}). Train or copy the model again."
        ) from error
    register_layers(layers)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / KERAS_NAME
        path.write_bytes(content)
        return keras.models.load_model(path, compile=False, safe_mode=True)


def net_to_onnx(net: Any) -> bytes | None:
    """Export a Keras net as ONNX; None when the backend cannot (only TensorFlow can).

    Returns
    -------
    bytes
        The ONNX file: input ``(batch, n_frames, n_bands)`` in decibels, output probabilities.
    """
    import keras

    if keras.config.backend() != "tensorflow":
        return None
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as quiet:
        quiet.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")  # of the converter, about numpy
        logging.getLogger("tf2onnx").setLevel(logging.ERROR)
        path = Path(folder) / "net.onnx"
        # Keras exports only a net that was called, which one that resumed a finished training was not.
        net(np.zeros((1, *net.input_shape[1:]), np.float32))
        net.export(str(path), format="onnx", verbose=False)
        return path.read_bytes()
