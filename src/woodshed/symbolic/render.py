"""Scores as sound: with a synthesiser of our own, or with a SoundFont."""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from woodshed.clip import Clip
from woodshed.errors import MissingPackageError, ParameterError, printable
from woodshed.score import DRUM_CHANNEL, Program, Score
from woodshed.units import db_to_amplitude, s_to_samples

PEAK_DB = -1.0
"""No sample is louder than this; what would be is made softer as a whole."""

MAX_S = 3600.0
"""Longest piece that is rendered, in seconds."""

FOUND, BEST, TONES = "found", "best", "tones"
"""In place of a path: the SoundFont of `find_soundfont`; that one, if it can be played; our own tones."""

_WELL_KNOWN = ("default-GM", "FluidR3_GM", "MuseScore_General", "GeneralUser", "TimGM6mb")

_NOTE_GAIN = 0.5
_WIDTH = 0.5
_PLACES = ("/usr/share/sounds/sf2", "/usr/share/soundfonts", "/usr/local/share/soundfonts")
_TAIL_S = 1.0  # what sounds on after the last note
_FONT_GAIN_DB = 6.0
_INSTALL = (
    "pip install --no-deps tinysoundfont (without what it needs to play aloud, which asks for a compiler)"
)


def render(
    score: Score,
    sample_rate: int = 44100,
    soundfont: str | os.PathLike[str] = TONES,
    *,
    programs: Mapping[int, int] | None = None,
    seed: int = 0,
    mono: bool = False,
) -> Clip:
    """Play a score into a stereo clip.

    Without a SoundFont, a synthesiser of our own plays plain tones, which sound alike everywhere: each note
    starts at the sample nearest to its onset, and channels stand side by side from left to right.

    Parameters
    ----------
    score
        At most an hour.
    sample_rate
        In hertz; 8000 to 192000.
    soundfont
        ``"tones"``: our own. Else the path of an ``.sf2`` or ``.sf3`` file, played by the package
        tinysoundfont; ``"found"`` for the one of `find_soundfont`; ``"best"`` for that one if both are there,
        and for our own tones if not.
    programs
        Channel -> General MIDI program, 0 to 127, in place of the score's.
    seed
        Of the noise in our own drums.
    mono
        One channel, in which all notes stand in the middle, at half the memory.

    Returns
    -------
    Clip
        Stereo unless ``mono``, no louder than -1 dBFS; it lasts until the last note has died away.

    Raises
    ------
    ParameterError
        If the rate is out of range, the score lasts more than an hour, or the SoundFont is not there.
    MissingPackageError
        If there is a SoundFont to play and tinysoundfont is not installed.

    Examples
    --------
    >>> from woodshed.score import Note
    >>> clip = render(Score([Note(0, 1, 69)]), 8000)
    >>> clip.n_channels, clip.sample_rate, round(clip.duration_s, 2)
    (2, 8000, 0.58)
    """
    if not 8000 <= sample_rate <= 192_000:
        raise ParameterError(f"render expects a sample_rate from 8000 to 192000 Hz, got {sample_rate!r}.")
    if score.duration_s > MAX_S:
        raise ParameterError(
            f"{score.source} lasts {score.duration_s / 60:.0f} minutes; 60 at most are rendered. Cut it."
        )
    if programs is not None:
        kept = [program for program in score.programs if program.channel not in programs]
        score = replace(score, programs=[*kept, *(Program(0, *pair) for pair in programs.items())])
    if soundfont == BEST:
        soundfont = FOUND if find_soundfont() and find_spec("tinysoundfont") else TONES
    if soundfont == TONES:
        samples = _own_tones(score, sample_rate, seed, 1 if mono else 2)
    else:
        samples = _from_soundfont(score, sample_rate, _place_of(soundfont)).astype(np.float32)
        samples = samples.mean(axis=0, keepdims=True) if mono else samples
    peak = max(float(samples.max()), -float(samples.min()))
    limit = db_to_amplitude(PEAK_DB)
    if peak > limit:
        samples *= limit / peak * (1 - 1e-6)
    return Clip(samples.astype(np.float32, copy=False), sample_rate, score.title or score.source)


def check_soundfont(soundfont: str) -> None:
    """Refuse a word for what plays before anything is made to be played.

    Raises
    ------
    ParameterError
        If it names a SoundFont that is not there.
    """
    if soundfont not in (BEST, TONES):
        _place_of(soundfont)


