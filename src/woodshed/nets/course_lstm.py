"""The recurrent net of a course, weight for weight."""

from __future__ import annotations

import keras
from keras import layers

from woodshed.nets.answer import answer_layer
from woodshed.nets.front import sequence_input


def course_lstm(
    n_frames: int,
    n_bands: int,
    n_classes: int,
    *,
    width: int = 32,
    dropout: float = 0.3,
    norm_strength: float = 1.0,
    answer: str = "classes",
) -> keras.Model:
    """Build two long short-term memories, one on the other, and one hidden dense layer.

    The third net of V. Velardo's course "Deep Learning (for Audio) with Python" (2020), there for 130
    frames of 13 cepstral coefficients and ten genres. The course does not bring its input to one scale;
    here `ChannelNorm` does, which has no weights.

    Parameters
    ----------
    n_frames, n_bands
        Size of the window.
    n_classes
        Number of answers.
    width
        Half the units of each memory and of the hidden layer: 64 at the default.
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
    >>> net = course_lstm(130, 13, 10)
    >>> net.count_params()  # 4*(13+64+1)*64 + 4*(64+64+1)*64 + 64*64+64 + 64*10+10
    57802
    """
    inputs, x = sequence_input(n_frames, n_bands, norm_strength=norm_strength)  # (B, T, F)
    x = layers.LSTM(2 * width, return_sequences=True)(x)  # (B, T, 2W)
    x = layers.LSTM(2 * width)(x)  # (B, 2W)
    x = layers.Dense(2 * width, activation="relu")(x)
    x = layers.Dropout(dropout)(x)
    outputs = answer_layer(x, n_classes, answer)
    return keras.Model(inputs, outputs, name="course_lstm")
