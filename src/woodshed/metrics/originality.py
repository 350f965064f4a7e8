"""Originality: whether a melody copies a passage of those that were learned from, and where.

Melodies are compared by their steps from note to note and by how long the notes last, so a copy in another
key is a copy. Every passage is compared with every other: nothing is sampled or hashed away.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from woodshed.errors import ParameterError
from woodshed.metrics.novelty import RunIndex

N_GRAM = 8
"""Notes in a passage that counts as new or known."""

Places = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Melody:
    """Notes one after the other.

    Parameters
    ----------
    pitch_midi
        Shape ``(n_notes,)``.
    duration_beats
        Shape ``(n_notes,)``.
    bar
        The number of the bar in which each begins, shape ``(n_notes,)``, ascending.
    name
        What to call it, such as its title.
    onset_beats
        When each begins, shape ``(n_notes,)``; empty if they follow each other without rests.

    Raises
    ------
    ParameterError
        If they do not have one length.
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
                "A melody expects one pitch, one duration and one bar for each note, got "
                f"{self.pitch_midi.shape}, {self.duration_beats.shape} and {self.bar.shape}."
            )
        if len(self.onset_beats) != len(self.pitch_midi):
            ends = np.cumsum(self.duration_beats)
            object.__setattr__(self, "onset_beats", np.concatenate([[0.0], ends[:-1]])[: len(ends)])

    def steps(self) -> list[tuple[int, float]]:
        """Return what a copy has in common with it: each duration, and the interval to the next note."""
        intervals = np.diff(self.pitch_midi).tolist()
        durations = np.round(self.duration_beats[:-1], 6).tolist()
        return list(zip(intervals, durations, strict=True))


@dataclass(frozen=True)
class Originality:
    """How much of a melody is known, and the passage that is most like another.

    Parameters
    ----------
    n_notes
        Notes of the melody.
    copied_notes, copied_bars
        Longest run of notes, and of whole bars, that a known melody also has; 0 if no two notes agree.
    start, stop
        The notes of that run, ``stop`` not included.
    source, source_number
        Name of the known melody that has it, and its number among all; empty and -1 if there is none.
    source_start
        The note of the known melody at which it begins there.
    transposed_by
        Semitones from the known passage to this one.
    new_share
        Share of the passages of `N_GRAM` notes that no known melody has; NaN for a shorter melody.
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


class Known:
    """The melodies that were learned from, ready to be searched.

    Parameters
    ----------
    melodies
        All of them; kept as ``melodies``.

    Examples
    --------
    >>> scale = Melody([60, 62, 64, 65, 67], [1.0] * 5, [1, 1, 1, 1, 2], "scale")
    >>> higher = Melody([50, 67, 69, 71, 40], [1.0] * 5, [1, 1, 1, 1, 2])
    >>> found = Known([scale]).compare(higher)
    >>> found.copied_notes, found.source, found.transposed_by, (found.start, found.stop)
    (3, 'scale', 7, (1, 4))
    """

    def __init__(self, melodies: Sequence[Melody]) -> None:
        self.melodies = tuple(melodies)
        self._index = RunIndex([melody.steps() for melody in self.melodies])

    def __len__(self) -> int:
        return len(self.melodies)

    def compare(self, melody: Melody) -> Originality:
        """Find the longest passage that a known melody has, too."""
        runs, places = self._runs(melody)
        n_notes = len(melody.pitch_midi)
        heard = runs[: max(0, n_notes - N_GRAM + 1)]
        new_share = float(np.mean(heard < N_GRAM)) if len(heard) else float("nan")
        if not len(runs) or runs.max() < 2:
            return Originality(n_notes, 0, 0, 0, 0, "", -1, 0, 0, new_share)
        start = int(runs.argmax())
        stop = start + int(runs[start])
        number, source_start = self._index.locate(int(places[start]))
        source = self.melodies[number]
        return Originality(
            n_notes=n_notes,
            copied_notes=stop - start,
            copied_bars=max(
                _whole_bars(melody.bar, k, k + int(run)) for k, run in enumerate(runs) if run >= 2
            ),
            start=start,
            stop=stop,
            source=source.name,
            source_number=number,
            source_start=source_start,
            transposed_by=int(melody.pitch_midi[start] - source.pitch_midi[source_start]),
            new_share=new_share,
        )

    def _runs(self, melody: Melody) -> tuple[Places, Places]:
        """Return, for each note but the last, how many notes from it on are known, and from where."""
        runs, places = self._index.runs(melody.steps())
        return np.where(runs > 0, runs + 1, 0), places


def _whole_bars(bar: Places, start: int, stop: int) -> int:
    """Count the bars all of whose notes are among the notes from ``start`` to ``stop``."""
    inside = np.unique(bar[start:stop])
    if start > 0 and bar[start - 1] == bar[start]:
        inside = inside[inside != bar[start]]
    if stop < len(bar) and bar[stop] == bar[stop - 1]:
        inside = inside[inside != bar[stop - 1]]
    return len(inside)
