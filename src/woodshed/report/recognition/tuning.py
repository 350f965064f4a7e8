"""Hyperparameter search: the tried settings, for the page, the metrics and the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from woodshed.html.markup import Markup, element, join, table
from woodshed.recognition.experiments.result import SearchResult
from woodshed.report.numbers import UNKNOWN, decimal
from woodshed.units import duration_text


def tuning_sections(tuning: SearchResult | None) -> list[tuple[str, str, Markup]]:
    """Return the section of trials, the best first; empty if there was no search."""
    if tuning is None:
        return []
    names = list(tuning.trials[0].settings)

    def rank(k: int) -> tuple[bool, bool, float]:
        trial = tuning.trials[k]
        return k != tuning.best, trial.state != "complete", -(trial.score or 0.0)

    rows = [
        (
            f"{k + 1}{' (selected)' if k == tuning.best else ''}",
            *(str(tuning.trials[k].settings[name]) for name in names),
            UNKNOWN if (score := tuning.trials[k].score) is None else decimal(score),
            duration_text(tuning.trials[k].duration_s),
            tuning.trials[k].state,
        )
        for k in sorted(range(len(tuning.trials)), key=rank)
    ]
    heading = ("trial", *names, tuning.measure, "training time", "state")
    trials = table(heading, rows, caption="Trials, the best first")
    return [("tuning", "Hyperparameter search", join([element("p", tuning_text(tuning)), trials]))]


def tuning_text(tuning: SearchResult) -> str:
    """Describe how the settings were chosen, and why the test scores are unbiased by it."""
    best = tuning.trials[tuning.best]
    return (
        f"{len(tuning.trials)} settings were tried on the split “{tuning.split}” of the training part "
        f"({tuning.n_clips} clips). Trial 1 has the given settings. No test clip was used for the choice; "
        "of a split with several folds only the first is tested, because the test parts of the others were "
        f"used. The score of the selected trial, {decimal(best.score or 0.0)}, is optimistic because it was "
        "selected; the test scores are not."
    )


def tuning_values(tuning: SearchResult | None) -> dict[str, Any]:
    """Return the search as plain values under ``tuning``, for ``metrics.json``; empty if there was none."""
    if tuning is None:
        return {}
    trials = [{**vars(trial), "settings": dict(trial.settings)} for trial in tuning.trials]
    return {"tuning": {**vars(tuning), "trials": trials}}


def settings_text(settings: Mapping[str, Any]) -> str:
    """Return settings as command-line options.

    Examples
    --------
    >>> settings_text({"learning_rate": 0.004, "width": 8})
    '--learning-rate 0.004 --width 8'
    """
    return " ".join(f"--{name.replace('_', '-')} {value}" for name, value in settings.items())
