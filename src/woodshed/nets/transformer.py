"""A transformer encoder: every moment of the window looks at every other."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers

from woodshed.nets.answer import answer_layer
from woodshed.nets.front import SinusoidalPosition, sequence_input

N_BLOCKS, N_HEADS = 4, 4


def transformer(
    n_frames: int,
    n_bands: int,
    n_classes: int,
    *,
    width: int = 32,
    dropout: float = 0.3,
    norm_strength: float = 1.0,
    answer: str = "classes",
) -> keras.Model:
    """Build four blocks of self-attention with four heads over pairs of frames.

    The encoder of Vaswani et al., "Attention is all you need" (2017), with their sinusoidal positions.
    Normalisation comes before each part of a block instead of after, since such a net learns without
    a long warm-up (Xiong et al., "On layer normalization in the transformer architecture", 2020). A
    convolution over five frames, at every second one, takes the place of word embeddings.

    Parameters
    ----------
    n_frames, n_bands
        Size of the window.
    n_classes
        Number of answers.
    width
        Size of a head; a moment is described by four times as many values, 128 at the default.
    dropout
        Share of the pooled features dropped while learning, 0 to 1; in the blocks a third of it.
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
    >>> net = transformer(96, 40, 10)
    >>> net.input_shape, net.output_shape, net.count_params()
    ((None, 96, 40), (None, 10), 820362)
    """
    inputs, x = sequence_input(n_frames, n_bands, norm_strength=norm_strength)  # (B, T, F)
    x = layers.Conv1D(N_HEADS * width, 5, strides=2, padding="same")(x)  # (B, T/2, 4W)
    x = SinusoidalPosition()(x)
    for _ in range(N_BLOCKS):
        x = encode(x, width, dropout=dropout / 3)
    x = layers.LayerNormalization()(x)
    x = layers.GlobalAveragePooling1D()(x)  # (B, 4W)
    x = layers.Dropout(dropout)(x)
    outputs = answer_layer(x, n_classes, answer)
    return keras.Model(inputs, outputs, name="transformer")


def encode(x: Any, width: int, *, dropout: float) -> Any:
    """Let every moment look at all, then let each think for itself; both beside a shortcut."""
    n_values = N_HEADS * width
    y = layers.LayerNormalization()(x)
    y = layers.MultiHeadAttention(N_HEADS, width)(y, y)
    x = layers.Add()([x, layers.Dropout(dropout)(y)])
    y = layers.LayerNormalization()(x)
    y = layers.Dense(4 * n_values, activation="relu")(y)  # (B, T/2, 16W)
    y = layers.Dense(n_values)(y)  # (B, T/2, 4W)
    return layers.Add()([x, layers.Dropout(dropout)(y)])
