"""A model that the scripts write states its licence, and the checksums of all its files are right."""

from __future__ import annotations

import hashlib
import importlib
from pathlib import Path

import pytest

from woodshed.tasks import load
from woodshed.tasks.shipped import shipped_folder
from woodshed.training.model_folder import CHECKSUMS_NAME, read_checksums
from woodshed.workflows.info import describe

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def _root_on_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT))


def check_folder(folder: Path) -> None:
    """Compare the checksums with the files, and the card with that of the shipped model of the task."""
    files = {path.name: path for path in folder.iterdir() if path.name != CHECKSUMS_NAME}
    digests = {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files.items()}
    assert read_checksums(folder) == digests
    assert {"card.md", "metrics.json", "ATTRIBUTION.md"} <= set(files)
    assert "public domain" in describe(str(folder)).licence
    assert "{" not in files["card.md"].read_text("utf-8")


def test_a_chorale_model(tmp_path: Path) -> None:
    script = importlib.import_module("benchmarks.make_chorale_model")
    (tmp_path / "ATTRIBUTION.md").write_text("by hand")
    script.write(load(shipped_folder("chorale")), tmp_path, n_valid=76, minutes=13.0)
    check_folder(tmp_path)


def test_a_tune_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("music21")
    script = importlib.import_module("benchmarks.make_tune_model")
    attribution = importlib.import_module("benchmarks.tune_attribution")
    tune = attribution.Source("=A tune", "ryan", "a.abc", "1", "Ray Davies", "music")
    monkeypatch.setattr(attribution, "sources", lambda known: [tune])
    script.write(load(shipped_folder("tune")), tmp_path, collections=["ryan"], n_held=193, minutes=55.0)
    check_folder(tmp_path)
    assert "'=A tune,ryan" in (tmp_path / "transcribers.csv").read_text("utf-8")
