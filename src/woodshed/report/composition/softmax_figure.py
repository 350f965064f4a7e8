"""Figures of a softmax analysis."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from woodshed.composition.sequence.softmax_analysis import SoftmaxAnalysis, cosine_similarity
from woodshed.html.chart import Plot, heat_image, round_ticks, span_ticks
from woodshed.html.document import Markup, element
from woodshed.metrics.softmax_layer import effects
from woodshed.symbolic.folk.vocabulary import KINDS
from woodshed.training.progress import assess_overfitting

STYLE = """
svg .ring-1 { stroke: var(--accent); stroke-width: 2.25; }
svg .ring-2 { stroke: var(--wrong); stroke-width: 2; stroke-dasharray: 7 4; }
svg .ring-3 { stroke: var(--ink); stroke-width: 1.5; stroke-dasharray: 2 4; }
svg .ring-4 { stroke: var(--soft); stroke-width: 1.75; }
"""
"""CSS of four lines that differ in dashes as well as in colour."""

LINES = ("ring-1", "ring-2", "ring-3", "ring-4")

N_EXTREMES = 12
"""Number of tokens shown that the bias favours most, and that it suppresses most."""

N_DIRECTIONS = 12
"""Number of directions shown."""

_ROW, _LABELS = 3.6, 92
"""Height of a token in a map, and width of the labels of the token kinds, in pixels."""


def bias_figures(analysis: SoftmaxAnalysis) -> list[Markup]:
    """Draw the tokens that the bias favours and suppresses most, relative to a uniform distribution."""
    ratios = analysis.bias_probabilities * len(analysis.vocabulary)
    order = np.argsort(-ratios, kind="stable")
    low, high = math.floor(10 * ratios.min() - 0.1) / 10, math.ceil(10 * ratios.max() + 0.1) / 10
    figures = []
    for name, tokens in (
        ("most favoured", order[:N_EXTREMES]),
        ("most suppressed", order[::-1][:N_EXTREMES]),
    ):
        n = len(tokens)
        plot = Plot(340, 19 * n + 46, (low, high), (n + 0.4, -0.6), left=52, right=14, top=20, bottom=36)
        marks = [*plot.x_axis(span_ticks(low, high), "times the uniform probability")]
        for k, token in enumerate(tokens):
            word, ratio = analysis.vocabulary[token], float(ratios[token])
            marks += [
                element("text", word, x=44, y=plot.y(k) + 4, text_anchor="end", class_="name"),
                plot.segment((1.0, k), (ratio, k), "spread"),
                plot.dot(ratio, k, "point"),
            ]
        marks += [
            plot.segment((1.0, -0.6), (1.0, n - 0.4), "chance"),
            element("text", name, x=2, y=12, class_="axis strong"),
        ]
        figures.append(plot.draw(f"Tokens {name} by the bias", marks))
    return figures


def kernel_figure(analysis: SoftmaxAnalysis) -> Markup:
    """Draw the effect of each unit on each token, units sorted by the token that they favour most."""
    values = effects(analysis.kernel)
    order = np.argsort(values.argmax(axis=1), kind="stable")
    return _token_map(
        "Effect of each unit on each token",
        values[order].T,
        # Few values are beyond this quantile; scaled to the maximum, the others would be too pale.
        most=float(np.quantile(np.abs(values), 0.99)) or 1.0,
        x_label=f"{len(values)} units, sorted by the token that each favours most",
    )


def singular_value_figure(analysis: SoftmaxAnalysis) -> Markup:
    """Draw the singular values in descending order."""
    values = analysis.directions.sizes
    ticks = round_ticks(float(values[0]))
    plot = Plot(
        460, 250, (1.0, float(len(values))), (0.0, ticks[-1][0]), left=46, right=14, top=24, bottom=40
    )
    numbers = [float(k) for k in range(1, len(values) + 1)]
    marks = [
        *plot.x_axis(span_ticks(1, len(values)), "direction"),
        *plot.y_axis(ticks, "singular value"),
        plot.line(numbers, values.tolist(), "main"),
        plot.dot(1.0, float(values[0]), "point"),
        plot.note(1.0 + 0.02 * len(values), float(values[0]), f"{values[0]:.3g}", "start", "strong"),
    ]
    return plot.draw("Singular values of the softmax layer", marks)


def direction_figure(analysis: SoftmaxAnalysis) -> Markup:
    """Draw the effect of the largest directions on each token."""
    values = analysis.directions.tokens[: min(N_DIRECTIONS, analysis.directions.rank)]
    values = values - values.mean(axis=1, keepdims=True)
    values = values / np.abs(values).max(axis=1, keepdims=True)
    return _token_map(
        "Effect of the largest directions on each token",
        values.T,
        most=1.0,
        x_label="direction",
        names=[str(k + 1) for k in range(len(values))],
        width=460,
    )


def probability_figure(analysis: SoftmaxAnalysis) -> Markup:
    """Draw the square root of the probability of all tokens at each step, so that small ones are visible."""
    return _token_map(
        "Probability of each token while generating a tune",
        np.sqrt(analysis.piece.probabilities.T),
        most=1.0,
        x_label="step",
        x_ticks=span_ticks(0, len(analysis.piece.ids)),
    )


def hidden_figure(analysis: SoftmaxAnalysis) -> Markup:
    """Draw the output of the last layer at every step, units sorted by their mean."""
    values = analysis.piece.hidden[-1]
    order = np.argsort(-values.mean(axis=0), kind="stable")
    n_steps, n_units = values.shape
    plot = Plot(
        960, 360, (0.0, float(n_steps)), (float(n_units), 0.0), left=_LABELS, right=14, top=8, bottom=40
    )
    marks = [
        heat_image(plot, values[:, order].T, most=1.0),
        *plot.x_axis(span_ticks(0, n_steps), "step"),
        *plot.y_axis([(0.0, "highest"), (float(n_units), "lowest")]),
    ]
    return plot.draw("Output of the last layer while generating a tune", marks)


def similarity_figures(analysis: SoftmaxAnalysis) -> list[Markup]:
    """Draw the cosine similarity of all pairs of steps: input token, predictions, and last layer."""
    piece = analysis.piece
    views: dict[str, NDArray[np.floating]] = {
        "input token": np.eye(len(analysis.vocabulary))[piece.ids],
        "predicted probabilities": piece.probabilities,
        "last layer": piece.hidden[-1],
    }
    n = len(piece.ids)
    ticks = span_ticks(0, n, 4)
    figures = []
    for name, rows in views.items():
        plot = Plot(310, 330, (0.0, float(n)), (float(n), 0.0), left=40, right=8, top=24, bottom=24)
        marks = [
            heat_image(plot, cosine_similarity(rows), most=1.0),
            *plot.x_axis(ticks),
            *plot.y_axis(ticks, name),
        ]
        figures.append(plot.draw(f"Cosine similarity of all pairs of steps: {name}", marks))
    return figures


def ablation_figure(analysis: SoftmaxAnalysis) -> Markup:
    """Draw the bits per token against the number of removed directions or units, on a logarithmic axis."""
    baseline, *others = analysis.ablations
    by_method = itertools.groupby(others, key=lambda result: result.ablation.method)
    most = max(math.log2(result.ablation.n_removed) for result in others)
    ticks = round_ticks(max(result.score.bits for result in others))
    plot = Plot(560, 330, (0.0, max(most, 1.0)), (0.0, ticks[-1][0]), left=46, right=18, top=24, bottom=40)
    marks = [
        *plot.x_axis([(float(k), str(2**k)) for k in range(round(most) + 1)], "removed"),
        *plot.y_axis(ticks, "bits per token"),
        plot.segment((0.0, baseline.score.bits), (plot.x_range[1], baseline.score.bits), "chance"),
    ]
    for (_, group), class_ in zip(by_method, LINES, strict=True):
        results = list(group)
        xs = [math.log2(result.ablation.n_removed) for result in results]
        marks.append(plot.line(xs, [result.score.bits for result in results], class_))
    return plot.draw("Bits per token after removing directions or units", marks)


def training_figure(analysis: SoftmaxAnalysis) -> Markup:
    """Draw the losses by epoch, the epoch of the saved weights, and the one that would have sufficed."""
    curve = analysis.curve
    train, held_out = (
        np.asarray(losses) / math.log(2) for losses in (curve.train_loss, curve.validation_loss)
    )
    n = len(train)
    ticks = round_ticks(max(float(np.max(part)) for part in (train, held_out) if part.size))
    plot = Plot(560, 300, (1.0, float(max(n, 2))), (0.0, ticks[-1][0]), left=46, right=18, top=24, bottom=40)
    epochs = [float(k) for k in range(1, n + 1)]
    marks = [
        *plot.x_axis([(float(k), str(k)) for k in range(1, n + 1, max(1, math.ceil(n / 10)))], "epoch"),
        *plot.y_axis(ticks, "bits per token"),
        plot.line(epochs, train.tolist(), "other"),
    ]
    if held_out.size:
        marks.append(plot.line(epochs, held_out.tolist(), "main"))
    if verdict := assess_overfitting(curve):
        marks += [
            plot.segment((verdict.sufficient_epoch, 0.0), (verdict.sufficient_epoch, ticks[-1][0]), "chance"),
            plot.dot(verdict.best_epoch, verdict.best_bits, "kept"),
        ]
    return plot.draw("Loss by epoch", marks)


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
    """Draw a heat map with a row for each token, grouped by kind, and ticks or names of the columns."""
    n_tokens, n_columns = values.shape
    plot = Plot(
        width,
        round(_ROW * n_tokens) + 48,
        (0.0, float(n_columns)),
        (float(n_tokens), 0.0),
        left=_LABELS,
        right=14,
        top=8,
        bottom=40,
    )
    marks = [
        heat_image(plot, values, most=most),
        *plot.x_axis(x_ticks, x_label),
        *(plot.note(k + 0.5, n_tokens + 4.5, name, "middle") for k, name in enumerate(names)),
    ]
    start, lowest = 0, -math.inf
    for kind, words in KINDS.items():
        # The labels of small kinds must not overlap.
        y = max(plot.y(start + len(words) / 2) + 4, lowest + 12.5)
        marks.append(element("text", kind, x=_LABELS - 6, y=round(y, 1), text_anchor="end"))
        marks.append(plot.segment((0.0, start), (float(n_columns), start), "grid"))
        start, lowest = start + len(words), y
    return plot.draw(title, marks)
