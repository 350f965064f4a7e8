"""Recurrent language model of the folk-rnn: predicts the next token of a tune."""

from __future__ import annotations

from collections.abc import Sequence

import keras
from keras import layers

from woodshed.nets.feature_embedding import FeatureEmbedding
from woodshed.nets.recurrent import Recurrent


def lstm_lm(
    n_tokens: int = 137,
    *,
    width: int = 512,
    n_layers: int = 3,
    dropout: float = 0.5,
    cell: str = "lstm",
    feature_sizes: Sequence[int] = (),
    embedding_size: int = 192,
) -> keras.Model:
    """Build stacked LSTM or GRU layers over one-hot tokens, with logits of the next token.

    The net of Sturm et al., "Music transcription modelling and composition using deep learning" (2016),
    with the same number of weights by default: forget biases are initialised to 5, recurrent and output
    weights orthogonally, input weights after Glorot and Bengio. Theirs also learns its initial state; here it
    is zero. One-hot vectors are never computed: an id selects its row of weights.

    Parameters
    ----------
    n_tokens
        Size of the vocabulary.
    width
        Number of units of each layer.
    n_layers
        Number of stacked layers.
    dropout
        Dropout rate after each layer during training, 0 to 1.
    cell
        "lstm" or "gru"; the latter has a quarter fewer weights.
    feature_sizes
        Number of values of each feature that is known beside the token, such as the place in the bar. With
        features, the first layer gets the sum of a learned vector for each of them and for the token.
    embedding_size
        Length of these vectors.

    Returns
    -------
    keras.Model
        ``(batch, time)`` of ids, or ``(batch, time, 1 + n_features)`` of ids and values of the features, to
        ``(batch, time, n_tokens)`` logits: those of a time step depend on the tokens up to and including it,
        and predict the next one.

    Examples
    --------
    >>> net = lstm_lm()  # 4*512*(137+512+1) + 2*4*512*(512+512+1) + 137*(512+1)
    >>> net.count_params(), net.get_layer("logits").count_params()
    (5599881, 70281)
    >>> lstm_lm(137, width=64, n_layers=1, cell="gru").count_params()  # 3*64*(137+64+2) + 137*(64+1)
    47881
    >>> lstm_lm(137, width=64, n_layers=1, feature_sizes=(3, 5)).output_shape
    (None, None, 137)
    """
    if feature_sizes:
        inputs = keras.Input((None, 1 + len(feature_sizes)), dtype="int32", name="tokens")  # (B, T, K)
        x = FeatureEmbedding((n_tokens, *feature_sizes), embedding_size, name="embedding")(inputs)
        x = layers.Dropout(dropout / 2)(x)  # (B, T, E)
    else:
        x = inputs = keras.Input((None,), dtype="int32", name="tokens")  # (B, T)
    for number in range(n_layers):
        x = Recurrent(
            width,
            cell=cell,
            n_tokens=None if number or feature_sizes else n_tokens,
            forget_bias=5.0,
            name=f"{cell}_{number + 1}",
        )(x)  # (B, T, W)
        x = layers.Dropout(dropout)(x)
    outputs = layers.Dense(n_tokens, kernel_initializer="orthogonal", name="logits")(x)  # (B, T, n_tokens)
    return keras.Model(inputs, outputs, name="lstm_lm")
