"""Prediction: what a model answers, and the forms it can be written in."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from woodshed.errors import printable

NONE_OF_THESE, SILENCE = "none of these", "silence"
"""What is answered instead of a class: to a sound unlike all that was learned from, and to no sound."""


@dataclass(frozen=True)
class Prediction:
    """The answer for one clip.

    Parameters
    ----------
    source
        The clip's name, usually its path.
    label
        The most probable class; or `NONE_OF_THESE` or `SILENCE`.
    probability
        Probability of ``label``, 0 to 1; None if it is not a class.
    probabilities
        Probability of every class, if it is one of them; they sum to 1.
    start_s, end_s
        The stretch of the clip that was judged, in seconds.

    Examples
    --------
    >>> answer = Prediction("a.wav", "seven", 0.9, {"seven": 0.9, "one": 0.1}, 0.0, 0.62)
    >>> print(answer.to_text())
    a.wav  seven  90 %  (0.00-0.62 s)
    >>> json.loads(answer.to_json())["probabilities"]
    {'seven': 0.9, 'one': 0.1}
    >>> print(Prediction("b.wav", SILENCE, None, {"seven": 0.6, "one": 0.4}, 0.0, 1.0).to_text())
    b.wav  silence  (0.00-1.00 s)
    """

    source: str
    label: str
    probability: float | None
    probabilities: Mapping[str, float]
    start_s: float
    end_s: float

    def to_text(self) -> str:
        """Write the answer as one line for a person."""
        sure = "" if self.probability is None else f"  {self.probability:.0%}".replace("%", " %")
        return f"{printable(self.source)}  {self.label}{sure}  ({self.start_s:.2f}-{self.end_s:.2f} s)"

    def to_dict(self) -> dict[str, object]:
        """Return the fields in the order in which they are written."""
        return {
            "source": printable(self.source),
            "label": self.label,
            "probability": self.probability,
            "start_s": self.start_s,
            "end_s": self.end_s,
            "probabilities": dict(self.probabilities),
        }

    def to_json(self) -> str:
        """Write the answer as one line of JSON, in ASCII: no terminal or pipe can garble it."""
        return json.dumps(self.to_dict())

    def to_csv(self) -> str:
        """Write the answer as one CSV row without heading; `predictions_to_csv` writes a table."""
        return predictions_to_csv([self]).split("\r\n", 1)[1].rstrip("\r\n")


def predictions_to_json(predictions: Iterable[Prediction]) -> str:
    """Write a JSON array with one object for each prediction, a line each.

    Examples
    --------
    >>> predictions_to_json([])
    '[]'
    """
    lines = ",\n".join(f"  {prediction.to_json()}" for prediction in predictions)
    return f"[\n{lines}\n]" if lines else "[]"


def predictions_to_csv(predictions: Iterable[Prediction]) -> str:
    r"""Write a table: a heading, then one row for each prediction with a column for each class.

    Examples
    --------
    >>> predictions_to_csv([Prediction("a.wav", "no", 0.75, {"no": 0.75, "yes": 0.25}, 0.0, 1.0)])
    'source,label,probability,start_s,end_s,p(no),p(yes)\r\na.wav,no,0.75,0.0,1.0,0.75,0.25\r\n'
    """
    rows = [prediction.to_dict() for prediction in predictions]
    if not rows:
        return ""
    table = io.StringIO()
    writer = csv.writer(table)
    fields = [name for name in rows[0] if name != "probabilities"]
    labels = list(rows[0]["probabilities"])  # type: ignore[call-overload]
    writer.writerow([*fields, *(f"p({label})" for label in labels)])
    for row in rows:
        by_label: Mapping[str, float] = row["probabilities"]  # type: ignore[assignment]
        writer.writerow([*(row[name] for name in fields), *(by_label[label] for label in labels)])
    return table.getvalue()
