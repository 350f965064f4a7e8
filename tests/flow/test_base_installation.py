"""The base installation, without the extras: what works, and what the missing package is called where not.

A fresh Python that cannot import any of them runs one command after the other, as a user would.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from woodshed.data.sample import sample_folder

ROOT = Path(__file__).resolve().parents[2]
SPEECH = sample_folder() / "recordings" / "7_theo_0.flac"
TUNE = "X:1\nT:A scale\nM:4/4\nL:1/4\nK:C\nCDEF|GABc|\n"

WITHOUT = """
import contextlib, importlib.abc, io, json, os, sys

ABSENT = {"keras", "tensorflow", "tf2onnx", "jax", "torch", "librosa", "numba", "llvmlite", "optuna"}

class Absent(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ABSENT:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Absent())
from woodshed.cli import main

finished = {}
for name, arguments in json.loads(sys.argv[1]).items():
    variables = [word.split("=") for word in arguments if word.startswith("KERAS_BACKEND=")]
    os.environ.pop("KERAS_BACKEND", None)
    os.environ.update(variables)
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main(arguments[len(variables):])
        except SystemExit as end:
            finished[name] = (end.code, out.getvalue(), err.getvalue())
print(json.dumps(finished))
"""

WORKS = {
    "train": "train {toys} --task speech --net svm --group-by part:2 --split group-folds:2 --out {out}/svm",
    "train of another classical estimator": (
        "train {toys} --task noise --net forest --group-by part:2 --split group-folds:2 --out {out}/forest"
    ),
    "predict": "predict {out}/svm {toys} --format json",
    "predict a timeline": "predict {out}/svm {sound} --timeline",
    "evaluate": "evaluate {out}/svm {toys} --out {out}/evaluated",
    "compare": "compare {toys} --task speech --nets svm,knn --split group-folds:2 --group-by part:2 "
    "--out {out}/compared",
    "info": "info {out}/svm",
    "info on a shipped model": "info tune",
    "explain": "explain tune --tunes 1 --out {out}/explained",
    "generate a tune": "generate tune -n 1 --formats abc,mid --out {out}/made",
    "generate a chorale": "generate chorale -n 1 --bars 2 --formats mid --out {out}/chorales",
    "doctor": "doctor {toys} --jobs 1",
    "features": "features {sound} --feature short-term --feature chroma --feature tempogram --feature "
    "harmonic-share --set sample_rate=22050 --jobs 1 --out {out}/features.csv",
    "plot": "plot {sound} --as waveform,spectrogram,mel,chroma --out {out}/plot.png",
    "plot a score": "plot {score} --as roll --out {out}/score.png",
    "list": "list nets",
    "list tasks": "list tasks",
    "corpus info": "corpus info fsdd",
    "audio info": "audio info {sound}",
    "audio convert": "audio convert {sound} --to wav --out {out}/converted",
    "score info": "score info {score}",
    "score render": "score render {score} --out {out}/rendered.wav",
}

TENSORFLOW = 'pip install "woodshed[tensorflow]"'
LIBROSA = 'needs librosa: pip install "woodshed[librosa]"'

FAILS = {
    "train a net": ("train {toys} --task speech --out {out}/net", f"needs TensorFlow: {TENSORFLOW}"),
    "plan the training of a net": ("train {toys} --task speech --out {out}/net --dry-run", TENSORFLOW),
    "train with JAX": (
        "KERAS_BACKEND=jax train {toys} --task speech --out {out}/net",
        'needs JAX: pip install "woodshed[jax]"',
    ),
    "train with PyTorch": (
        "KERAS_BACKEND=torch train {toys} --task speech --out {out}/net",
        'needs PyTorch: pip install "woodshed[torch]"',
    ),
    "train a composer": ("train {tunes} --task tune --out {out}/composer", TENSORFLOW),
    "demo": ("demo --out {out}/demo", TENSORFLOW),
    "features": ("features {sound} --feature yin --jobs 1 --out {out}/yin.csv", f"error YIN {LIBROSA}"),
    "plot": ("plot {sound} --as f0 --out {out}/f0.png", LIBROSA),
    "audio tempo": ("audio tempo {sound} {sound}", f"error Beat tracking {LIBROSA}"),
    "audio key": ("audio key {sound}", f"error Key and tuning estimation {LIBROSA}"),
    "audio split": ("audio split {sound} --onsets --out {out}/parts", f"error Onset detection {LIBROSA}"),
    "search settings": (
        "train {toys} --task speech --n-trials 2 --out {out}/net",
        'needs optuna: pip install "woodshed[tuning]"',
    ),
}


@pytest.fixture(scope="module")
def results(
    python: Callable[..., Any], toy_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, list[Any]]:
    """Return exit status, output and messages of every command, by its name."""
    folder = tmp_path_factory.mktemp("base")
    (folder / "tunes").mkdir()
    for k in range(3):
        (folder / "tunes" / f"{k}.abc").write_text(TUNE.replace("scale", f"scale {k}"), "utf-8")
    places = {
        "toys": toy_folder,
        "sound": SPEECH,
        "score": folder / "tunes" / "0.abc",
        "tunes": folder / "tunes",
        "out": folder,
    }
    commands = WORKS | {f"missing: {name}": command for name, (command, _) in FAILS.items()}
    words = {name: [word.format(**places) for word in command.split()] for name, command in commands.items()}
    ran = python(WITHOUT, json.dumps(words))
    assert ran.returncode == 0, ran.stderr
    finished: dict[str, list[Any]] = json.loads(ran.stdout.splitlines()[-1])
    return finished


@pytest.mark.parametrize("name", WORKS)
def test_a_verb_needs_no_extra(results: Mapping[str, list[Any]], name: str) -> None:
    code, out, err = results[name]
    assert code == 0, err
    assert out


@pytest.mark.parametrize("name", FAILS)
def test_the_message_names_the_extra_once(results: Mapping[str, list[Any]], name: str) -> None:
    code, _, err = results[f"missing: {name}"]
    assert code == 2
    assert FAILS[name][1] in err
    assert "Traceback" not in err


def test_every_extra_that_is_named_can_be_installed() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    places = [*ROOT.glob("src/woodshed/**/*.py"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("*.md")]
    named = {
        extra
        for path in places
        if path.name != "CHANGELOG.md"
        for extra in re.findall(r"woodshed\[([\w,]+)\]", path.read_text("utf-8"))
    }
    assert {"tensorflow", "librosa", "full"} <= named
    assert named <= set(extras)
