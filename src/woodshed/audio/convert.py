"""One sound file into another: format, rate, channels, bits, or any change that can be made block by block.

Files are never in memory as a whole, so any length will do.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soxr

from woodshed.audio.channel import to_channels
from woodshed.audio.read import info, read_blocks
from woodshed.audio.tags import read_tags
from woodshed.audio.write import CODECS, choose_encoding, warn_of_clipping, writer
from woodshed.clip import Clip, Samples
from woodshed.errors import AudioError, ParameterError, printable
from woodshed.units import samples_to_s

KEPT = {"PCM_24": "pcm24", "PCM_32": "pcm32", "FLOAT": "float32", "DOUBLE": "float64"}
"""Encodings of a source, in libsndfile's words, that have more than 16 bits -> the same in `write`'s."""

SOURCE_BITS = {"PCM_S8": 8, "PCM_U8": 8, "PCM_16": 16, "PCM_24": 24, "PCM_32": 32}
"""Encodings of a source in whole numbers -> bits of each."""

VALUES_PER_BLOCK = 2**18
"""Files are read in blocks of this many numbers, 1 MiB."""


@dataclass(frozen=True)
class Conversion:
    """What `convert_file` or `change_file` made.

    Parameters
    ----------
    path
        The new file.
    sample_rate, n_channels, n_samples
        What it holds; the samples are counted in each channel.
    n_clipped
        Samples, in all channels, that were beyond ±1 and had to be clipped.
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
    """Convert a sound file; the new one appears when it is complete.

    Parameters
    ----------
    source
        Any file that `read` can read.
    target
        The new file; its suffix says the format, as for `write`. It may be the source, with ``overwrite``.
    sample_rate
        Of the new file, in hertz; None keeps that of the source.
    n_channels
        Of the new file: 1 is the mean of all channels, and mono may become any number of copies. None keeps
        those of the source.
    encoding
        As for `write`. None keeps what the source has, if the new format can hold it; otherwise 24 bits for a
        source of more than 16, and 16 for all others.
    dither
        Whether the rounding to fewer bits is hidden under a faint hiss of one step, always the same. Files
        that need no rounding get none.
    overwrite
        Whether a file of that name may be replaced.

    Returns
    -------
    Conversion
        What the new file holds, and how many samples were clipped.

    Raises
    ------
    AudioFileError
        If the source cannot be read.
    AudioError
        If several channels are to become several others, or the source is so short that nothing is left.
    OutputError
        If the target is there already, cannot hold that rate or so many channels, or cannot be written.
    ParameterError
        If a setting is out of range, or the format unknown.

    Notes
    -----
    Resampling is that of `woodshed.audio.resample`, in blocks. Samples go through float32, which holds 24
    bits. Title, artist, album, date, track number, genre, comment, copyright and licence are carried over as
    far as libsndfile reads them and the new format holds them (`woodshed.audio.tags`): AIFF has title, artist
    and comment alone, and MP3 gets what is plain ASCII. Pictures are not carried over.

    Examples
    --------
    >>> import tempfile
    >>> from woodshed.data.sample import sample_folder
    >>> source = sample_folder() / "recordings" / "7_theo_0.flac"
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     made = convert_file(source, Path(folder) / "a.wav", sample_rate=16000, n_channels=2)
    >>> made.sample_rate, made.n_channels, made.n_samples, made.n_clipped
    (16000, 2, 6856, 0)
    """
    target = Path(target)
    heading, tags = info(source), read_tags(source)
    rate = heading.sample_rate if sample_rate is None else _whole(sample_rate, "sample_rate")
    channels = heading.n_channels if n_channels is None else _whole(n_channels, "n_channels")
    subtype = heading.codec.split()[-1]
    chosen = choose_encoding(target, kept_encoding(heading.codec, target) if encoding is None else encoding)
    touched = rate != heading.sample_rate or channels < heading.n_channels
    rounds = touched or SOURCE_BITS.get(subtype, 64) > (chosen.n_bits or 64)
    block_s = samples_to_s(VALUES_PER_BLOCK // heading.n_channels, max(rate, heading.sample_rate))
    blocks: Iterator[Samples] = (_mixed(block, channels) for block in read_blocks(source, block_s=block_s))
    if rate != heading.sample_rate:
        n_mixed = min(channels, heading.n_channels)
        stream = soxr.ResampleStream(heading.sample_rate, rate, n_mixed, dtype="float32", quality="HQ")
        blocks = _resampled(blocks, stream, rate / heading.sample_rate, source)
    with writer(target, chosen, rate, channels, dither=dither and rounds, overwrite=overwrite) as sound:
        sound.tag(tags)
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
    """Change a sound file of any length, block by block; the new one appears when it is complete.

    Parameters
    ----------
    source, target, overwrite
        As for `convert_file`. The encoding is kept if the new format can hold it, and so are the tags.
    change
        Turns the blocks of a sound into those of another with the same rate and number of channels, one at a
        time, as `woodshed.audio.filter_blocks` does.

    Returns
    -------
    Conversion
        What the new file holds, and how many samples were clipped.

    Raises
    ------
    AudioFileError, OutputError, ParameterError
        As for `convert_file`, and what ``change`` raises.

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
    >>> no_hum = Butterworth("high-pass", (80.0,))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     made = change_file(source, Path(folder) / "a.wav", partial(filter_blocks, design=no_hum))
    >>> made.n_samples
    3428
    """
    target = Path(target)
    heading, tags = info(source), read_tags(source)
    chosen = choose_encoding(target, kept_encoding(heading.codec, target))
    block_s = samples_to_s(VALUES_PER_BLOCK // heading.n_channels, heading.sample_rate)
    changed = change(read_blocks(source, block_s=block_s))
    with writer(target, chosen, heading.sample_rate, heading.n_channels, overwrite=overwrite) as sound:
        sound.tag(tags)
        for block in changed:
            sound.write(block.samples)
    warn_of_clipping(target, sound.n_clipped, stacklevel=3)
    return Conversion(target, heading.sample_rate, heading.n_channels, sound.n_samples, sound.n_clipped)


def _whole(number: int, name: str) -> int:
    if isinstance(number, bool) or not number > 0 or int(number) != number:
        raise ParameterError(f"convert_file expects a whole, positive {name}, got {number!r}.")
    return int(number)


def kept_encoding(codec: str, target: Path) -> str | None:
    """Return the encoding of a source in the words of `write`; None if the target's own is as good or worse.

    Examples
    --------
    >>> kept_encoding("WAV PCM_24", Path("a.flac")), kept_encoding("WAV PCM_24", Path("a.mp3"))
    ('pcm24', None)
    """
    suffix, subtype = target.suffix.lower(), codec.split()[-1]
    if suffix in CODECS or subtype not in KEPT:
        return None
    return "pcm24" if suffix == ".flac" else KEPT[subtype]


def _mixed(block: Clip, n_channels: int) -> Samples:
    """Mix down before resampling; copies of a single channel are only made when they are written."""
    if block.n_channels == 1:
        return block.samples
    return to_channels(block, n_channels).samples


def _resampled(
    blocks: Iterator[Samples], stream: soxr.ResampleStream, ratio: float, source: str | os.PathLike[str]
) -> Iterator[Samples]:
    """Resample a sound block by block, to exactly as many samples as `resample` would give."""
    n_in = n_out = 0
    for block in blocks:
        n_in += block.shape[1]
        ready = stream.resample_chunk(np.ascontiguousarray(block.T))
        n_out += len(ready)
        yield ready.T
    if round(n_in * ratio) == 0:
        raise AudioError(
            f"{printable(source)} has only {n_in} samples: none is left at {ratio:g} times its rate. "
            "Leave the file out."
        )
    missing = max(0, round(n_in * ratio) - n_out)
    rest = stream.resample_chunk(np.zeros((0, len(block)), dtype=np.float32), last=True)[:missing]
    yield np.pad(rest, ((0, missing - len(rest)), (0, 0))).T
