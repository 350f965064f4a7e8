"""Sections of the page about scores by class and group, ROC curves and training."""

from __future__ import annotations

import math
from collections.abc import Sequence

from woodshed.html.chart import legend
from woodshed.html.markup import Markup, element, join, name_of, table, unbroken
from woodshed.report.numbers import UNKNOWN, decimal, percent
from woodshed.report.recognition import figures
from woodshed.report.recognition.scores import ClassPredictions, GroupScore, Rates
from woodshed.report.recognition.wording import EXPLANATIONS, badge_of
from woodshed.training.progress import LearningCurve

MAX_GROUPS = 40
MAX_SMALL_ROCS = 24


def split_badge(leaky: bool | None) -> Markup:
    """Return the badge of a split after a space; empty for a grouped one."""
    badge = badge_of(leaky)
    if not badge:
        return Markup("")
    return join([" ", element("span", badge, class_="badge", title=EXPLANATIONS[badge])])


def class_section(labels: Sequence[str], rates: Rates) -> Markup:
    """Return the table of every one-against-rest score of every class, and the averages."""
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
    note = (
        "FPR, FNR: false positive and false negative rate. NPV: negative predictive value. AUC: area under "
        "the ROC curve. Micro averages pool all decisions; weighted averages weight classes by their "
        f"clips. {UNKNOWN}: undefined (0/0)."
    )
    return join(
        [
            table(heading, rows, caption="Each class against all others", class_="classes"),
            element("p", note, class_="note"),
        ]
    )


def roc_section(labels: Sequence[str], predictions: ClassPredictions) -> Markup:
    """Draw the ROC curves: all together with their mean, then one by one, the worst first."""
    curves = figures.roc_curves(predictions)
    macro = figures.macro_roc(curves)
    if macro is None:
        return element("p", "ROC curves need test clips of at least two classes.")
    by_auc = sorted(
        ((label, curve) for label, curve in zip(labels, curves, strict=True) if curve is not None),
        key=lambda pair: pair[1].auc,
    )
    small = [figures.small_roc_figure(label, curve) for label, curve in by_auc[:MAX_SMALL_ROCS]]
    note = (
        "True positive rate over false positive rate for every threshold, each class against all others. "
        "The bold line is the mean over the classes, the dashed diagonal is chance. The small charts show "
        "each class with its area under the curve, the worst first"
    )
    more = f" ({MAX_SMALL_ROCS} of {len(by_auc)})" if len(by_auc) > MAX_SMALL_ROCS else ""
    return join(
        [
            element("p", note, more, "."),
            element(
                "div",
                element("figure", figures.roc_figure(curves, macro)),
                element("div", *small, class_="small"),
                class_="pair",
            ),
        ]
    )


def group_section(groups: Sequence[GroupScore]) -> Markup:
    """Draw the accuracy of each group, the worst first."""
    if not groups:
        return element("p", "The groups of the clips (speaker, song or recording) are unknown.")
    rows = [(group.name, group.score, f"of {group.n}") for group in groups[:MAX_GROUPS]]
    per_chart = math.ceil(len(rows) / 2) if len(rows) > 8 else len(rows)
    charts = [
        element("figure", figures.accuracy_figure("Accuracy by group", rows[k : k + per_chart]))
        for k in range(0, len(rows), per_chart)
    ]
    more = f" ({MAX_GROUPS} of {len(groups)})" if len(groups) > MAX_GROUPS else ""
    note = (
        f"Accuracy for each speaker, song or recording with its 95 % Wilson interval, the worst first{more}."
    )
    return join([element("p", note), element("div", *charts, class_="charts")])


def learning_section(curves: Sequence[LearningCurve]) -> Markup:
    """Draw the loss and the validation accuracy of each fold over the epochs."""
    if not curves:
        return element("p", "No training was recorded.")
    charts = []
    for curve in curves:
        text: list[object] = [f": best epoch {curve.best_epoch + 1} of {len(curve.train_loss)}"]
        if curve.validation_accuracy:
            accuracy = percent(curve.validation_accuracy[curve.best_epoch])
            text += [", validation accuracy ", unbroken(accuracy)]
        caption = element("figcaption", element("b", name_of(curve.fold)), *text)
        charts.append(element("figure", caption, figures.learning_figure(curve)))
    lines = [("main", "validation"), ("other", "training"), ("kept", "selected epoch")]
    note = "Top: loss. Bottom: accuracy on the validation part. The model is that of the selected epoch."
    if not any(curve.validation_loss for curve in curves):
        note = "Training loss. No clips were held out, so the last epoch is selected."
        lines = lines[1:]
    return join([element("p", note), legend(lines), element("div", *charts, class_="charts")])


def _rate(name: str, value: float) -> str:
    return decimal(value) if name == "AUC" else percent(value, 1)
