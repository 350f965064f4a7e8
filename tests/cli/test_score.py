"""``woodshed score``: every verb does to files what its function does to scores."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from woodshed.audio import read
from woodshed.cli.score import VERBS
from woodshed.errors import ScoreFileError
from woodshed.score import Key, Metre, Note, Score
from woodshed.symbolic import (
    read_abc,
    read_midi,
    read_musicxml,
    read_note_table,
    read_scores,
    write_abc,
    write_midi,
)

Cli = Callable[..., Any]
TUNE = Score(
    [Note(0, 1, 62), Note(1, 1, 64), Note(2, 2, 66), Note(0, 4, 38, channel=1)],
    metres=[Metre(0, 4, 4)],
    keys=[Key(0, 2)],
    title="Tune",
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with a MIDI file, a book of two tunes, and something else."""
    place = tmp_path / "scores"
    place.mkdir()
    write_midi(TUNE, place / "tune.mid")
    write_abc([Score(TUNE.notes[:2], title="One"), Score(TUNE.notes, title="Two")], place / "book.abc")
    (place / "notes.txt").write_text("nothing")
    return place


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help(cli: Cli, verb: str) -> None:
    finished = cli("score", verb, "--help")
    summary = str(VERBS[verb].__doc__).partition(",")[0].partition(".")[0]
    assert (finished.code, summary in " ".join(finished.out.split())) == (0, True)


def test_info(cli: Cli, folder: Path) -> None:
    facts = json.loads(cli("score", "info", folder, "--json").out)
    assert [(one["title"], one["n_notes"]) for one in facts] == [("One", 2), ("Two", 4), ("Tune", 4)]
    assert (facts[2]["lowest_midi"], facts[2]["highest_midi"], facts[2]["keys"]) == (
        38,
        66,
        [[0, 2, "major"]],
    )
    shown = cli("score", "info", folder / "tune.mid").out
    assert "D major" in shown
    assert "4/4" in shown


def test_info_names_keys_as_musicians_do(cli: Cli, tmp_path: Path) -> None:
    for key, name in (("Bb", "B-flat major"), ("F#m", "F-sharp minor"), ("Ebdor", "E-flat dorian")):
        (tmp_path / "a.abc").write_text(f"X:1\nK:{key}\nB4|\n")
        assert name.split()[0] in cli("score", "info", tmp_path / "a.abc").out
    assert json.loads(cli("score", "info", tmp_path / "a.abc", "--json").out)[0]["key_names"] == [name]


@pytest.mark.parametrize(("verb", "what"), [("convert", "Scores"), ("render", "Sounds")])
@pytest.mark.parametrize("flags", [("--out", "new.foo"), ("--to", "foo", "--out", "new")])
def test_an_unknown_format_of_the_results_is_not_blamed_on_the_files(
    cli: Cli, folder: Path, verb: str, what: str, flags: tuple[str, ...]
) -> None:
    finished = cli("score", verb, folder / "tune.mid", *flags)
    assert (finished.code, f"{what} cannot be written as .foo. Known: " in finished.err) == (2, True)
    assert "skipped" not in finished.err


def test_convert_there_and_back(cli: Cli, folder: Path, tmp_path: Path) -> None:
    assert cli("score", "convert", folder / "tune.mid", "--out", tmp_path / "a.musicxml").code == 0
    assert read_musicxml(tmp_path / "a.musicxml").notes == TUNE.notes
    assert cli("score", "convert", tmp_path / "a.musicxml", "--out", tmp_path / "a.csv").code == 0
    assert read_note_table(tmp_path / "a.csv").notes == TUNE.notes
    finished = cli("score", "convert", folder, "--to", "mid", "--out", tmp_path / "made")
    assert finished.code == 0, finished.err
    assert sorted(path.name for path in (tmp_path / "made").iterdir()) == [
        "book-1.mid",
        "book-2.mid",
        "tune.mid",
    ]
    again = cli("score", "convert", tmp_path / "a.csv", "--out", tmp_path / "a.musicxml")
    assert "1 existing result kept" in again.err


