"""Statistics of frames over time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from woodshed.clip import Samples
from woodshed.errors import ParameterError, near_miss

Values = NDArray[Any]


def _moment(order: int, normal: float) -> Callable[[Values], Values]:
    """Return a function for the standardised moment, minus that of a normal distribution."""

    def moment(values: Values) -> Values:
        deviation = values - values.mean(axis=-1, keepdims=True)
        spread = deviation.std(axis=-1)
        # A variation below the resolution of float32 counts as none.
        varies = spread > 1e-7 * np.abs(values).max(axis=-1)
        raised = np.mean(deviation**order, axis=-1)
        return np.where(varies, raised / np.where(varies, spread, 1.0) ** order - normal, 0.0)

    return moment


STATISTICS: dict[str, Callable[[Values], Values]] = {
    "mean": lambda values: values.mean(axis=-1),
    "std": lambda values: values.std(axis=-1),
    "min": lambda values: values.min(axis=-1),
    "max": lambda values: values.max(axis=-1),
    "median": lambda values: np.median(values, axis=-1),
    "skew": _moment(3, 0.0),
    "kurtosis": _moment(4, 3.0),
}
"""Name -> function over the last axis. ``percentile:Q`` with Q from 0 to 100 is supported as well."""


def statistic(name: str) -> Callable[[Values], Values]:
    """Return the function of a statistic: a key of ``STATISTICS``, or ``percentile:Q``.

    Raises
    ------
    ParameterError
        If the statistic is unknown, or Q is not from 0 to 100.

    Examples
    --------
    >>> statistic("percentile:25")(np.arange(5.0)).item()
    1.0
    """
    kind, _, number = name.partition(":")
    if kind == "percentile":
        try:
            percent = float(number)
        except ValueError:
            percent = np.nan
        if not 0 <= percent <= 100:
            raise ParameterError(f"A percentile must be from 0 to 100, as in percentile:90, got {name!r}.")
        return lambda values: np.percentile(values, percent, axis=-1)
    if name not in STATISTICS:
        raise ParameterError(f"Unknown statistic {name!r}. {near_miss(name, [*STATISTICS, 'percentile:90'])}")
    return STATISTICS[name]


def statistic_names(names: Sequence[str], statistics: Sequence[str]) -> tuple[str, ...]:
    """Return the name of each value of `summarise_frames`.

    Examples
    --------
    >>> statistic_names(["rms", "f0_hz"], ["mean", "percentile:90"])
    ('rms_mean', 'f0_hz_mean', 'rms_percentile90', 'f0_hz_percentile90')
    """
    return tuple(f"{name}_{word.replace(':', '')}" for word in statistics for name in names)


def summarise_frames(frames: Samples, statistics: Sequence[str] = ("mean", "std")) -> Samples:
    """Compute statistics of frames over time: one row for a clip of any length.

    Parameters
    ----------
    frames
        Shape ``(n_frames, n_bands)``, at least one frame.
    statistics
        Names: ``mean``, ``std``, ``min``, ``max``, ``median``, ``percentile:Q``, ``skew`` and ``kurtosis``
        (excess over a normal distribution). The last two are 0 for constant values.

    Returns
    -------
    numpy.ndarray
        Shape ``(n_statistics * n_bands,)``, float32: the first statistic of all bands, then the next; see
        `statistic_names`.

    Raises
    ------
    ParameterError
        If a statistic is unknown, or there are no frames.

    Examples
    --------
    >>> frames = np.array([[1, 5], [3, 5]], dtype=np.float32)
    >>> summarise_frames(frames, ["mean", "std", "max"]).tolist()
    [2.0, 5.0, 1.0, 0.0, 3.0, 5.0]
    """
    if len(frames) == 0:
        raise ParameterError("summarise_frames expects at least one frame, got none.")
    return summarise_last_axis(np.asarray(frames).T, statistics)


def summarise_last_axis(values: Samples, statistics: Sequence[str]) -> Samples:
    """Compute statistics of ``(..., n_bands, n_frames)``, with result ``(..., n_statistics * n_bands)``.

    Examples
    --------
    >>> summarise_last_axis(np.ones((7, 2, 10), dtype=np.float32), ["mean", "std"]).shape
    (7, 4)
    """
    exact = values.astype(np.float64)
    return np.concatenate([statistic(word)(exact) for word in statistics], axis=-1, dtype=np.float32)
