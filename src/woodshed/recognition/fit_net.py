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
from woodshed.data.split import group_holdout, random_holdout
from woodshed.data.store import FeatureStore
from woodshed.errors import DataError, ParameterError
from woodshed.features.log_mel import LogMel
from woodshed.nets import build_net
from woodshed.recognition.items import (
    check_lengths,
    clip_items,
    common_rate,
    fill_store,
    versions,
)
from woodshed.recognition.net.loss import Loss, judge_by, positive_weights_of, tag_loss, value_loss
from woodshed.recognition.net.texture_ensemble import add_second_opinion
from woodshed.recognition.window import STILL, Variation, cut_windows
from woodshed.training.inference import net_to_files
from woodshed.training.loop import (
    Batches,
    Progress,
    Recipe,
    Validation,
    ask_windows,
    train_net,
    validate_on,
)
from woodshed.units import s_to_samples

if TYPE_CHECKING:
    from woodshed.recognition.estimator import Listener, OnEpoch

MEMORY_BYTES = 256 * 2**20
"""Spectrograms up to this size altogether are kept in memory while training; more are read as needed."""

MIN_GROUPS_TO_VALIDATE = 8
"""With fewer groups none is held out for validation: a voice the less to learn from costs more than
choosing the best epoch gains, since the falling learning rate makes the last one good."""


