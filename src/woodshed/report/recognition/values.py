"""Report of regressors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar

from woodshed.html.markup import Markup, element, name_of
from woodshed.metrics import regression
from woodshed.recognition.experiments.result import Experiment, SplitResult
from woodshed.report.recognition.multi_output import Measure, MultiOutputReport, Rows
from woodshed.report.recognition.scatter import scatter_figure


def _mean_of(measure: Callable[..., float]) -> Measure:
    return lambda truth, outputs: float(measure(truth, outputs, average="macro"))


class ValuesReport(MultiOutputReport):
    """Explained variance, errors and concordance, with a scatter plot of each value."""

    explanation: ClassVar[str] = (
        "R² is the share of the variance that is explained; 0 is as good as predicting the mean. MAE and RMSE are "
        "in the unit of the value. CCC is the concordance correlation coefficient, which a wrong mean or spread "
        "lowers too."
    )
    measures: ClassVar[Mapping[str, Measure]] = {
        f"mean {name}": _mean_of(measure) for name, measure in regression.MEASURES.items()
    }

    def scores_by_output(self, result: SplitResult) -> dict[str, Rows]:
        """Return the scores of each value."""
        return regression.evaluate(result.truth, result.outputs[result.method])

    def figures(self, experiment: Experiment, result: SplitResult) -> list[tuple[str, str, Markup]]:
        """Return a scatter plot of predicted over true values, for each value."""
        outputs = result.outputs[result.method]
        plots = [
            element(
                "figure",
                element("figcaption", name_of(name)),
                scatter_figure(name, result.truth[:, k], outputs[:, k]),
            )
            for k, name in enumerate(experiment.names)
        ]
        return [("scatter", "Predicted over true values", element("div", *plots, class_="charts"))]


REPORT = ValuesReport()
