"""Confusion matrix with the audio of its errors: selecting a cell shows and plays its clips."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray

from woodshed.data.example import Example
from woodshed.errors import AudioError, counted
from woodshed.html.clip import MAX_S, Sound, sound_of
from woodshed.html.document import Markup, element, escape, join, name_of, scrolling, unbroken
from woodshed.parallel import in_threads
from woodshed.recognition.experiments.result import Experiment, SplitResult
from woodshed.report.recognition.scores import ClassPredictions
from woodshed.report.wording import percent

N_SHADES = 10
MAX_NAMES = 12
"""Maximum number of clips of a cell that are listed by name."""

Cell = tuple[int, int]
"""Cell of the confusion matrix: the columns of the true and of the predicted class."""


@dataclass(frozen=True)
class Mistake:
    """A misclassified clip.

    Parameters
    ----------
    row
        Index among the tested clips.
    example
        Index in the corpus.
    cell
        Columns of the true and of the predicted class.
    confidence
        Probability of the predicted class.
    true_probability
        Probability of the true class.
    """

    row: int
    example: int
    cell: Cell
    confidence: float
    true_probability: float

    @property
    def rank(self) -> tuple[float, int]:
        """Sort key that puts the most confident mistakes first."""
        return -self.confidence, self.row


def find_mistakes(predictions: ClassPredictions, examples: NDArray[np.int64]) -> list[Mistake]:
    """Return all clips that are given a wrong class, the most confident first; refused ones have none.

    Parameters
    ----------
    predictions
        The predictions of one split.
    examples
        Shape ``(n,)``: index of each tested clip in the corpus.
    """
    mistakes = []
    for row in np.flatnonzero(~predictions.hits & ~predictions.refused).tolist():
        cell = int(predictions.truth[row]), int(predictions.predicted[row])
        true_probability, confidence = predictions.probabilities[row, list(cell)].tolist()
        mistakes.append(Mistake(row, int(examples[row]), cell, confidence, true_probability))
    return sorted(mistakes, key=lambda mistake: mistake.rank)


def choose_audible(mistakes: Sequence[Mistake], max_confused: int) -> list[Mistake]:
    """Choose the mistakes whose audio is embedded in the page, the most confident first.

    If there are too many, half of the places go to the most confident mistake of each cell, starting with the
    largest cells, so that no frequent confusion is silent; the rest goes to the most confident of all. An
    example that was tested twice is embedded once.

    Parameters
    ----------
    mistakes
        The most confident first, as `find_mistakes` returns them.
    max_confused
        Maximum number of chosen mistakes.
    """
    first = {mistake.example: mistake for mistake in reversed(mistakes)}
    distinct = [mistake for mistake in mistakes if first[mistake.example] is mistake]
    if len(distinct) <= max_confused:
        return distinct
    first_of_cell = {mistake.cell: mistake for mistake in reversed(distinct)}
    by_size = [first_of_cell[cell] for cell, _ in Counter(mistake.cell for mistake in distinct).most_common()]
    chosen = dict.fromkeys([*by_size[: max_confused // 2], *distinct])
    return sorted(list(chosen)[:max_confused], key=lambda mistake: mistake.rank)


def confusion_section(
    experiment: Experiment, result: SplitResult, predictions: ClassPredictions, max_confused: int
) -> Markup:
    """Return the matrix of one split and, beside or below it, the clips of its off-diagonal cells."""
    mistakes = find_mistakes(predictions, result.indices)
    counts = predictions.confusion
    n_refused = int(predictions.refused.sum())
    refused = [element("p", f"Not in the matrix: {counted(n_refused, 'refused clip')}.")] if n_refused else []
    if not mistakes:
        words = "All clips with a predicted class were" if n_refused else "All clips were"
        return join(
            [element("p", f"{words} classified correctly."), *refused, _matrix(experiment.names, counts)]
        )
    audible = set(choose_audible(mistakes, max_confused))
    groups = groupby(sorted(mistakes, key=attrgetter("cell")), attrgetter("cell"))
    by_cell = {cell: list(group) for cell, group in groups}
    embedded = f" (audio of {len(audible)} is embedded)" if len(audible) < len(mistakes) else ""
    examples = [experiment.corpus.examples[mistake.example] for mistake in audible]
    sounds = dict(zip(audible, in_threads(_sound_or_reason, examples, -1), strict=True))
    panels = [_panel(experiment, cell, group, sounds) for cell, group in by_cell.items()]
    return join(
        [
            element(
                "p",
                f"Rows are true classes, columns predicted classes: {len(mistakes)} of "
                f"{counted(int(counts.sum()), 'clip')} were misclassified. Select an underlined number to "
                f"see and play its clips{embedded}. The stronger the colour, the larger the share of the "
                "row; blue is correct, orange wrong.",
            ),
            *refused,
            element(
                "div",
                _matrix(experiment.names, counts, first=_opened_first(by_cell, audible)),
                element("div", *panels, class_="panels"),
                class_="listen",
            ),
        ]
    )


def _opened_first(by_cell: Mapping[Cell, list[Mistake]], audible: set[Mistake]) -> Cell:
    """Choose the largest of the cells with audio; of all cells if none has."""
    cells = [cell for cell, mistakes in by_cell.items() if audible.intersection(mistakes)]
    return max(cells or by_cell, key=lambda cell: (len(by_cell[cell]), -cell[0], -cell[1]))


def _matrix(labels: Sequence[str], counts: NDArray[np.int64], *, first: Cell | None = None) -> Markup:
    upright = "upright" if max(map(len, labels)) > 3 else None
    head = [
        element("th", "true ↓ predicted →", scope="col"),
        *(element("th", name_of(label), scope="col", class_=upright, title=label) for label in labels),
    ]
    body = []
    for row, label in enumerate(labels):
        cells = []
        for column, predicted in enumerate(labels):
            cell = (row, column)
            n, n_row = int(counts[cell]), int(counts[row].sum())
            button = _button(cell, (label, predicted), n, cell == first) if n and row != column else None
            # Rounded up, so that a single mistake is visible.
            shade = -(-N_SHADES * n // n_row) if n_row else 0
            class_ = f"s{shade} right" if row == column else f"s{shade}"
            cells.append(element("td", button or str(n), class_=class_))
        body.append(element("tr", element("th", name_of(label), scope="row", title=label), *cells))
    return scrolling(
        element("table", element("thead", element("tr", *head)), element("tbody", *body), class_="matrix"),
        "Confusion matrix",
    )


def _button(cell: Cell, names: tuple[str, str], n: int, first: bool) -> Markup:
    return element(
        "button",
        str(n),
        type="button",
        data_cell=_panel_id(cell),
        data_first=first,
        aria_expanded="false",
        aria_controls=_panel_id(cell),
        aria_label=f"{counted(n, 'clip')} of {names[0]} predicted as {names[1]}: show and play",
    )


def _panel_id(cell: Cell) -> str:
    return f"cell-{cell[0]}-{cell[1]}"


def _panel(
    experiment: Experiment, cell: Cell, mistakes: Sequence[Mistake], sounds: Mapping[Mistake, Sound | str]
) -> Markup:
    truth, predicted = (name_of(experiment.names[column]) for column in cell)
    clips = [_clip(experiment, mistake, sounds[mistake]) for mistake in mistakes if mistake in sounds]
    # An example that was tested twice may be audible in another cell.
    examples = {mistake.example for mistake in sounds}
    silent = [mistake for mistake in mistakes if mistake.example not in examples]
    return element(
        "div",
        element("h3", truth, " predicted as ", predicted, f": {counted(len(mistakes), 'clip')}"),
        element("div", *clips, class_="clips") if clips else None,
        _names(experiment, silent) if silent else None,
        class_="panel",
        id=_panel_id(cell),
    )


def _names(experiment: Experiment, mistakes: Sequence[Mistake]) -> Markup:
    """List the clips without audio by name, with the confidence of the prediction."""
    names = [
        join([_file_name(experiment, mistake), " ", unbroken(percent(mistake.confidence))])
        for mistake in mistakes[:MAX_NAMES]
    ]
    more = f" and {len(mistakes) - MAX_NAMES} more" if len(mistakes) > MAX_NAMES else ""
    return element("p", "Without audio: ", join(names, ", "), more, ".", class_="note")


def _file_name(experiment: Experiment, mistake: Mistake) -> Markup:
    return name_of(experiment.corpus.examples[mistake.example].path.name)


def _sound_or_reason(example: Example) -> Sound | str:
    """Return a clip as embedded in a page, or why it is not available."""
    try:
        return sound_of(example)
    except AudioError as error:
        return str(error)


def _clip(experiment: Experiment, mistake: Mistake, sound: Sound | str) -> Markup:
    example = experiment.corpus.examples[mistake.example]
    file = element("span", _file_name(experiment, mistake), class_="file")
    if isinstance(sound, str):
        return element(
            "article",
            element("div", file, class_="top"),
            _facts(experiment, mistake),
            element("p", f"Audio not available: {sound}", class_="note"),
            class_="clip",
        )
    button = element(
        "button",
        "▶\N{VARIATION SELECTOR-15}",
        type="button",
        class_="play",
        hidden=True,
        aria_pressed="false",
        aria_label=f"Play {example.path.name}",
    )
    return element(
        "article",
        element("div", button, file, class_="top"),
        element(
            "div",
            sound.waveform,
            element("img", class_="spectrogram", src=sound.spectrogram_uri, alt="Spectrogram"),
            element("span", class_="head"),
            class_="pictures",
        ),
        element("audio", src=sound.audio_uri, controls=True, preload="none"),
        _facts(experiment, mistake, _stretch(example, sound)),
        class_="clip",
    )


def _facts(experiment: Experiment, mistake: Mistake, stretch: str = "") -> Markup:
    truth, predicted = (name_of(experiment.names[column]) for column in mistake.cell)
    group = experiment.corpus.examples[mistake.example].group
    more = [part for part in (name_of(group) if group else "", escape(stretch)) if part]
    return element(
        "p",
        element(
            "span",
            "predicted ",
            element("b", predicted, class_="miss"),
            " ",
            unbroken(percent(mistake.confidence)),
        ),
        element("span", "true ", element("b", truth), " ", unbroken(percent(mistake.true_probability))),
        element("span", join(more, " · "), class_="sub") if more else None,
        class_="facts",
    )


def _stretch(example: Example, sound: Sound) -> str:
    """Return the part of the file that is played, in seconds."""
    end_s = example.start_s + sound.duration_s
    stretch = f"{example.start_s:.2f}–{end_s:.2f} s" if example.start_s else f"{sound.duration_s:.2f} s"
    return f"{stretch} (the first {MAX_S:g} s)" if sound.cut else stretch
