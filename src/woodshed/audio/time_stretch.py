"""Tempo without pitch, pitch without tempo.

A phase vocoder: the sound is cut into overlapping frames, the frames are set down at other distances, and
their phases are turned so that every partial goes on smoothly. Around a sharp attack time runs at its old
pace and nothing is turned, so drums and consonants stay sharp.
"""

from __future__ import annotations

import bisect
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from woodshed.audio.edit import change_speed
from woodshed.audio.frames import (
    BLOCK_BYTES,
    OVERLAP,
    Counts,
    Spectra,
    add_frames,
    frame_size,
    frames_per_block,
    spectra_at,
)
from woodshed.clip import Clip, Samples
from woodshed.errors import ParameterError
from woodshed.units import db_to_amplitude, s_to_samples

FRAME_S = 0.04
"""Frames are at least this long, in seconds: enough to tell the partials of a voice of 100 Hz apart."""

MAX_FACTOR = 16.0
"""`stretch` goes this many times faster or slower at most."""

MAX_SEMITONES = 48.0
"""`pitch` moves this far at most, up or down."""

ATTACK_S = 0.005
"""An attack is a jump of power from the 20 ms before a place to the time after it that this says ..."""

ATTACK_DB = 10.0
"""... by so many decibels, in the second difference of the samples."""

RISEN = 4.0
"""In a frame with an attack, a peak whose power is so many times what it was belongs to the attack."""

N_AFTER, N_BEFORE = 5, 20  # portions of 1 ms


def stretch(clip: Clip, factor: float) -> Clip:
    """Play faster or slower at the same pitch.

    Parameters
    ----------
    clip
        Sound with any number of channels; they are turned together, so that a stereo image stays.
    factor
        2 plays twice as fast, 0.5 half as fast; 1/16 to 16.

    Returns
    -------
    Clip
        ``round(n_samples / factor)`` samples (at least one), at the same rate.

    Raises
    ------
    ParameterError
        If the factor is out of range or not a number.

    Notes
    -----
    Frames of 40 to 80 ms, a Hann window before and after, a quarter of a frame apart. How far a partial's
    phase goes on from one output frame to the next is measured on the input, between two frames at that very
    distance, so no phase has to be unwrapped (M. Puckette, *Phase-locked vocoder*, WASPAA 1995). Only peaks
    of the spectrum are followed, and all bins around a peak are turned as it is (identity phase locking:
    J. Laroche, M. Dolson, *Improved phase vocoder time-scale modification of audio*, IEEE Transactions on
    Speech and Audio Processing 7, 1999). At attacks the phases start anew, after A. Röbel, *A new approach to
    transient processing in the phase vocoder*, DAFx 2003, for the peaks that rise; what sounds on is followed
    as ever. Of two attacks within a frame only the sharper is treated.

    Tones keep their level; noise, which has no phase to follow, loses 1 or 2 dB.

    The whole clip is in memory, before and after: attacks are found in all of it before the first frame is
    set down. An hour of stereo at 44.1 kHz is 1.3 GB as a clip; cut longer sounds into pieces first.

    Examples
    --------
    >>> stretch(Clip(np.zeros(8000), 8000), 0.8).n_samples
    10000
    """
    if not 1 / MAX_FACTOR <= factor <= MAX_FACTOR:
        raise ParameterError(
            f"stretch expects a factor from 1/{MAX_FACTOR:g} to {MAX_FACTOR:g}, where 2 is twice as fast, "
            f"got {factor!r}."
        )
    return _stretch_to(clip, max(1, round(clip.n_samples / factor)))


def pitch(clip: Clip, semitones: float) -> Clip:
    """Sound higher or lower at the same tempo; the length stays to the sample.

    The clip is stretched and then played faster by as much, so formants move with the pitch: a voice that is
    moved far becomes a mouse's or a giant's.

    Parameters
    ----------
    clip
        Sound with any number of channels.
    semitones
        12 is an octave up, -12 an octave down; -48 to 48, fractions allowed.

    Raises
    ------
    ParameterError
        If the semitones are out of range or not a number.

    Notes
    -----
    The ratio of frequencies, ``2 ** (semitones / 12)``, is met to half a sample in the length of the clip.
    The whole clip is in memory, as for `stretch`.

    Examples
    --------
    >>> pitch(Clip(np.zeros(8000), 8000), 7).n_samples
    8000
    """
    if not -MAX_SEMITONES <= semitones <= MAX_SEMITONES:
        raise ParameterError(
            f"pitch expects semitones from {-MAX_SEMITONES:g} to {MAX_SEMITONES:g}, got {semitones!r}."
        )
    n_longer = max(1, round(clip.n_samples * 2 ** (semitones / 12)))
    if n_longer == clip.n_samples:
        return clip
    return change_speed(_stretch_to(clip, n_longer), n_longer / clip.n_samples)


def _stretch_to(clip: Clip, n_out: int) -> Clip:
    """Stretch to an exact number of samples."""
    if n_out == clip.n_samples:
        return clip
    n_fft = frame_size(clip.sample_rate, FRAME_S)
    hop = n_fft // OVERLAP
    # Two attacks must be a frame apart before and after, for each has one to itself.
    attacks = _find_attacks(clip, n_fft * max(1.0, clip.n_samples / n_out) + 1)
    places, attacked = _time_map(clip.n_samples, n_out, n_fft, attacks)
    # The first frame lies one hop before the sound, and what it is compared with another hop before that.
    lead = n_fft // 2 + hop
    padded = np.pad(clip.samples, ((0, 0), (lead + hop, n_fft)))
    starts = places + hop
    out: Samples = np.zeros((clip.n_channels, len(places) * hop + n_fft), dtype=np.float32)
    last: Spectra | None = None
    n_rows = frames_per_block(clip.n_channels, n_fft)
    for first in range(0, len(starts), n_rows):
        rows = slice(first, first + n_rows)
        here = spectra_at(padded, starts[rows] + hop, n_fft)
        _turn(here, spectra_at(padded, starts[rows], n_fft), attacked[rows], last)
        last = here[:, -1]
        add_frames(out, here, first * hop)
    return replace(clip, samples=out[:, lead : lead + n_out])


