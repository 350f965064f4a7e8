"""Architectures, one file each: a function that returns a ``keras.Model``.

Every net takes a fixed window of a spectrogram, shape ``(batch, n_frames, n_bands)`` in decibels, and
answers class probabilities, shape ``(batch, n_classes)``. Nets know keras and nothing else of the house.

``NETS`` maps the word a user types after ``--net`` to the module and function that build it; the
module is imported when the net is built, so that reading the list loads no keras.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from woodshed.errors import ParameterError, near_miss

if TYPE_CHECKING:
    import keras

NETS: dict[str, str] = {
    "conv-residual": "conv_residual",
    "conv-stack": "conv_stack",
    "conv-tdnn": "conv_tdnn",
    "mlp": "mlp",
}


def build_net(name: str, n_frames: int, n_bands: int, n_classes: int, **settings: Any) -> keras.Model:
    """Build the net called ``name`` for windows of ``(n_frames, n_bands)`` and ``n_classes`` answers.

    Raises
    ------
    ParameterError
        If there is no net of that name.

    Examples
    --------
    >>> build_net("mlp", 20, 10, 3).output_shape
    (None, 3)
    """
    if name not in NETS:
        raise ParameterError(f"There is no net called {name!r}. {near_miss(name, NETS)}")
    module = importlib.import_module(f"woodshed.nets.{NETS[name]}")
    builder = getattr(module, NETS[name])
    net: keras.Model = builder(n_frames, n_bands, n_classes, **settings)
    return net
