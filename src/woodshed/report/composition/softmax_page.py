"""Report of a softmax analysis: a page with figures, and all numbers as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from woodshed.atomic import write_whole
from woodshed.composition.sequence.softmax_analysis import SoftmaxAnalysis
from woodshed.errors import OutputError, ScoreError, counted, printable
from woodshed.html.chart import HIGH, LOW, colour_swatch, legend
from woodshed.html.chart import STYLE as HEAT_STYLE
from woodshed.html.clip import audio_player, flac
from woodshed.html.document import Markup, document, element, join, name_of, scrolling, table
from woodshed.metrics.softmax_layer import change_for_factor, effects
from woodshed.report.composition.softmax_figure import (
    LINES,
    N_DIRECTIONS,
    ablation_figure,
    bias_figures,
    direction_figure,
    hidden_figure,
    kernel_figure,
    probability_figure,
    similarity_figures,
    singular_value_figure,
    training_figure,
)
from woodshed.report.composition.softmax_figure import STYLE as FIGURE_STYLE
from woodshed.report.wording import decimal, percent
from woodshed.symbolic.edit import set_tempo
from woodshed.symbolic.folk.vocabulary import KINDS
from woodshed.symbolic.rendering import render
from woodshed.tokens.folk.tokenizer import tokens_to_score
from woodshed.training.model_folder import make_folder, to_json
from woodshed.training.progress import assess_overfitting

PAGE_NAME, VALUES_NAME = "report.html", "explain.json"

N_NAMED = 4
"""Number of tokens named at each end of a unit or a direction."""

N_PRINTED = 60
"""Number of tokens printed of a piece that was generated after an ablation."""

PLAYED_METHODS = ("nothing", "largest directions", "units at random")
"""Ablation methods after which a generated tune is printed and can be played."""

PLAYED_S, PLAYED_RATE, PLAYED_BPM = 10.0, 22050, 140.0
"""Duration of a playable tune in seconds, its sample rate in hertz, and its tempo."""

STYLE = f"""
figure.captioned {{ margin: 1.4rem 0 2rem; }}
figure.captioned figcaption {{ font-family: var(--serif); font-size: 1rem; color: var(--ink); max-width: 42rem; margin-top: 0.5rem; }}
pre {{ white-space: pre-wrap; overflow-wrap: anywhere; background: var(--sheet); border-radius: 8px; padding: 0.7rem 1rem; font-size: 0.84rem; margin: 0.3rem 0 1rem; }}
audio {{ display: block; width: 100%; max-width: 32rem; margin: 0 0 1rem; }}
{HEAT_STYLE}{FIGURE_STYLE}"""  # noqa: E501  a line of CSS

Sentences = tuple[str, ...]


@dataclass(frozen=True)
class Section:
    """A section of the page.

    Parameters
    ----------
    heading, question, about
        Its heading, the question that it answers, and an introduction.
    sentences
        The results in words; the first sentence is the summary.
    content
        Figures, tables and sounds.
    """

    heading: str
    question: str
    about: str
    sentences: Callable[[SoftmaxAnalysis], Sentences]
    content: Callable[[SoftmaxAnalysis], Markup]


def prepare_softmax_folder(folder: Path, *, force: bool = False) -> None:
    """Create the folder of a report.

    Raises
    ------
    OutputError
        If it contains a report and ``force`` is false, or cannot be created.
    """
    existing = [name for name in (PAGE_NAME, VALUES_NAME) if (folder / name).exists()]
    if existing and not force:
        raise OutputError(
            f"{printable(folder)} already contains {' and '.join(existing)}. Choose another folder with "
            "--out, or replace them with --force."
        )
    make_folder(folder)


def write_softmax_folder(analysis: SoftmaxAnalysis, folder: Path, model: str) -> None:
    """Write ``report.html`` and ``explain.json``.

    Parameters
    ----------
    analysis
        The results.
    folder
        An existing folder, see `prepare_softmax_folder`.
    model
        Name of the model.

    Raises
    ------
    OutputError
        If a file cannot be written.
    """
    write_whole(folder / VALUES_NAME, to_json({"model": model, **softmax_values(analysis)}))
    write_whole(folder / PAGE_NAME, softmax_page(analysis, model))


def summary(analysis: SoftmaxAnalysis) -> dict[str, str]:
    """Return the heading of each section with its main result."""
    return {section.heading: section.sentences(analysis)[0] for section in SECTIONS.values()}


def softmax_values(analysis: SoftmaxAnalysis) -> dict[str, Any]:
    """Return all results as plain values; units and directions are numbered from 1."""
    with_bias, among = analysis.correlations
    directions = analysis.directions
    verdict = assess_overfitting(analysis.curve)
    return {
        "summary": summary(analysis),
        "n_weights": analysis.n_weights,
        "n_softmax_weights": analysis.kernel.size + analysis.bias.size,
        "bias": {
            word: {"bias": float(bias), "probability": float(probability)}
            for word, bias, probability in zip(
                analysis.vocabulary, analysis.bias, analysis.bias_probabilities, strict=True
            )
        },
        "bar_line_probabilities": dict(bar_line_probabilities(analysis)),
        "units": [
            {
                "unit": number,
                "strength": float(np.linalg.norm(effect)),
                "correlation_with_bias": float(with_bias[number - 1]),
                **_end_values(analysis, effect),
            }
            for number, effect in enumerate(effects(analysis.kernel), start=1)
        ],
        "correlation": {
            "with_bias_mean": float(np.abs(with_bias).mean()),
            "with_bias_most": float(np.abs(with_bias).max()),
            "among_units_mean": float(np.abs(among[np.triu_indices(len(among), 1)]).mean()),
        },
        "directions": {
            "rank": directions.rank,
            "n_null": directions.n_null,
            "singular_values": directions.sizes,
            "common_shares": directions.common_shares,
            "ends": [_end_values(analysis, effect) for effect in directions.tokens[: directions.rank]],
        },
        "similarity": {name: asdict(similarity) for name, similarity in analysis.similarities.items()},
        "tune": _tune_text(analysis),
        "ablation": [
            {
                "removed": result.ablation.description,
                "n_removed": result.ablation.n_removed,
                **asdict(result.score),
                **({"sample": asdict(result.sample)} if result.sample else {}),
            }
            for result in analysis.ablations
        ],
        "training": {"curve": asdict(analysis.curve), **(asdict(verdict) if verdict else {})},
    }


def softmax_page(analysis: SoftmaxAnalysis, model: str) -> str:
    """Return the page as HTML.

    Parameters
    ----------
    analysis
        The results.
    model
        Name of the model.
    """
    n_last = analysis.kernel.size + analysis.bias.size
    header = element(
        "header",
        element("p", "woodshed · explain", class_="kicker"),
        element("h1", "Softmax layer of ", element("b", name_of(model))),
        element(
            "p",
            f"What {n_last:,} of its {analysis.n_weights:,} weights have learned: those of the softmax "
            f"layer, which turns {counted(len(analysis.kernel), 'unit')} into the probabilities of "
            f"{len(analysis.vocabulary)} tokens.",
            class_="lede",
        ),
        element(
            "p",
            "A tune is a sequence of tokens: a metre (“M:6/8”), a mode (“K:Cdor”: C dorian), then bar lines "
            "(“|”), pitches (“G” is an octave below “g”, “^” is sharp, “_” flat, “=” natural) and lengths "
            f"(“2”: two eighths). The results are measured on {counted(len(analysis.traces), 'tune')} from "
            "the training data.",
            class_="note",
        ),
    )
    sections = [
        element(
            "section",
            element("h2", f"{k}. {section.heading}"),
            element("p", element("em", section.question), " ", section.about),
            section.content(analysis),
            id=name,
        )
        for k, (name, section) in enumerate(SECTIONS.items(), start=1)
    ]
    links = [element("a", section.heading, href=f"#{name}") for name, section in SECTIONS.items()]
    return document(
        f"Softmax layer of {model}",
        header,
        element("nav", *links, aria_label="On this page"),
        element("main", *sections),
        element(
            "footer",
            "After B. L. Sturm, “What do these 5,599,881 parameters mean? An analysis of a specific LSTM "
            "music transcription model, starting with the 70,281 parameters of its softmax layer” (MUME "
            "2018). Made by woodshed. The page is self-contained and needs no network.",
        ),
        more_style=STYLE,
    )


def bias_sentences(analysis: SoftmaxAnalysis) -> Sentences:
    """Describe the effect of the bias, and the logit change that doubles a probability."""
    ratios = analysis.bias_probabilities * len(analysis.vocabulary)
    order = np.argsort(-ratios, kind="stable")
    words = [analysis.vocabulary[k] for k in order]
    changes = [
        f"from {percent(probability, 1)} ({name}), {change_for_factor(probability, 2):.2f}"
        for name, probability in bar_line_probabilities(analysis)
        if 2 * probability < 1
    ]
    doubling = (
        f"To double the probability of the bar line, its logit must increase by: {'; '.join(changes)}."
        if changes
        else "The bar line is always more likely than not."
    )
    return (
        f"With all units at 0, the bias favours {quoted(*words[:3])}: {quoted(words[0])} is "
        f"{factor(ratios[order[0]])} as probable as under a uniform distribution over {len(words)} tokens.",
        f"It suppresses {quoted(*words[:-5:-1])} most, {quoted(words[-1])} to {factor(ratios[order[-1]])} "
        "the uniform probability.",
        doubling,
    )


def bar_line_probabilities(analysis: SoftmaxAnalysis) -> list[tuple[str, float]]:
    """Return the probability of the plain bar line in three situations, each with its name."""
    bar = analysis.vocabulary.index("|")
    everywhere = np.concatenate([trace.probabilities[:, bar] for trace in analysis.traces])
    situations = [("bias only", analysis.bias_probabilities[bar]), ("mean of all steps", everywhere.mean())]
    if analysis.due_bar_probabilities.size:
        situations.append(("median before a bar line", np.median(analysis.due_bar_probabilities)))
    return [(name, float(np.clip(probability, 1e-9, 1 - 1e-9))) for name, probability in situations]


def _bias_content(analysis: SoftmaxAnalysis) -> Markup:
    return _captioned(bias_figures(analysis), bias_sentences(analysis))


def unit_sentences(analysis: SoftmaxAnalysis) -> Sentences:
    """Describe the effects of the units, and their correlation with the bias."""
    values = effects(analysis.kernel)
    strongest = int(np.linalg.norm(values, axis=1).argmax())
    raised, lowered = end_tokens(analysis, values[strongest])
    kind_of = {word: kind for kind, words in KINDS.items() for word in words}
    kinds = Counter(kind_of[analysis.vocabulary[k]] for k in values.argmax(axis=1)).most_common(2)
    with_bias, among = analysis.correlations
    pairs = np.abs(among[np.triu_indices(len(among), 1)])
    return (
        f"The strongest of {len(values)} units is number {strongest + 1}: at its maximum it raises "
        f"{quoted(*raised[:3])}, {quoted(raised[0])} to {factor(float(np.exp(values[strongest].max())))} its "
        f"weight, and lowers {quoted(*lowered[:3])}; at its minimum the effect is reversed.",
        f"The token that a unit favours most belongs to "
        f"{' and '.join(f'the {kind} for {n} units' for kind, n in kinds)}; at its maximum a unit raises it "
        f"to {factor(float(np.exp(np.median(values.max(axis=1)))))} its weight (median).",
        f"The absolute correlation with the bias is {np.abs(with_bias).mean():.2f} on average and "
        f"{np.abs(with_bias).max():.2f} at most, in unit {int(np.abs(with_bias).argmax()) + 1}; between two "
        f"units it is {pairs.mean():.2f} on average and {pairs.max():.2f} at most.",
    )


def _unit_content(analysis: SoftmaxAnalysis) -> Markup:
    with_bias, _ = analysis.correlations
    rows = [
        (
            str(unit + 1),
            decimal(float(np.linalg.norm(effect)), 1),
            signed(float(with_bias[unit])),
            *_end_names(analysis, effect),
        )
        for unit, effect in enumerate(effects(analysis.kernel))
    ]
    units = table(
        ("unit", "strength", "correlation with the bias", "favours", "suppresses"),
        rows,
        caption="Effect of each unit at its maximum. Strength: norm of its row of weights.",
    )
    key = _colour_key("favours", "suppresses, at the maximum of the unit")
    return join(
        [
            _captioned([kernel_figure(analysis)], unit_sentences(analysis), key),
            element("div", units, class_="tall"),
        ]
    )


def direction_sentences(analysis: SoftmaxAnalysis) -> Sentences:
    """Describe the singular values, the null space, and the two largest directions."""
    directions = analysis.directions
    values, (first, second) = directions.sizes, directions.tokens[:2]
    frequency = np.corrcoef(first, np.log1p(analysis.counts))[0, 1]
    ends = [quoted(*end[:3]) for end in end_tokens(analysis, second)]
    return (
        f"The largest singular value is {values[0]:.3g}, {values[0] / values[1]:.1f} times the second; "
        f"{percent(float(directions.common_shares[0]))} of this direction moves all logits equally, which "
        "changes no probability.",
        f"The rank is {directions.rank}, with a smallest singular value of "
        f"{values[directions.rank - 1]:.2g}; the null space has {directions.n_null} of "
        f"{len(analysis.kernel)} dimensions.",
        f"Direction 1 correlates by {signed(frequency)} with the log frequency of the tokens in the tunes; "
        f"direction 2 separates {ends[0]} from {ends[1]}.",
    )


def _direction_content(analysis: SoftmaxAnalysis) -> Markup:
    directions = analysis.directions
    energy = directions.sizes**2 / (directions.sizes**2).sum()
    rows = [
        (
            str(k + 1),
            decimal(float(directions.sizes[k]), 1),
            percent(float(energy[k])),
            percent(float(directions.common_shares[k])),
            *_end_names(analysis, directions.tokens[k]),
        )
        for k in range(min(N_DIRECTIONS, directions.rank))
    ]
    sentences = direction_sentences(analysis)
    return join(
        [
            _captioned([singular_value_figure(analysis)], sentences[:2]),
            _captioned(
                [direction_figure(analysis)],
                sentences[2:],
                _colour_key("one end", "other end; the sign is arbitrary"),
            ),
            table(
                (
                    "direction",
                    "singular value",
                    "share of squared norm",
                    "common to all logits",
                    "one end",
                    "other end",
                ),
                rows,
                caption="The largest directions, and the tokens at their ends",
            ),
        ]
    )


def activity_sentences(analysis: SoftmaxAnalysis) -> Sentences:
    """Describe the similarity of steps, the certainty of the predictions, and the last layer."""
    *_, last = analysis.similarities.values()
    predicted = analysis.similarities["predicted probabilities"]
    piece = analysis.piece
    best = piece.probabilities.max(axis=1)
    entropy = -(piece.probabilities * piece.log_probabilities).sum(axis=1) / np.log(2)
    least = int(entropy.argmax())
    return (
        f"In the last layer, two steps at bar lines have a mean cosine similarity of {last.bars:.2f} (over "
        f"{counted(len(analysis.traces), 'tune')}), two at the same other token {last.same:.2f}, and any two "
        f"away from bar lines {last.others:.2f}.",
        f"The similarity of the predicted probabilities is {predicted.bars:.2f} at two bar lines, and "
        f"{predicted.others:.2f} away from them.",
        f"At {int((best > 0.9).sum())} of {len(best)} steps one token has a probability above 90 %; the "
        f"median of the highest probability is {percent(float(np.median(best)))}.",
        f"The prediction is least certain after token {least + 1}, "
        f"{quoted(analysis.vocabulary[piece.ids[least]])}, with an entropy of {entropy[least]:.1f} bits, as "
        f"of {2 ** entropy[least]:.0f} equally probable tokens.",
        *_hidden_sentences(analysis),
    )


def _hidden_sentences(analysis: SoftmaxAnalysis) -> Sentences:
    values = analysis.piece.hidden[-1]
    saturated = int((np.mean(np.abs(values) > 0.9, axis=0) > 0.5).sum())
    inactive = int((np.abs(values).max(axis=0) < 0.1).sum())
    first = (
        f"Of {values.shape[1]} units in the last layer {saturated} exceed ±0.9 at more than half of the "
        f"steps, and {inactive} stay within ±0.1."
    )
    is_bar = np.isin(analysis.piece.ids, analysis.bars)
    if not is_bar.any() or is_bar.all():
        return (first,)
    at_bars, elsewhere = values[is_bar].mean(axis=0), values[~is_bar].mean(axis=0)
    unit = int(np.abs(at_bars - elsewhere).argmax())
    return first, (
        f"Unit {unit + 1} follows the bar lines most closely: on average {signed(at_bars[unit])} just after "
        f"one, {signed(elsewhere[unit])} elsewhere."
    )


def _activity_content(analysis: SoftmaxAnalysis) -> Markup:
    text = _tune_text(analysis)
    sentences = activity_sentences(analysis)
    rows = [
        (name, *(decimal(value, 2) for value in (mean.bars, mean.same, mean.others, mean.mixed)))
        for name, mean in analysis.similarities.items()
    ]
    return join(
        [
            element("pre", text),
            player(text, "The tune"),
            _captioned(
                [probability_figure(analysis)],
                sentences[2:4],
                _colour_key("square root of the probability"),
            ),
            _captioned([hidden_figure(analysis)], sentences[4:], _colour_key("towards 1", "towards −1")),
            _captioned(
                similarity_figures(analysis),
                sentences[:2],
                _colour_key("cosine similarity 1", "cosine similarity −1"),
            ),
            table(
                ("similarity of", "two bar lines", "same other token", "no bar line", "one bar line"),
                rows,
                caption="Mean cosine similarity of two steps of the same tune",
            ),
        ]
    )


def ablation_sentences(analysis: SoftmaxAnalysis) -> Sentences:
    """Describe the loss without the largest direction and without some units, and the generated tunes."""
    whole, *others = analysis.ablations
    first = others[0] if others[0].ablation.method == "largest directions" else whole
    at_random = [result for result in others if result.ablation.method == "units at random"]
    n_units = len(analysis.kernel)
    few = next((result for result in at_random if 8 * result.ablation.n_removed >= n_units), at_random[-1])
    samples = [result.sample for result in (whole, first) if result.sample]
    valid = [percent(sample.valid_share) for sample in samples]
    bars = [percent(sample.bar_share, 1) for sample in samples]
    return (
        f"Without the largest direction the loss is {first.score.bits:.2f} bits per token instead of "
        f"{whole.score.bits:.2f}; the probability of a bar line changes from "
        f"{percent(whole.score.bar_probability, 1)} to {percent(first.score.bar_probability, 1)} over all "
        f"steps, and from {percent(whole.score.due_bar_probability, 1)} to "
        f"{percent(first.score.due_bar_probability, 1)} before a bar line.",
        f"Without {few.ablation.n_removed} of its {n_units} units, chosen at random, the loss is "
        f"{few.score.bits:.2f} bits per token.",
        f"Of {counted(len(samples[0].texts), 'tune')} generated without token constraints, {valid[0]} have "
        f"only complete bars, and {valid[-1]} without the largest direction; bar lines are {bars[0]} and "
        f"{bars[-1]} of the generated tokens.",
    )


def _ablation_content(analysis: SoftmaxAnalysis) -> Markup:
    sampled = [(result, result.sample) for result in analysis.ablations if result.sample]
    rows = [
        (
            result.ablation.description,
            decimal(result.score.bits, 2),
            percent(result.score.bar_probability, 1),
            percent(result.score.due_bar_probability, 1),
            percent(sample.valid_share),
            percent(sample.bar_share, 1),
        )
        for result, sample in sampled
    ]
    played = []
    for result, sample in sampled:
        if result.ablation.method in PLAYED_METHODS:
            label = f"Removed: {result.ablation.description}"
            words = sample.texts[0].split()
            text = " ".join(words[:N_PRINTED]) + (" …" if len(words) > N_PRINTED else "")
            played += [element("h3", label), element("pre", text), player(sample.texts[0], label)]
    methods = dict.fromkeys(result.ablation.method for result in analysis.ablations[1:])
    return join(
        [
            _captioned(
                [ablation_figure(analysis)],
                ablation_sentences(analysis),
                legend(zip(LINES, methods, strict=True)),
            ),
            table(
                (
                    "removed",
                    "bits per token",
                    "P(bar line)",
                    "P(bar line) before one",
                    "tunes with complete bars",
                    "bar lines generated",
                ),
                rows,
                caption="Loss on existing tunes, and properties of generated tunes",
            ),
            *played,
        ]
    )


def training_sentences(analysis: SoftmaxAnalysis) -> Sentences:
    """Describe whether the model is overfitted, and when training could have stopped."""
    verdict = assess_overfitting(analysis.curve)
    train_bits = analysis.ablations[0].score.bits
    if verdict is None:
        return (
            "No pieces were held out, so overfitting cannot be measured; the last epoch ended at "
            f"{analysis.curve.train_loss[-1] / np.log(2):.2f} bits per token.",
            f"On {counted(len(analysis.traces), 'training piece')} the loss is {train_bits:.2f} bits per "
            "token.",
        )
    overfitting = (
        f"it then rose by {verdict.rise_bits:.3f} bits, so the model began to overfit"
        if verdict.was_overfit
        else f"it ended {verdict.rise_bits:.3f} bits above its minimum, so the model is not overfitted"
    )
    return (
        f"The loss on held-out pieces was lowest in epoch {verdict.best_epoch} of {verdict.n_epochs}, with "
        f"{verdict.best_bits:.2f} bits per token; {overfitting}.",
        f"Training could have stopped after epoch {verdict.sufficient_epoch}, which is within 0.01 bits of "
        f"the minimum; on training pieces the loss is {train_bits:.2f} bits, a generalisation gap of "
        f"{verdict.best_bits - train_bits:.2f} bits.",
    )


def _training_content(analysis: SoftmaxAnalysis) -> Markup:
    names = [
        ("other", "training pieces, during training (with dropout)"),
        ("main", "held-out pieces"),
        ("chance", "earliest sufficient epoch"),
    ]
    shown = names if analysis.curve.validation_loss else names[:1]
    return _captioned([training_figure(analysis)], training_sentences(analysis), legend(shown))


SECTIONS = {
    "bias": Section(
        "Bias",
        "Which tokens does it favour on its own?",
        "The logit of a token is the weighted sum of the outputs of the last hidden layer, plus a bias. The "
        "softmax of all logits is the distribution of the next token. The same addition to a logit changes a "
        "small probability by a larger factor than a large one.",
        bias_sentences,
        _bias_content,
    ),
    "units": Section(
        "Units",
        "Which tokens does each unit favour?",
        "Each unit raises some logits and lowers others, in proportion to its output. Units that correlated "
        "strongly with the bias, or with each other, would be redundant.",
        unit_sentences,
        _unit_content,
    ),
    "directions": Section(
        "Singular value decomposition",
        "Which groups of tokens do the units move together?",
        "The decomposition finds, in descending order, the combinations of units that move the logits most. "
        "Each direction raises some tokens and lowers others; its singular value is the size of the effect.",
        direction_sentences,
        _direction_content,
    ),
    "activity": Section(
        "Hidden activity",
        "What happens in the net while it generates a tune?",
        "The model generated the tune below. The maps show, for each token of the tune as input, the "
        "predicted probabilities of the next, the output of the last layer, and the similarity of any two "
        "steps.",
        activity_sentences,
        _activity_content,
    ),
    "ablation": Section(
        "Ablation",
        "What can it no longer do without a part of the layer?",
        "Directions or units of the last layer are removed, and everything else is left unchanged. The "
        "ablated model is scored on existing tunes, and generates new ones.",
        ablation_sentences,
        _ablation_content,
    ),
    "training": Section(
        "Overfitting",
        "Did it memorise the training data, and when could training have stopped?",
        "During training the loss was measured after each epoch on tunes that were held out.",
        training_sentences,
        _training_content,
    ),
}
"""The sections by name, in order."""


def _captioned(figures: Sequence[Markup], sentences: Iterable[str], key: Markup | None = None) -> Markup:
    """Return one figure or several side by side, with a key and a caption."""
    drawn = (
        scrolling(figures[0], "Figure") if len(figures) == 1 else element("div", *figures, class_="charts")
    )
    caption = " ".join(sentences).replace(" %", "\u00a0%")  # keeps the sign on the line of its number
    return element("figure", drawn, key, element("figcaption", caption), class_="captioned")


def _colour_key(high: str, low: str | None = None) -> Markup:
    """Return the colour key of a heat map."""
    return element(
        "p",
        element("span", colour_swatch(HIGH), " ", high),
        element("span", colour_swatch(LOW), " ", low) if low else None,
        class_="note key",
    )


def player(text: str, label: str) -> Markup:
    """Return an audio player of the beginning of a tune, or a note if it cannot be rendered."""
    try:
        clip = render(set_tempo(tokens_to_score(text, repeats=False), PLAYED_BPM), PLAYED_RATE)
    except ScoreError:
        return element("p", "These tokens cannot be played.", class_="note")
    return audio_player(flac(clip.cut(0.0, PLAYED_S)), label)


def end_tokens(analysis: SoftmaxAnalysis, effect: NDArray[np.float64]) -> tuple[list[str], list[str]]:
    """Return the tokens whose logits an effect raises most, and lowers most."""
    words = [analysis.vocabulary[k] for k in np.argsort(-effect, kind="stable")]
    return words[:N_NAMED], words[::-1][:N_NAMED]


def _end_names(analysis: SoftmaxAnalysis, effect: NDArray[np.float64]) -> Iterable[Markup]:
    return (join(map(name_of, end), "  ") for end in end_tokens(analysis, effect))


def _end_values(analysis: SoftmaxAnalysis, effect: NDArray[np.float64]) -> dict[str, list[str]]:
    return dict(zip(("raises", "lowers"), end_tokens(analysis, effect), strict=True))


def _tune_text(analysis: SoftmaxAnalysis) -> str:
    return " ".join(analysis.vocabulary[k] for k in analysis.piece.targets[:-1])


def quoted(*words: str) -> str:
    """Return tokens in quotation marks, as a list.

    Examples
    --------
    >>> quoted("2", "M:4/4", "|1")
    '“2”, “M:4/4” and “|1”'
    """
    marked = [f"“{word}”" for word in words]
    return " and ".join([", ".join(marked[:-1]), marked[-1]] if len(marked) > 1 else marked)


def factor(value: float) -> str:
    """Format a ratio with three significant digits.

    Examples
    --------
    >>> factor(1.374), factor(1.0), factor(123.4), factor(12345.0)
    ('1.37 times', '1.00 times', '123 times', '12,345 times')
    """
    return f"{value:,.0f} times" if value >= 100 else f"{value:#.3g} times"


def signed(value: float) -> str:
    """Format a number with its sign and two decimals.

    Examples
    --------
    >>> signed(0.138), signed(-2.0)
    ('+0.14', '−2.00')
    """
    return f"{value:+.2f}".replace("-", "−")
