"""The multi-layer perceptron of a course, weight for weight."""

from __future__ import annotations

import keras
from keras import layers

from woodshed.nets.answer import answer_layer
from woodshed.nets.front import spectrogram_input


def course_mlp(
    n_frames: int,
    n_bands: int,
    n_classes: int,
    *,
    width: int = 32,
    dropout: float = 0.3,
    norm_strength: float = 1.0,
    answer: str = "classes",
) -> keras.Model:
    """Build three hidden layers, 16, 8 and 2 times ``width`` units, on the whole window at once.

    The first net of V. Velardo's course "Deep Learning (for Audio) with Python" (2020), there for 130
    frames of 13 cepstral coefficients and ten genres; on a larger window it has more weights. The
    course does not bring its input to one scale; here `ChannelNorm` does, which has no weights. Its
    penalty on large weights is left to the weight decay of the training.

    Parameters
    ----------
    n_frames, n_bands
        Size of the window.
    n_classes
        Number of answers.
    width
        A sixteenth of the units of the first hidden layer: 512 at the default.
    dropout
        Share of each hidden layer dropped while learning, 0 to 1; 0 is the course before its lesson on it.
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
    >>> course_mlp(130, 13, 10).count_params()  # 1690*512+512 + 512*256+256 + 256*64+64 + 64*10+10
    1014218
    """
    inputs, x = spectrogram_input(n_frames, n_bands, norm_strength=norm_strength)  # (B, T, F, 1)
    x = layers.Flatten()(x)  # (B, T * F)
    for units in (16 * width, 8 * width, 2 * width):
        x = layers.Dense(units, activation="relu")(x)
        x = layers.Dropout(dropout)(x)
    outputs = answer_layer(x, n_classes, answer)
    return keras.Model(inputs, outputs, name="course_mlp")
