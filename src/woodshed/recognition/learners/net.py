"""Training of networks on spectrogram windows. Keras is imported only when a network is fitted."""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from woodshed.clip import Clip
from woodshed.data.store import FeatureStore
from woodshed.errors import ParameterError
from woodshed.nets import NETS
from woodshed.recognition.clip_item import augmented_versions, clip_items, common_rate, fill_store
from woodshed.recognition.clip_model import ClipModel
from woodshed.recognition.front_ends import front_end_class
from woodshed.recognition.learners.learner import Learner, TrainingData, check_lengths
from woodshed.recognition.window import NO_AUGMENTATION, SpectrogramAugmentation, cut_windows
from woodshed.training.holdout import hold_out
from woodshed.training.inference import (
    KERAS_NAME,
    ONNX_NAME,
    PredictFunction,
    keras_to_net,
    net_to_files,
    predict_keras,
    predict_onnx,
)
from woodshed.training.stderr import suppress_stderr
from woodshed.units import s_to_samples

if TYPE_CHECKING:
    import keras

    from woodshed.features.mel import LogMel
    from woodshed.recognition.heads.head import TargetScale
    from woodshed.training.loop import Recipe
    from woodshed.training.progress import LearningCurve

MEMORY_BYTES = 256 * 2**20
"""Spectrograms up to this total size are kept in memory during training; more are read as needed."""

