"""Sounds as pictures need them: in a few thousand columns, however long they are."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from woodshed.audio.read import info, read, read_blocks
from woodshed.clip import Clip, Samples
from woodshed.errors import AudioFileError, printable
from woodshed.features.frame import FrameFeature
from woodshed.features.streaming import features_of_blocks
from woodshed.units import duration_text, s_to_samples, samples_to_s

N_COLUMNS = 2000
"""Most columns of a picture: about as many as a screen has points from left to right."""

WHOLE_S = 600.0
"""Up to so many seconds a sound is held in memory; a longer one is read anew for each view, in blocks."""

_BLOCK_S = 30.0
_LEAST_RATE = 8000  # the lowest at which a feature hears

Pool = Literal["max", "mean"]
_POOLS: dict[str, Callable[..., Any]] = {"max": np.max, "min": np.min, "mean": np.mean}


@dataclass(frozen=True, eq=False)
class Heard:
    """A stretch of sound that pictures are made of.

    Parameters
    ----------
    name
        What it is called in the picture.
    source
        A clip, or the path of a file that is too long for memory.
    sample_rate, n_channels, n_samples
        As in the file.
    start_s
        Where the stretch begins in its file, in seconds; times in pictures count from the start of the file.

    Examples
    --------
    >>> from woodshed.audio import sine
    >>> heard = heard_clip(sine(440, 2.0), start_s=3.0)
    >>> heard.name, heard.start_s, heard.end_s
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
        """Length in seconds."""
        return samples_to_s(self.n_samples, self.sample_rate)

    @property
    def end_s(self) -> float:
        """Where the stretch ends in its file, in seconds."""
        return self.start_s + self.duration_s

    @property
    def in_memory(self) -> bool:
        """Whether there is a clip of it."""
        return isinstance(self.source, Clip)

    def clip(self, what: str) -> Clip:
        """Return all of it; ``what`` needs that.

        Raises
        ------
        AudioFileError
            If it is too long.
        """
        if isinstance(self.source, Clip):
            return self.source
        raise AudioFileError(
            self.source,
            f"{what} is drawn of at most {duration_text(WHOLE_S)}, and this lasts "
            f"{duration_text(self.duration_s)}. Choose a stretch: --start-s and --end-s.",
        )

    def blocks(self) -> Iterator[Clip]:
        """Yield it block by block, at its own rate, with all channels."""
        if isinstance(self.source, Path):
            yield from read_blocks(self.source, block_s=_BLOCK_S, start_s=self.start_s, end_s=self.end_s)
            return
        n = s_to_samples(_BLOCK_S, self.sample_rate)
        for start in range(0, self.n_samples, n):
            yield Clip(self.source.samples[:, start : start + n], self.sample_rate, self.source.source)

    def outline(self, n_columns: int = N_COLUMNS) -> tuple[NDArray[np.float64], Samples, Samples]:
        """Return the lowest and highest sample of each column; of a short sound, all samples.

        Returns
        -------
        times_s, lowest, highest
            The middles of the columns, shape ``(n_columns,)``, and two arrays ``(n_channels, n_columns)``,
            which are the same if every column is one sample.

        Examples
        --------
        >>> heard = heard_clip(Clip(np.array([1, -2, 3, -4, 5, -6, 7]), 10))
        >>> [values.tolist() for values in heard.outline(2)[1:]]
        [[[-4.0, -6.0]], [[3.0, 7.0]]]
        """
        # A line shows more than an outline as long as few samples share a point of the screen.
        group = 1 if self.n_samples <= 3 * n_columns else -(-self.n_samples // n_columns)
        frames = (block.samples.T for block in self.blocks())
        if group == 1:
            lowest = highest = np.concatenate([*frames])
        else:
            lowest, highest = pooled(frames, group, "min", "max")
        middles = (np.arange(len(lowest)) + 0.5) * group - 0.5
        return self.start_s + middles / self.sample_rate, lowest.T, highest.T

    def columns(self, feature: FrameFeature, pool: Pool = "max") -> Columns:
        """Describe it by a feature, with neighbouring frames taken together if there are too many."""
        n_frames = feature.n_frames(round(self.duration_s * feature.sample_rate))
        group = max(1, -(-n_frames // N_COLUMNS))
        (values,) = pooled(self._frames(feature), group, pool)
        return Columns(values, self.start_s - 0.5 / feature.frame_rate_hz, group / feature.frame_rate_hz)

    def mean(self, feature: FrameFeature) -> NDArray[np.float64]:
        """Describe it by a feature, all frames taken together, shape ``(n_bands,)``."""
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
    """What a feature says of a sound, in the columns of a picture.

    Parameters
    ----------
    values
        Shape ``(n_columns, n_bands)``.
    left_s, step_s
        Left edge of the first column, and width of each, in seconds.
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
        """Middles of the columns."""
        middles = (np.arange(len(self.values)) + 0.5) * self.step_s
        return np.asarray(self.left_s + middles, dtype=np.float64)


def heard_clip(clip: Clip, *, start_s: float = 0.0) -> Heard:
    """Take a clip for a picture; it began ``start_s`` seconds into its file."""
    name = os.path.basename(printable(clip.source)) or "clip"
    return Heard(name, clip, clip.sample_rate, clip.n_channels, clip.n_samples, start_s)


def heard_file(path: Path, *, start_s: float = 0.0, end_s: float | None = None) -> Heard:
    """Take a stretch of a file for a picture; what is decoded now is no longer than `WHOLE_S`.

    Raises
    ------
    AudioFileError
        If the file cannot be read, or has nothing there.
    ParameterError
        If the stretch ends before it starts.

    Examples
    --------
    >>> from woodshed.data.sample import sample_folder
    >>> heard = heard_file(sample_folder() / "recordings" / "7_theo_0.flac", start_s=0.1)
    >>> heard.name, round(heard.end_s, 3), heard.in_memory
    ('7_theo_0.flac', 0.428, True)
    """
    facts = info(path)
    last_s = facts.duration_s if end_s is None else min(end_s, facts.duration_s)
    if last_s - start_s <= WHOLE_S:
        return heard_clip(read(path, start_s=start_s, end_s=end_s), start_s=start_s)
    n_samples = s_to_samples(last_s - start_s, facts.sample_rate)
    return Heard(printable(path.name), path, facts.sample_rate, facts.n_channels, n_samples, start_s)


def pooled(parts: Iterable[Samples], group: int, *pools: Pool | Literal["min"]) -> list[Samples]:
    """Take each ``group`` rows of an array that comes in parts together, in one way or several.

    Parameters
    ----------
    parts
        Arrays of shape ``(n, n_columns)``.
    group
        Rows that become one; the last may be made of fewer.
    pools
        ``max``, ``min`` or ``mean``.

    Returns
    -------
    list of numpy.ndarray
        One for each of ``pools``, shape ``(n_groups, n_columns)``.

    Examples
    --------
    >>> parts = [np.array([[1.0], [5.0], [2.0]]), np.array([[3.0], [4.0]])]
    >>> [values.ravel().tolist() for values in pooled(parts, 2, "max", "mean")]
    [[5.0, 3.0, 4.0], [3.0, 2.5, 4.0]]
    """
    done: list[list[Samples]] = [[] for _ in pools]
    rest: Samples | None = None
    for part in parts:
        rows = part if rest is None else np.concatenate([rest, part])
        n_whole = len(rows) // group * group
        groups = rows[:n_whole].reshape(-1, group, rows.shape[1])
        for values, pool in zip(done, pools, strict=True):
            values.append(_POOLS[pool](groups, axis=1))
        # A view would keep the whole part in memory. The order of the numbers is kept: with the samples of a
        # channel side by side the next reduction is a hundred times as fast.
        rest = rows[n_whole:].copy(order="K")
    if rest is not None and len(rest):
        for values, pool in zip(done, pools, strict=True):
            values.append(_POOLS[pool](rest[np.newaxis], axis=1))
    return [np.concatenate(values) for values in done]


def padded(clip: Clip) -> Clip:
    """Add silence to a clip of a few samples, so that one is left at every rate at which features hear.

    Examples
    --------
    >>> padded(Clip(np.ones(1), 192000)).n_samples
    24
    """
    n_missing = -(-clip.sample_rate // _LEAST_RATE) - clip.n_samples
    if n_missing <= 0:
        return clip
    return Clip(np.pad(clip.samples, ((0, 0), (0, n_missing))), clip.sample_rate, clip.source)
