"""Inference of `woodshed.nets.chorale_net` in NumPy, without Keras."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from woodshed.errors import ParameterError
from woodshed.nets.cell_view import (
    DILATIONS,
    N_INTERVAL_IDS,
    N_INTERVALS,
    N_SIGNS,
    relative_context,
    value_interval_ids,
)

EPSILON = 1e-5
"""Epsilon of the layer normalisation."""

Weights = Mapping[str, NDArray[np.float32]]
Values = NDArray[np.float32]


class CellNet:
    """A chorale net with its weights.

    Parameters
    ----------
    weights
        By name, as returned by `woodshed.composition.sequence.step_net.net_weights`.
    n_cells
        Cells of a frame.
    n_values
        Number of values of a cell.

    Raises
    ------
    ParameterError
        If the weights are not those of such a net.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> shapes = {"enter/kernel": (2 * 5, 8), "enter/bias": (8,), "norm_last/gamma": (8,),
    ...           "norm_last/beta": (8,), "logits/kernel": (8, 2 * 3), "logits/bias": (6,),
    ...           "intervals/kernel": (17 * 2 * 64, 8), "steps/kernel": (8, 2 * 62), "steps/bias": (2 * 62,)}
    >>> net = CellNet({name: rng.normal(size=shape) for name, shape in shapes.items()}, 2, 3)
    >>> net(np.zeros((4, 2), int)).shape
    (4, 2, 3)
    """

    def __init__(self, weights: Weights, n_cells: int, n_values: int) -> None:
        self.weights = {name: np.asarray(values, np.float32) for name, values in weights.items()}
        self.n_cells, self.n_values = n_cells, n_values
        self.n_layers = sum(name.startswith("into_") and name.endswith("kernel") for name in self.weights)
        self.n_places = n_values + N_SIGNS
        kernel = self.weights.get("enter/kernel")
        is_complete = {"intervals/kernel", "steps/kernel", "logits/kernel"} <= self.weights.keys()
        if not is_complete or kernel is None or len(kernel) != n_cells * self.n_places:
            raise ParameterError(
                f"Expected the weights of a net over frames of {n_cells} cells with {n_values} values, got: "
                f"{', '.join(sorted(weights)) or 'none'}."
            )

    def __call__(self, frames: NDArray[np.integer]) -> Values:
        """Return the logits of each cell, ``(..., n_frames, n_cells, n_values)``.

        Parameters
        ----------
        frames
            Ids, shape ``(..., n_frames, n_cells)``.
        """
        x = self._embed("enter", frames, self.n_places) + self.weights["enter/bias"]
        intervals, notes = relative_context(np, frames, self.n_values)
        x = x + self._embed("intervals", intervals, N_INTERVAL_IDS)
        for number in range(1, self.n_layers + 1):
            y = _with_neighbours(self._norm(x, f"norm_{number}"), DILATIONS[(number - 1) % len(DILATIONS)])
            y = np.maximum(self._dense(y, f"into_{number}"), 0)
            x = x + self._dense(y, f"out_{number}")
        x = self._norm(x, "norm_last")
        logits = self._dense(x, "logits").reshape(*frames.shape, self.n_values)
        steps = self._dense(x, "steps").reshape(*frames.shape, N_INTERVALS + 1)
        places = value_interval_ids(np, notes, self.n_values)[..., np.newaxis, :]
        places = np.repeat(places, self.n_cells, axis=-2)
        both: Values = logits + np.take_along_axis(steps, places, axis=-1)
        return both

    def _embed(self, name: str, numbers: NDArray[np.integer], n_places: int) -> Values:
        """Return the product of a kernel with one-hot rows, given by the positions of the ones."""
        rows = numbers + n_places * np.arange(numbers.shape[-1])
        total: Values = self.weights[f"{name}/kernel"][rows].sum(axis=-2)
        return total

    def _dense(self, x: Values, name: str) -> Values:
        product: Values = x @ self.weights[f"{name}/kernel"] + self.weights[f"{name}/bias"]
        return product

    def _norm(self, x: Values, name: str) -> Values:
        centred = x - x.mean(axis=-1, keepdims=True)
        spread = np.sqrt(np.mean(centred**2, axis=-1, keepdims=True) + np.float32(EPSILON))
        normed: Values = centred / spread * self.weights[f"{name}/gamma"] + self.weights[f"{name}/beta"]
        return normed


def _with_neighbours(x: Values, reach: int) -> Values:
    """Concatenate each frame with those ``reach`` frames before and after it; zeros beyond the ends."""
    n_frames = x.shape[-2]
    wide = np.pad(x, [(0, 0)] * (x.ndim - 2) + [(reach, reach), (0, 0)])
    return np.concatenate([wide[..., k * reach : k * reach + n_frames, :] for k in range(3)], axis=-1)
