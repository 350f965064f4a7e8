"""Recurrent net of V. Velardo's course, with the same number of weights."""

from __future__ import annotations

import keras
from keras import layers

from woodshed.nets.window_layers import output_layer, sequence_input


def course_lstm(
    n_frames: int,
    n_bands: int,
    n_outputs: int,
    *,
    width: int = 32,
    dropout: float = 0.3,
    norm_strength: float = 1.0,
    activation: str | None = "softmax",
) -> keras.Model:
    """Build two stacked LSTM layers and one hidden dense layer.

    The third net of V. Velardo's course "Deep Learning (for Audio) with Python" (2020), defined there for 130
    frames of 13 cepstral coefficients and ten genres. The course does not normalise its input; here
    `ChannelNorm`, which has no weights, does.

    Parameters are those of every net in `woodshed.nets`; ``width`` is half the number of units of each LSTM
    and of the hidden layer: 64 units by default.

    Examples
    --------
    >>> net = course_lstm(130, 13, 10)
    >>> net.count_params()  # 4*(13+64+1)*64 + 4*(64+64+1)*64 + 64*64+64 + 64*10+10
    57802
    """
    inputs, x = sequence_input(n_frames, n_bands, norm_strength=norm_strength)  # (B, T, F)
    x = layers.LSTM(2 * width, return_sequences=True)(x)  # (B, T, 2W)
    x = layers.LSTM(2 * width)(x)  # (B, 2W)
    x = layers.Dense(2 * width, activation="relu")(x)
    x = layers.Dropout(dropout)(x)
    return keras.Model(inputs, output_layer(x, n_outputs, activation), name="course_lstm")
