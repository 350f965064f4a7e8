"""Figures of the page: ROC curves, accuracies with intervals, learning curves, reliability."""

from __future__ import annotations

import math
from collections.abc import Sequence

from woodshed.html.chart import Plot, percent_ticks, round_ticks
from woodshed.html.markup import Markup, element, join
from woodshed.metrics.interval import wilson_interval
from woodshed.report.recognition.curves import Bin, Roc
from woodshed.report.recognition.scores import MeasuredScore
from woodshed.report.recognition.wording import UNKNOWN, percent, percent_range
from woodshed.training.progress import LearningCurve

_UNIT = (0.0, 1.0)
_MAX_NAME = 22


def roc_figure(curves: Sequence[Roc | None], macro: Roc) -> Markup:
    """Draw every class's curve faintly and their mean over them, in a square."""
    plot = Plot(340, 350, _UNIT, _UNIT, left=46, right=20, top=26, bottom=40)
    known = [curve for curve in curves if curve is not None]
    marks = [
        *plot.x_axis(percent_ticks(), "of the other classes, taken for it (false positives)"),
        *plot.y_axis(percent_ticks(), "of the class, found (true positives)"),
        plot.segment((0, 0), (1, 1), "chance"),
        *(_curve(plot, curve, "faint") for curve in known),
        _curve(plot, macro, "main"),
        plot.note(0.97, 0.06, f"mean AUC {macro.auc:.3f}", "end", "strong"),
    ]
    return plot.draw(f"ROC curves of {len(known)} classes, each against all others, and their mean", marks)


def small_roc_figure(name: str, curve: Roc) -> Markup:
    """Draw one class's curve in a small square with its name and area."""
    plot = Plot(116, 116, _UNIT, _UNIT, left=2, right=2, top=2, bottom=2)
    marks = [
        *(plot.segment((0, level), (1, level), "grid") for level in _UNIT),
        *(plot.segment((level, 0), (level, 1), "grid") for level in _UNIT),
        plot.segment((0, 0), (1, 1), "chance"),
        _curve(plot, curve, "main"),
    ]
    picture = plot.draw(f"ROC curve of {name}, area {curve.auc:.3f}", marks)
    return element("figure", picture, element("figcaption", element("bdi", name), f" {curve.auc:.3f}"))


def accuracy_figure(
    title: str, rows: Sequence[tuple[str, MeasuredScore, str]], *, emphasis: int | None = None
) -> Markup:
    """Draw a dot with its interval for each row, names on the left and numbers on the right.

    Parameters
    ----------
    title
        What the rows are, read aloud.
    rows
        Name, score and a note such as the number of clips.
    emphasis
        Row that is drawn in the accent colour; None for all of them.
    """
    n_rows = len(rows)
    plot = Plot(340, 38 * n_rows + 34, _UNIT, (float(n_rows), 0.0), left=12, right=20, top=4, bottom=30)
    marks = [*plot.x_axis(percent_ticks())]
    for k, (name, score, note) in enumerate(rows):
        muted = "" if emphasis in (None, k) else " muted"
        height = k + 0.72
        low, high = score.interval
        numbers = " ".join(part for part in (percent(score.value), _in_brackets(score), note) if part)
        marks += [
            plot.note(0, k + 0.4, _short(name, _MAX_NAME if note else 2 * _MAX_NAME), "start", "name"),
            plot.note(1, k + 0.4, numbers, "end"),
            plot.segment((0, height), (1, height), "grid"),
        ]
        if not math.isnan(low):
            marks.append(plot.segment((low, height), (high, height), f"spread{muted}"))
        marks.append(plot.dot(score.value, height, f"point{muted}", radius=4.5))
    return plot.draw(title, marks)


