"""Archives in: zip and tar files that cannot write where they should not."""

from __future__ import annotations

import lzma
import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import IO

from woodshed.atomic import draft
from woodshed.errors import DataError, OutputError, printable

PORTION = 2**18
"""Bytes that are copied at a time."""

_DAMAGE = (
    *(tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError),
    *(ValueError, RuntimeError),  # names and methods that cannot be; a password is asked for
)


def unpack(archive: Path, folder: Path) -> int:
    """Unpack a zip or tar archive; nothing is written outside the folder.

    Parameters
    ----------
    archive
        A ``.zip`` or ``.tar`` file, the latter also compressed by gzip, bzip2 or xz; told by its content.
    folder
        Where to; made if it is not there. Files that are there and have the same names are replaced.

    Returns
    -------
    int
        The number of files.

    Raises
    ------
    DataError
        If it is not an archive or is damaged, or an entry is a link or leads out of the folder. What came
        before that entry stays; the checksum of a compressed tar archive is known at its end only.
    OutputError
        If the disk is full or the folder cannot be written to.
    """
    _make(folder)
    root = folder.resolve()
    n_files = 0
    try:
        for name, content in _entries(archive):
            place = _inside(root, name, archive)
            _make(place.parent)
            with content, draft(place) as file:
                for portion in _portions(content, archive):
                    file.write(portion)
            n_files += 1
    except OutputError:
        raise
    except (*_DAMAGE, OSError) as error:
        if isinstance(error, DataError):
            raise
        raise _damaged(archive, error) from error
    return n_files


def join_parts(parts: Sequence[Path], whole: Path) -> Path:
    """Put the parts of a file (``.001``, ``.002``) one after the other.

    Raises
    ------
    OutputError
        If the disk is full or the folder cannot be written to.
    """
    with draft(whole) as file:
        for part in parts:
            with open(part, "rb") as piece:
                shutil.copyfileobj(piece, file, PORTION)
    return whole


def _portions(content: IO[bytes], archive: Path) -> Iterator[bytes]:
    """Yield the content; a fault of the archive is not mistaken for one of the disk written to."""
    try:
        while portion := content.read(PORTION):
            yield portion
    except (*_DAMAGE, OSError) as error:
        raise _damaged(archive, error) from error


def _damaged(archive: Path, error: Exception) -> DataError:
    return DataError(f"{printable(archive)} is damaged ({error}). Delete it, then download it again.")


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"{printable(folder)} cannot be made ({error.strerror}). Choose another folder."
        ) from error


def _entries(archive: Path) -> Iterator[tuple[str, IO[bytes]]]:
    """Yield the name and the content of each file in an archive."""
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as zipped:
            for entry in zipped.infolist():
                if not entry.is_dir():
                    yield entry.filename, zipped.open(entry)
        return
    if not tarfile.is_tarfile(archive):
        raise DataError(f"{printable(archive)} is neither a zip nor a tar archive. Download it again.")
    with tarfile.open(archive) as tarred:
        for member in tarred:
            if member.isdir():
                continue
            content = tarred.extractfile(member) if member.isfile() else None
            if content is None:
                raise DataError(
                    f"{printable(archive)}: {printable(member.name)} is a link or a device, not a file. "
                    "No corpus needs that: do not trust the archive."
                )
            yield member.name, content
        # The checksum of a compressed archive stands at its end, behind what tar reads.
        while tarred.fileobj is not None and tarred.fileobj.read(PORTION):
            pass


def _inside(root: Path, name: str, archive: Path) -> Path:
    """Return where an entry goes; it must be below the folder, also when a link is in the way."""
    plain = PurePosixPath(name.replace("\\", "/"))
    place = root.joinpath(*plain.parts).resolve()
    if plain.is_absolute() or ".." in plain.parts or place == root or not place.is_relative_to(root):
        raise DataError(
            f"{printable(archive)}: {printable(name)} leads out of the folder. Do not trust the archive."
        )
    return place
