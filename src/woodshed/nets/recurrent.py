"""Recurrent layers that read ids or values, and whose way back is written out: what makes them quick.

Keras' own layers multiply at every moment and let the backend differentiate each step, so that the
gradient of every weight is added up moment by moment, megabytes each time. Here the part of a step that
needs no memory is multiplied for all moments at once, only ``h @ U`` stays in the loop, and the gradient
of ``U`` is one product over all moments (as in Appleyard et al., "Optimizing performance of recurrent
neural networks on GPUs", 2016). Values, weights and their order are those of Keras' layers.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from woodshed.errors import ParameterError, near_miss

CELLS = {"lstm": 4, "gru": 3}
"""How many gates' worth of weights a unit of each cell has."""


@keras.saving.register_keras_serializable(package="woodshed")
class Recurrent(keras.layers.Layer):  # type: ignore[misc]
    """Read a sequence from the left and remember: LSTM (Hochreiter, 1997; Gers, 2000) or GRU (Cho, 2014).

    Parameters
    ----------
    units
        Values of the memory.
    cell
        "lstm" (gates in the order input, forget, candidate, output) or "gru" (update, reset, candidate;
        the reset gate acts after the product, as in Keras).
    n_tokens
        When given, the inputs are ids from 0 to ``n_tokens - 1``: each picks its row of the weights,
        which is what multiplying a one-hot vector would give.
    forget_bias
        What the forget gate's bias starts at; other biases start at 0.

    Input shape
        ``(batch, time)`` of ids, or ``(batch, time, n_values)``.
    Output shape
        ``(batch, time, units)``.

    Examples
    --------
    >>> import numpy as np
    >>> Recurrent(8, n_tokens=5)(np.zeros((2, 3), "int32")).shape
    TensorShape([2, 3, 8])
    """

    def __init__(
        self,
        units: int,
        *,
        cell: str = "lstm",
        n_tokens: int | None = None,
        forget_bias: float = 1.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if cell not in CELLS:
            raise ParameterError(f"There is no cell called {cell!r}. {near_miss(cell, CELLS)}")
        self.units, self.cell, self.n_tokens, self.forget_bias = units, cell, n_tokens, forget_bias

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the weights, shaped and started as those of the Keras layer of the same name."""
        n_in, n_out = self.n_tokens or input_shape[-1], CELLS[self.cell] * self.units
        self.kernel = self.add_weight((n_in, n_out), initializer="glorot_uniform", name="kernel")
        self.recurrent_kernel = self.add_weight(
            (self.units, n_out), initializer="orthogonal", name="recurrent_kernel"
        )
        shape = (n_out,) if self.cell == "lstm" else (2, n_out)
        self.bias = self.add_weight(shape, initializer=self._first_bias, name="bias")

    def _first_bias(self, shape: tuple[int, ...], dtype: Any = None) -> Any:
        bias = ops.zeros(shape, dtype)
        if self.cell == "gru":
            return bias
        start = [0.0, self.forget_bias, 0.0, 0.0]
        return ops.cast(ops.repeat(ops.convert_to_tensor(start), self.units), dtype or "float32")

    def compute_output_spec(self, inputs: Any) -> Any:
        """Say the shape of the answer, which needs no loop."""
        return keras.KerasTensor((*inputs.shape[:2], self.units), dtype=self.compute_dtype)

    def call(self, inputs: Any) -> Any:
        """Read every sequence from nothing remembered."""
        # A gradient that is written out wants plain tensors: TensorFlow refuses its variables here.
        kernel, recurrent, bias = (
            ops.copy(weight) for weight in (self.kernel, self.recurrent_kernel, self.bias)
        )
        if self.n_tokens:
            ids = ops.transpose(ops.cast(inputs, "int32"))  # (T, B)
            drive = rows_of(kernel, ids)  # (T, B, gates * U)
        else:
            drive = ops.matmul(ops.transpose(inputs, (1, 0, 2)), kernel)  # (T, B, gates * U)
        if self.cell == "lstm":
            states = lstm_states(drive + bias, recurrent)  # (T, B, U)
        else:
            states = gru_states(drive + bias[0], recurrent, bias[1])  # (T, B, U)
        return ops.transpose(states, (1, 0, 2))  # (B, T, U)

    def get_config(self) -> dict[str, Any]:
        """Return the settings, so that the layer saves and loads."""
        own = {name: getattr(self, name) for name in ("units", "cell", "n_tokens", "forget_bias")}
        return {**super().get_config(), **own}


def rows_of(kernel: Any, ids: Any) -> Any:
    """Pick rows, ``(T, B)`` ids to ``(T, B, n)``; the gradient is a dense matrix, not a list of rows."""
    n_rows, n_values = kernel.shape

    @ops.custom_gradient  # type: ignore[untyped-decorator]
    def pick(kernel: Any) -> Any:
        def back(*args: Any, upstream: Any = None) -> Any:
            (by_row,) = (upstream,) if upstream is not None else args
            flat = ops.reshape(by_row, (-1, n_values))  # (T * B, n)
            return ops.segment_sum(flat, ops.reshape(ids, (-1,)), num_segments=n_rows)  # (n_rows, n)

        return ops.take(kernel, ids, axis=0), back

    return pick(kernel)


def lstm_gates(drive: Any, h_old: Any, recurrent: Any) -> Any:
    """Open the four gates: the last axis goes from ``4U`` to four times ``U``."""
    i, f, g, o = ops.split(drive + ops.matmul(h_old, recurrent), 4, axis=-1)
    return ops.sigmoid(i), ops.sigmoid(f), ops.tanh(g), ops.sigmoid(o)


def lstm_states(drive: Any, recurrent: Any) -> Any:
    """Run LSTM cells over time: ``(T, B, 4U)`` of inputs already weighted to ``(T, B, U)``."""

    def step(state: Any, drive_t: Any) -> Any:
        i, f, g, o = lstm_gates(drive_t, state[0], recurrent)
        c = f * state[1] + i * g
        new = (o * ops.tanh(c), c, i, f, g, o)  # the gates are kept: to open them again costs more
        return new, new

    def step_back(carried: Any, moment: Any) -> Any:
        dh, dc, _ = carried
        up, through_c, keep, by_c, by_h = moment
        dh = dh + up
        dc = dc + dh * through_c
        dz = ops.concatenate([ops.tile(dc, (1, 3)) * by_c, dh * by_h], axis=-1)  # (B, 4U)
        new = (ops.matmul(dz, ops.transpose(recurrent)), dc * keep, dz)
        return new, new

    @ops.custom_gradient  # type: ignore[untyped-decorator]
    def run(drive: Any, recurrent: Any) -> Any:
        zero = ops.zeros_like(drive[0, :, : recurrent.shape[0]])  # (B, U)
        _, (h, c, i, f, g, o) = ops.scan(step, (zero,) * 6, drive)

        def back(*args: Any, upstream: Any = None) -> Any:
            (up,) = (upstream,) if upstream is not None else args
            h_old, c_old, tanh_c = shifted(h, zero), shifted(c, zero), ops.tanh(c)
            slopes = [g * i * (1 - i), c_old * f * (1 - f), i * (1 - g * g)]
            moments = (
                up,
                o * (1 - tanh_c * tanh_c),
                f,
                ops.concatenate(slopes, axis=-1),  # (T, B, 3U)
                tanh_c * o * (1 - o),
            )
            first = (zero, zero, ops.zeros_like(drive[0]))
            _, (_, _, dz) = ops.scan(step_back, first, moments, reverse=True)  # (T, B, 4U)
            return dz, product_over_time(h_old, dz)

        return h, back

    return run(drive, recurrent)


def gru_gates(drive: Any, h_old: Any, recurrent: Any, bias: Any) -> Any:
    """Open the gates: update, reset, candidate, and what reset acts on."""
    z, r, g = ops.split(drive, 3, axis=-1)
    z_echo, r_echo, echo = ops.split(ops.matmul(h_old, recurrent) + bias, 3, axis=-1)
    r = ops.sigmoid(r + r_echo)
    return ops.sigmoid(z + z_echo), r, ops.tanh(g + r * echo), echo


def gru_states(drive: Any, recurrent: Any, bias: Any) -> Any:
    """Run GRU cells over time: ``(T, B, 3U)`` of inputs already weighted to ``(T, B, U)``."""

    def step(state: Any, drive_t: Any) -> Any:
        h = state[0]
        z, r, g, echo = gru_gates(drive_t, h, recurrent, bias)
        new = (z * h + (1 - z) * g, z, r, g, echo)
        return new, new

    def step_back(carried: Any, moment: Any) -> Any:
        up, z, slope = moment
        dh = carried[0] + up
        d_rec = ops.tile(dh, (1, 3)) * slope  # (B, 3U)
        new = (dh * z + ops.matmul(d_rec, ops.transpose(recurrent)), d_rec)
        return new, new

    @ops.custom_gradient  # type: ignore[untyped-decorator]
    def run(drive: Any, recurrent: Any, bias: Any) -> Any:
        zero = ops.zeros_like(drive[0, :, : recurrent.shape[0]])  # (B, U)
        _, (h, z, r, g, echo) = ops.scan(step, (zero,) * 5, drive)

        def back(*args: Any, upstream: Any = None) -> Any:
            (up,) = (upstream,) if upstream is not None else args
            h_old = shifted(h, zero)
            by_g = (1 - z) * (1 - g * g)
            gates = [(h_old - g) * z * (1 - z), by_g * echo * r * (1 - r)]
            slope = ops.concatenate([*gates, by_g * r], axis=-1)  # (T, B, 3U)
            first = (zero, ops.zeros_like(drive[0]))
            _, (_, d_rec) = ops.scan(step_back, first, (up, z, slope), reverse=True)  # (T, B, 3U)
            d_z, d_r, d_echo = ops.split(d_rec, 3, axis=-1)
            # The candidate meets its input without the reset gate, and its memory with it.
            d_g = d_echo / ops.maximum(r, 1e-20)
            d_drive = ops.concatenate([d_z, d_r, d_g], axis=-1)  # (T, B, 3U)
            return d_drive, product_over_time(h_old, d_rec), ops.sum(d_rec, axis=(0, 1))

        return h, back

    return run(drive, recurrent, bias)


def shifted(sequence: Any, first: Any) -> Any:
    """Put ``first`` before a sequence ``(T, B, U)`` and drop its last moment."""
    return ops.concatenate([first[None], sequence[:-1]], axis=0)


def product_over_time(left: Any, right: Any) -> Any:
    """Sum ``left.T @ right`` over all moments: ``(T, B, n)`` and ``(T, B, m)`` to ``(n, m)``."""
    flat = ops.reshape(left, (-1, left.shape[-1]))  # (T * B, n)
    return ops.matmul(ops.transpose(flat), ops.reshape(right, (-1, right.shape[-1])))  # (n, m)
