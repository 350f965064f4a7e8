"""Random waveform augmentations for training: gain, shift, speed, noise, equalisation, reverberation, ...

Each augmentation is a frozen dataclass that is called with a clip and a random generator and returns a clip
of the same rate and number of channels. Augmentations are applied to training clips only and are drawn anew
in each epoch. `Room`, `Attack`, `Band` and `Phrase` simulate other recording conditions.

Examples
--------
>>> random_gain = Gain(-6.0, 6.0)
>>> clip = random_gain(Clip(np.ones(4), 8000), np.random.default_rng(0))
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import scipy  # its submodules are loaded at their first use
from numpy.typing import NDArray

from woodshed.audio import edit
from woodshed.audio.edit import fade
from woodshed.audio.filter import high_pass, low_pass
from woodshed.audio.signals import COLOURS, coloured
from woodshed.clip import Clip
from woodshed.errors import ParameterError, check_choice
from woodshed.units import db_to_amplitude, s_to_samples

WaveformAugmentation = Callable[[Clip, np.random.Generator], Clip]
"""Any callable ``(clip, rng) -> clip`` that keeps the rate and the number of channels."""

LOWEST_OCTAVE_HZ = 62.5
"""Frequency of the lowest octave band of `Tone` and `Room`."""

LOWEST_BAND_HZ = 20.0
"""Lowest lower limit of `Band`."""


@dataclass(frozen=True)
class Gain:
    """Change the level by a gain drawn uniformly in decibels.

    Parameters
    ----------
    min_db, max_db
        Limits of the gain in decibels.

    Raises
    ------
    ParameterError
        If ``min_db`` is greater than ``max_db``.

    Examples
    --------
    >>> Gain(20.0, 20.0)(Clip(np.full(2, 0.05), 8000), np.random.default_rng(0)).samples.tolist()
    [[0.5, 0.5]]
    """

    key: ClassVar[str] = "gain/1"

    min_db: float = -6.0
    max_db: float = 6.0

    def __post_init__(self) -> None:
        _check_range(self, "min_db", "max_db")

    def __call__(self, clip: Clip, rng: np.random.Generator) -> Clip:
        """Return the clip at another level."""
        return edit.gain(clip, rng.uniform(self.min_db, self.max_db))


@dataclass(frozen=True)
class Shift:
    """Shift the sound in time, without wrapping; the gap is filled with silence.

    Parameters
    ----------
    max_s
        Maximum shift in seconds, 0 or more; the shift is drawn uniformly from ``-max_s`` to ``max_s``.

    Raises
    ------
    ParameterError
        If ``max_s`` is negative or not finite.

    Examples
    --------
    >>> clip = Clip(np.arange(1, 9), 8)
    >>> Shift(0.25)(clip, np.random.default_rng(0)).samples.tolist()
    [[0.0, 0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0]]
    """

    key: ClassVar[str] = "shift/1"

    max_s: float = 0.1

    def __post_init__(self) -> None:
        _check_not_negative(self, "max_s")

    def __call__(self, clip: Clip, rng: np.random.Generator) -> Clip:
        """Return the shifted clip, of the same length."""
        max_shift = min(s_to_samples(self.max_s, clip.sample_rate), clip.n_samples - 1)
        start = max_shift - int(rng.integers(-max_shift, max_shift + 1))
        padded = np.pad(clip.samples, ((0, 0), (max_shift, max_shift)))
        return replace(clip, samples=padded[:, start : start + clip.n_samples])


@dataclass(frozen=True)
class Speed:
    """Change the playback speed: tempo, pitch and formants change together, and so does the length.

    After T. Ko, V. Peddinti, D. Povey, S. Khudanpur, *Audio augmentation for speech recognition*, Interspeech
    2015, who use the factors 0.9, 1.0 and 1.1; here the factor is drawn uniformly.

    Parameters
    ----------
    min_factor, max_factor
        Limits of the factor, positive; 1.1 is 10 % faster.

    Raises
    ------
    ParameterError
        If a factor is not positive, or ``min_factor`` is greater than ``max_factor``.

    Examples
    --------
    >>> Speed(1.1, 1.1)(Clip(np.zeros(8800), 8000), np.random.default_rng(0)).n_samples
    8000
    """

    key: ClassVar[str] = "speed/1"

    min_factor: float = 0.9
    max_factor: float = 1.1

    def __post_init__(self) -> None:
        _check_range(self, "min_factor", "max_factor", above=0.0)

    def __call__(self, clip: Clip, rng: np.random.Generator) -> Clip:
        """Return the clip at another speed."""
        return edit.change_speed(clip, rng.uniform(self.min_factor, self.max_factor))


@dataclass(frozen=True)
class Noise:
    """Add noise at a signal-to-noise ratio drawn uniformly in decibels.

    The ratio is that of the mean powers over the whole clip and all channels. Digital silence stays silent.

    Parameters
    ----------
    min_snr_db, max_snr_db
        Limits of the signal-to-noise ratio in decibels.
    colour
        ``white``, ``pink`` or ``brown``.

    Raises
    ------
    ParameterError
        If ``min_snr_db`` is greater than ``max_snr_db``, or the colour is unknown.

    Examples
    --------
    >>> clip = Clip(np.ones(8000), 8000)
    >>> noisy = Noise(20.0, 20.0)(clip, np.random.default_rng(0))
    >>> round(float(10 * np.log10(1 / np.mean((noisy.samples - clip.samples) ** 2))), 2)
    20.0
    """

    key: ClassVar[str] = "noise/1"

    min_snr_db: float = 10.0
    max_snr_db: float = 30.0
    colour: str = "pink"

    def __post_init__(self) -> None:
        _check_range(self, "min_snr_db", "max_snr_db")
        check_choice("noise colour", self.colour, COLOURS)

    def __call__(self, clip: Clip, rng: np.random.Generator) -> Clip:
        """Return the clip with independent noise in each channel."""
        snr_db = rng.uniform(self.min_snr_db, self.max_snr_db)
        rms = float(np.sqrt(np.mean(np.square(clip.samples, dtype=np.float64))))
        noise = coloured(rng, clip.n_channels, clip.n_samples, self.colour)
        noisy = clip.samples + rms * db_to_amplitude(-snr_db) * noise
        return replace(clip, samples=noisy.astype(np.float32))


@dataclass(frozen=True)
class Tone:
    """Apply a random equaliser, which simulates another microphone or room.

    A gain is drawn uniformly from ``-max_db`` to ``max_db`` at 62.5 Hz and at each octave above; between
    these frequencies it is interpolated linearly in decibels over octaves. The filter has zero phase and does
    not wrap around the ends.

    Parameters
    ----------
    max_db
        Maximum gain in decibels, up or down, 0 or more.

    Raises
    ------
    ParameterError
        If ``max_db`` is negative or not finite.

    Examples
    --------
    >>> toned = Tone(6.0)(Clip(np.ones(8000), 8000), np.random.default_rng(1))
    >>> round(float(20 * np.log10(toned.samples[0, 4000])), 1)
    0.1
    """

    key: ClassVar[str] = "tone/1"

    max_db: float = 6.0

    def __post_init__(self) -> None:
        _check_not_negative(self, "max_db")

    def __call__(self, clip: Clip, rng: np.random.Generator) -> Clip:
        """Return the equalised clip, of the same length."""
        n_octaves = _n_octaves(clip.sample_rate)
        gains_db = rng.uniform(-self.max_db, self.max_db, n_octaves + 1)
        # The filter rings symmetrically for a few milliseconds; half a clip of zeros takes in both ends.
        n_fft = scipy.fft.next_fast_len(clip.n_samples + max(clip.n_samples // 2, clip.sample_rate // 10))
        bin_gains_db = np.interp(_octaves(n_fft, clip.sample_rate), np.arange(n_octaves + 1), gains_db)
        samples = scipy.fft.irfft(scipy.fft.rfft(clip.samples, n_fft) * 10 ** (bin_gains_db / 20), n_fft)
        return replace(clip, samples=samples[:, : clip.n_samples].astype(np.float32))


@dataclass(frozen=True)
class Room:
    """Add artificial reverberation: the direct sound followed by exponentially decaying noise.

    In octave ``k`` above 62.5 Hz the impulse response is noise with an amplitude of ``10 ** (-3 * t /
    t60_s)``, where ``t60_s = reverberation_s * high_share ** (k / n_octaves)``: high frequencies decay
    faster, since walls and air absorb them. This is the statistical model of J.-D. Polack, *La transmission
    de l'énergie sonore dans les salles*, 1988, without early reflections. The direct sound keeps its level
    and position, each channel has an independent response, and the reverberation is cut at the end of the
    clip.

    Parameters
    ----------
    min_reverberation_s, max_reverberation_s
        Limits of the reverberation time (RT60) of the lowest frequencies, positive; drawn uniformly.
    min_direct_db, max_direct_db
        Limits of the direct-to-reverberant ratio in decibels, drawn uniformly; lower is more distant.
    high_share
        Reverberation time at the Nyquist frequency as a share of the one at 62.5 Hz, above 0, at most 1.

    Raises
    ------
    ParameterError
        If a setting is out of its range, or a minimum is greater than its maximum.

    Examples
    --------
    >>> impulse = Clip(np.eye(1, 8000), 8000)
    >>> response = Room(0.5, 0.5, 6.0, 6.0)(impulse, np.random.default_rng(0)).samples[0]
    >>> round(float(response[0]), 3), round(float(-10 * np.log10(np.sum(response[1:] ** 2))), 2)
    (1.0, 6.0)
    """

    key: ClassVar[str] = "room/1"

    min_reverberation_s: float = 0.2
    max_reverberation_s: float = 1.0
    min_direct_db: float = 0.0
    max_direct_db: float = 15.0
    high_share: float = 0.5

    def __post_init__(self) -> None:
        _check_range(self, "min_reverberation_s", "max_reverberation_s", above=0.0)
        _check_range(self, "min_direct_db", "max_direct_db")
        if not 0 < self.high_share <= 1:
            raise ParameterError(f"Room expects high_share above 0, at most 1, got {self.high_share!r}.")

    def __call__(self, clip: Clip, rng: np.random.Generator) -> Clip:
        """Return the reverberant clip, of the same length."""
        reverberation_s = rng.uniform(self.min_reverberation_s, self.max_reverberation_s)
        direct_db = rng.uniform(self.min_direct_db, self.max_direct_db)
        tail = _tail(rng, clip.n_channels, reverberation_s, self.high_share, clip.sample_rate)
        tail *= db_to_amplitude(-direct_db) / np.sqrt(np.sum(tail**2, axis=1, keepdims=True))
        n_fft = scipy.fft.next_fast_len(clip.n_samples + tail.shape[1], real=True)
        spectrum = scipy.fft.rfft(clip.samples.astype(np.float64), n_fft) * scipy.fft.rfft(tail, n_fft)
        reverberation = scipy.fft.irfft(spectrum, n_fft)[:, : clip.n_samples]
        return replace(clip, samples=(clip.samples + reverberation).astype(np.float32))


@dataclass(frozen=True)
class Attack:
    """Remove or soften the onset, so that a model cannot rely on the attack alone.

    The start of the clip is cut off, at most half of it, and the rest is faded in linearly.

    Parameters
    ----------
    max_cut_s, max_fade_s
        Maximum length of the cut and of the fade in seconds, 0 or more; both are drawn uniformly from 0.

    Raises
    ------
    ParameterError
        If a length is negative or not finite.

    Examples
    --------
    >>> Attack(0.5, 0.0)(Clip(np.zeros(8000), 8000), np.random.default_rng(0)).n_samples
    5452
    """

    key: ClassVar[str] = "attack/1"

    max_cut_s: float = 0.2
    max_fade_s: float = 0.1

    def __post_init__(self) -> None:
        _check_not_negative(self, "max_cut_s", "max_fade_s")

    def __call__(self, clip: Clip, rng: np.random.Generator) -> Clip:
        """Return the clip without its onset; it is shorter by the cut."""
        n_cut = min(s_to_samples(rng.uniform(0, self.max_cut_s), clip.sample_rate), clip.n_samples // 2)
        rest = replace(clip, samples=clip.samples[:, n_cut:])
        return fade(rest, in_s=min(rng.uniform(0, self.max_fade_s), rest.duration_s))


@dataclass(frozen=True)
class Band:
    """Limit the bandwidth, which simulates a small microphone or a narrow channel.

    Both cutoffs (-3 dB points of second-order Butterworth filters) are drawn uniformly on a logarithmic
    scale.

    Parameters
    ----------
    max_low_hz
        Maximum of the lower cutoff in hertz; its minimum is 20 Hz.
    min_high_hz
        Minimum of the upper cutoff in hertz; its maximum is just below the Nyquist frequency.

    Raises
    ------
    ParameterError
        Unless 20 Hz < ``max_low_hz`` < ``min_high_hz``.

    Examples
    --------
    >>> band = Band(max_low_hz=200.0, min_high_hz=3000.0)
    >>> thin = band(Clip(np.ones(8000), 8000), np.random.default_rng(0))
    >>> bool(abs(thin.samples[0, -1]) < 1e-6)
    True
    """

    key: ClassVar[str] = "band/1"

    max_low_hz: float = 150.0
    min_high_hz: float = 4000.0

    def __post_init__(self) -> None:
        if not LOWEST_BAND_HZ < self.max_low_hz < self.min_high_hz:
            raise ParameterError(
                f"Band expects {LOWEST_BAND_HZ:g} < max_low_hz < min_high_hz, "
                f"got {self.max_low_hz!r} and {self.min_high_hz!r}."
            )

    def __call__(self, clip: Clip, rng: np.random.Generator) -> Clip:
        """Return the band-limited clip; a cutoff above the Nyquist frequency has no effect."""
        highest_hz = 0.499 * clip.sample_rate
        low_hz, high_hz = np.exp(
            rng.uniform(
                np.log([LOWEST_BAND_HZ, min(self.min_high_hz, highest_hz)]),
                np.log([min(self.max_low_hz, highest_hz), highest_hz]),
            )
        )
        return low_pass(high_pass(clip, float(low_hz), order=2), float(high_hz), order=2)


@dataclass(frozen=True)
class Phrase:
    """Turn one note into a short phrase: excerpts of its beginning, transposed and played in sequence.

    A model trained on single notes thereby also sees phrases. Notes are transposed by changing their speed,
    as by `Speed`; each has a random level and a release, and half of the phrases have gaps between notes.
    With one note, which is as likely as any other number, the clip is unchanged.

    Parameters
    ----------
    max_notes
        Maximum number of notes, 1 or more; the number is drawn uniformly from 1.
    max_semitones
        Maximum transposition in semitones, up or down, drawn uniformly.
    min_note_s, max_note_s
        Limits of the length of a note in seconds, drawn uniformly; at most the length of the clip.
    max_gap_s
        Maximum silence after a note in seconds, drawn uniformly from 0.
    max_release_s
        Maximum release in seconds, drawn uniformly from 0; at most half of the note.
    spread_db
        Maximum change of the level of a note in decibels, up or down, drawn uniformly.

    Raises
    ------
    ParameterError
        If a setting is out of its range, or ``min_note_s`` is greater than ``max_note_s``.

    Examples
    --------
    >>> note = Clip(np.ones(8000), 8000)
    >>> Phrase(max_notes=5, max_semitones=0.0)(note, np.random.default_rng(0)).n_samples
    19589
    """

    key: ClassVar[str] = "phrase/1"

    max_notes: int = 5
    max_semitones: float = 3.0
    min_note_s: float = 0.15
    max_note_s: float = 1.0
    max_gap_s: float = 0.15
    max_release_s: float = 0.15
    spread_db: float = 6.0

    def __post_init__(self) -> None:
        if self.max_notes < 1:
            raise ParameterError(f"Phrase expects max_notes of 1 or more, got {self.max_notes!r}.")
        _check_not_negative(self, "max_semitones", "max_gap_s", "max_release_s", "spread_db")
        _check_range(self, "min_note_s", "max_note_s", above=0.0)

    def __call__(self, clip: Clip, rng: np.random.Generator) -> Clip:
        """Return the phrase as one clip."""
        n_notes = int(rng.integers(1, self.max_notes + 1))
        if n_notes == 1:
            return clip
        max_gap_s = self.max_gap_s if rng.random() < 0.5 else 0.0
        notes = [self._note(clip, rng, max_gap_s) for _ in range(n_notes)]
        return replace(clip, samples=np.concatenate(notes, axis=1))

    def _note(self, clip: Clip, rng: np.random.Generator, max_gap_s: float) -> NDArray[np.float32]:
        factor = 2 ** (rng.uniform(-self.max_semitones, self.max_semitones) / 12)
        n_samples = max(1, s_to_samples(rng.uniform(self.min_note_s, self.max_note_s), clip.sample_rate))
        transposed = edit.change_speed(clip, factor)
        note = replace(transposed, samples=transposed.samples[:, :n_samples])
        release_s = min(rng.uniform(0, self.max_release_s), note.duration_s / 2)
        note = edit.gain(note, rng.uniform(-self.spread_db, self.spread_db))
        note = fade(note, out_s=release_s, shape="exponential")
        n_silent = s_to_samples(rng.uniform(0, max_gap_s), clip.sample_rate)
        return np.pad(note.samples, ((0, 0), (0, n_silent)))


@dataclass(frozen=True)
class Chain:
    """Apply several augmentations in order, each with the same probability.

    Parameters
    ----------
    augmentations
        Any callables ``(clip, rng) -> clip``.
    probability
        Probability with which each is applied, 0 to 1.

    Raises
    ------
    ParameterError
        If the probability is out of range.

    Examples
    --------
    >>> chain = Chain((Gain(20.0, 20.0), Gain(-20.0, -20.0)))
    >>> chain(Clip(np.ones(2), 8000), np.random.default_rng(0)).samples.tolist()
    [[1.0, 1.0]]
    """

    key: ClassVar[str] = "chain/1"

    augmentations: tuple[WaveformAugmentation, ...]
    probability: float = 1.0

    def __post_init__(self) -> None:
        if not 0 <= self.probability <= 1:
            raise ParameterError(f"Chain expects a probability from 0 to 1, got {self.probability!r}.")

    def __call__(self, clip: Clip, rng: np.random.Generator) -> Clip:
        """Return the clip after each augmentation that was drawn."""
        for augmentation in self.augmentations:
            if rng.random() < self.probability:
                clip = augmentation(clip, rng)
        return clip


def _tail(
    rng: np.random.Generator, n_channels: int, reverberation_s: float, high_share: float, sample_rate: int
) -> NDArray[np.float64]:
    """Return the decaying noise after the direct sound, shape ``(n_channels, n_samples)``."""
    n_samples = max(2, s_to_samples(reverberation_s, sample_rate))
    spectrum = scipy.fft.rfft(rng.normal(size=(n_channels, n_samples)))
    octave, n_octaves = _octaves(n_samples, sample_rate), _n_octaves(sample_rate)
    time_s = np.arange(n_samples) / sample_rate
    tail = np.zeros((n_channels, n_samples))
    for k in range(n_octaves + 1):
        # Neighbouring octave bands overlap, and their gains sum to 1.
        share = np.clip(1 - np.abs(octave - k), 0, 1)
        t60_s = reverberation_s * high_share ** (k / n_octaves)
        tail += scipy.fft.irfft(spectrum * share, n_samples) * 10 ** (-3 * time_s / t60_s)
    tail[:, 0] = 0
    return tail


def _n_octaves(sample_rate: int) -> int:
    return max(1, int(np.ceil(np.log2(sample_rate / 2 / LOWEST_OCTAVE_HZ))))


def _octaves(n_fft: int, sample_rate: int) -> NDArray[np.float64]:
    """Return the frequency of each bin in octaves above 62.5 Hz, at least 0, shape ``(1 + n_fft // 2,)``."""
    frequency_hz = np.fft.rfftfreq(n_fft, 1 / sample_rate)
    return np.asarray(np.log2(np.maximum(frequency_hz, LOWEST_OCTAVE_HZ) / LOWEST_OCTAVE_HZ))


def _check_range(augmentation: object, low: str, high: str, *, above: float = -np.inf) -> None:
    minimum, maximum = getattr(augmentation, low), getattr(augmentation, high)
    if not above < minimum <= maximum < np.inf:
        limit = f"{above:g} < " if np.isfinite(above) else ""
        raise ParameterError(
            f"{type(augmentation).__name__} expects {limit}{low} <= {high}, got {minimum!r} and {maximum!r}."
        )


def _check_not_negative(augmentation: object, *names: str) -> None:
    for name in names:
        value = getattr(augmentation, name)
        if not 0 <= value < np.inf:
            raise ParameterError(f"{type(augmentation).__name__} expects {name} of 0 or more, got {value!r}.")
