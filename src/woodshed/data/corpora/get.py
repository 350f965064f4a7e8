"""Download of a corpus: fetch its files, join split archives, unpack."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from woodshed.data.corpora.facts import CorpusFacts
from woodshed.data.download import Progress, fetch
from woodshed.data.unpack import join_parts, unpack
from woodshed.errors import DataError, OutputError, printable

ARCHIVES = "archives"
"""Folder of the downloaded archives; it may be deleted after unpacking."""

ARCHIVE_SUFFIX = re.compile(r"\.(zip|tar|tar\.gz|tgz|tar\.bz2|tar\.xz)(\.\d{3})?$")


def get_corpus(facts: CorpusFacts, folder: Path, *, watch: Callable[[str], Progress] | None = None) -> int:
    """Download a corpus into a folder; complete files are not downloaded again.

    Parameters
    ----------
    facts
        The corpus.
    folder
        Target folder, created if missing. Archives go into its subfolder ``archives``.
    watch
        Called with the name of each file before its download; returns a callback for the progress.

    Returns
    -------
    int
        Number of files, unpacked or downloaded as they are.

    Raises
    ------
    DataError
        If it cannot be downloaded automatically, or a file is unavailable or damaged.
    OutputError
        If the disk is full or the folder cannot be written to.
    """
    if not facts.downloads:
        raise DataError(
            f"{facts.name} cannot be downloaded automatically. {facts.manual_download} {facts.url}"
        )
    try:
        (folder / ARCHIVES).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"{printable(folder)} cannot be created ({error.strerror}). Choose another --out."
        ) from error
    archives: dict[Path, list[Path]] = {}
    n_plain = 0
    for download in facts.downloads:
        suffix = ARCHIVE_SUFFIX.search(download.file_name)
        place = folder / ARCHIVES if suffix else folder
        progress = watch(download.file_name) if watch else None
        path = fetch(download.url, place / download.file_name, checksum=download.checksum, progress=progress)
        if suffix is None:
            n_plain += 1
        else:
            whole = path.with_suffix("") if suffix[2] else path
            archives.setdefault(whole, []).append(path)
    n_unpacked = 0
    for whole, parts in archives.items():
        if parts != [whole]:
            join_parts(parts, whole)
        n_unpacked += unpack(whole, folder)
    return n_plain + n_unpacked
