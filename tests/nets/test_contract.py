"""What every net promises, asked of every net there is."""

from __future__ import annotations

import functools
import inspect
import pkgutil
import sys
from importlib import import_module
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import keras
import numpy as np
import pytest

from woodshed.errors import ModelFolderError, ParameterError
from woodshed.nets import NETS, build_net, layer_modules
from woodshed.nets.lstm_lm import lstm_lm
from woodshed.nets.rnn_rbm import RnnRbm
from woodshed.training.inference import keras_to_net, net_to_keras, net_to_onnx, predict_keras, predict_onnx

every_net = pytest.mark.parametrize("name", sorted(NETS))

N_FRAMES, N_BANDS, N_CLASSES = 24, 16, 3

SMALLEST = dict.fromkeys(NETS, 1) | {"course-cnn": 11}
"""Frames and bands of the smallest window; the course's convolutions lose their borders."""

SETTINGS = ["width", "dropout", "norm_strength", "activation"]


@functools.cache
def net_of(name: str, **settings: Any) -> Any:
    """Return a small net whose batch normalisation has seen something, so that it is not the identity."""
    keras.utils.set_random_seed(0)
    net = build_net(name, N_FRAMES, N_BANDS, N_CLASSES, width=4, **settings)
    rng = np.random.default_rng(1)
    for layer in net.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.moving_mean.assign(rng.normal(0, 0.1, layer.moving_mean.shape))
            layer.moving_variance.assign(rng.uniform(0.5, 2, layer.moving_variance.shape))
    return net


def windows_of(n: int = 4, seed: int = 0) -> np.ndarray:
    """Return windows of sound-like decibels: a pattern 30 dB deep."""
    rng = np.random.default_rng(seed)
    return rng.uniform(-50, -20, (n, N_FRAMES, N_BANDS)).astype(np.float32)


def ask(net: Any, windows: np.ndarray) -> np.ndarray:
    return np.concatenate([predict_keras(net)(window[np.newaxis]) for window in windows])


@every_net
def test_the_word_of_the_list_is_the_name_of_the_module_and_the_function(name: str) -> None:
    builder = resolve_name(NETS[name])
    assert builder.__name__ == name.replace("-", "_")
    parameters = inspect.signature(builder).parameters
    assert list(parameters) == ["n_frames", "n_bands", "n_outputs", *SETTINGS]
    assert all(parameters[word].kind is inspect.Parameter.KEYWORD_ONLY for word in SETTINGS)
    assert build_net(name, N_FRAMES, N_BANDS, 2).name == name.replace("-", "_")


@every_net
@pytest.mark.parametrize(
    ("n_frames", "n_bands", "n_classes"), [(24, 16, 3), (100, 40, 10), (17, 13, 2), (0, 0, 50)]
)
def test_windows_go_in_and_probabilities_come_out(
    name: str, n_frames: int, n_bands: int, n_classes: int
) -> None:
    n_frames, n_bands = max(n_frames, SMALLEST[name]), max(n_bands, SMALLEST[name])
    net = build_net(name, n_frames, n_bands, n_classes, width=4)
    assert net.input_shape == (None, n_frames, n_bands)
    assert net.output_shape == (None, n_classes)
    answers = net(np.random.default_rng(0).normal(-40, 10, (3, n_frames, n_bands)).astype(np.float32)).numpy()
    assert answers.shape == (3, n_classes)
    assert (answers >= 0).all()
    assert answers.sum(axis=1) == pytest.approx(1, abs=1e-5)


@every_net
def test_the_answer_depends_on_the_window_and_on_no_other(name: str) -> None:
    net, windows = net_of(name), windows_of()
    answers = ask(net, windows)
    assert np.ptp(answers, axis=0).max() > 1e-3
    assert ask(net, windows[2:]) == pytest.approx(answers[2:], abs=1e-6)


@every_net
def test_a_window_too_small_is_refused_with_what_it_takes(name: str) -> None:
    least = SMALLEST[name]
    for n_frames, n_bands in ((least - 1, 20), (20, least - 1)):
        with pytest.raises(
            ParameterError, match=rf"at least {least} frames and {least} bands, got {n_frames} "
        ):
            build_net(name, n_frames, n_bands, N_CLASSES)


@every_net
def test_a_batch_is_answered_as_each_window_by_itself(name: str) -> None:
    net, windows = net_of(name), windows_of(6)
    alone = ask(net, windows)
    together = net(windows, training=False).numpy()
    assert together == pytest.approx(alone, abs=1e-5)
    loud = np.concatenate([windows[:1], windows_of(5, seed=7) + 60])
    assert net(loud, training=False).numpy()[0] == pytest.approx(alone[0], abs=1e-5)


@every_net
def test_the_level_of_the_sound_changes_no_answer(name: str) -> None:
    net, windows = net_of(name, norm_strength=0.0), windows_of()
    expected = ask(net, windows)
    for level_db in (-40, -6, 12, 30):
        assert ask(net, windows + np.float32(level_db)) == pytest.approx(expected, abs=1e-4)
    halved = windows.copy()
    halved[:, ::2] -= 10  # but what changes within a window does
    assert np.abs(ask(net, halved) - expected).max() > 1e-3


