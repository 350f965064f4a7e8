"""Backends of Keras, which train networks: TensorFlow, JAX and PyTorch, each an extra of the installation."""

from __future__ import annotations

import os
from importlib import import_module

from woodshed.errors import MissingPackageError

BACKENDS = {"tensorflow": "TensorFlow", "jax": "JAX", "torch": "PyTorch"}
"""Value of ``KERAS_BACKEND``, which is also the extra that installs it -> name."""

DEFAULT = "tensorflow"


def require_keras(purpose: str = "Training a network") -> None:
    """Import Keras with the backend that ``KERAS_BACKEND`` names, or with TensorFlow.

    TensorFlow uses its oneDNN kernels, unless ``TF_ENABLE_ONEDNN_OPTS=0`` is set. On processors without
    AVX-512 it would not by default, and a step of a convolutional network take up to 1.8 times as long
    (``benchmarks/speed/torch_step.md``).

    Parameters
    ----------
    purpose
        What needs it, as the subject of a sentence.

    Raises
    ------
    MissingPackageError
        If Keras or the backend is not installed.
    """
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")  # read when TensorFlow is imported
    try:
        import_module("keras")
    except ImportError as error:
        package = (error.name or "").partition(".")[0]
        if package not in {"keras", *BACKENDS}:
            raise
        # A backend set in the configuration file of Keras is seen only once Keras is installed.
        backend = package if package in BACKENDS else os.environ.get("KERAS_BACKEND", DEFAULT)
        raise MissingPackageError(f"{purpose} needs {_remedy(backend)}") from error


def _remedy(backend: str) -> str:
    """Return the name of a backend, with the command that installs it and the alternatives."""
    name, install = BACKENDS.get(backend, BACKENDS[DEFAULT]), backend if backend in BACKENDS else DEFAULT
    others = [other for other in BACKENDS if other != install]
    commands = " or ".join(f'pip install "woodshed[{other}]" with KERAS_BACKEND={other}' for other in others)
    return f'{name}: pip install "woodshed[{install}]". Other backends: {commands}.'
