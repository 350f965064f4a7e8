"""Key estimation: tonic and mode of a piece."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from woodshed.audio.edit import resample
from woodshed.clip import Clip
from woodshed.errors import AudioError, ParameterError, printable
from woodshed.features.chroma import ChromaCqt
from woodshed.features.frame import load_librosa
from woodshed.features.stft import C1_HZ, Stft
from woodshed.features.time_domain import Rms
from woodshed.score import Key, key_name
from woodshed.symbolic.notation import sharps_of_keynote, sharps_of_pitch_class
from woodshed.units import db_to_amplitude

Mode = Literal["major", "minor"]

PROFILES: dict[Mode, tuple[float, ...]] = {
    "major": (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88),
    "minor": (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17),
}
"""Perceived fit of each pitch class in a key, from the tonic up: Krumhansl and Kessler (1982)."""

_RATE = 22050
_HOP_LENGTH = 2048
_QUIET_DB = -40.0  # frames below this level, relative to the loudest, are ignored


@dataclass(frozen=True)
class KeyGuess:
    """Estimated key.

    Parameters
    ----------
    name
        Keynote, such as ``Bb`` or ``F#``, in the spelling with the smaller key signature.
    mode
        ``major`` or ``minor``.
    strength
        Correlation of the pitch classes with the profile of the key, -1 to 1. Above 0.8 the key is clear;
        speech and noise are below 0.5.

    Examples
    --------
    >>> str(KeyGuess("F#", "minor", 0.91)), KeyGuess("Bb", "major", 0.9).tonic
    ('F-sharp minor', 10)
    """

    name: str
    mode: Mode
    strength: float

    def __str__(self) -> str:
        return key_name(self.name, self.mode)

    @property
    def tonic(self) -> int:
        """Pitch class of the tonic, 0 (C) to 11 (B)."""
        return Key(0, sharps_of_keynote(self.name, self.mode), self.mode).tonic


def key_of_pitch_classes(weights: ArrayLike) -> KeyGuess:
    """Return the key whose profile correlates best with the weights of the pitch classes.

    Parameters
    ----------
    weights
        Duration, energy or count of each pitch class, shape ``(12,)``, from C to B.

    Returns
    -------
    KeyGuess
        The best of the 24 keys.

    Raises
    ------
    ParameterError
        If the weights are not twelve finite numbers, or are all equal, in which case all keys fit equally.

    Examples
    --------
    The white keys, with more of A and E:

    >>> key = key_of_pitch_classes([1, 0, 1, 0, 2, 1, 0, 1, 0, 3, 0, 1])
    >>> str(key), round(key.strength, 2)
    ('A minor', 0.9)
    """
    values = np.asarray(weights, dtype=np.float64)
    if values.shape != (12,) or not np.isfinite(values).all() or np.ptp(values) == 0:
        raise ParameterError(
            f"key_of_pitch_classes expects twelve finite weights that are not all equal, got {weights!r}."
        )
    guesses = [
        KeyGuess(
            Key(0, sharps_of_pitch_class(tonic, mode), mode).keynote,
            mode,
            float(np.corrcoef(values, np.roll(profile, tonic))[0, 1]),
        )
        for mode, profile in PROFILES.items()
        for tonic in range(12)
    ]
    return max(guesses, key=lambda guess: guess.strength)


def find_key(clip: Clip) -> KeyGuess:
    """Estimate the key of a piece of music.

    Chroma of a constant-Q transform (`woodshed.features.chroma.ChromaCqt`) at the tuning of the recording is
    averaged over all frames except quiet ones, and correlated with the profiles of the 24 keys: Krumhansl's
    algorithm (1990). The key is assumed to be constant. Typical errors are the relative key (A minor for C
    major), a fifth, and the parallel key.

    Parameters
    ----------
    clip
        Any rate; channels are averaged. At least a few bars.

    Raises
    ------
    AudioError
        If the clip is silent.

    Examples
    --------
    >>> from woodshed.audio import sine
    >>> chord = sum(sine(f0_hz, sample_rate=22050).samples for f0_hz in (440.0, 554.4, 659.3))
    >>> str(find_key(Clip(chord / 3, 22050)))
    'A major'
    """
    clip = resample(clip, _RATE)
    level = Rms(sample_rate=_RATE, frame_length=2 * _HOP_LENGTH, hop_length=_HOP_LENGTH)(clip)[:, 0]
    f_min_hz = C1_HZ * 2 ** (tuning_semitones(clip) / 12)
    chroma = ChromaCqt(sample_rate=_RATE, hop_length=_HOP_LENGTH, f_min_hz=f_min_hz)(clip)
    is_loud = (level > level.max() * db_to_amplitude(_QUIET_DB)) & chroma.any(axis=1)
    if not is_loud.any():
        raise AudioError(f"{printable(clip.source)} is silent, so it has no key. Leave it out.")
    return key_of_pitch_classes(chroma[is_loud].mean(axis=0))


def tuning_semitones(clip: Clip) -> float:
    """Estimate the deviation of the tuning from A = 440 Hz, from -0.5 to 0.5 semitones; 0 without tones.

    It is the mode of the deviations of strong partials from the nearest semitone:
    ``librosa.estimate_tuning``.

    Examples
    --------
    >>> from woodshed.audio import sine
    >>> round(tuning_semitones(sine(440 * 2 ** (0.2 / 12))), 1)
    0.2
    """
    librosa = load_librosa("Key and tuning estimation")
    feature = Stft(sample_rate=clip.sample_rate, n_fft=4096, hop_length=2048)
    # Without tones, librosa warns of an empty frequency set and returns 0. What numba compiles for it may
    # leave the flag of an invalid operation behind.
    with warnings.catch_warnings(action="ignore", category=UserWarning), np.errstate(invalid="ignore"):
        return float(librosa.estimate_tuning(S=feature(clip).T, sr=clip.sample_rate, n_fft=feature.n_fft))