@every_net
def test_the_colour_of_the_recording_changes_no_answer_at_full_strength(name: str) -> None:
    windows = windows_of()
    colour = np.linspace(-2, 2, N_BANDS, dtype=np.float32)
    full, none = net_of(name), net_of(name, norm_strength=0.0)
    assert ask(full, windows + colour) == pytest.approx(ask(full, windows), abs=1e-4)
    assert np.abs(ask(none, windows + 3 * colour) - ask(none, windows)).max() > 1e-4


@every_net
def test_what_padding_is_filled_with_changes_no_answer(name: str) -> None:
    for net in (net_of(name), net_of(name, norm_strength=0.5)):
        windows = windows_of()
        windows[:, :6], windows[:, -5:] = -100, -100
        expected = ask(net, windows)
        windows[:, :6], windows[:, -5:] = -93, -1000
        assert ask(net, windows) == pytest.approx(expected, abs=1e-6)


@every_net
def test_silence_has_an_answer(name: str) -> None:
    answers = ask(net_of(name), np.full((1, N_FRAMES, N_BANDS), -100, np.float32))
    assert np.isfinite(answers).all()


@every_net
def test_saved_and_read_in_safe_mode_it_answers_the_same(name: str) -> None:
    net, windows = net_of(name), windows_of()
    again = keras_to_net(net_to_keras(net))
    assert np.array_equal(ask(again, windows), ask(net, windows))
    assert again.get_layer("channel_norm").strength == 1.0


@every_net
def test_exported_it_answers_the_same(name: str) -> None:
    net, windows = net_of(name), windows_of()
    content = net_to_onnx(net)
    assert content is not None
    exported = predict_onnx(content)(windows)
    assert exported == pytest.approx(ask(net, windows), abs=1e-5)
    alone = np.concatenate([predict_onnx(content)(window[np.newaxis]) for window in windows])
    assert np.array_equal(exported, alone)


@every_net
def test_the_width_and_the_classes_decide_how_many_weights_there_are(name: str) -> None:
    def count(width: int, n_classes: int = 3) -> int:
        return int(build_net(name, N_FRAMES, N_BANDS, n_classes, width=width).count_params())

    assert count(4) < count(8) < count(16)
    one_more = count(4, 4) - count(4, 3)
    assert one_more == count(4, 5) - count(4, 4) > 1


@every_net
def test_dropout_is_there_while_learning_and_only_then(name: str) -> None:
    windows = windows_of()
    dropping = build_net(name, N_FRAMES, N_BANDS, N_CLASSES, width=16, dropout=0.5)
    drawn = {dropping(windows, training=True).numpy().tobytes() for _ in range(4)}
    assert len(drawn) == 4
    assert np.array_equal(dropping(windows, training=False), dropping(windows, training=False))


def test_an_unknown_net_names_the_near_miss() -> None:
    with pytest.raises(ParameterError, match=r"Unknown net 'conv-stak'\. Did you mean conv-stack\?"):
        build_net("conv-stak", 24, 16, 3)


def test_the_list_of_nets_is_read_without_keras(python: Any) -> None:
    ran = python("import sys\nfrom woodshed.nets import NETS\nprint(len(NETS), 'keras' in sys.modules)")
    assert ran.stdout.split() == [str(len(NETS)), "False"], ran.stderr
    assert "keras" in sys.modules


def test_every_registered_layer_is_found_in_the_source() -> None:
    import woodshed.nets

    for module in pkgutil.iter_modules(woodshed.nets.__path__):
        import_module(f"woodshed.nets.{module.name}")
    ours = {
        name.removeprefix("woodshed>"): found.__module__.rpartition(".")[2]
        for name, found in keras.saving.get_custom_objects().items()
        if name.startswith("woodshed>")
    }
    assert ours == layer_modules()


IN_A_FRESH_PROCESS = """
import sys
from pathlib import Path
from woodshed.training.inference import keras_to_net
for path in sys.argv[1:]:
    print(keras_to_net(Path(path).read_bytes()).count_params())
print(*(name for name in sys.modules if name.startswith("woodshed.nets.")))
"""


def test_a_process_that_built_no_net_reads_one_and_imports_only_its_layers(
    python: Any, tmp_path: Path
) -> None:
    nets = [lstm_lm(5, width=4, n_layers=1), RnnRbm(4, n_hidden=3, width=2, name="rnn_rbm")]
    paths = [tmp_path / f"{net.name}.keras" for net in nets]
    for net, path in zip(nets, paths, strict=True):
        path.write_bytes(net_to_keras(net))
    ran = python(IN_A_FRESH_PROCESS, *paths)
    *counts, modules = ran.stdout.splitlines()
    assert [int(count) for count in counts] == [net.count_params() for net in nets], ran.stderr
    loaded = {name.rpartition(".")[2] for name in modules.split()}
    assert {"recurrent", "rnn_rbm"} <= loaded
    assert not {"texture", "causal_attention", "frame_net"} & loaded


def test_bytes_that_are_no_net_are_refused() -> None:
    with pytest.raises(ModelFolderError, match=r"net\.keras is not a Keras model .*Train or copy the model"):
        keras_to_net(b"no net at all")
    with pytest.raises(ModelFolderError, match=r"net\.onnx cannot be run .*Train or copy the model again"):
        predict_onnx(b"no net at all")
