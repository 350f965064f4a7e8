"""``woodshed demo``: the main job on the shipped recordings, both splits, baselines, what to try next."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from woodshed.data.corpora.fsdd import load
from woodshed.data.sample import sample_folder
from woodshed.nets import NETS
from woodshed.workflows.demo import HELD_OUT


@pytest.fixture
def small_sample(tmp_path: Path) -> Path:
    """Return a part of the shipped recordings: three digits of two people, a few takes of each."""
    (tmp_path / "sample" / "recordings").mkdir(parents=True)
    for example in load(sample_folder()).examples:
        digit, who, take = example.path.stem.split("_")
        wanted = digit in "379" and who in ("george", "theo") and int(take) < 20
        if wanted or example.path.stem in HELD_OUT:
            shutil.copy(example.path, tmp_path / "sample" / "recordings")
    return tmp_path / "sample"


@pytest.mark.train
def test_the_demo_shows_the_honest_and_the_leaky_score_and_what_to_try_next(
    cli: Callable[..., Any], small_sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("woodshed.data.sample.sample_folder", lambda: small_sample)
    monkeypatch.setitem(NETS, "conv-tdnn", "woodshed.nets.mlp:mlp")  # which is built and exported in no time
    out = tmp_path / "woodshed-demo"
    finished = cli("demo", "--epochs", "1", "--out", out)
    assert finished.code == 0, finished.err
    heads = [line.strip() for line in finished.out.splitlines() if line.startswith("Tested on")]
    assert len(heads) == 2
    assert "unseen speakers" in heads[0]
    assert "leaky" not in heads[0]
    assert "random" in heads[1]
    assert "(leaky)" in heads[1]
    for method in ("  net ", "  SVM on summary features ", "  majority class "):
        assert finished.out.count(method) == 2
    assert len(re.findall(r"\d\.\d %  ", finished.out)) == 6
    for name in HELD_OUT:
        assert re.search(rf"{name}\.flac +predicted [379] \(\d+%\), actual {name[0]}", finished.out)

    commands = [shlex.split(line) for line in finished.out.splitlines() if line.startswith("  woodshed ")]
    assert [command[1] for command in commands] == ["info", "predict", "train"]
    assert cli(*commands[0][1:]).code == 0
    named = cli(*commands[1][1:])
    assert (named.code, named.out.count("\n")) == (0, 1)
    (tmp_path / "YOUR-FOLDER").symlink_to(small_sample / "recordings")
    assert commands[2][2:5] == ["YOUR-FOLDER", "--task", "noise"]
    assert (out / "report.html").read_text("utf-8").rstrip().endswith("</html>")
    again = cli("demo", "--epochs", "1", "--out", out)
    assert (again.code, "--force" in again.err) == (2, True)  # this folder was chosen, and may be a model


def test_the_recordings_that_are_kept_away_are_in_the_sample() -> None:
    names = {example.path.stem for example in load(sample_folder()).examples}
    assert set(HELD_OUT) <= names
