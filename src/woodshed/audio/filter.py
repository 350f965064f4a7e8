"""Butterworth filters and equalisers, for clips and for streams of blocks.

A filter design is a frozen dataclass that returns second-order sections for a sample rate. Functions such as
`low_pass` apply one to a clip; `filter_blocks` applies one to a sound too long for memory.

Examples
--------
>>> filtered = high_pass(Clip(np.ones(8000), 8000), 80.0)
>>> abs(float(filtered.samples[0, -1])) < 1e-6
True
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal, Protocol, get_args

import numpy as np
from numpy.typing import NDArray

from woodshed.clip import Clip
from woodshed.errors import AudioError, ParameterError, check_choice, printable

Sections = NDArray[np.float64]
"""Second-order sections, shape ``(n_sections, 6)``, in SciPy's order ``b0 b1 b2 a0 a1 a2``, ``a0`` = 1."""

ButterworthKind = Literal["low-pass", "high-pass", "band-pass", "band-stop"]
EqualiserKind = Literal["peak", "low-shelf", "high-shelf"]

HIGHEST_ORDER = 24
"""Maximum filter order; steeper filters ring too long to be useful."""

HIGHEST_GAIN_DB = 120.0
"""Maximum gain of an equaliser in decibels, more than the dynamic range of 16 bits."""

FLATTEST_Q = math.sqrt(0.5)
"""Q of the steepest shelf without overshoot."""


class FilterDesign(Protocol):
    """Interface of a filter design."""

    def sections(self, sample_rate: int) -> Sections:
        """Return the second-order sections, shape ``(n_sections, 6)``, at a rate in hertz."""


@dataclass(frozen=True)
class Butterworth:
    """Butterworth filter, maximally flat in its passband.

    The power response of the analogue low-pass is ``1 / (1 + (f / cutoff_hz) ** (2 * order))``: -3.01 dB at
    the cutoff, then ``6.02 * order`` dB less per octave. The bilinear transform preserves the cutoff and
    makes the slope steeper towards the Nyquist frequency. After S. Butterworth, *On the theory of filter
    amplifiers*, 1930; designed by SciPy.

    Parameters
    ----------
    kind
        ``low-pass``, ``high-pass``, ``band-pass`` or ``band-stop``.
    corners_hz
        The cutoff, or the lower and upper cutoff of a band, in hertz; -3.01 dB at each.
    order
        Order, 1 to 24; for a band, that of each slope.

    Raises
    ------
    ParameterError
        If a setting is out of its range, or a cutoff is not below the Nyquist frequency.

    Examples
    --------
    >>> Butterworth("low-pass", (1000.0,), order=4).sections(8000).shape
    (2, 6)
    """

    kind: ButterworthKind
    corners_hz: tuple[float, ...]
    order: int = 4

    def __post_init__(self) -> None:
        check_choice("filter kind", self.kind, get_args(ButterworthKind))
        n_corners = 2 if self.kind.startswith("band") else 1
        if len(self.corners_hz) != n_corners or any(np.diff(self.corners_hz) <= 0):
            raise ParameterError(
                f"A {self.kind} filter expects {n_corners} cutoff{'s, increasing' * (n_corners - 1)}, in Hz, "
                f"got {self.corners_hz!r}."
            )
        whole = isinstance(self.order, int | np.integer) and not isinstance(self.order, bool)
        if not (whole and 1 <= self.order <= HIGHEST_ORDER):
            raise ParameterError(
                f"A {self.kind} filter expects a whole order from 1 to {HIGHEST_ORDER}, got {self.order!r}."
            )

    def sections(self, sample_rate: int) -> Sections:
        """Return the second-order sections, shape ``(n_sections, 6)``, at a rate in hertz."""
        from scipy.signal import butter

        for corner_hz in self.corners_hz:
            _check_frequency(self.kind, corner_hz, sample_rate)
        return np.asarray(
            butter(
                self.order,
                np.squeeze(self.corners_hz),  # SciPy expects a scalar for a single cutoff
                self.kind.replace("-", ""),
                fs=sample_rate,
                output="sos",
            )
        )


