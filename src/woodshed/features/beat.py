"""Tempo and beats: how fast a piece goes, and when one would tap a foot."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from woodshed.audio.sound_file import FilePath
from woodshed.clip import Clip, Samples
from woodshed.features.onset import TIMING, strength_of, strength_of_file

_FEWEST_BEATS = 4  # that a tempo is measured from


def beat_times_s(clip: Clip) -> NDArray[np.float64]:
    """Find the beats.

    One tempo is assumed for the whole clip; the beats are the sequence of onsets that keeps to it best,
    found by ``librosa.beat.beat_track``. Ellis, "Beat tracking by dynamic programming" (2007).

    Parameters
    ----------
    clip
        Any rate; channels are averaged. A few seconds at least.

    Returns
    -------
    numpy.ndarray
        Shape ``(n_beats,)``, rising, in seconds, in steps of 6 ms; empty if nothing begins anywhere.

    Examples
    --------
    >>> from woodshed.audio import clicks
    >>> beats = beat_times_s(clicks(0.5, 10.0))
    >>> bool(np.abs(beats - np.round(beats * 2) / 2).max() < 0.02)
    True
    """
    return _beats_s(strength_of(clip))


def beat_times_of_file(path: FilePath) -> NDArray[np.float64]:
    """Find the beats of a file of any length: as `beat_times_s`, read block by block.

    Raises
    ------
    AudioFileError
        If the file cannot be read.
    """
    return _beats_s(strength_of_file(path))


def tempo_bpm(clip: Clip) -> float:
    """Estimate the tempo, in beats per minute.

    That of the beats that `beat_times_s` finds. Half and double the tempo that a person would say are common
    answers, from 60 to 240 mostly, 120 being thought the most probable.

    Parameters
    ----------
    clip
        Any rate; channels are averaged. A few seconds at least.

    Returns
    -------
    float
        Beats per minute; 0.0 if there are fewer than four beats, as in silence.

    Examples
    --------
    >>> from woodshed.audio import clicks, silence
    >>> round(tempo_bpm(clicks(0.5, 10.0))), tempo_bpm(silence())
    (120, 0.0)
    """
    return tempo_of_beats(beat_times_s(clip))


def tempo_of_beats(beats_s: ArrayLike) -> float:
    """Return the tempo of beats: the slope of a line through them, which is finer than a tempogram counts.

    Parameters
    ----------
    beats_s
        Shape ``(n_beats,)``, rising, in seconds.

    Returns
    -------
    float
        Beats per minute; 0.0 if there are fewer than four beats.

    Examples
    --------
    >>> round(tempo_of_beats([0.3, 0.8, 1.31, 1.8]), 1)
    119.8
    """
    times_s = np.asarray(beats_s, dtype=np.float64)
    if len(times_s) < _FEWEST_BEATS:
        return 0.0
    return float(60.0 / np.polyfit(np.arange(len(times_s)), times_s, 1)[0])


def _beats_s(strength: Samples) -> NDArray[np.float64]:
    import librosa

    if not strength.any():
        return np.empty(0)
    found: Any = librosa.beat.beat_track(
        onset_envelope=strength, sr=TIMING.sample_rate, hop_length=TIMING.hop_length, units="time"
    )
    return np.asarray(found[1], dtype=np.float64)
