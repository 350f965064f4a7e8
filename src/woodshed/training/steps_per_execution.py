"""Steps: a net learns from several batches in one call, which costs less than a call for each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

import keras
import numpy as np
from numpy.typing import NDArray

Batch = tuple[NDArray[Any], ...]
"""Windows ``(n_windows, n_frames, n_bands)``, their targets ``(n_windows, n_answers)``, and, if they do not
all count alike, their weights ``(n_windows,)``. Or ids ``(n_rows, n_steps)`` and those that follow them."""


class BatchSource(Protocol):
    """An endless row of batches; step ``k`` is batch ``k % steps_per_epoch`` of its epoch."""

    @property
    def steps_per_epoch(self) -> int:
        """Batches in an epoch."""

    def __getitem__(self, step: int) -> Batch:
        """Return a batch, the same one whenever it is asked for."""


STEPS_AT_ONCE = 8
"""So many batches are made in a row, and then learnt from in a row.

Meanwhile another thread makes the next row: few nets keep every core busy all the time. Many calls cost time
of their own, and the first row of an epoch must be waited for; this is a middle way. An interrupt waits until
the last of the row has been learnt from.
"""


def steps_per_execution() -> int:
    """Return the setting of `keras.Model.compile` with which `train_steps` works on this backend."""
    return STEPS_AT_ONCE if keras.backend.backend() == "tensorflow" else 1


def train_steps(net: keras.Model, made: Sequence[Batch]) -> float:
    """Take one training step for each batch, in order, and return their mean loss.

    With TensorFlow they run as one call of a compiled loop, at most `STEPS_AT_ONCE` of them. ``fit`` would do
    the same, but takes longer to begin than a short row of steps takes to run.
    """
    if keras.backend.backend() != "tensorflow":
        losses = [net.train_on_batch(*batch, return_dict=True)["loss"] for batch in made]
        return float(np.mean(losses))
    net.make_train_function()
    net.reset_metrics()
    return float(net.train_function(iter(made))["loss"])


def rows_of_batches(batches: BatchSource, epoch: int) -> Iterator[list[Batch]]:
    """Yield the batches of an epoch, `STEPS_AT_ONCE` in a row; meanwhile the next row is made."""
    first = epoch * batches.steps_per_epoch

    def make(start: int) -> list[Batch]:
        steps = range(start, min(start + STEPS_AT_ONCE, batches.steps_per_epoch))
        return [batches[first + step] for step in steps]

    starts = range(0, batches.steps_per_epoch, STEPS_AT_ONCE)
    with ThreadPoolExecutor(1, "batches") as maker:
        ahead = maker.submit(make, starts[0])
        for start in starts[1:]:
            made, ahead = ahead.result(), maker.submit(make, start)
            yield made
        yield ahead.result()
