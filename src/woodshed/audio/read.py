"""Sound files in: the only module that opens them.

libsndfile (through soundfile) decodes WAV, FLAC, Ogg Vorbis, Opus, MP3, AIFF and more, at any rate and
with any number of channels. Nothing here trusts a file: what a header declares is never allocated before
it has been decoded, and whatever is wrong becomes an `AudioFileError` that names the file and says what
to do.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from woodshed.audio.edit import resample
from woodshed.audio.sound_file import EXPORT_AGAIN, FOREIGN_SUFFIXES, FilePath, opened
from woodshed.clip import Clip, Samples
from woodshed.errors import AudioFileError, ParameterError
from woodshed.units import s_to_samples, samples_to_s

AUDIO_SUFFIXES = FOREIGN_SUFFIXES | {
    *(".wav", ".wave", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff", ".aifc"),
    *(".au", ".snd", ".caf", ".w64", ".rf64", ".voc", ".sph"),
}
"""Lower-case suffixes of the files that are taken for sound when a folder is read."""

VALUES_PER_READ = 3 * 2**19
"""Decoding goes in portions of this many numbers (6 MiB), so that a lying header costs no memory."""


@dataclass(frozen=True)
class FileInfo:
    """What a sound file says about itself.

    Parameters
    ----------
    sample_rate
        In hertz.
    n_channels
        1 is mono, 2 is stereo.
    n_samples
        Declared number of samples in each channel; a damaged file may hold fewer.
    duration_s
        ``n_samples`` in seconds.
    codec
        Container and encoding in libsndfile's words, such as ``FLAC PCM_16``.
    """

    sample_rate: int
    n_channels: int
    n_samples: int
    duration_s: float
    codec: str


def info(path: FilePath) -> FileInfo:
    """Read the heading of a file; nothing is decoded.

    Raises
    ------
    AudioFileError
        If the file is not there, may not be read, or is not sound.

    Examples
    --------
    >>> from woodshed.data.sample import sample_folder
    >>> info(sample_folder() / "recordings" / "7_theo_0.flac")
    FileInfo(sample_rate=8000, n_channels=1, n_samples=3428, duration_s=0.4285, codec='FLAC PCM_16')
    """
    with opened(path) as sound:
        return FileInfo(
            sample_rate=sound.samplerate,
            n_channels=sound.channels,
            n_samples=sound.frames,
            duration_s=samples_to_s(sound.frames, sound.samplerate),
            codec=f"{sound.format} {sound.subtype}",
        )


ESTIMATED_LENGTH = frozenset({"MPEG"})
"""Formats whose heading need not say how many samples follow: the decoder's guess may be too high."""


def read(
    path: FilePath,
    *,
    sample_rate: int | None = None,
    mono: bool = False,
    start_s: float = 0.0,
    end_s: float | None = None,
) -> Clip:
    """Read a sound file, or a stretch of it.

    Values are as stored: whole numbers are scaled so that full scale is ±1, floating-point files keep values
    beyond ±1. Only the stretch that is asked for is decoded.

    Parameters
    ----------
    path
        Any file that libsndfile can read.
    sample_rate
        Rate to resample to, in hertz; None keeps the file's own.
    mono
        Whether to mix the channels (their mean) into one.
    start_s, end_s
        The stretch, in seconds; ``end_s`` None, or beyond the end, means to the end.

    Returns
    -------
    Clip
        Samples of shape ``(n_channels, n_samples)``; its ``source`` is the path.

    Raises
    ------
    AudioFileError
        If the file is not there, may not be read, is not sound, is damaged, has no samples in the stretch, or
        has samples that are NaN or infinite.
    ParameterError
        If the stretch is empty or starts before 0.

    Examples
    --------
    >>> from woodshed.data.sample import sample_folder
    >>> path = sample_folder() / "recordings" / "7_theo_0.flac"
    >>> read(path).samples.shape, read(path, sample_rate=16000, end_s=0.25).samples.shape
    ((1, 3428), (1, 4000))
    """
    with opened(path) as sound:
        clip = _decode_clip(path, sound, mono, start_s, end_s)
    return clip if sample_rate is None else resample(clip, sample_rate)


