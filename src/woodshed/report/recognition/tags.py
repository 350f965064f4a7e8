"""Numbers of the report on tags or values: every method's scores with intervals, and each column's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from woodshed.metrics import regression, tagging
from woodshed.metrics.interval import Interval, bootstrap_interval
from woodshed.recognition.experiments.column_result import ColumnExperiment, ColumnResult
from woodshed.report.recognition.scores import MeasuredScore
from woodshed.report.recognition.tuning import tuning_values
from woodshed.report.recognition.wording import badge_of, method_name

N_RESAMPLES = 200
"""Few, because each draw is scored column by column."""

Rows = NDArray[np.float64]

TAG_MEASURES: Mapping[str, Callable[[Rows, Rows], float]] = {
    "macro ROC-AUC": lambda truth, answers: tagging.roc_auc(truth, answers, average="macro"),
    "micro ROC-AUC": lambda truth, answers: tagging.roc_auc(truth, answers, average="micro"),
    "macro PR-AUC": lambda truth, answers: tagging.pr_auc(truth, answers, average="macro"),
    "micro PR-AUC": lambda truth, answers: tagging.pr_auc(truth, answers, average="micro"),
    "precision at 1": lambda truth, answers: tagging.precision_at(truth, answers, 1),
}
"""What the score table of tags shows, in its order."""

MAIN = {"tags": "macro ROC-AUC", "values": "mean R²"}
"""Kind of answer -> the one measure that stands for all, the first of its table."""


@dataclass(frozen=True)
class ColumnScores:
    """The scores of one method on one split, by name of the measure."""

    method: str
    scores: Mapping[str, MeasuredScore]


def measures_of(experiment: ColumnExperiment) -> Mapping[str, Callable[[Rows, Rows], float]]:
    """Return what is measured of an experiment, by name: the mean over columns for values."""
    if experiment.answer == "tags":
        return TAG_MEASURES
    return {f"mean {name}": _mean_of(measure) for name, measure in regression.MEASURES.items()}


def scores_of(experiment: ColumnExperiment, result: ColumnResult) -> list[ColumnScores]:
    """Score every method on a split, with 95 % intervals drawn by group where groups are known."""
    groups = experiment.corpus.groups
    tested = None if groups is None else np.asarray(groups)[result.indices]
    found = []
    for method, answers in result.answers.items():
        scores = {
            name: MeasuredScore(
                measure(result.truth, answers),
                _interval(measure, result.truth, answers, tested),
            )
            for name, measure in measures_of(experiment).items()
        }
        found.append(ColumnScores(method, scores))
    return found


def column_scores(experiment: ColumnExperiment, result: ColumnResult) -> dict[str, Rows]:
    """Return each column's scores of the model, by name; each has shape ``(n_columns,)``."""
    answers = next(iter(result.answers.values()))
    if experiment.answer == "values":
        return regression.evaluate(result.truth, answers)
    return {
        "ROC-AUC": tagging.roc_auc(result.truth, answers),
        "PR-AUC": tagging.pr_auc(result.truth, answers),
        "prevalence": tagging.prevalence(result.truth),
        **tagging.at_thresholds(result.truth, result.said),
    }


def main_scores(experiment: ColumnExperiment) -> list[dict[str, Any]]:
    """Return the main measure of every method on every split, as plain values by name."""
    name = MAIN[experiment.answer]
    return [
        {
            "split": result.split,
            "badge": badge_of(result),
            "method": method_name(found.method),
            "measure": name,
            "value": found.scores[name].value,
            "interval": list(found.scores[name].interval),
        }
        for result in experiment.splits
        for found in scores_of(experiment, result)
    ]


def metrics_of_columns(experiment: ColumnExperiment) -> dict[str, object]:
    """Return every score as plain values by name, for ``metrics.json``."""
    splits = [
        {
            "split": result.split,
            "leaky": result.leaky,
            "methods": {
                found.method: {name: [score.value, *score.interval] for name, score in found.scores.items()}
                for found in scores_of(experiment, result)
            },
            "columns": {
                name: dict(zip(experiment.names, values.tolist(), strict=True))
                for name, values in column_scores(experiment, result).items()
            },
        }
        for result in experiment.splits
    ]
    return {
        "task": experiment.task,
        "labels": list(experiment.names),
        "scores": main_scores(experiment),
        "splits": splits,
        **tuning_values(experiment.tuning),
        "provenance": experiment.provenance,
    }


def _interval(
    measure: Callable[[Rows, Rows], float], truth: Rows, answers: Rows, groups: NDArray[np.str_] | None
) -> Interval:
    return bootstrap_interval(
        lambda rows: measure(truth[rows], answers[rows]), len(truth), n_resamples=N_RESAMPLES, groups=groups
    )


def _mean_of(measure: Callable[..., float]) -> Callable[[Rows, Rows], float]:
    return lambda truth, answers: float(measure(truth, answers, average="macro"))
