"""Restricted Boltzmann machine over the notes of a frame, with centred units, and its base class."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from woodshed.nets.annealing import annealed_nats

MEAN_RATE = 0.01
"""Step size of the running means of the hidden units."""


class RestrictedBoltzmannMachine(keras.Model):  # type: ignore[misc]
    """Restricted Boltzmann machine with centred units.

    Few notes of a frame sound, so that uncentred couplings also act as biases, which slows down training.
    With the energy term ``(v - mean(v)) @ couplings @ (h - mean(h))`` the same distributions are learned
    much faster (Montavon and Müller, "Deep Boltzmann machines and the centering trick", 2012). The means of
    the notes are set by `adapt`, those of the hidden units are running means.
    """

    def __init__(self, n_notes: int, n_hidden: int, *, n_steps: int, seed: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.n_notes, self.n_hidden = n_notes, n_hidden
        self.n_steps, self.seed = n_steps, seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        small = keras.initializers.RandomNormal(stddev=0.05, seed=seed)
        self.couplings = self.add_weight((n_notes, n_hidden), initializer=small, name="couplings")
        self.note_mean = self.add_weight((n_notes,), initializer="zeros", trainable=False, name="note_mean")
        self.hidden_mean = self.add_weight(
            (n_hidden,), initializer=keras.initializers.Constant(0.5), trainable=False, name="hidden_mean"
        )

    def adapt(self, frames: NDArray[np.number]) -> None:
        """Initialise means and biases from ``frames`` of 0 and 1, shape ``(n_frames, n_notes)``."""
        mean = (np.sum(frames, axis=0) + 0.5) / (len(frames) + 1)
        self.note_mean.assign(mean)
        self.set_note_bias(np.log(mean / (1 - mean)))

    def set_note_bias(self, log_odds: NDArray[np.floating]) -> None:
        """Set the biases of the notes to log-odds of shape ``(n_notes,)``."""
        raise NotImplementedError

    def biases(self, frames: Any) -> tuple[Any, Any]:
        """Return the uncentred biases of notes and hidden units, given the frames before each.

        Shapes ``(..., n_notes)`` and ``(..., n_hidden)``, without leading axes if all frames share them.
        """
        raise NotImplementedError

    def call(self, inputs: Any) -> Any:
        """Return the free energy of each frame."""
        return free_energy(inputs, self.couplings, *self.biases(inputs))

    def nats(
        self,
        frames: NDArray[np.number],
        mask: NDArray[np.bool_] | None = None,
        *,
        n_chains: int = 20,
        n_steps: int = 100,
    ) -> NDArray[np.float64]:
        """Estimate the negative log-likelihood of frames ``(..., n_notes)``; see `annealed_nats`.

        ``mask``, shape ``(...)``, selects the frames to evaluate; the others only serve as context. The
        result is flat, shape ``(n_selected,)``.
        """
        inputs = np.asarray(frames, np.float32)
        mask = np.ones(inputs.shape[:-1], bool) if mask is None else mask
        biases = (np.asarray(bias) for bias in self.biases(inputs))
        notes, hidden = (np.broadcast_to(bias, (*mask.shape, bias.shape[-1]))[mask] for bias in biases)
        return annealed_nats(
            inputs[mask], np.asarray(self.couplings), notes, hidden, n_chains=n_chains, n_steps=n_steps
        )

    def uncentred(self, note_bias: Any, hidden_bias: Any) -> tuple[Any, Any]:
        """Convert biases ``(..., n_notes)``, ``(..., n_hidden)`` of centred to those of uncentred units."""
        notes = note_bias - ops.matmul(self.couplings, self.hidden_mean)  # (..., N)
        return notes, hidden_bias - ops.matmul(self.note_mean, self.couplings)  # (..., H)

    def sample_negative(self, frames: Any, note_bias: Any, hidden_bias: Any) -> Any:
        """Return samples after ``n_steps`` Gibbs steps from ``frames``; no gradient flows through them."""
        return ops.stop_gradient(
            gibbs(frames, self.couplings, note_bias, hidden_bias, self.n_steps, self.seed_generator)
        )

    def update_running_mean(self, frames: Any, hidden_bias: Any, targets: Any) -> None:
        """Update the running means of the hidden units from the frames that are not padding."""
        activation = ops.sigmoid(ops.matmul(frames, self.couplings) + hidden_bias)  # (..., H)
        mask = ops.ones_like(frames[..., :1]) if targets is None else targets[..., :1] >= 0
        mask = ops.cast(mask, activation.dtype)  # (..., 1)
        axes = tuple(range(len(activation.shape) - 1))
        mean = ops.sum(activation * mask, axis=axes) / ops.maximum(ops.sum(mask), 1.0)
        self.hidden_mean.assign((1 - MEAN_RATE) * self.hidden_mean + MEAN_RATE * ops.stop_gradient(mean))


def free_energy(frames: Any, couplings: Any, note_bias: Any, hidden_bias: Any) -> Any:
    """Return the negative log of the sum over hidden states, ``(..., n_notes)`` to ``(...,)``."""
    hidden_logits = ops.matmul(frames, couplings) + hidden_bias  # (..., H)
    return -ops.sum(frames * note_bias, axis=-1) - ops.sum(ops.softplus(hidden_logits), axis=-1)  # (...,)


def masked_mean(values: Any, targets: Any) -> Any:
    """Return the mean of ``values`` ``(...,)`` over frames whose targets ``(..., n_notes)`` are not -1."""
    if targets is None:
        return ops.mean(values)
    mask = ops.cast(targets[..., 0] >= 0, values.dtype)
    return ops.sum(values * mask) / ops.maximum(ops.sum(mask), 1.0)


def gibbs(
    frames: Any, couplings: Any, note_bias: Any, hidden_bias: Any, n_steps: int, seed_generator: Any
) -> Any:
    """Alternately sample hidden units given the notes and notes given the hidden units, ``n_steps`` times."""
    for _ in range(n_steps):
        hidden = bernoulli(ops.matmul(frames, couplings) + hidden_bias, seed_generator)  # (..., H)
        frames = bernoulli(
            ops.matmul(hidden, ops.transpose(couplings)) + note_bias, seed_generator
        )  # (..., N)
    return frames


def bernoulli(logits: Any, seed_generator: Any) -> Any:
    """Sample zeros and ones with the given log-odds."""
    uniform = keras.random.uniform(ops.shape(logits), seed=seed_generator)
    return ops.cast(uniform < ops.sigmoid(logits), logits.dtype)


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
