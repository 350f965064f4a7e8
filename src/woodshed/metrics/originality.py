"""Originality of generated sequences: longest runs copied from the training data, and shares of new n-grams.

Melodies are compared by intervals and durations, so that a transposed copy is a copy. The search is exact.
"""

from __future__ import annotations

import json
import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from woodshed.decoding import parse_json
from woodshed.errors import ParameterError

_SEPARATOR = -1  # between two sequences; equal to nothing
_UNSEEN = -2  # an item that no indexed sequence has
_MAX_INTERVAL = 1 << 20  # above all intervals, so that codes are positive

_MAX_SEED = 6  # codes: enough for a few places each, even among millions

Places = NDArray[np.int64]

N_GRAM = 8
"""Number of notes of the passages that are counted as new or copied."""


@dataclass(frozen=True)
class Novelty:
    """Novelty of a sequence of words or audio frames.

    Parameters
    ----------
    unit
        What the items are, such as ``word``.
    n_units
        Number of items.
    copied_units
        Length of the longest run that a training sequence also has; 0 if there is none.
    start, stop
        The items of that run, ``stop`` not included.
    source, source_number
        Title and number of the training sequence that has it; empty and -1 if there is none.
    source_start
        Position at which the run begins there.
    new_share
        Share of the n-grams that no training sequence has; NaN for a shorter sequence.
    """

    unit: str
    n_units: int
    copied_units: int
    start: int
    stop: int
    source: str
    source_number: int
    source_start: int
    new_share: float

    @property
    def run_unit(self) -> str:
        """The unit in which a request limits copies: that of the items."""
        return self.unit

    @property
    def copied_run(self) -> int:
        """Length of the longest copy in that unit."""
        return self.copied_units


class CodeIndex:
    """Sequences of codes in one row, in which the longest copies are found.

    All places are sorted once by the codes that follow, up to a few: a suffix array (U. Manber and G. Myers,
    "Suffix arrays", SIAM Journal on Computing 22, 1993) of limited depth. The search is exact. Its time
    depends on how often those few codes occur together, not on the length of the row.

    Parameters
    ----------
    row
        All codes, 0 or more, and a -1 after each sequence.
    starts
        Place in the row at which each sequence begins.
    titles
        One for each sequence.
    unit
        What an item is, such as ``word``.
    n_gram
        Items of a passage that counts as new or copied.
    """

    def __init__(self, row: Places, starts: Places, titles: Sequence[str], *, unit: str, n_gram: int) -> None:
        self.row, self.starts, self.titles = row, starts, tuple(titles)
        self.unit, self.n_gram = unit, n_gram

    def runs(self, codes: Sequence[int]) -> tuple[Places, Places]:
        """Find the longest indexed run that begins at each code.

        Returns
        -------
        lengths, places
            Shape ``(n_codes,)`` each: the length of the run, and its first place in the row.

        Examples
        --------
        >>> row = np.array([0, 1, 2, 3, -1, 4, 1, 2, -1])
        >>> CodeIndex(row, np.array([0, 5]), ["one", "two"], unit="letter", n_gram=2).runs([9, 1, 2, 3])
        (array([0, 3, 2, 1]), array([0, 1, 2, 3]))
        """
        seeds, n_codes = self._seeds, len(codes)
        lengths, places = np.zeros((2, n_codes), np.int64)
        digits = seeds.digits_of(np.asarray(codes, np.int64))
        following = np.zeros(len(self.row) + 1, np.int32)  # number of seeds that match from each place on
        nowhere = previous = np.empty(0, np.int64)
        for k in reversed(range(n_codes)):
            seed = digits[k : k + seeds.length]
            matches = seeds.places(seed) if len(seed) == seeds.length else nowhere
            runs = following[matches + 1] + 1
            following[previous] = 0
            following[matches] = runs
            previous = matches
            if len(matches):
                longest = int(runs.argmax())
                lengths[k], places[k] = seeds.length - 1 + runs[longest], matches[longest]
            else:
                lengths[k], places[k] = seeds.shorter(seed[: seeds.length - 1])
        return lengths, places

    @cached_property
    def _seeds(self) -> _Seeds:
        """The row sorted by its seeds, at the first search."""
        return _Seeds(self.row)

    def novelty(self, lengths: Places, places: Places) -> Novelty:
        """Return the novelty of the sequence that has these `runs`."""
        n_units = len(lengths)
        grams = lengths[: max(0, n_units - self.n_gram + 1)]
        new_share = float(np.mean(grams < self.n_gram)) if len(grams) else float("nan")
        if not lengths.any():
            return Novelty(self.unit, n_units, 0, 0, 0, "", -1, 0, new_share)
        start = int(lengths.argmax())
        number = int(np.searchsorted(self.starts, places[start], side="right")) - 1
        return Novelty(
            unit=self.unit,
            n_units=n_units,
            copied_units=int(lengths[start]),
            start=start,
            stop=start + int(lengths[start]),
            source=self.titles[number],
            source_number=number,
            source_start=int(places[start] - self.starts[number]),
            new_share=new_share,
        )


