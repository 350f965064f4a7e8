"""The training data of a generator, stored ready for comparison."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import woodshed
from woodshed.composition.composer import REFERENCE_NAME, Composer
from woodshed.composition.generation import ReferenceSet, TextGeneration
from woodshed.errors import ModelFolderError
from woodshed.metrics.originality import Melody, MelodyIndex
from woodshed.tasks.shipped import shipped_folder
from woodshed.tasks.tune.piece import TunePiece

TUNES = ["M:2/4 K:Cmaj C 2 E 2 | G 4 |", "M:3/4 K:Cmin C 2 z 2 _E 2 | [ C G ] 6 |"]
NEW = TunePiece("M:2/4 K:Cmaj G, 2 D 2 | ^F 4 | A, 2 C 2 | E 4 | G 2 E 2 | D 2 C 2 |")


def stored(reference: ReferenceSet) -> ReferenceSet:
    return ReferenceSet.from_bytes(reference.to_bytes())


def test_melodies_are_the_same_after_storing() -> None:
    reference = ReferenceSet.of([TunePiece(text) for text in TUNES], ["one", "Zwö"])
    again = stored(reference)
    assert (again.n_items, again.style) == (2, reference.style)
    assert again.compare(NEW) == reference.compare(NEW)
    [report] = again.compare(NEW)
    assert (report.copied_units, report.source) == (3, "Zwö")
    assert again.to_bytes() == reference.to_bytes()


def test_texts_are_the_same_after_storing() -> None:
    reference = ReferenceSet.of([TextGeneration("so it goes"), TextGeneration("Let it be")], ["a", "b"])
    [report] = stored(reference).compare(TextGeneration("LET it go"))
    assert (report.copied_units, report.source, report.unit) == (2, "b", "word")


def test_without_training_data_there_is_nothing() -> None:
    assert stored(ReferenceSet()) == ReferenceSet()


def test_notes_of_a_melody_are_found_by_its_number() -> None:
    index = MelodyIndex(
        [Melody([60, 62], [1, 2], [1, 1]), Melody([], [], []), Melody([70, 71, 72], [1, 2, 3], [1] * 3)]
    )
    pitch_midi, duration_beats = index.notes(2, 1)
    assert (pitch_midi.tolist(), duration_beats.tolist()) == ([71, 72], [2.0, 3.0])
    assert len(index.notes(1)[0]) == 0


@pytest.mark.parametrize("name", ["tune", "chorale"])
def test_the_stored_set_of_a_shipped_model_is_that_of_its_pieces(name: str) -> None:
    composer: Composer = woodshed.load(shipped_folder(name))
    from_file = composer.reference_set
    assert "reference_set" in vars(composer)  # read, not computed
    pieces = [(title, composer.to_generation(text)) for title, text in composer.known_]
    assert from_file.n_items == len(pieces)
    for title, piece in pieces[:: max(1, len(pieces) // 100)]:
        reports = from_file.compare(piece)
        assert all(report.copied_units in (report.n_units, 0) for report in reports), title
        for line, report in zip(piece.lines, reports, strict=True):
            if report.copied_units:
                index: Any = from_file.indexes[line.name]
                pitch_midi, duration_beats = index.notes(report.source_number, report.source_start)
                n = report.copied_units
                assert np.array_equal(np.diff(pitch_midi[:n]), np.diff(line.melody.pitch_midi))
                assert np.allclose(duration_beats[: n - 1], line.melody.duration_beats[:-1])


def change_reference(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change the arrays of a stored set, with digests that fit."""
    import hashlib

    path = folder / REFERENCE_NAME
    with np.load(path) as file:
        arrays = dict(file)
    change(arrays)
    content = io.BytesIO()
    np.savez(content, **arrays)
    path.write_bytes(content.getvalue())
    settings_path = folder / "settings.json"
    settings = json.loads(settings_path.read_text("utf-8"))
    settings["files"][REFERENCE_NAME] = hashlib.sha256(content.getvalue()).hexdigest()
    settings_path.write_text(json.dumps(settings))
    sums = [
        line
        for line in (folder / "SHA256SUMS").read_text().splitlines()
        if "settings" not in line and REFERENCE_NAME not in line
    ]
    sums += [f"{hashlib.sha256(one.read_bytes()).hexdigest()}  {one.name}" for one in (path, settings_path)]
    (folder / "SHA256SUMS").write_text("\n".join(sums) + "\n")


def of_other_pieces(arrays: dict[str, Any]) -> None:
    header = json.loads(arrays["header"].tobytes())
    arrays["header"] = np.frombuffer(json.dumps(header | {"n_items": 7}).encode(), np.uint8)


def with_a_note_less(arrays: dict[str, Any]) -> None:
    arrays["soprano/pitch_midi"] = arrays["soprano/pitch_midi"][1:]


def without_durations(arrays: dict[str, Any]) -> None:
    arrays["soprano/durations_beats"] = arrays["soprano/durations_beats"][:1]


def with_negative_durations(arrays: dict[str, Any]) -> None:
    arrays["soprano/duration"] = arrays["soprano/duration"].astype(float) - 1


def of_an_unknown_kind(arrays: dict[str, Any]) -> None:
    header = json.loads(arrays["header"].tobytes())
    header["lines"]["soprano"] = "os.system"
    arrays["header"] = np.frombuffer(json.dumps(header).encode(), np.uint8)


@pytest.mark.parametrize(
    "change",
    [of_other_pieces, with_a_note_less, without_durations, with_negative_durations, of_an_unknown_kind],
)
def test_a_damaged_set_is_refused(change: Callable[[dict[str, Any]], None], tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(shipped_folder("chorale"), folder)
    change_reference(folder, lambda arrays: None)
    woodshed.load(folder)
    change_reference(folder, change)
    with pytest.raises(ModelFolderError, match="does not fit this version"):
        woodshed.load(folder)


def test_a_model_of_a_former_version_has_no_stored_set(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(shipped_folder("chorale"), folder)
    settings = json.loads((folder / "settings.json").read_text("utf-8"))
    del settings["files"][REFERENCE_NAME], settings["checksums"]
    (folder / "settings.json").write_text(json.dumps(settings))
    (folder / "SHA256SUMS").unlink()
    (folder / REFERENCE_NAME).unlink()
    former, present = woodshed.load(folder), woodshed.load(shipped_folder("chorale"))
    assert "reference_set" not in vars(former)
    assert former.reference_set.to_bytes() == present.reference_set.to_bytes()
