"""Convolutional recurrent net."""

from __future__ import annotations

import keras
from keras import layers

from woodshed.nets.conv_residual import conv_norm
from woodshed.nets.window_layers import output_layer, spectrogram_input


def crnn(
    n_frames: int,
    n_bands: int,
    n_outputs: int,
    *,
    width: int = 24,
    dropout: float = 0.3,
    norm_strength: float = 1.0,
    activation: str | None = "softmax",
) -> keras.Model:
    """Build three convolutions, each followed by max pooling, and an LSTM over the remaining time steps.

    After Choi et al., "Convolutional recurrent neural networks for music classification" (2017), for windows
    of seconds instead of half a minute: three convolutions instead of four, and time divided by 4 instead of
    96. One LSTM layer replaces their two GRU layers, since it is exported as a single operation.

    Parameters are those of every net in `woodshed.nets`; ``width`` is the number of channels of the first
    convolution; the other two and the LSTM have two, four and four times as many.

    Examples
    --------
    >>> net = crnn(96, 40, 10)
    >>> net.input_shape, net.output_shape, net.count_params()
    ((None, 96, 40), (None, 10), 275266)
    """
    inputs, x = spectrogram_input(n_frames, n_bands, norm_strength=norm_strength)  # (B, T, F, 1)
    for channels, pool in ((width, (2, 2)), (2 * width, (2, 2)), (4 * width, (1, 2))):
        x = conv_norm(x, channels)
        x = layers.MaxPooling2D(pool, padding="same")(x)  # finally (B, T/4, F/8, 4W)
    x = layers.Reshape((x.shape[1], x.shape[2] * x.shape[3]))(x)  # (B, T/4, F/8 * 4W)
    x = layers.LSTM(4 * width)(x)  # (B, 4W)
    x = layers.Dropout(dropout)(x)
    return keras.Model(inputs, output_layer(x, n_outputs, activation), name="crnn")
