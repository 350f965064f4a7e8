"""Onset detection."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from woodshed.audio.edit import resample
from woodshed.audio.read import FilePath
from woodshed.clip import Clip, Samples
from woodshed.features.onset_strength import OnsetStrength
from woodshed.features.streaming import features_of_file

TIMING = OnsetStrength(sample_rate=22050, n_fft=2048, hop_length=128)
"""Onset strength for onset and beat detection. The hop is 6 ms, because periods of the beat tracker are whole
frames, and it drifts with a longer hop."""


def onset_times_s(clip: Clip) -> NDArray[np.float64]:
    """Detect the onsets of notes, strokes or syllables.

    Onsets are peaks of `woodshed.features.onset_strength.OnsetStrength`, picked by
    ``librosa.onset.onset_detect`` with its default thresholds. Böck, Krebs and Schedl, "Evaluating the online
    capabilities of onset detection methods" (2012).

    Parameters
    ----------
    clip
        Any rate; channels are averaged.

    Returns
    -------
    numpy.ndarray
        Shape ``(n_onsets,)``, increasing, in seconds, with a resolution of 6 ms; empty for silence. A sound
        that starts with the first sample has no onset.

    Examples
    --------
    >>> from woodshed.audio import clicks, silence
    >>> onset_times_s(clicks(0.5, 2.0)).round(1).tolist(), onset_times_s(silence()).tolist()
    ([0.5, 1.0, 1.5], [])
    """
    return _peaks_s(strength_of(clip))


def onset_times_of_file(path: FilePath) -> NDArray[np.float64]:
    """Detect the onsets in a file of any length, block by block, as in `onset_times_s`.

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
    """Return the onset strength of a clip at any rate, shape ``(n_frames,)``, with the settings of `TIMING`.

    Examples
    --------
    >>> from woodshed.audio import sine
    >>> strength_of(sine(440, sample_rate=44100)).shape
    (173,)
    """
    strength: Samples = TIMING(resample(clip, TIMING.sample_rate))[:, 0]
    return strength


def strength_of_file(path: FilePath) -> Samples:
    """Return the onset strength of a file, shape ``(n_frames,)``, with the settings of `TIMING`.

    Raises
    ------
    AudioFileError
        If the file cannot be read.
    """
    strength: Samples = np.concatenate(list(features_of_file(TIMING, path)))[:, 0]
    return strength


def _peaks_s(strength: Samples) -> NDArray[np.float64]:
    import librosa

    onsets_s: Any = librosa.onset.onset_detect(
        onset_envelope=strength, sr=TIMING.sample_rate, hop_length=TIMING.hop_length, units="time"
    )
    return np.asarray(onsets_s, dtype=np.float64)
