"""Report of several independent outputs, shared by tags and values."""

from __future__ import annotations

import abc
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from woodshed.errors import counted
from woodshed.html.markup import Markup, element, join, name_of, scrolling, table
from woodshed.metrics.interval import bootstrap_interval
from woodshed.recognition.experiments.result import Experiment, SplitResult
from woodshed.report.markdown import pairs_table, plain, plain_table
from woodshed.report.numbers import UNKNOWN, decimal, decimal_range
from woodshed.report.recognition import sections
from woodshed.report.recognition.background import corpus_section, skipped_files, skipped_section
from woodshed.report.recognition.checkup import checkup_part
from woodshed.report.recognition.head_report import HeadReport, ScoreRow, ordered_splits, score_row
from woodshed.report.recognition.scores import MeasuredScore
from woodshed.report.recognition.tuning import tuning_part, tuning_values
from woodshed.report.recognition.wording import EXPLANATIONS, badge_of, method_name

Rows = NDArray[np.float64]

N_RESAMPLES = 200
"""Draws of each bootstrap interval; few, because each is scored output by output."""

Measure = Callable[[Rows, Rows], float]
"""From truth and outputs, shape ``(n_clips, n_names)``, to one score."""


@dataclass(frozen=True)
class MethodScores:
    """The scores of one method on one split, by name of the measure."""

    method: str
    scores: Mapping[str, MeasuredScore]


