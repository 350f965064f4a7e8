"""Mid-term features: statistics of a frame-wise feature over windows of about a second."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from woodshed.clip import Samples
from woodshed.errors import ParameterError
from woodshed.features.frame import FrameFeature
from woodshed.features.short_term import ShortTerm
from woodshed.features.statistic import statistic, statistic_names, summarise_last_axis

_ROWS = 64  # number of windows processed at a time


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
        Names of statistics, see `woodshed.features.statistic.summarise_frames`; default mean and standard
        deviation.

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
    window_s: float = 1.0
    step_s: float = 1.0
    statistics: tuple[str, ...] = ("mean", "std")

    def __post_init__(self) -> None:
        if not isinstance(self.feature, FrameFeature):
            raise ParameterError(f"MidTerm expects a frame-wise feature, got {self.feature!r}.")
        for name in ("window_s", "step_s"):
            self._within(name, 0, np.inf)
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
        n_full = 0
        if len(frames) >= self._window:
            windows = np.lib.stride_tricks.sliding_window_view(frames, self._window, axis=0)[:: self._step]
            n_full = len(windows)
            for row in range(0, n_full, _ROWS):
                part = slice(row, min(row + _ROWS, n_full))
                out[part] = summarise_last_axis(windows[part], self.statistics)
        for row in range(n_full, len(out)):
            out[row] = summarise_last_axis(frames[row * self._step :].T, self.statistics)
        return out
