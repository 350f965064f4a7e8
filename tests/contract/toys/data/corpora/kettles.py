"""Kettles: sounds of boiling water, one folder for each kettle."""

from __future__ import annotations

from pathlib import Path

from woodshed.data.corpora.facts import CorpusFacts
from woodshed.data.example import Corpus, Example

FACTS = CorpusFacts(
    name="kettles",
    title="Kettles",
    content="boiling water, 3 kettles",
    citation="The authors of this test.",
    licence="CC0",
    url="https://example.org/kettles",
    layout="{kettle}/{take}_{owner}.wav",
    n_examples=27,
)


def load(folder: str | Path) -> Corpus:
    """List the recordings: label the kettle, group the owner."""
    paths = sorted(Path(folder).glob("*/*.wav"))
    examples = (Example(path, path.parent.name, group=path.stem.partition("_")[2]) for path in paths)
    return FACTS.corpus(tuple(examples), group_word="owner")
