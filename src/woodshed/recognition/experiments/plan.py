"""Estimated duration of a run, from a few clips and training steps that are timed first."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from woodshed.data.store import Entry, fill_together

N_TIMED_CLIPS = 16
"""Number of clips whose features are timed."""

FIXED_S, TRAINING_S = 2.5, 0.15
"""Seconds for the start, calibration and report of a run, and for what each training does beside its fit."""

WORKERS_S, EFFICIENCY = 1.0, 0.9
"""Seconds to start processes that compute features, and their speed relative to one that runs alone."""


@dataclass(frozen=True)
class Plan:
    """Estimated work of a run.

    Parameters
    ----------
    n_trainings
        Number of fits.
    n_epochs
        Epochs of each at most; 0 for a classical estimator.
    n_weights
        Weights of the network; 0 for a classical estimator.
    features_s
        Estimated time for the features that are not stored yet.
    fits_s
        Estimated time for all fits.
    examination_s
        Time that the examination of the files took.
    """

    n_trainings: int
    n_epochs: int
    n_weights: int
    features_s: float
    fits_s: float
    examination_s: float = 0.0

    @property
    def duration_s(self) -> float:
        """Estimated duration of the whole run."""
        return self.examination_s + self.features_s + self.fits_s + FIXED_S + TRAINING_S * self.n_trainings


def timed_rows(n_clips: int) -> list[int]:
    """Return which clips are timed: at most `N_TIMED_CLIPS`, evenly spread.

    Examples
    --------
    >>> timed_rows(3), len(timed_rows(1000))
    ([0, 1, 2], 16)
    """
    rows: list[int] = np.unique(np.linspace(0, n_clips - 1, N_TIMED_CLIPS).astype(int)).tolist()
    return rows


def time_features(
    entries_in: Callable[[str], Sequence[Sequence[Entry]]],
    n_clips: int,
    *,
    store: str | None,
    n_processes: int,
) -> float:
    """Estimate the time to compute the features of all clips, of which a few are timed.

    Parameters
    ----------
    entries_in
        Returns the entries of the `timed_rows` in a folder.
    n_clips
        Number of all clips.
    store
        Folder in which features may be stored already; None if there is none.
    n_processes
        Number of processes that will compute them.
    """
    missing = list(range(len(timed_rows(n_clips))))
    if store is not None and Path(store).is_dir():  # a store would make the folder
        rows = enumerate(entries_in(store))
        missing = [k for k, row in rows if not all(one.path(item).exists() for one, item in row)]
    if not missing:
        return 0.0
    with tempfile.TemporaryDirectory() as folder:
        entries = entries_in(folder)
        fill_together([entries[missing[0]]])  # loads libraries, and builds tables that clips share
    with tempfile.TemporaryDirectory() as folder:
        entries = entries_in(folder)
        began = time.perf_counter()
        fill_together([entries[k] for k in missing])
        timed_s = time.perf_counter() - began
    alone_s = timed_s * n_clips / len(entries)
    if n_processes == 1 or alone_s < 2 * WORKERS_S:
        return alone_s
    return WORKERS_S + alone_s / (EFFICIENCY * n_processes)
