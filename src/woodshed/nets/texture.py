"""Texture statistics of a spectrogram window, and a kernel ridge classifier on them."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

LAGS = (1, 2, 4, 8, 16)
"""Lags of the differences between frames."""

N_COSINES = 30
"""Maximum number of cosines across the bands."""

SHARPNESS = 8.0
"""Factor of the class scores, about 0 to 1, before the softmax."""

_EPSILON = 1e-6


@keras.saving.register_keras_serializable(package="woodshed")
class Texture(keras.layers.Layer):  # type: ignore[misc]
    """Statistics of the spectrum of a window in decibels and of its changes.

    The spectrum of every frame, relative to the level of the window, is decomposed into cosines across the
    bands, as in a cepstrum. The output holds, for each of the lowest `N_COSINES`, the mean, the standard
    deviation, the coefficient of the maximum spectrum, and the standard deviation of the difference at each
    of `LAGS`, followed by the share of active frames. A crackle changes as much in one frame as in sixteen,
    a wave does not: such statistics distinguish sounds without ordered events (J. McDermott and E.
    Simoncelli, "Sound texture perception via statistics of the auditory periphery", 2011; here fewer, and
    of a log-mel spectrogram).

    Parameters
    ----------
    range_db
        Dynamic range below the maximum, in decibels; frames entirely below it are silent.

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
        """Compute the statistics of each window."""
        _, n_frames, n_bands = inputs.shape
        floor = ops.max(inputs, axis=(1, 2), keepdims=True) - self.range_db
        raised = ops.maximum(inputs, floor)
        active = ops.cast(ops.max(inputs, axis=2, keepdims=True) > floor, inputs.dtype)  # (B, T, 1)
        n_active = ops.maximum(ops.sum(active, axis=1, keepdims=True), 1.0)
        level = ops.mean(ops.sum(raised * active, axis=1, keepdims=True) / n_active, axis=2, keepdims=True)
        basis = ops.convert_to_tensor(cosine_basis(n_bands, N_COSINES), dtype=inputs.dtype)
        coefficients = ops.matmul((raised - level) / 10.0, basis)  # (B, T, S)
        maximum = ops.max(raised, axis=1, keepdims=True)  # silent frames are at the floor
        mean, deviation = _mean_and_deviation(coefficients, active)
        rows = [mean, deviation, ops.matmul((maximum - level)[:, 0] / 10.0, basis)]
        for lag in LAGS:
            if lag < n_frames:
                change = coefficients[:, lag:] - coefficients[:, :-lag]
                rows.append(_mean_and_deviation(change, active[:, lag:] * active[:, :-lag])[1])
        rows.append(ops.mean(active, axis=1))
        return ops.concatenate(rows, axis=1)  # (B, (3 + lags) S + 1)

    def get_config(self) -> dict[str, Any]:
        """Return the settings for saving and loading."""
        return {**super().get_config(), "range_db": self.range_db}


def _mean_and_deviation(values: Any, weights: Any) -> tuple[Any, Any]:
    """Return the weighted mean and standard deviation over the frames, both ``(batch, n_values)``."""
    total = ops.maximum(ops.sum(weights, axis=1, keepdims=True), 1.0)
    mean = ops.sum(values * weights, axis=1, keepdims=True) / total
    variance = ops.sum(ops.square(values - mean) * weights, axis=1, keepdims=True) / total
    return mean[:, 0], ops.sqrt(variance + _EPSILON)[:, 0]


def cosine_basis(n_bands: int, n_cosines: int) -> NDArray[np.float32]:
    """Return the lowest cosines across the bands as orthonormal columns, at most one for each band.

    Examples
    --------
    >>> basis = cosine_basis(8, 3)
    >>> bool(np.allclose(basis.T @ basis, np.eye(3), atol=1e-6))
    True
    """
    position = (np.arange(n_bands)[:, np.newaxis] + 0.5) / n_bands
    basis = np.cos(np.pi * position * np.arange(min(n_cosines, n_bands))) * np.sqrt(2 / n_bands)
    basis[:, 0] /= np.sqrt(2)
    columns: NDArray[np.float32] = basis.astype(np.float32)
    return columns


