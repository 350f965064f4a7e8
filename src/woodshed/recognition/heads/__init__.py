"""Heads: the kinds of answer that a recogniser can give.

A head is everything that depends on the kind of answer: how targets are encoded, the output layer and
the loss, baselines, the main measure, and the type of a prediction. A further kind is one file here, one in
`woodshed.report.recognition` under the same name, and a line in `HEADS`.
"""

from __future__ import annotations

HEADS: dict[str, str] = {
    "classes": "woodshed.recognition.heads.classes:ClassesHead",
    "tags": "woodshed.recognition.heads.tags:TagsHead",
    "values": "woodshed.recognition.heads.values:ValuesHead",
}
"""Name of a head -> module and class."""
