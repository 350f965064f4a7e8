"""The notebook: what was done is found again, for the same run only, and a damaged page counts as none."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from woodshed.data.example import Corpus
from woodshed.data.split import make_split
from woodshed.errors import OutputError
from woodshed.recognition.experiments.cross_validation import fingerprint
from woodshed.training.run_state import RunState, read_arrays, write_arrays


@pytest.fixture
def run_state(tmp_path: Path) -> RunState:
    return RunState(tmp_path / "model" / "training")


def test_a_finished_part_is_found_again(run_state: RunState) -> None:
    run_state.open("a", resume=False)
    written = {"truth": np.array(["no", "yes"]), "net": np.eye(2), "name": np.asarray("fold 1")}
    run_state.write("split-0", written)
    RunState(run_state.folder).open("a", resume=True)
    found = RunState(run_state.folder).recall("split-0")
    assert found is not None
    assert all(np.array_equal(found[name], written[name]) for name in written)
    assert run_state.recall("split-1") is None


def test_another_run_is_refused(run_state: RunState) -> None:
    run_state.open("a", resume=False)
    with pytest.raises(
        OutputError, match=r"model holds an unfinished training with other settings or other data"
    ):
        run_state.open("b", resume=True)
    assert run_state.folder is not None
    assert (run_state.folder / "run.txt").read_text() == "a"


def test_a_damaged_mark_is_another_run(run_state: RunState) -> None:
    run_state.open("one", resume=False)
    assert run_state.folder is not None
    (run_state.folder / "run.txt").write_bytes(b"\xff\xfe")
    with pytest.raises(OutputError, match="other settings or other data"):
        run_state.open("one", resume=True)


def test_beginning_again_forgets_what_was_written(run_state: RunState) -> None:
    run_state.open("a", resume=False)
    run_state.write("split-0", {"x": np.zeros(2)})
    run_state.open("a", resume=False)
    assert run_state.recall("split-0") is None


def test_a_closed_notebook_is_gone(run_state: RunState) -> None:
    run_state.open("a", resume=False)
    run_state.close()
    assert run_state.folder is not None
    assert not run_state.folder.exists()
    run_state.close()


def test_without_a_folder_nothing_is_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run_state = RunState()
    run_state.open("a", resume=True)
    run_state.write("split-0", {"x": np.zeros(2)})
    run_state.close()
    assert run_state.recall("split-0") is None
    assert run_state.checkpoint("split-0") is None
    assert list(tmp_path.iterdir()) == []


def test_no_damage_is_taken_for_content(tmp_path: Path) -> None:
    path = tmp_path / "part.npz"
    arrays = {"x": np.arange(5.0), "name": np.asarray("fold 1")}
    write_arrays(path, arrays)
    whole = path.read_bytes()
    n_noticed = 0
    for k in range(0, 8 * len(whole), 13):
        damaged = bytearray(whole)
        damaged[k // 8] ^= 1 << k % 8
        path.write_bytes(damaged)
        found = read_arrays(path)
        n_noticed += found is None
        if found is not None and found.keys() == arrays.keys():  # the bit had no meaning
            assert all(np.array_equal(found[name], arrays[name]) for name in arrays)
    assert n_noticed > 0.5 * 8 * len(whole) / 13
    for length in range(0, len(whole), 50):
        path.write_bytes(whole[:length])
        assert read_arrays(path) is None


def test_pickles_are_neither_written_nor_read(tmp_path: Path) -> None:
    objects = np.array([{"a": 1}], dtype=object)
    with pytest.raises(ValueError, match="pickle"):
        write_arrays(tmp_path / "a.npz", {"x": objects})
    np.savez(tmp_path / "b.npz", x=objects)
    assert read_arrays(tmp_path / "b.npz") is None


def test_the_fingerprint_tells_apart_what_decides_the_result(toy_corpus: Corpus, tmp_path: Path) -> None:
    splits = [make_split(toy_corpus, "group-folds")]
    settings = {"epochs": 3, "sample_rate": 8000}
    kept = fingerprint(settings, toy_corpus, splits)
    assert len(kept) == 64
    assert kept == fingerprint(dict(settings), toy_corpus, splits)
    first, *others = toy_corpus.examples
    copy = tmp_path / "elsewhere.wav"
    copy.write_bytes(first.path.read_bytes())
    moved = replace(toy_corpus, examples=(replace(first, path=copy), *others))
    assert fingerprint(settings, moved, splits) == kept  # the sound counts, not its name
    copy.write_bytes(others[0].path.read_bytes())
    assert fingerprint(settings, moved, splits) != kept
    assert fingerprint(settings | {"epochs": 4}, toy_corpus, splits) != kept
    assert fingerprint(settings, toy_corpus, [make_split(toy_corpus, "random", 1)]) != kept
    relabelled = replace(toy_corpus, examples=(replace(first, label="rise"), *others))
    assert fingerprint(settings, relabelled, splits) != kept
    regrouped = replace(toy_corpus, examples=(replace(first, group="eve"), *others))
    assert fingerprint(settings, regrouped, splits) != kept
