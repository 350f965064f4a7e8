"""Multi-layer perceptron of V. Velardo's course, with the same number of weights."""

from __future__ import annotations

import keras
from keras import layers

from woodshed.nets.window_layers import output_layer, spectrogram_input


def course_mlp(
    n_frames: int,
    n_bands: int,
    n_outputs: int,
    *,
    width: int = 32,
    dropout: float = 0.3,
    norm_strength: float = 1.0,
    activation: str | None = "softmax",
) -> keras.Model:
    """Build three hidden layers of 16, 8 and 2 times ``width`` units on the flattened window.

    The first net of V. Velardo's course "Deep Learning (for Audio) with Python" (2020), defined there for 130
    frames of 13 cepstral coefficients and ten genres; a larger window has more weights. The course does not
    normalise its input; here `ChannelNorm`, which has no weights, does. Its L2 penalty is replaced by the
    weight decay of the training.

    Parameters are those of every net in `woodshed.nets`; the first hidden layer has 512 units by default.
    ``dropout`` follows each hidden layer; 0 is the net of the course before its lesson on dropout.

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
    return keras.Model(inputs, output_layer(x, n_outputs, activation), name="course_mlp")
