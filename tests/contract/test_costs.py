"""What a new system costs: each toy in ``toys/`` is one file, added with one line in a registry.

The toys lie in folders like those of the package. A test makes one of them a module of its package, adds the
line, and uses it as a user would, by the command line.
"""

from __future__ import annotations

import csv
import importlib
import json
import runpy
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.conftest import TINY, TOY_RATE

import woodshed
from woodshed.recognition.experiments import model_comparison
from woodshed.recognition.experiments.model_comparison import run_candidate
from woodshed.training.run_state import RunState

TOYS = Path(__file__).with_name("toys")

Add = Callable[..., None]


@pytest.fixture
def add(monkeypatch: pytest.MonkeyPatch) -> Iterator[Add]:
    """Return a function that adds a toy: a module for a package, and a line for its registry."""
    added: list[str] = []

    def add_toy(module: str, registry: dict[str, str] | None = None, **line: str) -> None:
        package, _, _ = module.rpartition(".")
        folder = TOYS.joinpath(*package.split(".")[1:])
        home = importlib.import_module(package)
        if str(folder) not in home.__path__:
            monkeypatch.setattr(home, "__path__", [*home.__path__, str(folder)])
        importlib.invalidate_caches()
        added.append(module)
        for name, place in line.items():
            assert registry is not None
            assert name not in registry
            monkeypatch.setitem(registry, name.replace("_", "-"), place)

    yield add_toy
    for module in added:
        package, _, name = module.rpartition(".")
        if sys.modules.pop(module, None) is not None:
            delattr(sys.modules[package], name)


@pytest.fixture
def run(cli: Callable[..., Any]) -> Iterator[Callable[..., str]]:
    """Return a function that runs a command line whose flags come from the registries of now."""
    before = _forget_cli()

    def succeed(*arguments: object) -> str:
        finished = cli(*arguments)
        assert finished.code == 0, finished.err
        return finished.out

    yield succeed
    _forget_cli()
    sys.modules.update(before)
    if "woodshed.cli" in before:
        woodshed.cli = before["woodshed.cli"]  # type: ignore[attr-defined]


def _forget_cli() -> dict[str, Any]:
    names = [name for name in sys.modules if name.split(".")[:2] == ["woodshed", "cli"]]
    return {name: sys.modules.pop(name) for name in names}


def listed(run: Callable[..., str], registry: str, name: str) -> dict[str, Any]:
    """Return what ``woodshed list`` tells of an entry."""
    (entry,) = (entry for entry in json.loads(run("list", registry, "--json")) if entry["name"] == name)
    return entry


def predicted(run: Callable[..., str], model: Path, *paths: Path) -> list[dict[str, Any]]:
    """Return the predictions of a model for files."""
    return json.loads(run("predict", model, *paths, "--format", "json"))


def settings_of(model: Path) -> dict[str, Any]:
    return json.loads((model / "settings.json").read_text("utf-8"))


def tiny_flags() -> list[object]:
    """Return the flags of a small network that trains for two epochs."""
    settings = {**TINY, "epochs": 2}
    del settings["net"]
    return [word for name, value in settings.items() for word in (f"--{name.replace('_', '-')}", value)]


