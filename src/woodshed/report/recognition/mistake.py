"""Mistakes: which clips were named wrong, and which of them are put into the page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from woodshed.report.recognition.scores import Answers

Cell = tuple[int, int]
"""A place in the confusion matrix: the columns of the right class and of the answer."""


@dataclass(frozen=True)
class Mistake:
    """A clip that was named wrong.

    Parameters
    ----------
    row
        Its place among the tested.
    example
        Its place in the corpus.
    cell
        Columns of the right class and of the answer.
    sureness
        Probability of the answer.
    doubt
        Probability that was given to the right class.
    """

    row: int
    example: int
    cell: Cell
    sureness: float
    doubt: float


def find_mistakes(answers: Answers, examples: NDArray[np.int64]) -> list[Mistake]:
    """Return every wrong answer, the most confident first.

    Parameters
    ----------
    answers
        What was answered.
    examples
        Shape ``(n,)``: the place of each in the corpus.
    """
    columns = (answers.truth, answers.predicted, answers.probabilities)
    found = [
        Mistake(row, int(examples[row]), (int(truth), int(answer)), float(given[answer]), float(given[truth]))
        for row, (truth, answer, given) in enumerate(zip(*columns, strict=True))
        if truth != answer
    ]
    return sorted(found, key=lambda mistake: (-mistake.sureness, mistake.row))


def pick_heard(mistakes: Sequence[Mistake], max_confused: int) -> list[Mistake]:
    """Choose the mistakes whose sound goes into the page, the most confident first.

    If not all of them fit, half of the page goes to the most confident mistake of each cell, fullest cells
    first, so that no frequent confusion stays silent; the rest goes to the most confident of all. An example
    that was tested twice is heard once.

    Parameters
    ----------
    mistakes
        The most confident first, as `find_mistakes` returns them.
    max_confused
        Most that are chosen.
    """
    once = {mistake.example: mistake for mistake in reversed(mistakes)}
    distinct = [mistake for mistake in mistakes if once[mistake.example] is mistake]
    if len(distinct) <= max_confused:
        return distinct
    first_of_cell = {mistake.cell: mistake for mistake in reversed(distinct)}
    fullest = [first_of_cell[cell] for cell, _ in Counter(mistake.cell for mistake in distinct).most_common()]
    chosen = dict.fromkeys([*fullest[: max_confused // 2], *distinct])
    return sorted(list(chosen)[:max_confused], key=lambda mistake: (-mistake.sureness, mistake.row))
