"""Rolls to learn from: what sounds in every frame, without copies; the chorales in their official parts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from woodshed.data.corpora.jsb_chorales import GRIDS
from woodshed.errors import DataError, ParameterError
from woodshed.tasks.roll import read_roll_corpus
from woodshed.tokens.roll import PianoRoll

TUNE = "X:{}\nT:{}\nM:2/4\nL:1/4\nK:C\n[CE]G|c2|]\n\n"


def test_files_become_frames_and_copies_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "a.abc").write_text(TUNE.format(1, "One") + TUNE.format(2, "The One no. 2"))
    (tmp_path / "b.abc").write_text(TUNE.format(1, "Two").replace("c2", "d2"))
    (tmp_path / "c.abc").write_text("nothing")
    found = read_roll_corpus(str(tmp_path), PianoRoll(1))
    assert found.pieces == (((60, 64), (67,), (72,), (72,)), ((60, 64), (67,), (74,), (74,)))
    assert (found.titles, found.families, found.n_copies) == (("One", "Two"), ("one", "two"), 1)
    assert [one.path.name for one in found.skipped] == ["c.abc"]


def test_every_usable_tune_of_a_book_is_used_and_the_others_are_named(tmp_path: Path) -> None:
    low = TUNE.format(3, "Low").replace("c2", "C,,,,2")
    bad = TUNE.format(2, "Bad").replace("K:C", "K:H")
    others = TUNE.format(4, "Two").replace("c2", "d2")
    (tmp_path / "a.abc").write_text(TUNE.format(1, "One") + bad + low + others)
    found = read_roll_corpus(str(tmp_path), PianoRoll(1))
    assert found.titles == ("One", "Two")
    first, second = (one.reason for one in found.skipped)
    assert first.startswith("tune 2, Bad: Invalid key")
    assert second.startswith("Low: ")


def test_the_chorales_keep_their_parts_and_both_grids(tmp_path: Path) -> None:
    parts = {"train": [[[60, 72], []]], "valid": [[[62]]], "test": [[[64], [64]]]}
    (tmp_path / GRIDS["quarter"]).write_text(json.dumps(parts))
    voices = {part: [[[72, 60, 60, -1]]] for part in parts}
    (tmp_path / GRIDS["sixteenth"]).write_text(json.dumps(voices))
    found = read_roll_corpus(f"jsb_chorales:{tmp_path}", PianoRoll(1))
    assert found.pieces == (((60, 72), ()), ((62,),), ((64,), (64,)))
    assert found.parts == ("train", "validation", "test")
    assert read_roll_corpus(f"jsb_chorales:{tmp_path}", PianoRoll(4)).pieces[0] == ((60, 72),)
    with pytest.raises(ParameterError, match="1 or 4 frames per beat, got 3"):
        read_roll_corpus(f"jsb_chorales:{tmp_path}", PianoRoll(3))


def test_what_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such folder or collection"):
        read_roll_corpus(str(tmp_path / "none"), PianoRoll())
