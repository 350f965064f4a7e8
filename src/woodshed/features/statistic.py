"""Statistics of frames over time: many frames become one row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from woodshed.clip import Samples
from woodshed.errors import ParameterError, near_miss

Values = NDArray[Any]


def _moment(order: int, normal: float) -> Callable[[Values], Values]:
    """Return the function for a standardised moment, less that of a normal distribution."""

    def moment(values: Values) -> Values:
        away = values - values.mean(axis=-1, keepdims=True)
        spread = away.std(axis=-1)
        # What varies less than float32 resolves does not vary.
        varies = spread > 1e-7 * np.abs(values).max(axis=-1)
        raised = np.mean(away**order, axis=-1)
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
"""Word -> function over the last axis. ``percentile:Q`` is understood as well, Q from 0 to 100."""


def statistic(word: str) -> Callable[[Values], Values]:
    """Return the function of a word: one of ``STATISTICS``, or ``percentile:Q``.

    Raises
    ------
    ParameterError
        If there is no such statistic, or Q is not from 0 to 100.

    Examples
    --------
    >>> statistic("percentile:25")(np.arange(5.0)).item()
    1.0
    """
    name, _, share = word.partition(":")
    if name == "percentile":
        try:
            percent = float(share)
        except ValueError:
            percent = np.nan
        if not 0 <= percent <= 100:
            raise ParameterError(f"A percentile is from 0 to 100, as in percentile:90, got {word!r}.")
        return lambda values: np.percentile(values, percent, axis=-1)
    if word not in STATISTICS:
        known = [*STATISTICS, "percentile:90"]
        raise ParameterError(f"There is no statistic {word!r}. {near_miss(word, known)}")
    return STATISTICS[word]


def statistic_names(names: Sequence[str], statistics: Sequence[str]) -> tuple[str, ...]:
    """Return the name of each value of `summarise_frames`.

    Examples
    --------
    >>> statistic_names(["rms", "f0_hz"], ["mean", "percentile:90"])
    ('rms_mean', 'f0_hz_mean', 'rms_percentile90', 'f0_hz_percentile90')
    """
    return tuple(f"{name}_{word.replace(':', '')}" for word in statistics for name in names)


def summarise_frames(frames: Samples, statistics: Sequence[str] = ("mean", "std")) -> Samples:
    """Describe how frames are distributed over time: one row for a clip of any length.

    Parameters
    ----------
    frames
        Shape ``(n_frames, n_bands)``, at least one frame.
    statistics
        Words: ``mean``, ``std``, ``min``, ``max``, ``median``, ``percentile:Q``, ``skew`` (0 if symmetric),
        ``kurtosis`` (0 if as heavy in the tails as a normal distribution). The last two are 0 where nothing
        varies.

    Returns
    -------
    numpy.ndarray
        Shape ``(n_statistics * n_bands,)``, float32: the first statistic of all bands, then the next; see
        `statistic_names`.

    Raises
    ------
    ParameterError
        If there is no such statistic, or there are no frames.

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
    """Do the same for ``(..., n_bands, n_frames)``: returns ``(..., n_statistics * n_bands)``.

    Examples
    --------
    >>> summarise_last_axis(np.ones((7, 2, 10), dtype=np.float32), ["mean", "std"]).shape
    (7, 4)
    """
    exact = values.astype(np.float64)
    return np.concatenate([statistic(word)(exact) for word in statistics], axis=-1, dtype=np.float32)
