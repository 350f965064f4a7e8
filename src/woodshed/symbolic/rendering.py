"""Rendering of scores to audio, with a built-in synthesiser or a SoundFont."""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from woodshed.clip import Clip
from woodshed.errors import ParameterError, ScoreError, load_package, printable
from woodshed.score import DRUM_CHANNEL, Program, Score
from woodshed.units import db_to_amplitude, s_to_samples

PEAK_DB = -1.0
"""Maximum peak level in dBFS; louder renderings are attenuated."""

MAX_S = 3600.0
"""Maximum duration of a score, in seconds."""

FOUND, BEST, TONES = "found", "best", "tones"
"""Instead of a path: the SoundFont of `find_soundfont`; the same if usable, else tones; built-in tones."""

_WELL_KNOWN = ("default-GM", "FluidR3_GM", "MuseScore_General", "GeneralUser", "TimGM6mb")

_NOTE_GAIN = 0.5
_WIDTH = 0.5
_FOLDERS = ("/usr/share/sounds/sf2", "/usr/share/soundfonts", "/usr/local/share/soundfonts")
_TAIL_S = 1.0  # after the last note
_FONT_GAIN_DB = 6.0
_INSTALL = (
    "pip install --no-deps tinysoundfont (its dependency for playback needs a compiler and is not used)"
)

RENDER_RATE = 16000
"""Sample rate of the clips, in hertz."""

Samples = NDArray[np.float64]
"""Mono signal or times of its samples, shape ``(n_samples,)``."""

STEADY = float("inf")
"""Decay time of a sustained tone, in seconds."""

_DRUMS = {35: (55, 0.18, 0.05), 36: (60, 0.18, 0.05), 38: (190, 0.12, 0.7), 40: (200, 0.12, 0.7)}
"""Pitch of a bass drum or snare -> fundamental in hertz, decay time in seconds, share of noise."""

_TOMS, _METAL = {41, 43, 45, 47, 48, 50}, {42: 0.04, 44: 0.04, 46: 0.3, 49: 0.8, 51: 0.5, 57: 0.8, 59: 0.5}
"""Pitches of the toms; pitch of a hi-hat or cymbal -> decay time in seconds."""

_DRUM_ATTACK_S, _DRUM_END = 0.002, 7.0
"""Attack of a drum in seconds, and its end in decay times (-60 dB)."""

_MAX_CACHED = 1 << 16
"""Maximum length of a cached tone, in samples."""

LONGEST_TAIL_S = _DRUM_END * max(_METAL.values()) + 0.1
"""Maximum duration of a note beyond its end, in seconds, which is that of a cymbal."""


