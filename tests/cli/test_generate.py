"""``woodshed generate``: files that open, a page, an honest word on copies; impossible wishes are refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from woodshed.audio import read
from woodshed.symbolic import read_abc, read_midi, read_musicxml

SMALL = ("generate", "tune", "-n", "2", "--metre", "6/8", "--key", "D dorian", "--bars", "8")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("generate") / "tunes"


def test_every_file_opens_and_says_the_same_notes(cli: Callable[..., Any], place: Path) -> None:
    finished = cli(*SMALL, "--out", place, "--seed", "3")
    assert finished.code == 0, finished.err
    assert "bars copied" in finished.out
    for name in ("tune-01", "tune-02"):
        (written,) = read_abc(place / f"{name}.abc").tunes
        pitches = [note.pitch_midi for note in written.notes]
        assert [note.pitch_midi for note in read_midi(place / f"{name}.mid").notes] == pitches
        assert [note.pitch_midi for note in read_musicxml(place / f"{name}.musicxml").notes] == pitches
        text = (place / f"{name}.abc").read_text("utf-8")
        assert "K:Ddor" in text
        assert "M:6/8" in text
        clip = read(place / f"{name}.wav")
        assert clip.duration_s == pytest.approx(written.duration_beats * 60 / 165, abs=1.5)
        assert 0.05 < np.abs(clip.samples).max() <= 0.9
        assert (place / f"{name}.png").read_bytes().startswith(b"\x89PNG")


def test_the_page_and_the_list_tell_what_is_copied(place: Path) -> None:
    told = json.loads((place / "originality.json").read_text("utf-8"))
    assert "in every key, with that of all 3,670 training pieces" in told["how"]
    assert [tune["name"] for tune in told["pieces"]] == ["tune-01", "tune-02"]
    page = (place / "index.html").read_text("utf-8")
    for tune in told["pieces"]:
        assert tune["faults"] == []
        (line,) = tune["lines"]
        assert line["copied_notes"] >= 2
        assert line["stop"] - line["start"] == line["copied_notes"]
        assert 0 <= line["new_share"] <= 1
    assert page.count("8 bars · ") == 2
    assert page.count("<audio") == 6  # the tune, its longest copy, and where that is from
    assert "http://" not in page.replace("http://www.w3.org", "")


def test_new_tunes_are_set_beside_those_that_were_learned_from(place: Path) -> None:
    style = json.loads((place / "style.json").read_text("utf-8"))
    assert style["new"]["numbers"].keys() == style["learned"]["numbers"].keys()
    assert style["new"]["numbers"]["tunes whose bars all add up"] == 1
    assert style["new"]["shares"]["metre"]["6/8"] == 1
    assert style["learned"]["numbers"]["time on notes of the key"] > 0.95
    for shares in style["learned"]["shares"].values():
        assert sum(shares.values()) == pytest.approx(1)
    page = (place / "index.html").read_text("utf-8")
    assert "bars that repeat an earlier bar" in page
    assert page.count("in common.") == len(style["new"]["shares"])


def test_the_same_seed_writes_the_same_files(cli: Callable[..., Any], place: Path, tmp_path: Path) -> None:
    again = tmp_path / "again"
    assert cli(*SMALL, "--out", again, "--seed", "3", "--formats", "abc,mid").code == 0
    for name in ("tune-01.abc", "tune-02.mid"):
        assert (again / name).read_bytes() == (place / name).read_bytes()
    assert not (again / "tune-01.wav").exists()
    assert "<audio" not in (again / "index.html").read_text("utf-8")
    assert cli(*SMALL, "--out", again, "--seed", "4", "--formats", "abc", "--force").code == 0
    assert (again / "tune-01.abc").read_bytes() != (place / "tune-01.abc").read_bytes()


def test_it_goes_on_from_a_tune_in_its_key(cli: Callable[..., Any], tmp_path: Path) -> None:
    mine = tmp_path / "mine.abc"
    mine.write_text("X:1\nT:Mine\nM:6/8\nL:1/8\nK:G\nG3 B2d|g3 d2B|\n", encoding="utf-8")
    out = tmp_path / "out"
    finished = cli("generate", "tune", "-n", "1", "--continue", mine, "--formats", "abc", "--out", out)
    assert finished.code == 0, finished.err
    (score,) = read_abc(out / "tune-01.abc").tunes
    assert [note.pitch_midi % 12 for note in score.notes[:6]] == [7, 11, 2, 7, 2, 11]
    assert "\nK:G\n" in (out / "tune-01.abc").read_text("utf-8")


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--metre", "7/8"], "Unknown metre"),
        (["--key", "H"], "Invalid key 'H'"),
        (["--temperature", "nan"], "temperature must be a number above 0"),
        (["--seed", "-1"], "seed must be 0 or more, got -1."),
        (["--formats", ""], "No format is given"),
        (["--formats", "txt"], "No tune can be written as txt"),
        (["--formats", "abc,midi"], "Did you mean mid?"),
        (["--prime", "M:6/8 K:Cdor G 2 Q"], "'Q', the 5th word"),
        (["--continue", "there-is-no-such.abc"], "cannot be opened"),
        (["--soundfont", "there-is-no-such.sf2"], "there is no such SoundFont"),
    ],
)
def test_what_cannot_be_is_said_before_anything_is_written(
    flags: list[str], message: str, cli: Callable[..., Any], tmp_path: Path
) -> None:
    finished = cli("generate", "tune", "-n", "1", "--out", tmp_path / "out", *flags)
    assert finished.code == 2
    assert message in finished.err
    assert not list(tmp_path.rglob("*.abc"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Dear Sir,\n", "expected one tune, found 0. In ABC, every tune begins with"),
        ("X:1\nM:2/4\nL:1/8\nK:D\nD4|\nX:2\nM:2/4\nL:1/8\nK:D\nD4|\n", "found 2. Keep one"),
        ("X:1\nM:5/4\nL:1/4\nK:D\nD5|\n", "there is no token for the metre 5/4"),
        ("", "expected one tune, found 0"),
    ],
)
def test_a_file_that_cannot_be_gone_on_from_says_why(
    text: str, message: str, cli: Callable[..., Any], tmp_path: Path
) -> None:
    given = tmp_path / "given.abc"
    given.write_text(text, "utf-8")
    finished = cli("generate", "tune", "-n", 1, "--continue", given, "--out", tmp_path / "out")
    assert finished.code == 2
    assert message in finished.err
    assert "given.abc" in finished.err
    assert not (tmp_path / "out").exists()


def test_a_tune_of_one_note_can_be_gone_on_from(cli: Callable[..., Any], tmp_path: Path) -> None:
    given = tmp_path / "one.abc"
    given.write_text("X:1\nM:2/4\nL:1/8\nK:D\nD4|\n", "utf-8")
    out = tmp_path / "out"
    finished = cli("generate", "tune", "-n", 1, "--continue", given, "--formats", "abc", "--out", out)
    assert finished.code == 0, finished.err
    (score,) = read_abc(out / "tune-01.abc").tunes
    assert score.notes[0].pitch_midi % 12 == 2


def test_a_model_that_listens_does_not_write(
    cli: Callable[..., Any], model_folder: Path, tmp_path: Path
) -> None:
    finished = cli("generate", model_folder, "--out", tmp_path / "out")
    assert finished.code == 2
    assert (
        f"{model_folder} cannot be used with generate. A model of the task 'speech' has the verbs"
        in finished.err
    )
    assert "predict, evaluate, info" in finished.err


def test_a_model_that_is_nowhere_names_the_near_miss(cli: Callable[..., Any], tmp_path: Path) -> None:
    for verb in ("generate", "explain"):
        finished = cli(verb, "tun", "--out", tmp_path / "out")
        assert finished.code == 2
        assert "neither a folder nor a shipped model. Did you mean tune?" in finished.err


@pytest.mark.parametrize("verb", [("explain", "tune"), ("doctor", "."), ("demo",)])
def test_a_seed_below_0_is_refused_by_other_verbs_too(
    verb: tuple[str, ...], cli: Callable[..., Any], toy_folder: Path, tmp_path: Path
) -> None:
    words = [toy_folder if word == "." else word for word in verb]
    finished = cli(*words, "--seed", "-1", "--out", tmp_path / "out")
    assert finished.code == 2
    assert "seed must be 0 or more, got -1." in finished.err
    assert not (tmp_path / "out").exists()
