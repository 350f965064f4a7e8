"""Recurrent nets over frames of a piano roll: which notes sound next, each by itself."""

from __future__ import annotations

import keras
from keras import layers

from woodshed.nets.recurrent import Recurrent


def frame_rnn(
    n_notes: int = 88, *, width: int = 128, n_layers: int = 1, dropout: float = 0.2, cell: str = "lstm"
) -> keras.Model:
    """Build recurrent layers, and a logit for each note of the next frame.

    The RNN that Boulanger-Lewandowski et al., "Modeling temporal dependencies in high-dimensional
    sequences" (2012), compare theirs with: given the past, the notes of a frame know nothing of each
    other. So its likelihood is exact: see `bernoulli_nats`.

    Parameters
    ----------
    n_notes
        Notes of a frame; 88 for the piano.
    width
        Units of each layer.
    n_layers
        Layers on top of each other.
    dropout
        Share of the values dropped after each layer while learning, 0 to 1.
    cell
        "lstm", "gru", or "rnn" for plain tanh units.

    Returns
    -------
    keras.Model
        ``(batch, time, n_notes)`` of 0 and 1 to ``(batch, time, n_notes)`` logits about the next frame.

    Examples
    --------
    >>> frame_rnn(88, width=100, cell="rnn").count_params()  # 100*(88+100+1) + 88*(100+1)
    27788
    """
    inputs = keras.Input((None, n_notes), name="frames")  # (B, T, N)
    x = inputs
    for _ in range(n_layers):
        if cell == "rnn":
            x = layers.SimpleRNN(width, return_sequences=True)(x)  # (B, T, W)
        else:
            x = Recurrent(width, cell=cell)(x)  # (B, T, W)
        x = layers.Dropout(dropout)(x)
    outputs = layers.Dense(n_notes, name="logits")(x)  # (B, T, N)
    return keras.Model(inputs, outputs, name="frame_rnn")
