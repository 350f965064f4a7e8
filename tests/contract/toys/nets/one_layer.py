"""Linear classifier of the mean spectrum."""

from __future__ import annotations

import keras
from keras import layers

from woodshed.nets.window_layers import output_layer, spectrogram_input


def one_layer(
    n_frames: int,
    n_bands: int,
    n_outputs: int,
    *,
    width: int = 8,
    dropout: float = 0.3,
    norm_strength: float = 1.0,
    activation: str | None = "softmax",
) -> keras.Model:
    """Build one output layer on the bands, averaged over the window."""
    inputs, x = spectrogram_input(n_frames, n_bands, norm_strength=norm_strength)
    x = layers.Dropout(dropout)(layers.Flatten()(layers.AveragePooling2D((n_frames, 1))(x)))
    return keras.Model(inputs, output_layer(x, n_outputs, activation), name="one_layer")