class _Seeds:
    """All places of a row of codes, sorted by the codes from there on.

    Parameters
    ----------
    row
        Codes, 0 or more, and -1 after each sequence.
    """

    def __init__(self, row: Places) -> None:
        self._codes, digits = np.unique(row, return_inverse=True)  # -1 is the first
        self._base = len(self._codes) + 2
        self.length = max(1, min(_MAX_SEED, int(62 / math.log2(self._base))))
        padded = np.concatenate([digits, np.zeros(self.length, np.int64)])
        numbers = np.zeros(len(row), np.int64)
        for k in range(self.length):
            numbers = numbers * self._base + padded[k : k + len(row)]
        self._order = np.argsort(numbers, kind="stable")
        self._numbers = numbers[self._order]

    def digits_of(self, codes: Places) -> list[int]:
        """Return the number of each code among those that occur in the row; -1 for another."""
        if not len(self._codes):
            return [-1] * len(codes)
        digits = np.minimum(np.searchsorted(self._codes, codes), len(self._codes) - 1)
        return [int(digit) for digit in np.where(self._codes[digits] == codes, digits, -1)]

    def places(self, digits: Sequence[int]) -> Places:
        """Return all places where a seed or its beginning occurs; those of a seed are in ascending order."""
        if min(digits) < 0:
            return self._order[:0]
        number = 0
        for digit in digits:
            number = number * self._base + digit
        scale = self._base ** (self.length - len(digits))
        first, last = np.searchsorted(self._numbers, [number * scale, (number + 1) * scale])
        return np.asarray(self._order[first:last])

    def shorter(self, digits: Sequence[int]) -> tuple[int, int]:
        """Return the length of the longest beginning that occurs, and its first place; else 0 and 0."""
        for length in range(len(digits), 0, -1):
            matches = self.places(digits[:length])
            if len(matches):
                return length, int(matches.min())
        return 0, 0


class SequenceIndex:
    """Training sequences of words or audio frames, ready for comparison (`CodeIndex`).

    Parameters
    ----------
    sequences
        Hashable items each; equal items match.
    titles, unit, n_gram
        As for `CodeIndex`.

    Examples
    --------
    >>> index = SequenceIndex([("the", "cat", "sat")], ["rhyme"], unit="word", n_gram=2)
    >>> report = index.compare(("a", "cat", "sat"))
    >>> report.copied_units, report.source, report.new_share
    (2, 'rhyme', 0.5)
    """

    def __init__(
        self, sequences: Sequence[Sequence[Hashable]], titles: Sequence[str], *, unit: str, n_gram: int
    ) -> None:
        self._codes: dict[Hashable, int] = {}
        rows = [
            [*(self._codes.setdefault(item, len(self._codes)) for item in sequence), _SEPARATOR]
            for sequence in sequences
        ]
        row = np.array(list(chain.from_iterable(rows)), np.int64)
        starts = np.cumsum([0, *map(len, rows)])[:-1]
        self._index = CodeIndex(row, starts, titles, unit=unit, n_gram=n_gram)

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return the sequences of words or numbers and their titles as arrays, for `from_arrays`."""
        index = self._index
        values = [[*self._codes], index.titles, index.unit, index.n_gram]
        return {
            "row": index.row.astype(np.int32),
            "starts": index.starts,
            "values": np.frombuffer(json.dumps(values).encode(), np.uint8),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Return an index from the arrays of `to_arrays`.

        Raises
        ------
        ValueError, KeyError, TypeError
            If an array is missing, or they do not fit each other.
        """
        items, titles, unit, n_gram = parse_json(arrays["values"].tobytes())
        row, starts = arrays["row"].astype(np.int64), arrays["starts"].astype(np.int64)
        if len(titles) != len(starts) or np.count_nonzero(row == _SEPARATOR) != len(starts):
            raise ValueError("the sequences of the training pieces are not complete")
        sequences = cls([], [], unit=str(unit), n_gram=int(n_gram))
        sequences._codes = {item: code for code, item in enumerate(items)}
        sequences._index = CodeIndex(row, starts, titles, unit=str(unit), n_gram=int(n_gram))
        return sequences

    def compare(self, sequence: Sequence[Hashable]) -> Novelty:
        """Measure the novelty of a sequence."""
        codes = [self._codes.get(item, _UNSEEN) for item in sequence]
        return self._index.novelty(*self._index.runs(codes))


