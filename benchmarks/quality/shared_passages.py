"""Near versions: melodies that share half of their notes with one melody of the training data.

Families are told by titles and long passages (`woodshed.tasks.tune.families_of`), official splits not at all, so that
a held-out melody may still have a version in the training part under another title. This rule finds such versions, and
a benchmark gives its score with and without them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from woodshed.metrics.originality import N_GRAM, Melody

NEAR_SHARE = 0.5
"""Share of common notes from which a melody is a near version of another."""

RULE = (
    f"A near version shares at least half of its notes with one training {{}}: notes in passages of at least {N_GRAM} notes with "
    "the same intervals and durations, in any key."
)
"""The rule as a sentence for a page, with the name of a training piece to fill in."""


@dataclass(frozen=True)
class Nearest:
    """The training melody with which a melody shares most of its notes.

    Parameters
    ----------
    share
        Share of the notes of the melody that lie in common passages, 0 to 1.
    number
        Index of the training melody; -1 if no passage is common.
    """

    share: float
    number: int

    @property
    def is_near(self) -> bool:
        """Whether the melody is a near version of the training melody."""
        return self.share >= NEAR_SHARE


def nearest(melodies: Sequence[Melody], train: Sequence[Melody]) -> list[Nearest]:
    """Return, for each melody, the one training melody with which it shares most of its notes.

    Passages of `woodshed.metrics.originality.N_GRAM` notes are compared by intervals and durations.
    """
    n_steps = N_GRAM - 1
    numbers: dict[
        tuple[tuple[int, float], ...], set[int]
    ] = {}  # passage -> the training melodies that have it
    for number, melody in enumerate(train):
        steps = melody.steps()
        for start in range(len(steps) - n_steps + 1):
            numbers.setdefault(tuple(steps[start : start + n_steps]), set()).add(number)
    results = []
    for melody in melodies:
        steps = melody.steps()
        shared: dict[int, NDArray[np.bool_]] = {}  # training melody -> which notes are in common passages
        for start in range(len(steps) - n_steps + 1):
            for number in sorted(numbers.get(tuple(steps[start : start + n_steps]), ())):
                notes = shared.setdefault(number, np.zeros(len(melody.pitch_midi), bool))
                notes[start : start + N_GRAM] = True
        best = max(((float(notes.mean()), -number) for number, notes in shared.items()), default=(0.0, 1))
        results.append(Nearest(best[0], -best[1]))
    return results
