"""GTZAN: the fault-filtered split is the published one."""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path

import pytest

from woodshed.data.corpora.gtzan import fault_filtered_parts, load

PUBLISHED = {
    "train": (443, "82df3d4426e1dc8a"),
    "validation": (197, "049e4ab67938aa22"),
    "test": (290, "54cd6cf4ad283da2"),
}
"""Clips in each list that torchaudio 2.11 ships, and the start of the SHA-256 of its sorted lines."""


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with all thousand files, empty."""
    folder = tmp_path_factory.mktemp("gtzan")
    genres = ("blues", "classical", "country", "disco", "hiphop", "jazz", "metal", "pop", "reggae", "rock")
    for genre in genres:
        (folder / "genres" / genre).mkdir(parents=True)
        for number in range(100):
            (folder / "genres" / genre / f"{genre}.{number:05}.au").touch()
    return folder


@pytest.mark.parametrize("part", PUBLISHED)
def test_each_part_holds_exactly_the_published_clips(part: str) -> None:
    names = sorted(name for name, where in fault_filtered_parts().items() if where == part)
    digest = hashlib.sha256("\n".join(names).encode()).hexdigest()[:16]
    assert (len(names), digest) == PUBLISHED[part]


def test_the_other_seventy_clips_are_set_aside(unpacked: Path) -> None:
    corpus = load(unpacked)
    assert Counter(row.split for row in corpus.examples) == {"train": 443, "validation": 197, "test": 290}
    assert len(corpus.skipped) == 70
    assert "hiphop.00039.au" in {row.path.name for row in corpus.skipped}
    assert "left out of the fault-filtered split" in corpus.skipped[0].reason
    assert corpus.groups is None


def test_all_clips_come_with_a_warning_and_without_a_split(unpacked: Path) -> None:
    with pytest.warns(UserWarning, match="the score will be too good"):
        corpus = load(unpacked, filtered=False)
    assert (len(corpus.examples), len(corpus.skipped)) == (1000, 0)
    assert not corpus.has_official_split
