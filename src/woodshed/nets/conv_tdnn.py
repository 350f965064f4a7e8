"""A convolutional front for spectrograms, then a time-delay net: the default for speech."""

from __future__ import annotations

import keras
from keras import layers

from woodshed.nets.answer import answer_layer
from woodshed.nets.conv_residual import conv_norm
from woodshed.nets.front import spectrogram_input


def conv_tdnn(
    n_frames: int,
    n_bands: int,
    n_classes: int,
    *,
    width: int = 24,
    dropout: float = 0.3,
    norm_strength: float = 1.0,
    answer: str = "classes",
) -> keras.Model:
    """Build convolutions that become one vector a moment, then convolutions along time.

    In speech *where* in frequency something happens decides the vowel, so unlike in `conv_residual`
    the bands are not pooled but read together by one full-height convolution. What follows is the
    time-delay net of Waibel et al., "Phoneme recognition using time-delay neural networks" (1989),
    with dilation and shortcuts in place of its sub-sampling, and mean and maximum pooling over time.

    Parameters
    ----------
    n_frames, n_bands
        Size of the window.
    n_classes
        Number of answers.
    width
        Channels of the first convolution.
    dropout
        Share of the pooled features dropped while learning, 0 to 1.
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
    >>> net = conv_tdnn(96, 40, 10)
    >>> net.input_shape, net.output_shape, net.count_params()
    ((None, 96, 40), (None, 10), 261570)
    """
    n_channels = 128
    inputs, x = spectrogram_input(n_frames, n_bands, norm_strength=norm_strength)  # (B, T, F, 1)
    x = conv_norm(x, width, kernel=5, stride=2)  # (B, T/2, F/2, W)
    x = conv_norm(x, 2 * width, stride=2)  # (B, T/4, F/4, 2W)
    x = conv_norm(x, 2 * width)
    x = layers.Conv2D(n_channels, (1, x.shape[2]), use_bias=False)(x)  # (B, T/4, 1, C)
    x = layers.Reshape((x.shape[1], n_channels))(x)  # (B, T/4, C)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    for dilation in (1, 2):
        y = layers.Conv1D(n_channels, 5, padding="same", dilation_rate=dilation, use_bias=False)(x)
        y = layers.ReLU()(layers.BatchNormalization()(y))
        x = layers.Add()([x, y])
    pooled = [layers.GlobalAveragePooling1D()(x), layers.GlobalMaxPooling1D()(x)]
    x = layers.Concatenate()(pooled)  # (B, 2C)
    x = layers.Dropout(dropout)(x)
    outputs = answer_layer(x, n_classes, answer)
    return keras.Model(inputs, outputs, name="conv_tdnn")
