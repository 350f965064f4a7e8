"""Mel scale, mel filter bank, log-mel spectrogram and cepstral coefficients."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any, ClassVar, Literal, get_args

import numpy as np
import scipy  # its submodules are loaded at their first use
from numpy.typing import ArrayLike, NDArray

from woodshed.clip import Samples
from woodshed.errors import ParameterError
from woodshed.features.frame import FrameFeature, SpectrumSettings
from woodshed.features.validation import between, finite, optional, whole
from woodshed.units import samples_to_frames

MelFormula = Literal["slaney", "htk"]

# Slaney's scale: linear up to 1000 Hz (15 mel), then logarithmic with a factor of 6.4 in hertz per 27 mel.
_KNEE_HZ = 1000.0
_KNEE_MEL = 15.0
_HZ_PER_MEL = _KNEE_HZ / _KNEE_MEL
_LOG_STEP = np.log(6.4) / 27.0

# Number of neighbouring filters that form one dense matrix; see `FilterBank`.
_GROUP = 8

# 10 ** (floor / 10) must be a normal float32: subnormal numbers lose precision.
_LOWEST_FLOOR_DB = -300.0

TopDb = Annotated[float | None, optional(between(0, 1000))]
"""Range of levels below their maximum, in decibels; None for no limit."""


def hz_to_mel(frequency_hz: ArrayLike, formula: MelFormula = "slaney") -> NDArray[np.float64]:
    """Convert hertz to mels.

    Parameters
    ----------
    frequency_hz
        Any shape, 0 or more.
    formula
        ``slaney``: linear to 1000 Hz, logarithmic above (Slaney, Auditory Toolbox, 1998; librosa's
        default). ``htk``: ``2595 log10(1 + f / 700)`` (O'Shaughnessy 1987; the HTK book).

    Returns
    -------
    numpy.ndarray
        Same shape.

    Examples
    --------
    >>> hz_to_mel([0.0, 500.0, 1000.0, 6400.0]).round(6).tolist()
    [0.0, 7.5, 15.0, 42.0]
    >>> hz_to_mel(1000.0, "htk").round(2).item()
    999.99
    """
    hz = np.asarray(frequency_hz, dtype=np.float64)
    if formula == "htk":
        return np.asarray(2595.0 * np.log10(1.0 + hz / 700.0))
    above = _KNEE_MEL + np.log(np.maximum(hz, _KNEE_HZ) / _KNEE_HZ) / _LOG_STEP
    return np.where(hz < _KNEE_HZ, hz / _HZ_PER_MEL, above)


def mel_to_hz(mel: ArrayLike, formula: MelFormula = "slaney") -> NDArray[np.float64]:
    """Convert mels to hertz, the inverse of `hz_to_mel`.

    Examples
    --------
    >>> mel_to_hz([7.5, 42.0]).round(6).tolist()
    [500.0, 6400.0]
    """
    mels = np.asarray(mel, dtype=np.float64)
    if formula == "htk":
        return np.asarray(700.0 * (10.0 ** (mels / 2595.0) - 1.0))
    above = _KNEE_HZ * np.exp(_LOG_STEP * np.maximum(mels - _KNEE_MEL, 0.0))
    return np.where(mels < _KNEE_MEL, mels * _HZ_PER_MEL, above)


def check_formula(owner: str, name: str, value: Any) -> Any:
    """Check a formula of the mel scale."""
    if value not in get_args(MelFormula):
        raise ParameterError(f"{owner} expects the {name} slaney or htk, got {value!r}.")
    return value


@lru_cache(maxsize=16)
def mel_filters(
    sample_rate: int,
    n_fft: int,
    n_mels: int,
    f_min_hz: float,
    f_max_hz: float,
    formula: MelFormula = "slaney",
) -> Samples:
    """Return triangular filters that are equally spaced on the mel scale.

    All filters have the same area, so that white noise has the same power in each band. Equal to
    ``librosa.filters.mel`` with ``htk=(formula == "htk")``.

    Parameters
    ----------
    sample_rate, n_fft
        Settings of the spectrum.
    n_mels
        Number of filters.
    f_min_hz, f_max_hz
        Lower edge of the first filter and upper edge of the last, in hertz.
    formula
        ``slaney`` or ``htk``, see `hz_to_mel`.

    Returns
    -------
    numpy.ndarray
        Shape ``(n_mels, 1 + n_fft // 2)``, float32, read-only and cached.

    Raises
    ------
    ParameterError
        If a filter is so narrow that it falls between two bins, in which case its band would always be 0, or
        if the formula is unknown.

    Examples
    --------
    >>> filters = mel_filters(16000, 512, 64, 0.0, 8000.0)
    >>> filters.shape, filters.dtype.name
    ((64, 257), 'float32')
    """
    check_formula("mel_filters", "formula", formula)
    bins_hz = np.arange(1 + n_fft // 2) * (sample_rate / n_fft)
    lowest, highest = hz_to_mel([f_min_hz, f_max_hz], formula)
    edges_hz = mel_to_hz(np.linspace(lowest, highest, n_mels + 2), formula)
    left, peak, right = (edges_hz[k : n_mels + k, np.newaxis] for k in range(3))
    rising = (bins_hz - left) / (peak - left)
    falling = (right - bins_hz) / (right - peak)
    filters = np.maximum(0.0, np.minimum(rising, falling))
    empty = np.flatnonzero(~filters.any(axis=1))
    if len(empty):
        first = empty[0]
        raise ParameterError(
            f"{len(empty)} of {n_mels} mel filters fall between two bins of n_fft={n_fft} at {sample_rate} "
            f"Hz (the first is filter {first}, {left[first, 0]:.0f} to {right[first, 0]:.0f} Hz). "
            "Lower n_mels or raise n_fft."
        )
    filters *= 2.0 / (right - left)
    out = filters.astype(np.float32)
    out.setflags(write=False)
    return out


class FilterBank:
    """Banded filter bank that skips zero weights.

    Mel filters cover only a few bins, and about 90 % of the matrix is zero. Groups of eight filters are
    therefore restricted to the bins that they cover: BLAS multiplies these small dense matrices faster than
    the whole dense or a sparse matrix.

    Parameters
    ----------
    filters
        Shape ``(n_filters, n_bins)``, float32; each filter has a non-zero weight.

    Examples
    --------
    >>> bank = FilterBank(mel_filters(16000, 512, 64, 0.0, 8000.0))
    >>> power = np.ones((3, 257), dtype=np.float32)
    >>> bank(power, np.empty((3, 64), dtype=np.float32)).shape
    (3, 64)
    """

    def __init__(self, filters: Samples) -> None:
        self._groups: list[tuple[slice, slice, Samples]] = []
        for first in range(0, len(filters), _GROUP):
            group = filters[first : first + _GROUP]
            covered = np.flatnonzero(group.any(axis=0))
            bins = slice(int(covered[0]), int(covered[-1]) + 1)
            bands = slice(first, first + len(group))
            self._groups.append((bins, bands, np.ascontiguousarray(group[:, bins].T)))

    def __call__(self, power: Samples, out: Samples) -> Samples:
        """Filter ``power``, shape ``(n_frames, n_bins)``, into ``out``, shape ``(n_frames, n_filters)``."""
        for bins, bands, weights in self._groups:
            np.matmul(power[:, bins], weights, out=out[:, bands])
        return out


@lru_cache(maxsize=16)
def mel_bank(
    sample_rate: int, n_fft: int, n_mels: int, f_min_hz: float, f_max_hz: float, formula: MelFormula
) -> FilterBank:
    """Return a cached `FilterBank` of `mel_filters`."""
    return FilterBank(mel_filters(sample_rate, n_fft, n_mels, f_min_hz, f_max_hz, formula))


def check_floor(owner: str, name: str, value: Any) -> float:
    """Check that a floor in decibels is from -300, where float32 loses precision, to 0."""
    floor_db = finite(owner, name, value)
    if not _LOWEST_FLOOR_DB <= floor_db <= 0:
        raise ParameterError(f"{owner} expects {name} from {_LOWEST_FLOOR_DB:g} to 0, got {floor_db:g}.")
    return floor_db


Floor = Annotated[float, check_floor]


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
    return np.maximum(level_db, np.float32(level_db.max() - top_db), out=level_db)


@dataclass(frozen=True, kw_only=True)
class MelSettings(SpectrumSettings):
    """Shared settings of log-mel features."""

    n_mels: int = 64
    f_min_hz: float = 20.0
    f_max_hz: Annotated[float | None, optional(finite)] = None
    formula: Annotated[MelFormula, check_formula] = "slaney"
    floor_db: Floor = -100.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.f_min_hz < self.highest_hz <= self.sample_rate / 2:
            raise ParameterError(
                f"{type(self).__name__} expects 0 <= f_min_hz < f_max_hz <= {self.sample_rate / 2:g} "
                f"(half of sample_rate), got f_min_hz={self.f_min_hz:g}, f_max_hz={self.highest_hz:g}."
            )
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
    `woodshed.features.stft.Power` and the filters ``w`` of `mel_filters`. Unit: dB. Stevens, Volkmann and
    Newman, "A scale for the measurement of the psychological magnitude pitch" (1937); Davis and Mermelstein
    (1980).

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
        ``slaney`` (default) or ``htk``: see `hz_to_mel`.
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

    def _frames(self, samples: Samples) -> Samples:
        return self.log_mel(samples)


def cepstrum(log_mel_db: NDArray[np.floating], n_mfcc: int) -> NDArray[Any]:
    """Return the first coefficients of the orthonormal DCT-II of each frame.

    Parameters
    ----------
    log_mel_db
        Shape ``(n_frames, n_mels)``.
    n_mfcc
        Number of coefficients, at most ``n_mels``.

    Returns
    -------
    numpy.ndarray
        Shape ``(n_frames, n_mfcc)``.

    Examples
    --------
    A flat spectrum only has a mean, which is scaled by the square root of the number of bands.

    >>> cepstrum(np.full((1, 4), 10.0, dtype=np.float32), 2).tolist()
    [[20.0, 0.0]]
    """
    coefficients: NDArray[Any] = scipy.fft.dct(log_mel_db, type=2, norm="ortho", axis=1)[:, :n_mfcc]
    return coefficients


def delta(values: Samples, *, width: int = 9, order: int = 1) -> Samples:
    """Compute delta features: the local derivative of each column, per frame.

    A line (``order`` 1) or parabola (``order`` 2) is fitted by least squares to ``width`` frames around each
    frame and differentiated ``order`` times: Savitzky and Golay (1964). Equal to ``librosa.feature.delta``
    with ``mode="interp"``.

    Parameters
    ----------
    values
        Shape ``(n_frames, n_columns)``.
    width
        Length of the window in frames, odd, 3 or more. For a shorter input the largest odd width that fits is
        used; with fewer than three frames the result is 0.
    order
        1 for the first, 2 for the second derivative.

    Returns
    -------
    numpy.ndarray
        Same shape and dtype.

    Examples
    --------
    >>> squares = np.arange(5.0, dtype=np.float32)[:, np.newaxis] ** 2
    >>> delta(squares, width=3).ravel().tolist()
    [2.0, 2.0, 4.0, 6.0, 6.0]
    >>> delta(squares, width=3, order=2).ravel().tolist()
    [2.0, 2.0, 2.0, 2.0, 2.0]
    """
    n_frames = len(values)
    width = min(width, n_frames if n_frames % 2 else n_frames - 1)
    if width < 3:
        return np.zeros_like(values)
    offset = np.arange(width) - width // 2
    basis = offset.astype(np.float64) if order == 1 else offset**2 - np.mean(offset**2)
    # On a symmetric window the basis is orthogonal to the lower powers, so that the leading coefficient is a
    # dot product. Differentiation multiplies it by `order`! (1 or 2).
    kernel = (order * basis / np.sum(basis * basis)).astype(values.dtype)
    inner = np.lib.stride_tricks.sliding_window_view(values, width, axis=0) @ kernel
    # The leading derivative of the polynomials at both ends is constant.
    return np.pad(inner, ((width // 2, width // 2), (0, 0)), mode="edge")


@dataclass(frozen=True, kw_only=True)
class Mfcc(MelSettings, FrameFeature):
    """Mel-frequency cepstral coefficients, optionally with delta features.

    ``c(k, t) = s(k) Σ L(b, t) cos(π k (b + ½) / n_mels)`` over the bands ``b`` of the log-mel spectrogram
    ``L``, with ``s(0) = √(1 / n_mels)`` and ``s(k) = √(2 / n_mels)`` otherwise. Unit: dB; deltas are in dB
    per frame. Davis and Mermelstein, "Comparison of parametric representations for monosyllabic word
    recognition" (1980). Decibels have a fixed floor, instead of librosa's limit of 80 dB below the maximum,
    so that frames are independent.

    Parameters
    ----------
    n_mfcc
        Number of coefficients, 1 to ``n_mels``; default 20. The first is proportional to the level.
    deltas
        0 (default): coefficients only. 1: also first derivatives. 2: also second derivatives.
    delta_width
        Window of the derivatives in frames, odd, 3 or more; default 9.
    sample_rate, n_fft, hop_length, n_mels, f_min_hz, f_max_hz, formula, floor_db
        As in `LogMel`, with the same defaults.

    Raises
    ------
    ParameterError
        If a setting is out of its range.

    Examples
    --------
    >>> from woodshed.audio import silence
    >>> feature = Mfcc(n_mfcc=13, deltas=2)
    >>> feature(silence()).shape
    (101, 39)

    A recording of the word "seven":

    >>> from woodshed.audio import read
    >>> from woodshed.data.sample import sample_folder
    >>> from woodshed.features.text_plot import text_plot
    >>> clip = read(sample_folder() / "recordings" / "7_theo_0.flac")
    >>> feature = Mfcc(sample_rate=8000, n_fft=256, hop_length=64, n_mels=40)
    >>> print(text_plot(feature(clip), feature, bands=[f"mfcc{k}" for k in range(1, 7)]))
    each from its lowest to its highest:  ░▒▓█
    mfcc6 ┤███▒▓███▒▒▒▒▒░░▒▒░░░░░    ░▒▒▒▓▓▓▓▒░░░░░░░░▒▒▒▓█▒▒▒▓▒▒
    mfcc5 ┤▒▒░  ░▒▒▒▓░▒▒▓▓▒░  ░░     ░░░░░ ░▒▒▒▒▒▒▒▒▓▓▒▒▒▒▒▒▓████
    mfcc4 ┤███▓█▓██▓██▓▓▓▒▒▒▒▒▒▒              ░░░░░░   ░░ ░░░▒▓▓▓
    mfcc3 ┤            ░▒▒░░░░▒▓██▓█▓▒▒▒▒▓▓▓▓▓▓█████▓████████▓▓▓▓
    mfcc2 ┤▓██▓▒▒▓█▓▓▓▒▓█▓▒▓▒▒▓▓▒▒░▒▒░        ░ ░░░▒▒▒░░ ░░▒▒▓▓██
    mfcc1 ┤    ░            ░░▒█████▓█████████████████████████▓▓▓
          └0───────────0.1──────────0.2──────────0.3─────────0.4─ s
    """

    key = "mfcc/1"
    n_mfcc: int = 20
    deltas: Annotated[int, whole(0)] = 0
    delta_width: Annotated[int, whole(3, "odd")] = 9

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.n_mfcc > self.n_mels:
            raise ParameterError(f"Mfcc expects n_mfcc of at most n_mels={self.n_mels}, got {self.n_mfcc}.")
        if self.deltas > 2:
            raise ParameterError(f"Mfcc expects 0, 1 or 2 for deltas, got {self.deltas}.")

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the coefficients, then of their first and second derivatives."""
        endings = ("", "_delta", "_delta2")[: 1 + self.deltas]
        return tuple(f"mfcc{k}{ending}" for ending in endings for k in range(self.n_mfcc))

    @property
    def n_context(self) -> int:
        """Half a window; with deltas also the frames of their window."""
        return self.n_fft // 2 + (self.delta_width - 1) * self.hop_length * (self.deltas > 0)

    def _frames(self, samples: Samples) -> Samples:
        coefficients = cepstrum(self.log_mel(samples), self.n_mfcc)
        changes = (delta(coefficients, width=self.delta_width, order=k + 1) for k in range(self.deltas))
        return np.concatenate([coefficients, *changes], axis=1)
