"""The recordings in the package: small, balanced, and with their licence."""

from __future__ import annotations

from collections import Counter

from woodshed.data.check import check
from woodshed.data.corpora import load
from woodshed.data.sample import sample_folder


def test_every_speaker_says_every_digit_equally_often() -> None:
    corpus = load("fsdd", sample_folder())
    counts = Counter((row.group, row.label) for row in corpus.examples)
    assert len(counts) == 6 * 10
    assert set(counts.values()) == {15}
    assert Counter(row.split for row in corpus.examples) == {"train": 780, "test": 120}


def test_it_fits_and_every_recording_is_sound() -> None:
    files = [path for path in sample_folder().rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 3.7e6
    assert check(load("fsdd", sample_folder())).skipped == ()


def test_licence_and_authors_are_beside_it() -> None:
    assert "CC BY-SA 4.0" in (sample_folder() / "LICENSE.txt").read_text(encoding="utf-8")
    text = (sample_folder() / "ATTRIBUTION.md").read_text(encoding="utf-8")
    assert all(word in text for word in ("Z. Jackson", "10.5281/zenodo.1342401", "26eb9aaf76e8", "Changed:"))
