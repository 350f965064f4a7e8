"""Synthetic background sounds: counterexamples for novelty detection.

Their embeddings at common sample rates come with the package, as ``background.npz``, since the synthesis
takes several seconds. After a change of the sounds or of the embedding write them again::

    python -m woodshed.recognition.background
"""

from __future__ import annotations

import functools
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from woodshed.atomic import write_whole
from woodshed.clip import Clip
from woodshed.features.sound_embedding import SoundEmbedding

Signal = NDArray[np.float64]
"""Samples of one channel."""

N_SOUNDS = 400
"""Number of background sounds."""

MAX_HARMONICS = 40
"""Maximum number of partials of a synthetic tone."""

SPEECH_SHARE, MUSIC_SHARE, BAND_SHARE = 0.25, 0.25, 0.3
"""Share of the sounds like speech, of those like music, and of those with a limited bandwidth."""


PATH = Path(__file__).with_name("background.npz")
"""Embeddings by sample rate."""

STORED_RATES = (8000, 16000, 22050, 32000)
"""Sample rates in hertz whose embeddings come with the package."""


@functools.lru_cache(maxsize=4)
def background_rows(sample_rate: int) -> NDArray[np.float64]:
    """Return the embeddings of all background sounds, shape ``(N_SOUNDS, N_VALUES + 1)``; read-only."""
    if sample_rate in STORED_RATES:
        with np.load(PATH, allow_pickle=False) as arrays:
            rows: NDArray[np.float64] = np.asarray(arrays[str(sample_rate)], np.float64)
    else:
        rows = compute_rows(sample_rate).astype(np.float64)
    rows.setflags(write=False)
    return rows


def compute_rows(sample_rate: int, n_sounds: int = N_SOUNDS) -> NDArray[np.float32]:
    """Synthesise the first background sounds, and return their embeddings.

    Examples
    --------
    >>> computed = compute_rows(8000, n_sounds=2)
    >>> bool(np.abs(background_rows(8000)[:2] - computed).max() < 0.01)
    True
    """
    embedding = SoundEmbedding(sample_rate=sample_rate)
    return np.stack([embedding(background_sound(k, sample_rate)) for k in range(n_sounds)])


def write_rows() -> None:
    """Write the embeddings at all `STORED_RATES`; with one thread, as matrix products differ otherwise."""
    content = io.BytesIO()
    with threadpool_limits(1):
        arrays = {str(rate): compute_rows(rate) for rate in STORED_RATES}
    np.savez_compressed(content, allow_pickle=False, **arrays)
    write_whole(PATH, content.getvalue())


def background_sound(number: int, sample_rate: int) -> Clip:
    """Return one background sound of 0.3 to 3 s, which depends on its number and rate alone.

    Half of the sounds are mixtures of up to three noises, tones, chirps, pulses or clicks with random filters
    and envelopes. A quarter are syllables (harmonics through moving formants, and fricatives), which are no
    words, and a quarter are short phrases of additive synthesis.

    Parameters
    ----------
    number
        Number of the sound, 0 or more.
    sample_rate
        Rate in hertz.

    Examples
    --------
    >>> sound = background_sound(3, 8000)
    >>> sound.sample_rate, float(abs(sound.samples).max()), 0.3 <= sound.duration_s <= 3
    (8000, 0.5, True)
    """
    rng = np.random.default_rng([9, number])
    kind = rng.choice(3, p=[1 - SPEECH_SHARE - MUSIC_SHARE, SPEECH_SHARE, MUSIC_SHARE])
    samples = (_mixture, _speech, _music)[kind](rng, sample_rate)
    samples /= np.abs(samples).max() + 1e-9
    samples += 10 ** rng.uniform(-5, -2) * rng.standard_normal(len(samples))
    if rng.random() < BAND_SHARE:
        samples = _limit_band(rng, samples, sample_rate)
    samples *= 0.5 / np.abs(samples).max()
    return Clip(samples.astype(np.float32), sample_rate, f"background sound {number}")


def _log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def _n_samples(rng: np.random.Generator, sample_rate: int) -> int:
    return round(_log_uniform(rng, 0.3, 3.0) * sample_rate)


def _limit_band(rng: np.random.Generator, samples: Signal, sample_rate: int) -> Signal:
    """Remove what is above a random frequency, as a lower sample rate or a coder does."""
    cutoff = _log_uniform(rng, min(2500, 0.3 * sample_rate), 0.49 * sample_rate)
    spectrum = np.fft.rfft(samples)
    frequencies = np.fft.rfftfreq(len(samples), 1 / sample_rate)
    spectrum /= 1 + (frequencies / cutoff) ** rng.choice([8, 20, 60])
    return np.fft.irfft(spectrum, len(samples))


