"""Interface of the report of a head, with the parts that all heads share."""

from __future__ import annotations

import abc
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, ClassVar

from woodshed.errors import ParameterError, counted, printable
from woodshed.html.chart import legend
from woodshed.html.document import Markup, element, join, name_of, table, unbroken
from woodshed.metrics.interval import Interval
from woodshed.recognition.experiments.result import Evaluation, Experiment, SearchResult, SplitResult
from woodshed.recognition.heads.head import Head
from woodshed.report.recognition import figures
from woodshed.report.recognition.scores import MeasuredScore
from woodshed.report.wording import (
    EXPLANATIONS,
    UNKNOWN,
    badge_of,
    decimal,
    decimal_range,
    method_name,
    percent,
    percent_range,
)
from woodshed.training.progress import LearningCurve
from woodshed.units import duration_text

Section = tuple[str, str, Markup]
"""Anchor, title and content of a section of the page."""

Scores = Mapping[str, Mapping[str, MeasuredScore]]
"""Method -> name of the measure -> score."""

N_NAMED = 10
"""Maximum number of recordings that a sentence names."""

SLIGHT = 0.02
"""Difference of main measures up to which leakage counts as harmless."""


@dataclass(frozen=True)
class ScoreRow:
    """The main measure of one method on one split.

    Parameters
    ----------
    split
        Name of the split.
    badge
        ``leaky``, ``groups unknown`` or empty; shown wherever the number is.
    method
        Display name of the method.
    measure
        Name of the measure.
    value
        Higher is better; NaN where it is undefined.
    interval
        95 %, drawn by group where groups are known; NaN where there are fewer than two.
    """

    split: str
    badge: str
    method: str
    measure: str
    value: float
    interval: Interval

    def to_dict(self) -> dict[str, Any]:
        """Return plain values by name, for ``metrics.json``."""
        return vars(self) | {"interval": list(self.interval)}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> ScoreRow:
        """Return the row that `to_dict` described; a former version called the value accuracy."""
        value = values.get("value", values.get("accuracy"))
        low, high = (math.nan if end is None else end for end in values["interval"])
        return cls(
            split=values["split"],
            badge=values["badge"],
            method=values["method"],
            measure=values.get("measure", "accuracy"),
            value=math.nan if value is None else value,
            interval=Interval(low, high),
        )


