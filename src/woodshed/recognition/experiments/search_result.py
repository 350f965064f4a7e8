"""Trial: settings that were tried before a training, and how well they did, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Trial:
    """One set of settings.

    Parameters
    ----------
    settings
        Those that were varied.
    score
        Mean over the inner folds that were run, higher is better; None if it failed.
    duration_s
        Time of its trainings.
    state
        ``complete``; ``stopped`` early, because it did worse than most; or why it failed.
    """

    settings: Mapping[str, Any]
    score: float | None
    duration_s: float
    state: str = "complete"


@dataclass(frozen=True)
class SearchResult:
    """How settings were chosen.

    Parameters
    ----------
    split
        Name of the inner folds by which they were judged.
    n_clips
        How many clips took part: the training part, and never one of the test part.
    measure
        What the score is.
    trials
        In the order in which they were tried; the first has the settings that were asked for.
    best
        Index of the trial whose settings were taken.
    """

    split: str
    n_clips: int
    measure: str
    trials: tuple[Trial, ...]
    best: int

    @property
    def chosen(self) -> dict[str, Any]:
        """The settings that were taken."""
        return dict(self.trials[self.best].settings)
