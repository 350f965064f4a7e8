"""How the bands of a window move, in a row of numbers, and answers by likeness to rows that are known."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

LAGS = (1, 2, 4, 8, 16)
"""Changes are measured from each frame to those so many frames on."""

N_SHAPES = 30
"""So many shapes across the bands are followed, from a tilt to a fine comb."""

SHARPNESS = 8.0
"""By so much the scores of the classes, about 0 to 1, are multiplied before the softmax."""

_LEAST = 1e-6


@keras.saving.register_keras_serializable(package="woodshed")
class Texture(keras.layers.Layer):  # type: ignore[misc]
    """Describe a window in decibels by how its spectrum looks and how fast it moves.

    The spectrum of every frame, relative to the level of the window, is taken apart into cosines across
    the bands (as a cepstrum is). Of each of the lowest `N_SHAPES` it keeps the mean, the standard deviation,
    that of the change over each of `LAGS`, and the value in the spectrum of maxima; and last the share of
    frames that hold sound. A crackle changes as much in one frame as in sixteen, a wave does not: statistics
    like these tell sounds apart that have no events in order (J. McDermott and E. Simoncelli, "Sound texture
    perception via statistics of the auditory periphery", 2011; ours are fewer and of a log-mel spectrogram).

    Parameters
    ----------
    range_db
        Depth heard below the loudest value, in decibels; frames that are all below are silence.

    Input shape
        ``(batch, n_frames, n_bands)``, decibels.
    Output shape
        ``(batch, n_values)``.

    Examples
    --------
    >>> import numpy as np
    >>> window = np.random.default_rng(0).normal(-40, 8, (1, 50, 8)).astype("float32")
    >>> row = Texture()(window)
    >>> tuple(row.shape)
    (1, 65)
    >>> bool(np.allclose(row, Texture()(window + 12), atol=1e-4))
    True
    """

    def __init__(self, *, range_db: float = 60.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.range_db = range_db

    def call(self, inputs: Any) -> Any:
        """Describe each window by itself."""
        _, n_frames, n_bands = inputs.shape
        floor = ops.max(inputs, axis=(1, 2), keepdims=True) - self.range_db
        raised = ops.maximum(inputs, floor)
        active = ops.cast(ops.max(inputs, axis=2, keepdims=True) > floor, inputs.dtype)  # (B, T, 1)
        n_active = ops.maximum(ops.sum(active, axis=1, keepdims=True), 1.0)
        level = ops.mean(ops.sum(raised * active, axis=1, keepdims=True) / n_active, axis=2, keepdims=True)
        cosines = ops.convert_to_tensor(cosine_shapes(n_bands, N_SHAPES), dtype=inputs.dtype)
        shapes = ops.matmul((raised - level) / 10.0, cosines)  # (B, T, S)
        brightest = ops.max(raised, axis=1, keepdims=True)  # silent frames are at the floor
        mean, deviation = _mean_and_deviation(shapes, active)
        rows = [mean, deviation, ops.matmul((brightest - level)[:, 0] / 10.0, cosines)]
        for lag in LAGS:
            if lag < n_frames:
                change = shapes[:, lag:] - shapes[:, :-lag]
                rows.append(_mean_and_deviation(change, active[:, lag:] * active[:, :-lag])[1])
        rows.append(ops.mean(active, axis=1))
        return ops.concatenate(rows, axis=1)  # (B, (3 + lags) S + 1)

    def get_config(self) -> dict[str, Any]:
        """Return the settings, so that the layer saves and loads."""
        return {**super().get_config(), "range_db": self.range_db}


def _mean_and_deviation(values: Any, weights: Any) -> tuple[Any, Any]:
    """Return mean and standard deviation over the frames that count, both ``(batch, n_values)``."""
    n_counted = ops.maximum(ops.sum(weights, axis=1, keepdims=True), 1.0)
    mean = ops.sum(values * weights, axis=1, keepdims=True) / n_counted
    variance = ops.sum(ops.square(values - mean) * weights, axis=1, keepdims=True) / n_counted
    return mean[:, 0], ops.sqrt(variance + _LEAST)[:, 0]


def cosine_shapes(n_bands: int, n_shapes: int) -> NDArray[np.float32]:
    """Return the lowest cosines across the bands as columns, orthonormal, at most one for each band.

    Examples
    --------
    >>> shapes = cosine_shapes(8, 3)
    >>> bool(np.allclose(shapes.T @ shapes, np.eye(3), atol=1e-6))
    True
    """
    place = (np.arange(n_bands)[:, np.newaxis] + 0.5) / n_bands
    shapes = np.cos(np.pi * place * np.arange(min(n_shapes, n_bands))) * np.sqrt(2 / n_bands)
    shapes[:, 0] /= np.sqrt(2)
    columns: NDArray[np.float32] = shapes.astype(np.float32)
    return columns


@keras.saving.register_keras_serializable(package="woodshed")
class TextureEnsemble(keras.layers.Layer):  # type: ignore[misc]
    """Pool a net's probabilities with those of a kernel machine, by the mean of their logarithms.

    The kernel machine scores a row by its likeness ``exp(-|row - known|² / n_values)`` to rows that are
    known, each of which speaks for the classes as it has learned to (`fit`: kernel ridge regression,
    C. Saunders et al., 1998). It is not trained by steps.

    Parameters
    ----------
    n_known
        Rows that it remembers.
    share
        Weight of its opinion beside the net's, 0 to 1.
    ridge
        How little it trusts each row that it learns from.

    Examples
    --------
    >>> rows = np.array([[0.0, 1.0], [0.1, 0.9], [5.0, 4.0], [5.1, 4.2]], "float32")
    >>> opinion = TextureEnsemble(n_known=4, share=1.0)
    >>> unsure = np.full((1, 2), 0.5, "float32")
    >>> _ = opinion([unsure, rows[:1]])
    >>> opinion.fit(rows, np.eye(2, dtype="float32")[[0, 0, 1, 1]])
    >>> int(np.argmax(opinion([unsure, np.array([[4.8, 4.3]], "float32")])))
    1
    """

    def __init__(self, *, n_known: int, share: float, ridge: float = 0.3, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.n_known = n_known
        self.share = share
        self.ridge = ridge

    def build(self, input_shape: Any) -> None:
        """Make room for what is remembered."""
        (_, n_classes), (_, n_values) = input_shape
        self.centre = self._room("centre", (n_values,))
        self.scale = self._room("scale", (n_values,))
        self.known = self._room("known", (self.n_known, n_values))
        self.votes = self._room("votes", (self.n_known, n_classes))

    def _room(self, name: str, shape: tuple[int, ...]) -> Any:
        return self.add_weight(name=name, shape=shape, initializer="zeros", trainable=False)

    def call(self, inputs: Any) -> Any:
        """Pool both opinions."""
        probabilities, rows = inputs
        unlike = _square_distance((rows - self.centre) * self.scale, self.known, ops)
        scores = ops.matmul(ops.exp(-unlike / rows.shape[1]), self.votes)
        net = ops.log(ops.maximum(probabilities, _LEAST))
        return ops.softmax((1 - self.share) * net + self.share * ops.log_softmax(SHARPNESS * scores))

    def fit(
        self,
        rows: NDArray[np.float32],
        targets: NDArray[np.float32],
        weights: NDArray[np.float32] | None = None,
    ) -> None:
        """Learn what each row says about the classes.

        Parameters
        ----------
        rows
            Shape ``(n_known, n_values)``.
        targets
            Shape ``(n_known, n_classes)``, one-hot.
        weights
            How much each row counts, above 0; None: all alike.
        """
        centre = rows.mean(axis=0)
        scale = 1 / (rows.std(axis=0) + 1e-3)
        known = (rows - centre) * scale
        likeness = np.exp(-_square_distance(known, known, np) / rows.shape[1]).astype(np.float64)
        trust = np.ones(len(rows)) if weights is None else weights / weights.mean()
        votes = np.linalg.solve(likeness + np.diag(self.ridge / trust), targets.astype(np.float64))
        for room, values in zip(self.weights, (centre, scale, known, votes), strict=True):
            room.assign(values)

    def get_config(self) -> dict[str, Any]:
        """Return the settings, so that the layer saves and loads."""
        own = {"n_known": self.n_known, "share": self.share, "ridge": self.ridge}
        return {**super().get_config(), **own}


def _square_distance(first: Any, second: Any, library: Any) -> Any:
    """Return the square of the distance of each row of one from each of the other, by numpy or Keras."""
    lengths = library.sum(library.square(first), axis=1)[:, None] + library.sum(
        library.square(second), axis=1
    )
    return library.maximum(lengths - 2 * library.matmul(first, library.transpose(second)), 0.0)
