"""RNN-RBM: a restricted Boltzmann machine for each frame, whose biases a recurrent net sets."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers, ops
from numpy.typing import NDArray

from woodshed.errors import ParameterError, near_miss
from woodshed.nets.rbm import Rbm
from woodshed.nets.rbm_common import RestrictedBoltzmannMachine, free_energy, mean_known
from woodshed.nets.recurrent import Recurrent

CELLS = ("rnn", "gru", "lstm")
"""What can read the frames before: tanh units, as in the paper, or gated ones."""


@keras.saving.register_keras_serializable(package="woodshed")
class RnnRbm(RestrictedBoltzmannMachine):
    """Notes that belong together, given the frames before.

    Boulanger-Lewandowski, Bengio and Vincent, "Modeling temporal dependencies in high-dimensional
    sequences" (2012): recurrent units read the frames, and add to the biases of the notes and hidden units of
    the next frame's machine. Learns by contrastive divergence of ``n_steps`` Gibbs steps; they began with a
    machine that had learned the frames by themselves, for which there is `begin_with`.

    Parameters
    ----------
    n_notes, n_hidden
        Visible and hidden units of the machine.
    width
        Recurrent units.
    cell
        Their kind: one of `CELLS`.
    dropout
        Share of the recurrent units that are not heard in a learning step.
    n_steps
        Gibbs steps of each learning step.
    seed
        Where chance starts.

    Input shape
        ``(batch, time, n_notes)`` of 0 and 1.
    Output shape
        ``(batch, time)``: free energy of each frame given those before it, in nats. Fit it with the
        frames as ``x`` and ``y``; a frame whose ``y`` is -1 is padding.

    Raises
    ------
    ParameterError
        For a cell that is not known.

    Examples
    --------
    >>> import numpy as np
    >>> net = RnnRbm()
    >>> net(np.zeros((2, 7, 88), "float32")).shape
    TensorShape([2, 7])
    >>> sum(weight.size for weight in map(np.asarray, net.trainable_weights))
    56138
    >>> 88*150 + 100*(88+100+1) + (100+1)*(88+150)
    56138
    """

    def __init__(
        self,
        n_notes: int = 88,
        n_hidden: int = 150,
        width: int = 100,
        *,
        cell: str = "rnn",
        dropout: float = 0.0,
        n_steps: int = 15,
        seed: int = 0,
        **kwargs: Any,
    ) -> None:
        if cell not in CELLS:
            raise ParameterError(f"There is no cell called {cell!r}. {near_miss(cell, CELLS)}")
        super().__init__(n_notes, n_hidden, n_steps=n_steps, seed=seed, **kwargs)
        self.width, self.cell, self.dropout = width, cell, dropout
        if cell == "rnn":
            self.reader = layers.SimpleRNN(width, return_sequences=True, name="reader")
        else:
            self.reader = Recurrent(width, cell=cell, name="reader")
        self.forget = layers.Dropout(dropout, seed=seed, name="forget")
        self.note_bias = layers.Dense(n_notes, name="note_bias")
        self.hidden_bias = layers.Dense(n_hidden, name="hidden_bias")
        self.reader.build((None, None, n_notes))
        self.note_bias.build((None, None, width))
        self.hidden_bias.build((None, None, width))
        self.built = True

    def begin_at(self, log_odds: NDArray[np.floating]) -> None:
        """Take the log-odds of the notes as their biases, whatever was heard before."""
        self.note_bias.bias.assign(log_odds)

    def begin_with(self, machine: Rbm) -> None:
        """Take over what a machine of the same size learned of the frames without those before."""
        self.couplings.assign(machine.couplings)
        self.note_mean.assign(machine.note_mean)
        self.hidden_mean.assign(machine.hidden_mean)
        self.note_bias.bias.assign(machine.note_bias)
        self.hidden_bias.bias.assign(machine.hidden_bias)

    def biases(self, frames: Any, *, training: bool = False) -> tuple[Any, Any]:
        """Return the biases of each frame's machine, ``(B, T, n_notes)`` and ``(B, T, n_hidden)``."""
        before = ops.concatenate([ops.zeros_like(frames[:, :1]), frames[:, :-1]], axis=1)  # (B, T, N)
        state = self.forget(self.reader(before), training=training)  # (B, T, W)
        return self.uncentred(self.note_bias(state), self.hidden_bias(state))

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, **_: Any
    ) -> Any:
        """Return how much lower the data lie than what each frame's machine dreams of."""
        biases = self.biases(x, training=True)  # data and dream have to forget the same units
        sample_negative = self.sample_negative(x, *map(ops.stop_gradient, biases))
        self.update_running_mean(x, biases[1], y)
        energy = free_energy(x, self.couplings, *biases) - free_energy(
            sample_negative, self.couplings, *biases
        )
        return mean_known(energy, y)

    def get_config(self) -> dict[str, Any]:
        """Return the settings, so that the net saves and loads."""
        names = ("n_notes", "n_hidden", "width", "cell", "dropout", "n_steps", "seed")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}


def rnn_rbm(
    n_notes: int = 88,
    *,
    n_hidden: int = 150,
    width: int = 100,
    cell: str = "rnn",
    dropout: float = 0.0,
    n_steps: int = 15,
) -> RnnRbm:
    """Build an RNN-RBM; see `RnnRbm`.

    Examples
    --------
    >>> rnn_rbm(5, n_hidden=3, width=2).count_params()  # 5*3 + 2*(5+2+1) + (2+1)*(5+3), and 5 + 3 means
    63
    """
    return RnnRbm(n_notes, n_hidden, width, cell=cell, dropout=dropout, n_steps=n_steps)
