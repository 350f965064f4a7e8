"""Log-mel spectrogram."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, get_args

import numpy as np

from woodshed.clip import Samples
from woodshed.errors import ParameterError
from woodshed.features.frame import FrameFeature, SpectrumSettings
from woodshed.features.mel import FilterBank, MelFormula, mel_bank
from woodshed.units import samples_to_frames

# 10 ** (floor / 10) must be a normal float32: subnormal numbers lose precision.
_LOWEST_FLOOR_DB = -300.0


def check_floor(floor_db: float, owner: str) -> None:
    """Check that a floor in decibels is from -300, where float32 loses precision, to 0."""
    if not _LOWEST_FLOOR_DB <= floor_db <= 0:
        raise ParameterError(f"{owner} expects floor_db from {_LOWEST_FLOOR_DB:g} to 0, got {floor_db:g}.")


def power_to_db(power: Samples, floor_db: float) -> Samples:
    """Convert power to decibels, at least ``floor_db``, in place; 0 dB is a power of 1.

    Examples
    --------
    >>> [f"{db:.2f}" for db in power_to_db(np.array([100.0, 0.5, 0.0], dtype=np.float32), -100.0)]
    ['20.00', '-3.01', '-100.00']
    """
    np.maximum(power, np.float32(10.0 ** (floor_db / 10.0)), out=power)
    np.log10(power, out=power)
    np.multiply(power, np.float32(10.0), out=power)
    # Rounding may fall slightly below the floor, with which a caller may compare.
    return np.maximum(power, np.float32(floor_db), out=power)


def limit_range(level_db: Samples, top_db: float | None) -> Samples:
    """Clip levels to at most ``top_db`` below their maximum, in place; None does nothing.

    Examples
    --------
    >>> limit_range(np.array([0.0, -30.0, -95.0], dtype=np.float32), 80.0).tolist()
    [0.0, -30.0, -80.0]
    """
    if top_db is None:
        return level_db
    np.maximum(level_db, level_db.max() - np.float32(top_db), out=level_db)
    return level_db


@dataclass(frozen=True, kw_only=True)
class MelSettings(SpectrumSettings):
    """Shared settings of log-mel features."""

    n_mels: int = 64
    f_min_hz: float = 20.0
    f_max_hz: float | None = None
    formula: MelFormula = "slaney"
    floor_db: float = -100.0

    def __post_init__(self) -> None:
        super().__post_init__()
        owner = type(self).__name__
        self._whole(n_mels=1)
        self._finite("f_min_hz", "floor_db", *(("f_max_hz",) if self.f_max_hz is not None else ()))
        if not 0 <= self.f_min_hz < self.highest_hz <= self.sample_rate / 2:
            raise ParameterError(
                f"{owner} expects 0 <= f_min_hz < f_max_hz <= {self.sample_rate / 2:g} "
                f"(half of sample_rate), got f_min_hz={self.f_min_hz:g}, f_max_hz={self.highest_hz:g}."
            )
        check_floor(self.floor_db, owner)
        if self.formula not in get_args(MelFormula):
            raise ParameterError(f"{owner} expects the formula slaney or htk, got {self.formula!r}.")
        self.filter_bank()  # raises if a filter falls between two bins

    @property
    def highest_hz(self) -> float:
        """Upper edge of the last band: ``f_max_hz``, or the Nyquist frequency."""
        return self.sample_rate / 2 if self.f_max_hz is None else self.f_max_hz

    def filter_bank(self) -> FilterBank:
        """Return the mel filter bank, cached for each combination of settings."""
        return mel_bank(
            self.sample_rate, self.n_fft, self.n_mels, self.f_min_hz, self.highest_hz, self.formula
        )

    def log_mel(self, samples: Samples) -> Samples:
        """Return the log-mel spectrogram of a mono signal, shape ``(n_frames, n_mels)``, in dB."""
        bank = self.filter_bank()
        n_frames = samples_to_frames(len(samples), self.hop_length)
        out = np.empty((n_frames, self.n_mels), dtype=np.float32)
        for rows, power in self.power_blocks(samples):
            bank(power, out[rows])
        return power_to_db(out, self.floor_db)


@dataclass(frozen=True, kw_only=True)
class LogMel(MelSettings, FrameFeature):
    """Log-mel spectrogram, in decibels.

    ``L(b, t) = 10 log10(Σ w(b, k) P(k, t))`` over the bins ``k``, with the power ``P`` of
    `woodshed.features.stft.Power` and the filters ``w`` of `woodshed.features.mel.mel_filters`. Unit: dB.
    Stevens, Volkmann and Newman, "A scale for the measurement of the psychological magnitude pitch" (1937);
    Davis and Mermelstein (1980).

    The reference is fixed (0 dB is a power of 1 in a band), so that values do not depend on the rest of the
    clip, unlike librosa's ``power_to_db`` with ``ref=np.max`` or ``top_db``. Computed in float32: equal to
    librosa to about 0.001 dB in the upper 80 dB of a clip, to which librosa limits the range by default, and
    to about 0.1 dB below.

    Parameters
    ----------
    sample_rate
        Required sample rate of clips, in hertz; default 16000.
    n_fft
        Length of a frame in samples, even; default 512 (32 ms).
    hop_length
        Samples from one frame to the next; default 160 (10 ms).
    n_mels
        Number of bands; default 64.
    f_min_hz, f_max_hz
        Lower and upper edge of the bands in hertz; by default 20, below which microphones mostly record wind
        and handling noise, and the Nyquist frequency.
    formula
        ``slaney`` (default) or ``htk``: see `woodshed.features.mel.hz_to_mel`.
    floor_db
        Lowest value, -300 to 0; default -100.

    Raises
    ------
    ParameterError
        If a setting is out of its range, or a band falls between two bins of the transform.

    Examples
    --------
    >>> from woodshed.audio import silence
    >>> feature = LogMel(n_mels=40)
    >>> feature(silence()).shape
    (101, 40)
    >>> feature.frame_rate_hz, feature.n_frames(16000)
    (100.0, 101)
    >>> feature == LogMel(n_mels=40), feature == LogMel()
    (True, False)

    The word "seven", recorded:

    >>> from woodshed.audio import read
    >>> from woodshed.data.sample import sample_folder
    >>> from woodshed.features.text_plot import text_plot
    >>> clip = read(sample_folder() / "recordings" / "7_theo_0.flac")
    >>> feature = LogMel(sample_rate=8000, n_fft=256, hop_length=64, n_mels=32, floor_db=-50)
    >>> print(text_plot(feature(clip), feature, height=8))
    mel*_db:  ░ -48  ▒ -40  ▓ -32  █ -24
    28 ┤░▒░░░░▒▒░░░░   ░░
    24 ┤                      ░░▒░░▒▒░░░░░░░░░
    20 ┤                      ░▒▒░░░▒▒▒▒▒▒░░░       ░
    16 ┤                     ░▒▒▒▒▒░░░▒▒▒░░░░░     ░░ ░
    12 ┤                      ░░░░▒▒▒▒░░░▒░░     ░
     8 ┤                     ░▒▒▒▓▓▓█▓▓▓▓▓▓▓▒▒░░░░░░▒▒░░
     4 ┤                    ▒▓█████▓███▓▓▓▓▓▓▒▒▒▒▒▒▒▒▒░░░░
     0 ┤                    ▒▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▒▒▓▓▓▓▓▓▒▒▒▒▒▒▒░
       └0───────────0.1──────────0.2──────────0.3─────────0.4─ s
    """

    key = "log-mel/1"
    in_decibels: ClassVar[bool] = True

    @property
    def names(self) -> tuple[str, ...]:
        """One name for each band, from the lowest."""
        return tuple(f"mel{k}_db" for k in range(self.n_mels))

    @property
    def n_context(self) -> int:
        """Half a window."""
        return self.n_fft // 2

    def _frames(self, samples: Samples) -> Samples:
        return self.log_mel(samples)
