"""Opening sound files, and saying in words why one cannot be opened or decoded."""

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

FOREIGN_SUFFIXES = frozenset({".m4a", ".aac", ".wma", ".amr", ".webm"})
"""Sound that libsndfile cannot decode: counted as sound, so that it is refused by name, not overlooked."""

EXPORT_AGAIN = "Copy or export it again from where it came."
CONVERT = "Convert it to WAV or FLAC first, for instance: ffmpeg -i INPUT OUTPUT.wav"

_UNKNOWN_FORMAT = 1  # libsndfile's SF_ERR_UNRECOGNISED_FORMAT
_LONGEST = 2**62  # libsndfile declares more than this when a stream was saved without its length


class _Stream(soundfile.SoundFile):  # type: ignore[misc]
    """A file that is read from front to back.

    soundfile seeks to where it already is after every portion, and after such a seek an MP3 decoder starts
    anew, without the bits that the next frame borrows from the last: the sound breaks at every seam.
    """

    def seekable(self) -> bool:
        """Say no, so that nothing seeks but `seek`."""
        return False


@contextmanager
def opened(path: FilePath) -> Iterator[Any]:
    """Open a file for decoding and turn everything that can go wrong into an `AudioFileError`.

    libsndfile opens the file by its name, as bytes where a name is bytes: calling back into a Python file
    object for every block costs time.
    """
    _refuse_unless_ordinary(path)
    try:
        open(path, "rb").close()  # Python says why a file cannot be opened, libsndfile does not
    except OSError as error:
        raise AudioFileError(path, _why_not_open(path, error)) from error
    try:
        sound = _Stream(os.fspath(path) if sys.platform == "win32" else os.fsencode(path))
    except (soundfile.SoundFileError, TypeError) as error:  # TypeError: headerless, named .raw
        raise AudioFileError(path, _why_not_sound(path, error)) from error
    with sound:
        if sound.frames > _LONGEST:
            raise AudioFileError(path, f"does not say how long it is. {CONVERT}")
        try:
            yield sound
        except soundfile.SoundFileError as error:
            reason = f"is damaged: decoding stopped ({plain(error)}). {EXPORT_AGAIN}"
            raise AudioFileError(path, reason) from error


def _refuse_unless_ordinary(path: FilePath) -> None:
    """Refuse what would fail with a riddle, or wait for ever, when opened: folders, pipes, devices."""
    try:
        state = os.stat(path)
    except (OSError, ValueError) as error:
        raise AudioFileError(path, _why_not_open(path, error)) from error
    if stat.S_ISDIR(state.st_mode):
        raise AudioFileError(path, "is a folder. Give one sound file, or read the folder as a corpus.")
    if not stat.S_ISREG(state.st_mode):
        raise AudioFileError(path, "is a device or a pipe. Record it into a file first.")
    if state.st_size == 0:
        raise AudioFileError(path, f"is empty (0 bytes). {EXPORT_AGAIN}")


def _why_not_open(path: FilePath, error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        if os.path.islink(path):
            return f"is a broken link to {printable(os.readlink(path))}. Mend the link, or remove it."
        return "there is no such file. Check the name and the folder."
    if isinstance(error, PermissionError):
        return "may not be read by you. Give yourself read permission: chmod u+r FILE"
    if isinstance(error, OSError) and error.errno == errno.ELOOP:
        return "is a link that leads back to itself. Remove it, or point it at a file."
    return f"cannot be opened ({plain(error)}). Check the name and the disk."


def _why_not_sound(path: FilePath, error: Exception) -> str:
    suffix = os.path.splitext(os.fspath(path))[1].lower()
    if suffix in FOREIGN_SUFFIXES:
        return f"is {suffix[1:].upper()}, which libsndfile cannot decode. {CONVERT}"
    if isinstance(error, TypeError):
        return f"is raw samples without a heading. {CONVERT}"
    if getattr(error, "code", None) == _UNKNOWN_FORMAT:
        return f"is not a sound file, whatever its name says. {CONVERT}"
    return f"has a damaged heading ({plain(error)}). {EXPORT_AGAIN}"


def plain(error: Exception) -> str:
    """Return the library's own words, without the name of the file and without the full stop."""
    words = getattr(error, "error_string", None) or getattr(error, "strerror", None) or str(error)
    return str(words).strip().removeprefix("Error : ").rstrip(".")
