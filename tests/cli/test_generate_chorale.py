"""``woodshed generate chorale``: four voices that open everywhere, a melody harmonised, refusals."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from woodshed.audio import read
from woodshed.metrics.voice_leading import evaluate
from woodshed.symbolic import read_abc, read_midi, read_musicxml
from woodshed.tokens.chorale import ChoraleGrid


@pytest.fixture(scope="module")
def place(cli: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("generate") / "chorales"
    finished = cli("generate", "chorale", "-n", "1", "--bars", "4", "--key", "G minor", "--out", out)
    assert finished.code == 0, finished.err
    return out


def test_every_file_has_the_four_voices(place: Path) -> None:
    midi = read_midi(place / "chorale-01.mid")
    notes = sorted((n.onset_beats, n.pitch_midi) for n in midi.notes)
    assert {note.channel for note in midi.notes} == {0, 1, 2, 3}
    (abc,) = read_abc(place / "chorale-01.abc").tunes
    for score in (abc, read_musicxml(place / "chorale-01.musicxml")):
        assert sorted((n.onset_beats, n.pitch_midi) for n in score.notes) == notes
        assert [name for _, name in score.part_names] == ["soprano", "alto", "tenor", "bass"]
        assert (score.keys[0].n_sharps, score.keys[0].mode) == (-2, "minor")
    last = max(note.end_beats for note in midi.notes)
    (bass,) = [n for n in midi.notes if n.channel == 3 and n.end_beats == last]
    assert bass.pitch_midi % 12 == 7
    clip = read(place / "chorale-01.wav")
    assert clip.duration_s == pytest.approx(16 * 60 / 72, abs=1.0)
    assert 0.05 < np.abs(clip.samples).max() <= 0.9


def test_faults_are_mended_and_every_voice_is_compared(place: Path) -> None:
    grid = ChoraleGrid()
    score = read_midi(place / "chorale-01.mid")
    assert evaluate([grid.ids_to_grid(grid.encode(score))]).parallels <= 0.05
    told = json.loads((place / "originality.json").read_text("utf-8"))
    assert "All voices (soprano, alto, tenor, bass)" in told["how"]
    assert [line["line"] for line in told["pieces"][0]["lines"]] == ["soprano", "alto", "tenor", "bass"]
    assert all(line["copied_notes"] >= 2 for line in told["pieces"][0]["lines"])
    style = json.loads((place / "style.json").read_text("utf-8"))
    assert style["learned"]["numbers"]["parallels a chord"] < 0.01
    page = (place / "index.html").read_text("utf-8")
    assert "Novelty of each voice" in page
    assert "parallels a chord" in page


def test_a_melody_in_abc_is_harmonised_and_stays(cli: Callable[..., Any], tmp_path: Path) -> None:
    melody = tmp_path / "hymn.abc"
    melody.write_text("X:1\nT:Hymn\nM:4/4\nL:1/4\nQ:1/4=80\nK:F\nF A c A|B A G2|A G F E|F4|]\n", "utf-8")
    out = tmp_path / "out"
    finished = cli(
        "generate", "chorale", "-n", 1, "--harmonise", melody, "--formats", "mid,abc", "--out", out
    )
    assert finished.code == 0, finished.err
    assert "soprano given" in finished.out
    score = read_midi(out / "chorale-01.mid")
    (given,) = read_abc(melody).tunes
    pitches = [note.pitch_midi for note in score.notes if note.channel == 0]
    assert pitches == [note.pitch_midi for note in given.notes]
    assert {note.channel for note in score.notes} == {0, 1, 2, 3}


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--prime", "M:6/8"], "--prime is not supported by task 'chorale'"),
        (["--metre", "3/4"], "--metre is not supported by task 'chorale'"),
        (["--continue", "a.abc"], "--continue is not supported"),
        (["--temperature", "nan"], "temperature must be a number above 0"),
        (["--bars", "1000"], "--bars must be from 1 to 64, got 1000"),
        (["--harmonise", "none.mid"], "none.mid"),
        (["--seed", "-1"], "seed must be 0 or more, got -1."),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(
    flags: list[str], message: str, cli: Callable[..., Any], tmp_path: Path
) -> None:
    finished = cli("generate", "chorale", "-n", "1", "--out", tmp_path / "out", *flags)
    assert finished.code == 2
    assert message in finished.err
    assert not list(tmp_path.rglob("*.mid"))


def test_a_tune_is_not_harmonised(cli: Callable[..., Any], tmp_path: Path) -> None:
    finished = cli("generate", "tune", "--harmonise", "a.mid", "--out", tmp_path / "out")
    assert finished.code == 2
    assert "--harmonise is not supported by task 'tune'" in finished.err
    finished = cli("generate", "tune", "--parts", "alto", "--out", tmp_path / "out")
    assert "--parts is not supported by task 'tune'. Supported: --temperature" in finished.err
