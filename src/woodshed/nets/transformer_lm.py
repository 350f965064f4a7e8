"""A transformer that only looks back: predicts the next token."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers, ops

from woodshed.errors import ParameterError
from woodshed.nets.front import SinusoidalPosition

POSITIONS = ("relative", "sinusoidal")


@keras.saving.register_keras_serializable(package="woodshed")
class CausalAttention(keras.layers.Layer):  # type: ignore[misc]
    """Let every moment look at itself and those before it.

    With ``relative``, a query also meets a learned vector for how far back each moment lies (Shaw et al.,
    "Self-attention with relative position representations", 2018), skewed into place as by Huang et al.,
    "Music transformer" (2019), so that nothing of size time by time by values is made.

    Parameters
    ----------
    n_heads
        Heads; they divide the values among them.
    context
        The longest distance that has a vector of its own, plus one; sequences may not be longer.
    relative
        Whether distances count.

    Input shape
        ``(batch, time, n_values)``.
    Output shape
        The same.

    Examples
    --------
    >>> import numpy as np
    >>> CausalAttention(2, context=9)(np.zeros((3, 5, 8), "float32")).shape
    TensorShape([3, 5, 8])
    """

    def __init__(self, n_heads: int, *, context: int, relative: bool = True, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.n_heads, self.context, self.relative = n_heads, context, relative

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the four projections, and the vectors of the distances."""
        n_values = input_shape[-1] or 0
        if n_values % self.n_heads:
            raise ParameterError(
                f"{n_values} values cannot be shared by {self.n_heads} heads: take a multiple."
            )
        self.head = n_values // self.n_heads
        self.ask = self.add_weight((n_values, 3 * n_values), initializer="glorot_uniform", name="ask")
        self.ask_bias = self.add_weight((3 * n_values,), initializer="zeros", name="ask_bias")
        self.tell = self.add_weight((n_values, n_values), initializer="glorot_uniform", name="tell")
        self.tell_bias = self.add_weight((n_values,), initializer="zeros", name="tell_bias")
        if self.relative:
            shape = (self.n_heads, self.context, self.head)  # the last row is distance 0
            self.distance = self.add_weight(shape, initializer="glorot_uniform", name="distance")

    def heads(self, x: Any) -> tuple[Any, Any, Any]:
        """Return queries, keys and values, ``(B, heads, T, head)`` each."""
        batch, time = ops.shape(x)[:2]
        flat = ops.matmul(x, self.ask) + self.ask_bias  # (B, T, 3V)
        split = ops.reshape(flat, (batch, time, 3, self.n_heads, self.head))
        q, k, v = ops.unstack(ops.transpose(split, (2, 0, 3, 1, 4)), 3, axis=0)  # (B, heads, T, head)
        return q, k, v

    def weights_of(self, q: Any, k: Any) -> Any:
        """Say how much the last moments look at all, ``(B, heads, T of q, T of k)``: rows sum to 1."""
        n_asking, n_heard = ops.shape(q)[2], ops.shape(k)[2]
        scores = ops.matmul(q, ops.transpose(k, (0, 1, 3, 2)))  # (B, heads, Tq, Tk)
        if self.relative:
            scores = scores + self._by_distance(q, n_heard)
        at = ops.arange(n_asking)[:, None] + (n_heard - n_asking)
        allowed = ops.arange(n_heard)[None] <= at  # (Tq, Tk)
        scores = ops.where(allowed, scores / self.head**0.5, -1e9)
        # Not ops.softmax, which warns of the first token of a stream: it has only itself to look at.
        return ops.exp(scores - ops.logsumexp(scores, axis=-1, keepdims=True))

    def _by_distance(self, q: Any, n_heard: Any) -> Any:
        near = self.distance[:, self.context - n_heard :]  # (heads, Tk, head)
        scores = ops.matmul(q, ops.transpose(near, (0, 2, 1)))  # (B, heads, Tq, Tk): by distance
        if q.shape[2] == 1:  # the newest moment alone: its distances are in place already
            return scores
        batch, time = ops.shape(q)[0], ops.shape(q)[2]
        padded = ops.pad(scores, [(0, 0), (0, 0), (0, 0), (1, 0)])  # (B, heads, T, T + 1)
        skewed = ops.reshape(padded, (batch, self.n_heads, time + 1, time))
        return skewed[:, :, 1:]  # (B, heads, T, T)

    def call(self, inputs: Any) -> Any:
        """Attend over whole sequences."""
        q, k, v = self.heads(inputs)
        return self._told(ops.matmul(self.weights_of(q, k), v))

    def _told(self, seen: Any) -> Any:
        batch, _, time, _ = ops.shape(seen)
        joined = ops.reshape(ops.transpose(seen, (0, 2, 1, 3)), (batch, time, self.n_heads * self.head))
        return ops.matmul(joined, self.tell) + self.tell_bias  # (B, T, V)

    def step(self, x: Any, cache: Any) -> tuple[Any, Any]:
        """Attend from one new moment ``(B, 1, V)``, given keys and values so far (None at first)."""
        q, k, v = self.heads(x)
        if cache is not None:
            k, v = ops.concatenate([cache[0], k], axis=2), ops.concatenate([cache[1], v], axis=2)
        return self._told(ops.matmul(self.weights_of(q, k), v)), (k, v)

    def compute_output_spec(self, inputs: Any) -> Any:
        """Say the shape of the answer."""
        return keras.KerasTensor(inputs.shape, dtype=self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        """Return the settings, so that the layer saves and loads."""
        own = {name: getattr(self, name) for name in ("n_heads", "context", "relative")}
        return {**super().get_config(), **own}


def transformer_lm(
    n_tokens: int,
    *,
    width: int = 128,
    n_layers: int = 4,
    n_heads: int = 4,
    context: int = 256,
    dropout: float = 0.1,
    positions: str = "relative",
) -> keras.Model:
    """Build a decoder of self-attention blocks and a softmax over the next token.

    The decoder of Vaswani et al., "Attention is all you need" (2017), normalised before each part
    (Xiong et al., 2020); positions as in "Music transformer" (Huang et al., 2019) unless sinusoidal.

    Parameters
    ----------
    n_tokens
        Size of the vocabulary.
    width
        Values that describe a moment; the feed-forward part has four times as many.
    n_layers, n_heads
        Blocks, and heads of each.
    context
        The most tokens that are looked at; the net takes sequences up to this length.
    dropout
        Share dropped after each part while learning, 0 to 1.
    positions
        "relative": learned vectors for how far back; "sinusoidal": sines and cosines added at the start.

    Returns
    -------
    keras.Model
        ``(batch, context)`` of ids to ``(batch, context, n_tokens)`` logits about the next token.

    Raises
    ------
    ParameterError
        If there are no such positions, or the heads do not divide the width.

    Examples
    --------
    >>> transformer_lm(137).count_params()  # 4*(12*128*128 + 13*128 + 256*128) + 2*128 + 137*(2*128+1)
    959625
    """
    if positions not in POSITIONS:
        raise ParameterError(f"There are no positions called {positions!r}. Known: {', '.join(POSITIONS)}.")
    inputs = keras.Input((context,), dtype="int32", name="tokens")  # (B, T)
    x = layers.Embedding(n_tokens, width, name="embedding")(inputs)  # (B, T, W)
    if positions == "sinusoidal":
        x = SinusoidalPosition(name="position")(x)
    x = layers.Dropout(dropout)(x)
    x = causal_blocks(
        x,
        n_layers=n_layers,
        n_heads=n_heads,
        context=context,
        dropout=dropout,
        relative=positions == "relative",
    )
    outputs = layers.Dense(n_tokens, name="logits")(x)  # (B, T, n_tokens)
    return keras.Model(inputs, outputs, name="transformer_lm")


def causal_blocks(
    x: Any, *, n_layers: int, n_heads: int, context: int, dropout: float, relative: bool = True
) -> Any:
    """Lead ``(B, T, W)`` through blocks of attention and thought, and normalise what comes out."""
    width = x.shape[-1]
    for number in range(n_layers):
        y = layers.LayerNormalization(name=f"norm_{number}")(x)
        y = CausalAttention(n_heads, context=context, relative=relative, name=f"attention_{number}")(y)
        x = layers.Add()([x, layers.Dropout(dropout)(y)])
        y = layers.LayerNormalization(name=f"thought_norm_{number}")(x)
        y = layers.Dense(4 * width, activation="gelu", name=f"thought_{number}")(y)  # (B, T, 4W)
        y = layers.Dense(width, name=f"answer_{number}")(y)  # (B, T, W)
        x = layers.Add()([x, layers.Dropout(dropout)(y)])
    return layers.LayerNormalization(name="norm")(x)


def step_transformer(net: Any, ids: Any, caches: list[Any] | None = None) -> tuple[Any, list[Any]]:
    """Ask a `transformer_lm` for one more token, keeping what was computed for those before.

    Parameters
    ----------
    net
        The net.
    ids
        The newest token of each stream, shape ``(batch,)``.
    caches
        What the step before returned; None at the start.

    Returns
    -------
    logits, caches
        ``(batch, n_tokens)`` logits, and what the next step needs.

    Examples
    --------
    >>> net = transformer_lm(5, width=8, n_layers=1, context=6)
    >>> logits, caches = step_transformer(net, [0, 3])
    >>> step_transformer(net, [1, 1], caches)[0].shape
    TensorShape([2, 5])
    """
    names = {layer.name: layer for layer in net.layers}
    n_layers = sum(name.startswith("attention_") for name in names)
    caches = caches or [None] * n_layers
    n_heard = 0 if caches[0] is None else int(caches[0][0].shape[2])
    context = net.input_shape[1]
    if n_heard >= context:
        raise ParameterError(f"The net looks at {context} tokens at most: start again with the last of them.")
    x = names["embedding"](ops.convert_to_tensor(np.asarray(ids)[:, None]))  # (B, 1, W)
    if "position" in names:
        moments = ops.zeros((1, context, x.shape[-1]))
        x = x + names["position"](moments)[:, n_heard : n_heard + 1]
    new = []
    for number in range(n_layers):
        y, cache = names[f"attention_{number}"].step(names[f"norm_{number}"](x), caches[number])
        new.append(cache)
        x = x + y
        y = names[f"thought_{number}"](names[f"thought_norm_{number}"](x))  # (B, 1, 4W)
        x = x + names[f"answer_{number}"](y)
    return names["logits"](names["norm"](x))[:, 0], new  # (B, n_tokens)
