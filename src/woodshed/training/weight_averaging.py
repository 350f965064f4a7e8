"""The mean of a net's weights over the last epochs, which is often better than those of any one of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from numpy.typing import NDArray

Weights = Sequence[NDArray[Any]]
Found = TypeVar("Found")


@dataclass
class WeightMean:
    """The mean of the weights at the ends of all epochs from a certain one on.

    The centre of where the last steps wander about lies lower than most of their places: P. Izmailov et al.,
    "Averaging weights leads to wider optima and better generalization" (2018), but along the same falling
    learning rate as without, and with the running statistics of normalisations averaged like the rest.

    Parameters
    ----------
    first_epoch
        Where averaging begins; None: never.
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
        """Return the mean with the weights of one more epoch; before averaging begins, just those."""
        if self.first_epoch is None or epoch < self.first_epoch:
            return weights
        share = 1 / (epoch - self.first_epoch + 1)
        before = self.values if share < 1 and self.values else weights
        # In the weights' own precision: a net keeps float32.
        self.values = [a + (b - a) * a.dtype.type(share) for a, b in zip(before, weights, strict=True)]
        return self.values


def ask_with(net: Any, weights: Weights, ask: Callable[[Any], Found]) -> Found:
    """Ask a net as it would be with other weights, and give it its own back."""
    own = net.get_weights()
    net.set_weights(weights)
    try:
        return ask(net)
    finally:
        net.set_weights(own)
