"""What people read first works as it is written: the README's code and the examples."""

from __future__ import annotations

import re
import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from woodshed.audio import clicks, join, silence, sine, write

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text("utf-8")


@pytest.mark.train
def test_the_readme_code_runs(sample_corpus_folder: Path) -> None:
    code = re.search(r"```python\n(.*?)```", README, re.S)[1]
    code = code.replace("free-spoken-digit-dataset", str(sample_corpus_folder))
    code = code.replace(
        "SpeechRecogniser()", 'SpeechRecogniser(net="mlp", width=32, epochs=2, n_augmentations=1)'
    )
    names: dict[str, object] = {}
    exec(compile(code, "README.md", "exec"), names)
    assert names["recogniser"].predict_proba(names["Sounds"](names["corpus"].examples[:3])).shape == (3, 10)


def test_the_readme_names_every_task_and_both_commands() -> None:
    from woodshed.tasks import TASKS

    tables = README.partition("## Tasks and scores")[2].partition("**Sounds that a model")[0]
    rows = re.findall(r"^\| (\w+) \|", tables, re.MULTILINE)
    assert "make demo" in README
    assert "make test" in README
    assert sorted(row for row in rows if row != "task" and row != "file") == sorted(TASKS)


def test_the_readme_names_every_classical_model() -> None:
    from woodshed.recognition.classical import CLASSICAL

    sentence = re.search(r"`--net svm`, `forest`.*?fits a classical model", README, re.S)[0]
    assert set(re.findall(r"`(?:--net )?([\w-]+)`", sentence)) == set(CLASSICAL)


def test_every_link_of_the_readme_leads_somewhere() -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", README)
    assert len(links) > 10
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_the_readme_names_every_verb() -> None:
    from woodshed.cli import VERBS

    assert [verb for verb in VERBS if f"woodshed {verb}" not in README and f"make {verb}" not in README] == []


def test_the_readme_commands_for_sound_files_run(
    cli: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WOODSHED_CACHE", str(tmp_path / "cache"))
    Path("sounds/deep").mkdir(parents=True)
    tone, gap = sine(440, duration_s=0.6, sample_rate=22050), silence(0.5, sample_rate=22050)
    for path in ("sounds/a.wav", "sounds/deep/b.flac", "take.wav", "riff.wav"):
        write(join([tone, gap, tone]), path)
    write(clicks(0.5, 6.0, sample_rate=22050), "loop.wav")
    section = README.split("## Measure, edit and plot")[1]
    lines = re.search(r"```\n(.*?)```", section, re.S)[1].splitlines()
    for line in lines:
        words = line.partition("#")[0].split()
        finished = cli(*words[1:])
        assert (words[0], finished.code) == ("woodshed", 0), f"{line}: {finished.err}"
    made = {path.name for path in Path().rglob("*.*")}
    assert {"b.flac", "take-1.wav", "take-2.wav", "riff-in-d.wav", "table.csv", "take.png"} <= made


@pytest.mark.train
def test_example_recognise_digits() -> None:
    names = runpy.run_path(str(ROOT / "examples" / "01_recognise_digits.py"))
    assert names["accuracy"] > 0.2  # always the same answer gives 0.1
    assert len(names["table"]) == 3


@pytest.mark.train
def test_example_search_settings() -> None:
    names = runpy.run_path(str(ROOT / "examples" / "02_search_settings.py"))
    assert names["best"]["learning_rate"] in (0.001, 0.01)
    assert np.isfinite(names["search"].cv_results_["mean_test_score"]).all()


def test_example_compute_features() -> None:
    names = runpy.run_path(str(ROOT / "examples" / "03_compute_features.py"))
    assert names["spectrogram"].shape[1] == 40
    assert names["coefficients"].shape == (len(names["spectrogram"]), 39)
    assert names["summary"].ndim == 1


def test_example_write_tunes() -> None:
    names = runpy.run_path(str(ROOT / "examples" / "04_write_tunes.py"))
    assert all("M:6/8" in text and "K:Ddor" in text for text in names["notation"])
    assert all(clip.duration_s > 1 for clip in names["clips"])
    assert 0 < names["bits"] < 7  # a token of 137 at random takes log2(137)


def test_every_example_is_run_here() -> None:
    mine = Path(__file__).read_text("utf-8")
    assert all(place.name in mine for place in (ROOT / "examples").glob("*.py"))