@dataclass(frozen=True, eq=False)
class Melody:
    """A monophonic sequence of notes.

    Parameters
    ----------
    pitch_midi
        Shape ``(n_notes,)``.
    duration_beats
        Shape ``(n_notes,)``.
    bar
        Number of the bar in which each note begins, shape ``(n_notes,)``, ascending.
    name
        Name, such as the title.
    onset_beats
        Onset of each note, shape ``(n_notes,)``; empty if there are no rests.

    Raises
    ------
    ParameterError
        If the arrays differ in length.
    """

    pitch_midi: Places
    duration_beats: NDArray[np.float64]
    bar: Places
    name: str = ""
    onset_beats: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))

    def __post_init__(self) -> None:
        for field_, dtype in (("pitch_midi", np.int64), ("duration_beats", np.float64), ("bar", np.int64)):
            object.__setattr__(self, field_, np.asarray(getattr(self, field_), dtype))
        if not self.pitch_midi.shape == self.duration_beats.shape == self.bar.shape:
            raise ParameterError(
                "pitch_midi, duration_beats and bar must have the same shape (n_notes,), got "
                f"{self.pitch_midi.shape}, {self.duration_beats.shape} and {self.bar.shape}."
            )
        if len(self.onset_beats) != len(self.pitch_midi):
            ends = np.cumsum(self.duration_beats)
            object.__setattr__(self, "onset_beats", np.concatenate([[0.0], ends[:-1]])[: len(ends)])

    def steps(self) -> list[tuple[int, float]]:
        """Return the transposition-invariant steps: the interval to the next note and the duration."""
        intervals = np.diff(self.pitch_midi).tolist()
        durations = np.round(self.duration_beats[:-1], 6).tolist()
        return list(zip(intervals, durations, strict=True))


@dataclass(frozen=True)
class Originality:
    """How much of a melody is copied, and its longest copied passage.

    Parameters
    ----------
    n_notes
        Number of notes of the melody.
    copied_notes, copied_bars
        Longest run of notes, and of whole bars, that an indexed melody also has; 0 if there is none.
    start, stop
        Places of the notes of that run, ``stop`` excluded.
    source, source_number
        Name and index of the melody it is copied from; empty and -1 if there is none.
    source_start
        Index of the first note of the run in that melody.
    transposed_by
        Semitones from that melody to this one.
    new_share
        Share of the passages of `N_GRAM` notes that no indexed melody has; NaN for a shorter melody.
    """

    unit: ClassVar[str] = "note"
    run_unit: ClassVar[str] = "bar"

    n_notes: int
    copied_notes: int
    copied_bars: int
    start: int
    stop: int
    source: str
    source_number: int
    source_start: int
    transposed_by: int
    new_share: float

    @property
    def n_units(self) -> int:
        """Number of notes."""
        return self.n_notes

    @property
    def copied_units(self) -> int:
        """Notes of the longest copy."""
        return self.copied_notes

    @property
    def copied_run(self) -> int:
        """Whole bars of the longest copy, which a request can limit."""
        return self.copied_bars


