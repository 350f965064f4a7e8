"""Calibration by temperature and guesses: answers that are too sure or too shy, and a few mere guesses.

A temperature alone makes all answers surer or all less sure. Some models need both: support vectors are too
shy where they are right, and now and then rule out the truth. The log loss, by which a temperature is found,
then minds the few that are quite wrong and leaves the many too shy. So a share of the answers is taken for
guesses, which say nothing about the class, and the temperature is that of the others.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from woodshed.errors import ParameterError
from woodshed.metrics.calibration import LOWEST, TEMPERATURES, apply_temperature, fit_temperature
from woodshed.metrics.probability import validate

Values = NDArray[np.float64]

MOST_GUESSED = 0.5
"""No greater share of the answers is taken for guesses."""

_FIRST_SHARES = (0.001, 0.05)


class Calibration(NamedTuple):
    """What turns probabilities into such as mean what they say; by default nothing changes, to the bit.

    Parameters
    ----------
    temperature
        See `woodshed.metrics.calibration.apply_temperature`; above 0.
    guess_share
        Share of the answers that are guesses, 0 to below 1: of every row it is spread evenly over all
        classes. The order of the classes is kept.

    Examples
    --------
    >>> Calibration(guess_share=0.2)(np.array([[0.9, 0.1]])).round(2).tolist()
    [[0.82, 0.18]]
    """

    temperature: float = 1.0
    guess_share: float = 0.0

    def __call__(self, probabilities: ArrayLike) -> Values:
        """Calibrate probabilities of shape ``(n_examples, n_classes)``; rows sum to 1.

        Raises
        ------
        ParameterError
            If the temperature is not above 0, or the share is not 0 to below 1.
        """
        if not 0 <= self.guess_share < 1:
            raise ParameterError(f"A share of guesses must be from 0 to below 1, got {self.guess_share!r}.")
        likely = apply_temperature(probabilities, self.temperature)
        if self.guess_share == 0:
            return likely
        return np.asarray((1 - self.guess_share) * likely + self.guess_share / likely.shape[1])


def fit_calibration(
    truth: ArrayLike, probabilities: ArrayLike, labels: ArrayLike, *, smoothing: float = 0.0
) -> Calibration:
    """Find the temperature and the share of guesses under which the truth is most likely.

    Parameters and errors as for `woodshed.metrics.calibration.fit_temperature`, where the search begins. If
    a temperature alone explains the answers as well, there are no guesses.

    Examples
    --------
    Answers that are too shy, and one in ten of which is drawn by lot:

    >>> rng = np.random.default_rng(0)
    >>> truth, drawn = rng.integers(0, 2, (2, 20000))
    >>> told = np.where(rng.random(20000) < 0.1, drawn, truth)
    >>> found = fit_calibration(truth, np.where(told[:, np.newaxis] == [0, 1], 0.7, 0.3), [0, 1])
    >>> found([[0.7, 0.3]]).round(2).tolist()
    [[0.95, 0.05]]
    """
    from scipy.optimize import minimize

    temperature = fit_temperature(truth, probabilities, labels, smoothing=smoothing)
    rows, given = validate(truth, probabilities, labels)
    scores = np.log(np.maximum(given.astype(np.float64), LOWEST))
    n_rows, n_classes = scores.shape
    aim = np.full(scores.shape, smoothing / n_classes)
    aim[np.arange(n_rows), rows] += 1 - smoothing

    def loss(setting: Values) -> tuple[float, Values]:
        """Return the log loss, and its slope by the logarithm of the inverse temperature and by the share."""
        sharpness, share = np.exp(setting[0]), setting[1]
        likely = apply_temperature(given, 1 / sharpness)
        mixed = (1 - share) * likely + share / n_classes
        pull = aim / mixed
        away = scores - (likely * scores).sum(axis=1, keepdims=True)
        by_sharpness = -(1 - share) * sharpness * (pull * likely * away).sum() / n_rows
        by_share = (pull * (likely - 1 / n_classes)).sum() / n_rows
        return float(-(aim * np.log(mixed)).sum() / n_rows), np.array([by_sharpness, by_share])

    lowest, highest = (-float(np.log(limit)) for limit in reversed(TEMPERATURES))
    best = min(
        (
            minimize(
                loss,
                np.array([-np.log(temperature), share]),
                jac=True,
                method="L-BFGS-B",
                bounds=[(lowest, highest), (0.0, MOST_GUESSED)],
            )
            for share in _FIRST_SHARES
        ),
        key=lambda result: float(result.fun),
    )
    plain = loss(np.array([-np.log(temperature), 0.0]))[0]
    if plain - best.fun < 1 / n_rows:  # less than the cost of telling one more number
        return Calibration(temperature)
    return Calibration(float(np.exp(-best.x[0])), float(best.x[1]))
