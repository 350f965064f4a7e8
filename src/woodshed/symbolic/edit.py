"""Editing of scores; every function returns a new score."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from woodshed.errors import ParameterError, ScoreError, is_integer
from woodshed.score import DRUM_CHANNEL, ChordSymbol, Metre, Note, Score, Tempo
from woodshed.symbolic.notation import as_fraction, bars_of, transposed_sharps

_CHANGES = ("tempos", "metres", "keys", "programs", "chords")


def transpose(score: Score, semitones: int) -> Score:
    """Transpose all notes except drums, and the keys; chord symbols are dropped.

    Parameters
    ----------
    score
        Score to transpose.
    semitones
        Interval upwards; negative for downwards.

    Raises
    ------
    ScoreError
        If a pitch would be outside 0 to 127.

    Examples
    --------
    >>> from woodshed.score import Key
    >>> up = transpose(Score([Note(0, 1, 60), Note(0, 1, 36, channel=9)], keys=[Key(0, 0)]), 2)
    >>> [note.pitch_midi for note in up.notes], up.keys[0].n_sharps
    ([62, 36], 2)
    """
    if semitones == 0:
        return score
    pitches = [note.pitch_midi + semitones for note in score.notes if note.channel != DRUM_CHANNEL]
    if pitches and not (min(pitches) >= 0 and max(pitches) <= 127):
        raise ScoreError(
            f"{score.source}: transposed by {semitones} semitones, its pitches would range from "
            f"{min(pitches)} to {max(pitches)}, expected 0 to 127. Use a smaller interval."
        )
    notes = [
        note if note.channel == DRUM_CHANNEL else replace(note, pitch_midi=note.pitch_midi + semitones)
        for note in score.notes
    ]
    keys = [replace(key, n_sharps=transposed_sharps(key.n_sharps, semitones)) for key in score.keys]
    return replace(score, notes=notes, keys=keys, chords=())


def transpose_to(score: Score, tonic: int = 0) -> Score:
    """Transpose a score by at most half an octave, so that its first key has the keynote ``tonic``.

    Parameters
    ----------
    score
        Score with a key.
    tonic
        Pitch class, 0 (C) to 11 (B).

    Raises
    ------
    ScoreError
        If the score has no key.

    Examples
    --------
    D dorian has the signature of C, and its keynote is D:

    >>> from woodshed.score import Key
    >>> moved = transpose_to(Score([Note(0, 1, 62)], keys=[Key(0, 0, "dorian")]))
    >>> moved.notes[0].pitch_midi, moved.keys[0]
    (60, Key(onset_beats=0, n_sharps=-2, mode='dorian'))
    """
    if not score.keys:
        raise ScoreError(f"{score.source} has no key. Add one: replace(score, keys=[Key(0, n_sharps)]).")
    check_integer("tonic", tonic, 0, 11)
    return transpose(score, (tonic - score.keys[0].tonic + 5) % 12 - 5)


def quantise(score: Score, grid_beats: float, *, strength: float = 1.0, ends: bool = True) -> Score:
    """Move the onsets of notes, and their ends, to the nearest points of a grid.

    Parameters
    ----------
    score
        Score to quantise.
    grid_beats
        Grid spacing in quarter notes; 0.25 is a sixteenth, ``1 / 3`` a triplet of eighths.
    strength
        Share of the distance to the grid, 0 to 1; default 1.
    ends
        Whether to move note ends too. If False, notes keep their duration. With a strength of 1, a note lasts
        at least one grid step.

    Examples
    --------
    >>> played = Score([Note(0.1, 0.8, 60), Note(0.95, 1.1, 62)])
    >>> [(note.onset_beats, note.duration_beats) for note in quantise(played, 0.5).notes]
    [(0.0, 1.0), (1.0, 1.0)]
    >>> [round(note.onset_beats, 3) for note in quantise(played, 0.5, strength=0.5).notes]
    [0.05, 0.975]
    """
    if not (math.isfinite(grid_beats) and grid_beats > 0):
        raise ParameterError(f"grid_beats must be positive, got {grid_beats!r}.")
    if not 0 <= strength <= 1:
        raise ParameterError(f"strength must be between 0 and 1, got {strength!r}.")

    def pull(note: Note) -> Note:
        step = round(note.onset_beats / grid_beats)
        onset = note.onset_beats + strength * (step * grid_beats - note.onset_beats)
        if not ends:
            return replace(note, onset_beats=onset)
        target = max(round(note.end_beats / grid_beats), step + 1) * grid_beats
        end = note.end_beats + strength * (target - note.end_beats)
        return replace(note, onset_beats=onset, duration_beats=end - onset)

    return replace(score, notes=[pull(note) for note in score.notes])


def set_tempo(score: Score, tempo_bpm: float) -> Score:
    """Set a constant tempo, in quarter notes per minute.

    Examples
    --------
    >>> set_tempo(Score([Note(0, 4, 60)]), 60).duration_s
    4.0
    """
    return replace(score, tempos=[Tempo(0.0, tempo_bpm)])


def set_metre(score: Score, numerator: int, denominator: int) -> Score:
    """Set a constant metre; the notes do not move. A pickup that would fill a bar is removed.

    Examples
    --------
    >>> score = Score([Note(k, 1, 60) for k in range(6)], metres=[Metre(0, 3, 4)])
    >>> set_metre(score, 2, 4).metres
    (Metre(onset_beats=0.0, numerator=2, denominator=4),)
    >>> pickup = Score([Note(k, 1, 60) for k in range(6)], metres=[Metre(0, 3, 4)], pickup_beats=2)
    >>> set_metre(pickup, 4, 4).pickup_beats, set_metre(pickup, 2, 4).pickup_beats
    (2.0, 0.0)
    """
    metre = Metre(0.0, numerator, denominator)
    return replace(score, metres=[metre], pickup_beats=score.pickup_beats % metre.bar_beats, written_bars=())


def scale_tempo(score: Score, times: float) -> Score:
    """Multiply all tempos by a factor.

    Examples
    --------
    >>> scale_tempo(Score([Note(0, 4, 60)]), 2).duration_s
    1.0
    """
    if not (math.isfinite(times) and times > 0):
        raise ParameterError(f"The factor of scale_tempo must be positive, got {times!r}.")
    tempos = [replace(tempo, tempo_bpm=tempo.tempo_bpm * times) for tempo in score.tempo_map]
    return replace(score, tempos=tempos)


def cut(score: Score, start_beats: float, end_beats: float | None = None) -> Score:
    """Extract an excerpt; notes that extend beyond it are shortened.

    Tempo, metre, key and programs at its start are kept. If the excerpt starts within a bar, the rest of this
    bar becomes a pickup.

    Parameters
    ----------
    score
        Score to cut.
    start_beats, end_beats
        Start and end in quarter notes; by default the end of the score.

    Raises
    ------
    ScoreError
        If no note sounds in the excerpt.

    Examples
    --------
    >>> part = cut(Score([Note(0, 2, 60), Note(2, 2, 62)], tempos=[Tempo(0, 90)]), 1, 3)
    >>> [(note.onset_beats, note.duration_beats) for note in part.notes], part.tempos[0].tempo_bpm
    ([(0, 1), (1, 1)], 90)
    """
    end = score.duration_beats if end_beats is None else end_beats
    if not 0 <= start_beats < end:
        raise ParameterError(f"cut expects 0 <= start_beats < end_beats, got {start_beats!r} and {end!r}.")
    notes = [
        replace(
            note,
            onset_beats=max(note.onset_beats - start_beats, 0),
            duration_beats=min(note.end_beats, end) - max(note.onset_beats, start_beats),
        )
        for note in score.notes
        if note.onset_beats < end and note.end_beats > start_beats
    ]
    if not notes:
        raise ScoreError(f"{score.source} has no note from {start_beats:g} to {end:g} beats.")
    changes: dict[str, Any] = {name: _within(getattr(score, name), start_beats, end) for name in _CHANGES}
    changes["written_bars"] = ()  # the repeat signs no longer fit
    return replace(score, notes=notes, pickup_beats=_rest_of_bar(score, start_beats), **changes)


def loop(score: Score, n_times: int, *, length_beats: float | None = None) -> Score:
    """Repeat a score.

    Parameters
    ----------
    score
        Score to repeat.
    n_times
        Number of repetitions, 1 or more.
    length_beats
        Period in quarter notes; by default the end of the last bar. Longer notes overlap the next repetition.

    Examples
    --------
    >>> twice = loop(Score([Note(0, 1, 60), Note(2, 1, 64)]), 2)
    >>> [note.onset_beats for note in twice.notes]
    [0.0, 2.0, 4.0, 6.0]
    """
    check_integer("n_times", n_times, 1, 100_000)
    length = float(bars_of(score)[-1].end) if length_beats is None else length_beats
    if not length > 0:
        raise ParameterError(f"length_beats must be positive, got {length!r}.")

    def repeated(events: Iterable[Any]) -> list[Any]:
        return [
            replace(event, onset_beats=turn * length + event.onset_beats)
            for turn in range(n_times)
            for event in events
        ]

    changes: dict[str, Any] = {name: repeated(getattr(score, name)) for name in _CHANGES}
    return replace(score, notes=repeated(score.notes), written_bars=(), **changes)


def keep_channels(score: Score, channels: Iterable[int]) -> Score:
    """Keep the notes, programs and names of the given channels.

    Raises
    ------
    ScoreError
        If they have no notes.
    """
    selection = set(channels)
    notes = [note for note in score.notes if note.channel in selection]
    if not notes:
        raise ScoreError(f"{score.source} has no notes in channels {sorted(selection)}.")
    return _with_notes(score, notes)


def split_channels(score: Score) -> dict[int, Score]:
    """Split a score into one score per channel.

    Examples
    --------
    >>> parts = split_channels(Score([Note(0, 1, 60), Note(0, 1, 40, channel=3)]))
    >>> {channel: part.notes[0].pitch_midi for channel, part in parts.items()}
    {0: 60, 3: 40}
    """
    channels = sorted({note.channel for note in score.notes})
    return {channel: keep_channels(score, [channel]) for channel in channels}


def merge(score: Score, *, channel: int = 0) -> Score:
    """Move all notes except drums to one channel; of notes that become identical, the loudest is kept.

    Examples
    --------
    >>> score = Score([Note(0, 1, 60), Note(0, 1, 60, 100, channel=3), Note(0, 1, 36, channel=9)])
    >>> [(note.velocity, note.channel) for note in merge(score).notes]
    [(100, 0), (80, 9)]
    """
    check_integer("channel", channel, 0, 15)
    loudest: dict[tuple[float, float, int, int], Note] = {}
    for note in score.notes:
        moved = note if note.channel == DRUM_CHANNEL else replace(note, channel=channel)
        place = (moved.onset_beats, moved.duration_beats, moved.pitch_midi, moved.channel)
        if place not in loudest or loudest[place].velocity < moved.velocity:
            loudest[place] = moved
    programs = [p for p in score.programs if p.channel in (channel, DRUM_CHANNEL)]
    names = [(of, name) for of, name in score.part_names if of in (channel, DRUM_CHANNEL)]
    return replace(score, notes=list(loudest.values()), programs=programs, part_names=names)


def melody(score: Score) -> Score:
    """Extract the highest line, without drums (skyline algorithm).

    A note is shortened where a higher one starts; a note that starts below a sounding higher one is dropped.

    Examples
    --------
    >>> line = melody(Score([Note(0, 4, 48), Note(0, 1, 72), Note(1, 1, 71)]))
    >>> [note.pitch_midi for note in line.notes]
    [72, 71]
    """
    return _skyline(score, 1)


def bass(score: Score) -> Score:
    """Extract the lowest line, without drums; see `melody`.

    Examples
    --------
    >>> line = bass(Score([Note(0, 1, 48), Note(0, 2, 72), Note(1, 1, 43)]))
    >>> [note.pitch_midi for note in line.notes]
    [48, 43]
    """
    return _skyline(score, -1)


def drums(score: Score) -> Score:
    """Extract the drums.

    Raises
    ------
    ScoreError
        If the score has no drums.
    """
    return keep_channels(score, [DRUM_CHANNEL])


def _skyline(score: Score, sign: int) -> Score:
    pitched = [note for note in score.notes if note.channel != DRUM_CHANNEL]
    if not pitched:
        raise ScoreError(f"{score.source} has only drums.")
    line: list[Note] = []
    for note in sorted(pitched, key=lambda note: (note.onset_beats, -sign * note.pitch_midi)):
        if line and line[-1].end_beats > note.onset_beats:
            before = line[-1]
            if sign * before.pitch_midi >= sign * note.pitch_midi or before.onset_beats == note.onset_beats:
                continue
            line[-1] = replace(before, duration_beats=note.onset_beats - before.onset_beats)
        line.append(note)
    return _with_notes(score, line)


def _with_notes(score: Score, notes: list[Note]) -> Score:
    """Return a score with other notes, and the programs and names of their channels."""
    channels = {note.channel for note in notes}
    return replace(
        score,
        notes=notes,
        programs=[program for program in score.programs if program.channel in channels],
        part_names=[(channel, name) for channel, name in score.part_names if channel in channels],
    )


def _within(events: Iterable[Any], start: float, end: float) -> list[Any]:
    """Return the changes of an excerpt, and those in effect at its start except chord symbols."""
    current: dict[Any, Any] = {}
    later = []
    for event in events:
        if event.onset_beats <= start:
            if not isinstance(event, ChordSymbol) or event.onset_beats == start:
                current[getattr(event, "channel", None)] = replace(event, onset_beats=0)
        elif event.onset_beats < end:
            later.append(replace(event, onset_beats=event.onset_beats - start))
    return [*current.values(), *later]


def _rest_of_bar(score: Score, start: float) -> float:
    if start == 0:
        return score.pickup_beats
    at = as_fraction(start)
    return next((float(bar.end - at) for bar in bars_of(score) if bar.start < at < bar.end), 0.0)


def check_integer(name: str, value: Any, low: int, high: int) -> None:
    """Raise `ParameterError` unless a setting is an integer in a range."""
    if not is_integer(value) or not low <= value <= high:
        raise ParameterError(f"{name} must be an integer from {low} to {high}, got {value!r}.")
