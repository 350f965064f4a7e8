"""Words and spelling of numbers that page, card and terminal share, so that all three say the same."""

from __future__ import annotations

import math

from woodshed.metrics.interval import Interval
from woodshed.recognition.classical import CLASSICAL
from woodshed.recognition.classical.model import classical_model
from woodshed.recognition.experiments.column_result import ColumnResult
from woodshed.recognition.experiments.result import SplitResult

UNKNOWN = "–"
"""Stands where there is no number."""

LEAKY, UNKNOWN_GROUPS = "leaky", "groups unknown"

_BADGES = {True: LEAKY, None: UNKNOWN_GROUPS, False: ""}

EXPLANATIONS = {
    LEAKY: (
        "Leaky: some speaker, song or source recording is in the training part and in the test part, so the "
        "model may recognise whom it hears rather than what; expect fewer right answers on new ones."
    ),
    UNKNOWN_GROUPS: (
        "Groups unknown: it was not said which clips share a speaker, song or source recording, so this "
        "number may flatter; on new ones expect fewer right answers."
    ),
}
"""Badge -> the sentence that explains it."""

_BASELINES = {"majority": "always the commonest class", "mean": "always the mean"}
_BASELINES_IN_A_SENTENCE = {
    "majority": "always guessing the commonest class",
    "mean": "always answering the mean",
}


def badge_of(result: SplitResult | ColumnResult) -> str:
    """Return what must stand beside every number of a split: ``leaky``, ``groups unknown`` or nothing."""
    return _BADGES[result.leaky]


def method_name(method: str, *, sentence: bool = False) -> str:
    """Return the name of a method for a table or for a sentence; an unknown method keeps its name.

    The prefix ``own-`` marks a classical model with the features and augmentation of its task.

    Examples
    --------
    >>> method_name("svm"), method_name("majority", sentence=True), method_name("mine")
    ('SVM on summary features', 'always guessing the commonest class', 'mine')
    >>> method_name("own-kernel-ridge")
    'kernel ridge regression as this task uses it'
    """
    name = method.removeprefix("own-")
    if name not in CLASSICAL:
        return (_BASELINES_IN_A_SENTENCE if sentence else _BASELINES).get(method, method)
    model = classical_model(name)
    features = f"{model.preposition} summary features" if name == method else "as this task uses it"
    return f"{'the ' if sentence else ''}{model.description} {features}"


def percent(share: float, digits: int = 0) -> str:
    """Write a share as a percentage that never rounds to certainty.

    Examples
    --------
    >>> percent(0.914), percent(0.914, 1), percent(1.0), percent(float("nan"))
    ('91 %', '91.4 %', '100 %', '–')

    999 right of 1000 is not all of them:

    >>> percent(0.999), percent(0.9999), percent(0.0004, 1)
    ('99.9 %', '>99.9 %', '<0.1 %')
    """
    if math.isnan(share):
        return UNKNOWN
    for places in range(digits, 2):
        written = f"{share:.{places}%}"
        if (float(written[:-1]) in (0, 100)) == (share in (0, 1)):
            return f"{written[:-1]} %"
    return ">99.9 %" if share > 0.5 else "<0.1 %"


def percent_range(interval: Interval, digits: int = 0) -> str:
    """Write an interval of shares.

    Examples
    --------
    >>> percent_range(Interval(0.861, 0.943)), percent_range(Interval(float("nan"), float("nan")))
    ('86–94 %', '–')
    """
    low, high = percent(interval.low, digits), percent(interval.high, digits)
    return UNKNOWN if UNKNOWN in (low, high) else f"{low.removesuffix(' %')}–{high}"


def decimal(value: float, digits: int = 3) -> str:
    """Write a number that is not a share.

    Examples
    --------
    >>> decimal(0.98765), decimal(float("nan"))
    ('0.988', '–')
    """
    return f"{value:.{digits}f}" if math.isfinite(value) else UNKNOWN


def decimal_range(interval: Interval, digits: int = 3) -> str:
    """Write an interval of numbers that are not shares.

    Examples
    --------
    >>> decimal_range(Interval(0.21, 0.4), 2)
    '0.21–0.40'
    """
    low, high = decimal(interval.low, digits), decimal(interval.high, digits)
    return UNKNOWN if UNKNOWN in (low, high) else f"{low}–{high}"
