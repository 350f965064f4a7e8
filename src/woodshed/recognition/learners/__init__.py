"""Learners: what is fitted to the front end's output, and what predicts from it.

``--net NAME`` names a network (`woodshed.nets.NETS`) or a classical estimator
(`woodshed.recognition.classical.CLASSICAL`); the learner that knows the name fits it. A further learner is
one file with a subclass of `Learner`, and a line in `LEARNERS`.
"""

from __future__ import annotations

from functools import cache
from pkgutil import resolve_name

from woodshed.errors import ParameterError, near_miss
from woodshed.recognition.learners.learner import Learner

LEARNERS: dict[str, str] = {
    "classical": "woodshed.recognition.learners.classical:ClassicalLearner",
    "net": "woodshed.recognition.learners.net:NetLearner",
}
"""Name of a learner -> module and class."""


@cache
def _load(place: str) -> Learner:
    learner: Learner = resolve_name(place)()
    return learner


def models() -> list[str]:
    """Return all names that ``--net`` accepts."""
    return [name for place in LEARNERS.values() for name in _load(place).models()]


def all_file_names() -> frozenset[str]:
    """Return the names of all files that any learner writes into a model folder."""
    return frozenset().union(*(names for place in LEARNERS.values() for names in _load(place).file_sets))


def learner_of(model: str) -> Learner:
    """Return the learner that fits the network or classical estimator of a name.

    Raises
    ------
    ParameterError
        If there is none.

    Examples
    --------
    >>> learner_of("svm").name, learner_of("crnn").name
    ('classical', 'net')
    """
    for place in LEARNERS.values():
        learner = _load(place)
        if model in learner.models():
            return learner
    raise ParameterError(f"There is no net called {model!r}. {near_miss(model, models())}")
