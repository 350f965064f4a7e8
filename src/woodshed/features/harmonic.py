"""Harmonic and percussive share of the energy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from woodshed.clip import Samples
from woodshed.features.frame import FrameFeature, SpectrumSettings
from woodshed.features.spectral_shape import safe_divide


@dataclass(frozen=True, kw_only=True)
class HarmonicShare(SpectrumSettings, FrameFeature):
    """Harmonic and percussive share of the energy of each frame; they sum to 1.

    In a spectrogram, sustained tones are horizontal and percussive sounds vertical lines. The magnitude ``m``
    is median-filtered along time (``H``) and along frequency (``P``), and the soft mask ``H² / (H² + P²)``
    separates both: the harmonic share is ``Σ mask m² / Σ m²`` over the bins of a frame. No unit; silence has
    0 and 0. The masks are those of ``librosa.decompose.hpss``. Fitzgerald (2010).

    Parameters
    ----------
    kernel_size
        Length of both median filters, in frames and in bins, odd; default 31.
    sample_rate
        Required sample rate of clips, in hertz; default 22050.
    n_fft
        Length of the Hann window in samples, even; default 2048 (93 ms).
    hop_length
        Samples from one frame to the next; default 512 (23 ms).

    Examples
    --------
    >>> from woodshed.audio import clicks, sine
    >>> clips = sine(440, sample_rate=22050), clicks(0.25, sample_rate=22050)
    >>> [HarmonicShare()(clip)[22].round().tolist() for clip in clips]
    [[1.0, 0.0], [0.0, 1.0]]

    Harmonic share of a sustained tone, then clicks:

    >>> from woodshed.audio import clicks, join, sine
    >>> from woodshed.features.text_plot import text_plot
    >>> clip = join([sine(440, 1.0, sample_rate=22050), clicks(0.1, 1.0, sample_rate=22050)])
    >>> feature = HarmonicShare()
    >>> print(text_plot(feature(clip), feature, bands=["harmonic_share"]))
    harmonic_share
      1 ┤ █████████████████████████████    ▂        █  ▄     █  ▄
        │▆█████████████████████████████▆▄  █  ▄   ▄ █  █     █  █
        │████████████████████████████████  █▂ █   █ █▄ █     █  █
    0.5 ┤████████████████████████████████  ██ █▆  █ ██ █▂  █ ██ █
        │████████████████████████████████  ██ ███ █▂██ ███ █ ██ █▂▆
        │████████████████████████████████▆ ██▄███ ████████ █▆██▆███
      0 └0──────────────0.5────────────1──────────────1.5──────────── s
    """

    key = "harmonic-share/1"
    sample_rate: int = 22050
    n_fft: int = 2048
    hop_length: int = 512
    kernel_size: int = 31

    gain_invariant = True

    def __post_init__(self) -> None:
        super().__post_init__()
        self._whole(kernel_size=1)
        self._odd("kernel_size")

    names = ("harmonic_share", "percussive_share")

    @property
    def n_context(self) -> int:
        """Half a window, and the frames of the median filter."""
        return self.n_fft // 2 + self.kernel_size * self.hop_length

    def _frames(self, samples: Samples) -> Samples:
        import librosa

        n_frames = self.n_frames(len(samples))
        magnitude = np.empty((self.n_fft_bins, n_frames), dtype=np.float32)
        for rows, power in self.power_blocks(samples):
            magnitude[:, rows] = np.sqrt(power).T
        harmonic, _ = librosa.decompose.hpss(magnitude, kernel_size=self.kernel_size, mask=True)
        power = np.square(magnitude)
        total = power.sum(axis=0)
        share = np.minimum(safe_divide((harmonic * power).sum(axis=0), total), 1)
        return np.stack([share, np.where(total > 0, 1 - share, 0)], axis=1, dtype=np.float32)
