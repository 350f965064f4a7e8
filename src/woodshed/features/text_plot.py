"""Text plots of features with block characters, for terminals and docstrings.

Examples
--------
>>> from woodshed.audio import chirp
>>> from woodshed.features import SpectralCentroid
>>> feature = SpectralCentroid()
>>> print(text_plot(feature(chirp(500, 3900)), feature, height=4, width=40))
spectral_centroid_hz
4000 ┤                                    ▂▄▄▆
     │                            ▂▂▄▄▆▆██████
2000 ┤                ▂▂▂▂▄▄▄▆▆▆██████████████
     │▆▄▄▄▄▆▆▆▆▆▆█████████████████████████████
   0 └0───────0.2─────0.4─────0.6─────0.8───── s
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from woodshed.clip import Samples
from woodshed.errors import ParameterError, near_miss
from woodshed.features.frame import FrameFeature

Values = NDArray[np.float64]

_BARS = " ▂▄▆█"
_SHADES = " ░▒▓█"
# Few levels, so that rounding differences between machines do not change a plot.
_N_SHADES = len(_SHADES)
_BAR_STEPS = len(_BARS) - 1

_ROUND = (1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
_ROUND_TIMES = (1.0, 2.0, 2.5, 5.0, 10.0)
_MAX_TICKS, _TICK_COLUMNS = 6, 7
# Values with a smaller relative range count as constant, so that rounding errors are not shown.
_CONSTANT = 1e-5
# Values beyond the end of a scale by less than this share of a step count as within it.
_NEAR = 1e-3


class _Drawing(NamedTuple):
    """Title, label and cells of each row from the top, and label of the time axis."""

    title: str
    rows: list[tuple[str, str]]
    axis_label: str = ""


def text_plot(
    values: Samples,
    feature: FrameFeature,
    *,
    bands: Sequence[str] | None = None,
    height: int = 6,
    width: int = 60,
) -> str:
    """Draw frames as text: a single band as bars, several bands as a heat map.

    The horizontal axis is in seconds; the vertical axis shows the value, or the lowest band of each row. A
    column is the mean of its frames, a row the maximum of its bands.

    Parameters
    ----------
    values
        Frames of ``feature``, shape ``(n_frames, n_bands)``.
    feature
        The feature, for the names of the bands and the frame rate.
    bands
        Names of the bands to draw, from the bottom. Each row then has its own scale from its minimum to its
        maximum, since bands may have different units; a single name is drawn as bars. None draws all bands on
        one scale.
    height
        Maximum number of rows without title and time axis, 2 or more.
    width
        Maximum number of columns without labels, 10 or more.

    Returns
    -------
    str
        Lines without trailing spaces.

    Raises
    ------
    ParameterError
        If the values do not fit the feature, a band is unknown, or the size is too small.

    Examples
    --------
    >>> from woodshed.audio import chirp
    >>> from woodshed.features import LogMel
    >>> feature = LogMel(n_mels=24, floor_db=-40)
    >>> print(text_plot(feature(chirp(200, 6000)), feature, width=50))
    mel*_db:  ░ -30  ▒ -15  ▓ 0  █ 15
    20 ┤                                             ▒▓▓▓▓
    16 ┤                                     ░▓▓▓▓▓▓▓▓▓▒
    12 ┤                              ▒▓▓▓▓▓▓▓▓▓░
     8 ┤                      ░▓▓█▓▓▓▓▓▓▓░
     4 ┤░          ░▒▓▓▓██▓█▓█▓█▓▓░
     0 ┤▓█████▓▓███▓███▓▓▒░
       └0─────────0.2───────0.4───────0.6───────0.8─────── s
    """
    frames: Values = np.asarray(values, dtype=np.float64)
    fits = frames.ndim == 2 and frames.shape[1] == feature.n_bands and len(frames) > 0
    if not (fits and np.isfinite(frames).all()):
        raise ParameterError(
            f"text_plot expects finite values of {type(feature).__name__} of shape "
            f"(n_frames, {feature.n_bands}), got {np.isfinite(frames).sum()} of shape {frames.shape}."
        )
    if height < 2 or width < 10:
        raise ParameterError(
            f"text_plot expects a height of at least 2 and a width of at least 10, got {height} and {width}."
        )
    names = feature.names
    if bands is not None:
        frames, names = _select(frames, names, bands)
    columns, columns_per_frame = _columns(frames, width)
    if len(names) == 1:
        drawing = _bars(columns[:, 0], names[0], height)
    elif bands is not None:
        drawing = _own_scales(columns, names)
    else:
        drawing = _one_scale(columns, names, height)
    left = max(len(label) for label in (*(label for label, _ in drawing.rows), drawing.axis_label))
    rows = [f"{label:>{left}} {'┤' if label else '│'}{cells}".rstrip() for label, cells in drawing.rows]
    axis = _time_axis(len(columns), columns_per_frame * feature.frame_rate_hz)
    return "\n".join([drawing.title, *rows, f"{drawing.axis_label:>{left}} └{axis}"])


def _select(values: Values, names: tuple[str, ...], bands: Sequence[str]) -> tuple[Values, tuple[str, ...]]:
    for band in bands:
        if band not in names:
            raise ParameterError(f"Unknown band {band!r}. {near_miss(band, names)}")
    if not bands:
        raise ParameterError("text_plot expects at least one band, got none.")
    return values[:, [names.index(band) for band in bands]], tuple(bands)


def _columns(values: Values, width: int) -> tuple[Values, float]:
    """Average or repeat frames to columns; return them and the number of columns per frame."""
    n_frames = len(values)
    if n_frames <= width:
        times = width // n_frames
        return np.repeat(values, times, axis=0), float(times)
    starts = np.arange(width) * n_frames // width
    counts = np.diff(starts, append=n_frames)[:, np.newaxis]
    return np.add.reduceat(values, starts, axis=0) / counts, width / n_frames


def _bars(values: Values, name: str, height: int) -> _Drawing:
    """Draw one bar per column."""
    low, high = _round_range(values, 4)
    level = np.rint((values - low) / (high - low) * _BAR_STEPS * height).astype(int)
    rows = []
    for row in reversed(range(height)):
        labelled = row == height - 1 or 2 * (row + 1) == height
        label = f"{low + (high - low) * (row + 1) / height:g}" if labelled else ""
        full = np.clip(level - _BAR_STEPS * row, 0, _BAR_STEPS)
        rows.append((label, "".join(_BARS[k] for k in full)))
    return _Drawing(name, rows, f"{low:g}")


def _one_scale(values: Values, names: tuple[str, ...], height: int) -> _Drawing:
    """Draw several bands of one unit; the title is the key of the shades."""
    starts = np.arange(0, len(names), -(-len(names) // height))
    strongest = np.maximum.reduceat(values, starts, axis=1)
    low, high = _round_range(strongest, _N_SHADES)
    edges = [low + (high - low) * k / _N_SHADES for k in range(1, _N_SHADES)]
    key = "  ".join(f"{shade} {edge:g}" for shade, edge in zip(_SHADES[1:], edges, strict=True))
    before, after = _common_prefix(names), _common_prefix([name[::-1] for name in names])[::-1]
    labels = [names[start].removeprefix(before).removesuffix(after) for start in starts]
    return _Drawing(f"{before}*{after}:  {key}", _shaded((strongest - low) / (high - low), labels))


def _own_scales(values: Values, names: tuple[str, ...]) -> _Drawing:
    """Draw several bands, each from its minimum to its maximum."""
    low, high = values.min(axis=0), values.max(axis=0)
    varies = high - low > _CONSTANT * np.maximum(np.abs(low), np.abs(high))
    share = np.divide(values - low, high - low, out=np.zeros_like(values), where=varies)
    return _Drawing(f"each from its lowest to its highest:  {_SHADES[1:]}", _shaded(share, names))


def _shaded(share: Values, labels: Sequence[str]) -> list[tuple[str, str]]:
    """Draw values from 0 to 1, shape ``(n_columns, n_bands)``, the last band at the top."""
    level = np.clip(share * _N_SHADES, 0, _N_SHADES - 1).astype(int)
    rows = [(label, "".join(_SHADES[k] for k in level[:, band])) for band, label in enumerate(labels)]
    return rows[::-1]


def _common_prefix(names: Sequence[str]) -> str:
    first, last = min(names), max(names)
    n_same = next((k for k, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))
    return first[:n_same]


def _round_range(values: Values, n_steps: int) -> tuple[float, float]:
    """Return limits of a scale of ``n_steps`` round steps that covers all values, from 0 if possible."""
    low, high = float(values.min()), float(values.max())
    if high - low <= _CONSTANT * max(abs(low), abs(high)):
        low, high = (low - 1, high + 1) if low else (0.0, 1.0)
    if 0 < low <= high / 2:
        low = 0.0
    smallest = (high - low) / n_steps
    unit = 10.0 ** math.floor(math.log10(smallest))
    for step in (unit * nice * ten for ten in (1, 10) for nice in _ROUND):
        first = math.floor(low / step + _NEAR)
        if (first + n_steps) * step >= high - _NEAR * step:
            return first * step, (first + n_steps) * step
    return low, high


def _time_axis(n_columns: int, columns_per_s: float) -> str:
    """Draw the time axis, with labels in seconds."""
    least_s = max(n_columns / _MAX_TICKS, _TICK_COLUMNS) / columns_per_s
    unit = 10.0 ** math.floor(math.log10(least_s))
    step_s = next(unit * times for times in _ROUND_TIMES if unit * times >= least_s)
    axis = ["─"] * n_columns
    for k in range(_MAX_TICKS + 1):
        text = f"{k * step_s:.3g}"
        at = round(k * step_s * columns_per_s)
        if at + len(text) <= n_columns - 1:
            axis[at : at + len(text)] = text
    return "".join(axis) + " s"
