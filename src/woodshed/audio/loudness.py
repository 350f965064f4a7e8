"""Integrated loudness and true peak after ITU-R BS.1770, of a clip or a stream of blocks.

Source of all constants: Recommendation ITU-R BS.1770-4, *Algorithms to measure audio programme loudness and
true-peak audio level*, 2015, on which EBU R 128 is based.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import soxr
from numpy.typing import NDArray

from woodshed.audio.filter import RunningFilter, Sections, check_format
from woodshed.audio.segment import blocks_of
from woodshed.clip import Clip
from woodshed.errors import AudioError, ParameterError
from woodshed.units import amplitude_to_db, s_to_samples

PUBLISHED_RATE = 48000
PUBLISHED_SECTIONS = np.array(
    [
        [1.53512485958697, -2.69169618940638, 1.19839281085285, 1.0, -1.69065929318241, 0.73248077421585],
        [1.0, -2.0, 1.0, 1.0, -1.99004745483398, 0.99007225036621],
    ]
)
"""K-weighting at 48 kHz, tables 1 and 2 of the recommendation: a high shelf, then a high-pass."""

REFERENCE_HZ = (997.0, 38.0)
"""Frequency at which each section has the same response at all rates."""

LOWEST_RATE = 4000
"""Minimum sample rate in hertz: below it the slope of the shelf, around 1700 Hz, does not fit."""

CHANNEL_WEIGHTS = {5: (1.0, 1.0, 1.0, 1.41, 1.41), 6: (1.0, 1.0, 1.0, 0.0, 1.41, 1.41)}
"""Number of channels -> weights, in the order L R (C) Ls Rs and L R C LFE Ls Rs."""

STEP_S = 0.1
STEPS_PER_BLOCK = 4
"""Gating blocks of 400 ms start every 100 ms, an overlap of 75 %."""

ABSOLUTE_GATE_LUFS = -70.0
RELATIVE_GATE_LU = -10.0
OFFSET_LUFS = -0.691
"""Compensates the gain of K-weighting at 997 Hz: a full-scale sine in one channel has -3.01 LUFS."""

OVERSAMPLING = 4


def loudness_lufs(clip: Clip, *, channel_weights: Sequence[float] | None = None) -> float:
    """Measure the integrated (gated) loudness of a clip.

    The unit is LUFS, which equals LKFS: a stereo sine at 1000 Hz with a peak of -23 dBFS in both channels has
    -23 LUFS, and 1 LU is 1 dB.

    Parameters
    ----------
    clip
        Sound at a rate of 4000 Hz or more.
    channel_weights
        A weight for each channel, 0 or more. By default all are 1, except that 5 channels are taken as
        L R C Ls Rs and 6 as L R C LFE Ls Rs, with 1.41 for the surround channels and 0 for LFE.

    Returns
    -------
    float
        Loudness in LUFS; minus infinity if no block exceeds the absolute gate of -70 LUFS, as in silence.

    Raises
    ------
    AudioError
        If the rate is too low.
    ParameterError
        If the number of weights is not the number of channels, or a weight is negative.

    Notes
    -----
    With ``z`` the mean square of a K-weighted channel over a block of 400 ms and ``G`` its weight, the block
    has ``-0.691 + 10 * log10(sum(G * z))`` LUFS. Blocks start every 100 ms; an incomplete block is ignored.
    Only blocks above -70 LUFS count, and among these only those less than 10 LU below their mean. The
    recommendation does not define sounds shorter than 400 ms: here such a sound is one block.

    Examples
    --------
    >>> from woodshed.audio.signals import sine
    >>> round(loudness_lufs(sine(997, sample_rate=48000, amplitude=1.0)), 2)
    -3.01
    """
    meter = LoudnessMeter(clip.sample_rate, clip.n_channels, channel_weights=channel_weights)
    for block in blocks_of(clip):
        meter.add(block)
    return meter.loudness_lufs()


def true_peak_dbtp(clip: Clip) -> float:
    """Measure the true peak, the maximum of the interpolated signal over all channels.

    A signal whose samples stay below full scale may exceed it between them; a converter or an MP3 encoder
    then clips.

    Parameters
    ----------
    clip
        Sound with any number of channels.

    Returns
    -------
    float
        True peak in dBTP (relative to full scale), at least the sample peak; minus infinity for digital
        silence.

    Notes
    -----
    As in annex 2 of the recommendation the signal is oversampled four times, which underestimates the peak by
    at most 0.7 dB, and by at most 0.2 dB below a quarter of the rate. The interpolator is soxr (``HQ``), flat
    up to 91 % of the Nyquist frequency, instead of the 48 published coefficients. The clip is surrounded by
    silence: a cut through a loud sound rings, as it does in playback.

    Examples
    --------
    >>> samples_at_minus_6 = Clip(np.tile([0.5, 0.5, -0.5, -0.5], 4000), 48000)  # a sine at 12000 Hz
    >>> round(true_peak_dbtp(samples_at_minus_6))
    -3
    """
    meter = TruePeakMeter(clip.sample_rate, clip.n_channels)
    for block in blocks_of(clip):
        meter.add(block)
    return meter.true_peak_dbtp()


@dataclass(frozen=True)
class KWeighting:
    """K-weighting filter for loudness, at any sample rate.

    The recommendation publishes coefficients for 48 kHz only. For other rates the bilinear transform is
    inverted and applied again, so that both sections keep their analogue shape and gain: at 48 kHz the result
    equals the published coefficients, and a sine of 997 Hz, the reference of the scale, has the same loudness
    at all rates. Elsewhere frequency warping causes differences from 48 kHz of at most 0.01 dB at 44.1 kHz,
    0.1 dB at 16 kHz and 0.45 dB at 8 kHz (near 2000 Hz).

    Raises
    ------
    AudioError
        If the sample rate is below 4000 Hz.

    Examples
    --------
    >>> np.allclose(KWeighting().sections(48000), PUBLISHED_SECTIONS, atol=1e-12)
    True
    """

    def sections(self, sample_rate: int) -> Sections:
        """Return the sections, shape ``(2, 6)``, at a rate in hertz."""
        if sample_rate < LOWEST_RATE:
            raise AudioError(
                f"Loudness expects a sample rate of {LOWEST_RATE} Hz or more, got {sample_rate} Hz. "
                "Resample the sound first: woodshed.audio.resample(clip, 16000)."
            )
        # With 1/z = (1 - s) / (1 + s), b0 + b1/z + b2/z**2 is this polynomial in s, divided by (1 + s)**2.
        to_analogue = np.array([[1.0, -1.0, 1.0], [2.0, 0.0, -2.0], [1.0, 1.0, 1.0]])
        sections = []
        for published, reference_hz in zip(PUBLISHED_SECTIONS, REFERENCE_HZ, strict=True):
            angles = math.pi * reference_hz / np.array([PUBLISHED_RATE, sample_rate])
            stretch = np.divide(*np.tan(angles)) ** np.array([2, 1, 0])
            sides = [
                np.linalg.solve(to_analogue, stretch * (to_analogue @ side))
                for side in np.split(published, 2)
            ]
            sections.append(np.concatenate(sides) / sides[1][0])
        return np.array(sections)


class FrameSums:
    """Sums of a stream of values over consecutive frames of a fixed length.

    Parameters
    ----------
    length
        Number of values in a frame. ``open_sum`` and ``n_open`` are the sum and the number of values of the
        incomplete frame.

    Examples
    --------
    >>> frames = FrameSums(3)
    >>> frames.add(np.ones(5)).tolist(), frames.add(np.ones(5)).tolist()
    ([3.0], [3.0, 3.0])
    >>> frames.open_sum, frames.n_open
    (1.0, 1)
    """

    def __init__(self, length: int) -> None:
        self.length = length
        self.open_sum = 0.0
        self.n_open = 0

    def add(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Add the next values, at least one, and return the sums of the frames they complete."""
        starts = np.arange(self.length - self.n_open, len(values), self.length)
        sums = np.add.reduceat(values, np.append(0, starts))
        sums[0] += self.open_sum
        n_full, self.n_open = divmod(self.n_open + len(values), self.length)
        self.open_sum = float(sums[-1]) if self.n_open else 0.0
        return np.asarray(sums[:n_full])


