"""Decoding of formats that libsndfile lacks, such as M4A and WebM, by ffmpeg if it is installed."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Any

from woodshed.errors import AudioFileError, printable

FFMPEG_SUFFIXES = frozenset(
    {".m4a", ".m4b", ".mp4", ".mov", ".aac", ".wma", ".asf", ".amr", ".webm", ".mka", ".mkv", ".3gp", ".avi"}
)
"""Lower-case suffixes of formats that libsndfile cannot decode."""

LIMIT_S = 600.0
"""Maximum duration of a decoding, in seconds."""

LIMIT_BYTES = 2**32
"""Maximum size of the decoded sound: 6 hours of stereo at 44.1 kHz."""

N_DECODED = 2
"""Number of decoded files that are kept until others take their place."""


def conversion_command(path: str | os.PathLike[str]) -> str:
    """Return the command that converts a file to WAV.

    Examples
    --------
    >>> conversion_command("a b.m4a")
    "ffmpeg -i 'a b.m4a' 'a b.wav'"
    """
    source = Path(os.fsdecode(path))
    return shlex.join(["ffmpeg", "-i", printable(source), printable(source.with_suffix(".wav"))])


def decode(path: str | os.PathLike[str], kind: str) -> Any:
    """Decode a file to a temporary WAV file of 16 bits, as ``ffmpeg -i INPUT OUTPUT.wav`` does.

    Parameters
    ----------
    path
        The file.
    kind
        Its format, for messages.

    Returns
    -------
    tempfile._TemporaryFileWrapper
        The decoded file, which is deleted with this object.

    Raises
    ------
    AudioFileError
        If ffmpeg is not installed, fails, or needs more than `LIMIT_S` or `LIMIT_BYTES`.
    """
    program = shutil.which("ffmpeg")
    if program is None:
        raise AudioFileError(
            path,
            f"it is {kind}, which needs ffmpeg, and that is not installed. Install it, or convert the file: "
            f"{conversion_command(path)}",
        )
    state = os.stat(path)
    return _decode(program, os.path.abspath(os.fsdecode(path)), state.st_size, state.st_mtime_ns)


@lru_cache(maxsize=N_DECODED)
def _decode(program: str, path: str, size: int, changed_ns: int) -> Any:
    """Decode a file; the result is reused as long as size and time of change are the same."""
    decoded = tempfile.NamedTemporaryFile(prefix="woodshed-", suffix=".wav")  # noqa: SIM115, kept by the cache
    command = [
        *(program, "-nostdin", "-hide_banner", "-loglevel", "error", "-protocol_whitelist", "file,pipe"),
        *("-i", f"file:{path}", "-map", "0:a:0", "-vn", "-sn", "-dn", "-map_metadata", "0"),
        *("-codec:a", "pcm_s16le", "-rf64", "auto", "-fs", str(LIMIT_BYTES), "-f", "wav", "-y"),
        f"file:{decoded.name}",
    ]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=LIMIT_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise _failure(path, f"did not end within {LIMIT_S:g} s") from error
    except OSError as error:
        raise _failure(path, f"cannot be run ({error.strerror})") from error
    n_bytes = os.path.getsize(decoded.name)
    if done.returncode or not n_bytes:
        lines = done.stderr[-2000:].decode("utf-8", "replace").strip().splitlines() or ["no sound found"]
        raise _failure(path, f"could not decode it ({printable(lines[-1]).strip().rstrip('.')})")
    if n_bytes >= LIMIT_BYTES:
        raise _failure(path, f"gave more than {LIMIT_BYTES / 1e9:.1f} GB")
    return decoded


def _failure(path: str, what: str) -> AudioFileError:
    return AudioFileError(path, f"ffmpeg {what}. Export it again from its source, as WAV or FLAC.")