class MultiOutputReport(HeadReport):
    """Scores of all outputs together and of each.

    Attributes
    ----------
    explanation
        What the measures mean, in two or three sentences.
    measures
        Name -> function from truth and outputs to one score, in the order of the table; the first is the
        main measure.
    """

    explanation: ClassVar[str]
    measures: ClassVar[Mapping[str, Measure]]

    @abc.abstractmethod
    def scores_by_output(self, result: SplitResult) -> dict[str, Rows]:
        """Return the scores of each output of the model by name of the measure, shape ``(n_names,)``."""

    def figures(self, experiment: Experiment, result: SplitResult) -> list[tuple[str, str, Markup]]:
        """Return further sections with figures."""
        return []

    def body(self, experiment: Experiment, max_confused: int) -> Markup:
        """Return the sections of the page."""
        scored = [(result, self.method_scores(experiment, result)) for result in ordered_splits(experiment)]
        tested, methods = scored[0]
        tables = join([*(self._score_table(*pair) for pair in scored), sections.gap_note(experiment)])
        parts = [
            ("scores", "Scores", tables),
            ("outputs", f"Scores by {experiment.head.noun}", self._output_table(experiment, tested)),
            *self.figures(experiment, tested),
            ("learning", "Learning curves", sections.learning_section(tested.curves)),
            *tuning_part(experiment.tuning),
            *checkup_part(experiment.checkup),
            ("skipped", f"Skipped files: {len(skipped_files(experiment))}", skipped_section(experiment)),
            ("background", "Training data", corpus_section(experiment)),
        ]
        return sections.page_of(self._headline(experiment, tested, methods), parts, {})

    def card(self, experiment: Experiment) -> str:
        """Return the model card."""
        heading = ["split", "method", *self.measures]
        rows = [
            [
                plain(result.split) + (f" **{badge_of(result)}**" if badge_of(result) else ""),
                plain(method_name(found.method)),
                *(f"{decimal(s.value)} ({decimal_range(s.interval)})" for s in found.scores.values()),
            ]
            for result in ordered_splits(experiment)
            for found in self.method_scores(experiment, result)
        ]
        names = ", ".join(map(plain, experiment.names))
        parts = [
            f"# {plain(experiment.task)}: trained on {plain(experiment.corpus.name)}",
            f"Predicts {counted(len(experiment.names), experiment.head.noun)}: {names}.",
            f"Trained on {counted(len(experiment.learned), 'clip')}.",
            "## Scores",
            plain_table(heading, rows),
            "The first method is the model, those after it are baselines. In brackets: 95 % bootstrap interval, "
            f"drawn by group where groups are known. {self.explanation}",
            "## Settings",
            pairs_table(experiment.settings),
            "## Provenance",
            pairs_table(experiment.provenance),
        ]
        return "\n\n".join(parts) + "\n"

    def metrics(self, experiment: Experiment) -> dict[str, object]:
        """Return every score of every method on every split, and those of each output."""
        splits = [
            {
                "split": result.split,
                "leaky": result.leaky,
                "methods": {
                    found.method: {
                        name: [score.value, *score.interval] for name, score in found.scores.items()
                    }
                    for found in self.method_scores(experiment, result)
                },
                "columns": {
                    name: dict(zip(experiment.names, values.tolist(), strict=True))
                    for name, values in self.scores_by_output(result).items()
                },
            }
            for result in experiment.splits
        ]
        return {
            "task": experiment.task,
            "labels": list(experiment.names),
            "scores": [row.to_dict() for row in self.score_rows(experiment)],
            "splits": splits,
            **tuning_values(experiment.tuning),
            "provenance": experiment.provenance,
        }

    def score_rows(self, experiment: Experiment) -> list[ScoreRow]:
        """Return the main measure of every method on every split."""
        main = next(iter(self.measures))
        return [
            score_row(result, found.method, main, (found.scores[main].value, found.scores[main].interval))
            for result in ordered_splits(experiment)
            for found in self.method_scores(experiment, result)
        ]

    def method_scores(self, experiment: Experiment, result: SplitResult) -> list[MethodScores]:
        """Score every method on a split, with 95 % intervals drawn by group where groups are known."""
        groups = experiment.corpus.groups
        tested = None if groups is None else np.asarray(groups)[result.indices]
        return [
            MethodScores(
                method,
                {
                    name: _measured(measure, result.truth, outputs, tested)
                    for name, measure in self.measures.items()
                },
            )
            for method, outputs in result.outputs.items()
        ]

    def _headline(self, experiment: Experiment, tested: SplitResult, methods: list[MethodScores]) -> Markup:
        main = next(iter(self.measures))
        score, *others = (found.scores[main] for found in methods)
        baselines = [
            f"{method_name(found.method)}: {decimal(other.value)}."
            for found, other in zip(methods[1:], others, strict=True)
        ]
        basis = (
            f"{counted(len(tested.truth), 'clip')} and {counted(len(experiment.names), experiment.head.noun)}"
        )
        interval = f"95 % interval {decimal_range(score.interval)}, from {basis}. "
        split = name_of(tested.split.partition(",")[0])
        kicker = ("woodshed · ", experiment.task, " · ", name_of(experiment.corpus.name))
        return element(
            "header",
            element("p", *kicker, class_="kicker"),
            element("h1", "On ", split, f", its {main} is ", element("b", decimal(score.value)), "."),
            element("p", interval + " ".join(baselines), class_="lede"),
            *(element("p", EXPLANATIONS[badge], class_="note") for badge in {badge_of(tested)} - {""}),
        )

    def _score_table(self, result: SplitResult, methods: list[MethodScores]) -> Markup:
        rows = [
            [
                method_name(found.method),
                *(
                    join([decimal(s.value), element("span", decimal_range(s.interval), class_="sub")])
                    for s in found.scores.values()
                ),
            ]
            for found in methods
        ]
        badge = f" ({badge_of(result)})" if badge_of(result) else ""
        scores = table(["method", *self.measures], rows, caption=result.split + badge)
        return scrolling(scores, "Scores by method")

    def _output_table(self, experiment: Experiment, result: SplitResult) -> Markup:
        scores = self.scores_by_output(result)
        n_known = (~np.isnan(result.truth)).sum(axis=0)
        first = next(iter(scores.values()))
        order = sorted(range(len(first)), key=lambda k: math.inf if np.isnan(first[k]) else -first[k])
        rows = [
            [
                name_of(experiment.names[k]),
                *(UNKNOWN if np.isnan(v[k]) else f"{v[k]:.3f}" for v in scores.values()),
                str(n_known[k]),
            ]
            for k in order
        ]
        heading = [experiment.head.noun, *scores, "clips"]
        scored = table(heading, rows, caption="Sorted by score", class_="classes")
        return join([scored, element("p", self.explanation, class_="note")])


def _measured(measure: Measure, truth: Rows, outputs: Rows, groups: NDArray[np.str_] | None) -> MeasuredScore:
    interval = bootstrap_interval(
        lambda rows: measure(truth[rows], outputs[rows]), len(truth), n_resamples=N_RESAMPLES, groups=groups
    )
    return MeasuredScore(measure(truth, outputs), interval)
