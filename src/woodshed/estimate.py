"""Estimate: the numbers that are heard in a clip, as plain values that can be written anywhere."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from woodshed.errors import printable


@dataclass(frozen=True)
class Estimate:
    """The answer for one clip, one number for each target.

    Parameters
    ----------
    source
        The clip's name, usually its path.
    values
        Each number by name, in the unit in which it was learned.
    start_s, end_s
        The stretch of the clip that was judged, in seconds.
    word
        What the numbers amount to in a word, such as the quadrant of a mood; empty if there is none.

    Examples
    --------
    >>> answer = Estimate("a.wav", {"valence": 0.5, "arousal": -0.25}, 0.0, 2.0, "calm")
    >>> print(answer.to_text())
    a.wav  valence 0.5, arousal -0.25  calm  (0.00-2.00 s)
    >>> json.loads(answer.to_json())["values"]
    {'valence': 0.5, 'arousal': -0.25}
    >>> answer.to_csv()
    'a.wav,calm,0.0,2.0,0.5,-0.25'
    """

    source: str
    values: Mapping[str, float]
    start_s: float
    end_s: float
    word: str = ""

    def to_text(self) -> str:
        """Write the answer as one line for a person, numbers with three digits."""
        told = ", ".join(f"{name} {value:.3g}" for name, value in self.values.items())
        parts = [printable(self.source), told, self.word, f"({self.start_s:.2f}-{self.end_s:.2f} s)"]
        return "  ".join(part for part in parts if part)

    def to_dict(self) -> dict[str, object]:
        """Return the fields in the order in which they are written."""
        return {
            "source": printable(self.source),
            "word": self.word,
            "start_s": self.start_s,
            "end_s": self.end_s,
            "values": dict(self.values),
        }

    def to_json(self) -> str:
        """Write the answer as one line of JSON, in ASCII: no terminal or pipe can garble it."""
        return json.dumps(self.to_dict())

    def to_cells(self) -> dict[str, object]:
        """Return the cells of a row of a table by heading."""
        head = {"source": printable(self.source), "word": self.word}
        return {**head, "start_s": self.start_s, "end_s": self.end_s, **self.values}

    def to_csv(self) -> str:
        """Write the answer as one CSV row without heading; `answers_to_csv` writes a table."""
        return row_to_csv(self.to_cells().values())


class Answer(Protocol):
    """What a tagger or a regressor says of a clip."""

    def to_cells(self) -> dict[str, object]:
        """Return the cells of a row of a table by heading."""


def answers_to_csv(answers: Iterable[Answer]) -> str:
    r"""Write a table: a heading, then one row for each answer.

    Examples
    --------
    >>> answers_to_csv([Estimate("a.wav", {"snr_db": 12.5}, 0.0, 1.0)])
    'source,word,start_s,end_s,snr_db\r\na.wav,,0.0,1.0,12.5\r\n'
    """
    rows = [answer.to_cells() for answer in answers]
    return "".join(row_to_csv(row) + "\r\n" for row in ([rows[0].keys()] if rows else [])) + "".join(
        row_to_csv(row.values()) + "\r\n" for row in rows
    )


def row_to_csv(cells: Iterable[object]) -> str:
    """Write one row without the end of the line.

    Examples
    --------
    >>> row_to_csv(["a,b", 1])
    '"a,b",1'
    """
    table = io.StringIO()
    csv.writer(table).writerow(cells)
    return table.getvalue().rstrip("\r\n")