def test_edit(cli: Cli, folder: Path, tmp_path: Path) -> None:
    asked = ("--semitones", 3, "--part", "melody", "--end-beats", 2, "--times", 2, "--tempo-bpm", 60)
    finished = cli("score", "edit", folder / "tune.mid", "--out", tmp_path / "b.mid", *asked)
    assert finished.code == 0, finished.err
    made = read_midi(tmp_path / "b.mid")
    assert [(n.onset_beats, n.pitch_midi) for n in made.notes] == [(0, 65), (1, 67), (4, 65), (5, 67)]
    assert made.duration_s == 6
    cli("score", "edit", folder / "book.abc", "--out", tmp_path, "--tonic", 0)  # without a key: C already
    assert len(read_abc(tmp_path / "book.abc").tunes) == 2
    seen = ("--tonic", "Bb", "--metre", "3/4")
    cli("score", "edit", folder / "tune.mid", "--out", tmp_path / "b.mid", *seen, "--force")
    made = read_midi(tmp_path / "b.mid")
    assert (made.keys[0].tonic, made.metres) == (10, (Metre(0, 3, 4),))
    assert made.notes[0].pitch_midi % 12 == 10  # it was on D
    for asked in (("--tonic", "H"), ("--metre", "waltz"), ("--metre", "none")):
        refused = cli("score", "edit", folder / "tune.mid", "--out", tmp_path / "c.mid", *asked)
        assert (refused.code, asked[1] in refused.err) == (2, True)
    wrong = cli("score", "edit", folder / "tune.mid", "--out", tmp_path / "c.mid", "--part", "mellody")
    assert (wrong.code, "Did you mean melody?" in wrong.err) == (2, True)


def test_render(cli: Cli, folder: Path, tmp_path: Path) -> None:
    asked = ("--sample-rate", 8000, "--soundfont", "tones", "--out", tmp_path / "a.flac")
    assert cli("score", "render", folder / "tune.mid", *asked).code == 0
    clip = read(tmp_path / "a.flac")
    assert (clip.sample_rate, clip.n_channels) == (8000, 2)
    assert clip.duration_s == pytest.approx(2.08, abs=0.01)
    assert np.abs(clip.samples).max() > 0.05


def test_bad_files_are_named_and_the_others_used(cli: Cli, folder: Path, tmp_path: Path) -> None:
    (folder / "bad.mid").write_bytes(b"nothing")
    finished = cli("score", "convert", folder, "--to", "abc", "--out", tmp_path / "made")
    assert (finished.code, "bad.mid" in finished.err) == (0, True)
    alone = cli("score", "info", folder / "bad.mid")
    assert (alone.code, "skipped 1 score" in alone.err, "bad.mid: " in alone.err) == (2, True, True)
    nothing = cli("score", "info", tmp_path / "made" / "none.xyz")
    assert nothing.code == 2


BOOK = "".join(
    f"X:{k}\nT:{title}\nM:4/4\nL:1/4\nK:{key}\n{music}\n\n"
    for k, title, key, music in [
        (1, "One", "C", "CDEF|"),
        (2, "Two", "H", "C4|"),
        (3, "Three", "C", "[C|"),
        (4, "Four", "C", "GABc|"),
    ]
)


def test_tunes_that_cannot_be_read_are_named_and_counted(cli: Cli, tmp_path: Path) -> None:
    book = tmp_path / "book.abc"
    book.write_text(BOOK)
    done = cli("score", "convert", book, "--out", tmp_path / "made.abc")
    assert done.code == 0
    assert "skipped" in done.err
    assert "tune 2, Two: Invalid key 'K:H'" in done.err
    assert "tune 3, Three: bar 1: the chord opened with [ is not closed." in done.err
    assert "2 scores skipped." in done.err
    assert [score.title for score in read_abc(tmp_path / "made.abc").tunes] == ["One", "Four"]
    strict = cli("score", "convert", book, "--out", tmp_path / "strict.abc", "--strict")
    assert (strict.code, (tmp_path / "strict.abc").exists()) == (2, False)
    assert "tune 2, Two" in strict.err
    assert "tune 3, Three" in strict.err
    shown = cli("score", "info", book, "--json")
    assert [one["title"] for one in json.loads(shown.out)] == ["One", "Four"]
    assert "tune 2, Two" in shown.err
    drawn = cli("plot", book, "--as", "roll", "--out", tmp_path / "a.png", "--dpi", 40)
    assert (drawn.code, "tune 3, Three" in drawn.err) == (0, True)
    refused = cli("plot", book, "--as", "roll", "--out", tmp_path / "b.png", "--strict")
    assert (refused.code, (tmp_path / "b.png").exists()) == (2, False)
    with pytest.raises(ScoreFileError, match="tune 2, Two"):
        read_scores(book)


