"""What the report of every head provides, and how it is found by the name of the head."""

from __future__ import annotations

import abc
from dataclasses import dataclass
from importlib import import_module
from typing import Any, ClassVar

import numpy as np

from woodshed.errors import ParameterError, printable
from woodshed.html.markup import Markup
from woodshed.metrics.interval import Interval
from woodshed.recognition.experiments.result import Experiment, SplitResult
from woodshed.recognition.heads.head import Head
from woodshed.report.numbers import decimal, decimal_range
from woodshed.report.recognition.wording import badge_of, method_name


@dataclass(frozen=True)
class ScoreRow:
    """The main measure of one method on one split.

    Parameters
    ----------
    split
        Name of the split.
    badge
        ``leaky``, ``groups unknown`` or empty; shown wherever the number is.
    method
        Name of the method, for people.
    measure
        Name of the measure.
    value
        Higher is better; NaN where it is undefined.
    interval
        95 %, drawn by group where groups are known; NaN where there are fewer than two.
    """

    split: str
    badge: str
    method: str
    measure: str
    value: float
    interval: Interval

    def to_dict(self) -> dict[str, Any]:
        """Return plain values by name, for ``metrics.json``."""
        return {
            "split": self.split,
            "badge": self.badge,
            "method": self.method,
            "measure": self.measure,
            "value": self.value,
            "interval": list(self.interval),
        }

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> ScoreRow:
        """Return the row that `to_dict` described; a former version called the value accuracy."""
        value = values.get("value", values.get("accuracy"))
        low, high = (np.nan if end is None else end for end in values["interval"])
        return cls(
            split=values["split"],
            badge=values["badge"],
            method=values["method"],
            measure=values.get("measure", "accuracy"),
            value=np.nan if value is None else value,
            interval=Interval(low, high),
        )


class HeadReport(abc.ABC):
    """How experiments of one kind of answer are reported.

    Attributes
    ----------
    n_resamples
        Draws of the bootstrap interval of the main measure in a model comparison.
    is_share
        Whether the main measure is a share, shown as a percentage.
    """

    n_resamples: ClassVar[int] = 200
    is_share: ClassVar[bool] = False

    @abc.abstractmethod
    def body(self, experiment: Experiment, max_confused: int) -> Markup:
        """Return the body of the page; arguments as of `woodshed.report.recognition.page.write_page`."""

    @abc.abstractmethod
    def card(self, experiment: Experiment) -> str:
        """Return the model card in Markdown."""

    @abc.abstractmethod
    def metrics(self, experiment: Experiment) -> dict[str, object]:
        """Return every score as plain values by name, for ``metrics.json``."""

    @abc.abstractmethod
    def score_rows(self, experiment: Experiment) -> list[ScoreRow]:
        """Return the main measure of every method on every split, the model first."""

    def value_text(self, value: float) -> str:
        """Return a main measure as text."""
        return decimal(value)

    def interval_text(self, interval: Interval) -> str:
        """Return an interval of the main measure as text."""
        return decimal_range(interval)

    def difference_text(self, value: float) -> str:
        """Return a difference of main measures as text, with its sign."""
        return f"{value:+.3f}"

    def row_texts(self, row: ScoreRow) -> tuple[str, str, str, str, str]:
        """Return split, badge, method, value and interval as text that any terminal can print."""
        return (
            printable(row.split),
            row.badge,
            printable(row.method),
            self.value_text(row.value),
            self.interval_text(row.interval),
        )


def report_of(head: Head) -> HeadReport:
    """Return the report of a head: ``REPORT`` in the module of this package that has the name of the head."""
    report: HeadReport = import_module(f"woodshed.report.recognition.{head.name}").REPORT
    return report


def ordered_splits(experiment: Experiment) -> tuple[SplitResult, ...]:
    """Return the splits in the order of trust: grouped, groups unknown, leaky.

    Raises
    ------
    ParameterError
        If nothing was tested.
    """
    if not experiment.splits:
        raise ParameterError(
            "A report needs a tested split, and this experiment has none. Evaluate the model on clips that "
            "it was not trained on."
        )
    return tuple(sorted(experiment.splits, key=lambda result: {False: 0, None: 1, True: 2}[result.leaky]))


def score_row(result: SplitResult, method: str, measure: str, score: tuple[float, Interval]) -> ScoreRow:
    """Return the row of a method on a split."""
    return ScoreRow(result.split, badge_of(result), method_name(method), measure, *score)
