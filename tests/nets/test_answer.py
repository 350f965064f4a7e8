"""What a net is asked for: classes, tags or values."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from woodshed.errors import ParameterError
from woodshed.nets import NETS, build_net
from woodshed.training.inference import keras_to_net, net_to_keras, net_to_onnx, predict_keras, predict_onnx

every_net = pytest.mark.parametrize("name", sorted(NETS))

N_FRAMES, N_BANDS, N_CLASSES = 12, 12, 3


def net_with(name: str, answer: str) -> Any:
    """Return a net whose last layer shouts, so that no kind of answer looks like another."""
    import keras

    keras.utils.set_random_seed(0)
    net = build_net(name, N_FRAMES, N_BANDS, N_CLASSES, width=4, answer=answer)
    net.layers[-1].bias.assign([3.0, -2.0, 4.0])
    return net


@pytest.fixture(scope="module")
def windows() -> np.ndarray:
    return np.random.default_rng(0).uniform(-50, -20, (3, N_FRAMES, N_BANDS)).astype(np.float32)


@every_net
def test_one_set_of_features_gives_all_three_kinds(name: str, windows: np.ndarray) -> None:
    nets = {answer: net_with(name, answer) for answer in ("classes", "tags", "values")}
    nets["tags"].set_weights(nets["values"].get_weights())
    nets["classes"].set_weights(nets["values"].get_weights())
    values = nets["values"](windows).numpy().astype(np.float64)
    assert values.min() < 0
    assert values.max() > 1
    raised = np.exp(values)
    expected = raised / raised.sum(axis=1, keepdims=True)
    assert nets["classes"](windows).numpy() == pytest.approx(expected, abs=1e-5)
    assert nets["tags"](windows).numpy() == pytest.approx(raised / (1 + raised), abs=1e-5)


@every_net
def test_classes_are_meant_unless_something_else_is_said(name: str) -> None:
    silent, said = build_net(name, N_FRAMES, N_BANDS, 3, width=4), net_with(name, "classes")
    assert [layer.name for layer in (silent.layers[-1], said.layers[-1])] == ["probability"] * 2
    assert silent.layers[-1].get_config()["activation"] == "softmax"
    assert silent.count_params() == said.count_params()


@pytest.mark.parametrize(("answer", "last"), [("tags", "probability"), ("values", "value")])
def test_the_other_kinds_are_saved_and_exported_as_well(answer: str, last: str, windows: np.ndarray) -> None:
    net = net_with("mlp", answer)
    assert net.layers[-1].name == last
    expected = predict_keras(net)(windows)
    assert np.array_equal(predict_keras(keras_to_net(net_to_keras(net)))(windows), expected)
    content = net_to_onnx(net)
    assert content is not None
    assert predict_onnx(content)(windows) == pytest.approx(expected, abs=1e-5)


@every_net
def test_another_kind_names_the_near_miss(name: str) -> None:
    with pytest.raises(ParameterError, match=r"no kind of answer called 'tag'\. Did you mean tags\?"):
        build_net(name, N_FRAMES, N_BANDS, 3, answer="tag")


def test_no_answer_is_refused() -> None:
    with pytest.raises(ParameterError, match="n_classes must be at least 1, got 0"):
        build_net("mlp", N_FRAMES, N_BANDS, 0)
