"""Gated causal convolutions whose reach doubles from layer to layer: predicts the next token."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers

KERNEL = 2


def tcn(
    n_tokens: int, *, width: int = 64, n_layers: int = 8, n_stacks: int = 1, dropout: float = 0.1
) -> keras.Model:
    """Build dilated causal convolutions with gates, shortcuts and skips.

    The net of van den Oord et al., "WaveNet: a generative model for raw audio" (2016), with the dropout
    of Bai et al., "An empirical evaluation of generic convolutional and recurrent networks for sequence
    modeling" (2018). The answer at a moment reaches back ``tcn_reach(n_layers, n_stacks)`` moments.

    Parameters
    ----------
    n_tokens
        Size of the vocabulary; 256 for sound in mu-law steps.
    width
        Channels of the shortcuts; the skips have twice as many.
    n_layers
        Layers of a stack, dilated by 1, 2, 4 and so on.
    n_stacks
        Stacks on top of each other.
    dropout
        Share of each layer's gated values dropped while learning, 0 to 1.

    Returns
    -------
    keras.Model
        ``(batch, time)`` of ids to ``(batch, time, n_tokens)`` logits about the next token.

    Examples
    --------
    >>> net = tcn(10, width=8, n_layers=3)
    >>> net.count_params()  # 10*8 + 3*((2*8+1)*16 + (8+1)*16) + 2*(8+1)*8 + (16+1)*(16+10)
    1914
    """
    inputs = keras.Input((None,), dtype="int32", name="tokens")  # (B, T)
    x = layers.Embedding(n_tokens, width)(inputs)  # (B, T, W)
    x, skip = gated_stacks(x, width, n_layers=n_layers, n_stacks=n_stacks, dropout=dropout)
    y = layers.Dense(2 * width, activation="relu")(layers.ReLU()(skip))  # (B, T, 2W)
    outputs = layers.Dense(n_tokens, name="logits")(y)  # (B, T, n_tokens)
    return keras.Model(inputs, outputs, name="tcn")


def gated_stacks(x: Any, width: int, *, n_layers: int, n_stacks: int, dropout: float) -> tuple[Any, Any]:
    """Lead ``(B, T, W)`` through all layers; return the last layer's input and all skips ``(B, T, 2W)``."""
    skips = []
    for number in range(n_layers * n_stacks):
        dilation = 2 ** (number % n_layers)
        y = layers.Conv1D(2 * width, KERNEL, padding="causal", dilation_rate=dilation)(x)  # (B, T, 2W)
        value, gate = y[..., :width], y[..., width:]  # (B, T, W) each
        y = layers.Multiply()([layers.Activation("tanh")(value), layers.Activation("sigmoid")(gate)])
        y = layers.Dropout(dropout)(y)
        skips.append(layers.Dense(2 * width)(y))  # (B, T, 2W)
        if number < n_layers * n_stacks - 1:  # after the last layer only the skips go on
            x = layers.Add()([x, layers.Dense(width)(y)])
    return x, layers.Add()(skips) if len(skips) > 1 else skips[0]


def tcn_reach(n_layers: int, n_stacks: int = 1) -> int:
    """Count the moments, the last one included, that an answer depends on.

    Examples
    --------
    >>> tcn_reach(10)  # WaveNet's stack: 1, 2, 4 ... 512
    1024
    """
    reach: int = 1 + n_stacks * (KERNEL - 1) * (2**n_layers - 1)
    return reach