def find_soundfont() -> Path | None:
    """Find a General MIDI SoundFont on this machine, without asking the network.

    Looked for in this order: the path in the variable ``WOODSHED_SOUNDFONT``, the folders where Linux keeps
    SoundFonts (well-known names first, as others may hold a few instruments only), and the one inside the
    package pretty_midi, if that is installed. Each has a licence of its own.

    Returns
    -------
    Path or None
        None if there is none.
    """
    if (asked := os.environ.get("WOODSHED_SOUNDFONT")) and Path(asked).is_file():
        return Path(asked)
    for folder in _PLACES:
        if found := sorted(Path(folder).glob("*.sf[23]"), key=_fame):
            return found[0]
    spec = find_spec("pretty_midi")
    for place in (spec.submodule_search_locations or ()) if spec else ():
        if found := sorted(Path(place).glob("*.sf2")):
            return found[0]
    return None


def _fame(place: Path) -> tuple[int, str]:
    """Sort well-known SoundFonts first."""
    known = [k for k, name in enumerate(_WELL_KNOWN) if place.name.startswith(name)]
    return (known or [len(_WELL_KNOWN)])[0], place.name


def _own_tones(score: Score, sample_rate: int, seed: int, n_channels: int) -> NDArray[np.float32]:
    """Add up all notes, in one channel or in two."""
    columns = score.table()
    gains = {channel: gain[:n_channels, np.newaxis] for channel, gain in _gains(score, n_channels).items()}
    starts = np.round(columns["onset_s"] * sample_rate).astype(int)
    n_samples = round(score.duration_s * sample_rate) + s_to_samples(LONGEST_TAIL_S, sample_rate)
    mix, end = np.zeros((n_channels, n_samples), np.float32), 0
    for note, start, duration_s in zip(score.notes, starts.tolist(), columns["duration_s"], strict=True):
        program = _program_at(score, note.channel, note.onset_beats)
        tone = sound_of(
            *(note.pitch_midi, float(duration_s)),
            channel=note.channel,
            program=program,
            sample_rate=sample_rate,
            seed=seed,
        )
        strength = _NOTE_GAIN * (note.velocity / 127) ** 2 * gains[note.channel]
        mix[:, start : start + len(tone)] += strength * tone
        end = max(end, start + len(tone))
    return mix[:, :end]


def _gains(score: Score, n_channels: int) -> dict[int, NDArray[np.float64]]:
    """Return how loud each channel of notes is in each channel of sound: they stand from left to right."""
    channels = sorted({note.channel for note in score.notes})
    if n_channels == 1 or len(channels) == 1:
        return dict.fromkeys(channels, np.ones(2))
    pans = _WIDTH * np.linspace(-1, 1, len(channels))
    angles = np.pi / 4 * (1 + pans)
    gains = np.sqrt(2) * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    return dict(zip(channels, gains, strict=True))


def _program_at(score: Score, channel: int, onset_beats: float) -> int:
    fitting = [p.program for p in score.programs if p.channel == channel and p.onset_beats <= onset_beats]
    return fitting[-1] if fitting else 0


def _place_of(soundfont: str | os.PathLike[str]) -> Path:
    if soundfont == FOUND:
        place = find_soundfont()
        if place is None:
            raise ParameterError(
                "No SoundFont was found on this machine. Give the path of one (.sf2, .sf3), or install one, "
                "such as with: pip install pretty_midi"
            )
        return place
    if not Path(soundfont).is_file():
        raise ParameterError(f"{printable(soundfont)}: there is no such SoundFont. Check the name.")
    return Path(soundfont)


def _from_soundfont(score: Score, sample_rate: int, place: Path) -> NDArray[np.float64]:
    """Play note by note: what happens at one sample happens together, ends of notes first."""
    try:
        import tinysoundfont
    except ImportError as error:
        raise MissingPackageError(f"Playing a SoundFont needs tinysoundfont: {_INSTALL}") from error
    player: Any = tinysoundfont.Synth(samplerate=sample_rate, gain=_FONT_GAIN_DB)
    try:
        font = player.sfload(str(place))
    except (tinysoundfont.SoundFontException, RuntimeError, ValueError) as error:
        raise ParameterError(f"{printable(place)} cannot be played ({error}). Give another file.") from error
    for channel in {note.channel for note in score.notes}:
        player.program_change(channel, _program_at(score, channel, 0.0), channel == DRUM_CHANNEL)
    events = _events(score, sample_rate)
    parts, now = [], 0
    for at, _, word, numbers in events:
        if at > now:
            parts.append(_heard(player, at - now))
            now = at
        getattr(player, word)(*numbers)
    parts.append(_heard(player, round(_TAIL_S * sample_rate)))
    player.sfunload(font)
    samples = np.ascontiguousarray(np.concatenate(parts).reshape(-1, 2).T)
    n_fade = round(_TAIL_S / 2 * sample_rate)
    samples[:, -n_fade:] *= np.linspace(1.0, 0.0, n_fade)
    return samples