class HeadReport(abc.ABC):
    """How experiments with one head are reported.

    Attributes
    ----------
    purpose
        Start of the sentence that ends with the number and the names of the outputs.
    measures
        Names of the measures, in the order of the score table.
    shares
        The measures that are shares, shown as percentages.
    explanation
        What the measures mean, in a few sentences.
    n_resamples
        Draws of the bootstrap interval of the main measure in a model comparison.
    """

    purpose: ClassVar[str] = "Predicts"
    measures: ClassVar[Collection[str]]
    shares: ClassVar[frozenset[str]] = frozenset()
    explanation: ClassVar[str]
    n_resamples: ClassVar[int] = 200

    @abc.abstractmethod
    def score(self, experiment: Experiment, result: SplitResult, method: str, measure: str) -> MeasuredScore:
        """Return one measure of one method on one split."""

    @abc.abstractmethod
    def sections(self, experiment: Experiment, result: SplitResult, max_confused: int) -> list[Section]:
        """Return the sections of the page about one split in detail.

        Parameters
        ----------
        experiment, max_confused
            As for `woodshed.report.recognition.page.write_page`.
        result
            The split, one of the experiment's.
        """

    def data_sections(self, experiment: Experiment) -> list[Section]:
        """Return further sections about the corpus that only this head has."""
        return []

    @abc.abstractmethod
    def split_values(self, experiment: Experiment, result: SplitResult) -> dict[str, object]:
        """Return the scores on one split as plain values by name, for ``metrics.json``."""

    def limits(self, experiment: Experiment, result: SplitResult) -> list[str]:
        """Return limitations for the model card that only this head has, as Markdown."""
        return []

    def remarks(self, experiment: Experiment, result: SplitResult) -> list[str]:
        """Return sentences that belong to the main measure: what it counts, and what else was noticed.

        They stand below the headline of the page and below the scores on the terminal.
        """
        return overlap_remarks(experiment, result)

    def scores(self, experiment: Experiment, result: SplitResult) -> Scores:
        """Return every measure of every method on one split, the model first."""
        return {
            method: {name: self.score(experiment, result, method, name) for name in self.measures}
            for method in result.outputs
        }

    def score_rows(self, experiment: Experiment) -> list[ScoreRow]:
        """Return the main measure of every method on every split, the model first."""
        measure = experiment.head.main_measure
        return [
            ScoreRow(
                split=result.split,
                badge=badge_of(result.leaky),
                method=method_name(method),
                measure=measure,
                **vars(self.score(experiment, result, method, measure)),
            )
            for result in ordered_splits(experiment)
            for method in result.outputs
        ]

    def metrics(self, experiment: Experiment) -> dict[str, object]:
        """Return every score of every method on every split, for ``metrics.json``."""
        return {
            "task": experiment.task,
            "corpus": experiment.corpus.name,
            "licence": experiment.corpus.licence,
            "citation": experiment.corpus.citation,
            "labels": list(experiment.names),
            "scores": [row.to_dict() for row in self.score_rows(experiment)],
            "splits": [
                {"split": result.split, "leaky": result.leaky, **self.split_values(experiment, result)}
                for result in experiment.splits
            ],
            **tuning_values(experiment.tuning),
            **evaluation_values(experiment.evaluation),
            "provenance": experiment.provenance,
        }

    def value_text(self, measure: str, value: float, digits: int = 1) -> str:
        """Return a score as text; ``digits`` are the decimals of a percentage."""
        return percent(value, digits) if measure in self.shares else decimal(value)

    def interval_text(self, measure: str, interval: Interval, digits: int = 1) -> str:
        """Return the interval of a score as text; ``digits`` are the decimals of a percentage."""
        return percent_range(interval, digits) if measure in self.shares else decimal_range(interval)

    def difference_text(self, measure: str, value: float) -> str:
        """Return a difference of scores as text, with its sign."""
        return f"{100 * value:+.1f}" if measure in self.shares else f"{value:+.3f}"

    def row_texts(self, row: ScoreRow) -> tuple[str, str, str, str, str]:
        """Return split, badge, method, value and interval as text that any terminal can print."""
        return (
            printable(row.split),
            row.badge,
            printable(row.method),
            self.value_text(row.measure, row.value),
            self.interval_text(row.measure, row.interval),
        )

    def leakage_text(self, measure: str, grouped: float, leaky: float) -> str:
        """Compare the score of a model on a grouped split with the one on a leaky split.

        Examples
        --------
        >>> from woodshed.report.recognition import classes, values
        >>> print(classes.REPORT.leakage_text("accuracy", 0.62, 0.95))
        Expected accuracy on new groups: 62.0 %, not 95.0 %. The other 33.0 points are due to groups in both
        the training part and the test part.
        >>> print(values.REPORT.leakage_text("mean R²", 0.5, 0.51))
        Leakage has little effect here: mean R² is 0.510 on the leaky split and 0.500 on the grouped one.
        """
        low, high = self.value_text(measure, grouped), self.value_text(measure, leaky)
        if leaky - grouped < SLIGHT:
            return (
                f"Leakage has little effect here: {measure} is {high} on the leaky split and {low} on the "
                "grouped one."
            )
        difference = self.difference_text(measure, leaky - grouped).removeprefix("+")
        points = f"{difference} points are" if measure in self.shares else f"{difference} is"
        return (
            f"Expected {measure} on new groups: {low}, not {high}. The other {points} due to groups in both "
            "the training part and the test part."
        )

    def leakage_note(self, experiment: Experiment) -> str:
        """Return `leakage_text` for the model; empty unless a grouped and a leaky split were tested."""
        head = experiment.head
        scores = {
            result.leaky: head.main_score(result.truth, result.outputs[result.method])
            for result in reversed(experiment.splits)
        }
        grouped, leaky = scores.get(False, math.nan), scores.get(True, math.nan)
        if math.isnan(grouped) or math.isnan(leaky):
            return ""
        return self.leakage_text(head.main_measure, grouped, leaky)


def overlap_remarks(experiment: Experiment, result: SplitResult) -> list[str]:
    """Return the sentence that names the tested recordings that the model was trained on, if any."""
    learned_from = {} if experiment.evaluation is None else experiment.evaluation.learned_from
    if not learned_from:
        return []
    names = [
        printable(path.name)
        if path.name == name
        else f"{printable(path.name)} (version of {printable(name)})"
        for path, name in learned_from.items()
    ]
    listed = ", ".join(names[:N_NAMED]) + (
        f" and {len(names) - N_NAMED} more" if len(names) > N_NAMED else ""
    )
    verb = "was" if len(names) == 1 else "were"
    return [
        f"{counted(len(names), 'recording')} {verb} in the training data: {listed}. The score is too high."
    ]