# -- mixtures ---------------------------------------------------------------------------------------


def _mixture(rng: np.random.Generator, sample_rate: int) -> Signal:
    """Return one to three filtered sources with envelopes."""
    n = _n_samples(rng, sample_rate)
    mixture = np.zeros(n)
    for _ in range(rng.choice([1, 1, 2, 3])):
        source = _SOURCES[rng.choice(len(_SOURCES), p=_SOURCE_SHARES)]
        part = _filtered(rng, source(rng, n, sample_rate), sample_rate)
        part *= _ENVELOPES[rng.integers(len(_ENVELOPES))](rng, np.arange(n) / sample_rate)
        rms = np.sqrt(np.mean(part**2))
        mixture += part / (rms + 1e-9) * 10 ** (-rng.uniform(0, 20) / 20)
    return mixture


def _noise(rng: np.random.Generator, n: int, sample_rate: int) -> Signal:
    spectrum = np.fft.rfft(rng.standard_normal(n))
    spectrum[0] = 0
    spectrum[1:] *= np.arange(1, len(spectrum)) ** (-rng.uniform(-0.5, 3) / 2)
    return np.fft.irfft(spectrum, n)


def _tone(rng: np.random.Generator, n: int, sample_rate: int) -> Signal:
    return np.asarray(
        np.sin(2 * np.pi * _log_uniform(rng, 60, 0.45 * sample_rate) * np.arange(n) / sample_rate)
    )


def _hum(rng: np.random.Generator, n: int, sample_rate: int) -> Signal:
    return _harmonic(rng, n, sample_rate, float(rng.choice([50, 60, 100, 120])))


def _harmonics(rng: np.random.Generator, n: int, sample_rate: int) -> Signal:
    return _harmonic(rng, n, sample_rate, _log_uniform(rng, 60, 1200))


def _motor(rng: np.random.Generator, n: int, sample_rate: int) -> Signal:
    return _harmonic(rng, n, sample_rate, _log_uniform(rng, 12, 120))


def _harmonic(rng: np.random.Generator, n: int, sample_rate: int, f0_hz: float) -> Signal:
    """Return partials of a gliding tone with vibrato; some are odd only, some inharmonic."""
    time_s = np.arange(n) / sample_rate
    vibrato = rng.choice([0, 0.01, 0.04]) * np.sin(2 * np.pi * rng.uniform(2, 8) * time_s)
    glide = rng.choice([0, 0.2]) * rng.uniform(-1, 1) * np.linspace(0, 1, n)
    phase = 2 * np.pi * np.cumsum(f0_hz * (1 + vibrato + glide)) / sample_rate
    tilt, step, stretch = rng.uniform(0.3, 2.2), rng.choice([1, 1, 1, 2]), rng.choice([0, 0, 0.002, 0.02])
    samples = np.zeros(n)
    for partial in range(1, MAX_HARMONICS + 1, step):
        ratio = partial * np.sqrt(1 + stretch * partial**2)
        if ratio * f0_hz > 0.45 * sample_rate:
            break
        samples += partial**-tilt * rng.uniform(0.2, 1) * np.sin(phase * ratio + rng.uniform(0, 2 * np.pi))
    return samples


def _chirps(rng: np.random.Generator, n: int, sample_rate: int) -> Signal:
    start, end = (_log_uniform(rng, 80, 0.45 * sample_rate) for _ in range(2))
    part = np.linspace(0, rng.choice([1, 1, 2, 4, 8]), n) % 1
    part = part if rng.random() < 0.5 else np.abs(2 * part - 1)
    return np.asarray(np.sin(2 * np.pi * np.cumsum(start * (end / start) ** part) / sample_rate))


def _clicks(rng: np.random.Generator, n: int, sample_rate: int) -> Signal:
    """Return clicks at a constant rate or at random, each a short decaying noise or tone."""
    from scipy.signal import fftconvolve  # slow to import, and not needed for predictions

    rate_hz = _log_uniform(rng, 1, 60)
    is_regular, n_clicks = rng.random() < 0.5, max(1, int(rate_hz * n / sample_rate))
    places = (np.arange(n_clicks) + rng.random()) / n_clicks if is_regular else rng.random(n_clicks)
    samples = np.zeros(n)
    samples[(places * n).astype(int).clip(0, n - 1)] = rng.uniform(0.3, 1, n_clicks)
    length = max(2, round(rng.uniform(0.002, 0.08) * sample_rate))
    time_s = np.arange(length) / sample_rate
    is_noise, pitch_hz = rng.random() < 0.5, _log_uniform(rng, 100, 0.4 * sample_rate)
    click = rng.standard_normal(length) if is_noise else np.sin(2 * np.pi * pitch_hz * time_s)
    return np.asarray(fftconvolve(samples, click * np.exp(-5 * np.linspace(0, 1, length)))[:n])


