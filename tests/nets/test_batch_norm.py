"""Batch normalisation: the same as that of Keras, in one operation where TensorFlow trains it."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from woodshed.nets import NETS, build_net
from woodshed.nets.batch_norm import BatchNorm
from woodshed.training.inference import keras_to_net, net_to_keras

tf = pytest.importorskip("tensorflow")

SHAPES = [(16, 5), (8, 20, 5), (8, 20, 6, 5)]
SCALE, SHIFT = np.linspace(0.5, 2, 5), np.linspace(-1, 1, 5)


def trained(kind: type[Any], batch: Any) -> tuple[Any, Any, Any]:
    """Return a layer after one training call, its outputs, and the gradient of a weighted sum of them."""
    layer = kind()
    layer.build(batch.shape)
    layer.gamma.assign(SCALE)
    layer.beta.assign(SHIFT)
    weights = np.random.default_rng(1).normal(size=batch.shape).astype(np.float32)
    inputs = tf.constant(batch)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        outputs = layer(inputs, training=True)
        loss = tf.reduce_sum(outputs * weights)
    gradient, *_ = tape.gradient(loss, [inputs, layer.gamma.value, layer.beta.value])
    return layer, np.asarray(outputs), np.asarray(gradient)


@pytest.mark.parametrize("shape", SHAPES, ids=len)
def test_outputs_gradients_and_kept_statistics_are_those_of_keras(shape: tuple[int, ...]) -> None:
    batch = np.random.default_rng(0).normal(3, 2, shape).astype(np.float32)
    layer, outputs, gradient = trained(BatchNorm, batch)
    plain, expected, expected_gradient = trained(keras.layers.BatchNormalization, batch)
    np.testing.assert_allclose(outputs, expected, atol=1e-5)
    np.testing.assert_allclose(gradient, expected_gradient, atol=1e-4)
    np.testing.assert_allclose(layer.moving_mean, plain.moving_mean, rtol=1e-4)
    n = batch.size / shape[-1]
    kept, biased = np.asarray(layer.moving_variance), np.asarray(plain.moving_variance)
    sample = (biased - 0.99) * (1 if len(shape) == 2 else n / (n - 1)) + 0.99  # 0.99: what it started with
    np.testing.assert_allclose(kept, sample, rtol=1e-3)
    np.testing.assert_allclose(layer(batch), plain(batch), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("shape", SHAPES[1:], ids=len)
def test_training_is_one_operation(shape: tuple[int, ...]) -> None:
    layer = BatchNorm()
    layer.build(shape)
    graph = tf.function(lambda batch: layer(batch, training=True)).get_concrete_function(
        tf.TensorSpec(shape, tf.float32)
    )
    kinds = [operation.type for operation in graph.graph.get_operations()]
    assert "FusedBatchNormV3" in kinds
    assert "SquaredDifference" not in kinds


def test_a_frozen_layer_keeps_its_statistics() -> None:
    layer = BatchNorm()
    layer.build((8, 20, 5))
    layer.trainable = False
    layer(np.ones((8, 20, 5), np.float32), training=True)
    assert np.asarray(layer.moving_mean).tolist() == [0] * 5


def test_a_saved_net_keeps_the_layer() -> None:
    net = keras_to_net(net_to_keras(build_net("conv-residual", 32, 16, 3)))
    assert sum(isinstance(layer, BatchNorm) for layer in net.layers) == 7


@pytest.mark.parametrize("name", NETS)
def test_no_convolution_of_a_net_is_followed_by_the_slow_layer(name: str) -> None:
    net = build_net(name, 64, 40, 3)
    slow = [layer for layer in net.layers if type(layer) is keras.layers.BatchNormalization]
    assert not slow