@dataclass(frozen=True)
class Equaliser:
    """Equaliser band: a peaking filter, low shelf or high shelf.

    After R. Bristow-Johnson, *Cookbook formulae for audio equalizer biquad filter coefficients* (1994, now a
    W3C note), in the form with Q. At the centre frequency, a peak has its full gain and a shelf half of it,
    in decibels. The bilinear transform compresses the axis near the Nyquist frequency: a high shelf reaches
    its full gain there whatever its centre, so its slope is steeper for a high centre.

    Parameters
    ----------
    kind
        ``peak``, ``low-shelf`` or ``high-shelf``.
    centre_hz
        Centre frequency of the peak, or of the slope of the shelf, in hertz.
    gain_db
        Gain in decibels, -120 to 120.
    q
        Quality factor, positive: higher makes a peak narrower and a shelf steeper. A shelf above 0.71
        overshoots.

    Raises
    ------
    ParameterError
        If a setting is out of its range, or the centre is not below the Nyquist frequency.

    Examples
    --------
    >>> Equaliser("peak", 1000.0, 6.0, 1.0).sections(8000).shape
    (1, 6)
    """

    kind: EqualiserKind
    centre_hz: float
    gain_db: float
    q: float

    def __post_init__(self) -> None:
        check_choice("filter kind", self.kind, get_args(EqualiserKind))
        if not abs(self.gain_db) <= HIGHEST_GAIN_DB:
            raise ParameterError(
                f"A {self.kind} filter expects a gain from -{HIGHEST_GAIN_DB:g} to {HIGHEST_GAIN_DB:g} dB, "
                f"got {self.gain_db!r}."
            )
        if not 0 < self.q < math.inf:
            raise ParameterError(f"A {self.kind} filter expects a positive q, got {self.q!r}.")

    def sections(self, sample_rate: int) -> Sections:
        """Return the section, shape ``(1, 6)``, at a rate in hertz."""
        _check_frequency(self.kind, self.centre_hz, sample_rate)
        angle = 2 * math.pi * self.centre_hz / sample_rate
        root = 10 ** (self.gain_db / 40)  # square root of the linear gain
        spread = math.sin(angle) / (2 * self.q)
        if self.kind == "peak":
            up = (1 + spread * root, -2 * math.cos(angle), 1 - spread * root)
            down = (1 + spread / root, -2 * math.cos(angle), 1 - spread / root)
        else:
            # One formula for both: a high shelf is a low shelf mirrored at half the Nyquist frequency.
            side = 1 if self.kind == "low-shelf" else -1
            cosine, slope = side * math.cos(angle), 2 * math.sqrt(root) * spread
            sum_, difference = root + 1, root - 1
            up = (
                root * (sum_ - difference * cosine + slope),
                root * side * 2 * (difference - sum_ * cosine),
                root * (sum_ - difference * cosine - slope),
            )
            down = (
                sum_ + difference * cosine + slope,
                side * -2 * (difference + sum_ * cosine),
                sum_ + difference * cosine - slope,
            )
        return np.array([[*up, *down]]) / down[0]


class RunningFilter:
    """Stateful filter for a stream of blocks.

    The initial state is silence. The concatenated output equals that of the concatenated input.

    Parameters
    ----------
    design
        Filter design.
    sample_rate, n_channels
        Format of all blocks.

    Examples
    --------
    >>> running = RunningFilter(Butterworth("low-pass", (1000.0,)), 8000, 1)
    >>> block = Clip(np.ones(100), 8000)
    >>> [round(float(running(block)[0, -1]), 3) for _ in range(2)]
    [1.0, 1.0]
    """

    def __init__(self, design: FilterDesign, sample_rate: int, n_channels: int) -> None:
        self._format = (sample_rate, n_channels)
        self._sections = design.sections(sample_rate)
        self._state = np.zeros((len(self._sections), n_channels, 2))

    def __call__(self, block: Clip) -> NDArray[np.float64]:
        """Filter the next block, shape ``(n_channels, n_samples)``, float64."""
        from scipy.signal import sosfilt

        check_format(block, *self._format)
        filtered, self._state = sosfilt(self._sections, block.samples.astype(np.float64), zi=self._state)
        return np.asarray(filtered)