class LoudnessMeter:
    """Loudness meter for a stream of blocks; it stores 80 bytes per second of sound.

    Parameters
    ----------
    sample_rate, n_channels
        Format of all blocks.
    channel_weights
        As in `loudness_lufs`.

    Examples
    --------
    >>> from woodshed.audio.signals import sine
    >>> meter = LoudnessMeter(16000, 1)
    >>> for _ in range(3):
    ...     meter.add(sine(1000, amplitude=0.1))
    >>> round(meter.loudness_lufs(), 1)
    -23.0
    """

    def __init__(
        self, sample_rate: int, n_channels: int, *, channel_weights: Sequence[float] | None = None
    ) -> None:
        if channel_weights is None:
            channel_weights = CHANNEL_WEIGHTS.get(n_channels, (1.0,) * n_channels)
        self._weights = np.asarray(channel_weights, dtype=np.float64)
        if self._weights.shape != (n_channels,) or not (self._weights >= 0).all():
            raise ParameterError(
                f"Loudness expects one weight of 0 or more for each of {n_channels} channels, "
                f"got {channel_weights!r}."
            )
        self._filter = RunningFilter(KWeighting(), sample_rate, n_channels)
        self._frames = FrameSums(s_to_samples(STEP_S, sample_rate))
        self._steps: list[NDArray[np.float64]] = [np.empty(0)]

    def add(self, block: Clip) -> None:
        """Process the next block."""
        steps = self._frames.add(self._weights @ np.square(self._filter(block)))
        if len(steps):
            self._steps.append(steps)

    def loudness_lufs(self) -> float:
        """Return the loudness of all blocks so far in LUFS; more may follow."""
        steps = np.concatenate(self._steps)
        if len(steps) < STEPS_PER_BLOCK:
            n_samples = len(steps) * self._frames.length + self._frames.n_open
            power = np.array([(steps.sum() + self._frames.open_sum) / max(1, n_samples)])
        else:
            windows = np.lib.stride_tricks.sliding_window_view(steps, STEPS_PER_BLOCK)
            power = windows.sum(axis=1) / (STEPS_PER_BLOCK * self._frames.length)
        gated = power[power > 10 ** ((ABSOLUTE_GATE_LUFS - OFFSET_LUFS) / 10)]
        if not gated.size:
            return -math.inf
        gated = gated[gated > gated.mean() * 10 ** (RELATIVE_GATE_LU / 10)]
        return OFFSET_LUFS + 10 * math.log10(gated.mean())


