"""Stored measurements of sounds are those that would be measured again, and follow the content of a file."""

from __future__ import annotations

import shutil
from dataclasses import asdict
from pathlib import Path

import pytest

from woodshed.audio import noise, write
from woodshed.data.doctor import inspection_store
from woodshed.data.doctor.inspection import Inspection, inspect_sounds
from woodshed.data.doctor.inspection_store import InspectionStore, inspect_with_store
from woodshed.data.example import Example


@pytest.fixture
def examples(tmp_path: Path) -> list[Example]:
    for k in range(3):
        write(noise(seed=k, duration_s=0.5), tmp_path / f"{k}.wav")
    (tmp_path / "broken.wav").write_bytes(b"no sound")
    return [
        *(Example(tmp_path / f"{k}.wav", "a") for k in range(3)),
        Example(tmp_path / "0.wav", "a", start_s=0.1, end_s=0.3),
        Example(tmp_path / "broken.wav", "a"),
    ]


def as_values(results: list[Inspection | str]) -> list[object]:
    return [result if isinstance(result, str) else asdict(result) for result in results]


def test_a_second_run_decodes_only_what_could_not_be_read(
    examples: list[Example], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = as_values(inspect_sounds(examples, model_rate=8000))
    store = str(tmp_path / "store")
    assert as_values(inspect_with_store(examples, store, model_rate=8000)) == expected
    measured: list[Example] = []

    def note_and_inspect(rows: list[Example], **settings: int) -> list[Inspection | str]:
        measured.extend(rows)
        return inspect_sounds(rows, **settings)

    monkeypatch.setattr(inspection_store, "inspect_sounds", note_and_inspect)
    assert as_values(inspect_with_store(examples, store, model_rate=8000)) == expected
    assert measured == examples[-1:]
    inspect_with_store(examples[:1], store, model_rate=4000)  # energy above half of another rate
    assert measured == [examples[-1], examples[0]]


def test_another_content_under_the_same_name_is_measured(examples: list[Example], tmp_path: Path) -> None:
    store = str(tmp_path / "store")
    (before,) = inspect_with_store(examples[:1], store, model_rate=8000)
    shutil.copy(examples[1].path, examples[0].path)
    (after,) = inspect_with_store(examples[:1], store, model_rate=8000)
    assert isinstance(before, Inspection)
    assert isinstance(after, Inspection)
    assert before.digest != after.digest


def test_a_damaged_entry_is_measured_again(examples: list[Example], tmp_path: Path) -> None:
    store = InspectionStore(tmp_path / "store", 8000)
    (expected,) = inspect_with_store(examples[:1], str(store.folder), model_rate=8000)
    (entry,) = store.folder.rglob("*.json")
    other_value = entry.read_text().replace("8000", "8001")
    for content in ("{", "[]", "{}", '{"remarks": []}', "[1, 2]", other_value):
        entry.write_text(content)
        assert store.get(examples[0]) is None
    assert as_values(inspect_with_store(examples[:1], str(store.folder), model_rate=8000)) == as_values(
        [expected]
    )
    assert store.get(examples[0]) is not None


def test_an_interrupted_run_keeps_what_it_measured(examples: list[Example], tmp_path: Path) -> None:
    store = InspectionStore(tmp_path / "store", 8000)

    def interrupt() -> None:
        if store.get(examples[1]) is not None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        inspect_with_store(examples, str(store.folder), model_rate=8000, on_done=interrupt)
    assert store.get(examples[0]) is not None
    assert store.get(examples[2]) is None
