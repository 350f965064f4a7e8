"""Causal self-attention with learned relative positions."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

from woodshed.errors import ParameterError


@keras.saving.register_keras_serializable(package="woodshed")
class CausalAttention(keras.layers.Layer):  # type: ignore[misc]
    """Multi-head self-attention in which each time step attends to itself and to those before it.

    Each query is also compared with a learned vector of the distance to each key (Shaw et al.,
    "Self-attention with relative position representations", 2018), skewed into place as by Huang et al.,
    "Music transformer" (2019), so that no array of size time by time by values is needed.

    Parameters
    ----------
    n_heads
        Number of heads; must divide the number of values.
    context
        Number of relative positions: the maximum sequence length.

    Input shape
        ``(batch, time, n_values)``.
    Output shape
        Same.

    Examples
    --------
    >>> import numpy as np
    >>> CausalAttention(2, context=9)(np.zeros((3, 5, 8), "float32")).shape
    TensorShape([3, 5, 8])
    """

    def __init__(self, n_heads: int, *, context: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.n_heads, self.context = n_heads, context

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Create the projections and the vectors of the distances."""
        n_values = input_shape[-1] or 0
        if n_values % self.n_heads:
            raise ParameterError(f"The width must be a multiple of {self.n_heads} heads, got {n_values}.")
        self.head_size = n_values // self.n_heads
        self.qkv_kernel = self.add_weight(
            (n_values, 3 * n_values), initializer="glorot_uniform", name="qkv_kernel"
        )
        self.qkv_bias = self.add_weight((3 * n_values,), initializer="zeros", name="qkv_bias")
        self.output_kernel = self.add_weight(
            (n_values, n_values), initializer="glorot_uniform", name="output_kernel"
        )
        self.output_bias = self.add_weight((n_values,), initializer="zeros", name="output_bias")
        shape = (self.n_heads, self.context, self.head_size)  # the last row is distance 0
        self.distances = self.add_weight(shape, initializer="glorot_uniform", name="distances")

    def project(self, x: Any) -> tuple[Any, Any, Any]:
        """Return queries, keys and values, ``(B, heads, T, head_size)`` each."""
        batch, time = ops.shape(x)[:2]
        flat = ops.matmul(x, self.qkv_kernel) + self.qkv_bias  # (B, T, 3V)
        split = ops.reshape(flat, (batch, time, 3, self.n_heads, self.head_size))
        q, k, v = ops.unstack(ops.transpose(split, (2, 0, 3, 1, 4)), 3, axis=0)  # (B, heads, T, head_size)
        return q, k, v

    def attention_weights(self, q: Any, k: Any) -> Any:
        """Return the attention weights, ``(B, heads, T, T)``; rows sum to 1."""
        time = ops.shape(q)[2]
        scores = ops.matmul(q, ops.transpose(k, (0, 1, 3, 2)))  # (B, heads, T, T)
        scores = scores + self.distance_scores(q, time)
        allowed = ops.arange(time)[None] <= ops.arange(time)[:, None]  # (T, T)
        scores = ops.where(allowed, scores / self.head_size**0.5, -1e9)
        # Not ops.softmax, which warns of the first step of a sequence: it has only itself to attend to.
        return ops.exp(scores - ops.logsumexp(scores, axis=-1, keepdims=True))

    def distance_scores(self, q: Any, time: Any) -> Any:
        """Return the scores of the relative positions, ``(B, heads, T, T)``."""
        vectors = self.distances[:, self.context - time :]  # (heads, T, head_size)
        scores = ops.matmul(q, ops.transpose(vectors, (0, 2, 1)))  # (B, heads, T, T): by distance
        padded = ops.pad(scores, [(0, 0), (0, 0), (0, 0), (1, 0)])  # (B, heads, T, T + 1)
        skewed = ops.reshape(padded, (ops.shape(q)[0], self.n_heads, time + 1, time))
        return skewed[:, :, 1:]  # (B, heads, T, T): by position

    def call(self, inputs: Any) -> Any:
        """Attend over whole sequences."""
        q, k, v = self.project(inputs)
        attended = ops.matmul(self.attention_weights(q, k), v)  # (B, heads, T, head_size)
        joined = ops.reshape(ops.transpose(attended, (0, 2, 1, 3)), ops.shape(inputs))  # (B, T, V)
        return ops.matmul(joined, self.output_kernel) + self.output_bias

    def compute_output_spec(self, inputs: Any) -> Any:
        """Return the shape of the output."""
        return keras.KerasTensor(inputs.shape, dtype=self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        """Return the settings for saving and loading."""
        return {**super().get_config(), "n_heads": self.n_heads, "context": self.context}


def causal_blocks(x: Any, *, n_layers: int, n_heads: int, context: int, dropout: float) -> Any:
    """Apply pre-normalised decoder blocks to ``(B, T, W)``, followed by a layer normalisation.

    The decoder of Vaswani et al., "Attention is all you need" (2017), normalised before each part (Xiong et
    al., 2020), with the positions of "Music transformer" (Huang et al., 2019).
    """
    width = x.shape[-1]
    for number in range(n_layers):
        y = layers.LayerNormalization(name=f"attention_norm_{number}")(x)
        y = CausalAttention(n_heads, context=context, name=f"attention_{number}")(y)
        x = layers.Add()([x, layers.Dropout(dropout)(y)])
        y = layers.LayerNormalization(name=f"feed_forward_norm_{number}")(x)
        y = layers.Dense(4 * width, activation="gelu", name=f"feed_forward_{number}")(y)  # (B, T, 4W)
        y = layers.Dense(width, name=f"projection_{number}")(y)  # (B, T, W)
        x = layers.Add()([x, layers.Dropout(dropout)(y)])
    return layers.LayerNormalization(name="norm")(x)
