"""NADE: a frame of notes, one note after another, with an exact likelihood; see `frame_net`, too."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from woodshed.nets.frame_loss import bernoulli_nats


@keras.saving.register_keras_serializable(package="woodshed")
class Nade(keras.layers.Layer):  # type: ignore[misc]
    """Give each note its log-odds, knowing the notes below it in the same frame.

    Larochelle and Murray, "The neural autoregressive distribution estimator" (2011): note ``k`` sees
    ``sigmoid(c + W[:k].T @ notes[:k])``, which is asked of all notes at once.

    Parameters
    ----------
    n_hidden
        Hidden units.

    Inputs
        Frames ``(..., n_notes)`` of 0 and 1; biases of the notes, the same shape; biases of the hidden
        units ``(..., n_hidden)``. Both biases may come from a net that has read the frames before.
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
        """Make the weights in and out of the hidden units."""
        n_notes = input_shape[0][-1]
        self.into = self.add_weight((n_notes, self.n_hidden), initializer="glorot_uniform", name="into")
        self.out = self.add_weight((n_notes, self.n_hidden), initializer="glorot_uniform", name="out")

    def compute_output_spec(self, inputs: Any) -> Any:
        """Say the shape of the answer."""
        return keras.KerasTensor(inputs[0].shape, dtype=self.compute_dtype)

    def call(self, inputs: Any) -> Any:
        """Ask every note, given those below it."""
        frames, note_bias, hidden_bias = inputs
        n_notes = frames.shape[-1]
        known = frames[..., None, :] * ops.tri(n_notes, k=-1, dtype=frames.dtype)  # (..., N, N): those below
        # One product over all frames takes less than half of the time of a running sum over the notes.
        below = ops.matmul(ops.reshape(known, (-1, n_notes)), self.into)  # (... * N, H)
        below = ops.reshape(below, (*ops.shape(frames), self.n_hidden))  # (..., N, H)
        hidden = ops.sigmoid(below + hidden_bias[..., None, :])  # (..., N, H)
        return ops.sum(hidden * self.out, axis=-1) + note_bias  # (..., N)

    def get_config(self) -> dict[str, Any]:
        """Return the settings, so that the layer saves and loads."""
        return {**super().get_config(), "n_hidden": self.n_hidden}


@keras.saving.register_keras_serializable(package="woodshed")
class LearnedBias(keras.layers.Layer):  # type: ignore[misc]
    """Give every frame the same learned numbers, whatever it holds: ``(..., n)`` to ``(..., units)``."""

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = units

    def build(self, input_shape: Any) -> None:
        """Make the numbers."""
        self.bias = self.add_weight((self.units,), initializer="zeros", name="bias")

    def call(self, inputs: Any) -> Any:
        """Repeat them for each frame."""
        return ops.zeros_like(inputs[..., :1]) + self.bias  # (..., units)

    def get_config(self) -> dict[str, Any]:
        """Return the settings, so that the layer saves and loads."""
        return {**super().get_config(), "units": self.units}


def nade(n_notes: int = 88, *, n_hidden: int = 64) -> keras.Model:
    """Build a NADE over single frames, without any memory.

    Parameters
    ----------
    n_notes
        Notes of a frame.
    n_hidden
        Hidden units.

    Returns
    -------
    keras.Model
        ``(batch, n_notes)`` of 0 and 1 to logits of the same notes. The exact nats of a frame are
        ``bernoulli_nats(frames, net(frames))``.

    Examples
    --------
    >>> nade(88, n_hidden=64).count_params()  # 2*88*64 + 88 + 64
    11416
    """
    frames = keras.Input((n_notes,), name="frames")  # (B, N)
    biases = [LearnedBias(n_notes)(frames), LearnedBias(n_hidden)(frames)]  # (B, N), (B, H)
    return keras.Model(frames, Nade(n_hidden)([frames, *biases]), name="nade")


def nade_nats(net: Any, frames: Any) -> Any:
    """Return the exact nats of each frame under a `nade` or a `frame_net`, shape without the last axis.

    Examples
    --------
    >>> import numpy as np
    >>> frames = np.random.default_rng(0).integers(0, 2, (2, 7, 5)).astype("float32")
    >>> nade_nats(nade(5, n_hidden=3), frames[:, 0]).shape
    TensorShape([2])
    """
    frames = np.asarray(frames, np.float32)
    return bernoulli_nats(frames, net(frames, training=False))
