"""Tagging: which tags a clip has, as plain values that can be written anywhere."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from woodshed.errors import printable
from woodshed.estimate import row_to_csv


@dataclass(frozen=True)
class Tagging:
    """The answer for one clip, each tag with a probability of its own.

    Parameters
    ----------
    source
        The clip's name, usually its path.
    tags
        Those that are thought to be true, the most probable first.
    probabilities
        Probability of every tag, 0 to 1 each, the most probable first; they do not sum to 1.
    start_s, end_s
        The stretch of the clip that was judged, in seconds.

    Examples
    --------
    >>> answer = Tagging("a.wav", ("fast", "drums"), {"fast": 0.9, "drums": 0.6, "harp": 0.1}, 0.0, 2.0)
    >>> print(answer.to_text())
    a.wav  fast 90 %, drums 60 %  (0.00-2.00 s)
    >>> json.loads(answer.to_json())["tags"]
    ['fast', 'drums']
    >>> answer.to_csv()
    'a.wav,fast|drums,0.0,2.0,0.6,0.9,0.1'
    """

    source: str
    tags: tuple[str, ...]
    probabilities: Mapping[str, float]
    start_s: float
    end_s: float

    def to_text(self) -> str:
        """Write the answer as one line for a person."""
        told = ", ".join(f"{tag} {100 * self.probabilities[tag]:.0f} %" for tag in self.tags) or "no tag"
        return f"{printable(self.source)}  {told}  ({self.start_s:.2f}-{self.end_s:.2f} s)"

    def to_dict(self) -> dict[str, object]:
        """Return the fields in the order in which they are written."""
        return {
            "source": printable(self.source),
            "tags": list(self.tags),
            "start_s": self.start_s,
            "end_s": self.end_s,
            "probabilities": dict(self.probabilities),
        }

    def to_json(self) -> str:
        """Write the answer as one line of JSON, in ASCII: no terminal or pipe can garble it."""
        return json.dumps(self.to_dict())

    def to_cells(self) -> dict[str, object]:
        """Return the cells of a row of a table by heading; the tags in the order of the alphabet."""
        by_name = {f"p({tag})": self.probabilities[tag] for tag in sorted(self.probabilities)}
        head = {"source": printable(self.source), "tags": "|".join(self.tags)}
        return {**head, "start_s": self.start_s, "end_s": self.end_s, **by_name}

    def to_csv(self) -> str:
        """Write the answer as one CSV row without heading; `answers_to_csv` writes a table."""
        return row_to_csv(self.to_cells().values())
