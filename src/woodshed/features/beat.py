"""Beat tracking and tempo estimation."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from woodshed.audio.read import FilePath
from woodshed.clip import Clip, Samples
from woodshed.features.onset import TIMING, strength_of, strength_of_file

_MIN_BEATS = 4  # for a tempo


def beat_times_s(clip: Clip) -> NDArray[np.float64]:
    """Track the beats of a clip.

    The tempo is assumed to be constant; beats are the sequence of onsets that matches it best, computed by
    ``librosa.beat.beat_track``. Ellis, "Beat tracking by dynamic programming" (2007).

    Parameters
    ----------
    clip
        Any rate; channels are averaged. At least a few seconds.

    Returns
    -------
    numpy.ndarray
        Shape ``(n_beats,)``, increasing, in seconds, with a resolution of 6 ms; empty if there is no onset.

    Examples
    --------
    >>> from woodshed.audio import clicks
    >>> beats = beat_times_s(clicks(0.5, 10.0))
    >>> bool(np.abs(beats - np.round(beats * 2) / 2).max() < 0.02)
    True
    """
    return _beats_s(strength_of(clip))


def beat_times_of_file(path: FilePath) -> NDArray[np.float64]:
    """Track the beats of a file of any length, block by block, as in `beat_times_s`.

    Raises
    ------
    AudioFileError
        If the file cannot be read.

    Examples
    --------
    >>> from woodshed.data.sample import sample_folder
    >>> beat_times_of_file(sample_folder() / "recordings" / "7_theo_0.flac").ndim
    1
    """
    return _beats_s(strength_of_file(path))


def tempo_bpm(clip: Clip) -> float:
    """Estimate the tempo in beats per minute.

    It is the tempo of the beats from `beat_times_s`. The prior of the beat tracker prefers 120, and most
    results are from 60 to 240; errors by a factor of two are common.

    Parameters
    ----------
    clip
        Any rate; channels are averaged. At least a few seconds.

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
    """Return the tempo of beats by linear regression, which is finer than the lags of a tempogram.

    Parameters
    ----------
    beats_s
        Shape ``(n_beats,)``, increasing, in seconds.

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
    if len(times_s) < _MIN_BEATS:
        return 0.0
    return float(60.0 / np.polyfit(np.arange(len(times_s)), times_s, 1)[0])


def _beats_s(strength: Samples) -> NDArray[np.float64]:
    import librosa

    if not strength.any():
        return np.empty(0)
    _, beats_s = librosa.beat.beat_track(
        onset_envelope=strength, sr=TIMING.sample_rate, hop_length=TIMING.hop_length, units="time"
    )
    return np.asarray(beats_s, dtype=np.float64)
