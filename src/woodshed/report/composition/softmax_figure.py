"""Figures of a softmax analysis."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from woodshed.composition.sequence.softmax_analysis import SoftmaxAnalysis
from woodshed.composition.sequence.trace import Trace, gram
from woodshed.html.chart import Plot, round_ticks, span_ticks
from woodshed.html.heat_map import heat_image
from woodshed.html.markup import Markup, element
from woodshed.metrics.softmax_layer import changed_probability, effects
from woodshed.report.numbers import percent
from woodshed.symbolic.folk.vocabulary import KINDS
from woodshed.training.progress import assess_overfitting

STYLE = """
svg .ring-1 { stroke: var(--accent); stroke-width: 2.25; }
svg .ring-2 { stroke: var(--wrong); stroke-width: 2; stroke-dasharray: 7 4; }
svg .ring-3 { stroke: var(--ink); stroke-width: 1.5; stroke-dasharray: 2 4; }
svg .ring-4 { stroke: var(--soft); stroke-width: 1.75; }
svg rect.bar { fill: var(--accent); }
"""
"""Four lines that are told apart by dashes as well as by colour; bars."""

LINES = ("ring-1", "ring-2", "ring-3", "ring-4")

N_EXTREMES = 12
"""So many tokens are shown that the bias favours, and as many that it suppresses."""

N_DIRECTIONS = 12
"""So many directions are drawn over the tokens."""

_ROW, _LABELS = 3.6, 92
"""Height of a token in a map, and room for the names of their kinds, in pixels."""


def bias_figures(analysis: SoftmaxAnalysis) -> list[Markup]:
    """Draw what the bias alone favours, and what it suppresses, around a line at no effect."""
    ratios = analysis.bias_chances * len(analysis.vocabulary)
    order = np.argsort(-ratios, kind="stable")
    low, high = math.floor(10 * ratios.min() - 0.1) / 10, math.ceil(10 * ratios.max() + 0.1) / 10
    parts = {"most favoured": order[:N_EXTREMES], "most suppressed": order[::-1][:N_EXTREMES]}
    return [
        _lollipops(name, [(analysis.vocabulary[k], float(ratios[k])) for k in part], (low, high))
        for name, part in parts.items()
    ]


def _lollipops(name: str, rows: Sequence[tuple[str, float]], across: tuple[float, float]) -> Markup:
    plot = Plot(
        340, 19 * len(rows) + 46, across, (len(rows) + 0.4, -0.6), left=52, right=14, top=20, bottom=36
    )
    marks = [*plot.x_axis(span_ticks(*across), "times the even share")]
    for k, (word, ratio) in enumerate(rows):
        marks += [
            element("text", word, x=44, y=plot.y(k) + 4, text_anchor="end", class_="name"),
            plot.segment((1.0, k), (ratio, k), "spread"),
            plot.dot(ratio, k, "point"),
        ]
    marks.append(plot.segment((1.0, -0.6), (1.0, len(rows) - 0.4), "chance"))
    marks.append(element("text", name, x=2, y=12, class_="axis strong"))
    return plot.draw(f"Tokens {name} by the bias alone", marks)


def kernel_figure(analysis: SoftmaxAnalysis) -> Markup:
    """Draw all weights, a column for each unit; units that favour the same kind of token stand together."""
    moved = effects(analysis.kernel)
    order = np.argsort(moved.argmax(axis=1), kind="stable")
    return _token_map(
        "What each unit does to each token",
        moved[order].T,
        most=_bright(moved),
        x_label=f"{len(moved)} units, a column for each, sorted by the token that it favours most",
    )


def closed_form_figure(analysis: SoftmaxAnalysis, chances: Sequence[tuple[str, float]]) -> Markup:
    """Draw by which factor a chance changes with its logit, for some chances; both scales are even ratios."""
    changes = np.linspace(-4, 4, 161)
    plot = Plot(460, 330, (-4.0, 4.0), (-6.0, 6.0), left=56, right=14, top=24, bottom=40)
    ticks = [(float(power), f"×{2**power}" if power >= 0 else f"×1/{2**-power}") for power in range(-6, 7, 2)]
    marks = [
        *plot.x_axis([(float(x), f"{x:+d}" if x else "0") for x in range(-4, 5, 2)], "added to the logit"),
        *plot.y_axis(ticks, "chance, times what it was"),
    ]
    for (_, chance), class_ in zip(chances, LINES, strict=False):
        factors = changed_probability(chance, changes) / chance
        marks.append(plot.line(changes.tolist(), np.clip(np.log2(factors), -6, 6).tolist(), class_))
    return plot.draw("By which factor the chance of the bar line changes with its logit", marks)


def correlation_figure(analysis: SoftmaxAnalysis) -> Markup:
    """Draw how many units correlate with the bias, and how much."""
    with_bias, _ = analysis.correlations
    counts, edges = np.histogram(with_bias, bins=np.linspace(-1, 1, 41))
    ticks = round_ticks(float(counts.max()))
    plot = Plot(460, 250, (-1.0, 1.0), (0.0, ticks[-1][0]), left=46, right=14, top=24, bottom=40)
    bars = [
        element(
            "rect",
            class_="bar",
            x=plot.x(left) + 0.5,
            y=plot.y(n),
            width=round(plot.x(right) - plot.x(left) - 1, 1),
            height=round(plot.y(0) - plot.y(n), 1),
        )
        for n, left, right in zip(counts.tolist(), edges[:-1], edges[1:], strict=True)
        if n
    ]
    axes = [
        *plot.x_axis([(x, f"{x:+g}" if x else "0") for x in (-1.0, -0.5, 0.0, 0.5, 1.0)], "correlation"),
        *plot.y_axis(ticks, "units"),
    ]
    return plot.draw("Correlation of what each unit favours with what the bias favours", [*axes, *bars])


def size_figure(analysis: SoftmaxAnalysis) -> Markup:
    """Draw the singular values, the largest first."""
    sizes = analysis.directions.sizes
    ticks = round_ticks(float(sizes[0]))
    plot = Plot(460, 250, (1.0, float(len(sizes))), (0.0, ticks[-1][0]), left=46, right=14, top=24, bottom=40)
    numbers = [float(k) for k in range(1, len(sizes) + 1)]
    marks = [
        *plot.x_axis(span_ticks(1, len(sizes)), "direction"),
        *plot.y_axis(ticks, "singular value"),
        plot.line(numbers, sizes.tolist(), "main"),
        plot.dot(1.0, float(sizes[0]), "point"),
        plot.note(1.0 + 0.02 * len(sizes), float(sizes[0]), f"{sizes[0]:.3g}", "start", "strong"),
    ]
    return plot.draw("Singular values of the softmax layer", marks)


def direction_figure(analysis: SoftmaxAnalysis) -> Markup:
    """Draw what the first directions do to each token, a column for each."""
    moved = analysis.directions.tokens[: min(N_DIRECTIONS, analysis.directions.rank)]
    moved = moved - moved.mean(axis=1, keepdims=True)
    moved = moved / np.abs(moved).max(axis=1, keepdims=True)
    return _token_map(
        "What the largest directions do to each token",
        moved.T,
        most=1.0,
        x_label="direction",
        names=[str(k + 1) for k in range(len(moved))],
        width=460,
    )


def chance_figure(analysis: SoftmaxAnalysis) -> Markup:
    """Draw the chances of all tokens at each moment of a tune; their roots, so that small ones are seen."""
    return _token_map(
        "Chance of each token while the tune was written",
        np.sqrt(analysis.piece.chances.T),
        most=1.0,
        x_label="token of the tune that was just read",
        x_ticks=span_ticks(0, len(analysis.piece.ids)),
    )


def hidden_figure(analysis: SoftmaxAnalysis) -> Markup:
    """Draw the values of the last layer's units at every moment, units sorted by their mean."""
    values = analysis.piece.hidden[-1]
    order = np.argsort(-values.mean(axis=0), kind="stable")
    n_moments, n_units = values.shape
    plot = Plot(
        960, 360, (0.0, float(n_moments)), (float(n_units), 0.0), left=_LABELS, right=14, top=8, bottom=40
    )
    marks = [
        heat_image(plot, values[:, order].T, most=1.0),
        *plot.x_axis(span_ticks(0, n_moments), "token of the tune that was just read"),
        *plot.y_axis([(0.0, "highest"), (float(n_units), "lowest")]),
    ]
    return plot.draw("Values of the units of the last layer while the tune was written", marks)


