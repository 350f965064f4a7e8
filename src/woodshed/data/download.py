"""Downloads that can be broken off and gone on with.

Only the standard library is used. A file is written beside its place as ``NAME.part`` and takes its name when
it is complete and its checksum is right, so a file that has its name is whole.
"""

from __future__ import annotations

import errno
import hashlib
import http.client
import os
import shutil
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from woodshed.atomic import write_whole
from woodshed.errors import DataError, OutputError, ParameterError, printable

Progress = Callable[[int, int | None], None]
"""Called with the bytes that are here and the bytes of the whole file, None if the server does not say."""

CHUNK = 2**18
TIMEOUT_S = 30.0
N_TRIES = 3
"""So many times the rest is asked for when the connection breaks; each time that brings something is free."""

HASHES = {32: "md5", 64: "sha256"}
"""Number of hexadecimal digits -> what they are the checksum by."""


def fetch(
    url: str,
    target: str | os.PathLike[str],
    *,
    checksum: str | None = None,
    progress: Progress | None = None,
    timeout_s: float = TIMEOUT_S,
) -> Path:
    """Download a file, or the rest of it; a file that is there already is kept if its checksum is right.

    Parameters
    ----------
    url
        Where from: ``http`` or ``https``.
    target
        The file to make; its folder must be there.
    checksum
        MD5 (32 hexadecimal digits) or SHA-256 (64) of the whole file. None: nothing is known to compare with.
    progress
        Told how far it is after each portion of 256 KiB.
    timeout_s
        A server that is silent for longer is taken for gone.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    DataError
        If the file cannot be had, the connection breaks again and again (what came is kept, and the next
        call goes on from there), or the checksum is another (what came is thrown away).
    OutputError
        If the disk is full or the folder cannot be written to.
    ParameterError
        If the address or the checksum cannot be one.
    """
    target = Path(target)
    if not url.startswith(("http://", "https://")):
        raise ParameterError(f"An address to download from begins with http:// or https://, got {url!r}.")
    if checksum is not None and len(checksum) not in HASHES:
        raise ParameterError(f"A checksum has 32 (MD5) or 64 (SHA-256) hexadecimal digits, got {checksum!r}.")
    if target.is_file() and (checksum is None or file_checksum(target, checksum) == checksum.lower()):
        return target
    part = target.with_name(target.name + ".part")
    try:
        _fetch_part(url, part, progress, timeout_s)
        if checksum is not None and (found := file_checksum(part, checksum)) != checksum.lower():
            _forget(part)
            raise DataError(
                f"{url}: what came has the checksum {found}, expected {checksum}. It was damaged on the way, "
                "or the file has changed; it is thrown away. Try again."
            )
        os.replace(part, target)
        _forget(part)
    except OSError as error:
        if isinstance(error, OutputError):
            raise
        raise OutputError(f"{printable(target)} cannot be written: {_disk_cure(error, target)}") from error
    return target


def file_checksum(path: Path, like: str) -> str:
    """Compute the checksum of a file by the method that ``like`` was made by.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "a")
    ...     _ = path.write_bytes(b"abc")
    ...     file_checksum(path, "0" * 32)
    '900150983cd24fb0d6963f7d28e17f72'
    """
    with open(path, "rb") as file:
        return hashlib.file_digest(file, HASHES[len(like)]).hexdigest()


def _fetch_part(url: str, part: Path, progress: Progress | None, timeout_s: float) -> None:
    """Fill the part file until it is complete."""
    tries = N_TRIES
    while True:
        before = _size(part)
        try:
            if _predict_rows(url, part, progress, timeout_s):
                return
            reason = "the connection broke off"
        except urllib.error.HTTPError as error:
            with error:  # it is an answer, too, and holds its connection
                raise DataError(f"{url}: {_http_cure(error)}") from error
        except (urllib.error.URLError, _BrokenOffError) as error:
            reason = str(error.reason)
        tries = N_TRIES if _size(part) > before else tries - 1
        if tries == 0:
            kept = f": it goes on after the {_size(part):,} bytes that are here" if _can_go_on(part) else ""
            raise DataError(
                f"{url} cannot be had: {reason}. Check that this machine is on the net, and give the same "
                f"command again{kept}."
            )


