"""Learning: what happens between ``fit`` and a net that can be asked. This file needs Keras."""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
from numpy.typing import NDArray

from woodshed.clip import Clip
from woodshed.data.store import FeatureStore
from woodshed.features.log_mel import LogMel
from woodshed.nets import build_net
from woodshed.recognition.items import (
    check_lengths,
    clip_items,
    common_rate,
    fill_store,
    versions,
)
from woodshed.recognition.net.batches import Batches, predict_windows, validate_on
from woodshed.recognition.net.loss import judge_by, positive_weights_of, tag_loss, value_loss
from woodshed.recognition.net.texture_ensemble import add_texture_ensemble
from woodshed.recognition.window import STILL, SpectrogramAugmentation, cut_windows
from woodshed.training.holdout import hold_out
from woodshed.training.inference import net_to_files
from woodshed.training.loop import Loss, Progress, Recipe, Validation, train_net
from woodshed.units import s_to_samples

if TYPE_CHECKING:
    from woodshed.recognition.estimator import AudioEstimator
    from woodshed.training.progress import OnEpoch

MEMORY_BYTES = 256 * 2**20
"""Spectrograms up to this size altogether are kept in memory while training; more are read as needed."""


def learn(
    estimator: AudioEstimator,
    clips: Sequence[Clip],
    answers: Sequence[Any],
    groups: Sequence[str] | None,
    sample_weight: Sequence[float] | None = None,
    *,
    checkpoint: Path | None,
    on_epoch: OnEpoch,
) -> None:
    """Fit a listener in place; see `Recogniser.fit`."""
    check_lengths(clips, answers, groups)
    keras.utils.set_random_seed(estimator.seed)
    feature = make_feature(estimator, clips)
    with contextlib.ExitStack() as stack:
        folder = estimator.store or stack.enter_context(tempfile.TemporaryDirectory())
        store = FeatureStore(folder, feature, dtype="float16")
        spectrograms = Spectrograms(estimator, store, clips, feature.sample_rate)
        kept = spectrograms.kept
        names, targets = estimator.encode([answers[k] for k in kept])
        train, held_out = hold_out(
            strata(estimator, names, targets),
            None if groups is None else [str(groups[k]) for k in kept],
            estimator.validation_share,
            estimator.seed,
        )
        scale = TargetScale.of(estimator, targets[train])
        targets = scale.standardise(targets)
        net = make_net(estimator, feature.n_mels, len(names))
        recipe = make_recipe(estimator, targets[train])
        progress = Progress(
            validation=_validation(spectrograms, held_out, targets, estimator, recipe.loss),
            patience=estimator.patience,
            checkpoint=checkpoint,
            report=on_epoch,
        )
        if estimator.swa_share:
            progress.mean.first_epoch = estimator.epochs - round(estimator.swa_share * estimator.epochs)
        weights = None if sample_weight is None else np.asarray(sample_weight, np.float32)[kept][train]
        batches = Batches(
            lambda k, version: spectrograms.read(int(train[k]), version),
            targets[train],
            n_augmentations=spectrograms.n_augmentations,
            n_frames=estimator.n_frames,
            variation=strengthen(type(estimator).variation, estimator.augment),
            batch_size=estimator.batch_size,
            seed=estimator.seed,
        )
        batches.balanced, batches.weights = estimator.answer == "classes", weights
        finished = train_net(net, batches, recipe, progress)
        if estimator.ensemble_share:
            net = add_texture_ensemble(
                *(net, batches.read, targets[train]),
                n_augmentations=spectrograms.n_augmentations,
                share=estimator.ensemble_share,
                seed=estimator.seed,
                weights=weights,
            )
        extra = estimator.learn_from_answers(
            targets[held_out],
            lambda: predict_windows(net, spectrograms.cutter(held_out, estimator.n_frames), len(held_out)),
        )
    scale.undo_in(net)
    estimator.set_learned(
        classes=names,
        feature=feature,
        files=net_to_files(net) | extra,
        curve=progress.curve("training"),
        skipped=spectrograms.skipped,
    )
    if not finished:
        raise KeyboardInterrupt


def strata(estimator: AudioEstimator, names: NDArray[np.str_], targets: NDArray[np.float32]) -> list[str]:
    """Return the class of each row, which both parts must have; one for all where there are no classes."""
    if estimator.answer == "classes":
        return [str(name) for name in names[targets.argmax(axis=1)]]
    return [""] * len(targets)


