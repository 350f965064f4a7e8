"""When sounds begin: the onset times of a clip."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from woodshed.audio.edit import resample
from woodshed.audio.sound_file import FilePath
from woodshed.clip import Clip, Samples
from woodshed.features.block import features_of_file
from woodshed.features.onset_strength import OnsetStrength

TIMING = OnsetStrength(sample_rate=22050, n_fft=2048, hop_length=128)
"""The onset strength that onsets and beats are found in: a value every 6 ms, because the beat tracker counts
a beat in whole frames, and over coarse ones it drifts away from the music."""


def onset_times_s(clip: Clip) -> NDArray[np.float64]:
    """Find when sounds begin: notes, strokes, syllables.

    Peaks of `woodshed.features.onset_strength.OnsetStrength` that stand out from the tenth of a second
    around them, found by ``librosa.onset.onset_detect`` with the thresholds that it was tuned to. Böck, Krebs
    and Schedl, "Evaluating the online capabilities of onset detection methods" (2012).

    Parameters
    ----------
    clip
        Any rate; channels are averaged.

    Returns
    -------
    numpy.ndarray
        Shape ``(n_onsets,)``, rising, in seconds, in steps of 6 ms; empty for silence. A sound that is
        there from the first sample on has no onset: nothing rises.

    Examples
    --------
    >>> from woodshed.audio import clicks, silence
    >>> onset_times_s(clicks(0.5, 2.0)).round(1).tolist(), onset_times_s(silence()).tolist()
    ([0.5, 1.0, 1.5], [])
    """
    return _peaks_s(strength_of(clip))


def onset_times_of_file(path: FilePath) -> NDArray[np.float64]:
    """Find when sounds begin in a file of any length: as `onset_times_s`, read block by block.

    Raises
    ------
    AudioFileError
        If the file cannot be read.

    Examples
    --------
    >>> from woodshed.data.sample import sample_folder
    >>> times_s = onset_times_of_file(sample_folder() / "recordings" / "7_theo_0.flac")
    >>> bool(np.all(np.diff(times_s) > 0)), bool(times_s.max() < 0.43)
    (True, True)
    """
    return _peaks_s(strength_of_file(path))


def strength_of(clip: Clip) -> Samples:
    """Return the onset strength of a clip at any rate, shape ``(n_frames,)``, as ``TIMING`` says.

    Examples
    --------
    >>> from woodshed.audio import sine
    >>> strength_of(sine(440, sample_rate=44100)).shape
    (173,)
    """
    strength: Samples = TIMING(resample(clip, TIMING.sample_rate))[:, 0]
    return strength


def strength_of_file(path: FilePath) -> Samples:
    """Return the onset strength of a file of any length, shape ``(n_frames,)``, as ``TIMING`` says."""
    strength: Samples = np.concatenate(list(features_of_file(TIMING, path)))[:, 0]
    return strength


def _peaks_s(strength: Samples) -> NDArray[np.float64]:
    import librosa

    found: Any = librosa.onset.onset_detect(
        onset_envelope=strength, sr=TIMING.sample_rate, hop_length=TIMING.hop_length, units="time"
    )
    return np.asarray(found, dtype=np.float64)