def learn(
    listener: Listener,
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
    keras.utils.set_random_seed(listener.seed)
    feature = make_feature(listener, clips)
    with contextlib.ExitStack() as stack:
        folder = listener.store or stack.enter_context(tempfile.TemporaryDirectory())
        store = FeatureStore(folder, feature, dtype="float16")
        spectrograms = Spectrograms(listener, store, clips, feature.sample_rate)
        kept = spectrograms.kept
        names, targets = listener.encode([answers[k] for k in kept])
        train, held_out = hold_out(
            strata(listener, names, targets),
            None if groups is None else [str(groups[k]) for k in kept],
            listener.validation_share,
            listener.seed,
        )
        scale = Scale.of(listener, targets[train])
        targets = scale.standardise(targets)
        net = make_net(listener, feature.n_mels, len(names))
        recipe = make_recipe(listener, targets[train])
        progress = Progress(
            validation=_validation(spectrograms, held_out, targets, listener, recipe.loss),
            patience=listener.patience,
            checkpoint=checkpoint,
            report=on_epoch,
        )
        if listener.average_weights:
            progress.mean.first_epoch = listener.epochs - round(listener.average_weights * listener.epochs)
        weights = None if sample_weight is None else np.asarray(sample_weight, np.float32)[kept][train]
        batches = Batches(
            lambda k, version: spectrograms.read(int(train[k]), version),
            targets[train],
            n_versions=spectrograms.n_versions,
            n_frames=listener.n_frames,
            variation=strengthen(type(listener).variation, listener.augment),
            batch_size=listener.batch_size,
            seed=listener.seed,
        )
        batches.balanced, batches.weights = listener.answer == "classes", weights
        finished = train_net(net, batches, recipe, progress)
        if listener.second_opinion:
            net = add_second_opinion(
                *(net, batches.read, targets[train]),
                n_versions=spectrograms.n_versions,
                share=listener.second_opinion,
                seed=listener.seed,
                weights=weights,
            )
        extra = listener.learn_from_answers(
            targets[held_out],
            lambda: ask_windows(net, spectrograms.cutter(held_out, listener.n_frames), len(held_out)),
        )
    scale.undo_in(net)
    listener.set_learned(
        classes=names,
        feature=feature,
        files=net_to_files(net) | extra,
        curve=progress.curve("training"),
        set_aside=spectrograms.set_aside,
    )
    if not finished:
        raise KeyboardInterrupt


def strata(listener: Listener, names: NDArray[np.str_], targets: NDArray[np.float32]) -> list[str]:
    """Return the class of each row, which both parts must have; one for all where there are no classes."""
    if listener.answer == "classes":
        return [str(name) for name in names[targets.argmax(axis=1)]]
    return [""] * len(targets)


@dataclass(frozen=True)
class Scale:
    """Mean and standard deviation of each value: a net learns best what is about as large as 1.

    Parameters
    ----------
    mean, deviation
        Shape ``(n_answers,)``; 0 and 1 for classes and tags.
    """

    mean: NDArray[np.float32]
    deviation: NDArray[np.float32]

    @classmethod
    def of(cls, listener: Listener, rows: NDArray[np.float32]) -> Scale:
        """Measure the rows that are learned from, where they are known."""
        if listener.answer != "values":
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


def make_feature(listener: Listener, clips: Sequence[Clip]) -> LogMel:
    """Choose the spectrogram from the settings and, when the rate is left open, from the clips."""
    sample_rate = listener.sample_rate or common_rate(clips, type(listener).highest_rate)
    return LogMel(
        sample_rate=sample_rate,
        # The nearest power of two, for which the transform is fastest.
        n_fft=2 ** round(np.log2(listener.frame_s * sample_rate)),
        hop_length=max(1, s_to_samples(listener.hop_s, sample_rate)),
        n_mels=listener.n_mels,
    )


def make_net(listener: Listener, n_bands: int, n_classes: int) -> keras.Model:
    """Build the net that the settings ask for."""
    return build_net(
        listener.net,
        listener.n_frames,
        n_bands,
        n_classes,
        width=listener.width,
        dropout=listener.dropout,
        norm_strength=listener.colour_norm,
        answer=listener.answer,
    )


def make_recipe(listener: Listener, targets: NDArray[np.float32]) -> Recipe:
    """Take the recipe out of the settings, and the loss out of the kind of answer."""
    losses: dict[str, Loss | None] = {
        "classes": None,
        "tags": tag_loss(positive_weights_of(targets)),
        "values": value_loss,
    }
    return Recipe(
        epochs=listener.epochs,
        patience=listener.patience,
        learning_rate=listener.learning_rate,
        loss=losses[listener.answer],
    )


def time_step(listener: Listener, n_classes: int, *, n_steps: int = 5) -> tuple[float, int]:
    """Measure a training step on noise.

    Returns
    -------
    step_s, n_weights
        Median seconds for one step, and the size of the net.
    """
    rng = np.random.default_rng(0)
    windows = rng.normal(-40, 10, (listener.batch_size, listener.n_frames, listener.n_mels))
    targets = np.eye(n_classes, dtype=np.float32)[rng.integers(n_classes, size=listener.batch_size)]
    net = make_net(listener, listener.n_mels, n_classes)
    make_recipe(listener, targets).compile(net, steps_per_epoch=100)
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
        self, listener: Listener, store: FeatureStore, clips: Sequence[Clip], sample_rate: int
    ) -> None:
        change = type(listener).change if listener.augment else None
        self.n_versions = listener.n_versions if change is not None else 1
        self._store = store
        originals = clip_items(clips, sample_rate)
        self.kept, self.set_aside = fill_store(store, originals, n_jobs=listener.n_jobs)
        items = [versions(originals[k], self.n_versions, change) for k in self.kept]
        store.fill([item for row in items for item in row[1:]], n_jobs=listener.n_jobs)
        self._entries = [[(item, store.path(item)) for item in row] for row in items]
        n_bytes = sum(store.get(*row[0]).nbytes for row in self._entries) * self.n_versions
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
    spectrograms: Spectrograms,
    rows: NDArray[np.int64],
    targets: NDArray[np.float32],
    listener: Listener,
    loss: Loss | None,
) -> Validation | None:
    """Make the measure of the held-out rows; None when there are none."""
    if len(rows) == 0:
        return None
    judge = None if loss is None else judge_by(loss, listener.answer)
    return validate_on(spectrograms.cutter(rows, listener.n_frames), targets[rows], judge=judge)
