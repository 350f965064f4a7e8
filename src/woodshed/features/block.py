"""Features of sounds of any length, block by block, in the memory that a block takes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import chain

import numpy as np
import soxr

from woodshed.audio.read import read_blocks
from woodshed.audio.sound_file import FilePath
from woodshed.clip import Clip, Samples
from woodshed.errors import AudioError, ParameterError, printable
from woodshed.features.frame import Framed

BLOCK_S = 30.0
"""Length of the blocks in which files are read, in seconds."""

# A block is described together with the context on both sides, which is thrown away: so much longer than
# the context a block should be, so that little is computed in vain.
_LEAST_GAIN = 4


def features_of_file(feature: Framed, path: FilePath, *, block_s: float = BLOCK_S) -> Iterator[Samples]:
    """Describe a file of any length, at any rate.

    The file is read, mixed and resampled block by block; one that fits into a block is described at once.

    Parameters
    ----------
    feature
        Any feature of frames.
    path
        Any file that `woodshed.audio.read` can read.
    block_s
        Length of a block in seconds. Memory goes with it and with the feature's ``context_s``.

    Yields
    ------
    numpy.ndarray
        Frames in order, shape ``(n, n_bands)``, ``n ≥ 1``. Together they are what the feature says of the
        whole file, see `features_of_blocks`.

    Raises
    ------
    AudioFileError
        If the file cannot be read, when the block in question is reached.

    Examples
    --------
    >>> from woodshed.data.sample import sample_folder
    >>> from woodshed.features.log_mel import LogMel
    >>> path = sample_folder() / "recordings" / "7_theo_0.flac"
    >>> feature = LogMel(sample_rate=8000, n_fft=256, n_mels=40)
    >>> [part.shape for part in features_of_file(feature, path, block_s=0.25)]
    [(12, 40), (9, 40), (1, 40)]
    """
    return features_of_blocks(feature, read_blocks(path, block_s=block_s))


def features_of_blocks(feature: Framed, blocks: Iterable[Clip]) -> Iterator[Samples]:
    """Describe a sound that comes in blocks.

    Every frame is computed from a stretch of sound that reaches as far to both sides as the feature says
    (``n_context``). The frames are those of the whole sound, equal within the rounding of float32, if the
    feature's ``exact_in_blocks`` is true. It is false where something is decided over the whole clip: a cut
    relative to its loudest moment (``top_db``), or a most probable path. Such a decision is then made for
    each block by itself.

    Parameters
    ----------
    feature
        Any feature of frames.
    blocks
        Stretches of one sound in order, without gap or overlap, all at the same rate, any rate.

    Yields
    ------
    numpy.ndarray
        Frames in order, shape ``(n, n_bands)``, ``n ≥ 1``.

    Raises
    ------
    AudioError
        If there is no block, or nothing is left of the sound at the feature's rate.
    ParameterError
        If the blocks have different rates.

    Examples
    --------
    >>> from woodshed.audio import noise
    >>> from woodshed.features.log_mel import LogMel
    >>> clip = noise(duration_s=1.0)
    >>> parts = list(features_of_blocks(LogMel(), [clip.cut(0, 0.3), clip.cut(0.3)]))
    >>> bool(np.allclose(np.concatenate(parts), LogMel()(clip), atol=1e-4))
    True
    """
    window = _Window(feature)
    for block in mono_blocks(blocks, feature.sample_rate):
        window.add(block)
        yield from window.frames(last=False)
    yield from window.frames(last=True)


def mono_blocks(blocks: Iterable[Clip], sample_rate: int) -> Iterator[Clip]:
    """Mix and resample a sound that comes in blocks, as ``read(sample_rate=..., mono=True)`` does the whole.

    Yields
    ------
    Clip
        One channel at ``sample_rate``, in order. Together they have ``round(n_samples * ratio)`` samples.

    Raises
    ------
    AudioError
        If there is no block, or so little sound that nothing is left at that rate.
    ParameterError
        If the blocks have different rates.

    Examples
    --------
    >>> parts = [Clip(np.ones((2, 4000)), 8000), Clip(np.ones((2, 401)), 8000)]
    >>> sum(block.n_samples for block in mono_blocks(parts, 16000))
    8802
    """
    mono = _one_channel(blocks)
    first = next(mono, None)
    if first is None:
        raise AudioError("There is no block of sound. Give at least one.")
    if first.sample_rate == sample_rate:
        yield first
        yield from mono
        return
    stream = soxr.ResampleStream(first.sample_rate, sample_rate, 1, dtype="float32", quality="HQ")
    n_heard = n_given = 0
    held = np.empty(0, dtype=np.float32)
    for block in chain([first], mono):
        # The last part is held back: how long the whole has to be is known only at the end.
        if len(held):
            n_given += len(held)
            yield Clip(held, sample_rate, first.source)
        held = stream.resample_chunk(block.samples[0])
        n_heard += block.n_samples
    missing = round(n_heard * sample_rate / first.sample_rate) - n_given
    held = np.concatenate([held, stream.resample_chunk(np.empty(0, dtype=np.float32), last=True)])
    held = np.pad(held[:missing], (0, max(0, missing - len(held))))
    if n_given + len(held) == 0:
        raise AudioError(
            f"{printable(first.source)} has {n_heard} samples at {first.sample_rate} Hz: none is left at "
            f"{sample_rate} Hz. Leave it out."
        )
    if len(held):
        yield Clip(held, sample_rate, first.source)


def _one_channel(blocks: Iterable[Clip]) -> Iterator[Clip]:
    """Mix each block, and see to it that all have one rate."""
    sample_rate = None
    for block in blocks:
        if sample_rate not in (None, block.sample_rate):
            raise ParameterError(
                f"The blocks of a sound have one rate: {printable(block.source)} goes from {sample_rate} to "
                f"{block.sample_rate} Hz."
            )
        sample_rate = block.sample_rate
        yield replace(block, samples=block.mono())


@dataclass
class _Window:
    """The stretch of sound that is in memory, and which frames have been given."""

    feature: Framed
    source: str = ""
    parts: list[Samples] = field(default_factory=list)
    start: int = 0  # first sample in memory, counted from the beginning; always under the middle of a frame
    n_heard: int = 0  # samples so far, counted from the beginning
    n_given: int = 0  # frames

    def add(self, block: Clip) -> None:
        """Take the next block, in mono."""
        self.source = block.source
        self.parts.append(block.samples[0])
        self.n_heard += block.n_samples

    def frames(self, *, last: bool) -> Iterator[Samples]:
        """Yield the frames that are now certain; after the last block, the rest."""
        feature, hop = self.feature, self.feature.hop_length
        if last:
            n_certain = feature.n_frames(self.n_heard)
        else:
            n_certain = max(0, 1 + (self.n_heard - feature.n_context) // hop)
            if (n_certain - self.n_given) * hop < _LEAST_GAIN * feature.n_context:
                return
        if n_certain <= self.n_given:
            return
        samples = np.concatenate(self.parts)
        described = feature(Clip(samples, feature.sample_rate, self.source))
        first = self.start // hop
        yield described[self.n_given - first : n_certain - first]
        self.n_given = n_certain
        start = max(0, (self.n_given * hop - feature.n_context) // hop * hop)
        self.parts = [samples[start - self.start :]]
        self.start = start
