"""Composer of piano rolls: a net that predicts the notes of a frame from the frames before."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from woodshed.composition.composer import Trained
from woodshed.composition.roll.settings import Frames, RollSettings
from woodshed.composition.sampling import Sampler
from woodshed.errors import ParameterError
from woodshed.metrics.baseline import note_nats
from woodshed.nets.annealing import sigmoid
from woodshed.nets.backend import require_keras
from woodshed.training.progress import OnEpoch
from woodshed.training.stderr import suppress_stderr

Values = NDArray[np.floating]

N_GIBBS = 25
"""Gibbs steps for each frame of an RNN-RBM, as in its paper."""

N_GIBBS_WITHOUT_MEMORY = 200
"""Gibbs steps for each frame of an RBM without memory, which begins far from equilibrium."""

MAX_SILENT_TRIES = 20
"""Number of times that a piece without notes is sampled again."""


class FrameWriter:
    """Sampling of frames from a net.

    Parameters
    ----------
    net
        Made by `woodshed.composition.roll.fitting.make_frame_net`.
    n_notes
        Notes of a frame.
    n_steps
        Number of previous frames that the net reads.
    """

    def __init__(self, net: Any, n_notes: int, n_steps: int) -> None:
        self.n_notes, self.n_steps = n_notes, n_steps
        self.is_rbm = hasattr(net, "couplings")
        has_memory = hasattr(net, "reader") or not self.is_rbm
        self.constant_biases = [] if has_memory else [np.asarray(bias) for bias in net.biases()]
        layers = {} if self.is_rbm else {layer.name: layer for layer in net.layers}
        self.nade = [np.asarray(weight) for weight in layers["nade"].weights] if "nade" in layers else []
        self.couplings = np.asarray(net.couplings) if self.is_rbm else np.zeros((n_notes, 0))
        self.bias_net = _bias_net(net, layers, n_notes, n_steps) if has_memory else None

    def write(self, n_frames: int, rng: np.random.Generator, temperature: float) -> Frames:
        """Sample a piece, shape ``(n_frames, n_notes)``."""
        frames = np.zeros((n_frames, self.n_notes), np.int8)
        for at in range(n_frames):
            biases = self.constant_biases
            if self.bias_net is not None:
                start = max(0, at - self.n_steps + 1)
                window = np.zeros((1, self.n_steps, self.n_notes), np.float32)
                window[0, : at - start] = frames[start:at]
                outputs = self.bias_net.predict_on_batch(window)
                outputs = outputs if isinstance(outputs, list | tuple) else [outputs]
                biases = [output[0, at - start] for output in outputs]
            frames[at] = self._draw(biases, rng, temperature)
        return frames

    def _draw(self, biases: list[Values], rng: np.random.Generator, temperature: float) -> Frames:
        """Draw a frame, given the biases."""
        draws = rng.random(self.n_notes)
        if self.is_rbm:
            return self._gibbs(biases, rng, temperature)
        if not self.nade:
            return (draws < sigmoid(biases[0] / temperature)).astype(np.int8)
        into, out = self.nade
        frame, hidden = np.zeros(self.n_notes, np.int8), biases[1].astype(np.float64)
        for note in range(self.n_notes):
            logit = out[note] @ sigmoid(hidden) + biases[0][note]
            frame[note] = draws[note] < sigmoid(logit / temperature)
            hidden = hidden + frame[note] * into[note]
        return frame

    def _gibbs(self, biases: list[Values], rng: np.random.Generator, temperature: float) -> Frames:
        note_bias, hidden_bias = biases
        frame = (rng.random(self.n_notes) < sigmoid(note_bias / temperature)).astype(np.float32)
        for _ in range(N_GIBBS_WITHOUT_MEMORY if self.constant_biases else N_GIBBS):
            logits = (frame @ self.couplings + hidden_bias) / temperature
            hidden = (rng.random(logits.shape) < sigmoid(logits)).astype(np.float32)
            logits = (self.couplings @ hidden + note_bias) / temperature
            frame = (rng.random(self.n_notes) < sigmoid(logits)).astype(np.float32)
        return frame.astype(np.int8)


def _bias_net(net: Any, layers: dict[str, Any], n_notes: int, n_steps: int) -> Any:
    """Make a net that outputs the biases of each frame, shape ``(batch, time, n)`` each."""
    import keras

    frames = keras.Input((n_steps, n_notes))
    if not layers:
        return keras.Model(frames, net.biases(frames))
    outputs = [layers[name].output for name in ("note_bias", "hidden_bias") if name in layers]
    return keras.Model(frames, keras.Model(net.inputs, outputs)(frames))


@dataclass(kw_only=True, eq=False)
class FrameComposer(RollSettings):
    """Base class of composers of piano rolls, which also measure the likelihood of other pieces.

    All settings: `RollSettings`, `Composer`.
    """

    derived_names: ClassVar[tuple[str, ...]] = (*RollSettings.derived_names, "_frame_net", "_frame_writer")

    def train_net(
        self,
        train: Sequence[Frames],
        validation: Sequence[Frames],
        *,
        checkpoint: Path | None,
        on_epoch: OnEpoch,
    ) -> Trained:
        """Train a net on encoded pieces.

        ``on_epoch`` receives the training loss in nats per frame (of an RBM: by how much the free energy of
        the data is lower than that of its samples), and the geometric mean of the probabilities of held-out
        frames.
        """
        with suppress_stderr():
            from woodshed.composition.roll.fitting import fit_rolls
        return fit_rolls(self, train, validation, checkpoint=checkpoint, on_epoch=on_epoch)

    # -- likelihood -------------------------------------------------------------------------------

    def nats_per_frame(self, pieces: Sequence[Any], *, n_chains: int = 20, n_anneal: int = 100) -> float:
        """Return the mean of `frame_nats` over all frames of some pieces."""
        return float(np.mean(np.concatenate(self.frame_nats(pieces, n_chains=n_chains, n_anneal=n_anneal))))

    def frame_nats(
        self, pieces: Sequence[Any], *, n_chains: int = 20, n_anneal: int = 100
    ) -> list[NDArray[np.float64]]:
        """Return the negative log likelihood of every frame in nats; the first frame follows silence.

        It is exact, except for RBMs, where reverse annealing estimates it and rather overestimates than
        underestimates it; see `woodshed.nets.annealing.annealed_nats`.

        Parameters
        ----------
        pieces
            Pieces to evaluate. In one longer than ``n_steps``, a frame is predicted from at least half as
            many frames before it.
        n_chains, n_anneal
            Chains and steps of the annealing; more are more accurate.
        """
        from woodshed.composition.roll.fitting import evaluate_frames

        rows, masks = zip(*(_windows(self.encode(piece), self.n_steps) for piece in pieces), strict=True)
        nats = evaluate_frames(
            self._frame_net,
            np.concatenate(rows),
            np.concatenate(masks),
            self.batch_size,
            n_chains=n_chains,
            n_steps=n_anneal,
        )
        return np.split(nats, np.cumsum([mask.sum() for mask in masks])[:-1])

    def bits_per_token(self, pieces: Sequence[Any]) -> float:
        """Return the cross-entropy of pieces in bits per frame; lower is better."""
        return self.nats_per_frame(pieces) / math.log(2)

    def baseline_bits(self, train: Sequence[Any], test: Sequence[Any]) -> dict[str, float]:
        """Return bits per frame of independent notes, by frequency and given their own previous state."""
        train_rows, test_rows = ([self.encode(piece) for piece in pieces] for pieces in (train, test))
        orders = {"each note given itself before": 1, "each note by itself": 0}
        return {
            name: float(np.concatenate(note_nats(train_rows, test_rows, order=order)).mean()) / math.log(2)
            for name, order in orders.items()
        }

    # -- sampling ---------------------------------------------------------------------------------

    @functools.cached_property
    def _frame_net(self) -> Any:
        """The net with its weights."""
        weights = self.fitted("weights_")
        with suppress_stderr():
            require_keras("A model of piano rolls")
            from woodshed.composition.roll.fitting import make_frame_net
        net = make_frame_net(self)
        net.set_weights([weights[name] for name in sorted(weights)])
        return net

    @functools.cached_property
    def _frame_writer(self) -> FrameWriter:
        return FrameWriter(self._frame_net, self.n_notes, self.n_steps)

    def sample_frames(
        self, n: int = 1, *, seed: int = 0, first: int = 0, temperature: float = 1.0, n_frames: int = 64
    ) -> list[Frames]:
        """Sample new pieces as frames of 0 and 1, shape ``(n_frames, n_notes)`` each.

        Parameters
        ----------
        n
            Number of pieces.
        seed, first
            Piece ``k``, counted from ``first``, depends on the seed, ``k`` and the other arguments alone.
        temperature
            Above 1 more varied than the training data, below 1 more conservative.
        n_frames
            Length of each.

        Raises
        ------
        ParameterError
            If an argument is out of range, or only silence was sampled.
        """
        Sampler(temperature=temperature)  # refuses a temperature that is out of range
        if n < 1 or n_frames < 1:
            raise ParameterError(
                f"sample_frames expects n and n_frames of at least 1, got {n!r} and {n_frames!r}."
            )
        return [self._sample_one(seed, number, temperature, n_frames) for number in range(first, first + n)]

    def _sample_one(self, seed: int, number: int, temperature: float, n_frames: int) -> Frames:
        """Sample one piece that has notes."""
        for attempt in range(MAX_SILENT_TRIES):
            frames = self._frame_writer.write(
                n_frames, np.random.default_rng([seed, number, attempt]), temperature
            )
            if frames.any():
                return frames
        raise ParameterError(
            f"Piece {number} was silent {MAX_SILENT_TRIES} times. Raise the temperature or n_frames, or "
            "train for more epochs."
        )


def _windows(piece: Frames, n_steps: int) -> tuple[Frames, NDArray[np.bool_]]:
    """Cut a piece into windows that overlap by half, and return which frames of each are evaluated.

    Examples
    --------
    >>> rows, mask = _windows(np.ones((7, 1), np.int8), 4)
    >>> rows.shape, mask.astype(int).tolist()
    ((3, 4, 1), [[1, 1, 1, 1], [0, 0, 1, 1], [0, 0, 1, 0]])
    """
    half = n_steps // 2
    starts = range(0, max(len(piece) - half, 1), half)
    rows = np.zeros((len(starts), n_steps, piece.shape[1]), np.int8)
    mask = np.zeros((len(starts), n_steps), bool)
    for row, start in enumerate(starts):
        part = piece[start : start + n_steps]
        rows[row, : len(part)] = part
        mask[row, (n_steps - half if start else 0) : len(part)] = True
    return rows, mask
