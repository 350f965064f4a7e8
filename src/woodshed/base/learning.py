"""Learning: what happens between ``fit`` and a net that can be asked. This file needs Keras."""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import keras
import numpy as np
from numpy.typing import NDArray

from woodshed.base.inference import net_to_files
from woodshed.base.material import (
    KnownItem,
    check_lengths,
    class_names,
    clip_items,
    common_rate,
    fill_store,
    versions,
)
from woodshed.base.training import Batches, Progress, Recipe, Validation, one_hot, train_net, validate_on
from woodshed.base.window import STILL, Variation, cut_windows
from woodshed.clip import Clip
from woodshed.data.split import group_holdout, random_holdout
from woodshed.data.store import FeatureStore
from woodshed.errors import DataError, ParameterError
from woodshed.features.log_mel import LogMel
from woodshed.nets import build_net
from woodshed.units import s_to_samples

if TYPE_CHECKING:
    from woodshed.base.recogniser import OnEpoch, Recogniser

MEMORY_BYTES = 256 * 2**20
"""Spectrograms up to this size altogether are kept in memory while training; more are read as needed."""

MIN_GROUPS_TO_VALIDATE = 8
"""With fewer groups none is held out for validation: a voice the less to learn from costs more than
choosing the best epoch gains, since the falling learning rate makes the last one good."""


def learn(
    recogniser: Recogniser,
    clips: Sequence[Clip],
    labels: Sequence[str],
    groups: Sequence[str] | None,
    *,
    checkpoint: Path | None,
    on_epoch: OnEpoch,
) -> None:
    """Fit a recogniser in place; see `Recogniser.fit`."""
    check_lengths(clips, labels, groups)
    keras.utils.set_random_seed(recogniser.seed)
    feature = make_feature(recogniser, clips)
    with contextlib.ExitStack() as stack:
        folder = recogniser.store or stack.enter_context(tempfile.TemporaryDirectory())
        store = FeatureStore(folder, feature, dtype="float16")
        spectrograms = Spectrograms(recogniser, store, clips, feature.sample_rate)
        kept = spectrograms.kept
        names = np.asarray(labels, dtype=str)[kept]
        classes = class_names(names)
        known_groups = None if groups is None else [str(groups[k]) for k in kept]
        train, validation = hold_out(
            names.tolist(), known_groups, recogniser.validation_share, recogniser.seed
        )
        net = make_net(recogniser, feature.n_mels, len(classes))
        targets = one_hot(names.tolist(), classes.tolist())
        progress = Progress(
            validation=_validation(spectrograms, validation, targets, recogniser.n_frames),
            patience=recogniser.patience,
            checkpoint=checkpoint,
            report=on_epoch,
        )
        batches = Batches(
            lambda k, version: spectrograms.read(int(train[k]), version),
            targets[train],
            n_versions=spectrograms.n_versions,
            n_frames=recogniser.n_frames,
            variation=strengthen(type(recogniser).variation, recogniser.augment),
            batch_size=recogniser.batch_size,
            seed=recogniser.seed,
        )
        finished = train_net(net, batches, make_recipe(recogniser), progress)
    recogniser.set_learned(
        classes=classes,
        feature=feature,
        files=net_to_files(net),
        curve=progress.curve("training"),
        set_aside=spectrograms.set_aside,
    )
    if not finished:
        raise KeyboardInterrupt


def make_feature(recogniser: Recogniser, clips: Sequence[Clip]) -> LogMel:
    """Choose the spectrogram from the settings and, when the rate is left open, from the clips."""
    sample_rate = recogniser.sample_rate or common_rate(clips, type(recogniser).highest_rate)
    return LogMel(
        sample_rate=sample_rate,
        # The nearest power of two, for which the transform is fastest.
        n_fft=2 ** round(np.log2(recogniser.frame_s * sample_rate)),
        hop_length=max(1, s_to_samples(recogniser.hop_s, sample_rate)),
        n_mels=recogniser.n_mels,
    )


def make_net(recogniser: Recogniser, n_bands: int, n_classes: int) -> keras.Model:
    """Build the net that the settings ask for."""
    return build_net(
        recogniser.net,
        recogniser.n_frames,
        n_bands,
        n_classes,
        width=recogniser.width,
        dropout=recogniser.dropout,
        norm_strength=recogniser.colour_norm,
    )


def make_recipe(recogniser: Recogniser) -> Recipe:
    """Take the recipe out of the settings."""
    return Recipe(
        epochs=recogniser.epochs, patience=recogniser.patience, learning_rate=recogniser.learning_rate
    )


