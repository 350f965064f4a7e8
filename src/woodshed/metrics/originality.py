"""Originality of generated sequences: longest runs copied from the training data, and shares of new n-grams.

Melodies are compared by intervals and durations, so that a transposed copy is a copy. The search is
exhaustive: every passage is compared with every other.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from woodshed.errors import ParameterError

_SEPARATOR = -1  # between two sequences; equal to nothing
_UNSEEN = -2  # an item that no indexed sequence has

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


class SequenceIndex:
    """Training sequences of words or audio frames, ready for comparison.

    Every run is compared with every position: nothing is sampled or hashed away.

    Parameters
    ----------
    sequences
        Hashable items each; equal items match.
    titles
        One for each sequence.
    unit
        What an item is, such as ``word``.
    n_gram
        Items of a passage that counts as new or copied.

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
        self.titles, self.unit, self.n_gram = tuple(titles), unit, n_gram
        self._codes: dict[Hashable, int] = {}
        rows = [
            [*(self._codes.setdefault(item, len(self._codes)) for item in sequence), _SEPARATOR]
            for sequence in sequences
        ]
        self._row = np.array(list(chain.from_iterable(rows)), dtype=np.int32)
        self._starts = np.cumsum([0, *map(len, rows)])[:-1]

    def compare(self, sequence: Sequence[Hashable]) -> Novelty:
        """Measure the novelty of a sequence."""
        return self.novelty(*self.runs(sequence))

    def runs(self, sequence: Sequence[Hashable]) -> tuple[Places, Places]:
        """Find the longest indexed run that begins at each item.

        Returns
        -------
        lengths, places
            Shape ``(n_items,)`` each: the length of the run in items, and where it begins in the index.

        Examples
        --------
        >>> SequenceIndex(["abcd", "xbc"], ["one", "two"], unit="letter", n_gram=2).runs("zbcd")[0].tolist()
        [0, 3, 2, 1]
        """
        lengths, places = np.zeros((2, len(sequence)), np.int64)
        following = np.zeros(len(self._row) + 1, np.int32)  # number of items that match from each place on
        for k in reversed(range(len(sequence))):
            code = self._codes.get(sequence[k], _UNSEEN)
            following[:-1] = np.where(self._row == code, following[1:] + 1, 0)
            places[k] = following.argmax()
            lengths[k] = following[places[k]]
        return lengths, places

    def novelty(self, lengths: Places, places: Places) -> Novelty:
        """Return the novelty of the sequence that has these `runs`."""
        n_units = len(lengths)
        grams = lengths[: max(0, n_units - self.n_gram + 1)]
        new_share = float(np.mean(grams < self.n_gram)) if len(grams) else float("nan")
        if not lengths.any():
            return Novelty(self.unit, n_units, 0, 0, 0, "", -1, 0, new_share)
        start = int(lengths.argmax())
        number = int(np.searchsorted(self._starts, places[start], side="right")) - 1
        return Novelty(
            unit=self.unit,
            n_units=n_units,
            copied_units=int(lengths[start]),
            start=start,
            stop=start + int(lengths[start]),
            source=self.titles[number],
            source_number=number,
            source_start=int(places[start] - self._starts[number]),
            new_share=new_share,
        )


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
        All melodies, also available as the attribute ``melodies``.

    Examples
    --------
    >>> scale = Melody([60, 62, 64, 65, 67], [1.0] * 5, [1, 1, 1, 1, 2], "scale")
    >>> higher = Melody([50, 67, 69, 71, 40], [1.0] * 5, [1, 1, 1, 1, 2])
    >>> copy = MelodyIndex([scale]).compare(higher)
    >>> copy.copied_notes, copy.source, copy.transposed_by, (copy.start, copy.stop)
    (3, 'scale', 7, (1, 4))
    """

    def __init__(self, melodies: Sequence[Melody]) -> None:
        self.melodies = tuple(melodies)
        self._index = SequenceIndex(
            [melody.steps() for melody in self.melodies],
            [melody.name for melody in self.melodies],
            unit="step",
            n_gram=N_GRAM - 1,
        )

    def compare(self, melody: Melody) -> Originality:
        """Find the longest passage that also occurs in an indexed melody."""
        lengths, places = self._index.runs(melody.steps())
        copy = self._index.novelty(lengths, places)
        n_notes = len(melody.pitch_midi)
        if not copy.copied_units:
            return Originality(n_notes, 0, 0, 0, 0, "", -1, 0, 0, copy.new_share)
        source = self.melodies[copy.source_number]
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
            transposed_by=int(melody.pitch_midi[copy.start] - source.pitch_midi[copy.source_start]),
            new_share=copy.new_share,
        )


def _whole_bars(bar: Places, runs: Places) -> int:
    """Return the number of bars that lie entirely within a run of notes, for the run with most of them."""
    edges = np.flatnonzero(np.diff(bar, prepend=np.nan, append=np.nan))  # the start of each bar, and the end
    starts = np.flatnonzero(runs)
    stops = starts + runs[starts]
    n_bars = np.searchsorted(edges, stops, side="right") - np.searchsorted(edges, starts) - 1
    return max(0, int(n_bars.max()))
