"""Fast recurrent layers over ids or values, with hand-written gradients.

The layers of Keras multiply at every time step and let the backend differentiate each step, so that the
gradient of every weight is accumulated step by step, megabytes each time. Here the input projection is
computed for all time steps at once, only ``h @ U`` stays in the loop, and the gradient of ``U`` is one
product over all time steps (as in Appleyard et al., "Optimizing performance of recurrent neural networks on
GPUs", 2016). Values, weights and their order are those of the layers of Keras.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from woodshed.errors import ParameterError, near_miss

CELLS = {"lstm": 4, "gru": 3}
"""Number of gates of each cell."""


@keras.saving.register_keras_serializable(package="woodshed")
class Recurrent(keras.layers.Layer):  # type: ignore[misc]
    """LSTM (Hochreiter, 1997; Gers, 2000) or GRU (Cho, 2014) layer that returns whole sequences.

    Parameters
    ----------
    units
        Size of the state.
    cell
        "lstm" (gates in the order input, forget, candidate, output) or "gru" (update, reset, candidate;
        the reset gate acts after the product, as in Keras).
    n_tokens
        If set, the inputs are ids from 0 to ``n_tokens - 1``: each selects its row of the weights, which
        equals the product with a one-hot vector.
    forget_bias
        Initial bias of the forget gate; other biases are initialised to 0.

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
            raise ParameterError(f"Unknown cell {cell!r}. {near_miss(cell, CELLS)}")
        self.units, self.cell, self.n_tokens, self.forget_bias = units, cell, n_tokens, forget_bias

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Create the weights, with the shapes and initialisers of the Keras layer of the same name."""
        n_in, n_out = self.n_tokens or input_shape[-1], CELLS[self.cell] * self.units
        self.kernel = self.add_weight((n_in, n_out), initializer="glorot_uniform", name="kernel")
        self.recurrent_kernel = self.add_weight(
            (self.units, n_out), initializer="orthogonal", name="recurrent_kernel"
        )
        shape = (n_out,) if self.cell == "lstm" else (2, n_out)
        self.bias = self.add_weight(shape, initializer=self._initial_bias, name="bias")

    def _initial_bias(self, shape: tuple[int, ...], dtype: Any = None) -> Any:
        if self.cell == "gru":
            return ops.zeros(shape, dtype)
        start = [0.0, self.forget_bias, 0.0, 0.0]
        return ops.cast(ops.repeat(ops.convert_to_tensor(start), self.units), dtype or "float32")

    def compute_output_spec(self, inputs: Any) -> Any:
        """Return the shape of the output without running the loop."""
        return keras.KerasTensor((*inputs.shape[:2], self.units), dtype=self.compute_dtype)

    def call(self, inputs: Any) -> Any:
        """Process every sequence from a zero state."""
        # Custom gradients need tensors: TensorFlow rejects variables here.
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
        """Return the settings for saving and loading."""
        settings = {name: getattr(self, name) for name in ("units", "cell", "n_tokens", "forget_bias")}
        return {**super().get_config(), **settings}


def rows_of(kernel: Any, ids: Any) -> Any:
    """Look up rows, ``(T, B)`` ids to ``(T, B, n)``, with a dense instead of a sparse gradient."""
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
    """Compute the four gates: the last axis goes from ``4U`` to four times ``U``."""
    i, f, g, o = ops.split(drive + ops.matmul(h_old, recurrent), 4, axis=-1)
    return ops.sigmoid(i), ops.sigmoid(f), ops.tanh(g), ops.sigmoid(o)


def lstm_states(drive: Any, recurrent: Any) -> Any:
    """Run LSTM cells over time: projected inputs ``(T, B, 4U)`` to states ``(T, B, U)``."""

    @ops.custom_gradient  # type: ignore[untyped-decorator]
    def run(drive: Any, recurrent: Any) -> Any:
        def step(state: Any, drive_t: Any) -> Any:
            i, f, g, o = lstm_gates(drive_t, state[0], recurrent)
            c = f * state[1] + i * g
            new = (o * ops.tanh(c), c, i, f, g, o)  # cheaper to store the gates than to recompute them
            return new, new

        def step_back(carried: Any, inputs_t: Any) -> Any:
            dh, dc, _ = carried
            up, through_c, keep, by_c, by_h = inputs_t
            dh = dh + up
            dc = dc + dh * through_c
            dz = ops.concatenate([ops.tile(dc, (1, 3)) * by_c, dh * by_h], axis=-1)  # (B, 4U)
            new = (ops.matmul(dz, ops.transpose(recurrent)), dc * keep, dz)
            return new, new

        zero = ops.zeros_like(drive[0, :, : recurrent.shape[0]])  # (B, U)
        _, (h, c, i, f, g, o) = ops.scan(step, (zero,) * 6, drive)

        def back(*args: Any, upstream: Any = None) -> Any:
            (up,) = (upstream,) if upstream is not None else args
            h_old, c_old, tanh_c = shifted(h, zero), shifted(c, zero), ops.tanh(c)
            slopes = [g * i * (1 - i), c_old * f * (1 - f), i * (1 - g * g)]
            sequences = (
                up,
                o * (1 - tanh_c * tanh_c),
                f,
                ops.concatenate(slopes, axis=-1),  # (T, B, 3U)
                tanh_c * o * (1 - o),
            )
            first = (zero, zero, ops.zeros_like(drive[0]))
            _, (_, _, dz) = ops.scan(step_back, first, sequences, reverse=True)  # (T, B, 4U)
            return dz, product_over_time(h_old, dz)

        return h, back

    return run(drive, recurrent)


def gru_gates(drive: Any, h_old: Any, recurrent: Any, bias: Any) -> Any:
    """Compute the update and reset gates, the candidate, and the term that the reset gate scales."""
    z, r, g = ops.split(drive, 3, axis=-1)
    z_echo, r_echo, echo = ops.split(ops.matmul(h_old, recurrent) + bias, 3, axis=-1)
    r = ops.sigmoid(r + r_echo)
    return ops.sigmoid(z + z_echo), r, ops.tanh(g + r * echo), echo


def gru_states(drive: Any, recurrent: Any, bias: Any) -> Any:
    """Run GRU cells over time: projected inputs ``(T, B, 3U)`` to states ``(T, B, U)``."""

    @ops.custom_gradient  # type: ignore[untyped-decorator]
    def run(drive: Any, recurrent: Any, bias: Any) -> Any:
        def step(state: Any, drive_t: Any) -> Any:
            h = state[0]
            z, r, g, echo = gru_gates(drive_t, h, recurrent, bias)
            new = (z * h + (1 - z) * g, z, r, g, echo)
            return new, new

        def step_back(carried: Any, inputs_t: Any) -> Any:
            up, z, slope = inputs_t
            dh = carried[0] + up
            d_rec = ops.tile(dh, (1, 3)) * slope  # (B, 3U)
            new = (dh * z + ops.matmul(d_rec, ops.transpose(recurrent)), d_rec)
            return new, new

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
            # The reset gate scales the recurrent term of the candidate, not its input.
            d_g = d_echo / ops.maximum(r, 1e-20)
            d_drive = ops.concatenate([d_z, d_r, d_g], axis=-1)  # (T, B, 3U)
            return d_drive, product_over_time(h_old, d_rec), ops.sum(d_rec, axis=(0, 1))

        return h, back

    return run(drive, recurrent, bias)


def shifted(sequence: Any, first: Any) -> Any:
    """Prepend ``first`` to a sequence ``(T, B, U)`` and drop its last step."""
    return ops.concatenate([first[None], sequence[:-1]], axis=0)


def product_over_time(left: Any, right: Any) -> Any:
    """Sum ``left.T @ right`` over all time steps: ``(T, B, n)`` and ``(T, B, m)`` to ``(n, m)``."""
    flat = ops.reshape(left, (-1, left.shape[-1]))  # (T * B, n)
    return ops.matmul(ops.transpose(flat), ops.reshape(right, (-1, right.shape[-1])))  # (n, m)
