"""Every script in ``benchmarks`` imports and prints its help, and the shared measurements count correctly."""

from __future__ import annotations

import argparse
import importlib
import re
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from woodshed.data.example import Corpus, Example
from woodshed.data.split import Fold, Split
from woodshed.recognition.experiments.result import SplitResult

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for path in (ROOT / "benchmarks").rglob("*.py")
    if path.name != "__init__.py" and path.parent.name != "peers"  # run in an environment of their own
)
WITHOUT_MAIN = {
    "benchmarks.provenance",
    "benchmarks.quality.another_sampler",
    "benchmarks.quality.chord_chain",
    "benchmarks.quality.chord_symbol",
    "benchmarks.quality.confidence_elsewhere",
    "benchmarks.quality.confidence_trials",
    "benchmarks.quality.frames",
    "benchmarks.quality.likelihood_rows",
    "benchmarks.quality.measure",
    "benchmarks.quality.mislabelling",
    "benchmarks.quality.planting",
    "benchmarks.quality.shared_passages",
    "benchmarks.shipped_model",
    "benchmarks.speed.rounds",
}
"""Modules that the scripts share."""


@pytest.fixture(autouse=True)
def _root_on_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT))


@pytest.mark.parametrize("name", SCRIPTS)
def test_every_script_imports_and_prints_its_help(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    script = importlib.import_module(name)
    assert script.__doc__
    if name in WITHOUT_MAIN:
        assert not hasattr(script, "main")
        return
    monkeypatch.setattr(sys, "argv", [name, "--help"])
    with pytest.raises(SystemExit) as ended:
        script.main()
    assert ended.value.code == 0
    assert "--help" in capsys.readouterr().out


def test_a_page_names_its_command_without_absolute_paths(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    provenance = importlib.import_module("benchmarks.provenance")
    monkeypatch.setattr(sys, "argv", ["measure.py", "--data", str(tmp_path), f"--out={tmp_path}/page.md"])
    table = provenance.markdown_table(["method", "score"], [["net", "0.5"]])
    provenance.write_markdown(tmp_path / "page.md", "Quality", table)
    text = (tmp_path / "page.md").read_text("utf-8")
    assert text.startswith("# Quality\n\n| method | score |\n| --- | ---: |\n| net | 0.5 |\n")
    assert "--data PLACE --out=PLACE" in text
    assert str(tmp_path) not in text


def test_no_page_of_the_repository_is_made_from_source_with_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    provenance = importlib.import_module("benchmarks.provenance")
    monkeypatch.setattr(provenance, "ROOT", tmp_path)
    monkeypatch.setattr(provenance, "_git", lambda *arguments: " M src/woodshed/clip.py")
    with pytest.raises(SystemExit, match=r"noise\.md is a page .* Commit them first"):
        provenance.write_markdown(tmp_path / "noise.md", "Noise", "0.9")
    assert not (tmp_path / "noise.md").exists()
    with pytest.raises(SystemExit, match="Commit them first"):
        provenance.parse(argparse.ArgumentParser("measure"), ["--out", str(tmp_path / "noise.md")])


def test_results_are_stored_by_the_source_that_made_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    provenance = importlib.import_module("benchmarks.provenance")
    (tmp_path / "src/woodshed/nets").mkdir(parents=True)
    (tmp_path / "src/woodshed/cli").mkdir()
    monkeypatch.setattr(provenance, "ROOT", tmp_path)
    monkeypatch.setattr(provenance, "_git", lambda *arguments: "")

    def place() -> Path:
        provenance.source_digest.cache_clear()
        parser = argparse.ArgumentParser("measure")
        parser.add_argument("--work", type=Path, default=tmp_path / "work")
        return provenance.parse(parser, []).work

    first = place()
    assert first.parent == tmp_path / "work"
    assert place() == first
    (tmp_path / "src/woodshed/cli/train.py").write_text("print()")
    assert place() == first
    (tmp_path / "src/woodshed/nets/mlp.py").write_text("width = 2")
    assert place() != first
    provenance.source_digest.cache_clear()


def test_every_page_that_the_readme_links_is_made_by_a_script() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    names = set(importlib.import_module("benchmarks.__main__").pages())
    links = re.findall(r"\(benchmarks/(\w+/\w+)\.md\)", readme)
    assert links
    assert {link.replace("/", ".") for link in links} <= names
    contents = (ROOT / "benchmarks" / "README.md").read_text("utf-8")
    assert set(re.findall(r"`([\w.]+)`", contents.partition("| --- |")[2])) == names


# -- measure: two folds of three and one example, by hand ------------------------------------------

CLASSES = ("cat", "dog", "owl")
ACTUAL = (0, 1, 2, 2)
PREDICTED = {"net": (0, 1, 2, 1), "svm": (0, 2, 2, 0), "majority": (2, 2, 2, 2)}


def one_hot(columns: tuple[int, ...]) -> np.ndarray:
    return np.eye(3)[list(columns)]


@pytest.fixture
def measure() -> ModuleType:
    return importlib.import_module("benchmarks.quality.measure")


@pytest.fixture
def outcome(measure: ModuleType):
    examples = tuple(Example(Path(f"{k}.wav"), CLASSES[c], f"group {k}") for k, c in enumerate(ACTUAL))
    folds = (Fold("a", np.arange(0), np.arange(3)), Fold("b", np.arange(0), np.array([3])))
    split = Split("by hand", folds, leaky=False)
    task = measure.Task("tiny", Corpus("tiny", examples), split, 0.5, "nothing")
    result = SplitResult(
        split="by hand",
        leaky=False,
        indices=np.arange(4),
        folds=np.array(["a", "a", "a", "b"]),
        truth=one_hot(ACTUAL),
        outputs={method: one_hot(columns) * 0.5 + 0.1 for method, columns in PREDICTED.items()},
        decisions=one_hot(PREDICTED["net"]),
    )
    return measure.Outcome(task, [result, result], CLASSES)


def test_hits_are_counted_by_seed_and_by_fold(outcome) -> None:
    assert outcome.hits("net").tolist() == [[1.0, 1.0, 1.0, 0.0]] * 2
    assert outcome.by_fold("svm") == {"a": pytest.approx(2 / 3), "b": 0.0}
    assert outcome.mean_of_folds("net") == [0.5, 0.5]
    low, high = outcome.interval("net")
    assert 0 <= low < 0.75 < high <= 1


def test_labels_of_a_result(outcome) -> None:
    result = outcome.results[0]
    assert outcome.actual(result).tolist() == ["cat", "dog", "owl", "owl"]
    assert outcome.predicted(result, "net").tolist() == ["cat", "dog", "owl", "dog"]


def test_tables_of_results(measure: ModuleType, outcome) -> None:
    assert measure.summary([outcome]).splitlines()[2].startswith("| by hand | 0.5000 ± 0.0000 |")
    assert measure.summary([outcome]).endswith("| 0.3333 | 0.667 | nothing | 0.5 | yes |")
    assert measure.fold_table(outcome).splitlines()[2:] == [
        "| a | 1.0000 | 0.6667 |",
        "| b | 0.0000 | 0.0000 |",
    ]
    assert measure.confusions(outcome).splitlines()[2:] == ["| owl predicted as dog | 1.0 |"]
    assert measure.confusions(outcome, 1, method="majority").splitlines()[2:] == [
        "| cat predicted as owl | 1.0 |"
    ]


def test_unweighted_recall(outcome) -> None:
    emotion = importlib.import_module("benchmarks.quality.emotion")
    scores, (low, high) = emotion.unweighted_recall(outcome, "net")
    assert scores == [pytest.approx((1 + 1 + 0.5) / 3)] * 2
    assert low <= scores[0] <= high


# -- walk ------------------------------------------------------------------------------------------


def test_the_tracer_counts_functions_and_not_modules_or_classes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    walk = importlib.import_module("benchmarks.walk")
    (tmp_path / "traced_data.py").write_text("class Table:\n    rows = 3\n", encoding="utf-8")
    (tmp_path / "traced_rows.py").write_text(
        "def double(x):\n    return 2 * x\n\n\nTWO = double(1)\n\n\ndef unused():\n    pass\n",
        encoding="utf-8",
    )
    (tmp_path / "traced_sum.py").write_text(
        "import threading, traced_data, traced_rows\n\n\n"
        "def run():\n    one = threading.Thread(target=lambda: None)\n    one.start()\n    one.join()\n",
        "utf-8",
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    with walk.Tracer(tmp_path) as tracer:
        importlib.import_module("traced_sum").run()
    assert tracer.files() == [("traced_rows.py", 1, 0), ("traced_sum.py", 2, 2)]
    text = walk.page({"train": tracer.files(), "generate": []})
    assert "| 115 | 76 | 2 | 1 |" in text
    assert "| `traced_sum.py` | 2 |" in text