@keras.saving.register_keras_serializable(package="woodshed")
class TextureEnsemble(keras.layers.Layer):  # type: ignore[misc]
    """Ensemble of a net and a kernel ridge classifier: the weighted geometric mean of their probabilities.

    Kernel ridge regression (C. Saunders et al., 1998) with the Gaussian kernel ``exp(-|x - y|² /
    n_values)`` on standardised rows, fitted in closed form by `fit`.

    Parameters
    ----------
    n_samples
        Number of rows that `fit` takes.
    share
        Weight of the kernel ridge classifier, 0 to 1; the net has the rest.
    ridge
        Regularisation strength.

    Examples
    --------
    >>> rows = np.array([[0.0, 1.0], [0.1, 0.9], [5.0, 4.0], [5.1, 4.2]], "float32")
    >>> ensemble = TextureEnsemble(n_samples=4, share=1.0)
    >>> uniform = np.full((1, 2), 0.5, "float32")
    >>> _ = ensemble([uniform, rows[:1]])
    >>> ensemble.fit(rows, np.eye(2, dtype="float32")[[0, 0, 1, 1]])
    >>> int(np.argmax(ensemble([uniform, np.array([[4.8, 4.3]], "float32")])))
    1
    """

    def __init__(self, *, n_samples: int, share: float, ridge: float = 0.3, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.n_samples = n_samples
        self.share = share
        self.ridge = ridge

    def build(self, input_shape: Any) -> None:
        """Create the variables that `fit` sets."""
        (_, n_classes), (_, n_values) = input_shape
        self.centre = self._variable("centre", (n_values,))
        self.scale = self._variable("scale", (n_values,))
        self.samples = self._variable("samples", (self.n_samples, n_values))
        self.coefficients = self._variable("coefficients", (self.n_samples, n_classes))

    def _variable(self, name: str, shape: tuple[int, ...]) -> Any:
        return self.add_weight(name=name, shape=shape, initializer="zeros", trainable=False)

    def call(self, inputs: Any) -> Any:
        """Combine the probabilities of the net with those of the kernel ridge classifier."""
        probabilities, rows = inputs
        distance = _square_distance((rows - self.centre) * self.scale, self.samples, ops)
        scores = ops.matmul(ops.exp(-distance / rows.shape[1]), self.coefficients)
        net = ops.log(ops.maximum(probabilities, _EPSILON))
        return ops.softmax((1 - self.share) * net + self.share * ops.log_softmax(SHARPNESS * scores))

    def fit(
        self,
        rows: NDArray[np.float32],
        targets: NDArray[np.float32],
        weights: NDArray[np.float32] | None = None,
    ) -> None:
        """Fit the kernel ridge classifier.

        Parameters
        ----------
        rows
            Shape ``(n_samples, n_values)``.
        targets
            Shape ``(n_samples, n_classes)``, one-hot.
        weights
            Sample weights above 0, shape ``(n_samples,)``; None for equal weights.
        """
        centre = rows.mean(axis=0)
        scale = 1 / (rows.std(axis=0) + 1e-3)
        samples = (rows - centre) * scale
        kernel = np.exp(-_square_distance(samples, samples, np) / rows.shape[1]).astype(np.float64)
        relative = np.ones(len(rows)) if weights is None else weights / weights.mean()
        coefficients = np.linalg.solve(kernel + np.diag(self.ridge / relative), targets.astype(np.float64))
        for variable, values in zip(self.weights, (centre, scale, samples, coefficients), strict=True):
            variable.assign(values)

    def get_config(self) -> dict[str, Any]:
        """Return the settings for saving and loading."""
        settings = {"n_samples": self.n_samples, "share": self.share, "ridge": self.ridge}
        return {**super().get_config(), **settings}


def _square_distance(first: Any, second: Any, xp: Any) -> Any:
    """Return the squared distance between each row of one array and each of the other."""
    lengths = xp.sum(xp.square(first), axis=1)[:, None] + xp.sum(xp.square(second), axis=1)
    return xp.maximum(lengths - 2 * xp.matmul(first, xp.transpose(second)), 0.0)
