"""Residual convolutional net, pooled over time and frequency."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers

from woodshed.nets.batch_norm import BatchNorm
from woodshed.nets.window_layers import output_layer, spectrogram_input


def conv_residual(
    n_frames: int,
    n_bands: int,
    n_outputs: int,
    *,
    width: int = 24,
    dropout: float = 0.3,
    norm_strength: float = 1.0,
    activation: str | None = "softmax",
) -> keras.Model:
    """Build a small residual net with three stages and global pooling.

    After He et al., "Deep Residual Learning for Image Recognition" (2016), scaled down to a few hundred to a
    few thousand clips and to training on two CPU cores: a wide stem that reduces both axes by four,
    average-pooled shortcuts, and mean and maximum pooling side by side.

    Parameters are those of every net in `woodshed.nets`; ``width`` is the number of channels of the first
    stage, and the others have two and three times as many.

    Examples
    --------
    >>> net = conv_residual(96, 40, 10)
    >>> net.input_shape, net.output_shape, net.count_params()
    ((None, 96, 40), (None, 10), 127138)
    """
    inputs, x = spectrogram_input(n_frames, n_bands, norm_strength=norm_strength)  # (B, T, F, 1)
    x = conv_norm(x, width, kernel=5, stride=2)  # (B, T/2, F/2, W)
    x = layers.MaxPooling2D(2, padding="same")(x)  # (B, T/4, F/4, W)
    x = residual(x, width, stride=1)
    x = residual(x, 2 * width, stride=2)  # (B, T/8, F/8, 2W)
    x = residual(x, 3 * width, stride=2)  # (B, T/16, F/16, 3W)
    x = layers.Concatenate()([layers.GlobalAveragePooling2D()(x), layers.GlobalMaxPooling2D()(x)])  # (B, 6W)
    x = layers.Dropout(dropout)(x)
    return keras.Model(inputs, output_layer(x, n_outputs, activation), name="conv_residual")


def conv_norm(x: Any, channels: int, *, kernel: int = 3, stride: int = 1, relu: bool = True) -> Any:
    """Apply a convolution, batch normalisation and, by default, ReLU."""
    x = layers.Conv2D(channels, kernel, strides=stride, padding="same", use_bias=False)(x)
    x = BatchNorm()(x)
    return layers.ReLU()(x) if relu else x


def residual(x: Any, channels: int, *, stride: int) -> Any:
    """Apply two convolutions with a shortcut, which is pooled and projected when the shape changes."""
    shortcut = x
    if stride > 1:
        shortcut = layers.AveragePooling2D(stride, padding="same")(shortcut)
    if shortcut.shape[-1] != channels:
        shortcut = layers.Conv2D(channels, 1, use_bias=False)(shortcut)
    y = conv_norm(x, channels, stride=stride)
    y = conv_norm(y, channels, relu=False)
    return layers.ReLU()(layers.Add()([y, shortcut]))
