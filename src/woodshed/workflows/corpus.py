"""Checks of a set of sounds before training, and of the files of a published corpus."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from woodshed.data.corpora.survey import Survey, open_files, survey
from woodshed.data.doctor import doctor
from woodshed.data.doctor.finding import Checkup
from woodshed.data.source import read_source
from woodshed.workflows.progress import SILENT, Progress, stage


def check_corpus(
    name: str,
    folder: str | Path,
    *,
    quick: bool = False,
    n_jobs: int = -1,
    progress: Progress = SILENT,
) -> Survey:
    """Read a corpus in its published layout, and open its files to find unusable ones.

    Parameters
    ----------
    name
        Name of the corpus; see `woodshed.data.corpora.CORPORA`.
    folder
        Folder that contains it.
    quick
        Whether the files are listed only, not opened.
    n_jobs
        Number of files opened at a time; -1 for one per core.
    progress
        Observer of the run.

    Raises
    ------
    DataError
        If there is no such corpus, or the folder does not contain it.
    ParameterError
        If ``n_jobs`` is neither -1 nor positive.

    Examples
    --------
    >>> from woodshed.data.sample import sample_folder
    >>> check_corpus("fsdd", sample_folder(), quick=True).facts.n_examples
    3000
    """
    listing = survey(name, folder)
    if quick:
        return listing
    with stage(progress, len(listing.paths), "opening files") as advance:
        return open_files(listing, n_jobs=n_jobs, tick=advance)


def examine(
    data: str,
    *,
    group_by: str | None = None,
    targets: Sequence[str] = (),
    seed: int = 0,
    n_jobs: int = -1,
    thorough: bool = False,
    progress: Progress = SILENT,
) -> Checkup:
    """Find faults, copies, probably wrong labels and shortcuts in a set of sounds.

    Parameters
    ----------
    data
        Folder of class folders, table, or corpus as ``NAME:PATH``; or, for the checks that need no labels, a
        folder of sounds or a single one.
    group_by
        Origin of each sound, such as the speaker; see `woodshed.data.source.read_source`.
    targets
        Columns of a table that hold values, or tags as 0 and 1.
    seed
        Seed of all random draws, 0 or more.
    n_jobs
        Number of sounds processed at a time; -1 for one per core.
    thorough
        Whether to check the labels of all sounds; see `woodshed.data.doctor.checkup.doctor`.
    progress
        Observer of the run.

    Returns
    -------
    Checkup
        The findings, most harmful first.

    Raises
    ------
    DataError
        If the data do not exist or contain no sounds.
    ParameterError
        If a setting is out of its range.
    """
    corpus = read_source(data, group_by=group_by, targets=targets, least_classes=0)
    with ExitStack() as current:

        def begin(description: str, total: int) -> Callable[[], None]:
            current.close()  # stages follow one another
            return current.enter_context(stage(progress, total, description))

        return doctor(corpus, n_jobs=n_jobs, seed=seed, on_stage=begin, thorough=thorough)
