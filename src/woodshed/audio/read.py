"""Reading of audio files, with an explanation and a remedy for every failure."""

from __future__ import annotations

import errno
import functools
import math
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, BinaryIO

import numpy as np
import soundfile

from woodshed.audio.container import HEAD_BYTES, layout_of
from woodshed.audio.edit import resample
from woodshed.audio.ffmpeg import FFMPEG_SUFFIXES, decode
from woodshed.audio.file_kind import needs_ffmpeg, not_audio
from woodshed.audio.splice import SplicedFile
from woodshed.clip import ChannelMix, Clip, Samples, is_in_range
from woodshed.errors import AudioFileError, ParameterError, printable
from woodshed.units import s_to_samples, samples_to_s

FilePath = str | os.PathLike[str]

EXPORT_AGAIN = "Copy or export it again from its source."
CONVERT = "Convert it to WAV or FLAC first, for instance: ffmpeg -i INPUT OUTPUT.wav"

LOWEST_RATE = 1000
HIGHEST_RATE = 10_000_000
"""Sample rates in hertz beyond which a header is considered damaged."""

SHORTFALL_S = 0.01
"""Minimum difference between declared and actual length that is reported, in seconds."""

TAGS = ("title", "artist", "album", "date", "tracknumber", "genre", "comment", "copyright", "license")
"""libsndfile's names of the tags that are copied from file to file; its ``software`` tag is not."""

_UNKNOWN_FORMAT = 1  # libsndfile's SF_ERR_UNRECOGNISED_FORMAT
_LONGEST = 2**62  # libsndfile declares more than this when a stream was saved without its length