class MelodyIndex:
    """Index of the training melodies for the search of copied passages.

    Parameters
    ----------
    melodies
        All melodies; their names are the titles of the pieces.

    Examples
    --------
    >>> scale = Melody([60, 62, 64, 65, 67], [1.0] * 5, [1, 1, 1, 1, 2], "scale")
    >>> higher = Melody([50, 67, 69, 71, 40], [1.0] * 5, [1, 1, 1, 1, 2])
    >>> copy = MelodyIndex([scale]).compare(higher)
    >>> copy.copied_notes, copy.source, copy.transposed_by, (copy.start, copy.stop)
    (3, 'scale', 7, (1, 4))
    """

    def __init__(self, melodies: Sequence[Melody]) -> None:
        durations_beats = np.concatenate([np.empty(0), *(melody.duration_beats for melody in melodies)])
        self._set_notes(
            np.concatenate([np.empty(0, np.int64), *(melody.pitch_midi for melody in melodies)]),
            *np.unique(durations_beats, return_inverse=True),
            np.array([len(melody.pitch_midi) for melody in melodies], np.int64),
            [melody.name for melody in melodies],
        )

    def _set_notes(
        self,
        pitch_midi: Places,
        durations_beats: NDArray[np.float64],
        duration: Places,
        n_notes: Places,
        titles: Sequence[str],
    ) -> None:
        """Keep the notes of all melodies in a row, and code their steps, which do not depend on the key.

        Parameters
        ----------
        pitch_midi
            Shape ``(n_notes,)``.
        durations_beats, duration
            The durations that occur, and the index of that of each note among them.
        n_notes, titles
            Number of notes, and title, of each melody.
        """
        self._pitch_midi, self._n_notes = pitch_midi, n_notes
        self._duration_beats = durations_beats[duration]
        stops = np.cumsum(n_notes)
        self._durations, codes = np.unique(np.round(durations_beats, 6), return_inverse=True)
        row = _step_codes(np.diff(pitch_midi, append=0), codes[duration], len(self._durations))
        row[stops[n_notes > 0] - 1] = _SEPARATOR
        self._index = CodeIndex(row, stops - n_notes, titles, unit="step", n_gram=N_GRAM - 1)

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return the notes of all melodies and their titles as arrays, for `from_arrays`."""
        durations, codes = np.unique(self._duration_beats, return_inverse=True)
        return {
            "pitch_midi": self._pitch_midi.astype(np.int16),
            "duration": codes.astype(np.uint16 if len(durations) <= np.iinfo(np.uint16).max else np.uint32),
            "durations_beats": durations,
            "n_notes": self._n_notes.astype(np.int32),
            "titles": np.frombuffer(json.dumps(self._index.titles).encode(), np.uint8),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Return an index from the arrays of `to_arrays`.

        Raises
        ------
        ValueError, KeyError
            If an array is missing, or they do not fit each other.
        """
        titles = parse_json(arrays["titles"].tobytes())
        n_notes, pitch_midi, duration = (
            arrays[name].astype(np.int64).ravel() for name in ("n_notes", "pitch_midi", "duration")
        )
        is_complete = n_notes.sum() == len(pitch_midi) == len(duration) and (n_notes >= 0).all()
        if not is_complete or len(titles) != len(n_notes) or not all(isinstance(one, str) for one in titles):
            raise ValueError("the notes of the training pieces are not complete")
        durations_beats = arrays["durations_beats"].astype(np.float64).ravel()
        if len(duration) and not 0 <= duration.min() <= duration.max() < len(durations_beats):
            raise ValueError("a note of a training piece has no duration")
        index = cls.__new__(cls)
        index._set_notes(pitch_midi, durations_beats, duration, n_notes, titles)
        return index

    def notes(self, number: int, start: int = 0) -> tuple[Places, NDArray[np.float64]]:
        """Return pitch and duration of the notes of a melody, from note ``start`` on."""
        first = int(self._index.starts[number])
        part = slice(first + start, first + int(self._n_notes[number]))
        return self._pitch_midi[part], self._duration_beats[part]

    def compare(self, melody: Melody) -> Originality:
        """Find the longest passage that also occurs in an indexed melody."""
        lengths, places = self._index.runs(self._codes_of(melody))
        copy = self._index.novelty(lengths, places)
        n_notes = len(melody.pitch_midi)
        if not copy.copied_units:
            return Originality(n_notes, 0, 0, 0, 0, "", -1, 0, 0, copy.new_share)
        source_pitch, _ = self.notes(copy.source_number, copy.source_start)
        # A run of steps has one note more.
        return Originality(
            n_notes=n_notes,
            copied_notes=copy.copied_units + 1,
            copied_bars=_whole_bars(melody.bar, np.where(lengths > 0, lengths + 1, 0)),
            start=copy.start,
            stop=copy.stop + 1,
            source=copy.source,
            source_number=copy.source_number,
            source_start=copy.source_start,
            transposed_by=int(melody.pitch_midi[copy.start] - source_pitch[0]),
            new_share=copy.new_share,
        )

    def _codes_of(self, melody: Melody) -> list[int]:
        """Return the codes of the steps of a melody, one fewer than its notes."""
        durations = np.round(melody.duration_beats[:-1], 6)
        codes = np.searchsorted(self._durations, durations)
        known = np.isin(durations, self._durations)
        steps = _step_codes(np.diff(melody.pitch_midi), codes, len(self._durations))
        return [int(code) for code in np.where(known, steps, _UNSEEN)]


def _step_codes(intervals: Places, duration_codes: Places, n_durations: int) -> Places:
    """Return one code, 0 or more, for each pair of an interval to the next note and a duration."""
    return np.asarray((intervals + _MAX_INTERVAL) * max(1, n_durations) + duration_codes, np.int64)


def _whole_bars(bar: Places, runs: Places) -> int:
    """Return the number of bars that lie entirely within a run of notes, for the run with most of them."""
    edges = np.flatnonzero(np.diff(bar, prepend=np.nan, append=np.nan))  # the start of each bar, and the end
    starts = np.flatnonzero(runs)
    stops = starts + runs[starts]
    n_bars = np.searchsorted(edges, stops, side="right") - np.searchsorted(edges, starts) - 1
    return max(0, int(n_bars.max()))