def gram_figures(piece: Trace, n_tokens: int) -> list[Markup]:
    """Draw how alike every two moments are, by what is read, by what is expected, and to the last layer."""
    views: dict[str, NDArray[np.floating]] = {
        "the token read": np.eye(n_tokens)[piece.ids],
        "the chances of the next": piece.chances,
        "the last layer": piece.hidden[-1],
    }
    n = len(piece.ids)
    drawn = []
    for name, rows in views.items():
        plot = Plot(310, 330, (0.0, float(n)), (float(n), 0.0), left=40, right=8, top=24, bottom=24)
        ticks = span_ticks(0, n, 4)
        marks = [
            heat_image(plot, gram(rows), most=1.0),
            *plot.x_axis(ticks),
            *plot.y_axis(ticks, name),
        ]
        drawn.append(plot.draw(f"How alike every two moments of the tune are, by {name}", marks))
    return drawn


def decline_figure(analysis: SoftmaxAnalysis) -> Markup:
    """Draw how many bits a token takes after cuts of each way; what is removed doubles from step to step."""
    whole, *others = analysis.ablations
    by_way = {way: list(cuts) for way, cuts in itertools.groupby(others, key=lambda one: one.cut.way)}
    most = max(math.log2(one.cut.n_removed) for one in others)
    top = max(one.judged.bits for one in others)
    ticks = round_ticks(top)
    plot = Plot(560, 330, (0.0, max(most, 1.0)), (0.0, ticks[-1][0]), left=46, right=18, top=24, bottom=40)
    steps = [(float(k), str(2**k)) for k in range(round(most) + 1)]
    marks = [
        *plot.x_axis(steps, "removed"),
        *plot.y_axis(ticks, "bits a token"),
        plot.segment((0.0, whole.judged.bits), (plot.x_range[1], whole.judged.bits), "chance"),
    ]
    for ablations, class_ in zip(by_way.values(), LINES, strict=True):
        across = [math.log2(one.cut.n_removed) for one in ablations]
        marks.append(plot.line(across, [one.judged.bits for one in ablations], class_))
    return plot.draw("Bits a token after directions or units were removed", marks)


