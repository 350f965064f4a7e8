"""What can be asked of tunes: it comes, in the key that was asked for, or it is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from woodshed.errors import ParameterError, ScoreFileError
from woodshed.symbolic.abc.read import abc_to_score
from woodshed.symbolic.folk.vocabulary import counted_bars
from woodshed.tasks.tune import TuneComposer
from woodshed.tasks.tune.piece import TunePiece
from woodshed.tasks.tune.request import TuneRequest
from woodshed.tokens.folk.key import on_root, read_key
from woodshed.tokens.folk.tokenizer import tokens_to_score

FREELY = {"ends": "any", "max_copied_bars": -1, "temperature": 3.0}


def tunes_of(composer: TuneComposer, request: TuneRequest, n: int = 4) -> list[TunePiece]:
    return [tune for tune in composer.sample(request, n) if isinstance(tune, TunePiece)]


def bar_of(tune: TunePiece, number: int) -> str:
    """Return the tokens of a bar of a tune."""
    metre, _, *words = tune.text.split()
    bar = counted_bars(words, metre)[number - 1]
    return " ".join(words[bar.start : bar.stop])


# -- going on from a tune -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "tonic", "printed"),
    [
        ("HP", "A", "Amix"),
        ("Hp % the pipes", "A", "Amix"),
        ("A", "A", "A"),
        ("F#m", "F#", "F#min"),
        (" Bb dorian", "Bb", "Bbdor"),
        ("none", "C", "C"),
    ],
)
def test_a_tune_goes_on_in_the_key_of_the_file(
    key: str, tonic: str, printed: str, tmp_path: Path, tune_composer: TuneComposer
) -> None:
    mine = tmp_path / "mine.abc"
    mine.write_text(f"X:1\nM:4/4\nL:1/8\nK:{key}\nA2 c e f2 A2|\n", encoding="utf-8")
    request = TuneRequest(continue_=mine, **FREELY)  # type: ignore[arg-type]
    assert request.tonic == tonic
    (tune,) = tunes_of(tune_composer, request, 1)
    assert f"\nK:{printed}\n" in tune.to_abc()
    given = abc_to_score(mine.read_text("utf-8")).notes
    assert [note.pitch_midi % 12 for note in tune.to_score().notes[:5]] == [n.pitch_midi % 12 for n in given]


@pytest.mark.parametrize(
    ("bars", "message"),
    [
        (1, "has 2 bars already, but --bars is 1\\."),
        (500, "cannot have 500 bars: .* 1,000 tokens, which are about 100 bars"),
    ],
)
def test_bars_that_cannot_be_are_refused_with_those_that_can(bars: int, message: str, tmp_path: Path) -> None:
    mine = tmp_path / "mine.abc"
    mine.write_text("X:1\nT:Mine\nM:6/8\nL:1/8\nK:G\nG3 B2d|g3 d2B|\n", encoding="utf-8")
    with pytest.raises(ParameterError, match=message):
        TuneRequest(continue_=mine, bars=bars)
    assert TuneRequest(continue_=mine, bars=2).begins
    with pytest.raises(ParameterError, match="cannot have 500 bars"):
        TuneRequest(metre="2/4", constrain=["bar 500 = C 4"])


@pytest.mark.parametrize("bars", [None, 4, 8])
def test_the_repeat_signs_of_the_file_are_kept(
    bars: int | None, tmp_path: Path, tune_composer: TuneComposer
) -> None:
    mine = tmp_path / "mine.abc"
    mine.write_text("X:1\nT:Mine\nM:6/8\nL:1/8\nK:G\nD|GAB BAB|dBd e2d|BAB dBA|B2A A2:|\n", encoding="utf-8")
    request = TuneRequest(continue_=mine, bars=bars, **FREELY)  # type: ignore[arg-type]
    assert request.begins[-4:] == ("d", "d", "2", ":|")
    for tune in tunes_of(tune_composer, request, 4):
        assert tune.text.startswith(" ".join(request.begins))
        assert "B2A A2 :|" in tune.to_abc()
        assert tune.faults == ()
        assert bars is None or tune.n_bars == bars


# -- bars that are asked for ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "notes", "printed"),
    [
        ("D dorian", "c 2 B A G 2", "c2B AG2"),
        ("D dorian", "c 2 B _B ^F 2", "c2B _B^F2"),
        ("A mixolydian", "G 2 F =F c 2", "G2F =Fc2"),
        ("Bb", "B 2 A G F 2", "B2A GF2"),
        ("C minor", "c 2 B A G 2", "c2B AG2"),
    ],
)
def test_a_bar_is_what_is_asked_for_in_the_key_that_is_asked_for(
    key: str, notes: str, printed: str, tune_composer: TuneComposer
) -> None:
    request = TuneRequest(metre="6/8", key=key, bars=8, constrain=[f"bar 5 = {notes}"], **FREELY)  # type: ignore[arg-type]
    for tune in tunes_of(tune_composer, request):
        assert f" {printed} " in " ".join(tune.to_abc().split())


@pytest.mark.parametrize("key", ["D major", "Eb minor", "F# dorian", "Gb", "A", "Bb mixolydian", "Em"])
def test_notes_moved_to_the_root_and_back_sound_the_same(key: str) -> None:
    """What is meant is what ABC would play: the letters under the signature of the key."""
    from woodshed.tokens.folk.key import in_key

    tonic, mode = read_key(key)
    mode_word = {"major": "K:Cmaj", "minor": "K:Cmin", "dorian": "K:Cdor", "mixolydian": "K:Cmix"}[
        mode or "major"
    ]
    notes = ["G", "A", "B", "c", "d", "=f", "e", "_e"]
    moved = on_root(notes, tonic, mode_word)
    back = tokens_to_score(" ".join(["M:4/4", mode_word, *moved, "|"]), tonic=tonic)
    name, _ = in_key(f"M:4/4 {mode_word} C", tonic)
    meant = abc_to_score(f"X:1\nM:4/4\nL:1/8\nK:{name}\n{' '.join(notes)}|\n")
    assert [note.pitch_midi for note in back.notes] == [note.pitch_midi for note in meant.notes]


def test_without_a_mode_letters_move_and_accidentals_are_refused() -> None:
    assert TuneRequest(metre="2/4", key="G", constrain=["1 = G 2 B 2"]).constraint.bars == {
        1: ["c", "2", "e", "2"]
    }  # type: ignore[union-attr]
    with pytest.raises(ParameterError, match=r"The pitch of \^F depends on the mode.*--key 'G major'"):
        TuneRequest(metre="2/4", key="G", constrain=["1 = ^F 2 B 2"])


def test_a_note_beyond_the_tokens_is_refused() -> None:
    with pytest.raises(ParameterError, match="There is no token for b' in the key of A"):
        TuneRequest(metre="2/4", key="A major", constrain=["1 = b' 4"])


def test_a_bar_that_does_not_add_up_is_named_as_it_was_asked_for() -> None:
    with pytest.raises(ParameterError, match=r"Bar 2 cannot be 'c 2 B' in 2/4: 1 eighth is missing"):
        TuneRequest(metre="2/4", key="D dorian", constrain=["bar 2 = c 2 B"])


def test_two_wishes_for_one_bar_are_refused_unless_they_are_one() -> None:
    with pytest.raises(ParameterError, match="Bar 1 cannot be both 'C 4' and 'G 4'"):
        TuneRequest(metre="2/4", constrain=["bar 1 = C 4", "1 = G 4"])
    assert TuneRequest(metre="2/4", constrain=["bar 1 = C 4", "1 = C  4"]).constraint.bars == {1: ["C", "4"]}  # type: ignore[union-attr]


def test_a_beginning_that_is_not_what_is_asked_for_is_refused(tmp_path: Path) -> None:
    for prime in ("M:6/8 K:Cmaj G 6 |", "M:6/8 K:Cmaj G", "M:6/8 K:Cmaj |: c 3 d", "M:6/8 K:Cmaj c 3 |"):
        with pytest.raises(ParameterError, match="Bar 1 of the beginning is not the one"):
            TuneRequest(prime=prime, constrain=["bar 1 = c 6"])
    mine = tmp_path / "mine.abc"
    mine.write_text("X:1\nT:Mine\nM:6/8\nL:1/8\nK:G\nG3 B2d|g3 d2B|\n", encoding="utf-8")
    with pytest.raises(ParameterError, match="Bar 2 of the beginning is not the one"):
        TuneRequest(continue_=mine, constrain=["bar 2 = g 3 d 3"])
    same = TuneRequest(continue_=mine, constrain=["bar 2 = g 3 d 2 B"])
    assert " ".join(same.begins) == "M:6/8 K:Cmaj c 3 e 2 g | c' 3 g 2 e"


def test_a_beginning_of_a_bar_that_is_asked_for_is_completed(tune_composer: TuneComposer) -> None:
    request = TuneRequest(prime="M:6/8 K:Cmaj G 6 | c 3", constrain=["bar 2 = c 3 d 3"], **FREELY)  # type: ignore[arg-type]
    assert request.begins[-2:] == ("d", "3")
    for tune in tunes_of(tune_composer, request):
        assert bar_of(tune, 2) == "c 3 d 3"
    opened = TuneRequest(prime="M:6/8 K:Cmaj |: c 6", constrain=["bar 1 = c 6"])
    assert opened.begins[-3:] == ("|:", "c", "6")


@pytest.mark.parametrize("number", [1, 2, 7, 30])
def test_a_tune_has_the_bar_that_is_asked_for_however_far_it_is(
    number: int, tune_composer: TuneComposer
) -> None:
    request = TuneRequest(metre="6/8", key="C", constrain=[f"bar {number} = (3 ^c' d' e' z 4"], **FREELY)  # type: ignore[arg-type]
    for tune in tunes_of(tune_composer, request, 8):
        assert "(3 ^c' d' e' z 4" in tune.text
        assert tune.n_bars >= number
        assert tune.faults == ()


def test_a_file_with_a_byte_order_mark_or_in_latin_1_is_continued(tmp_path: Path) -> None:
    book = "X:1\nT:Brüder\nM:2/4\nL:1/8\nK:D\nD4|\n"
    for encoding in ("utf-8-sig", "latin-1"):
        path = tmp_path / f"{encoding}.abc"
        path.write_text(book, encoding=encoding)
        request = TuneRequest(continue_=path)
        assert (request.tonic, request.begins) == ("D", ("M:2/4", "K:Cmaj", "C", "4"))
    with pytest.raises(ScoreFileError, match="cannot be opened"):
        TuneRequest(continue_=tmp_path / "missing.abc")
