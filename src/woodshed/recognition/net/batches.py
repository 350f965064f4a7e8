"""Batches of spectrogram windows, and the measure of a net on held-out windows."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import keras
import numpy as np
from numpy.typing import NDArray

from woodshed.recognition.window import SpectrogramAugmentation, cut_windows, loudest, mix_pairs
from woodshed.training.loop import Judge, Validation
from woodshed.training.steps_per_execution import Batch

Spectrogram = NDArray[np.floating]


class Batches:
    """Varied, mixed and class-balanced windows, a new draw each epoch, the same for the same seed.

    A run is one endless sequence: step ``k`` is batch ``k % steps_per_epoch`` of its epoch.

    Parameters
    ----------
    read
        Answers the spectrogram of example ``k`` in version ``v``, shape ``(n_frames_k, n_bands)``.
    n_augmentations
        How many versions of each example there are; one is drawn at random for each window.
    targets
        Shape ``(n_examples, n_answers)``: one-hot rows, tags, or standardised values.
    n_frames
        Length of a window.
    variation
        How far windows may wander; see `woodshed.recognition.window.SpectrogramAugmentation`.
    batch_size, seed
        Windows in a batch; source of every draw.

    Attributes
    ----------
    balanced : bool
        Whether every class has an equal share, as it has; if set to False, none comes twice in an
        epoch, and those that do not fill a batch wait for another.
    weights : numpy.ndarray or None
        How much each example counts, shape ``(n_examples,)``; None, as it is, counts all alike.
    steps_per_epoch
        Batches in an epoch.
    """

    def __init__(
        self,
        read: Callable[[int, int], Spectrogram],
        targets: NDArray[np.float32],
        *,
        n_augmentations: int,
        n_frames: int,
        variation: SpectrogramAugmentation,
        batch_size: int,
        seed: int,
    ) -> None:
        self.read = read
        self.targets = targets
        self.n_augmentations = n_augmentations
        self.n_frames = n_frames
        self.variation = variation
        self.batch_size = min(batch_size, len(targets))
        self.seed = seed
        self.balanced = True
        self.weights: NDArray[np.float32] | None = None
        self.steps_per_epoch = len(targets) // self.batch_size
        self._drawn: tuple[int, NDArray[np.int64]] | None = None
        self._loudest_db: dict[tuple[int, int], float] = {}

    def __getitem__(self, step: int) -> Batch:
        epoch, batch = divmod(step, self.steps_per_epoch)
        # Every batch has a generator of its own: a run that resumes draws what it would have drawn.
        rng = np.random.default_rng([self.seed, epoch, batch])
        chosen = self._order(epoch)[batch * self.batch_size : (batch + 1) * self.batch_size]
        versions = rng.integers(self.n_augmentations, size=len(chosen))
        places = list(zip(chosen.tolist(), versions.tolist(), strict=True))
        spectrograms = [self.read(*place) for place in places]
        for place, spectrogram in zip(places, spectrograms, strict=True):
            if place not in self._loudest_db:
                self._loudest_db[place] = loudest(spectrogram)
        loudest_db = [self._loudest_db[place] for place in places]
        windows = cut_windows(spectrograms, self.n_frames, self.variation, rng, loudest_db)
        targets = self.targets[chosen]
        if self.weights is not None:  # one more column, so that it is mixed as the others are
            targets = np.column_stack([targets, self.weights[chosen]])
        if self.variation.mix:
            windows, targets = mix_pairs(windows, targets, self.variation.mix, rng)
        return (windows, targets) if self.weights is None else (windows, targets[:, :-1], targets[:, -1])

    def _order(self, epoch: int) -> NDArray[np.int64]:
        """Return an epoch's order of the rows; it is drawn once, since a large corpus takes milliseconds."""
        if self._drawn is None or self._drawn[0] != epoch:
            rng = np.random.default_rng([self.seed, epoch])
            n_rows = len(self.targets)
            order = (
                balanced_order(self.targets.argmax(axis=1), rng) if self.balanced else rng.permutation(n_rows)
            )
            self._drawn = epoch, order
        return self._drawn[1]


def balanced_order(classes: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """Shuffle the rows of an epoch so that every class has an equal share of it.

    Rare classes come several times, each row before any comes again; the epoch keeps its length.

    Examples
    --------
    >>> order = balanced_order(np.array([0, 0, 0, 0, 0, 1]), np.random.default_rng(0))
    >>> len(order), int((order == 5).sum())
    (6, 3)
    """
    names = np.unique(classes)
    each = -(-len(classes) // len(names))
    drawn = []
    for name in names:
        rows = np.flatnonzero(classes == name)
        repeats = -(-each // len(rows))
        drawn.append(np.concatenate([rng.permutation(rows) for _ in range(repeats)])[:each])
    return rng.permutation(np.concatenate(drawn))[: len(classes)]


def validate_on(
    cut: Callable[[slice], NDArray[np.float32]],
    targets: NDArray[np.float32],
    batch_size: int = 64,
    *,
    judge: Judge | None = None,
) -> Validation:
    """Make a function that measures a net's mean loss and accuracy on held-out windows.

    Parameters
    ----------
    cut
        Answers the windows of some rows of ``targets``. It is asked again in every epoch, so that the
        held-out part of a large corpus need not be held in memory.
    targets
        Shape ``(n_windows, n_answers)``.
    batch_size
        Windows asked for at once.
    judge
        From truth and answers to loss and accuracy; by default those of classes.
    """

    def validation(net: keras.Model) -> tuple[float, float]:
        return (judge or judge_classes)(targets, predict_windows(net, cut, len(targets), batch_size))

    return validation


def predict_windows(
    net: keras.Model, cut: Callable[[slice], NDArray[np.float32]], n_windows: int, batch_size: int = 64
) -> NDArray[np.float32]:
    """Return a net's answers, ``(n_windows, n_answers)``, for windows that are cut as they are needed."""
    starts = range(0, n_windows, batch_size)
    # Called directly: a compiled function would be traced anew for every net and every last batch.
    answers = [net(cut(slice(k, k + batch_size)), training=False) for k in starts]
    return np.concatenate([keras.ops.convert_to_numpy(answer) for answer in answers])


def judge_classes(truth: NDArray[np.float32], answers: NDArray[np.float32]) -> tuple[float, float]:
    """Return the mean log loss and the accuracy of class probabilities.

    Examples
    --------
    >>> loss, share = judge_classes(np.eye(2, dtype="float32"), np.array([[0.5, 0.5], [0.0, 1.0]], "float32"))
    >>> round(loss, 4), share
    (0.3466, 1.0)
    """
    right = truth.argmax(axis=1)
    loss = -np.log(np.maximum(answers[np.arange(len(right)), right], 1e-7)).mean()
    return float(loss), float((answers.argmax(axis=1) == right).mean())


def one_hot(labels: Sequence[str], classes: Sequence[str]) -> NDArray[np.float32]:
    """Turn labels into rows with a single 1, columns in the order of ``classes``.

    Examples
    --------
    >>> one_hot(["no", "yes"], ["no", "yes"]).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    column = {name: k for k, name in enumerate(classes)}
    return np.eye(len(classes), dtype=np.float32)[[column[label] for label in labels]]