AUDIO_SUFFIXES = FFMPEG_SUFFIXES | {
    *(".wav", ".wave", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff", ".aifc"),
    *(".au", ".snd", ".caf", ".w64", ".rf64", ".voc", ".sph"),
}
"""Lower-case suffixes of the files in a folder that count as audio."""

VALUES_PER_READ = 3 * 2**19
"""Number of values decoded at a time (6 MiB), so that a wrong header takes no memory."""


class _Stream(soundfile.SoundFile):  # type: ignore[misc]
    """A file that is read sequentially.

    soundfile seeks to the current position after every read. After such a seek an MP3 decoder restarts
    without the bit reservoir of the previous frame, which causes a discontinuity.

    ``n_samples`` is the number of samples to decode if the header states another one, ``codec`` the container
    and subtype, and ``remarks`` what a user should know about the file.
    """

    n_samples: int | None = None
    codec: str = ""
    remarks: tuple[str, ...] = ()

    def seekable(self) -> bool:
        """Return False, so that soundfile does not seek by itself."""
        return False

    @property
    def frames(self) -> int:
        """Number of samples per channel."""
        return int(super().frames) if self.n_samples is None else self.n_samples


@contextmanager
def open_sound(path: FilePath) -> Iterator[Any]:
    """Open an audio file for decoding.

    libsndfile opens the file by its name, since callbacks into a Python file object for every block are slow,
    unless its header must be corrected (`woodshed.audio.container`). Formats that libsndfile lacks are
    decoded by ffmpeg first.

    Yields
    ------
    soundfile.SoundFile
        The open file, with ``codec`` and ``remarks``.

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
    with ExitStack() as stack:
        file = stack.enter_context(_open_regular_file(path))
        try:
            sound = stack.enter_context(_open_stream(path, file, stack))
        except OSError as error:  # of a disk that fails, or a file system without memory mapping
            raise AudioFileError(path, _open_error_text(path, error)) from error
        if sound.frames > _LONGEST:
            raise AudioFileError(path, f"it does not declare its length. {CONVERT}")
        if not LOWEST_RATE <= sound.samplerate <= HIGHEST_RATE:
            raise AudioFileError(
                path,
                f"its header declares a sample rate of {sound.samplerate} Hz; expected {LOWEST_RATE} to "
                f"{HIGHEST_RATE} Hz. {EXPORT_AGAIN}",
            )
        try:
            yield sound
        except soundfile.SoundFileError as error:
            raise AudioFileError(
                path, f"it is damaged: decoding stopped ({library_message(error)}). {EXPORT_AGAIN}"
            ) from error


def _open_stream(path: FilePath, file: BinaryIO, stack: ExitStack) -> _Stream:
    """Open a file in the way that its first bytes require; ``stack`` closes what it needs."""
    head = file.read(HEAD_BYTES)
    kind = not_audio(head)
    if kind:
        raise AudioFileError(path, f"it is {kind}, not audio. Replace it by the sound itself.")
    kind = needs_ffmpeg(head)
    if kind:
        return _decoded(path, kind, stack)
    layout = layout_of(file, head)
    try:
        if layout.spans:
            sound = _Stream(SplicedFile(file, layout.prefix, layout.spans, layout.n_apparent))
        else:
            sound = _Stream(library_path(path))
    except (soundfile.SoundFileError, TypeError) as error:  # TypeError: headerless, named .raw
        suffix = os.path.splitext(os.fspath(path))[1].lower()
        if suffix in FFMPEG_SUFFIXES:
            return _decoded(path, suffix[1:].upper(), stack)
        raise AudioFileError(path, _format_error_text(error)) from error
    sound.codec = f"{sound.format} {sound.subtype}"
    sound.n_samples = layout.n_samples
    n_declared = round(sound.frames * layout.declared) + layout.n_missing
    remarks = (layout.remark, length_remark(sound.frames, n_declared, sound.samplerate))
    sound.remarks = tuple(filter(None, remarks))
    return sound


def _decoded(path: FilePath, kind: str, stack: ExitStack) -> _Stream:
    """Open what ffmpeg makes of a file."""
    decoded = decode(path, kind)
    stack.callback(lambda: decoded)  # which keeps the temporary file
    try:
        sound = _Stream(decoded.name)
    except soundfile.SoundFileError as error:
        raise AudioFileError(
            path, f"ffmpeg decoded it to no sound ({library_message(error)}). {EXPORT_AGAIN}"
        ) from error
    sound.codec = f"{kind.replace(' ', '-')} {sound.subtype}"
    return sound


def length_remark(n_samples: int, n_declared: int, sample_rate: int) -> str:
    """Return a remark if a file is shorter than its header declares, or an empty string.

    Examples
    --------
    >>> length_remark(19978, 32000, 16000)
    'it breaks off after 1.249 s; its header declares 2.000 s'
    """
    if n_declared - n_samples < SHORTFALL_S * sample_rate:
        return ""
    actual_s, declared_s = samples_to_s(n_samples, sample_rate), samples_to_s(n_declared, sample_rate)
    return f"it breaks off after {actual_s:.3f} s; its header declares {declared_s:.3f} s"


@contextmanager
def _open_regular_file(path: FilePath) -> Iterator[BinaryIO]:
    """Open a file; raise for folders, pipes and devices, which would block, and for empty files."""
    try:
        state = os.stat(path)
        if stat.S_ISDIR(state.st_mode):
            raise AudioFileError(
                path, "it is a folder. Choose an audio file, or read the folder as a corpus."
            )
        if not stat.S_ISREG(state.st_mode):
            raise AudioFileError(path, "it is a device or a pipe. Record it into a file first.")
        if state.st_size == 0:
            raise AudioFileError(path, f"it is empty (0 bytes). {EXPORT_AGAIN}")
        # Unlike libsndfile, Python reports why a file cannot be opened.
        file = open(path, "rb")  # noqa: SIM115
    except AudioFileError:
        raise
    except (OSError, ValueError) as error:
        raise AudioFileError(path, _open_error_text(path, error)) from error
    with file:
        yield file


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


def _format_error_text(error: Exception) -> str:
    if isinstance(error, TypeError):
        return f"it has raw samples without a header. {CONVERT}"
    if getattr(error, "code", None) == _UNKNOWN_FORMAT:
        return f"it is not an audio file, whatever its name. {CONVERT}"
    return f"it has a damaged header ({library_message(error)}). {EXPORT_AGAIN}"


def library_path(path: FilePath) -> str | bytes:
    """Return a file name for libsndfile; soundfile itself fails for names that are not UTF-8.

    Examples
    --------
    >>> os.fsdecode(library_path("a.wav"))
    'a.wav'
    """
    return os.fspath(path) if sys.platform == "win32" else os.fsencode(path)


def library_message(error: Exception) -> str:
    """Return the message of a library or system error, without file name and full stop.

    Examples
    --------
    >>> library_message(ValueError("Error : Format not recognised."))
    'Format not recognised'
    """
    message = getattr(error, "error_string", None) or getattr(error, "strerror", None) or str(error)
    return str(message).strip().removeprefix("Error : ").rstrip(".")


@dataclass(frozen=True)
class FileInfo:
    """Header of an audio file.

    Parameters
    ----------
    sample_rate
        Sample rate in hertz.
    n_channels
        1 is mono, 2 is stereo.
    n_samples
        Declared number of samples per channel; a damaged file may hold fewer.
    duration_s
        Duration in seconds.
    codec
        Container and subtype of libsndfile, such as ``FLAC PCM_16``.
    remarks
        What a user should know about the file, such as that it breaks off; mostly empty.
    """

    sample_rate: int
    n_channels: int
    n_samples: int
    duration_s: float
    codec: str
    remarks: tuple[str, ...] = field(default=(), kw_only=True)


def info(path: FilePath) -> FileInfo:
    """Read the header of an audio file without decoding it, except in formats that need ffmpeg.

    Raises
    ------
    AudioFileError
        If the file does not exist, is not readable, or is not audio.

    Examples
    --------
    >>> from woodshed.data.sample import sample_folder
    >>> header = info(sample_folder() / "recordings" / "7_theo_0.flac")
    >>> header.sample_rate, header.n_channels, header.n_samples, header.codec, header.remarks
    (8000, 1, 3428, 'FLAC PCM_16', ())
    """
    try:
        state = os.stat(path)
    except OSError:
        return _read_info(path)  # which names the error
    return _cached_info(os.fspath(path), state.st_ino, state.st_size, state.st_mtime_ns)


@functools.lru_cache(maxsize=4096)
def _cached_info(path: str, number: int, size: int, changed_ns: int) -> FileInfo:
    """Return the header of a file, which is read again once the file is another one or was changed."""
    return _read_info(path)


def _read_info(path: FilePath) -> FileInfo:
    """Return the header of a file."""
    with open_sound(path) as sound:
        return FileInfo(
            sample_rate=sound.samplerate,
            n_channels=sound.channels,
            n_samples=sound.frames,
            duration_s=samples_to_s(sound.frames, sound.samplerate),
            codec=sound.codec,
            remarks=sound.remarks,
        )


def read_tags(path: FilePath) -> dict[str, str]:
    """Read the tags of a file; missing and empty tags are omitted.

    Raises
    ------
    AudioFileError
        If the file cannot be opened.

    Examples
    --------
    >>> from woodshed.data.sample import sample_folder
    >>> read_tags(sample_folder() / "recordings" / "7_theo_0.flac")
    {}
    """
    with open_sound(path) as sound:
        tags = {name: getattr(sound, name) for name in TAGS}
    return {name: text for name, text in tags.items() if text}


def read(
    path: FilePath,
    *,
    sample_rate: int | None = None,
    mono: bool = False,
    start_s: float = 0.0,
    end_s: float | None = None,
) -> Clip:
    """Read an audio file, or a segment of it.

    Integer samples are scaled to a full scale of ±1; floating-point files may exceed it. Only the requested
    segment is decoded.

    Parameters
    ----------
    path
        A file in a format of libsndfile, or of ffmpeg if that is installed.
    sample_rate
        Rate to resample to, in hertz; None keeps that of the file.
    mono
        Whether to mix all channels to their mean, or to one of two that cancel each other in it: see
        `woodshed.clip.ChannelMix`.
    start_s, end_s
        The segment in seconds; ``end_s`` None, or beyond the end, reads to the end.

    Returns
    -------
    Clip
        Samples of shape ``(n_channels, n_samples)``; its ``source`` is the path.

    Raises
    ------
    AudioFileError
        If the file does not exist, is not readable, is not audio, is damaged, has no samples in the segment,
        or has samples that are NaN or infinite.
    ParameterError
        If the segment is empty or starts before 0.

    Examples
    --------
    >>> from woodshed.data.sample import sample_folder
    >>> path = sample_folder() / "recordings" / "7_theo_0.flac"
    >>> read(path).samples.shape, read(path, sample_rate=16000, end_s=0.25).samples.shape
    ((1, 3428), (1, 4000))
    """
    with open_sound(path) as sound:
        clip = _decode_clip(path, sound, mono, start_s, end_s)
    return clip if sample_rate is None else resample(clip, sample_rate)


def read_unless_long(path: FilePath, longest_s: float, *, sample_rate: int) -> Clip | None:
    """Read a file as mono at a given rate, or return None if it is longer than ``longest_s`` seconds.

    The file is opened only once, which for short files halves the time of `info` and `read`.

    Raises
    ------
    AudioFileError
        As in `read`.

    Examples
    --------
    >>> from woodshed.data.sample import sample_folder
    >>> path = sample_folder() / "recordings" / "7_theo_0.flac"
    >>> read_unless_long(path, 1.0, sample_rate=16000).n_samples
    6856
    >>> read_unless_long(path, 0.4, sample_rate=16000) is None
    True
    """
    with open_sound(path) as sound:
        if sound.frames > longest_s * sound.samplerate:
            return None
        return resample(_decode_clip(path, sound, True), sample_rate)


def read_blocks(
    path: FilePath,
    *,
    block_s: float = 10.0,
    mono: bool = False,
    start_s: float = 0.0,
    end_s: float | None = None,
) -> Iterator[Clip]:
    """Read a file of any length block by block.

    Parameters
    ----------
    path
        As in `read`.
    block_s
        Length of a block in seconds, above 0; the last may be shorter.
    mono, start_s, end_s
        As in `read`.

    Yields
    ------
    Clip
        Consecutive blocks without gap or overlap, at the rate of the file.

    Raises
    ------
    AudioFileError, ParameterError
        As in `read`, when the affected block is reached; and if ``block_s`` is not positive and finite.

    Examples
    --------
    >>> from woodshed.data.sample import sample_folder
    >>> path = sample_folder() / "recordings" / "7_theo_0.flac"
    >>> [block.n_samples for block in read_blocks(path, block_s=0.25)]
    [2000, 1428]
    """
    if not 0 < block_s < math.inf:
        raise ParameterError(f"read_blocks expects a positive, finite block_s in seconds, got {block_s!r}.")
    with open_sound(path) as sound:
        mix = _mix_of(path, start_s, end_s) if mono and sound.channels > 1 else None
        for samples in _decode(path, sound, start_s, end_s, s_to_samples(block_s, sound.samplerate)):
            yield Clip(samples.T if mix is None else mix(samples.T), sound.samplerate, os.fspath(path))


def _mix_of(path: FilePath, start_s: float, end_s: float | None) -> ChannelMix:
    """Return the mix of the channels of a file, of which as much is decoded as the decision needs."""
    with open_sound(path) as sound:
        mix = ChannelMix(sound.samplerate)
        for samples in _decode(path, sound, start_s, end_s, VALUES_PER_READ // sound.channels):
            mix.add(samples.T)
            if mix.is_decided:
                break
    return mix


def _decode_clip(
    path: FilePath, sound: Any, mono: bool, start_s: float = 0.0, end_s: float | None = None
) -> Clip:
    """Decode a segment of an open file, at its own rate."""
    parts = list(_decode(path, sound, start_s, end_s, VALUES_PER_READ // sound.channels))
    channels = np.ascontiguousarray((parts[0] if len(parts) == 1 else np.concatenate(parts)).T)
    clip = Clip(channels, sound.samplerate, os.fspath(path))
    return replace(clip, samples=clip.mono()) if mono and clip.n_channels > 1 else clip


def _decode(
    path: FilePath, sound: Any, start_s: float, end_s: float | None, n_frames: int
) -> Iterator[Samples]:
    """Yield the segment in portions of shape ``(≤ n_frames, n_channels)``; at least one, all finite."""
    if not 0 <= start_s < (math.inf if end_s is None else end_s):
        raise ParameterError(
            f"A segment must start at 0 s or later and end after its start, got {start_s} s to {end_s} s."
        )
    start = s_to_samples(start_s, sound.samplerate)
    duration_s = samples_to_s(sound.frames, sound.samplerate)
    if sound.frames == 0:
        raise AudioFileError(path, f"it has a header but no samples. {EXPORT_AGAIN}")
    if start >= sound.frames:
        raise AudioFileError(
            path,
            f"it has no samples at {start_s} s; its duration is {duration_s:.3f} s. Correct the start time.",
        )
    if start:
        sound.seek(start)
    stop = sound.frames
    if end_s is not None and end_s < duration_s:
        stop = s_to_samples(end_s, sound.samplerate)
    position = start
    while position < stop:
        part = sound.read(min(stop - position, max(1, n_frames)), dtype="float32", always_2d=True)
        if len(part) == 0:  # a file that breaks off within a block of its codec
            break
        if not is_in_range(part):
            what = "beyond 1e+10 times full scale" if np.isfinite(part).all() else "that are NaN or infinite"
            raise AudioFileError(path, f"it has samples {what}. {EXPORT_AGAIN}")
        position += len(part)
        yield part
    if position == start:
        raise AudioFileError(path, f"it has a header but no samples in this segment. {EXPORT_AGAIN}")
