"""Training of recognition networks: batches of windows, losses, validation, and the texture ensemble.

It imports Keras, and is therefore imported only when a network is trained.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from woodshed.nets.texture import Texture, TextureEnsemble
from woodshed.recognition.window import (
    SILENT_DB,
    SpectrogramAugmentation,
    cut_windows,
    mix_pairs,
    overlapping_windows,
    spectrogram_peak_db,
)
from woodshed.training.loop import Batch, Loss, Measure, Validation

Spectrogram = NDArray[np.floating]

Rows = NDArray[np.float32]

MAX_POSITIVE_WEIGHT = 10.0
"""Maximum weight of a positive tag relative to a negative one."""

MAX_WINDOWS = 3000
"""Maximum number of reference windows of the kernel classifier."""

MAX_VERSIONS = 3
"""Maximum number of versions of each clip: the recording and its augmented copies."""


class Batches:
    """Batches of augmented windows, drawn anew in each epoch and reproducible from the seed.

    They are an endless sequence: step ``k`` is batch ``k % steps_per_epoch`` of its epoch.

    Parameters
    ----------
    read
        Returns the spectrogram of example ``k`` in version ``v``, shape ``(n_frames_k, n_bands)``.
    n_augmentations
        Number of versions of each example; one is drawn at random for each window.
    targets
        Shape ``(n_examples, n_outputs)``: one-hot rows, tags, or standardised values.
    n_frames
        Length of a window.
    augmentation
        Random changes of the windows.
    batch_size, seed
        Windows in a batch; seed of all random draws.
    balanced
        Whether every class occurs equally often; otherwise no example occurs twice in an epoch.
    weights
        Weight of each example, shape ``(n_examples,)``; None weights all equally.

    Attributes
    ----------
    steps_per_epoch
        Batches in an epoch.
    """

    def __init__(  # noqa: PLR0913  # the settings of one object
        self,
        read: Callable[[int, int], Spectrogram],
        targets: NDArray[np.float32],
        *,
        n_augmentations: int,
        n_frames: int,
        augmentation: SpectrogramAugmentation,
        batch_size: int,
        seed: int,
        balanced: bool = True,
        weights: NDArray[np.float32] | None = None,
    ) -> None:
        self.read = read
        self.targets = targets
        self.n_augmentations = n_augmentations
        self.n_frames = n_frames
        self.augmentation = augmentation
        self.batch_size = min(batch_size, len(targets))
        self.seed = seed
        self.balanced = balanced
        self.weights = weights
        self.steps_per_epoch = len(targets) // self.batch_size
        self._drawn: tuple[int, NDArray[np.int64]] | None = None
        self._peak_db: dict[tuple[int, int], float] = {}

    def __getitem__(self, step: int) -> Batch:
        epoch, batch = divmod(step, self.steps_per_epoch)
        # Each batch has its own generator, so that a resumed run draws the same batches.
        rng = np.random.default_rng([self.seed, epoch, batch])
        rows = self._order(epoch)[batch * self.batch_size : (batch + 1) * self.batch_size]
        versions = rng.integers(self.n_augmentations, size=len(rows))
        keys = list(zip(rows.tolist(), versions.tolist(), strict=True))
        spectrograms = [self.read(*key) for key in keys]
        for key, spectrogram in zip(keys, spectrograms, strict=True):
            if key not in self._peak_db:
                self._peak_db[key] = spectrogram_peak_db(spectrogram)
        peak_db = [self._peak_db[key] for key in keys]
        windows = cut_windows(spectrograms, self.n_frames, self.augmentation, rng, peak_db)
        targets = self.targets[rows]
        if self.weights is not None:  # as a further column, so that weights are mixed like the targets
            targets = np.column_stack([targets, self.weights[rows]])
        if self.augmentation.mix:
            windows, targets = mix_pairs(windows, targets, self.augmentation.mix, rng)
        return (windows, targets) if self.weights is None else (windows, targets[:, :-1], targets[:, -1])

    def _order(self, epoch: int) -> NDArray[np.int64]:
        """Return the order of the rows in an epoch; it is cached, since drawing it takes milliseconds."""
        if self._drawn is None or self._drawn[0] != epoch:
            rng = np.random.default_rng([self.seed, epoch])
            classes = self.targets.argmax(axis=1)
            order = balanced_order(classes, rng) if self.balanced else rng.permutation(len(classes))
            self._drawn = epoch, order
        return self._drawn[1]


def balanced_order(classes: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """Return a random order of rows in which all classes are equally frequent.

    Rows of rare classes are repeated, equally often within one; the length is that of ``classes``.

    Examples
    --------
    >>> order = balanced_order(np.array([0, 0, 0, 0, 0, 1]), np.random.default_rng(0))
    >>> len(order), int((order == 5).sum())
    (6, 3)
    """
    names = np.unique(classes)
    n_each = -(-len(classes) // len(names))
    order = []
    for name in names:
        rows = np.flatnonzero(classes == name)
        repeats = -(-n_each // len(rows))
        order.append(np.concatenate([rng.permutation(rows) for _ in range(repeats)])[:n_each])
    return rng.permutation(np.concatenate(order))[: len(classes)]


def validate_on(
    cut: Callable[[slice], NDArray[np.float32]],
    targets: NDArray[np.float32],
    batch_size: int = 64,
    *,
    measure: Measure | None = None,
) -> Validation:
    """Return the function that computes the loss and accuracy of a network on held-out windows.

    Parameters
    ----------
    cut
        Returns the windows of a slice of the rows of ``targets``. It is called again in every epoch, so that
        the held-out part of a large corpus need not fit in memory.
    targets
        Shape ``(n_windows, n_outputs)``.
    batch_size
        Windows in one call.
    measure
        Targets and outputs to loss and accuracy; None is `measure_classes`.
    """

    def validation(net: keras.Model) -> tuple[float, float]:
        return (measure or measure_classes)(targets, predict_windows(net, cut, len(targets), batch_size))

    return validation


def predict_windows(
    net: keras.Model, cut: Callable[[slice], NDArray[np.float32]], n_windows: int, batch_size: int = 64
) -> NDArray[np.float32]:
    """Return the outputs of a network, ``(n_windows, n_outputs)``, cutting the windows batch by batch."""
    # Called directly: a compiled function would be traced anew for each network and each last batch.
    outputs = (net(cut(slice(k, k + batch_size)), training=False) for k in range(0, n_windows, batch_size))
    return np.concatenate([ops.convert_to_numpy(output) for output in outputs])


def measure_classes(targets: NDArray[np.float32], outputs: NDArray[np.float32]) -> tuple[float, float]:
    """Return the mean log loss and the accuracy of class probabilities.

    Examples
    --------
    >>> outputs = np.array([[0.5, 0.5], [0.0, 1.0]], "float32")
    >>> loss, accuracy = measure_classes(np.eye(2, dtype="float32"), outputs)
    >>> round(loss, 4), accuracy
    (0.3466, 1.0)
    """
    classes = targets.argmax(axis=1)
    loss = -np.log(np.maximum(outputs[np.arange(len(classes)), classes], 1e-7)).mean()
    return float(loss), float((outputs.argmax(axis=1) == classes).mean())


def tag_loss(positive_weights: NDArray[np.float32]) -> Loss:
    """Return the binary cross-entropy of tags, in nats: the mean over all tags, unknown ones counting as 0.

    Parameters
    ----------
    positive_weights
        Shape ``(n_tags,)``: weight of a positive tag relative to a negative one, see `positive_weights_of`.

    Examples
    --------
    >>> targets, outputs = np.array([[1.0, np.nan]], "float32"), np.array([[0.5, 0.9]], "float32")
    >>> round(float(tag_loss(np.array([2.0, 1.0], "float32"))(targets, outputs)[0]), 4)  # 2 ln 2 / 2
    0.6931
    """

    def loss(targets: Any, outputs: Any) -> Any:
        mask = ops.logical_not(ops.isnan(targets))
        positive = ops.where(mask, targets, 0.0)
        outputs = ops.clip(outputs, keras.config.epsilon(), 1 - keras.config.epsilon())
        nats = -(positive_weights * positive * ops.log(outputs) + (1 - positive) * ops.log(1 - outputs))
        return ops.mean(ops.where(mask, nats, 0.0), axis=-1)

    return loss


def value_loss(targets: Any, outputs: Any) -> Any:
    """Return the Huber loss of standardised values; unknown targets count as 0.

    It is quadratic up to one standard deviation and linear beyond, which limits the influence of outliers
    (P. J. Huber, "Robust estimation of a location parameter", 1964).

    Examples
    --------
    >>> targets, outputs = np.array([[0.0, np.nan]], "float32"), np.array([[3.0, 1.0]], "float32")
    >>> float(value_loss(targets, outputs)[0])  # (3 - 1/2) / 2
    1.25
    """
    mask = ops.logical_not(ops.isnan(targets))
    error = ops.abs(ops.where(mask, targets - outputs, 0.0))
    return ops.mean(ops.where(error <= 1, 0.5 * ops.square(error), error - 0.5), axis=-1)


def positive_weights_of(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the weight of positives of each tag, which compensates in part for their rarity.

    Returns
    -------
    numpy.ndarray
        Shape ``(n_tags,)``: the square root of the ratio of negatives to positives, from 1 to
        `MAX_POSITIVE_WEIGHT`. The full ratio adds more false positives than true ones.

    Examples
    --------
    >>> positive_weights_of(np.array([[1, 0], [0, 0], [0, np.nan], [0, 0], [0, 1]], "float32")).tolist()
    [2.0, 1.7320507764816284]
    """
    n_positive, n_negative = (rows == 1).sum(axis=0), (rows == 0).sum(axis=0)
    weights = np.sqrt(n_negative / np.maximum(n_positive, 1))
    return np.asarray(np.clip(weights, 1, MAX_POSITIVE_WEIGHT), dtype=np.float32)


