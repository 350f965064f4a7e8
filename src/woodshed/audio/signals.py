"""Synthetic test signals: tones, chirps, coloured noise, clicks and silence."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from woodshed.clip import Clip
from woodshed.errors import ParameterError, check_choice
from woodshed.units import db_to_amplitude, s_to_samples

COLOURS = {"white": 0.0, "pink": 1.0, "brown": 2.0}
"""Colour of noise -> exponent ``a`` of its power spectrum ``1 / f**a``: 0, -3.01, -6.02 dB per octave."""

SAMPLE_RATE = 16000
"""Default sample rate in hertz."""

CLICK_HZ = 1500.0
CLICK_S = 0.03


def sine(
    f0_hz: float, duration_s: float = 1.0, *, sample_rate: int = SAMPLE_RATE, amplitude: float = 0.5
) -> Clip:
    """Return a sine wave with initial phase 0.

    Parameters
    ----------
    f0_hz
        Frequency in hertz.
    duration_s, sample_rate
        Duration in seconds, at least one sample; rate in hertz.
    amplitude
        Peak; 1 is full scale.

    Raises
    ------
    ParameterError
        If the duration is below one sample.

    Examples
    --------
    >>> sine(4000, 0.001, sample_rate=16000, amplitude=1.0).samples.round(3).tolist()[0][:4]
    [0.0, 1.0, 0.0, -1.0]
    """
    samples = amplitude * np.sin(2 * np.pi * f0_hz * _times(duration_s, sample_rate))
    return _clip(samples, sample_rate, f"sine {f0_hz:g} Hz")


def chirp(
    start_hz: float,
    end_hz: float,
    duration_s: float = 1.0,
    *,
    sample_rate: int = SAMPLE_RATE,
    amplitude: float = 0.5,
) -> Clip:
    """Return an exponential chirp: a tone whose frequency changes by a constant number of octaves per second.

    The frequency at time ``t`` is ``start_hz * (end_hz / start_hz) ** (t / duration_s)``.

    Parameters
    ----------
    start_hz, end_hz
        First and last frequency in hertz, positive.
    duration_s, sample_rate, amplitude
        As in `sine`.

    Raises
    ------
    ParameterError
        If a frequency is not positive, or the duration is below one sample.

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
    """Return coloured noise at a given RMS level.

    Parameters
    ----------
    colour
        ``white`` (equal power at all frequencies), ``pink`` (-3 dB per octave) or ``brown`` (-6 dB per
        octave).
    duration_s, sample_rate
        As in `sine`.
    level_db
        RMS level in decibels; 0 dB is an RMS of 1.
    seed
        Seed of the random generator, 0 or more.

    Raises
    ------
    ParameterError
        If the colour is unknown, or the duration is below one sample.

    Examples
    --------
    >>> clip = noise("pink", level_db=-20.0, seed=1)
    >>> round(float(np.sqrt(np.mean(clip.samples**2))), 4)
    0.1
    """
    n_samples = len(_times(duration_s, sample_rate))
    samples = coloured(np.random.default_rng(seed), 1, n_samples, colour)
    return _clip(db_to_amplitude(level_db) * samples, sample_rate, f"{colour} noise")


def silence(duration_s: float = 1.0, *, sample_rate: int = SAMPLE_RATE) -> Clip:
    """Return digital silence: every sample is 0.

    Raises
    ------
    ParameterError
        If the duration is below one sample.

    Examples
    --------
    >>> silence(0.5).n_samples
    8000
    """
    return _clip(np.zeros(len(_times(duration_s, sample_rate))), sample_rate, "silence")