_SOURCES = (_noise, _tone, _harmonics, _motor, _chirps, _clicks, _hum)
_SOURCE_SHARES = (0.28, 0.08, 0.2, 0.12, 0.1, 0.12, 0.1)


def _filtered(rng: np.random.Generator, samples: Signal, sample_rate: int) -> Signal:
    """Apply a random frequency response with one to four peaks to two thirds of the signals."""
    if rng.random() < 0.35:
        return samples
    frequencies = np.fft.rfftfreq(len(samples), 1 / sample_rate)
    response = np.full(len(frequencies), 10 ** rng.uniform(-3, -0.5))
    for _ in range(rng.integers(1, 5)):
        centre = _log_uniform(rng, 100, 0.48 * sample_rate)
        width = centre * rng.uniform(0.05, 0.8)
        response += rng.uniform(0.2, 1) * np.exp(-0.5 * ((frequencies - centre) / width) ** 2)
    return np.fft.irfft(np.fft.rfft(samples) * response, len(samples))


def _constant(rng: np.random.Generator, time_s: Signal) -> Signal:
    return np.ones(len(time_s))


def _decay(rng: np.random.Generator, time_s: Signal) -> Signal:
    return np.asarray(np.exp(-time_s * _log_uniform(rng, 1, 25)))


def _rise(rng: np.random.Generator, time_s: Signal) -> Signal:
    return np.asarray(np.linspace(0, 1, len(time_s)) ** rng.uniform(0.5, 3))


def _tremolo(rng: np.random.Generator, time_s: Signal) -> Signal:
    rate_hz, phase = _log_uniform(rng, 1, 40), rng.uniform(0, 2 * np.pi)
    return np.asarray(1 + rng.uniform(0.3, 1) * np.sin(2 * np.pi * rate_hz * time_s + phase))


def _bursts(rng: np.random.Generator, time_s: Signal) -> Signal:
    envelope = np.full(len(time_s), 1e-3)
    for _ in range(rng.integers(1, 6)):
        start, duration = rng.uniform(0, time_s[-1]), rng.uniform(0.05, 0.5)
        part = (time_s - start) / duration
        decay = rng.uniform(0.2, 1) * np.exp(-part.clip(0, 1) * rng.uniform(0, 4))
        envelope += np.where((part >= 0) & (part < 1), decay, 0)
    return envelope


def _wander(rng: np.random.Generator, time_s: Signal) -> Signal:
    n_points = max(2, int(time_s[-1] * rng.uniform(2, 12)))
    points = np.linspace(0, time_s[-1], n_points)
    return np.asarray(np.exp(np.interp(time_s, points, rng.normal(0, 1.2, n_points))))


_ENVELOPES = (_constant, _decay, _rise, _tremolo, _bursts, _wander)


# -- speech -----------------------------------------------------------------------------------------


def _speech(rng: np.random.Generator, sample_rate: int) -> Signal:
    """Return syllables of one voice: vowels, fricatives and pauses of 50 to 220 ms."""
    samples = np.zeros(_n_samples(rng, sample_rate))
    f0_hz, tract, position = _log_uniform(rng, 80, 320), rng.uniform(0.85, 1.25), 0
    while position < len(samples) - 0.04 * sample_rate:
        n = min(len(samples) - position, round(rng.uniform(0.05, 0.22) * sample_rate))
        sort = rng.choice(3, p=[0.62, 0.23, 0.15])
        if sort < 2:
            sound = (
                _vowel(rng, n, sample_rate, f0_hz, tract) if sort == 0 else _fricative(rng, n, sample_rate)
            )
            edge = rng.uniform(0.005, 0.03) * sample_rate
            ends = np.minimum(np.arange(n), np.arange(n)[::-1]) / edge
            samples[position : position + n] += sound * np.minimum(1, ends)
        position += round(n * rng.uniform(0.8, 1))
        position += round(rng.uniform(0.05, 0.25) * sample_rate) if rng.random() < 0.12 else 0
    return samples


