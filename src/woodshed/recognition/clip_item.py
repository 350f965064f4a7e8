"""Clips as items of the feature store, resampled to one rate and augmented; rows of features of clips."""

from __future__ import annotations

import tempfile
import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

import woodshed.symbolic as symbolic
from woodshed.audio.augmentation import WaveformAugmentation
from woodshed.audio.edit import resample
from woodshed.clip import Clip
from woodshed.data.example import ChangedExample, Example, Skipped, Sounds, is_score, own_rate, read_example
from woodshed.data.item import ChangedItem, ClipItem, ExampleItem, Item
from woodshed.data.store import Entry, FeatureStore, fill_together
from woodshed.errors import AudioError, AudioFileError, DataError, WoodshedError
from woodshed.features.frame import frame_settings
from woodshed.features.sound_embedding import SoundEmbedding
from woodshed.features.summary import Summary

N_RATE_CLIPS = 50
"""Approximate number of clips, evenly spread, from which the common sample rate is determined."""


@dataclass(frozen=True)
class ReadAt:
    """Reader of examples at a fixed sample rate, which is part of the key in the store."""

    key: ClassVar[str] = "read-at/1"
    sample_rate: int

    def __call__(self, example: Example) -> Clip:
        """Read the segment of an example as mono."""
        return read_example(example, sample_rate=self.sample_rate, mono=True)


@dataclass(frozen=True)
class ReadChanged(ReadAt):
    """Reader of synthetic examples, whose change is repeated here to be part of the key in the store."""

    key: ClassVar[str] = "read-changed/1"
    change: Callable[[Clip], Clip]


@dataclass(frozen=True)
class ResampledTo:
    """Resampling to a fixed sample rate, which is part of the key in the store."""

    key: ClassVar[str] = "resampled-to/1"
    sample_rate: int

    def __call__(self, clip: Clip) -> Clip:
        """Return the clip at ``sample_rate``, in hertz."""
        return resample(clip, self.sample_rate)


@dataclass(frozen=True)
class AugmentedVersion:
    """Random but reproducible augmentation of a clip, seeded by its samples and a number."""

    key: ClassVar[str] = "augmented-version/1"
    change: WaveformAugmentation
    number: int

    def __call__(self, clip: Clip) -> Clip:
        """Return version ``number`` of the clip."""
        return self.change(clip, np.random.default_rng([self.number, zlib.crc32(clip.samples.tobytes())]))


@dataclass(frozen=True)
class SequenceItem:
    """Element of any sequence of clips, which is accessed when it is needed."""

    clips: Sequence[Clip]
    index: int

    @property
    def source(self) -> str:
        """Name of the clip."""
        return self.clips[self.index].source

    def key(self) -> str:
        """Return the key of the clip itself."""
        return ClipItem(self.clips[self.index]).key()

    def load(self) -> Clip:
        """Return the clip."""
        return self.clips[self.index]


def clip_items(clips: Sequence[Clip], sample_rate: int) -> list[Item]:
    """Return items of the store for clips at one sample rate, in hertz; no file is read yet."""
    if not isinstance(clips, Sounds):
        return [ChangedItem(SequenceItem(clips, k), ResampledTo(sample_rate)) for k in range(len(clips))]
    return [
        ExampleItem(
            example,
            ReadChanged(sample_rate, example.change)
            if isinstance(example, ChangedExample) and example.change is not None
            else ReadAt(sample_rate),
        )
        for example in clips.examples
    ]


def augmented_versions(
    item: Item, n_augmentations: int, augmentation: WaveformAugmentation | None
) -> list[Item]:
    """Return an item and ``n_augmentations - 1`` augmented copies."""
    if augmentation is None:
        return [item]
    numbers = range(1, n_augmentations)
    return [item, *(ChangedItem(item, AugmentedVersion(augmentation, number)) for number in numbers)]


def fill_clips(entries: Sequence[Sequence[Entry]], *, n_jobs: int) -> tuple[NDArray[np.int64], list[Skipped]]:
    """Compute the features of all usable clips.

    Parameters
    ----------
    entries
        For each clip its entries, that of the recording first
        (`woodshed.data.store.fill_together`).
    n_jobs
        Number of processes; -1 for one per core.

    Returns
    -------
    usable, skipped
        Indices of the clips with features, shape ``(n_usable,)``; and the others, with the reason.

    Raises
    ------
    DataError
        If no clip is usable.
    """
    skipped = fill_together(entries, n_jobs=n_jobs)
    usable = np.arange(len(entries))
    if skipped:  # not by name: clips in memory may share one, and so may segments of a file
        usable = np.asarray([k for k, row in enumerate(entries) if _has_features(*row[0])], np.int64)
    if len(usable) == 0:
        raise DataError(
            f"None of {len(entries)} clips could be used. The first: "
            f"{skipped[0].reason if skipped else 'there is none'}"
        )
    return usable, skipped


def _has_features(store: FeatureStore, item: Item) -> bool:
    try:
        return item in store
    except WoodshedError:  # the file cannot even be read
        return False


def are_scores(clips: Sequence[Clip]) -> bool:
    """Return whether all clips are rendered scores, whose notes can be used instead of their sound."""
    if isinstance(clips, Sounds):
        return bool(clips) and all(is_score(example.path) for example in clips.examples)
    return bool(clips) and all(isinstance(clips[k], symbolic.ScoreClip) for k in range(len(clips)))


def common_rate(clips: Sequence[Clip], highest: int) -> int:
    """Return the most frequent sample rate of clips, at most ``highest``, in hertz.

    Of equally frequent rates the lower one is returned, since upsampling cannot restore high frequencies.
    """
    indices = range(0, len(clips), max(1, len(clips) // N_RATE_CLIPS))
    counts: Counter[int] = Counter()
    for k in indices:
        try:
            rate = own_rate(clips.examples[k].path) if isinstance(clips, Sounds) else clips[k].sample_rate
            counts[rate] += 1
        except AudioFileError:
            if k == indices[-1] and not counts:  # no file at all is left
                raise
    return min(highest, min(counts, key=lambda rate: (-counts[rate], rate)))


def summarise(
    clips: Sequence[Clip], sample_rate: int, *, store: str | None = None, n_jobs: int = 1
) -> NDArray[np.float64]:
    """Return one row of summary features (`woodshed.features.Summary`) for each clip.

    Returns
    -------
    numpy.ndarray
        Shape ``(n_clips, n_values)``.
    """
    return describe(clips, summary_at(sample_rate), store=store, n_jobs=n_jobs)


def summary_at(sample_rate: int) -> Summary:
    """Return the summary features for clips at a sample rate in hertz.

    Examples
    --------
    >>> summary_at(192000).n_fft
    2048
    """
    return Summary(**frame_settings(Summary, sample_rate))


def describe(
    clips: Sequence[Clip], feature: Summary | SoundEmbedding, *, store: str | None = None, n_jobs: int = 1
) -> NDArray[np.float64]:
    """Return the row of a feature for each clip, shape ``(n_clips, n_values)``.

    Raises
    ------
    AudioError
        If a clip cannot be read, or has no such features.
    """
    with tempfile.TemporaryDirectory() as temporary:
        feature_store = FeatureStore(store or temporary, feature)
        items = clip_items(clips, feature.sample_rate)
        skipped = feature_store.fill(items, n_jobs=n_jobs)
        if skipped:
            raise AudioError(f"Features need usable clips: {skipped[0].reason}")
        return np.stack([feature_store.get(item) for item in items]).astype(np.float64)
