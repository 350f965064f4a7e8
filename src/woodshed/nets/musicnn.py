"""Musically motivated convolutional net: vertical filters for timbre, horizontal ones for rhythm."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers

from woodshed.nets.batch_norm import BatchNorm
from woodshed.nets.window_layers import output_layer, spectrogram_input

TIMBRAL_SHARES = (38 / 96, 67 / 96)
"""Height of the vertical filters, as a share of the bands: 38 and 67 of 96 in the paper."""

TEMPORAL_SHARES = (128 / 187, 64 / 187, 32 / 187)
"""Length of the horizontal filters, as a share of the window: 128, 64 and 32 of 187 frames."""


def musicnn(
    n_frames: int,
    n_bands: int,
    n_outputs: int,
    *,
    width: int = 24,
    dropout: float = 0.3,
    norm_strength: float = 1.0,
    activation: str | None = "softmax",
) -> keras.Model:
    """Build vertical and horizontal filters side by side, residual convolutions and a dense layer.

    After Pons et al., "End-to-end learning for music audio tagging at scale" (2018), and Pons and Serra,
    "musicnn: pre-trained convolutional neural networks for music audio tagging" (2019). The maximum of a
    vertical filter over all bands makes it invariant to pitch; a horizontal filter follows one band through
    time. Filter sizes are shares of the window, so that any window size works. Unlike in the papers, the
    maximum over bands is taken before the batch normalisation, which saves most of its work, and there are
    fewer filters by default.

    Parameters are those of every net in `woodshed.nets`; ``width`` is the number of filters of each of the
    three horizontal lengths, and each of the two vertical heights has four times as many; 51 in the papers.
    ``dropout`` is applied before and after the dense layer; 0.5 in the papers.

    Examples
    --------
    >>> musicnn(187, 96, 50, width=51).count_params()  # the paper's window and its fifty tags
    792075
    >>> musicnn(96, 40, 10).output_shape
    (None, 10)
    """
    inputs, x = spectrogram_input(n_frames, n_bands, norm_strength=norm_strength)  # (B, T, F, 1)
    heights = [max(1, round(share * n_bands)) for share in TIMBRAL_SHARES]
    lengths = [max(1, round(share * n_frames)) for share in TEMPORAL_SHARES]
    front = [timbral(x, 4 * width, height) for height in heights]
    front += [temporal(x, width, length) for length in lengths]
    stages = [layers.Concatenate()(front)]  # (B, T, 11W)
    for k in range(3):
        y = layers.Conv1D(64, 7, padding="same", activation="relu")(stages[-1])  # (B, T, 64)
        y = BatchNorm()(y)
        stages.append(layers.Add()([y, stages[-1]]) if k else y)
    x = layers.Concatenate()(stages)  # (B, T, 11W + 192)
    x = layers.Concatenate()([layers.GlobalMaxPooling1D()(x), layers.GlobalAveragePooling1D()(x)])
    x = layers.Dropout(dropout)(BatchNorm()(x))  # (B, 22W + 384)
    x = layers.Dense(200, activation="relu")(x)  # (B, 200)
    x = layers.Dropout(dropout)(BatchNorm()(x))
    return keras.Model(inputs, output_layer(x, n_outputs, activation), name="musicnn")


def timbral(x: Any, n_filters: int, height: int) -> Any:
    """Apply filters of seven frames by ``height`` bands, and take the maximum over the bands."""
    x = layers.ZeroPadding2D(((3, 3), (0, 0)))(x)  # (B, T+6, F, 1)
    return max_over_bands(layers.Conv2D(n_filters, (7, height))(x))


def temporal(x: Any, n_filters: int, length: int) -> Any:
    """Apply filters of ``length`` frames in a single band, and take the maximum over the bands."""
    return max_over_bands(layers.Conv2D(n_filters, (length, 1), padding="same")(x))


def max_over_bands(x: Any) -> Any:
    """Take the maximum over the bands, then apply ReLU and batch normalisation."""
    _, n_frames, n_bands, n_filters = x.shape
    x = layers.MaxPooling2D((1, n_bands))(x)  # (B, T, 1, C)
    x = layers.Reshape((n_frames, n_filters))(x)  # (B, T, C)
    return BatchNorm()(layers.ReLU()(x))
