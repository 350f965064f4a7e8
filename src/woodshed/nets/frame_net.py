"""Nets over frames of notes whose likelihood is exact: a reader of the frames before, and a head for one."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers

from woodshed.errors import ParameterError, near_miss
from woodshed.nets.nade import LearnedBias, Nade
from woodshed.nets.recurrent import Recurrent
from woodshed.nets.tcn import gated_stacks
from woodshed.nets.transformer_lm import causal_blocks

READERS = ("none", "rnn", "gru", "lstm", "tcn", "transformer")
"""What may read the frames before; none leaves every frame by itself."""

HEADS = ("apart", "nade")
"""How the notes of a frame are asked: each by itself, or each knowing those below it."""

N_HEADS = 4
"""Heads of a transformer's attention."""


def frame_net(  # noqa: PLR0913  all that makes a net
    n_notes: int = 88,
    *,
    reader: str = "gru",
    head: str = "nade",
    n_hidden: int = 64,
    width: int = 128,
    n_layers: int = 1,
    dropout: float = 0.2,
    context: int = 128,
) -> keras.Model:
    """Build a net that reads the frames before, and asks the notes of a frame in one of two ways.

    With the head ``apart`` and a recurrent reader it is the RNN of Boulanger-Lewandowski, Bengio and
    Vincent, "Modeling temporal dependencies in high-dimensional sequences" (2012); with ``tcn`` that of Bai
    et al. (2018), but gated: given the past, the notes of a frame know nothing of each other. With ``nade``
    they do; a recurrent reader then makes the RNN-NADE of the first of these papers.

    Parameters
    ----------
    n_notes
        Notes of a frame; 88 for the piano.
    reader
        Of `READERS`.
    head
        Of `HEADS`.
    n_hidden
        Hidden units of a NADE.
    width, n_layers, dropout
        Values that describe a moment, layers on top of each other, share dropped after each while learning.
    context
        Frames that a transformer looks back at most.

    Returns
    -------
    keras.Model
        ``(batch, time, n_notes)`` of 0 and 1 to logits of the *same* frames, each given all frames before it.
        The exact nats of each frame are ``bernoulli_nats(frames, net(frames))``. The layers ``note_bias``
        and, with NADE, ``hidden_bias`` hold what the frames before say.

    Raises
    ------
    ParameterError
        If there is no such reader or head.

    Examples
    --------
    >>> frame_net(reader="rnn", head="apart", width=100).count_params()  # 100*(88+100+1) + 88*(100+1)
    27788
    >>> frame_net(reader="gru", width=100).count_params()  # 3*100*(88+100+2) + 2*88*64 + (100+1)*(88+64)
    83616
    """
    for name, value, known in (("reader", reader, READERS), ("head", head, HEADS)):
        if value not in known:
            raise ParameterError(f"A net of frames has no {name} {value!r}. {near_miss(value, known)}")
    frames = keras.Input((None, n_notes), name="frames")  # (B, T, N)
    if reader == "none":
        state, bias = frames, LearnedBias
    else:
        before = layers.ZeroPadding1D((1, 0))(frames)[:, :-1]  # (B, T, N): each frame sees those before it
        state = _read(before, reader, width=width, n_layers=n_layers, dropout=dropout, context=context)
        bias = layers.Dense
    note_bias = bias(n_notes, name="note_bias")(state)  # (B, T, N)
    if head == "apart":
        return keras.Model(frames, note_bias, name="frame_net")
    hidden_bias = bias(n_hidden, name="hidden_bias")(state)  # (B, T, H)
    outputs = Nade(n_hidden, name="nade")([frames, note_bias, hidden_bias])  # (B, T, N)
    return keras.Model(frames, outputs, name="frame_net")


def _read(x: Any, reader: str, *, width: int, n_layers: int, dropout: float, context: int) -> Any:
    """Turn frames ``(B, T, N)`` into what is remembered at each, ``(B, T, W)`` or twice as wide."""
    if reader == "tcn":
        x = layers.Dense(width, name="enter")(x)  # (B, T, W)
        _, skip = gated_stacks(x, width, n_layers=n_layers, n_stacks=1, dropout=dropout)
        return layers.Dropout(dropout)(layers.Dense(2 * width, activation="relu")(layers.ReLU()(skip)))
    if reader == "transformer":
        x = layers.Dropout(dropout)(layers.Dense(width, name="enter")(x))  # (B, T, W)
        return causal_blocks(x, n_layers=n_layers, n_heads=N_HEADS, context=context, dropout=dropout)
    for _ in range(n_layers):
        if reader == "rnn":
            x = layers.SimpleRNN(width, return_sequences=True)(x)  # (B, T, W)
        else:
            x = Recurrent(width, cell=reader)(x)  # (B, T, W)
        x = layers.Dropout(dropout)(x)
    return x
