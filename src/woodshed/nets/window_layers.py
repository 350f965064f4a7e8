"""Input and output layers of nets over windows: normalisation of level and colour, positions, activations."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers, ops

from woodshed.errors import ParameterError, near_miss

ACTIVATIONS = ("softmax", "sigmoid")
"""Activations that turn logits into probabilities; None keeps the logits."""


@keras.saving.register_keras_serializable(package="woodshed")
class ChannelNorm(keras.layers.Layer):  # type: ignore[misc]
    """Normalise level, noise floor and spectral colour of a window in decibels.

    Values more than ``range_db`` below the maximum of the window are raised to that floor. Then the mean
    over the *active* frames is subtracted from every band. A microphone or a room adds a constant to each
    band of a log spectrum, which this removes (cepstral mean normalisation, B. S. Atal 1974, applied to
    bands). Silent frames become zeros, so that padding carries no information.

    Parameters
    ----------
    range_db
        Dynamic range below the maximum, in decibels.
    strength
        Share of the mean of each band that is removed: 1 removes all colour, 0 only the overall level.

    Input shape
        ``(batch, n_frames, n_bands)``, decibels.
    Output shape
        Same; about ±2, dimensionless.

    Examples
    --------
    >>> import numpy as np
    >>> window = np.random.default_rng(0).normal(-40, 8, (1, 50, 8)).astype("float32")
    >>> louder_and_brighter = window + 12 + np.linspace(-6, 6, 8, dtype="float32")
    >>> norm = ChannelNorm(range_db=200.0)
    >>> bool(np.allclose(norm(window), norm(louder_and_brighter), atol=1e-4))
    True
    """

    def __init__(self, *, range_db: float = 35.0, strength: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.range_db = range_db
        self.strength = strength

    def call(self, inputs: Any) -> Any:
        """Normalise each window independently."""
        floor = ops.max(inputs, axis=(1, 2), keepdims=True) - self.range_db
        raised = ops.maximum(inputs, floor)
        # A frame is active when any band rises above the floor: padding never does.
        active = ops.cast(ops.max(inputs, axis=2, keepdims=True) > floor, inputs.dtype)
        n_active = ops.sum(active, axis=1, keepdims=True)
        band_mean = ops.sum(raised * active, axis=1, keepdims=True) / n_active
        level = ops.mean(band_mean, axis=2, keepdims=True)
        centre = self.strength * band_mean + (1 - self.strength) * level
        return (raised - centre) * active / 10.0

    def get_config(self) -> dict[str, Any]:
        """Return the settings for saving and loading."""
        return {**super().get_config(), "range_db": self.range_db, "strength": self.strength}


@keras.saving.register_keras_serializable(package="woodshed")
class SinusoidalPosition(keras.layers.Layer):  # type: ignore[misc]
    """Sinusoidal positional encoding with wavelengths from 2 pi to nearly 20,000 pi.

    Adds ``sin(t / 10000 ** (2 i / n_values))`` to value ``2 i`` of time step ``t``, and the cosine of the
    same to value ``2 i + 1`` (Vaswani et al., "Attention is all you need", 2017). It has no weights.

    Input shape
        ``(batch, time, n_values)``.
    Output shape
        Same.

    Examples
    --------
    >>> import numpy as np
    >>> steps = np.asarray(SinusoidalPosition()(np.zeros((1, 2, 4), "float32")))[0]
    >>> [[f"{value:.2f}" for value in step] for step in steps]
    [['0.00', '1.00', '0.00', '1.00'], ['0.84', '0.54', '0.01', '1.00']]
    """

    def call(self, inputs: Any) -> Any:
        """Add the table to every window."""
        _, n_steps, n_values = inputs.shape
        value = np.arange(n_values)
        angle = np.arange(n_steps)[:, np.newaxis] / 10000 ** (value // 2 * 2 / n_values)  # (time, n_values)
        table = np.where(value % 2, np.cos(angle), np.sin(angle))
        return inputs + ops.convert_to_tensor(table, dtype=inputs.dtype)


def check_window(name: str, n_frames: int, n_bands: int, *, least: int) -> None:
    """Check that a window has at least ``least`` frames and bands.

    Raises
    ------
    ParameterError
        If it has fewer.

    Examples
    --------
    >>> check_window("course-cnn", 100, 8, least=11)
    Traceback (most recent call last):
    ...
    woodshed.errors.ParameterError: course-cnn needs at least 11 frames and 11 bands, got 100 frames and 8
    bands. Use a longer window (window_s), more bands (n_mels) or another net.
    """
    if min(n_frames, n_bands) < least:
        raise ParameterError(
            f"{name} needs at least {least} frames and {least} bands, got {n_frames} frames and {n_bands} "
            "bands. Use a longer window (window_s), more bands (n_mels) or another net."
        )


def sequence_input(n_frames: int, n_bands: int, *, norm_strength: float) -> tuple[Any, Any]:
    """Create the input and normalise it as a sequence.

    Returns
    -------
    inputs, frames
        Both ``(batch, n_frames, n_bands)``, in decibels and normalised.
    """
    check_window("A net", n_frames, n_bands, least=1)
    inputs = keras.Input((n_frames, n_bands), name="log_mel_db")
    return inputs, ChannelNorm(strength=norm_strength, name="channel_norm")(inputs)


def spectrogram_input(n_frames: int, n_bands: int, *, norm_strength: float) -> tuple[Any, Any]:
    """Create the input and normalise it as an image of one channel.

    Returns
    -------
    inputs, image
        ``(batch, n_frames, n_bands)`` in decibels, and ``(batch, n_frames, n_bands, 1)`` normalised.
    """
    inputs, normed = sequence_input(n_frames, n_bands, norm_strength=norm_strength)
    return inputs, keras.layers.Reshape((n_frames, n_bands, 1))(normed)  # (B, T, F, 1)


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
        raise ParameterError(f"Unknown activation {activation!r}. {near_miss(activation, ACTIVATIONS)}")
    if n_outputs < 1:
        raise ParameterError(f"n_outputs must be at least 1, got {n_outputs!r}.")
    name = "probability" if activation else "value"
    return layers.Dense(n_outputs, activation=activation, name=name)(x)
