"""Sampling of piano rolls frame by frame, from biases that the previous frames determine."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from woodshed.composition.roll.settings import Frames
from woodshed.nets.annealing import sigmoid

Values = NDArray[np.floating]

N_GIBBS = 25
"""Gibbs steps for each frame of an RNN-RBM, as in its paper."""

N_GIBBS_WITHOUT_MEMORY = 200
"""Gibbs steps for each frame of an RBM without memory, which begins far from equilibrium."""


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
