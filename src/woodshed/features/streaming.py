"""Feature extraction from recordings of any length, block by block."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain

import numpy as np

from woodshed.audio.edit import RunningResampler
from woodshed.audio.read import FilePath, read_blocks
from woodshed.clip import ChannelMix, Clip, Samples
from woodshed.errors import AudioError, ParameterError, printable
from woodshed.features.frame import FrameFeature

BLOCK_S = 30.0
"""Default length of a block in seconds."""

# Frames in the context on both sides of a block are computed and discarded. A block must be this many times
# longer than the context, so that the overhead stays small.
_MIN_BLOCK_PER_CONTEXT = 4


def features_of_file(feature: FrameFeature, path: FilePath, *, block_s: float = BLOCK_S) -> Iterator[Samples]:
    """Compute a feature of a file of any length, at any rate.

    The file is read, mixed to mono and resampled block by block.

    Parameters
    ----------
    feature
        Any frame-wise feature.
    path
        Any file that `woodshed.audio.read` can read.
    block_s
        Length of a block in seconds. Memory is proportional to it, and to the ``n_context`` of the feature.

    Yields
    ------
    numpy.ndarray
        Consecutive frames, shape ``(n, n_bands)``, ``n ≥ 1``. Concatenated they are the feature of the whole
        file, see `features_of_blocks`.

    Raises
    ------
    AudioFileError
        If the file cannot be read, when the affected block is reached.

    Examples
    --------
    >>> from woodshed.data.sample import sample_folder
    >>> from woodshed.features.mel import LogMel
    >>> path = sample_folder() / "recordings" / "7_theo_0.flac"
    >>> feature = LogMel(sample_rate=8000, n_fft=256, n_mels=40)
    >>> [part.shape for part in features_of_file(feature, path, block_s=0.25)]
    [(12, 40), (9, 40), (1, 40)]
    """
    return features_of_blocks(feature, read_blocks(path, block_s=block_s, mono=True))


def features_of_blocks(feature: FrameFeature, blocks: Iterable[Clip]) -> Iterator[Samples]:
    """Compute a feature of a stream of blocks.

    Each frame is computed with the context that the feature requires on both sides (``n_context``). If the
    ``exact_in_blocks`` of the feature is true, the frames equal those of the whole recording, up to the
    rounding of float32. It is false for features with a decision over the whole clip, such as a threshold
    relative to the maximum (``top_db``) or a most probable path; the decision is then made for each block.

    Parameters
    ----------
    feature
        Any frame-wise feature.
    blocks
        Consecutive blocks of one recording without gap or overlap, all at the same rate, which may be any.

    Yields
    ------
    numpy.ndarray
        Consecutive frames, shape ``(n, n_bands)``, ``n ≥ 1``.

    Raises
    ------
    AudioError
        If there is no block, or no sample is left at the rate of the feature.
    ParameterError
        If the blocks have different rates.

    Examples
    --------
    >>> from woodshed.audio import noise
    >>> from woodshed.features.mel import LogMel
    >>> clip = noise(duration_s=1.0)
    >>> parts = list(features_of_blocks(LogMel(), [clip.cut(0, 0.3), clip.cut(0.3)]))
    >>> bool(np.allclose(np.concatenate(parts), LogMel()(clip), atol=1e-4))
    True
    """
    hop, n_context = feature.hop_length, feature.n_context
    parts: list[Samples] = []
    source = ""
    start = 0  # index in the stream of the first sample in memory, always at the centre of a frame
    n_in = n_out = 0  # samples and frames so far
    for block in chain(mono_blocks(blocks, feature.sample_rate), [None]):
        if block is None:
            n_complete = feature.n_frames(n_in)
        else:
            source = block.source
            parts.append(block.samples[0])
            n_in += block.n_samples
            n_complete = max(0, 1 + (n_in - n_context) // hop)
            if (n_complete - n_out) * hop < _MIN_BLOCK_PER_CONTEXT * n_context:
                continue
        if n_complete > n_out:
            samples = np.concatenate(parts)
            frames = feature(Clip(samples, feature.sample_rate, source))
            yield frames[n_out - start // hop : n_complete - start // hop]
            n_out = n_complete
            n_used = max(0, (n_out * hop - n_context) // hop * hop) - start
            parts = [samples[n_used:]]
            start += n_used


def mono_blocks(blocks: Iterable[Clip], sample_rate: int) -> Iterator[Clip]:
    """Mix a stream of blocks to mono and resample it, like ``read(sample_rate=..., mono=True)`` for a file.

    Yields
    ------
    Clip
        Consecutive mono blocks at ``sample_rate``, with ``round(n_samples * ratio)`` samples in total.

    Raises
    ------
    AudioError
        If there is no block, or no sample is left at that rate.
    ParameterError
        If the blocks have different rates.

    Examples
    --------
    >>> parts = [Clip(np.ones((2, 4000)), 8000), Clip(np.ones((2, 401)), 8000)]
    >>> sum(block.n_samples for block in mono_blocks(parts, 16000))
    8802
    """
    mono = _mix_blocks(blocks)
    first = next(mono, None)
    if first is None:
        raise AudioError("mono_blocks expects at least one block, got none.")
    if first.sample_rate == sample_rate:
        yield first
        yield from mono
        return
    resampler = RunningResampler(first.sample_rate, sample_rate, 1, first.source)
    part = resampler(first.samples)
    for block in mono:
        if part.size:
            yield Clip(part, sample_rate, first.source)
        part = resampler(block.samples)
    part = np.concatenate([part, resampler.rest()], axis=1)  # the rest alone would be very short
    if part.size:
        yield Clip(part, sample_rate, first.source)


def _mix_blocks(blocks: Iterable[Clip]) -> Iterator[Clip]:
    """Mix each block to mono, and check that all have the same rate.

    Of a stereo stream as many blocks are held back as the decision about the mix needs: see `ChannelMix`.
    """
    sample_rate = None
    mix: ChannelMix | None = None
    waiting: list[Clip] = []
    for block in blocks:
        if sample_rate not in (None, block.sample_rate):
            raise ParameterError(
                f"Expected blocks of one rate, but {printable(block.source)} changes from {sample_rate} to "
                f"{block.sample_rate} Hz. Process each recording separately."
            )
        sample_rate = block.sample_rate
        mix = mix or ChannelMix(sample_rate)
        mix.add(block.samples)
        waiting.append(block)
        if mix.is_decided or mix.is_silent:
            yield from (replace(each, samples=mix(each.samples)) for each in waiting)
            waiting.clear()
    yield from (replace(each, samples=mix(each.samples)) for each in waiting if mix)
