"""Files beside the data that state a licence, and where the licence of the training data is shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from woodshed.audio import sine, write
from woodshed.data.licence import licence_beside
from woodshed.data.sample import sample_folder
from woodshed.data.source import read_source
from woodshed.data.symbolic_corpus import read_score_corpus
from woodshed.tasks.tune import MUSIC21_LICENCE, read_tunes_corpus

BOOK = "X:1\nT:The Lark\nM:2/4\nL:1/8\nK:D\nD4|A4|\n"


@pytest.mark.parametrize("name", ["LICENSE", "LICENCE.txt", "license-audio.md", "COPYING", "Attribution.md"])
def test_the_first_line_of_a_licence_file_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("\n# CC BY-SA 4.0\n\nmore\n", "utf-8")
    (tmp_path / "licensed-songs.csv").write_text("no", "utf-8")
    assert licence_beside(tmp_path) == f"CC BY-SA 4.0 ({name})"


def test_long_empty_and_undecodable_licences(tmp_path: Path) -> None:
    assert licence_beside(tmp_path) == ""
    assert licence_beside(tmp_path / "absent" / "folder") == ""
    (tmp_path / "ATTRIBUTION").write_bytes(b"")
    (tmp_path / "COPYING").write_bytes(b"M\xfcller " * 100)
    told = licence_beside(tmp_path)
    assert told.startswith("empty (ATTRIBUTION); M")
    assert len(told) < 200


def test_own_sounds_tables_and_scores_state_the_licence_beside_them(tmp_path: Path) -> None:
    for label in ("high", "low"):
        (tmp_path / label).mkdir()
        write(sine(440), tmp_path / label / "1.wav")
    (tmp_path / "book.abc").write_text(BOOK, "utf-8")
    (tmp_path / "sounds.csv").write_text("path,label\nhigh/1.wav,high\nlow/1.wav,low\n", "utf-8")
    for place in (tmp_path, tmp_path / "sounds.csv", f"noisy:{tmp_path}"):
        assert read_source(place).licence == ""
    (tmp_path / "LICENSE.txt").write_text("CC0 1.0\n", "utf-8")
    for place in (tmp_path, tmp_path / "sounds.csv", f"noisy:{tmp_path}"):
        assert read_source(place).licence == "CC0 1.0 (LICENSE.txt)"
    assert read_tunes_corpus(str(tmp_path / "book.abc")).licence == "CC0 1.0 (LICENSE.txt)"
    scores = read_score_corpus(tmp_path, lambda score: score.title)
    assert scores.licence == "CC0 1.0 (LICENSE.txt)"


def test_published_data_state_their_licence() -> None:
    sample = read_source(f"fsdd:{sample_folder()}")
    assert sample.licence == "CC BY-SA 4.0"
    assert "Jackson" in sample.citation


def test_the_collections_of_music21_name_their_transcribers() -> None:
    pytest.importorskip("music21")
    aird = read_tunes_corpus("aird")
    assert aird.licence == MUSIC21_LICENCE
    assert aird.citation.endswith("transcribed by J. Campin")