def training_figure(analysis: SoftmaxAnalysis) -> Markup:
    """Draw the losses over the epochs, the epoch that was kept, and the one that would have done."""
    curve = analysis.curve
    train, held_out = (
        np.asarray(losses) / math.log(2) for losses in (curve.train_loss, curve.validation_loss)
    )
    n = len(train)
    highest = max(float(np.max(part)) for part in (train, held_out) if part.size)
    ticks = round_ticks(highest)
    plot = Plot(560, 300, (1.0, float(max(n, 2))), (0.0, ticks[-1][0]), left=46, right=18, top=24, bottom=40)
    epochs = [float(k) for k in range(1, n + 1)]
    marks = [
        *plot.x_axis([(float(k), str(k)) for k in range(1, n + 1, max(1, math.ceil(n / 10)))], "epoch"),
        *plot.y_axis(ticks, "bits a token"),
        plot.line(epochs, train.tolist(), "other"),
    ]
    if held_out.size:
        marks.append(plot.line(epochs, held_out.tolist(), "main"))
    if found := assess_overfitting(curve):
        marks += [
            plot.segment((found.sufficient_epoch, 0.0), (found.sufficient_epoch, ticks[-1][0]), "chance"),
            plot.dot(found.best_epoch, found.best_bits, "kept"),
        ]
    return plot.draw("Losses over the epochs of the training", marks)


def _token_map(
    title: str,
    values: NDArray[np.floating],
    *,
    most: float,
    x_label: str,
    x_ticks: Sequence[tuple[float, str]] = (),
    names: Sequence[str] = (),
    width: int = 960,
) -> Markup:
    """Draw a map with a row for each token, its kinds ruled off; below it, ticks or names of the columns."""
    n_tokens, n_columns = values.shape
    height = round(_ROW * n_tokens) + 48
    plot = Plot(
        width,
        height,
        (0.0, float(n_columns)),
        (float(n_tokens), 0.0),
        left=_LABELS,
        right=14,
        top=8,
        bottom=40,
    )
    marks = [heat_image(plot, values, most=most), *plot.x_axis(x_ticks, x_label)]
    marks += [plot.note(k + 0.5, n_tokens + 4.5, name, "middle") for k, name in enumerate(names)]
    start, lowest = 0, -math.inf
    for kind, words in KINDS.items():
        # Names of small kinds make room for each other.
        y = max(plot.y(start + len(words) / 2) + 4, lowest + 12.5)
        marks.append(element("text", kind, x=_LABELS - 6, y=round(y, 1), text_anchor="end"))
        marks.append(plot.segment((0.0, start), (float(n_columns), start), "grid"))
        start, lowest = start + len(words), y
    return plot.draw(title, marks)


def _bright(values: NDArray[np.float64]) -> float:
    """Return a value that few are beyond, so that the rest is not too pale."""
    return float(np.quantile(np.abs(values), 0.99)) or 1.0


def chance_note(chances: Sequence[tuple[str, float]]) -> list[tuple[str, str]]:
    """Return class and words of each line of `closed_form_figure`."""
    return [
        (class_, f"from {percent(chance, 1)}, {name}")
        for (name, chance), class_ in zip(chances, LINES, strict=False)
    ]
