"""What restricted Boltzmann machines share: energy, Gibbs steps, and units counted from their means."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from woodshed.nets.annealing import annealed_nats

FOLLOWED = 0.01
"""Share by which the means of the hidden units move towards those of a batch."""


class RestrictedBoltzmannMachine(keras.Model):  # type: ignore[misc]
    """Notes and hidden units that pull at each other by how far each is from its mean.

    Few notes of a frame sound, so that a pull that is counted from silence moves the biases along with it,
    and learning is slow. Counted from the means, ``(v - mean(v)) @ pull @ (h - mean(h))``, the same machines
    are learned much faster (Montavon and Müller, "Deep Boltzmann machines and the centering trick", 2012).
    The means of the notes are given by `adapt`, those of the hidden units are followed while it learns.
    """

    def __init__(self, n_notes: int, n_hidden: int, *, n_steps: int, seed: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.n_notes, self.n_hidden = n_notes, n_hidden
        self.n_steps, self.seed = n_steps, seed
        self.chance = keras.random.SeedGenerator(seed)
        start = keras.initializers.RandomNormal(stddev=0.05, seed=seed)
        half = keras.initializers.Constant(0.5)
        self.couplings = self.add_weight((n_notes, n_hidden), initializer=start, name="couplings")
        self.note_mean = self.add_weight((n_notes,), initializer="zeros", trainable=False, name="note_mean")
        self.hidden_mean = self.add_weight((n_hidden,), initializer=half, trainable=False, name="hidden_mean")

    def adapt(self, frames: NDArray[np.number]) -> None:
        """Begin with the means of ``frames`` of 0 and 1, shape ``(n_frames, n_notes)``, before it learns."""
        mean = (np.sum(frames, axis=0) + 0.5) / (len(frames) + 1)
        self.note_mean.assign(mean)
        self.begin_at(np.log(mean / (1 - mean)))

    def begin_at(self, log_odds: NDArray[np.floating]) -> None:
        """Take the log-odds of the notes, shape ``(n_notes,)``, as their first biases."""
        raise NotImplementedError

    def biases(self, frames: Any) -> tuple[Any, Any]:
        """Return the biases of plain notes and hidden units, given the frames before each.

        They have shape ``(..., n_notes)`` and ``(..., n_hidden)``, or no leading axes if they are the same
        for all frames.
        """
        raise NotImplementedError

    def call(self, inputs: Any) -> Any:
        """Return the free energy of each frame."""
        return free_energy(inputs, self.couplings, *self.biases(inputs))

    def nats(
        self,
        frames: NDArray[np.number],
        asked: NDArray[np.bool_] | None = None,
        *,
        n_chains: int = 20,
        n_steps: int = 100,
    ) -> NDArray[np.float64]:
        """Estimate how many nats frames ``(..., n_notes)`` take: see `woodshed.nets.annealing.annealed_nats`.

        ``asked``, shape ``(...)``, says of which frames the nats are wanted; the others are only heard. All
        are asked without it. They come in one row, shape ``(n_asked,)``.
        """
        inputs = np.asarray(frames, np.float32)
        asked = np.ones(inputs.shape[:-1], bool) if asked is None else asked
        biases = (np.asarray(bias) for bias in self.biases(inputs))
        notes, hidden = (np.broadcast_to(bias, (*asked.shape, bias.shape[-1]))[asked] for bias in biases)
        couplings = np.asarray(self.couplings)
        return annealed_nats(inputs[asked], couplings, notes, hidden, n_chains=n_chains, n_steps=n_steps)

    def uncentred(self, note_bias: Any, hidden_bias: Any) -> tuple[Any, Any]:
        """Turn biases ``(..., n_notes)``, ``(..., n_hidden)`` of centred units into those of plain ones."""
        notes = note_bias - ops.matmul(self.couplings, self.hidden_mean)  # (..., N)
        return notes, hidden_bias - ops.matmul(self.note_mean, self.couplings)  # (..., H)

    def sample_negative(self, frames: Any, note_bias: Any, hidden_bias: Any) -> Any:
        """Go on from ``frames`` for the Gibbs steps of a learning step; nothing is learned through them."""
        return ops.stop_gradient(
            gibbs(frames, self.couplings, note_bias, hidden_bias, self.n_steps, self.chance)
        )

    def update_running_mean(self, frames: Any, hidden_bias: Any, targets: Any) -> None:
        """Move the means of the hidden units towards what known ``frames`` make of them."""
        waking = ops.sigmoid(ops.matmul(frames, self.couplings) + hidden_bias)  # (..., H)
        known = ops.ones_like(frames[..., :1]) if targets is None else targets[..., :1] >= 0
        known = ops.cast(known, waking.dtype)  # (..., 1)
        others = tuple(range(len(waking.shape) - 1))
        mean = ops.sum(waking * known, axis=others) / ops.maximum(ops.sum(known), 1.0)
        self.hidden_mean.assign((1 - FOLLOWED) * self.hidden_mean + FOLLOWED * ops.stop_gradient(mean))


def free_energy(frames: Any, couplings: Any, note_bias: Any, hidden_bias: Any) -> Any:
    """Return minus the log of the sum over hidden states, ``(..., n_notes)`` to ``(...,)``."""
    waking = ops.matmul(frames, couplings) + hidden_bias  # (..., H)
    return -ops.sum(frames * note_bias, axis=-1) - ops.sum(ops.softplus(waking), axis=-1)  # (...,)


def mean_known(values: Any, targets: Any) -> Any:
    """Average what is said of frames, ``(...,)``, over those whose targets ``(..., n_notes)`` are not -1."""
    if targets is None:
        return ops.mean(values)
    known = ops.cast(targets[..., 0] >= 0, values.dtype)
    return ops.sum(values * known) / ops.maximum(ops.sum(known), 1.0)


def gibbs(frames: Any, couplings: Any, note_bias: Any, hidden_bias: Any, n_steps: int, chance: Any) -> Any:
    """Draw hidden units from notes and notes from hidden units, ``n_steps`` times."""
    for _ in range(n_steps):
        hidden = draw(ops.matmul(frames, couplings) + hidden_bias, chance)  # (..., H)
        frames = draw(ops.matmul(hidden, ops.transpose(couplings)) + note_bias, chance)  # (..., N)
    return frames


def draw(logits: Any, chance: Any) -> Any:
    """Draw zeros and ones of the given log-odds."""
    uniform = keras.random.uniform(ops.shape(logits), seed=chance)
    return ops.cast(uniform < ops.sigmoid(logits), logits.dtype)
