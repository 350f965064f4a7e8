"""A comparison as table, Markdown, JSON and page: who is best, what it costs, which differences mean much."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from woodshed.metrics.interval import Interval, bootstrap_interval
from woodshed.recognition.experiments.model_comparison import Comparison, Costs
from woodshed.report.markdown import plain
from woodshed.report.numbers import UNKNOWN
from woodshed.report.recognition.head_report import HeadReport, report_of
from woodshed.report.recognition.scores import MeasuredScore
from woodshed.report.recognition.wording import EXPLANATIONS, LEAKY, UNKNOWN_GROUPS

HEADING = ("net", "difference to the best", "training", "weights", "size", "one clip", "peak memory")
"""The columns of every table, but for the measure and its interval, which come after the name."""

N_OF_SCORES = 4
"""So many of the columns are about scores, the others about costs."""

TOLD = (
    "Every candidate answered the same clips. The difference is to the best one, clip by clip (by group "
    "where groups are known), with its 95 % bootstrap interval; one that holds 0 tells nobody apart, and the "
    "best of many is flattered a little by having been picked. Training is one fold, when the features are "
    "there; one clip is the time from the file to the answer; peak memory is the most that a process of its "
    "own ever held, with Python and the libraries that the net needs."
)
"""What is said below every table."""


@dataclass(frozen=True)
class Ranked:
    """One candidate.

    Parameters
    ----------
    net
        Its name.
    score
        The main measure, higher is better, with its 95 % interval.
    difference
        To the best candidate, on the same clips; None for the best itself.
    costs
        None for the plain ``majority`` or ``mean``, which costs nothing.
    """

    net: str
    score: MeasuredScore
    difference: MeasuredScore | None
    costs: Costs | None

    @property
    def is_significant(self) -> bool | None:
        """Whether it differs from the best by more than chance; None if it is the best or nobody knows."""
        if self.difference is None or math.isnan(self.difference.interval.low):
            return None
        low, high = self.difference.interval
        return low > 0 or high < 0


def ranking(comparison: Comparison) -> list[Ranked]:
    """Score all candidates, the best first.

    Where two are alike, the one that is smaller on disk comes first.
    """
    groups = comparison.corpus.groups
    tested = None if groups is None else np.asarray(groups)[comparison.indices]
    n, n_resamples = len(comparison.truth), report_of(comparison.head).n_resamples

    def scored(score: Callable[[NDArray[np.int64]], float]) -> MeasuredScore:
        everything = np.arange(n)
        return MeasuredScore(
            score(everything), bootstrap_interval(score, n, n_resamples=n_resamples, groups=tested)
        )

    def score_of(net: str) -> Callable[[NDArray[np.int64]], float]:
        outputs = comparison.outputs[net]
        return lambda rows: comparison.head.main_score(comparison.truth[rows], outputs[rows])

    scores = {net: scored(score_of(net)) for net in comparison.outputs}

    def place(net: str) -> tuple[float, float]:
        costs = comparison.costs.get(net)
        value = scores[net].value
        return math.inf if math.isnan(value) else -value, math.inf if costs is None else costs.size_bytes

    order = sorted(scores, key=place)
    best = next(net for net in order if net in comparison.costs)

    def less(net: str) -> Callable[[NDArray[np.int64]], float]:
        mine, its = score_of(net), score_of(best)
        return lambda rows: mine(rows) - its(rows)

    return [
        Ranked(net, scores[net], None if net == best else scored(less(net)), comparison.costs.get(net))
        for net in order
    ]


def heading(comparison: Comparison) -> tuple[str, ...]:
    """Return the heading of every table."""
    return (HEADING[0], comparison.head.main_measure, "95 % interval", *HEADING[1:])


def cells(comparison: Comparison, ranked: Ranked) -> tuple[str, ...]:
    """Return a row of every table."""
    report = report_of(comparison.head)
    return (
        ranked.net,
        report.value_text(ranked.score.value),
        report.interval_text(ranked.score.interval),
        _difference(report, ranked),
        *_cost_cells(ranked.costs),
    )


def _difference(report: HeadReport, ranked: Ranked) -> str:
    """Return a difference to the best candidate, with its interval."""
    if ranked.difference is None:
        return "the best"
    value = report.difference_text(ranked.difference.value)
    low, high = ranked.difference.interval
    if math.isnan(low):
        return value
    verdict = "" if ranked.is_significant else ", not significant"
    return f"{value} ({report.difference_text(low)} to {report.difference_text(high)}{verdict})"


def _cost_cells(costs: Costs | None) -> tuple[str, ...]:
    if costs is None:
        return (UNKNOWN,) * 5
    return (
        seconds_text(costs.train_s),
        f"{costs.n_weights:,}" if costs.n_weights else UNKNOWN,
        bytes_text(costs.size_bytes),
        seconds_text(costs.predict_s),
        bytes_text(costs.peak_bytes),
    )


def bytes_text(n_bytes: float) -> str:
    """Spell an amount of memory for people.

    Examples
    --------
    >>> bytes_text(48_200), bytes_text(734e6), bytes_text(float("nan"))
    ('48 kB', '734 MB', '–')
    """
    if math.isnan(n_bytes):
        return UNKNOWN
    for unit, size in (("GB", 1e9), ("MB", 1e6)):
        if n_bytes >= size:
            return f"{n_bytes / size:.3g} {unit}"
    return f"{n_bytes / 1e3:.0f} kB"


def seconds_text(duration_s: float) -> str:
    """Spell a duration to three digits, in seconds whatever its size, so that two can be compared.

    Examples
    --------
    >>> seconds_text(0.000485), seconds_text(2.07701), seconds_text(845.2)
    ('0.000485 s', '2.08 s', '845 s')
    """
    digits = max(0, 2 - math.floor(math.log10(duration_s))) if duration_s > 0 else 0
    return f"{duration_s:.{digits}f} s"


def badge_of_comparison(comparison: Comparison) -> str:
    """Return what must stand beside every number: ``leaky``, ``groups unknown`` or nothing."""
    return {True: LEAKY, None: UNKNOWN_GROUPS, False: ""}[comparison.leaky]


def remarks(comparison: Comparison) -> list[str]:
    """Return what has to be said beside the table: a leaky split, candidates that failed, an interruption."""
    badge = badge_of_comparison(comparison)
    told = [EXPLANATIONS[badge]] if badge else []
    told += [f"Set aside: {net}: {reason}" for net, reason in comparison.failed.items()]
    if comparison.interrupted:
        told.append("Interrupted: not every candidate was tried.")
    return told


def to_markdown(comparison: Comparison, ranked: Sequence[Ranked]) -> str:
    """Write the table as Markdown, with what it means below."""
    badge = badge_of_comparison(comparison)
    head = heading(comparison)
    rows = [head, ("---", *("---:" for _ in head[1:])), *(map(plain, cells(comparison, r)) for r in ranked)]
    parts = [
        f"# {plain(comparison.task)} on {plain(comparison.corpus.name)}: nets compared",
        f"Tested on {plain(comparison.split)}{f' (**{badge}**)' if badge else ''}, "
        f"{len(comparison.truth)} clips.",
        "\n".join(f"| {' | '.join(row)} |" for row in rows),
        TOLD,
        *map(plain, remarks(comparison)),
    ]
    return "\n\n".join(parts) + "\n"


def to_values(comparison: Comparison, ranked: Sequence[Ranked]) -> dict[str, object]:
    """Return everything as plain values by name."""

    def score(found: MeasuredScore | None) -> dict[str, object] | None:
        return None if found is None else {"value": found.value, "interval": list(_ends(found.interval))}

    return {
        "task": comparison.task,
        "split": comparison.split,
        "leaky": comparison.leaky,
        "n_clips": len(comparison.truth),
        "measure": comparison.head.main_measure,
        "candidates": [
            {
                "net": one.net,
                "score": score(one.score),
                "difference_to_best": score(one.difference),
                "is_significant": one.is_significant,
                "costs": None if one.costs is None else asdict(one.costs),
            }
            for one in ranked
        ],
        "failed": dict(comparison.failed),
        "interrupted": comparison.interrupted,
        "settings": dict(comparison.settings),
        "provenance": dict(comparison.provenance),
    }


def _ends(interval: Interval) -> tuple[float, float]:
    return interval.low, interval.high
