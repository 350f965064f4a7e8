"""``woodshed predict``: names sounds in several formats, whatever else is among them."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import soundfile
from PIL import Image

import woodshed
from woodshed import timeline
from woodshed.audio import resample
from woodshed.base import live
from woodshed.base.timeline import EventRule, file_timeline
from woodshed.tasks.mood import MoodRegressor

HEAVY = ("keras", "tensorflow", "librosa", "numba", "sklearn", "matplotlib", "pandas", "scipy.signal")


@pytest.fixture
def three(unheard_folder: Path) -> list[Path]:
    """Return three sounds, not in the order of their names."""
    return [next(iter(sorted((unheard_folder / label).iterdir()))) for label in ("rise", "fall", "pulse")]


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
    cli: Callable[..., Any], model_folder: Path, unheard_folder: Path
) -> None:
    finished = cli("predict", model_folder, unheard_folder, "--format", "jsonl")
    sources = [json.loads(line)["source"] for line in finished.out.splitlines()]
    assert sources == [str(path) for path in sorted(unheard_folder.glob("*/*.wav"))]


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
    assert finished.err.count("left out") == 4
    strict = cli("predict", model_folder, *mixed, "--strict")
    assert strict.code == 2
    assert "empty.wav" in strict.err
    assert strict.out == ""


def test_nothing_usable_is_an_error_that_says_why(
    cli: Callable[..., Any], model_folder: Path, tmp_path: Path
) -> None:
    finished = cli("predict", model_folder, tmp_path / "missing.wav", "--format", "json")
    assert (finished.code, finished.out) == (2, "")
    assert "No sound could be used. The first:" in finished.err
    assert "missing.wav" in finished.err
    finished = cli("predict", model_folder, tmp_path)
    assert finished.code == 2
    assert "No sound could be used." in finished.err


def test_stereo_mp3_and_other_rates_are_heard(
    cli: Callable[..., Any], model_folder: Path, unheard_toy: Any, tmp_path: Path
) -> None:
    clip = resample(unheard_toy.clips[0], 44100)
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
    assert "There is no format 'jsnl'. Did you mean jsonl?" in finished.err


def test_a_folder_that_is_no_model_is_refused(
    cli: Callable[..., Any], three: list[Path], tmp_path: Path
) -> None:
    for folder in (tmp_path, tmp_path / "nowhere", three[0]):
        finished = cli("predict", folder, *three)
        assert (finished.code, finished.out) == (2, "")
        assert "Make one with: woodshed train DATA --out" in finished.err


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


def test_a_reader_that_has_had_enough_is_no_error(model_folder: Path, unheard_folder: Path) -> None:
    program = "from woodshed.cli import main; main()"
    many = [unheard_folder] * 40
    with subprocess.Popen(
        [sys.executable, "-c", program, "predict", model_folder, *many],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().startswith(os.fsencode(unheard_folder))
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(600) in (0, 1)


# -- timelines ------------------------------------------------------------------------------------


@pytest.fixture
def long_file(unheard_toy: Any, tmp_path: Path) -> Path:
    """Return a recording of six sounds with half a second of silence before each."""
    parts = [np.r_[np.zeros(4000), clip.samples[0]] for clip in unheard_toy.clips[:6]]
    soundfile.write(tmp_path / "long.wav", np.concatenate(parts), 8000, subtype="FLOAT")
    return tmp_path / "long.wav"


def test_a_timeline_says_what_is_heard_when(
    cli: Callable[..., Any], model_folder: Path, long_file: Path
) -> None:
    finished = cli("predict", model_folder, long_file, "--timeline", "--format", "json")
    assert (finished.code, finished.err) == (0, "")
    [said] = json.loads(finished.out)
    expected = file_timeline(woodshed.load(model_folder), long_file)
    assert said == json.loads(expected.to_json())
    assert len(said["events"]) >= 6
    for k in range(6):  # each sound lies between 0.5 and 0.85 s after the one before it began
        assert any(one["start_s"] < k * 0.85 + 0.68 < one["end_s"] for one in said["events"]), (
            f"sound {k} was not heard"
        )
        assert not any(one["start_s"] < k * 0.85 + 0.25 < one["end_s"] for one in said["events"])


def test_every_form_of_a_timeline_is_what_the_timeline_writes(
    cli: Callable[..., Any], model_folder: Path, long_file: Path, tmp_path: Path
) -> None:
    expected = file_timeline(woodshed.load(model_folder), long_file)
    for form, (suffix, write) in timeline.FORMATS.items():
        printed = cli("predict", model_folder, long_file, "--timeline", "--format", form)
        assert printed.code == 0, printed.err
        if form != "json":
            assert printed.out.replace("\r\n", "\n") == write(expected).replace("\r\n", "\n")
        target = tmp_path / f"{form}{suffix}"
        written = cli("predict", model_folder, long_file, "--timeline", "--format", form, "--out", target)
        assert (written.code, written.out) == (0, f"1 timeline: {target}\n")
        assert target.read_bytes().decode("utf-8") == write(expected)


def test_several_timelines_go_into_a_folder_and_bad_files_are_named(
    cli: Callable[..., Any], model_folder: Path, long_file: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "sounds"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.wav").write_bytes(long_file.read_bytes())
    (folder / "deep" / "b.wav").write_bytes(long_file.read_bytes())
    (folder / "bad.wav").write_bytes(b"no sound" * 20)
    asked = ["predict", model_folder, folder, "--timeline", "--format", "textgrid", "--out", tmp_path / "out"]
    finished = cli(*asked)
    assert finished.code == 0, finished.err
    made = sorted(
        path.relative_to(tmp_path / "out").as_posix() for path in tmp_path.glob("out/**/*.TextGrid")
    )
    assert made == ["a.TextGrid", "deep/b.TextGrid"]
    assert finished.err.count("bad.wav") == 1
    again = cli(*asked)
    assert again.code == 2
    assert "is there already" in again.err
    assert cli(*asked, "--force").code == 0
    assert cli(*asked, "--force", "--strict").code == 2
    one = cli("predict", model_folder, folder, "--timeline", "--out", tmp_path / "one.txt")
    assert one.code == 2
    assert "is one file, and there are 3 sounds. Give a folder as --out." in one.err


def test_settings_of_events_are_heeded(cli: Callable[..., Any], model_folder: Path, long_file: Path) -> None:
    def n_events(*flags: object) -> int:
        finished = cli("predict", model_folder, long_file, "--timeline", "--format", "jsonl", *flags)
        assert finished.code == 0, finished.err
        return len(json.loads(finished.out)["events"])

    assert n_events("--min-event-s", 5) == 0
    assert n_events("--hop-s", 0.02, "--smooth-s", 0, "--min-event-s", 0) > n_events("--hop-s", 0.02)
    refused = cli("predict", model_folder, long_file, "--timeline", "--hop-s", 3)
    assert refused.code == 2
    assert "hop_s must be positive and at most a window" in refused.err


def test_a_picture_of_a_timeline_is_written(
    cli: Callable[..., Any], model_folder: Path, long_file: Path, tmp_path: Path
) -> None:
    picture = tmp_path / "a.png"
    finished = cli("predict", model_folder, long_file, "--timeline", "--picture", picture)
    assert finished.code == 0, finished.err
    with Image.open(picture) as image:
        assert image.width == 1650
        seen = {colour[:3] for _, colour in image.convert("RGB").getcolors(2**24)}
    assert len(seen) > 50
    again = cli("predict", model_folder, long_file, "--timeline", "--picture", picture)
    assert (again.code, again.out) == (2, "")
    assert "is there already" in again.err


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--format", "audacity"], "The format 'audacity' is for timelines of files. Add --timeline."),
        (["--hop-s", 0.1], "--hop-s is about timelines. Add --timeline."),
        (["--picture", "a.png"], "--picture is about timelines. Add --timeline."),
        (["--timeline", "--format", "textgrit"], "There is no format 'textgrit'. Did you mean textgrid?"),
        (["--live", "--format", "raven"], "Live events are printed as text or jsonl."),
        (["--live", "--picture", "a.png"], "--picture needs the whole sound. Leave out --live."),
        (["--timeline", "--smooth-s", -1], "EventRule expects smooth_s of 0 or more, got -1.0"),
    ],
)
def test_flags_that_do_not_go_together_are_refused(
    flags: list[object], words: str, cli: Callable[..., Any], model_folder: Path, three: list[Path]
) -> None:
    finished = cli("predict", model_folder, three[0], *flags)
    assert (finished.code, finished.out) == (2, "")
    assert words in finished.err


def test_a_wanted_rate_of_false_alarms_is_heeded(
    cli: Callable[..., Any], model_folder: Path, unheard_folder: Path, long_file: Path
) -> None:
    model = woodshed.load(model_folder)
    paths = sorted(unheard_folder.glob("*/*.wav"))
    finished = cli("predict", model_folder, unheard_folder, "--format", "jsonl", "--false-alarms", 0.01)
    said = [json.loads(line)["label"] for line in finished.out.splitlines()]
    assert said == model.decide(map(woodshed.read, paths), false_alarm_rate=0.01).tolist()
    least = dict(zip(model.classes_.tolist(), model.confidence_.least_probabilities(0.01), strict=True))
    finished = cli(
        "predict", model_folder, long_file, "--timeline", "--format", "json", "--false-alarms", 0.01
    )
    assert finished.code == 0, finished.err
    expected = file_timeline(model, long_file, rule=EventRule(thresholds=least))
    assert json.loads(finished.out) == [json.loads(expected.to_json())]
    for flags, words in (
        (["--false-alarms", 2], "false_alarm_rate must be above 0 to 1, got 2"),
        (["--timeline", "--false-alarms", 1e-5], "no thresholds for a false alarm rate of 1e-05"),
        (["--timeline", "--false-alarms-per-hour", 0.01], "no threshold for 0.01 false alarms an hour"),
        (["--false-alarms-per-hour", 1], "--false-alarms-per-hour is about timelines. Add --timeline."),
    ):
        refused = cli("predict", model_folder, long_file, *flags)
        assert (refused.code, refused.out) == (2, "")
        assert words in refused.err


@pytest.mark.parametrize("flag", ["--timeline", "--live"])
def test_a_model_that_names_nothing_has_no_timeline(
    flag: str, cli: Callable[..., Any], long_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("woodshed.tasks.load", lambda _: MoodRegressor())
    finished = cli("predict", "moody", long_file, flag)
    assert (finished.code, finished.out) == (2, "")
    assert "A model for mood gives values" in finished.err
    assert "leave out --timeline and --live" in finished.err


def test_no_sound_at_all_is_told(cli: Callable[..., Any], model_folder: Path) -> None:
    finished = cli("predict", model_folder)
    assert finished.code == 2
    assert "Give sound files, or --live for the microphone." in finished.err


# -- live -----------------------------------------------------------------------------------------


def test_a_file_is_heard_live_and_the_latency_is_told(
    cli: Callable[..., Any], model_folder: Path, long_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live.paced, "__kwdefaults__", {"clock": time.monotonic, "sleep": lambda wait_s: None})
    finished = cli("predict", model_folder, long_file, "--live", "--format", "jsonl")
    assert finished.code == 0, finished.err
    found = [json.loads(line) for line in finished.out.splitlines()]
    assert len(found) >= 6
    # Windows of 35 frames every 18, in 510 frames.
    assert [one["start_s"] for one in found] == sorted(one["start_s"] for one in found)
    assert re.search(
        r"\d+ events in 5\.1 s; 27 answers, each after \S+ s \(median\), \S+ s at most", finished.err
    )


def test_ctrl_c_ends_the_microphone_with_the_summary(
    cli: Callable[..., Any], model_folder: Path, long_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples, _ = soundfile.read(long_file, dtype="float32")
    opened: list[dict[str, Any]] = []

    class Microphone:
        def __init__(self, **settings: Any) -> None:
            opened.append(settings)
            self.place = 0

        def __enter__(self) -> Microphone:
            return self

        def __exit__(self, *_: object) -> None:
            opened.append({})

        def read(self, n: int) -> tuple[np.ndarray, bool]:
            if self.place + n > len(samples):
                raise KeyboardInterrupt
            self.place += n
            return samples[self.place - n : self.place, np.newaxis], False

    stand_in = ModuleType("sounddevice")
    stand_in.PortAudioError = OSError
    stand_in.InputStream = Microphone
    stand_in.check_input_settings = lambda **_: None
    monkeypatch.setitem(sys.modules, "sounddevice", stand_in)
    finished = cli("predict", model_folder, "--live")
    assert finished.code == 0, finished.err
    assert len(finished.out.splitlines()) >= 5
    assert "stopped." in finished.err
    assert "events in 5.1 s;" in finished.err
    assert opened == [{"samplerate": 8000, "channels": 1, "dtype": "float32", "device": None}, {}]


def test_without_a_microphone_the_cure_is_told(
    cli: Callable[..., Any], model_folder: Path, three: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    finished = cli("predict", model_folder, "--live")
    assert (finished.code, finished.out) == (2, "")
    assert 'pip install "woodshed[device]"' in finished.err
    several = cli("predict", model_folder, *three, "--live")
    assert several.code == 2
    assert "one sound is heard at a time, got 3" in several.err
