"""Evaluation metrics, one family per module, in most with `validate`, its metrics and `evaluate`.

`METRICS` lists every metric that has a best value; `get_metric` imports one. Baselines, intervals, style and
originality are in their modules. scikit-learn computes what is not repeated by a bootstrap.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

from woodshed.errors import ParameterError, near_miss

METRICS: dict[str, str] = {
    "accuracy": "confusion:accuracy",
    "balanced_accuracy": "confusion:balanced_accuracy",
    "brier_score": "calibration:brier_score",
    "concordance": "regression:concordance",
    "expected_calibration_error": "calibration:expected_calibration_error",
    "f1": "confusion:f1",
    "false_negative_rate": "confusion:false_negative_rate",
    "false_positive_rate": "confusion:false_positive_rate",
    "log_loss": "probability:log_loss",
    "maximum_calibration_error": "calibration:maximum_calibration_error",
    "mean_absolute_error": "regression:mean_absolute_error",
    "negative_predictive_value": "confusion:negative_predictive_value",
    "pearson": "regression:pearson",
    "precision": "confusion:precision",
    "r2": "regression:r2",
    "recall": "confusion:recall",
    "roc_auc": "probability:roc_auc",
    "roc_auc_one_vs_one": "probability:roc_auc_one_vs_one",
    "roc_auc_one_vs_rest": "probability:roc_auc_one_vs_rest",
    "root_mean_square_error": "regression:root_mean_square_error",
    "spearman": "regression:spearman",
    "specificity": "confusion:specificity",
    "tag_pr_auc": "tagging:pr_auc",
    "tag_roc_auc": "tagging:roc_auc",
}
"""Name -> "module:function". The best value is 1, or 0 if the name ends as one of `LOWER_IS_BETTER`."""

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
    if name not in METRICS:
        raise ParameterError(f"Unknown metric {name!r}. {near_miss(name, METRICS)}")
    module, _, function = METRICS[name].partition(":")
    metric: Callable[..., Any] = getattr(importlib.import_module(f"{__name__}.{module}"), function)
    return metric


def greater_is_better(name: str) -> bool:
    """Return whether a metric is to be maximised.

    Examples
    --------
    >>> greater_is_better("f1"), greater_is_better("log_loss")
    (True, False)
    """
    return not name.endswith(LOWER_IS_BETTER)