def time_step(recogniser: Recogniser, n_classes: int, *, n_steps: int = 5) -> tuple[float, int]:
    """Measure a training step on noise.

    Returns
    -------
    step_s, n_weights
        Median seconds for one step, and the size of the net.
    """
    rng = np.random.default_rng(0)
    windows = rng.normal(-40, 10, (recogniser.batch_size, recogniser.n_frames, recogniser.n_mels))
    targets = np.eye(n_classes, dtype=np.float32)[rng.integers(n_classes, size=recogniser.batch_size)]
    net = make_net(recogniser, recogniser.n_mels, n_classes)
    make_recipe(recogniser).compile(net, steps_per_epoch=100)
    net.train_on_batch(windows.astype(np.float32), targets)  # the first step builds the graph
    durations_s = []
    for _ in range(n_steps):
        began = time.perf_counter()
        net.train_on_batch(windows.astype(np.float32), targets)
        durations_s.append(time.perf_counter() - began)
    return float(np.median(durations_s)), net.count_params()


class Spectrograms:
    """The stored spectrograms of all usable clips, in all versions.

    Attributes
    ----------
    kept
        Shape ``(n_kept,)``: which clips could be used.
    set_aside
        The others, and why.
    """

    def __init__(
        self, recogniser: Recogniser, store: FeatureStore, clips: Sequence[Clip], sample_rate: int
    ) -> None:
        change = type(recogniser).change if recogniser.augment else None
        self.n_versions = recogniser.n_versions if change is not None else 1
        self._store = store
        originals = clip_items(clips, sample_rate)
        self.kept, self.set_aside = fill_store(store, originals, n_jobs=recogniser.n_jobs)
        items = [versions(originals[k], self.n_versions, change) for k in self.kept]
        store.fill([item for row in items for item in row[1:]], n_jobs=recogniser.n_jobs)
        self._items = [[KnownItem(item, item.key()) for item in row] for row in items]
        n_bytes = sum(store.get(row[0]).nbytes for row in self._items) * self.n_versions
        self._held: dict[tuple[int, int], NDArray[np.floating]] | None = (
            {} if n_bytes <= MEMORY_BYTES else None
        )

    def read(self, k: int, version: int = 0) -> NDArray[np.floating]:
        """Return one spectrogram, ``(n_frames, n_mels)`` in dB."""
        if self._held is None:
            return self._store.get(self._items[k][version])
        if (k, version) not in self._held:
            self._held[k, version] = self._store.get(self._items[k][version])
        return self._held[k, version]


def hold_out(
    labels: Sequence[str], groups: Sequence[str] | None, share: float, seed: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Divide rows into those to learn from and those to choose the best weights by.

    Whole groups are held out, so that the weights are chosen by how they do on someone unheard. With
    fewer than `MIN_GROUPS_TO_VALIDATE` groups, or fewer than two clips of some class, nothing is.
    """
    everything = np.arange(len(labels))
    nothing = everything[:0]
    if not share:
        return everything, nothing
    try:
        if groups is None:
            fold = random_holdout(labels, test_share=share, seed=seed).folds[0]
        elif len(set(groups)) < MIN_GROUPS_TO_VALIDATE:
            return everything, nothing
        else:
            fold = group_holdout(labels, groups, test_share=share, seed=seed).folds[0]
    except (DataError, ParameterError):  # a class too small, or in one group only: learn from all of it
        return everything, nothing
    return fold.train, fold.test


def strengthen(variation: Variation, strength: float) -> Variation:
    """Scale every range of a variation; 0 leaves the window still."""
    if not strength:
        return STILL
    return replace(
        variation,
        stretch=variation.stretch * strength,
        warp=variation.warp * strength,
        shift_bands=variation.shift_bands * strength,
        noise_share=min(1.0, variation.noise_share * strength),
        colour_db=variation.colour_db * strength,
        mask_bands=round(variation.mask_bands * strength),
        mask_share=min(0.5, variation.mask_share * strength),
        mix=variation.mix * strength,
    )


def _validation(
    spectrograms: Spectrograms, rows: NDArray[np.int64], targets: NDArray[np.float32], n_frames: int
) -> Validation | None:
    """Make the measure of the held-out rows; None when there are none."""
    if len(rows) == 0:
        return None

    def cut(part: slice) -> NDArray[np.float32]:
        return cut_windows([spectrograms.read(int(k)) for k in rows[part]], n_frames)

    return validate_on(cut, targets[rows])