def render(
    score: Score,
    sample_rate: int = 44100,
    soundfont: str | os.PathLike[str] = TONES,
    *,
    programs: Mapping[int, int] | None = None,
    seed: int = 0,
    mono: bool = False,
) -> Clip:
    """Render a score to a stereo clip.

    Without a SoundFont, a built-in synthesiser is used, whose output is the same on every machine: each note
    starts at the sample nearest to its onset, and channels are panned from left to right.

    Parameters
    ----------
    score
        Score of at most an hour.
    sample_rate
        Sample rate in hertz, 8000 to 192000.
    soundfont
        ``"tones"`` for the built-in synthesiser, or the path of an ``.sf2`` or ``.sf3`` file, which needs the
        package tinysoundfont. ``"found"`` uses the SoundFont of `find_soundfont`; ``"best"`` does so if both
        are available, and falls back to the built-in synthesiser.
    programs
        Channel -> General MIDI program, 0 to 127, instead of those of the score.
    seed
        Seed of the noise in the built-in drums.
    mono
        Whether to render one channel, at half the memory.

    Returns
    -------
    Clip
        Stereo clip, or mono with ``mono``, with a peak of at most -1 dBFS; it ends when the last note has
        decayed.

    Raises
    ------
    ParameterError
        If the rate is out of range, the score lasts more than an hour, or the SoundFont does not exist.
    MissingPackageError
        If a SoundFont is to be used and tinysoundfont is not installed.

    Examples
    --------
    >>> from woodshed.score import Note
    >>> clip = render(Score([Note(0, 1, 69)]), 8000)
    >>> clip.n_channels, clip.sample_rate, round(clip.duration_s, 2)
    (2, 8000, 0.58)
    """
    if not 8000 <= sample_rate <= 192_000:
        raise ParameterError(f"sample_rate must be from 8000 to 192000 Hz, got {sample_rate!r}.")
    if score.duration_s > MAX_S:
        raise ParameterError(
            f"{score.source} lasts {score.duration_s / 60:.0f} minutes, expected at most 60. Cut it."
        )
    if programs is not None:
        others = [program for program in score.programs if program.channel not in programs]
        score = replace(score, programs=[*others, *(Program(0, *pair) for pair in programs.items())])
    if soundfont == BEST:
        soundfont = FOUND if find_soundfont() and find_spec("tinysoundfont") else TONES
    if soundfont == TONES:
        samples = _from_tones(score, sample_rate, seed, 1 if mono else 2)
    else:
        samples = _from_soundfont(score, sample_rate, _soundfont_path(soundfont)).astype(np.float32)
        samples = samples.mean(axis=0, keepdims=True) if mono else samples
    peak = max(float(samples.max()), -float(samples.min()))
    limit = db_to_amplitude(PEAK_DB)
    if peak > limit:
        samples *= limit / peak * (1 - 1e-6)
    return Clip(samples.astype(np.float32, copy=False), sample_rate, score.title or score.source)


def check_soundfont(soundfont: str) -> None:
    """Check in advance whether a SoundFont can be found.

    Raises
    ------
    ParameterError
        If the SoundFont does not exist.
    """
    if soundfont not in (BEST, TONES):
        _soundfont_path(soundfont)


def find_soundfont() -> Path | None:
    """Find a General MIDI SoundFont on this machine, without network access.

    Searched in this order are the path in the environment variable ``WOODSHED_SOUNDFONT``, the SoundFont
    folders of Linux (well-known names first, as others may have few instruments), and the package pretty_midi
    if it is installed. Each SoundFont has a licence of its own.

    Returns
    -------
    Path or None
        Path of the SoundFont; None if there is none.
    """
    if (variable := os.environ.get("WOODSHED_SOUNDFONT")) and Path(variable).is_file():
        return Path(variable)
    spec = find_spec("pretty_midi")
    folders = [*_FOLDERS, *((spec.submodule_search_locations or ()) if spec else ())]
    fonts = [font for folder in folders for font in sorted(Path(folder).glob("*.sf[23]"), key=_rank)]
    return fonts[0] if fonts else None


@dataclass(frozen=True, eq=False, repr=False)
class ScoreClip(Clip):
    """Audio rendered from a score, with the score.

    Parameters
    ----------
    samples, sample_rate, source
        As in `Clip`.
    score
        Rendered score.
    """

    score: Score = field(kw_only=True)

    def cut(self, start_s: float, end_s: float | None = None) -> Clip:
        """Return a part of the audio, without the score, which describes the whole."""
        return Clip(self.samples, self.sample_rate, self.source).cut(start_s, end_s)


def play(score: Score) -> ScoreClip:
    """Render a score with the built-in synthesiser of `woodshed.symbolic.render`, and keep the score.

    Parameters
    ----------
    score
        Score of at most an hour.

    Returns
    -------
    ScoreClip
        Mono audio at 16 kHz, with the score.

    Raises
    ------
    ScoreError
        If the score lasts more than an hour.

    Examples
    --------
    >>> from woodshed.score import Note
    >>> played = play(Score([Note(0, 1, 69), Note(1, 1, 57)]))
    >>> played.n_channels, played.sample_rate, round(played.duration_s, 2), len(played.score.notes)
    (1, 16000, 1.08, 2)
    """
    if score.duration_s > MAX_S:
        raise ScoreError(
            f"{score.source} lasts {score.duration_s / 60:.0f} minutes, expected at most {MAX_S / 60:.0f}. "
            "Cut it."
        )
    clip = render(score, RENDER_RATE, mono=True)
    return ScoreClip(clip.samples, RENDER_RATE, score.source, score=score)