def _heard(player: Any, n_samples: int) -> NDArray[np.float64]:
    """Let it play on; left and right by turns."""
    return np.frombuffer(player.generate(n_samples), dtype=np.float32).astype(np.float64)


def _events(score: Score, sample_rate: int) -> list[tuple[int, int, str, tuple[Any, ...]]]:
    """List what the player is told: at which sample, in which order there, its word, and the numbers."""

    def sample(beats: float) -> int:
        return round(float(score.seconds_at(beats)) * sample_rate)

    events: list[tuple[int, int, str, tuple[Any, ...]]] = []
    for program in score.programs:
        if program.onset_beats > 0:
            numbers = (program.channel, program.program, program.channel == DRUM_CHANNEL)
            events.append((sample(program.onset_beats), 1, "program_change", numbers))
    for note in score.notes:
        start = sample(note.onset_beats)
        end = max(start + 1, sample(note.end_beats))
        events.append((start, 2, "noteon", (note.channel, note.pitch_midi, note.velocity)))
        events.append((end, 0, "noteoff", (note.channel, note.pitch_midi)))
    return sorted(events, key=lambda event: event[:2])


Samples = NDArray[np.float64]


@dataclass(frozen=True)
class Timbre:
    """How a family of instruments sounds.

    Parameters
    ----------
    partials
        Amplitudes of the partials, from the fundamental on.
    attack_s, release_s
        How long a note takes to begin, and to end after its time.
    decay_s
        After this time its amplitude is 1 / e; infinite for a steady tone.
    """

    partials: tuple[float, ...]
    attack_s: float
    decay_s: float
    release_s: float


STEADY = float("inf")
FAMILIES = (
    Timbre((1, 0.5, 0.33, 0.2, 0.12, 0.08), 0.004, 0.9, 0.08),  # pianos
    Timbre((1, 0, 0.3, 0, 0.1), 0.003, 0.4, 0.1),  # chromatic percussion
    Timbre((1, 0.6, 0.4, 0.3, 0, 0.2, 0, 0.15), 0.012, STEADY, 0.04),  # organs
    Timbre((1, 0.6, 0.4, 0.25, 0.15, 0.1), 0.004, 0.6, 0.06),  # guitars
    Timbre((1, 0.5, 0.25, 0.1), 0.006, 0.8, 0.05),  # basses
    Timbre((1, 0.6, 0.45, 0.35, 0.25, 0.18, 0.12), 0.05, STEADY, 0.08),  # strings
    Timbre((1, 0.5, 0.35, 0.2, 0.12), 0.06, STEADY, 0.1),  # ensembles
    Timbre((1, 0.8, 0.6, 0.45, 0.3, 0.2), 0.03, STEADY, 0.05),  # brass
    Timbre((1, 0.1, 0.6, 0.1, 0.35, 0.05, 0.15), 0.03, STEADY, 0.05),  # reeds
    Timbre((1, 0.25, 0.08), 0.04, STEADY, 0.05),  # pipes
    Timbre((1, 0.5, 0.33, 0.25, 0.2, 0.17, 0.14), 0.01, STEADY, 0.05),  # leads
    Timbre((1, 0.4, 0.2, 0.1), 0.15, STEADY, 0.2),  # pads
    Timbre((1, 0.4, 0.3, 0.2), 0.05, 2.0, 0.1),  # effects
    Timbre((1, 0.6, 0.4, 0.3, 0.2), 0.004, 0.5, 0.06),  # plucked, of all the world
    Timbre((1, 0.2, 0.3), 0.003, 0.25, 0.05),  # percussion with a pitch
    Timbre((1, 0.3), 0.02, 1.0, 0.05),  # sound effects
)
"""The sixteen families of General MIDI, eight programs each."""

_DRUMS = {35: (55, 0.18, 0.05), 36: (60, 0.18, 0.05), 38: (190, 0.12, 0.7), 40: (200, 0.12, 0.7)}
_TOMS, _METAL = {41, 43, 45, 47, 48, 50}, {42: 0.04, 44: 0.04, 46: 0.3, 49: 0.8, 51: 0.5, 57: 0.8, 59: 0.5}
_DRUM_ATTACK_S, _DRUM_END = 0.002, 7.0  # ends after so many times its decay, 60 dB down

_LONGEST_KEPT = 1 << 16

