"""Workflows: they report progress, return what they did, and print nothing."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from woodshed import workflows
from woodshed.audio import gain, noise, read, silence, sine, write
from woodshed.cli import VERBS
from woodshed.clip import Clip
from woodshed.data.example import Skipped
from woodshed.errors import DataError, NotFittedError, ParameterError
from woodshed.lock import FolderLock
from woodshed.score import Note, Score
from woodshed.symbolic import read_midi, write_abc, write_midi
from woodshed.tasks import TASKS, task_class
from woodshed.workflows.audio import analyse_files, change_files, combine_files, divide_files
from woodshed.workflows.compare import CompareSettings, compare, prepare_comparison
from woodshed.workflows.corpus import examine
from woodshed.workflows.features import write_feature_table
from woodshed.workflows.files import UnusableFilesError, require_usable
from woodshed.workflows.generate import generate_into_folder
from woodshed.workflows.model import load_model_for
from woodshed.workflows.plot import PlotStyle, plot_sounds
from woodshed.workflows.predict import DetectionSettings, detect, live_detector, predict
from woodshed.workflows.progress import stage
from woodshed.workflows.score import ScoreEdit, convert_scores, describe_scores, edit_scores

MODULES = sorted(Path(str(workflows.__file__)).parent.glob("*.py"))


class Recorder:
    """Observer that keeps what it was told."""

    def __init__(self) -> None:
        self.stages: list[list[object]] = []

    def begin(self, total: int, description: str) -> None:
        self.stages.append([description, total, 0, "running"])

    def advance(self) -> None:
        self.stages[-1][2] = int(str(self.stages[-1][2])) + 1

    def end(self) -> None:
        self.stages[-1][3] = "ended"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with two sounds and a file that is none."""
    sounds = tmp_path / "sounds"
    sounds.mkdir()
    for name, hz in (("low", 300), ("high", 1200)):
        write(sine(hz, duration_s=0.3, sample_rate=8000, amplitude=0.25), sounds / f"{name}.wav")
    (sounds / "bad.wav").write_text("not a sound")
    return sounds


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.stem)
def test_workflows_print_nothing_and_know_no_terminal(module: Path) -> None:
    tree = ast.parse(module.read_text("utf-8"))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert not {name for name in imported if name.split(".")[0] in ("typer", "rich", "click")}
    assert not {name for name in imported if f"{name}.".startswith("woodshed.cli.")}
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    assert not names & {"print", "input"}


def test_a_stage_ends_even_if_it_fails() -> None:
    recorder = Recorder()

    def fail() -> None:
        with stage(recorder, 2, "sounds") as advance:
            advance()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert recorder.stages == [["sounds", 2, 1, "ended"]]


def test_changed_files_are_reported_and_so_are_skipped_ones(folder: Path, tmp_path: Path) -> None:
    recorder = Recorder()
    outcome = change_files(lambda clip: gain(clip, -6.0206), [folder], tmp_path / "out", progress=recorder)
    assert [job.target.name for job, _ in outcome.done] == ["high.wav", "low.wav"]
    assert [entry.path.name for entry in outcome.skipped] == ["bad.wav"]
    assert recorder.stages == [["sounds", 3, 3, "ended"]]
    assert abs(read(tmp_path / "out" / "low.wav").samples).max() == pytest.approx(0.125, abs=1e-3)
    again = change_files(lambda clip: gain(clip, -20), [folder / "low.wav"], tmp_path / "out")
    assert ([job.target.name for job in again.existing], again.done) == (["low.wav"], [])


def test_parts_are_numbered_and_sounds_joined(folder: Path, tmp_path: Path) -> None:
    def halves(clip: Clip) -> list[Clip]:
        middle = clip.n_samples // 2
        return [Clip(clip.samples[:, :middle], 8000), Clip(clip.samples[:, middle:], 8000)]

    outcome = divide_files(halves, [folder / "low.wav"], tmp_path / "parts")
    assert [n for _, n in outcome.done] == [2]
    assert sorted(path.name for path in (tmp_path / "parts").iterdir()) == ["low-1.wav", "low-2.wav"]
    whole = combine_files(
        lambda clips: clips[0], [folder / "low.wav", folder / "high.wav"], tmp_path / "w.wav"
    )
    assert (whole.n_files, whole.duration_s, whole.path.name) == (2, pytest.approx(0.3), "w.wav")


