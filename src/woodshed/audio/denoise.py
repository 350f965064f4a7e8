"""Steady noise out of a recording: hiss, hum, a fan.

Spectral gating: a print of the noise says how loud it is at each frequency; where a recording is not clearly
louder than that, it is turned down.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from woodshed.audio.frames import OVERLAP, Spectra, add_frames, frame_size, frames_per_block, spectra_at
from woodshed.clip import Clip, Samples
from woodshed.errors import AudioError, ParameterError, printable

FRAME_S = 0.03
"""Frames are at least this long, in seconds."""

SMOOTH_S = 0.04
"""Levels, and then gains, are averaged over this time, in seconds ..."""

SMOOTH_HZ = 100.0
"""... and over this band, in hertz: single bins of noise that open by themselves would sing."""

KNEE_DB = 6.0
"""From shut to open in so many decibels."""

FLOOR_DB = -140.0
"""Levels end here: far below the last bit of 16, and above nothing at all."""


@dataclass(frozen=True, eq=False)
class NoisePrint:
    """What noise looks like: how loud it is at each frequency, and by how much that varies.

    Parameters
    ----------
    sample_rate
        Of the recording it was taken from, in hertz.
    mean_db
        Mean over time of the level in each bin, shape ``(n_bins,)``, float32. Averaged over all channels.
    spread_db
        Standard deviation of that level, shape ``(n_bins,)``.
    """

    sample_rate: int
    mean_db: Samples
    spread_db: Samples

    def __repr__(self) -> str:
        return f"NoisePrint({self.sample_rate} Hz, {len(self.mean_db)} bins)"


def noise_print(clip: Clip) -> NoisePrint:
    """Take a print of noise from a clip that holds nothing else.

    Half a second is enough; the more, the better.

    Parameters
    ----------
    clip
        Noise alone, with any number of channels: a pause, cut out of the recording.

    Examples
    --------
    >>> noise_print(Clip(np.random.default_rng(0).normal(size=8000), 8000))
    NoisePrint(8000 Hz, 129 bins)
    """
    return _print_of(_levels(clip), clip.sample_rate)


def denoise(
    clip: Clip,
    noise: NoisePrint | None = None,
    *,
    reduction_db: float = 12.0,
    sensitivity: float = 2.0,
) -> Clip:
    """Turn down what is not clearly louder than the noise.

    Parameters
    ----------
    clip
        Sound with any number of channels; all get the same gain, so that a stereo image stays.
    noise
        A print of the noise alone, at the rate of the clip. None takes it from the quietest tenth of the
        clip's frames, which suits speech with pauses, not music that never stops.
    reduction_db
        By how much the noise is turned down, in decibels; 0 changes nothing. A little noise left is less
        disturbing than holes.
    sensitivity
        How far above the mean level of the noise something begins to count as sound, in spreads. The higher,
        the less noise slips through and the more of soft sounds is lost.

    Returns
    -------
    Clip
        As long as before.

    Raises
    ------
    AudioError
        If the print was taken at another rate.
    ParameterError
        If a setting is negative or not a number.

    Notes
    -----
    The level in each bin of each frame (Hann windows of 30 to 60 ms, a quarter apart) is averaged over about
    40 ms and 100 Hz. A bin is shut below ``mean + sensitivity * spread`` of the noise and fully open 6 dB
    above; the gain, in decibels, follows in a straight line and is averaged in the same way. Gating after a
    print of noise is what Audacity's Noise Reduction made popular; the gate here is soft, and so the same
    forwards and backwards in time.

    The whole clip is in memory, and its levels beside it: without a print, the quietest tenth is known only
    when all of it has been heard. An hour of stereo at 44.1 kHz is 1.3 GB as a clip; cut longer sounds into
    pieces first.

    Examples
    --------
    >>> hiss = Clip(np.random.default_rng(0).normal(0, 0.01, 16000), 8000)
    >>> left = denoise(hiss, noise_print(hiss))
    >>> round(float(10 * np.log10(np.mean(left.samples**2) / np.mean(hiss.samples**2))))
    -12
    """
    for name, value in (("reduction_db", reduction_db), ("sensitivity", sensitivity)):
        if not 0 <= value < math.inf:
            raise ParameterError(f"denoise expects a {name} of 0 or more, got {value!r}.")
    if noise is not None and noise.sample_rate != clip.sample_rate:
        raise AudioError(
            f"denoise expects a noise print at {clip.sample_rate} Hz, the rate of {printable(clip.source)}, "
            f"got one at {noise.sample_rate} Hz. Take it from a clip at that rate."
        )
    levels_db = _levels(clip)
    if noise is None:
        noise = _print_of(_quietest(levels_db, clip.sample_rate), clip.sample_rate)
    levels_db -= noise.mean_db + sensitivity * noise.spread_db
    mask = np.clip(levels_db / KNEE_DB, 0, 1, out=levels_db)
    gains = _smooth(10 ** ((mask - 1) * (reduction_db / 20)), clip.sample_rate)
    out: Samples = np.zeros_like(_padded(clip))
    for first, spectra in _frames(clip):
        spectra *= gains[first : first + spectra.shape[1]]
        add_frames(out, spectra, first * _hop(clip.sample_rate))
    lead = _n_fft(clip.sample_rate) - _hop(clip.sample_rate)
    return replace(clip, samples=out[:, lead : lead + clip.n_samples])


def _n_fft(sample_rate: int) -> int:
    return frame_size(sample_rate, FRAME_S)


def _hop(sample_rate: int) -> int:
    return _n_fft(sample_rate) // OVERLAP


def _padded(clip: Clip) -> Samples:
    """Mirror the sound at its ends, so that frames there are as loud as those inside."""
    n_fft, hop = _n_fft(clip.sample_rate), _hop(clip.sample_rate)
    # The first frame holds the first hop of the sound, so that every sample lies in as many frames.
    return np.pad(clip.samples, ((0, 0), (n_fft - hop, n_fft)), mode="symmetric")


def _frames(clip: Clip) -> Iterator[tuple[int, Spectra]]:
    """Yield the spectra of all frames in blocks, each with the number of its first frame."""
    n_fft, hop = _n_fft(clip.sample_rate), _hop(clip.sample_rate)
    padded = _padded(clip)
    starts = np.arange(0, clip.n_samples + n_fft - hop, hop)
    n_rows = frames_per_block(clip.n_channels, n_fft)
    for first in range(0, len(starts), n_rows):
        yield first, spectra_at(padded, starts[first : first + n_rows], n_fft)


def _levels(clip: Clip) -> Samples:
    """Measure the smoothed level in decibels, mean of all channels, shape ``(n_frames, n_bins)``."""
    power = np.concatenate([np.square(np.abs(spectra)).mean(axis=0) for _, spectra in _frames(clip)])
    smooth = np.maximum(_smooth(power, clip.sample_rate), 10 ** (FLOOR_DB / 10))
    levels_db: Samples = 10 * np.log10(smooth, out=smooth)
    return levels_db


def _smooth(values: Samples, sample_rate: int) -> Samples:
    """Average over time and frequency, in place."""
    from scipy.ndimage import uniform_filter

    n_bins = max(1, round(SMOOTH_HZ * _n_fft(sample_rate) / sample_rate))
    uniform_filter(values, (_n_smooth(sample_rate), n_bins), output=values, mode="nearest")
    return values


def _n_smooth(sample_rate: int) -> int:
    return max(1, round(SMOOTH_S * sample_rate / _hop(sample_rate)))


def _quietest(levels_db: Samples, sample_rate: int) -> Samples:
    """Return the quietest tenth of the frames, at least one.

    Digital silence is no noise to learn from, nor is a frame that reaches into it.
    """
    from scipy.ndimage import binary_dilation

    power = (10 ** (levels_db / 10)).mean(axis=1)
    silent = binary_dilation(power < 10 ** (FLOOR_DB / 10 + 0.1), iterations=OVERLAP + _n_smooth(sample_rate))
    if silent.all():
        return levels_db
    order = np.argsort(np.where(silent, np.inf, power), kind="stable")
    return levels_db[order[: math.ceil(np.count_nonzero(~silent) / 10)]]


def _print_of(levels_db: Samples, sample_rate: int) -> NoisePrint:
    return NoisePrint(sample_rate, levels_db.mean(axis=0), levels_db.std(axis=0))
