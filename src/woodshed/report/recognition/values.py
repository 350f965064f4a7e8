"""Report of regressors."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import ClassVar

from woodshed.html.document import element, name_of
from woodshed.metrics import regression
from woodshed.recognition.experiments.result import Experiment, SplitResult
from woodshed.report.recognition.figures import scatter_figure
from woodshed.report.recognition.head_report import Section
from woodshed.report.recognition.multi_output import Measure, MultiOutputReport, Rows


class ValuesReport(MultiOutputReport):
    """Explained variance, errors and concordance, with a scatter plot of each value."""

    explanation: ClassVar[str] = (
        "R² is the share of the variance that is explained; predicting the mean scores 0. MAE and RMSE are "
        "in the unit of the value. CCC, the concordance correlation coefficient, is also lowered by a "
        "wrong mean or spread."
    )
    measures: ClassVar[Mapping[str, Measure]] = {
        f"mean {name}": partial(measure, average="macro") for name, measure in regression.MEASURES.items()
    }

    def scores_by_output(self, result: SplitResult) -> dict[str, Rows]:
        """Return the scores of each value."""
        return regression.evaluate(result.truth, result.outputs[result.method])

    def sections(self, experiment: Experiment, result: SplitResult, max_confused: int) -> list[Section]:
        """Return the scores by value, the scatter plots and the learning curves."""
        outputs = result.outputs[result.method]
        plots = [
            element(
                "figure",
                element("figcaption", name_of(name)),
                scatter_figure(name, result.truth[:, k], outputs[:, k]),
            )
            for k, name in enumerate(experiment.names)
        ]
        scatter: Section = ("scatter", "Predicted and true values", element("div", *plots, class_="charts"))
        scores, *others = super().sections(experiment, result, max_confused)
        return [scores, scatter, *others]


REPORT = ValuesReport()
