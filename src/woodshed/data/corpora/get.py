"""Download of a corpus: fetch its files, join split archives, unpack them safely."""

from __future__ import annotations

import lzma
import re
import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import IO

from woodshed.atomic import draft
from woodshed.data.corpora.facts import CorpusFacts
from woodshed.data.download import Progress, fetch
from woodshed.data.folder import create_folder
from woodshed.errors import DataError, OutputError, printable

ARCHIVES = "archives"
"""Folder of the downloaded archives; it may be deleted after unpacking."""

ARCHIVE_SUFFIX = re.compile(r"\.(zip|tar|tar\.gz|tgz|tar\.bz2|tar\.xz)(\.\d{3})?$")

BLOCK_BYTES = 2**18
"""Number of bytes copied at a time."""

MAX_RATIO = 100
"""Largest ratio of the unpacked files to their archive. Sound shrinks to a half, a table to a tenth."""

SPARE_BYTES = 2**27
"""What an archive may unpack to beyond that ratio, however small it is."""

_DAMAGE = (
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    ValueError,  # invalid names or methods
    RuntimeError,  # a password is required
)


def get_corpus(
    facts: CorpusFacts,
    folder: Path,
    *,
    watch: Callable[[str], Progress] = lambda name: lambda n_bytes, total: None,
) -> int:
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
    create_folder(folder / ARCHIVES, "Choose another --out.")
    archives: dict[Path, list[Path]] = {}
    n_files = 0
    for download in facts.downloads:
        suffix = ARCHIVE_SUFFIX.search(download.file_name)
        place = folder / ARCHIVES if suffix else folder
        path = fetch(
            download.url,
            place / download.file_name,
            checksum=download.checksum,
            progress=watch(download.file_name),
        )
        if suffix is None:
            n_files += 1
        else:
            whole = path.with_suffix("") if suffix[2] else path
            archives.setdefault(whole, []).append(path)
    for whole, parts in archives.items():
        if parts != [whole]:
            join_parts(parts, whole)
        n_files += unpack(whole, folder)
    return n_files


def unpack(archive: Path, folder: Path) -> int:
    """Unpack a zip or tar archive without writing outside the folder.

    Parameters
    ----------
    archive
        A zip file, or a tar file, also compressed by gzip, bzip2 or xz; recognised by its content.
    folder
        Target folder, created if missing. Existing files are replaced.

    Returns
    -------
    int
        Number of files.

    Raises
    ------
    DataError
        If it is not an archive or is damaged, or an entry is a link or outside the folder. Files before that
        entry remain: the checksum of a compressed tar archive is at its end.
    OutputError
        If the disk is full or the folder cannot be written to.
    """
    create_folder(folder)
    root = folder.resolve()
    n_files = n_bytes = 0
    max_bytes = SPARE_BYTES + MAX_RATIO * archive.stat().st_size if archive.is_file() else 0
    try:
        for name, content in _entries(archive):
            place = _inside(root, name, archive)
            create_folder(place.parent)
            with content, draft(place) as file:
                for block in _blocks(content, archive):
                    n_bytes += len(block)
                    if n_bytes > max_bytes:
                        raise DataError(
                            f"{printable(archive)} unpacks to more than {MAX_RATIO} times its size. Do not "
                            "trust the archive."
                        )
                    file.write(block)
            n_files += 1
    except (OutputError, DataError):
        raise
    except (*_DAMAGE, OSError) as error:
        raise _damaged(archive, error) from error
    return n_files


def join_parts(parts: Sequence[Path], whole: Path) -> Path:
    """Concatenate the parts of a file (``.001``, ``.002``).

    Raises
    ------
    OutputError
        If the disk is full or the folder cannot be written to.
    """
    with draft(whole) as file:
        for part in parts:
            with open(part, "rb") as piece:
                shutil.copyfileobj(piece, file, BLOCK_BYTES)
    return whole


def _blocks(content: IO[bytes], archive: Path) -> Iterator[bytes]:
    """Yield the content in blocks; errors of the archive are kept distinct from those of the target disk."""
    try:
        while block := content.read(BLOCK_BYTES):
            yield block
    except (*_DAMAGE, OSError) as error:
        raise _damaged(archive, error) from error


def _damaged(archive: Path, error: Exception) -> DataError:
    return DataError(f"{printable(archive)} is damaged ({error}). Delete it, then download it again.")


def _entries(archive: Path) -> Iterator[tuple[str, IO[bytes]]]:
    """Yield name and content of each file in an archive."""
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as zipped:
            files = (entry for entry in zipped.infolist() if not entry.is_dir())
            yield from ((entry.filename, zipped.open(entry)) for entry in files)
        return
    if not tarfile.is_tarfile(archive):
        raise DataError(f"{printable(archive)} is neither a zip nor a tar archive. Download it again.")
    with tarfile.open(archive) as tarred:
        for member in (member for member in tarred if not member.isdir()):
            content = tarred.extractfile(member) if member.isfile() else None
            if content is None:
                raise DataError(
                    f"{printable(archive)}: {printable(member.name)} is a link or a device, not a file. "
                    "Do not trust the archive."
                )
            yield member.name, content
        # The checksum of a compressed archive is at its end, after the data that tar reads.
        while tarred.fileobj is not None and tarred.fileobj.read(BLOCK_BYTES):
            pass


def _inside(root: Path, name: str, archive: Path) -> Path:
    """Return the path of an entry, which must be below the folder after resolving links."""
    relative = PurePosixPath(name.replace("\\", "/"))
    place = root.joinpath(*relative.parts).resolve()
    if relative.is_absolute() or ".." in relative.parts or place == root or not place.is_relative_to(root):
        raise DataError(
            f"{printable(archive)}: {printable(name)} is outside the folder. Do not trust the archive."
        )
    return place
