"""Multi-layer perceptron on the flattened spectrogram: a baseline without any notion of time."""

from __future__ import annotations

import keras
from keras import layers

from woodshed.nets.window_layers import output_layer, spectrogram_input


def mlp(
    n_frames: int,
    n_bands: int,
    n_outputs: int,
    *,
    width: int = 128,
    dropout: float = 0.3,
    norm_strength: float = 1.0,
    activation: str | None = "softmax",
) -> keras.Model:
    """Build two hidden layers of ``2 * width`` and ``width`` units on the flattened window.

    Parameters are those of every net in `woodshed.nets`; ``dropout`` follows each hidden layer.

    Examples
    --------
    >>> mlp(10, 4, 3, width=5).count_params()  # 40*10+10 + 10*5+5 + 5*3+3
    483
    """
    inputs, x = spectrogram_input(n_frames, n_bands, norm_strength=norm_strength)  # (B, T, F, 1)
    x = layers.Flatten()(x)  # (B, T * F)
    for units in (2 * width, width):
        x = layers.Dense(units, activation="relu")(x)
        x = layers.Dropout(dropout)(x)
    return keras.Model(inputs, output_layer(x, n_outputs, activation), name="mlp")
