"""The convolutional net of a course, weight for weight."""

from __future__ import annotations

import keras
from keras import layers

from woodshed.nets.answer import answer_layer
from woodshed.nets.front import check_window, spectrogram_input


def course_cnn(
    n_frames: int,
    n_bands: int,
    n_classes: int,
    *,
    width: int = 32,
    dropout: float = 0.3,
    norm_strength: float = 1.0,
    answer: str = "classes",
) -> keras.Model:
    """Build three convolutions that lose their borders, each pooled, and one hidden dense layer.

    The second net of V. Velardo's course "Deep Learning (for Audio) with Python" (2020), there for 130
    frames of 13 cepstral coefficients and ten genres. The course does not bring its input to one scale;
    here `ChannelNorm` does, which has no weights.

    Parameters
    ----------
    n_frames, n_bands
        Size of the window, at least 11 by 11.
    n_classes
        Number of answers.
    width
        Channels of every convolution; the hidden layer has twice as many units.
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

    Raises
    ------
    ParameterError
        If the window is too small for three convolutions without borders.

    Examples
    --------
    >>> net = course_cnn(130, 13, 10)
    >>> net.count_params()  # 9*32+32 + 9*32*32+32 + 4*32*32+32 + 3*4*32 + 480*64+64 + 64*10+10
    45514
    """
    check_window("course-cnn", n_frames, n_bands, least=11)
    inputs, x = spectrogram_input(n_frames, n_bands, norm_strength=norm_strength)  # (B, T, F, 1)
    for kernel, pool in ((3, 3), (3, 3), (2, 2)):
        x = layers.Conv2D(width, kernel, activation="relu")(x)
        x = layers.MaxPooling2D(pool, strides=2, padding="same")(x)
        x = layers.BatchNormalization()(x)  # at last about (B, T/8 - 1, F/8 - 1, W)
    x = layers.Flatten()(x)
    x = layers.Dense(2 * width, activation="relu")(x)  # (B, 2W)
    x = layers.Dropout(dropout)(x)
    outputs = answer_layer(x, n_classes, answer)
    return keras.Model(inputs, outputs, name="course_cnn")
