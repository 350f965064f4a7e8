"""Restricted Boltzmann machines over the notes of a frame: free energy, Gibbs steps, and likelihood."""

from __future__ import annotations

import itertools
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from woodshed.errors import ParameterError

MOST_SUMMED = 20
"""Hidden units over which a sum is still exact: a million terms."""


@keras.saving.register_keras_serializable(package="woodshed")
class Rbm(keras.Model):  # type: ignore[misc]
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
    >>> net(np.zeros((3, 88), "float32")).shape, net.count_params()  # 88*150 + 88 + 150
    (TensorShape([3]), 13438)
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
        super().__init__(**kwargs)
        self.n_notes, self.n_hidden = n_notes, n_hidden
        self.n_steps, self.keep_chains, self.seed = n_steps, keep_chains, seed
        self.chance = keras.random.SeedGenerator(seed)
        start = keras.initializers.RandomNormal(stddev=0.01, seed=seed)
        self.pull = self.add_weight((n_notes, n_hidden), initializer=start, name="pull")
        self.note_bias = self.add_weight((n_notes,), initializer="zeros", name="note_bias")
        self.hidden_bias = self.add_weight((n_hidden,), initializer="zeros", name="hidden_bias")
        if keep_chains:
            self.chains = self.add_weight(
                (keep_chains, n_notes), initializer="zeros", trainable=False, name="chains"
            )
        self.built = True

    def call(self, inputs: Any) -> Any:
        """Return the free energy of each frame."""
        return free_energy(inputs, self.pull, self.note_bias, self.hidden_bias)

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, **_: Any
    ) -> Any:
        """Return how much lower the data lie than what the net dreams of."""
        start = self.chains if self.keep_chains else x
        dream = gibbs(start, self.pull, self.note_bias, self.hidden_bias, self.n_steps, self.chance)
        dream = ops.stop_gradient(dream)
        if self.keep_chains:
            self.chains.assign(dream)
        if self.keep_chains:
            return mean_known(y_pred, y) - ops.mean(self(dream))
        return mean_known(y_pred - self(dream), y)

    def sample(self, frames: NDArray[np.floating], n_steps: int) -> NDArray[np.float32]:
        """Go on from ``frames`` for ``n_steps`` Gibbs steps, shape ``(n, n_notes)`` in and out."""
        start = ops.convert_to_tensor(frames, dtype="float32")
        return np.asarray(
            gibbs(start, self.pull, self.note_bias, self.hidden_bias, n_steps, self.chance), np.float32
        )

    def get_config(self) -> dict[str, Any]:
        """Return the settings, so that the net saves and loads."""
        names = ("n_notes", "n_hidden", "n_steps", "keep_chains", "seed")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}


def rbm(n_notes: int = 88, *, n_hidden: int = 150, n_steps: int = 1, keep_chains: int = 0) -> Rbm:
    """Build a restricted Boltzmann machine; see `Rbm`.

    Examples
    --------
    >>> rbm(6, n_hidden=4).count_params()  # 6*4 + 6 + 4
    34
    """
    return Rbm(n_notes, n_hidden, n_steps=n_steps, keep_chains=keep_chains)


def free_energy(frames: Any, pull: Any, note_bias: Any, hidden_bias: Any) -> Any:
    """Return minus the log of the sum over hidden states, ``(..., n_notes)`` to ``(...,)``."""
    waking = ops.matmul(frames, pull) + hidden_bias  # (..., H)
    return -ops.sum(frames * note_bias, axis=-1) - ops.sum(ops.softplus(waking), axis=-1)  # (...,)


def mean_known(values: Any, targets: Any) -> Any:
    """Average what is said of frames, ``(...,)``, over those whose targets ``(..., n_notes)`` are not -1."""
    if targets is None:
        return ops.mean(values)
    known = ops.cast(targets[..., 0] >= 0, values.dtype)
    return ops.sum(values * known) / ops.maximum(ops.sum(known), 1.0)


def gibbs(frames: Any, pull: Any, note_bias: Any, hidden_bias: Any, n_steps: int, chance: Any) -> Any:
    """Draw hidden units from notes and notes from hidden units, ``n_steps`` times."""
    for _ in range(n_steps):
        hidden = draw(ops.matmul(frames, pull) + hidden_bias, chance)  # (..., H)
        frames = draw(ops.matmul(hidden, ops.transpose(pull)) + note_bias, chance)  # (..., N)
    return frames