def _predict_rows(url: str, part: Path, progress: Progress | None, timeout_s: float) -> bool:
    """Ask for what is missing and write it; return whether the file is now complete."""
    here, stamp = _size(part), _stamp_file(part)
    request = urllib.request.Request(url, headers={"User-Agent": "woodshed"})
    if _can_go_on(part):
        request.add_header("Range", f"bytes={here}-")
        request.add_header("If-Range", stamp.read_text("utf-8"))  # a changed file comes as a whole
    try:
        answer = urllib.request.urlopen(request, timeout=timeout_s)
    except (http.client.HTTPException, TimeoutError, ConnectionError) as error:
        raise _BrokenOffError(str(error) or type(error).__name__) from error
    except urllib.error.HTTPError as error:
        if error.code != http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            raise
        error.close()
        if error.headers.get("Content-Range") == f"bytes */{here}":
            return True  # it was complete already
        _forget(part)
        return False
    with answer:
        goes_on = answer.status == http.HTTPStatus.PARTIAL_CONTENT and _first_byte(answer) == here
        here = here if goes_on else 0
        length = answer.headers.get("Content-Length")
        total = here + int(length) if length else None
        _refuse_if_too_large(part, total, here)
        _write_stamp(stamp, answer)
        with open(part, "ab" if goes_on else "wb") as file:
            while chunk := _read(answer):
                file.write(chunk)
                here += len(chunk)
                if progress is not None:
                    progress(here, total)
    return total is None or here == total


class _BrokenOffError(Exception):
    """The connection failed; ``reason`` says how. An OSError may be the disk."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def _read(answer: http.client.HTTPResponse) -> bytes:
    try:
        return answer.read(CHUNK)
    except (OSError, http.client.HTTPException) as error:
        raise _BrokenOffError(str(error) or type(error).__name__) from error


def _first_byte(answer: http.client.HTTPResponse) -> int | None:
    """Return where the answer begins in the file."""
    words = answer.headers.get("Content-Range", "").removeprefix("bytes ").partition("-")
    return int(words[0]) if words[0].isdigit() else None


def _write_stamp(stamp: Path, answer: http.client.HTTPResponse) -> None:
    """Note what the server calls this version of the file; without that, a break means from the start."""
    tag = answer.headers.get("ETag") or "W/"
    version = answer.headers.get("Last-Modified") if tag.startswith("W/") else tag
    if version:
        write_whole(stamp, version)
    else:
        stamp.unlink(missing_ok=True)


def _can_go_on(part: Path) -> bool:
    """Tell whether the rest may be asked for: something is here, and of which version is known."""
    return _size(part) > 0 and _stamp_file(part).is_file()


def _stamp_file(part: Path) -> Path:
    return part.with_name(part.name + ".version")


def _forget(part: Path) -> None:
    part.unlink(missing_ok=True)
    _stamp_file(part).unlink(missing_ok=True)


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def _refuse_if_too_large(part: Path, total: int | None, here: int) -> None:
    free = shutil.disk_usage(part.parent).free
    if total is not None and total - here > free:
        raise OutputError(
            f"{printable(part.parent)}: {free:,} bytes are free on the disk, {total - here:,} are needed. "
            "Make room, or choose a folder on another disk."
        )


def _http_cure(error: urllib.error.HTTPError) -> str:
    if error.code in (http.HTTPStatus.NOT_FOUND, http.HTTPStatus.GONE):
        return f"there is no such file on the server ({error.code}). Look for it on the page of the corpus."
    if error.code in (http.HTTPStatus.UNAUTHORIZED, http.HTTPStatus.FORBIDDEN):
        return f"the server refuses ({error.code}). Download it by hand from the page of the corpus."
    return f"the server answered {error.code} {error.reason}. Try again later."


def _disk_cure(error: OSError, target: Path) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "the disk is full. Make room and give the same command again: what came is kept."
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return f"{printable(target.parent)} is not a folder. Make it first."
    return f"{error.strerror or error}. Choose another folder, or change its permissions."
