"""The output layer of every net over windows."""

from __future__ import annotations

from typing import Any

from keras import layers

from woodshed.errors import ParameterError, near_miss

ACTIVATIONS = ("softmax", "sigmoid")
"""Activations that turn logits into probabilities; None keeps the logits."""


def output_layer(x: Any, n_outputs: int, activation: str | None) -> Any:
    """Add a dense output layer.

    Parameters
    ----------
    x
        Features, shape ``(batch, n_features)``.
    n_outputs
        Number of outputs.
    activation
        "softmax" for mutually exclusive classes: probabilities that sum to 1 in each row. "sigmoid" for
        multi-label classification: independent probabilities. None for regression: unbounded linear outputs.

    Returns
    -------
    keras.KerasTensor
        Shape ``(batch, n_outputs)``. The layer is called ``probability``, or ``value`` without activation.

    Raises
    ------
    ParameterError
        If the activation is unknown or ``n_outputs`` is below 1.

    Examples
    --------
    >>> import numpy as np
    >>> features = np.ones((1, 4), "float32")
    >>> round(float(np.sum(output_layer(features, 3, "softmax"))), 5)
    1.0
    """
    if activation is not None and activation not in ACTIVATIONS:
        raise ParameterError(
            f"Unknown activation {activation!r}. Expected softmax, sigmoid or None. "
            f"{near_miss(activation, ACTIVATIONS)}"
        )
    if n_outputs < 1:
        raise ParameterError(f"n_outputs must be at least 1, got {n_outputs!r}.")
    name = "probability" if activation else "value"
    return layers.Dense(n_outputs, activation=activation, name=name)(x)