def test_an_analysis_keeps_the_order_and_needs_a_usable_file(folder: Path, tmp_path: Path) -> None:
    analysis = analyse_files(lambda path: read(path).n_samples, [folder / "low.wav", folder])
    assert [(path.name, n) for path, n in analysis.results] == [
        ("low.wav", 2400),
        ("high.wav", 2400),
        ("low.wav", 2400),
    ]
    with pytest.raises(UnusableFilesError, match="skipped 1 sound") as caught:
        analyse_files(read, [folder / "bad.wav"])
    assert [entry.path.name for entry in caught.value.skipped] == ["bad.wav"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(ParameterError, match="No input files"):
        analyse_files(read, [tmp_path / "empty"])


@pytest.mark.parametrize(
    ("n_usable", "n_skipped", "strict", "message"),
    [
        (0, 0, True, None),
        (3, 2, False, None),
        (3, 2, True, "2 sounds are unusable. Fix or exclude them, or omit --strict."),
        (3, 1, True, "1 sound is unusable."),
        (0, 2, False, "None of the input files is usable: skipped 2 sounds."),
    ],
)
def test_a_run_fails_without_usable_files_or_if_strict(
    n_usable: int, n_skipped: int, strict: bool, message: str | None
) -> None:
    skipped = [Skipped(Path(f"{k}.wav"), "is empty.") for k in range(n_skipped)]
    if message is None:
        require_usable(n_usable, skipped, what="sound", strict=strict)
        return
    with pytest.raises(DataError, match=message.replace(".", r"\.")):
        require_usable(n_usable, skipped, what="sound", strict=strict)


def test_the_doctor_runs_stage_after_stage(tmp_path: Path) -> None:
    for label, seed in (("dog", 0), ("rain", 50)):
        (tmp_path / label).mkdir()
        for k in range(3):
            write(noise(duration_s=0.2, seed=seed + k), tmp_path / label / f"{k}.wav")
    write(silence(0.2), tmp_path / "dog" / "still.wav")
    recorder = Recorder()
    checkup = examine(str(tmp_path), n_jobs=1, progress=recorder)
    assert checkup.of("silent")[0].files == (tmp_path / "dog" / "still.wav",)
    assert len(recorder.stages) > 1
    assert {state for *_, state in recorder.stages} == {"ended"}
    assert recorder.stages[0][:3] == ["sounds", 7, 7]


def test_a_feature_table_tells_its_size(folder: Path, tmp_path: Path) -> None:
    recorder = Recorder()
    arguments = {"store": tmp_path / "store", "features": ["rms", "chroma"], "n_jobs": 1}
    table = write_feature_table([folder], tmp_path / "t.csv", progress=recorder, **arguments)
    assert (table.n_rows, table.n_values, table.n_sounds) == (2, 26, 2)
    assert [entry.path.name for entry in table.skipped] == ["bad.wav"]
    assert recorder.stages == [["sounds", 6, 6, "ended"]]
    with pytest.raises(UnusableFilesError, match="1 file is unusable"):
        write_feature_table([folder], tmp_path / "s.csv", strict=True, **arguments)
    assert not (tmp_path / "s.csv").exists()


def test_scores_are_edited_described_and_their_faults_returned(tmp_path: Path) -> None:
    tune = Score([Note(0, 1, 62), Note(1, 1, 64), Note(0, 2, 38, channel=9)], title="Tune")
    write_midi(tune, tmp_path / "tune.mid")
    edit_scores(ScoreEdit(semitones=2, n_times=2), [tmp_path / "tune.mid"], tmp_path / "up.mid")
    pitches = [note.pitch_midi for note in read_midi(tmp_path / "up.mid").notes if note.channel != 9]
    assert pitches == [64, 66, 64, 66]
    (summary,), skipped = describe_scores([tmp_path / "tune.mid"])
    assert (summary.title, summary.lowest_midi, summary.highest_midi, skipped) == ("Tune", 62, 64, [])
    (tmp_path / "odd.abc").write_text("X:1\nT:Odd\nM:4/4\nL:1/4\nK:C\nCDEF|GAB|cdef|CDEF|]\n")
    outcome = convert_scores([tmp_path / "odd.abc"], tmp_path / "odd.mid")
    assert "bar 2 lasts 3 beats" in outcome.done[0][1][0]
    with pytest.raises(UnusableFilesError, match="skipped 1 score"):
        convert_scores([tmp_path / "odd.abc"], tmp_path / "strict.mid", strict=True)
    with pytest.raises(ParameterError, match="Did you mean bass"):
        ScoreEdit(part="base")
    write_abc([tune, tune], tmp_path / "two.abc")
    convert_scores([tmp_path / "two.abc"], tmp_path / "apart", to="mid")
    assert sorted(path.name for path in (tmp_path / "apart").iterdir()) == ["two-1.mid", "two-2.mid"]


def test_a_plot_tells_what_it_shows(folder: Path, tmp_path: Path) -> None:
    recorder = Recorder()
    plot = plot_sounds(
        [folder], tmp_path / "a.png", views=["waveform"], style=PlotStyle(dpi=40), progress=recorder
    )
    assert (plot.description, plot.path.exists()) == ("waveform of 2 sounds", True)
    assert [entry.path.name for entry in plot.skipped] == ["bad.wav"]
    assert recorder.stages == [["sounds", 3, 3, "ended"]]


@pytest.mark.parametrize("task", TASKS)
def test_a_verb_that_a_model_lacks_is_refused_with_those_that_it_has(task: str) -> None:
    model = task_class(task)()
    has = set(model.verbs)
    assert has <= set(VERBS)
    settings, nothing = DetectionSettings(), list[Skipped]()
    calls: dict[str, list[Callable[[], Any]]] = {
        "predict": [
            lambda: predict(model, [], nothing),
            lambda: detect(model, [], nothing, settings),
            lambda: live_detector(model, settings),
        ],
        "generate": [lambda: generate_into_folder(model)],
    }
    for verb, functions in calls.items():
        for call in () if verb in has else functions:
            with pytest.raises(
                ParameterError, match=rf"cannot be used with {verb}\. A model of the task '{task}' has"
            ):
                call()


@pytest.mark.parametrize("verb", ["predict", "evaluate"])
def test_a_model_that_composes_does_not_recognise(verb: str) -> None:
    with pytest.raises(ParameterError, match=r"tune cannot be used with .* generate, explain, info"):
        load_model_for(verb, "tune")


def test_a_method_of_the_other_kind_of_model_is_answered_with_its_own() -> None:
    tune = task_class("tune")()
    assert not hasattr(tune, "predict")
    with pytest.raises(
        AttributeError, match=r"TuneComposer has no attribute predict\. .* in Python fit, sample"
    ):
        tune.predict([])
    with pytest.raises(AttributeError, match=r"no attribute sample\. .* in Python fit, predict, predictions"):
        task_class("speech")().sample(n=1)
    with pytest.raises(NotFittedError, match="not fitted yet"):
        task_class("tags")().thresholds_  # noqa: B018  an error inside a property stays itself


def test_a_comparison_that_cannot_be_split_releases_its_folder(
    toy_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = CompareSettings(
        task="speech", data=str(toy_folder), out=tmp_path / "out", settings={"n_jobs": 1}, nets="knn,svm"
    )
    preparation = prepare_comparison(settings)

    def refuse(*_: object) -> None:
        raise DataError("too few")

    monkeypatch.setattr("woodshed.workflows.compare.honest_splits", refuse)
    with pytest.raises(DataError, match="too few"):
        compare(preparation)
    FolderLock(tmp_path / "out").release()