@pytest.fixture
def compare_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run candidates in this process: a new one would read the registries without the toys."""

    def run_here(task: Any, net: str, folder: Path, watcher: Any) -> str:
        run_candidate(task, net, RunState(folder), lambda event: None)
        return ""

    monkeypatch.setattr(model_comparison, "run_in_process", run_here)


# -- recognition ----------------------------------------------------------------------------------


def test_a_task_of_a_known_kind_is_one_file_and_one_line(
    add: Add, run: Any, toy_folder: Path, unseen_folder: Path, tmp_path: Path
) -> None:
    from woodshed.tasks import TASKS

    add("woodshed.tasks.purr", TASKS, purr="woodshed.tasks.purr:PurrRecogniser")
    entry = listed(run, "tasks", "purr")
    assert (entry["description"], entry["output"]) == ("Recognise how a cat purrs.", "classes")
    assert "PurrRecogniser" in runpy.run_path(woodshed.__file__)["__all__"]
    assert "Age of the cat, in years." in run("train", "--help")

    out = run("train", toy_folder, "--task", "purr", "--cat-age", 4.5, "--out", tmp_path / "model")
    assert "accuracy" in out
    settings = settings_of(tmp_path / "model")
    assert (settings["task"], settings["settings"]["cat_age"]) == ("purr", 4.5)
    assert "cat\\_age | 4.5" in (tmp_path / "model" / "card.md").read_text("utf-8")
    assert "cat_age" in (tmp_path / "model" / "report.html").read_text("utf-8")

    model = woodshed.load(tmp_path / "model")
    assert (type(model).__name__, model.cat_age) == ("PurrRecogniser", 4.5)
    paths = sorted(unseen_folder.glob("*/*.wav"))[:2]
    assert [row["label"] for row in predicted(run, tmp_path / "model", *paths)] == ["fall", "fall"]
    assert "accuracy" in run("evaluate", tmp_path / "model", unseen_folder)
    assert "purr" in run("info", tmp_path / "model")


def test_two_values_of_a_setting_of_one_task_are_two_runs(
    add: Add, run: Any, cli: Any, toy_folder: Path, tmp_path: Path
) -> None:
    from woodshed.recognition.experiments.cross_validation import deciding_settings
    from woodshed.tasks import TASKS, task_class

    add("woodshed.tasks.purr", TASKS, purr="woodshed.tasks.purr:PurrRecogniser")
    for net in ("svm", "mlp"):
        estimator = task_class("purr")(net=net, cat_age=7.0)
        assert deciding_settings(estimator, estimator.get_params())["cat_age"] == 7.0


@pytest.mark.train
def test_a_net_is_one_file_and_one_line(
    add: Add, run: Any, compare_here: None, toy_folder: Path, tmp_path: Path
) -> None:
    from woodshed.nets import NETS

    add("woodshed.nets.one_layer", NETS, one_layer="woodshed.nets.one_layer:one_layer")
    assert listed(run, "nets", "one-layer")["description"] == "Linear classifier of the mean spectrum."
    arguments = [toy_folder, "--task", "noise", "--split", "random", *tiny_flags()]
    run("train", *arguments, "--net", "one-layer", "--out", tmp_path / "model")
    assert {"net.keras", "net.onnx"} <= set(settings_of(tmp_path / "model")["files"])
    path = next(toy_folder.glob("*/*.wav"))
    assert predicted(run, tmp_path / "model", path)[0]["label"] in ("fall", "pulse", "rise")
    assert "one-layer" in run("info", tmp_path / "model")
    out = run("compare", *arguments, "--nets", "one-layer,knn", "--out", tmp_path / "compared")
    assert "one-layer" in out


def test_a_learner_is_one_file_and_one_line(
    add: Add, run: Any, compare_here: None, toy_folder: Path, unseen_folder: Path, tmp_path: Path
) -> None:
    from woodshed.recognition.learners import LEARNERS

    place = "woodshed.recognition.learners.nearest_mean:NearestMean"
    add("woodshed.recognition.learners.nearest_mean", LEARNERS, nearest_mean=place)
    entry = listed(run, "learners", "nearest-mean")
    assert entry["description"] == "Predict the class whose mean features are nearest."
    arguments = [toy_folder, "--task", "genre", "--split", "random"]
    dry = run("train", *arguments, "--net", "nearest-mean", "--out", tmp_path / "model", "--dry-run")
    assert "training" in dry
    run("train", *arguments, "--net", "nearest-mean", "--out", tmp_path / "model")
    assert "means.json" in settings_of(tmp_path / "model")["files"]
    assert "nearest-mean" in (tmp_path / "model" / "report.html").read_text("utf-8")
    path = next((unseen_folder / "rise").glob("*.wav"))
    assert predicted(run, tmp_path / "model", path)[0]["label"] == "rise"
    run("evaluate", tmp_path / "model", unseen_folder, "--out", tmp_path / "evaluated")
    assert (tmp_path / "evaluated" / "report.html").is_file()
    run("compare", *arguments, "--nets", "nearest-mean,knn", "--out", tmp_path / "compared")
    ranked = json.loads((tmp_path / "compared" / "comparison.json").read_text("utf-8"))
    assert {one["net"] for one in ranked["candidates"]} == {"nearest-mean", "knn", "majority"}


def test_a_front_end_is_one_file_and_one_line(
    add: Add, run: Any, toy_folder: Path, unseen_folder: Path, tmp_path: Path
) -> None:
    from woodshed.recognition.front_ends import FRONT_ENDS

    add("woodshed.features.zones", FRONT_ENDS, zones="woodshed.features.zones:Zones")
    entry = listed(run, "front-ends", "zones")
    assert entry["description"].startswith("Level of the beginning, the middle and the end")
    arguments = ["--task", "noise", "--net", "forest", "--front-end", "zones", "--split", "random"]
    run("train", toy_folder, *arguments, "--out", tmp_path / "model")
    settings = settings_of(tmp_path / "model")
    assert settings["feature"] == {"zones": {"sample_rate": TOY_RATE}}
    assert "zones" in (tmp_path / "model" / "card.md").read_text("utf-8")
    path = next((unseen_folder / "rise").glob("*.wav"))
    assert set(predicted(run, tmp_path / "model", path)[0]["probabilities"]) == {"fall", "pulse", "rise"}
    assert "accuracy" in run("evaluate", tmp_path / "model", unseen_folder)
    assert "6 features of the whole sound at 8000 Hz (front end: zones)" in run("info", tmp_path / "model")


@pytest.fixture
def tick_table(tmp_path: Path) -> Path:
    """Return a table of recordings with the number of clicks in each."""
    import soundfile

    rng = np.random.default_rng(0)
    rows = []
    for k in range(36):
        n_ticks = k % 3 * 4
        samples = rng.normal(0, 1e-3, TOY_RATE // 2)
        for start in np.linspace(0, len(samples) - 100, n_ticks, dtype=int):
            samples[start : start + 40] += rng.uniform(0.3, 0.5) * np.sin(np.arange(40))
        soundfile.write(tmp_path / f"{k:02}.wav", samples, TOY_RATE, subtype="FLOAT")
        rows.append({"path": f"{k:02}.wav", "n_ticks": n_ticks, "group": f"clock {k % 4}"})
    table = tmp_path / "ticks.csv"
    with table.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return table


@pytest.fixture
def count_head(add: Add) -> None:
    """Add a kind of answer, and a task that has it."""
    from woodshed.recognition.heads import HEADS
    from woodshed.tasks import TASKS

    add("woodshed.recognition.heads.count", HEADS, count="woodshed.recognition.heads.count:CountHead")
    add("woodshed.report.recognition.count")
    add("woodshed.tasks.ticks", TASKS, ticks="woodshed.tasks.ticks:TickCounter")


def test_a_kind_of_answer_is_one_file_for_each_layer_and_one_line(
    count_head: None, run: Any, compare_here: None, tick_table: Path, tmp_path: Path
) -> None:
    entry = listed(run, "heads", "count")
    assert entry["description"].startswith("Whole numbers for each clip")
    assert listed(run, "tasks", "ticks")["output"] == "count"
    model = tmp_path / "model"
    dry = run("train", tick_table, "--task", "ticks", "--out", model, "--dry-run")
    assert "1 count" in dry
    out = run("train", tick_table, "--task", "ticks", "--out", model)
    assert "exact counts" in out
    measured = json.loads((model / "metrics.json").read_text("utf-8"))
    assert measured["labels"] == ["n_ticks"]
    best = measured["scores"][0]
    assert best["measure"] == "exact counts"
    assert best["value"] > 0.8  # a guess is right in 1/3
    assert measured["scores"][-1]["value"] < 0.5  # the mean of the training part
    for name in ("report.html", "card.md"):
        assert "exact counts" in (model / name).read_text("utf-8")

    loaded = woodshed.load(model)
    assert type(loaded).__name__ == "TickCounter"
    paths = [tick_table.with_name(f"{k:02}.wav") for k in (2, 3)]
    assert [row["counts"] for row in predicted(run, model, *paths)] == [{"n_ticks": 8}, {"n_ticks": 0}]
    assert "8 n_ticks" in run("predict", model, paths[0])
    assert run("predict", model, *paths, "--format", "csv").splitlines()[0] == "source,n_ticks"
    assert loaded.predict([woodshed.read(paths[0])]).tolist() == [[8]]
    run("evaluate", model, tick_table, "--out", tmp_path / "evaluated")
    assert "exact counts" in (tmp_path / "evaluated" / "report.html").read_text("utf-8")
    assert "exact counts" in run("info", model)

    arguments = [tick_table, "--task", "ticks", "--nets", "forest,knn", "--out", tmp_path / "compared"]
    assert "exact counts" in run("compare", *arguments)
    ranked = json.loads((tmp_path / "compared" / "comparison.json").read_text("utf-8"))
    assert ranked["measure"] == "exact counts"
    assert {one["net"] for one in ranked["candidates"]} == {"forest", "knn", "mean"}


def test_what_another_kind_of_answer_cannot_do_is_refused(
    count_head: None, run: Any, cli: Any, tick_table: Path, tmp_path: Path
) -> None:
    run("train", tick_table, "--task", "ticks", "--net", "knn", "--out", tmp_path / "model")
    path = tick_table.with_name("00.wav")
    finished = cli("predict", tmp_path / "model", path, "--false-positive-rate", 0.1)
    assert finished.code == 2
    assert "a model for ticks predicts count" in finished.err
    finished = cli("predict", tmp_path / "model", path, "--timeline")
    assert finished.code == 2
    assert "a model for ticks predicts count" in finished.err


@pytest.mark.train
def test_a_network_learns_another_kind_of_answer(
    count_head: None, run: Any, tick_table: Path, tmp_path: Path
) -> None:
    arguments = [tick_table, "--task", "ticks", "--net", "mlp", *tiny_flags()]
    run("train", *arguments, "--out", tmp_path / "model")
    counts = predicted(run, tmp_path / "model", tick_table.with_name("00.wav"))[0]["counts"]
    assert isinstance(counts["n_ticks"], int)
    assert counts["n_ticks"] >= 0


# -- data, features, tokens, metrics --------------------------------------------------------------


def test_a_corpus_is_one_file_and_one_line(add: Add, run: Any, toy_folder: Path, tmp_path: Path) -> None:
    from woodshed.data.corpora import CORPORA

    add("woodshed.data.corpora.kettles", CORPORA, kettles="woodshed.data.corpora.kettles")
    entry = listed(run, "corpora", "kettles")
    assert (entry["licence"], entry["n_examples"]) == ("CC0", 27)
    assert "boiling water" in run("corpus", "info", "kettles")
    out = run(
        "train", f"kettles:{toy_folder}", "--task", "noise", "--net", "knn", "--out", tmp_path / "model"
    )
    assert "accuracy" in out
    assert "CC0" in (tmp_path / "model" / "report.html").read_text("utf-8")


def test_a_feature_is_one_file_and_one_line(add: Add, run: Any, toy_folder: Path, tmp_path: Path) -> None:
    from woodshed.features import FEATURES, feature_class

    add("woodshed.features.fizz", FEATURES, fizz="woodshed.features.fizz:Fizz")
    entry = listed(run, "features", "fizz")
    assert (entry["description"], entry["n_values"]) == ("Square of the level of each frame.", 1)
    assert feature_class("fizz")().names == ("fizz",)
    table = tmp_path / "table.csv"
    run(
        "features",
        toy_folder / "rise",
        "--feature",
        "fizz",
        "--statistic",
        "mean",
        "--out",
        table,
        "--jobs",
        1,
    )
    with table.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 9
    assert all(float(row["fizz_mean"]) > 0 for row in rows)


def test_a_tokenizer_is_one_file_and_one_line(add: Add, run: Any) -> None:
    from woodshed.tokens import TOKENIZERS, tokenizer_class

    add("woodshed.tokens.vowel", TOKENIZERS, vowel="woodshed.tokens.vowel:Vowels")
    entry = listed(run, "tokenizers", "vowel")
    assert entry["description"] == "Vowels of a text as ids; all other characters are lost."
    tokenizer = tokenizer_class("vowel")()
    assert tokenizer.decode(tokenizer.encode("a tokenizer")) == "aoeie"


def test_a_metric_is_one_file_and_one_line(add: Add, run: Any) -> None:
    from woodshed.metrics import METRICS, get_metric, greater_is_better

    add("woodshed.metrics.closeness", METRICS, closeness="woodshed.metrics.closeness:closeness")
    entry = listed(run, "metrics", "closeness")
    assert entry["description"].startswith("Return 1 for perfect predictions")
    assert get_metric("closeness")([1.0, 2.0], [2.0, 3.0]) == 0.5
    assert greater_is_better("closeness")