def evaluation_values(evaluation: Evaluation | None) -> dict[str, Any]:
    """Return what was noticed about further recordings as plain values, for ``metrics.json``."""
    if evaluation is None:
        return {}
    is_refused = evaluation.is_refused.tolist()
    unknown: dict[str, dict[str, int]] = {}
    for example, refused in zip(evaluation.unknown, is_refused, strict=True):
        counts = unknown.setdefault(example.label, {"n": 0, "refused": 0})
        counts["n"] += 1
        counts["refused"] += refused
    return {
        "evaluation": {
            "matched_labels": dict(evaluation.spellings),
            "unknown_classes": dict(sorted(unknown.items())),
            "learned_from": {printable(path): name for path, name in evaluation.learned_from.items()},
        }
    }


def report_of(head: Head) -> HeadReport:
    """Return the report of a head: ``REPORT`` in the module of this package that has the name of the head."""
    report: HeadReport = import_module(f"woodshed.report.recognition.{head.name}").REPORT
    return report


def ordered_splits(experiment: Experiment) -> tuple[SplitResult, ...]:
    """Return the splits from the most to the least reliable: grouped, groups unknown, leaky.

    Raises
    ------
    ParameterError
        If nothing was tested.
    """
    if not experiment.splits:
        raise ParameterError(
            "A report needs a tested split, and this experiment has none. Evaluate the model on clips that "
            "it was not trained on."
        )
    return tuple(sorted(experiment.splits, key=lambda result: {False: 0, None: 1, True: 2}[result.leaky]))


def outputs_text(experiment: Experiment) -> str:
    """Return the number of outputs with their noun, such as ``4 classes``."""
    noun = experiment.head.noun
    return counted(len(experiment.names), noun)


def split_badge(leaky: bool | None) -> Markup:
    """Return the badge of a split after a space; empty for a grouped one."""
    badge = badge_of(leaky)
    if not badge:
        return Markup("")
    return join([" ", element("span", badge, class_="badge", title=EXPLANATIONS[badge])])


def badge_explanations(splits: Iterable[SplitResult]) -> list[str]:
    """Return the explanation of each badge that some splits have, once."""
    badges = dict.fromkeys(badge_of(result.leaky) for result in splits)
    return [EXPLANATIONS[badge] for badge in badges if badge]


def learning_section(curves: Sequence[LearningCurve]) -> Markup:
    """Draw the loss and the validation accuracy of each fold over the epochs."""
    if not curves:
        return element("p", "No training was recorded.")
    charts = [element("figure", _best_epoch(curve), figures.learning_figure(curve)) for curve in curves]
    lines = [("main", "validation"), ("other", "training"), ("kept", "selected epoch")]
    note = "Top: loss. Bottom: accuracy on the validation part. The model is that of the selected epoch."
    if not any(curve.validation_loss for curve in curves):
        note = "Training loss. No clips were held out, so the last epoch is selected."
        lines = lines[1:]
    return join([element("p", note), legend(lines), element("div", *charts, class_="charts")])


def _best_epoch(curve: LearningCurve) -> Markup:
    """Name the fold and the selected epoch, with its accuracy if that was measured."""
    epoch = f": best epoch {curve.best_epoch + 1} of {len(curve.train_loss)}"
    parts: list[object] = [element("b", name_of(curve.fold)), epoch]
    if curve.validation_accuracy:
        accuracy = percent(curve.validation_accuracy[curve.best_epoch])
        parts += [", validation accuracy ", unbroken(accuracy)]
    return element("figcaption", *parts)


def tuning_sections(tuning: SearchResult | None) -> list[tuple[str, str, Markup]]:
    """Return the section of trials, the best first; empty if there was no search."""
    if tuning is None:
        return []
    names = list(tuning.trials[0].settings)
    others = [(k, trial) for k, trial in enumerate(tuning.trials) if k != tuning.best]
    others.sort(key=lambda numbered: (numbered[1].state != "complete", -(numbered[1].score or 0.0)))
    rows = [
        (
            f"{k + 1}{' (selected)' if k == tuning.best else ''}",
            *(str(trial.settings[name]) for name in names),
            UNKNOWN if trial.score is None else decimal(trial.score),
            duration_text(trial.duration_s),
            trial.state,
        )
        for k, trial in [(tuning.best, tuning.trials[tuning.best]), *others]
    ]
    trials = table(
        ("trial", *names, tuning.measure, "training time", "state"), rows, caption="Trials, the best first"
    )
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
