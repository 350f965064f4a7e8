"""What goes on in a recurrent net while it reads pieces: hidden values and chances, token by token."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from woodshed.composition.sampling import log_softmax
from woodshed.composition.sequence.step_net import RecurrentStep

Ids = NDArray[np.integer]


@dataclass(frozen=True)
class Trace:
    """One piece, as a net read it. At each moment it reads a token and guesses the next.

    Parameters
    ----------
    ids
        Shape ``(n_moments,)``: the tokens that were read.
    following
        Shape ``(n_moments,)``: the tokens that came next.
    hidden
        Shape ``(n_layers, n_moments, n_units)``: what each layer handed upwards, from -1 to 1.
    log_chances
        Shape ``(n_moments, n_tokens)``: logarithms of the chances of the next token, in nats.
    """

    ids: Ids
    following: Ids
    hidden: NDArray[np.float32]
    log_chances: NDArray[np.float64]

    @property
    def chances(self) -> NDArray[np.float64]:
        """The chances of the next token, shape ``(n_moments, n_tokens)``."""
        return np.exp(self.log_chances)

    def layer(self, number: int) -> NDArray[np.float32]:
        """Return the hidden values of one layer, counted from 0; shape ``(n_moments, n_units)``."""
        values: NDArray[np.float32] = self.hidden[number]
        return values

    @property
    def bits(self) -> NDArray[np.float64]:
        """How surprising each following token was, in bits; shape ``(n_moments,)``."""
        found: NDArray[np.float64] = -self.log_chances[np.arange(len(self.ids)), self.following] / np.log(2)
        return found


def read_pieces(stepper: RecurrentStep, rows: Sequence[Ids]) -> list[Trace]:
    """Have a net read pieces side by side, and write down what goes on in it.

    Parameters
    ----------
    stepper
        The net.
    rows
        Ids of each piece, two or more.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> shapes = {"lstm_1/kernel": (5, 16), "lstm_1/recurrent_kernel": (4, 16), "lstm_1/bias": (16,),
    ...           "logits/kernel": (4, 5), "logits/bias": (5,)}
    >>> stepper = RecurrentStep({name: rng.normal(size=shape).astype("float32") for name, shape in shapes.items()})
    >>> traces = read_pieces(stepper, [np.array([0, 2, 1]), np.array([0, 3, 4, 2, 1])])
    >>> [trace.hidden.shape for trace in traces], traces[1].chances.shape
    ([(1, 2, 4), (1, 4, 4)], (4, 5))
    """
    state = stepper.start(len(rows))
    every = stepper.n_states // stepper.n_layers  # an LSTM has two states in each layer, the first goes up
    hidden, logits = [], []
    for step in range(max(map(len, rows)) - 1):
        now = np.array([row[min(step, len(row) - 1)] for row in rows])
        answer, state = stepper(now, state)
        hidden.append(np.stack(state[::every]))  # (n_layers, n_rows, n_units)
        logits.append(answer)
    by_row, answers = np.stack(hidden, axis=2), np.stack(logits, axis=1)
    return [
        Trace(
            row[:-1],
            row[1:],
            by_row[:, k, : len(row) - 1],
            log_softmax(answers[k, : len(row) - 1]),
        )
        for k, row in enumerate(rows)
    ]


def gram(rows: NDArray[np.floating]) -> NDArray[np.float64]:
    """Compare every two rows by the cosine of the angle between them.

    Parameters
    ----------
    rows
        Shape ``(n, n_values)``.

    Returns
    -------
    numpy.ndarray
        Shape ``(n, n)``, from -1 to 1; 0 for a row of zeros.

    Examples
    --------
    >>> gram(np.array([[1.0, 0.0], [2.0, 0.0], [0.0, 1.0]]))[0].tolist()
    [1.0, 1.0, 0.0]
    """
    values = np.asarray(rows, np.float64)
    lengths = np.linalg.norm(values, axis=1, keepdims=True)
    values = np.divide(values, lengths, out=np.zeros_like(values), where=lengths > 0)
    cosines: NDArray[np.float64] = values @ values.T
    return cosines