def draw(logits: Any, chance: Any) -> Any:
    """Draw zeros and ones of the given log-odds."""
    uniform = keras.random.uniform(ops.shape(logits), seed=chance)
    return ops.cast(uniform < ops.sigmoid(logits), logits.dtype)


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
            "Use annealed_log_z, which estimates it."
        )
    pull, note_bias, hidden_bias = weights_of(net)
    hidden = np.array(list(itertools.product((0.0, 1.0), repeat=net.n_hidden)))  # (2 ** H, H)
    logs = hidden @ hidden_bias + np.logaddexp(0, hidden @ pull.T + note_bias).sum(axis=1)  # (2 ** H,)
    return float(np.logaddexp.reduce(logs))


def annealed_log_z(net: Rbm, *, n_chains: int = 100, n_steps: int = 1000, seed: int = 0) -> float:
    """Estimate the log of the normaliser by annealed importance sampling.

    Salakhutdinov and Murray, "On the quantitative analysis of deep belief networks" (2008), from a
    machine with the same biases of notes and no pull.

    Parameters
    ----------
    net
        A machine of any size.
    n_chains, n_steps
        More of either make the estimate surer.
    seed
        Where chance starts.

    Examples
    --------
    >>> net = rbm(5, n_hidden=4)
    >>> abs(annealed_log_z(net) - exact_log_z(net)) < 0.05
    True
    """
    pull, note_bias, hidden_bias = weights_of(net)
    return float(anneal(pull, note_bias, hidden_bias, n_chains=n_chains, n_steps=n_steps, seed=seed))


def anneal(
    pull: NDArray[np.floating],
    note_bias: NDArray[np.floating],
    hidden_bias: NDArray[np.floating],
    *,
    n_chains: int,
    n_steps: int,
    seed: int,
) -> NDArray[np.float64]:
    """Do the work of `annealed_log_z` for many machines that share their pull.

    Biases of shape ``(..., n_notes)`` and ``(..., n_hidden)`` give an array of shape ``(...,)``.
    """
    rng = np.random.default_rng(seed)
    pull, notes, hidden_bias = (np.asarray(a, np.float32) for a in (pull, note_bias, hidden_bias))
    notes, waking_bias = notes[..., np.newaxis, :], hidden_bias[..., np.newaxis, :]  # (..., 1, N or H)
    shape = (*notes.shape[:-2], n_chains, notes.shape[-1])
    frames = (rng.random(shape, np.float32) < sigmoid(notes)).astype(np.float32)  # (..., n_chains, N)
    log_weight = np.zeros(shape[:-1])
    for before, share in itertools.pairwise(np.linspace(0, 1, n_steps + 1, dtype=np.float32)):
        waking = frames @ pull + waking_bias  # (..., n_chains, H)
        log_weight += (softplus(share * waking) - softplus(before * waking)).sum(axis=-1)
        hidden = (rng.random(waking.shape, np.float32) < sigmoid(share * waking)).astype(np.float32)
        odds = share * (hidden @ pull.T) + notes
        frames = (rng.random(shape, np.float32) < sigmoid(odds)).astype(np.float32)
    log_base = softplus(notes[..., 0, :]).sum(axis=-1) + hidden_bias.shape[-1] * np.log(2)  # (...,)
    log_z: NDArray[np.float64] = log_base + np.logaddexp.reduce(log_weight, axis=-1) - np.log(n_chains)
    return log_z


def weights_of(net: Rbm) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return pull, note biases and hidden biases in double precision."""
    pull, note_bias, hidden_bias = (
        np.asarray(weight, np.float64) for weight in (net.pull, net.note_bias, net.hidden_bias)
    )
    return pull, note_bias, hidden_bias


def softplus(x: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return the log of one plus the exponential; large values do not overflow."""
    return np.asarray(np.log1p(np.exp(-np.abs(x))) + np.maximum(x, 0))


def sigmoid(x: NDArray[np.floating]) -> NDArray[np.floating]:
    """Turn log-odds into probabilities; large ones do not overflow."""
    return np.asarray(0.5 * (1 + np.tanh(0.5 * x)))