def test_a_book_without_a_readable_tune_names_all(cli: Cli, tmp_path: Path) -> None:
    book = tmp_path / "book.abc"
    book.write_text("X:1\nK:H\nC\n\nX:2\nT:Two\nK:C\n[C\n")
    finished = cli("score", "convert", book, "--out", tmp_path / "made.abc")
    assert finished.code == 2
    assert "none of its 2 tunes can be read: tune 1: Invalid key" in finished.err
    assert "tune 2, Two: bar 1" in finished.err


def test_an_overlay_is_converted(cli: Cli, tmp_path: Path) -> None:
    book = tmp_path / "book.abc"
    book.write_text(BOOK.replace("K:H\nC4|", "K:C\nCDEF & G4|").replace("[C|", "C4|"))
    finished = cli("score", "convert", book, "--out", tmp_path / "made.abc", "--strict")
    assert (finished.code, finished.err) == (0, "")
    assert [len(score.notes) for score in read_abc(tmp_path / "made.abc").tunes] == [4, 5, 1, 4]


def test_repeats_are_kept_on_request(cli: Cli, tmp_path: Path) -> None:
    tune = tmp_path / "tune.abc"
    tune.write_text("X:1\nT:a\nM:4/4\nL:1/4\nK:C\n|: C4 |1 D4 :|2 E4 |]\n")
    for suffix in ("abc", "musicxml", "mxl"):
        made, back = tmp_path / f"made.{suffix}", tmp_path / f"back-{suffix}.abc"
        assert cli("score", "convert", tune, "--out", made, "--keep-repeats").code == 0
        assert [note.pitch_midi for note in read_scores(made)[0].notes] == [60, 62, 60, 64]
        assert cli("score", "convert", made, "--out", back, "--keep-repeats").code == 0
        assert "|:C8|[1 D8:|[2 E8|]" in back.read_text()
    for flag, n_notes in (("--repeats", 4), ("--no-repeats", 3)):
        cli("score", "convert", tune, "--out", tmp_path / "plain.abc", flag, "--force")
        assert ":" not in (tmp_path / "plain.abc").read_text().split("K:C")[1]
        assert len(read_abc(tmp_path / "plain.abc").tunes[0].notes) == n_notes
    refused = cli("score", "convert", tune, "--out", tmp_path / "made.mid", "--keep-repeats")
    assert (refused.code, "omit --keep-repeats" in refused.err) == (2, True)


@pytest.mark.parametrize("verb", ["convert", "edit", "render"])
def test_bars_that_do_not_add_up_are_named_or_refused(cli: Cli, tmp_path: Path, verb: str) -> None:
    bad = tmp_path / "bad.abc"
    bad.write_text("X:1\nT:Odd\nM:4/4\nL:1/4\nK:C\nCDEF|GAB|cdef|CDEF|]\n")
    out = tmp_path / ("out.wav" if verb == "render" else "out.abc")
    more = ("--semitones", 2) if verb == "edit" else ()
    done = cli("score", verb, bad, "--out", out, *more)
    assert done.code == 0, done.err
    assert "bar 2 lasts 3 beats, expected 4 in 4/4." in done.err
    out.unlink()
    refused = cli("score", verb, bad, "--out", out, *more, "--strict")
    assert (refused.code, out.exists()) == (2, False)
    assert "bar 2 lasts 3 beats" in refused.err


def test_scores_are_drawn(cli: Cli, folder: Path, tmp_path: Path) -> None:
    finished = cli("plot", folder / "tune.mid", "--as", "roll,abc", "--out", tmp_path / "a.png", "--dpi", 40)
    assert (finished.code, finished.out.split(":")[0]) == (0, "roll, abc of 1 score")
    assert (tmp_path / "a.png").read_bytes()[1:4] == b"PNG"
    mixed = cli("plot", folder / "tune.mid", "--as", "roll,mel", "--out", tmp_path / "b.png")
    assert (mixed.code, "mel is not a view of scores" in mixed.err) == (2, True)