def _rank(path: Path) -> tuple[int, str]:
    """Return a sort key that puts well-known SoundFonts first."""
    ranks = [k for k, name in enumerate(_WELL_KNOWN) if path.name.startswith(name)]
    return min(ranks, default=len(_WELL_KNOWN)), path.name


def _from_tones(score: Score, sample_rate: int, seed: int, n_channels: int) -> NDArray[np.float32]:
    """Sum all notes, in one or two channels."""
    columns = score.table()
    gains = {channel: gain[:n_channels, np.newaxis] for channel, gain in _gains(score, n_channels).items()}
    starts = np.round(columns["onset_s"] * sample_rate).astype(int)
    n_samples = round(score.duration_s * sample_rate) + s_to_samples(LONGEST_TAIL_S, sample_rate)
    mix, end = np.zeros((n_channels, n_samples), np.float32), 0
    for note, start, duration_s in zip(score.notes, starts.tolist(), columns["duration_s"], strict=True):
        program = _program_at(score, note.channel, note.onset_beats)
        if note.channel == DRUM_CHANNEL:
            tone = _drum(note.pitch_midi, sample_rate, seed)
        else:
            tone = _tone(note.pitch_midi, float(duration_s), program // 8, sample_rate)
        strength = _NOTE_GAIN * (note.velocity / 127) ** 2 * gains[note.channel]
        mix[:, start : start + len(tone)] += strength * tone
        end = max(end, start + len(tone))
    return mix[:, :end]


def _gains(score: Score, n_channels: int) -> dict[int, NDArray[np.float64]]:
    """Return the gains of each MIDI channel in the audio channels, panned from left to right."""
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


def _soundfont_path(soundfont: str | os.PathLike[str]) -> Path:
    if soundfont == FOUND:
        place = find_soundfont()
        if place is None:
            raise ParameterError(
                "No SoundFont found. Set the path of one (.sf2, .sf3), or install one, such as with: "
                "pip install pretty_midi"
            )
        return place
    if not Path(soundfont).is_file():
        raise ParameterError(f"{printable(soundfont)}: there is no such SoundFont. Check the name.")
    return Path(soundfont)


def _from_soundfont(score: Score, sample_rate: int, path: Path) -> NDArray[np.float64]:
    """Render with a SoundFont, event by event; at one sample, note ends come first."""
    tinysoundfont = load_package("tinysoundfont", "Playing a SoundFont", _INSTALL)
    player: Any = tinysoundfont.Synth(samplerate=sample_rate, gain=_FONT_GAIN_DB)
    try:
        font = player.sfload(str(path))
    except (tinysoundfont.SoundFontException, RuntimeError, ValueError) as error:
        raise ParameterError(
            f"{printable(path)} cannot be loaded ({error}). Use another SoundFont."
        ) from error
    for channel in {note.channel for note in score.notes}:
        player.program_change(channel, _program_at(score, channel, 0.0), channel == DRUM_CHANNEL)
    parts, now = [], 0
    for at, _, method, arguments in _events(score, sample_rate):
        if at > now:
            parts.append(_generate(player, at - now))
            now = at
        getattr(player, method)(*arguments)
    parts.append(_generate(player, round(_TAIL_S * sample_rate)))
    player.sfunload(font)
    samples = np.ascontiguousarray(np.concatenate(parts).reshape(-1, 2).T)
    n_fade = round(_TAIL_S / 2 * sample_rate)
    samples[:, -n_fade:] *= np.linspace(1.0, 0.0, n_fade)
    return samples


def _generate(player: Any, n_samples: int) -> NDArray[np.float64]:
    """Return the next samples, left and right interleaved."""
    return np.frombuffer(player.generate(n_samples), dtype=np.float32).astype(np.float64)


def _events(score: Score, sample_rate: int) -> list[tuple[int, int, str, tuple[Any, ...]]]:
    """Return the sample, rank, method and arguments of each call of the player."""

    def sample(beats: float) -> int:
        return round(float(score.seconds_at(beats)) * sample_rate)

    events: list[tuple[int, int, str, tuple[Any, ...]]] = [
        (sample(p.onset_beats), 1, "program_change", (p.channel, p.program, p.channel == DRUM_CHANNEL))
        for p in score.programs
        if p.onset_beats > 0
    ]
    for note in score.notes:
        start = sample(note.onset_beats)
        end = max(start + 1, sample(note.end_beats))
        events.append((start, 2, "noteon", (note.channel, note.pitch_midi, note.velocity)))
        events.append((end, 0, "noteoff", (note.channel, note.pitch_midi)))
    return sorted(events, key=lambda event: event[:2])


@dataclass(frozen=True)
class Timbre:
    """Timbre of a family of instruments.

    Parameters
    ----------
    partials
        Amplitudes of the partials, from the fundamental upwards.
    attack_s, release_s
        Attack, and release after the end of the note, in seconds.
    decay_s
        Time in seconds until the amplitude falls to 1 / e; infinite for a sustained tone.
    """

    partials: tuple[float, ...]
    attack_s: float
    decay_s: float
    release_s: float


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
    Timbre((1, 0.6, 0.4, 0.3, 0.2), 0.004, 0.5, 0.06),  # plucked, traditional
    Timbre((1, 0.2, 0.3), 0.003, 0.25, 0.05),  # percussion with a pitch
    Timbre((1, 0.3), 0.02, 1.0, 0.05),  # sound effects
)
"""The sixteen families of General MIDI, eight programs each."""


