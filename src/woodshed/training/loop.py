"""Training loop: optimiser and schedule, early stopping, weight averaging, checkpoints."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar

import keras
import numpy as np
from numpy.typing import NDArray

from woodshed.errors import DataError
from woodshed.interruption import acknowledge_interruption, check_interruption
from woodshed.training.progress import LearningCurve
from woodshed.training.run_state import read_arrays, write_arrays

Loss = Callable[[Any, Any], Any]
"""Targets and outputs ``(batch, n_outputs)`` to the loss of each row, ``(batch,)``."""

Measure = Callable[[NDArray[np.float32], NDArray[np.float32]], tuple[float, float]]
"""Targets and outputs ``(n, n_outputs)`` to mean loss and accuracy."""

Validation = Callable[[keras.Model], tuple[float, float]]
"""Network to mean loss and accuracy on held-out data."""

Weights = Sequence[NDArray[Any]]
Result = TypeVar("Result")

Batch = tuple[NDArray[Any], ...]
"""Inputs, targets and, if rows are weighted, the weight of each row ``(batch,)``."""

LOSSES = ("train_loss", "validation_loss", "validation_accuracy")
"""Values recorded for each epoch."""

STEPS_PER_EXECUTION = 8
"""Training steps in one call of a compiled loop, and batches that are prepared together.

