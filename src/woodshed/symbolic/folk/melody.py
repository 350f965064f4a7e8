"""Melody of a score in note values that have folk tokens: the top line, without graces and swing."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from fractions import Fraction

import numpy as np

from woodshed.score import DRUM_CHANNEL, Note, Score
from woodshed.symbolic.edit import keep_channels, melody
from woodshed.symbolic.folk.vocabulary import WORD_OF
from woodshed.symbolic.notation import beat_of

_LONGEST_GRACE = Fraction(1, 8)  # of a quarter note: a 32nd
_MAX_DENOMINATOR = 48  # of the time of a note in quarter notes
_SWUNG, _STRAIGHT = (Fraction(2, 3), Fraction(1, 3)), Fraction(3, 4)

Line = list[tuple[Fraction, Fraction, Note]]
"""Onset and end in quarter notes, and the note that they belong to."""


def folk_melody(score: Score) -> Score:
    """Return the melody of a score, as the notation of folk tunes has it.

    It is the highest line of the part with the highest mean pitch. Notes up to a 32nd before a note whose
    length is a note value together with theirs, but not without, are graces, and are added to that note. Two
    thirds and a third of a beat are swung eighths, and become a dotted eighth and a sixteenth. If most
    triplets start between two beats, the first half beat is a pickup, which MIDI seldom has.

    Parameters
    ----------
    score
        Score with pitched notes.

    Raises
    ------
    ScoreError
        If the score has only drums.

    Examples
    --------
    A grace note of a 32nd, and a swung beat above a bass note:

    >>> notes = [Note(0, 1 / 8, 72), Note(1 / 8, 7 / 8, 71), Note(1, 2 / 3, 69), Note(5 / 3, 1 / 3, 67)]
    >>> line = folk_melody(Score([*notes, Note(0, 2, 43)]))
    >>> [(note.onset_beats, note.duration_beats, note.pitch_midi) for note in line.notes]
    [(0.0, 1.0, 71), (1.0, 0.75, 69), (1.75, 0.25, 67)]
    """
    pitches: dict[int, list[int]] = defaultdict(list)
    for note in score.notes:
        if note.channel != DRUM_CHANNEL:
            pitches[note.channel].append(note.pitch_midi)
    if len(pitches) > 1:
        score = keep_channels(score, [max(pitches, key=lambda channel: float(np.mean(pitches[channel])))])
    score = melody(score)
    line = [(_time(note.onset_beats), _time(note.end_beats), note) for note in score.notes]
    line = _without_swing(_without_graces(line))
    pickup_beats = score.pickup_beats or _pickup_of(line, score)
    return replace(score, notes=[_placed(*event) for event in line], pickup_beats=pickup_beats)


def _time(beats: float) -> Fraction:
    return Fraction(beats).limit_denominator(_MAX_DENOMINATOR)


def _placed(onset: Fraction, end: Fraction, note: Note) -> Note:
    return replace(note, onset_beats=float(onset), duration_beats=float(end - onset))


def _without_graces(line: Line) -> Line:
    """Return a line in which graces are part of the note after them."""
    done: Line = []
    graces: Line = []
    for onset, end, note in line:
        start = graces[0][0] if graces and graces[-1][1] == onset else onset
        is_whole = not _is_value(end - onset) and _is_value(end - start)
        if start != onset and end - onset > _LONGEST_GRACE and is_whole:
            done.append((start, end, note))
            graces = []
            continue
        if graces and start == onset:
            done += graces
            graces = []
        if end - onset <= _LONGEST_GRACE:
            graces.append((onset, end, note))
            continue
        done += [*graces, (onset, end, note)]
        graces = []
    return [event for event in [*done, *graces] if event[1] > event[0]]


def _is_value(length: Fraction) -> bool:
    """Return whether there is a token for a length in quarter notes, by itself, in a triplet or swung."""
    return (length * 2, "") in WORD_OF or length in (_SWUNG[0], _SWUNG[1], _SWUNG[1] / 2)


def _without_swing(line: Line) -> Line:
    """Return a line in which two thirds and a third of a beat are three quarters and a quarter."""
    line = list(line)
    for k in range(len(line) - 1):
        (onset, middle, first), (after, end, second) = line[k : k + 2]
        if middle == after and (middle - onset, end - after) == _SWUNG:
            line[k] = (onset, onset + _STRAIGHT, first)
            line[k + 1] = (onset + _STRAIGHT, end, second)
    return line


def _pickup_of(line: Line, score: Score) -> float:
    """Return half a beat if most triplets start there and the metre is not compound, else 0."""
    thirds, sixths = (sum(onset.denominator == one for onset, _, _ in line) for one in (3, 6))
    is_simple = all(beat_of(metre) == 1 for metre in score.metres)
    return 0.5 if is_simple and sixths > thirds else 0.0
