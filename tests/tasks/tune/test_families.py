"""Folk tunes: what is read, what is set aside, and that families stay on one side."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from woodshed.errors import DataError, MissingPackageError, ParameterError
from woodshed.symbolic.folk.vocabulary import METRES, MODES, WORDS
from woodshed.tasks.tune.families import RUN_STEPS, Tune, Tunes, read_tunes, split_by_family, with_families

LONG = "C E G c e d f a g e c A F D B, D F E G B d"


@pytest.fixture(scope="module")
def nottingham(shared_data: Path) -> Tunes:
    return read_tunes(shared_data / "nottingham", music21=False)


@pytest.mark.data
def test_nearly_all_of_nottingham_comes_through(nottingham: Tunes) -> None:
    n_all = len(nottingham.tunes) + len(nottingham.skipped) + nottingham.copies
    assert n_all == 1034
    assert len(nottingham.skipped) < 0.05 * n_all
    assert nottingham.counts == {"nottingham": len(nottingham.tunes)}
    assert len({tune.text for tune in nottingham.tunes}) == len(nottingham.tunes)
    for tune in nottingham.tunes:
        metre, mode, *words = tune.text.split()
        assert metre in METRES
        assert mode in MODES
        assert set(words) <= set(WORDS)


def test_nine_tenths_of_oneill_ryan_and_aird_come_through() -> None:
    pytest.importorskip("music21.corpus.manager", reason="needs the extra tunes")
    tunes = read_tunes()
    assert set(tunes.counts) == {"oneill", "ryan", "aird"}
    n_read = len(tunes.tunes) + tunes.copies
    assert n_read >= 0.9 * (n_read + len(tunes.skipped))
    assert all("tune " in str(error) for error in tunes.skipped)


def test_music21_is_not_imported(python: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    program = (
        "import sys, woodshed.tasks.tune.families as t; t.music21_corpus(); print('music21' in sys.modules)"
    )
    assert python(program).stdout.strip() == "False"


def test_without_music21_the_message_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingPackageError, match=r"pip install 'woodshed\[tunes\]'"):
        read_tunes()


def test_copies_are_dropped_and_failures_are_named(tmp_path: Path) -> None:
    book = "X:1\nT:One\nM:2/4\nL:1/8\nK:D\nD4|\n\nX:2\nT:Two\nM:2/4\nL:1/8\nK:C\nC4|\n\nX:3\nM:5/4\nK:C\nC|\n"
    (tmp_path / "book.abc").write_text(book, encoding="utf-8")
    tunes = read_tunes(tmp_path, music21=False)
    assert [(tune.title, tune.text) for tune in tunes.tunes] == [("One", "M:2/4 K:Cmaj C 4 |")]
    assert tunes.copies == 1
    assert "book.abc: tune 3" in str(tunes.skipped[0])


def test_a_folder_without_tunes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no \.abc files"):
        read_tunes(tmp_path, music21=False)


def test_families_by_title_by_melody_and_through_others() -> None:
    def tune(words: str, title: str) -> Tune:
        return Tune(f"M:4/4 K:Cmaj {words} |", title, "x")

    up = "D F A D F A"
    found = with_families(
        [
            tune(LONG, "The Lark"),
            tune("C D", "Hens and Ducks"),
            tune(LONG.replace(" c ", " c 2 "), "Another"),
            tune(up, "Lark, The - Reel"),
            tune("C E " * 20, "To and Fro"),
            tune("D F " * 20, "Fro and To again"),
        ]
    )
    families = [tune.family for tune in found]
    assert families[0] == families[2] == families[3]
    assert len(set(families)) == 4
    assert len(LONG.split()) > RUN_STEPS


@pytest.mark.data
def test_held_out_families_share_nothing_with_the_rest(nottingham: Tunes) -> None:
    train, test = split_by_family(nottingham.tunes, held_out=0.1, seed=3)
    assert not {tune.family for tune in train} & {tune.family for tune in test}
    assert not {tune.title for tune in train} & {tune.title for tune in test}
    assert len(train) + len(test) == len(nottingham.tunes)
    assert len(test) == pytest.approx(0.1 * len(nottingham.tunes), rel=0.15)
    assert split_by_family(nottingham.tunes, held_out=0.1, seed=3)[1] == test
    assert split_by_family(nottingham.tunes, held_out=0.1, seed=4)[1] != test


def test_a_share_or_a_corpus_that_makes_no_split_is_refused() -> None:
    with pytest.raises(ParameterError, match="between 0 and 1, got 5"):
        split_by_family([], held_out=5)
    with pytest.raises(DataError, match="Two families are needed"):
        split_by_family([Tune("M:2/4 K:Cmaj C 4 |", "", "x", "a")])
