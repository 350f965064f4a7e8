"""Originality of melodies: longest passages copied from the training data, in any key.

Melodies are compared by intervals and durations, so that a transposed copy is a copy. The search is
exhaustive: every passage is compared with every other.
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
"""Number of notes of the passages that are counted as new or copied."""

Places = NDArray[np.int64]


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
        self._index = RunIndex([melody.steps() for melody in self.melodies])

    def __len__(self) -> int:
        return len(self.melodies)

    def compare(self, melody: Melody) -> Originality:
        """Find the longest passage that also occurs in an indexed melody."""
        runs, places = self._runs(melody)
        n_notes = len(melody.pitch_midi)
        passages = runs[: max(0, n_notes - N_GRAM + 1)]
        new_share = float(np.mean(passages < N_GRAM)) if len(passages) else float("nan")
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
    """Count the bars that lie entirely within the notes from ``start`` to ``stop``."""
    inside = np.unique(bar[start:stop])
    if start > 0 and bar[start - 1] == bar[start]:
        inside = inside[inside != bar[start]]
    if stop < len(bar) and bar[stop] == bar[stop - 1]:
        inside = inside[inside != bar[stop - 1]]
    return len(inside)
