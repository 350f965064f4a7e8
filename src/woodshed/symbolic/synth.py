"""A plain synthesiser: partials with an envelope for tones, decaying sines and noise for drums."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from woodshed.score import DRUM_CHANNEL

Samples = NDArray[np.float64]


@dataclass(frozen=True)
class Timbre:
    """How a family of instruments sounds.

    Parameters
    ----------
    partials
        Amplitudes of the partials, from the fundamental on.
    attack_s, release_s
        How long a note takes to begin, and to end after its time.
    decay_s
        After this time its amplitude is 1 / e; infinite for a steady tone.
    """

    partials: tuple[float, ...]
    attack_s: float
    decay_s: float
    release_s: float


STEADY = float("inf")
FAMILIES = (
    Timbre((1, 0.5, 0.33, 0.2, 0.12, 0.08), 0.004, 0.9, 0.08),  # pianos
    Timbre((1, 0, 0.3, 0, 0.1), 0.003, 0.4, 0.1),  # chromatic percussion
    Timbre((1, 0.6, 0.4, 0.3, 0, 0.2, 0, 0.15), 0.012, STEADY, 0.04),  # organs
    Timbre((1, 0.6, 0.4, 0.25, 0.15, 0.1), 0.004, 0.6, 0.06),  # guitars
    Timbre((1, 0.5, 0.25, 0.1), 0.006, 0.8, 0.05),  # basses
    Timbre((1, 0.6, 0.45, 0.35, 0.25, 0.18, 0.12), 0.05, STEADY, 0.08),  # strings
    Timbre((1, 0.5, 0.35, 0.2, 0.12), 0.06, STEADY, 0.1),  # ensembles
    Timbre((1, 0.8, 0.6, 0.45, 0.3, 0.2), 0.03, STEADY, 0.05),  # brass
    Timbre((1, 0.1, 0.6, 0.1, 0.35, 0.05, 0.15), 0.03, STEADY, 0.05),  # reeds
    Timbre((1, 0.25, 0.08), 0.04, STEADY, 0.05),  # pipes
    Timbre((1, 0.5, 0.33, 0.25, 0.2, 0.17, 0.14), 0.01, STEADY, 0.05),  # leads
    Timbre((1, 0.4, 0.2, 0.1), 0.15, STEADY, 0.2),  # pads
    Timbre((1, 0.4, 0.3, 0.2), 0.05, 2.0, 0.1),  # effects
    Timbre((1, 0.6, 0.4, 0.3, 0.2), 0.004, 0.5, 0.06),  # plucked, of all the world
    Timbre((1, 0.2, 0.3), 0.003, 0.25, 0.05),  # percussion with a pitch
    Timbre((1, 0.3), 0.02, 1.0, 0.05),  # sound effects
)
"""The sixteen families of General MIDI, eight programs each."""

_DRUMS = {35: (55, 0.18, 0.05), 36: (60, 0.18, 0.05), 38: (190, 0.12, 0.7), 40: (200, 0.12, 0.7)}
_TOMS, _METAL = {41, 43, 45, 47, 48, 50}, {42: 0.04, 44: 0.04, 46: 0.3, 49: 0.8, 51: 0.5, 57: 0.8, 59: 0.5}
_DRUM_ATTACK_S, _DRUM_END = 0.002, 7.0  # ends after so many times its decay, 60 dB down

_LONGEST_KEPT = 1 << 16

LONGEST_TAIL_S = _DRUM_END * max(_METAL.values()) + 0.1
"""No sound lasts longer than this after its note, in seconds: a cymbal is the longest."""


def sound_of(
    pitch_midi: int, duration_s: float, *, channel: int, program: int, sample_rate: int, seed: int
) -> Samples:
    """Make one note at full strength; it begins and ends at zero.

    Parameters
    ----------
    pitch_midi, duration_s
        What is played, and for how long; the release comes after. Drums ignore the duration.
    channel, program
        Drums, or the instrument.
    sample_rate
        In hertz. Partials above its half are left out.
    seed
        Of the noise in drums.

    Returns
    -------
    numpy.ndarray
        Shape ``(n_samples,)``, within ±1; not to be written to.

    Examples
    --------
    >>> tone = sound_of(69, 0.5, channel=0, program=73, sample_rate=8000, seed=0)
    >>> len(tone), float(tone[0]), bool(abs(tone[-1]) < 1e-3)
    (4400, 0.0, True)
    """
    if channel == DRUM_CHANNEL:
        return _drum(pitch_midi, sample_rate, seed)
    timbre = FAMILIES[program // 8]
    n_samples = max(2, round((duration_s + timbre.release_s) * sample_rate))
    # Notes of one pitch differ in length alone: what they share is kept, unless it is long.
    n_kept = 1 << (n_samples - 1).bit_length()
    make = _undying if n_kept <= _LONGEST_KEPT else _undying.__wrapped__
    tone = make(pitch_midi, program // 8, sample_rate, n_kept)[:n_samples].copy()
    n_rise = min(n_samples, 1 + int(min(timbre.attack_s, max(duration_s, 1e-3)) * sample_rate))
    n_fall = min(n_samples, 1 + int(timbre.release_s * sample_rate))
    tone[:n_rise] *= _ramp(np.arange(n_rise) / sample_rate / min(timbre.attack_s, max(duration_s, 1e-3)))
    tone[n_samples - n_fall :] *= _ramp(np.arange(n_fall)[::-1] / sample_rate / timbre.release_s)
    return tone


@functools.lru_cache(128)
def _undying(pitch_midi: int, family: int, sample_rate: int, n_samples: int) -> Samples:
    """Make a note that has not been begun gently and does not end, but fades as its instrument does."""
    timbre = FAMILIES[family]
    time_s = np.arange(n_samples) / sample_rate
    f0_hz = 440.0 * 2.0 ** ((pitch_midi - 69) / 12)
    tone = np.zeros(n_samples)
    for k, amplitude in enumerate(timbre.partials, start=1):
        if amplitude and k * f0_hz < sample_rate / 2:
            tone += amplitude * np.sin(2 * np.pi * k * f0_hz * time_s)
    return np.asarray(tone / sum(timbre.partials) * np.exp(-time_s / timbre.decay_s))


@functools.lru_cache(64)
def _drum(pitch_midi: int, sample_rate: int, seed: int) -> Samples:
    """Make a drum: a sine that falls for skins, noise for wires, high noise for metal."""
    if pitch_midi in _METAL:
        f0_hz, decay_s, noisy = 0.0, _METAL[pitch_midi], 1.0
    elif pitch_midi in _TOMS:
        f0_hz, decay_s, noisy = 80.0 * 2 ** ((pitch_midi - 41) / 12), 0.15, 0.1
    else:
        f0_hz, decay_s, noisy = _DRUMS.get(pitch_midi, (440.0, 0.05, 0.5))
    n_samples = round(decay_s * _DRUM_END * sample_rate)
    time_s = np.arange(n_samples) / sample_rate
    noise = np.random.default_rng([seed, pitch_midi]).uniform(-1, 1, n_samples)
    if pitch_midi in _METAL:
        noise = np.diff(noise, prepend=0.0) / 2  # the difference to the sample before: high frequencies
    falling = f0_hz * (time_s + 0.02 * (1 - np.exp(-time_s / 0.02)))  # twice as high at the stroke
    stroke = (1 - noisy) * np.sin(2 * np.pi * falling) + noisy * noise
    rise = _ramp(time_s / _DRUM_ATTACK_S)
    fall = _ramp((time_s[-1] - time_s) / 0.01)
    drum = np.asarray(stroke * rise * fall * np.exp(-time_s / decay_s))
    drum.flags.writeable = False
    return drum


def _ramp(position: Samples) -> Samples:
    """Go from 0 to 1 without corners as a position does."""
    return np.asarray(0.5 - 0.5 * np.cos(np.pi * np.clip(position, 0.0, 1.0)))
