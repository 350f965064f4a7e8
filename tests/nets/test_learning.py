"""Every net learns: a small task that neither level nor colour gives away."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from woodshed.nets import NETS, build_net

N_FRAMES, N_BANDS = 24, 16

CLASSES = ("rise", "fall", "pulse", "pulse")
"""Half of all windows pulse: who always says so is right for half of them."""

NEEDED = 0.8
"""Share of unseen windows that a net must name: the commonest class has 0.5, chance 0.33."""


def windows_of(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return windows ``(n, n_frames, n_bands)`` in decibels and one-hot rows: a tone that moves, in noise."""
    rng = np.random.default_rng(seed)
    part = np.linspace(0, 1, N_FRAMES)
    windows = rng.normal(-45, 3, (n, N_FRAMES, N_BANDS))
    names = [CLASSES[k % len(CLASSES)] for k in range(n)]
    for window, name in zip(windows, names, strict=True):
        path = {"rise": 8 * part, "fall": 8 - 8 * part, "pulse": np.full_like(part, 4)}[name]
        height = path + rng.uniform(0, 7)
        on = np.sin(2 * np.pi * (3 * part + rng.uniform())) > 0 if name == "pulse" else np.ones_like(part)
        distance = np.arange(N_BANDS) - height[:, np.newaxis]
        window += 25 * on[:, np.newaxis] * np.exp(-(distance**2) / 2)
        window += rng.uniform(-20, 20)
    rows = np.eye(3)[[("rise", "fall", "pulse").index(name) for name in names]]
    return windows.astype(np.float32), rows.astype(np.float32)


def accuracy(net: Any, windows: np.ndarray, rows: np.ndarray) -> float:
    """Return the share of windows that a net names rightly."""
    answers = net(windows, training=False).numpy()
    return float((answers.argmax(axis=1) == rows.argmax(axis=1)).mean())


@pytest.mark.train
@pytest.mark.parametrize("name", sorted(NETS))
def test_a_net_learns_what_no_majority_knows(name: str) -> None:
    import keras

    keras.utils.set_random_seed(0)
    net = build_net(name, N_FRAMES, N_BANDS, 3, width=8, dropout=0.1)
    # Not compiled by XLA, which takes longer than so short a training.
    net.compile(keras.optimizers.Adam(3e-3), "categorical_crossentropy", jit_compile=False)
    for layer in net.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.9  # its means keep up with so short a training
    windows, rows = windows_of(160, seed=0)
    net.fit(np.tile(windows, (15, 1, 1)), np.tile(rows, (15, 1)), batch_size=16, verbose=0)
    unseen = windows_of(80, seed=1)
    assert np.mean(unseen[1].argmax(axis=1) == 2) == 0.5
    assert accuracy(net, *unseen) >= NEEDED