LONGEST_TAIL_S = _DRUM_END * max(_METAL.values()) + 0.1
"""No sound lasts longer than this after its note, in seconds: a cymbal is the longest."""


def sound_of(
    pitch_midi: int, duration_s: float, *, channel: int, program: int, sample_rate: int, seed: int
) -> Samples:
    """Make one note at full strength; it begins and ends at zero.

    Parameters
    ----------
    pitch_midi, duration_s
        What is played, and for how long; the release comes after. Drums ignore the duration.
    channel, program
        Drums, or the instrument.
    sample_rate
        In hertz. Partials above its half are left out.
    seed
        Of the noise in drums.

    Returns
    -------
    numpy.ndarray
        Shape ``(n_samples,)``, within ±1; not to be written to.

    Examples
    --------
    >>> tone = sound_of(69, 0.5, channel=0, program=73, sample_rate=8000, seed=0)
    >>> len(tone), float(tone[0]), bool(abs(tone[-1]) < 1e-3)
    (4400, 0.0, True)
    """
    if channel == DRUM_CHANNEL:
        return _drum(pitch_midi, sample_rate, seed)
    timbre = FAMILIES[program // 8]
    n_samples = max(2, round((duration_s + timbre.release_s) * sample_rate))
    # Notes of one pitch differ in length alone: what they share is kept, unless it is long.
    n_kept = 1 << (n_samples - 1).bit_length()
    make = _undying if n_kept <= _LONGEST_KEPT else _undying.__wrapped__
    tone = make(pitch_midi, program // 8, sample_rate, n_kept)[:n_samples].copy()
    n_rise = min(n_samples, 1 + int(min(timbre.attack_s, max(duration_s, 1e-3)) * sample_rate))
    n_fall = min(n_samples, 1 + int(timbre.release_s * sample_rate))
    tone[:n_rise] *= _ramp(np.arange(n_rise) / sample_rate / min(timbre.attack_s, max(duration_s, 1e-3)))
    tone[n_samples - n_fall :] *= _ramp(np.arange(n_fall)[::-1] / sample_rate / timbre.release_s)
    return tone


@functools.lru_cache(128)
def _undying(pitch_midi: int, family: int, sample_rate: int, n_samples: int) -> Samples:
    """Make a note that has not been begun gently and does not end, but fades as its instrument does."""
    timbre = FAMILIES[family]
    time_s = np.arange(n_samples) / sample_rate
    f0_hz = 440.0 * 2.0 ** ((pitch_midi - 69) / 12)
    tone = np.zeros(n_samples)
    for k, amplitude in enumerate(timbre.partials, start=1):
        if amplitude and k * f0_hz < sample_rate / 2:
            tone += amplitude * np.sin(2 * np.pi * k * f0_hz * time_s)
    return np.asarray(tone / sum(timbre.partials) * np.exp(-time_s / timbre.decay_s))


@functools.lru_cache(64)
def _drum(pitch_midi: int, sample_rate: int, seed: int) -> Samples:
    """Make a drum: a sine that falls for skins, noise for wires, high noise for metal."""
    if pitch_midi in _METAL:
        f0_hz, decay_s, noisy = 0.0, _METAL[pitch_midi], 1.0
    elif pitch_midi in _TOMS:
        f0_hz, decay_s, noisy = 80.0 * 2 ** ((pitch_midi - 41) / 12), 0.15, 0.1
    else:
        f0_hz, decay_s, noisy = _DRUMS.get(pitch_midi, (440.0, 0.05, 0.5))
    n_samples = round(decay_s * _DRUM_END * sample_rate)
    time_s = np.arange(n_samples) / sample_rate
    noise = np.random.default_rng([seed, pitch_midi]).uniform(-1, 1, n_samples)
    if pitch_midi in _METAL:
        noise = np.diff(noise, prepend=0.0) / 2  # the difference to the sample before: high frequencies
    falling = f0_hz * (time_s + 0.02 * (1 - np.exp(-time_s / 0.02)))  # twice as high at the stroke
    stroke = (1 - noisy) * np.sin(2 * np.pi * falling) + noisy * noise
    rise = _ramp(time_s / _DRUM_ATTACK_S)
    fall = _ramp((time_s[-1] - time_s) / 0.01)
    drum = np.asarray(stroke * rise * fall * np.exp(-time_s / decay_s))
    drum.flags.writeable = False
    return drum


def _ramp(position: Samples) -> Samples:
    """Go from 0 to 1 without corners as a position does."""
    return np.asarray(0.5 - 0.5 * np.cos(np.pi * np.clip(position, 0.0, 1.0)))
