"""A recurrent net that reads the frames one after another, from both ends."""

from __future__ import annotations

import keras
from keras import layers

from woodshed.nets.answer import answer_layer
from woodshed.nets.front import sequence_input


def lstm(
    n_frames: int,
    n_bands: int,
    n_classes: int,
    *,
    width: int = 24,
    dropout: float = 0.3,
    norm_strength: float = 1.0,
    answer: str = "classes",
) -> keras.Model:
    """Build a bidirectional long short-term memory over frames, pooled over time.

    After Graves and Schmidhuber, "Framewise phoneme classification with bidirectional LSTM" (2005).
    They name every frame; we want one answer for the window, and so the mean and the maximum over its
    frames go on. Nothing in it knows that neighbouring bands are alike: it has to learn that.

    Parameters
    ----------
    n_frames, n_bands
        Size of the window.
    n_classes
        Number of answers.
    width
        A quarter of the units of each direction.
    dropout
        Share of the pooled features dropped while learning, 0 to 1.
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
    >>> lstm(96, 40, 10).count_params()  # 2 * 4 * (40+96+1)*96 + (4*96+1)*10
    109066
    """
    inputs, x = sequence_input(n_frames, n_bands, norm_strength=norm_strength)  # (B, T, F)
    x = layers.Bidirectional(layers.LSTM(4 * width, return_sequences=True))(x)  # (B, T, 8W)
    pooled = [layers.GlobalAveragePooling1D()(x), layers.GlobalMaxPooling1D()(x)]
    x = layers.Concatenate()(pooled)  # (B, 16W)
    x = layers.Dropout(dropout)(x)
    outputs = answer_layer(x, n_classes, answer)
    return keras.Model(inputs, outputs, name="lstm")