def learning_figure(curve: LearningCurve) -> Markup:
    """Draw the losses, and below them the accuracy, over the epochs; the kept epoch is marked.

    A training without a validation part has only its own loss to show.
    """
    n_epochs = len(curve.train_loss)
    epochs = [float(k + 1) for k in range(n_epochs)]
    across = (1.0, float(max(n_epochs, 2)))
    losses = [value for value in (*curve.train_loss, *curve.validation_loss) if math.isfinite(value)]
    ticks = round_ticks(max(losses, default=1.0))
    x_axis = (_epoch_ticks(n_epochs), "epoch")
    judged = bool(curve.validation_loss)
    loss = Plot(
        320,
        150 if judged else 200,
        across,
        (0.0, ticks[-1][0]),
        left=46,
        right=10,
        top=8,
        bottom=22 if judged else 38,
    )
    kept = float(curve.best_epoch + 1)
    marks = [*loss.y_axis(ticks), loss.line(epochs, curve.train_loss, "other")]
    title = f"Loss of fold {curve.fold} over {n_epochs} epochs"
    if not judged:
        return loss.draw(
            title, [*loss.x_axis(*x_axis), *marks, *_kept(loss, kept, curve.train_loss[curve.best_epoch])]
        )
    marks += [
        loss.line(epochs, curve.validation_loss, "main"),
        *_kept(loss, kept, curve.validation_loss[curve.best_epoch]),
    ]
    share = Plot(320, 120, across, _UNIT, left=46, right=10, top=8, bottom=38)
    share_marks = [
        *share.y_axis(percent_ticks(0.5)),
        *share.x_axis(*x_axis),
        share.line(epochs, curve.validation_accuracy, "main"),
        *_kept(share, kept, curve.validation_accuracy[curve.best_epoch]),
    ]
    return join(
        [loss.draw(title, marks), share.draw(f"Validation accuracy of fold {curve.fold}", share_marks)]
    )


def reliability_figure(bins: Sequence[Bin], before: Sequence[Bin] = ()) -> Markup:
    """Draw how many answers were right against how sure they were; bigger dots stand for more answers.

    Parameters
    ----------
    bins
        The answers as they are given, each bin with its 95 % interval.
    before
        The same answers before calibration, drawn as a plain line.
    """
    plot = Plot(340, 340, _UNIT, _UNIT, left=46, right=20, top=32, bottom=40)
    most = max(found.n for found in bins)
    marks = [
        *plot.x_axis(percent_ticks(), "how sure it was"),
        *plot.y_axis(percent_ticks(), "how many of those answers were right"),
        plot.segment((0, 0), (1, 1), "chance"),
    ]
    if before:
        marks.append(plot.line(*_points(before), "other"))
    marks.append(plot.line(*_points(bins), "main" if before else "faint"))
    for found in bins:
        low, high = wilson_interval(round(found.accuracy * found.n), found.n)
        marks.append(plot.segment((found.sureness, low), (found.sureness, high), "whisker"))
    for found in bins:
        radius = 3 + 8 * math.sqrt(found.n / most)  # the area, not the width, is what the eye compares
        marks.append(plot.dot(found.sureness, found.accuracy, "point", radius=radius))
    return plot.draw("Share of right answers against how sure they were", marks)


def swatch(class_: str) -> Markup:
    """Draw a short piece of line for a legend."""
    plot = Plot(26, 10, _UNIT, _UNIT, left=1, right=1, top=1, bottom=1)
    return element(
        "svg",
        plot.line([0, 1], [0.5, 0.5], class_),
        viewBox="0 0 26 10",
        width=26,
        height=10,
        aria_hidden="true",
        xmlns="http://www.w3.org/2000/svg",
    )


def _points(bins: Sequence[Bin]) -> tuple[list[float], list[float]]:
    return [found.sureness for found in bins], [found.accuracy for found in bins]


def _curve(plot: Plot, curve: Roc, class_: str) -> Markup:
    return plot.line(curve.false_rate.tolist(), curve.true_rate.tolist(), class_)


def _kept(plot: Plot, epoch: float, value: float) -> list[Markup]:
    low, high = plot.y_range
    line = plot.segment((epoch, low), (epoch, high), "kept")
    return [line, plot.dot(epoch, value, "kept", radius=3.5)] if math.isfinite(value) else [line]


def _epoch_ticks(n_epochs: int) -> list[tuple[float, str]]:
    step = max(1, math.ceil(n_epochs / 5))
    return [(float(epoch), str(epoch)) for epoch in range(1, n_epochs + 1, step)]


def _in_brackets(score: MeasuredScore) -> str:
    written = percent_range(score.interval)
    return "" if written == UNKNOWN else f"({written})"


def _short(name: str, length: int) -> str:
    return name if len(name) <= length else name[: length - 1] + "…"
