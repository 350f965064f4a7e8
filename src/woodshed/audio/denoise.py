"""Reduction of stationary noise by spectral gating.

A noise profile holds the level of the noise in each frequency bin; bins of a recording that are not clearly
above it are attenuated.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from woodshed.audio.overlap_add import OVERLAP, Spectra, add_frames, frame_size, frames_per_block, spectra_at
from woodshed.clip import Clip, Samples
from woodshed.errors import AudioError, ParameterError, printable

FRAME_S = 0.03
"""Minimum frame length in seconds."""

SMOOTH_S = 0.04
"""Duration over which levels and gains are averaged, in seconds."""

SMOOTH_HZ = 100.0
"""Bandwidth over which levels and gains are averaged, in hertz; it prevents musical noise."""

KNEE_DB = 6.0
"""Range from a closed to a fully open gate, in decibels."""

FLOOR_DB = -140.0
"""Lowest level, in decibels: far below the resolution of 16 bits."""


@dataclass(frozen=True, eq=False)
class NoiseProfile:
    """Level of noise in each frequency bin, with its variation.

    Parameters
    ----------
    sample_rate
        Sample rate of the recording, in hertz.
    mean_db
        Mean level of each bin over time and channels, shape ``(n_bins,)``, float32.
    spread_db
        Standard deviation of that level over time, shape ``(n_bins,)``, float32.
    """

    sample_rate: int
    mean_db: Samples
    spread_db: Samples

    def __repr__(self) -> str:
        return f"NoiseProfile({self.sample_rate} Hz, {len(self.mean_db)} bins)"


def noise_profile(clip: Clip) -> NoiseProfile:
    """Estimate a noise profile from a clip that contains only noise.

    Parameters
    ----------
    clip
        Noise with any number of channels, such as a pause in the recording; at least half a second is
        recommended.

    Examples
    --------
    >>> noise_profile(Clip(np.random.default_rng(0).normal(size=8000), 8000))
    NoiseProfile(8000 Hz, 129 bins)
    """
    return _profile_of(_levels(clip), clip.sample_rate)


def denoise(
    clip: Clip,
    noise: NoiseProfile | None = None,
    *,
    reduction_db: float = 12.0,
    sensitivity: float = 2.0,
) -> Clip:
    """Attenuate stationary noise.

    Parameters
    ----------
    clip
        Sound with any number of channels; all get the same gain, which preserves the stereo image.
    noise
        Profile of the noise, at the rate of the clip. None estimates it from the quietest tenth of the
        frames, which suits speech with pauses, but not continuous music.
    reduction_db
        Attenuation of the noise in decibels, 0 or more. Some residual noise is less audible than gaps.
    sensitivity
        Threshold of the gate above the mean level of the noise, in standard deviations, 0 or more. Higher
        values remove more noise, and more of soft sounds.

    Returns
    -------
    Clip
        Of the same length.

    Raises
    ------
    AudioError
        If the profile has another sample rate.
    ParameterError
        If a setting is negative or not finite.

    Notes
    -----
    The level of each bin and frame (Hann windows of 30 to 60 ms, hop of a quarter) is averaged over about
    40 ms and 100 Hz. A bin is closed below ``mean + sensitivity * spread`` of the noise and fully open 6 dB
    above that; the gain in decibels is linear in between and is averaged in the same way. The method is that
    of Audacity's Noise Reduction, but with a soft gate, which makes it symmetric in time.

    The whole clip and its levels are held in memory, since the quietest tenth is known only after the last
    frame. An hour of stereo at 44.1 kHz takes 1.3 GB as a clip; split longer recordings first.

    Examples
    --------
    >>> hiss = Clip(np.random.default_rng(0).normal(0, 0.01, 16000), 8000)
    >>> residual = denoise(hiss, noise_profile(hiss))
    >>> round(float(10 * np.log10(np.mean(residual.samples**2) / np.mean(hiss.samples**2))))
    -12
    """
    for name, value in (("reduction_db", reduction_db), ("sensitivity", sensitivity)):
        if not 0 <= value < math.inf:
            raise ParameterError(f"denoise expects a {name} of 0 or more, got {value!r}.")
    if noise is not None and noise.sample_rate != clip.sample_rate:
        raise AudioError(
            f"denoise expects a noise profile at {clip.sample_rate} Hz, the rate of "
            f"{printable(clip.source)}, got one at {noise.sample_rate} Hz. Compute it at that rate."
        )
    levels_db = _levels(clip)
    if noise is None:
        noise = _profile_of(_quietest(levels_db, clip.sample_rate), clip.sample_rate)
    levels_db -= noise.mean_db + sensitivity * noise.spread_db
    mask = np.clip(levels_db / KNEE_DB, 0, 1, out=levels_db)
    gains = _smooth(10 ** ((mask - 1) * (reduction_db / 20)), clip.sample_rate)
    n_fft, hop = _n_fft(clip.sample_rate), _hop(clip.sample_rate)
    lead = n_fft - hop
    out: Samples = np.zeros((clip.n_channels, lead + clip.n_samples + n_fft), dtype=np.float32)
    for first, spectra in _frames(clip):
        spectra *= gains[first : first + spectra.shape[1]]
        add_frames(out, spectra, first * hop)
    return replace(clip, samples=out[:, lead : lead + clip.n_samples])


def _n_fft(sample_rate: int) -> int:
    return frame_size(sample_rate, FRAME_S)


def _hop(sample_rate: int) -> int:
    return _n_fft(sample_rate) // OVERLAP


def _frames(clip: Clip) -> Iterator[tuple[int, Spectra]]:
    """Yield the index of the first frame and the spectra of each block of frames."""
    n_fft, hop = _n_fft(clip.sample_rate), _hop(clip.sample_rate)
    # Padded by reflection, so that frames at the ends have the level of those inside. The first frame covers
    # only the first hop of the sound, so that each sample lies in equally many frames.
    padded = np.pad(clip.samples, ((0, 0), (n_fft - hop, n_fft)), mode="symmetric")
    starts = np.arange(0, clip.n_samples + n_fft - hop, hop)
    n_rows = frames_per_block(clip.n_channels, n_fft)
    for first in range(0, len(starts), n_rows):
        yield first, spectra_at(padded, starts[first : first + n_rows], n_fft)


def _levels(clip: Clip) -> Samples:
    """Return the smoothed level in decibels, mean of all channels, shape ``(n_frames, n_bins)``."""
    power = np.concatenate([np.square(np.abs(spectra)).mean(axis=0) for _, spectra in _frames(clip)])
    smooth = np.maximum(_smooth(power, clip.sample_rate), 10 ** (FLOOR_DB / 10))
    return np.asarray(10 * np.log10(smooth, out=smooth))


def _smooth(values: Samples, sample_rate: int) -> Samples:
    """Average over time and frequency, in place."""
    from scipy.ndimage import uniform_filter

    n_bins = max(1, round(SMOOTH_HZ * _n_fft(sample_rate) / sample_rate))
    uniform_filter(values, (_n_smooth(sample_rate), n_bins), output=values, mode="nearest")
    return values


def _n_smooth(sample_rate: int) -> int:
    return max(1, round(SMOOTH_S * sample_rate / _hop(sample_rate)))


def _quietest(levels_db: Samples, sample_rate: int) -> Samples:
    """Return the quietest tenth of the frames, at least one, without those that touch digital silence."""
    from scipy.ndimage import binary_dilation

    power = (10 ** (levels_db / 10)).mean(axis=1)
    silent = binary_dilation(power < 10 ** (FLOOR_DB / 10 + 0.1), iterations=OVERLAP + _n_smooth(sample_rate))
    if silent.all():
        return levels_db
    order = np.argsort(np.where(silent, np.inf, power), kind="stable")
    return levels_db[order[: math.ceil(np.count_nonzero(~silent) / 10)]]


def _profile_of(levels_db: Samples, sample_rate: int) -> NoiseProfile:
    return NoiseProfile(sample_rate, levels_db.mean(axis=0), levels_db.std(axis=0))