def masked_measure(loss: Loss, is_right: Callable[[Rows, Rows], NDArray[np.bool_]]) -> Measure:
    """Return the measure for targets that may be unknown: mean loss, and accuracy over the known ones.

    Parameters
    ----------
    loss
        Targets and outputs to the loss of each row.
    is_right
        Targets and outputs to whether each output is right, in the same shape.

    Examples
    --------
    >>> targets = np.array([[1, 0, np.nan]], "float32")
    >>> measure = masked_measure(value_loss, lambda targets, outputs: (targets > 0.5) == (outputs > 0.5))
    >>> measure(targets, np.array([[0.7, 0.6, 0.6]], "float32"))[1]
    0.5
    """

    def measure(targets: Rows, outputs: Rows) -> tuple[float, float]:
        losses = ops.convert_to_numpy(loss(targets, outputs))
        right = is_right(targets, outputs)[~np.isnan(targets)]
        return float(np.mean(losses)), float(right.mean()) if len(right) else 0.0

    return measure


def add_texture_ensemble(
    net: keras.Model,
    read: Callable[[int, int], Spectrogram],
    targets: NDArray[np.float32],
    *,
    n_augmentations: int,
    share: float,
    seed: int,
    weights: NDArray[np.float32] | None = None,
) -> keras.Model:
    """Return the weighted geometric mean of a network and a kernel classifier of textures of the same clips.

    The two make different errors, the more so the fewer training clips there are.

    Parameters
    ----------
    net
        Trained network that outputs class probabilities.
    read
        Returns the spectrogram of clip ``k`` in version ``v``, shape ``(n_frames_k, n_bands)``.
    targets
        Shape ``(n_clips, n_classes)``, one-hot.
    n_augmentations
        Number of versions of each clip.
    share
        Weight of the kernel classifier, 0 to 1.
    seed
        Seed of the choice of reference windows if there are too many.
    weights
        Weight of each clip, shape ``(n_clips,)``; None weights all equally.

    Returns
    -------
    keras.Model
        A model of the same input and output shape.
    """
    windows, rows = reference_windows(
        read, net.input_shape[1], len(targets), min(n_augmentations, MAX_VERSIONS), seed
    )
    texture = Texture(name="texture")
    textures = np.concatenate(
        [np.asarray(texture(windows[k : k + 64])) for k in range(0, len(windows), 64)]  # to limit memory
    )
    ensemble = TextureEnsemble(n_samples=len(rows), share=share, name="ensemble_share")
    inputs = keras.Input(net.input_shape[1:], name="log_mel_db")
    model = keras.Model(inputs, ensemble([net(inputs), texture(inputs)]), name=net.name)
    window_targets = targets[rows]
    # Classes are balanced, as in the training of the network.
    window_weights = 1 / window_targets.sum(axis=0)[window_targets.argmax(axis=1)]
    if weights is not None:
        window_weights = window_weights * np.maximum(weights[rows], 1e-6)
    ensemble.fit(textures, window_targets, window_weights)
    return model


def reference_windows(
    read: Callable[[int, int], Spectrogram], n_frames: int, n_clips: int, n_augmentations: int, seed: int
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Cut clips into windows that contain sound, recordings before copies, up to `MAX_WINDOWS`.

    Returns
    -------
    windows, rows
        Shape ``(n_windows, n_frames, n_bands)``, and the index of the clip of each.
    """
    order = np.random.default_rng(seed).permutation(n_clips)
    windows: list[NDArray[np.float32]] = []
    rows: list[int] = []
    for version, k in ((version, int(k)) for version in range(n_augmentations) for k in order):
        clip_windows = overlapping_windows(read(k, version), n_frames).astype(np.float32)
        peak_db = clip_windows.max(axis=(1, 2))
        active = clip_windows[peak_db >= peak_db.max() - SILENT_DB]
        windows += list(active)
        rows += [k] * len(active)
        if len(rows) >= MAX_WINDOWS:
            break
    return np.stack(windows[:MAX_WINDOWS]), np.asarray(rows[:MAX_WINDOWS])
