"""Our recurrent layers against Keras', answers and gradients."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from woodshed.errors import ParameterError
from woodshed.nets.recurrent import Recurrent


@pytest.mark.parametrize(("cell", "theirs"), [("lstm", keras.layers.LSTM), ("gru", keras.layers.GRU)])
def test_answers_and_gradients_are_those_of_keras(cell: str, theirs: type) -> None:
    rng = np.random.default_rng(0)
    values, pulls = (tf.constant(rng.normal(size=(3, 7, n)), tf.float32) for n in (5, 6))
    found = []
    weights: list[np.ndarray] = []
    for layer in (theirs(6, return_sequences=True), Recurrent(6, cell=cell)):
        layer.build((None, 7, 5))
        weights = weights or [rng.normal(0, 0.5, weight.shape) for weight in layer.weights]
        layer.set_weights(weights)
        with tf.GradientTape() as tape:
            tape.watch(values)
            answer = layer(values)
            loss = tf.reduce_sum(answer * pulls)
        variables = [weight.value for weight in layer.trainable_weights]
        found.append([answer, *tape.gradient(loss, [values, *variables])])
    for expected, got in zip(*found, strict=True):
        assert np.asarray(got) == pytest.approx(np.asarray(expected), abs=1e-4)


def test_an_id_is_what_its_one_hot_vector_would_be() -> None:
    ids = np.random.default_rng(0).integers(0, 5, (2, 6))
    by_row, by_vector = Recurrent(4, n_tokens=5), Recurrent(4)
    by_row.build((None, 6))
    by_vector.build((None, 6, 5))
    by_vector.set_weights(by_row.get_weights())
    found = []
    for layer, inputs in ((by_row, ids), (by_vector, np.eye(5, dtype=np.float32)[ids])):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(layer(inputs) ** 2)
        found.append((loss, tape.gradient(loss, layer.kernel.value)))
    for got, expected in zip(*found, strict=True):
        assert np.asarray(got) == pytest.approx(np.asarray(expected), abs=1e-5)


def test_the_forget_gate_starts_open() -> None:
    layer = Recurrent(3, n_tokens=2, forget_bias=5.0)
    layer.build((None, 4))
    assert np.asarray(layer.bias).tolist() == [0.0] * 3 + [5.0] * 3 + [0.0] * 6


def test_an_unknown_cell_is_refused() -> None:
    with pytest.raises(ParameterError, match=r"Unknown cell 'gruu'\. Did you mean gru"):
        Recurrent(3, cell="gruu")
