"""Tuning: the trials by which settings were chosen, for the page, the metrics and the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from woodshed.html.markup import Markup, element, join, table
from woodshed.recognition.experiments.result import SearchResult, Trial
from woodshed.report.numbers import UNKNOWN, decimal
from woodshed.units import duration_text


def tuning_section(tuning: SearchResult) -> Markup:
    """Write the table of trials, the best first, and what it is worth."""
    names = list(tuning.trials[0].settings)
    order = sorted(range(len(tuning.trials)), key=lambda k: _place(tuning, k))
    rows = [
        (
            f"{k + 1}{' (taken)' if k == tuning.best else ''}",
            *(str(tuning.trials[k].settings[name]) for name in names),
            UNKNOWN if (score := tuning.trials[k].score) is None else decimal(score),
            duration_text(tuning.trials[k].duration_s),
            tuning.trials[k].state,
        )
        for k in order
    ]
    heading = ("trial", *names, tuning.measure, "trained", "state")
    return join(
        [
            element("p", tuning_text(tuning)),
            table(heading, rows, caption="Settings that were tried, the best first"),
        ]
    )


def tuning_part(tuning: SearchResult | None) -> list[tuple[str, str, Markup]]:
    """Return name, title and content of the section; nothing if the settings were given."""
    return [] if tuning is None else [("tuning", "Hyperparameter search", tuning_section(tuning))]


def tuning_text(tuning: SearchResult) -> str:
    """Say in words how settings were chosen, and that the test part took no part in it."""
    best = tuning.trials[tuning.best]
    return (
        f"{len(tuning.trials)} sets of settings were tried on {tuning.split} inside the training part "
        f"({tuning.n_clips} clips). No clip of the test part took part in the choice; where the split has "
        "several folds, only the first is tested, because the test parts of the others did. Trial 1 has the "
        f"settings that were asked for; the score of the one taken, {decimal(best.score or 0.0)}, is "
        "flattered by having been picked, and the scores of the test are not."
    )


def tuning_values(tuning: SearchResult | None) -> dict[str, Any]:
    """Return the tuning as plain values under its name, for ``metrics.json``; nothing if there was none."""
    if tuning is None:
        return {}
    trials = [_values(trial) for trial in tuning.trials]
    told = {"split": tuning.split, "n_clips": tuning.n_clips, "measure": tuning.measure}
    return {"tuning": {**told, "best": tuning.best, "trials": trials}}


def settings_text(settings: Mapping[str, Any]) -> str:
    """Spell settings as one would type them.

    Examples
    --------
    >>> settings_text({"learning_rate": 0.004, "width": 8})
    '--learning-rate 0.004 --width 8'
    """
    return " ".join(f"--{name.replace('_', '-')} {value}" for name, value in settings.items())


def _values(trial: Trial) -> dict[str, Any]:
    return {
        "settings": dict(trial.settings),
        "score": trial.score,
        "duration_s": trial.duration_s,
        "state": trial.state,
    }


def _place(tuning: SearchResult, k: int) -> tuple[bool, bool, float]:
    trial = tuning.trials[k]
    return k != tuning.best, trial.state != "complete", -(trial.score or 0.0)
