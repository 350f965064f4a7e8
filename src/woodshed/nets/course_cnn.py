"""Convolutional net of V. Velardo's course, with the same number of weights."""

from __future__ import annotations

import keras
from keras import layers

from woodshed.nets.batch_norm import BatchNorm
from woodshed.nets.window_layers import check_window, output_layer, spectrogram_input


def course_cnn(
    n_frames: int,
    n_bands: int,
    n_outputs: int,
    *,
    width: int = 32,
    dropout: float = 0.3,
    norm_strength: float = 1.0,
    activation: str | None = "softmax",
) -> keras.Model:
    """Build three unpadded convolutions, each followed by max pooling, and one hidden dense layer.

    The second net of V. Velardo's course "Deep Learning (for Audio) with Python" (2020), defined there for
    130 frames of 13 cepstral coefficients and ten genres. The course does not normalise its input; here
    `ChannelNorm`, which has no weights, does.

    Parameters are those of every net in `woodshed.nets`; the window must be at least 11 by 11. ``width`` is
    the number of channels of every convolution; the hidden layer has twice as many units.

    Examples
    --------
    >>> net = course_cnn(130, 13, 10)
    >>> net.count_params()  # 9*32+32 + 9*32*32+32 + 4*32*32+32 + 3*4*32 + 480*64+64 + 64*10+10
    45514
    """
    check_window("course-cnn", n_frames, n_bands, least=11)
    inputs, x = spectrogram_input(n_frames, n_bands, norm_strength=norm_strength)  # (B, T, F, 1)
    for kernel, pool in ((3, 3), (3, 3), (2, 2)):
        x = layers.Conv2D(width, kernel, activation="relu")(x)
        x = layers.MaxPooling2D(pool, strides=2, padding="same")(x)
        x = BatchNorm()(x)  # finally about (B, T/8 - 1, F/8 - 1, W)
    x = layers.Flatten()(x)
    x = layers.Dense(2 * width, activation="relu")(x)  # (B, 2W)
    x = layers.Dropout(dropout)(x)
    return keras.Model(inputs, output_layer(x, n_outputs, activation), name="course_cnn")
