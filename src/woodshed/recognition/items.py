"""Material: clips as the store's items, at the model's rate, in several versions each, and their labels."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from woodshed.audio.augment import WaveformAugmentation
from woodshed.audio.edit import resample
from woodshed.clip import Clip
from woodshed.data.example import Example, Skipped
from woodshed.data.item import ChangedItem, ClipItem, ExampleItem, Item
from woodshed.data.sound import ChangedExample, Sounds, is_score, own_rate, read_example
from woodshed.data.store import FeatureStore
from woodshed.errors import DataError, ParameterError, WoodshedError
from woodshed.symbolic.play import Played

if TYPE_CHECKING:
    from woodshed.recognition.estimator import AudioEstimator

N_RATES_SEEN = 50
"""So many clips, evenly spread, decide at which rate a model listens."""


@dataclass(frozen=True)
class ReadAt:
    """Read an example at a given rate; a value, so that it has a place in the store's key."""

    key: ClassVar[str] = "read-at/1"
    sample_rate: int

    def __call__(self, example: Example) -> Clip:
        """Read the stretch, as one channel."""
        return read_example(example, sample_rate=self.sample_rate, mono=True)


@dataclass(frozen=True)
class ReadChanged(ReadAt):
    """Read a made-up example; its change is repeated here to have a place in the store's key."""

    key: ClassVar[str] = "read-changed/1"
    change: Callable[[Clip], Clip]


@dataclass(frozen=True)
class ResampledTo:
    """Resample a clip to a fixed rate; a dataclass, so that the rate is part of the store's key."""

    key: ClassVar[str] = "resampled-to/1"
    sample_rate: int

    def __call__(self, clip: Clip) -> Clip:
        """Return the clip at ``sample_rate``, in hertz."""
        return resample(clip, self.sample_rate)


@dataclass(frozen=True)
class AugmentedVersion:
    """Change a clip at random, the same way every time: the draw comes from the clip and the number."""

    key: ClassVar[str] = "augmented-version/1"
    change: WaveformAugmentation
    number: int

    def __call__(self, clip: Clip) -> Clip:
        """Return version ``number`` of the clip."""
        rng = np.random.default_rng([self.number, zlib.crc32(clip.samples.tobytes())])
        return self.change(clip, rng)


@dataclass(frozen=True)
class PlaceItem:
    """A clip of any sequence, taken out of it when it is needed."""

    clips: Sequence[Clip]
    place: int

    @property
    def source(self) -> str:
        """Name of the clip."""
        return self.clips[self.place].source

    def key(self) -> str:
        """Return the key of the clip itself."""
        return ClipItem(self.clips[self.place]).key()

    def load(self) -> Clip:
        """Return the clip."""
        return self.clips[self.place]


def clip_items(clips: Sequence[Clip], sample_rate: int) -> list[Item]:
    """Make the store's items for clips at one rate; files are not read yet."""
    if isinstance(clips, Sounds):
        return [ExampleItem(example, _reader(example, sample_rate)) for example in clips.examples]
    return [ChangedItem(PlaceItem(clips, k), ResampledTo(sample_rate)) for k in range(len(clips))]


def _reader(example: Example, sample_rate: int) -> ReadAt:
    if isinstance(example, ChangedExample) and example.change is not None:
        return ReadChanged(sample_rate, example.change)
    return ReadAt(sample_rate)


def are_scores(clips: Sequence[Clip]) -> bool:
    """Whether all clips are notes that are played, so that the notes themselves can be learned from."""
    if isinstance(clips, Sounds):
        return bool(clips) and all(is_score(example.path) for example in clips.examples)
    return bool(clips) and all(isinstance(clips[k], Played) for k in range(len(clips)))


def net_for(estimator: AudioEstimator, clips: Sequence[Clip]) -> str:
    """Return what learns best from these clips: of notes alone, the classical model that reads them.

    It is for those who did not choose: a net that is asked for by name hears notes played.

    Examples
    --------
    >>> from woodshed.recognition.recogniser import Recogniser
    >>> from woodshed.score import Note, Score
    >>> from woodshed.symbolic.play import play
    >>> tune = play(Score([Note(0, 1, 60)]))
    >>> net_for(Recogniser(), [tune]), net_for(Recogniser(), [tune, tune.cut(0.0, 0.5)])
    ('logistic', 'conv-residual')
    """
    return type(estimator).notes_net if are_scores(clips) else estimator.net


def versions(item: Item, n_augmentations: int, change: WaveformAugmentation | None) -> list[Item]:
    """Return the item itself and ``n_augmentations - 1`` changed copies."""
    if change is None:
        return [item]
    return [
        item,
        *(ChangedItem(item, AugmentedVersion(change, number)) for number in range(1, n_augmentations)),
    ]


def fill_store(
    store: FeatureStore, items: Sequence[Item], *, n_jobs: int
) -> tuple[NDArray[np.int64], list[Skipped]]:
    """Describe all clips that can be.

    Returns
    -------
    kept, skipped
        The places of the clips that have features now, shape ``(n_kept,)``; and the others, with the
        reason.

    Raises
    ------
    DataError
        If no clip can be used.
    """
    skipped = store.fill(items, n_jobs=n_jobs)
    # Not by name: clips in memory may share one, and so may the stretches of a file.
    kept = np.asarray([k for k, item in enumerate(items) if _has(store, item)], np.int64)
    if len(kept) == 0:
        raise DataError(
            f"None of {len(items)} clips could be used. The first: "
            f"{skipped[0].reason if skipped else 'there is none'}"
        )
    return kept, skipped


def _has(store: FeatureStore, item: Item) -> bool:
    """Whether the features of an item could be stored."""
    try:
        return item in store
    except WoodshedError:  # its file cannot even be read
        return False


def check_lengths(clips: Sequence[Clip], labels: Sequence[str], groups: Sequence[str] | None) -> None:
    """Refuse clips that do not have one label, and one group if there are any, each.

    Raises
    ------
    ParameterError
        If the numbers differ.
    DataError
        If there is no clip.
    """
    if len(clips) != len(labels) or (groups is not None and len(groups) != len(clips)):
        counts = f"{len(clips)} clips, {len(labels)} labels" + (
            f", {len(groups)} groups" if groups is not None else ""
        )
        raise ParameterError(
            f"fit expects one label, and one group if there are any, for each clip; got {counts}."
        )
    if len(clips) == 0:
        raise DataError("There is nothing to learn from: no clips were given.")


def class_names(labels: NDArray[np.str_]) -> NDArray[np.str_]:
    """Return the classes of labels, sorted.

    Raises
    ------
    DataError
        If there are fewer than two.

    Examples
    --------
    >>> class_names(np.array(["yes", "no", "yes"])).tolist()
    ['no', 'yes']
    """
    classes: NDArray[np.str_] = np.unique(labels)
    if len(classes) < 2:
        raise DataError(
            f"There is only one class to learn: {', '.join(classes) or 'none'}. Give at least two."
        )
    return classes


def common_rate(clips: Sequence[Clip], highest: int) -> int:
    """Choose the rate at which to listen: the commonest of the clips' own, at most ``highest``.

    Between equally common rates the lower one is taken: what it lacks, no clip can give back.
    """
    step = max(1, len(clips) // N_RATES_SEEN)
    seen = range(0, len(clips), step)
    if isinstance(clips, Sounds):
        rates = [own_rate(clips.examples[k].path) for k in seen]
    else:
        rates = [clips[k].sample_rate for k in seen]
    counts = Counter(rates)
    return min(highest, min(counts, key=lambda rate: (-counts[rate], rate)))
