"""Embedding of several categorical features at each time step."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="woodshed")
class FeatureEmbedding(keras.layers.Layer):  # type: ignore[misc]
    """Sum of a learned vector for the value of each feature.

    It equals the product of one matrix with the one-hot vectors of all features side by side.

    Parameters
    ----------
    sizes
        Number of values of each feature.
    units
        Length of the vectors.

    Input shape
        ``(batch, time, n_features)`` of values from 0 to below the size of the feature.
    Output shape
        ``(batch, time, units)``.

    Examples
    --------
    >>> import numpy as np
    >>> layer = FeatureEmbedding((5, 3), 4)
    >>> layer(np.zeros((2, 6, 2), "int32")).shape, layer.count_params()  # (5 + 3) * 4
    (TensorShape([2, 6, 4]), 32)
    """

    def __init__(self, sizes: Sequence[int], units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.sizes, self.units = tuple(sizes), units

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Create the vectors of all features, one after the other."""
        initializer = keras.initializers.RandomNormal(stddev=0.1)
        self.table = self.add_weight((sum(self.sizes), self.units), initializer=initializer, name="table")

    def compute_output_spec(self, inputs: Any) -> Any:
        """Return the shape of the output."""
        return keras.KerasTensor((*inputs.shape[:2], self.units), dtype=self.compute_dtype)

    def call(self, inputs: Any) -> Any:
        """Look up and add the vectors."""
        rows = ops.cast(inputs, "int32") + ops.convert_to_tensor(feature_offsets(self.sizes), "int32")
        return ops.sum(ops.take(self.table, rows, axis=0), axis=2)  # (B, T, K, units) -> (B, T, units)

    def get_config(self) -> dict[str, Any]:
        """Return the settings for saving and loading."""
        return {**super().get_config(), "sizes": self.sizes, "units": self.units}


def feature_offsets(sizes: Sequence[int]) -> list[int]:
    """Return the row at which the vectors of each feature begin.

    Examples
    --------
    >>> feature_offsets((5, 3, 2))
    [0, 5, 8]
    """
    return [0, *accumulate(sizes)][:-1]
