"""The recurrent net of the folk model: predicts the next token of a tune."""

from __future__ import annotations

import keras
from keras import layers

from woodshed.nets.recurrent import Recurrent


def lstm_lm(
    n_tokens: int = 137, *, width: int = 512, n_layers: int = 3, dropout: float = 0.5, cell: str = "lstm"
) -> keras.Model:
    """Build layers of long short-term memory over one-hot tokens, and a softmax over the next token.

    The net of Sturm et al., "Music transcription modelling and composition using deep learning" (2016),
    weight for weight at the defaults: forget biases start at 5, recurrent weights and those of the
    softmax orthogonal, input weights as Glorot and Bengio say. Theirs learns its first state, too; ours
    starts from zeros. The one-hot vectors are never made: an id picks its row of weights.

    Parameters
    ----------
    n_tokens
        Size of the vocabulary.
    width
        Units of each layer.
    n_layers
        Layers on top of each other.
    dropout
        Share of the values dropped after each layer while learning, 0 to 1.
    cell
        "lstm", or "gru" for gated recurrent units, which have a quarter fewer weights.

    Returns
    -------
    keras.Model
        ``(batch, time)`` of ids to ``(batch, time, n_tokens)`` logits: the answer at a moment depends on
        tokens up to and with that moment, and is about the one after it.

    Examples
    --------
    >>> net = lstm_lm()  # 4*512*(137+512+1) + 2*4*512*(512+512+1) + 137*(512+1)
    >>> net.count_params(), net.get_layer("logits").count_params()
    (5599881, 70281)
    >>> lstm_lm(137, width=64, n_layers=1, cell="gru").count_params()  # 3*64*(137+64+2) + 137*(64+1)
    47881
    """
    inputs = keras.Input((None,), dtype="int32", name="tokens")  # (B, T)
    x = inputs
    for number in range(n_layers):
        x = Recurrent(
            width,
            cell=cell,
            n_tokens=None if number else n_tokens,
            forget_bias=5.0,
            name=f"{cell}_{number + 1}",
        )(x)  # (B, T, W)
        x = layers.Dropout(dropout)(x)
    outputs = layers.Dense(n_tokens, kernel_initializer="orthogonal", name="logits")(x)  # (B, T, n_tokens)
    return keras.Model(inputs, outputs, name="lstm_lm")
