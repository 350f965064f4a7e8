"""Confusion matrix that can be heard: press a cell and its clips are shown and played."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from woodshed.data.example import Example
from woodshed.errors import AudioError, counted
from woodshed.html.markup import Markup, element, escape, join, name_of, scrolling, unbroken
from woodshed.html.sounds import MAX_S, Sound, sound_of
from woodshed.recognition.experiments.result import Experiment, SplitResult
from woodshed.report.numbers import percent
from woodshed.report.recognition.mistake import Cell, Mistake, find_mistakes, pick_heard
from woodshed.report.recognition.scores import Answers

N_SHADES = 10
MAX_NAMES = 12
"""Most clips of a cell that are listed by name."""


def confusion_section(
    experiment: Experiment, result: SplitResult, answers: Answers, max_confused: int
) -> Markup:
    """Write the matrix of one split and, beside or below it, the clips behind its wrong cells."""
    mistakes = find_mistakes(answers, result.indices)
    counts = answers.confusion
    if not mistakes:
        return join([element("p", "It took no clip for another class."), _matrix(experiment.names, counts)])
    heard = set(pick_heard(mistakes, max_confused))
    by_cell: dict[Cell, list[Mistake]] = defaultdict(list)
    for mistake in mistakes:
        by_cell[mistake.cell].append(mistake)
    silent = f" The page holds the sound of {len(heard)} of them." if len(heard) < len(mistakes) else ""
    words = (
        f"Rows are what a clip is, columns what the model said: {len(mistakes)} of "
        f"{counted(int(counts.sum()), 'clip')} were named wrong. Press an underlined number to see and hear "
        f"which.{silent} The stronger the colour, the greater the share of the row; blue is right, orange is "
        "wrong."
    )
    panels = [_panel(experiment, cell, by_cell[cell], heard) for cell in sorted(by_cell)]
    return join(
        [
            element("p", words),
            element(
                "div",
                _matrix(experiment.names, counts, first=_opened_first(by_cell, heard)),
                element("div", *panels, class_="panels"),
                class_="listen",
            ),
        ]
    )


def _opened_first(by_cell: Mapping[Cell, list[Mistake]], heard: set[Mistake]) -> Cell:
    """Choose the fullest of the cells that can be heard; of all cells when none can."""
    audible = [cell for cell, mistakes in by_cell.items() if heard.intersection(mistakes)]
    return max(audible or by_cell, key=lambda cell: (len(by_cell[cell]), -cell[0], -cell[1]))


def _matrix(labels: Sequence[str], counts: NDArray[np.int64], *, first: Cell | None = None) -> Markup:
    upright = "upright" if max(map(len, labels)) > 3 else None
    head = [
        element("th", "is ↓ said →", scope="col"),
        *(element("th", name_of(label), scope="col", class_=upright, title=label) for label in labels),
    ]
    body = []
    for row, label in enumerate(labels):
        cells = []
        for column, answer in enumerate(labels):
            cell = (row, column)
            n, n_row = int(counts[cell]), int(counts[row].sum())
            button = _button(cell, (label, answer), n, cell == first) if n and row != column else None
            shade = -(-N_SHADES * n // n_row) if n_row else 0  # rounded up: one mistake is seen too
            class_ = f"s{shade} right" if row == column else f"s{shade}"
            cells.append(element("td", button or str(n), class_=class_))
        body.append(element("tr", element("th", name_of(label), scope="row", title=label), *cells))
    table = element("table", element("thead", element("tr", *head)), element("tbody", *body), class_="matrix")
    return scrolling(table, "Confusion matrix")


def _button(cell: Cell, names: tuple[str, str], n: int, first: bool) -> Markup:
    return element(
        "button",
        str(n),
        type="button",
        data_cell=_panel_id(cell),
        data_first=first,
        aria_expanded="false",
        aria_controls=_panel_id(cell),
        aria_label=f"{counted(n, 'clip')} of {names[0]} taken for {names[1]}: show and play",
    )


def _panel_id(cell: Cell) -> str:
    return f"cell-{cell[0]}-{cell[1]}"


def _panel(experiment: Experiment, cell: Cell, mistakes: Sequence[Mistake], heard: set[Mistake]) -> Markup:
    truth, answer = (name_of(experiment.names[column]) for column in cell)
    heading = element("h3", truth, " taken for ", answer, f": {counted(len(mistakes), 'clip')}")
    clips = [_clip(experiment, mistake) for mistake in mistakes if mistake in heard]
    heard_examples = {
        mistake.example for mistake in heard
    }  # one that was tested twice may be in another cell
    silent = [mistake for mistake in mistakes if mistake.example not in heard_examples]
    return element(
        "div",
        heading,
        element("div", *clips, class_="clips") if clips else None,
        _names(experiment, silent) if silent else None,
        class_="panel",
        id=_panel_id(cell),
    )


def _names(experiment: Experiment, mistakes: Sequence[Mistake]) -> Markup:
    """List clips that are not in the page by name, with how sure the wrong answer was."""
    listed = []
    for mistake in mistakes[:MAX_NAMES]:
        name = name_of(experiment.corpus.examples[mistake.example].path.name)
        listed.append(join([name, " ", unbroken(percent(mistake.sureness))]))
    more = f" and {len(mistakes) - MAX_NAMES} more" if len(mistakes) > MAX_NAMES else ""
    return element("p", "Not in this page: ", join(listed, ", "), more, ".", class_="note")


def _clip(experiment: Experiment, mistake: Mistake) -> Markup:
    example = experiment.corpus.examples[mistake.example]
    file = element("span", name_of(example.path.name), class_="file")
    try:
        sound = sound_of(example)
    except AudioError as error:
        told = element("p", "Cannot be played any more: ", str(error), class_="note")
        return element(
            "article", element("div", file, class_="top"), _facts(experiment, mistake), told, class_="clip"
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
    pictures = element(
        "div",
        sound.waveform,
        element("img", class_="spectrogram", src=sound.spectrogram_uri, alt="Spectrogram"),
        element("span", class_="head"),
        class_="pictures",
    )
    return element(
        "article",
        element("div", button, file, class_="top"),
        pictures,
        element("audio", src=sound.audio_uri, controls=True, preload="none"),
        _facts(experiment, mistake, _stretch(example, sound)),
        class_="clip",
    )


def _facts(experiment: Experiment, mistake: Mistake, stretch: str = "") -> Markup:
    truth, answer = (name_of(experiment.names[column]) for column in mistake.cell)
    group = experiment.corpus.examples[mistake.example].group
    more = [part for part in (name_of(group) if group else "", escape(stretch)) if part]
    return element(
        "p",
        element(
            "span", "said ", element("b", answer, class_="miss"), " ", unbroken(percent(mistake.sureness))
        ),
        element("span", "is ", element("b", truth), " ", unbroken(percent(mistake.doubt))),
        element("span", join(more, " · "), class_="sub") if more else None,
        class_="facts",
    )


def _stretch(example: Example, sound: Sound) -> str:
    end_s = example.start_s + sound.duration_s
    told = f"{example.start_s:.2f}–{end_s:.2f} s" if example.start_s else f"{sound.duration_s:.2f} s"
    return f"{told} (the first {MAX_S:g} s)" if sound.cut else told