Another thread prepares the next batches during the call, since few networks keep every core busy. Short
calls cost overhead; long ones delay the start of an epoch, and a keyboard interrupt until the call ends.
"""

CHECKPOINT_SHARE = 0.02
"""Share of the time of a training that writing its checkpoints takes at most."""


class BatchSource(Protocol):
    """Endless sequence of batches; step ``k`` is batch ``k % steps_per_epoch`` of its epoch."""

    @property
    def steps_per_epoch(self) -> int:
        """Batches in an epoch."""

    def __getitem__(self, step: int) -> Batch:
        """Return the batch of a step, reproducibly."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Settings of a training run.

    Parameters
    ----------
    epochs
        Maximum number of epochs; the learning rate falls along a half cosine to a hundredth at the last.
    patience
        Epochs without a better validation loss after which training stops.
    learning_rate
        Highest learning rate, reached after a warm-up of two epochs.
    weight_decay
        Weight decay of AdamW (I. Loshchilov and F. Hutter, "Decoupled weight decay regularization", 2019).
    label_smoothing
        Share of each target that is spread over all classes.
    loss
        Function to minimise; None is the cross-entropy of classes.
    clip_norm
        Norm to which the gradient of all weights together is clipped; None does not clip it.
    """

    epochs: int
    patience: int
    learning_rate: float = 3e-3
    weight_decay: float = 1e-3
    label_smoothing: float = 0.1
    loss: Loss | None = None
    clip_norm: float | None = None

    def compile(self, net: keras.Model, steps_per_epoch: int, *, steps_per_execution: int = 1) -> None:
        """Set optimiser and loss of a network; ``steps_per_execution`` as in `keras.Model.compile`."""
        warmup = min(2, self.epochs - 1) * steps_per_epoch
        rate = keras.optimizers.schedules.CosineDecay(
            self.learning_rate / 30 if warmup else self.learning_rate,
            max(1, self.epochs * steps_per_epoch - warmup),
            alpha=0.01,
            warmup_target=self.learning_rate if warmup else None,
            warmup_steps=warmup,
        )
        net.compile(
            keras.optimizers.AdamW(rate, weight_decay=self.weight_decay, global_clipnorm=self.clip_norm),
            self.loss or keras.losses.CategoricalCrossentropy(label_smoothing=self.label_smoothing),
            steps_per_execution=steps_per_execution,
        )


@dataclass
class WeightMean:
    """Stochastic weight averaging: the mean of the weights at the end of the last epochs.

    The centre of the region that the last steps explore usually has a lower loss than any single point:
    P. Izmailov et al., "Averaging weights leads to wider optima and better generalization" (2018). Unlike
    there, the learning rate keeps falling, and the statistics of normalisation layers are averaged too.

    Parameters
    ----------
    first_epoch
        First epoch of the average; None disables averaging.
    values
        The mean so far.

    Examples
    --------
    >>> import numpy as np
    >>> mean = WeightMean(1)
    >>> [mean.add([np.array(value)], epoch)[0].item() for epoch, value in enumerate([7.0, 1.0, 2.0])]
    [7.0, 1.0, 1.5]
    """

    first_epoch: int | None = None
    values: Weights = field(default_factory=list)

    def add(self, weights: Weights, epoch: int) -> Weights:
        """Return the mean including the weights of another epoch; before ``first_epoch``, only those."""
        if self.first_epoch is None or epoch < self.first_epoch:
            return weights
        share = 1 / (epoch - self.first_epoch + 1)
        before = self.values if share < 1 and self.values else weights
        # In the precision of the weights: a network keeps float32.
        self.values = [a + (b - a) * a.dtype.type(share) for a, b in zip(before, weights, strict=True)]
        return self.values


def with_weights(net: Any, weights: Weights, function: Callable[[Any], Result]) -> Result:
    """Call a function on a network with other weights, and restore its own."""
    original = net.get_weights()
    net.set_weights(weights)
    try:
        return function(net)
    finally:
        net.set_weights(original)


@dataclass
class TrainingState:
    """State of a training run: losses, best weights and their mean, and its checkpoint.

    A checkpoint holds every variable of the network and the optimiser, the best weights so far, the running
    mean of the weights, and the losses. It is written atomically, after an epoch and at the end.

    Parameters
    ----------
    validation
        Measure of the held-out data; None keeps the weights of the last epoch.
    patience
        Epochs without a better validation loss after which training stops.
    checkpoint
        File of the checkpoint; None writes nothing.
    report
        Called after each epoch with its number, the training loss and the validation accuracy or None.
    mean
        Average of the weights, which is validated and kept once it has begun.
    checkpoint_share
        Share of the time that writing checkpoints may take: after short epochs not every one is written.
    """

    validation: Validation | None
    patience: int
    checkpoint: Path | None
    report: Callable[[int, float, float | None], None]
    train_loss: list[float] = field(default_factory=list)
    validation_loss: list[float] = field(default_factory=list)
    validation_accuracy: list[float] = field(default_factory=list)
    best: Weights = field(default_factory=list)
    mean: WeightMean = field(default_factory=WeightMean)
    checkpoint_share: float = CHECKPOINT_SHARE
    _n_saved: int = field(default=0, init=False)
    _saved_at: float = field(default=0.0, init=False)
    _saving_s: float = field(default=0.0, init=False)

    @property
    def best_epoch(self) -> int:
        """Epoch with the lowest validation loss; the last one without validation."""
        return int(np.argmin(self.validation_loss)) if self.validation_loss else len(self.train_loss) - 1

    @property
    def stopped(self) -> bool:
        """Whether the patience is exhausted or the loss is not a number."""
        if not self.train_loss:
            return False
        n_waited = len(self.train_loss) - 1 - self.best_epoch
        return n_waited >= self.patience or not np.isfinite(self.train_loss[-1])

    def end_epoch(self, net: keras.Model, loss: float) -> None:
        """Validate the weights, record the losses, and write the checkpoint."""
        # Validation comes first: an interrupt during it must leave all lists equally long.
        epoch = len(self.train_loss)
        weights = self.mean.add(net.get_weights(), epoch)
        accuracy = None
        if self.validation is not None:
            validation_loss, accuracy = with_weights(net, weights, self.validation)
            self.validation_loss.append(validation_loss)
            self.validation_accuracy.append(accuracy)
        self.train_loss.append(loss)
        if self.best_epoch == epoch:
            self.best = weights
        if self._saving_s <= self.checkpoint_share * (time.monotonic() - self._saved_at):
            self.save(net)
        self.report(epoch, loss, accuracy)

    def save(self, net: keras.Model) -> None:
        """Write the checkpoint, unless it holds the last epoch already."""
        if self.checkpoint is None or self._n_saved == len(self.train_loss):
            return
        began = time.monotonic()
        arrays = {f"variable{k}": np.asarray(v) for k, v in enumerate(_variables(net))}
        arrays |= {f"best{k}": v for k, v in enumerate(self.best)}
        arrays |= {f"mean{k}": v for k, v in enumerate(self.mean.values)}
        arrays |= {name: np.asarray(getattr(self, name)) for name in LOSSES}
        write_arrays(self.checkpoint, arrays)
        self._n_saved, self._saved_at = len(self.train_loss), time.monotonic()
        self._saving_s = self._saved_at - began

    def restore(self, net: keras.Model) -> int:
        """Restore the network and the optimiser from the checkpoint; return the number of finished epochs.

        A missing, damaged or incompatible checkpoint changes nothing.
        """
        arrays = None if self.checkpoint is None else read_arrays(self.checkpoint)
        variables, weights = _variables(net), net.weights
        shapes = {f"variable{k}": tuple(variable.shape) for k, variable in enumerate(variables)}
        shapes |= {f"best{k}": tuple(weight.shape) for k, weight in enumerate(weights)}
        if arrays is None or not {*shapes, *LOSSES} <= arrays.keys():
            return 0
        if any(arrays[name].shape != shape for name, shape in shapes.items()):
            return 0
        for k, variable in enumerate(variables):
            variable.assign(arrays[f"variable{k}"])
        self.best = [arrays[f"best{k}"] for k in range(len(weights))]
        self.mean.values = [arrays[f"mean{k}"] for k in range(len(weights)) if f"mean{k}" in arrays]
        for name in LOSSES:
            getattr(self, name)[:] = arrays[name].tolist()
        self._n_saved = len(self.train_loss)
        return self._n_saved

    def curve(self, fold: str) -> LearningCurve:
        """Return the losses for a report."""
        return LearningCurve(
            fold,
            tuple(self.train_loss),
            tuple(self.validation_loss),
            tuple(self.validation_accuracy),
            self.best_epoch,
        )


def _variables(net: keras.Model) -> list[Any]:
    """Return all variables of a run, unlike get_weights() including the states of dropout generators."""
    return [*net.variables, *net.optimizer.variables]


def prepare(net: keras.Model, recipe: Recipe, steps_per_epoch: int) -> None:
    """Compile a network for `train_steps`."""
    compiled = keras.backend.backend() == "tensorflow"
    recipe.compile(net, steps_per_epoch, steps_per_execution=STEPS_PER_EXECUTION if compiled else 1)
    net.optimizer.build(net.trainable_variables)


def train_net(net: keras.Model, batches: BatchSource, recipe: Recipe, state: TrainingState) -> bool:
    """Train a network in place, and set its best weights.

    Returns
    -------
    bool
        False if a keyboard interrupt ended the training early; the network has the best weights so far.

    Raises
    ------
    DataError
        If the loss becomes NaN or infinite because the learning rate is too high.
    KeyboardInterrupt
        If interrupted before the end of the first epoch.
    """
    prepare(net, recipe, batches.steps_per_epoch)
    n_finished = state.restore(net)
    finished = True
    try:
        for epoch in range(n_finished, recipe.epochs):
            if state.stopped:
                break
            state.end_epoch(net, _train_epoch(net, batches, epoch))
        state.save(net)
    except KeyboardInterrupt:
        if not state.best:
            raise
        acknowledge_interruption()
        finished = False
    if not np.isfinite(state.train_loss[-1]):
        raise DataError(
            f"Training diverged in epoch {len(state.train_loss)}: the loss is not a number. "
            f"Lower the learning rate, which was {recipe.learning_rate}."
        )
    net.set_weights(state.best)
    return finished


def _train_epoch(net: keras.Model, batches: BatchSource, epoch: int) -> float:
    """Train on the batches of an epoch and return their mean loss; stop at a loss that is not finite.

    `keras.Model.fit` is not used: its input pipeline costs more for each batch than preparing the batch does
    (``benchmarks/speed/training.md``).
    """
    losses: list[float] = []
    for group in batch_groups(batches, epoch):
        check_interruption()
        loss = train_steps(net, group)
        if not np.isfinite(loss):
            return loss
        losses += [loss] * len(group)
    return float(np.mean(losses))


def train_steps(net: keras.Model, batches: Sequence[Batch]) -> float:
    """Take one training step for each batch, and return their mean loss.

    With TensorFlow the steps are one call of a compiled loop, of at most `STEPS_PER_EXECUTION` steps.
    """
    if keras.backend.backend() != "tensorflow":
        losses = [net.train_on_batch(*batch, return_dict=True)["loss"] for batch in batches]
        return float(np.mean(losses))
    net.make_train_function()
    net.reset_metrics()
    return float(net.train_function(iter(batches))["loss"])


def batch_groups(batches: BatchSource, epoch: int) -> Iterator[list[Batch]]:
    """Yield the batches of an epoch in groups of `STEPS_PER_EXECUTION`; a thread prepares the next group."""
    first = epoch * batches.steps_per_epoch

    def prepare(start: int) -> list[Batch]:
        steps = range(start, min(start + STEPS_PER_EXECUTION, batches.steps_per_epoch))
        return [batches[first + step] for step in steps]

    starts = range(0, batches.steps_per_epoch, STEPS_PER_EXECUTION)
    with ThreadPoolExecutor(1, "batches") as executor:
        upcoming = executor.submit(prepare, starts[0])
        for start in starts[1:]:
            group, upcoming = upcoming.result(), executor.submit(prepare, start)
            yield group
        yield upcoming.result()
