"""Neural network architectures, one per module.

`NETS` holds the nets over spectrogram windows, among which a user chooses with ``--net``. The first line of a
module's docstring names its architecture. Their builders share one signature,
``(n_frames, n_bands, n_outputs, *, width, dropout, norm_strength, activation) -> keras.Model``:

n_frames, n_bands
    Size of the window.
n_outputs
    Number of outputs.
width
    Number of channels or units; each builder documents how its layers scale with it.
dropout
    Dropout rate during training, 0 to 1, before the output layer unless the builder says otherwise.
norm_strength
    Share of the spectral colour of the recording that is removed first, 0 to 1; see
    `woodshed.nets.window_layers.ChannelNorm`.
activation
    Output activation: "softmax" for classes, "sigmoid" for tags, None for values; see
    `woodshed.nets.window_layers.output_layer`.

The returned net maps ``(batch, n_frames, n_bands)`` in decibels to ``(batch, n_outputs)``. A builder raises
`woodshed.errors.ParameterError` if the window is too small. In shape comments ``B`` is the batch, ``T`` time,
``F`` frequency and ``W`` the width.

The other modules hold autoregressive nets over tokens, frames of notes and grids of cells, and the layers
that Keras lacks. Nets depend on Keras and `woodshed.errors` only.
"""

from __future__ import annotations

import functools
import importlib
import re
from collections.abc import Iterable
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from woodshed.errors import look_up
from woodshed.nets.backend import require_keras

if TYPE_CHECKING:
    import keras

NETS: dict[str, str] = {
    "conv-residual": "woodshed.nets.conv_residual:conv_residual",
    "conv-stack": "woodshed.nets.conv_stack:conv_stack",
    "conv-tdnn": "woodshed.nets.conv_tdnn:conv_tdnn",
    "course-cnn": "woodshed.nets.course_cnn:course_cnn",
    "course-lstm": "woodshed.nets.course_lstm:course_lstm",
    "course-mlp": "woodshed.nets.course_mlp:course_mlp",
    "crnn": "woodshed.nets.crnn:crnn",
    "lstm": "woodshed.nets.lstm:lstm",
    "mlp": "woodshed.nets.mlp:mlp",
    "musicnn": "woodshed.nets.musicnn:musicnn",
    "transformer": "woodshed.nets.transformer:transformer",
}
"""Name -> module and builder. The module is imported when the net is built."""

_REGISTRATION = re.compile(r'register_keras_serializable\(package="woodshed"\)\nclass (\w+)')


def build_net(name: str, n_frames: int, n_bands: int, n_outputs: int, **settings: Any) -> keras.Model:
    """Build a net for windows of ``(n_frames, n_bands)``.

    ``settings`` are passed to the builder: ``width``, ``dropout``, ``norm_strength``, ``activation``.

    Raises
    ------
    ParameterError
        If the name is unknown or the window is too small for the net.
    MissingPackageError
        If Keras or its backend is not installed.

    Examples
    --------
    >>> build_net("mlp", 20, 10, 3).output_shape
    (None, 3)
    """
    require_keras()
    net: keras.Model = look_up("net", name, NETS)(n_frames, n_bands, n_outputs, **settings)
    return net


@functools.cache
def layer_modules() -> dict[str, str]:
    """Return the custom layers and models of this package and the modules that register them.

    Read from the source files, so that no module is imported.

    Examples
    --------
    >>> layer_modules()["Recurrent"]
    'recurrent'
    """
    return {
        layer: path.name.removesuffix(".py")
        for path in files(__name__).iterdir()
        if path.name.endswith(".py")
        for layer in _REGISTRATION.findall(path.read_text(encoding="utf-8"))
    }


def register_layers(names: Iterable[str]) -> None:
    """Import the modules of these layers, so that Keras can load them; other names are ignored.

    Examples
    --------
    >>> import keras
    >>> register_layers(["Recurrent", "unknown"])
    >>> keras.saving.get_registered_object("woodshed>Recurrent").__name__
    'Recurrent'
    """
    modules = layer_modules()
    for module in {modules[name] for name in names if name in modules}:
        importlib.import_module(f"{__name__}.{module}")