def filter_clip(clip: Clip, design: FilterDesign, *, zero_phase: bool = False) -> Clip:
    """Apply a filter to a clip.

    Parameters
    ----------
    clip
        Sound with any number of channels; the initial state is silence.
    design
        `Butterworth`, `Equaliser`, or any other object with sections.
    zero_phase
        Whether to filter forwards and then backwards, without delay. This doubles the response in decibels: a
        Butterworth cutoff is at -6.02 dB, slopes and gains double. Onsets ring before they begin. The ends
        are extended by reflection to prevent clicks.

    Returns
    -------
    Clip
        Of the same length; ringing after the end is cut off.

    Raises
    ------
    ParameterError
        If the design does not fit the sample rate.

    Examples
    --------
    >>> boosted = filter_clip(Clip(np.ones(800), 8000), Equaliser("low-shelf", 500.0, 6.02, 0.7))
    >>> round(float(boosted.samples[0, -1]), 2)
    2.0
    """
    if not zero_phase:
        (filtered,) = filter_blocks([clip], design)
        return filtered
    from scipy.signal import sosfiltfilt

    sections = design.sections(clip.sample_rate)
    n_reflected = min(3 * (2 * len(sections) + 1), clip.n_samples - 1)  # SciPy's default, limited by the clip
    samples = sosfiltfilt(sections, clip.samples.astype(np.float64), padlen=n_reflected)
    return replace(clip, samples=samples.astype(np.float32))


def filter_blocks(blocks: Iterable[Clip], design: FilterDesign) -> Iterator[Clip]:
    """Apply a filter to a stream of blocks, such as that of `woodshed.audio.read_blocks`.

    Yields
    ------
    Clip
        Filtered blocks; concatenated they equal the result of `filter_clip` for the whole sound.

    Raises
    ------
    AudioError
        If a block differs from the first in rate or number of channels.

    Examples
    --------
    >>> halves = [Clip(np.ones(50), 8000), Clip(np.ones(50), 8000)]
    >>> [block.n_samples for block in filter_blocks(halves, Butterworth("low-pass", (1000.0,)))]
    [50, 50]
    """
    running = None
    for block in blocks:
        running = running or RunningFilter(design, block.sample_rate, block.n_channels)
        yield replace(block, samples=running(block).astype(np.float32))


def low_pass(clip: Clip, cutoff_hz: float, *, order: int = 4, zero_phase: bool = False) -> Clip:
    """Apply a low-pass filter: see `Butterworth`, and `filter_clip` for ``zero_phase``.

    Examples
    --------
    >>> filtered = low_pass(Clip(np.tile([0.5, -0.5], 400), 8000), 1000.0)  # a tone at 4000 Hz
    >>> bool(abs(filtered.samples[0, -1]) < 1e-6)
    True
    """
    return filter_clip(clip, Butterworth("low-pass", (cutoff_hz,), order), zero_phase=zero_phase)


def high_pass(clip: Clip, cutoff_hz: float, *, order: int = 4, zero_phase: bool = False) -> Clip:
    """Apply a high-pass filter: see `Butterworth`, and `filter_clip` for ``zero_phase``.

    Examples
    --------
    >>> filtered = high_pass(Clip(np.ones(8000), 8000), 80.0)
    >>> bool(abs(filtered.samples[0, -1]) < 1e-6)
    True
    """
    return filter_clip(clip, Butterworth("high-pass", (cutoff_hz,), order), zero_phase=zero_phase)


