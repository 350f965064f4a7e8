"""Resumable downloads.

Only the standard library is used. A file is written as ``NAME.part`` and renamed when it is complete and its
checksum matches, so a file under its final name is complete.
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
"""Called with the number of bytes downloaded and in total (None if the server does not state it)."""

CHUNK = 2**18
TIMEOUT_S = 30.0
N_TRIES = 3
"""Number of consecutive attempts without progress before a broken connection is an error."""

HASHES = {32: "md5", 64: "sha256"}
"""Number of hexadecimal digits of a checksum -> its algorithm."""


def fetch(
    url: str,
    target: str | os.PathLike[str],
    *,
    checksum: str | None = None,
    progress: Progress = lambda n_bytes, total: None,
    timeout_s: float = TIMEOUT_S,
) -> Path:
    """Download a file, or the rest of it; an existing file with the right checksum is kept.

    Parameters
    ----------
    url
        Address, ``http`` or ``https``.
    target
        Path of the file; its folder must exist.
    checksum
        MD5 (32 hexadecimal digits) or SHA-256 (64) of the complete file; None if unknown.
    progress
        Called after each block of 256 KiB.
    timeout_s
        Maximum time without data from the server, in seconds.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    DataError
        If the file is unavailable, the connection breaks repeatedly (the partial file is kept, and the next
        call resumes it), or the checksum does not match (the file is deleted).
    OutputError
        If the disk is full or the folder cannot be written to.
    ParameterError
        If the address or the checksum is malformed.
    """
    target = Path(target)
    if not url.startswith(("http://", "https://")):
        raise ParameterError(f"The address of a download must start with http:// or https://, got {url!r}.")
    if checksum is not None and len(checksum) not in HASHES:
        raise ParameterError(
            f"A checksum must have 32 (MD5) or 64 (SHA-256) hexadecimal digits, got {checksum!r}."
        )
    if target.is_file() and (checksum is None or file_checksum(target, checksum) == checksum.lower()):
        return target
    part = target.with_name(target.name + ".part")
    try:
        _fetch_part(url, part, progress, timeout_s)
        if checksum is not None and (actual := file_checksum(part, checksum)) != checksum.lower():
            _delete(part)
            raise DataError(
                f"{url}: the download has the checksum {actual}, expected {checksum}. It was damaged, or the "
                "file on the server has changed; the download was deleted. Try again."
            )
        os.replace(part, target)
        _delete(part)
    except OutputError:
        raise
    except OSError as error:
        raise OutputError(f"{printable(target)} cannot be written: {_disk_advice(error, target)}") from error
    return target


def file_checksum(path: Path, like: str) -> str:
    """Compute the checksum of a file with the algorithm of the checksum ``like``.

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


def _fetch_part(url: str, part: Path, progress: Progress, timeout_s: float) -> None:
    """Complete the partial file."""
    tries = N_TRIES
    while True:
        before = _size(part)
        try:
            if _request_rest(url, part, progress, timeout_s):
                return
            reason = "the connection was lost"
        except urllib.error.HTTPError as error:
            with error:  # it is also a response and owns its connection
                raise DataError(f"{url}: {_http_advice(error)}") from error
        except urllib.error.URLError as error:
            reason = str(error.reason)
        tries = N_TRIES if _size(part) > before else tries - 1
        if tries == 0:
            resumed = f" to resume after {_size(part):,} bytes" if _can_resume(part) else ""
            raise DataError(
                f"{url} cannot be downloaded: {reason}. Check the network connection, and run the same "
                f"command again{resumed}."
            )


def _request_rest(url: str, part: Path, progress: Progress, timeout_s: float) -> bool:
    """Request the missing bytes and append them; return whether the file is now complete."""
    here, stamp = _size(part), _stamp_file(part)
    request = urllib.request.Request(url, headers={"User-Agent": "woodshed"})
    if _can_resume(part):
        request.add_header("Range", f"bytes={here}-")
        request.add_header(
            "If-Range", stamp.read_text("utf-8")
        )  # if the file has changed, the server sends all of it
    try:
        response = urllib.request.urlopen(request, timeout=timeout_s)
    except (http.client.HTTPException, TimeoutError, ConnectionError) as error:
        raise _connection_error(error) from error
    except urllib.error.HTTPError as error:
        if error.code != http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            raise
        error.close()
        if error.headers.get("Content-Range") == f"bytes */{here}":
            return True  # it was complete already
        _delete(part)
        return False
    with response:
        content_range = response.headers.get("Content-Range", "")
        is_rest = response.status == http.HTTPStatus.PARTIAL_CONTENT and content_range.startswith(
            f"bytes {here}-"
        )
        here = here if is_rest else 0
        length = response.headers.get("Content-Length")
        total = here + int(length) if length else None
        _check_disk_space(part, total, here)
        _write_stamp(stamp, response)
        with open(part, "ab" if is_rest else "wb") as file:
            while chunk := _read(response):
                file.write(chunk)
                here += len(chunk)
                progress(here, total)
    return total is None or here == total


def _read(response: http.client.HTTPResponse) -> bytes:
    try:
        return response.read(CHUNK)
    except (OSError, http.client.HTTPException) as error:
        raise _connection_error(error) from error


def _connection_error(error: Exception) -> urllib.error.URLError:
    """Return a failure of the connection, unlike other `OSError`, which may concern the disk."""
    return urllib.error.URLError(str(error) or type(error).__name__)


def _write_stamp(stamp: Path, response: http.client.HTTPResponse) -> None:
    """Store the server's version of the file; without one, a broken download starts again."""
    tag = response.headers.get("ETag") or "W/"
    version = response.headers.get("Last-Modified") if tag.startswith("W/") else tag
    if version:
        write_whole(stamp, version)
    else:
        stamp.unlink(missing_ok=True)


def _can_resume(part: Path) -> bool:
    """Return whether there is a partial file of a known version."""
    return _size(part) > 0 and _stamp_file(part).is_file()


def _stamp_file(part: Path) -> Path:
    return part.with_name(part.name + ".version")


def _delete(part: Path) -> None:
    """Delete a partial file and its version."""
    part.unlink(missing_ok=True)
    _stamp_file(part).unlink(missing_ok=True)


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def _check_disk_space(part: Path, total: int | None, here: int) -> None:
    free = shutil.disk_usage(part.parent).free
    if total is not None and total - here > free:
        raise OutputError(
            f"{printable(part.parent)}: {free:,} bytes are free on the disk, {total - here:,} are needed. "
            "Free some space, or choose a folder on another disk."
        )


def _http_advice(error: urllib.error.HTTPError) -> str:
    if error.code in (http.HTTPStatus.NOT_FOUND, http.HTTPStatus.GONE):
        return f"there is no such file on the server ({error.code}). Look for it on the page of the corpus."
    if error.code in (http.HTTPStatus.UNAUTHORIZED, http.HTTPStatus.FORBIDDEN):
        return f"access denied ({error.code}). Download it manually from the page of the corpus."
    return f"the server responded with {error.code} {error.reason}. Try again later."


def _disk_advice(error: OSError, target: Path) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "the disk is full. Free some space and run the same command again: the partial file is kept."
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return f"{printable(target.parent)} is not a folder. Create it first."
    return f"{error.strerror or error}. Choose another folder, or change its permissions."
