"""Changes that come from where and how a sound was recorded: its room, its onset, its band, its company.

Frozen dataclasses in the manner of `woodshed.audio.augment`: called with a clip and a random generator, they
return a clip of the same rate and number of channels.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from woodshed.audio import edit
from woodshed.audio.augment import LOWEST_TONE_HZ
from woodshed.audio.filter import high_pass, low_pass
from woodshed.audio.level import fade
from woodshed.clip import Clip
from woodshed.errors import ParameterError
from woodshed.units import db_to_amplitude, s_to_samples


@dataclass(frozen=True)
class Room:
    """Play the sound in a made-up room: the direct sound, and noise that dies away after it.

    In the octave ``k`` above 62.5 Hz the response is noise with an amplitude of ``10 ** (-3 * t / t60_s)``,
    where ``t60_s = reverberation_s * high_share ** (k / n_octaves)``: high frequencies die away sooner, as
    walls and air swallow them. The statistical model of J.-D. Polack, *La transmission de l'énergie sonore
    dans les salles*, 1988; early echoes are left out. The direct sound keeps its level and place, each
    channel has a response of its own, and what rings on after the end of the clip is lost.

    Parameters
    ----------
    min_reverberation_s, max_reverberation_s
        Time in which the lowest frequencies fall by 60 dB, drawn evenly.
    min_direct_db, max_direct_db
        Power of the direct sound over that of the reverberation, drawn evenly; the smaller, the further away.
    high_share
        Reverberation time at half of the sample rate as a share of the one at 62.5 Hz, above 0, at most 1.

    Examples
    --------
    >>> knock = Clip(np.eye(1, 8000), 8000)
    >>> heard = Room(0.5, 0.5, 6.0, 6.0)(knock, np.random.default_rng(0)).samples[0]
    >>> round(float(heard[0]), 3), round(float(-10 * np.log10(np.sum(heard[1:] ** 2))), 2)
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
        _check_range(self, "min_direct_db", "max_direct_db", above=-np.inf)
        if not 0 < self.high_share <= 1:
            raise ParameterError(f"Room expects high_share above 0, at most 1, got {self.high_share!r}.")

    def __call__(self, clip: Clip, rng: np.random.Generator) -> Clip:
        """Return the clip as it sounds in the room; the length stays."""
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
    """Take away or soften the onset, so that what follows it must be listened to.

    A stretch is cut off the beginning, never more than half of the clip, and what is left comes up from
    silence in a straight line.

    Parameters
    ----------
    max_cut_s, max_fade_s
        The longest cut and the longest rise in seconds; both are drawn evenly from 0.

    Examples
    --------
    >>> Attack(0.5, 0.0)(Clip(np.zeros(8000), 8000), np.random.default_rng(0)).n_samples
    5452
    """

    key: ClassVar[str] = "attack/1"
    max_cut_s: float = 0.2
    max_fade_s: float = 0.1

    def __post_init__(self) -> None:
        for name in ("max_cut_s", "max_fade_s"):
            if not 0 <= getattr(self, name) < np.inf:
                raise ParameterError(f"Attack expects {name} of 0 or more, got {getattr(self, name)!r}.")

    def __call__(self, clip: Clip, rng: np.random.Generator) -> Clip:
        """Return the clip without its first moment."""
        n_cut = min(s_to_samples(rng.uniform(0, self.max_cut_s), clip.sample_rate), clip.n_samples // 2)
        rest = replace(clip, samples=clip.samples[:, n_cut:])
        return fade(rest, in_s=min(rng.uniform(0, self.max_fade_s), rest.duration_s))


@dataclass(frozen=True)
class Band:
    """Take away the lowest and the highest frequencies, as a small microphone or a narrow channel does.

    Both limits (where the filters of second order have -3 dB) are drawn evenly in octaves.

    Parameters
    ----------
    max_low_hz
        The highest lower limit; the lowest is 20 Hz.
    min_high_hz
        The lowest upper limit; the highest is just below half of the sample rate.

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
        if not _LOWEST_HZ < self.max_low_hz < self.min_high_hz:
            raise ParameterError(
                f"Band expects {_LOWEST_HZ:g} < max_low_hz < min_high_hz, "
                f"got {self.max_low_hz!r} and {self.min_high_hz!r}."
            )

    def __call__(self, clip: Clip, rng: np.random.Generator) -> Clip:
        """Return the clip with a narrower band; a limit that its rate does not reach is left alone."""
        highest_hz = 0.499 * clip.sample_rate
        low_hz, high_hz = np.exp(
            rng.uniform(
                np.log([_LOWEST_HZ, min(self.min_high_hz, highest_hz)]),
                np.log([min(self.max_low_hz, highest_hz), highest_hz]),
            )
        )
        return low_pass(high_pass(clip, float(low_hz), order=2), float(high_hz), order=2)


@dataclass(frozen=True)
class Phrase:
    """Make a short phrase out of one note: pieces from its beginning at several pitches, one after another.

    So a model that learns from single notes is ready for players, who play more than one. Pitch is moved as
    by `woodshed.audio.augment.Speed`; each note has a level of its own and dies away at its end, and in half
    of the phrases there are gaps between them. A single note, which is drawn as often as any other number,
    stays.

    Parameters
    ----------
    max_notes
        The most notes; from 1 up, all drawn alike.
    max_semitones
        The largest move of each note up or down, drawn evenly.
    min_note_s, max_note_s
        Length of a note in seconds, drawn evenly; at most what there is of it.
    max_gap_s
        The longest silence after a note in seconds, drawn evenly from 0.
    max_release_s
        The longest time in which a note dies away at its end, drawn evenly from 0, at most half of the note.
    spread_db
        The largest change of a note's level up or down, drawn evenly.

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
        if not 0 <= self.max_semitones < np.inf:
            raise ParameterError(f"Phrase expects max_semitones of 0 or more, got {self.max_semitones!r}.")
        for name in ("max_gap_s", "max_release_s", "spread_db"):
            if not 0 <= getattr(self, name) < np.inf:
                raise ParameterError(f"Phrase expects {name} of 0 or more, got {getattr(self, name)!r}.")
        _check_range(self, "min_note_s", "max_note_s", above=0.0)

    def __call__(self, clip: Clip, rng: np.random.Generator) -> Clip:
        """Return the notes as one clip."""
        n_notes = int(rng.integers(1, self.max_notes + 1))
        if n_notes == 1:
            return clip
        longest_gap_s = self.max_gap_s if rng.random() < 0.5 else 0.0
        notes = [self._note(clip, rng, longest_gap_s) for _ in range(n_notes)]
        return replace(clip, samples=np.concatenate(notes, axis=1))

    def _note(self, clip: Clip, rng: np.random.Generator, longest_gap_s: float) -> NDArray[np.float32]:
        factor = 2 ** (rng.uniform(-self.max_semitones, self.max_semitones) / 12)
        duration_s = rng.uniform(self.min_note_s, self.max_note_s)
        n_samples = max(1, s_to_samples(duration_s, clip.sample_rate))
        moved = edit.change_speed(clip, factor)
        note = replace(moved, samples=moved.samples[:, :n_samples])
        release_s = min(rng.uniform(0, self.max_release_s), note.duration_s / 2)
        note = fade(
            edit.gain(note, rng.uniform(-self.spread_db, self.spread_db)),
            out_s=release_s,
            shape="exponential",
        )
        n_silent = s_to_samples(rng.uniform(0, longest_gap_s), clip.sample_rate)
        return np.pad(note.samples, ((0, 0), (0, n_silent)))


_LOWEST_HZ = 20.0


def _tail(
    rng: np.random.Generator, n_channels: int, reverberation_s: float, high_share: float, sample_rate: int
) -> NDArray[np.float64]:
    """Make the noise that follows the direct sound, shape ``(n_channels, n_samples)``; the first is 0."""
    n_samples = max(2, s_to_samples(reverberation_s, sample_rate))
    spectrum = scipy.fft.rfft(rng.normal(size=(n_channels, n_samples)))
    frequency_hz = scipy.fft.rfftfreq(n_samples, 1 / sample_rate)
    octave = np.log2(np.maximum(frequency_hz, LOWEST_TONE_HZ) / LOWEST_TONE_HZ)
    n_octaves = max(1, int(np.ceil(np.log2(sample_rate / 2 / LOWEST_TONE_HZ))))
    time_s = np.arange(n_samples) / sample_rate
    tail = np.zeros((n_channels, n_samples))
    for k in range(n_octaves + 1):
        # Neighbouring octaves overlap, and their gains add up to 1.
        share = np.clip(1 - np.abs(octave - k), 0, 1)
        t60_s = reverberation_s * high_share ** (k / n_octaves)
        tail += scipy.fft.irfft(spectrum * share, n_samples) * 10 ** (-3 * time_s / t60_s)
    tail[:, 0] = 0
    return tail


def _check_range(change: object, low: str, high: str, *, above: float) -> None:
    if not above < getattr(change, low) <= getattr(change, high) < np.inf:
        raise ParameterError(
            f"{type(change).__name__} expects {low} not above {high}"
            f"{f', and both above {above:g}' if np.isfinite(above) else ''}, "
            f"got {getattr(change, low)!r} and {getattr(change, high)!r}."
        )