@dataclass(frozen=True)
class TargetScale:
    """Mean and standard deviation of each value: a net learns best what is about as large as 1.

    Parameters
    ----------
    mean, deviation
        Shape ``(n_answers,)``; 0 and 1 for classes and tags.
    """

    mean: NDArray[np.float32]
    deviation: NDArray[np.float32]

    @classmethod
    def of(cls, estimator: AudioEstimator, rows: NDArray[np.float32]) -> TargetScale:
        """Measure the rows that are learned from, where they are known."""
        if estimator.answer != "values":
            return cls(np.zeros(rows.shape[1], np.float32), np.ones(rows.shape[1], np.float32))
        deviation = np.nanstd(rows, axis=0)
        return cls(np.nanmean(rows, axis=0), np.where(deviation > 0, deviation, np.float32(1)))

    def standardise(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Bring rows to mean 0 and deviation 1."""
        return (rows - self.mean) / self.deviation

    def undo_in(self, net: keras.Model) -> None:
        """Change the last layer of a net so that it answers in the units of the values, not standardised."""
        if not self.mean.any() and (self.deviation == 1).all():
            return
        kernel, bias = net.layers[-1].get_weights()
        net.layers[-1].set_weights([kernel * self.deviation, bias * self.deviation + self.mean])


def make_feature(estimator: AudioEstimator, clips: Sequence[Clip]) -> LogMel:
    """Choose the spectrogram from the settings and, when the rate is left open, from the clips."""
    sample_rate = estimator.sample_rate or common_rate(clips, type(estimator).highest_rate)
    return LogMel(
        sample_rate=sample_rate,
        # The nearest power of two, for which the transform is fastest.
        n_fft=2 ** round(np.log2(estimator.frame_s * sample_rate)),
        hop_length=max(1, s_to_samples(estimator.hop_s, sample_rate)),
        n_mels=estimator.n_mels,
    )


def make_net(estimator: AudioEstimator, n_bands: int, n_classes: int) -> keras.Model:
    """Build the net that the settings ask for."""
    return build_net(
        estimator.net,
        estimator.n_frames,
        n_bands,
        n_classes,
        width=estimator.width,
        dropout=estimator.dropout,
        norm_strength=estimator.channel_norm,
        activation={"classes": "softmax", "tags": "sigmoid", "values": None}[estimator.answer],
    )


def make_recipe(estimator: AudioEstimator, targets: NDArray[np.float32]) -> Recipe:
    """Take the recipe out of the settings, and the loss out of the kind of answer."""
    losses: dict[str, Loss | None] = {
        "classes": None,
        "tags": tag_loss(positive_weights_of(targets)),
        "values": value_loss,
    }
    return Recipe(
        epochs=estimator.epochs,
        patience=estimator.patience,
        learning_rate=estimator.learning_rate,
        loss=losses[estimator.answer],
    )


def time_step(estimator: AudioEstimator, n_classes: int, *, n_steps: int = 5) -> tuple[float, int]:
    """Measure a training step on noise.

    Returns
    -------
    step_s, n_weights
        Median seconds for one step, and the size of the net.
    """
    rng = np.random.default_rng(0)
    windows = rng.normal(-40, 10, (estimator.batch_size, estimator.n_frames, estimator.n_mels))
    targets = np.eye(n_classes, dtype=np.float32)[rng.integers(n_classes, size=estimator.batch_size)]
    net = make_net(estimator, estimator.n_mels, n_classes)
    make_recipe(estimator, targets).compile(net, steps_per_epoch=100)
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
    skipped
        The others, and why.
    """

    def __init__(
        self, estimator: AudioEstimator, store: FeatureStore, clips: Sequence[Clip], sample_rate: int
    ) -> None:
        change = type(estimator).change if estimator.augment else None
        self.n_augmentations = estimator.n_augmentations if change is not None else 1
        self._store = store
        originals = clip_items(clips, sample_rate)
        self.kept, self.skipped = fill_store(store, originals, n_jobs=estimator.n_jobs)
        items = [versions(originals[k], self.n_augmentations, change) for k in self.kept]
        store.fill([item for row in items for item in row[1:]], n_jobs=estimator.n_jobs)
        self._entries = [[(item, store.path(item)) for item in row] for row in items]
        n_bytes = sum(store.get(*row[0]).nbytes for row in self._entries) * self.n_augmentations
        self._held: dict[tuple[int, int], NDArray[np.floating]] | None = (
            {} if n_bytes <= MEMORY_BYTES else None
        )

    def read(self, k: int, version: int = 0) -> NDArray[np.floating]:
        """Return one spectrogram, ``(n_frames, n_mels)`` in dB."""
        if self._held is None:
            return self._store.get(*self._entries[k][version])
        if (k, version) not in self._held:
            self._held[k, version] = self._store.get(*self._entries[k][version])
        return self._held[k, version]

    def cutter(self, rows: NDArray[np.int64], n_frames: int) -> Callable[[slice], NDArray[np.float32]]:
        """Return the function that cuts a part of some rows' middles to windows."""
        return lambda part: cut_windows([self.read(int(k)) for k in rows[part]], n_frames)


def strengthen(variation: SpectrogramAugmentation, strength: float) -> SpectrogramAugmentation:
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
    spectrograms: Spectrograms,
    rows: NDArray[np.int64],
    targets: NDArray[np.float32],
    estimator: AudioEstimator,
    loss: Loss | None,
) -> Validation | None:
    """Make the measure of the held-out rows; None when there are none."""
    if len(rows) == 0:
        return None
    judge = None if loss is None else judge_by(loss, estimator.answer)
    return validate_on(spectrograms.cutter(rows, estimator.n_frames), targets[rows], judge=judge)
