"""RNN-RBM: a restricted Boltzmann machine for each frame, whose biases a recurrent net sets."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers, ops
from numpy.typing import NDArray

from woodshed.nets.rbm import anneal, free_energy, gibbs, mean_known


@keras.saving.register_keras_serializable(package="woodshed")
class RnnRbm(keras.Model):  # type: ignore[misc]
    """Notes that belong together, given the frames before.

    Boulanger-Lewandowski, Bengio and Vincent, "Modeling temporal dependencies in high-dimensional
    sequences" (2012): tanh units read the frames, and add to the biases of the notes and hidden units of
    the next frame's machine. Learns by contrastive divergence of ``n_steps`` Gibbs steps.

    Parameters
    ----------
    n_notes, n_hidden
        Visible and hidden units of the machine.
    width
        Recurrent units.
    n_steps
        Gibbs steps of each learning step.
    seed
        Where chance starts.

    Input shape
        ``(batch, time, n_notes)`` of 0 and 1.
    Output shape
        ``(batch, time)``: free energy of each frame given those before it, in nats. Fit it with the
        frames as ``x`` and ``y``; a frame whose ``y`` is -1 is padding.

    Examples
    --------
    >>> import numpy as np
    >>> net = RnnRbm()  # 88*150 + 100*(88+100+1) + (100+1)*(88+150)
    >>> net(np.zeros((2, 7, 88), "float32")).shape, net.count_params()
    (TensorShape([2, 7]), 56138)
    """

    def __init__(
        self,
        n_notes: int = 88,
        n_hidden: int = 150,
        width: int = 100,
        *,
        n_steps: int = 15,
        seed: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.n_notes, self.n_hidden, self.width = n_notes, n_hidden, width
        self.n_steps, self.seed = n_steps, seed
        self.chance = keras.random.SeedGenerator(seed)
        start = keras.initializers.RandomNormal(stddev=0.01, seed=seed)
        self.pull = self.add_weight((n_notes, n_hidden), initializer=start, name="pull")
        self.reader = layers.SimpleRNN(width, return_sequences=True, name="reader")
        self.note_bias = layers.Dense(n_notes, name="note_bias")
        self.hidden_bias = layers.Dense(n_hidden, name="hidden_bias")
        self.reader.build((None, None, n_notes))
        self.note_bias.build((None, None, width))
        self.hidden_bias.build((None, None, width))
        self.built = True

    def biases(self, frames: Any) -> tuple[Any, Any]:
        """Return the biases of each frame's machine, ``(B, T, n_notes)`` and ``(B, T, n_hidden)``."""
        before = ops.concatenate([ops.zeros_like(frames[:, :1]), frames[:, :-1]], axis=1)  # (B, T, N)
        state = self.reader(before)  # (B, T, W)
        return self.note_bias(state), self.hidden_bias(state)

    def call(self, inputs: Any) -> Any:
        """Return the free energy of each frame."""
        return free_energy(inputs, self.pull, *self.biases(inputs))

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, **_: Any
    ) -> Any:
        """Return how much lower the data lie than what each frame's machine dreams of."""
        biases = self.biases(x)
        dream = ops.stop_gradient(gibbs(x, self.pull, *biases, self.n_steps, self.chance))
        return mean_known(y_pred - free_energy(dream, self.pull, *biases), y)

    def nats(
        self, frames: NDArray[np.floating], *, n_chains: int = 100, n_steps: int = 200, seed: int = 0
    ) -> NDArray[np.float64]:
        """Estimate the nats of each frame of ``(batch, time, n_notes)`` by annealed importance sampling.

        Each frame has a machine of its own, and so an estimate of its own: this takes its time.
        """
        inputs = np.asarray(frames, np.float32)
        energy = np.asarray(self(inputs), np.float64)  # (B, T)
        notes, hidden = (np.asarray(bias) for bias in self.biases(inputs))
        pull = np.asarray(self.pull)
        log_z = np.stack(  # a stretch at a time, so that the chains of all frames need not be held at once
            [
                anneal(pull, notes[:, t], hidden[:, t], n_chains=n_chains, n_steps=n_steps, seed=seed)
                for t in range(energy.shape[1])
            ],
            axis=1,
        )
        nats: NDArray[np.float64] = energy + log_z
        return nats

    def get_config(self) -> dict[str, Any]:
        """Return the settings, so that the net saves and loads."""
        names = ("n_notes", "n_hidden", "width", "n_steps", "seed")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}


def rnn_rbm(n_notes: int = 88, *, n_hidden: int = 150, width: int = 100, n_steps: int = 15) -> RnnRbm:
    """Build an RNN-RBM; see `RnnRbm`.

    Examples
    --------
    >>> rnn_rbm(5, n_hidden=3, width=2).count_params()  # 5*3 + 2*(5+2+1) + (2+1)*(5+3)
    55
    """
    return RnnRbm(n_notes, n_hidden, width, n_steps=n_steps)
