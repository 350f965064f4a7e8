"""Score rows: the short table that the terminal prints after a run, and that scripts copy from."""

from __future__ import annotations

from dataclasses import dataclass

from woodshed.errors import printable
from woodshed.metrics.interval import Interval
from woodshed.recognition.experiments.result import Experiment
from woodshed.report.recognition.scores import answers_of, measure, ordered_splits
from woodshed.report.recognition.wording import badge_of, method_name, percent, percent_range


@dataclass(frozen=True)
class ScoreRow:
    """How many answers of one method on one split were right.

    Parameters
    ----------
    split
        Name of the split.
    badge
        ``leaky``, ``groups unknown`` or empty; to be shown wherever the number is.
    method
        Name of the method, for people.
    accuracy
        0 to 1.
    interval
        95 %, drawn by group where groups are known; NaN where there are fewer than two.

    Examples
    --------
    >>> ScoreRow("unheard speakers", "", "net", 0.914, Interval(0.861, 0.943)).to_texts()
    ('unheard speakers', '', 'net', '91.4 %', '86.1–94.3 %')
    """

    split: str
    badge: str
    method: str
    accuracy: float
    interval: Interval

    def to_texts(self) -> tuple[str, str, str, str, str]:
        """Return the cells of the row as text that any terminal can print."""
        return (
            printable(self.split),
            self.badge,
            printable(self.method),
            percent(self.accuracy, 1),
            percent_range(self.interval, 1),
        )


def score_rows(experiment: Experiment) -> list[ScoreRow]:
    """Return a row for each split and method: the honest split first, in each the net first.

    Raises
    ------
    ParameterError
        If nothing was tested.
    """
    rows = []
    for result in ordered_splits(experiment):
        for method in result.probabilities:
            score = measure(answers_of(experiment, result, method), "accuracy")
            rows.append(
                ScoreRow(result.split, badge_of(result), method_name(method), score.value, score.interval)
            )
    return rows
