"""Scatter: what was answered over what is true, for one value."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from woodshed.html.chart import Plot
from woodshed.html.markup import Markup

MAX_DOTS = 2000
"""More than so many are thinned out evenly: the page stays small."""


def scatter_figure(name: str, truth: NDArray[np.float64], answers: NDArray[np.float64]) -> Markup:
    """Draw a dot for each clip whose value is known, in a square with the same scale on both sides.

    Parameters
    ----------
    name
        What the value is called.
    truth, answers
        Shape ``(n_clips,)``; clips whose truth is NaN are left out.

    Examples
    --------
    >>> figure = scatter_figure("valence", np.array([0.0, 1.0, np.nan]), np.array([0.1, 0.8, 0.5]))
    >>> figure.count("<circle")
    2
    """
    known = np.flatnonzero(~np.isnan(truth))
    known = known[:: math.ceil(len(known) / MAX_DOTS) or 1]
    y, f = truth[known], answers[known]
    low, high = _range(np.concatenate([y, f]))
    plot = Plot(340, 350, (low, high), (low, high), left=52, right=20, top=26, bottom=40)
    ticks = [(value, f"{value:.3g}") for value in np.linspace(low, high, 5).tolist()]
    marks = [
        *plot.x_axis(ticks, "true"),
        *plot.y_axis(ticks, "answered"),
        plot.segment((low, low), (high, high), "chance"),
        *(plot.dot(a, b, "main", radius=2.5) for a, b in zip(y.tolist(), f.tolist(), strict=True)),
    ]
    return plot.draw(f"{name}: what was answered over what is true, {len(known)} clips", marks)


def _range(values: NDArray[np.float64]) -> tuple[float, float]:
    """Return round ends between which all values lie."""
    if not values.size:
        return 0.0, 1.0
    low, high = float(values.min()), float(values.max())
    step = 10 ** math.floor(math.log10(high - low)) / 2 if high > low else 0.5
    return math.floor(low / step) * step, (math.floor(high / step) + 1) * step
