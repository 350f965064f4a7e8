"""Repertoires: whole families are dealt, official splits are kept, files that cannot be used are named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from woodshed.data.example import Skipped
from woodshed.data.symbolic_corpus import PARTS, SymbolicCorpus, scores_with_keys
from woodshed.errors import DataError, ParameterError
from woodshed.score import Note, Score
from woodshed.symbolic import write_midi
from woodshed.tasks.chorale import read_chorale_corpus
from woodshed.tasks.tune import read_tunes_corpus


@pytest.mark.parametrize("seed", range(5))
def test_families_are_never_divided_and_every_piece_is_dealt_once(seed: int) -> None:
    rng = np.random.default_rng(seed)
    families = tuple(str(k) for k in rng.integers(0, 30, 120))
    pieces = tuple(f"piece {k}" for k in range(120))
    dealt = SymbolicCorpus("r", pieces, pieces, families).divide(test=0.2, validation=0.1, seed=seed)
    assert sorted(k for part in PARTS for k in dealt[part]) == list(range(120))
    owners = [{families[k] for k in dealt[part]} for part in PARTS]
    assert sum(map(len, owners)) == len(set(families))
    assert 16 <= len(dealt["test"]) <= 24
    assert 8 <= len(dealt["validation"]) <= 12


def test_with_two_families_all_is_learned_from() -> None:
    dealt = SymbolicCorpus("r", ("a", "b"), ("a", "b"), ("1", "2")).divide()
    assert dealt == {"train": [0, 1], "validation": [], "test": []}


def test_without_a_piece_the_first_reason_is_told() -> None:
    with pytest.raises(DataError, match=r"1 piece cannot be used\. The first: it is empty"):
        SymbolicCorpus("r", (), (), (), skipped=(Skipped(Path("a.abc"), "it is empty"),))


def test_a_midi_file_without_key_gets_the_one_that_fits(tmp_path: Path) -> None:
    pitches = [67, 69, 71, 72, 74, 76, 78, 79, 74, 71, 67, 67]  # the scale of G major, and its chord
    write_midi(Score([Note(k, 1, pitch) for k, pitch in enumerate(pitches)]), tmp_path / "a.mid")
    (score,) = scores_with_keys(tmp_path / "a.mid")
    assert (score.keys[0].n_sharps, score.keys[0].mode) == (1, "major")


def test_copies_are_left_out_and_tunes_that_cannot_be_said_are_named(tmp_path: Path) -> None:
    tune = "X:1\nT:The Lark\nM:2/4\nL:1/8\nK:D\nD4|A4|\n"
    (tmp_path / "a.abc").write_text(tune + "\nX:2\nT:Five\nM:5/4\nL:1/8\nK:D\nD10|\n", "utf-8")
    (tmp_path / "b.abc").write_text(tune, "utf-8")
    found = read_tunes_corpus(str(tmp_path))
    assert (len(found.pieces), found.n_copies, len(found.skipped)) == (1, 1, 1)
    assert found.skipped[0].path.name == "a.abc"
    assert "5/4" in found.skipped[0].reason


@pytest.mark.data
def test_the_official_split_of_the_chorales_is_kept(shared_data: Path) -> None:
    found = read_chorale_corpus(f"jsb_chorales:{shared_data / 'jsb_chorales'}")
    assert [len(part) for part in found.divide().values()] == [229, 76, 77]
    quarters = read_chorale_corpus(f"jsb_chorales:{shared_data / 'jsb_chorales'}", 1)
    assert (quarters.pieces[5] == found.pieces[5][::4]).all()
    with pytest.raises(ParameterError, match="Set steps_per_beat to 4, 2 or 1, got 3"):
        read_chorale_corpus(f"jsb_chorales:{shared_data / 'jsb_chorales'}", 3)
