"""Gap: what a leaky score has too much, in words, beside the honest one."""

from __future__ import annotations

from woodshed.recognition.experiments.column_result import ColumnExperiment
from woodshed.recognition.experiments.result import Experiment
from woodshed.report.recognition.scores import answers_of, ordered_splits
from woodshed.report.recognition.tags import MAIN, measures_of
from woodshed.report.recognition.wording import decimal, percent

_SLIGHT = 0.02


def gap_text(experiment: Experiment | ColumnExperiment) -> str:
    """Say how far a leaky score is above the honest one; empty unless both were measured."""
    leaky = [result for result in experiment.splits if result.leaky]
    honest = [result for result in experiment.splits if result.leaky is False]
    if not leaky or not honest:
        return ""
    if isinstance(experiment, ColumnExperiment):
        name = MAIN[experiment.answer]
        score = measures_of(experiment)[name]
        of_column = {
            result.leaky: score(result.truth, next(iter(result.answers.values())))
            for result in experiment.splits
        }
        return gap_words(of_column[False], of_column[True], name)
    found = {
        result.leaky: float(answers_of(experiment, result).hits.mean())
        for result in reversed(ordered_splits(experiment))
    }
    return gap_words(found[False], found[True])


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
