"""Novelty of a sequence: its longest run in the training data, and its share of new n-grams."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_SEPARATOR = -1  # between two sequences; equal to nothing
_UNSEEN = -2  # an item that no indexed sequence has

Places = NDArray[np.int64]


class RunIndex:
    """Index of sequences in which runs of another sequence are looked up.

    Every run is compared with every position: nothing is sampled or hashed away.

    Parameters
    ----------
    sequences
        Hashable items; equal items match.

    Examples
    --------
    >>> index = RunIndex(["abcd", "xbc"])
    >>> lengths, places = index.runs("zbcd")
    >>> lengths.tolist(), index.locate(int(places[1]))
    ([0, 3, 2, 1], (0, 1))
    """

    def __init__(self, sequences: Sequence[Sequence[Hashable]]) -> None:
        self._codes: dict[Hashable, int] = {}
        row: list[int] = []
        starts = []
        for sequence in sequences:
            starts.append(len(row))
            row += [self._codes.setdefault(item, len(self._codes)) for item in sequence]
            row.append(_SEPARATOR)
        self._row = np.array(row, dtype=np.int32)
        self._starts = np.array(starts, dtype=np.int64)

    def runs(self, sequence: Sequence[Hashable]) -> tuple[Places, Places]:
        """Find the longest indexed run that begins at each item.

        Returns
        -------
        lengths, places
            Shape ``(n_items,)`` each: the length of the run in items, and where it begins in the index.
        """
        codes = [self._codes.get(item, _UNSEEN) for item in sequence]
        lengths, places = np.zeros(len(codes), np.int64), np.zeros(len(codes), np.int64)
        if not len(self._row):
            return lengths, places
        following = np.zeros(len(self._row) + 1, np.int32)  # number of items that match from each place on
        for k in range(len(codes) - 1, -1, -1):
            following[:-1] = np.where(self._row == codes[k], following[1:] + 1, 0)
            places[k] = int(following.argmax())
            lengths[k] = following[places[k]]
        return lengths, places

    def locate(self, place: int) -> tuple[int, int]:
        """Return the number of the sequence at a place of the index, and the position in it."""
        number = int(np.searchsorted(self._starts, place, side="right")) - 1
        return number, int(place - self._starts[number])


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

    Parameters
    ----------
    sequences
        Hashable items each.
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
        self._index = RunIndex(sequences)

    def __len__(self) -> int:
        return len(self.titles)

    def compare(self, sequence: Sequence[Hashable]) -> Novelty:
        """Measure the novelty of a sequence."""
        lengths, places = self._index.runs(sequence)
        grams = lengths[: max(0, len(sequence) - self.n_gram + 1)]
        new_share = float(np.mean(grams < self.n_gram)) if len(grams) else float("nan")
        if not len(lengths) or not lengths.max():
            return Novelty(self.unit, len(sequence), 0, 0, 0, "", -1, 0, new_share)
        start = int(lengths.argmax())
        length = int(lengths[start])
        number, source_start = self._index.locate(int(places[start]))
        return Novelty(
            unit=self.unit,
            n_units=len(sequence),
            copied_units=length,
            start=start,
            stop=start + length,
            source=self.titles[number],
            source_number=number,
            source_start=source_start,
            new_share=new_share,
        )
