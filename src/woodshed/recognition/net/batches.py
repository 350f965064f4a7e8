"""Batches of spectrogram windows for training, and validation on held-out windows."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
from numpy.typing import NDArray

from woodshed.recognition.window import SpectrogramAugmentation, cut_windows, mix_pairs, peak_level_db
from woodshed.training.loop import Batch, Measure, Validation

Spectrogram = NDArray[np.floating]


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
                self._peak_db[key] = peak_level_db(spectrogram)
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
            n_rows = len(self.targets)
            order = (
                balanced_order(self.targets.argmax(axis=1), rng) if self.balanced else rng.permutation(n_rows)
            )
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
    starts = range(0, n_windows, batch_size)
    # Called directly: a compiled function would be traced anew for each network and each last batch.
    outputs = [net(cut(slice(k, k + batch_size)), training=False) for k in starts]
    return np.concatenate([keras.ops.convert_to_numpy(output) for output in outputs])


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
