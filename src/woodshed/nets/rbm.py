"""Restricted Boltzmann machine over the notes of a frame."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from woodshed.nets.rbm_common import RestrictedBoltzmannMachine, free_energy, masked_mean


@keras.saving.register_keras_serializable(package="woodshed")
class Rbm(RestrictedBoltzmannMachine):
    """Restricted Boltzmann machine (Smolensky, 1986), trained by contrastive divergence (Hinton, 2002).

    Training lowers the free energy of the data and raises that of samples after ``n_steps`` of Gibbs
    sampling. With ``keep_chains`` the chains persist between batches (Tieleman, "Training restricted
    Boltzmann machines using approximations to the likelihood gradient", 2008); a batch may then have
    ``keep_chains`` rows or fewer.

    Parameters
    ----------
    n_notes, n_hidden
        Number of visible and hidden units.
    n_steps
        Gibbs steps per training step.
    keep_chains
        Number of persistent chains; 0 starts new ones at the data in each step.
    seed
        Random seed.

    Input shape
        ``(..., n_notes)`` of 0 and 1.
    Output shape
        ``(...,)``: free energy in nats; lower is more probable. Fit it with the frames as ``x`` and ``y``; a
        frame whose ``y`` is -1 is padding.

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

    def set_note_bias(self, log_odds: NDArray[np.floating]) -> None:
        """Set the biases of the notes."""
        self.note_bias.assign(log_odds)

    def biases(self, frames: Any = None) -> tuple[Any, Any]:
        """Return the uncentred biases ``(n_notes,)`` and ``(n_hidden,)``, the same for all frames."""
        return self.uncentred(self.note_bias, self.hidden_bias)

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, **_: Any
    ) -> Any:
        """Return the free energy of the data minus that of the negative samples."""
        notes, hidden = self.biases()
        negative = self.sample_negative(self.chains if self.keep_chains else x, notes, hidden)
        self.update_running_mean(x, hidden, y)
        negative_energy = free_energy(negative, self.couplings, notes, hidden)
        if not self.keep_chains:
            return masked_mean(y_pred - negative_energy, y)
        self.chains.assign(negative)
        return masked_mean(y_pred, y) - ops.mean(negative_energy)

    def get_config(self) -> dict[str, Any]:
        """Return the settings for saving and loading."""
        names = ("n_notes", "n_hidden", "n_steps", "keep_chains", "seed")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}
