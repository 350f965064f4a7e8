"""What every net ends with: the kind of answer that is wanted of it."""

from __future__ import annotations

from typing import Any

from keras import layers

from woodshed.errors import ParameterError, near_miss

ANSWERS: dict[str, tuple[str, str]] = {
    "classes": ("probability", "softmax"),
    "tags": ("probability", "sigmoid"),
    "values": ("value", "linear"),
}
"""The name and the activation of the last layer for each kind of answer."""


def answer_layer(x: Any, n_classes: int, answer: str) -> Any:
    """Turn features into answers by one dense layer.

    Parameters
    ----------
    x
        Features, shape ``(batch, n_features)``.
    n_classes
        Number of answers.
    answer
        "classes": exactly one is right, rows of probabilities sum to 1. "tags": each is right or not,
        whatever the others are, a probability each. "values": numbers of any size, without unit.

    Returns
    -------
    keras.KerasTensor
        Shape ``(batch, n_classes)``.

    Raises
    ------
    ParameterError
        If there is no such kind of answer, or no answer is wanted.

    Examples
    --------
    >>> import numpy as np
    >>> features = np.ones((1, 4), "float32")
    >>> round(float(np.sum(answer_layer(features, 3, "classes"))), 5)
    1.0
    """
    if answer not in ANSWERS:
        raise ParameterError(f"There is no kind of answer called {answer!r}. {near_miss(answer, ANSWERS)}")
    if n_classes < 1:
        raise ParameterError(f"n_classes must be at least 1, got {n_classes!r}.")
    name, activation = ANSWERS[answer]
    return layers.Dense(n_classes, activation=activation, name=name)(x)
