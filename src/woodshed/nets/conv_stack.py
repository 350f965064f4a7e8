"""A plain stack of convolutions: the net of the textbooks, for comparison and for teaching."""

from __future__ import annotations

import keras
from keras import layers

from woodshed.nets.answer import answer_layer
from woodshed.nets.front import spectrogram_input


def conv_stack(
    n_frames: int,
    n_bands: int,
    n_classes: int,
    *,
    width: int = 32,
    dropout: float = 0.3,
    norm_strength: float = 1.0,
    answer: str = "classes",
) -> keras.Model:
    """Build three convolutions, each halved by max pooling, and one hidden dense layer.

    Parameters
    ----------
    n_frames, n_bands
        Size of the window, at least 8 by 8.
    n_classes
        Number of answers.
    width
        Channels of every convolution.
    dropout
        Share of the hidden layer dropped while learning, 0 to 1.
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
    >>> conv_stack(96, 40, 10).output_shape
    (None, 10)
    """
    inputs, x = spectrogram_input(n_frames, n_bands, norm_strength=norm_strength)  # (B, T, F, 1)
    for _ in range(3):
        x = layers.Conv2D(width, 3, padding="same", activation="relu")(x)
        x = layers.MaxPooling2D(2, padding="same")(x)
        x = layers.BatchNormalization()(x)
    # (B, T/8, F/8, W): the order in time is kept, unlike in `conv_residual`.
    x = layers.Flatten()(x)
    x = layers.Dense(64, activation="relu")(x)
    x = layers.Dropout(dropout)(x)
    outputs = answer_layer(x, n_classes, answer)
    return keras.Model(inputs, outputs, name="conv_stack")
