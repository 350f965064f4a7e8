"""Architectures, one file each: a function that returns a ``keras.Model``.

Every net takes a fixed window of a spectrogram, shape ``(batch, n_frames, n_bands)`` in decibels, and
answers, shape ``(batch, n_classes)``: by default the probabilities of classes that rule each other out;
with ``answer="tags"`` a probability each, with ``answer="values"`` numbers. Nets know keras and nothing
else of the house.

==================  ===========================================================================
``conv-residual``   residual convolutions, pooled over time and frequency: the default
``conv-stack``      three convolutions, as in textbooks
``conv-tdnn``       convolutions, then a time-delay net: the default for speech
``course-cnn``      the convolutional net of V. Velardo's course, weight for weight
``course-lstm``     its recurrent net
``course-mlp``      its multi-layer perceptron
``crnn``            convolutions, then a recurrent layer
``lstm``            a recurrent layer that reads from both ends
``mlp``             a multi-layer perceptron on the whole window
``musicnn``         tall filters for timbre and long ones for rhythm: made for tags of music
``transformer``     self-attention over pairs of frames
==================  ===========================================================================

``NETS`` maps the word a user types after ``--net`` to the module and function that build it; the
module is imported when the net is built, so that reading the list loads no keras.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable
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

LAYERS: dict[str, str] = {
    "CausalAttention": "transformer_lm",
    "ChannelNorm": "front",
    "LearnedBias": "nade",
    "Nade": "nade",
    "Rbm": "rbm",
    "Recurrent": "recurrent",
    "RnnRbm": "rnn_rbm",
    "TextureEnsemble": "texture",
    "SinusoidalPosition": "front",
    "Texture": "texture",
}
"""What a saved net may name and Keras does not have -> the module that registers it."""


def build_net(name: str, n_frames: int, n_bands: int, n_classes: int, **settings: Any) -> keras.Model:
    """Build the net called ``name`` for windows of ``(n_frames, n_bands)`` and ``n_classes`` answers.

    ``settings`` are handed to the builder: ``width``, ``dropout``, ``norm_strength``, ``answer``.

    Raises
    ------
    ParameterError
        If there is no net of that name, or the window is too small for it.

    Examples
    --------
    >>> build_net("mlp", 20, 10, 3).output_shape
    (None, 3)
    """
    if name not in NETS:
        raise ParameterError(f"There is no net called {name!r}. {near_miss(name, NETS)}")
    module = importlib.import_module(f"{__name__}.{NETS[name]}")
    builder = getattr(module, NETS[name])
    net: keras.Model = builder(n_frames, n_bands, n_classes, **settings)
    return net


def register_layers(names: Iterable[str]) -> None:
    """Import the modules of these layers, so that Keras knows them; names that are not ours are passed over.

    Examples
    --------
    >>> import keras
    >>> register_layers(["Recurrent", "somebody_elses"])
    >>> keras.saving.get_registered_object("woodshed>Recurrent").__name__
    'Recurrent'
    """
    for module in {LAYERS[name] for name in names if name in LAYERS}:
        importlib.import_module(f"{__name__}.{module}")
