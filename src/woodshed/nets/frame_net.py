"""Autoregressive nets over frames of notes with an exact likelihood, and the NADE of the notes of a frame."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

from woodshed.errors import ParameterError, near_miss
from woodshed.nets.causal_attention import causal_blocks
from woodshed.nets.recurrent import Recurrent

READERS = ("none", "rnn", "gru", "lstm", "tcn", "transformer")
"""Readers of the preceding frames; "none" models every frame by itself."""

HEADS = ("independent", "nade")
"""Notes of a frame given the past: independent, or each conditioned on those below it."""

N_HEADS = 4
"""Attention heads of the transformer."""

KERNEL_SIZE = 2
"""Frames per convolution of the TCN."""


@keras.saving.register_keras_serializable(package="woodshed")
class Nade(keras.layers.Layer):  # type: ignore[misc]
    """Logits of each note given the notes below it in the same frame, so that the likelihood is exact.

    Larochelle and Murray, "The neural autoregressive distribution estimator" (2011): note ``k`` depends on
    ``sigmoid(c + W[:k].T @ notes[:k])``, computed for all notes at once.

    Parameters
    ----------
    n_hidden
        Number of hidden units.

    Inputs
        Frames ``(..., n_notes)`` of 0 and 1; biases of the notes, same shape; biases of the hidden units
        ``(..., n_hidden)``. Both biases may be outputs of a net over the preceding frames.
    Output shape
        ``(..., n_notes)``, logits.

    Examples
    --------
    >>> import numpy as np
    >>> frames = np.ones((2, 5), "float32")
    >>> Nade(3)([frames, 0 * frames, np.zeros((2, 3), "float32")]).shape
    TensorShape([2, 5])
    """

    def __init__(self, n_hidden: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.n_hidden = n_hidden

    def build(self, input_shape: Any) -> None:
        """Create the weights into and out of the hidden units."""
        n_notes = input_shape[0][-1]
        self.into = self.add_weight((n_notes, self.n_hidden), initializer="glorot_uniform", name="into")
        self.out = self.add_weight((n_notes, self.n_hidden), initializer="glorot_uniform", name="out")

    def compute_output_spec(self, inputs: Any) -> Any:
        """Return the shape of the output."""
        return keras.KerasTensor(inputs[0].shape, dtype=self.compute_dtype)

    def call(self, inputs: Any) -> Any:
        """Compute the logits of all notes."""
        frames, note_bias, hidden_bias = inputs
        n_notes = frames.shape[-1]
        below = frames[..., None, :] * ops.tri(n_notes, k=-1, dtype=frames.dtype)  # (..., N, N): notes below
        # One product over all frames takes less than half the time of a running sum over the notes.
        sums = ops.matmul(ops.reshape(below, (-1, n_notes)), self.into)  # (... * N, H)
        sums = ops.reshape(sums, (*ops.shape(frames), self.n_hidden))  # (..., N, H)
        hidden = ops.sigmoid(sums + hidden_bias[..., None, :])  # (..., N, H)
        return ops.sum(hidden * self.out, axis=-1) + note_bias  # (..., N)

    def get_config(self) -> dict[str, Any]:
        """Return the settings for saving and loading."""
        return {**super().get_config(), "n_hidden": self.n_hidden}


@keras.saving.register_keras_serializable(package="woodshed")
class LearnedBias(keras.layers.Layer):  # type: ignore[misc]
    """A learned vector, repeated for every frame whatever its content: ``(..., n)`` to ``(..., units)``."""

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = units

    def build(self, input_shape: Any) -> None:
        """Create the vector."""
        self.bias = self.add_weight((self.units,), initializer="zeros", name="bias")

    def call(self, inputs: Any) -> Any:
        """Repeat the vector for each frame."""
        return ops.zeros_like(inputs[..., :1]) + self.bias  # (..., units)

    def get_config(self) -> dict[str, Any]:
        """Return the settings for saving and loading."""
        return {**super().get_config(), "units": self.units}


def frame_net(  # noqa: PLR0913  an architecture needs its settings
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
    """Build a net that predicts each frame from those before it.

    With a recurrent reader and the head ``independent`` it is the RNN of Boulanger-Lewandowski, Bengio and
    Vincent, "Modeling temporal dependencies in high-dimensional sequences" (2012); with ``tcn`` that of Bai
    et al., "An empirical evaluation of generic convolutional and recurrent networks for sequence modeling"
    (2018), but gated. Given the past, the notes of a frame are then independent. With the head ``nade`` they
    are not; with a recurrent reader this is the RNN-NADE of the first paper.

    Parameters
    ----------
    n_notes
        Number of notes in a frame; 88 for the piano.
    reader
        One of `READERS`.
    head
        One of `HEADS`.
    n_hidden
        Number of hidden units of the NADE.
    width
        Number of values per time step.
    n_layers
        Number of layers of the reader.
    dropout
        Dropout rate after each layer during training.
    context
        Maximum number of frames that a transformer attends to.

    Returns
    -------
    keras.Model
        ``(batch, time, n_notes)`` of 0 and 1 to logits of the *same* frames, each given all frames before
        it. The exact negative log-likelihood is ``bernoulli_nats(frames, net(frames))``. The outputs of the
        layers ``note_bias`` and, with NADE, ``hidden_bias`` depend on the preceding frames only.

    Raises
    ------
    ParameterError
        If the reader or head is unknown.

    Examples
    --------
    >>> net = frame_net(reader="rnn", head="independent", width=100)
    >>> net.count_params()  # 100*(88+100+1) + 88*(100+1)
    27788
    >>> frame_net(reader="gru", width=100).count_params()  # 3*100*(88+100+2) + 2*88*64 + (100+1)*(88+64)
    83616
    """
    for name, value, options in (("reader", reader, READERS), ("head", head, HEADS)):
        if value not in options:
            raise ParameterError(f"Unknown {name} {value!r}. {near_miss(value, options)}")
    frames = keras.Input((None, n_notes), name="frames")  # (B, T, N)
    if reader == "none":
        state, bias = frames, LearnedBias
    else:
        before = layers.ZeroPadding1D((1, 0))(frames)[:, :-1]  # (B, T, N): shifted by one frame
        state = _read(before, reader, width=width, n_layers=n_layers, dropout=dropout, context=context)
        bias = layers.Dense
    note_bias = bias(n_notes, name="note_bias")(state)  # (B, T, N)
    if head == "independent":
        return keras.Model(frames, note_bias, name="frame_net")
    hidden_bias = bias(n_hidden, name="hidden_bias")(state)  # (B, T, H)
    outputs = Nade(n_hidden, name="nade")([frames, note_bias, hidden_bias])  # (B, T, N)
    return keras.Model(frames, outputs, name="frame_net")


def bernoulli_nats(frames: Any, logits: Any) -> Any:
    """Return the negative log-likelihood of each frame under independent Bernoulli notes, in nats.

    Parameters
    ----------
    frames
        Zeros and ones, shape ``(..., n_notes)``.
    logits
        Log-odds of each note, same shape.

    Returns
    -------
    tensor
        Nats per frame, shape ``(...,)``, at least 0.

    Examples
    --------
    >>> import numpy as np
    >>> nats = bernoulli_nats(np.ones((1, 4), "float32"), np.zeros((1, 4), "float32"))
    >>> round(float(nats[0]), 4)  # 4 ln 2
    2.7726
    """
    frames = ops.cast(frames, logits.dtype)
    return ops.sum(ops.softplus(logits) - frames * logits, axis=-1)  # (...,)


def _read(x: Any, reader: str, *, width: int, n_layers: int, dropout: float, context: int) -> Any:
    """Map frames ``(B, T, N)`` to a state per time step, ``(B, T, W)``, or ``(B, T, 2W)`` of the TCN."""
    if reader == "tcn":
        x = layers.Dense(width, name="enter")(x)  # (B, T, W)
        skip = _gated_convolutions(x, width, n_layers=n_layers, dropout=dropout)  # (B, T, 2W)
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


def _gated_convolutions(x: Any, width: int, *, n_layers: int, dropout: float) -> Any:
    """Apply causal convolutions dilated by 1, 2, 4 and so on, ``(B, T, W)`` to skips ``(B, T, 2W)``.

    The gated layers of van den Oord et al., "WaveNet: a generative model for raw audio" (2016), with the
    dropout of Bai et al. (2018).
    """
    skips = []
    for number in range(n_layers):
        y = layers.Conv1D(2 * width, KERNEL_SIZE, padding="causal", dilation_rate=2**number)(x)  # (B, T, 2W)
        value, gate = y[..., :width], y[..., width:]  # (B, T, W) each
        y = layers.Multiply()([layers.Activation("tanh")(value), layers.Activation("sigmoid")(gate)])
        y = layers.Dropout(dropout)(y)
        skips.append(layers.Dense(2 * width)(y))  # (B, T, 2W)
        if number < n_layers - 1:  # the residual output of the last layer is not used
            x = layers.Add()([x, layers.Dense(width)(y)])
    return layers.Add()(skips) if len(skips) > 1 else skips[0]