N_TIMED_STEPS = 5
"""Training steps whose median duration is the estimate of `time_step`."""


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

    def fit(self, estimator: ClipModel, data: TrainingData) -> None:
        """Train a network on windows of the clips, and export it."""
        with suppress_stderr():
            import keras

        check_lengths(data.clips, data.targets, data.groups)
        keras.utils.set_random_seed(estimator.seed)
        feature = make_feature(estimator, data.clips)
        with contextlib.ExitStack() as stack:
            folder = estimator.store or stack.enter_context(tempfile.TemporaryDirectory())
            store = FeatureStore(folder, feature, dtype="float16")
            spectrograms = Spectrograms(estimator, store, data.clips, feature.sample_rate)
            examples = encode_examples(estimator, data, spectrograms.usable)
            net = make_net(estimator, feature.n_mels, len(examples.names))
            net, curve, finished = train(estimator, data, net, spectrograms, examples)
            files = examples.files | _fit_held_out(estimator, net, spectrograms, examples)
        examples.scale.undo_in(net)
        estimator.set_learned(
            classes=examples.names,
            feature=feature,
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

    def extract(self, estimator: ClipModel, clips: Sequence[Clip]) -> None:
        """Compute the spectrograms of all clips and of their augmented copies."""
        feature = make_feature(estimator, clips)
        store = FeatureStore(str(estimator.store), feature, dtype="float16")
        Spectrograms(estimator, store, clips, feature.sample_rate)

    def time_fits(self, estimator: ClipModel, n_names: int, sizes: Sequence[int]) -> tuple[int, float]:
        """Measure training steps on noise."""
        with suppress_stderr():
            step_s, n_weights = time_step(estimator, n_names)
        n_steps = sum(max(1, size // estimator.batch_size) for size in sizes)
        return n_weights, step_s * n_steps * estimator.epochs

    def n_epochs(self, estimator: ClipModel) -> int:
        """Return the setting ``epochs``."""
        return estimator.epochs

    def n_weights(self, estimator: ClipModel) -> int:
        """Return the number of weights."""
        return int(estimator.net_.count_params())

    def effective_settings(self, settings: Mapping[str, Any]) -> set[str]:
        """Return all settings but the place of the store and the number of processes."""
        return set(settings) - {"store", "n_jobs"}


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
    from woodshed.nets import build_net

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
    """Return how the network is trained: the settings, and the loss of the head."""
    from woodshed.training.loop import Recipe

    return Recipe(
        epochs=estimator.epochs,
        patience=estimator.patience,
        learning_rate=estimator.learning_rate,
        loss=type(estimator).head.loss(targets),
    )


def time_step(estimator: ClipModel, n_names: int) -> tuple[float, int]:
    """Measure a training step on noise.

    Returns
    -------
    step_s, n_weights
        Median seconds of one step, and the size of the network.
    """
    rng = np.random.default_rng(0)
    windows = rng.normal(-40, 10, (estimator.batch_size, estimator.n_frames, estimator.n_mels))
    targets = np.eye(n_names, dtype=np.float32)[rng.integers(n_names, size=estimator.batch_size)]
    net = make_net(estimator, estimator.n_mels, n_names)
    make_recipe(estimator, targets).compile(net, steps_per_epoch=100)
    net.train_on_batch(windows.astype(np.float32), targets)  # the first step builds the graph
    durations_s = []
    for _ in range(N_TIMED_STEPS):
        began = time.perf_counter()
        net.train_on_batch(windows.astype(np.float32), targets)
        durations_s.append(time.perf_counter() - began)
    return float(np.median(durations_s)), net.count_params()


@dataclass(frozen=True)
class Examples:
    """Targets of the usable clips, and their division into a training and a validation part.

    Parameters
    ----------
    names
        Names of the outputs.
    targets
        Standardised targets, shape ``(n_usable, n_names)``.
    scale
        The scale by which targets were standardised.
    train, held_out
        Indices of the training clips and of the validation clips; the latter may be empty.
    weights
        Weights of the training clips, shape ``(n_train,)``; None weights all equally.
    files
        What the head learned from the targets, as files of a model folder.
    """

    names: NDArray[np.str_]
    targets: NDArray[np.float32]
    scale: TargetScale
    train: NDArray[np.int64]
    held_out: NDArray[np.int64]
    weights: NDArray[np.float32] | None
    files: dict[str, bytes]


def encode_examples(estimator: ClipModel, data: TrainingData, usable: NDArray[np.int64]) -> Examples:
    """Encode the targets of the usable clips, and hold out a validation part."""
    head = type(estimator).head
    names, targets = head.encode([data.targets[k] for k in usable], type(estimator).names)
    train, held_out = hold_out(
        head.strata(names, targets),
        None if data.groups is None else [str(data.groups[k]) for k in usable],
        estimator.validation_share,
        estimator.seed,
    )
    weights = None
    if data.sample_weight is not None:
        weights = np.asarray(data.sample_weight, np.float32)[usable][train]
    scale = head.scale(targets[train])
    return Examples(
        names=names,
        targets=scale.standardise(targets),
        scale=scale,
        train=train,
        held_out=held_out,
        weights=weights,
        files=head.fit_outputs(names, targets),
    )


def train(
    estimator: ClipModel, data: TrainingData, net: keras.Model, spectrograms: Spectrograms, examples: Examples
) -> tuple[keras.Model, LearningCurve, bool]:
    """Train a network, and combine it with the texture ensemble if the settings ask for it.

    Returns
    -------
    net, curve, finished
        The trained network, its losses, and False if a keyboard interrupt ended the training early.
    """
    from woodshed.recognition.net_training import Batches
    from woodshed.training.loop import TrainingState, WeightMean, train_net

    targets = examples.targets[examples.train]
    recipe = make_recipe(estimator, targets)
    n_averaged = round(estimator.swa_share * estimator.epochs)
    state = TrainingState(
        validation=_validation(estimator, recipe, spectrograms, examples),
        patience=estimator.patience,
        checkpoint=data.checkpoint,
        report=data.on_epoch,
        mean=WeightMean(estimator.epochs - n_averaged if estimator.swa_share else None),
    )
    batches = Batches(
        lambda k, version: spectrograms.read(int(examples.train[k]), version),
        targets,
        n_augmentations=spectrograms.n_augmentations,
        n_frames=estimator.n_frames,
        augmentation=strengthen(type(estimator).spectrogram_augmentation, estimator.augment),
        batch_size=estimator.batch_size,
        seed=estimator.seed,
        balanced=type(estimator).head.balances_classes,
        weights=examples.weights,
    )
    finished = train_net(net, batches, recipe, state)
    if estimator.ensemble_share:
        from woodshed.recognition.net_training import add_texture_ensemble

        net = add_texture_ensemble(
            net,
            batches.read,
            targets,
            n_augmentations=spectrograms.n_augmentations,
            share=estimator.ensemble_share,
            seed=estimator.seed,
            weights=examples.weights,
        )
    return net, state.curve("training"), finished


def _validation(
    estimator: ClipModel, recipe: Recipe, spectrograms: Spectrograms, examples: Examples
) -> Callable[[Any], tuple[float, float]] | None:
    """Return the measure of a network on the validation part; None if that is empty."""
    from woodshed.recognition.net_training import masked_measure, validate_on

    rows = examples.held_out
    if len(rows) == 0:
        return None
    measure = None if recipe.loss is None else masked_measure(recipe.loss, type(estimator).head.is_right)
    return validate_on(spectrograms.cutter(rows, estimator.n_frames), examples.targets[rows], measure=measure)


def _fit_held_out(
    estimator: ClipModel, net: keras.Model, spectrograms: Spectrograms, examples: Examples
) -> dict[str, bytes]:
    """Return what the head learns from the outputs for the validation part, as files of a model folder."""
    from woodshed.recognition.net_training import predict_windows

    rows = examples.held_out
    return type(estimator).head.fit_held_out(
        examples.targets[rows],
        lambda: predict_windows(net, spectrograms.cutter(rows, estimator.n_frames), len(rows)),
    )


class Spectrograms:
    """The stored spectrograms of all usable clips and of their augmented copies.

    Attributes
    ----------
    usable
        Shape ``(n_usable,)``: indices of the usable clips.
    skipped
        The other clips, with the reason.
    n_augmentations
        Number of versions of each clip, the recording itself included.
    """

    def __init__(
        self, estimator: ClipModel, store: FeatureStore, clips: Sequence[Clip], sample_rate: int
    ) -> None:
        augmentation = type(estimator).waveform_augmentation if estimator.augment else None
        self.n_augmentations = estimator.n_augmentations if augmentation is not None else 1
        self._store = store
        originals = clip_items(clips, sample_rate)
        self.usable, self.skipped = fill_store(store, originals, n_jobs=estimator.n_jobs)
        items = [augmented_versions(originals[k], self.n_augmentations, augmentation) for k in self.usable]
        store.fill([item for row in items for item in row[1:]], n_jobs=estimator.n_jobs)
        self._entries = [[(item, store.path(item)) for item in row] for row in items]
        n_bytes = sum(store.get(*row[0]).nbytes for row in self._entries) * self.n_augmentations
        self._cache: dict[tuple[int, int], NDArray[np.floating]] | None = (
            {} if n_bytes <= MEMORY_BYTES else None
        )

    def read(self, k: int, version: int = 0) -> NDArray[np.floating]:
        """Return one spectrogram in decibels, shape ``(n_frames, n_mels)``."""
        if self._cache is None:
            return self._store.get(*self._entries[k][version])
        if (k, version) not in self._cache:
            self._cache[k, version] = self._store.get(*self._entries[k][version])
        return self._cache[k, version]

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
