"""Made-up sounds whose right answer is known: for tests, examples and calibration."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from woodshed.clip import Clip
from woodshed.errors import ParameterError, near_miss
from woodshed.units import db_to_amplitude, s_to_samples

COLOURS = {"white": 0.0, "pink": 1.0, "brown": 2.0}
"""Colour of noise -> exponent ``a`` of its power spectrum ``1 / f**a``: 0, -3.01, -6.02 dB per octave."""

SAMPLE_RATE = 16000
"""Rate of every signal unless another is asked for, in hertz."""


def sine(
    f0_hz: float, duration_s: float = 1.0, *, sample_rate: int = SAMPLE_RATE, amplitude: float = 0.5
) -> Clip:
    """Return a pure tone that starts at 0.

    Examples
    --------
    >>> sine(4000, 0.001, sample_rate=16000, amplitude=1.0).samples.round(3).tolist()[0][:4]
    [0.0, 1.0, 0.0, -1.0]
    """
    time_s = _times(duration_s, sample_rate)
    return _clip(amplitude * np.sin(2 * np.pi * f0_hz * time_s), sample_rate, f"sine {f0_hz:g} Hz")


def chirp(
    start_hz: float,
    end_hz: float,
    duration_s: float = 1.0,
    *,
    sample_rate: int = SAMPLE_RATE,
    amplitude: float = 0.5,
) -> Clip:
    """Return a tone that glides from one frequency to another, by the same number of octaves every second.

    The frequency at time ``t`` is ``start_hz * (end_hz / start_hz) ** (t / duration_s)``; both are positive.

    Examples
    --------
    >>> chirp(100, 1600, 2.0).duration_s
    2.0
    """
    if not (start_hz > 0 and end_hz > 0):
        raise ParameterError(
            f"chirp expects two positive frequencies in Hz, got {start_hz!r} and {end_hz!r}."
        )
    time_s = _times(duration_s, sample_rate)
    octaves_per_s = np.log2(end_hz / start_hz) / duration_s
    if octaves_per_s == 0:
        return sine(start_hz, duration_s, sample_rate=sample_rate, amplitude=amplitude)
    cycles = start_hz * (np.exp2(octaves_per_s * time_s) - 1) / (octaves_per_s * np.log(2))
    return _clip(amplitude * np.sin(2 * np.pi * cycles), sample_rate, f"chirp {start_hz:g}-{end_hz:g} Hz")


def noise(
    colour: str = "white",
    duration_s: float = 1.0,
    *,
    sample_rate: int = SAMPLE_RATE,
    level_db: float = -20.0,
    seed: int = 0,
) -> Clip:
    """Return noise of one colour at a known level.

    Parameters
    ----------
    colour
        ``white`` (equal power at all frequencies), ``pink`` (-3 dB per octave) or ``brown`` (-6 dB per
        octave).
    duration_s, sample_rate
        Length in seconds, rate in hertz.
    level_db
        RMS level in decibels; 0 dB is an RMS of 1.
    seed
        The same seed gives the same noise.

    Examples
    --------
    >>> clip = noise("pink", level_db=-20.0, seed=1)
    >>> round(float(np.sqrt(np.mean(clip.samples**2))), 4)
    0.1
    """
    rng = np.random.default_rng(seed)
    samples = coloured(rng, 1, len(_times(duration_s, sample_rate)), colour)
    return _clip(db_to_amplitude(level_db) * samples, sample_rate, f"{colour} noise")


def silence(duration_s: float = 1.0, *, sample_rate: int = SAMPLE_RATE) -> Clip:
    """Return digital silence: every sample is 0.

    Examples
    --------
    >>> silence(0.5).n_samples
    8000
    """
    return _clip(np.zeros(len(_times(duration_s, sample_rate))), sample_rate, "silence")


def clicks(
    interval_s: float, duration_s: float = 1.0, *, sample_rate: int = SAMPLE_RATE, amplitude: float = 1.0
) -> Clip:
    """Return single-sample clicks, one at 0 s and then one every ``interval_s`` seconds.

    Examples
    --------
    >>> np.flatnonzero(clicks(0.25).samples[0]).tolist()
    [0, 4000, 8000, 12000]
    """
    if not interval_s > 0:
        raise ParameterError(f"clicks expects a positive interval_s, got {interval_s!r}.")
    samples = np.zeros(len(_times(duration_s, sample_rate)))
    # From times, not from a whole number of samples, so that the error never adds up.
    places = np.round(np.arange(0, duration_s, interval_s) * sample_rate).astype(int)
    samples[places[places < len(samples)]] = amplitude
    return _clip(samples, sample_rate, f"clicks every {interval_s:g} s")


def coloured(rng: np.random.Generator, n_channels: int, n_samples: int, colour: str) -> NDArray[np.float64]:
    """Draw noise of one colour, shape ``(n_channels, n_samples)``, each channel with an RMS of 1.

    White noise is shaped in the spectrum by ``f ** (-a / 2)``; its mean (0 Hz) is taken out.

    Examples
    --------
    >>> coloured(np.random.default_rng(0), 2, 1000, "brown").shape
    (2, 1000)
    """
    if colour not in COLOURS:
        raise ParameterError(f"There is no noise of colour {colour!r}. {near_miss(colour, COLOURS)}")
    white = rng.standard_normal((n_channels, n_samples))
    if n_samples < 3:
        return np.asarray(np.sign(white))  # too short to have a colour
    spectrum = np.fft.rfft(white)
    spectrum[:, 0] = 0
    spectrum[:, 1:] *= np.arange(1, spectrum.shape[1]) ** (-COLOURS[colour] / 2)
    shaped = np.fft.irfft(spectrum, n_samples)
    return np.asarray(shaped / np.sqrt(np.mean(shaped**2, axis=1, keepdims=True)))


def _times(duration_s: float, sample_rate: int) -> NDArray[np.float64]:
    """Return the time of each sample in seconds; at least one sample."""
    n_samples = s_to_samples(duration_s, sample_rate)
    if n_samples < 1:
        raise ParameterError(f"A signal needs a duration of at least one sample, got {duration_s!r} s.")
    return np.arange(n_samples) / sample_rate


def _clip(samples: NDArray[np.float64], sample_rate: int, source: str) -> Clip:
    return Clip(samples.astype(np.float32), sample_rate, source)
