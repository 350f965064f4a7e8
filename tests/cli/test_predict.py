"""``woodshed predict``: names sounds in several formats, whatever else is among them."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

import woodshed
from woodshed.audio import resample
from woodshed.cli import CLOSED_PIPE

HEAVY = ("keras", "tensorflow", "librosa", "numba", "sklearn", "matplotlib", "pandas", "scipy.signal")
HEAVY += ("joblib", "onnx")


def expected_rows(model_folder: Path, paths: list[Path]) -> list[list[float]]:
    rows: list[list[float]] = woodshed.load(model_folder).predict_proba(map(woodshed.read, paths)).tolist()
    return rows


def test_text_is_a_line_for_each_sound_in_their_order(
    cli: Callable[..., Any], model_folder: Path, three: list[Path]
) -> None:
    finished = cli("predict", model_folder, *three)
    assert (finished.code, finished.err) == (0, "")
    lines = finished.out.splitlines()
    assert len(lines) == 3
    for line, path, row in zip(lines, three, expected_rows(model_folder, three), strict=True):
        label = ["fall", "pulse", "rise"][int(np.argmax(row))]
        assert line == f"{path}  {label}  {max(row):.0%}".replace("%", " %") + "  (0.00-0.35 s)"


@pytest.mark.parametrize("form", ["json", "jsonl", "csv"])
def test_every_format_can_be_read_again_and_says_the_same(
    form: str, cli: Callable[..., Any], model_folder: Path, three: list[Path]
) -> None:
    finished = cli("predict", model_folder, *three, "--format", form)
    assert (finished.code, finished.err) == (0, "")
    if form == "csv":
        table = list(csv.DictReader(io.StringIO(finished.out)))
        rows = [[float(row[f"p({label})"]) for label in ("fall", "pulse", "rise")] for row in table]
        sources = [row["source"] for row in table]
    else:
        answers = (
            json.loads(finished.out) if form == "json" else [*map(json.loads, finished.out.splitlines())]
        )
        rows = [list(answer["probabilities"].values()) for answer in answers]
        sources = [answer["source"] for answer in answers]
        assert all(answer["probability"] == max(answer["probabilities"].values()) for answer in answers)
        assert all(answer["label"] in ("fall", "pulse", "rise") for answer in answers)
    assert rows == expected_rows(model_folder, three)
    assert sources == [str(path) for path in three]


def test_a_folder_stands_for_all_sounds_below_it(
    cli: Callable[..., Any], model_folder: Path, unseen_folder: Path
) -> None:
    finished = cli("predict", model_folder, unseen_folder, "--format", "jsonl")
    sources = [json.loads(line)["source"] for line in finished.out.splitlines()]
    assert sources == [str(path) for path in sorted(unseen_folder.glob("*/*.wav"))]


def test_bad_files_are_named_and_the_others_answered(
    cli: Callable[..., Any], model_folder: Path, three: list[Path], tmp_path: Path
) -> None:
    (tmp_path / "empty.wav").write_bytes(b"")
    (tmp_path / "letter.wav").write_bytes(b"not a sound" * 50)
    soundfile.write(tmp_path / "nan.wav", np.full(100, np.nan), 8000, subtype="FLOAT")
    bad = [tmp_path / name for name in ("empty.wav", "letter.wav", "nan.wav", "missing.wav")]
    mixed = [bad[0], three[0], bad[1], bad[2], three[1], bad[3], three[2]]
    finished = cli("predict", model_folder, *mixed, "--format", "jsonl")
    assert finished.code == 0
    assert [json.loads(line)["source"] for line in finished.out.splitlines()] == [str(path) for path in three]
    assert [finished.err.count(path.name) for path in bad] == [1, 1, 1, 1]
    assert finished.err.count("skipped") == 4
    strict = cli("predict", model_folder, *mixed, "--strict")
    assert strict.code == 2
    assert "empty.wav" in strict.err
    assert strict.out == ""


def test_recordings_that_are_not_used_as_they_are_get_one_note_of_each_kind(
    cli: Callable[..., Any], model_folder: Path, tmp_path: Path
) -> None:
    rng = np.random.default_rng(0)
    for k in range(3):
        high = np.fft.rfft(rng.normal(size=9600)) * (np.fft.rfftfreq(9600, 1 / 48000) > 10000)
        soundfile.write(tmp_path / f"{k}.wav", np.fft.irfft(high), 48000)
    left = rng.normal(0, 0.1, 4000)
    soundfile.write(tmp_path / "opposite.wav", np.stack([left, -left], axis=1), 8000)
    soundfile.write(tmp_path / "cut.wav", left, 8000)
    os.truncate(tmp_path / "cut.wav", 4000)
    done = cli("predict", model_folder, tmp_path)
    assert done.code == 0
    said = " ".join(done.err.split())
    assert said.count("3 sounds with energy above 4000 Hz, half of the sample rate of the model") == 1
    assert said.count("left is used instead of their mean") == 1
    assert said.count("it breaks off after 0.247 s; its header declares 0.500 s") == 1


def test_nothing_usable_is_an_error_that_says_why(
    cli: Callable[..., Any], model_folder: Path, tmp_path: Path
) -> None:
    finished = cli("predict", model_folder, tmp_path / "missing.wav", "--format", "json")
    assert (finished.code, finished.out) == (2, "")
    assert "No file could be used. The first:" in finished.err
    assert "missing.wav" in finished.err
    finished = cli("predict", model_folder, tmp_path)
    assert finished.code == 2
    assert "No file could be used: none has the suffix of an audio file" in finished.err


def test_stereo_mp3_and_other_rates_are_heard(
    cli: Callable[..., Any], model_folder: Path, unseen_toy: Any, tmp_path: Path
) -> None:
    clip = resample(unseen_toy.clips[0], 44100)
    stereo = np.stack([clip.mono(), clip.mono()], axis=1)
    for name in ("a.wav", "a.flac", "a.ogg", "a.mp3"):
        soundfile.write(tmp_path / name, stereo, 44100)
    finished = cli("predict", model_folder, tmp_path, "--format", "jsonl")
    answers = [json.loads(line)["probabilities"] for line in finished.out.splitlines()]
    assert len(answers) == 4, finished.err
    for answer in answers:
        assert list(answer.values()) == pytest.approx(list(answers[-1].values()), abs=0.15)


def test_an_unknown_format_names_the_near_miss(
    cli: Callable[..., Any], model_folder: Path, three: list[Path]
) -> None:
    finished = cli("predict", model_folder, *three, "--format", "jsnl")
    assert finished.code == 2
    assert "Unknown format 'jsnl'. Did you mean jsonl?" in finished.err


def test_a_folder_that_is_no_model_is_refused(
    cli: Callable[..., Any], three: list[Path], tmp_path: Path
) -> None:
    for folder, words in (
        (tmp_path, "Train a model with: woodshed train DATA --out"),
        (tmp_path / "nowhere", "Train a model with: woodshed train DATA --out"),
        (three[0], "is audio, not a model. Usage: woodshed predict MODEL SOUND..."),
    ):
        finished = cli("predict", folder, *three)
        assert (finished.code, finished.out) == (2, "")
        assert words in finished.err


# -- as its own process ---------------------------------------------------------------------------

PREDICT = "import sys\nfrom woodshed.cli import main\ntry:\n    main()\nfinally:\n    {}"


def test_predicting_loads_no_heavy_package(
    python: Callable[..., subprocess.CompletedProcess[str]], model_folder: Path, three: list[Path]
) -> None:
    program = PREDICT.format(f"print(*(name for name in {HEAVY} if name in sys.modules), file=sys.stderr)")
    ran = python(program, "predict", model_folder, *three, "--format", "jsonl")
    assert (ran.returncode, ran.stderr.strip()) == (0, "")
    rows = [list(json.loads(line)["probabilities"].values()) for line in ran.stdout.splitlines()]
    assert rows == expected_rows(model_folder, three)  # to the bit, in another process


NAMES = [
    "caf\udce9.wav",
    "🐶 barks.wav",
    "a\tb.wav",
    "-v.wav",
    "with space, comma.wav",
    "naïve ‮gnp.wav",
    "%s{}[].wav",
]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse names that are not Unicode")
@pytest.mark.parametrize(
    ("encoding", "form"),
    [("utf-8", "text"), ("utf-8", "csv"), ("cp1252", "text"), ("cp1252", "json"), ("ascii", "jsonl")],
)
def test_files_of_any_name_are_answered_on_any_terminal(
    encoding: str, form: str, model_folder: Path, three: list[Path], tmp_path: Path
) -> None:
    for name in NAMES:
        (tmp_path / name).write_bytes(three[0].read_bytes())
    program = "from woodshed.cli import main; main()"
    ran = subprocess.run(
        [sys.executable, "-c", program, "predict", model_folder, tmp_path, "--format", form],
        env=os.environ | {"PYTHONIOENCODING": encoding},
        capture_output=True,
        timeout=600,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, b"")
    said = ran.stdout.decode(encoding)
    if form in ("json", "jsonl"):
        answers = json.loads(said) if form == "json" else [*map(json.loads, said.splitlines())]
        sources = [answer["source"] for answer in answers]
    elif form == "csv":
        sources = [row["source"] for row in csv.DictReader(io.StringIO(said, newline=""))]
    else:
        sources = [line.split("  ")[0] for line in said.splitlines()]
    assert len(sources) == len(NAMES)
    assert f"{tmp_path}/caf\\xe9.wav" in sources
    dog = "\\U0001f436" if (encoding, form) == ("cp1252", "text") else "🐶"
    assert f"{tmp_path}/{dog} barks.wav" in sources


def test_a_reader_that_has_had_enough_is_no_error(model_folder: Path, unseen_folder: Path) -> None:
    program = "from woodshed.cli import main; main()"
    many = [unseen_folder] * 40
    with subprocess.Popen(
        [sys.executable, "-c", program, "predict", model_folder, *many],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().startswith(os.fsencode(unseen_folder))
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(600) in (0, CLOSED_PIPE)


USAGES = {
    "predict": "predict MODEL SOUND...",
    "evaluate": "evaluate MODEL DATA",
    "info": "info MODEL",
    "explain": "explain MODEL",
    "generate": "generate MODEL",
}


@pytest.mark.parametrize("verb", USAGES)
def test_a_sound_a_score_or_data_in_place_of_a_model_is_named(
    cli: Callable[..., Any], toy_folder: Path, tmp_path: Path, verb: str
) -> None:
    sound = next(iter(sorted((toy_folder / "rise").iterdir())))
    (tmp_path / "tune.abc").write_text("X:1\nK:C\nC|\n")
    (tmp_path / "rows.csv").write_text("path,label\n")
    places = {
        sound: "audio",
        tmp_path / "tune.abc": "a score",
        tmp_path / "rows.csv": "a table",
        toy_folder: "a folder of sounds",
    }
    for place, what in places.items():
        finished = cli(verb, place, *([toy_folder] if verb == "evaluate" else []))
        assert finished.code == 2
        assert f"{place} is {what}, not a model. Usage: woodshed {USAGES[verb]}" in finished.err