def _tone(pitch_midi: int, duration_s: float, family: int, sample_rate: int) -> Samples:
    """Return a note at full strength, without partials above the Nyquist frequency.

    Examples
    --------
    It starts and ends at zero:

    >>> tone = _tone(69, 0.5, 9, 8000)
    >>> len(tone), float(tone[0]), bool(abs(tone[-1]) < 1e-3)
    (4400, 0.0, True)
    """
    timbre = FAMILIES[family]
    n_samples = max(2, round((duration_s + timbre.release_s) * sample_rate))
    # Notes of one pitch differ in length only, so a longer tone is cached, unless it is very long.
    n_cached = 1 << (n_samples - 1).bit_length()
    make = _sustained if n_cached <= _MAX_CACHED else _sustained.__wrapped__
    tone = make(pitch_midi, family, sample_rate, n_cached)[:n_samples].copy()
    n_rise = min(n_samples, 1 + int(min(timbre.attack_s, max(duration_s, 1e-3)) * sample_rate))
    n_fall = min(n_samples, 1 + int(timbre.release_s * sample_rate))
    tone[:n_rise] *= _ramp(np.arange(n_rise) / sample_rate / min(timbre.attack_s, max(duration_s, 1e-3)))
    tone[n_samples - n_fall :] *= _ramp(np.arange(n_fall)[::-1] / sample_rate / timbre.release_s)
    return tone


@functools.lru_cache(128)
def _sustained(pitch_midi: int, family: int, sample_rate: int, n_samples: int) -> Samples:
    """Return a tone with the decay of its instrument, but without attack and release."""
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
    """Return a drum sound: a falling sine for skins, noise for snares, high-pass noise for metal."""
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
        noise = np.diff(noise, prepend=0.0) / 2  # first difference, a high-pass filter
    falling = f0_hz * (time_s + 0.02 * (1 - np.exp(-time_s / 0.02)))  # starts an octave higher
    stroke = (1 - noisy) * np.sin(2 * np.pi * falling) + noisy * noise
    rise = _ramp(time_s / _DRUM_ATTACK_S)
    fall = _ramp((time_s[-1] - time_s) / 0.01)
    drum = np.asarray(stroke * rise * fall * np.exp(-time_s / decay_s))
    drum.flags.writeable = False
    return drum


def _ramp(position: Samples) -> Samples:
    """Return a raised-cosine ramp from 0 to 1."""
    return np.asarray(0.5 - 0.5 * np.cos(np.pi * np.clip(position, 0.0, 1.0)))
