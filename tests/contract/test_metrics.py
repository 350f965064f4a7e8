"""What every metric promises."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from woodshed.errors import ParameterError
from woodshed.metrics import METRICS, get_metric, greater_is_better

every_metric = pytest.mark.parametrize("name", sorted(METRICS))

LABELS = ["a", "b", "c"]
TAGS = np.array([[1, 0, 1], [0, 1, 0]])
NUMBERS = np.array([[0.5, -1.0], [2.0, 3.0], [-1.0, 4.0]])

Inputs = tuple[Any, ...]
CASES: dict[tuple[str, ...], dict[str, Inputs]] = {
    ("confusion",): {
        "perfect": (np.diag([3, 2, 1]),),
        "wrong": ([[0, 2], [1, 0]],),
        "empty": (np.zeros((2, 2)),),
        "unknown": (np.full((2, 2), np.nan),),
    },
    ("truth", "probabilities", "labels"): {
        "perfect": (LABELS, np.eye(3), LABELS),
        "wrong": (LABELS, np.roll(np.eye(3), 1, axis=1), LABELS),
        "empty": ([], np.zeros((0, 3)), LABELS),
        "unknown": (LABELS, np.full((3, 3), np.nan), LABELS),
    },
    ("is_positive", "score"): {
        "perfect": ([True, False], [0.9, 0.1]),
        "wrong": ([True, False], [0.1, 0.9]),
        "empty": ([], []),
        "unknown": ([True, False], [np.nan, np.nan]),
    },
    ("truth", "probabilities"): {
        "perfect": (TAGS, TAGS),
        "wrong": (TAGS, 1 - TAGS),
        "empty": (np.zeros((0, 3)), np.zeros((0, 3))),
        "unknown": (np.full((2, 3), np.nan), TAGS),
    },
    ("truth", "predictions"): {
        "perfect": (NUMBERS, NUMBERS),
        "wrong": (NUMBERS, -NUMBERS),
        "empty": ([], []),
        "unknown": (np.full((3, 2), np.nan), NUMBERS),
    },
}


def inputs_of(metric: Callable[..., Any]) -> dict[str, Inputs]:
    """Return the test inputs that fit the parameters of a metric."""
    parameters = inspect.signature(metric).parameters.values()
    return CASES[tuple(p.name for p in parameters if p.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD)]


@every_metric
def test_a_perfect_prediction_scores_the_best_value_and_a_wrong_one_a_worse(name: str) -> None:
    metric = get_metric(name)
    best = 1 if greater_is_better(name) else 0
    assert metric(*inputs_of(metric)["perfect"]) == pytest.approx(best, abs=1e-12)
    wrong = np.asarray(metric(*inputs_of(metric)["wrong"]))
    assert (wrong < 1 if greater_is_better(name) else wrong > 0).all()


@every_metric
@pytest.mark.parametrize("case", ["empty", "unknown"])
def test_nothing_to_score_is_nan_or_a_clear_error(name: str, case: str) -> None:
    metric = get_metric(name)
    try:
        score = metric(*inputs_of(metric)[case])
    except ParameterError:  # any other error, or a number, is a fault
        return
    assert np.isnan(score).all()


@every_metric
def test_an_average_is_one_number(name: str) -> None:
    metric = get_metric(name)
    if "average" in inspect.signature(metric).parameters:
        score = metric(*inputs_of(metric)["perfect"], average="macro")
        assert isinstance(score, float)
        assert math.isclose(score, 1 if greater_is_better(name) else 0, abs_tol=1e-12)


@every_metric
def test_help_begins_with_what_is_returned(name: str) -> None:
    metric = get_metric(name)
    assert (metric.__doc__ or "").startswith("Return ")
    assert "Examples" in (metric.__doc__ or "")


def test_an_unknown_metric_names_the_near_miss() -> None:
    with pytest.raises(ParameterError, match=r"Unknown metric 'acuracy'\. Did you mean accuracy\?"):
        get_metric("acuracy")


def test_metrics_are_imported_without_scikit_learn(python: Any) -> None:
    ran = python(
        "import sys\nfrom woodshed.metrics import METRICS, get_metric\n"
        "for name in METRICS: get_metric(name)\n"
        "print(*(name in sys.modules for name in ('sklearn', 'scipy', 'keras')))"
    )
    assert ran.stdout.split() == ["False"] * 3, ran.stderr
