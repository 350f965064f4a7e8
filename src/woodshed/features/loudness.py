"""Frame-wise loudness: A-weighted level and momentary loudness."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from woodshed.audio.filter import RunningFilter
from woodshed.audio.loudness import LOWEST_RATE, OFFSET_LUFS, KWeighting
from woodshed.clip import Clip, Samples
from woodshed.errors import ParameterError
from woodshed.features.frame import FrameFeature, SpectrumFeature, hann_window
from woodshed.features.mel import Floor, power_to_db
from woodshed.units import s_to_samples

# IEC 61672-1: corner frequencies of A-weighting in hertz, and the gain that makes it 0 dB at 1000 Hz.
_A_CORNERS_HZ = (20.598997, 107.65265, 737.86223, 12194.217)
_A_OFFSET_DB = 2.0

_WINDOW_S = 0.4
# The impulse response of the K-weighting high-pass, at 38 Hz, has decayed to 1e-10 after this time.
_MEMORY_S = 0.5


def a_weighting(frequency_hz: Samples) -> Samples:
    """Return the power response of A-weighting at each frequency: 1 at 1000 Hz, 0 at 0 Hz.

    ``f⁸ 12194⁴ / ((f² + 20.6²)² (f² + 107.7²) (f² + 737.9²) (f² + 12194²)²)``, plus 2.00 dB. Equal to
    ``librosa.A_weighting``, which returns decibels.

    Examples
    --------
    >>> weights = a_weighting(np.array([0, 100, 1000, 10000], dtype=np.float32))
    >>> float(weights[0]), [f"{10 * np.log10(weight):.1f}" for weight in weights[1:]]
    (0.0, ['-19.1', '0.0', '-2.5'])
    """
    squared = np.asarray(frequency_hz, dtype=np.float64) ** 2
    low, middle, high, top = (corner**2 for corner in _A_CORNERS_HZ)
    falling = (squared + low) ** 2 * (squared + middle) * (squared + high) * (squared + top) ** 2
    return (10 ** (_A_OFFSET_DB / 10) * squared**4 * top**2 / falling).astype(np.float32)


@dataclass(frozen=True, kw_only=True)
class AWeightedLevel(SpectrumFeature):
    """A-weighted level of each frame, in dB relative to full scale.

    ``L(t) = 10 log10(Σ A(f(n)) p(n, t))``, where ``p`` is the contribution of bin ``n`` to the mean square of
    the frame and ``A`` is `a_weighting` (IEC 61672-1), which attenuates low and very high frequencies as the
    ear does for soft sounds. A full-scale sine of 1000 Hz has -3.01 dB; the corresponding sound pressure
    level depends on the calibration of the microphone. Frames have a Hann window.

    Parameters
    ----------
    floor_db
        Lowest value, -300 to 0; default -100.
    sample_rate, n_fft, hop_length
        As in `woodshed.features.spectral_shape.SpectralCentroid`.

    Examples
    --------
    >>> from woodshed.audio import sine
    >>> clips = sine(1000, amplitude=1.0), sine(125, amplitude=1.0)
    >>> [round(float(AWeightedLevel()(clip)[50, 0]), 1) for clip in clips]
    [-3.0, -19.0]

    A chirp of constant level from 50 to 8000 Hz shows the weighting curve:

    >>> from woodshed.audio import chirp
    >>> from woodshed.features.text_plot import text_plot
    >>> feature = AWeightedLevel()
    >>> print(text_plot(feature(chirp(50, 8000, 0.6)), feature))
    a_weighted_level_db
      0 ┤
        │                           ▂▂▂▂▄▄▄▄▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▄▂
        │                  ▂▂▄▄▆▆████████████████████████████████████
    -20 ┤           ▂▄▄▆▆████████████████████████████████████████████
        │    ▂▂▄▆▆███████████████████████████████████████████████████
        │▂▆▆█████████████████████████████████████████████████████████
    -40 └0───────────────────0.2────────────────0.4────────────────── s
    """

    key = "a-weighted-level/1"
    floor_db: Floor = -100.0

    names = ("a_weighted_level_db",)

    def _of_power(self, power: Samples) -> Samples:
        # Parseval: all bins except the first and the last count twice, for the negative frequencies.
        twice = np.full(self.n_fft_bins, 2.0, dtype=np.float32)
        twice[[0, -1]] = 1.0
        scale = self.n_fft * float(np.sum(np.square(hann_window(self.n_fft), dtype=np.float64)))
        return power_to_db(power @ (a_weighting(self.bins_hz) * twice / np.float32(scale)), self.floor_db)


@dataclass(frozen=True, kw_only=True)
class MomentaryLoudness(FrameFeature):
    """Momentary loudness: K-weighted level over the 400 ms around each frame, in LUFS.

    ``-0.691 + 10 log10(mean y²)`` with the K-weighted mono mix ``y`` (ITU-R BS.1770, EBU Tech 3341), not
    gated. A full-scale sine of 997 Hz has -3.01 LUFS. The mono mix is a single channel: a stereo clip with
    identical channels has 3 LU less than in `woodshed.audio.loudness.loudness_lufs`, which sums the channels.
    The clip is surrounded by silence.

    Parameters
    ----------
    sample_rate
        Required sample rate of clips in hertz, 4000 or more; default 16000.
    hop_length
        Samples from one frame to the next; default 1600 (100 ms).
    floor_db
        Lowest value in LUFS, -300 to 0; default -100.

    Examples
    --------
    >>> from woodshed.audio import sine
    >>> round(float(MomentaryLoudness()(sine(997, amplitude=1.0))[5, 0]), 2)
    -3.01

    A tone from 0.5 to 1.5 s; the meter rises over 400 ms:

    >>> from woodshed.audio import join, silence, sine
    >>> from woodshed.features.text_plot import text_plot
    >>> clip = join([silence(0.5), sine(997, 1.0), silence(0.5)])
    >>> feature = MomentaryLoudness(hop_length=640, floor_db=-40)
    >>> print(text_plot(feature(clip), feature))
    momentary_loudness_lufs
     -8 ┤            ▂▂▄▄▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▄▄▂▂
        │         ▂▆█████████████████████████████▆▂
        │        ▂█████████████████████████████████▂
    -24 ┤        ███████████████████████████████████
        │        ███████████████████████████████████
        │        ███████████████████████████████████
    -40 └0───────────0.5──────────1────────────1.5────────── s
    """

    key = "momentary-loudness/1"
    sample_rate: int = 16000
    hop_length: int = 1600
    floor_db: Floor = -100.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.sample_rate < LOWEST_RATE:
            raise ParameterError(
                f"MomentaryLoudness expects a sample_rate of {LOWEST_RATE} or more, got {self.sample_rate}."
            )

    names = ("momentary_loudness_lufs",)

    @property
    def n_context(self) -> int:
        """Half of 400 ms, and the decay time of the filter."""
        return self._n_half + s_to_samples(_MEMORY_S, self.sample_rate)

    @property
    def _n_half(self) -> int:
        return s_to_samples(_WINDOW_S / 2, self.sample_rate)

    def _frames(self, samples: Samples) -> Samples:
        weighted = RunningFilter(KWeighting(), self.sample_rate, 1)(Clip(samples, self.sample_rate))[0]
        energy = np.concatenate([[0.0], np.cumsum(np.square(weighted))])
        centre = np.arange(self.n_frames(len(samples))) * self.hop_length
        first = np.maximum(centre - self._n_half, 0)
        stop = np.minimum(centre + self._n_half, len(samples))
        power = ((energy[stop] - energy[first]) / (2 * self._n_half)).astype(np.float32)
        return power_to_db(power * np.float32(10 ** (OFFSET_LUFS / 10)), self.floor_db)[:, np.newaxis]
