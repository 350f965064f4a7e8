"""Play: a score as plain tones, for whatever hears clips; the clip keeps its notes for what reads them."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from woodshed.clip import Clip
from woodshed.score import DRUM_CHANNEL, Score
from woodshed.units import s_to_samples

PLAYED_RATE = 16000
"""Rate at which a score is played, in hertz."""

LONGEST_S = 3.0
"""A note has died away after this time, in seconds, however long it is written."""

_HARMONICS = (1.0, 0.5, 0.25, 0.12)
_DECAY_S = 0.6
_RELEASE_S = 0.02
_PEAK = 0.5


@dataclass(frozen=True, eq=False, repr=False)
class Played(Clip):
    """Sound that was made from notes, and the notes.

    Parameters
    ----------
    samples, sample_rate, source
        As of any `Clip`.
    score
        What is played.
    """

    score: Score = field(kw_only=True)

    def cut(self, start_s: float, end_s: float | None = None) -> Clip:
        """Return a part of the sound; the notes belong to the whole and are left out."""
        return Clip(self.samples, self.sample_rate, self.source).cut(start_s, end_s)


def play(score: Score) -> Played:
    """Play a score on one plain, plucked instrument with four partials; drums are bursts of noise.

    It is made to be heard by models and to check by ear what a file holds, not to be beautiful. The loudest
    sample is 0.5.

    Parameters
    ----------
    score
        Of any length; programs and controllers are not heeded.

    Returns
    -------
    Played
        One channel at 16 kHz, with the score.

    Examples
    --------
    >>> from woodshed.score import Note
    >>> played = play(Score([Note(0, 1, 69), Note(1, 1, 57)]))
    >>> spectrum = np.abs(np.fft.rfft(played.mono()[:8000]))
    >>> round(played.duration_s, 2), int(spectrum.argmax()) * 2, len(played.score.notes)
    (1.02, 440, 2)
    """
    table = score.table()
    starts = np.round(table["onset_s"] * PLAYED_RATE).astype(int)
    release = s_to_samples(_RELEASE_S, PLAYED_RATE)
    lengths = np.round(np.minimum(table["duration_s"], LONGEST_S) * PLAYED_RATE).astype(int) + release
    samples = np.zeros(int(np.ceil(score.duration_s * PLAYED_RATE)) + release + 1, np.float32)
    fade = np.linspace(1, 0, release, dtype=np.float32)
    columns = (starts, lengths, table["pitch_midi"], table["velocity"], table["channel"])
    for start, length, pitch, velocity, channel in zip(*(c.tolist() for c in columns), strict=True):
        whole = _burst(pitch) if channel == DRUM_CHANNEL else _tone(pitch)
        note = whole[: min(length, len(samples) - start)] * np.float32(velocity / 127)
        n_fade = min(release, len(note))
        note[len(note) - n_fade :] *= fade[release - n_fade :]
        samples[start : start + len(note)] += note
    peak = float(np.abs(samples).max())
    return Played(samples * np.float32(_PEAK / max(peak, 1e-9)), PLAYED_RATE, score.source, score=score)


@functools.cache
def _tone(pitch_midi: int) -> NDArray[np.float32]:
    """Return a note of the longest length; kept, since a tune has few pitches."""
    time_s = _time_s()
    f0_hz = 440 * 2 ** ((pitch_midi - 69) / 12)
    partials = [
        level * np.sin(2 * np.pi * k * f0_hz * time_s)
        for k, level in enumerate(_HARMONICS, start=1)
        if k * f0_hz < PLAYED_RATE / 2
    ]
    return np.asarray(np.sum(partials, axis=0) * np.exp(-time_s / _DECAY_S), np.float32)


@functools.cache
def _burst(pitch_midi: int) -> NDArray[np.float32]:
    """Return a drum: noise that is gone after a tenth of a second."""
    time_s = _time_s()
    white = np.random.default_rng(pitch_midi).standard_normal(len(time_s))
    return np.asarray(0.5 * white * np.exp(-time_s / 0.03), np.float32)


def _time_s() -> NDArray[np.float64]:
    return np.arange(s_to_samples(LONGEST_S + _RELEASE_S, PLAYED_RATE) + 1) / PLAYED_RATE
