"""Bidirectional LSTM over frames."""

from __future__ import annotations

import keras
from keras import layers

from woodshed.nets.window_layers import output_layer, sequence_input


def lstm(
    n_frames: int,
    n_bands: int,
    n_outputs: int,
    *,
    width: int = 24,
    dropout: float = 0.3,
    norm_strength: float = 1.0,
    activation: str | None = "softmax",
) -> keras.Model:
    """Build a bidirectional LSTM over frames, pooled over time.

    After Graves and Schmidhuber, "Framewise phoneme classification with bidirectional LSTM" (2005). They
    classify every frame; here the mean and the maximum over the frames give one output for the window. The
    net has no built-in notion of neighbouring bands.

    Parameters are those of every net in `woodshed.nets`; ``width`` is a quarter of the units of each
    direction.

    Examples
    --------
    >>> lstm(96, 40, 10).count_params()  # 2 * 4 * (40+96+1)*96 + (4*96+1)*10
    109066
    """
    inputs, x = sequence_input(n_frames, n_bands, norm_strength=norm_strength)  # (B, T, F)
    x = layers.Bidirectional(layers.LSTM(4 * width, return_sequences=True))(x)  # (B, T, 8W)
    x = layers.Concatenate()([layers.GlobalAveragePooling1D()(x), layers.GlobalMaxPooling1D()(x)])  # (B, 16W)
    x = layers.Dropout(dropout)(x)
    return keras.Model(inputs, output_layer(x, n_outputs, activation), name="lstm")