def read_unless_long(path: FilePath, longest_s: float, *, sample_rate: int) -> Clip | None:
    """Read a file as one channel at a rate, or say None when it is longer than ``longest_s`` seconds.

    The file is opened once, which for a short one takes as long as describing it. Raises what `read` raises.

    Examples
    --------
    >>> from woodshed.data.sample import sample_folder
    >>> path = sample_folder() / "recordings" / "7_theo_0.flac"
    >>> read_unless_long(path, 1.0, sample_rate=16000).n_samples
    6856
    >>> read_unless_long(path, 0.4, sample_rate=16000) is None
    True
    """
    with opened(path) as sound:
        if sound.frames > longest_s * sound.samplerate:
            return None
        clip = _decode_clip(path, sound, True)
    return resample(clip, sample_rate)


def read_blocks(
    path: FilePath, *, block_s: float = 10.0, start_s: float = 0.0, end_s: float | None = None
) -> Iterator[Clip]:
    """Read a file block by block, so that one of any length fits into memory.

    Parameters
    ----------
    path
        As for `read`.
    block_s
        Length of each block in seconds; the last may be shorter.
    start_s, end_s
        The stretch, as for `read`.

    Yields
    ------
    Clip
        The blocks in order, without gap or overlap, at the file's own rate.

    Raises
    ------
    AudioFileError, ParameterError
        As for `read`, when the block in question is reached.

    Examples
    --------
    >>> from woodshed.data.sample import sample_folder
    >>> path = sample_folder() / "recordings" / "7_theo_0.flac"
    >>> [block.n_samples for block in read_blocks(path, block_s=0.25)]
    [2000, 1428]
    """
    with opened(path) as sound:
        n_frames = max(1, s_to_samples(block_s, sound.samplerate))
        for samples in _decode(path, sound, start_s, end_s, n_frames):
            yield Clip(samples.T, sound.samplerate, os.fspath(path))


def _decode_clip(
    path: FilePath, sound: Any, mono: bool, start_s: float = 0.0, end_s: float | None = None
) -> Clip:
    """Decode a stretch of an opened file, at its own rate."""
    parts = list(_decode(path, sound, start_s, end_s, VALUES_PER_READ // sound.channels))
    channels = np.ascontiguousarray((parts[0] if len(parts) == 1 else np.concatenate(parts)).T)
    if mono and len(channels) > 1:
        channels = channels.mean(axis=0, dtype=np.float32, keepdims=True)
    return Clip(channels, sound.samplerate, os.fspath(path))


def _decode(
    path: FilePath, sound: Any, start_s: float, end_s: float | None, n_frames: int
) -> Iterator[Samples]:
    """Yield the stretch in portions of shape ``(≤ n_frames, n_channels)``; at least one, all finite."""
    if start_s < 0 or (end_s is not None and end_s <= start_s):
        raise ParameterError(
            f"A stretch must start at 0 s or later and end after it starts, got {start_s} s to {end_s} s."
        )
    start = s_to_samples(start_s, sound.samplerate)
    if sound.frames == 0:
        raise AudioFileError(path, f"has a heading but no samples. {EXPORT_AGAIN}")
    if start >= sound.frames:
        raise AudioFileError(
            path,
            f"has nothing at {start_s} s: it lasts {samples_to_s(sound.frames, sound.samplerate):.3f} s. "
            "Correct the start time.",
        )
    if start:
        sound.seek(start)
    missing = sound.frames - start
    if end_s is not None:
        missing = min(missing, s_to_samples(end_s, sound.samplerate) - start)
    n_read = 0
    while missing > 0:
        part = sound.read(min(missing, max(1, n_frames)), dtype="float32", always_2d=True)
        if len(part) == 0 and sound.format in ESTIMATED_LENGTH:
            break
        if len(part) == 0:
            ended_s = samples_to_s(start + n_read, sound.samplerate)
            raise AudioFileError(path, f"is damaged: it ends after {ended_s:.3f} s. {EXPORT_AGAIN}")
        if not np.isfinite(part).all():
            raise AudioFileError(path, f"has samples that are NaN or infinite. {EXPORT_AGAIN}")
        n_read += len(part)
        missing -= len(part)
        yield part
    if n_read == 0:
        raise AudioFileError(path, f"has a heading but no samples in this stretch. {EXPORT_AGAIN}")
