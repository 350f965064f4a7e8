"""RNN-RBM: restricted Boltzmann machines whose biases are set by a recurrent net."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers, ops
from numpy.typing import NDArray

from woodshed.errors import ParameterError, near_miss
from woodshed.nets.rbm import Rbm, RestrictedBoltzmannMachine, free_energy, masked_mean
from woodshed.nets.recurrent import Recurrent

CELLS = ("rnn", "gru", "lstm")
"""Recurrent cells: tanh units, as in the paper, or gated ones."""


@keras.saving.register_keras_serializable(package="woodshed")
class RnnRbm(RestrictedBoltzmannMachine):
    """Recurrent temporal model of frames of notes.

    Boulanger-Lewandowski, Bengio and Vincent, "Modeling temporal dependencies in high-dimensional
    sequences" (2012): a recurrent net over the preceding frames sets the biases of the notes and hidden units
    of a restricted Boltzmann machine for the next frame. Trained by contrastive divergence with ``n_steps``
    Gibbs steps. The paper starts from an RBM fitted to single frames; see `init_from_rbm`.

    Parameters
    ----------
    n_notes, n_hidden
        Number of visible and hidden units of the RBM.
    width
        Number of recurrent units.
    cell
        One of `CELLS`.
    dropout
        Dropout rate of the recurrent units during training.
    n_steps
        Gibbs steps per training step.
    seed
        Random seed.

    Input shape
        ``(batch, time, n_notes)`` of 0 and 1.
    Output shape
        ``(batch, time)``: free energy of each frame given those before it, in nats. Fit it with the
        frames as ``x`` and ``y``; a frame whose ``y`` is -1 is padding.

    Raises
    ------
    ParameterError
        If the cell is unknown.

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
            raise ParameterError(f"Unknown cell {cell!r}. {near_miss(cell, CELLS)}")
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

    def set_note_bias(self, log_odds: NDArray[np.floating]) -> None:
        """Set the biases of the notes, before the contribution of the preceding frames."""
        self.note_bias.bias.assign(log_odds)

    def init_from_rbm(self, rbm: Rbm) -> None:
        """Copy the weights of an RBM of the same size."""
        self.couplings.assign(rbm.couplings)
        self.note_mean.assign(rbm.note_mean)
        self.hidden_mean.assign(rbm.hidden_mean)
        self.note_bias.bias.assign(rbm.note_bias)
        self.hidden_bias.bias.assign(rbm.hidden_bias)

    def biases(self, frames: Any, *, training: bool = False) -> tuple[Any, Any]:
        """Return the uncentred biases of each frame, ``(B, T, n_notes)`` and ``(B, T, n_hidden)``."""
        before = ops.concatenate([ops.zeros_like(frames[:, :1]), frames[:, :-1]], axis=1)  # (B, T, N)
        state = self.forget(self.reader(before), training=training)  # (B, T, W)
        return self.uncentred(self.note_bias(state), self.hidden_bias(state))

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, **_: Any
    ) -> Any:
        """Return the free energy of the data minus that of the negative samples."""
        biases = self.biases(x, training=True)  # one dropout mask for data and negative samples
        negative = self.sample_negative(x, *map(ops.stop_gradient, biases))
        self.update_running_mean(x, biases[1], y)
        negative_energy = free_energy(negative, self.couplings, *biases)
        return masked_mean(free_energy(x, self.couplings, *biases) - negative_energy, y)

    def get_config(self) -> dict[str, Any]:
        """Return the settings for saving and loading."""
        names = ("n_notes", "n_hidden", "width", "cell", "dropout", "n_steps", "seed")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}
