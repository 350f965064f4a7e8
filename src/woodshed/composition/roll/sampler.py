"""Writing frame after frame: what was written leads to biases, and from these the next frame is drawn."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from woodshed.nets.annealing import sigmoid

Frames = NDArray[np.int8]
Values = NDArray[np.floating]

N_GIBBS = 25
"""Steps of Gibbs sampling for each frame of an RNN-RBM, as in its paper."""

N_GIBBS_ALONE = 200
"""The same for a machine without memory, which begins far from where it will end."""


class FrameWriter:
    """Draws frames from a net.

    Parameters
    ----------
    net
        Made by `woodshed.composition.roll.fitting.make_frame_net`.
    n_notes
        Notes of a frame.
    n_steps
        Frames that the net looks back at.
    """

    def __init__(self, net: Any, n_notes: int, n_steps: int) -> None:
        self.n_notes, self.n_steps = n_notes, n_steps
        self.is_machine = hasattr(net, "couplings")
        reads = hasattr(net, "reader") or not self.is_machine
        self.alone = [] if reads else [np.asarray(bias) for bias in net.biases()]
        layers = {} if self.is_machine else {layer.name: layer for layer in net.layers}
        self.nade = [np.asarray(weight) for weight in layers["nade"].weights] if "nade" in layers else []
        self.couplings = np.asarray(net.couplings) if self.is_machine else np.zeros((n_notes, 0))
        self.lead = None if self.alone else _lead_of(net, layers, n_notes, n_steps)

    def write(self, n_frames: int, rng: np.random.Generator, temperature: float) -> Frames:
        """Write a piece, shape ``(n_frames, n_notes)``."""
        frames = np.zeros((n_frames, self.n_notes), np.int8)
        for at in range(n_frames):
            biases = self.alone
            if self.lead is not None:
                start = max(0, at - self.n_steps + 1)
                window = np.zeros((1, self.n_steps, self.n_notes), np.float32)
                window[0, : at - start] = frames[start:at]
                answers = self.lead.predict_on_batch(window)
                answers = answers if isinstance(answers, list | tuple) else [answers]
                biases = [answer[0, at - start] for answer in answers]
            frames[at] = self._draw(biases, rng, temperature)
        return frames

    def _draw(self, biases: list[Values], rng: np.random.Generator, temperature: float) -> Frames:
        """Draw a frame, given what the frames before say."""
        chances = rng.random(self.n_notes)
        if self.is_machine:
            return self._gibbs(biases, rng, temperature)
        if not self.nade:
            return (chances < sigmoid(biases[0] / temperature)).astype(np.int8)
        into, out = self.nade
        frame, heard = np.zeros(self.n_notes, np.int8), biases[1].astype(np.float64)
        for note in range(self.n_notes):
            logit = out[note] @ sigmoid(heard) + biases[0][note]
            frame[note] = chances[note] < sigmoid(logit / temperature)
            heard = heard + frame[note] * into[note]
        return frame

    def _gibbs(self, biases: list[Values], rng: np.random.Generator, temperature: float) -> Frames:
        note_bias, hidden_bias = biases
        frame = (rng.random(self.n_notes) < sigmoid(note_bias / temperature)).astype(np.float32)
        for _ in range(N_GIBBS_ALONE if self.alone else N_GIBBS):
            waking = (frame @ self.couplings + hidden_bias) / temperature
            hidden = (rng.random(waking.shape) < sigmoid(waking)).astype(np.float32)
            odds = (self.couplings @ hidden + note_bias) / temperature
            frame = (rng.random(self.n_notes) < sigmoid(odds)).astype(np.float32)
        return frame.astype(np.int8)


def _lead_of(net: Any, layers: dict[str, Any], n_notes: int, n_steps: int) -> Any:
    """Make a net that answers what the frames before say of each frame, ``(B, T, n)`` each."""
    import keras

    frames = keras.Input((n_steps, n_notes))
    if not layers:
        return keras.Model(frames, net.biases(frames))
    wanted = [layers[name].output for name in ("note_bias", "hidden_bias") if name in layers]
    return keras.Model(frames, keras.Model(net.inputs, wanted)(frames))
