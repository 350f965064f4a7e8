"""Plain convolutional net: the textbook baseline."""

from __future__ import annotations

import keras
from keras import layers

from woodshed.nets.batch_norm import BatchNorm
from woodshed.nets.window_layers import output_layer, spectrogram_input


def conv_stack(
    n_frames: int,
    n_bands: int,
    n_outputs: int,
    *,
    width: int = 32,
    dropout: float = 0.3,
    norm_strength: float = 1.0,
    activation: str | None = "softmax",
) -> keras.Model:
    """Build three convolutions, each followed by max pooling, and one hidden dense layer.

    Parameters are those of every net in `woodshed.nets`; ``width`` is the number of channels of every
    convolution.

    Examples
    --------
    >>> conv_stack(96, 40, 10).output_shape
    (None, 10)
    """
    inputs, x = spectrogram_input(n_frames, n_bands, norm_strength=norm_strength)  # (B, T, F, 1)
    for _ in range(3):
        x = layers.Conv2D(width, 3, padding="same", activation="relu")(x)
        x = layers.MaxPooling2D(2, padding="same")(x)
        x = BatchNorm()(x)
    # (B, T/8, F/8, W): the order in time is kept, unlike in `conv_residual`.
    x = layers.Flatten()(x)
    x = layers.Dense(64, activation="relu")(x)
    x = layers.Dropout(dropout)(x)
    return keras.Model(inputs, output_layer(x, n_outputs, activation), name="conv_stack")
