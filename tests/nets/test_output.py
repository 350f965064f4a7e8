"""The output layer: softmax, sigmoid or none."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from woodshed.errors import ParameterError
from woodshed.nets import NETS, build_net
from woodshed.training.inference import keras_to_net, net_to_keras, net_to_onnx, predict_keras, predict_onnx

every_net = pytest.mark.parametrize("name", sorted(NETS))

N_FRAMES, N_BANDS, N_OUTPUTS = 12, 12, 3


def net_with(name: str, activation: str | None) -> Any:
    """Return a net whose output biases differ so much that no activation looks like another."""
    import keras

    keras.utils.set_random_seed(0)
    net = build_net(name, N_FRAMES, N_BANDS, N_OUTPUTS, width=4, activation=activation)
    net.layers[-1].bias.assign([3.0, -2.0, 4.0])
    return net


@pytest.fixture(scope="module")
def windows() -> np.ndarray:
    return np.random.default_rng(0).uniform(-50, -20, (3, N_FRAMES, N_BANDS)).astype(np.float32)


@every_net
def test_the_activations_are_applied_to_the_same_logits(name: str, windows: np.ndarray) -> None:
    linear, softmax, sigmoid = (net_with(name, activation) for activation in (None, "softmax", "sigmoid"))
    softmax.set_weights(linear.get_weights())
    sigmoid.set_weights(linear.get_weights())
    values = linear(windows).numpy().astype(np.float64)
    assert values.min() < 0
    assert values.max() > 1
    raised = np.exp(values)
    expected = raised / raised.sum(axis=1, keepdims=True)
    assert softmax(windows).numpy() == pytest.approx(expected, abs=1e-5)
    assert sigmoid(windows).numpy() == pytest.approx(raised / (1 + raised), abs=1e-5)


@every_net
def test_softmax_is_the_default(name: str) -> None:
    default, softmax = build_net(name, N_FRAMES, N_BANDS, 3, width=4), net_with(name, "softmax")
    assert [layer.name for layer in (default.layers[-1], softmax.layers[-1])] == ["probability"] * 2
    assert default.layers[-1].get_config()["activation"] == "softmax"
    assert default.count_params() == softmax.count_params()


@pytest.mark.parametrize(("activation", "last"), [("sigmoid", "probability"), (None, "value")])
def test_other_activations_are_saved_and_exported_as_well(
    activation: str | None, last: str, windows: np.ndarray
) -> None:
    net = net_with("mlp", activation)
    assert net.layers[-1].name == last
    expected = predict_keras(net)(windows)
    assert np.array_equal(predict_keras(keras_to_net(net_to_keras(net)))(windows), expected)
    content = net_to_onnx(net)
    assert content is not None
    assert predict_onnx(content)(windows) == pytest.approx(expected, abs=1e-5)


@every_net
def test_an_unknown_activation_names_the_near_miss(name: str) -> None:
    with pytest.raises(ParameterError, match=r"Unknown activation 'sigmod'.*Did you mean sigmoid\?"):
        build_net(name, N_FRAMES, N_BANDS, 3, activation="sigmod")


def test_a_net_without_outputs_is_refused() -> None:
    with pytest.raises(ParameterError, match="n_outputs must be at least 1, got 0"):
        build_net("mlp", N_FRAMES, N_BANDS, 0)
