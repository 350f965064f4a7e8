"""Audio excerpts for plotting: envelopes and features in a limited number of columns."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from woodshed.audio.read import info, read, read_blocks
from woodshed.audio.segment import blocks_of
from woodshed.clip import Clip, Samples
from woodshed.errors import AudioFileError, printable
from woodshed.features.frame import FrameFeature
from woodshed.features.streaming import features_of_blocks
from woodshed.units import duration_text, s_to_samples, samples_to_s

N_COLUMNS = 2000
"""Maximum number of columns of an image, about the width of a screen in pixels."""

WHOLE_S = 600.0
"""Maximum duration held in memory, in seconds; longer audio is read in blocks for each view."""

_BLOCK_S = 30.0
_LEAST_RATE = 8000  # the lowest rate that features accept

Pool = Callable[..., Any]
"""A reduction of NumPy with an ``axis``, such as ``np.max``."""


@dataclass(frozen=True, eq=False)
class AudioExcerpt:
    """A clip, or a segment of an audio file, to be plotted.

    Parameters
    ----------
    name
        Title in the figure.
    source
        A clip, or the path of a file that is too long to be held in memory.
    sample_rate, n_channels, n_samples
        Properties of the audio.
    start_s
        Start of the segment in its file, in seconds; the time axis counts from the start of the file.

    Examples
    --------
    >>> from woodshed.audio import sine
    >>> excerpt = clip_excerpt(sine(440, 2.0), start_s=3.0)
    >>> excerpt.name, excerpt.start_s, excerpt.end_s
    ('sine 440 Hz', 3.0, 5.0)
    """

    name: str
    source: Clip | Path
    sample_rate: int
    n_channels: int
    n_samples: int
    start_s: float = 0.0

    @property
    def duration_s(self) -> float:
        """Duration in seconds."""
        return samples_to_s(self.n_samples, self.sample_rate)

    @property
    def end_s(self) -> float:
        """End of the segment in its file, in seconds."""
        return self.start_s + self.duration_s

    @property
    def in_memory(self) -> bool:
        """Whether the audio is held in memory."""
        return isinstance(self.source, Clip)

    def clip(self, view: str) -> Clip:
        """Return the whole audio, which a view needs.

        Raises
        ------
        AudioFileError
            If the audio is too long.
        """
        if isinstance(self.source, Clip):
            return self.source
        raise AudioFileError(
            self.source,
            f"The view {view} needs audio of at most {duration_text(WHOLE_S)}, got "
            f"{duration_text(self.duration_s)}. Choose a segment with --start-s and --end-s.",
        )

    def blocks(self) -> Iterator[Clip]:
        """Return the audio in blocks, at its own sample rate, with all channels."""
        if isinstance(self.source, Clip):
            return blocks_of(self.source, _BLOCK_S)
        return read_blocks(self.source, block_s=_BLOCK_S, start_s=self.start_s, end_s=self.end_s)

    def envelope(self, n_columns: int = N_COLUMNS) -> tuple[NDArray[np.float64], Samples, Samples]:
        """Return the lowest and highest sample of each column, or all samples of short audio.

        Returns
        -------
        times_s, lowest, highest
            The centres of the columns, shape ``(n_columns,)``, and two arrays ``(n_channels, n_columns)``,
            which are equal if each column is one sample.

        Examples
        --------
        >>> excerpt = clip_excerpt(Clip(np.array([1, -2, 3, -4, 5, -6, 7]), 10))
        >>> [values.tolist() for values in excerpt.envelope(2)[1:]]
        [[[-4.0, -6.0]], [[3.0, 7.0]]]
        """
        # With few samples per pixel a line shows more than an envelope.
        group = 1 if self.n_samples <= 3 * n_columns else -(-self.n_samples // n_columns)
        frames = (block.samples.T for block in self.blocks())
        if group == 1:
            lowest = highest = np.concatenate([*frames])
        else:
            lowest, highest = pooled(frames, group, np.min, np.max)
        middles = (np.arange(len(lowest)) + 0.5) * group - 0.5
        return self.start_s + middles / self.sample_rate, lowest.T, highest.T

    def columns(self, feature: FrameFeature, pool: Pool = np.max) -> Columns:
        """Compute a feature, with neighbouring frames pooled if there are too many."""
        n_frames = feature.n_frames(round(self.duration_s * feature.sample_rate))
        group = max(1, -(-n_frames // N_COLUMNS))
        (values,) = pooled(self._frames(feature), group, pool)
        return Columns(values, self.start_s - 0.5 / feature.frame_rate_hz, group / feature.frame_rate_hz)

    def mean(self, feature: FrameFeature) -> NDArray[np.float64]:
        """Compute the mean of a feature over all frames, shape ``(n_bands,)``."""
        total, n_frames = np.zeros(feature.n_bands), 0
        for part in self._frames(feature):
            total += part.sum(axis=0, dtype=np.float64)
            n_frames += len(part)
        return total / n_frames

    def _frames(self, feature: FrameFeature) -> Iterator[Samples]:
        if isinstance(self.source, Clip) and (self.duration_s <= _BLOCK_S or not feature.exact_in_blocks):
            return features_of_blocks(feature, [padded(self.source)])
        return features_of_blocks(feature, self.blocks())


@dataclass(frozen=True, eq=False)
class Columns:
    """Values of a feature in the columns of an image.

    Parameters
    ----------
    values
        Shape ``(n_columns, n_bands)``.
    left_s, step_s
        Left edge of the first column, and width of a column, in seconds.
    """

    values: Samples
    left_s: float
    step_s: float

    @property
    def right_s(self) -> float:
        """Right edge of the last column."""
        return self.left_s + len(self.values) * self.step_s

    @property
    def times_s(self) -> NDArray[np.float64]:
        """Centres of the columns."""
        return np.asarray(self.left_s + (np.arange(len(self.values)) + 0.5) * self.step_s)


def clip_excerpt(clip: Clip, *, start_s: float = 0.0) -> AudioExcerpt:
    """Return a clip as an excerpt that starts ``start_s`` seconds into its file."""
    name = os.path.basename(printable(clip.source)) or "clip"
    return AudioExcerpt(name, clip, clip.sample_rate, clip.n_channels, clip.n_samples, start_s)


def file_excerpt(path: Path, *, start_s: float = 0.0, end_s: float | None = None) -> AudioExcerpt:
    """Return a segment of a file as an excerpt; only up to `WHOLE_S` seconds are decoded at this point.

    Raises
    ------
    AudioFileError
        If the file cannot be read, or the segment is empty.
    ParameterError
        If the segment ends before it starts.

    Examples
    --------
    >>> from woodshed.data.sample import sample_folder
    >>> excerpt = file_excerpt(sample_folder() / "recordings" / "7_theo_0.flac", start_s=0.1)
    >>> excerpt.name, round(excerpt.end_s, 3), excerpt.in_memory
    ('7_theo_0.flac', 0.428, True)
    """
    file_info = info(path)
    last_s = file_info.duration_s if end_s is None else min(end_s, file_info.duration_s)
    if last_s - start_s <= WHOLE_S:
        return clip_excerpt(read(path, start_s=start_s, end_s=end_s), start_s=start_s)
    return AudioExcerpt(
        printable(path.name),
        path,
        file_info.sample_rate,
        file_info.n_channels,
        s_to_samples(last_s - start_s, file_info.sample_rate),
        start_s,
    )


def pooled(parts: Iterable[Samples], group: int, *pools: Pool) -> list[Samples]:
    """Pool each ``group`` rows of an array that arrives in parts, by one or several functions.

    Parameters
    ----------
    parts
        Arrays of shape ``(n, n_columns)``.
    group
        Number of rows that are pooled; the last group may have fewer.
    pools
        Reductions of NumPy, such as ``np.max`` and ``np.mean``.

    Returns
    -------
    list of numpy.ndarray
        One for each of ``pools``, shape ``(n_groups, n_columns)``.

    Examples
    --------
    >>> parts = [np.array([[1.0], [5.0], [2.0]]), np.array([[3.0], [4.0]])]
    >>> [values.ravel().tolist() for values in pooled(parts, 2, np.max, np.mean)]
    [[5.0, 3.0, 4.0], [3.0, 2.5, 4.0]]
    """
    reductions = ([pool(rows, axis=1) for pool in pools] for rows in _groups(parts, group))
    return [np.concatenate(values) for values in zip(*reductions, strict=True)]


def _groups(parts: Iterable[Samples], group: int) -> Iterator[Samples]:
    """Yield arrays of shape ``(n_groups, group, n_columns)``; the last may have one group with fewer rows."""
    rest: Samples | None = None
    for part in parts:
        rows = part if rest is None else np.concatenate([rest, part])
        n_whole = len(rows) // group * group
        yield rows[:n_whole].reshape(-1, group, rows.shape[1])
        # A view would keep the whole part in memory. The memory order is preserved: with the samples of a
        # channel adjacent, the next reduction is a hundred times as fast.
        rest = rows[n_whole:].copy(order="K")
    if rest is not None and len(rest):
        yield rest[np.newaxis]


def padded(clip: Clip) -> Clip:
    """Append silence to a very short clip, so that it has at least one sample at every rate of the features.

    Examples
    --------
    >>> padded(Clip(np.ones(1), 192000)).n_samples
    24
    """
    n_missing = -(-clip.sample_rate // _LEAST_RATE) - clip.n_samples
    if n_missing <= 0:
        return clip
    return Clip(np.pad(clip.samples, ((0, 0), (0, n_missing))), clip.sample_rate, clip.source)
