"""Neural autoregressive distribution estimator (NADE) over the notes of a frame."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


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
