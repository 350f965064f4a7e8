"""Convolutions over the spectrogram followed by a time-delay net."""

from __future__ import annotations

import keras
from keras import layers

from woodshed.nets.batch_norm import BatchNorm
from woodshed.nets.conv_residual import conv_norm
from woodshed.nets.window_layers import output_layer, spectrogram_input


def conv_tdnn(
    n_frames: int,
    n_bands: int,
    n_outputs: int,
    *,
    width: int = 24,
    dropout: float = 0.3,
    norm_strength: float = 1.0,
    activation: str | None = "softmax",
) -> keras.Model:
    """Build convolutions that reduce each frame to a vector, then convolutions along time.

    In speech the position of energy in frequency determines the vowel, so unlike in `conv_residual` the bands
    are not pooled but combined by one full-height convolution. It is followed by the time-delay net of
    Waibel et al., "Phoneme recognition using time-delay neural networks" (1989), with dilation and shortcuts
    in place of sub-sampling, and mean and maximum pooling over time.

    Parameters are those of every net in `woodshed.nets`; ``width`` is the number of channels of the first
    convolution.

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
    x = layers.ReLU()(BatchNorm()(x))
    for dilation in (1, 2):
        y = layers.Conv1D(n_channels, 5, padding="same", dilation_rate=dilation, use_bias=False)(x)
        y = layers.ReLU()(BatchNorm()(y))
        x = layers.Add()([x, y])
    x = layers.Concatenate()([layers.GlobalAveragePooling1D()(x), layers.GlobalMaxPooling1D()(x)])  # (B, 2C)
    x = layers.Dropout(dropout)(x)
    return keras.Model(inputs, output_layer(x, n_outputs, activation), name="conv_tdnn")
