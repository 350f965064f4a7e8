"""Mid-term features: statistics of any feature over windows of about a second."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from woodshed.clip import Samples
from woodshed.errors import ParameterError
from woodshed.features.frame import Framed
from woodshed.features.short_term import ShortTerm
from woodshed.features.statistic import statistic, statistic_names, summarise_last_axis

_ROWS = 64  # windows that are summarised at a time


@dataclass(frozen=True, kw_only=True)
class MidTerm(Framed):
    """How a feature is distributed in each stretch of a clip: one row for every window of about a second.

    Row ``i`` summarises the frames ``i S`` to ``i S + W - 1`` of the inner feature, where ``W`` and ``S`` are
    the window and the step in whole frames, at least one. Windows at the end hold what is left, as in
    pyAudioAnalysis, so that every sound is heard. Units are those of the feature. Giannakopoulos and Pikrakis
    (2014).

    Parameters
    ----------
    feature
        What is summarised: any feature of frames; default `woodshed.features.short_term.ShortTerm`.
    window_s, step_s
        Length of a window and from one window to the next, in seconds; default 1.0 and 1.0.
    statistics
        Words, see `woodshed.features.statistic.summarise_frames`; default mean and standard deviation.

    Examples
    --------
    >>> from woodshed.audio import sine
    >>> feature = MidTerm()
    >>> feature(sine(1000, 3.5)).shape, feature.names[3]
    ((4, 136), 'spectral_centroid_mean')

    Six seconds of ever more treble, first soft, then loud:

    >>> from woodshed.audio import join, noise
    >>> from woodshed.features.picture import picture
    >>> colours = ("brown", "pink", "white")
    >>> clip = join([noise(colour, level_db=level_db) for level_db in (-30, -20) for colour in colours])
    >>> feature = MidTerm()
    >>> chosen = ["energy_mean", "spectral_centroid_mean", "spectral_spread_mean", "spectral_flux_std"]
    >>> print(picture(feature(clip), feature, bands=chosen, width=42))
    each from its lowest to its highest:  ░▒▓█
         spectral_flux_std ┤██████▓▓▓▓▓▓      ██████▓▓▓▓▓▓
      spectral_spread_mean ┤      ████████████      ██████████████████
    spectral_centroid_mean ┤      ▒▒▒▒▒▒██████      ▒▒▒▒▒▒████████████
               energy_mean ┤                  ██████████████████░░░░░░
                           └0───────────2───────────4───────────6───── s
    """

    key = "mid-term/1"
    feature: Framed = field(default_factory=ShortTerm)
    window_s: float = 1.0
    step_s: float = 1.0
    statistics: tuple[str, ...] = ("mean", "std")

    def __post_init__(self) -> None:
        if not isinstance(self.feature, Framed):
            raise ParameterError(f"MidTerm expects a feature of frames, got {self.feature!r}.")
        for name in ("window_s", "step_s"):
            self._within(name, 0, np.inf)
        words = (self.statistics,) if isinstance(self.statistics, str) else tuple(self.statistics)
        if not words:
            raise ParameterError("MidTerm expects at least one statistic, got none.")
        for word in words:
            statistic(word)
        object.__setattr__(self, "statistics", words)

    @property
    def sample_rate(self) -> int:
        """That of the inner feature, in hertz."""
        return self.feature.sample_rate

    @property
    def hop_length(self) -> int:
        """Samples from one window to the next."""
        return self._step * self.feature.hop_length

    @property
    def names(self) -> tuple[str, ...]:
        """The inner names with each statistic."""
        return statistic_names(self.feature.names, self.statistics)

    @property
    def gain_invariant(self) -> bool:
        """As the inner feature."""
        return self.feature.gain_invariant

    @property
    def exact_in_blocks(self) -> bool:
        """As the inner feature."""
        return self.feature.exact_in_blocks

    @property
    def n_context(self) -> int:
        """A whole window, because it lies behind the sample that it is counted from."""
        return self._window * self.feature.hop_length + self.feature.n_context

    @property
    def _window(self) -> int:
        return max(1, round(self.window_s * self.feature.frame_rate_hz))

    @property
    def _step(self) -> int:
        return max(1, round(self.step_s * self.feature.frame_rate_hz))

    def n_frames(self, n_samples: int) -> int:
        """Count the windows of a clip of ``n_samples``."""
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
