"""Removal of timing jitter from written music, such as notes that end a tick before the next one starts.

Programs that play written music to a MIDI file often start or end notes a few ticks beside the beat. As note
values these are rests of 1/240 of a quarter note. Performances have such deviations too, but they are part of
the music; the rule below tells the two by the onsets, which are on the grid in written music only.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from statistics import median

from woodshed.score import Note

_POINTS = (16, 12)  # per quarter note: 64ths, and triplets of 16ths
_LEAST_GAP = 1 / 16  # a 64th note
_TOLERANCE = 1 / 160  # three ticks of 480; more would confuse the grid with tuplets of 9
_FEW_NOTES = 12  # a performance of fewer may be near the grid by chance
_FINE_TICKS = 96  # per quarter note; below it, a tick is a note value
_MAX_TUPLET = 16
_LEAST_SHARE = 0.9


def close_gaps(notes: Sequence[Note], ticks_per_beat: float) -> tuple[list[Note], int]:
    """Close gaps and overlaps below a 64th note in the channels that hold written music.

    A channel is written music if nine tenths of its onsets are within 1/160 of a quarter note, or one tick,
    of the grid of 64ths and triplets of 16ths; with fewer than 12 notes, within one tick. Its onsets within
    this distance move to the grid. If nine tenths of its notes also end on the grid or within a 64th of
    another onset, such ends move to the onset, else to the grid; before a rest, by as much as other notes end
    too early. Everything else stays: performances, staccato, and tuplets of up to 16.

    Parameters
    ----------
    notes
        Notes in any order.
    ticks_per_beat
        Resolution of their times, in ticks per quarter note.

    Returns
    -------
    notes, n_changed
        The notes, and how many of them have changed.

    Examples
    --------
    Two notes of 480 ticks that start a tick late, and a performance:

    >>> written = [Note(k + 1 / 480, 479 / 480, 60) for k in range(2)]
    >>> [(note.onset_beats, note.duration_beats) for note in close_gaps(written, 480)[0]]
    [(0.0, 1.0), (1.0, 1.0)]
    >>> played = [Note(k + 0.02 * (-1) ** k, 0.9, 60) for k in range(1, 5)]
    >>> close_gaps(played, 480) == (played, 0)
    True
    """
    channels: dict[int, list[Note]] = defaultdict(list)
    for note in notes:
        channels[note.channel].append(note)
    closed: list[Note] = []
    for part in channels.values():
        closed += _closed(part, _grid_of(len(part), ticks_per_beat))
    originals = [note for part in channels.values() for note in part]
    return closed, sum(new != old for new, old in zip(closed, originals, strict=True))


class _Grid:
    """Places of 64ths and triplets of 16ths; times that are tuplets already are not moved."""

    def __init__(self, tolerance: float, half_tick: float) -> None:
        self._tolerance, self._half_tick = tolerance, half_tick

    def nearest(self, time: float) -> float | None:
        """Return the nearest place within the tolerance, if there is one."""
        place = min((round(time * points) / points for points in _POINTS), key=lambda one: abs(one - time))
        return place if abs(place - time) <= self._tolerance * (1 + 1e-9) else None

    def is_exact(self, time: float) -> bool:
        """Return whether a time is, rounded to ticks, a fraction of a quarter note of a tuplet."""
        return abs(float(Fraction(time).limit_denominator(_MAX_TUPLET)) - time) <= self._half_tick


def _grid_of(n_notes: int, ticks_per_beat: float) -> _Grid:
    """Return the grid for a number of notes at a resolution."""
    tick = 1 / ticks_per_beat
    if ticks_per_beat < _FINE_TICKS:
        return _Grid(0.0, tick / 2)
    return _Grid(max(_TOLERANCE, tick) if n_notes >= _FEW_NOTES else tick, tick / 2)


def _closed(notes: Sequence[Note], grid: _Grid) -> list[Note]:
    """Return the notes of one channel without jitter; the same notes if it is not written music."""
    places = [grid.nearest(note.onset_beats) for note in notes]
    if sum(place is not None for place in places) < _LEAST_SHARE * len(notes):
        return list(notes)
    if not all(grid.is_exact(note.onset_beats) for note in notes):
        notes = [_moved(note, place, note.end_beats) for note, place in zip(notes, places, strict=True)]
    onsets = sorted({note.onset_beats for note in notes})
    nexts = [_next_onset(note, onsets) for note in notes]
    gaps = [place - note.end_beats for note, place in zip(notes, nexts, strict=True) if place is not None]
    shift = median(gaps) if gaps else 0.0
    ends = [
        _last_end(note.end_beats, shift, grid) if place is None else place
        for note, place in zip(notes, nexts, strict=True)
    ]
    if sum(end is not None for end in ends) < _LEAST_SHARE * len(notes):
        return list(notes)
    return [_moved(note, note.onset_beats, end) for note, end in zip(notes, ends, strict=True)]


def _next_onset(note: Note, onsets: Sequence[float]) -> float | None:
    """Return the onset within a 64th of the end of a note, and within half of its length."""
    end = note.end_beats
    k = bisect_left(onsets, end)
    near = [onset for onset in onsets[max(0, k - 1) : k + 1] if note.onset_beats < onset]
    near = [onset for onset in near if abs(onset - end) < min(_LEAST_GAP, (onset - note.onset_beats) / 2)]
    return min(near, key=lambda onset: abs(onset - end), default=None)


def _last_end(end: float, shift: float, grid: _Grid) -> float | None:
    """Return the place of an end before a rest, which may be as early as ends before other notes are."""
    if grid.is_exact(end):
        return end
    later = grid.nearest(end + shift)
    return grid.nearest(end) if later is None else later


def _moved(note: Note, onset: float | None, end: float | None) -> Note:
    """Return a note with another onset or end; None leaves it. A note never loses all of its length."""
    start = note.onset_beats if onset is None else onset
    stop = note.end_beats if end is None else end
    if stop <= start or (start, stop) == (note.onset_beats, note.end_beats):
        return note
    return replace(note, onset_beats=start, duration_beats=stop - start)
