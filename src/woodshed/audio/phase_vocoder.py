"""Time stretching and pitch shifting with a phase vocoder.

The sound is split into overlapping frames, which are resynthesised with another hop, with their phases
rotated so that each partial continues smoothly. Transients are copied at their original speed without phase
rotation, so that drums and consonants stay sharp.
"""

from __future__ import annotations

import bisect
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from woodshed.audio.edit import change_speed
from woodshed.audio.overlap_add import (
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
"""Minimum frame length in seconds, which resolves the partials of a voice at 100 Hz."""

MAX_FACTOR = 16.0
"""Maximum factor of `time_stretch`, faster or slower."""

MAX_SEMITONES = 48.0
"""Maximum shift of `pitch_shift`, up or down."""

ATTACK_S = 0.005
"""Duration after an attack whose energy is compared with that of the 20 ms before, in seconds."""

ATTACK_DB = 10.0
"""Minimum rise of the energy of the second difference at an attack, in decibels."""

ATTACK_RATIO = 4.0
"""Ratio of the power of a spectral peak to its earlier power from which it belongs to the attack."""

N_AFTER, N_BEFORE = 5, 20  # portions of 1 ms


def time_stretch(clip: Clip, factor: float) -> Clip:
    """Change the tempo at constant pitch.

    Parameters
    ----------
    clip
        Sound with any number of channels; all get the same phase rotation, which preserves the stereo image.
    factor
        2 is twice as fast, 0.5 half as fast; 1/16 to 16.

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
    Frames last 40 to 80 ms, with Hann windows for analysis and synthesis and a hop of a quarter of a frame.
    The phase advance of a partial from one output frame to the next is measured in the input, between two
    frames at the same distance, so that no phase is unwrapped (M. Puckette, *Phase-locked vocoder*, WASPAA
    1995). Only spectral peaks are tracked, and all bins around a peak are rotated like it (identity phase
    locking: J. Laroche, M. Dolson, *Improved phase vocoder time-scale modification of audio*, IEEE
    Transactions on Speech and Audio Processing 7, 1999). At attacks, phases are reset for peaks that rise,
    after A. Röbel, *A new approach to transient processing in the phase vocoder*, DAFx 2003; other peaks are
    tracked as usual. Among attacks within a frame, only the sharpest is treated.

    Tones keep their level; noise loses 1 or 2 dB.

    The whole clip is held in memory, since attacks are located before the synthesis. An hour of stereo at
    44.1 kHz takes 1.3 GB as a clip; split longer recordings first.

    Examples
    --------
    >>> time_stretch(Clip(np.zeros(8000), 8000), 0.8).n_samples
    10000
    """
    if not 1 / MAX_FACTOR <= factor <= MAX_FACTOR:
        raise ParameterError(
            f"time_stretch expects a factor from 1/{MAX_FACTOR:g} to {MAX_FACTOR:g} (2 is twice as fast), "
            f"got {factor!r}."
        )
    return _stretch_to(clip, max(1, round(clip.n_samples / factor)))


def pitch_shift(clip: Clip, semitones: float) -> Clip:
    """Shift the pitch at constant tempo and length.

    The clip is stretched in time and then resampled to its original length, so formants move with the pitch.

    Parameters
    ----------
    clip
        Sound with any number of channels.
    semitones
        12 is an octave up, -12 an octave down; -48 to 48, fractions allowed.

    Returns
    -------
    Clip
        Of the same number of samples.

    Raises
    ------
    ParameterError
        If the semitones are out of range or not a number.

    Notes
    -----
    The frequency ratio is ``2 ** (semitones / 12)``, up to a rounding of half a sample in the length of the
    stretched clip. The whole clip is held in memory, as in `time_stretch`.

    Examples
    --------
    >>> pitch_shift(Clip(np.zeros(8000), 8000), 7).n_samples
    8000
    """
    if not -MAX_SEMITONES <= semitones <= MAX_SEMITONES:
        raise ParameterError(
            f"pitch_shift expects semitones from {-MAX_SEMITONES:g} to {MAX_SEMITONES:g}, got {semitones!r}."
        )
    n_stretched = max(1, round(clip.n_samples * 2 ** (semitones / 12)))
    if n_stretched == clip.n_samples:
        return clip
    return change_speed(_stretch_to(clip, n_stretched), n_stretched / clip.n_samples)


def _stretch_to(clip: Clip, n_out: int) -> Clip:
    """Stretch to an exact number of samples."""
    if n_out == clip.n_samples:
        return clip
    n_fft = frame_size(clip.sample_rate, FRAME_S)
    hop = n_fft // OVERLAP
    # Attacks must be a frame apart in input and output, since each uses a frame of its own.
    attacks = _find_attacks(clip, n_fft * max(1.0, clip.n_samples / n_out) + 1)
    centres, has_attack = _time_map(clip.n_samples, n_out, n_fft, attacks)
    # The first frame lies one hop before the sound, and the frame it is compared with another hop before.
    lead = n_fft // 2 + hop
    padded = np.pad(clip.samples, ((0, 0), (lead + hop, n_fft)))
    starts = centres + hop
    out: Samples = np.zeros((clip.n_channels, len(centres) * hop + n_fft), dtype=np.float32)
    last: Spectra | None = None
    n_rows = frames_per_block(clip.n_channels, n_fft)
    for first in range(0, len(starts), n_rows):
        rows = slice(first, first + n_rows)
        spectra = spectra_at(padded, starts[rows] + hop, n_fft)
        _rotate_phases(spectra, spectra_at(padded, starts[rows], n_fft), has_attack[rows], last)
        last = spectra[:, -1]
        add_frames(out, spectra, first * hop)
    return replace(clip, samples=out[:, lead : lead + n_out])


def _rotate_phases(
    spectra: Spectra, earlier_spectra: Spectra, has_attack: NDArray[np.bool_], last: Spectra | None
) -> None:
    """Rotate the phases of frames, in place, so that each continues the previous output frame.

    ``earlier_spectra`` are the frames one output hop earlier in the input, ``last`` is the output frame
    before the first. All channels are rotated by the same angle, that of the sum of their cross spectra.
    """
    power = np.square(np.abs(spectra)).sum(axis=0)
    is_peak = _peaks(power)
    for k in range(len(power)):
        if last is not None:
            peaks = np.flatnonzero(is_peak[k])
            earlier = earlier_spectra[:, k, peaks]
            rotation = (last[:, peaks] * earlier.conj()).sum(axis=0)
            magnitude = np.abs(rotation)
            continues = magnitude > 0
            if has_attack[k]:
                continues &= power[k, peaks] < ATTACK_RATIO * np.square(np.abs(earlier)).sum(axis=0)
            rotation = np.where(continues, rotation / np.where(continues, magnitude, 1), 1)
            borders = (peaks[1:] + peaks[:-1] + 1) // 2
            spectra[:, k] *= np.repeat(rotation, np.diff(borders, prepend=0, append=power.shape[1]))
        last = spectra[:, k]


def _peaks(power: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Mark local maxima over two neighbours on either side, at least one in each frame."""
    peaks = np.zeros(power.shape, dtype=np.bool_)
    middle = power[:, 2:-2]
    above = (middle > power[:, :-4]) & (middle > power[:, 1:-3])
    peaks[:, 2:-2] = above & (middle >= power[:, 3:-1]) & (middle >= power[:, 4:])
    peaks[np.arange(len(power)), power.argmax(axis=1)] = True
    return peaks


def _time_map(n_in: int, n_out: int, n_fft: int, attacks: list[int]) -> tuple[Counts, NDArray[np.bool_]]:
    """Return the input sample at the centre of each output frame, and which frames hold an attack.

    The first frame lies one hop before the output. The map is piecewise linear: it has slope 1 for the length
    of a frame around each attack and compensates for that between attacks.
    """
    hop, half = n_fft // OVERLAP, n_fft // 2
    knots = [(-n_fft, -n_fft), (0, 0)]
    has_attack = np.zeros(n_out // hop + OVERLAP, dtype=np.bool_)
    for attack in attacks:
        target = round(attack * n_out / n_in)
        n_before = min(half, attack, target)
        n_after = min(half, n_in - attack, n_out - target)
        knots += [(target - n_before, attack - n_before), (target + n_after, attack + n_after)]
        has_attack[(target - n_before) // hop + 1 : (target + n_after) // hop + 2] = True
    knots += [(n_out, n_in), (n_out + n_fft, n_in + n_fft)]
    centres = (np.arange(len(has_attack)) - 1) * hop
    targets, sources = zip(*knots, strict=True)
    return np.round(np.interp(centres, targets, sources)).astype(np.int64), has_attack


def _find_attacks(clip: Clip, min_distance: float) -> list[int]:
    """Return the samples of the attacks, the sharper of any two closer than ``min_distance``."""
    step = max(1, s_to_samples(ATTACK_S / N_AFTER, clip.sample_rate))
    sums = np.cumsum(np.r_[np.zeros(N_BEFORE + 1), _sharpness(clip.samples, step), np.zeros(N_AFTER - 1)])
    after = sums[N_BEFORE + N_AFTER :] - sums[N_BEFORE:-N_AFTER]
    before = sums[N_BEFORE:-N_AFTER] - sums[: -N_BEFORE - N_AFTER]
    loudest = after.max(initial=0.0)
    if loudest == 0:
        return []
    ratio = after / np.maximum(before * (N_AFTER / N_BEFORE), 1e-5 * loudest)
    rises = np.flatnonzero((ratio > db_to_amplitude(ATTACK_DB) ** 2) & (after > 1e-4 * loudest))
    attacks: list[int] = []
    for k in rises[np.argsort(-ratio[rises], kind="stable")].tolist():
        start = k * step
        earlier = clip.samples[:, start - 1 : start] if start else 0.0
        jumps = np.diff(clip.samples[:, start : start + N_AFTER * step], axis=1, prepend=earlier)
        # A clip that starts within a sound has its attack at 0.
        attack = start + int(np.abs(jumps).max(axis=0).argmax()) if start else 0
        i = bisect.bisect(attacks, attack)
        if all(abs(attack - other) >= min_distance for other in attacks[max(0, i - 1) : i + 1]):
            attacks.insert(i, attack)
    return attacks


def _sharpness(samples: Samples, step: int) -> NDArray[np.float64]:
    """Return the energy of the second difference, which emphasises clicks, per ``step`` samples."""
    n = BLOCK_BYTES // 4 // step * step
    sums = [np.zeros(0)]
    for start in range(0, samples.shape[1] - 2, n):
        sharp = np.diff(samples[:, start : start + n + 2], 2, axis=1)
        energy = np.square(sharp, dtype=np.float64).sum(axis=0)
        sums.append(np.add.reduceat(energy, np.arange(0, len(energy), step)))
    return np.concatenate(sums)