def _vowel(rng: np.random.Generator, n: int, sample_rate: int, f0_hz: float, tract: float) -> Signal:
    """Return a voice with moving formants: the partials are weighted by four resonances."""
    part = np.linspace(0, 1, n)
    pitch_hz = f0_hz * 2 ** (rng.uniform(-0.3, 0.3) * part + rng.uniform(-0.2, 0.2))
    ranges_hz = ((250, 850), (800, 2400), (2200, 3200), (3200, 4200))
    formants = tract * np.array([rng.uniform(low, high, 2) for low, high in ranges_hz])
    gains, widths = 10 ** (-0.3 * np.arange(4)), np.array([90, 120, 180, 250])
    partials = np.arange(1, max(2, min(60, int(0.45 * sample_rate / f0_hz))) + 1)
    # The weights change slowly: they are computed at 8 points and interpolated.
    points = np.linspace(0, 1, 8)
    centres = formants[:, :1] + np.diff(formants) * points
    tones_hz = partials[:, np.newaxis] * np.interp(points, part, pitch_hz)
    offset = (tones_hz - centres[:, np.newaxis]) / widths[:, np.newaxis, np.newaxis]
    weights = np.tensordot(gains, 1 / np.sqrt(1 + offset**2), 1) / partials[:, np.newaxis] ** 0.6
    phase = 2 * np.pi * np.cumsum(pitch_hz) / sample_rate
    samples = 0.02 * rng.standard_normal(n)
    for partial, weight in zip(partials, weights, strict=True):
        samples += np.interp(part, points, weight) * np.sin(partial * phase + 0.3 * partial**2)
    return np.asarray(samples / np.sqrt(np.mean(samples**2)) * rng.uniform(0.4, 1))


def _fricative(rng: np.random.Generator, n: int, sample_rate: int) -> Signal:
    spectrum = np.fft.rfft(rng.standard_normal(n))
    centre = rng.uniform(0.15, 1) * min(8000, 0.45 * sample_rate)
    offset = (np.fft.rfftfreq(n, 1 / sample_rate) - centre) / rng.uniform(500, 2500)
    samples = np.fft.irfft(spectrum * np.exp(-0.5 * offset**2), n)
    return np.asarray(samples / np.sqrt(np.mean(samples**2) + 1e-12) * rng.uniform(0.05, 0.4))


# -- music ------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, eq=False)
class _Timbre:
    """Amplitudes of the partials, decay in 1/s, depth of the vibrato; every partial or the odd ones."""

    amplitudes: Signal
    decay: float
    vibrato: float
    step: int


def _music(rng: np.random.Generator, sample_rate: int) -> Signal:
    """Return one to seven notes of one timbre, one after the other or as a chord."""
    n = _n_samples(rng, sample_rate)
    onsets = np.sort(rng.integers(0, max(1, int(0.9 * n)), rng.integers(1, 8)))
    onsets[0] = 0
    ends = np.append(onsets[1:], n) if rng.random() < 0.6 else np.full(len(onsets), n)
    timbre = _Timbre(
        amplitudes=rng.uniform(0.1, 1, MAX_HARMONICS)
        * np.arange(1, MAX_HARMONICS + 1) ** -rng.uniform(0.4, 2.5),
        decay=rng.choice([0, 0, 1, 3, 8]),
        vibrato=rng.choice([0, 0.004, 0.01]),
        step=rng.choice([1, 1, 1, 2]),
    )
    base, samples = rng.uniform(36, 84), np.zeros(n)
    for onset, end in zip(onsets, ends, strict=True):
        pitch = round(base + rng.choice([-12, -7, -5, -3, -2, 0, 2, 4, 5, 7, 12]))
        f0_hz = 440 * 2 ** ((pitch - 69) / 12)
        samples[onset:end] += _note(rng, end - onset, sample_rate, f0_hz, timbre)
    return samples


def _note(rng: np.random.Generator, n: int, sample_rate: int, f0_hz: float, timbre: _Timbre) -> Signal:
    time_s = np.arange(n) / sample_rate
    vibrato = timbre.vibrato * np.sin(2 * np.pi * 5.5 * time_s)
    phase = 2 * np.pi * np.cumsum(f0_hz * (1 + vibrato)) / sample_rate
    samples = np.zeros(n)
    for partial in range(1, MAX_HARMONICS + 1, timbre.step):
        if partial > 1 and partial * f0_hz > 0.46 * sample_rate:
            break
        damping = np.exp(-timbre.decay * time_s * (0.5 + 0.1 * partial)) if timbre.decay else 1.0
        samples += timbre.amplitudes[partial - 1] * damping * np.sin(partial * phase)
    ends = np.minimum(time_s / rng.uniform(0.003, 0.08), (n / sample_rate - time_s) / 0.02)
    return np.asarray(samples * np.minimum(1, ends) * rng.uniform(0.4, 1))


if __name__ == "__main__":
    write_rows()
