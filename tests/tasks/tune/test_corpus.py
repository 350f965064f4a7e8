"""Folk tunes: what is read, what is set aside, and that families stay on one side."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from woodshed.data.symbolic_corpus import SymbolicCorpus
from woodshed.errors import DataError, MissingPackageError
from woodshed.symbolic import abc_to_score, write_musicxml
from woodshed.symbolic.folk.vocabulary import METRES, MODES, WORDS
from woodshed.tasks.tune import RUN_STEPS, families_of, read_tunes_corpus
from woodshed.tasks.tune.piece import TunePiece

LONG = "C E G c e d f a g e c A F D B, D F E G B d"


@pytest.fixture(scope="module")
def nottingham(shared_data: Path) -> SymbolicCorpus:
    return read_tunes_corpus(f"nottingham:{shared_data / 'nottingham'}")


@pytest.mark.data
def test_nearly_all_of_nottingham_comes_through(nottingham: SymbolicCorpus) -> None:
    n_all = len(nottingham.pieces) + len(nottingham.skipped) + nottingham.n_copies
    assert n_all == 1034
    assert len(nottingham.skipped) < 0.05 * n_all
    assert all(title.endswith("(nottingham)") for title in nottingham.titles)
    assert len(set(nottingham.pieces)) == len(nottingham.pieces)
    for piece in nottingham.pieces:
        metre, mode, *words = piece.text.split()
        assert metre in METRES
        assert mode in MODES
        assert set(words) <= set(WORDS)


def test_nine_tenths_of_oneill_ryan_and_aird_come_through() -> None:
    pytest.importorskip("music21.corpus.manager", reason="needs the extra tunes")
    tunes = read_tunes_corpus("folk")
    assert {title.rpartition("(")[2] for title in tunes.titles} == {"oneill)", "ryan)", "aird)"}
    n_read = len(tunes.pieces) + tunes.n_copies
    assert n_read >= 0.9 * (n_read + len(tunes.skipped))
    assert all("tune " in one.reason for one in tunes.skipped)


def test_music21_is_not_imported(python: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    program = "import sys, woodshed.tasks.tune as t; t.music21_corpus(); print('music21' in sys.modules)"
    assert python(program).stdout.strip() == "False"


def test_without_music21_the_message_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingPackageError, match=r"pip install 'woodshed\[tunes\]'"):
        read_tunes_corpus("folk")


def test_copies_are_dropped_and_failures_are_named(tmp_path: Path) -> None:
    book = "X:1\nT:One\nM:2/4\nL:1/8\nK:D\nD4|\n\nX:2\nT:Two\nM:2/4\nL:1/8\nK:C\nC4|\n\nX:3\nM:5/4\nK:C\nC|\n"
    (tmp_path / "book.abc").write_text(book, encoding="utf-8")
    tunes = read_tunes_corpus(f"nottingham:{tmp_path}")
    assert (tunes.titles, tunes.pieces) == (("One (nottingham)",), (TunePiece("M:2/4 K:Cmaj C 4 |", "D"),))
    assert tunes.n_copies == 1
    assert (tunes.skipped[0].path.name, tunes.skipped[0].reason[:6]) == ("book.abc", "tune 3")


def test_a_folder_without_tunes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no score files"):
        read_tunes_corpus(f"nottingham:{tmp_path}")


def test_families_by_title_by_melody_and_through_others() -> None:
    up = "D F A D F A"
    tunes = {
        "The Lark": LONG,
        "Hens and Ducks": "C D",
        "Another": LONG.replace(" c ", " c 2 "),
        "Lark, The - Reel": up,
        "To and Fro": "C E " * 20,
        "Fro and To again": "D F " * 20,
    }
    families = families_of([f"M:4/4 K:Cmaj {words} |" for words in tunes.values()], list(tunes))
    assert families[0] == families[2] == families[3]
    assert len(set(families)) == 4
    assert len(LONG.split()) > RUN_STEPS


@pytest.mark.data
def test_held_out_families_share_nothing_with_the_rest(nottingham: SymbolicCorpus) -> None:
    parts = nottingham.divide(test=0.1, validation=0.0, seed=3)
    for names in (nottingham.families, nottingham.titles):
        train, test = ({names[k] for k in parts[part]} for part in ("train", "test"))
        assert not train & test
    assert len(parts["test"]) == pytest.approx(0.1 * len(nottingham.pieces), rel=0.15)
    assert nottingham.divide(test=0.1, validation=0.0, seed=4) != parts


def test_musicxml_keeps_its_repeats(tmp_path: Path) -> None:
    text = "X:1\nT:a\nM:2/4\nL:1/8\nK:C\n|:C4|[1 D4:|[2 E4|]\n"
    write_musicxml(abc_to_score(text, repeats=False), tmp_path / "a.musicxml")
    (piece,) = read_tunes_corpus(str(tmp_path)).pieces
    assert piece.text == "M:2/4 K:Cmaj |: C 4 |1 D 4 :| |2 E 4 |"
