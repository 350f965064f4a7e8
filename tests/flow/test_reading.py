"""What people read first works as it is written: the README's code and the examples."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text("utf-8")


@pytest.mark.train
def test_the_readme_code_runs(sample_corpus_folder: Path) -> None:
    code = re.search(r"```python\n(.*?)```", README, re.S)[1]
    code = code.replace("free-spoken-digit-dataset", str(sample_corpus_folder))
    code = code.replace("SpeechRecogniser()", 'SpeechRecogniser(net="mlp", width=32, epochs=2, n_versions=1)')
    names: dict[str, object] = {}
    exec(compile(code, "README.md", "exec"), names)
    assert names["recogniser"].predict_proba(names["Sounds"](names["corpus"].examples[:3])).shape == (3, 10)


def test_the_readme_names_every_job_and_both_commands() -> None:
    from woodshed.tasks import JOBS

    assert "make demo" in README
    assert "make test" in README
    assert all(f"| {job} |" in README for job in JOBS)


def test_the_readme_names_every_verb() -> None:
    from woodshed.cli import VERBS

    assert [verb for verb in VERBS if f"woodshed {verb}" not in README and f"make {verb}" not in README] == []


@pytest.mark.train
def test_example_recognise_digits() -> None:
    told = runpy.run_path(str(ROOT / "examples" / "01_recognise_digits.py"))
    assert told["accuracy"] > 0.2  # always the same answer gives 0.1
    assert len(told["table"]) == 3


@pytest.mark.train
def test_example_search_settings() -> None:
    told = runpy.run_path(str(ROOT / "examples" / "02_search_settings.py"))
    assert told["best"]["learning_rate"] in (0.001, 0.01)
    assert np.isfinite(told["search"].cv_results_["mean_test_score"]).all()


def test_example_see_features() -> None:
    told = runpy.run_path(str(ROOT / "examples" / "03_see_features.py"))
    assert told["picture"].shape[1] == 40
    assert told["coefficients"].shape == (len(told["picture"]), 39)
    assert told["summary"].ndim == 1


def test_every_example_is_run_here() -> None:
    mine = Path(__file__).read_text("utf-8")
    assert all(place.name in mine for place in (ROOT / "examples").glob("*.py"))
