"""Examination of a labelled set of sounds before training."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack

from woodshed.data.doctor import doctor
from woodshed.data.doctor.finding import Checkup
from woodshed.data.source import read_source
from woodshed.workflows.progress import SILENT, Progress, stage


def examine(
    data: str,
    *,
    group_by: str | None = None,
    targets: Sequence[str] = (),
    seed: int = 0,
    n_jobs: int = -1,
    progress: Progress = SILENT,
) -> Checkup:
    """Find faults, copies, probably wrong labels and shortcuts in a set of sounds.

    Parameters
    ----------
    data
        Folder of class folders, table, or corpus as ``NAME:PATH``.
    group_by
        Origin of each sound, such as the speaker; see `woodshed.data.source.read_source`.
    targets
        Columns of a table that hold values, or tags as 0 and 1.
    seed
        Seed of all random draws, 0 or more.
    n_jobs
        Number of sounds processed at a time; -1 for one per core.
    progress
        Observer of the run.

    Returns
    -------
    Checkup
        The findings, most harmful first.

    Raises
    ------
    DataError
        If the data do not exist or are not a labelled set of sounds.
    ParameterError
        If a setting is out of its range.
    """
    corpus = read_source(data, group_by=group_by, targets=targets)
    with ExitStack() as current:

        def begin(description: str, total: int) -> Callable[[], None]:
            current.close()  # stages follow one another
            return current.enter_context(stage(progress, total, description))

        return doctor(corpus, n_jobs=n_jobs, seed=seed, on_stage=begin)
