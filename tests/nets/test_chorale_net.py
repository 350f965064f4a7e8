"""Nets over cells: what each cell's answer may depend on, and that NumPy answers as Keras does."""

from __future__ import annotations

import keras
import numpy as np

from woodshed.composition.grid.numpy_net import CellNet
from woodshed.composition.sequence.step_net import net_weights
from woodshed.nets.chorale_net import chorale_chain, chorale_net

N_CELLS, N_VALUES, N_FRAMES = 4, 6, 11


def cells(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, N_VALUES + 2, (1, N_FRAMES * N_CELLS)).astype("int32")


def answers(net: keras.Model, ids: np.ndarray) -> np.ndarray:
    logits = keras.ops.convert_to_numpy(net(ids, training=False))
    return logits.reshape(N_FRAMES, N_CELLS, N_VALUES)


def test_numpy_answers_as_keras_does() -> None:
    keras.utils.set_random_seed(1)
    net = chorale_net(N_CELLS, N_VALUES, width=12, n_layers=5)
    for weight in net.weights:  # as after learning: no gain is 1 and no bias is 0
        weight.assign_add(0.3 * keras.random.normal(weight.shape))
    ids = cells()
    quick = CellNet(net_weights(net), N_CELLS, N_VALUES)
    np.testing.assert_allclose(quick(ids.reshape(N_FRAMES, N_CELLS)), answers(net, ids), atol=1e-4)


def test_the_orderless_net_looks_both_ways() -> None:
    net = chorale_net(N_CELLS, N_VALUES, width=12, n_layers=3)
    ids, other = cells(), cells()
    at = 5
    other[0, at * N_CELLS] = (ids[0, at * N_CELLS] + 1) % N_VALUES
    moved = np.abs(answers(net, ids) - answers(net, other)).max(axis=(1, 2)) > 1e-6
    assert moved[:at].any()
    assert moved[at]
    assert moved[at + 1 :].any()


def test_the_chain_sees_the_past_and_what_is_known_of_its_frame() -> None:
    net = chorale_chain(N_CELLS, N_VALUES, width=12, n_layers=3)
    whole, shown = cells(0), cells(1)
    at = 5
    there = slice(at * N_CELLS, (at + 1) * N_CELLS)

    def moved(row: int) -> np.ndarray:
        ids = np.stack([whole, shown], axis=1)
        other = ids.copy()
        other[0, row, there] = (ids[0, row, there] + 1) % N_VALUES
        return np.abs(answers(net, ids) - answers(net, other)).max(axis=(1, 2)) > 1e-6

    past, now = moved(0), moved(1)
    assert not past[: at + 1].any()
    assert past[at + 1 :].any()
    assert np.flatnonzero(now).tolist() == [at]
