"""Neural network architectures, one per module.

`NETS` holds the nets over spectrogram windows, in which a user chooses with ``--net``. The first line of a
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

from woodshed.errors import ParameterError, near_miss

if TYPE_CHECKING:
    import keras

NETS: dict[str, str] = {
    "conv-residual": "conv_residual",
    "conv-stack": "conv_stack",
    "conv-tdnn": "conv_tdnn",
    "course-cnn": "course_cnn",
    "course-lstm": "course_lstm",
    "course-mlp": "course_mlp",
    "crnn": "crnn",
    "lstm": "lstm",
    "mlp": "mlp",
    "musicnn": "musicnn",
    "transformer": "transformer",
}
"""Name -> module and builder, which share a name. The module is imported when the net is built."""

_REGISTRATION = re.compile(r'register_keras_serializable\(package="woodshed"\)\nclass (\w+)')


def build_net(name: str, n_frames: int, n_bands: int, n_outputs: int, **settings: Any) -> keras.Model:
    """Build a net for windows of ``(n_frames, n_bands)``.

    ``settings`` are passed to the builder: ``width``, ``dropout``, ``norm_strength``, ``activation``.

    Raises
    ------
    ParameterError
        If the name is unknown or the window is too small for the net.

    Examples
    --------
    >>> build_net("mlp", 20, 10, 3).output_shape
    (None, 3)
    """
    if name not in NETS:
        raise ParameterError(f"Unknown net {name!r}. {near_miss(name, NETS)}")
    module = importlib.import_module(f"{__name__}.{NETS[name]}")
    net: keras.Model = getattr(module, NETS[name])(n_frames, n_bands, n_outputs, **settings)
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
