"""Conversion of audio files: format, sample rate, channels and bit depth; processing in blocks; cutting.

Any function of blocks can be applied to a file, and a file can be cut into segments. Files are processed in
blocks and may have any length.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from woodshed.audio.edit import RunningResampler, to_channels
from woodshed.audio.read import info, read_blocks, read_tags
from woodshed.audio.segment import Segment
from woodshed.audio.write import CODECS, choose_encoding, warn_of_clipping, writer
from woodshed.clip import Clip, Samples
from woodshed.errors import ParameterError
from woodshed.units import samples_to_s

HIGH_RESOLUTION = {"PCM_24": "pcm24", "PCM_32": "pcm32", "FLOAT": "float32", "DOUBLE": "float64"}
"""libsndfile subtype with more than 16 bits -> name of the encoding in `write`."""

SOURCE_BITS = {"PCM_S8": 8, "PCM_U8": 8, "PCM_16": 16, "PCM_24": 24, "PCM_32": 32}
"""libsndfile subtype with integer samples -> bits per sample."""

VALUES_PER_BLOCK = 2**18
"""Number of values read at a time, 1 MiB."""


@dataclass(frozen=True)
class Conversion:
    """Result of `convert_file` or `change_file`.

    Parameters
    ----------
    path
        The new file.
    sample_rate, n_channels, n_samples
        Format and length of the new file, in samples per channel.
    n_clipped
        Number of samples beyond ±1, over all channels, that were clipped.
    """

    path: Path
    sample_rate: int
    n_channels: int
    n_samples: int
    n_clipped: int


def convert_file(
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    *,
    sample_rate: int | None = None,
    n_channels: int | None = None,
    encoding: str | float | None = None,
    dither: bool = True,
    overwrite: bool = False,
) -> Conversion:
    """Convert an audio file; the new file is written atomically.

    Parameters
    ----------
    source
        Any file that `read` can read.
    target
        The new file; its suffix determines the format, as in `write`. With ``overwrite`` it may be the
        source.
    sample_rate
        Sample rate of the new file in hertz; None keeps that of the source.
    n_channels
        Number of channels of the new file: 1 mixes all channels, a mono source may be copied to any number.
        None keeps those of the source.
    encoding
        As in `write`. None keeps the encoding of the source if the new format supports it; otherwise 24 bits
        for a source of more than 16 bits and 16 bits for all others.
    dither
        Whether to add triangular dither before rounding to fewer bits, with a fixed seed. Files that need no
        rounding get none.
    overwrite
        Whether to replace an existing file.

    Returns
    -------
    Conversion
        Format of the new file, and the number of clipped samples.

    Raises
    ------
    AudioFileError
        If the source cannot be read.
    AudioError
        If several channels are to become another number above 1, or no sample is left after resampling.
    OutputError
        If the target exists, its format does not support the rate or the number of channels, or it cannot be
        written.
    ParameterError
        If a setting is out of range, or the format unknown.

    Notes
    -----
    Resampling equals that of `woodshed.audio.resample`. Samples are processed as float32, which represents 24
    bits exactly. Title, artist, album, date, track number, genre, comment, copyright and licence are copied
    as far as libsndfile reads them and the new format supports them
    (`woodshed.audio.write.SUPPORTED_TAGS`): AIFF only has title, artist and comment, and MP3 only gets ASCII.
    Pictures are not copied.

    Examples
    --------
    >>> import tempfile
    >>> from woodshed.data.sample import sample_folder
    >>> source = sample_folder() / "recordings" / "7_theo_0.flac"
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     result = convert_file(source, Path(folder) / "a.wav", sample_rate=16000, n_channels=2)
    >>> result.sample_rate, result.n_channels, result.n_samples, result.n_clipped
    (16000, 2, 6856, 0)
    """
    target = Path(target)
    header = info(source)
    rate = header.sample_rate if sample_rate is None else _positive_int(sample_rate, "sample_rate")
    channels = header.n_channels if n_channels is None else _positive_int(n_channels, "n_channels")
    target_encoding = choose_encoding(
        target, matching_encoding(header.codec, target) if encoding is None else encoding
    )
    is_rounded = (
        rate != header.sample_rate
        or channels < header.n_channels
        or SOURCE_BITS.get(header.codec.rpartition(" ")[2], 64) > (target_encoding.n_bits or 64)
    )
    block_s = samples_to_s(VALUES_PER_BLOCK // header.n_channels, max(rate, header.sample_rate))
    n_mixed = 1 if header.n_channels == 1 else channels  # mono is copied only when it is written
    is_mixed = n_mixed == 1 < header.n_channels
    blocks: Iterator[Samples] = (
        to_channels(block, n_mixed).samples for block in read_blocks(source, block_s=block_s, mono=is_mixed)
    )
    if rate != header.sample_rate:
        resampler = RunningResampler(header.sample_rate, rate, n_mixed, os.fspath(source))
        blocks = _resample_blocks(blocks, resampler)
    with writer(
        target,
        target_encoding,
        rate,
        channels,
        tags=read_tags(source),
        dither=dither and is_rounded,
        overwrite=overwrite,
    ) as sound:
        for samples in blocks:
            sound.write(np.broadcast_to(samples, (channels, samples.shape[1])))
    return Conversion(target, rate, channels, sound.n_samples, sound.n_clipped)


def change_file(
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    change: Callable[[Iterator[Clip]], Iterator[Clip]],
    *,
    overwrite: bool = False,
) -> Conversion:
    """Process an audio file block by block; the new file is written atomically.

    Parameters
    ----------
    source, target, overwrite
        As in `convert_file`. Encoding and tags are kept if the new format supports them.
    change
        Function from an iterator of blocks to an iterator of processed blocks with the same rate and number
        of channels, such as `woodshed.audio.filter_blocks`.

    Returns
    -------
    Conversion
        Format of the new file, and the number of clipped samples.

    Raises
    ------
    AudioFileError, OutputError, ParameterError
        As in `convert_file`, and any error of ``change``.

    Warns
    -----
    UserWarning
        If samples were clipped.

    Examples
    --------
    >>> import tempfile
    >>> from functools import partial
    >>> from woodshed.audio.filter import Butterworth, filter_blocks
    >>> from woodshed.data.sample import sample_folder
    >>> source = sample_folder() / "recordings" / "7_theo_0.flac"
    >>> design = Butterworth("high-pass", (80.0,))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     result = change_file(source, Path(folder) / "a.wav", partial(filter_blocks, design=design))
    >>> result.n_samples
    3428
    """
    target = Path(target)
    header = info(source)
    encoding = choose_encoding(target, matching_encoding(header.codec, target))
    block_s = samples_to_s(VALUES_PER_BLOCK // header.n_channels, header.sample_rate)
    with writer(
        target, encoding, header.sample_rate, header.n_channels, tags=read_tags(source), overwrite=overwrite
    ) as sound:
        for block in change(read_blocks(source, block_s=block_s)):
            sound.write(block.samples)
    warn_of_clipping(target, sound.n_clipped, stacklevel=3)
    return Conversion(target, header.sample_rate, header.n_channels, sound.n_samples, sound.n_clipped)


def cut_file(
    source: str | os.PathLike[str],
    segments: Sequence[Segment],
    targets: Sequence[Path],
    *,
    overwrite: bool = False,
) -> list[Path]:
    """Write each segment of a file to a separate file, each of them atomically.

    Parameters
    ----------
    source
        An audio file of any length.
    segments
        Segments in seconds, such as those of `equal_segments`, `segments_between`, `marker_segments` or
        `woodshed.audio.find_sound`.
    targets
        A file name for each segment; the suffix determines the format, as in `woodshed.audio.write`. The
        encoding of the source is kept where the format supports it, so that samples are copied unchanged.
    overwrite
        Whether to replace existing files.

    Returns
    -------
    list of Path
        The files that were written.

    Raises
    ------
    AudioFileError
        If the source cannot be read, or a segment starts after its end.
    OutputError
        If a target exists or cannot be written.
    ParameterError
        If the numbers of targets and segments differ.

    Examples
    --------
    >>> import tempfile
    >>> from woodshed.audio import equal_segments, sine, write
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     source = write(sine(440), Path(folder) / "a.wav")
    ...     targets = [Path(folder) / "1.wav", Path(folder) / "2.wav"]
    ...     paths = cut_file(source, equal_segments(1.0, 0.6), targets)
    ...     [info(path).duration_s for path in paths]
    [0.6, 0.4]
    """
    if len(segments) != len(targets):
        raise ParameterError(
            f"cut_file expects {len(segments)} targets, one for each segment, got {len(targets)}."
        )
    header = info(source)
    for segment, target in zip(segments, targets, strict=True):
        encoding = choose_encoding(target, matching_encoding(header.codec, target))
        with writer(target, encoding, header.sample_rate, header.n_channels, overwrite=overwrite) as sound:
            for block in read_blocks(source, start_s=segment.start_s, end_s=segment.end_s):
                sound.write(block.samples)
    return list(targets)


def _positive_int(number: int, name: str) -> int:
    if isinstance(number, bool) or not number > 0 or int(number) != number:
        raise ParameterError(f"convert_file expects a whole, positive {name}, got {number!r}.")
    return int(number)


def matching_encoding(codec: str, target: Path) -> str | None:
    """Return the encoding of a target that keeps the resolution of its source.

    Parameters
    ----------
    codec
        Container and subtype of the source, as in `FileInfo.codec`.
    target
        The new file.

    Returns
    -------
    str or None
        An encoding for `write`; None if the default of the format is sufficient or the only choice.

    Examples
    --------
    >>> matching_encoding("WAV PCM_24", Path("a.flac")), matching_encoding("WAV PCM_24", Path("a.mp3"))
    ('pcm24', None)
    """
    suffix, subtype = target.suffix.lower(), codec.split()[-1]
    if suffix in CODECS or subtype not in HIGH_RESOLUTION:
        return None
    return "pcm24" if suffix == ".flac" else HIGH_RESOLUTION[subtype]


def _resample_blocks(blocks: Iterator[Samples], resampler: RunningResampler) -> Iterator[Samples]:
    yield from map(resampler, blocks)
    yield resampler.rest()
