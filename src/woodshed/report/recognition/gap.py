"""Difference between a leaky score and a grouped one, in words."""

from __future__ import annotations

from woodshed.recognition.experiments.result import Experiment
from woodshed.report.numbers import decimal, percent
from woodshed.report.recognition.head_report import report_of

_SLIGHT = 0.02


def gap_text(experiment: Experiment) -> str:
    """Return how far a leaky score is above the grouped one; empty unless both were measured."""
    head = experiment.head
    scores = {
        result.leaky: head.main_score(result.truth, result.outputs[result.method])
        for result in reversed(experiment.splits)
    }
    if True not in scores or False not in scores:
        return ""
    return gap_words(scores[False], scores[True], "" if report_of(head).is_share else head.main_measure)


def gap_words(honest: float, leaky: float, measure: str = "") -> str:
    """Say what two scores of one model mean beside each other.

    Parameters
    ----------
    honest, leaky
        The scores, better when higher.
    measure
        What they are called; shares of right answers if empty.

    Examples
    --------
    >>> print(gap_words(0.62, 0.95))
    On new ones count on 62 % right, not on 95 %: 33 points of the leaky score come from voices or recordings
    that were on both sides.
    >>> gap_words(0.62, 0.63)
    'The leaky score, 63 %, is hardly above the honest one, 62 %: here the leak flatters little.'
    >>> gap_words(0.5, 0.4, "mean R²")
    'The leaky score, 0.400, is not above the honest one, 0.500: here the leak does not flatter.'
    """
    spell = decimal if measure else percent
    low, high = spell(honest), spell(leaky)
    gap = leaky - honest
    if gap <= 0:
        return f"The leaky score, {high}, is not above the honest one, {low}: here the leak does not flatter."
    if gap < _SLIGHT:
        return (
            f"The leaky score, {high}, is hardly above the honest one, {low}: here the leak flatters little."
        )
    points = f"{gap:.3f}" if measure else f"{100 * gap:.0f} points"
    called = f"a {measure} of {low}, not of {high}" if measure else f"{low} right, not on {high}"
    return (
        f"On new ones count on {called}: {points} of the leaky score come from voices or recordings that "
        "were on both sides."
    )
