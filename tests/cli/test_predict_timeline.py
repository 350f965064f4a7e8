"""``woodshed predict --timeline`` and ``--live``: what sounds when, in files and as it goes on."""

from __future__ import annotations

import json
import re
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
from woodshed.recognition.detection import live
from woodshed.recognition.detection.events import EventRule, file_timeline
from woodshed.tasks.mood import MoodRegressor


@pytest.fixture
def long_file(unseen_toy: Any, tmp_path: Path) -> Path:
    """Return a recording of six sounds with half a second of silence before each."""
    parts = [np.r_[np.zeros(4000), clip.samples[0]] for clip in unseen_toy.clips[:6]]
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
    assert f"2 timelines: {tmp_path / 'out'}\n" in finished.out
    assert finished.err.count("bad.wav") == 1
    again = cli(*asked)
    assert again.code == 2
    assert "already exists" in again.err
    assert cli(*asked, "--force").code == 0
    assert cli(*asked, "--force", "--strict").code == 2
    one = cli("predict", model_folder, folder, "--timeline", "--out", tmp_path / "one.txt")
    assert one.code == 2
    assert "is one file, but there are 3 inputs. Give a folder as --out." in one.err


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
    assert "already exists" in again.err


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--format", "audacity"], "The format 'audacity' is for timelines of files. Add --timeline."),
        (["--hop-s", 0.1], "--hop-s is for timelines. Add --timeline."),
        (["--picture", "a.png"], "--picture is for timelines. Add --timeline."),
        (["--timeline", "--format", "textgrit"], "Unknown format 'textgrit'. Did you mean textgrid?"),
        (["--live", "--format", "raven"], "Live events are printed as text or jsonl."),
        (["--live", "--picture", "a.png"], "--picture needs the whole recording. Leave out --live."),
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
    cli: Callable[..., Any], model_folder: Path, unseen_folder: Path, long_file: Path
) -> None:
    model = woodshed.load(model_folder)
    paths = sorted(unseen_folder.glob("*/*.wav"))
    finished = cli("predict", model_folder, unseen_folder, "--format", "jsonl", "--false-positive-rate", 0.1)
    said = [json.loads(line)["label"] for line in finished.out.splitlines()]
    assert said == model.decide(map(woodshed.read, paths), false_positive_rate=0.1).tolist()
    least = dict(zip(model.classes_.tolist(), model.confidence_.thresholds_at(0.1), strict=True))
    finished = cli(
        "predict", model_folder, long_file, "--timeline", "--format", "json", "--false-positive-rate", 0.1
    )
    assert finished.code == 0, finished.err
    expected = file_timeline(model, long_file, rule=EventRule(thresholds=least))
    assert json.loads(finished.out) == [json.loads(expected.to_json())]
    for flags, words in (
        (["--false-positive-rate", 2], "false_positive_rate must be greater than 0 and at most 1, got 2"),
        (["--timeline", "--false-positive-rate", 1e-5], "no thresholds for a false positive rate of 1e-05"),
        (
            ["--timeline", "--false-positives-per-hour", 0.01],
            "no threshold for 0.01 false positives per hour",
        ),
        (
            ["--false-positives-per-hour", 1],
            "--false-positives-per-hour is for timelines. Add --timeline.",
        ),
    ):
        refused = cli("predict", model_folder, long_file, *flags)
        assert (refused.code, refused.out) == (2, "")
        assert words in refused.err


@pytest.mark.parametrize("flag", ["--timeline", "--live"])
def test_a_model_that_names_nothing_has_no_timeline(
    flag: str, cli: Callable[..., Any], long_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("woodshed.workflows.model.load", lambda _: MoodRegressor())
    finished = cli("predict", "moody", long_file, flag)
    assert (finished.code, finished.out) == (2, "")
    assert "a model for mood predicts values" in finished.err
    assert "leave out --timeline and --live" in finished.err


def test_no_sound_at_all_is_told(cli: Callable[..., Any], model_folder: Path) -> None:
    finished = cli("predict", model_folder)
    assert finished.code == 2
    assert "Give audio or MIDI files, or --live for the microphone." in finished.err


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
        r"\d+ events in 5\.1 s; 27 predictions, latency \S+ s \(median\), at most \S+ s", finished.err
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
    assert "--live processes one file at a time, got 3" in several.err
