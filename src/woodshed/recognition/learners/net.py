"""Training of networks on spectrogram windows. Keras is imported only when a network is fitted."""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from woodshed.clip import Clip
from woodshed.data.store import Entry, FeatureStore
from woodshed.errors import ParameterError
from woodshed.features.mel import LogMel
from woodshed.nets import NETS, build_net
from woodshed.nets.backend import require_keras
from woodshed.recognition.clip_item import augmented_versions, clip_items, common_rate, fill_clips
from woodshed.recognition.clip_model import RESOURCE_SETTINGS, ClipModel
from woodshed.recognition.front_ends import front_end_class
from woodshed.recognition.learners import Learner, TrainingData, check_lengths
from woodshed.recognition.window import NO_AUGMENTATION, SpectrogramAugmentation, cut_windows
from woodshed.training.holdout import MIN_CLIPS_TO_VALIDATE, hold_out
from woodshed.training.inference import (
    KERAS_NAME,
    ONNX_NAME,
    PredictFunction,
    check_onnx_weights,
    keras_to_net,
    net_to_files,
    predict_keras,
    predict_onnx,
)
from woodshed.training.progress import LearningCurve
from woodshed.training.stderr import suppress_stderr
from woodshed.units import s_to_samples

if TYPE_CHECKING:
    import keras

    from woodshed.recognition.net_training import Batches
    from woodshed.training.loop import Recipe

MEMORY_BYTES = 256 * 2**20
"""Spectrograms up to this total size are kept in memory during training; more are read as needed."""

N_TIMED_GROUPS = 3
"""Groups of training steps whose median duration is the estimate of `time_training`."""


