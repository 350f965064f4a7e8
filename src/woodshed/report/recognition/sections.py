"""Sections about how well it does: headline, score table, classes, groups, curves."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from woodshed.errors import counted
from woodshed.html.markup import Markup, element, join, name_of, scrolling, table, unbroken
from woodshed.recognition.experiments.column_result import ColumnExperiment
from woodshed.recognition.experiments.result import Experiment, SplitResult
from woodshed.report.recognition import figures
from woodshed.report.recognition.curves import macro_roc, roc_curves
from woodshed.report.recognition.gap import gap_text
from woodshed.report.recognition.scores import MEASURES, Answers, GroupScore, MeasuredScore, Rates
from woodshed.report.recognition.wording import (
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

Scores = Mapping[str, Mapping[str, MeasuredScore]]
"""Method -> name of the measure -> score."""

MAX_GROUPS = 40
MAX_SMALL_ROCS = 24
_DECIMALS = ("log loss", "AUC")


def badge(result: SplitResult) -> Markup:
    """Write the badge of a split, or nothing for an honest one."""
    told = badge_of(result)
    return element("span", told, class_="badge", title=EXPLANATIONS[told]) if told else Markup("")


def headline(
    experiment: Experiment, scored: Sequence[tuple[SplitResult, Scores]], n_groups: int | None
) -> Markup:
    """Write the one sentence that matters, and the two after it."""
    result, scores = scored[0]
    (_, net_scores), *others = scores.items()
    accuracy = net_scores["accuracy"]
    right = element("b", f"{percent(accuracy.value)} right")
    heading = element("h1", "On ", _tested_on(result), ", it names ", right, _after(result), ".")
    basis = counted(len(result.truth), "clip") + (f" of {counted(n_groups, 'group')}" if n_groups else "")
    trust = percent_range(accuracy.interval)
    interval = f"95 % interval {trust}, from {basis}." if trust != UNKNOWN else f"From {basis}."
    beside = [
        join(
            [
                method_name(method, sentence=True),
                " ",
                unbroken(percent(found["accuracy"].value)),
                _after(result),
            ]
        )
        for method, found in others
    ]
    compared = join([" For comparison: ", join(beside, ", "), "."]) if beside else Markup("")
    told = [element("p", EXPLANATIONS[badge_of(result)], class_="note")] if badge_of(result) else []
    rows = [(method_name(name), found["accuracy"], badge_of(result)) for name, found in scores.items()]
    chart = figures.accuracy_figure("Share of right answers by method", rows, emphasis=0)
    return element(
        "header",
        element("p", "woodshed · ", experiment.task, " · ", name_of(experiment.corpus.name), class_="kicker"),
        heading,
        element(
            "div",
            element("div", element("p", interval, compared, class_="lede"), *told),
            element("figure", chart),
            class_="opening",
        ),
    )


def gap_note(experiment: Experiment | ColumnExperiment) -> Markup:
    """Write what a leaky score has too much; nothing unless an honest one stands beside it."""
    gap = gap_text(experiment)
    return element("p", gap) if gap else Markup("")


def score_section(scored: Iterable[tuple[SplitResult, Scores]]) -> Markup:
    """Write the table of every measure by split and method, the honest split first and biggest."""
    head = element("tr", *(element("th", name, scope="col") for name in ("method", *MEASURES)))
    bodies, told = [], {}
    for k, (result, scores) in enumerate(scored):
        size = f"{counted(len(result.truth), 'clip')}"
        name = element(
            "th", name_of(result.split), _after(result), element("span", size, class_="sub"), colspan=6
        )
        rows = [
            element(
                "tr",
                element("th", name_of(method_name(method)), scope="row"),
                *(element("td", _score(measure, score), _after(result)) for measure, score in found.items()),
                class_="net" if row == 0 else None,
            )
            for row, (method, found) in enumerate(scores.items())
        ]
        bodies.append(
            element("tbody", element("tr", name, class_="part"), *rows, class_="later" if k else "first")
        )
        if badge_of(result):
            told[badge_of(result)] = EXPLANATIONS[badge_of(result)]
    content = element("table", element("thead", head), *bodies, class_="scores")
    notes = [element("p", sentence, class_="note") for sentence in told.values()]
    return join(
        [
            scrolling(content, "Scores by split and method"),
            *notes,
            element(
                "p",
                "Small: 95 % bootstrap interval, drawn by group where groups are known. Balanced accuracy is "
                "the mean recall of the classes; macro-F1 the mean of their F1; log loss, in nats, falls as "
                "the true class is given more; AUC is the mean over classes, each against all others.",
                class_="note",
            ),
        ]
    )


def class_section(labels: Sequence[str], rates: Rates) -> Markup:
    """Write every one-against-rest score of every class, and the averages."""
    heading = ["class", *rates.per_class, "clips"]
    rows: list[list[object]] = [
        [
            name_of(label),
            *(_rate(name, float(values[k])) for name, values in rates.per_class.items()),
            str(rates.support[k]),
        ]
        for k, label in enumerate(labels)
    ]
    rows += [
        [
            f"{average} average",
            *(_rate(name, values[name]) for name in rates.per_class),
            str(rates.support.sum()),
        ]
        for average, values in rates.averages.items()
    ]
    told = (
        "FPR, FNR: false positive and negative rate. NPV: negative predictive value. AUC: area under the ROC "
        f"curve. Micro pools all decisions, weighted counts classes by their clips; {UNKNOWN} is 0/0."
    )
    return join(
        [
            table(heading, rows, caption="Each class against all others", class_="classes"),
            element("p", told, class_="note"),
        ]
    )


def roc_section(labels: Sequence[str], answers: Answers) -> Markup:
    """Draw the ROC curves: all together with their mean, then one by one, the worst first."""
    curves = roc_curves(answers)
    macro = macro_roc(curves)
    if macro is None:
        return element("p", "A ROC curve needs clips of two classes; this test has one.")
    known = [(label, curve) for label, curve in zip(labels, curves, strict=True) if curve is not None]
    known.sort(key=lambda pair: pair[1].auc)
    small = [figures.small_roc_figure(label, curve) for label, curve in known[:MAX_SMALL_ROCS]]
    more = f" The {MAX_SMALL_ROCS} worst of {len(known)} are shown." if len(known) > MAX_SMALL_ROCS else ""
    return join(
        [
            element(
                "p",
                "How many clips of a class are found, for every share of false alarms one is ready to bear. "
                f"The dashed diagonal is guessing. Each class on its own has its area beside its name.{more}",
            ),
            element(
                "div",
                element("figure", figures.roc_figure(curves, macro)),
                element("div", *small, class_="small"),
                class_="pair",
            ),
        ]
    )


def group_section(groups: Sequence[GroupScore]) -> Markup:
    """Draw how each group fares, the worst first."""
    if not groups:
        return element("p", "It is not known which clips come from the same speaker, song or recording.")
    rows = [(group.name, group.score, f"of {group.n}") for group in groups[:MAX_GROUPS]]
    per_chart = math.ceil(len(rows) / 2) if len(rows) > 8 else len(rows)
    charts = [
        element("figure", figures.accuracy_figure("Share of right answers by group", rows[k : k + per_chart]))
        for k in range(0, len(rows), per_chart)
    ]
    more = f" The {MAX_GROUPS} worst of {len(groups)} are shown." if len(groups) > MAX_GROUPS else ""
    return join(
        [
            element(
                "p",
                "Share of right answers for each speaker, song or recording, the worst first; the line is "
                f"its 95 % interval (Wilson).{more}",
            ),
            element("div", *charts, class_="charts"),
        ]
    )


def learning_section(curves: Sequence[LearningCurve]) -> Markup:
    """Draw each fold's training."""
    if not curves:
        return element("p", "No training was recorded.")
    charts = []
    for curve in curves:
        told = f"kept epoch {curve.best_epoch + 1} of {len(curve.train_loss)}"
        if curve.validation_accuracy:
            told += f", validation accuracy {percent(curve.validation_accuracy[curve.best_epoch])}"
        caption = element("figcaption", element("b", name_of(curve.fold)), f": {told}")
        charts.append(element("figure", caption, figures.learning_figure(curve)))
    lines = [("main", "validation"), ("other", "training"), ("kept", "epoch that was kept")]
    words = "Above, the loss that training lowers; below, the share of right answers on the validation part."
    if not any(curve.validation_loss for curve in curves):
        words = "The loss that training lowers. Nothing was held out to choose by: the last epoch was kept."
        lines = lines[1:]
    spans = (element("span", figures.swatch(line), f" {name}") for line, name in lines)
    key = element("p", *spans, class_="note key")
    return join([element("p", words), key, element("div", *charts, class_="charts")])


def _tested_on(result: SplitResult) -> Markup:
    """Name what was tested: the words before the comma, quoted unless they are known to be true."""
    name = name_of(result.split.partition(",")[0])
    return name if result.leaky is False else join(["the split “", name, "”"])


def _after(result: SplitResult) -> Markup:
    written = badge(result)
    return join([" ", written]) if written else written


def _score(measure: str, score: MeasuredScore) -> Markup:
    if measure in _DECIMALS:
        value, interval = decimal(score.value), decimal_range(score.interval)
    else:
        value, interval = percent(score.value, 1), percent_range(score.interval, 1)
    return join([value, element("span", interval, class_="sub")])


def _rate(name: str, value: float) -> str:
    return decimal(value) if name in _DECIMALS else percent(value, 1)
