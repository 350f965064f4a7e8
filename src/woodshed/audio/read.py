"""Reading of audio files.

libsndfile (through soundfile) decodes WAV, FLAC, Ogg Vorbis, Opus, MP3, AIFF and more, at any rate and with
any number of channels. Files are not trusted: memory is allocated for decoded samples only, never for a
length declared in the header, and every failure raises an `AudioFileError` with the file, the cause and the
remedy.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from woodshed.audio.edit import resample
from woodshed.audio.sound_file import EXPORT_AGAIN, UNSUPPORTED_SUFFIXES, FilePath, open_sound
from woodshed.clip import Clip, Samples
from woodshed.errors import AudioFileError, ParameterError
from woodshed.units import s_to_samples, samples_to_s

AUDIO_SUFFIXES = UNSUPPORTED_SUFFIXES | {
    *(".wav", ".wave", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff", ".aifc"),
    *(".au", ".snd", ".caf", ".w64", ".rf64", ".voc", ".sph"),
}
"""Lower-case suffixes of the files in a folder that count as audio."""

VALUES_PER_READ = 3 * 2**19
"""Number of values decoded at a time (6 MiB), so that a wrong header takes no memory."""


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
    """

    sample_rate: int
    n_channels: int
    n_samples: int
    duration_s: float
    codec: str


def info(path: FilePath) -> FileInfo:
    """Read the header of an audio file without decoding it.

    Raises
    ------
    AudioFileError
        If the file does not exist, is not readable, or is not audio.

    Examples
    --------
    >>> from woodshed.data.sample import sample_folder
    >>> info(sample_folder() / "recordings" / "7_theo_0.flac")
    FileInfo(sample_rate=8000, n_channels=1, n_samples=3428, duration_s=0.4285, codec='FLAC PCM_16')
    """
    with open_sound(path) as sound:
        return FileInfo(
            sample_rate=sound.samplerate,
            n_channels=sound.channels,
            n_samples=sound.frames,
            duration_s=samples_to_s(sound.frames, sound.samplerate),
            codec=f"{sound.format} {sound.subtype}",
        )


ESTIMATED_LENGTH = frozenset({"MPEG"})
"""Formats without a reliable length in the header: the estimate of the decoder may be too high."""


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
        Any file that libsndfile can read.
    sample_rate
        Rate to resample to, in hertz; None keeps that of the file.
    mono
        Whether to mix all channels to their mean.
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
        clip = _decode_clip(path, sound, True)
    return resample(clip, sample_rate)


def read_blocks(
    path: FilePath, *, block_s: float = 10.0, start_s: float = 0.0, end_s: float | None = None
) -> Iterator[Clip]:
    """Read a file of any length block by block.

    Parameters
    ----------
    path
        As in `read`.
    block_s
        Length of a block in seconds; the last may be shorter.
    start_s, end_s
        The segment, as in `read`.

    Yields
    ------
    Clip
        Consecutive blocks without gap or overlap, at the rate of the file.

    Raises
    ------
    AudioFileError, ParameterError
        As in `read`, when the affected block is reached.

    Examples
    --------
    >>> from woodshed.data.sample import sample_folder
    >>> path = sample_folder() / "recordings" / "7_theo_0.flac"
    >>> [block.n_samples for block in read_blocks(path, block_s=0.25)]
    [2000, 1428]
    """
    with open_sound(path) as sound:
        n_frames = max(1, s_to_samples(block_s, sound.samplerate))
        for samples in _decode(path, sound, start_s, end_s, n_frames):
            yield Clip(samples.T, sound.samplerate, os.fspath(path))


def _decode_clip(
    path: FilePath, sound: Any, mono: bool, start_s: float = 0.0, end_s: float | None = None
) -> Clip:
    """Decode a segment of an open file, at its own rate."""
    parts = list(_decode(path, sound, start_s, end_s, VALUES_PER_READ // sound.channels))
    channels = np.ascontiguousarray((parts[0] if len(parts) == 1 else np.concatenate(parts)).T)
    if mono and len(channels) > 1:
        channels = channels.mean(axis=0, dtype=np.float32, keepdims=True)
    return Clip(channels, sound.samplerate, os.fspath(path))


def _decode(
    path: FilePath, sound: Any, start_s: float, end_s: float | None, n_frames: int
) -> Iterator[Samples]:
    """Yield the segment in portions of shape ``(≤ n_frames, n_channels)``; at least one, all finite."""
    if start_s < 0 or (end_s is not None and end_s <= start_s):
        raise ParameterError(
            f"A segment must start at 0 s or later and end after its start, got {start_s} s to {end_s} s."
        )
    start = s_to_samples(start_s, sound.samplerate)
    if sound.frames == 0:
        raise AudioFileError(path, f"it has a header but no samples. {EXPORT_AGAIN}")
    if start >= sound.frames:
        raise AudioFileError(
            path,
            f"it has no samples at {start_s} s; its duration is "
            f"{samples_to_s(sound.frames, sound.samplerate):.3f} s. Correct the start time.",
        )
    if start:
        sound.seek(start)
    n_left = sound.frames - start
    if end_s is not None:
        n_left = min(n_left, s_to_samples(end_s, sound.samplerate) - start)
    n_read = 0
    while n_left > 0:
        part = sound.read(min(n_left, max(1, n_frames)), dtype="float32", always_2d=True)
        if len(part) == 0 and sound.format in ESTIMATED_LENGTH:
            break
        if len(part) == 0:
            ended_s = samples_to_s(start + n_read, sound.samplerate)
            raise AudioFileError(path, f"it is damaged: it ends after {ended_s:.3f} s. {EXPORT_AGAIN}")
        if not np.isfinite(part).all():
            raise AudioFileError(path, f"it has samples that are NaN or infinite. {EXPORT_AGAIN}")
        n_read += len(part)
        n_left -= len(part)
        yield part
    if n_read == 0:
        raise AudioFileError(path, f"it has a header but no samples in this segment. {EXPORT_AGAIN}")