def band_pass(clip: Clip, low_hz: float, high_hz: float, *, order: int = 4, zero_phase: bool = False) -> Clip:
    """Apply a band-pass filter: see `Butterworth`, and `filter_clip` for ``zero_phase``.

    Examples
    --------
    >>> telephone = band_pass(Clip(np.ones(8000), 16000), 300.0, 3400.0)
    >>> bool(abs(telephone.samples[0, -1]) < 1e-6)
    True
    """
    return filter_clip(clip, Butterworth("band-pass", (low_hz, high_hz), order), zero_phase=zero_phase)


def band_stop(clip: Clip, low_hz: float, high_hz: float, *, order: int = 4, zero_phase: bool = False) -> Clip:
    """Apply a band-stop filter: see `Butterworth`, and `filter_clip` for ``zero_phase``.

    Examples
    --------
    >>> filtered = band_stop(Clip(np.ones(16000), 16000), 45.0, 55.0)
    >>> round(float(filtered.samples[0, -1]), 3)
    1.0
    """
    return filter_clip(clip, Butterworth("band-stop", (low_hz, high_hz), order), zero_phase=zero_phase)


def peak_filter(clip: Clip, *, centre_hz: float, gain_db: float, q: float = 1.0) -> Clip:
    """Apply a peaking equaliser: see `Equaliser`.

    Examples
    --------
    >>> peak_filter(Clip(np.ones(4), 8000), centre_hz=1000.0, gain_db=0.0).samples.tolist()
    [[1.0, 1.0, 1.0, 1.0]]
    """
    return filter_clip(clip, Equaliser("peak", centre_hz, gain_db, q))


def low_shelf(clip: Clip, *, centre_hz: float, gain_db: float, q: float = FLATTEST_Q) -> Clip:
    """Apply a low shelf: see `Equaliser`.

    Examples
    --------
    >>> filtered = low_shelf(Clip(np.ones(8000), 8000), centre_hz=200.0, gain_db=20.0)
    >>> round(float(filtered.samples[0, -1]), 3)
    10.0
    """
    return filter_clip(clip, Equaliser("low-shelf", centre_hz, gain_db, q))


def high_shelf(clip: Clip, *, centre_hz: float, gain_db: float, q: float = FLATTEST_Q) -> Clip:
    """Apply a high shelf: see `Equaliser`.

    Examples
    --------
    >>> filtered = high_shelf(Clip(np.ones(8000), 8000), centre_hz=2000.0, gain_db=20.0)
    >>> round(float(filtered.samples[0, -1]), 3)
    1.0
    """
    return filter_clip(clip, Equaliser("high-shelf", centre_hz, gain_db, q))


def check_format(block: Clip, sample_rate: int, n_channels: int) -> None:
    """Check that a block has the format of the stream.

    Raises
    ------
    AudioError
        If rate or number of channels differ.

    Examples
    --------
    >>> check_format(Clip(np.ones((2, 4)), 8000), 8000, 2)
    """
    if (block.sample_rate, block.n_channels) != (sample_rate, n_channels):
        raise AudioError(
            f"{printable(block.source)} has {block.n_channels} channels at {block.sample_rate} Hz, expected "
            f"{n_channels} at {sample_rate} Hz as in the previous blocks. Process each recording separately."
        )


def _check_frequency(kind: str, frequency_hz: float, sample_rate: int) -> None:
    if not 0 < frequency_hz < sample_rate / 2:
        remedy = "Choose a frequency above 0."
        if frequency_hz > 0:
            remedy = f"Lower it, or resample the sound to more than {2 * frequency_hz:g} Hz first."
        raise ParameterError(
            f"A {kind} filter expects frequencies above 0 and below {sample_rate / 2:g} Hz (half of the "
            f"sample rate), got {frequency_hz!r}. {remedy}"
        )