def clicks(
    interval_s: float, duration_s: float = 1.0, *, sample_rate: int = SAMPLE_RATE, amplitude: float = 1.0
) -> Clip:
    """Return single-sample clicks at 0 s and every ``interval_s`` seconds.

    Parameters
    ----------
    interval_s
        Time between clicks in seconds, positive.
    duration_s, sample_rate, amplitude
        As in `sine`.

    Raises
    ------
    ParameterError
        If the interval is not positive, or the duration is below one sample.

    Examples
    --------
    >>> np.flatnonzero(clicks(0.25).samples[0]).tolist()
    [0, 4000, 8000, 12000]
    """
    if not interval_s > 0:
        raise ParameterError(f"clicks expects a positive interval_s, got {interval_s!r}.")
    samples = np.zeros(len(_times(duration_s, sample_rate)))
    # Rounded from times, so that the rounding error does not accumulate.
    positions = np.round(np.arange(0, duration_s, interval_s) * sample_rate).astype(int)
    samples[positions[positions < len(samples)]] = amplitude
    return _clip(samples, sample_rate, f"clicks every {interval_s:g} s")


def add_clicks(clip: Clip, times_s: Iterable[float], *, amplitude: float = 0.5) -> Clip:
    """Mix a click into all channels at each given time, for example to check detected beats by ear.

    A click is a decaying tone of 1500 Hz that lasts 30 ms and starts at the given time.

    Parameters
    ----------
    clip
        Sound with any number of channels.
    times_s
        Times in seconds; those outside the clip are ignored.
    amplitude
        Peak of a click, positive. Samples may then exceed ±1.

    Raises
    ------
    ParameterError
        If the amplitude is not positive.

    Examples
    --------
    >>> clicked = add_clicks(silence(1.0), [0.25, 0.5])
    >>> (np.flatnonzero(np.abs(clicked.samples[0]) > 0.3)[0] / clicked.sample_rate).round(2).item()
    0.25
    """
    if not amplitude > 0:
        raise ParameterError(f"add_clicks expects a positive amplitude, got {amplitude!r}.")
    time_s = np.arange(s_to_samples(CLICK_S, clip.sample_rate)) / clip.sample_rate
    click = amplitude * np.sin(2 * np.pi * CLICK_HZ * time_s) * np.exp(-time_s / (CLICK_S / 5))
    samples = clip.samples.copy()
    for start in (s_to_samples(at_s, clip.sample_rate) for at_s in times_s):
        if 0 <= start < clip.n_samples:
            part = samples[:, start : start + len(click)]
            part += click[: part.shape[1]].astype(np.float32)
    return replace(clip, samples=samples)


def coloured(rng: np.random.Generator, n_channels: int, n_samples: int, colour: str) -> NDArray[np.float64]:
    """Draw coloured noise, shape ``(n_channels, n_samples)``, with an RMS of 1 in each channel.

    The spectrum of white noise is multiplied by ``f ** (-a / 2)``, with ``a`` from `COLOURS`; its mean (0 Hz)
    is removed.

    Raises
    ------
    ParameterError
        If the colour is unknown.

    Examples
    --------
    >>> coloured(np.random.default_rng(0), 2, 1000, "brown").shape
    (2, 1000)
    """
    check_choice("noise colour", colour, COLOURS)
    white = rng.standard_normal((n_channels, n_samples))
    if n_samples < 3:
        return np.asarray(np.sign(white))  # too short for a spectrum
    spectrum = np.fft.rfft(white)
    spectrum[:, 0] = 0
    spectrum[:, 1:] *= np.arange(1, spectrum.shape[1]) ** (-COLOURS[colour] / 2)
    shaped = np.fft.irfft(spectrum, n_samples)
    return np.asarray(shaped / np.sqrt(np.mean(shaped**2, axis=1, keepdims=True)))


def _times(duration_s: float, sample_rate: int) -> NDArray[np.float64]:
    """Return the time of each sample in seconds; at least one sample."""
    n_samples = s_to_samples(duration_s, sample_rate)
    if n_samples < 1:
        raise ParameterError(f"The duration must be at least one sample, got {duration_s!r} s.")
    return np.arange(n_samples) / sample_rate


def _clip(samples: NDArray[np.float64], sample_rate: int, source: str) -> Clip:
    return Clip(samples.astype(np.float32), sample_rate, source)
