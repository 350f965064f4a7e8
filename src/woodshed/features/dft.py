"""The Fourier transform of a whole sound: from its definition, as a picture, and fast."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from woodshed.clip import Clip, Samples

_ROWS = 256  # of the matrix of the transform, made at a time


def dft(samples: ArrayLike) -> NDArray[np.complex128]:
    """Return the discrete Fourier transform, computed as it is defined.

    ``X(k) = Σ x(n) e^(-2πi k n / N)`` for ``k`` from 0 to ``N - 1``. It takes ``N²`` multiplications and is
    here to be read and to be compared with; `numpy.fft.fft` gives the same in ``N log N``.

    Parameters
    ----------
    samples
        Shape ``(n_samples,)``, real or complex.

    Returns
    -------
    numpy.ndarray
        Shape ``(n_samples,)``, complex; not scaled.

    Examples
    --------
    >>> [f"{abs(value):.1f}" for value in dft([1, 0, -1, 0])]
    ['0.0', '2.0', '0.0', '2.0']
    """
    x = np.asarray(samples)
    n = np.arange(len(x))
    out = np.empty(len(x), dtype=np.complex128)
    for start in range(0, len(x), _ROWS):
        k = n[start : start + _ROWS, np.newaxis]
        # The phase repeats after N: taking k n modulo N in whole numbers keeps it exact.
        out[start : start + _ROWS] = np.exp(-2j * np.pi * (k * n % len(x)) / len(x)) @ x
    return out


def centre_of_gravity(
    samples: ArrayLike, sample_rate: int, frequency_hz: ArrayLike
) -> NDArray[np.complex128]:
    """Wind a sound around a circle and return where its weight is.

    ``g(f) = 1/N Σ x(n) e^(-2πi f n / sample_rate)``: what a Fourier transform is, seen as a picture. The
    sound is wound ``f`` times a second around 0 of the complex plane; only if it has energy at ``f`` does
    its centre of gravity leave the middle, by half the amplitude of a sine.

    Parameters
    ----------
    samples
        Shape ``(n_samples,)``.
    sample_rate
        In hertz.
    frequency_hz
        Any shape; also between the bins of a transform.

    Returns
    -------
    numpy.ndarray
        Same shape as ``frequency_hz``, complex.

    Examples
    --------
    >>> time_s = np.arange(1000) / 1000
    >>> wound = centre_of_gravity(np.sin(2 * np.pi * 3 * time_s), 1000, [2, 3, 4])
    >>> [f"{value:.2f}" for value in abs(wound)]
    ['0.00', '0.50', '0.00']
    """
    x = np.asarray(samples, dtype=np.float64)
    time_s = np.arange(len(x)) / sample_rate
    frequencies = np.asarray(frequency_hz, dtype=np.float64)
    out = np.array([np.exp(-2j * np.pi * f * time_s) @ x / len(x) for f in frequencies.ravel()])
    return out.reshape(frequencies.shape)


def magnitude_spectrum(clip: Clip) -> tuple[Samples, Samples]:
    """Return the magnitude of the Fourier transform of a whole clip.

    Parameters
    ----------
    clip
        Any rate; channels are averaged.

    Returns
    -------
    frequency_hz, magnitude
        Each of shape ``(1 + n_samples // 2,)``, float32: ``|X(k)|``, not scaled, at ``k sample_rate / N``.

    Examples
    --------
    >>> from woodshed.audio import sine
    >>> frequency_hz, magnitude = magnitude_spectrum(sine(440, amplitude=1.0))
    >>> float(frequency_hz[magnitude.argmax()]), round(float(magnitude.max()))
    (440.0, 8000)
    """
    import scipy.fft

    samples = clip.mono()
    magnitude: Samples = np.abs(scipy.fft.rfft(samples))
    frequency_hz = np.arange(len(magnitude)) * (clip.sample_rate / len(samples))
    return frequency_hz.astype(np.float32), magnitude
