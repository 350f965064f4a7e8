"""A multi-layer perceptron on the flattened spectrogram: what a net does without knowing about time."""

from __future__ import annotations

import keras
from keras import layers

from woodshed.nets.answer import answer_layer
from woodshed.nets.front import spectrogram_input


def mlp(
    n_frames: int,
    n_bands: int,
    n_classes: int,
    *,
    width: int = 128,
    dropout: float = 0.3,
    norm_strength: float = 1.0,
    answer: str = "classes",
) -> keras.Model:
    """Build two hidden layers, ``2 * width`` and ``width`` units, on the whole window at once.

    Parameters
    ----------
    n_frames, n_bands
        Size of the window.
    n_classes
        Number of answers.
    width
        Units of the second hidden layer; the first has twice as many.
    dropout
        Share of each hidden layer dropped while learning, 0 to 1.
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
    >>> mlp(10, 4, 3, width=5).count_params()  # 40*10+10 + 10*5+5 + 5*3+3
    483
    """
    inputs, x = spectrogram_input(n_frames, n_bands, norm_strength=norm_strength)  # (B, T, F, 1)
    x = layers.Flatten()(x)  # (B, T * F)
    for units in (2 * width, width):
        x = layers.Dense(units, activation="relu")(x)
        x = layers.Dropout(dropout)(x)
    outputs = answer_layer(x, n_classes, answer)
    return keras.Model(inputs, outputs, name="mlp")
