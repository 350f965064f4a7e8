"""The 34 classical short-term features and their deltas."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from woodshed.clip import Samples
from woodshed.errors import ParameterError
from woodshed.features.chroma import CHROMA_NAMES, chroma_filters
from woodshed.features.entropy import block_entropy
from woodshed.features.frame import EvenNumber, SampleSettings, frames_of, hann_window, power_blocks
from woodshed.features.mel import FilterBank, cepstrum, mel_bank
from woodshed.features.spectral_shape import bandwidth_hz, centroid_hz, flux, rolloff_bin, unit_sum
from woodshed.features.time_domain import mean_power, zero_crossing_rate

Window = Literal["rectangular", "hann"]

_N_MFCC = 13
_N_MELS = 40
_LOWEST_HZ, _HIGHEST_HZ = 400 / 3, 6855.5  # 40 bands: 13 linear, 27 logarithmic
_N_BLOCKS = 10
_ROLLOFF_SHARE = 0.9
# Just below the rounding error of 16 bits in a band.
_LEAST_MAGNITUDE = np.float32(1e-8)

_NAMES = (
    *("zero_crossing_rate", "energy", "energy_entropy"),
    *("spectral_centroid", "spectral_spread", "spectral_entropy", "spectral_flux", "spectral_rolloff"),
    *(f"mfcc{k}" for k in range(_N_MFCC)),
    *CHROMA_NAMES,
    "chroma_std",
)


@dataclass(frozen=True, kw_only=True)
class ShortTerm(SampleSettings):
    """The classical set of 34 short-term features, with their deltas.

    ====================  ===================================================================================
    zero_crossing_rate    `woodshed.features.time_domain.ZeroCrossingRate`
    energy                mean square, `woodshed.features.time_domain.Energy`
    energy_entropy        of 10 blocks, in bits, `woodshed.features.entropy.EnergyEntropy`
    spectral_centroid     of magnitude, as a share of half the sample rate
    spectral_spread       of magnitude, as a share of half the sample rate
    spectral_entropy      of 10 bands, in bits, `woodshed.features.entropy.SpectralEntropy`
    spectral_flux         `woodshed.features.spectral_shape.SpectralFlux`
    spectral_rolloff      where 90 % of the power is reached, as a share of half the sample rate
    mfcc0 … mfcc12        of log10 magnitude in 40 mel bands from 133 to 6855 Hz (Slaney), orthonormal DCT
    chroma_C … chroma_B   shares of the pitch classes, together 1, `woodshed.features.chroma.Chroma`
    chroma_std            their standard deviation, `woodshed.features.chroma.ChromaDeviation`
    …_delta               difference from the previous frame; 0 in the first frame
    ====================  ===================================================================================

    The set of T. Giannakopoulos and A. Pikrakis, "Introduction to Audio Analysis" (2014), known from the
    package pyAudioAnalysis. Differences from version 0.3.14 of that package: frames are centred and the clip
    is not scaled to its peak, so that frames are independent of the rest of the clip; bins have their own
    frequencies (there, those of the next bin); mel bands are at their frequencies (there, at half of them);
    and chroma includes every bin of a pitch class (there, one per semitone).

    Parameters
    ----------
    window
        ``rectangular`` (default), as in the original, or ``hann``, which reduces spectral leakage.
    deltas
        Whether to append the deltas of the 34 features; default True.
    sample_rate
        Required sample rate of clips, in hertz; default 16000.
    frame_length
        Length of a frame in samples, even; default 800 (50 ms).
    hop_length
        Samples from one frame to the next; default 400 (25 ms).

    Raises
    ------
    ParameterError
        If a setting is out of its range, or frames are too short for the mel bands.

    Examples
    --------
    >>> from woodshed.audio import sine
    >>> feature = ShortTerm()
    >>> feature(sine(1000)).shape, feature.names[3], feature.names[37]
    ((41, 68), 'spectral_centroid', 'spectral_centroid_delta')

    A tone, noise, and clicks:

    >>> from woodshed.audio import clicks, join, noise, sine
    >>> from woodshed.features.text_plot import text_plot
    >>> clip = join([sine(1000, 0.5), noise(duration_s=0.5), clicks(0.1, 0.5)])
    >>> feature = ShortTerm()
    >>> print(text_plot(feature(clip), feature, bands=feature.names[:8], width=45))
    each from its lowest to its highest:  ░▒▓█
      spectral_rolloff ┤                ███████████████  █  █  █  █
         spectral_flux ┤ █             █
      spectral_entropy ┤                ███████████████  █  █  █  █
       spectral_spread ┤░              ████████████████  █  █  █  █
     spectral_centroid ┤░░░░░░░░░░░░░░░▓███████████████  █  █  █  █
        energy_entropy ┤▓█████████████████████████████░
                energy ┤▒██████████████▒
    zero_crossing_rate ┤ ░░░░░░░░░░░░░░▓██████████████░
                       └0──────────────0.5────────────1────────────── s
    """

    key = "short-term/1"
    frame_length: EvenNumber = 800
    hop_length: int = 400
    window: Window = "rectangular"
    deltas: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        try:
            self._mel_bank()
        except ParameterError as error:
            raise ParameterError(
                f"ShortTerm expects frames that resolve {_N_MELS} mel bands, about 0.02 s or more, got "
                f"frame_length={self.frame_length} at {self.sample_rate} Hz. Raise frame_length."
            ) from error

    @classmethod
    def in_seconds(
        cls, sample_rate: int, *, frame_s: float = 0.05, step_s: float = 0.025, **settings: Any
    ) -> ShortTerm:
        """Return the feature for a frame length and a step in seconds.

        Examples
        --------
        >>> feature = ShortTerm.in_seconds(8000, frame_s=0.05, step_s=0.05)
        >>> feature.frame_length, feature.hop_length
        (400, 400)
        """
        frame_length = 2 * max(1, round(frame_s * sample_rate / 2))
        hop_length = max(1, round(step_s * sample_rate))
        return cls(sample_rate=sample_rate, frame_length=frame_length, hop_length=hop_length, **settings)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the 34 features, then, with ``deltas``, of their deltas."""
        return (*_NAMES, *(f"{name}_delta" for name in _NAMES)) if self.deltas else _NAMES

    @property
    def n_context(self) -> int:
        """Half a frame, and two previous frames for the delta of the flux."""
        return self.frame_length // 2 + 2 * self.hop_length

    def _mel_bank(self) -> FilterBank:
        highest_hz = min(_HIGHEST_HZ, self.sample_rate / 2)
        return mel_bank(self.sample_rate, self.frame_length, _N_MELS, _LOWEST_HZ, highest_hz, "slaney")

    def _frames(self, samples: Samples) -> Samples:
        out = np.empty((self.n_frames(len(samples)), self.n_bands), dtype=np.float32)
        values = out[:, : self.n_bands // 2 if self.deltas else None]
        frames = frames_of(np.pad(samples, self.frame_length // 2), self.frame_length, self.hop_length)
        values[:, 0] = zero_crossing_rate(samples, self.frame_length, self.hop_length)
        window = hann_window(self.frame_length) if self.window == "hann" else np.ones(self.frame_length)
        previous = None
        for rows, power in power_blocks(
            samples, n_fft=self.frame_length, hop_length=self.hop_length, window=window.astype(np.float32)
        ):
            block = frames[rows]
            values[rows, 1] = mean_power(block)
            values[rows, 2] = block_entropy(np.square(block), _N_BLOCKS)
            previous = self._spectral_features(power, previous, values[rows])
        if self.deltas:
            deltas = out[:, self.n_bands // 2 :]
            deltas[0] = 0
            np.subtract(values[1:], values[:-1], out=deltas[1:])
        return out

    def _spectral_features(self, power: Samples, previous: Samples | None, out: Samples) -> Samples:
        """Fill in the spectral features; return the normalised spectrum of the last frame, for the flux."""
        magnitude = np.sqrt(power)
        share = unit_sum(magnitude)
        relative_hz = np.linspace(0, 1, power.shape[1], dtype=np.float32)
        out[:, 3] = centroid_hz(share, relative_hz)
        out[:, 4] = bandwidth_hz(share, relative_hz)
        out[:, 5] = block_entropy(power, _N_BLOCKS)
        out[:, 6] = flux(share, previous)
        out[:, 7] = rolloff_bin(power, _ROLLOFF_SHARE) / np.float32(power.shape[1] - 1)
        mel = self._mel_bank()(magnitude, np.empty((len(power), _N_MELS), dtype=np.float32))
        mel /= np.float32(self.frame_length / 2)  # a sine of amplitude 1 has 1
        chroma = unit_sum(power @ chroma_filters(self.sample_rate, self.frame_length))
        out[:, 8:21] = cepstrum(np.log10(np.maximum(mel, _LEAST_MAGNITUDE)), _N_MFCC)
        out[:, 21:33] = chroma
        out[:, 33] = chroma.std(axis=1)
        last: Samples = share[-1]
        return last
