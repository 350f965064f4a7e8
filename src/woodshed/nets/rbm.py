"""Restricted Boltzmann machines over the notes of a frame, and their likelihood."""

from __future__ import annotations

import itertools
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from woodshed.errors import ParameterError
from woodshed.nets.rbm_common import RestrictedBoltzmannMachine, free_energy, gibbs, mean_known

MOST_SUMMED = 20
"""Hidden units over which a sum is still exact: a million terms."""


@keras.saving.register_keras_serializable(package="woodshed")
class Rbm(RestrictedBoltzmannMachine):
    """Notes and hidden units that pull at each other (Smolensky, 1986; Hinton, 2002).

    Learns by contrastive divergence: the free energy of the data falls, and that of what ``n_steps`` of
    Gibbs sampling make of them rises. With ``keep_chains`` the sampling goes on from batch to batch
    (Tieleman, "Training restricted Boltzmann machines using approximations to the likelihood gradient",
    2008), for which every batch must have ``keep_chains`` rows or fewer.

    Parameters
    ----------
    n_notes, n_hidden
        Visible and hidden units.
    n_steps
        Gibbs steps of each learning step.
    keep_chains
        How many chains are kept; 0 starts new ones at the data each time.
    seed
        Where chance starts.

    Input shape
        ``(..., n_notes)`` of 0 and 1.
    Output shape
        ``(...,)``: free energy in nats; lower is likelier. Fit it with the frames as ``x`` and ``y``; a frame
        whose ``y`` is -1 is padding.

    Examples
    --------
    >>> import numpy as np
    >>> net = Rbm(88, 150)
    >>> net(np.zeros((3, 88), "float32")).shape
    TensorShape([3])
    >>> sum(weight.size for weight in map(np.asarray, net.trainable_weights))  # 88*150 + 88 + 150
    13438
    """

    def __init__(
        self,
        n_notes: int = 88,
        n_hidden: int = 150,
        *,
        n_steps: int = 1,
        keep_chains: int = 0,
        seed: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(n_notes, n_hidden, n_steps=n_steps, seed=seed, **kwargs)
        self.keep_chains = keep_chains
        self.note_bias = self.add_weight((n_notes,), initializer="zeros", name="note_bias")
        self.hidden_bias = self.add_weight((n_hidden,), initializer="zeros", name="hidden_bias")
        if keep_chains:
            self.chains = self.add_weight(
                (keep_chains, n_notes), initializer="zeros", trainable=False, name="chains"
            )
        self.built = True

    def begin_at(self, log_odds: NDArray[np.floating]) -> None:
        """Take the log-odds of the notes as their biases."""
        self.note_bias.assign(log_odds)

    def biases(self, frames: Any = None) -> tuple[Any, Any]:
        """Return the biases ``(n_notes,)`` and ``(n_hidden,)`` of plain units, whatever the frames are."""
        return self.uncentred(self.note_bias, self.hidden_bias)

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, **_: Any
    ) -> Any:
        """Return how much lower the data lie than what the net dreams of."""
        notes, hidden = self.biases()
        sample_negative = self.sample_negative(self.chains if self.keep_chains else x, notes, hidden)
        self.update_running_mean(x, hidden, y)
        if not self.keep_chains:
            return mean_known(y_pred - free_energy(sample_negative, self.couplings, notes, hidden), y)
        self.chains.assign(sample_negative)
        return mean_known(y_pred, y) - ops.mean(free_energy(sample_negative, self.couplings, notes, hidden))

    def sample(self, frames: NDArray[np.floating], n_steps: int) -> NDArray[np.float32]:
        """Go on from ``frames`` for ``n_steps`` Gibbs steps, shape ``(n, n_notes)`` in and out."""
        start = ops.convert_to_tensor(frames, dtype="float32")
        return np.asarray(gibbs(start, self.couplings, *self.biases(), n_steps, self.chance), np.float32)

    def get_config(self) -> dict[str, Any]:
        """Return the settings, so that the net saves and loads."""
        names = ("n_notes", "n_hidden", "n_steps", "keep_chains", "seed")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}


def rbm(n_notes: int = 88, *, n_hidden: int = 150, n_steps: int = 1, keep_chains: int = 0) -> Rbm:
    """Build a restricted Boltzmann machine; see `Rbm`.

    Examples
    --------
    >>> rbm(6, n_hidden=4).count_params()  # 6*4 + 6 + 4, and 6 + 4 means
    44
    """
    return Rbm(n_notes, n_hidden, n_steps=n_steps, keep_chains=keep_chains)


def exact_log_z(net: Rbm) -> float:
    """Sum over all states of a small machine: the log of what its probabilities are divided by.

    Raises
    ------
    ParameterError
        If it has more than `MOST_SUMMED` hidden units.

    Examples
    --------
    >>> import math
    >>> net = rbm(3, n_hidden=2)
    >>> net.set_weights([0 * weight for weight in net.get_weights()])
    >>> math.isclose(exact_log_z(net), 5 * math.log(2))
    True
    """
    if net.n_hidden > MOST_SUMMED:
        raise ParameterError(
            f"An exact sum is possible up to {MOST_SUMMED} hidden units, got {net.n_hidden}. "
            "Use Rbm.nats, which estimates how likely frames are without it."
        )
    couplings, note_bias, hidden_bias = (
        np.asarray(weight, np.float64) for weight in (net.couplings, *net.biases())
    )
    hidden = np.array(list(itertools.product((0.0, 1.0), repeat=net.n_hidden)))  # (2 ** H, H)
    logs = hidden @ hidden_bias + np.logaddexp(0, hidden @ couplings.T + note_bias).sum(axis=1)  # (2 ** H,)
    return float(np.logaddexp.reduce(logs))