class TruePeakMeter:
    """True-peak meter for a stream of blocks.

    Parameters
    ----------
    sample_rate, n_channels
        Format of all blocks.

    Examples
    --------
    >>> meter = TruePeakMeter(8000, 1)
    >>> meter.add(Clip(np.zeros(800), 8000))
    >>> meter.true_peak_dbtp()
    -inf
    """

    def __init__(self, sample_rate: int, n_channels: int) -> None:
        self._format = (sample_rate, n_channels)
        self._peak = 0.0
        self._finished = False
        self._stream = soxr.ResampleStream(
            sample_rate, OVERSAMPLING * sample_rate, n_channels, dtype="float32", quality="HQ"
        )

    def add(self, block: Clip) -> None:
        """Process the next block."""
        check_format(block, *self._format)
        if self._finished:
            raise ParameterError("This meter is finished. Create a new TruePeakMeter for more blocks.")
        self._update(block.samples)
        self._update(self._stream.resample_chunk(np.ascontiguousarray(block.samples.T)))

    def true_peak_dbtp(self) -> float:
        """Return the true peak of all blocks in dBTP; no more may follow."""
        if not self._finished:
            self._finished = True
            empty = np.empty((0, self._format[1]), dtype=np.float32)
            self._update(self._stream.resample_chunk(empty, last=True))
        return amplitude_to_db(self._peak, -math.inf)

    def _update(self, samples: NDArray[np.float32]) -> None:
        self._peak = max(self._peak, float(samples.max(initial=0.0)), -float(samples.min(initial=0.0)))
