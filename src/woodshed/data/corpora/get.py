"""Get a corpus: download its files, join those in parts, unpack the archives."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from woodshed.data.corpora.about import About
from woodshed.data.download import Progress, fetch
from woodshed.data.unpack import join_parts, unpack
from woodshed.errors import DataError, OutputError, printable

ARCHIVES = "archives"
"""Folder for what was downloaded and unpacked; it may be deleted afterwards."""

ARCHIVE_SUFFIX = re.compile(r"\.(zip|tar|tar\.gz|tgz|tar\.bz2|tar\.xz)(\.\d{3})?$")


def get_corpus(about: About, folder: Path, *, watch: Callable[[str], Progress] | None = None) -> int:
    """Download a corpus into a folder; what is there already is not downloaded again.

    Parameters
    ----------
    about
        The corpus.
    folder
        Where to; made if it is not there. Archives go into ``archives`` in it.
    watch
        Called with the name of each file before it is downloaded; what it returns is told the progress.

    Returns
    -------
    int
        The number of files unpacked, and of those that need no unpacking.

    Raises
    ------
    DataError
        If it cannot be had by a program, or a file cannot be had or is damaged.
    OutputError
        If the disk is full or the folder cannot be written to.
    """
    if not about.downloads:
        raise DataError(f"{about.name} cannot be downloaded by a program. {about.by_hand} {about.url}")
    try:
        (folder / ARCHIVES).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"{printable(folder)} cannot be made ({error.strerror}). Choose another --out."
        ) from error
    archives: dict[Path, list[Path]] = {}
    n_plain = 0
    for wanted in about.downloads:
        found = ARCHIVE_SUFFIX.search(wanted.file_name)
        place = folder / ARCHIVES if found else folder
        progress = watch(wanted.file_name) if watch else None
        path = fetch(wanted.url, place / wanted.file_name, checksum=wanted.checksum, progress=progress)
        if found is None:
            n_plain += 1
        else:
            whole = path.with_suffix("") if found[2] else path
            archives.setdefault(whole, []).append(path)
    n_unpacked = 0
    for whole, parts in archives.items():
        if parts != [whole]:
            join_parts(parts, whole)
        n_unpacked += unpack(whole, folder)
    return n_plain + n_unpacked
