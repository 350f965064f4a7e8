"""Convolutions that see what there is, then a recurrent layer that hears how it goes on."""

from __future__ import annotations

import keras
from keras import layers

from woodshed.nets.answer import answer_layer
from woodshed.nets.conv_residual import conv_norm
from woodshed.nets.front import spectrogram_input


def crnn(
    n_frames: int,
    n_bands: int,
    n_classes: int,
    *,
    width: int = 24,
    dropout: float = 0.3,
    norm_strength: float = 1.0,
    answer: str = "classes",
) -> keras.Model:
    """Build three convolutions, each pooled, and a long short-term memory over what is left of time.

    After Choi et al., "Convolutional recurrent neural networks for music classification" (2017), for
    windows of seconds instead of half a minute: three convolutions instead of four, and time quartered
    instead of divided by 96. One LSTM layer takes the place of their two of gated recurrent units,
    since it is a single operation once exported.

    Parameters
    ----------
    n_frames, n_bands
        Size of the window.
    n_classes
        Number of answers.
    width
        Channels of the first convolution; the others and the memory have two, four and four times as many.
    dropout
        Share of the memory's last state dropped while learning, 0 to 1.
    norm_strength
        How much of the recording's colour is removed first; see `ChannelNorm`.
    answer
        Kind of answer: "classes", "tags" or "values"; see `answer_layer`.

    Returns
    -------
    keras.Model
        ``(batch, n_frames, n_bands)`` in decibels to ``(batch, n_classes)`` answers.

    Examples
    --------
    >>> net = crnn(96, 40, 10)
    >>> net.input_shape, net.output_shape, net.count_params()
    ((None, 96, 40), (None, 10), 275266)
    """
    inputs, x = spectrogram_input(n_frames, n_bands, norm_strength=norm_strength)  # (B, T, F, 1)
    for channels, pool in ((width, (2, 2)), (2 * width, (2, 2)), (4 * width, (1, 2))):
        x = conv_norm(x, channels)
        x = layers.MaxPooling2D(pool, padding="same")(x)  # at last (B, T/4, F/8, 4W)
    x = layers.Reshape((x.shape[1], x.shape[2] * x.shape[3]))(x)  # (B, T/4, F/8 * 4W)
    x = layers.LSTM(4 * width)(x)  # (B, 4W)
    x = layers.Dropout(dropout)(x)
    outputs = answer_layer(x, n_classes, answer)
    return keras.Model(inputs, outputs, name="crnn")
