"""Statistics of frames over a clip, and over windows of about a second."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from woodshed.clip import Samples
from woodshed.errors import ParameterError, near_miss
from woodshed.features.frame import FrameFeature
from woodshed.features.short_term import ShortTerm
from woodshed.features.validation import between

Values = NDArray[Any]

_ROWS = 64  # number of windows processed at a time


def _moment(values: Values, order: int, normal: float) -> Values:
    """Return the standardised moment, minus that of a normal distribution."""
    deviation = values - values.mean(axis=-1, keepdims=True)
    spread = deviation.std(axis=-1)
    # A variation below the resolution of float32 counts as none.
    varies = spread > 1e-7 * np.abs(values).max(axis=-1)
    raised = np.mean(deviation**order, axis=-1)
    return np.where(varies, raised / np.where(varies, spread, 1.0) ** order - normal, 0.0)


STATISTICS: dict[str, Callable[[Values], Values]] = {
    "mean": lambda values: values.mean(axis=-1),
    "std": lambda values: values.std(axis=-1),
    "min": lambda values: values.min(axis=-1),
    "max": lambda values: values.max(axis=-1),
    "median": lambda values: np.median(values, axis=-1),
    "skew": lambda values: _moment(values, 3, 0.0),
    "kurtosis": lambda values: _moment(values, 4, 3.0),
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


@dataclass(frozen=True, kw_only=True)
class MidTerm(FrameFeature):
    """Statistics of a frame-wise feature over windows of about a second.

    Row ``i`` summarises the frames ``i S`` to ``i S + W - 1`` of the inner feature, where ``W`` and ``S`` are
    the window and the step in whole frames, at least one. Windows at the end are shorter, as in
    pyAudioAnalysis, so that all frames are covered. Units are those of the feature. Giannakopoulos and
    Pikrakis (2014).

    Parameters
    ----------
    feature
        Any frame-wise feature; default `woodshed.features.short_term.ShortTerm`.
    window_s, step_s
        Length and distance of the windows in seconds; default 1.0 and 1.0.
    statistics
        Names of statistics, see `summarise_frames`; default mean and standard deviation.

    Raises
    ------
    ParameterError
        If a setting is out of its range, or a statistic is unknown.

    Examples
    --------
    >>> from woodshed.audio import sine
    >>> feature = MidTerm()
    >>> feature(sine(1000, 3.5)).shape, feature.names[3]
    ((4, 136), 'spectral_centroid_mean')

    Brown, pink and white noise, first soft, then loud:

    >>> from woodshed.audio import join, noise
    >>> from woodshed.features.text_plot import text_plot
    >>> colours = ("brown", "pink", "white")
    >>> clip = join([noise(colour, level_db=level_db) for level_db in (-30, -20) for colour in colours])
    >>> feature = MidTerm()
    >>> chosen = ["energy_mean", "spectral_centroid_mean", "spectral_spread_mean", "spectral_flux_std"]
    >>> print(text_plot(feature(clip), feature, bands=chosen, width=42))
    each from its lowest to its highest:  ░▒▓█
         spectral_flux_std ┤██████▓▓▓▓▓▓      ██████▓▓▓▓▓▓
      spectral_spread_mean ┤      ████████████      ██████████████████
    spectral_centroid_mean ┤      ▒▒▒▒▒▒██████      ▒▒▒▒▒▒████████████
               energy_mean ┤                  ██████████████████░░░░░░
                           └0───────────2───────────4───────────6───── s
    """

    key = "mid-term/1"
    feature: FrameFeature = field(default_factory=ShortTerm)
    window_s: Annotated[float, between(0, np.inf)] = 1.0
    step_s: Annotated[float, between(0, np.inf)] = 1.0
    statistics: tuple[str, ...] = ("mean", "std")

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.feature, FrameFeature):
            raise ParameterError(f"MidTerm expects a frame-wise feature, got {self.feature!r}.")
        names = (self.statistics,) if isinstance(self.statistics, str) else tuple(self.statistics)
        if not names:
            raise ParameterError("MidTerm expects at least one statistic, got none.")
        for name in names:
            statistic(name)
        object.__setattr__(self, "statistics", names)

    @property
    def sample_rate(self) -> int:
        """Sample rate of the inner feature, in hertz."""
        return self.feature.sample_rate

    @property
    def hop_length(self) -> int:
        """Samples from one window to the next."""
        return self._step * self.feature.hop_length

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the inner feature with each statistic."""
        return statistic_names(self.feature.names, self.statistics)

    @property
    def gain_invariant(self) -> bool:
        """As in the inner feature."""
        return self.feature.gain_invariant

    @property
    def exact_in_blocks(self) -> bool:
        """As in the inner feature."""
        return self.feature.exact_in_blocks

    @property
    def n_context(self) -> int:
        """A whole window, since a window starts at its frame."""
        return self._window * self.feature.hop_length + self.feature.n_context

    @property
    def _window(self) -> int:
        return max(1, round(self.window_s * self.feature.frame_rate_hz))

    @property
    def _step(self) -> int:
        return max(1, round(self.step_s * self.feature.frame_rate_hz))

    def n_frames(self, n_samples: int) -> int:
        """Return the number of windows of a clip of ``n_samples``."""
        return -(-self.feature.n_frames(n_samples) // self._step)

    def _frames(self, samples: Samples) -> Samples:
        frames = self.feature._frames(samples)
        out = np.empty((self.n_frames(len(samples)), self.n_bands), dtype=np.float32)
        windows = frames[:0]
        if len(frames) >= self._window:
            windows = np.lib.stride_tricks.sliding_window_view(frames, self._window, axis=0)[:: self._step]
        for row in range(0, len(windows), _ROWS):
            block = windows[row : row + _ROWS]
            out[row : row + len(block)] = summarise_last_axis(block, self.statistics)
        for row in range(len(windows), len(out)):
            out[row] = summarise_last_axis(frames[row * self._step :].T, self.statistics)
        return out
