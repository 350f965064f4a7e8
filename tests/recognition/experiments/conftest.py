"""A corpus of which tests may delete files."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from woodshed.data.example import Corpus


@pytest.fixture
def own_corpus(toy_corpus: Corpus, tmp_path: Path) -> Corpus:
    """Return a copy of the corpus whose files may be deleted."""
    examples = []
    for k, example in enumerate(toy_corpus.examples):
        path = shutil.copy(example.path, tmp_path / f"{k}{example.path.suffix}")
        examples.append(replace(example, path=Path(path)))
    (tmp_path / "other.bin").write_bytes(examples[-1].path.read_bytes())
    return replace(toy_corpus, examples=tuple(examples))