def _turn(here: Spectra, before: Spectra, attacked: NDArray[np.bool_], last: Spectra | None) -> None:
    """Turn the phases of frames, in place, so that each goes on from the one set down before it.

    ``before`` are the frames one output hop earlier in the input, ``last`` is the frame set down before the
    first. All channels are turned by the same angle, that of the sum of their cross spectra.
    """
    power = np.square(np.abs(here)).sum(axis=0)
    is_peak = _peaks(power)
    for k in range(len(power)):
        if last is not None:
            peaks = np.flatnonzero(is_peak[k])
            earlier = before[:, k, peaks]
            turn = (last[:, peaks] * earlier.conj()).sum(axis=0)
            size = np.abs(turn)
            goes_on = size > 0
            if attacked[k]:
                goes_on &= power[k, peaks] < RISEN * np.square(np.abs(earlier)).sum(axis=0)
            turn = np.where(goes_on, turn / np.where(goes_on, size, 1), 1)
            borders = (peaks[1:] + peaks[:-1] + 1) // 2
            here[:, k] *= np.repeat(turn, np.diff(borders, prepend=0, append=power.shape[1]))
        last = here[:, k]


def _peaks(power: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Mark the bins that stand out from their two neighbours on either side, at least one in each frame."""
    peaks = np.zeros(power.shape, dtype=np.bool_)
    middle = power[:, 2:-2]
    above = (middle > power[:, :-4]) & (middle > power[:, 1:-3])
    peaks[:, 2:-2] = above & (middle >= power[:, 3:-1]) & (middle >= power[:, 4:])
    peaks[np.arange(len(power)), power.argmax(axis=1)] = True
    return peaks


def _time_map(n_in: int, n_out: int, n_fft: int, attacks: list[int]) -> tuple[Counts, NDArray[np.bool_]]:
    """Say around which sample of the input each output frame lies, and which frames hold an attack.

    The first frame lies one hop before the output. Around an attack, for the length of one frame, time runs
    at its old pace; between attacks it makes up for that.
    """
    hop, half = n_fft // OVERLAP, n_fft // 2
    corners = [(-n_fft, -n_fft), (0, 0)]
    attacked = np.zeros(n_out // hop + OVERLAP, dtype=np.bool_)
    for attack in attacks:
        landing = round(attack * n_out / n_in)
        back = min(half, attack, landing)
        ahead = min(half, n_in - attack, n_out - landing)
        corners += [(landing - back, attack - back), (landing + ahead, attack + ahead)]
        attacked[(landing - back) // hop + 1 : (landing + ahead) // hop + 2] = True
    corners += [(n_out, n_in), (n_out + n_fft, n_in + n_fft)]
    middles = (np.arange(len(attacked)) - 1) * hop
    landings, sources = zip(*corners, strict=True)
    return np.round(np.interp(middles, landings, sources)).astype(np.int64), attacked


def _find_attacks(clip: Clip, min_distance: float) -> list[int]:
    """Return the samples at which something begins sharply; of two that are too close, the sharper."""
    step = max(1, s_to_samples(ATTACK_S / N_AFTER, clip.sample_rate))
    sums = np.cumsum(np.r_[np.zeros(N_BEFORE + 1), _sharpness(clip.samples, step), np.zeros(N_AFTER - 1)])
    after = sums[N_BEFORE + N_AFTER :] - sums[N_BEFORE:-N_AFTER]
    before = sums[N_BEFORE:-N_AFTER] - sums[: -N_BEFORE - N_AFTER]
    loudest = after.max(initial=0.0)
    if loudest == 0:
        return []
    rise = after / np.maximum(before * (N_AFTER / N_BEFORE), 1e-5 * loudest)
    rises = np.flatnonzero((rise > db_to_amplitude(ATTACK_DB) ** 2) & (after > 1e-4 * loudest))
    kept: list[int] = []
    for k in rises[np.argsort(-rise[rises], kind="stable")].tolist():
        start = k * step
        earlier = clip.samples[:, start - 1 : start] if start else 0.0
        jumps = np.diff(clip.samples[:, start : start + N_AFTER * step], axis=1, prepend=earlier)
        # A clip that begins in the middle of a sound begins at 0.
        place = start + int(np.abs(jumps).max(axis=0).argmax()) if start else 0
        i = bisect.bisect(kept, place)
        if all(abs(place - near) >= min_distance for near in kept[max(0, i - 1) : i + 1]):
            kept.insert(i, place)
    return kept


def _sharpness(samples: Samples, step: int) -> NDArray[np.float64]:
    """Return the energy of the second difference, which lifts clicks over tones, in portions of ``step``."""
    n = BLOCK_BYTES // 4 // step * step
    sums = [np.zeros(0)]
    for start in range(0, samples.shape[1] - 2, n):
        sharp = np.diff(samples[:, start : start + n + 2], 2, axis=1)
        energy = np.square(sharp, dtype=np.float64).sum(axis=0)
        sums.append(np.add.reduceat(energy, np.arange(0, len(energy), step)))
    return np.concatenate(sums)
