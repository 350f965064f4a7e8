"""Report of several independent outputs, shared by tags and values."""

from __future__ import annotations

import abc
import math
from collections.abc import Callable, Mapping
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from woodshed.html.document import Markup, name_of, table
from woodshed.recognition.experiments.result import Experiment, SplitResult
from woodshed.report.recognition.head_report import HeadReport, Section, learning_section
from woodshed.report.recognition.scores import MeasuredScore, bootstrapped_score, groups_of
from woodshed.report.wording import decimal

Rows = NDArray[np.float64]

Measure = Callable[[Rows, Rows], float]
"""Function from truth and outputs, shape ``(n_clips, n_names)``, to one score."""

N_RESAMPLES = 200
"""Draws of each bootstrap interval; few, because each is scored output by output."""


class MultiOutputReport(HeadReport):
    """Mean scores over all outputs, and the scores of each.

    Attributes
    ----------
    measures
        Name -> function, in the order of the score table.
    """

    measures: ClassVar[Mapping[str, Measure]]

    @abc.abstractmethod
    def scores_by_output(self, result: SplitResult) -> dict[str, Rows]:
        """Return the scores of each output of the model by name of the measure, shape ``(n_names,)``."""

    def score(self, experiment: Experiment, result: SplitResult, method: str, measure: str) -> MeasuredScore:
        """Return one of the measures of a method."""
        function, truth, outputs = self.measures[measure], result.truth, result.outputs[method]
        return bootstrapped_score(
            lambda rows: function(truth[rows], outputs[rows]),
            len(truth),
            n_resamples=N_RESAMPLES,
            groups=groups_of(experiment.corpus, result.indices),
        )

    def sections(self, experiment: Experiment, result: SplitResult, max_confused: int) -> list[Section]:
        """Return the scores by output and the learning curves."""
        return [
            ("outputs", f"Scores by {experiment.head.noun}", self._output_table(experiment, result)),
            ("learning", "Learning curves", learning_section(result.curves)),
        ]

    def split_values(self, experiment: Experiment, result: SplitResult) -> dict[str, object]:
        """Return the scores of every method, and those of each output of the model."""
        return {
            "methods": {
                method: {name: [score.value, *score.interval] for name, score in scores.items()}
                for method, scores in self.scores(experiment, result).items()
            },
            "columns": {
                name: dict(zip(experiment.names, values.tolist(), strict=True))
                for name, values in self.scores_by_output(result).items()
            },
        }

    def _output_table(self, experiment: Experiment, result: SplitResult) -> Markup:
        """Return the table of the scores of each output, sorted by the first score."""
        scores = self.scores_by_output(result)
        n_known = (~np.isnan(result.truth)).sum(axis=0)
        first = next(iter(scores))
        order = np.argsort(-np.nan_to_num(scores[first], nan=-math.inf), kind="stable")
        rows = [
            [
                name_of(experiment.names[k]),
                *(decimal(column[k]) for column in scores.values()),
                str(n_known[k]),
            ]
            for k in order
        ]
        return table(
            [experiment.head.noun, *scores, "clips"], rows, caption=f"Sorted by {first}, highest first"
        )