class NetLearner(Learner):
    """Networks on windows of log-mel frames, trained with AdamW and early stopping."""

    name: ClassVar[str] = "net"
    reads_rows: ClassVar[bool] = False
    file_sets: ClassVar[tuple[frozenset[str], ...]] = (
        frozenset({KERAS_NAME}),
        frozenset({KERAS_NAME, ONNX_NAME}),
    )

    def models(self) -> Iterable[str]:
        """Return the names of the networks."""
        return NETS

    def check_installed(self) -> None:
        """Check that Keras and its backend are installed."""
        with suppress_stderr():
            require_keras()

    def fit(self, estimator: ClipModel, data: TrainingData) -> None:
        """Train a network on windows of the clips, and export it."""
        self.check_installed()
        with suppress_stderr():
            import keras

            from woodshed.recognition.net_training import predict_windows

        check_lengths(data.clips, data.targets, data.groups)
        keras.utils.set_random_seed(estimator.seed)
        head = type(estimator).head
        with tempfile.TemporaryDirectory() as temporary:
            entries = self.entries(estimator, data.clips, estimator.store or temporary)
            spectrograms = Spectrograms(entries, n_jobs=estimator.n_jobs)
            usable = spectrograms.usable
            names, targets = head.encode([data.targets[k] for k in usable], type(estimator).names)
            trained, held_out = hold_out(
                head.strata(names, targets),
                None if data.groups is None else [str(data.groups[k]) for k in usable],
                estimator.validation_share,
                estimator.seed,
                min_rows=0 if head.fits_held_out else MIN_CLIPS_TO_VALIDATE,
            )
            mean, deviation = head.scale(targets[trained])
            scaled = (targets - mean) / deviation
            net = make_net(estimator, spectrograms.feature.n_mels, len(names))
            net, curve, finished = train(estimator, data, net, spectrograms, scaled, trained, held_out)
            files = head.fit_outputs(names, targets) | head.fit_held_out(
                scaled[held_out],
                lambda: predict_windows(
                    net, spectrograms.cutter(held_out, estimator.n_frames), len(held_out)
                ),
            )
        if mean.any() or (deviation != 1).any():  # the network outputs the original units
            kernel, bias = net.layers[-1].get_weights()
            net.layers[-1].set_weights([kernel * deviation, bias * deviation + mean])
        estimator.set_learned(
            classes=names,
            feature=spectrograms.feature,
            files=net_to_files(net) | files,
            curve=curve,
            skipped=spectrograms.skipped,
        )
        if not finished:
            raise KeyboardInterrupt

    def predictor(self, estimator: ClipModel) -> PredictFunction:
        """Return the network in ONNX Runtime, or in Keras where the backend cannot export."""
        if ONNX_NAME in estimator.files_:
            return predict_onnx(estimator.files_[ONNX_NAME])
        return predict_keras(estimator.net_)

    def model(self, estimator: ClipModel) -> Any:
        """Return the Keras network."""
        return keras_to_net(estimator.files_[KERAS_NAME])

    def check_files(self, estimator: ClipModel) -> None:
        """Check the weights of the ONNX file; those of the Keras file are checked when it is opened."""
        if ONNX_NAME in estimator.files_:
            check_onnx_weights(estimator.files_[ONNX_NAME])

    def entries(
        self, estimator: ClipModel, clips: Sequence[Clip], folder: str, *, n_learned: int | None = None
    ) -> list[list[Entry]]:
        """Return the spectrograms of each clip and of its augmented copies."""
        feature, n_versions = make_feature(estimator, clips), estimator.n_augmentations
        store = FeatureStore(folder, feature, dtype="float16")
        augmentation = type(estimator).waveform_augmentation if estimator.augment else None
        return [
            [(store, version) for version in augmented_versions(item, n_versions, augmentation)]
            for item in clip_items(clips, feature.sample_rate)
        ]

    def time_fits(self, estimator: ClipModel, n_names: int, sizes: Sequence[int]) -> tuple[int, float]:
        """Measure training steps on noise, and what each training does besides."""
        with suppress_stderr():
            began = time.perf_counter()
            make_net(estimator, estimator.n_mels, n_names)  # imports the backend
            import_s = time.perf_counter() - began
            n_weights, step_s, once_s = time_training(estimator, n_names, max(sizes))
        share = estimator.validation_share
        n_steps = sum(
            (max(1, size * (1 - share) // estimator.batch_size) + size * share / estimator.batch_size / 3)
            * estimator.n_epochs_for(round(size * (1 - share)))
            for size in sizes
        )  # a step of validation takes a third of one of training
        return n_weights, import_s + step_s * n_steps + once_s * len(sizes)

    def n_epochs(self, estimator: ClipModel, n_clips: int) -> int:
        """Return the setting ``epochs``, or the number that gives ``n_steps`` steps."""
        return estimator.n_epochs_for(n_clips)

    def n_weights(self, estimator: ClipModel) -> int:
        """Return the number of weights."""
        return int(estimator.net_.count_params())

    def effective_settings(self, settings: Mapping[str, Any]) -> set[str]:
        """Return all settings but those of the machine and of the rows of classical estimators."""
        return set(settings) - RESOURCE_SETTINGS - {"thorough"}


def make_feature(estimator: ClipModel, clips: Sequence[Clip]) -> LogMel:
    """Return the front end of a network, at the sample rate of the settings or of the clips.

    Raises
    ------
    ParameterError
        If the front end of the settings does not give frames in decibels.
    """
    name = estimator.front_end or type(estimator).frame_front_end
    kind = front_end_class(name)
    if not getattr(kind, "in_decibels", False):
        raise ParameterError(
            f"Networks take frames in decibels, such as log-mel; the front end {name} gives something else. "
            "Choose a classical estimator, such as --net svm, or leave out --front-end."
        )
    sample_rate = estimator.sample_rate or common_rate(clips, type(estimator).highest_rate)
    feature: LogMel = kind(
        sample_rate=sample_rate,
        # The nearest power of two, for which the transform is fastest.
        n_fft=2 ** round(np.log2(estimator.frame_s * sample_rate)),
        hop_length=max(1, s_to_samples(estimator.hop_s, sample_rate)),
        n_mels=estimator.n_mels,
    )
    return feature


def make_net(estimator: ClipModel, n_bands: int, n_names: int) -> keras.Model:
    """Build the network of the settings, for ``n_bands`` values in a frame and ``n_names`` outputs."""
    return build_net(
        estimator.net,
        estimator.n_frames,
        n_bands,
        n_names,
        width=estimator.width,
        dropout=estimator.dropout,
        norm_strength=estimator.channel_norm,
        activation=type(estimator).head.activation,
    )


def make_recipe(estimator: ClipModel, targets: NDArray[np.float32]) -> Recipe:
    """Return how the network is trained on some rows of targets: the settings, and the loss of the head."""
    from woodshed.training.loop import Recipe

    epochs = estimator.n_epochs_for(len(targets))
    return Recipe(
        epochs=epochs,
        patience=estimator.patience or math.ceil(epochs / 3),
        learning_rate=estimator.learning_rate,
        loss=type(estimator).head.loss(targets),
    )


def make_batches(
    estimator: ClipModel,
    read: Callable[[int, int], NDArray[np.floating]],
    targets: NDArray[np.float32],
    *,
    n_augmentations: int,
    weights: NDArray[np.float32] | None = None,
) -> Batches:
    """Return the batches of a training; the arguments are those of `Batches`."""
    from woodshed.recognition.net_training import Batches

    kind = type(estimator)
    return Batches(
        read,
        targets,
        n_augmentations=n_augmentations,
        n_frames=estimator.n_frames,
        augmentation=strengthen(kind.spectrogram_augmentation, estimator.augment),
        batch_size=estimator.batch_size,
        seed=estimator.seed,
        balanced=kind.head.balances_classes,
        weights=weights,
    )


def time_training(estimator: ClipModel, n_names: int, n_clips: int) -> tuple[int, float, float]:
    """Measure a training of a few steps on noise.

    Returns
    -------
    n_weights, step_s, once_s
        The size of the network, median seconds of a step, and seconds for all that is done once: the graph is
        built, the ensemble of textures of ``n_clips`` clips is fitted, and the network is exported.
    """
    from woodshed.recognition.net_training import add_texture_ensemble
    from woodshed.training.loop import STEPS_PER_EXECUTION, batch_groups, prepare, train_steps

    rng = np.random.default_rng(0)
    noise = rng.normal(-40, 10, (100, estimator.n_frames, estimator.n_mels)).astype(np.float32)
    n_trained = (1 + N_TIMED_GROUPS) * STEPS_PER_EXECUTION * estimator.batch_size
    targets = np.eye(n_names, dtype=np.float32)[np.arange(max(n_trained, n_clips)) % n_names]
    durations_s, began = [], time.perf_counter()
    net = make_net(estimator, estimator.n_mels, n_names)
    n_weights = net.count_params()
    batches = make_batches(
        estimator,
        lambda k, version: noise[k % len(noise)],
        targets[:n_trained],
        n_augmentations=estimator.n_augmentations,
    )
    prepare(net, make_recipe(estimator, targets), batches.steps_per_epoch)
    for group in batch_groups(batches, 0):
        train_steps(net, group)
        durations_s.append(time.perf_counter() - began)
        began = time.perf_counter()
    if estimator.ensemble_share:
        net = add_texture_ensemble(
            net,
            batches.read,
            targets[:n_clips],
            n_augmentations=estimator.n_augmentations,
            share=estimator.ensemble_share,
            seed=estimator.seed,
        )
    net_to_files(net)
    once_s = durations_s[0] + time.perf_counter() - began
    return n_weights, float(np.median(durations_s[1:])) / STEPS_PER_EXECUTION, once_s


def train(
    estimator: ClipModel,
    data: TrainingData,
    net: keras.Model,
    spectrograms: Spectrograms,
    targets: NDArray[np.float32],
    rows: NDArray[np.int64],
    held_out: NDArray[np.int64],
) -> tuple[keras.Model, LearningCurve, bool]:
    """Train a network, and combine it with the texture ensemble if the settings ask for it.

    Parameters
    ----------
    estimator, data, net, spectrograms
        The settings, what to fit to, an untrained network, and the spectrograms of the usable clips.
    targets
        Standardised targets of the usable clips, shape ``(n_usable, n_names)``.
    rows, held_out
        Which of the usable clips are trained and validated on; the latter may be empty.

    Returns
    -------
    net, curve, finished
        The trained network, its losses, and False if a keyboard interrupt ended the training early.
    """
    from woodshed.recognition.net_training import add_texture_ensemble, masked_measure, validate_on
    from woodshed.training.loop import TrainingState, WeightMean, train_net

    kind = type(estimator)
    recipe = make_recipe(estimator, targets[rows])
    validation = None
    if len(held_out):
        validation = validate_on(
            spectrograms.cutter(held_out, estimator.n_frames),
            targets[held_out],
            measure=None if recipe.loss is None else masked_measure(recipe.loss, kind.head.is_right),
        )
    weights = (
        None
        if data.sample_weight is None
        else np.asarray(data.sample_weight, np.float32)[spectrograms.usable[rows]]
    )
    first_averaged = recipe.epochs - round(estimator.swa_share * recipe.epochs)
    state = TrainingState(
        validation=validation,
        patience=recipe.patience,
        checkpoint=data.checkpoint,
        report=data.on_epoch,
        mean=WeightMean(first_averaged if estimator.swa_share else None),
    )
    batches = make_batches(
        estimator,
        lambda k, version: spectrograms.read(int(rows[k]), version),
        targets[rows],
        n_augmentations=spectrograms.n_augmentations,
        weights=weights,
    )
    finished = train_net(net, batches, recipe, state)
    if estimator.ensemble_share:
        net = add_texture_ensemble(
            net,
            batches.read,
            targets[rows],
            n_augmentations=spectrograms.n_augmentations,
            share=estimator.ensemble_share,
            seed=estimator.seed,
            weights=weights,
        )
    return net, state.curve("training"), finished


class Spectrograms:
    """The stored spectrograms of all usable clips and of their augmented copies.

    Parameters
    ----------
    entries
        From `NetLearner.entries`; those that are missing are computed.
    n_jobs
        Number of processes; -1 for one per core.

    Attributes
    ----------
    feature
        The front end.
    usable
        Shape ``(n_usable,)``: indices of the usable clips.
    skipped
        The other clips, with the reason.
    n_augmentations
        Number of versions of each clip, the recording itself included.
    """

    def __init__(self, entries: Sequence[Sequence[Entry]], *, n_jobs: int) -> None:
        self._store = entries[0][0][0]
        self.feature: Any = self._store.feature
        self.n_augmentations = len(entries[0])
        self.usable, self.skipped = fill_clips(entries, n_jobs=n_jobs)
        self._entries = [[(item, self._store.path(item)) for _, item in entries[k]] for k in self.usable]
        n_bytes = sum(self._store.get(*row[0]).nbytes for row in self._entries) * self.n_augmentations
        self._fits_memory = n_bytes <= MEMORY_BYTES
        self._cache: dict[tuple[int, int], NDArray[np.floating]] = {}

    def read(self, k: int, version: int = 0) -> NDArray[np.floating]:
        """Return one spectrogram in decibels, shape ``(n_frames, n_mels)``."""
        if (k, version) in self._cache:
            return self._cache[k, version]
        spectrogram = self._store.get(*self._entries[k][version])
        if self._fits_memory:
            self._cache[k, version] = spectrogram
        return spectrogram

    def cutter(self, rows: NDArray[np.int64], n_frames: int) -> Callable[[slice], NDArray[np.float32]]:
        """Return the function that cuts a window from the middle of some of the given rows."""
        return lambda part: cut_windows([self.read(int(k)) for k in rows[part]], n_frames)


def strengthen(augmentation: SpectrogramAugmentation, strength: float) -> SpectrogramAugmentation:
    """Scale every range of an augmentation; 0 disables it.

    Examples
    --------
    >>> strengthen(SpectrogramAugmentation(warp=0.1), 2.0).warp
    0.2
    """
    if not strength:
        return NO_AUGMENTATION
    return replace(
        augmentation,
        stretch=augmentation.stretch * strength,
        warp=augmentation.warp * strength,
        shift_bands=augmentation.shift_bands * strength,
        noise_share=min(1.0, augmentation.noise_share * strength),
        equaliser_db=augmentation.equaliser_db * strength,
        mask_bands=round(augmentation.mask_bands * strength),
        mask_share=min(0.5, augmentation.mask_share * strength),
        mix=augmentation.mix * strength,
    )
