"""Transformer encoder over pairs of frames."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers

from woodshed.nets.window_layers import SinusoidalPosition, output_layer, sequence_input

N_BLOCKS, N_HEADS = 4, 4


def transformer(
    n_frames: int,
    n_bands: int,
    n_outputs: int,
    *,
    width: int = 32,
    dropout: float = 0.3,
    norm_strength: float = 1.0,
    activation: str | None = "softmax",
) -> keras.Model:
    """Build four blocks of self-attention with four heads over pairs of frames.

    The encoder of Vaswani et al., "Attention is all you need" (2017), with sinusoidal positions.
    Normalisation precedes each part of a block instead of following it, so that no long warm-up is needed
    (Xiong et al., "On layer normalization in the transformer architecture", 2020). A convolution over five
    frames with stride two replaces the word embeddings.

    Parameters are those of every net in `woodshed.nets`; ``width`` is the size of a head, and a time step has
    four times as many values: 128 by default. The blocks use a third of ``dropout``.

    Examples
    --------
    >>> net = transformer(96, 40, 10)
    >>> net.input_shape, net.output_shape, net.count_params()
    ((None, 96, 40), (None, 10), 820362)
    """
    inputs, x = sequence_input(n_frames, n_bands, norm_strength=norm_strength)  # (B, T, F)
    x = layers.Conv1D(N_HEADS * width, 5, strides=2, padding="same")(x)  # (B, T/2, 4W)
    x = SinusoidalPosition()(x)
    for _ in range(N_BLOCKS):
        x = encoder_block(x, width, dropout=dropout / 3)
    x = layers.LayerNormalization()(x)
    x = layers.GlobalAveragePooling1D()(x)  # (B, 4W)
    x = layers.Dropout(dropout)(x)
    return keras.Model(inputs, output_layer(x, n_outputs, activation), name="transformer")


def encoder_block(x: Any, width: int, *, dropout: float) -> Any:
    """Apply a pre-normalised encoder block: self-attention and a feed-forward part, each with a shortcut."""
    n_values = N_HEADS * width
    y = layers.LayerNormalization()(x)
    y = layers.MultiHeadAttention(N_HEADS, width)(y, y)
    x = layers.Add()([x, layers.Dropout(dropout)(y)])
    y = layers.LayerNormalization()(x)
    y = layers.Dense(4 * n_values, activation="relu")(y)  # (B, T/2, 16W)
    y = layers.Dense(n_values)(y)  # (B, T/2, 4W)
    return layers.Add()([x, layers.Dropout(dropout)(y)])
