"""Completeness check of a corpus on disk."""

from __future__ import annotations

from pathlib import Path

from woodshed.data.corpora.survey import Survey, open_files, survey
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
