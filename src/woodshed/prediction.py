"""Predictions of one clip, as plain values that can be written as text, JSON and CSV."""

from __future__ import annotations

import io
import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from woodshed.delimited import csv_writer
from woodshed.errors import printable

NONE_OF_THESE, SILENCE = "none of these", "silence"
"""Labels used instead of a class: for a sound unlike all training data, and for a clip without sound."""


class ClipPrediction(ABC):
    """Prediction of one clip; the base of `Prediction`, `Tagging` and `Estimate`."""

    @abstractmethod
    def to_text(self) -> str:
        """Return one line for a person."""

    @abstractmethod
    def to_dict(self) -> dict[str, object]:
        """Return the fields in the order in which they are written."""

    @abstractmethod
    def to_cells(self) -> dict[str, object]:
        """Return one table row as a mapping from column name to value."""

    def to_json(self) -> str:
        """Return one line of JSON, in ASCII, so that any terminal or pipe can carry it."""
        return json.dumps(self.to_dict())

    def to_csv(self) -> str:
        """Return one CSV row without header; `predictions_to_csv` writes a table."""
        return _csv_line(self.to_cells().values())


@dataclass(frozen=True)
class Prediction(ClipPrediction):
    """Predicted class of one clip.

    Parameters
    ----------
    source
        Name of the clip, usually its path.
    label
        The most probable class, or `NONE_OF_THESE` or `SILENCE`.
    probability
        Probability of ``label``, 0 to 1; None if ``label`` is not a class.
    probabilities
        Probability of each class; they sum to 1.
    start_s, end_s
        The part of the clip that was classified, in seconds.

    Examples
    --------
    >>> prediction = Prediction("a.wav", "seven", 0.9, {"seven": 0.9, "one": 0.1}, 0.0, 0.62)
    >>> print(prediction.to_text())
    a.wav  seven  90 %  (0.00-0.62 s)
    >>> json.loads(prediction.to_json())["probabilities"]
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
        """Return one line of text, probability in per cent."""
        per_cent = "" if self.probability is None else f"  {self.probability:.0%}".replace("%", " %")
        return f"{printable(self.source)}  {self.label}{per_cent}  {_span_text(self.start_s, self.end_s)}"

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

    def to_cells(self) -> dict[str, object]:
        """Return one table row as a mapping from column name to value: a column for each class."""
        cells = self.to_dict()
        del cells["probabilities"]
        return cells | {f"p({label})": value for label, value in self.probabilities.items()}


@dataclass(frozen=True)
class Tagging(ClipPrediction):
    """Predicted tags of one clip, each with an independent probability.

    Parameters
    ----------
    source
        Name of the clip, usually its path.
    tags
        The tags above their thresholds, the most probable first.
    probabilities
        Probability of each tag, 0 to 1, the most probable first; they do not sum to 1.
    start_s, end_s
        The part of the clip that was tagged, in seconds.

    Examples
    --------
    >>> prediction = Tagging("a.wav", ("fast", "drums"), {"fast": 0.9, "drums": 0.6, "harp": 0.1}, 0.0, 2.0)
    >>> print(prediction.to_text())
    a.wav  fast 90 %, drums 60 %  (0.00-2.00 s)
    >>> json.loads(prediction.to_json())["tags"]
    ['fast', 'drums']
    >>> prediction.to_csv()
    'a.wav,fast|drums,0.0,2.0,0.6,0.9,0.1'
    """

    source: str
    tags: tuple[str, ...]
    probabilities: Mapping[str, float]
    start_s: float
    end_s: float

    def to_text(self) -> str:
        """Return one line of text, probabilities in per cent."""
        tags = ", ".join(f"{tag} {100 * self.probabilities[tag]:.0f} %" for tag in self.tags) or "no tag"
        return f"{printable(self.source)}  {tags}  {_span_text(self.start_s, self.end_s)}"

    def to_dict(self) -> dict[str, object]:
        """Return the fields in the order in which they are written."""
        return {
            "source": printable(self.source),
            "tags": list(self.tags),
            "start_s": self.start_s,
            "end_s": self.end_s,
            "probabilities": dict(self.probabilities),
        }

    def to_cells(self) -> dict[str, object]:
        """Return one table row as a mapping from column name to value: a column for each tag, sorted."""
        by_tag = {f"p({tag})": self.probabilities[tag] for tag in sorted(self.probabilities)}
        head = {"source": printable(self.source), "tags": "|".join(self.tags)}
        return {**head, "start_s": self.start_s, "end_s": self.end_s, **by_tag}


@dataclass(frozen=True)
class Estimate(ClipPrediction):
    """Predicted values of one clip, one number for each target.

    Parameters
    ----------
    source
        Name of the clip, usually its path.
    values
        Target name -> value, in the unit of the training data.
    start_s, end_s
        The part of the clip that was used, in seconds.
    word
        A word that summarises the values, such as the quadrant of a mood; empty if there is none.

    Examples
    --------
    >>> prediction = Estimate("a.wav", {"valence": 0.5, "arousal": -0.25}, 0.0, 2.0, "calm")
    >>> print(prediction.to_text())
    a.wav  valence 0.5, arousal -0.25  calm  (0.00-2.00 s)
    >>> json.loads(prediction.to_json())["values"]
    {'valence': 0.5, 'arousal': -0.25}
    >>> prediction.to_csv()
    'a.wav,calm,0.0,2.0,0.5,-0.25'
    """

    source: str
    values: Mapping[str, float]
    start_s: float
    end_s: float
    word: str = ""

    def to_text(self) -> str:
        """Return one line of text, values with three significant digits."""
        values = ", ".join(f"{name} {value:.3g}" for name, value in self.values.items())
        parts = [printable(self.source), values, self.word, _span_text(self.start_s, self.end_s)]
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

    def to_cells(self) -> dict[str, object]:
        """Return one table row as a mapping from column name to value: a column for each target."""
        cells = self.to_dict()
        del cells["values"]
        return cells | dict(self.values)


def predictions_to_json(predictions: Iterable[ClipPrediction]) -> str:
    """Return a JSON array with one line for each prediction.

    Examples
    --------
    >>> predictions_to_json([])
    '[]'
    """
    lines = ",\n".join(f"  {prediction.to_json()}" for prediction in predictions)
    return f"[\n{lines}\n]" if lines else "[]"


def predictions_to_csv(predictions: Iterable[ClipPrediction]) -> str:
    r"""Return a CSV table: a header, then one row for each prediction.

    The predictions must be of one model: the header and the order of the columns are those of the first.

    Examples
    --------
    >>> predictions_to_csv([Prediction("a.wav", "no", 0.75, {"no": 0.75, "yes": 0.25}, 0.0, 1.0)])
    'source,label,probability,start_s,end_s,p(no),p(yes)\r\na.wav,no,0.75,0.0,1.0,0.75,0.25\r\n'
    >>> predictions_to_csv([Estimate("a.wav", {"snr_db": 12.5}, 0.0, 1.0)])
    'source,word,start_s,end_s,snr_db\r\na.wav,,0.0,1.0,12.5\r\n'
    """
    rows = [prediction.to_cells() for prediction in predictions]
    if not rows:
        return ""
    lines = [rows[0].keys(), *([row[name] for name in rows[0]] for row in rows)]
    return "".join(_csv_line(line) + "\r\n" for line in lines)


def _csv_line(cells: Iterable[object]) -> str:
    """Return one CSV row without the line end."""
    line = io.StringIO()
    csv_writer(line).writerow(cells)
    return line.getvalue().rstrip("\r\n")


def _span_text(start_s: float, end_s: float) -> str:
    return f"({start_s:.2f}-{end_s:.2f} s)"
