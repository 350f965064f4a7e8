"""Mel-frequency cepstral coefficients."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.fft

from woodshed.clip import Samples
from woodshed.errors import ParameterError
from woodshed.features.frame import FrameFeature
from woodshed.features.mel import MelSettings


def cepstrum(log_mel_db: Samples, n_mfcc: int) -> Samples:
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
    coefficients: Samples = scipy.fft.dct(log_mel_db, type=2, norm="ortho", axis=1)[:, :n_mfcc]
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
    deltas: int = 0
    delta_width: int = 9

    def __post_init__(self) -> None:
        super().__post_init__()
        self._whole(n_mfcc=1, deltas=0, delta_width=3)
        if self.n_mfcc > self.n_mels:
            raise ParameterError(f"Mfcc expects n_mfcc of at most n_mels={self.n_mels}, got {self.n_mfcc}.")
        if self.deltas > 2:
            raise ParameterError(f"Mfcc expects 0, 1 or 2 for deltas, got {self.deltas}.")
        self._odd("delta_width")

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
