"""Evaluation metrics, one family per module; `evaluate` of a module returns all of its metrics.

`METRICS` lists every metric that has a best value; `get_metric` imports one. Baselines, intervals, style and
originality are in their modules. scikit-learn computes what is not repeated by a bootstrap.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from woodshed.errors import look_up

METRICS: dict[str, str] = {
    "accuracy": "woodshed.metrics.confusion:accuracy",
    "balanced_accuracy": "woodshed.metrics.confusion:balanced_accuracy",
    "brier_score": "woodshed.metrics.calibration:brier_score",
    "concordance": "woodshed.metrics.regression:concordance",
    "expected_calibration_error": "woodshed.metrics.calibration:expected_calibration_error",
    "f1": "woodshed.metrics.confusion:f1",
    "false_negative_rate": "woodshed.metrics.confusion:false_negative_rate",
    "false_positive_rate": "woodshed.metrics.confusion:false_positive_rate",
    "log_loss": "woodshed.metrics.probability:log_loss",
    "maximum_calibration_error": "woodshed.metrics.calibration:maximum_calibration_error",
    "mean_absolute_error": "woodshed.metrics.regression:mean_absolute_error",
    "negative_predictive_value": "woodshed.metrics.confusion:negative_predictive_value",
    "pearson": "woodshed.metrics.regression:pearson",
    "precision": "woodshed.metrics.confusion:precision",
    "r2": "woodshed.metrics.regression:r2",
    "recall": "woodshed.metrics.confusion:recall",
    "roc_auc": "woodshed.metrics.probability:roc_auc",
    "roc_auc_one_vs_one": "woodshed.metrics.probability:roc_auc_one_vs_one",
    "roc_auc_one_vs_rest": "woodshed.metrics.probability:roc_auc_one_vs_rest",
    "root_mean_square_error": "woodshed.metrics.regression:root_mean_square_error",
    "spearman": "woodshed.metrics.regression:spearman",
    "specificity": "woodshed.metrics.confusion:specificity",
    "tag_pr_auc": "woodshed.metrics.tagging:pr_auc",
    "tag_roc_auc": "woodshed.metrics.tagging:roc_auc",
}
"""Name -> module and function. The best value is 1, or 0 if the name ends as one of `LOWER_IS_BETTER`."""

LOWER_IS_BETTER = ("_error", "_loss", "brier_score", "false_negative_rate", "false_positive_rate")
"""Endings of the names of metrics to minimise."""


def get_metric(name: str) -> Callable[..., Any]:
    """Import the function of a metric.

    Raises
    ------
    ParameterError
        If the name is unknown.

    Examples
    --------
    >>> get_metric("accuracy")([[1, 1], [0, 2]])
    0.75
    """
    metric: Callable[..., Any] = look_up("metric", name, METRICS)
    return metric


def greater_is_better(name: str) -> bool:
    """Return whether a metric is to be maximised.

    Examples
    --------
    >>> greater_is_better("f1"), greater_is_better("log_loss")
    (True, False)
    """
    return not name.endswith(LOWER_IS_BETTER)
