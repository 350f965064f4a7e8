"""What nets begin with: a level scale that a microphone cannot spoil, and the places of moments."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from woodshed.errors import ParameterError


@keras.saving.register_keras_serializable(package="woodshed")
class ChannelNorm(keras.layers.Layer):  # type: ignore[misc]
    """Remove level, noise floor and colour of the recording from a window in decibels.

    Everything more than ``range_db`` below the loudest value of the window is raised to that floor.
    Then, in every band, the mean over the *active* frames is subtracted: a microphone or a room adds
    a constant to each band of a log spectrum, so what is left is the sound's own movement (cepstral
    mean normalisation, B. S. Atal 1974, done in bands). Frames without sound come out as zeros, so
    padding carries no information.

    Parameters
    ----------
    range_db
        Depth kept below the loudest value, in decibels.
    strength
        Share of each band's mean that is removed: 1 removes all colour, 0 only the overall level.

    Input shape
        ``(batch, n_frames, n_bands)``, decibels.
    Output shape
        The same; about ±2, without unit.

    Examples
    --------
    >>> import numpy as np
    >>> window = np.random.default_rng(0).normal(-40, 8, (1, 50, 8)).astype("float32")
    >>> louder_and_brighter = window + 12 + np.linspace(-6, 6, 8, dtype="float32")
    >>> norm = ChannelNorm(range_db=200.0)
    >>> bool(np.allclose(norm(window), norm(louder_and_brighter), atol=1e-4))
    True
    """

    def __init__(self, *, range_db: float = 35.0, strength: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.range_db = range_db
        self.strength = strength

    def call(self, inputs: Any) -> Any:
        """Normalise each window by itself."""
        peak = ops.max(inputs, axis=(1, 2), keepdims=True)
        floor = peak - self.range_db
        raised = ops.maximum(inputs, floor)
        # A frame is active when any band rises above the floor: padding never does.
        active = ops.cast(ops.max(inputs, axis=2, keepdims=True) > floor, inputs.dtype)
        n_active = ops.sum(active, axis=1, keepdims=True)
        band_mean = ops.sum(raised * active, axis=1, keepdims=True) / n_active
        level = ops.mean(band_mean, axis=2, keepdims=True)
        centre = self.strength * band_mean + (1 - self.strength) * level
        return (raised - centre) * active / 10.0

    def get_config(self) -> dict[str, Any]:
        """Return the settings, so that the layer saves and loads."""
        return {**super().get_config(), "range_db": self.range_db, "strength": self.strength}


@keras.saving.register_keras_serializable(package="woodshed")
class SinusoidalPosition(keras.layers.Layer):  # type: ignore[misc]
    """Add to every moment where it is: sines and cosines of wavelengths from 2 pi to nearly 20,000 pi.

    Value ``2 i`` of moment ``t`` gains ``sin(t / 10000 ** (2 i / n_values))`` and value ``2 i + 1`` the
    cosine of the same (Vaswani et al., "Attention is all you need", 2017). Nothing is learned.

    Input shape
        ``(batch, n_moments, n_values)``.
    Output shape
        The same.

    Examples
    --------
    >>> import numpy as np
    >>> moments = np.asarray(SinusoidalPosition()(np.zeros((1, 2, 4), "float32")))[0]
    >>> [[f"{value:.2f}" for value in moment] for moment in moments]
    [['0.00', '1.00', '0.00', '1.00'], ['0.84', '0.54', '0.01', '1.00']]
    """

    def call(self, inputs: Any) -> Any:
        """Add the same table to every window."""
        _, n_moments, n_values = inputs.shape
        moment = np.arange(n_moments)[:, np.newaxis]
        value = np.arange(n_values)
        angle = moment / 10000 ** (value // 2 * 2 / n_values)  # (n_moments, n_values)
        table = np.where(value % 2, np.cos(angle), np.sin(angle))
        return inputs + ops.convert_to_tensor(table, dtype=inputs.dtype)


def check_window(name: str, n_frames: int, n_bands: int, *, least: int) -> None:
    """Refuse a window that has fewer than ``least`` frames or bands, which is too small for the net.

    Raises
    ------
    ParameterError
        If it has.

    Examples
    --------
    >>> check_window("course-cnn", 100, 8, least=11)
    Traceback (most recent call last):
    ...
    woodshed.errors.ParameterError: course-cnn needs at least 11 frames and 11 bands, got 100 frames and 8
    bands. Take a longer window (window_s) or more bands (n_mels), or another net.
    """
    if min(n_frames, n_bands) < least:
        raise ParameterError(
            f"{name} needs at least {least} frames and {least} bands, got {n_frames} frames and {n_bands} "
            "bands. Take a longer window (window_s) or more bands (n_mels), or another net."
        )


def sequence_input(n_frames: int, n_bands: int, *, norm_strength: float) -> tuple[Any, Any]:
    """Make the input and its normalised frames.

    Returns
    -------
    inputs, frames
        Both ``(batch, n_frames, n_bands)``, in decibels and normalised.
    """
    check_window("A net", n_frames, n_bands, least=1)
    inputs = keras.Input((n_frames, n_bands), name="log_mel_db")
    return inputs, ChannelNorm(strength=norm_strength, name="channel_norm")(inputs)


def spectrogram_input(n_frames: int, n_bands: int, *, norm_strength: float) -> tuple[Any, Any]:
    """Make the input and its normalised picture.

    Returns
    -------
    inputs, image
        ``(batch, n_frames, n_bands)`` in decibels, and ``(batch, n_frames, n_bands, 1)`` normalised.
    """
    inputs, normed = sequence_input(n_frames, n_bands, norm_strength=norm_strength)
    return inputs, keras.layers.Reshape((n_frames, n_bands, 1))(normed)  # (B, T, F, 1)
