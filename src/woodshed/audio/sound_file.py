"""Opening of audio files, with an explanation and a remedy for every failure."""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import soundfile

from woodshed.errors import AudioFileError, printable

FilePath = str | os.PathLike[str]

UNSUPPORTED_SUFFIXES = frozenset({".m4a", ".aac", ".wma", ".amr", ".webm"})
"""Audio formats that libsndfile cannot decode; they count as audio so that they are reported, not ignored."""

EXPORT_AGAIN = "Copy or export it again from its source."
CONVERT = "Convert it to WAV or FLAC first, for instance: ffmpeg -i INPUT OUTPUT.wav"

_UNKNOWN_FORMAT = 1  # libsndfile's SF_ERR_UNRECOGNISED_FORMAT
_LONGEST = 2**62  # libsndfile declares more than this when a stream was saved without its length


class _Stream(soundfile.SoundFile):  # type: ignore[misc]
    """A file that is read sequentially.

    soundfile seeks to the current position after every read. After such a seek an MP3 decoder restarts
    without the bit reservoir of the previous frame, which causes a discontinuity.
    """

    def seekable(self) -> bool:
        """Return False, so that soundfile does not seek by itself."""
        return False


@contextmanager
def open_sound(path: FilePath) -> Iterator[Any]:
    """Open an audio file for decoding.

    libsndfile opens the file by its name, since callbacks into a Python file object for every block are slow.

    Yields
    ------
    soundfile.SoundFile
        The open file.

    Raises
    ------
    AudioFileError
        If the file does not exist, is not readable, is not audio, or is damaged.

    Examples
    --------
    >>> from woodshed.data.sample import sample_folder
    >>> with open_sound(sample_folder() / "recordings" / "7_theo_0.flac") as sound:
    ...     sound.samplerate, sound.frames
    (8000, 3428)
    """
    _check_regular_file(path)
    try:
        open(path, "rb").close()  # unlike libsndfile, Python reports why a file cannot be opened
    except OSError as error:
        raise AudioFileError(path, _open_error_text(path, error)) from error
    try:
        sound = _Stream(os.fspath(path) if sys.platform == "win32" else os.fsencode(path))
    except (soundfile.SoundFileError, TypeError) as error:  # TypeError: headerless, named .raw
        raise AudioFileError(path, _format_error_text(path, error)) from error
    with sound:
        if sound.frames > _LONGEST:
            raise AudioFileError(path, f"it does not declare its length. {CONVERT}")
        try:
            yield sound
        except soundfile.SoundFileError as error:
            reason = f"it is damaged: decoding stopped ({library_message(error)}). {EXPORT_AGAIN}"
            raise AudioFileError(path, reason) from error


def _check_regular_file(path: FilePath) -> None:
    """Raise for folders, pipes and devices, which would fail obscurely or block when opened."""
    try:
        state = os.stat(path)
    except (OSError, ValueError) as error:
        raise AudioFileError(path, _open_error_text(path, error)) from error
    if stat.S_ISDIR(state.st_mode):
        raise AudioFileError(path, "it is a folder. Choose an audio file, or read the folder as a corpus.")
    if not stat.S_ISREG(state.st_mode):
        raise AudioFileError(path, "it is a device or a pipe. Record it into a file first.")
    if state.st_size == 0:
        raise AudioFileError(path, f"it is empty (0 bytes). {EXPORT_AGAIN}")


def _open_error_text(path: FilePath, error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        if os.path.islink(path):
            return f"it is a broken link to {printable(os.readlink(path))}. Repair or remove the link."
        return "there is no such file. Check the name and the folder."
    if isinstance(error, PermissionError):
        return "it is not readable. Set read permission: chmod u+r FILE"
    if isinstance(error, OSError) and error.errno == errno.ELOOP:
        return "it is a link that refers to itself. Remove it, or point it at a file."
    return f"it cannot be opened ({library_message(error)}). Check the name and the disk."


def _format_error_text(path: FilePath, error: Exception) -> str:
    suffix = os.path.splitext(os.fspath(path))[1].lower()
    if suffix in UNSUPPORTED_SUFFIXES:
        return f"it is {suffix[1:].upper()}, which libsndfile cannot decode. {CONVERT}"
    if isinstance(error, TypeError):
        return f"it has raw samples without a header. {CONVERT}"
    if getattr(error, "code", None) == _UNKNOWN_FORMAT:
        return f"it is not an audio file, whatever its name. {CONVERT}"
    return f"it has a damaged header ({library_message(error)}). {EXPORT_AGAIN}"


def library_message(error: Exception) -> str:
    """Return the message of a library or system error, without file name and full stop.

    Examples
    --------
    >>> library_message(ValueError("Error : Format not recognised."))
    'Format not recognised'
    """
    message = getattr(error, "error_string", None) or getattr(error, "strerror", None) or str(error)
    return str(message).strip().removeprefix("Error : ").rstrip(".")
